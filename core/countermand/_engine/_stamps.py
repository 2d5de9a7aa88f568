"""What a signature is lent: the time, and never the same twice."""

from __future__ import annotations

import time
from collections.abc import Callable

from countermand._maker import maker
from countermand.venue import Stamp

_MILLISECOND_NS = 1_000_000

_stamp = maker(Stamp)


class Stamps:
    """Gives the stamps of one venue: the wall clock's milliseconds, but each higher than the one before.

    Venues refuse a nonce that is not higher than the last one, or too far from their own time. So a clock
    that is set back, or many calls within a millisecond, only let the stamps run ahead of it.
    """

    def __init__(self, clock_ns: Callable[[], int] | None = None) -> None:
        self._clock_ns = clock_ns or time.time_ns
        self._last = 0

    def next(self) -> Stamp:
        """Give one that is higher than all before."""
        now = self._clock_ns() // _MILLISECOND_NS
        self._last = now if now > self._last else self._last + 1
        return _stamp(nonce=self._last)
