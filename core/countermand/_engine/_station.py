"""One venue as the engine reaches it: its sessions, its gate, and one exchange at a time through both."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from countermand._ack import LAST_REPLY_BYTES
from countermand._case._facts import Answer, Ended, Listing, NoSession
from countermand._engine._redaction import blot_out
from countermand._engine._sessions import Sessions
from countermand._engine._watch import Watch
from countermand._engine._wire import Progress, Wire, WireFault
from countermand._http import HttpRequest, HttpResponse
from countermand._ids import OrderId
from countermand._observer import Answered
from countermand._order import OrderReport
from countermand.errors import ConfigurationError
from countermand.venue import (
    LISTING_BYTES,
    REPLY_BYTES,
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


def _check_count(_instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    if type(value) is not int or value < 1:
        raise ConfigurationError(f"{attribute.name} must be a whole number, 1 or more, got {value!r}")


@attrs.frozen(kw_only=True)
class Settings:
    """What a client can be told about its exchanges: sizes in bytes, and exchanges in flight per venue."""

    max_in_flight: int = attrs.field(default=16, validator=_check_count)
    reply_bytes: int = attrs.field(default=REPLY_BYTES, validator=_check_count)
    listing_bytes: int = attrs.field(default=LISTING_BYTES, validator=_check_count)


@attrs.define(kw_only=True)
class Errand:
    """One exchange to perform: for whom it is permitted, until when it may last, how far it has come."""

    number: int
    account: str
    kind: CallKind
    until: float
    progress: Progress
    timeout: asyncio.Timeout | None = None

    @property
    def permission(self) -> object:
        """What a venue may refuse under one session and allow under another."""
        return (self.account, self.kind)

    def last(self, until: float) -> None:
        """Let it last longer, for someone who joined."""
        self.until = max(self.until, until)
        if self.timeout is not None and not self.timeout.expired():
            self.timeout.reschedule(self.until)


class Station:
    """Performs the calls of one venue."""

    def __init__(self, venue: Venue, wire: Wire, watch: Watch, settings: Settings) -> None:
        loop = asyncio.get_running_loop()
        self.venue = venue
        self._wire = wire
        self._watch = watch
        self._settings = settings
        self._clock: Callable[[], float] = loop.time
        self._gate = asyncio.Semaphore(settings.max_in_flight)
        # Nonces must only ever rise, also from one run of the program to the next.
        self._nonces = itertools.count(time.time_ns() // 1_000_000)
        self._sessions = Sessions(venue, self._ask_log_in, loop.time, self._on_log_in)

    async def perform(self, errand: Errand, make: Callable[[], Call[Answer]]) -> Ended:
        """Perform one call and tell how it ended; never raises but for a cancellation."""
        return await self._told(errand, lambda: self._answered(make(), errand))

    async def list_all(
        self,
        errand: Errand,
        make: Callable[[int | None], Call[Any]],
        concerns: Callable[[OrderReport], bool],
        enough: Callable[[OrderReport], bool] | None = None,
    ) -> Ended:
        """Perform a listing, page after page, to its end or to the page with a row that is `enough`."""

        async def listed() -> tuple[Answer, str | None]:
            kept: list[OrderReport] = []
            seen: set[OrderId] = set()
            page: int | None = None
            last: str | None = None
            while True:
                answer, reply = await self._answered(make(page), errand)
                if not isinstance(answer, Page):
                    return answer, reply
                rows = tuple(answer.rows)
                new = {row.order_id for row in rows} - seen
                # A page may show no row, where a plugin leaves out those that were not asked for.
                if not new and (rows or (answer.next_page is not None and reply == last)):
                    # The venue ignores what page was asked for: nobody knows what it leaves out.
                    return Unreadable(text="the pages of the listing repeat"), reply
                last = reply
                seen |= new
                kept.extend(row for row in rows if concerns(row))
                found = enough is not None and any(enough(row) for row in kept)
                if answer.next_page is None or found:
                    return Listing(rows=tuple(kept)), reply
                page = answer.next_page

        return await self._told(errand, listed)

    async def aclose(self) -> None:
        """End a log-in under way and give back a session that was had by one."""
        await self._sessions.aclose()
        session = self._sessions.held
        if session is None or not self._sessions.earned:
            return
        call = self.venue.log_out(session)
        if call is not None:
            progress = Progress(clock=self._clock)
            await self._exchange(call, session, progress)

    async def _told(self, errand: Errand, ask: Callable[[], Any]) -> Ended:
        progress = errand.progress
        answer, reply, fault, broken = None, None, None, False
        try:
            async with asyncio.timeout_at(errand.until) as errand.timeout:
                answer, reply = await ask()
        except TimeoutError:
            fault = "no answer in time"
        except WireFault as error:
            fault = str(error)
        except Exception as error:  # noqa: BLE001 - a fault of a plugin or a transport is told in the ack
            fault, broken = f"{type(error).__name__}: {error}", True
        return Ended(
            number=errand.number,
            at=self._clock(),
            sent=progress.sent,
            call=progress.call,
            signed_at=progress.signed_at,
            first_byte_at=progress.first_byte_at,
            session=progress.session,
            answer=answer,
            fault=fault,
            broken=broken,
            status=progress.status,
            reply=reply,
        )

    async def _answered(self, call: Call[Answer], errand: Errand) -> tuple[Answer, str | None]:
        async with self._gate:
            # Asked for only now: what was current when the wait began may have been refused since.
            ticket = await self._sessions.current()
            if isinstance(ticket, NoSession):
                return ticket, None
            errand.progress.session = ticket.number
            answer, response = await self._exchange(call, ticket.session, errand.progress)
        if _is_cached(response):
            answer = Unreadable(text="a cached answer is no evidence")
        if isinstance(answer, SessionRefused):
            self._sessions.refused(ticket.number, errand.permission)
        else:
            self._sessions.accepted(errand.permission)
        return answer, response.content[:LAST_REPLY_BYTES].decode("utf-8", "replace")

    async def _exchange(
        self, call: Call[V], session: Session | None, progress: Progress
    ) -> tuple[V, HttpResponse]:
        request = call.sign(session, Stamp(nonce=next(self._nonces)))
        progress.status = None
        progress.sign(call.name)
        self._watch.attempted(self.venue.name, call.name)
        fault: str | None = None
        verdict = None
        try:
            verdict, response = await self._read(call, request, progress)
        except BaseException as error:
            fault = _worded(error)
            raise
        finally:
            self._watch.answered(
                Answered(
                    venue=self.venue.name,
                    call=call.name,
                    elapsed_s=self._clock() - (progress.signed_at or 0.0),
                    http_status=progress.status,
                    verdict=type(verdict).__name__ if fault is None else None,
                    fault=fault,
                )
            )
        return verdict, response

    async def _read(self, call: Call[V], request: HttpRequest, progress: Progress) -> tuple[V, HttpResponse]:
        try:
            response = await self._wire.exchange(self.venue.base_url, request, self._most(call), progress)
        except WireFault as error:
            # A library's words can quote the header it did not like.
            raise WireFault(blot_out(str(error).encode(), request).decode()) from error
        response = attrs.evolve(response, content=blot_out(response.content, request))
        return call.read(response), response

    async def _ask_log_in(self, call: Call[LogInVerdict]) -> LogInVerdict:
        # A log-in that cancels wait for must not queue behind them: it does not pass the gate.
        try:
            async with asyncio.timeout(LOG_IN_TIMEOUT_S):
                verdict, _ = await self._exchange(call, None, Progress(clock=self._clock))
        except TimeoutError:
            return Unreadable(text="no answer in time")
        except WireFault as error:
            return Unreadable(text=str(error))
        return verdict

    def _most(self, call: Call[Any]) -> int:
        return self._settings.reply_bytes if call.max_bytes <= REPLY_BYTES else self._settings.listing_bytes

    def _on_log_in(self, failure: str | None) -> None:
        self._watch.logged_in(self.venue.name, failure)


def _is_cached(response: HttpResponse) -> bool:
    """Tell whether something on the way answered instead of the venue; RFC 9111, 5.1."""
    return bool(response.headers.get("age", "").strip(" 0"))


def _worded(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError):
        return "given up"
    return str(error) if isinstance(error, WireFault) else type(error).__name__
