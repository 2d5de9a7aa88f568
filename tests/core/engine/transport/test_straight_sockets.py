"""Cancels that go straight over sockets: no task but their callers', and the truth whatever comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from countermand import Assurance, AsyncClient, CancelAck, CancelRequest, Outcome, Sent
from countermand._wire._sentinel import NAME

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Witness
    from tests.core.engine.transport.conftest import Kit, Server

Ask = Callable[..., CancelRequest]
Play = Callable[[AsyncClient, "Server"], Awaitable[Any]]


def said(told: Any, *headers: bytes) -> bytes:
    """Say something of the invented venue's."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"content-length: %d" % len(body), b"", body])


RECEIPT = said({"say": "receipt", "text": "on its way"})
CANCELED = said({"say": "order", "id": "7", "status": "CANCELED"})
UNREADABLE = said({"say": "order", "id": "7", "status": "ERROR"})


@attrs.frozen
class Stage:
    """Plays with a client that has its connection and its session."""

    kit: Kit
    venue: Pebble
    witness: Witness
    ask: Ask

    def play(self, play: Play, *scripts: Any, places: int = 8, **options: Any) -> Any:
        """Play, with that said to what is asked."""

        async def run() -> Any:
            room = self.kit.transport(connections_per_origin=places)
            async with self.kit.serving(RECEIPT, *scripts) as server, room as transport:
                venue = attrs.evolve(self.venue, base_url=server.url.rstrip("/"))
                one = AsyncClient([venue], transport=transport, observer=self.witness, **options)
                async with one:
                    await one.cancel(self.quick("1"))
                    return await play(one, server)

        return asyncio.run(run())

    def quick(self, *order: str, **fields: Any) -> CancelRequest:
        """Ask for no more than a receipt."""
        return self.ask(*order, assurance=Assurance.RECEIVED, **{"timeout_s": 8.0, **fields})


@pytest.fixture
def stage(kit: Kit, pebble: Pebble, witness: Witness, ask: Ask) -> Stage:
    """Give the stage."""
    return Stage(kit, pebble, witness, ask)


def test_no_task_but_its_callers(stage: Stage) -> None:
    """A cancel over a connection at hand needs no task, and tells when its first byte left."""

    async def play(one: AsyncClient, server: Server) -> CancelAck:
        tasks = asyncio.all_tasks()
        task = asyncio.create_task(one.cancel(stage.quick()))
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {*tasks, task}
        ack = await task
        assert server.connections == 1
        return ack

    ack = stage.play(play, RECEIPT)
    (attempt,) = ack.attempts
    assert (ack.outcome, ack.sent, ack.venue_text) == (Outcome.PENDING, Sent.YES, "on its way")
    assert attempt.signed_at is not None
    assert attempt.first_byte_at == attempt.signed_at
    assert [answer.verdict for answer in stage.witness.answers] == ["Receipt"] * 2


ANSWERS: dict[str, tuple[Any, str]] = {
    "a reset": ("reset", "ReadError"),
    "an end": ("close", "RemoteProtocolError"),
    "half an answer": ((RECEIPT[:-4], "close"), "RemoteProtocolError"),
    "garbage": (b"garbage\r\n\r\n", "RemoteProtocolError"),
    "an empty answer": (said(b""), "unreadable"),
    "a cached one": (said({"say": "receipt"}, b"age: 7"), "cached"),
    "one too long to be kept": (said({"say": "receipt", "text": "x" * 2000}), "over 1000 bytes"),
    "one too long to wait unread": (said({"say": "receipt", "text": "x" * 300_000}), "over 1000 bytes"),
}


@pytest.mark.parametrize(("script", "words"), ANSWERS.values(), ids=ANSWERS)
def test_what_is_no_receipt(stage: Stage, script: Any, words: str) -> None:
    """Whatever comes instead of a receipt is told as what it was, and the order is read."""

    async def play(one: AsyncClient, _: Server) -> CancelAck:
        return await one.cancel(stage.quick())

    ack = stage.play(play, script, CANCELED, reply_bytes=1000)
    (attempt,) = ack.attempts
    assert ack.outcome is Outcome.CANCELED
    assert words in (attempt.fault or attempt.verdict)


def test_a_long_receipt(stage: Stage) -> None:
    """A receipt that is longer than waits unread is read to its end."""

    async def play(one: AsyncClient, _: Server) -> CancelAck:
        return await one.cancel(stage.quick())

    ack = stage.play(play, said({"say": "receipt", "text": "x" * 600_000}))
    assert (ack.outcome, len(ack.venue_text)) == (Outcome.PENDING, 600_000)


