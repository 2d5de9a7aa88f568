"""What a plugin's answers may be: their types by the question, and what must hold of their parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, get_args

from countermand._ids import OrderId
from countermand._order import OrderReport, OrderStatus
from countermand.venue import (
    Accounts,
    AccountsVerdict,
    CancelVerdict,
    CodeWanted,
    ListingVerdict,
    LoggedIn,
    LogInVerdict,
    LogOutVerdict,
    MassCancelVerdict,
    OrderRead,
    Page,
    PerOrder,
    ReadVerdict,
    Session,
    Throttled,
    TrailRead,
    TrailVerdict,
)

#: What the answer to a call may be, by the function that made the call: these very types, and no heirs.
ANSWERS: Mapping[str, frozenset[type]] = {
    function: frozenset(get_args(union))
    for function, union in {
        "cancel": CancelVerdict,
        "cancel_all": MassCancelVerdict,
        "cancel_list": MassCancelVerdict,
        "read_order": ReadVerdict,
        "read_trail": TrailVerdict,
        "list_open": ListingVerdict,
        "list_history": ListingVerdict,
        "list_accounts": AccountsVerdict,
        "log_in": LogInVerdict,
        "log_out": LogOutVerdict,
    }.items()
}


def _is_time(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def is_report(value: Any) -> bool:
    """Tell an order that the core can work with; exactly one, for whatever an heir does is not fenced in."""
    return (
        type(value) is OrderReport
        and type(value.status) is OrderStatus
        and type(value.order_id) is OrderId
        and type(value.filled_quantity) is Decimal
    )


def _are_answers(orders: Any) -> bool:
    return isinstance(orders, Mapping) and all(
        type(order) is OrderId and type(verdict) in ANSWERS["cancel"] and has_whole_parts(verdict)
        for order, verdict in orders.items()
    )


def _is_cursor(value: object) -> bool:
    return value is None or type(value) in {int, str}


def _is_count(value: object) -> bool:
    return value is None or type(value) is int


def is_session(value: object) -> bool:
    """Tell a session that calls can be signed with."""
    return isinstance(value, Session) and type(value.token) is str and _is_time(value.lifetime_s)


#: What must hold of the parts of an answer that the core works with.
_PARTS: dict[type, Callable[[Any], bool]] = {
    OrderRead: lambda told: is_report(told.report),
    TrailRead: lambda told: told.report is None or is_report(told.report),
    Accounts: lambda told: isinstance(told.ids, tuple) and all(type(one) is str for one in told.ids),
    LoggedIn: lambda told: is_session(told.session),
    CodeWanted: lambda told: type(told.interim) is str,
    Throttled: lambda told: _is_time(told.retry_after_s),
    PerOrder: lambda told: _are_answers(told.orders),
    Page: lambda told: _is_cursor(told.next_page) and _is_count(told.total) and _is_count(told.listed),
}


def has_whole_parts(verdict: Any) -> bool:
    """Tell an answer whose parts are what they should be; the rows of a page are looked at one by one."""
    code, text = getattr(verdict, "code", None), getattr(verdict, "text", None)
    if not ((code is None or type(code) is str) and (text is None or type(text) is str)):
        return False
    is_whole = _PARTS.get(type(verdict))
    return is_whole is None or is_whole(verdict)
