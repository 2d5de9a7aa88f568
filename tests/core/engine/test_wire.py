"""One exchange: what goes out, what comes back, and what is known to have left when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from countermand import Sent
from countermand._wire._progress import Progress, WireFault
from countermand._wire._wire import Wire
from countermand.venue import HttpRequest, HttpResponse

BASE = "http://127.0.0.1:9/prefix"
ASKED = HttpRequest(method="POST", path="/cancel?id=7", headers={"aptoken": "t0k3n"}, content=b"{}")
Handler = Callable[[httpx.Request], Any]


def begun() -> Progress:
    progress = Progress(clock=lambda: 1.0)
    progress.sign("cancel")
    return progress


def exchange(
    handler: Handler,
    progress: Progress | None = None,
    request: HttpRequest = ASKED,
    base_url: str = BASE,
    most: int = 100,
) -> HttpResponse:
    """Exchange over a transport that answers by that handler."""
    wire = Wire(httpx.MockTransport(handler))
    return asyncio.run(wire.exchange(base_url, request, most, progress or begun()))


def test_what_goes_out() -> None:
    """A request goes out as the plugin wrote it, asking for a plain answer, without cookies."""
    heard: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200)

    exchange(handler)
    (request,) = heard
    assert (request.method, str(request.url)) == ("POST", "http://127.0.0.1:9/prefix/cancel?id=7")
    assert request.content == b"{}"
    assert dict(request.headers) == {
        "host": "127.0.0.1:9",
        "accept-encoding": "identity",
        "user-agent": "countermand",
        "aptoken": "t0k3n",
        "content-length": "2",
    }


def test_what_comes_back() -> None:
    """Status, headers in lower case and the whole body; that it was answered is then sure."""
    progress = begun()
    answer = exchange(lambda _: httpx.Response(503, headers={"Retry-AFTER": "1"}, content=b"busy"), progress)
    assert (answer.status, answer.headers["retry-after"], answer.content) == (503, "1", b"busy")
    assert (progress.status, progress.sent) == (503, Sent.YES)


def test_a_redirect_is_an_answer() -> None:
    """Nobody is sent to another place with our credentials."""
    heard: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(302, headers={"location": "https://elsewhere.example/"})

    assert exchange(handler).status == 302
    assert len(heard) == 1


FAULTS: dict[str, tuple[Exception, Sent]] = {
    "no connection": (httpx.ConnectError("refused"), Sent.NO),
    "no connection in time": (httpx.ConnectTimeout("slow"), Sent.NO),
    "no room in the pool": (httpx.PoolTimeout("full"), Sent.NO),
    "no such protocol": (httpx.UnsupportedProtocol("gopher"), Sent.NO),
    "no such address": (httpx.InvalidURL("odd"), Sent.NO),
    "a write that failed": (httpx.WriteError("pipe"), Sent.MAYBE),
    "a write that took too long": (httpx.WriteTimeout("slow"), Sent.MAYBE),
    "a read that failed": (httpx.ReadError("reset"), Sent.MAYBE),
    "a read that took too long": (httpx.ReadTimeout("slow"), Sent.MAYBE),
    "a close": (httpx.CloseError("closed"), Sent.MAYBE),
    "no HTTP": (httpx.RemoteProtocolError("garbage"), Sent.MAYBE),
    "no HTTP of ours": (httpx.LocalProtocolError("odd header"), Sent.MAYBE),
    "a proxy": (httpx.ProxyError("who"), Sent.MAYBE),
    "a decoder": (httpx.DecodingError("what"), Sent.MAYBE),
    "a stream used up": (httpx.StreamConsumed(), Sent.MAYBE),
    "the system": (ConnectionResetError("reset"), Sent.MAYBE),
    "the system's time": (TimeoutError("slow"), Sent.MAYBE),
}


@pytest.mark.parametrize(("error", "sent"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_and_what_may_have_left(error: Exception, sent: Sent) -> None:
    """A fault before the first byte says that nothing was sent, any other that something may have been."""
    progress = begun()

    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(WireFault) as raised:
        exchange(handler, progress)
    assert progress.sent is sent
    assert progress.status is None
    assert str(raised.value) == f"{type(error).__name__}: {error}"
    assert raised.value.__cause__ is error


def test_a_fault_without_words() -> None:
    """A fault that says nothing is told by its name."""

    def handler(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("")

    with pytest.raises(WireFault, match=r"^ReadError$"):
        exchange(handler)


UNWRITABLE = {
    "a path that is none": (HttpRequest(method="POST", path="/\x00"), BASE, WireFault),
    "a header beyond ASCII": (
        HttpRequest(method="POST", path="/", headers={"key": "\u2019"}),
        BASE,
        UnicodeEncodeError,
    ),
    "a port that is none": (ASKED, "http://127.0.0.1:port", WireFault),
}


@pytest.mark.parametrize(("request_", "base_url", "kind"), UNWRITABLE.values(), ids=UNWRITABLE.keys())
def test_what_cannot_be_written_is_not_sent(
    request_: HttpRequest, base_url: str, kind: type[Exception]
) -> None:
    """A request that no transport was ever given has not left."""
    progress = begun()
    with pytest.raises(kind):
        exchange(lambda _: httpx.Response(200), progress, request_, base_url)
    assert progress.sent is Sent.NO


HEAD = "http11.send_request_headers"
# (the steps that the transport tells, what a fault after them leaves open)
STEPS = {
    "none told": ([], Sent.MAYBE),
    "connected": (["connection.connect_tcp.started", "connection.connect_tcp.complete"], Sent.NO),
    "the head begun": (["connection.connect_tcp.complete", f"{HEAD}.started"], Sent.MAYBE),
    "the head of the newer protocol": (["http2.send_request_headers.started"], Sent.MAYBE),
}


@pytest.mark.parametrize(("steps", "sent"), STEPS.values(), ids=STEPS.keys())
def test_a_transport_that_tells_its_steps(steps: list[str], sent: Sent) -> None:
    """Where the transport tells its steps, no word of a first byte means that none left."""
    progress = begun()

    async def handler(request: httpx.Request) -> httpx.Response:
        for step in steps:
            await request.extensions["trace"](step, {})
        raise httpx.ReadError("reset")

    with pytest.raises(WireFault):
        exchange(handler, progress)
    assert progress.sent is sent
    assert progress.first_byte_at == (1.0 if "send" in str(steps) else None)


def test_before_it_is_signed() -> None:
    """What was not even signed was not sent."""
    assert Progress(clock=lambda: 1.0).sent is Sent.NO


def test_signing_is_told() -> None:
    """Whoever asked to hear of the signature does, with its time."""
    told: list[tuple[str, float]] = []
    progress = Progress(clock=lambda: 7.0, on_signed=lambda call, at: told.append((call, at)))
    progress.sign("cancel")
    assert (progress.signed_at, told) == (7.0, [("cancel", 7.0)])


class Body(httpx.AsyncByteStream):
    """A body that comes in parts, of which the last may be an error."""

    def __init__(self, *parts: bytes | Exception) -> None:
        self.parts = parts
        self.given = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            self.given += 1
            if isinstance(part, Exception):
                raise part
            yield part

    async def aclose(self) -> None:
        self.closed = True


def test_a_body_in_parts() -> None:
    """A body is read to its end, as it was written: nothing is decoded."""
    body = Body(b"\x1f\x8b", b"", b"not gzip")
    answer = exchange(lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=body))
    assert answer.content == b"\x1f\x8bnot gzip"
    assert body.closed


@pytest.mark.parametrize(
    "make",
    [
        lambda: httpx.Response(200, content=b"x" * 11),
        lambda: httpx.Response(200, stream=Body(b"x" * 6, b"x" * 5, b"x")),
        lambda: httpx.Response(200, headers={"content-length": "99"}, stream=Body(b"x" * 11)),
    ],
    ids=["at once", "in parts", "with its length"],
)
def test_a_reply_that_is_too_long(make: Callable[[], httpx.Response]) -> None:
    """A reply over the limit is no answer, and its rest is not read."""
    progress, response = begun(), make()
    with pytest.raises(WireFault, match=r"^the reply is over 10 bytes$"):
        exchange(lambda _: response, progress, most=10)
    assert progress.sent is Sent.MAYBE
    if isinstance(response.stream, Body):
        assert response.stream.closed
        assert response.stream.given < 3


def test_a_reply_of_just_the_limit() -> None:
    """The limit itself is still read."""
    assert exchange(lambda _: httpx.Response(200, stream=Body(b"x" * 10)), most=10).content == b"x" * 10


def test_a_body_that_ends_too_soon() -> None:
    """Half an answer is none, whatever its status said."""
    progress, body = begun(), Body(b"{", httpx.RemoteProtocolError("incomplete"))
    with pytest.raises(WireFault, match=r"^RemoteProtocolError: incomplete$"):
        exchange(lambda _: httpx.Response(200, stream=body), progress)
    assert (progress.status, progress.sent) == (None, Sent.MAYBE)
    assert body.closed


class SyncBody(httpx.SyncByteStream):
    """A body for the other kind of client."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"{}"


