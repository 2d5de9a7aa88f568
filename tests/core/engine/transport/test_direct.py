"""Exchanges of the engine over our own transport: without httpx's requests, and to the same end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import Sent
from countermand._http import ReceivedHeaders, received
from countermand._wire._names import Names
from countermand._wire._progress import Progress, WireFault
from countermand._wire._transport import Transport
from countermand._wire._wire import Wire
from countermand.venue import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit

ASKED = HttpRequest(method="POST", path="/cancel?id=7", headers={"aptoken": "t0k3n"}, content=b"{}")
HEAD = b"HTTP/1.1 200 OK\r\n"
YES = HEAD + b"content-length: 3\r\n\r\nyes"


class Adorned(Transport):
    """A transport that is not quite ours, and so is asked as any other."""

    asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Exchange as ours does, and count."""
        self.asked += 1
        return await super().handle_async_request(request)


def begun() -> Progress:
    """Sign a request."""
    progress = Progress(clock=lambda: 1.0)
    progress.sign("cancel")
    return progress


def own(kit: Kit, **options: Any) -> Transport:
    """Make our own transport."""
    return Transport(verify=kit.PLAIN, parser=kit.parser, **options)


async def exchanged(
    transport: httpx.AsyncBaseTransport,
    url: str,
    request: HttpRequest = ASKED,
    progress: Progress | None = None,
    most: int = 1000,
    **options: Any,
) -> HttpResponse:
    """Exchange once."""
    return await Wire(transport).exchange(url, request, most, progress or begun(), **options)


