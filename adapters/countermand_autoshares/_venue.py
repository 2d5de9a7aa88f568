"""AutoShares over HTTP: the calls of one venue."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar, TypeVar

import attrs

from countermand import Assurance, OrderId
from countermand.errors import InvalidRequestError
from countermand.venue import (
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
    LogIn,
    ReadVerdict,
    Session,
    TrailVerdict,
    Venue,
    clean_base_url,
)
from countermand.venue.settings import must_be, must_be_duration, must_be_key, must_be_name
from countermand_autoshares._credentials import AutoSharesCredential
from countermand_autoshares._settings import must_be_version
from countermand_autoshares._verdicts import (
    read_accounts,
    read_cancel,
    read_history,
    read_open,
    read_order,
    read_sync_cancel,
    read_trail,
)
from countermand_autoshares._wire import ACCOUNT, ID, PAGE_SIZE, orders_of, path_id, write_request

V = TypeVar("V")

#: Each look into an Enum is a search, and these are asked most.
_CANCEL, _RECEIVED = CallKind.CANCEL, Assurance.RECEIVED
_MINUTE_S = 60


def _a_minute(calls: int, per: LimitScope, *kinds: CallKind) -> Limit:
    return Limit(per=per, kinds=frozenset(kinds), rate=calls / _MINUTE_S, burst=calls)


#: AutoShares' newer pages, Rate Limits: "50 a minute per account" to place, cancel and replace, 120 order
#: queries, 10 tokens. The older documents have no figures.
LIMITS = (
    _a_minute(50, LimitScope.ACCOUNT, CallKind.CANCEL),
    _a_minute(120, LimitScope.ACCOUNT, CallKind.READ, CallKind.LISTING),
    _a_minute(10, LimitScope.CREDENTIAL, CallKind.LOG_IN),
)


_must_be_credential = must_be(
    "an AccessToken or Password", lambda value: isinstance(value, AutoSharesCredential)
)


@attrs.frozen
class AutoShares(Venue):
    """One AutoShares or ETNA Trader venue; raises `ConfigurationError` for a setting that cannot be used.

    `base_url` ends in `/api` on ETNA's own hosts. `read_lag_s` (seconds) is how long a read may show an
    order as it was.
    """

    #: A client order id is free text, an instrument a symbol; no order tells its user.
    ids: ClassVar[Ids] = Ids(account=ACCOUNT, order=ID)

    base_url: str = attrs.field(converter=clean_base_url)
    app_key: str = attrs.field(repr=False, validator=must_be_key)
    auth: AutoSharesCredential = attrs.field(kw_only=True, validator=_must_be_credential)
    name: str = attrs.field(default="autoshares", kw_only=True, validator=must_be_name)
    api_version: str = attrs.field(default="1.0", kw_only=True, validator=must_be_version)
    read_lag_s: float = attrs.field(default=5.0, kw_only=True, validator=must_be_duration)

    @property
    def capabilities(self) -> Capabilities:
        """What AutoShares is known to do."""
        return Capabilities(
            # Cancels by order id only, and no mass cancel: the API description (Swagger) has no such call.
            read_lag_s=self.read_lag_s,
            limits=LIMITS,
            # Swagger, Orders_GetOrder, Responses: 200, 401, 403, 422, 500, and none for an unknown order.
            not_found_documented=False,
            # Swagger, OrderResource, Status: Replaced is a status of its own.
            replaced_reads_canceled=False,
            lists_accounts=True,
            has_history=True,
            has_trail=True,
        )

    def cancel(self, target: CancelTarget) -> Call[CancelVerdict]:
        """Cancel one order; AutoShares Cancel an Order: "quick" for RECEIVED, "slow" for CONFIRMED.

        Raises `InvalidRequestError` for an order named by its client order id: it would cancel another one.
        """
        if not isinstance(target.order, OrderId):
            raise InvalidRequestError("AutoShares cancels by OrderId only")
        received = target.assurance is _RECEIVED
        collection, name, read = _QUICK if received else _SLOW
        path = self._order(target.account, target.order, collection)
        return self._call(_CANCEL, name, path, read)

    def read_order(self, account: str, order_id: OrderId) -> Call[ReadVerdict]:
        """Read one order; AutoShares Get Order's Info."""
        return self._call(CallKind.READ, "GET order", self._order(account, order_id), read_order)

    def read_trail(self, account: str, order_id: OrderId) -> Call[TrailVerdict]:
        """Read an order's changes; AutoShares API description (Swagger), Orders_GetOrderDetails."""
        path = f"{self._order(account, order_id)}/details"
        return self._call(CallKind.READ, "GET order details", path, read_trail)

    def list_open(self, account: str, page: Cursor | None = None) -> Call[ListingVerdict]:
        """List the orders of an account that are not dead, page by page; AutoShares Get Filtered Orders."""
        return self._list(account, int(page or 0), read_open)

    def list_history(self, account: str, page: Cursor | None = None) -> Call[ListingVerdict]:
        """List orders of any state, newest first; AutoShares Get Filtered Orders."""
        return self._list(account, int(page or 0), read_history)

    def list_accounts(self) -> Call[AccountsVerdict]:
        """List the user's accounts; AutoShares API description (Swagger), UserAccounts_GetUserAccounts."""
        path = f"/v{self.api_version}/users/@me/accounts"
        return self._call(CallKind.READ, "GET accounts", path, read_accounts)

    def log_in(self) -> LogIn:
        """Begin a log-in."""
        return self.auth.log_in_with(self.app_key)

    def log_out(self, session: Session) -> Call[CancelVerdict]:
        """Give a session back; no document tells its answer."""
        return self._call(CallKind.LOG_IN, "POST logout", "/logout", read_cancel)

    def _order(self, account: str, order_id: OrderId, collection: str = "orders") -> str:
        number = path_id(order_id.value, "an AutoShares order id")
        return f"{orders_of(self.api_version, account, collection)}/{number}"

    def _list(self, account: str, page: int, read: Callable[..., ListingVerdict]) -> Call[ListingVerdict]:
        # By id and downwards: an order that comes or goes between two pages can be seen twice, never missed.
        query = f"pageNumber={page}&pageSize={PAGE_SIZE}&sortField=Id&desc=true"
        path = f"{orders_of(self.api_version, account, 'orders')}?{query}"
        return self._call(CallKind.LISTING, "GET orders", path, partial(read, page=page))

    def _call(self, kind: CallKind, name: str, path: str, read: Callable[[HttpResponse], V]) -> Call[V]:
        method = name.partition(" ")[0]
        return self.call(kind, name, write_request(method, path, {"Et-App-Key": self.app_key}), read)


#: AutoShares Cancel an Order: orders are "verified by the API but not the execution venue (quick)",
#: syncorders "by the API and the execution venue too (slow)".
_QUICK = ("orders", "DELETE orders", read_cancel)
_SLOW = ("syncorders", "DELETE syncorders", read_sync_cancel)
