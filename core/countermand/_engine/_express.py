"""One venue as cancels that go straight reach it: session and turn, one call, and a plain receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from countermand._case._facts import Answer, Ended
from countermand._engine._errand import LATE_GRACE_S, Errand, patience_s
from countermand._engine._sessions import NumberedSession
from countermand._engine._station import Station, is_cached
from countermand._engine._straight import Straight
from countermand._maker import maker
from countermand._wire._progress import GIVEN_UP
from countermand.venue import CallKind, CancelTarget, Receipt

#: Each look into an Enum is a search.
_CANCEL = CallKind.CANCEL
_target = maker(CancelTarget)


class Express:
    """Sends what need not wait, and hears of receipts; all else is left to cases."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._venue, self._post, self._sessions = station.venue, station.post, station.sessions
        self._clock = station.clock
        self._loop = asyncio.get_running_loop()

    @property
    def idle_s(self) -> float:
        """How long what became of a cancel may still show late, in seconds."""
        return self._venue.capabilities.read_lag_s + LATE_GRACE_S

    def begin(self, straight: Straight, on_turn: Callable[[Straight], object]) -> bool:
        """Send a cancel under the session at hand, or let it wait for its turn; False if it can do neither.

        `on_turn` is called, on the loop, when one has come to its turn that had to wait.
        """
        now, road = straight.joined_at, straight.road
        session = self._sessions.at_hand(now)
        if session is None:
            return False
        if road.turns is None:
            road.turns = self._station.gate.lane(_CANCEL, straight.request.account)
        if not road.bearers:
            self._sessions.begin(road.permission)
        road.bearers += 1
        straight.ticket = ticket = road.turns.ask(straight, straight.overdue_at - now, now)
        if ticket.waiting:
            self._station.gate.line_up(ticket)
            if ticket.waiting:
                on_loop = partial(self._loop.call_soon, on_turn, straight)
                self._station.gate.tell_turn(ticket, on_loop)
                return True
        return self._send(straight, session)

    def send(self, straight: Straight) -> bool:
        """Send a cancel that has come to its turn; False for one that cannot go."""
        session = self._sessions.at_hand(self._clock())
        if session is not None:
            return self._send(straight, session)
        self.withdraw(straight)
        return False

    def _send(self, straight: Straight, session: NumberedSession) -> bool:
        request = straight.request
        try:
            target = _target(
                account=request.account,
                order=straight.order,
                assurance=request.assurance,
                instrument=request.instrument,
            )
            letter, sending = self._post.send_cancel(target, session.session, self._clock, straight.land)
            straight.letter, straight.sending, straight.call = letter, sending, letter.name
            straight.session, straight.signed_at = session.number, sending.sent_at
            straight.overdue_at = sending.sent_at + patience_s(_CANCEL, straight.deadline - sending.sent_at)
        except Exception:  # noqa: BLE001 - what a plugin breaks with is told by the case
            return False
        finally:
            if straight.signed_at is None:
                self.withdraw(straight)
        return True

    def withdraw(self, straight: Straight) -> None:
        """Let a cancel wait for its turn no more, or take that back unused."""
        if straight.ticket is not None:
            self._station.gate.withdraw(straight.ticket)
            self._let_go(straight)

    def abandon(self, straight: Straight) -> None:
        """Hear that nobody waits any more for a cancel that was sent, unless it is over."""
        if straight.ticket is not None:
            letter, sending, ticket = straight.way
            self._station.gate.leave(ticket)
            self._let_go(straight)
            sending.drop()
            # Last of all: an observer may be interrupted, and others wait for that place.
            self._post.tell(letter, self._clock() - (straight.signed_at or 0.0), None, None, GIVEN_UP)

    def _let_go(self, straight: Straight) -> None:
        """Hear that a cancel is done with its turn and its session."""
        # Thousands of these may be remembered: of its way nothing is needed any more.
        straight.letter = straight.sending = straight.ticket = None
        road = straight.road
        road.bearers -= 1
        if not road.bearers:
            self._sessions.end(road.permission)

    def takes_receipt(self, straight: Straight, now: float) -> bool:
        """Tell whether a plain receipt came; if so, the cancel has ended with it."""
        letter, sending, ticket = straight.way
        response = sending.arrived
        if response is None or is_cached(response):
            return False
        taken = letter.receipt(response)
        if taken is None:
            return False
        signed_at = straight.signed_at or 0.0
        # First of all: an observer may be interrupted, and then it has not ended.
        self._post.tell(letter, now - signed_at, taken.status, Receipt)
        straight.taken, straight.ended_at = taken, now
        straight.first_byte_at = sending.first_byte_at
        gate = self._station.gate
        if ticket.tries:  # else a receipt tells it nothing
            gate.hear(ticket, taken.receipt)
        self._sessions.accepted(straight.session or 0, straight.road.permission, signed_at)
        gate.leave(ticket)
        self._let_go(straight)
        return True

    async def resume(self, straight: Straight, errand: Errand) -> Ended:
        """Wait for the answer to a cancel that went straight, and tell how it ended, as `perform` does."""
        return await self._station.told(errand, lambda: self._resumed(straight, errand))

    async def _resumed(self, straight: Straight, errand: Errand) -> tuple[Answer, str | None]:
        letter, sending, ticket = straight.way
        try:
            told = await self._post.answered(letter, sending.response(), errand.progress)
            self._station.gate.hear(ticket, told[0])
            return self._station.heard(told, straight.session or 0, errand)
        finally:
            self._station.gate.leave(ticket)
            self._let_go(straight)
