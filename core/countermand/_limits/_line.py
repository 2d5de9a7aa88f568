"""The lanes that share the same places: for each need, whoever has the nearest deadline stands in front.

A lane that lacks a token is set aside until it has one, so that it costs nothing meanwhile.
"""

from __future__ import annotations

import heapq
import itertools
import math

from countermand._limits._lane import SLACK_S, Lane, Ticket
from countermand._limits._places import Places
from countermand._limits._urgency import Need


class Line:
    """Finds the next ticket of each need among many lanes."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._numbers = itertools.count()
        #: The heads of the lanes; what is no head any more is dropped when it comes to the front.
        self._fronts: tuple[list[tuple[float, int, Ticket]], ...] = tuple([] for _ in Need)
        self._aside: list[tuple[float, int, Lane, Need]] = []
        self._is_aside: set[tuple[Lane, Need]] = set()
        #: The needs for which somebody waits.
        self.needs: tuple[Need, ...] = ()
        self._waiting = [0] * len(Need)

    def join(self, ticket: Ticket) -> None:
        """Let a ticket wait."""
        self._count(ticket.need, 1)
        ticket.lane.join(ticket)
        if ticket.lane.head(ticket.need) is ticket:
            self._show(ticket.lane, ticket.need)

    def leave(self, ticket: Ticket) -> None:
        """Let a ticket wait no more."""
        self._count(ticket.need, -1)
        was_head = ticket.lane.head(ticket.need) is ticket
        ticket.lane.leave(ticket)
        if was_head:
            self._show(ticket.lane, ticket.need)

    def is_full(self, need: Need, now: float) -> bool:
        """Whether nobody of that need can go for want of a place."""
        return self.places.ready_at(need, now) > now + SLACK_S

    def first(self, need: Need, now: float) -> Ticket | None:
        """Return the ticket in front of those of a need that lack nothing."""
        front = self._fronts[need]
        while front:
            ticket = front[0][2]
            if ticket.lane.head(need) is ticket:
                ready_at = ticket.lane.ready_at(need, now)
                if ready_at <= now + SLACK_S:
                    return ticket
                self._set_aside(ticket.lane, need, ready_at)
            heapq.heappop(front)
        return None

    def recall(self, until: float) -> None:
        """Show the lanes again that have by then what they lacked."""
        while self._aside and self._aside[0][0] <= until:
            _, _, lane, need = heapq.heappop(self._aside)
            self._is_aside.discard((lane, need))
            self._show(lane, need)

    def next_at(self, now: float) -> float:
        """Say when to look again if nothing happens before."""
        at = self._aside[0][0] if self._aside else math.inf
        for need in self.needs:
            free_at = self.places.ready_at(need, now)
            if now + SLACK_S < free_at < at:
                at = free_at
        return at

    def _count(self, need: Need, step: int) -> None:
        self._waiting[need] += step
        if (self._waiting[need] > 0) != (need in self.needs):
            self.needs = tuple(one for one in Need if self._waiting[one])

    def _show(self, lane: Lane, need: Need) -> None:
        head = lane.head(need)
        if head is not None and (lane, need) not in self._is_aside:
            heapq.heappush(self._fronts[need], (head.deadline, next(self._numbers), head))

    def _set_aside(self, lane: Lane, need: Need, ready_at: float) -> None:
        self._is_aside.add((lane, need))
        heapq.heappush(self._aside, (ready_at, next(self._numbers), lane, need))
