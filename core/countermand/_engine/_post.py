"""One call of a venue after another: signed, sent, read, and told to whoever observes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

import attrs

from countermand._ack import LAST_REPLY_BYTES
from countermand._case._receipt import Taken
from countermand._engine._guard import Guard, PluginFault, described
from countermand._engine._guarded_call import Form
from countermand._engine._guarded_venue import GuardedVenue
from countermand._engine._redaction import Redactor, Redactors
from countermand._engine._settings import Settings
from countermand._engine._stamps import Stamps
from countermand._engine._watch import Watch
from countermand._http import HttpRequest, HttpResponse
from countermand._maker import maker
from countermand._observer import Answered
from countermand._wire._progress import GIVEN_UP, Clock, Progress, WireFault
from countermand._wire._sending import Bound, Sending
from countermand._wire._wire import Wire
from countermand.venue import Call, CallKind, CancelTarget, CancelVerdict, Receipt, Session
from countermand.venue._receipts import is_remembered

V = TypeVar("V")

_answered = maker(Answered)


@attrs.define(eq=False)
class Letter(Generic[V]):
    """A call that was sent, as far as its answer is to be read: the rest of it is not kept meanwhile."""

    name: str
    read: Callable[[HttpResponse], V]
    redactor: Redactor


@attrs.define(eq=False, repr=False)  # what it is known by bears secrets
class CancelLetter(Letter[CancelVerdict]):
    """That of all cancels of one form with the same headers: it knows the last receipt again."""

    form: Form
    headers: Mapping[str, str]
    bound: Bound
    #: What it said, which it is known by with its status.
    _content: bytes | None = None
    _taken: Taken | None = None

    def receipt(self, response: HttpResponse) -> Taken | None:
        """Return the plain receipt that an answer is, with what is kept of it; None for all else."""
        taken = self._taken
        if taken is not None and response.content == self._content and response.status == taken.status:
            return taken
        return self._read_receipt(response)

    def _read_receipt(self, response: HttpResponse) -> Taken | None:
        try:
            receipt = self.redactor.answer(self.read(response))
        except PluginFault:
            return None
        if type(receipt) is not Receipt:
            return None
        taken = Taken(receipt, response.status, kept(self, response))
        # The next answer like it need not be read, nor fenced in: no code of the plugin's would be run.
        if is_remembered(self.form.plain_read, response):
            self._content, self._taken = response.content, taken
        return taken


class Post:
    """Exchanges requests of one venue for its answers; whatever is kept of these holds no secret sent."""

    def __init__(
        self, venue: GuardedVenue, guard: Guard, wire: Wire, watch: Watch, settings: Settings
    ) -> None:
        self._venue = venue
        self._guard = guard
        self._wire = wire
        self._watch = watch
        self._settings = settings
        # Nonces must only ever rise, also from one run of the program to the next.
        self._stamps = Stamps()
        self._redactors = Redactors()
        #: Of the last cancel, and nearly always of the next one.
        self._letter: CancelLetter | None = None

    async def exchange(
        self, call: Call[V], session: Session | None, progress: Progress
    ) -> tuple[V, HttpResponse, str]:
        """Sign a call, send it and read its answer; return that, the response, and what is kept of it.

        Raises `PluginFault` and `WireFault`.
        """
        request, letter = self._signed(call, session)
        progress.status = None
        progress.sign(call.name)
        self._watch.attempted(self._guard.name, call.name)
        most_bytes = self._settings.most_bytes(call.kind, call.max_bytes)
        sent = self._wire.exchange(
            self._venue.base_url, request, most_bytes, progress, takes_part=call.takes_part
        )
        return await self.answered(letter, sent, progress)

    def send_cancel(
        self, target: CancelTarget, session: Session | None, clock: Clock, on_end: Callable[[], None]
    ) -> tuple[CancelLetter, Sending]:
        """Make a cancel and send it, and call back when its answer is here, or that there is none.

        Raises `PluginFault`.
        """
        base_url = self._venue.base_url  # before anything is signed, as ever
        form, request = self._venue.cancels.signed(target, session, self._stamps)
        letter = self._letter
        if letter is None or letter.form is not form or letter.headers != request.headers:
            letter = self._letter = self._cancel_letter(form, request)
        self._watch.attempted(self._guard.name, letter.name)
        return letter, self._wire.begin(base_url, request, letter.bound, clock, on_end)

    def _cancel_letter(self, form: Form, request: HttpRequest) -> CancelLetter:
        bound = Bound(self._settings.most_bytes(form.kind, form.max_bytes), form.takes_part)
        redactor = self._redactors.of(request)
        return CancelLetter(form.name, form.read, redactor, form, request.headers, bound)

    def _signed(self, call: Call[V], session: Session | None) -> tuple[HttpRequest, Letter[V]]:
        _ = self._venue.base_url  # what a plugin breaks with there shall be told before anything is signed
        request = call.sign(session, self._stamps.next())
        redactor = self._redactors.of(request, logs_in=call.kind is CallKind.LOG_IN)
        return request, Letter(call.name, call.read, redactor)

    async def answered(
        self, letter: Letter[V], response: Awaitable[HttpResponse], progress: Progress
    ) -> tuple[V, HttpResponse, str]:
        """Wait for the answer to a call that was sent, and read it; returns and raises as `exchange` does."""
        redactor = letter.redactor
        fault = verdict = reply = None
        try:
            come = await self._come(response, progress)
            reply = kept(letter, come)
            verdict = redactor.answer(letter.read(come))
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
            elapsed_s = progress.clock() - (progress.signed_at or 0.0)
            self.tell(letter, elapsed_s, progress.status, type(verdict) if fault is None else None, fault)
        return verdict, come, reply

    async def _come(self, response: Awaitable[HttpResponse], progress: Progress) -> HttpResponse:
        try:
            return await response
        except WireFault:
            raise
        except Exception as error:
            if not progress.unsent:
                raise
            raise self._guard.fault(f"its request cannot be written: {described(error)}") from error

    def tell(
        self,
        letter: Letter[Any],
        elapsed_s: float,
        status: int | None,
        verdict: type | None,
        fault: str | None = None,
    ) -> None:
        """Tell whoever observes how an exchange ended."""
        self._watch.answered(
            _answered(
                venue=self._guard.name,
                call=letter.name,
                elapsed_s=elapsed_s,
                http_status=status,
                verdict=None if verdict is None else verdict.__name__,
                fault=fault,
            )
        )


def kept(letter: Letter[Any], response: HttpResponse) -> str:
    """Return what is kept of a reply."""
    return letter.redactor.beginning(response.content, LAST_REPLY_BYTES)