SAID: dict[str, Any] = {
    "a length": YES,
    "headers": HEAD + b"Age: 7\r\nX-Odd: caf\xe9\r\nx-odd: caf\xc3\xa9\r\ncontent-length: 0\r\n\r\n",
    "a body in parts": (YES[:-2], "pause", YES[-2:]),
    "a head in parts": (YES[:9], "pause", YES[9:]),
    "chunks": HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n",
    "chunks in parts": (HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nye", "pause", b"s\r\n0\r\n\r\n"),
    "until the end": (HEAD + b"\r\nyes", "close"),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a failure": b"HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 4\r\n\r\nbusy",
}


@pytest.mark.parametrize("script", SAID.values(), ids=SAID)
def test_the_same_either_way(kit: Kit, script: Any) -> None:
    """What is sent and what comes back is the same with and without httpx's values between."""

    async def use() -> None:
        told = []
        for kind in (Transport, Adorned):
            progress = begun()
            async with (
                kit.serving(script) as server,
                kind(verify=kit.PLAIN, parser=kit.parser) as transport,
            ):
                answer = await exchanged(transport, server.url, progress=progress)
                assert getattr(transport, "asked", 1) == 1
                asked = server.heard[0].lower().replace(str(server.port).encode(), b"PORT")
            assert (progress.sent, progress.first_byte_at, progress.traced) == (Sent.YES, 1.0, True)
            headers = {name: value for name, value in answer.headers.items() if name != "x-odd"}
            told.append((sorted(asked.split(b"\r\n")), answer.status, headers, answer.content))
        assert told[0] == told[1]

    asyncio.run(use())


def test_a_connection_for_many(kit: Kit) -> None:
    """One connection serves one exchange after the other."""

    async def use() -> None:
        async with kit.serving(YES, HEAD + b"content-length: 2\r\n\r\nno") as server, own(kit) as transport:
            wire = Wire(transport)
            answers = [await wire.exchange(server.url, ASKED, 9, begun()) for _ in range(3)]
            assert [answer.content for answer in answers] == [b"yes", b"no", b"no"]
            assert server.connections == 1

    asyncio.run(use())


def test_a_long_reply(kit: Kit) -> None:
    """Of a long reply more is read as it is taken up, until it is whole."""

    async def use() -> None:
        script = HEAD + b"content-length: 3000000\r\n\r\n" + b"x" * 3_000_000
        async with kit.serving(script) as server, own(kit) as transport:
            answer = await exchanged(transport, server.url, most=3_000_000)
            assert (len(answer.content), transport.connections) == (3_000_000, 1)

    asyncio.run(use())


LONG: dict[str, Any] = {
    "at once": HEAD + b"content-length: 11\r\n\r\n" + b"x" * 11,
    "in parts": (HEAD + b"content-length: 99\r\n\r\n" + b"x" * 6, "pause", b"x" * 5, "stall"),
}


@pytest.mark.parametrize("takes_part", [False, True], ids=["as a whole", "as a part"])
@pytest.mark.parametrize("script", LONG.values(), ids=LONG)
def test_a_reply_that_is_too_long(kit: Kit, script: Any, takes_part: bool) -> None:
    """What is over the limit is not read, and no answer, unless a part will do."""

    async def use() -> None:
        progress = begun()
        async with kit.serving(script) as server, own(kit) as transport:
            asking = exchanged(transport, server.url, progress=progress, most=10, takes_part=takes_part)
            if takes_part:
                assert (await asking).content == b"x" * 10
            else:
                with pytest.raises(WireFault, match=r"^the reply is over 10 bytes$"):
                    await asking
                assert progress.sent is Sent.MAYBE
            await kit.settle()
            assert transport.connections == (1 if isinstance(script, bytes) else 0)

    asyncio.run(use())


def test_a_reply_of_just_the_limit(kit: Kit) -> None:
    """The limit itself is still read."""

    async def use() -> None:
        script = (HEAD + b"content-length: 10\r\n\r\n" + b"x" * 6, "pause", b"x" * 4)
        async with kit.serving(script) as server, own(kit) as transport:
            assert (await exchanged(transport, server.url, most=10)).content == b"x" * 10
            assert transport.connections == 1

    asyncio.run(use())


BROKEN: dict[str, tuple[Any, str]] = {
    "nothing": ("close", "RemoteProtocolError: the server closed the connection before it answered"),
    "half a body": ((YES[:-1], "close"), "RemoteProtocolError: "),
    "garbage": (b"220 mail\r\n\r\n", "RemoteProtocolError: "),
    "a reset": ("reset", "ReadError"),
}


@pytest.mark.parametrize(("script", "told"), BROKEN.values(), ids=BROKEN)
def test_no_whole_answer(kit: Kit, script: Any, told: str) -> None:
    """Where no whole answer came, the request may have acted."""

    async def use() -> None:
        progress = begun()
        async with kit.serving(script) as server, own(kit) as transport:
            with pytest.raises(WireFault, match=told):
                await exchanged(transport, server.url, progress=progress)
            await kit.settle()
            assert (progress.sent, transport.connections) == (Sent.MAYBE, 0)

    asyncio.run(use())


UNSENT: dict[str, tuple[HttpRequest, str, type[Exception]]] = {
    "a header of two lines": (
        HttpRequest(method="GET", path="/", headers={"x": "s3cret\r\ny: z"}),
        "http://127.0.0.1:9",
        WireFault,
    ),
    "a header beyond ASCII": (
        HttpRequest(method="GET", path="/", headers={"x": "\u2019"}),
        "http://127.0.0.1:9",
        UnicodeEncodeError,
    ),
    "a path that is none": (HttpRequest(method="GET", path="/\x00"), "http://127.0.0.1:9", WireFault),
    "a port that is none": (ASKED, "http://127.0.0.1:port", WireFault),
    "another scheme": (ASKED, "ftp://127.0.0.1", WireFault),
    "nobody there": (ASKED, "http://127.0.0.1:9", WireFault),
    "no such name": (ASKED, "http://venue.example", WireFault),
}


@pytest.mark.parametrize(("request_", "base_url", "kind"), UNSENT.values(), ids=UNSENT)
def test_what_is_not_sent(kit: Kit, request_: HttpRequest, base_url: str, kind: type[Exception]) -> None:
    """What cannot be written, or finds no connection, has not left, and is told without its secrets."""

    async def use() -> None:
        progress = begun()
        async with own(kit, names=Names(lambda _host, _port: ())) as transport:
            with pytest.raises(kind) as raised:
                await exchanged(transport, base_url, request_, progress)
            assert (progress.sent, progress.first_byte_at) == (Sent.NO, None)
            assert "s3cret" not in str(raised.value)

    asyncio.run(use())


def test_who_leaves_before_the_answer(kit: Kit) -> None:
    """Who is canceled while an answer is owed may have acted, and leaves no open connection."""

    async def use() -> None:
        progress = begun()
        async with kit.serving("stall") as server, own(kit) as transport:
            asking = asyncio.create_task(exchanged(transport, server.url, progress=progress))
            await server.until(lambda seen: bool(seen.heard))
            asking.cancel()
            await asyncio.wait([asking])
            await kit.settle()
            assert (progress.sent, asking.cancelled(), transport.connections) == (Sent.MAYBE, True, 0)

    asyncio.run(use())


def test_who_leaves_before_its_turn(kit: Kit) -> None:
    """Who is canceled while it waits for a connection has sent nothing, and disturbs nobody."""

    async def use() -> None:
        progress = begun()
        async with kit.serving("stall") as server, own(kit, connections_per_origin=1) as transport:
            other = asyncio.create_task(exchanged(transport, server.url))
            await server.until(lambda seen: bool(seen.heard))
            asking = asyncio.create_task(exchanged(transport, server.url, progress=progress))
            await kit.settle()
            asking.cancel()
            await asyncio.wait([asking])
            assert (progress.sent, asking.cancelled(), transport.connections) == (Sent.NO, True, 1)
            other.cancel()
            await asyncio.wait([other])

    asyncio.run(use())


def test_who_stands_in_for_httpx(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where httpx's own transport was replaced, as recorders of HTTP do, no request passes beside it."""
    seen: list[str] = []

    async def replay(_self: Any, request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, content=b"replayed")

    async def use() -> None:
        async with own(kit) as transport:
            answer = await exchanged(transport, "http://127.0.0.1:9", progress=begun())
            assert answer.content == b"replayed"

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", replay)
    asyncio.run(use())
    assert seen == ["http://127.0.0.1:9/cancel?id=7"]


# (what came, what it is read as)
RECEIVED: dict[str, tuple[list[tuple[bytes, bytes]], dict[str, str]]] = {
    "nothing": ([], {}),
    "capitals": ([(b"Retry-AFTER", b"1")], {"retry-after": "1"}),
    "a name twice": ([(b"a", b"b"), (b"x", b"y"), (b"A", b"c")], {"a": "b, c", "x": "y"}),
    "nothing of one": ([(b"x", b""), (b"y", b":")], {"x": "", "y": ":"}),
    "another's name within": ([(b"x-age", b"1"), (b"x", b"age: 2")], {"x-age": "1", "x": "age: 2"}),
    "UTF-8": ([(b"x", "caf\u00e9".encode())], {"x": "caf\u00e9"}),
    "Latin-1": ([(b"x", b"caf\xe9")], {"x": "caf\u00e9"}),
}


@pytest.mark.parametrize(("raw", "expected"), RECEIVED.values(), ids=RECEIVED)
def test_headers_are_read_when_looked_at(raw: list[tuple[bytes, bytes]], expected: dict[str, str]) -> None:
    """The headers of an answer are what httpx makes of them, as a mapping with names in lower case."""
    headers = ReceivedHeaders(b"".join(b"\r\n%s: %s" % header for header in raw))
    assert headers.raw == raw
    assert headers == expected == dict(httpx.Headers(raw).items())
    assert (len(headers), list(headers)) == (len(expected), list(expected))
    assert [name in headers for name in (*expected, "age")] == [True] * len(expected) + [False]
    for name in ("age", "age", "", "x", "x", *expected, *expected):
        assert headers.get(name, "none") == expected.get(name, "none")
    response = received(200, headers, b"ok")
    assert response == HttpResponse(status=200, headers=expected, content=b"ok")
    assert attrs.evolve(response) == response
    assert response.headers is headers
    assert "caf" not in repr(response)


def test_a_header_without_a_name() -> None:
    """What is no name is refused wherever it is looked for."""
    none: Any = None
    with pytest.raises(AttributeError):
        ReceivedHeaders(b"").get(none)
