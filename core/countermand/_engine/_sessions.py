"""The session of one venue: numbered, had by one log-in at a time, renewed when refused."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import attrs

from countermand._case._facts import NoSession
from countermand._engine._aside import ask_aside, is_being_canceled
from countermand.venue import Call, LogInVerdict, NeedCode, Refused, Session, Throttled, Unreadable, Venue

#: The most log-ins in `_WINDOW_S` seconds: too many lock the user out.
_MOST_LOG_INS = 3
_WINDOW_S = 60.0
#: A known life is used up to this share of it.
_USABLE_LIFE = 0.9
#: How long nobody tries again after a log-in was refused, or failed otherwise, in seconds.
_AFTER_REFUSAL_S = 20.0
_AFTER_FAILURE_S = 2.0
#: How long a refused permission is remembered, in seconds.
_MARK_S = 30.0
#: The longest a callable is waited for that gives a code or a token, in seconds.
CODE_TIMEOUT_S = 60.0

Ask = Callable[[Call[LogInVerdict]], Awaitable[LogInVerdict]]


@attrs.frozen(kw_only=True)
class Ticket:
    """A session to sign with, and its number."""

    number: int
    session: Session | None


@attrs.frozen(kw_only=True)
class _Mark:
    """Under which session a permission was first refused, and when."""

    number: int
    at: float


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
        self._marks: dict[object, _Mark] = {}
        self._failed: NoSession | None = None
        self._try_again_at = 0.0
        #: Whether the current session came by calls, so that it is ours to give back.
        self.earned = False

    @property
    def held(self) -> Session | None:
        """The session at hand, if any."""
        return self._ticket.session if self._ticket else None

    def holds(self, ticket: Ticket) -> bool:
        """Tell whether a session is still the one at hand."""
        return self._ticket is ticket

    async def current(self) -> Ticket | NoSession:
        """Return the current session, by a log-in if there is none; many callers share one log-in."""
        now = self._clock()
        if self._ticket is not None and now < self._expires_at:
            return self._ticket
        if self._failed is not None and now < self._try_again_at:
            return self._ticket or self._failed
        if self._log_in is None:
            self._log_in = asyncio.get_running_loop().create_task(self._renew())
            self._log_in.add_done_callback(self._ended)
        # A caller that leaves must not end the log-in the others wait for.
        return await asyncio.shield(self._log_in)

    def refused(self, number: int, permission: object) -> None:
        """Hear that the venue refused a session; only the current one is given up, and only if that can help.

        What was refused under an older session a moment ago is a missing permission, not a dead session.
        """
        now, mark = self._clock(), self._marks.get(permission)
        if mark is not None and mark.number != number and now - mark.at < _MARK_S:
            return
        self._marks[permission] = _Mark(number=number, at=now)
        if self._venue.renewable and number == self._number:
            self._ticket = None

    def accepted(self, permission: object) -> None:
        """Hear that the venue took the session for that."""
        self._marks.pop(permission, None)

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
            return self._without(NoSession(failure=end))
        self._failed = None
        if end is not None:
            self._on_log_in(None)
            lifetime_s = end.lifetime_s
            self._expires_at = self._clock() + lifetime_s * _USABLE_LIFE if lifetime_s else float("inf")
        self._number += 1
        self._ticket = Ticket(number=self._number, session=end)
        return self._ticket

    def _without(self, failure: NoSession) -> Ticket | NoSession:
        """Remember the failure; a session that is old but was never refused is still used."""
        told = failure.failure
        wait_s = _AFTER_REFUSAL_S if isinstance(told, Refused) else _AFTER_FAILURE_S
        if isinstance(told, Throttled) and told.retry_after_s is not None:
            wait_s = told.retry_after_s
        self._failed, self._try_again_at = failure, self._clock() + wait_s
        return self._ticket or failure

    async def _converse(self) -> Session | Refused | Throttled | Unreadable | None:
        try:
            conversation = self._venue.log_in()
            if conversation is None:
                return None
            answer: LogInVerdict | str | None = None
            self.earned = asked = False
            while True:
                try:
                    need = conversation.send(answer)
                except StopIteration as end:
                    told: Session | Refused | Throttled | Unreadable = end.value
                    return told
                if not asked and self._wait_s() > 0:
                    return Throttled(retry_after_s=self._wait_s(), text="too many log-ins in a minute")
                if not asked:
                    self._log_ins.append(self._clock())
                asked = True
                answer = await self._satisfied(need)
        except TimeoutError:
            return Unreadable(text="nobody gave the code in time")
        except asyncio.CancelledError:
            if is_being_canceled():
                raise
            return Unreadable(text="the log-in failed: what it waited for was canceled")
        except Exception as error:  # noqa: BLE001 - a plugin's or the user's fault is no session, and told so
            return Unreadable(text=f"the log-in failed: {type(error).__name__}: {error}")

    async def _satisfied(self, need: Call[LogInVerdict] | NeedCode) -> LogInVerdict | str:
        if isinstance(need, NeedCode):
            async with asyncio.timeout(CODE_TIMEOUT_S):
                return await ask_aside(need.source)
        self.earned = True
        return await self._ask(need)

    def _wait_s(self) -> float:
        if len(self._log_ins) < _MOST_LOG_INS:
            return 0.0
        return self._log_ins[0] + _WINDOW_S - self._clock()
