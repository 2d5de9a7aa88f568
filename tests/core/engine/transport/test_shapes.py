"""Exchanges of every shape: what comes of them over our transport is what comes of them over httpx's own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit, Server, Told

CRLF = b"\r\n"


def head(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    """Write a head."""
    return CRLF.join([status, *lines, b"", b""])


CHUNKED = head(b"transfer-encoding: chunked")
NONE = head(b"content-length: 0")
#: Answers that are whole, and whether another exchange follows over the same connection.
WHOLE: dict[str, tuple[Any, bool]] = {
    "a length": (head(b"Content-Length: 2") + b"ok", True),
    "no length": (NONE, True),
    "a length twice": (head(b"content-length: 2", b"content-length: 2") + b"ok", True),
    "a length listed": (head(b"content-length: 2, 2") + b"ok", True),
    "a body in parts": ((head(b"content-length: 4") + b"ok", "pause", b"ok"), True),
    "a head in parts": (
        (head(b"content-length: 2")[:20], "pause", head(b"content-length: 2")[20:] + b"ok"),
        True,
    ),
    "a long body": (head(b"content-length: 1000000") + b"x" * 1_000_000, True),
    "a body of just a read": ((head(b"content-length: 262144"), "pause", b"x" * 262_144), True),
    "chunks": (CHUNKED + b"2\r\nok\r\nA\r\n0123456789\r\n0\r\n\r\n", True),
    "no chunks": (CHUNKED + b"0\r\n\r\n", True),
    "chunks in parts": ((CHUNKED, b"2\r", "pause", b"\nok", "pause", b"\r\n0\r\n", "pause", CRLF), True),
    "chunks with extensions": (CHUNKED + b"2;a=b\r\nok\r\n0\r\n\r\n", True),
    "chunks with trailers": (CHUNKED + b"2\r\nok\r\n0\r\nx: y\r\n\r\n", True),
    "chunks in capitals": (head(b"Transfer-Encoding: Chunked") + b"0\r\n\r\n", True),
    "no content": (head(status=b"HTTP/1.1 204 No Content"), True),
    "no content of no length": (head(b"content-length: 0", status=b"HTTP/1.1 204 No Content"), True),
    "not modified": (head(b"content-length: 9", status=b"HTTP/1.1 304 Not Modified"), True),
    "until the end": ((head() + b"all there is", "close"), False),
    "nothing until the end": ((head(), "close"), False),
    "an early hint": (head(b"link: x", status=b"HTTP/1.1 103 Early Hints") + NONE, True),
    "two that go before": (head(status=b"HTTP/1.1 100 Continue") * 2 + NONE, True),
    "a word apart": ((head(status=b"HTTP/1.1 100 Continue"), "pause", NONE), True),
    "a goodbye": (head(b"connection: close", b"content-length: 2") + b"ok", False),
    "the older protocol": (head(b"content-length: 2", status=b"HTTP/1.0 200 OK") + b"ok", False),
    "the older protocol, kept": (
        head(b"connection: keep-alive", b"content-length: 2", status=b"HTTP/1.0 200 OK") + b"ok",
        False,
    ),
    "no reason": (head(b"content-length: 0", status=b"HTTP/1.1 200"), True),
    "a reason of nothing": (head(b"content-length: 0", status=b"HTTP/1.1 200 "), True),
    "a long reason": (head(b"content-length: 0", status=b"HTTP/1.1 418 I'm a teapot"), True),
    "an unheard-of status": (head(b"content-length: 0", status=b"HTTP/1.1 799 Odd"), True),
    "an error": (head(b"content-length: 4", status=b"HTTP/1.1 503 Busy") + b"busy", True),
    "a redirect": (head(b"location: /b", b"content-length: 0", status=b"HTTP/1.1 302 Found"), True),
    "headers twice": (head(b"Set-Cookie: a=b", b"Set-Cookie: c=d", b"content-length: 0"), True),
    "headers without values": (head(b"x:", b"y: ", b"content-length: 0"), True),
    "headers in Latin": (head(b"x: caf\xe9", b"content-length: 0"), True),
    "a folded header": (head(b"x: a", b"  b", b"content-length: 0"), True),
    "lines without returns": (b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok", True),
    "a long head": (head(b"x: " + b"y" * 60_000, b"content-length: 0"), True),
    "what looks packed": (head(b"content-encoding: gzip", b"content-length: 2") + b"ok", True),
}
#: What is no whole answer.
BROKEN: dict[str, Any] = {
    "nothing": "close",
    "half a head": (head(b"content-length: 2")[:20], "close"),
    "half a body": (head(b"content-length: 3") + b"ok", "close"),
    "half a chunk": (CHUNKED + b"3\r\nok", "close"),
    "chunks without an end": (CHUNKED + b"2\r\nok\r\n", "close"),
    "only what goes before": (head(status=b"HTTP/1.1 100 Continue"), "close"),
    "another protocol": head(status=b"HTTP/1.1 101 Switching Protocols"),
    "mail": b"220 mail.example ESMTP\r\n\r\n",
    "all bytes": bytes(range(256)) * 4,
    "no version": b"200 OK\r\n\r\n",
    "a status of letters": head(status=b"HTTP/1.1 abc OK"),
    "a status too low": head(status=b"HTTP/1.1 099 OK"),
    "two lengths": head(b"content-length: 2", b"content-length: 3") + b"ok",
    "a length of letters": head(b"content-length: two"),
    "a length below nothing": head(b"content-length: -2"),
    "an unknown coding": head(b"transfer-encoding: gzip, chunked") + b"0\r\n\r\n",
    "chunks of letters": CHUNKED + b"xy\r\nok\r\n",
    "chunks that run on": CHUNKED + b"2\r\nok!!0\r\n\r\n",
    "a header without a colon": head(b"what is this"),
    "a header with a space": head(b"content-length : 2") + b"ok",
    "a header with a zero": head(b"x: \x00"),
    "a head without an end": b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000,
    "a reset": "reset",
    "a reset in the body": (head(b"content-length: 3") + b"ok", "pause", "reset"),
}


def stock() -> httpx.AsyncHTTPTransport:
    """Make httpx's own transport."""
    return httpx.AsyncHTTPTransport(trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


async def compared(kit: Kit, script: Any, *asked: Any, **options: Any) -> tuple[Told, list[Told], Server]:
    """Exchange over httpx's own transport once, and twice over ours: the second gets a plain answer."""
    async with kit.serving(script) as server, stock() as transport:
        expected = await kit.told(transport, server.url, *asked, **options)
    async with kit.serving(script, NONE) as server, kit.transport() as transport:
        ours = [
            await kit.told(transport, server.url, *asked, **options),
            await kit.told(transport, server.url),
        ]
    return expected, ours, server


@pytest.mark.parametrize(("script", "kept"), WHOLE.values(), ids=WHOLE)
def test_a_whole_answer(kit: Kit, script: Any, kept: bool) -> None:
    """An answer is what httpx makes of it; its connection is kept where nothing speaks against it."""
    expected, ours, server = asyncio.run(compared(kit, script))
    assert ours[0] == expected
    assert (ours[0].failure, ours[1].status) == (None, 200)
    assert server.connections == (1 if kept else 2)


@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
def test_no_whole_answer(kit: Kit, script: Any) -> None:
    """What is no answer is the failure that httpx makes of it, and its connection is not used again."""
    expected, ours, server = asyncio.run(compared(kit, script))
    assert ours[0] == expected
    assert ours[0].failure is not None
    assert (ours[1].status, server.connections) == (200, 2)


async def parts() -> AsyncIterator[bytes]:
    """Give a body of unknown length."""
    yield b"one"


ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "a plain one": ("GET", {}),
    "a body": ("POST", {"content": b"x" * 1000}),
    "no body": ("POST", {}),
    "a body of unknown length": ("PUT", {"content": parts}),
    "a form": ("POST", {"data": {"a": "b c"}}),
    "headers": (
        "DELETE",
        {"headers": [(b"X-Odd", b"caf\xe9"), (b"x-odd", b"again"), (b"accept-encoding", b"br")]},
    ),
    "a query": ("OPTIONS", {"params": {"a": "b&c d", "e": "f"}}),
    "a verb of its own": ("PURGE", {}),
}


