"""Connections are kept, and none is used again of which anything could be taken for another's answer."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import attrs
import httpx
import pytest

from countermand._wire._origin import Origin
from countermand._wire._pool import Pool

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit, Server

YES = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes"
NO = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n"

#: What is said to the first request besides a whole answer: none of it may be heard by the second.
ODD: dict[str, Any] = {
    "two answers": YES + NO,
    "two answers, one later": (YES, "pause", NO),
    "an answer and a line": YES + b"\r\n",
    "an answer and a byte": (YES, "pause", b"\x00"),
    "an answer and the end": (YES, "close"),
    "an answer and a reset": (YES, "pause", "reset"),
    "chunks and more": CHUNKED + b"\r\n3\r\nyes\r\n0\r\n\r\n" + NO,
    "a length beside chunks": CHUNKED + b"content-length: 3\r\n\r\n3\r\nyes\r\n0\r\n\r\n",
    "no content with a length": EMPTY + b"content-length: 2\r\n\r\n",
    "no content with chunks": EMPTY + b"transfer-encoding: chunked\r\n\r\n",
    "no content and a body": EMPTY + b"\r\nno",
    "not modified with chunks": b"HTTP/1.1 304 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    "a word after the answer": YES + b"HTTP/1.1 100 Continue\r\n\r\n",
}


@pytest.mark.parametrize("script", ODD.values(), ids=ODD)
def test_what_comes_with_an_answer(kit: Kit, script: Any) -> None:
    """Whatever comes beside an answer, the next request goes over another connection, and gets its own."""

    async def use() -> None:
        async with kit.serving(script, YES) as server, kit.transport() as transport:
            await kit.ask(transport, server.url)
            await kit.settle()
            response, content = await kit.ask(transport, server.url)
            assert (response.status_code, content, server.connections) == (200, b"yes", 2)

    asyncio.run(use())


def reset(peer: socket.socket) -> None:
    """End a connection without a goodbye."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


@pytest.mark.parametrize(
    "then", [lambda peer: peer.send(NO), socket.socket.close, reset], ids=["a word", "an end", "a reset"]
)
def test_what_the_loop_has_not_read(kit: Kit, then: Callable[[socket.socket], object]) -> None:
    """A connection is looked at before it is used: what has come is found, though no loop has read it."""

    async def use() -> None:
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            async with kit.transport() as transport:
                first = asyncio.create_task(kit.ask(transport, url))
                peer, _ = await loop.sock_accept(listener)
                await loop.sock_recv(peer, 1000)
                peer.send(YES)
                await first
                after = asyncio.create_task(answered(listener))
                then(peer)
                assert (await kit.ask(transport, url))[1] == b"yes"
                peer.close()
                (await after).close()

    asyncio.run(use())


async def answered(listener: socket.socket) -> socket.socket:
    """Answer the first request of the next connection."""
    loop = asyncio.get_running_loop()
    peer, _ = await loop.sock_accept(listener)
    await loop.sock_recv(peer, 1000)
    peer.send(YES)
    return peer


def test_the_last_one_kept_is_the_first_used(kit: Kit) -> None:
    """Connections that were used last are used first, so that those too many grow old."""

    async def use() -> None:
        ready = asyncio.Barrier(3)
        async with (
            kit.serving((ready.wait, YES), (ready.wait, YES), YES) as server,
            kit.transport() as transport,
        ):
            both = [asyncio.create_task(kit.ask(transport, server.url)) for _ in range(2)]
            await ready.wait()
            await asyncio.gather(*both)
            for _ in range(3):
                await kit.ask(transport, server.url)
            assert (server.connections, transport.connections) == (2, 2)
            assert len(set(server.by[2:])) == 1

    asyncio.run(use())


def test_each_origin_has_its_own(kit: Kit) -> None:
    """A connection to one place carries nothing to another."""

    async def use() -> None:
        async with kit.serving() as one, kit.serving(YES) as other, kit.transport() as transport:
            answers = [(await kit.ask(transport, server.url))[1] for server in (one, other, one, other)]
            assert answers == [b"ok", b"yes"] * 2
            assert (one.connections, other.connections) == (1, 1)

    asyncio.run(use())


