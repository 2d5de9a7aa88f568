"""How many exchanges of a kind are in flight at once."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator

import attrs

from countermand._limits._bucket import Drawing
from countermand._limits._shares import Shares
from countermand._limits._urgency import Need

#: Besides those that are held, so many that are held no more are kept until they come to the front.
_MOST_STALE = 64


class Places:
    """Lets so many be in flight, and as many more for kills; one that is overdue gives up its place.

    Nobody else takes a kill's places: however many calls the venue leaves unanswered, a kill finds its own.
    """

    def __init__(self, most: int) -> None:
        self.shares = Shares()
        self._ordinary = _Seats(most=most)
        #: By need.
        self._seats = (_Seats(most=most), *[self._ordinary] * (len(Need) - 1))

    def spare(self, _now: float) -> float:
        """Count the places that are free for all."""
        return self._ordinary.spare

    def free_at(self, need: Need) -> float:
        """Say when a place is free at the latest: who never answers must not shut the others out."""
        return self._seats[need].free_at

    def ready_at(self, need: Need, _now: float) -> float:
        """Say when a place is free for that need."""
        return self._seats[need].free_at

    def free(self, drawing: Drawing) -> None:
        """Leave a place, if it is still held."""
        self._seats[drawing.need].held.discard(drawing)

    def take(self, drawing: Drawing, _now: float) -> None:
        """Take a place, of one that is overdue where no other is free."""
        self._seats[drawing.need].take(drawing)
        self.shares.serve(drawing.need)

    def give_back(self, drawing: Drawing, _now: float) -> None:
        """Take a place back that was not used."""
        self.free(drawing)


@attrs.define(kw_only=True)
class _Seats:
    most: int
    held: set[Drawing] = attrs.field(factory=set, init=False)
    #: Those that hold one, or held one not long ago, in the order in which they came to it.
    _taken: list[Drawing] = attrs.field(factory=list, init=False)
    #: Those that were there when all were full: when they are overdue, the first of them in front.
    _by_time: list[tuple[float, int, Drawing]] = attrs.field(factory=list, init=False)
    _numbers: Iterator[int] = attrs.field(factory=itertools.count, init=False)

    @property
    def spare(self) -> int:
        return self.most - len(self.held)

    @property
    def free_at(self) -> float:
        return -math.inf if len(self.held) < self.most else self._first()[0]

    def take(self, drawing: Drawing) -> None:
        if len(self.held) >= self.most:
            self.held.discard(self._first()[2])
        self.held.add(drawing)
        self._taken.append(drawing)
        if len(self._taken) > _MOST_STALE + 2 * self.most:
            self._taken = [one for one in self._taken if one in self.held]

    def _first(self) -> tuple[float, int, Drawing]:
        """Return when the first one is overdue, and which."""
        # Sorted only where all are full: elsewhere nobody asks who is the first.
        for one in self._taken:
            heapq.heappush(self._by_time, (one.overdue_at, next(self._numbers), one))
        self._taken.clear()
        if len(self._by_time) > _MOST_STALE + 2 * self.most:
            self._by_time = [entry for entry in self._by_time if entry[2] in self.held]
            heapq.heapify(self._by_time)
        while self._by_time[0][2] not in self.held:
            heapq.heappop(self._by_time)
        return self._by_time[0]
