"""How long to wait: tenacity's strategies as plain functions of a count."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from countermand._retry import RetryPolicy

if TYPE_CHECKING:
    from tenacity import RetryCallState

#: However long the venue wants to be left alone, one call may try so often, in seconds: a stray header must
#: not lock anybody out of its orders for an hour.
PROBE_EVERY_S = 5.0

#: Who has waited for long can wait on: then a read may come late by this share, and by so many seconds.
_SHARE = 0.05
_LATEST_S = 10.0


def confirm_wait_s(reads: int, waited_s: float) -> float:
    """Seconds from the `reads`-th read to the next: 0.05 doubling up to 1, then 5 % of the wait up to 10."""
    return max(_doubling_s(reads, 0.05, 1.0), min(_SHARE * waited_s, _LATEST_S))


def repeat_wait_s(policy: RetryPolicy, attempts: int, jitter: float) -> float:
    """Seconds from the end of the `attempts`-th cancel to the next; `jitter` (0 to 1) is drawn once for each.

    The draw is the caller's, so that whoever asks again gets the same answer.
    """
    return jitter * _doubling_s(attempts, policy.first_wait_s, policy.longest_wait_s)


def round_wait_s(rounds: int) -> float:
    """Seconds from the `rounds`-th listing of a sweep to the next: 0.5 doubling up to 2."""
    return _doubling_s(rounds, 0.5, 2.0)


@lru_cache(maxsize=256)
def _doubling_s(count: int, first_s: float, longest_s: float) -> float:
    from tenacity import wait_exponential  # noqa: PLC0415 - a cancel that goes well at once waits for nothing

    return float(wait_exponential(multiplier=first_s, exp_base=2, max=longest_s)(_state(count)))


def _state(count: int) -> RetryCallState:
    from tenacity import RetryCallState, Retrying  # noqa: PLC0415 - see above

    state = RetryCallState(retry_object=Retrying(), fn=None, args=(), kwargs={})
    state.attempt_number = count
    return state
