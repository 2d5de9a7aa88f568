"""Where the calls of one venue wait for their turn."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from countermand._alarm import Alarm
from countermand._clock import clock_of
from countermand._limits._lane import Lane, Ticket
from countermand._limits._limiter import Limiter
from countermand._limits._urgency import Urgency
from countermand.venue import CallKind, MayHaveActed, Throttled, Unreadable

#: What says nothing about whether the venue takes more calls.
_UNCLEAR = (Unreadable, MayHaveActed)


class Gate:
    """Lets calls through as a limiter grants; the only clock and alarm it has."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._loop = asyncio.get_running_loop()
        self._clock = clock_of(self._loop)
        #: Whom to tell when it is their turn.
        self._waiters: dict[Ticket, Callable[[], object]] = {}
        self._alarm: Alarm | None = None

    async def enter(
        self, urgency: Urgency, kind: CallKind, account: str = "", patience_s: float = math.inf
    ) -> Ticket:
        """Wait for a turn; its place is held for `patience_s` seconds at most."""
        now = self._clock()
        ticket = self._limiter.ask(kind, account, urgency, patience_s=patience_s, now=now)
        if ticket.waiting:
            self._await(ticket)
        if not ticket.waiting:
            return ticket
        turn: asyncio.Future[None] = self._loop.create_future()

        def on_turn() -> None:
            if not turn.done():  # one that is being canceled gives its turn back
                turn.set_result(None)

        self.tell_turn(ticket, on_turn)
        urgency.on_hurry = lambda: self._hurry(ticket, urgency)
        try:
            await turn
        except asyncio.CancelledError:
            self.withdraw(ticket)
            raise
        finally:
            urgency.on_hurry = None
        return ticket

    def lane(self, kind: CallKind, account: str) -> Lane:
        """Return where to ask for turns of some kind of call; tickets that wait must `line_up` here."""
        return self._limiter.lane(kind, account, self._clock())

    def line_up(self, ticket: Ticket) -> None:
        """Let a ticket of a lane wait; if it still does after this, `tell_turn` is to be called at once."""
        self._limiter.join(ticket)
        self._await(ticket)

    def tell_turn(self, ticket: Ticket, on_turn: Callable[[], object]) -> None:
        """Call `on_turn`, on the loop, when a ticket that waits has come to its turn."""
        self._waiters[ticket] = on_turn

    def withdraw(self, ticket: Ticket) -> None:
        """Let a ticket wait no more, or take back the turn that it came to and did not use."""
        if not ticket.waiting:
            self.give_back(ticket)
            return
        del self._waiters[ticket]
        self._limiter.leave(ticket)
        self._serve()

    def leave(self, ticket: Ticket) -> None:
        """End a call that was let through."""
        ticket.end()
        if self._waiters:
            self._serve()

    def give_back(self, ticket: Ticket) -> None:
        """Take back a turn that was not used."""
        self._limiter.give_back(ticket, self._clock())
        self._serve()

    def hear(self, ticket: Ticket, answer: object) -> None:
        """Slow down, or speed up again, as the answer to a call says."""
        if isinstance(answer, Throttled):
            self._limiter.slow(ticket, answer.retry_after_s, self._clock())
        elif ticket.tries and not isinstance(answer, _UNCLEAR):
            self._limiter.ease(ticket)

    def _await(self, ticket: Ticket) -> None:
        self._waiters[ticket] = _unheard  # what the others wait for may be nothing to it
        self._serve()

    def _hurry(self, ticket: Ticket, urgency: Urgency) -> None:
        if ticket.waiting:
            self._limiter.hurry(ticket, urgency)
            self._serve()

    def _serve(self) -> None:
        """Let through whoever's turn it is, and look again when the next one may be."""
        if not self._waiters:
            return
        now = self._clock()
        for ticket in self._limiter.grant(now):
            self._waiters.pop(ticket)()
        next_at = self._limiter.next_at(now) if self._waiters else math.inf
        if self._alarm is not None and (self._alarm.at > next_at or next_at == math.inf):
            self._alarm.cancel()
            self._alarm = None
        if self._alarm is None and next_at < math.inf:
            self._alarm = Alarm(self._loop, next_at, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._serve()


def _unheard() -> None:
    """Tell nobody."""