def test_a_transport_of_the_other_kind() -> None:
    """A body that cannot be awaited is told as what it is."""
    with pytest.raises(WireFault, match=r"^the transport is not an async one$"):
        exchange(lambda _: httpx.Response(200, stream=SyncBody()))


def test_a_fault_of_the_transport_itself() -> None:
    """What no transport should raise passes through, for the ack to carry."""

    def handler(_: httpx.Request) -> httpx.Response:
        raise RuntimeError("out of order")

    with pytest.raises(RuntimeError, match="out of order"):
        exchange(handler)


def test_whose_transport_is_closed() -> None:
    """A transport that was lent is its owner's to close."""

    class Lent(httpx.MockTransport):
        closed = False

        async def aclose(self) -> None:
            self.closed = True

    lent = Lent(lambda _: httpx.Response(200))
    asyncio.run(Wire(lent).aclose())
    assert not lent.closed


@pytest.mark.parametrize("read_already", [True, False])
def test_a_part_of_a_reply_may_do(read_already: bool) -> None:
    """What is over the limit is cut off there, for a call that takes a part."""

    def handler(_: httpx.Request) -> httpx.Response:
        text = b"0123456789"
        return httpx.Response(200, content=text) if read_already else httpx.Response(200, stream=Body(text))

    wire = Wire(httpx.MockTransport(handler))
    response = asyncio.run(wire.exchange(BASE, ASKED, 6, begun(), takes_part=True))
    assert response.content == b"012345"
