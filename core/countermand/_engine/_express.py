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
from countermand._limits._lane import Ticket
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

    @property
    def session(self) -> NumberedSession | None:
        """The session at hand: one that nothing speaks against."""
        return self._sessions.at_hand(self._clock())

    def ask_turn(self, straight: Straight, on_turn: Callable[[Straight], object]) -> NumberedSession | None:
        """Ask for a cancel's turn under the session at hand, and return that; without one, for nothing.

        `on_turn` is called, on the loop, when one has come to its turn that had to wait.
        """
        now, gate = straight.joined_at, self._station.gate
        session = self._sessions.at_hand(now)
        if session is None:
            return None
        account, permission = straight.request.account, straight.road.permission
        self._sessions.begin(permission)
        ticket = gate.ask(straight, _CANCEL, account, straight.overdue_at - now, now)
        if ticket.waiting:
            gate.tell_turn(ticket, partial(self._loop.call_soon, on_turn, straight))
        straight.ticket = ticket
        return session

    def send(self, straight: Straight, session: NumberedSession) -> None:
        """Send a cancel whose turn it is; raises `PluginFault`."""
        request = straight.request
        target = _target(
            account=request.account,
            order=straight.order,
            assurance=request.assurance,
            instrument=request.instrument,
        )
        on_end = partial(straight.road.on_land, straight)
        letter, sending = self._post.send_cancel(target, session.session, self._clock, on_end)
        straight.letter, straight.sending, straight.call = letter, sending, letter.name
        straight.session, straight.signed_at = session.number, sending.sent_at
        straight.overdue_at = sending.sent_at + patience_s(_CANCEL, straight.deadline - sending.sent_at)

    def withdraw(self, straight: Straight) -> None:
        """Let a cancel wait for its turn no more, or take that back unused."""
        if straight.ticket is not None:
            self._station.gate.withdraw(straight.ticket)
            self._sessions.end(straight.road.permission)
            straight.ticket = None

    def abandon(self, straight: Straight) -> None:
        """Hear that nobody waits any more for a cancel that was sent, unless it is over."""
        if straight.ticket is not None:
            letter, sending, ticket = straight.way
            self._post.tell(letter, self._clock() - (straight.signed_at or 0.0), None, None, GIVEN_UP)
            self._leave(straight, ticket)
            sending.drop()

    def _leave(self, straight: Straight, ticket: Ticket) -> None:
        self._station.gate.leave(ticket)
        self._sessions.end(straight.road.permission)
        straight.ticket = None

    def takes_receipt(self, straight: Straight, now: float) -> bool:
        """Tell whether a plain receipt came; if so, the cancel has ended with it."""
        letter, sending, ticket = straight.way
        response = sending.arrived
        if response is None or is_cached(response):
            return False
        said = letter.receipt(response)
        if said is None:
            return False
        receipt, reply = said
        straight.receipt, straight.reply = receipt, reply
        straight.status, straight.ended_at = response.status, now
        straight.first_byte_at = sending.first_byte_at
        signed_at = straight.signed_at or 0.0
        self._post.tell(letter, now - signed_at, response.status, Receipt)
        self._station.gate.hear(ticket, receipt)
        self._sessions.accepted(straight.session or 0, straight.road.permission, signed_at)
        self._leave(straight, ticket)
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
            self._leave(straight, ticket)
