"""Which orders a sweep touches: none outside of its scope, and none more than five times a scope."""

from __future__ import annotations

import math
from collections.abc import Iterator

from countermand._ids import OrderId
from countermand._order import OrderReport, OrderStatus
from countermand._outcome import Outcome, Reason
from countermand._request import CancelRequest
from countermand._retry import MOST_ATTEMPTS
from countermand._scope import PlacedAfter, ScopeKind
from countermand._sweep._facts import Sweep
from countermand._sweep._known import Known, Place, tells_an_end
from countermand._waits import round_wait_s
from countermand.errors import InvalidRequestError

#: Rejections of what was canceled too late, or not at all: another order is on the book, if any.
_SETTLED = frozenset({Reason.TOO_LATE, Reason.REPLACED})
#: The shortest time that a request can be given, in seconds.
_LEAST_TIMEOUT_S = 0.001


def to_cancel(sweep: Sweep, now: float) -> tuple[OrderId, ...]:
    """Name the orders that are to be canceled by id now, in the order they became known.

    Those come last that are shown as replaced: only what took their place can trade.
    """
    due = (known for known in sweep.known.values() if _due_at(sweep, known) <= now)
    return tuple(known.order_id for known in sorted(due, key=_is_replaced))


def next_cancel_at(sweep: Sweep) -> float:
    """Say when the next order is to be canceled by id, as far as it is known; infinity for none."""
    return min((_due_at(sweep, known) for known in sweep.known.values()), default=math.inf)


def is_target(sweep: Sweep, known: Known) -> bool:
    """Tell whether an order is one of those that are to be canceled."""
    if sweep.placed_after is PlacedAfter.KEEP and not known.in_snapshot:
        return False
    if sweep.scope.kind is ScopeKind.ORDERS:
        return known.is_named
    return bool(known.asks) or _is_in(known) or (known.is_taken and known.shown is None)


def request_for(sweep: Sweep, known: Known, now: float) -> CancelRequest:
    """Make the request that cancels an order within what is left of the time."""
    report = known.shown.report if known.shown is not None else None
    instrument = report.instrument if report is not None else sweep.scope.instrument_id
    try:
        return _request(sweep, known.order_id, instrument, now)
    except InvalidRequestError:
        # A venue's listing may write what no request can: the order is what counts.
        return _request(sweep, known.order_id, None, now)


def succeeds_a_target(sweep: Sweep, report: OrderReport) -> bool:
    """Tell whether an order took the place of one that is to be canceled, at first or second hand."""
    for heir in _line(sweep, report):
        before = sweep.replaced_by(heir)
        # A successor that was replaced itself is dead, and no listing need ever have shown it.
        if heir.replaces in sweep.successors or (before is not None and is_target(sweep, before)):
            return True
    return False


def gave_way(sweep: Sweep, known: Known, report: OrderReport) -> bool:
    """Tell whether an order is shown as replaced, and what took its place is known, and stands for it."""
    if report.status is not OrderStatus.REPLACED:
        return False
    if is_target(sweep, known):
        return known.ack is not None and known.ack.reason is Reason.REPLACED
    succeeds = report.order_id in sweep.successors or succeeds_a_target(sweep, report)
    return succeeds and sweep.has_heir(known)


def may_succeed_a_target(sweep: Sweep, report: OrderReport) -> bool:
    """Tell whether nobody knows what an order took the place of, nor what took that of some target."""
    first = list(_line(sweep, report))[-1]
    if first.replaces is None or sweep.replaced_by(first) is not None:
        return False
    return any(one not in sweep.known for one in sweep.successors) or any(
        is_target(sweep, known) and _has_no_known_end(known) and not _stood_beside(sweep, report, known)
        for known in sweep.known.values()
    )


def _line(sweep: Sweep, report: OrderReport) -> Iterator[OrderReport]:
    """List an order and those that it descends from, as far as they were shown."""
    visited: set[OrderId] = set()
    heir: OrderReport | None = report
    while heir is not None and heir.order_id not in visited:
        yield heir
        visited.add(heir.order_id)
        before = sweep.replaced_by(heir)
        heir = before.shown.report if before is not None and before.shown is not None else None


def _has_no_known_end(known: Known) -> bool:
    ack = known.ack
    if ack is None:
        return True
    return not tells_an_end(ack) and ack.successor is None and ack.reason is not Reason.UNKNOWN_ORDER


def _stood_beside(sweep: Sweep, report: OrderReport, known: Known) -> bool:
    """Tell whether a listing showed both: then neither took the place of the other."""
    pairs = (
        look.shown.get(known.order_id) for look in reversed(sweep.looks) if report.order_id in look.shown
    )
    return any(one is not None and one.report.status is not OrderStatus.REPLACED for one in pairs)


def _due_at(sweep: Sweep, known: Known) -> float:
    if not is_target(sweep, known) or known.is_awaited:
        return math.inf
    if known.shown is not None and not _is_in(known):
        return math.inf
    return _due_again_at(sweep, known) if known.asks else -math.inf


def _due_again_at(sweep: Sweep, known: Known) -> float:
    """Say when an order may be canceled once more that lives on though its cancel was rejected."""
    ask, ack = known.asks[-1], known.ack
    if ack is None or ack.outcome is not Outcome.REJECTED or ack.reason in _SETTLED:
        return math.inf
    if known.shown is None or known.shown.seen_at < max(ask.given_at, sweep.last_whole_at):
        return math.inf
    # What one ask came to the next one may come to, too.
    if known.attempts + max(1, known.attempts_of_last_ask) > MOST_ATTEMPTS:
        return math.inf
    repeats = len(known.asks) - 1
    return ask.given_at + (round_wait_s(repeats) if repeats else 0.0)


def _is_replaced(known: Known) -> bool:
    return known.shown is not None and known.shown.report.status is OrderStatus.REPLACED


def _is_in(known: Known) -> bool:
    return known.shown is not None and known.shown.place is Place.IN


def _request(sweep: Sweep, order_id: OrderId, instrument: str | None, now: float) -> CancelRequest:
    return CancelRequest(
        venue=sweep.scope.venue,
        account=sweep.scope.account_id or "",
        order=order_id,
        instrument=instrument,
        timeout_s=max(sweep.deadline - now, _LEAST_TIMEOUT_S),
        cause=sweep.cause,
    )
