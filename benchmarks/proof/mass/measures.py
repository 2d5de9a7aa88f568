"""What a mass cancel achieved of what it could have: by the book, and by words that are written here."""

from __future__ import annotations

import attrs

from proof.ledger import Arrival
from proof.mass.judge import could_be_shown
from proof.mass.ledger import MassRecord, is_true
from proof.mass.told import MassTrial

#: What "reachable" means, for the tables.
REACHABLE = (
    "in scope, to be canceled, and open when it was asked for; the venue takes its cancel (it is not silent, "
    "the market neither refuses the cancel nor fills the order meanwhile, no rival ends it first); the "
    "account is the user's own, with permission where the scope needs one; and between the first listing of "
    "the account that was answered truly (for a native call: the start) and the deadline lie at least "
    "{least_s} s, or the time of its calls under the client's limits if that is more, in which no session "
    "expired"
)
#: How long one cancel that is stalled is waited for, with a repeat and a way, in seconds.
LEAST_S = 4.0
#: "Empty long enough": so long before the deadline nothing of it was open any more, in declared lags.
_LAGS = 3.0
#: … and so many seconds, for the waits between listings.
_WAITS_S = 4.0


@attrs.frozen(kw_only=True)
class Measured:
    """What one report achieved."""

    reachable: int
    canceled: int
    #: Orders that were to be canceled, and those that the router took off the book, whether reachable or not.
    targets: int
    taken: int
    provable: bool
    proved: bool
    #: Orders that were placed within the lag before a proof, so that no listing could show them.
    unseen: int


def measure(trial: MassTrial) -> Measured:
    """Measure one report."""
    reachable = [one for one in trial.targets if _is_reachable(trial, one)]
    return Measured(
        reachable=len(reachable),
        canceled=sum(_was_taken(trial, one) for one in reachable),
        targets=len(trial.targets),
        taken=sum(_was_taken(trial, one) for one in trial.targets),
        provable=_is_provable(trial),
        proved=trial.proved_at is not None,
        unseen=_unseen(trial),
    )


def calls(trial: MassTrial) -> int:
    """Count the calls of a world until its report came, log-ins not counted."""
    until = trial.played.told_at
    numbers = {one.number for one in trial.ledger.arrivals if one.call != "log-in" and one.at <= until}
    return len(numbers)


def _was_taken(trial: MassTrial, record: MassRecord) -> bool:
    return trial.ledger.taken_by(record) is not None


def _is_reachable(trial: MassTrial, record: MassRecord) -> bool:
    script, played = trial.played.script, trial.played
    if not trial.permitted or not record.open_at(played.asked_at):
        return False
    if record.shown_from > played.asked_at - script.lag_s:
        return False  # no listing needs to show it before others are canceled
    behaviour = script.behaviour
    if any(record.order_id in behaviour[name] for name in _UNWILLING):
        return False
    ended = record.dead_at <= played.deadline
    if ended and not _was_taken(trial, record):
        return False
    known_at = _known_at(trial)
    if known_at is None or any(_expires_in(trial, known_at)):
        return False
    return played.deadline - known_at >= max(LEAST_S, _limited_s(trial))


_UNWILLING = ("silent_orders", "refuse_cancels_late", "fill_before_cancel")


def _known_at(trial: MassTrial) -> float | None:
    if trial.told.wish.account is None or trial.told.wish.kind == "orders":
        return trial.played.asked_at
    looks = [one.at for one in trial.listings if is_true(one)]
    return min(looks, default=None)


def _expires_in(trial: MassTrial, since: float) -> list[bool]:
    start = trial.played.asked_at - trial.played.script.asked_at
    times = [start + one for one in trial.played.script.expiries]
    return [since - 1.0 <= one <= trial.played.deadline for one in times]


def _limited_s(trial: MassTrial) -> float:
    """Tell how long the calls take that are needed, two for each order that is to be canceled."""
    script = trial.played.script
    if not script.limited:
        return 0.0
    rate = script.rate_limit or 50 / 60
    free = 10 if script.rate_limit is not None else 50
    return max(0.0, 2 * len(trial.played.ledger.records) - free) / rate


def _is_provable(trial: MassTrial) -> bool:
    """Tell whether a scope was empty so long before the deadline that listings could prove it."""
    played = trial.played
    if trial.told.wish.account is None or not trial.permitted or played.script.limited:
        return False
    empty_at = max((one.dead_at for one in trial.exposure), default=played.asked_at)
    needed_s = _LAGS * played.declared_lag_s + _WAITS_S
    if empty_at > played.deadline - needed_s or any(_expires_in(trial, played.asked_at)):
        return False
    since = max(empty_at, played.asked_at)
    looks = [one for one in trial.listings if one.at >= since]
    return not any(map(_is_faulty, looks)) and not _throttled(trial)


def _throttled(trial: MassTrial) -> bool:
    faults = (one.fault for one in trial.ledger.arrivals if one.at <= trial.played.told_at)
    return any(fault is not None and fault.kind.value.startswith("throttled") for fault in faults)


def _is_faulty(arrival: Arrival) -> bool:
    return arrival.fault is not None


def _unseen(trial: MassTrial) -> int:
    listing = trial.second_listing
    if listing is None:
        return 0
    left = [one for one in trial.exposure if one.open_at(listing.at)]
    return sum(not could_be_shown(trial, one, listing) for one in left)
