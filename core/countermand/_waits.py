"""How long to wait: tenacity's strategies as plain functions of a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenacity import RetryCallState, Retrying, wait_exponential

from countermand._retry import RetryPolicy

if TYPE_CHECKING:
    from tenacity.wait import wait_base

#: However long the venue wants to be left alone, one call may try so often, in seconds: a stray header must
#: not lock anybody out of its orders for an hour.
PROBE_EVERY_S = 5.0

_CONFIRM = wait_exponential(multiplier=0.05, exp_base=2, max=1.0)
_ROUND = wait_exponential(multiplier=0.5, exp_base=2, max=2.0)
_NOBODY = Retrying()
#: Who has waited for long can wait on: then a read may come late by this share, and by so many seconds.
_SHARE = 0.05
_LATEST_S = 10.0


def confirm_wait_s(reads: int, waited_s: float) -> float:
    """Seconds from the `reads`-th read to the next: 0.05 doubling up to 1, then 5 % of the wait up to 10."""
    return max(_wait_s(_CONFIRM, reads), min(_SHARE * waited_s, _LATEST_S))


def repeat_wait_s(policy: RetryPolicy, attempts: int, jitter: float) -> float:
    """Seconds from the end of the `attempts`-th cancel to the next; `jitter` (0 to 1) is drawn once for each.

    The draw is the caller's, so that whoever asks again gets the same answer.
    """
    span = wait_exponential(multiplier=policy.first_wait_s, exp_base=2, max=policy.longest_wait_s)
    return jitter * _wait_s(span, attempts)


def round_wait_s(rounds: int) -> float:
    """Seconds from the `rounds`-th listing of a sweep to the next: 0.5 doubling up to 2."""
    return _wait_s(_ROUND, rounds)


def _wait_s(strategy: wait_base, count: int) -> float:
    state = RetryCallState(retry_object=_NOBODY, fn=None, args=(), kwargs={})
    state.attempt_number = count
    return float(strategy(state))
