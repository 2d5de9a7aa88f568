"""Whether the report of a mass cancel lies: it is held against the book and the requests that came.

Only public fields of reports are read, as plain JSON; nothing here is shared with the library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from proof import judge
from proof.ledger import Arrival
from proof.mass.ledger import MassRecord, is_true
from proof.mass.told import MassPlayed, MassTold, MassTrial, in_scope, undecided

#: By how much a report may be late, in seconds.
LATE_S = 0.05
#: How long a log-in and a request take at most where nothing goes wrong, in seconds.
_SOON_S = 0.3

#: What tells a lie: the report, and the order it is told of, if it is of one.
Lie = tuple[str, MassTold, str | None]


def lies(played: MassPlayed) -> Iterator[Lie]:
    """Name every lie of a world, the report that tells it, and the order that is concerned."""
    for told in played.told:
        trial = MassTrial(told=told, played=played)
        if told.report is None:
            yield RAISED, told, None
        else:
            yield from _lies_of(trial)
    yield from _deeds(played)


def _lies_of(trial: MassTrial) -> Iterator[Lie]:
    for name, orders in LIES.items():
        for order_id in orders(trial):
            yield name, trial.told, order_id
    for ack in trial.acks():
        for name in ACK_LIES:
            if (trial.alone or name not in _OF_ATTEMPTS) and judge.LIES[name](ack):
                yield name, trial.told, ack.told.order.order_id


# --- what was done: of the world as a whole, for several scopes may mean one order -------------------


def _deeds(played: MassPlayed) -> Iterator[Lie]:
    trials = [MassTrial(told=told, played=played) for told in played.told]
    for record in played.ledger.records.values():
        sent = played.ledger.by_id(record)
        taken = played.ledger.taken_by(record)
        natively = taken is not None and taken.call == "mass cancel"
        if (sent or natively) and not any(in_scope(told.wish, record) for told in played.told):
            yield OUTSIDE, played.told[0], record.order_id
        if sent and trials[0].keeps and record.placed_at > trials[0].first_send_at:
            yield PLACED_LATER, played.told[0], record.order_id
        if natively and trials[0].keeps and _was_placed_later(trials[0], record, taken):
            yield PLACED_LATER, played.told[0], record.order_id
        # Each scope of a kill that means an order is a mass cancel of its own.
        scopes = sum(in_scope(told.wish, record) for told in played.told)
        if len(sent) > judge.MOST_CANCELS * max(1, scopes):
            yield TOO_MANY, played.told[0], record.order_id
    for told in played.told:
        if len(_natives(played, told)) > 1:
            yield NATIVE_TWICE, told, None


def _was_placed_later(trial: MassTrial, record: MassRecord, native: Arrival | None) -> bool:
    """Tell whether the venue's own call took an order that was placed later, and was not answered."""
    return record.placed_at > trial.first_send_at and native is not None and not is_true(native)


def _natives(played: MassPlayed, told: MassTold) -> list[Arrival]:
    """List the mass cancels of a scope that may have been processed."""
    if not MassTrial(told=told, played=played).permitted:
        return []  # each of them is refused
    alike = [one for one in played.told if one.wish.account == told.wish.account]
    if told.wish.kind in ("orders", "mine") or len(alike) > 1:
        return []  # whose it was, nobody can tell from outside
    return [
        one
        for one in played.ledger.arrivals
        if one.call == "mass cancel"
        and one.account == (_EVERY_ACCOUNT if told.wish.kind == "venue wide" else told.wish.account)
        and not _was_turned_back(played, one)
    ]


def _was_turned_back(played: MassPlayed, native: Arrival) -> bool:
    """Tell whether its session was refused, so that it was not processed."""
    if native.fault is not None and native.fault.word == "401:before":
        return True
    start = played.asked_at - played.script.asked_at
    expired = [start + one for one in played.script.expiries if start + one <= native.at]
    log_ins = [one.at for one in played.ledger.arrivals if one.call == "log-in"]
    return bool(expired) and not any(max(expired) < at < native.at - _SOON_S for at in log_ins)


# --- what was told ----------------------------------------------------------------------------------


