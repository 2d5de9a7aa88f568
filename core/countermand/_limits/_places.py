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

    need: Need

    @property
    def overdue_at(self) -> float:
        """When it gives up its place."""


class Places:
    """Lets so many be in flight, and as many more for kills; one that is overdue gives up its place.

    Nobody else takes a kill's places: however many calls the venue leaves unanswered, a kill finds its own.
    """

    def __init__(self, most: float) -> None:
        self.shares = Shares()
        self.most = most
        #: By need.
        self._seats = (_Seats(most), *[_Seats(most)] * (len(Need) - 1))
        #: Those that hold one, by need, in the order in which they came to it; who leaves takes itself out.
        self.held = tuple(seats.held for seats in self._seats)

    def spare(self, _now: float) -> float:
        """Count the places that are free for all."""
        return self.most - len(self.held[Need.OTHER])

    def free_at(self, need: Need) -> float:
        """Say when a place is free at the latest: who never answers must not shut the others out."""
        return self._seats[need].free_at()

    def ready_at(self, need: Need, _now: float) -> float:
        """Say when a place is free for that need."""
        return self._seats[need].free_at()

    def take(self, holder: Holder) -> None:
        """Take a place, of one that is overdue where no other is free."""
        seats, held = self._seats[holder.need], self.held[holder.need]
        if len(held) >= self.most:
            seats.evict()
        held[holder] = None
        if seats.by_time:
            seats.line_up(holder)


@attrs.define
class _Seats:
    most: float
    held: dict[Holder, None] = attrs.field(factory=dict, init=False)
    #: Since all were full, by when they are overdue, the first of them in front; else nobody asks for that.
    by_time: list[tuple[float, int, Holder]] = attrs.field(factory=list, init=False)
    _numbers: Iterator[int] = attrs.field(factory=itertools.count, init=False)

    def free_at(self) -> float:
        """Say when one is free."""
        return -math.inf if len(self.held) < self.most else self._first()[0]

    def evict(self) -> None:
        """Take it from whoever is overdue first."""
        del self.held[self._first()[2]]

    def line_up(self, holder: Holder) -> None:
        """Put one among those by time; many that hold none any more are a reason to begin anew."""
        heapq.heappush(self.by_time, (holder.overdue_at, next(self._numbers), holder))
        if len(self.by_time) > _MOST_STALE + 2 * self.most:
            self.by_time.clear()

    def _first(self) -> tuple[float, int, Holder]:
        """Return when the first one is overdue, and which."""
        if not self.by_time:
            self.by_time = [(one.overdue_at, next(self._numbers), one) for one in self.held]
            heapq.heapify(self.by_time)
        while self.by_time[0][2] not in self.held:
            heapq.heappop(self.by_time)
        return self.by_time[0]
