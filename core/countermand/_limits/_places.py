"""How many exchanges of a kind are in flight at once."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator
from typing import Protocol

import attrs

from countermand._limits._shares import Shares
from countermand._limits._urgency import Need

#: Besides those that are held, so many that are held no more are kept until they come to the front.
_MOST_STALE = 64


class Holder(Protocol):
    """What holds a place."""

    @property
    def overdue_at(self) -> float:
        """When it gives up its place."""


@attrs.define(eq=False)
class Seats:
    """So many places; one that is overdue gives up its own."""

    most: float
    #: Those that hold one, in the order in which they came to it; who leaves takes itself out.
    held: dict[Holder, None] = attrs.field(factory=dict, init=False)
    #: Since all were full, by when they are overdue, the first of them in front; else nobody asks for that.
    _by_time: list[tuple[float, int, Holder]] = attrs.field(factory=list, init=False)
    _numbers: Iterator[int] = attrs.field(factory=itertools.count, init=False)

    def free_at(self) -> float:
        """Say when a place is free at the latest: who never answers must not shut the others out."""
        return -math.inf if len(self.held) < self.most else self._first()[0]

    def take(self, holder: Holder) -> None:
        """Take a place, of one that is overdue where no other is free."""
        if len(self.held) >= self.most:
            del self.held[self._first()[2]]
        self.held[holder] = None
        if self._by_time:
            self._line_up(holder)

    def _first(self) -> tuple[float, int, Holder]:
        """Return when the first one is overdue, and which."""
        if not self._by_time:
            for one in self.held:
                self._line_up(one)
        while self._by_time[0][2] not in self.held:
            heapq.heappop(self._by_time)
        return self._by_time[0]

    def _line_up(self, holder: Holder) -> None:
        heapq.heappush(self._by_time, (holder.overdue_at, next(self._numbers), holder))
        if len(self._by_time) > _MOST_STALE + 2 * self.most:
            self._by_time.clear()  # many of them hold none any more: who holds one is lined up anew


class Places:
    """Lets so many be in flight, and as many more for kills.

    Nobody else takes a kill's places: however many calls the venue leaves unanswered, a kill finds its own.
    """

    def __init__(self, most: float) -> None:
        self.shares = Shares()
        #: By need.
        self.seats = (Seats(most), *[Seats(most)] * (len(Need) - 1))

    def spare(self, _now: float) -> float:
        """Count the places that are free for all."""
        ordinary = self.seats[Need.OTHER]
        return ordinary.most - len(ordinary.held)

    def ready_at(self, need: Need, _now: float) -> float:
        """Say when a place is free for that need."""
        return self.seats[need].free_at()
