"""How many exchanges of a kind are in flight at once."""

from __future__ import annotations

import math

import attrs

from countermand._limits._bucket import Drawing
from countermand._limits._shares import Shares
from countermand._limits._urgency import Need


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

    def take(self, drawing: Drawing, _now: float) -> None:
        """Take a place, of one that is overdue where no other is free."""
        self._seats[drawing.need].take(drawing)
        self.shares.serve(drawing.need)

    def give_back(self, drawing: Drawing, _now: float) -> None:
        """Leave a place, if it is still held."""
        self._seats[drawing.need].give_back(drawing)


@attrs.define(kw_only=True)
class _Seats:
    most: int
    _held: dict[Drawing, None] = attrs.field(factory=dict, init=False)
    #: When the first of those that hold one is overdue; None where that must be found out anew.
    _overdue_at: float | None = attrs.field(default=None, init=False)

    @property
    def spare(self) -> int:
        return self.most - len(self._held)

    @property
    def free_at(self) -> float:
        if len(self._held) < self.most:
            return -math.inf
        if self._overdue_at is None:
            self._overdue_at = min(map(_overdue_at, self._held))
        return self._overdue_at

    def take(self, drawing: Drawing) -> None:
        if len(self._held) >= self.most:
            self.give_back(min(self._held, key=_overdue_at))
        self._held[drawing] = None
        self._overdue_at = None

    def give_back(self, drawing: Drawing) -> None:
        if drawing in self._held:
            del self._held[drawing]
            self._overdue_at = None


def _overdue_at(drawing: Drawing) -> float:
    return drawing.overdue_at
