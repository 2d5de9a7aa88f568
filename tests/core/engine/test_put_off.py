"""Whose answer has come is told so, also where its landing was put off to a later turn of the loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import httpx

from countermand import Assurance, AsyncClient, CancelAck, CancelRequest, Outcome

Ask = Callable[..., CancelRequest]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]
MANY = 64
#: The order of which nothing is heard.
SILENT = "9999"


class Watcher:
    """Hears of acks and answers, and may break at one of these."""

    def __init__(self, broken_at: int = 0) -> None:
        self.broken_at = broken_at
        self.answers = 0
        self.acks: list[CancelAck] = []
        self.first = asyncio.Event()

    def answered(self, _answer: object) -> None:
        """Count an answer."""
        self.answers += 1
        if self.answers == self.broken_at:
            raise KeyboardInterrupt

    def acknowledged(self, ack: CancelAck) -> None:
        """Remember an ack."""
        self.acks.append(ack)
        self.first.set()

    def requested(self, *_told: object) -> None:
        """Hear of it."""

    attempted = logged_in = updated = requested


class Slow(Watcher):
    """Holds the loop up for a second when it hears of the first ack."""

    def acknowledged(self, ack: CancelAck) -> None:
        """Take long over it."""
        if not self.acks:
            loop: Any = asyncio.get_running_loop()
            loop.jump(1.0)
        super().acknowledged(ack)


async def together(request: httpx.Request) -> httpx.Response:
    """Answer all at one moment, but nothing to one."""
    await asyncio.sleep(9000 if SILENT in request.url.path else 0.05)
    return httpx.Response(200, json={"say": "receipt"})


def client_of(pebble: Any, watcher: Any) -> AsyncClient:
    """Make a client that has so many under way at once."""
    transport = httpx.MockTransport(together)
    return AsyncClient([pebble], transport=transport, observer=watcher, max_in_flight=MANY + 1)


def requests(ask: Ask, timeout_s: float = 10.0) -> list[CancelRequest]:
    """Ask for so many receipts."""
    return [ask(str(number), assurance=Assurance.RECEIVED, timeout_s=timeout_s) for number in range(MANY)]


def test_a_client_that_is_closed_meanwhile(pebble: Any, ask: Ask, virtually: Virtually) -> None:
    """All answers were here before it was closed: none of the acks says that nobody knows."""

    async def main() -> list[CancelAck]:
        watcher = Watcher()
        client = client_of(pebble, watcher)
        async with client:
            batch = asyncio.ensure_future(client.cancel_many(requests(ask)).collect())
            await watcher.first.wait()
        return await batch

    assert Counter(ack.outcome.value for ack in virtually(main())) == {"pending": MANY}


def test_an_interrupt_meanwhile(pebble: Any, ask: Ask, virtually: Virtually) -> None:
    """An interrupt that meets the landing of one delays none of the others by seconds, and loses none."""
    loop = virtually.__globals__["VirtualLoop"]()  # one that goes on after an interrupt
    watcher = Watcher(broken_at=25)

    async def main() -> None:
        async with client_of(pebble, watcher) as client:
            await client.cancel_many(requests(ask)).collect()

    task = loop.create_task(main())
    with suppress(KeyboardInterrupt):
        loop.run_until_complete(task)
    with suppress(TimeoutError):
        loop.run_until_complete(asyncio.wait_for(asyncio.shield(task), 9))
    late = [ack for ack in watcher.acks if ack.elapsed_s > 1]
    task.cancel()
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()
    assert (len(watcher.acks), len(late)) == (MANY, 1)


def test_a_deadline_meanwhile(pebble: Any, ask: Ask, virtually: Virtually) -> None:
    """What came in time stays so, also where somebody else held the loop up until the deadline was past."""

    async def main() -> list[CancelAck]:
        async with client_of(pebble, Slow()) as client:
            return await client.cancel_many(requests(ask, timeout_s=0.2)).collect()

    assert Counter(ack.outcome.value for ack in virtually(main())) == {"pending": MANY}


def test_an_interrupt_at_a_deadline(pebble: Any, ask: Ask, virtually: Virtually) -> None:
    """An interrupt that meets one whose answer came in time keeps no other one from its own deadline."""
    loop = virtually.__globals__["VirtualLoop"]()  # one that goes on after an interrupt
    watcher = Slow(broken_at=MANY - 5)

    async def main() -> CancelAck:
        async with client_of(pebble, watcher) as client:
            batch = asyncio.ensure_future(client.cancel_many(requests(ask, timeout_s=0.2)).collect())
            await asyncio.sleep(0.01)  # what is asked for first waits for a session, and goes not straight
            silent = ask(SILENT, assurance=Assurance.RECEIVED, timeout_s=5.0)
            try:
                return await asyncio.wait_for(client.cancel(silent), 9)
            finally:
                batch.cancel()

    task = loop.create_task(main())
    with suppress(KeyboardInterrupt):
        loop.run_until_complete(task)
    with suppress(TimeoutError):
        loop.run_until_complete(task)
    loop.close()
    assert watcher.answers >= MANY
    assert task.result().outcome is Outcome.UNKNOWN


async def connecting(request: httpx.Request) -> httpx.Response:
    """Answer all, but never get a connection for one."""
    if SILENT in request.url.path:
        await request.extensions["trace"]("connection.connect_tcp.started", {})
        await asyncio.Event().wait()
    return httpx.Response(200, json={"say": "receipt"})


def test_an_interrupt_as_one_is_given_up(pebble: Any, ask: Ask, virtually: Virtually) -> None:
    """An interrupt that meets a cancel which is taken back before it left keeps its place from nobody."""
    loop = virtually.__globals__["VirtualLoop"]()  # one that goes on after an interrupt
    watcher = Watcher(broken_at=2)
    asked, then = requests(ask)[:2]

    async def main() -> CancelAck:
        transport = httpx.MockTransport(connecting)
        async with AsyncClient([pebble], transport=transport, observer=watcher, max_in_flight=1) as client:
            await client.cancel(asked)  # the first one has a session to wait for, and goes not straight
            leaving = asyncio.ensure_future(client.cancel(ask(SILENT, assurance=Assurance.RECEIVED)))
            await asyncio.sleep(0.01)
            leaving.cancel()
            await asyncio.wait([leaving])
            return await client.cancel(then)

    task = loop.create_task(main())
    with suppress(KeyboardInterrupt):
        loop.run_until_complete(task)
    ack = loop.run_until_complete(task)
    loop.close()
    assert (watcher.answers, ack.outcome) == (3, Outcome.PENDING)
    assert ack.elapsed_s < 0.1
