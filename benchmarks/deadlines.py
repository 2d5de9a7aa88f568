"""How long after its deadline an ack comes, for both clients, where a venue drags its answer out.

`python benchmarks/deadlines.py [--rounds N]` prints a table and exits 1 if an ack came more than 50 ms late,
or so much too early: no venue here ever answers. The bound is for an idle machine; its load is printed, too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import math
import multiprocessing
import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

import attrs
import httpx

from countermand import Assurance, AsyncClient, CancelRequest, Client, OrderId
from countermand._wire._names import Address, Names
from countermand._wire._transport import Transport
from countermand_apex import Apex, SessionToken

#: The most that an ack may be late, in milliseconds.
BOUND_MS = 50.0
TIMEOUT_S = 0.1
#: The pace of a peer that dribbles, in seconds a byte.
PACE_S = 0.005

#: How each peer is called, and what it says before it goes on byte by byte; None says nothing.
PEERS: dict[str, tuple[str, bytes | None]] = {
    "never answers": ("http", None),
    "dribbles its head": ("http", b"HTTP/1.1 200 OK\r\nx: "),
    "dribbles its body": ("http", b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"),
    "never shakes hands": ("https", None),
    "dribbles its handshake": ("https", b"\x16\x03\x03\x40\x00"),  # the head of a record of 16 KiB
}
NEVER_ACCEPTS, STALLS = "never accepts", "look-up stalls"


@attrs.frozen(kw_only=True)
class Asked:
    """How long an ack took, and what it said."""

    seconds: float
    outcome: str


Ask = Callable[[CancelRequest], Asked]


@attrs.frozen(kw_only=True)
class Figure:
    """What one client did with one peer; how late each ack came, in milliseconds."""

    peer: str
    client: str
    assurance: Assurance
    late_ms: list[float] = attrs.field(factory=list)
    outcomes: set[str] = attrs.field(factory=set)

    def __str__(self) -> str:
        """Write a line of the table."""
        late = sorted(self.late_ms)
        p99 = late[math.ceil(0.99 * len(late)) - 1]
        figures = "".join(f"{figure:>9.2f}" for figure in (statistics.median(late), p99, late[-1]))
        what = f"{self.peer:<23}{self.client:<12}{self.assurance.name:<10}"
        return f"{what}{len(late):>6}{figures}  {', '.join(sorted(self.outcomes))}"


async def _drag(said: bytes | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        await reader.read(65_536)
        writer.write(said or b"")
        while not reader.at_eof():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(65_536), PACE_S)
            writer.write(b"a" if said else b"")
    writer.close()


async def _serve(ports: Connection) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for name, (_, said) in PEERS.items():
            server = await asyncio.start_server(
                lambda *streams, said=said: _drag(said, *streams), "127.0.0.1", 0
            )
            await stack.enter_async_context(server)
            ports.send((name, server.sockets[0].getsockname()[1]))
        await asyncio.Event().wait()


def _serve_for_ever(ports: Connection) -> None:
    asyncio.run(_serve(ports))


@contextlib.contextmanager
def peers() -> Iterator[dict[str, str]]:
    """Run the peers in a process of their own, and give their addresses by name."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve_for_ever, args=(theirs,), daemon=True
    )
    process.start()
    urls = {name: f"{PEERS[name][0]}://127.0.0.1:{port}" for name, port in (ours.recv() for _ in PEERS)}
    with socket.socket() as deaf, contextlib.ExitStack() as stack:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(2):  # what the system accepts by itself
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        yield {
            **urls,
            NEVER_ACCEPTS: f"http://127.0.0.1:{deaf.getsockname()[1]}",
            STALLS: "https://stalled.example",
        }
    process.kill()
    process.join()


@contextlib.contextmanager
def through_client(venue: Apex, transport: httpx.AsyncBaseTransport | None) -> Iterator[Ask]:
    """Cancel through a `Client`."""

    def ask(request: CancelRequest) -> Asked:
        began_at = time.perf_counter()
        ack = client.cancel(request)
        return Asked(seconds=time.perf_counter() - began_at, outcome=ack.outcome.name)

    with Client([venue], transport=transport) as client:
        yield ask


@contextlib.contextmanager
def through_async_client(venue: Apex, transport: httpx.AsyncBaseTransport | None) -> Iterator[Ask]:
    """Cancel through an `AsyncClient`, timed on its loop."""

    async def ask(request: CancelRequest) -> Asked:
        began_at = time.perf_counter()
        ack = await client.cancel(request)
        return Asked(seconds=time.perf_counter() - began_at, outcome=ack.outcome.name)

    with asyncio.Runner() as runner:
        client = runner.run(_entered(AsyncClient([venue], transport=transport)))
        yield lambda request: runner.run(ask(request))
        runner.run(client.aclose())


async def _entered(client: AsyncClient) -> AsyncClient:
    return await client.__aenter__()


CLIENTS = {"AsyncClient": through_async_client, "Client": through_client}


def measured(peer: str, url: str, client: str, assurance: Assurance, rounds: int) -> Figure:
    """Cancel so many orders, one after the other, and note how late each ack came."""
    ended = threading.Event()

    def stall(_host: str, _port: int) -> list[Address]:
        ended.wait()
        return []

    venue = Apex(base_url=url, oms_id=1, auth=SessionToken("a-token"))
    transport = Transport(names=Names(stall)) if peer == STALLS else None
    figure = Figure(peer=peer, client=client, assurance=assurance)
    with CLIENTS[client](venue, transport) as ask:
        for number in range(1, rounds + 1):
            request = CancelRequest(
                venue="apex",
                account="9",
                order=OrderId(str(number)),
                assurance=assurance,
                timeout_s=TIMEOUT_S,
            )
            asked = ask(request)
            figure.late_ms.append((asked.seconds - TIMEOUT_S) * 1000)
            figure.outcomes.add(asked.outcome)
    ended.set()
    return figure


def main() -> int:
    """Measure, print the table, and say by the exit code whether the bound held."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20, help="cancels for each line of the table")
    rounds = parser.parse_args().rounds
    print(f"{'ack after its deadline, ms':<45}{'acks':>6}{'median':>9}{'p99':>9}{'worst':>9}  outcomes")
    worst = 0.0
    with peers() as urls:
        for peer, url in urls.items():
            for client, assurance in itertools.product(CLIENTS, Assurance):
                figure = measured(peer, url, client, assurance, rounds)
                worst = max(worst, *map(abs, figure.late_ms))
                print(figure, flush=True)
    load = ", ".join(f"{one:.2f}" for one in os.getloadavg())
    held = worst <= BOUND_MS
    print(
        f"worst {worst:.2f} ms, {'within' if held else 'over'} {BOUND_MS:.0f} ms; load average {load} on "
        f"{os.cpu_count()} cores; deadline {TIMEOUT_S * 1000:.0f} ms; Python {sys.version.split()[0]}"
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
