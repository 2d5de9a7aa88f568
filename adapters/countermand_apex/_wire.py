"""The wire of APEX: how a call is written, and how an order and a generic answer read."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

import attrs

from countermand import ClientOrderId, OrderId, OrderReport, StatusClass
from countermand.venue import Accounts, HttpRequest, IdShape, OrderRead, TrailRead, http_request, whole_number
from countermand.venue.answers import join_texts
from countermand.venue.wire import Rows, WireError, expect_list, structure
from countermand_apex._statuses import order_status

#: AlphaPoint CancelOrder, Request: "OrderId: long integer"; so are the client's ids.
LARGEST_ID = (1 << 63) - 1
#: 0 is no identity at APEX: AlphaPoint CancelOrder, Request, "ClientOrderId defaults to 0", and
#: CancelAllOrders, Warning, "will cancel all existing orders on an OMS when sending AccountID = 0".
ID = whole_number(LARGEST_ID)
#: Likewise: accounts are few, and each cancel asks about one.
ACCOUNT = IdShape(ID.expected, lru_cache(maxsize=1024)(ID.holds))

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


def post(function: str, content: bytes) -> HttpRequest:
    """Write one call; AlphaPoint CancelOrder, Request: "POST /AP/CancelOrder HTTP/1.1"."""
    return http_request(method="POST", path=f"/AP/{function}", headers=_HEADERS, content=content)


def wire_id(value: str, what: str) -> int:
    """Write an id as the exact integer it is on the wire; raises `InvalidRequestError` for what is none."""
    ID.check(value, what)
    return int(value)


@lru_cache(maxsize=1024)
def order_of(oms_id: int, account: str) -> str:
    """Write how a call for one order of an account begins; raises `InvalidRequestError`, likewise."""
    return f'{{"OMSId":{oms_id},"AccountId":{wire_id(account, "an APEX account")}'


@attrs.frozen(kw_only=True)
class WireAnswer:
    """The generic answer; AlphaPoint CancelOrder, Response."""

    result: bool
    errorcode: int | None = None
    errormsg: str | None = None
    detail: str | None = None


@attrs.frozen(kw_only=True)
class WireLogIn:
    """The answer to a log-in; AlphaPoint Authenticate, Response. Older versions say Token."""

    authenticated: bool
    session_token: str | None = attrs.field(default=None, repr=False)
    token: str | None = attrs.field(default=None, repr=False)
    locked: bool | None = None
    requires_2fa: bool | None = None
    pending_2fa_token: str | None = attrs.field(default=None, repr=False)
    errormsg: str | None = None


@attrs.frozen(kw_only=True)
class WireOrder:
    """One order; AlphaPoint GetOrderStatus, Response. More fields come and go with the versions."""

    order_id: int
    order_state: Any
    quantity_executed: Decimal = attrs.field(validator=attrs.validators.ge(Decimal(0)))
    account: int | None = None
    client_order_id: int | None = None
    instrument: int | None = None
    #: What remains; `orig_quantity` is what was ordered.
    quantity: Decimal | None = None
    orig_quantity: Decimal | None = None
    avg_price: Decimal | None = None
    orig_order_id: int | None = None
    entered_by: int | None = None
    cancel_reason: Any = None
    reject_reason: Any = None
    change_reason: Any = None


def order_report(value: object) -> OrderReport:
    """Read one order; raises `WireError` for one that is not of the documented shape."""
    order = structure(value, WireOrder)
    status = order_status(order.order_state, order.quantity_executed)
    # FIX LeavesQty (151) of an order that is dead is 0; APEX leaves what was not filled in Quantity.
    dead = status.status_class is StatusClass.DEAD
    return OrderReport(
        order_id=OrderId(str(order.order_id)),
        status=status,
        filled_quantity=order.quantity_executed,
        account=_text_or_none(order.account),
        client_order_id=ClientOrderId(str(order.client_order_id)) if order.client_order_id else None,
        instrument=_text_or_none(order.instrument),
        quantity=order.orig_quantity,
        remaining_quantity=Decimal(0) if dead else order.quantity,
        average_price=order.avg_price,
        replaces=_replaced(order),
        entered_by=_text_or_none(order.entered_by or None),  # 0 is no user
        text=join_texts(order.cancel_reason, order.reject_reason, order.change_reason),
    )


def only_order(value: object) -> OrderRead:
    """Read the one order of a single read, bare or as a list of one: versions differ."""
    if isinstance(value, list):
        if len(value) != 1:
            raise WireError(f"expected one order, got {len(value)}")
        value = value[0]
    return OrderRead(report=order_report(value))


def order_rows(value: object) -> Rows[OrderReport]:
    """Read a listing, its rows only when they are wanted: there may be thousands."""
    return Rows(values=expect_list(value, "orders"), read=order_report)


def order_trail(value: object) -> TrailRead:
    """Read an order's changes: a row for each, "newest first"."""
    return TrailRead(report=next(iter(tuple(order_rows(value))), None))


def account_ids(value: object) -> Accounts:
    """Read a list of accounts; one that is no number above 0 spoils it, for it could be the one in doubt."""
    numbers = expect_list(value, "accounts")
    for number in numbers:
        if type(number) is not int or number < 1:
            raise WireError(f"expected an account id, got {number!r:.40}")
    return Accounts(ids=tuple(map(str, numbers)))


def _text_or_none(number: int | None) -> str | None:
    return None if number is None else str(number)


def _replaced(order: WireOrder) -> OrderId | None:
    # AlphaPoint CancelReplaceOrder: the new order bears OrigOrderId; one that replaced nothing bears 0 or
    # its own id there.
    if not order.orig_order_id or order.orig_order_id == order.order_id:
        return None
    return OrderId(str(order.orig_order_id))
