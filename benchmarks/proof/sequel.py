"""Whether what a client does after an ack, and beside it, is true: updates, lists of what is owed, the wire.

Nothing here asks when a reader got an update: a busy machine decides that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from proof.ledger import Arrival, Record
from proof.told import Played, Told

#: So long after an ack the answer to a cancel is still heard, in seconds, and what the judge leaves of it.
_GRACE_S, _TO_SPARE_S = 2.0, 0.2
#: The longest a cancel is waited for alone while its caller waits, in seconds and as a share of what is left.
_PATIENCE_S, _PATIENCE = 3.0, 0.5
#: The venue whose slow cancel is answered only when it has worked, or has been refused.
_SLOW = "autoshares"
#: Faults under which no answer comes, and those under which the true one comes late.
_NEVER, _LATE = frozenset({"stall"}), frozenset({"late", "dribble"})

Lies = Callable[[Played], Iterator[Told]]


def _untold(played: Played) -> Iterator[Told]:
    """Find where updates do not lead from what was told first to what it was settled as."""
    if played.later.strange:
        yield played.told[0]
    standing = _standing(played)
    for first, told in played.later.updates:
        if told.before != standing[id(first)].name:
            yield told
        standing[id(first)] = told
    for first, told in played.settled:
        stands = standing[id(first)]
        if told.ack is not None and not stands.final and stands.name != told.name:
            yield told


def _standing(played: Played) -> dict[int, Told]:
    return {id(first): first for first in played.told}


def _not_listed(played: Played) -> Iterator[Told]:
    """Find what is owed and not listed, or listed and not owed, before settling and by the closed client."""
    later = played.later
    ended = {id(first) for first, told in later.updates if told.final}
    firsts = ((first, first) for first in played.told)
    names = {(id(first), told.name) for first, told in (*firsts, *later.updates)}
    if later.owed is not None:
        owed = [first for first in played.told if first.ack is not None and not first.final]
        yield from _missing([first for first in owed if id(first) not in ended], later.owed)
        # Which of its updates came before, only the client knows.
        yield from (told for first, told in later.owed if told.final or (id(first), told.name) not in names)
    if later.left is not None:
        owed = [first for first, told in played.settled if told.ack is not None and not told.final]
        yield from _missing([first for first in owed if id(first) not in ended], later.left)
        settled = {id(first) for first, told in played.settled if told.final}
        yield from (told for first, told in later.left if told.final or id(first) in settled)


def _missing(owed: list[Told], listed: tuple[tuple[Told, Told], ...]) -> Iterator[Told]:
    there = {id(first) for first, _ in listed}
    yield from (first for first in owed if id(first) not in there)


def _canceled_to_settle(played: Played) -> Iterator[Told]:
    """Find cancels that came when all that was left to do was to settle."""
    if any(one.call == "cancel" and one.at >= played.settling_at for one in played.ledger.arrivals):
        yield played.told[0]


def _unheard(played: Played) -> Iterator[Told]:
    """Find who was told that nobody knows, and not more when the receipt came within the grace.

    Over sockets a busy machine decides when an answer is heard.
    """
    if played.script.sockets or played.script.stratum.identity != "order id":
        return
    last = _standing(played)
    last.update((id(first), told) for first, told in played.later.updates if told.at < played.settling_at)
    for first in played.told:
        record = played.ledger.records.get(first.order.order_id)
        stands = last[id(first)]
        # Who looks for a successor, or has come to it, doubts more than whether the venue has the cancel.
        if record is None or stands.outcome != "unknown" or _looks_further(stands):
            continue
        until = first.at + _GRACE_S - _TO_SPARE_S
        # Who saw it end doubts what may have taken its place.
        looks = [one for one in played.ledger.looks(record) if _late_s(one) is not None]
        if any(record.dead_at <= one.at <= until for one in looks):
            continue
        if any(at <= until for at in _receipts(played, record, first)):
            yield first


def _looks_further(told: Told) -> bool:
    ack = told.ack or {}
    return ack.get("stage") == "successor" or ack.get("order_id") not in (None, told.order.order_id)


def _receipts(played: Played, record: Record, first: Told) -> Iterator[float]:
    """Tell when receipts for cancels of an order that came while a caller waited were here, at the latest."""
    taken = {state.at for state in record.states if state.status == "Pending Cancel"}
    script = played.script
    slow = script.stratum.venue == _SLOW
    way_s = script.latency_s + (script.behaviour["cancel_delay_s"] if slow else 0.0)
    for one in played.ledger.cancels(record):
        late_s = _late_s(one)
        if slow and record.canceled_by != f"cancel {one.number}":
            continue
        if first.asked_at <= one.at <= first.at and one.at in taken and late_s is not None:
            yield one.at + late_s + way_s


def _late_s(arrival: Arrival) -> float | None:
    """Tell how late the true answer comes; None where none does."""
    if arrival.fault is None:
        return 0.0
    true = arrival.fault.kind.value in _LATE
    return arrival.fault.delay_s if true else None


def _two_at_once(played: Played) -> Iterator[Told]:
    """Find a cancel that came while another one of the order was under way, and not overdue.

    Over sockets a busy machine decides when a cancel comes.
    """
    if played.script.sockets or played.script.stratum.identity != "order id":
        return
    for first in played.told:
        record = played.ledger.records.get(first.order.order_id)
        cancels = played.ledger.cancels(record) if record is not None else []
        for one, another in pairwise(cancels):
            if record is not None and another.at < min(record.dead_at, _awaited_until(played, one)):
                yield first
                break


def _awaited_until(played: Played, cancel: Arrival) -> float:
    """Tell until when a cancel was waited for at the least, by those who waited when it came."""
    fault, sent_at = cancel.fault, cancel.at - played.script.latency_s
    if fault is None or fault.kind.value not in _NEVER | _LATE:
        return sent_at
    waiting = [
        one.deadline
        for one in played.told
        if one.order.order_id == cancel.order_id and one.asked_at <= cancel.at <= one.at
    ]
    left_s = min(waiting, default=sent_at) - cancel.at
    overdue_at = sent_at + min(_PATIENCE_S, _PATIENCE * left_s)
    return overdue_at if fault.kind.value in _NEVER else min(overdue_at, cancel.at + fault.delay_s)


#: Each lie that is told beside an ack, or after it, by its name.
SEQUELS: Mapping[str, Lies] = {
    "updates that do not lead to where an ack stands": _untold,
    "owed and not listed, or listed and not owed": _not_listed,
    "a receipt within the grace that was not heard": _unheard,
    "a cancel sent beside another one under way": _two_at_once,
    "a cancel sent to settle": _canceled_to_settle,
}
