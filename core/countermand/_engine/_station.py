"""One venue as the engine reaches it: its sessions, its gate, and one exchange at a time through both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Any, TypeVar

import attrs

from countermand._aside import is_being_canceled
from countermand._case._facts import Answer, Ended, NoSession
from countermand._clock import clock_of
from countermand._engine._errand import Errand
from countermand._engine._guard import Guard, PluginFault
from countermand._engine._guarded_venue import GuardedVenue
from countermand._engine._pages import Pages, in_slices
from countermand._engine._post import Post
from countermand._engine._redaction import fault_of
from countermand._engine._sessions import NumberedSession, Sessions
from countermand._engine._settings import Settings
from countermand._engine._watch import Watch
from countermand._engine._whole_listing import Step, WholeListing, WholeReading
from countermand._http import HttpResponse
from countermand._limits._gate import Gate
from countermand._limits._lane import Ticket
from countermand._limits._limiter import Limiter
from countermand._limits._urgency import Need, Urgency
from countermand._wire._progress import GIVEN_UP, Progress, WireFault
from countermand._wire._wire import Wire
from countermand.venue import (
    Call,
    Cursor,
    LogInVerdict,
    MayHaveActed,
    Page,
    Session,
    SessionRefused,
    Throttled,
    Unreadable,
    Venue,
)

V = TypeVar("V")

#: The longest one call of a log-in is waited for, in seconds: all cancels of the venue wait for the same one.
LOG_IN_TIMEOUT_S = 10.0
#: What says nothing of the session it answers.
_UNCLEAR = (Throttled, Unreadable, MayHaveActed)


class Station:
    """Performs the calls of one venue."""

    def __init__(self, name: str, venue: Venue, wire: Wire, watch: Watch, settings: Settings) -> None:
        loop = asyncio.get_running_loop()
        guard = Guard(name, venue, watch)
        fenced = GuardedVenue(venue, guard)
        self.venue = fenced.as_venue
        self.post = Post(fenced, guard, wire, watch, settings)
        self._watch = watch
        self._settings = settings
        self.clock = clock_of(loop)
        self.sessions = Sessions(self.venue, self._ask_log_in, self.clock, self._on_log_in)

    @cached_property
    def gate(self) -> Gate:
        """Where its calls wait for their turn."""
        # Not before it is used: what a plugin breaks with shall stand in an ack.
        return Gate(Limiter(self._settings.limits_of(self.venue), self._settings.max_in_flight))

    async def perform(self, errand: Errand, make: Callable[[], Call[Answer]]) -> Ended:
        """Perform one call and tell how it ended; never raises but for a cancellation."""
        return await self.told(errand, lambda: self._answered(make(), errand))

    async def list_all(
        self, errand: Errand, make: Callable[[Cursor | None], Call[Any]], pages: Pages
    ) -> Ended:
        """Perform a listing, page after page, until `pages` has its listing, or a failure."""

        async def listed() -> tuple[Answer, str | None]:
            cursor: Cursor | None = None
            while True:
                answer, reply = await self._answered(make(cursor), errand)
                if not isinstance(answer, Page):
                    return answer, reply
                listing = await pages.take(answer, reply or "")
                errand.plugin_fault = errand.plugin_fault or fault_of(answer.rows)
                if listing is not None:
                    return listing, reply
                cursor = answer.ended().next_page

        return await self.told(errand, listed)

    async def list_whole(
        self,
        errand: Errand,
        make: Callable[[Cursor | None], Call[Any]],
        so_far: Callable[[Callable[[], WholeListing]], Awaitable[None]] | None = None,
    ) -> WholeListing:
        """Perform a listing to its end, again where rows may have been missed.

        A failure stands beside what was read before it; never raises but for a cancellation. `so_far` is
        given after each page but the last what tells what was read.
        """
        reading = WholeReading()

        async def read() -> tuple[Answer | None, str | None]:
            cursor: Cursor | None = None
            unreadable: Unreadable | None = None
            while True:
                answer, reply = await self._answered(make(cursor), errand)
                if not isinstance(answer, Page):
                    return answer, reply
                reading.begin_page(errand.progress.signed_at or 0.0)
                # A row that cannot be read hides none of the others: the listing goes on, but proves nothing.
                unreadable = await in_slices(answer.rows, reading.take) or unreadable
                errand.plugin_fault = errand.plugin_fault or fault_of(answer.rows)
                page = answer.ended()
                step = reading.end_page(page, reply or "")
                if step is Step.DONE or (unreadable is not None and step is Step.ANOTHER_PASS):
                    return unreadable, reply
                if so_far is not None:
                    await so_far(reading.listing)
                cursor = page.next_page if step is Step.NEXT_PAGE else None

        ended = await self.told(errand, read)
        if ended.answer is None and ended.fault is None:
            return reading.listing()
        return attrs.evolve(reading.listing(ended), absent_since=None)

    @property
    def renew_at(self) -> float:
        """When its session is to be had anew, if its life is known."""
        return self.sessions.renew_at

    async def log_in(self, errand: Errand) -> NoSession | None:
        """Have a session, by a log-in if there is none; say why there is none at the end."""
        with self.sessions.using(errand):
            held = await self.sessions.current(errand)
        return held if isinstance(held, NoSession) else None

    async def aclose(self) -> None:
        """End a log-in under way and give back a session that was had by one."""
        await self.sessions.aclose()
        session = self.sessions.held
        if session is None or not self.sessions.earned:
            return
        call = self.venue.log_out(session)
        if call is not None:
            ticket = await self.gate.enter(Urgency(need=Need.OTHER), call.kind)
            await self._let_through(ticket, call, session, Progress(clock=self.clock))

    async def told(
        self, errand: Errand, ask: Callable[[], Awaitable[tuple[Answer | None, str | None]]]
    ) -> Ended:
        """Ask within an errand's time, and tell how it ended; never raises but for a cancellation."""
        answer, reply, fault, broken = None, None, None, False
        try:
            async with asyncio.timeout_at(errand.until) as errand.timeout:
                answer, reply = await ask()
        except TimeoutError:
            fault = "no answer in time"
        except WireFault as error:
            fault = str(error)
        except asyncio.CancelledError:
            if is_being_canceled():
                raise
            # Somebody's own future was canceled beneath us: a transport's, or one a code was awaited from.
            fault, broken = GIVEN_UP, True
        except PluginFault as error:
            fault, broken = str(error), True
            if error.reply is not None:  # it came, and is as good as unreadable
                answer, reply = Unreadable(text=fault), error.reply
        except Exception as error:  # noqa: BLE001 - a fault of ours or of a transport is told in the ack
            fault, broken = f"{type(error).__name__}: {error}", True
        finally:
            if fault is None and errand.plugin_fault is not None:
                fault, broken = errand.plugin_fault, True
            errand.timeout = None  # whoever still counts on the errand must not reschedule what is over
        return errand.ended(self.clock(), answer=answer, fault=fault, broken=broken, reply=reply)

    async def _answered(self, call: Call[Answer], errand: Errand) -> tuple[Answer, str | None]:
        with self.sessions.using(errand):
            passed = await self._passed(call, errand)
            if isinstance(passed, NoSession):
                return passed, None
            numbered, told = passed
            return self.heard(told, numbered.number, errand)

    def heard(
        self, told: tuple[Answer, HttpResponse, str], session: int, errand: Errand
    ) -> tuple[Answer, str | None]:
        """Let an answer say something of the session it was given under."""
        answer, response, reply = told
        if is_cached(response):
            answer = Unreadable(text="a cached answer is no evidence")
        signed_at = errand.progress.signed_at or 0.0
        if isinstance(answer, SessionRefused):
            self.sessions.refused(session, errand.permission, signed_at)
        elif not isinstance(answer, _UNCLEAR):
            self.sessions.accepted(session, errand.permission, signed_at)
        return answer, reply

    async def _passed(
        self, call: Call[V], errand: Errand
    ) -> tuple[NumberedSession, tuple[V, HttpResponse, str]] | NoSession:
        while True:
            # No turn is asked for before: while the session is dead, nobody shall hold what others could use.
            numbered = await self.sessions.current(errand)
            if isinstance(numbered, NoSession):
                return numbered
            ticket = await self.gate.enter(errand, errand.kind, errand.account, errand.patience_s)
            # What was current when the wait for a turn began may have been refused since.
            if self.sessions.holds(numbered, errand):
                errand.progress.session = numbered.number
                return numbered, await self._let_through(ticket, call, numbered.session, errand.progress)
            self.gate.give_back(ticket)
            await asyncio.sleep(0)  # the deadline must be able to come, whatever was refused meanwhile

    async def _let_through(
        self, ticket: Ticket, call: Call[V], session: Session | None, progress: Progress
    ) -> tuple[V, HttpResponse, str]:
        try:
            told = await self.post.exchange(call, session, progress)
            self.gate.hear(ticket, told[0])
        finally:
            self.gate.leave(ticket)
        return told

    async def _ask_log_in(
        self, call: Call[LogInVerdict], urgency: Urgency, progress: Progress
    ) -> LogInVerdict:
        # Those who wait for it hold nothing that it needs, and it is as urgent as the first of them.
        ticket = await self.gate.enter(urgency, call.kind)
        try:
            async with asyncio.timeout(LOG_IN_TIMEOUT_S):
                verdict, _, _ = await self._let_through(ticket, call, None, progress)
        except TimeoutError:
            return Unreadable(text="no answer in time")
        except WireFault as error:
            return Unreadable(text=str(error))
        return verdict

    def _on_log_in(self, failure: str | None) -> None:
        self._watch.logged_in(self.venue.name, failure)


def is_cached(response: HttpResponse) -> bool:
    """Tell whether something on the way answered instead of the venue; RFC 9111, 5.1."""
    age = response.headers.get("age")
    return bool(age and age.strip(" 0"))
