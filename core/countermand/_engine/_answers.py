"""What a plugin's answers may be: their types by the question, and what must hold of their parts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from operator import attrgetter, contains
from typing import Any, TypeVar, get_args

import attrs

from countermand._engine._parts import PARTS
from countermand._ids import OrderId
from countermand._order import OrderReport
from countermand.venue import (
    Accounts,
    AccountsVerdict,
    CancelVerdict,
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

T = TypeVar("T")

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

#: How deep legs may have legs: no venue's have any, and what has no end must not end the loop.
_DEEPEST = 8
_parts_of = attrgetter(*PARTS[OrderReport])
_TYPES = tuple(PARTS[OrderReport].values())
#: The types of the parts of orders that were looked at one by one, and were right: as many as there are ways
#: to leave parts out. A listing of 50,000 orders knows few of them.
_whole: set[tuple[type, ...]] = set()


def is_report(value: Any, depth: int = _DEEPEST) -> bool:
    """Tell an order that the core can work with; exactly one, for whatever an heir does is not fenced in."""
    if type(value) is not OrderReport:
        return False
    types = tuple(map(type, _parts_of(value)))
    if types not in _whole:
        if not all(map(contains, _TYPES, types)):
            return False
        _whole.add(types)
    # Two quantities are compared, which one that is no number cannot be.
    if not value.filled_quantity.is_finite():
        return False
    return not value.legs or (depth > 0 and all(is_report(leg, depth - 1) for leg in value.legs))


def _are_answers(orders: dict[Any, Any]) -> bool:
    return all(
        type(order) is OrderId and type(verdict) in ANSWERS["cancel"] and has_whole_parts(verdict)
        for order, verdict in orders.items()
    )


def is_session(value: object) -> bool:
    """Tell a session that calls can be signed with."""
    return type(value) is Session and _has_types(Session, value)


def _has_types(kind: type, value: Any) -> bool:
    for name, types in PARTS[kind].items():  # noqa: SIM110 - a generator would cost as much again
        if type(getattr(value, name)) not in types:
            return False
    return True


#: What must hold of the parts of an answer beyond their types.
_HOLDS: dict[type, Callable[[Any], bool]] = {
    OrderRead: lambda told: is_report(told.report),
    TrailRead: lambda told: told.report is None or is_report(told.report),
    Accounts: lambda told: all(type(one) is str for one in told.ids),
    LoggedIn: lambda told: is_session(told.session),
    Page: lambda told: told.behind is None or callable(told.behind),
    PerOrder: lambda told: _are_answers(told.orders),
}


def has_whole_parts(verdict: Any) -> bool:
    """Tell an answer whose parts are what they should be; the rows of a page are looked at one by one."""
    kind = type(verdict)
    holds = _HOLDS.get(kind)
    return _has_types(kind, verdict) and (holds is None or holds(verdict))


#: The times that a venue tells, in seconds.
_TIMES = {Throttled: "retry_after_s", Session: "lifetime_s"}


def with_real_times(told: T) -> T:
    """Leave out a told time that nobody can wait for: below 0, without end, or no number.

    What bears it stays: a venue that throttles has throttled, however long it says, and a session is used
    until it is refused.
    """
    if isinstance(told, LoggedIn):
        return attrs.evolve(told, session=with_real_times(told.session))
    if isinstance(told, PerOrder):
        return attrs.evolve(told, orders={one: with_real_times(each) for one, each in told.orders.items()})
    name = _TIMES.get(type(told))
    if name is None or _is_real_time(getattr(told, name)):
        return told
    return attrs.evolve(told, **{name: None})  # type: ignore[misc]  # both are attrs values


def _is_real_time(seconds: float | None) -> bool:
    return seconds is None or 0 <= seconds <= sys.float_info.max  # there are integers beyond any float
