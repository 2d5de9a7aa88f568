"""Tickets, and the queue of those that draw on the same buckets and places."""

from __future__ import annotations

import heapq
import math
from typing import Protocol

import attrs

from countermand._limits._bucket import Bucket
from countermand._limits._places import Places, Seats
from countermand._limits._shares import Shares
from countermand._limits._urgency import Claim, Need
from countermand.venue import CallKind

#: What clocks and timers may be off by, in seconds.
SLACK_S = 1e-6
#: A queue keeps what left it until it comes to the front, but not much more than what waits.
_MOST_STALE = 64


class _Resource(Protocol):
    shares: Shares

    def spare(self, now: float) -> float: ...
    def ready_at(self, need: Need, now: float) -> float: ...


@attrs.define(eq=False)
class Ticket:
    """One call's claim to a token of each of its buckets and to a place, all at once or none."""

    lane: Lane
    #: Where it has its place, or will have it.
    seats: Seats
    need: Need
    deadline: float
    #: How long it may keep its place, in seconds.
    patience_s: float
    #: Of those that had to wait, which one came first.
    number: int = 0
    waiting: bool = False
    granted_at: float = -math.inf
    #: Whether its call tries a venue that had throttled others: only then there is a pause that it may end.
    tries: bool = False

    @property
    def overdue_at(self) -> float:
        """When it gives up its place."""
        return self.granted_at + self.patience_s

    def end(self) -> None:
        """Leave its place, if it still holds it: its call is over."""
        self.seats.held.pop(self, None)


class Lane:
    """What some kind of call draws on, and who waits for it: the earliest deadline of each need first."""

    def __init__(
        self, buckets: tuple[Bucket, ...], places: Places, key: tuple[CallKind, str] | None = None
    ) -> None:
        self.buckets = buckets
        self.places = places
        #: Whose it is alone; None where what it draws on is counted.
        self.key = key
        self.waiting = [0] * len(Need)
        self._resources: tuple[_Resource, ...] = (*buckets, places)
        self._queues: tuple[list[tuple[float, int, Ticket]], ...] = tuple([] for _ in Need)

    def ask(self, claim: Claim, patience_s: float, now: float) -> Ticket:
        """Make a ticket: granted at once where all is there and nobody waits for it, else one to `join`."""
        need = claim.need
        # By position: in Python 3.11 each name costs a call of a class as much as all that it does with it.
        ticket = Ticket(self, self.places.seats[need], need, claim.deadline, patience_s)
        if self._is_ready(ticket, now + SLACK_S):
            self.take(ticket, now)
        else:
            ticket.waiting = True
        return ticket

    def _is_ready(self, ticket: Ticket, now: float) -> bool:
        for bucket in self.buckets:
            if bucket.shares.all_waiting:
                return False
            # Nearly always it is full and not slowed, and each cancel comes by here.
            if (bucket.full_at > now or bucket.brake.is_on) and bucket.ready_at(ticket.need, now) > now:
                return False
        if self.places.shares.all_waiting:
            return False
        seats = ticket.seats
        return len(seats.held) < seats.most or seats.free_at() <= now

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
        ticket.granted_at = now
        for bucket in self.buckets:
            if bucket.interval_s:
                bucket.take(ticket.need, now)
            if bucket.brake.is_on:
                ticket.tries = True
                bucket.brake.pass_one(now)
        ticket.seats.take(ticket)

    def serve(self, need: Need) -> None:
        """Note that it was that need's turn, among those who waited."""
        for one in self._resources:
            one.shares.serve(need)

    def give_back(self, ticket: Ticket, now: float) -> None:
        """Take back all that a ticket was granted."""
        for bucket in self.buckets:
            bucket.give_back(now)
        ticket.end()

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
