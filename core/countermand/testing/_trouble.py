"""How a fault becomes a reply: a table of what each kind does to the answer, or puts in its place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

import attrs

from countermand._http import HttpRequest, HttpResponse
from countermand.testing._asked import before_last_change, show_other, stray_answer
from countermand.testing._fault import Fault, FaultKind, Point
from countermand.testing._reply import SILENCE, Reply, WireTrouble

if TYPE_CHECKING:
    from countermand.testing._simulated_venue import SimulatedVenue

#: No HTTP, and no text of any kind.
GARBAGE = b"\x16\x03\x01\x00\xff\xfe garbage \x80\x81\r\n\r\n"
#: The kinds under which the true answer comes whole, sooner or later.
WHOLE = frozenset({FaultKind.DRIBBLE, FaultKind.LATE, FaultKind.TWO_ANSWERS})
#: The kinds that take their time on the wire.
_TIMED = frozenset({FaultKind.DRIBBLE, FaultKind.LATE, FaultKind.REFUSED})


@attrs.frozen(kw_only=True)
class Met:
    """A request that meets a fault."""

    simulator: SimulatedVenue
    request: HttpRequest
    #: The request's number, from 1 on.
    number: int
    call: str
    fault: Fault
    now: float

    def words(self, kind: FaultKind | None = None) -> HttpResponse:
        """Return the venue's words for a fault: each in its turn."""
        words = self.simulator.words(kind or self.fault.kind, self.call)
        return words[self.number % len(words)]

    def wire(self, stray: HttpResponse | None = None) -> WireTrouble:
        """Tell the shell what to do."""
        seconds = self.fault.delay_s if self.fault.kind in _TIMED else 0.0
        middle = self.fault.point is Point.MIDDLE
        return WireTrouble(kind=self.fault.kind, middle=middle, seconds=seconds, stray=stray)


def troubled(met: Met) -> Reply:
    """Answer a request under its fault; whatever the fault leaves to the venue, it does."""
    fault = met.fault
    if fault.kind in _ANOTHER_QUESTION:
        return _ANOTHER_QUESTION[fault.kind](met)
    if fault.point is Point.BEFORE:
        return _CHANGES[fault.kind](met, SILENCE)
    true = met.simulator.act(met.request, met.now, later=fault.point is Point.LATER)
    if fault.point is Point.LATER:
        return _CHANGES[fault.kind](met, SILENCE)
    if true.response is None and (fault.kind in WHOLE or fault.point is Point.MIDDLE):
        return true  # a venue that never answers: nothing can happen to its answer
    return _CHANGES[fault.kind](met, true)


def _on_the_wire(met: Met, reply: Reply) -> Reply:
    return attrs.evolve(reply, wire=met.wire())


def _in_its_place(met: Met, reply: Reply) -> Reply:
    return Reply(response=met.words(), delay_s=reply.delay_s)


def _late(met: Met, reply: Reply) -> Reply:
    if met.fault.point is Point.MIDDLE:
        return _on_the_wire(met, reply)
    return attrs.evolve(reply, delay_s=reply.delay_s + met.fault.delay_s)


def _throttled_until(met: Met, reply: Reply) -> Reply:
    seconds = 1.0 if met.fault.retry_after_s is None else met.fault.retry_after_s

    def dated(response: HttpResponse, due: float) -> HttpResponse:
        whole = math.ceil(seconds)
        if not met.simulator.behaviour.retry_dates:
            return _with_headers(response, {"retry-after": str(whole)})
        date = math.floor(due)
        return _with_headers(response, {"date": _http_date(date), "retry-after": _http_date(date + whole)})

    return _in_its_place(met, reply).changed(dated)


def _garbage(met: Met, reply: Reply) -> Reply:
    if met.fault.point is not Point.MIDDLE:
        return _on_the_wire(met, reply)

    def spoiled(response: HttpResponse, _due: float) -> HttpResponse:
        half = len(response.content) // 2
        status = response.status if half else 200  # an answer without a body gets one
        return attrs.evolve(response, status=status, content=response.content[:half] + GARBAGE)

    return reply.changed(spoiled)


def _truncated(met: Met, reply: Reply) -> Reply:
    def cut(response: HttpResponse, _due: float) -> HttpResponse:
        whole = response if response.content else met.words()
        return attrs.evolve(whole, content=whole.content[: len(whole.content) // 2])

    if reply.response is None:
        return attrs.evolve(reply, response=cut(met.words(), met.now))
    return reply.changed(cut)


def _half(met: Met, reply: Reply) -> Reply:
    response = met.words() if reply.response is None else reply.response
    return attrs.evolve(reply, response=response, wire=met.wire())


def _two_answers(met: Met, reply: Reply) -> Reply:
    stray = stray_answer(met.simulator, met.request, met.call, met.now)
    return attrs.evolve(reply, wire=met.wire(stray))


def _cached(met: Met) -> Reply:
    """Answer as it was before the last change, at least a second ago by its Age."""
    then = before_last_change(met.simulator, met.request, met.now)
    age = max(1, math.ceil(met.now - then))
    reply = met.simulator.act(met.request, then)
    return reply.changed(lambda response, _due: _with_headers(response, {"age": str(age)}))


def _other_order(met: Met) -> Reply:
    return show_other(met.simulator, met.request, met.now)


def _with_headers(response: HttpResponse, headers: Mapping[str, str]) -> HttpResponse:
    return attrs.evolve(response, headers={**response.headers, **headers})


def _http_date(seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


#: The kinds whose answer is a true one, to another question.
_ANOTHER_QUESTION: Mapping[FaultKind, Callable[[Met], Reply]] = {
    FaultKind.CACHED: _cached,
    FaultKind.OTHER_ORDER: _other_order,
}

#: What the others make of the venue's answer, which is None where it did not act, or not yet.
_CHANGES: Mapping[FaultKind, Callable[[Met, Reply], Reply]] = {
    FaultKind.RESET: _on_the_wire,
    FaultKind.CLOSE: _on_the_wire,
    FaultKind.STALL: _on_the_wire,
    FaultKind.DRIBBLE: _on_the_wire,
    FaultKind.HALF: _half,
    FaultKind.GARBAGE: _garbage,
    FaultKind.TRUNCATED: _truncated,
    FaultKind.EMPTY: _in_its_place,
    FaultKind.CONTRADICTORY: _in_its_place,
    FaultKind.SERVER_ERROR: _in_its_place,
    FaultKind.UNAVAILABLE: _in_its_place,
    FaultKind.SIGN_IN: _in_its_place,
    FaultKind.REDIRECT: _in_its_place,
    FaultKind.UNAUTHORIZED: _in_its_place,
    FaultKind.THROTTLED: _in_its_place,
    FaultKind.THROTTLED_UNTIL: _throttled_until,
    FaultKind.LATE: _late,
    FaultKind.TWO_ANSWERS: _two_answers,
    FaultKind.REFUSED: _on_the_wire,
    FaultKind.TLS: _on_the_wire,
}
