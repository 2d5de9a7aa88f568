"""Every fault at every point of every call, at both venues, through both shells: what comes, what acts."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import attrs
import httpx
import pytest

from countermand import Assurance, OrderId, OrderStatus, Scope
from countermand.testing import (
    CALLS,
    POSSIBLE,
    Fault,
    FaultKind,
    Point,
    Simulator,
    in_process,
    load_simulator,
    run_virtually,
    serving,
)
from countermand.venue import CancelTarget, Session, Stamp

K, P = FaultKind, Point
CANCELS = ("cancel", "mass-cancel")
VENUES = ("apex", "autoshares")
NEVER = "never"
RECEIPT = {"result": True, "errormsg": None, "errorcode": 0, "detail": None}
#: One for all: certificates take their time to load, and none is needed here.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
#: How long a client waits for what never comes once the venue has met its request, in seconds.
PATIENCE_S = 0.05

#: What a fault is for a client: the exception, or what answer it gets; "true" is the one without a fault.
SEEN: dict[tuple[FaultKind, Point], str] = {
    **{(K.RESET, point): "ReadError" for point in Point},
    **{(K.CLOSE, point): "RemoteProtocolError" for point in Point},
    **{(K.STALL, point): NEVER for point in Point},
    **{(K.HALF, point): "RemoteProtocolError" for point in Point},
    **{(K.GARBAGE, point): "RemoteProtocolError" for point in Point},
    (K.GARBAGE, P.MIDDLE): "no text",
    **{(K.DRIBBLE, point): "true" for point in Point},
    **{(K.LATE, point): "true" for point in Point},
    **{(K.TWO_ANSWERS, point): "true" for point in Point},
    **{(K.TRUNCATED, point): "no JSON" for point in Point},
    **{(K.EMPTY, point): "200 and nothing" for point in Point},
    **{(K.CONTRADICTORY, point): "200" for point in Point},
    **{(K.SERVER_ERROR, point): "500" for point in Point},
    **{(K.UNAVAILABLE, point): "503 HTML" for point in Point},
    **{(K.SIGN_IN, point): "200 HTML" for point in Point},
    **{(K.REDIRECT, point): "302" for point in Point},
    **{(K.UNAUTHORIZED, point): "401" for point in Point},
    **{(K.THROTTLED, point): "throttled" for point in Point},
    **{(K.THROTTLED_UNTIL, point): "throttled until" for point in Point},
    **{(K.REFUSED, point): "ConnectError" for point in Point},
    **{(K.TLS, point): "ConnectError" for point in Point},
    (K.CACHED, P.AFTER): "aged",
    (K.OTHER_ORDER, P.AFTER): "another's",
}
#: Seconds that make a fault short, where it takes any; a shut door is not waited for.
SHORT = {K.LATE: 0.02, K.DRIBBLE: 0.02, K.REFUSED: 30.0, K.TLS: 30.0}


@attrs.frozen
class Answer:
    """What a client got."""

    status: int
    headers: dict[str, str]
    content: bytes


Ask = Callable[[httpx.Request], Coroutine[Any, Any, Answer | str]]
Reached = tuple[str, Ask]


def request_of(simulator: Simulator, base_url: str, call: str) -> httpx.Request:
    """Write the request of a call as the venue's plugin does."""
    venue = simulator.venue(base_url)
    makers: dict[str, Callable[[], Any]] = {
        "cancel": lambda: venue.cancel(
            CancelTarget(account="9", order=OrderId("6500"), assurance=Assurance.RECEIVED)
        ),
        "read": lambda: venue.read_order("9", OrderId("6500")),
        "trail": lambda: venue.read_trail("9", OrderId("6500")),
        "open": lambda: venue.list_open("9"),
        "history": lambda: venue.list_history("9"),
        "mass-cancel": lambda: venue.cancel_all(Scope.account(venue.name, "9")),
        "accounts": venue.list_accounts,
    }
    if call == "log-in":
        return log_in_of(simulator, base_url)
    signed = makers[call]().sign(Session(token=simulator.credentials.session_token), Stamp(nonce=1))
    path = signed.path
    if call == "open" and simulator.name == "autoshares":
        path += "&filter=Status in (0,1,6)".replace(" ", "%20")
    return httpx.Request(signed.method, base_url + path, headers=signed.headers, content=signed.content)


def log_in_of(simulator: Simulator, base_url: str) -> httpx.Request:
    """Write a log-in with the user's password."""
    known = simulator.credentials
    if simulator.name == "apex":
        auth = httpx.BasicAuth(known.user, known.password)
        return next(auth.auth_flow(httpx.Request("POST", base_url + "/AP/Authenticate")))
    headers = {"et-app-key": known.app_key, "username": known.user, "password": known.password}
    return httpx.Request("POST", base_url + "/token", headers=headers)