def test_who_was_idle_for_too_long(kit: Kit) -> None:
    """An idle connection is closed in time, though nobody asks again."""

    async def use() -> None:
        async with kit.serving() as server, kit.transport(idle_s=0.02) as transport:
            for count in range(1, 3):
                await kit.ask(transport, server.url)
                await server.until(partial(left, count))
            assert (server.connections, transport.connections) == (2, 0)

    asyncio.run(use())


def test_who_was_idle_while_the_loop_was_busy(kit: Kit) -> None:
    """A connection that has been idle for too long is not used, though no timer could say so."""

    async def use() -> None:
        async with kit.serving() as server, kit.transport(idle_s=0.01) as transport:
            await kit.ask(transport, server.url)
            time.sleep(0.02)  # noqa: ASYNC251 - something keeps the loop busy
            await kit.ask(transport, server.url)
            assert server.connections == 2

    asyncio.run(use())


@attrs.define(eq=False)
class Kept:
    """Stands for a connection to a place."""

    origin: Origin
    quiet: bool = True
    closed: bool = False
    on_idle: Any = None
    on_lost: Any = None

    def close(self) -> None:
        """Close it."""
        self.closed = True
        self.on_lost(self)


async def dialed(origin: Origin, _tell: Any, _timeout_s: float | None) -> Any:
    """Connect at once."""
    return Kept(origin)


@pytest.mark.parametrize("hosts", [("here", "there"), ("here", "here")], ids=["of two hosts", "of one"])
def test_each_has_its_own_time(virtually: Callable[[Any], Any], hosts: tuple[str, str]) -> None:
    """Idle connections are closed one by one, each when its own time is up."""

    async def use() -> None:
        pool = Pool(dialed, most=2, idle_s=30)
        origins = [Origin(tls=False, host=host, port=80) for host in hosts]
        here, there = [await pool.connection(pool.at(origin), None, {}) for origin in origins]
        for one, after_s in ((here, 0), (there, 20)):
            await asyncio.sleep(after_s)
            one.on_idle(one)
        await asyncio.sleep(9)
        assert (here.closed, there.closed) == (False, False)
        await asyncio.sleep(2)
        assert (here.closed, there.closed) == (True, False)
        await asyncio.sleep(18)
        assert (there.closed, len(pool)) == (False, 1)
        await asyncio.sleep(2)
        assert (there.closed, len(pool)) == (True, 0)

    virtually(use())


def left(count: int, server: Server) -> bool:
    """Tell whether so many connections have been closed by the client."""
    return server.left == count


def test_a_body_that_is_not_read(kit: Kit) -> None:
    """A connection whose answer was given up is closed; one whose answer is all here is kept."""

    async def use() -> None:
        half = YES[:-1]
        async with kit.serving(half, YES) as server, kit.transport() as transport:
            given_up = await transport.handle_async_request(httpx.Request("GET", server.url))
            await given_up.aclose()
            with pytest.raises(httpx.ReadError):
                [piece async for piece in cast("httpx.AsyncByteStream", given_up.stream)]
            unread = await transport.handle_async_request(httpx.Request("GET", server.url))
            assert (await kit.ask(transport, server.url))[1] == b"yes"
            await unread.aclose()
            assert (server.connections, transport.connections) == (2, 1)

    asyncio.run(use())


def test_who_reads_slowly(kit: Kit) -> None:
    """Of a body that nobody reads, only so much is taken from the peer; read on, it comes whole."""
    size = 20_000_000

    async def use() -> None:
        said: list[int] = []

        async def note() -> None:
            said.append(1)

        long = (b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size, b"x" * size, note)
        async with kit.serving(long, YES) as server, kit.transport() as transport:
            response = await transport.handle_async_request(httpx.Request("GET", server.url))
            await kit.settle(2000)
            assert said == []
            assert len(await response.aread()) == size
            await kit.ask(transport, server.url)
            assert server.connections == 1

    asyncio.run(use())
