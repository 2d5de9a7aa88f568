"""Whether an ack lies: it is held against the book, by code that shares nothing with the library.

Only public fields of acks are read, as plain JSON, and compared with plain words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from proof.ledger import DEAD, Arrival, Ledger, Record
from proof.sequel import SEQUELS
from proof.told import Played, Told, Trial

#: The most cancels that may be sent for one order and case.
MOST_CANCELS = 5

#: How a venue shows an order that was replaced, where not as Replaced.
_REPLACED_READS = {"apex": "Canceled"}
#: Faults at a cancel that a venue's own documents call a receipt: AutoShares says so of a 200 without a body.
_LIKE_A_RECEIPT = {"autoshares": frozenset({"empty"})}
#: Outcomes only ever move forward.
_MOVES = {
    "unknown": {"unknown", "pending", "canceled", "rejected"},
    "pending": {"pending", "canceled", "rejected"},
}
#: How long after its deadline an ack may come where time is virtual, in seconds.
_LATE_S = 0.05


def lies(played: Played) -> Iterator[tuple[str, Told]]:
    """Name every lie of a world, and the ack that tells it: as first told, as listed, updated and settled."""
    for first in played.told:
        yield from _lies_of(Trial(told=first, first=first, played=played))
    for first, told in (*played.settled, *played.later.updates, *(played.later.owed or ())):
        yield from _lies_of(Trial(told=told, first=first, played=played))
    for name, found in SEQUELS.items():
        yield from ((name, told) for told in found(played))
    named = _named(played)
    for one in played.ledger.arrivals:
        if one.call == "cancel" and one.order_id is not None and one.order_id not in named:
            yield "an order canceled that nobody named", _nearest(played, one.order_id)
    for record in played.ledger.records.values():
        if (record.canceled_by or "").startswith("cancel ") and record.order_id not in named:
            yield "an order canceled that nobody named", _nearest(played, record.order_id)


def _lies_of(trial: Trial) -> Iterator[tuple[str, Told]]:
    if trial.told.ack is None:
        yield "an exception instead of an ack", trial.told
        return
    for name, is_told in LIES.items():
        if is_told(trial):
            yield name, trial.told


def _dead_though_open(trial: Trial) -> bool:
    if trial.told.outcome != "canceled" and trial.told.reason != "too late":
        return False
    exposure = trial.exposure
    return not exposure or any(one.dead_at > trial.told.at for one in exposure)


def _dead_report_differs(trial: Trial) -> bool:
    shown = trial.ack["order"]
    if shown is None or shown["status"] not in DEAD:
        return False
    record = trial.ledger.records.get(shown["order_id"])
    if record is None or record not in _asked_for(trial) or record.dead_at > trial.told.at:
        return True
    status = record.last.status
    if status == "Replaced":
        status = _REPLACED_READS.get(trial.played.script.stratum.venue, status)
    return (shown["status"], Decimal(shown["filled_quantity"])) != (status, record.last.filled)


def _asked_for(trial: Trial) -> list[Record]:
    return [one for root in trial.roots for one in trial.ledger.chain(root.order_id)]


def _rejected_then_canceled(trial: Trial) -> bool:
    if trial.told.outcome != "rejected":
        return False
    spoken = [trial.spoken] if trial.spoken is not None else trial.roots
    return any(_canceled_by_own(trial, record) for record in spoken)


def _canceled_by_own(trial: Trial, record: Record) -> bool:
    by = trial.canceling(record)
    if by is None or by not in trial.attempts(record):
        return False
    # When a caller came to a successor only the client knows: what went before it asked may be of a case that
    # was over by then.
    return record in trial.roots or by.at >= trial.first.asked_at


def _known_though_unknown(trial: Trial) -> bool:
    if trial.told.reason != "unknown order":
        return False
    return any(record.placed_at <= trial.told.at for record in trial.roots)


def _ambiguous_though_one(trial: Trial) -> bool:
    if trial.told.reason != "ambiguous order":
        return False
    return sum(record.placed_at <= trial.told.at for record in trial.roots) < 2  # noqa: PLR2004 - several


def _canceled_by_wrong(trial: Trial) -> bool:
    record = trial.spoken
    if trial.told.outcome != "canceled" or record is None:
        return False
    by, claimed = trial.canceling(record), trial.ack["canceled_by"]
    if claimed == "this request":
        # Whoever comes before an attempt is answered shares it, whoever sent it.
        return by is None or by.at > trial.told.at or trial.was_answered(by)
    # When a caller came to a successor only the client knows: others may have canceled it before.
    if by is None or record not in trial.roots or claimed != "earlier":
        return False
    return by in trial.attempts(record) and by.at >= trial.first.asked_at


def _not_sent_though_arrived(trial: Trial) -> bool:
    if trial.told.reason != "not sent" and trial.ack["sent"] != "no":
        return False
    # Over sockets nobody knows who came first, the ack or the next caller, if there is one.
    shared = trial.told.reason == "not sent" and not trial.played.script.sockets
    shared = shared or not trial.siblings
    attempts = (one for record in trial.roots for one in trial.attempts(record, shared=shared))
    # Only what came by then: a later one may be sent in the same case for somebody else.
    return any(shared or one.at <= trial.first.decided_at for one in attempts)


def _successor_wrong(trial: Trial) -> bool:
    claimed = trial.ack["successor"]
    if claimed is None:
        return trial.told.reason == "replaced"
    heirs = [heir for root in trial.roots for heir in trial.ledger.chain(root.order_id)[1:]]
    return claimed not in {heir.order_id for heir in heirs}


def _also_canceled_wrong(trial: Trial) -> bool:
    records = [trial.ledger.records.get(order_id) for order_id in trial.ack["also_canceled"]]
    return any(record is None or record.last.status != "Canceled" for record in records)


def _pending_without(trial: Trial) -> bool:
    if trial.told.outcome != "pending":
        return False
    records = [trial.spoken] if trial.spoken is not None else trial.roots
    states = [state for record in records for state in record.states]
    if any(state.status == "Pending Cancel" and state.at <= trial.told.at for state in states):
        return False
    return not any(_sounds_received(trial, one) for one in trial.cancels if one.at <= trial.told.at)


def _sounds_received(trial: Trial, cancel: Arrival) -> bool:
    script = trial.played.script
    like = _LIKE_A_RECEIPT.get(script.stratum.venue, frozenset())
    if cancel.fault is not None and cancel.fault.kind.value in like:
        return True
    # A venue that answers every cancel with a receipt says so of dead and unknown orders, too.
    return bool(script.behaviour["venue"].get("dead_order") == "receipt")


def _moved_back(trial: Trial) -> bool:
    if trial.told.before is not None:  # what contradicts a final ack is told, and must be true
        return trial.told.outcome not in _MOVES.get(trial.told.before, {"canceled", "rejected"})
    return trial.told.outcome not in _MOVES.get(trial.first.outcome, {trial.first.outcome})


def _told_late(trial: Trial) -> bool:
    # Over sockets a busy machine can be the cause.
    first = trial.told is trial.first and not trial.played.script.sockets
    return first and trial.told.at > trial.told.deadline + _LATE_S


def _too_many_cancels(trial: Trial) -> bool:
    return any(len(trial.attempts(record)) > MOST_CANCELS for record in trial.exposure)


#: Each lie by its name, and when an ack tells it.
LIES: Mapping[str, Callable[[Trial], bool]] = {
    "CANCELED or TOO_LATE while the order or a successor is open": _dead_though_open,
    "a dead report that differs from the book": _dead_report_differs,
    "REJECTED, then off the book by an attempt of this case": _rejected_then_canceled,
    "UNKNOWN_ORDER of an order the book held": _known_though_unknown,
    "AMBIGUOUS_ORDER of an id that one order bears": _ambiguous_though_one,
    "canceled_by is wrong": _canceled_by_wrong,
    "NOT_SENT though a byte of its cancel arrived": _not_sent_though_arrived,
    "a successor that is none": _successor_wrong,
    "also_canceled is wrong": _also_canceled_wrong,
    "PENDING though the venue had no cancel of it": _pending_without,
    "an outcome moved back when it was settled": _moved_back,
    "an ack after its deadline": _told_late,
    "more than 5 cancels for an order": _too_many_cancels,
}
#: The lies that are told by the world as a whole, or by no ack.
OTHER_LIES = ("an exception instead of an ack", "an order canceled that nobody named", *SEQUELS)


def _named(played: Played) -> set[str]:
    """Name the orders that some caller named, their successors where these were to follow, and their kin."""
    named: set[str] = set()
    by_client_id = played.script.stratum.identity != "order id"
    for order in played.script.orders:
        roots = [order.order_id]
        if by_client_id:
            roots = [one.order_id for one in played.ledger.bearers(order.account, order.client_order_id)]
        named.update(roots)
        if any(ask.follow for ask in order.asks):
            named.update(heir.order_id for root in roots for heir in played.ledger.chain(root))
    return named | _kin(played.ledger, named)


def _kin(ledger: Ledger, named: set[str]) -> set[str]:
    return {kin for one in named if one in ledger.records for kin in ledger.records[one].kin}


def _nearest(played: Played, order_id: str) -> Told:
    """Find an ack to tell such a lie by: one of that order's, or any."""
    own = (one for one in played.told if order_id in (one.order.order_id, (one.ack or {}).get("order_id")))
    return next(own, played.told[0])
