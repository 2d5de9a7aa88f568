"""A log-in: the conversation that a venue wants, so often a minute at most, and not too soon again."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable

from countermand._aside import ask_aside, is_being_canceled
from countermand._case._facts import NoSession
from countermand._engine._guard import PluginFault, worded
from countermand._limits._urgency import Need, Urgency
from countermand._outcome import Sent
from countermand._wire._progress import Progress
from countermand.venue import (
    Call,
    LogInFailure,
    LogInVerdict,
    NeedCode,
    Refused,
    Session,
    Throttled,
    Unreadable,
    Venue,
)

#: The most log-ins in `_WINDOW_S` seconds; too many lock the user out. One that the venue cannot have
#: seen is none: a port closed for a moment must not keep anybody out for a minute.
_MOST_LOG_INS = 3
_WINDOW_S = 60.0
#: So many more there are for a kill, which nothing of the ordinary path may lock out.
_FOR_KILLS = 1
#: So many of them are kept for a session that was good for something, and died.
_RESERVED = 1
_TOO_MANY = "too many log-ins in a minute"
#: How long nobody tries again after a log-in was refused, or failed otherwise, in seconds. What the venue
#: tells outranks it, but a stray header must not lock anybody out of its orders.
_AFTER_REFUSAL_S = 20.0
_AFTER_FAILURE_S = 2.0
_LONGEST_PAUSE_S = 60.0
#: The longest a callable is waited for that gives a code or a token, in seconds.
CODE_TIMEOUT_S = 60.0

#: Performs a call of a log-in, as urgently as those who wait for it want; notes how far it came.
Ask = Callable[[Call[LogInVerdict], Urgency, Progress], Awaitable[LogInVerdict]]


class LogIns:
    """Logs in to one venue."""

    def __init__(self, venue: Venue, ask: Ask, clock: Callable[[], float]) -> None:
        self._venue = venue
        self._ask = ask
        self._clock = clock
        self._begun: deque[float] = deque(maxlen=_MOST_LOG_INS + _FOR_KILLS)
        self._is_counted = self._was_full = False
        self._failure: LogInFailure | None = None
        self._fault: str | None = None
        self._again_at = -math.inf
        #: Whether the last session came by calls, so that it is ours to give back.
        self.earned = False

    def barred(self, need: Need) -> NoSession | None:
        """Say why nobody of that need tries again now, after a log-in that failed; None where one may."""
        if self._failure is None:
            return None
        wait_s = max(self._again_at - self._clock(), self._wait_s(need))
        if wait_s <= 0:
            return None
        return NoSession(failure=self._failure, again_in_s=wait_s, plugin_fault=self._fault)

    def reserved(self, need: Need) -> NoSession | None:
        """Say why nobody of that need tries now whom the venue may never have known; None where one may."""
        wait_s = self._wait_s(need, _RESERVED)
        return NoSession(failure=Throttled(retry_after_s=wait_s, text=_TOO_MANY)) if wait_s > 0 else None

    async def log_in(self, urgency: Urgency) -> Session | NoSession | None:
        """Have one conversation; None where calls need no session."""
        self._fault = None
        end = await self._had(urgency)
        if not isinstance(end, Refused | Throttled | Unreadable):
            self._failure = None
            return end
        pause_s = 0.0 if self._was_full else _pause_s(end)
        self._failure, self._again_at = end, self._clock() + pause_s
        wait_s = max(pause_s, self._wait_s(urgency.need))
        return NoSession(failure=end, again_in_s=wait_s, plugin_fault=self._fault)

    async def _had(self, urgency: Urgency) -> Session | LogInFailure | None:
        try:
            return await self._converse(urgency)
        except TimeoutError:
            return Unreadable(text="nobody gave the code in time")
        except asyncio.CancelledError:
            if is_being_canceled():
                raise
            return Unreadable(text="the log-in failed: what it waited for was canceled")
        except Exception as error:  # noqa: BLE001 - a plugin's or the user's fault is no session, and told so
            self._fault = worded(error) if isinstance(error, PluginFault) else None
            return Unreadable(text=f"the log-in failed: {worded(error)}")

    async def _converse(self, urgency: Urgency) -> Session | LogInFailure | None:
        conversation = self._venue.log_in()
        if conversation is None:
            return None
        answer: LogInVerdict | str | None = None
        called, self._is_counted, self._was_full = False, False, False
        while True:
            try:
                need = conversation.send(answer)
            except StopIteration as end:
                self.earned = called
                told: Session | LogInFailure = end.value
                return told
            if not self._is_counted and (wait_s := self._wait_s(urgency.need)) > 0:
                self._was_full = True
                return Throttled(retry_after_s=wait_s, text=_TOO_MANY)
            called = called or isinstance(need, Call)
            answer = await self._satisfied(need, urgency)

    async def _satisfied(self, need: Call[LogInVerdict] | NeedCode, urgency: Urgency) -> LogInVerdict | str:
        if isinstance(need, NeedCode):
            self._count(self._clock())
            async with asyncio.timeout(CODE_TIMEOUT_S):
                return await ask_aside(need.source)
        progress = Progress(clock=self._clock)
        try:
            return await self._ask(need, urgency, progress)
        finally:
            if progress.sent is not Sent.NO:
                self._count(progress.signed_at or 0.0)

    def _count(self, at: float) -> None:
        """Count the conversation once among the log-ins."""
        if not self._is_counted:
            self._begun.append(at)
        self._is_counted = True

    def _wait_s(self, need: Need, reserved: int = 0) -> float:
        most = _MOST_LOG_INS + (_FOR_KILLS if need is Need.KILL else 0) - reserved
        return self._begun[-most] + _WINDOW_S - self._clock() if len(self._begun) >= most else 0.0


def _pause_s(failure: LogInFailure) -> float:
    if isinstance(failure, Throttled) and failure.retry_after_s is not None:
        return min(failure.retry_after_s, _LONGEST_PAUSE_S)
    return _AFTER_REFUSAL_S if isinstance(failure, Refused) else _AFTER_FAILURE_S
