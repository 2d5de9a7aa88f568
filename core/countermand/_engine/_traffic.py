"""The cancels that are to come, per account: queued until they are signed, under way until they end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from countermand._engine._errand import Errand

#: A venue, by its name, and an account of it.
Lane = tuple[str, str]


class Traffic:
    """Counts cancels; those who have more to send hear when there is room again."""

    def __init__(self) -> None:
        self._under_way: Counter[Lane] = Counter()
        self._queued: dict[int, Lane] = {}
        self._waiting: Counter[Lane] = Counter()
        #: Who is told that a cancel waits no more.
        self.listeners: set[Callable[[], None]] = set()

    def queued(self, venue: str, account: str) -> int:
        """Count those that wait for a session or their turn."""
        return self._waiting[venue, account]

    def is_idle(self, venue: str, account: str) -> bool:
        """Tell whether no cancel of an account is under way or to be."""
        return not self._under_way[venue, account]

    def begin(self, venue: str, errand: Errand) -> None:
        """Count a cancel."""
        lane = (venue, errand.account)
        self._under_way[lane] += 1
        self._waiting[lane] += 1
        self._queued[errand.number] = lane

    def sign(self, errand: Errand) -> None:
        """Hear that a cancel goes to the wire."""
        lane = self._queued.pop(errand.number, None)
        if lane is not None:
            self._less(self._waiting, lane)
            for listener in tuple(self.listeners):
                listener()

    def end(self, venue: str, errand: Errand) -> None:
        """Hear that a cancel is over, also one that was never sent."""
        self.sign(errand)
        self._less(self._under_way, (venue, errand.account))

    def _less(self, counts: Counter[Lane], lane: Lane) -> None:
        counts[lane] -= 1
        if not counts[lane]:
            del counts[lane]
