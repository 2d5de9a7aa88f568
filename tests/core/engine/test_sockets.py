"""The wire over real sockets on loopback: how the transport's own steps tell what has left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from countermand import Sent
from countermand._wire._progress import Progress, WireFault
from countermand._wire._wire import Wire
from countermand.venue import HttpRequest, HttpResponse

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ASKED = HttpRequest(method="POST", path="/cancel", content=b"{}")


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n{}")
    writer.write(b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 2\r\n\r\n{}")


async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n{}")


async def hang_up_at_once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def cut_short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n{}")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}")


async def _exchange(serve: Serve, progress: Progress, times: int = 1) -> list[HttpResponse]:
    async def whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(times):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(whole, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire = Wire(None)
    try:
        return [await wire.exchange(f"http://127.0.0.1:{port}", ASKED, 100, progress) for _ in range(times)]
    finally:
        await wire.aclose()
        server.close()
        await server.wait_closed()


def begun() -> Progress:
    progress = Progress(clock=lambda: 1.0)
    progress.sign("cancel")
    return progress


def test_an_answer() -> None:
    """An answer is read whole; the transport told of the first byte."""
    progress = begun()
    (response,) = asyncio.run(_exchange(answer, progress))
    assert (response.status, response.content) == (200, b"{}")
    assert (progress.traced, progress.first_byte_at, progress.sent) == (True, 1.0, Sent.YES)


def test_a_connection_is_kept() -> None:
    """The second exchange goes over the first one's connection."""
    assert len(asyncio.run(_exchange(answer, begun(), times=2))) == 2


@pytest.mark.parametrize("serve", [hang_up, cut_short])
def test_no_whole_answer(serve: Serve) -> None:
    """Whatever the peer does after the first byte left, the cancel may have arrived."""
    progress = begun()
    with pytest.raises(WireFault):
        asyncio.run(_exchange(serve, progress))
    assert (progress.first_byte_at, progress.sent) == (1.0, Sent.MAYBE)


def test_a_connection_that_ends_at_once() -> None:
    """A connection that is gone before anything was sent proves it; one that goes later does not."""
    progress = begun()
    with pytest.raises(WireFault):
        asyncio.run(_exchange(hang_up_at_once, progress))
    assert (progress.first_byte_at, progress.sent) in ((None, Sent.NO), (1.0, Sent.MAYBE))


def test_what_cannot_be_written() -> None:
    """A header that would smuggle another one in is refused, and it is certain that nothing was sent."""
    progress, request = begun(), HttpRequest(method="POST", path="/", headers={"key": "a\r\nb: c"})

    async def exchange() -> None:
        wire = Wire(None)
        try:
            await wire.exchange("http://127.0.0.1:9", request, 100, progress)
        finally:
            await wire.aclose()

    with pytest.raises(WireFault, match="LocalProtocolError: Illegal header value"):
        asyncio.run(exchange())
    assert progress.sent is Sent.NO


def test_nobody_there() -> None:
    """Where nobody listens, nothing was sent."""
    progress = begun()

    async def knock() -> None:
        server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        wire = Wire(None)
        try:
            await wire.exchange(f"http://127.0.0.1:{port}", ASKED, 100, progress)
        finally:
            await wire.aclose()

    with pytest.raises(WireFault, match="ConnectError"):
        asyncio.run(knock())
    assert progress.sent is Sent.NO
