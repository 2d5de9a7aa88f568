"""Simulated venues without a socket: an httpx transport in the running loop's own time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import httpx

from countermand._http import HttpRequest, HttpResponse
from countermand.testing._course import BODILESS, Course, End, Whole, course_of, whole
from countermand.testing._fault import FaultKind
from countermand.testing._reply import Reply, WireTrouble
from countermand.testing._simulator import Simulator

#: A dribbled answer comes in so many pieces at most.
_PIECES = 16
_SENT = "http11.send_request_headers.started"


def in_process(
    simulators: Simulator | Mapping[str, Simulator],
    clock: Callable[[], float] | None = None,
    *,
    latency_s: float = 0.001,
) -> httpx.AsyncBaseTransport:
    """Return a transport to one simulator, or to that under the request's base URL.

    Time is `clock`'s, or else the running loop's, so virtual on a `VirtualLoop`. A request arrives
    `latency_s` seconds after it was sent; its answer takes no time. A fault is the httpx exception that it
    would be over a socket, and comes at the same step. Of two answers the second is dropped, as by any
    transport that looks whose answer an answer is.
    """
    return _InProcess(simulators, clock, latency_s)


class _InProcess(httpx.AsyncBaseTransport):
    def __init__(
        self,
        simulators: Simulator | Mapping[str, Simulator],
        clock: Callable[[], float] | None,
        latency_s: float,
    ) -> None:
        self._only = simulators if isinstance(simulators, Simulator) else None
        places = {} if isinstance(simulators, Simulator) else simulators
        self._places = {str(httpx.URL(base_url)).rstrip("/"): one for base_url, one in places.items()}
        self._clock = clock
        self._latency_s = latency_s

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        simulator, asked = self._received(request, await request.aread())
        drawn = simulator.draw(asked)
        if drawn.at_the_door:
            simulator.refuse(drawn)
            raise httpx.ConnectError("All connection attempts failed")
        if trace := request.extensions.get("trace"):
            await trace(_SENT, {})
        await asyncio.sleep(self._latency_s)
        reply = simulator.handle(asked, self._now(), drawn)
        return await self._answered(simulator, reply)

    async def _answered(self, simulator: Simulator, reply: Reply) -> httpx.Response:
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
            simulator.book.advance(self._now())
        if reply.wire is not None:
            return await self._troubled(reply, reply.wire)
        if reply.response is None:
            await _for_ever()
        return _written(reply.response_at(self._now()))

    async def _troubled(self, reply: Reply, trouble: WireTrouble) -> httpx.Response:
        if trouble.kind is FaultKind.GARBAGE:
            raise httpx.RemoteProtocolError("illegal status line")
        response = HttpResponse(status=200) if reply.response is None else reply.response_at(self._now())
        answer = whole(response)
        coming = _Coming(course_of(trouble, answer, _PIECES), answer)
        await coming.head()
        return httpx.Response(response.status, headers=dict(response.headers), stream=coming)

    def _received(self, request: httpx.Request, content: bytes) -> tuple[Simulator, HttpRequest]:
        simulator, path = self._only, request.url.raw_path.decode("ascii")
        if simulator is None:
            simulator, path = self._at(str(request.url.copy_with(raw_path=b"/")).rstrip("/"), path)
        headers = dict(request.headers.items())
        return simulator, HttpRequest(method=request.method, path=path, headers=headers, content=content)

    def _at(self, origin: str, path: str) -> tuple[Simulator, str]:
        for base_url, simulator in self._places.items():
            rest = (origin + path).removeprefix(base_url)
            if len(rest) < len(origin + path) and rest.startswith("/"):
                return simulator, rest
        raise httpx.ConnectError(f"no simulator at {origin}")

    def _now(self) -> float:
        return asyncio.get_running_loop().time() if self._clock is None else self._clock()


class _Coming(httpx.AsyncByteStream):
    """An answer that comes as its course says: `head` waits for the head of it, iteration for the body."""

    def __init__(self, course: Course, answer: Whole) -> None:
        self._pieces = iter(course.pieces)
        self._end = course.end
        self._head_bytes = len(answer.head)
        self._body_bytes = len(answer.body)
        self._surplus = b""

    async def head(self) -> None:
        came = b""
        while len(came) < self._head_bytes:
            came += await self._next()
        self._surplus = came[self._head_bytes :]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        part, left = self._surplus, self._body_bytes
        while left > 0:
            yield part[:left]
            left -= len(part)
            part = await self._next() if left > 0 else b""

    async def _next(self) -> bytes:
        piece = next(self._pieces, None)
        if piece is None:
            return await _ended(self._end)
        if piece.wait_s:
            await asyncio.sleep(piece.wait_s)
        return piece.data


async def _ended(end: End) -> bytes:
    if end is End.RESET:
        raise httpx.ReadError("Connection reset by peer")
    if end is End.CLOSE:
        raise httpx.RemoteProtocolError("Server disconnected without sending a whole answer.")
    return await _for_ever()


async def _for_ever() -> bytes:
    never: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    return await never


def _written(response: HttpResponse) -> httpx.Response:
    content = b"" if response.status in BODILESS else response.content
    return httpx.Response(response.status, headers=dict(response.headers), content=content)
