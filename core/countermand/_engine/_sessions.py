"""The session of one venue: numbered, had by one log-in at a time, renewed when refused."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import attrs

from countermand._case._facts import NoSession
from countermand._engine._aside import ask_aside
from countermand.venue import Call, LogInVerdict, NeedCode, Refused, Session, Throttled, Unreadable, Venue

#: The most log-ins in `_WINDOW_S` seconds: too many lock the user out.
_MOST_LOG_INS = 3
_WINDOW_S = 60.0
#: A known life is used up to this share of it.
_USABLE_LIFE = 0.9

Ask = Callable[[Call[LogInVerdict]], Awaitable[LogInVerdict]]


@attrs.frozen(kw_only=True)
class Ticket:
    """A session to sign with, and its number."""

    number: int
    session: Session | None


class Sessions:
    """Hands out the current session of one venue."""

    def __init__(
        self, venue: Venue, ask: Ask, clock: Callable[[], float], on_log_in: Callable[[str | None], None]
    ) -> None:
        self._venue = venue
        self._ask = ask
        self._clock = clock
        self._on_log_in = on_log_in
        self._ticket: Ticket | None = None
        self._number = 0
        self._expires_at = float("inf")
        self._log_in: asyncio.Task[Ticket | NoSession] | None = None
        self._log_ins: deque[float] = deque(maxlen=_MOST_LOG_INS)
        self._first_refusals: dict[object, int] = {}
        #: Whether the current session came by calls, so that it is ours to give back.
        self.earned = False

    @property
    def held(self) -> Session | None:
        """The session at hand, if any."""
        return self._ticket.session if self._ticket else None

    async def current(self) -> Ticket | NoSession:
        """Return the current session, by a log-in if there is none; many callers share one log-in."""
        if self._ticket is not None and self._clock() < self._expires_at:
            return self._ticket
        if self._log_in is None:
            self._log_in = asyncio.get_running_loop().create_task(self._renew())
            self._log_in.add_done_callback(self._ended)
        # A caller that leaves must not end the log-in the others wait for.
        return await asyncio.shield(self._log_in)

    def refused(self, number: int, permission: object) -> None:
        """Hear that the venue refused a session; only the current one is given up, and only if that can help.

        What was refused under an older session already is a missing permission, not a dead session.
        """
        first = self._first_refusals.setdefault(permission, number)
        if self._venue.renewable and number == self._number and number == first:
            self._ticket = None

    def accepted(self, permission: object) -> None:
        """Hear that the venue took the session for that."""
        self._first_refusals.pop(permission, None)

    async def aclose(self) -> None:
        """End a log-in that is under way."""
        if self._log_in is not None:
            self._log_in.cancel()
            await asyncio.wait([self._log_in])

    def _ended(self, task: asyncio.Task[Ticket | NoSession]) -> None:
        self._log_in = None
        if not task.cancelled():
            task.exception()

    async def _renew(self) -> Ticket | NoSession:
        end = await self._converse()
        if isinstance(end, Refused | Throttled | Unreadable):
            self._on_log_in(end.text or end.code or type(end).__name__)
            return NoSession(failure=end)
        if end is not None:
            self._on_log_in(None)
            lifetime_s = end.lifetime_s
            self._expires_at = self._clock() + lifetime_s * _USABLE_LIFE if lifetime_s else float("inf")
        self._number += 1
        self._ticket = Ticket(number=self._number, session=end)
        return self._ticket

    async def _converse(self) -> Session | Refused | Throttled | Unreadable | None:
        try:
            conversation = self._venue.log_in()
            if conversation is None:
                return None
            answer: LogInVerdict | str | None = None
            self.earned = False
            while True:
                try:
                    need = conversation.send(answer)
                except StopIteration as end:
                    told: Session | Refused | Throttled | Unreadable = end.value
                    return told
                answer = await self._satisfied(need)
        except Exception as error:  # noqa: BLE001 - a plugin's or the user's fault is no session, and told so
            return Unreadable(text=f"the log-in failed: {type(error).__name__}: {error}")

    async def _satisfied(self, need: Call[LogInVerdict] | NeedCode) -> LogInVerdict | str:
        if isinstance(need, NeedCode):
            return await ask_aside(need.source)
        if not self.earned:
            wait = self._wait_s()
            if wait > 0:
                return Throttled(retry_after_s=wait, text="too many log-ins in a minute")
            self._log_ins.append(self._clock())
            self.earned = True
        return await self._ask(need)

    def _wait_s(self) -> float:
        if len(self._log_ins) < _MOST_LOG_INS:
            return 0.0
        return self._log_ins[0] + _WINDOW_S - self._clock()