@pytest.mark.parametrize("leaves", [True, False], ids=["who asked leaves", "the client closes"])
def test_an_answer_that_never_comes(stage: Stage, *, leaves: bool) -> None:
    """One that is left without an answer may have been sent, and its end is told once."""

    async def play(one: AsyncClient, server: Server) -> list[Any]:
        task = asyncio.create_task(one.cancel(stage.quick()))
        await server.until(lambda server: len(server.heard) == 2)
        if leaves:
            task.cancel()
            await asyncio.wait([task])
        left = await one.aclose()
        await server.until(lambda server: server.left == 1)
        return [(one.ack.outcome, one.ack.sent) for one in left]

    assert stage.play(play, "stall") == [(Outcome.PENDING, Sent.YES), (Outcome.UNKNOWN, Sent.MAYBE)]
    assert [answer.fault for answer in stage.witness.answers] == [None, "given up"]


@pytest.mark.parametrize("leaves", [True, False], ids=["who asked leaves", "the client closes"])
def test_no_connection_yet(stage: Stage, *, leaves: bool) -> None:
    """What has no connection yet as its caller leaves, or the client closes, was not sent, and never is."""

    async def play(one: AsyncClient, server: Server) -> Any:
        ahead, task = (asyncio.create_task(one.cancel(stage.quick(order))) for order in ("5", "7"))
        await server.until(lambda server: len(server.heard) == 2)
        if leaves:
            task.cancel()
            await asyncio.wait([task])
            ahead.cancel()
            await asyncio.wait([ahead])
            await one.cancel(stage.quick("8", timeout_s=0.8))
            cancels = [call for _, call in stage.witness.attempts if call == "cancel"]
            assert len(cancels) == 4  # the place of the one that left was free for the last
        left = await one.aclose()
        await asyncio.wait([ahead, task])
        assert [one.ack.request.order.value for one in left] == ["1", "5"]
        return [asked.split()[1] for asked in server.heard]

    heard = stage.play(play, "stall", RECEIPT, places=1, max_in_flight=2)
    assert [path.split(b"?")[0] for path in heard] == [b"/cancel/1", b"/cancel/5"]
    told = [answer.fault for answer in stage.witness.answers]
    assert told[:3] == [None, "given up", "given up"]
    assert len(told) == len(stage.witness.attempts)


def test_more_than_there_are_connections(stage: Stage) -> None:
    """Cancels that find no connection at hand need no task either, and tell when they went out in turn."""

    async def play(one: AsyncClient, server: Server) -> list[CancelAck]:
        tasks = asyncio.all_tasks()
        cancels = [asyncio.create_task(one.cancel(stage.quick(str(order)))) for order in range(2, 9)]
        await server.until(lambda server: len(server.heard) == 2)
        # One task for all of them, which hears of the loop's end.
        assert [one.get_name() for one in asyncio.all_tasks() - {*tasks, *cancels}] == [NAME]
        answer.set()
        acks = await asyncio.gather(*cancels)
        assert [asked.split()[1].split(b"?")[0] for asked in server.heard[1:]] == [
            b"/cancel/%d" % order for order in range(2, 9)
        ]
        assert server.connections == 1
        return acks

    answer = asyncio.Event()
    acks = stage.play(play, (answer.wait, RECEIPT), RECEIPT, places=1, max_in_flight=8)
    assert [(ack.outcome, ack.sent) for ack in acks] == [(Outcome.PENDING, Sent.YES)] * 7
    attempts = [ack.attempts[0] for ack in acks]
    assert all(one.first_byte_at > one.signed_at for one in attempts[1:])
    assert [one.first_byte_at for one in attempts] == sorted(one.first_byte_at for one in attempts)


def test_who_joins_over_a_socket(stage: Stage) -> None:
    """Whoever joins one that is under way shares its answer."""

    async def play(one: AsyncClient, server: Server) -> tuple[CancelAck, CancelAck]:
        first = asyncio.create_task(one.cancel(stage.quick()))
        await server.until(lambda server: len(server.heard) == 2)
        second = asyncio.create_task(one.cancel(stage.ask(timeout_s=8.0)))
        await asyncio.sleep(0)
        answer.set()
        return await asyncio.gather(first, second)

    answer = asyncio.Event()
    acks = stage.play(play, (answer.wait, RECEIPT), CANCELED)
    assert [ack.outcome for ack in acks] == [Outcome.PENDING, Outcome.CANCELED]
    assert acks[0].attempts == acks[1].attempts


def test_a_task_that_is_canceled_before_it_begins(stage: Stage) -> None:
    """Where all tasks are canceled just as a case goes on with a cancel, its connection is given up, too."""

    async def play(one: AsyncClient, server: Server) -> None:
        first = asyncio.create_task(one.cancel(stage.quick()))
        await server.until(lambda server: len(server.heard) == 2)
        others = asyncio.all_tasks()
        joining = one.cancel(stage.ask(timeout_s=8.0))
        joining.send(None)
        (task,) = asyncio.all_tasks() - others
        task.cancel()
        await asyncio.wait_for(server.until(lambda server: server.left == 1), 5)
        with pytest.raises(asyncio.CancelledError):
            joining.throw(asyncio.CancelledError())
        first.cancel()
        await asyncio.wait([first])

    stage.play(play, "stall", UNREADABLE)
    assert ("cancel", "given up") in [(one.call, one.fault) for one in stage.witness.answers]
