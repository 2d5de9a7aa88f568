"""AlphaPoint APEX over HTTP: the calls of one venue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, TypeVar

import attrs

from countermand import ClientOrderId, OrderId, Scope
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
    Identity,
    Ids,
    ListingVerdict,
    ReadVerdict,
    ScopeKind,
    Session,
    TrailVerdict,
    Venue,
    clean_base_url,
)
from countermand.venue.settings import must_be, must_be_bool, must_be_duration, must_be_name
from countermand.venue.wire import write_json
from countermand_apex._credentials import ApexCredential
from countermand_apex._settings import must_be_oms
from countermand_apex._verdicts import (
    read_accounts,
    read_cancel,
    read_history,
    read_listing,
    read_order,
    read_trail,
)
from countermand_apex._wire import ACCOUNT, ID, order_of, post, wire_id

V = TypeVar("V")

#: Each look into an Enum is a search, and this is asked most.
_CANCEL = CallKind.CANCEL
#: Rows of one page of GetOrderHistory.
HISTORY_DEPTH = 100
#: Orders of one SendCancelList; APEX documents no bound, so a modest one.
CANCEL_LIST_SIZE = 50
#: AlphaPoint CancelOrder, Request, in its two editions.
CLIENT_ORDER_ID_KEYS = ("ClOrderId", "ClientOrderId")

_must_be_key = must_be(" or ".join(CLIENT_ORDER_ID_KEYS), lambda value: value in CLIENT_ORDER_ID_KEYS)
_must_be_credential = must_be(
    "a SessionToken, Password or ApiKey", lambda value: isinstance(value, ApexCredential)
)


@attrs.frozen
class Apex(Venue):
    """One APEX venue; raises `ConfigurationError` for a setting that cannot be used.

    `read_lag_s` (seconds) is how long its replicas may show an order as it was. The others are declared of a
    gateway, and what is not declared is listed and canceled by id instead:
    `client_order_ids_unique`: no client order id of the account is ever used again, so it names an order.
    `cancel_list`: it has SendCancelList, which AlphaPoint documents from 4.x on.
    `native_instrument_scope`: its CancelAllOrders reads the instrument, in whichever of two spellings.
    `user_scopes`: its CancelAllOrders reads UserId, as only AlphaPoint's older edition has it. To a gateway
    that does not, a user in an account means all users of it, and a user without an account, everybody.
    """

    ids: ClassVar[Ids] = Ids(account=ACCOUNT, order=ID, client_order=ID, instrument=ID, user=ID)

    base_url: str = attrs.field(converter=clean_base_url)
    oms_id: int = attrs.field(default=1, kw_only=True, validator=must_be_oms)
    auth: ApexCredential = attrs.field(kw_only=True, validator=_must_be_credential)
    name: str = attrs.field(default="apex", kw_only=True, validator=must_be_name)
    client_order_id_key: str = attrs.field(default="ClOrderId", kw_only=True, validator=_must_be_key)
    client_order_ids_unique: bool = attrs.field(default=False, kw_only=True, validator=must_be_bool)
    read_lag_s: float = attrs.field(default=5.0, kw_only=True, validator=must_be_duration)
    #: `cancel_list` to whoever sets it; the venue has a call of that name.
    has_cancel_list: bool = attrs.field(
        default=False, alias="cancel_list", kw_only=True, validator=must_be_bool
    )
    native_instrument_scope: bool = attrs.field(default=False, kw_only=True, validator=must_be_bool)
    user_scopes: bool = attrs.field(default=False, kw_only=True, validator=must_be_bool)

    @property
    def capabilities(self) -> Capabilities:
        """What APEX is known to do."""
        by_client = {Identity.CLIENT_ORDER_ID} if self.client_order_ids_unique else set()
        return Capabilities(
            identities=frozenset({Identity.ORDER_ID, *by_client}),
            scopes=self._scopes(),
            # AlphaPoint GetOpenOrders: working orders, neither quotes nor block trades.
            not_listed=("quotes", "block trades"),
            lists_accounts=True,
            read_lag_s=self.read_lag_s,
            # AlphaPoint documents none. NDAX counts 50 authenticated calls a minute and address (2021): one
            # venue's own figure, which its users may configure.
            limits=(),
            # AlphaPoint's generic answer documents "Resource Not Found (errorcode 104)", and a single read
            # of an order that is not there gives it.
            not_found_documented=True,
            # AlphaPoint CancelReplaceOrder: the old order reads Canceled, with UserModified.
            replaced_reads_canceled=True,
            has_history=True,
            has_trail=True,
            cancel_list_size=CANCEL_LIST_SIZE if self.has_cancel_list else 0,
        )

    def cancel(self, target: CancelTarget) -> Call[CancelVerdict]:
        """Cancel one order; AlphaPoint CancelOrder."""
        return self._call(_CANCEL, "CancelOrder", self._order(target.account, target.order), read_cancel)

    def cancel_all(self, scope: Scope) -> Call[CancelVerdict]:
        """Cancel a scope's orders; AlphaPoint CancelAllOrders.

        Raises `InvalidRequestError` for a scope that this gateway is not declared to honour exactly.
        """
        if scope.kind not in self._scopes():
            raise InvalidRequestError(
                f"this APEX venue has no call for orders of a scope {scope.kind.value!r}"
            )
        return self._call(
            CallKind.MASS_CANCEL, "CancelAllOrders", write_json(self._body_of(scope)), read_cancel
        )

    def cancel_list(self, targets: Sequence[CancelTarget]) -> Call[CancelVerdict]:
        """Cancel up to 50 orders with one answer for all of them; AlphaPoint SendCancelList (4.x).

        Raises `InvalidRequestError` for none, for too many, for one named by its client order id, and where
        the gateway is not declared to have it.
        """
        if not self.has_cancel_list:
            raise InvalidRequestError("this APEX venue is not declared to have SendCancelList (cancel_list)")
        if not 1 <= len(targets) <= CANCEL_LIST_SIZE:
            raise InvalidRequestError(
                f"a cancel list holds 1 to {CANCEL_LIST_SIZE} orders, got {len(targets)}"
            )
        if any(isinstance(target.order, ClientOrderId) for target in targets):
            raise InvalidRequestError("a cancel list names its orders by OrderId only")
        orders = b",".join(self._order(target.account, target.order) for target in targets)
        return self._call(CallKind.MASS_CANCEL, "SendCancelList", b"[%b]" % orders, read_cancel)

    def read_order(self, account: str, order_id: OrderId) -> Call[ReadVerdict]:
        """Read one order; AlphaPoint GetOrderStatus."""
        return self._call(CallKind.READ, "GetOrderStatus", self._order(account, order_id), read_order)

    def read_trail(self, account: str, order_id: OrderId) -> Call[TrailVerdict]:
        """Read an order's changes; AlphaPoint GetOrderHistoryByOrderId."""
        return self._call(
            CallKind.READ, "GetOrderHistoryByOrderId", self._order(account, order_id), read_trail
        )

    def list_open(self, account: str, page: Cursor | None = None) -> Call[ListingVerdict]:
        """List the open orders of an account; AlphaPoint GetOpenOrders, one unpaged list."""
        body = write_json(self._account(account))
        call = self._call(CallKind.LISTING, "GetOpenOrders", body, read_listing)
        return attrs.evolve(call, takes_part=True)

    def list_history(self, account: str, page: Cursor | None = None) -> Call[ListingVerdict]:
        """List orders of any state, newest first; AlphaPoint GetOrderHistory."""
        start = int(page or 0)
        body = write_json(self._account(account) | {"Depth": HISTORY_DEPTH, "StartIndex": start})
        read = partial(read_history, start=start)
        return self._call(CallKind.LISTING, "GetOrderHistory", body, read)

    def list_accounts(self) -> Call[AccountsVerdict]:
        """List the accounts that the user reaches; AlphaPoint GetUserAccounts."""
        return self._call(CallKind.READ, "GetUserAccounts", write_json({"OMSId": self.oms_id}), read_accounts)

    def log_out(self, session: Session) -> Call[CancelVerdict]:
        """Give a session back; AlphaPoint LogOut."""
        return self._call(CallKind.LOG_IN, "LogOut", b"{}", read_cancel)

    def _scopes(self) -> frozenset[ScopeKind]:
        declared = {
            # AlphaPoint CancelAllOrders spells that key in two ways in its table and its examples; a server
            # that reads neither of the two would cancel every instrument of the account.
            ScopeKind.INSTRUMENT: self.native_instrument_scope,
            # AlphaPoint CancelAllOrders (older edition), table of combinations; the newer has no UserId.
            ScopeKind.USER: self.user_scopes,
        }
        always = {ScopeKind.ACCOUNT, ScopeKind.VENUE_WIDE}
        return frozenset(always | {kind for kind, honoured in declared.items() if honoured})

    def _body_of(self, scope: Scope) -> dict[str, int]:
        body = {"OMSId": self.oms_id}
        if scope.kind is ScopeKind.VENUE_WIDE:
            # AlphaPoint CancelAllOrders, Warning: AccountID 0 means all accounts. Written here, nowhere else.
            body["AccountId"] = 0
        if scope.account_id is not None:
            body["AccountId"] = wire_id(scope.account_id, "an APEX account")
        if scope.user_id is not None:
            body["UserId"] = wire_id(scope.user_id, "an APEX user")
        if scope.instrument_id is not None:
            # AlphaPoint CancelAllOrders spells the key so in its table and so in its examples.
            number = wire_id(scope.instrument_id, "an APEX instrument")
            body |= {"InstrumentId": number, "IntrumentId": number}
        return body

    def _account(self, account: str) -> dict[str, int]:
        return {"OMSId": self.oms_id, "AccountId": wire_id(account, "an APEX account")}

    def _order(self, account: str, order: OrderId | ClientOrderId) -> bytes:
        key, what = "OrderId", "an APEX order id"
        if isinstance(order, ClientOrderId):
            key, what = self.client_order_id_key, "an APEX client order id"
        # Put in place, for this is asked most: neither numbers nor the keys have anything to be quoted.
        return f'{order_of(self.oms_id, account)},"{key}":{wire_id(order.value, what)}}}'.encode()

    def _call(
        self, kind: CallKind, function: str, content: bytes, read: Callable[[HttpResponse], V]
    ) -> Call[V]:
        return self.call(kind, function, post(function, content), read)
