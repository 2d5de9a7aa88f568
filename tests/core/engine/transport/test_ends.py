"""Ends: who leaves, closes or forgets leaves no task, no socket and no thread behind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermand._wire._connection import Connection
from countermand._wire._dial import Dialer
from countermand._wire._names import Names
from countermand._wire._origin import Origin
from countermand._wire._pool import Pool

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit

YES = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes"
ASKED = b"GET / HTTP/1.1\r\nHost: venue.example\r\n\r\n"
HALVES = {"nothing": ("stall",), "half a head": (YES[:9], "stall"), "half a body": (YES[:-1], "stall")}


def open_files() -> int:
    """Count the open files of this process, sockets among them."""
    return len(list(Path("/proc/self/fd").iterdir()))


needs_proc = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="files are counted in /proc")


@needs_proc
@pytest.mark.parametrize("script", HALVES.values(), ids=HALVES)
def test_a_caller_that_is_canceled(kit: Kit, script: tuple[Any, ...]) -> None:
    """Who gives up while an answer is owed leaves a closed connection, and no task."""

    async def use() -> None:
        async with kit.serving(script) as server, kit.transport() as transport:
            before, tasks = open_files(), asyncio.all_tasks()
            asking = asyncio.create_task(kit.ask(transport, server.url))
            await server.until(lambda seen: bool(seen.heard))
            await kit.settle()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await server.until(lambda seen: seen.left == 1)
            await kit.settle()
            assert (transport.connections, open_files()) == (0, before)
            assert asyncio.all_tasks() == tasks

    asyncio.run(use())


@needs_proc
def test_a_caller_that_is_canceled_before_it_is_connected(kit: Kit) -> None:
    """Who gives up while a name is looked up leaves the look-up to those who wait, and nothing else."""
    told = threading.Event()

    def look_up(_host: str, _port: int) -> Any:
        told.wait(10)
        return ()

    async def use() -> None:
        async with kit.transport(names=Names(look_up)) as transport:
            before, tasks = open_files(), asyncio.all_tasks()
            asking = asyncio.create_task(kit.ask(transport, "http://venue.example/"))
            await kit.settle()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await kit.settle()
            assert (transport.connections, open_files(), asyncio.all_tasks()) == (0, before, tasks)

    try:
        asyncio.run(use())
    finally:
        told.set()


def test_giving_up_an_answer_that_is_whole(kit: Kit) -> None:
    """Who gives up when its answer has just come does not take the connection from whoever has it now."""

    async def use() -> None:
        async with kit.serving(YES, kit.OK) as server:
            pool = Pool(Dialer(names=Names(), tls=kit.PLAIN).dial, most=1, idle_s=30)
            places = pool.at(Origin(tls=False, host="127.0.0.1", port=server.port))
            connection = await pool.connection(places, kit.Tracer().hear, {})
            first, second = (kit.exchange() for _ in range(2))
            keep = connection.on_idle

            def keep_and_take(one: Connection) -> None:
                keep(one)
                one.on_idle = keep
                assert places.take_idle(places.clock()) is one
                one.send(ASKED, second, None)

            connection.on_idle = keep_and_take
            connection.send(ASKED, first, None)
            assert await first.piece(None) == b"yes"
            connection.drop(first)
            assert await second.piece(None) == b"ok"
            await pool.aclose()

    asyncio.run(use())


@needs_proc
def test_closing_while_exchanges_are_under_way(kit: Kit) -> None:
    """A transport that is closed ends what is under way, waits for its sockets, and connects no more."""

    async def use() -> None:
        async with kit.serving("stall") as server:
            before = open_files()
            async with kit.transport() as transport:
                asking = asyncio.create_task(kit.told(transport, server.url))
                await server.until(lambda seen: bool(seen.heard))
            assert open_files() <= before + 1  # the server's side may see it later
            assert (await asking).failure is httpx.ReadError
            with pytest.raises(httpx.ConnectError, match="the transport is closed"):
                await kit.ask(transport, server.url)
            await transport.aclose()

    asyncio.run(use())


def test_closing_while_one_connects(kit: Kit) -> None:
    """A connection that comes about after the end is closed, and nothing is sent over it."""

    async def use() -> None:
        async with kit.serving() as server, kit.transport() as transport:

            async def close(step: str, _info: Any) -> None:
                assert "send_request" not in step
                if step == "connection.connect_tcp.started":
                    await transport.aclose()

            with pytest.raises(httpx.ConnectError, match="the transport was closed"):
                await kit.ask(transport, server.url, extensions={"trace": close})
            await kit.settle()
            assert (server.heard, transport.connections) == ([], 0)

    asyncio.run(use())


#: A program that cancels through either client while its look-up stalls, at the invented venue.
STALLED = """
import asyncio, sys, time
from countermand import AsyncClient, CancelRequest, Client, OrderId
from countermand._wire._names import Names
from countermand._wire._origin import Origin
from countermand._wire._transport import Transport
from conftest import Pebble

venue = Pebble(base_url="https://venue.example")
request = CancelRequest(venue="pebble", account="9", order=OrderId("7"), timeout_s=0.1)
transport = Transport(names=Names(lambda host, port: time.sleep(60)))

async def cancel():
    async with AsyncClient([venue], transport=transport) as client:
        return await client.cancel(request)

if sys.argv[1] == "AsyncClient":
    ack = asyncio.run(cancel())
else:
    with Client([venue], transport=transport) as client:
        ack = client.cancel(request)
print(ack.reason.name)
"""


@pytest.mark.parametrize("client", ["AsyncClient", "Client"])
def test_a_look_up_that_outlives_the_program(client: str) -> None:
    """A program ends although a look-up of its stalls."""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-W", "error", "-c", STALLED, client],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("NOT_SENT\n", "")
