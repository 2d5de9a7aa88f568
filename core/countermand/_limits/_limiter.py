"""Who may call a venue next, by need and deadline: pure, with the time passed in.

A ticket is granted only when a token of each of its buckets and a place are there, and holds none of them
before: so nobody stands in the way of those who draw on something else.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

from countermand._limits._lane import SLACK_S, Lane, Ticket
from countermand._limits._lanes import Lanes
from countermand._limits._line import Line
from countermand._limits._places import Places
from countermand._limits._urgency import Claim, Urgency
from countermand.venue import CallKind, Limit

_CANCELS = frozenset({CallKind.CANCEL, CallKind.MASS_CANCEL})
_READS = frozenset({CallKind.READ, CallKind.LISTING})
_LOG_INS = frozenset({CallKind.LOG_IN})


class Limiter:
    """The lanes of one venue, and the tickets that wait in them."""

    def __init__(self, limits: Iterable[Limit], places: int) -> None:
        # Cancels that nobody answers must not keep the reads from settling them. Log-ins need no place.
        most = {_CANCELS: places, _READS: places, _LOG_INS: math.inf}
        places_of = {kinds: Places(most[kinds]) for kinds in most}
        self._lines = {places: Line(places) for places in places_of.values()}
        self._lanes = Lanes(limits, {kind: one for kinds, one in places_of.items() for kind in kinds})
        self._numbers = itertools.count()

    def lane(self, kind: CallKind, account: str, now: float) -> Lane:
        """Return what some kind of call for an account draws on: as long as it is held, it is no other."""
        return self._lanes.find(kind, account, now)

    def ask(self, kind: CallKind, account: str, claim: Claim, *, patience_s: float, now: float) -> Ticket:
        """Make a ticket: granted at once where all is free and nobody waits for it, else waiting."""
        ticket = self.lane(kind, account, now).ask(claim, patience_s, now)
        if ticket.waiting:
            self.join(ticket)
        return ticket

    def join(self, ticket: Ticket) -> None:
        """Let a ticket wait that its lane did not grant at once."""
        ticket.number = next(self._numbers)
        self._lines[ticket.lane.places].join(ticket)

    def grant(self, now: float) -> list[Ticket]:
        """Grant whatever can be granted now, and return that."""
        granted = []
        for line in self._lines.values():
            line.recall(now + SLACK_S)
        while (ticket := self._next(now)) is not None:
            self.leave(ticket)
            ticket.lane.take(ticket, now)
            ticket.lane.serve(ticket.need)
            granted.append(ticket)
        return granted

    def next_at(self, now: float) -> float:
        """Say when to look again if nothing happens before; never too late where somebody waits."""
        return min([line.next_at(now) for line in self._lines.values() if line.needs], default=math.inf)

    def hurry(self, ticket: Ticket, urgency: Urgency) -> None:
        """Let a waiting ticket be more urgent."""
        self.leave(ticket)
        ticket.need, ticket.deadline = urgency.need, urgency.deadline
        ticket.seats = ticket.lane.places.seats[urgency.need]
        self._lines[ticket.lane.places].join(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Let a ticket wait no more."""
        self._lines[ticket.lane.places].leave(ticket)

    def give_back(self, ticket: Ticket, now: float) -> None:
        """Take back a granted ticket that was not used."""
        ticket.lane.give_back(ticket, now)
        self._recall()

    def slow(self, ticket: Ticket, retry_after_s: float | None, now: float) -> None:
        """Hear that the venue throttled the call of a granted ticket."""
        self._lanes.keep(ticket.lane)
        for bucket in ticket.lane.buckets:
            bucket.brake.slow(ticket.granted_at, retry_after_s, now)

    def ease(self, ticket: Ticket) -> None:
        """Hear that the venue took the call of a granted ticket."""
        eased = False
        for bucket in ticket.lane.buckets:
            eased = bucket.brake.ease(ticket.granted_at) or eased
        if eased:
            self._recall()

    def _recall(self) -> None:
        for line in self._lines.values():
            line.recall(math.inf)

    def _next(self, now: float) -> Ticket | None:
        """Choose among those who lack nothing: whose share is due, then by need and nearest deadline."""
        chosen: Ticket | None = None
        first: tuple[float, ...] = (math.inf,)
        for line in self._lines.values():
            for need in line.needs:
                ticket = None if line.is_full(need, now) else line.first(need, now)
                if ticket is not None:
                    order = (ticket.lane.lead(need, now), need, ticket.deadline, ticket.number)
                    if order < first:
                        chosen, first = ticket, order
        return chosen
