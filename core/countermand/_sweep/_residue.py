"""The orders that are left, or may be, each with its cause."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import attrs

from countermand._ack import CancelAck
from countermand._mass_cancel import Cause, Residual
from countermand._order import OrderReport
from countermand._outcome import Outcome, Reason, Sent
from countermand._scope import PlacedAfter
from countermand._sweep._facts import Sweep
from countermand._sweep._known import Known, Look, Place, Shown, tells_an_end
from countermand._sweep._proof import proof
from countermand._sweep._targets import gave_way, is_target, succeeds_a_target

#: What an answer that is no end leaves of an order.
_CAUSES = {Outcome.PENDING: Cause.PENDING, Outcome.REJECTED: Cause.REFUSED}
#: Rejections that refuse nothing: nobody can tell whether the order is there.
_NO_REFUSALS = frozenset({Reason.NOT_FOUND})
#: Rejections of orders that were never there.
_NEVER_THERE = frozenset({Reason.UNKNOWN_ORDER})


def residual(sweep: Sweep) -> tuple[Residual, ...]:
    """List what is left of a scope; nothing of one that is proved empty."""
    if proof(sweep).second is not None:
        return ()
    last = last_look(sweep)
    found = {one.order_id: one for known in sweep.known.values() for one in _left_of(sweep, known, last)}
    for order_id in sorted(sweep.successors - set(sweep.known), key=str):
        found[order_id] = Residual(order_id=order_id, cause=Cause.REPLACED)
    return tuple(found.values())


def kept(sweep: Sweep) -> tuple[OrderReport, ...]:
    """List the orders of the scope that were placed after the first send, as the last listing shows them."""
    last = last_look(sweep)
    if sweep.placed_after is PlacedAfter.CANCEL or last is None or not sweep.has_whole_snapshot:
        return ()
    return tuple(
        dated(sweep, shown)
        for shown in last.shown.values()
        if shown.place is Place.IN
        and not sweep.known[shown.report.order_id].in_snapshot
        and not _is_successor(sweep, shown.report)
    )


def last_look(sweep: Sweep) -> Look | None:
    """Return the youngest listing that told anything."""
    return next((look for look in reversed(sweep.looks) if look.tells), None)


def dated(sweep: Sweep, shown: Shown) -> OrderReport:
    """Return an order with the time of the listing that showed it."""
    return attrs.evolve(shown.report, as_of=sweep.epoch + timedelta(seconds=shown.seen_at))


def _left_of(sweep: Sweep, known: Known, last: Look | None) -> Iterator[Residual]:
    shown = last.shown.get(known.order_id) if last is not None else None
    order = dated(sweep, shown) if shown is not None else None
    ack = known.ack
    if ack is not None and (tells_an_end(ack) or ack.reason is Reason.REPLACED or _was_never_there(ack)):
        return  # what took its place speaks for itself
    if is_target(sweep, known):
        order = order or _read_since(sweep, known, last)
        yield Residual(order_id=known.order_id, cause=_cause(known, ack), order=order, text=_text(ack))
    elif known.shown is None or (shown is None and last is not None and last.whole):
        return  # what was not to be canceled, and is gone, is not left
    elif gave_way(sweep, known, known.shown.report):
        return  # nor is what is listed for ever, though another order stands for it
    elif _is_successor(sweep, known.shown.report):
        yield Residual(order_id=known.order_id, cause=Cause.REPLACED, order=order)
    elif (text := _undecided(sweep, known, known.shown)) is not None:
        yield Residual(order_id=known.order_id, cause=Cause.UNDECIDED, order=order, text=text)


def _read_since(sweep: Sweep, known: Known, last: Look | None) -> OrderReport | None:
    """Return an order that no listing shows, as a read showed it open that began after the last one."""
    read = known.read_open
    if read is None or read.as_of is None or last is None:
        return None
    return read if sweep.seconds(read.as_of) >= last.began_at else None


def _text(ack: CancelAck | None) -> str | None:
    if ack is None:
        return None
    reason = ack.reason.value if ack.reason is not None and ack.reason in _NO_REFUSALS else None
    return ": ".join(word for word in (reason, ack.venue_text) if word) or None


def _cause(known: Known, ack: CancelAck | None) -> Cause:
    if ack is None:
        return Cause.UNKNOWN if known.asks else Cause.NOT_SENT
    if ack.outcome is Outcome.REJECTED and ack.sent is Sent.NO:
        return Cause.NOT_SENT
    if ack.reason in _NO_REFUSALS:
        return Cause.UNKNOWN
    return _CAUSES.get(ack.outcome, Cause.UNKNOWN)


def _was_never_there(ack: CancelAck) -> bool:
    return ack.reason in _NEVER_THERE


def _is_successor(sweep: Sweep, report: OrderReport) -> bool:
    return report.order_id in sweep.successors or succeeds_a_target(sweep, report)


def _undecided(sweep: Sweep, known: Known, shown: Shown) -> str | None:
    """Tell why nobody can say whether an order was to be canceled; None where somebody can."""
    placed_before = sweep.placed_after is PlacedAfter.CANCEL or known.in_snapshot
    if shown.place is Place.OUT or (not placed_before and sweep.has_whole_snapshot):
        return None
    return shown.text or "no listing before the first send was whole: it may have been there already"
