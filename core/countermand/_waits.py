"""How long to wait: tenacity's strategies as plain functions of a count."""

from __future__ import annotations

from tenacity import RetryCallState, Retrying, wait_exponential

_CONFIRM = wait_exponential(multiplier=0.05, exp_base=2, max=1.0)
_NOBODY = Retrying()


def confirm_wait_s(reads: int) -> float:
    """Seconds from the end of the `reads`-th read to the beginning of the next: 0.05 doubling up to 1."""
    state = RetryCallState(retry_object=_NOBODY, fn=None, args=(), kwargs={})
    state.attempt_number = reads
    return float(_CONFIRM(state))
