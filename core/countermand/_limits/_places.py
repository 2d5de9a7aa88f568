"""How many exchanges of a kind are in flight at once."""

from __future__ import annotations

import math

from countermand._limits._bucket import Drawing
from countermand._limits._shares import Shares
from countermand._limits._urgency import Need


class Places:
    """Lets so many be in flight; one that is overdue gives up its place and lives on."""

    def __init__(self, most: int) -> None:
        self.shares = Shares()
        self._most = most
        self._held: dict[Drawing, None] = {}
        #: When the first of those that hold one is overdue; None where that must be found out anew.
        self._overdue_at: float | None = None

    def spare(self, _now: float) -> float:
        """Count the places that are free."""
        return self._most - len(self._held)

    @property
    def free_at(self) -> float:
        """When a place is free at the latest: who never answers must not shut the others out."""
        if len(self._held) < self._most:
            return -math.inf
        if self._overdue_at is None:
            self._overdue_at = min(map(_overdue_at, self._held))
        return self._overdue_at

    def ready_at(self, _need: Need, _now: float) -> float:
        """Say when a place is free for whatever need."""
        return self.free_at

    def take(self, drawing: Drawing, now: float) -> None:
        """Take a place, of one that is overdue where no other is free."""
        if len(self._held) >= self._most:
            self.give_back(min(self._held, key=_overdue_at), now)
        self._held[drawing] = None
        self._overdue_at = None
        self.shares.serve(drawing.need)

    def give_back(self, drawing: Drawing, _now: float) -> None:
        """Leave a place, if it is still held."""
        if drawing in self._held:
            del self._held[drawing]
            self._overdue_at = None


def _overdue_at(drawing: Drawing) -> float:
    return drawing.overdue_at
