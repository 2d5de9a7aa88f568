"""One call of a venue after another: signed, sent, read, and told to whoever observes."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from countermand._ack import LAST_REPLY_BYTES
from countermand._engine._guard import Guard, PluginFault, described
from countermand._engine._redaction import Redactor
from countermand._engine._settings import Settings
from countermand._engine._stamps import Stamps
from countermand._engine._watch import Watch
from countermand._http import HttpRequest, HttpResponse
from countermand._observer import Answered
from countermand._wire._wire import Progress, Wire, WireFault
from countermand.venue import Call, CallKind, Session, Venue

V = TypeVar("V")

#: What is told of an exchange that was canceled.
GIVEN_UP = "given up"


class Post:
    """Exchanges requests of one venue for its answers; whatever is kept of these holds no secret sent."""

    def __init__(self, venue: Venue, guard: Guard, wire: Wire, watch: Watch, settings: Settings) -> None:
        self._venue = venue
        self._guard = guard
        self._wire = wire
        self._watch = watch
        self._settings = settings
        # Nonces must only ever rise, also from one run of the program to the next.
        self._stamps = Stamps()

    async def exchange(
        self, call: Call[V], session: Session | None, progress: Progress
    ) -> tuple[V, HttpResponse, str]:
        """Sign a call, send it and read its answer; return that, the response, and what is kept of it.

        Raises `PluginFault` and `WireFault`.
        """
        base_url, request = self._venue.base_url, call.sign(session, self._stamps.next())
        redactor = Redactor(request, logs_in=call.kind is CallKind.LOG_IN)
        progress.status = None
        progress.sign(call.name)
        self._watch.attempted(self._guard.name, call.name)
        fault = verdict = reply = None
        try:
            response = await self._sent(call, base_url, request, progress)
            reply = redactor.text(response.content[:LAST_REPLY_BYTES].decode("utf-8", "replace"))
            verdict = redactor.answer(call.read(response))
        except PluginFault as error:
            fault = redactor.text(str(error))
            raise PluginFault(fault, reply) from error
        except WireFault as error:
            fault = redactor.text(str(error))  # a library's words can quote the header it did not like
            raise WireFault(fault) from error
        except BaseException as error:
            fault = GIVEN_UP if isinstance(error, asyncio.CancelledError) else type(error).__name__
            raise
        finally:
            self._tell(call, progress, None if fault is not None else type(verdict).__name__, fault)
        return verdict, response, reply

    async def _sent(
        self, call: Call[Any], base_url: str, request: HttpRequest, progress: Progress
    ) -> HttpResponse:
        most_bytes = self._settings.most_bytes(call)
        try:
            return await self._wire.exchange(
                base_url, request, most_bytes, progress, takes_part=call.takes_part
            )
        except WireFault:
            raise
        except Exception as error:
            if not progress.unsent:
                raise
            raise self._guard.fault(f"its request cannot be written: {described(error)}") from error

    def _tell(self, call: Call[Any], progress: Progress, verdict: str | None, fault: str | None) -> None:
        answered = Answered(
            venue=self._guard.name,
            call=call.name,
            elapsed_s=progress.clock() - (progress.signed_at or 0.0),
            http_status=progress.status,
            verdict=verdict,
            fault=fault,
        )
        self._watch.answered(answered)