@pytest.mark.parametrize(("method", "options"), ASKED.values(), ids=ASKED)
def test_what_is_sent(kit: Kit, method: str, options: dict[str, Any]) -> None:
    """A request is written as httpx writes it."""

    async def heard(transport: httpx.AsyncBaseTransport) -> list[bytes]:
        fresh = {name: value() if callable(value) else value for name, value in options.items()}
        async with kit.serving(NONE) as server, transport:
            await kit.ask(transport, server.url + "path%20to", method, **fresh)
        return [asked.replace(str(server.port).encode(), b"PORT") for asked in server.heard]

    async def both() -> None:
        async with kit.transport() as ours:
            assert await heard(ours) == await heard(stock())

    asyncio.run(both())


def test_only_a_head_was_asked_for(kit: Kit) -> None:
    """The answer to HEAD ends with its head, whatever length it tells of."""
    expected, ours, server = asyncio.run(compared(kit, head(b"content-length: 9"), "HEAD"))
    assert ours[0] == expected
    assert (ours[0].content, ours[1].status, server.connections) == (b"", 200, 1)


def test_who_says_goodbye_itself(kit: Kit) -> None:
    """A connection that we said goodbye on is not used again."""
    _, ours, server = asyncio.run(compared(kit, NONE, headers={"connection": "close"}))
    assert ([one.status for one in ours], server.connections) == ([200, 200], 2)


def test_under_a_client_of_httpx(kit: Kit) -> None:
    """It is a transport like any other: httpx's client works over it, with its time-outs and streams."""

    async def use() -> None:
        async with kit.serving() as server, kit.transport() as transport:
            async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
                response = await client.post(server.url, content=b"{}")
                assert (response.text, response.http_version, response.reason_phrase) == (
                    "ok",
                    "HTTP/1.1",
                    "OK",
                )
                async with client.stream("GET", server.url) as streamed:
                    assert await streamed.aread() == b"ok"
            assert server.connections == 1

    asyncio.run(use())
