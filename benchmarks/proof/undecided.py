"""Whether more could have been known: an ack that says less than the reads showed in time."""

from __future__ import annotations

import math

from proof.ledger import Arrival, Record
from proof.told import Trial

#: The longest a client waits between two reads as long as it has not waited for long, in seconds.
LONGEST_WAIT_S = 1.0
#: By how much of the wait it may be longer then.
_SHARE = 0.05
#: How long a client may pause that was told "too many" and not for how long, in seconds.
LONGEST_PAUSE_S = 8.0
_THROTTLED = frozenset({"throttled", "throttled-until"})
#: Faults under which a read stays unanswered for a while.
_LASTING = frozenset({"stall", "late", "dribble", "half", "close"})
_LOG_INS_A_MINUTE = 3
_MINUTE_S = 60.0


def knowable(trial: Trial) -> bool:
    """Tell whether a confirmed cancel's deadline came after reads had shown the end, by one read at least."""
    if trial.told.ask.assurance != "confirmed" or not trial.dead_since(math.inf):
        return False
    return _visible_at(trial) + _one_read_s(trial) <= trial.told.deadline


def undecided(trial: Trial) -> bool:
    """Tell whether an ack is PENDING or UNKNOWN although it was knowable and the reads were answered."""
    if trial.told.outcome not in ("pending", "unknown") or not knowable(trial):
        return False
    return all(_were_answered(trial, record) for record in trial.exposure)


def _visible_at(trial: Trial) -> float:
    dead_at, asked_at = max(record.dead_at for record in trial.exposure), trial.told.asked_at
    script, declared_s = trial.played.script, trial.played.declared_lag_s
    # Over sockets the rest of the declared lag is what a busy machine takes.
    lag_s = declared_s if script.sockets else float(script.behaviour["read_lag_s"])
    shown_at = max(dead_at, asked_at) + lag_s
    if script.stratum.identity != "client id":
        return shown_at
    # Until the lag is over that the venue declares, another order with that id may still turn up.
    return max(shown_at, asked_at + declared_s)


def _one_read_s(trial: Trial) -> float:
    ways_s = 4 * trial.played.script.latency_s
    return min(LONGEST_WAIT_S, trial.told.ask.timeout_s) + _SHARE * trial.told.ask.timeout_s + ways_s


def _were_answered(trial: Trial, record: Record) -> bool:
    since, until = _visible_at(trial), trial.told.deadline
    looks = [one for one in trial.ledger.looks(record) if one.at <= until]
    if any(one.fault is not None and _lasts_until(one, until) >= since for one in looks):
        return False
    cancels = [one for one in trial.ledger.cancels(record) if one.at <= until and one.fault is not None]
    if any(one.fault is not None and one.at + (one.fault.retry_after_s or 0.0) > until for one in cancels):
        return False  # told to wait for longer than is left, it answers at once and says so
    if _had_to_wait(trial, since):
        return False
    return any(one.at >= since for one in looks) or not _was_locked_out(trial, since)


def _lasts_until(read: Arrival, deadline: float) -> float:
    """Until when a fault that a read met can keep the next one back."""
    fault = read.fault
    if fault is None:
        return read.at
    if fault.kind.value in _LASTING:
        return read.at + max(fault.delay_s, (deadline - read.at) / 2)
    return read.at + (fault.retry_after_s or 0.0)


def _had_to_wait(trial: Trial, since: float) -> bool:
    """Tell whether reads may have had to wait: for a limit, or for the venue had told somebody "too many"."""
    if trial.played.script.limited:
        return True
    for one in trial.ledger.arrivals:
        throttled = one.fault is not None and one.fault.kind.value in _THROTTLED
        if throttled and one.at <= trial.told.deadline and one.at + _pause_s(one) >= since:
            return True
    return False


def _pause_s(throttled: Arrival) -> float:
    told = throttled.fault.retry_after_s if throttled.fault is not None else None
    return told or LONGEST_PAUSE_S


def _was_locked_out(trial: Trial, since: float) -> bool:
    """Tell whether no session was to be had: a log-in met a fault, or there were as many as may be.

    When one was turned away without a connection, nobody knows.
    """
    away = trial.ledger.turned_away
    if "log-in" in away or (away and trial.played.script.sockets):  # there, nobody gets in for a while
        return True
    log_ins = [
        one
        for one in trial.ledger.arrivals
        if one.call == "log-in" and since - _MINUTE_S <= one.at <= trial.told.deadline
    ]
    return len(log_ins) >= _LOG_INS_A_MINUTE or any(one.fault is not None for one in log_ins)
