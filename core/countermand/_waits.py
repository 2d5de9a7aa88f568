"""How long to wait: tenacity's strategies as plain functions of a count."""

from __future__ import annotations

from tenacity import RetryCallState, Retrying, wait_exponential

_CONFIRM = wait_exponential(multiplier=0.05, exp_base=2, max=1.0)
_NOBODY = Retrying()
#: Who has waited for long can wait on: then a read may come late by this share, and by so many seconds.
_SHARE = 0.05
_LATEST_S = 10.0


def confirm_wait_s(reads: int, waited_s: float) -> float:
    """Seconds from the `reads`-th read to the next: 0.05 doubling up to 1, then 5 % of the wait up to 10."""
    state = RetryCallState(retry_object=_NOBODY, fn=None, args=(), kwargs={})
    state.attempt_number = reads
    return max(float(_CONFIRM(state)), min(_SHARE * waited_s, _LATEST_S))
