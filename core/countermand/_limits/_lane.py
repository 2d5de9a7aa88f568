"""Tickets, and the queue of those that draw on the same buckets and places."""

from __future__ import annotations

import heapq
import math
from typing import Protocol

import attrs

from countermand._limits._bucket import Bucket, Drawing
from countermand._limits._places import Places
from countermand._limits._shares import Shares
from countermand._limits._urgency import Need
from countermand.venue import CallKind

#: A queue keeps what left it until it comes to the front, but not much more than what waits.
_MOST_STALE = 64


class _Resource(Protocol):
    shares: Shares

    def spare(self, now: float) -> float: ...
    def ready_at(self, need: Need, now: float) -> float: ...
    def take(self, drawing: Drawing, now: float) -> None: ...
    def give_back(self, drawing: Drawing, now: float) -> None: ...


@attrs.define(kw_only=True, eq=False)
class Ticket:
    """One call's claim to a token of each of its buckets and to a place, all at once or none."""

    number: int
    kind: CallKind
    account: str
    need: Need
    deadline: float
    #: How long it may keep its place, in seconds.
    patience_s: float
    lane: Lane
    waiting: bool = False
    granted_at: float = -math.inf
    #: When it gives up its place.
    overdue_at: float = math.inf


class Lane:
    """What some kind of call draws on, and who waits for it: the earliest deadline of each need first."""

    def __init__(self, buckets: tuple[Bucket, ...], places: Places | None) -> None:
        self.buckets = buckets
        self.places = places
        self.waiting = [0] * len(Need)
        self._resources: tuple[_Resource, ...] = buckets if places is None else (*buckets, places)
        self._queues: tuple[list[tuple[float, int, Ticket]], ...] = tuple([] for _ in Need)

    def is_ready(self, need: Need, now: float) -> bool:
        """Tell whether all is there that a call needs, and nobody waits for any of it."""
        for one in self._resources:  # noqa: SIM110 - each cancel comes by here, and a generator costs
            if one.shares.all_waiting or one.ready_at(need, now) > now:
                return False
        return True

    def is_at_rest(self, now: float) -> bool:
        """Tell whether the venue does not throttle it, nor did lately."""
        return all(bucket.brake.is_at_rest(now) for bucket in self.buckets)

    def ready_at(self, need: Need, now: float) -> float:
        """Say when all is there that a call needs, if nobody else takes it."""
        return max(one.ready_at(need, now) for one in self._resources)

    def lead(self, need: Need, now: float) -> float:
        """Say how far a need is ahead of its share of what is scarce; 0 where it is due."""
        scarce = [one for one in self._resources if one.shares.all_waiting > one.spare(now)]
        return max((one.shares.lead(need) for one in scarce), default=0.0)

    def take(self, ticket: Ticket, now: float) -> None:
        """Grant a ticket all that it needs."""
        ticket.granted_at, ticket.overdue_at = now, now + ticket.patience_s
        for one in self._resources:
            one.take(ticket, now)

    def give_back(self, ticket: Ticket, now: float) -> None:
        """Take back all that a ticket was granted."""
        for one in self._resources:
            one.give_back(ticket, now)

    def join(self, ticket: Ticket) -> None:
        """Let a ticket wait."""
        ticket.waiting = True
        self._count(ticket.need, 1)
        queue = self._queues[ticket.need]
        if len(queue) > _MOST_STALE + 2 * self.waiting[ticket.need]:
            queue[:] = [entry for entry in queue if _is_valid(entry, ticket.need)]
            heapq.heapify(queue)
        heapq.heappush(queue, (ticket.deadline, ticket.number, ticket))

    def leave(self, ticket: Ticket) -> None:
        """Let a ticket wait no more."""
        ticket.waiting = False
        self._count(ticket.need, -1)

    def head(self, need: Need) -> Ticket | None:
        """Return the first of those who wait for that need."""
        queue = self._queues[need]
        while queue and not _is_valid(queue[0], need):
            heapq.heappop(queue)
        return queue[0][2] if queue else None

    def _count(self, need: Need, step: int) -> None:
        self.waiting[need] += step
        for one in self._resources:
            one.shares.count(need, step)


def _is_valid(entry: tuple[float, int, Ticket], need: Need) -> bool:
    deadline, _, ticket = entry
    return ticket.waiting and ticket.need is need and ticket.deadline == deadline
