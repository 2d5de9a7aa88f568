"""Which call of a venue performs an action of the plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from countermand._case._facts import Action, Case
from countermand._ids import OrderId
from countermand._request import Assurance
from countermand.venue import Call, CallKind, CancelTarget, Cursor, Venue

#: Limits and permissions go by kind, not by action.
KINDS = {
    Action.CANCEL: CallKind.CANCEL,
    Action.READ: CallKind.READ,
    Action.TRAIL: CallKind.READ,
    Action.OPEN: CallKind.LISTING,
    Action.HISTORY: CallKind.LISTING,
}


def order_call(venue: Venue, case: Case, action: Action) -> Call[Any]:
    """Make the cancel or a read of the case's order."""
    return venue.cancel(cancel_target(case)) if action is Action.CANCEL else _read(venue, case, action)


def cancel_target(case: Case) -> CancelTarget:
    """Name the order of a case as its callers want it canceled."""
    # Who wants confirmation decides for those who do not; one of many is confirmed by listings.
    requests = [caller.request for caller in case.callers]
    confirmed = any(caller.assurance is Assurance.CONFIRMED and not caller.quick for caller in case.callers)
    return CancelTarget(
        account=case.account,
        order=case.order,
        assurance=Assurance.CONFIRMED if confirmed else Assurance.RECEIVED,
        instrument=next((request.instrument for request in requests if request.instrument is not None), None),
    )


def _read(venue: Venue, case: Case, action: Action) -> Call[Any]:
    if not isinstance(case.order, OrderId):
        raise TypeError("an order is read by the venue's id; the plan resolves others by listings")
    return _READS[action](venue)(case.account, case.order)


def page_call(venue: Venue, account: str, action: Action, page: Cursor | None) -> Call[Any]:
    """Make one page of a listing of an account."""
    return _LISTINGS[action](venue)(account, page)


_READS: dict[Action, Callable[[Venue], Callable[[str, OrderId], Call[Any]]]] = {
    Action.READ: lambda venue: venue.read_order,
    Action.TRAIL: lambda venue: venue.read_trail,
}
_LISTINGS: dict[Action, Callable[[Venue], Callable[[str, Cursor | None], Call[Any]]]] = {
    Action.OPEN: lambda venue: venue.list_open,
    Action.HISTORY: lambda venue: venue.list_history,
}