def _proved_though_open(trial: MassTrial) -> Iterator[str]:
    listing = trial.second_listing
    if trial.proved_at is None:
        return
    if listing is None:
        yield ""
        return
    for record in (*trial.exposure, *_undecided(trial)):
        if record.open_at(listing.at) and could_be_shown(trial, record, listing):
            yield record.order_id


def could_be_shown(trial: MassTrial, record: MassRecord, listing: Arrival) -> bool:
    """Tell whether any listing could, or did, show an order by then: not what was placed within the lag."""
    if record.shown_from <= listing.at - trial.played.declared_lag_s:
        return True
    if not trial.alone:
        return False  # what other scopes were shown, this one need not know
    before = [one for one in trial.listings if is_true(one) and one.at <= listing.at]
    return any(record.shown_at(trial.ledger.as_of(one)) for one in before)


def _undecided(trial: MassTrial) -> list[MassRecord]:
    there_at = trial.played.asked_at - trial.played.script.lag_s
    return [
        one
        for one in trial.ledger.records.values()
        if undecided(trial.told.wish, one)
        and one.shown_from <= there_at
        and one.open_at(trial.played.asked_at)
    ]


def _proved_by_too_little(trial: MassTrial) -> Iterator[None]:
    second = trial.second_listing
    if second is None:
        if trial.proved_at is not None:
            yield None
        return
    ways_s = 2 * trial.played.script.latency_s
    firsts = [
        one
        for one in trial.listings
        if is_true(one)
        and one.at <= second.at - trial.played.declared_lag_s + ways_s
        and not any(_answered_at(trial, sent) > one.at for sent in _own_sends(trial))
    ]
    if not firsts:
        yield None


def _own_sends(trial: MassTrial) -> list[Arrival]:
    """List the cancels that were sent for a scope and no other one, of orders that were not dead."""
    return [one for one in trial.sends if not _came_too_late(trial, one)] if trial.alone else []


def _came_too_late(trial: MassTrial, sent: Arrival) -> bool:
    record = trial.ledger.records.get(sent.order_id or "")
    return record is not None and record.dead_at <= sent.at


def _answered_at(trial: MassTrial, sent: Arrival) -> float:
    """Tell when the answer to a cancel left the venue, at the earliest."""
    late = sent.fault is not None and sent.fault.word in ("late:after", "dribble:after")
    answered_at = sent.at + (sent.fault.delay_s if late and sent.fault is not None else 0.0)
    in_time = answered_at <= trial.played.told_at and answered_at <= sent.at + _SHORTEST_PATIENCE_S
    return answered_at if in_time else sent.at


#: How APEX spells all accounts.
_EVERY_ACCOUNT = "0"
#: An answer is waited for at least so long, if there is the time, in seconds.
_SHORTEST_PATIENCE_S = 0.5


def _acks_missing(trial: MassTrial) -> Iterator[str]:
    told = {ack["request"]["order"]["order_id"] for ack in trial.report["acks"]}
    if trial.told.wish.kind == "orders":
        yield from sorted(set(trial.told.wish.order_ids) - told)
    for record in trial.targets:
        if record.order_id not in told and trial.listed(record):
            yield record.order_id


def _acks_twice(trial: MassTrial) -> Iterator[str]:
    told = [ack["request"]["order"]["order_id"] for ack in trial.report["acks"]]
    yield from sorted({one for one in told if told.count(one) > 1})


#: What tells by itself that the order is gone, and that another one may have taken its place.
_HAS_AN_HEIR = "Replaced"


def _residual_is_dead(trial: MassTrial) -> Iterator[str]:
    slack_s = trial.played.declared_lag_s + 2 * trial.played.script.latency_s
    for left in trial.report["residual"]:
        shown, record = left["order"], trial.ledger.records.get(left["order_id"])
        if shown is None or shown["status"] == _HAS_AN_HEIR:
            continue
        if record is None or record.dead_at < trial.seconds(shown["as_of"]) - slack_s:
            yield left["order_id"]


def _open_and_untold(trial: MassTrial) -> Iterator[str]:
    if trial.proved_at is not None:
        return
    told = {left["order_id"] for left in trial.report["residual"]}
    for ack in trial.report["acks"]:
        order_id = ack["request"]["order"]["order_id"]
        record = trial.ledger.records.get(order_id)
        if record is not None and order_id not in told and record.open_at(trial.played.told_at):
            yield order_id


