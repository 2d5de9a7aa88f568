"""The clock of an event loop, made to tell what came first."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from weakref import WeakValueDictionary

#: A clock that is no coarser than this, in seconds, shows a later time at each look.
_FINE_S = 1e-6


class RisingClock:
    """Shows the time of a loop, but at each look a later one than before.

    uvloop counts milliseconds, and some systems' clocks are coarser yet. What is asked, answered and read
    within one tick must still be told apart: a cancel that was answered before somebody asked for another one
    from what was answered after.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._time = loop.time
        self._last = -math.inf

    def __call__(self) -> float:
        """Look at it."""
        now = self._time()
        self._last = now if now > self._last else math.nextafter(self._last, math.inf)
        return self._last


#: Of each loop that needs one, as long as somebody has it.
_clocks: WeakValueDictionary[asyncio.AbstractEventLoop, RisingClock] = WeakValueDictionary()


def clock_of(loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    """Return the clock of a loop: the same to all who ask, and its own time where that rises by itself."""
    # asyncio's own loops look at the system's clock each time.
    if isinstance(loop, asyncio.BaseEventLoop) and time.get_clock_info("monotonic").resolution <= _FINE_S:
        return loop.time
    clock = _clocks.get(loop)
    if clock is None:
        clock = _clocks[loop] = RisingClock(loop)
    return clock
