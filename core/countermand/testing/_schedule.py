"""What is due later, in virtual time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

#: Something that happens at a time, which it is given.
Effect = Callable[[float], object]


class Schedule:
    """Effects in the order they are due; those due at the same time keep the order they were given in."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Effect]] = []
        self._count = itertools.count()

    def at(self, time: float, effect: Effect) -> None:
        """Have `effect` happen at `time`."""
        heapq.heappush(self._due, (time, next(self._count), effect))

    def advance(self, now: float) -> None:
        """Perform all that is due by `now`, each with its own time, also what those effects add."""
        while self._due and self._due[0][0] <= now:
            time, _, effect = heapq.heappop(self._due)
            effect(time)
