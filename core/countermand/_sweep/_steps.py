"""What a sweep does next: the venue's own call, cancels by id, listings; each no sooner than it may."""

from __future__ import annotations

import math
from itertools import takewhile
from operator import attrgetter

import attrs

from countermand._case._facts import NoSession
from countermand._ids import OrderId
from countermand._request import CancelCause
from countermand._sweep._facts import Sweep
from countermand._sweep._known import Look
from countermand._sweep._native import may_send_at, native_due_at
from countermand._sweep._proof import is_exhausted, proof
from countermand._sweep._targets import next_cancel_at, to_cancel
from countermand._waits import PROBE_EVERY_S, round_wait_s
from countermand.venue import Refused, SessionRefused, Throttled

#: A listing that was definitely refused so often in a row is not asked for again, but in a kill, which uses
#: all of its time.
_MOST_REFUSALS = 3
#: While orders wait for their turn to be canceled, the wait between listings is that after so many of them,
#: for they draw on the same limits.
_LATE_ROUND = 3


@attrs.frozen(kw_only=True)
class Step:
    """All that is to begin now, and when to look again if nothing happens before."""

    call: bool = False
    cancel: tuple[OrderId, ...] = ()
    look: bool = False
    #: Nothing more can be done, or need be.
    over: bool = False
    again_at: float = math.inf


def step(sweep: Sweep, now: float) -> Step:
    """Say what is to begin now."""
    if now >= sweep.deadline or proof(sweep).second is not None or _is_exhausted(sweep):
        return Step(over=True)
    call_at = native_due_at(sweep)
    if call_at <= now:
        return Step(call=True, again_at=now)
    may_cancel = _may_cancel(sweep, now, call_at)
    cancel = to_cancel(sweep, now) if may_cancel else ()
    if cancel:
        return Step(cancel=cancel, again_at=now)
    cancel_at = next_cancel_at(sweep) if may_cancel else math.inf
    # While the venue's own call is to be made again a listing would tell nothing that lasts.
    look_at = math.inf if sweep.natives and call_at < math.inf else next_look_at(sweep)
    idle = sweep.looking_since is None and not sweep.awaited and not sweep.calling
    if idle and min(look_at, call_at, cancel_at) == math.inf:
        return Step(over=True)
    return Step(look=look_at <= now, again_at=min(max(look_at, now), call_at, cancel_at, sweep.deadline))


def next_look_at(sweep: Sweep) -> float:
    """Say when the next listing is to begin; infinity while it would tell nothing, or is under way."""
    if not sweep.lists or sweep.looking_since is not None or sweep.calling:
        return math.inf
    if not sweep.looks:
        return sweep.began_at + (round_wait_s(_LATE_ROUND) if sweep.sending else 0.0)
    last = sweep.looks[-1]
    if last.failed:
        return _after_a_failure(sweep, last)
    if may_send_at(sweep) == math.inf:
        return last.ended_at  # the snapshot shifted while it was taken
    found = proof(sweep)
    if found.first is not None:
        return max(last.ended_at, found.first.began_at + sweep.capabilities.read_lag_s)
    if not sweep.awaited and last.began_at < max(sweep.last_answer_at, sweep.last_ask_at):
        return last.ended_at  # all is answered now: what it showed proves nothing
    rounds = sum(look.began_at >= sweep.last_ask_at for look in sweep.looks)
    return last.ended_at + round_wait_s(max(_LATE_ROUND if sweep.sending else 1, rounds))


def _may_cancel(sweep: Sweep, now: float, call_at: float) -> bool:
    """Tell whether orders may be canceled by id: where there is a call for all, it goes first."""
    if not sweep.lists or may_send_at(sweep) > now:
        return False
    return not sweep.has_native or (call_at == math.inf and not sweep.calling)


def _after_a_failure(sweep: Sweep, last: Look) -> float:
    failures = list(takewhile(attrgetter("failed"), reversed(sweep.looks)))
    latest = sweep.looks[-_MOST_REFUSALS:]
    if not _is_kill(sweep) and len(latest) == _MOST_REFUSALS and all(map(_is_refused, latest)):
        return math.inf
    # The first one under a session that has ended tells nothing of the next: that one waits for a log-in.
    lapsed = isinstance(failures[-1].failure, SessionRefused) and sweep.renewable
    rounds = len(failures) - lapsed
    return last.ended_at + max(round_wait_s(rounds) if rounds else 0.0, _told_s(sweep, last))


def _is_exhausted(sweep: Sweep) -> bool:
    """Tell whether to wait for more would tell no more; a kill waits, for an order may still arrive."""
    return not _is_kill(sweep) and is_exhausted(sweep)


def _is_kill(sweep: Sweep) -> bool:
    return sweep.cause is CancelCause.EMERGENCY_ACTION


def _is_refused(look: Look) -> bool:
    # Of one log-in that was refused everybody hears for a while, whoever asks: that is no refusal of this.
    return isinstance(look.failure, Refused | SessionRefused)


def _told_s(sweep: Sweep, look: Look) -> float:
    if isinstance(look.failure, NoSession):
        return look.failure.retry_after_s or 0.0
    told_s = look.failure.retry_after_s if isinstance(look.failure, Throttled) else None
    # A stray header must not keep a kill from looking: it looks as soon as the limits let one call try.
    return min(told_s or 0.0, PROBE_EVERY_S if _is_kill(sweep) else math.inf)
