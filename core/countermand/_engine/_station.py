"""One venue as the engine reaches it: its sessions, its gates, and one exchange at a time through both."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from countermand._ack import LAST_REPLY_BYTES
from countermand._case._facts import Answer, Ended, NoSession
from countermand._engine._aside import is_being_canceled
from countermand._engine._errand import Errand, Gate
from countermand._engine._pages import Pages
from countermand._engine._redaction import Redactor
from countermand._engine._sessions import Sessions, Ticket
from countermand._engine._settings import Settings
from countermand._engine._watch import Watch
from countermand._engine._wire import Progress, Wire, WireFault
from countermand._http import HttpResponse
from countermand._observer import Answered
from countermand.venue import (
    Call,
    CallKind,
    LogInVerdict,
    Page,
    Session,
    SessionRefused,
    Stamp,
    Unreadable,
    Venue,
)

V = TypeVar("V")

#: The longest one call of a log-in is waited for, in seconds: all cancels of the venue wait for the same one.
LOG_IN_TIMEOUT_S = 10.0


class Station:
    """Performs the calls of one venue."""

    def __init__(self, venue: Venue, wire: Wire, watch: Watch, settings: Settings) -> None:
        loop = asyncio.get_running_loop()
        self.venue = venue
        self._wire = wire
        self._watch = watch
        self._settings = settings
        self._clock: Callable[[], float] = loop.time
        # Cancels that nobody answers must not keep the reads from settling them.
        self._cancels = Gate(settings.max_in_flight)
        self._reads = Gate(settings.max_in_flight)
        # Nonces must only ever rise, also from one run of the program to the next.
        self._nonces = itertools.count(time.time_ns() // 1_000_000)
        self._sessions = Sessions(venue, self._ask_log_in, loop.time, self._on_log_in)

    async def perform(self, errand: Errand, make: Callable[[], Call[Answer]]) -> Ended:
        """Perform one call and tell how it ended; never raises but for a cancellation."""
        return await self._told(errand, lambda: self._answered(make(), errand))

    async def list_all(self, errand: Errand, make: Callable[[int | None], Call[Any]], pages: Pages) -> Ended:
        """Perform a listing, page after page, until `pages` has its listing, or a failure."""

        async def listed() -> tuple[Answer, str | None]:
            cursor: int | None = None
            while True:
                answer, reply = await self._answered(make(cursor), errand)
                if not isinstance(answer, Page):
                    return answer, reply
                listing = pages.take(answer, reply or "")
                if listing is not None:
                    return listing, reply
                cursor = answer.next_page

        return await self._told(errand, listed)

    async def aclose(self) -> None:
        """End a log-in under way and give back a session that was had by one."""
        await self._sessions.aclose()
        session = self._sessions.held
        if session is None or not self._sessions.earned:
            return
        call = self.venue.log_out(session)
        if call is not None:
            await self._exchange(call, session, Progress(clock=self._clock))

    async def _told(self, errand: Errand, ask: Callable[[], Awaitable[tuple[Answer, str | None]]]) -> Ended:
        answer, reply, fault, broken = None, None, None, False
        try:
            async with asyncio.timeout_at(errand.until) as errand.timeout:
                answer, reply = await ask()
        except TimeoutError:
            fault = "no answer in time"
        except WireFault as error:
            fault = str(error)
        except asyncio.CancelledError as error:
            if is_being_canceled():
                raise
            # Somebody's own future was canceled beneath us: a transport's, or one a code was awaited from.
            fault, broken = _worded(error), True
        except Exception as error:  # noqa: BLE001 - a fault of a plugin or a transport is told in the ack
            fault, broken = f"{type(error).__name__}: {error}", True
        return errand.ended(self._clock(), answer=answer, fault=fault, broken=broken, reply=reply)

    async def _answered(self, call: Call[Answer], errand: Errand) -> tuple[Answer, str | None]:
        passed = await self._passed(call, errand)
        if isinstance(passed, NoSession):
            return passed, None
        ticket, answer, response, reply = passed
        if _is_cached(response):
            answer = Unreadable(text="a cached answer is no evidence")
        if isinstance(answer, SessionRefused):
            self._sessions.refused(ticket.number, errand.permission)
        else:
            self._sessions.accepted(errand.permission)
        return answer, reply

    async def _passed(self, call: Call[V], errand: Errand) -> tuple[Ticket, V, HttpResponse, str] | NoSession:
        gate = self._cancels if errand.kind is CallKind.CANCEL else self._reads
        while True:
            # Waited for outside of the gate: a slow log-in would use up the patience of all its places.
            ticket = await self._sessions.current()
            if isinstance(ticket, NoSession):
                return ticket
            async with gate.passing(errand.patience_s):
                # What was current when the wait for a place began may have been refused since.
                if self._sessions.holds(ticket):
                    errand.progress.session = ticket.number
                    return ticket, *await self._exchange(call, ticket.session, errand.progress)

    async def _exchange(
        self, call: Call[V], session: Session | None, progress: Progress
    ) -> tuple[V, HttpResponse, str]:
        request = call.sign(session, Stamp(nonce=next(self._nonces)))
        redactor = Redactor(request)
        progress.status = None
        progress.sign(call.name)
        self._watch.attempted(self.venue.name, call.name)
        fault: str | None = None
        verdict = None
        try:
            most_bytes = self._settings.most_bytes(call)
            response = await self._wire.exchange(self.venue.base_url, request, most_bytes, progress)
            verdict = redactor.answer(call.read(response))
        except WireFault as error:
            fault = redactor.text(str(error))  # a library's words can quote the header it did not like
            raise WireFault(fault) from error
        except BaseException as error:
            fault = _worded(error)
            raise
        finally:
            self._tell(call, progress, None if fault is not None else type(verdict).__name__, fault)
        reply = response.content[:LAST_REPLY_BYTES].decode("utf-8", "replace")
        return verdict, response, redactor.text(reply)

    def _tell(self, call: Call[Any], progress: Progress, verdict: str | None, fault: str | None) -> None:
        answered = Answered(
            venue=self.venue.name,
            call=call.name,
            elapsed_s=self._clock() - (progress.signed_at or 0.0),
            http_status=progress.status,
            verdict=verdict,
            fault=fault,
        )
        self._watch.answered(answered)

    async def _ask_log_in(self, call: Call[LogInVerdict]) -> LogInVerdict:
        # A log-in that cancels wait for must not queue behind them: it does not pass a gate.
        try:
            async with asyncio.timeout(LOG_IN_TIMEOUT_S):
                verdict, _, _ = await self._exchange(call, None, Progress(clock=self._clock))
        except TimeoutError:
            return Unreadable(text="no answer in time")
        except WireFault as error:
            return Unreadable(text=str(error))
        return verdict

    def _on_log_in(self, failure: str | None) -> None:
        self._watch.logged_in(self.venue.name, failure)


def _is_cached(response: HttpResponse) -> bool:
    """Tell whether something on the way answered instead of the venue; RFC 9111, 5.1."""
    return bool(response.headers.get("age", "").strip(" 0"))


def _worded(error: BaseException) -> str:
    return "given up" if isinstance(error, asyncio.CancelledError) else type(error).__name__
