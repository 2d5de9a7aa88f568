"""The cancels that are to come, per account: queued until they are signed, under way until they end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Protocol

from countermand._limits._urgency import Need

#: A venue, by its name, and an account of it.
Lane = tuple[str, str]
Listener = Callable[[Lane], None]


class Traveller(Protocol):
    """A cancel on its way."""

    @property
    def number(self) -> int: ...
    @property
    def need(self) -> Need: ...


class Traffic:
    """Counts cancels; those who have more to send hear when there is room again."""

    def __init__(self) -> None:
        self._under_way: defaultdict[Lane, dict[int, Traveller]] = defaultdict(dict)
        #: The accounts that somebody counts in himself: nobody else may put them away.
        self._lent: set[Lane] = set()
        self._queued: dict[int, Lane] = {}
        self._waiting: Counter[Lane] = Counter()
        self._listeners: dict[Lane, dict[Listener, None]] = {}

    def queued(self, lane: Lane) -> int:
        """Count those that wait for a session or their turn, and those whose order is being looked up."""
        return self._waiting.get(lane, 0)  # a Counter asks a function for what it has not

    def is_idle(self, lane: Lane, need: Need = Need.OTHER) -> bool:
        """Tell whether no cancel of an account is under way or to be; for a kill, none of a kill."""
        under_way = self._under_way.get(lane, {})
        if need is not Need.KILL:
            return not under_way
        return not any(errand.need is Need.KILL for errand in under_way.values())

    def lend(self, lane: Lane) -> dict[int, Traveller]:
        """Give away an account's cancels under way, by their numbers, for one who counts many himself."""
        self._lent.add(lane)
        return self._under_way[lane]

    def take_back(self, lane: Lane) -> None:
        """Hear that what was lent is not used any more."""
        self._lent.remove(lane)
        self._tidy(lane)

    def listen(self, lane: Lane, listener: Listener) -> None:
        """Tell somebody, until told otherwise, when a cancel of an account waits no more."""
        self._listeners.setdefault(lane, {})[listener] = None

    def ignore(self, lane: Lane, listener: Listener) -> None:
        """Tell somebody nothing more of an account."""
        listeners = self._listeners.get(lane, {})
        listeners.pop(listener, None)
        if not listeners:
            self._listeners.pop(lane, None)

    def look_up(self, lane: Lane, errand: Traveller) -> None:
        """Count an order that must be found before it is canceled: it waits, until that search ends."""
        self._waiting[lane] += 1
        self._queued[errand.number] = lane

    def begin(self, lane: Lane, errand: Traveller) -> None:
        """Count a cancel that waits for its turn."""
        self.look_up(lane, errand)
        self.set_out(lane, errand)

    def set_out(self, lane: Lane, errand: Traveller) -> None:
        """Count a cancel that went to the wire at once, or goes on as another one of its number."""
        self._under_way[lane][errand.number] = errand

    def sign(self, errand: Traveller) -> None:
        """Hear that a cancel goes to the wire, or that a search is over."""
        lane = self._queued.pop(errand.number, None)
        if lane is None:
            return
        self._waiting[lane] -= 1
        if not self._waiting[lane]:
            del self._waiting[lane]
        listeners = self._listeners.get(lane, {})
        in_turn = tuple(listeners)
        for listener in in_turn[:1]:  # who hears of it first this time is the last one next time
            listeners[listener] = listeners.pop(listener)
        for listener in in_turn:
            if listener in listeners:
                listener(lane)

    def end(self, lane: Lane, errand: Traveller) -> None:
        """Hear that a cancel is over, also one that was never sent."""
        if errand.number in self._queued:
            self.sign(errand)
        del self._under_way[lane][errand.number]
        self._tidy(lane)

    def _tidy(self, lane: Lane) -> None:
        if not self._under_way[lane] and lane not in self._lent:
            del self._under_way[lane]