async def asked(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> Answer | str:
    """Send a request, and return its answer or the name of what came of it."""
    try:
        response = await transport.handle_async_request(request)
        try:
            content = await response.aread()
        finally:
            await response.aclose()
    except httpx.TransportError as error:
        return type(error).__name__
    return Answer(response.status_code, dict(response.headers), content)


async def asked_in_vain(simulator: Simulator, asking: Coroutine[Any, Any, Answer | str]) -> Answer | str:
    """Wait until the venue has met the request, however busy the machine is, and a little longer."""
    task = asyncio.ensure_future(asking)
    while not simulator.faults.met:  # noqa: ASYNC110 - what a venue has met has no event
        await asyncio.sleep(0.001)
    try:
        return await asyncio.wait_for(task, PATIENCE_S)
    except TimeoutError:
        return NEVER


@asynccontextmanager
async def in_memory(simulator: Simulator) -> AsyncIterator[Reached]:
    """Reach a simulator without a socket."""
    transport = in_process(simulator)
    yield "http://127.0.0.1:1", lambda request: asked(transport, request)


@asynccontextmanager
async def over_sockets(simulator: Simulator) -> AsyncIterator[Reached]:
    """Reach a simulator over loopback, with httpx's own transport."""
    async with serving(simulator) as live, httpx.AsyncHTTPTransport(verify=NO_TLS) as transport:
        yield live.base_url, lambda request: asked(transport, request)


SHELLS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "in-process": (in_memory, run_virtually),
    "sockets": (over_sockets, asyncio.run),
}
CELLS = [
    pytest.param(name, call, kind, point, id=f"{name}-{call}-{kind.value}-{point.value}")
    for name in VENUES
    for (kind, point), calls in POSSIBLE.items()
    for call in CALLS
    if call in calls and (name, call) != ("autoshares", "mass-cancel")
]


def with_order(name: str) -> Simulator:
    """Make a venue with one open order that has changed once."""
    simulator = load_simulator(name)()
    simulator.place(0.0, order_id="6500", client_order_id="77")
    simulator.book.fill("6500", 1.0, Decimal(3))
    return simulator


def told(answer: Answer | str, call: str) -> str:
    """Name what a client got."""
    if isinstance(answer, str):
        return answer
    content, status = answer.content, answer.status
    is_html = answer.headers.get("content-type", "").startswith("text/html")
    if is_html:
        return f"{status} HTML"
    if status == 429 or b"TOO MANY REQUESTS" in content or b"Too Many Requests" in content:
        return "throttled until" if "retry-after" in answer.headers else "throttled"
    if status in (302, 401, 500):
        return str(status)
    return f"{status} and nothing" if status == 200 and not content else _told_by_content(answer, call)


def _told_by_content(answer: Answer, call: str) -> str:
    try:
        value = json.loads(answer.content) if answer.content else None
    except UnicodeDecodeError:
        return "no text"
    except json.JSONDecodeError:
        return "no JSON"
    if "age" in answer.headers:
        assert int(answer.headers["age"]) > 0
        return "aged"
    is_true = TRUE[call](value, answer.content)
    if is_true:
        return "true"
    return "another's" if b"6501" in answer.content else str(answer.status)


def _shows(order_id: bytes) -> Callable[[Any, bytes], bool]:
    return lambda _value, content: order_id in content


#: Whether an answer to a call is one that the venue would have given without a fault.
TRUE: dict[str, Callable[[Any, bytes], bool]] = {
    **dict.fromkeys(CANCELS, lambda value, _: value is None or value == RECEIPT),
    "accounts": _shows(b"9"),
    **dict.fromkeys(("read", "trail", "open", "history"), _shows(b"6500")),
    "log-in": lambda _, content: b"simulated-session-token" in content,
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("name", "call", "kind", "point"), CELLS)
def test_each_fault_at_each_point(name: str, shell: str, call: str, kind: FaultKind, point: Point) -> None:
    """The client gets what the fault is, and the venue has acted, not acted, or acts after the next read."""
    reach, run = SHELLS[shell]
    simulator, expected = with_order(name), SEEN[kind, point]
    fault = Fault(kind=kind, point=point, delay_s=SHORT.get(kind, 1.0))

    async def main() -> None:
        async with reach(simulator) as (base_url, ask):
            simulator.faults.script(call, fault)
            asking = ask(request_of(simulator, base_url, call))
            answer = await (asked_in_vain(simulator, asking) if expected == NEVER else asking)
            assert told(answer, call) == expected
            assert [(met_at, met) for _, met_at, met in simulator.faults.met] == [(call, fault)]
            if expected == "ConnectError":
                assert simulator.requests == []
                return
            (noted,) = simulator.requests
            assert noted.fault == fault.word
            assert (noted.acted_at is None) is (point in (P.BEFORE, P.LATER))
            acted = call in CANCELS and point in (P.AFTER, P.MIDDLE)
            assert (simulator.book.order("6500").status is OrderStatus.CANCELED) is acted
            if kind is not K.TWO_ANSWERS:
                await check_next_read(simulator, base_url, ask, point)

    run(main())


async def check_next_read(simulator: Simulator, base_url: str, ask: Ask, point: Point) -> None:
    """See that the next request is answered truly, and that what was to come later comes after it."""
    read = await ask(request_of(simulator, base_url, "read"))
    assert told(read, "read") == "true"
    assert isinstance(read, Answer)
    if point is P.LATER:
        assert b"Canceled" not in read.content
        await ask(request_of(simulator, base_url, "open"))
        assert simulator.book.order("6500").status is OrderStatus.CANCELED
        assert simulator.book.order("6500").canceled_by == "cancel 1"
        assert simulator.requests[0].acted_at is not None
