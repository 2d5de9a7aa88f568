"""Whether a scope is proved empty: by two listings of all that is open, and by nothing less."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps

import attrs

from countermand._outcome import Reason
from countermand._scope import PlacedAfter
from countermand._sweep._facts import Sweep
from countermand._sweep._known import Known, Look, Place, Shown, tells_an_end
from countermand._sweep._targets import gave_way, is_target, may_succeed_a_target, succeeds_a_target

#: Rejections of orders that are not on the book: another one is, or there never was one.
_NOT_THERE = frozenset({Reason.REPLACED, Reason.UNKNOWN_ORDER})


@attrs.frozen(kw_only=True)
class Proof:
    """The first listing that showed nothing left, and the second one, if there is one by now."""

    first: Look | None = None
    second: Look | None = None


def _but_once(conclude: Callable[[Sweep], Proof]) -> Callable[[Sweep], Proof]:
    """Conclude of the same facts but once: of thousands of orders it takes its time."""

    @wraps(conclude)
    def concluded(sweep: Sweep) -> Proof:
        if conclude not in sweep.concluded:
            sweep.concluded[conclude] = conclude(sweep)
        found: Proof = sweep.concluded[conclude]
        return found

    return concluded


@_but_once
def proof(sweep: Sweep) -> Proof:
    """Find two listings since the last answer that show nothing left, where nothing gainsays them."""
    found = _empty(sweep)
    return Proof() if found.first is not None and any(_gainsaying(sweep, found.first)) else found


def is_exhausted(sweep: Sweep) -> bool:
    """Tell whether listings can tell no more: all that gainsays two empty ones was found nowhere at all."""
    found = _empty(sweep)
    if found.first is None or found.second is None:
        return False
    return all(
        known.ack is not None and known.ack.reason is Reason.NOT_FOUND and known.shown is None
        for known in _gainsaying(sweep, found.first)
    )


@_but_once
def _empty(sweep: Sweep) -> Proof:
    """Find two listings since the last answer, `read_lag_s` apart, with nothing left in them or between."""
    found = Proof()
    if sweep.awaited or sweep.calling or not _knows_all(sweep):
        return found
    for look in sweep.looks:
        if look.began_at < sweep.last_answer_at:
            continue
        if any(is_left(sweep, one) for one in look.shown.values()):
            found = Proof()
        elif look.whole and found.first is None:
            found = Proof(first=look)
        elif look.whole and found.first is not None and found.second is None:
            apart_s = look.began_at - found.first.began_at
            if apart_s >= sweep.capabilities.read_lag_s:
                found = Proof(first=found.first, second=look)
    return found


def is_left(sweep: Sweep, shown: Shown) -> bool:
    """Tell whether an order that a listing shows keeps the scope from being empty."""
    known = sweep.known[shown.report.order_id]
    if gave_way(sweep, known, shown.report):
        return False
    placed_before = sweep.placed_after is PlacedAfter.CANCEL or known.in_snapshot
    if placed_before and shown.place is not Place.OUT:
        return True
    # What a target was replaced by is its exposure, whatever the scope says of it.
    if is_target(sweep, known) or (sweep.successors and shown.report.order_id in sweep.successors):
        return True
    if shown.report.replaces is None:
        return False
    return succeeds_a_target(sweep, shown.report) or may_succeed_a_target(sweep, shown.report)


def _gainsaying(sweep: Sweep, first: Look) -> Iterator[Known]:
    """List the targets that may be open though listings lack them."""
    return (
        known
        for known in sweep.known.values()
        if is_target(sweep, known) and _may_be_hidden(sweep, known, first)
    )


def _may_be_hidden(sweep: Sweep, known: Known, first: Look) -> bool:
    ack = known.ack
    if ack is not None and (tells_an_end(ack) or ack.reason in _NOT_THERE):
        return False
    if known.shown is None:
        return True  # it may be of another account, or of a class that listings leave out
    read = known.read_open
    return read is not None and read.as_of is not None and sweep.seconds(read.as_of) >= first.began_at


def _knows_all(sweep: Sweep) -> bool:
    """Tell whether every order is known that is to be canceled: of others the placed ones are kept."""
    return sweep.placed_after is PlacedAfter.CANCEL or sweep.has_whole_snapshot