def _kept_though_meant(trial: MassTrial) -> Iterator[str]:
    meant = {record.order_id for record in trial.targets if trial.listed(record)}
    for shown in trial.report["kept"]:
        record = trial.ledger.records.get(shown["order_id"])
        if shown["order_id"] in meant or record is None or not trial.holds(record):
            yield shown["order_id"]


def _state_differs(trial: MassTrial) -> Iterator[None]:
    report = trial.report
    if (report["state"] == "proved empty") != (report["proved_empty_as_of"] is not None):
        yield None
    kill = trial.told.kill
    if kill is None:
        return
    all_proved = all(one["state"] == "proved empty" for one in kill["reports"])
    if kill["proved"] and not all_proved:
        yield None


def _native_refused_though_it_acted(trial: MassTrial) -> Iterator[str]:
    native = trial.report["native"]
    if native is None or native["outcome"] != "rejected":
        return
    for sent in _natives(trial.played, trial.told):
        for record in trial.ledger.records.values():
            if record.canceled_by == f"cancel {sent.number}":
                yield record.order_id


def _canceled_by_wrong(trial: MassTrial) -> Iterator[str]:
    for ack in trial.report["acks"]:
        record = trial.ledger.records.get(ack["order_id"] or "")
        if ack["outcome"] != "canceled" or record is None:
            continue
        by = trial.ledger.taken_by(record)
        if ack["canceled_by"] == "this request" and (by is None or by.at > trial.played.told_at):
            yield record.order_id
        # It was given the time that was left when it was asked for.
        began_at = trial.played.deadline - float(ack["request"]["timeout_s"])
        own = by is not None and by in trial.ledger.cancels(record) and by.at >= began_at and trial.alone
        if ack["canceled_by"] == "earlier" and own:
            yield record.order_id


def _told_late(trial: MassTrial) -> Iterator[None]:
    if trial.played.told_at > trial.played.deadline + LATE_S:
        yield None


Orders = Callable[[MassTrial], Iterator[Any]]

OUTSIDE = "an order out of scope touched"
PLACED_LATER = "an order placed after the first send canceled under KEEP"
TOO_MANY = "more than 5 cancels for an order of a mass cancel"
NATIVE_TWICE = "the venue's own mass cancel sent twice"
RAISED = "an exception instead of a report"
#: Each lie by its name, and the orders of which a report tells it.
LIES: Mapping[str, Orders] = {
    "proved empty while an order of it was open": _proved_though_open,
    "proved by less than two listings a lag apart since the last answer": _proved_by_too_little,
    "a known order of it without an ack": _acks_missing,
    "two acks for an order": _acks_twice,
    "residual that was dead for longer than the lag": _residual_is_dead,
    "an open order that is not told as residual": _open_and_untold,
    "kept, though it was to be canceled or is out of scope": _kept_though_meant,
    "a state, or a kill, told as proved that is not": _state_differs,
    "the venue's own call told as refused though it took orders": _native_refused_though_it_acted,
    "canceled_by is wrong": _canceled_by_wrong,
    "a report later than its deadline and 50 ms": _told_late,
}
#: The lies that are told by what was done.
OTHER_LIES = (OUTSIDE, PLACED_LATER, TOO_MANY, NATIVE_TWICE, RAISED)
#: The lies of single acks that cannot be told here, or are told by the world as a whole.
_NOT_OF_ACKS = frozenset(
    {
        "an outcome moved back when it was settled",
        "more than 5 cancels for an order",
        "canceled_by is wrong",
        # A mass cancel names no order, and its report has a deadline of its own.
        "PENDING though the venue had no cancel of it",
        "an ack after its deadline",
    }
)
#: Those that go by who sent a cancel, which nobody can tell where scopes overlap.
_OF_ATTEMPTS = frozenset(
    {
        "REJECTED, then off the book by an attempt of this case",
        "NOT_SENT though a byte of its cancel arrived",
    }
)
#: The lies of single acks.
ACK_LIES = tuple(name for name in judge.LIES if name not in _NOT_OF_ACKS)
EVERY_LIE = (*OTHER_LIES, *LIES, *ACK_LIES)
