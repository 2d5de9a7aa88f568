"""Acks over the wire: at the deadline, whatever a venue drags out, and with the truth about what left."""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from countermand import AsyncClient, CancelAck, CancelRequest, Client, OrderId, Outcome, Reason, Sent
from countermand._wire._names import Names
from countermand._wire._transport import Transport

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.transport.conftest import Kit

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n"
#: How a venue keeps a cancel waiting.
DRAGGED: dict[str, Any] = {
    "silence": "stall",
    "a head that dribbles": (b"HTTP/1.1 200 OK\r\nx:", "dribble"),
    "a body that dribbles": (HEAD + b"\r\n", "dribble"),
}


def asked(timeout_s: float) -> CancelRequest:
    """Ask for a cancel."""
    return CancelRequest(venue="pebble", account="9", order=OrderId("7"), timeout_s=timeout_s)


async def over(
    kind: type[AsyncClient | Client], venue: Any, *, timeout_s: float = 0.1, **options: Any
) -> CancelAck:
    """Cancel through either client, beside a running loop."""
    if issubclass(kind, AsyncClient):
        async with kind([venue], **options) as client:
            return await client.cancel(asked(timeout_s))

    def on_a_thread() -> CancelAck:
        with kind([venue], **options) as client:
            return client.cancel(asked(timeout_s))

    return await asyncio.to_thread(on_a_thread)


@pytest.mark.parametrize("kind", [AsyncClient, Client])
def test_a_venue_that_drags_its_answer_out(kit: Kit, pebble: Pebble, kind: Any) -> None:
    """The ack comes at its deadline, however the answer comes, and says that the cancel may have acted."""

    async def use() -> list[CancelAck]:
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(kit.serving(script)) for script in DRAGGED.values()]
            venues = [attrs.evolve(pebble, base_url=server.url) for server in servers]
            # All at once: each takes its time, enough of it on a busy machine for its cancel to be sent.
            return await asyncio.gather(*(over(kind, venue, timeout_s=1.0) for venue in venues))

    acks = dict(zip(DRAGGED, asyncio.run(use()), strict=True))
    told = {name: (ack.outcome, ack.sent, 1.0 <= ack.elapsed_s < 5) for name, ack in acks.items()}
    assert told == dict.fromkeys(DRAGGED, (Outcome.UNKNOWN, Sent.MAYBE, True))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="files are counted in /proc")
@pytest.mark.parametrize("leaves", [False, True], ids=["told at its deadline", "canceled"])
def test_nothing_is_left(kit: Kit, pebble: Pebble, leaves: bool) -> None:
    """When a client is closed no task, no socket and no thread of it is left, though answers are owed."""

    async def use() -> None:
        async with kit.serving("stall") as server:
            before = Left.now()
            async with AsyncClient([attrs.evolve(pebble, base_url=server.url)]) as client:
                asking = asyncio.create_task(client.cancel(asked(1.0)))
                await server.until(lambda seen: bool(seen.heard))
                if leaves:
                    asking.cancel()
                await asyncio.wait([asking])
                assert asking.cancelled() == leaves
            await server.until(lambda seen: seen.left == seen.connections)
            await kit.settle()
            assert Left.now().beyond(before) == Left()

    asyncio.run(use())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="files are counted in /proc")
def test_nothing_is_left_of_a_thread(kit: Kit, pebble: Pebble) -> None:
    """Nor is a thread, a loop or a socket left of a client that had a thread of its own."""

    def cancel(url: str) -> None:
        with Client([attrs.evolve(pebble, base_url=url)]) as client:
            assert client.cancel(asked(1.0)).outcome is Outcome.UNKNOWN

    async def use() -> None:
        async with kit.serving("stall") as server:
            await asyncio.to_thread(int)  # the thread that waits below is not the client's
            before = Left.now()
            await asyncio.to_thread(cancel, server.url)
            await server.until(lambda seen: seen.left == seen.connections)
            await kit.settle()
            assert Left.now().beyond(before) == Left()

    asyncio.run(use())


@attrs.frozen(kw_only=True)
class Left:
    """What there is in a process."""

    tasks: frozenset[asyncio.Task[Any]] = frozenset()
    threads: frozenset[threading.Thread] = frozenset()
    files: int = 0

    @classmethod
    def now(cls) -> Left:
        """Count."""
        return cls(
            tasks=frozenset(asyncio.all_tasks()),
            threads=frozenset(threading.enumerate()),
            files=len(list(Path("/proc/self/fd").iterdir())),
        )

    def beyond(self, before: Left) -> Left:
        """Tell what has come since; others' may have ended meanwhile."""
        return Left(
            tasks=self.tasks - before.tasks,
            threads=self.threads - before.threads,
            files=max(0, self.files - before.files),
        )


@pytest.mark.parametrize("kind", [AsyncClient, Client])
def test_a_look_up_that_stalls(pebble: Pebble, kind: Any) -> None:
    """While a name is looked up nothing is sent; the ack says so at its deadline, and waits for nothing."""
    told = threading.Event()

    def look_up(_host: str, _port: int) -> Any:
        told.wait(10)
        return ()

    async def use() -> CancelAck:
        async with Transport(names=Names(look_up)) as transport:
            return await over(
                kind, attrs.evolve(pebble, base_url="https://venue.example"), transport=transport
            )

    try:
        ack = asyncio.run(use())
    finally:
        told.set()
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
    assert 0.1 <= ack.elapsed_s < 5


def test_an_answer_to_another_order(kit: Kit, pebble: Pebble) -> None:
    """A second answer that came with the first is not the answer to the next request."""
    receipt = answer(b'{"say": "receipt"}')
    canceled = answer(b'{"say": "order", "id": "7", "status": "CANCELED"}')

    async def use() -> None:
        async with kit.serving(receipt + receipt, canceled) as server:
            ack = await over(AsyncClient, attrs.evolve(pebble, base_url=server.url), timeout_s=30)
            assert ack.outcome is Outcome.CANCELED
            assert (len(server.heard), server.connections) == (2, 2)

    asyncio.run(use())


def answer(content: bytes) -> bytes:
    """Write an answer."""
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(content), content)
