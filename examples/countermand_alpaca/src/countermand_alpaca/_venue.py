"""Alpaca over HTTP: the calls of one account."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar
from urllib.parse import quote

import attrs

from countermand import OrderId, Scope
from countermand.errors import InvalidRequestError
from countermand.venue import (
    UUID,
    AccountsVerdict,
    Call,
    CallKind,
    CancelTarget,
    CancelVerdict,
    Capabilities,
    Cursor,
    HttpResponse,
    Ids,
    Limit,
    LimitScope,
    ListingVerdict,
    MassCancelVerdict,
    ReadVerdict,
    ScopeKind,
    Venue,
    clean_base_url,
    http_request,
    one_of,
)
from countermand.venue.settings import must_be, must_be_duration, must_be_name, must_match
from countermand_alpaca._credentials import ApiKey
from countermand_alpaca._verdicts import read_cancel, read_cancel_all, read_payload
from countermand_alpaca._wire import PAGE_SIZE, account_id, order_page, order_read

V = TypeVar("V")

#: Alpaca Support, Usage Limit: "currently 200 requests per minute, per account", of every kind. The counter
#: begins anew each minute (X-Ratelimit-Reset); half at once and half by the rate never exceeds it.
LIMITS = (Limit(per=LimitScope.ACCOUNT, kinds=frozenset(CallKind), rate=100 / 60, burst=100),)

#: Alpaca Trading API (OpenAPI), schema Account, account_number; example "PALPACA_123".
_must_be_account = must_match("an account number", r"[A-Z0-9_]{1,64}")
_must_be_key = must_be("an ApiKey", lambda value: isinstance(value, ApiKey))


@attrs.frozen
class Alpaca(Venue):
    """One account at Alpaca, live or paper; raises `ConfigurationError` for a setting that cannot be used.

    `account` is the account's number, such as "PA3ALX4NGLN0": a key belongs to one account, which no call
    names, so any other is refused. `read_lag_s` (seconds) is how long a read may show an order as it was.
    """

    base_url: str = attrs.field(converter=clean_base_url)
    account: str = attrs.field(kw_only=True, validator=_must_be_account)
    auth: ApiKey = attrs.field(kw_only=True, validator=_must_be_key)
    name: str = attrs.field(default="alpaca", kw_only=True, validator=must_be_name)
    read_lag_s: float = attrs.field(default=5.0, kw_only=True, validator=must_be_duration)

    @property
    def ids(self) -> Ids:
        """The key's account only; Alpaca Trading API (OpenAPI), order_id: "format": "uuid"."""
        return Ids(account=one_of(self.account), order=UUID)

    @property
    def capabilities(self) -> Capabilities:
        """What Alpaca is known to do."""
        return Capabilities(
            # Delete All Orders: "Attempts to cancel all open orders", which are those of the key's account.
            scopes=frozenset({ScopeKind.ACCOUNT}),
            read_lag_s=self.read_lag_s,
            limits=LIMITS,
            # API v2 Orders, Get an order: 404 "Order is not found."
            not_found_documented=True,
            # Schema OrderStatus: "replaced" is a status of its own, and the new order tells what it replaces.
            replaced_reads_canceled=False,
            lists_accounts=True,
            has_history=True,
        )

    def cancel(self, target: CancelTarget) -> Call[CancelVerdict]:
        """Cancel one order; Alpaca Trading API (OpenAPI), Delete Order by ID.

        Raises `InvalidRequestError` for an order named by its client order id: no call takes one.
        """
        if not isinstance(target.order, OrderId):
            raise InvalidRequestError("Alpaca cancels by OrderId only")
        path = self._order(target.account, target.order)
        return self._call(CallKind.CANCEL, "DELETE order", path, read_cancel)

    def cancel_all(self, scope: Scope) -> Call[MassCancelVerdict]:
        """Cancel all orders of the account; Alpaca Trading API (OpenAPI), Delete All Orders."""
        if scope.kind is not ScopeKind.ACCOUNT:
            raise InvalidRequestError(f"Alpaca cancels all orders of an account, not those of {scope}")
        self.check_scope(scope)
        return self._call(CallKind.MASS_CANCEL, "DELETE orders", "/v2/orders", read_cancel_all)

    def read_order(self, account: str, order_id: OrderId) -> Call[ReadVerdict]:
        """Read one order; Alpaca Trading API (OpenAPI), Get Order by ID."""
        path = self._order(account, order_id)
        return self._call(CallKind.READ, "GET order", path, partial(read_payload, shape=order_read))

    def list_open(self, account: str, page: Cursor | None = None) -> Call[ListingVerdict]:
        """List the open orders; Alpaca Trading API (OpenAPI), Get All Orders."""
        return self._list(account, "open", page)

    def list_history(self, account: str, page: Cursor | None = None) -> Call[ListingVerdict]:
        """List orders of any status; Alpaca Trading API (OpenAPI), Get All Orders."""
        return self._list(account, "all", page)

    def list_accounts(self) -> Call[AccountsVerdict]:
        """Ask for the account that the key belongs to; Alpaca Trading API (OpenAPI), Get Account."""
        return self._call(
            CallKind.READ, "GET account", "/v2/account", partial(read_payload, shape=account_id)
        )

    def _order(self, account: str, order_id: OrderId) -> str:
        self.ids.account.check(account, f"an account at {self.name!r}")
        self.ids.check_order(order_id, self.name)
        return f"/v2/orders/{order_id.value}"

    def _list(self, account: str, status: str, page: Cursor | None) -> Call[ListingVerdict]:
        self.ids.account.check(account, f"an account at {self.name!r}")
        # Legs as rows of their own: each can be canceled by its own id, also when its parent is dead.
        path = f"/v2/orders?status={status}&limit={PAGE_SIZE}&direction=desc&nested=false"
        until = "" if page is None else f"&until={quote(str(page), safe='')}"
        read = partial(read_payload, shape=order_page)
        return self._call(CallKind.LISTING, f"GET {status} orders", path + until, read)

    def _call(self, kind: CallKind, name: str, path: str, read: Callable[[HttpResponse], V]) -> Call[V]:
        method, headers = name.partition(" ")[0], {"Accept": "application/json"}
        return self.call(kind, name, http_request(method=method, path=path, headers=headers), read)
