"""Requests that wait in turn for a connection: no task, no byte and no harm until it is theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from countermand import Sent
from countermand._wire._dial import ROOM_BYTES
from countermand._wire._in_turn import InTurn
from countermand._wire._progress import GIVEN_UP, WireFault
from countermand._wire._sending import ByTask, Direct
from countermand._wire._sentinel import NAME
from countermand._wire._transport import Transport
from countermand._wire._wire import Wire
from countermand.venue import HttpRequest

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Begun, Kit, Server

HEAD = b"HTTP/1.1 200 OK\r\n"
YES = HEAD + b"content-length: 3\r\n\r\nyes"
NO = HEAD + b"content-length: 2\r\n\r\nno"
#: What comes after it is not read together with it.
AS_LONG_AS_IS_READ = (HEAD + b"content-length: 65494\r\n\r\n").ljust(ROOM_BYTES, b"n")


def tasks_there() -> set[asyncio.Task[Any]]:
    """List the tasks but for the one that hears of the loop's end for all who wait without one."""
    return {one for one in asyncio.all_tasks() if one.get_name() != NAME}


@attrs.frozen
class Stage:
    """One connection that is busy, and whoever waits for it."""

    kit: Kit
    transport: Transport
    wire: Wire
    server: Server
    ahead: Begun
    #: Lets the server go on.
    go: asyncio.Event

    def begin(self, path: str = "/cancel") -> Begun:
        """Begin another request."""
        request = HttpRequest(method="POST", path=path, headers={}, content=b"")
        return self.kit.Begun(self.wire, self.server.url.rstrip("/"), request=request)

    def waiting(self, path: str = "/cancel") -> Begun:
        """Begin one that has to wait."""
        tasks = tasks_there()
        begun = self.begin(path)
        sending = begun.sending
        assert isinstance(sending, InTurn)
        assert tasks_there() == tasks
        assert (sending.arrived, sending.first_byte_at, sending.given_up) == (None, None, False)
        assert (sending.progress.sent, sending.progress.signed_at) == (Sent.NO, sending.sent_at)
        return begun

    @property
    def heard(self) -> list[bytes]:
        """What the server was asked for, in order."""
        return [asked.split()[1] for asked in self.server.heard]


Play = Callable[[Stage], Awaitable[None]]


def staged(kit: Kit, play: Play, first: tuple[Any, ...], *scripts: Any) -> None:
    """Play where the only connection is busy, until it is let go on with the first script."""

    async def run() -> None:
        go = asyncio.Event()
        async with (
            kit.serving((go.wait, *first), *scripts) as server,
            kit.transport(connections_per_origin=1) as transport,
        ):
            wire = Wire(transport)
            ahead = kit.Begun(wire, server.url.rstrip("/"))
            await server.until(lambda server: bool(server.heard))
            await play(Stage(kit, transport, wire, server, ahead, go))

    asyncio.run(run())


async def arrived(begun: Begun) -> bytes:
    """Return the answer to one, which is told once."""
    sending = await begun.end()
    answer = sending.arrived
    assert answer is not None
    assert begun.ends == 1
    return answer.content


async def fault(begun: Begun) -> str:
    """Return why there is none, which is told once."""
    sending = await begun.end()
    assert sending.arrived is None
    with pytest.raises(WireFault) as caught:
        await sending.response()
    assert begun.ends == 1
    return str(caught.value)


def test_a_connection_is_handed_over(kit: Kit) -> None:
    """Who waits needs no task, goes out as the connection is free, and has its own answer."""

    async def play(stage: Stage) -> None:
        begun = stage.waiting()
        sending, tasks = begun.sending, tasks_there()
        stage.go.set()
        assert await arrived(stage.ahead) == b"no"
        assert sending.first_byte_at is not None
        assert sending.first_byte_at > sending.sent_at
        assert sending.progress.sent is Sent.MAYBE
        assert await arrived(begun) == b"yes"
        assert tasks_there() <= tasks
        assert (await sending.response()).content == b"yes"
        assert (sending.progress.sent, sending.progress.status, begun.ends) == (Sent.YES, 200, 1)
        sending.drop()  # its connection may be another's by now
        after = stage.begin()
        assert isinstance(after.sending, Direct)
        assert await arrived(after) == b"yes"
        assert stage.server.connections == 1

    staged(kit, play, (NO,), YES)


def test_in_turn_with_tasks(kit: Kit) -> None:
    """Whoever came first is first, whether a task waits for a connection or the request alone."""

    async def play(stage: Stage) -> None:
        tasks, begun = [], []
        for number in range(0, 6, 2):
            tasks.append(asyncio.create_task(kit.ask(stage.transport, f"{stage.server.url}{number}")))
            await kit.settle()
            begun.append(stage.waiting(f"/{number + 1}"))
        stage.go.set()
        assert [await arrived(one) for one in begun] == [b"yes"] * 3
        assert [content for _, content in await asyncio.gather(*tasks)] == [b"yes"] * 3
        assert stage.heard[1:] == [b"/%d" % number for number in range(6)]
        assert stage.server.connections == 1

    staged(kit, play, (NO,), YES)


LOST: dict[str, tuple[Any, ...]] = {
    "a reset": ("reset",),
    "an end": ("close",),
    "an answer that closes": (HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\nno",),
    "two answers": (NO + NO,),
    "two answers, one as long as is read": (AS_LONG_AS_IS_READ + NO,),
}


@pytest.mark.parametrize("first", LOST.values(), ids=LOST)
def test_a_place_is_handed_over(kit: Kit, first: tuple[Any, ...]) -> None:
    """Where the connection is no more, or not quiet, another is made for whoever waits first."""

    async def play(stage: Stage) -> None:
        one, two = stage.waiting("/1"), stage.waiting("/2")
        stage.go.set()
        await stage.ahead.end()
        assert one.sending.progress.sent is Sent.NO
        assert await arrived(one) == b"yes"
        assert one.sending.first_byte_at is not None
        assert not one.sending.given_up
        assert await arrived(two) == b"yes"
        assert (stage.heard[1:], stage.server.connections) == ([b"/1", b"/2"], 2)

    staged(kit, play, first, YES)


def test_nobody_there_any_more(kit: Kit) -> None:
    """Where no connection can be made in the place that was given, nothing was sent."""

    async def run() -> None:
        async with kit.transport(connections_per_origin=1) as transport:
            async with kit.serving("stall") as server:
                url, wire = server.url.rstrip("/"), Wire(transport)
                kit.Begun(wire, url)
                await server.until(lambda server: bool(server.heard))
                begun = [kit.Begun(wire, url) for _ in range(2)]
                assert [type(one.sending) for one in begun] == [InTurn] * 2
            for one in begun:
                assert "ConnectError" in await fault(one)
                assert (one.sending.progress.sent, one.sending.given_up) == (Sent.NO, False)
            assert "ConnectError" in await fault(kit.Begun(wire, url))  # as a place is free

    asyncio.run(run())


def test_the_transport_is_closed(kit: Kit) -> None:
    """Who waits when the transport is closed was not sent; nor is who comes later."""

    async def play(stage: Stage) -> None:
        one, two = stage.waiting(), stage.waiting()
        taken_over = asyncio.create_task(two.sending.response())
        await asyncio.sleep(0)
        await stage.transport.aclose()
        with pytest.raises(WireFault, match=r"^ConnectError: the transport was closed$"):
            await taken_over
        assert (two.ends, two.sending.progress.sent) == (1, Sent.NO)
        assert await fault(one) == "ConnectError: the transport was closed"
        assert one.sending.progress.sent is Sent.NO
        late = stage.begin()
        assert isinstance(late.sending, ByTask)
        assert await fault(late) == "ConnectError: the transport is closed"
        assert late.sending.progress.sent is Sent.NO
        assert len(stage.heard) == 1

    staged(kit, play, ("stall",))


def test_giving_up_while_waiting(kit: Kit) -> None:
    """Who is given up while it waits is never sent, and takes no connection from whoever is next."""

    async def play(stage: Stage) -> None:
        one, two, three = (stage.waiting(f"/{number}") for number in (1, 2, 3))
        one.sending.drop()
        two.sending.drop()
        two.sending.drop()
        stage.go.set()
        assert await arrived(three) == b"yes"
        for gone in (one, two):
            assert await fault(gone) == GIVEN_UP
            assert gone.sending.progress.sent is Sent.NO
        assert (stage.heard[1:], stage.server.connections) == ([b"/3"], 1)

    staged(kit, play, (NO,), YES)


def test_giving_up_after_it_was_sent(kit: Kit) -> None:
    """Who is given up after it was sent closes its connection, and another is made for the next."""

    async def play(stage: Stage) -> None:
        one, two = stage.waiting("/1"), stage.waiting("/2")
        stage.go.set()
        await stage.server.until(lambda server: len(server.heard) == 2)
        one.sending.drop()
        assert one.ends == 1
        assert await arrived(two) == b"yes"
        assert one.sending.progress.sent is Sent.MAYBE
        assert await fault(one) == "ReadError: the connection was closed"
        assert (stage.heard[1:], stage.server.connections) == ([b"/1", b"/2"], 2)

    staged(kit, play, (NO,), "stall", YES)


@pytest.mark.parametrize("sent_first", [False, True], ids=["while it waits", "once it was sent"])
def test_taken_over(kit: Kit, *, sent_first: bool) -> None:
    """Whoever waits for the response has it, and its progress shows how far it comes."""
    answer = asyncio.Event()

    async def play(stage: Stage) -> None:
        begun = stage.waiting()
        progress = begun.sending.progress
        if sent_first:
            stage.go.set()
            await stage.server.until(lambda server: len(server.heard) == 2)
        task = asyncio.create_task(begun.sending.response())
        await asyncio.sleep(0)
        assert progress.sent is (Sent.MAYBE if sent_first else Sent.NO)
        stage.go.set()
        answer.set()
        assert (await task).content == b"yes"
        assert (progress.sent, progress.first_byte_at) == (Sent.YES, begun.sending.first_byte_at)
        assert begun.ends == 1

    staged(kit, play, (NO,), (answer.wait, YES))


@pytest.mark.parametrize("sent_first", [False, True], ids=["while it waits", "once it was sent"])
def test_who_took_it_over_leaves(kit: Kit, *, sent_first: bool) -> None:
    """Whoever is canceled while they wait for the response gives the request up."""

    async def play(stage: Stage) -> None:
        one, two = stage.waiting("/1"), stage.waiting("/2")
        task = asyncio.create_task(one.sending.response())
        await asyncio.sleep(0)
        if sent_first:
            stage.go.set()
            await stage.server.until(lambda server: len(server.heard) == 2)
        task.cancel()
        await asyncio.wait([task])
        assert (task.cancelled(), one.ends) == (True, 1)
        assert one.sending.progress.sent is (Sent.MAYBE if sent_first else Sent.NO)
        stage.go.set()
        assert await arrived(two) == b"yes"
        assert stage.heard[1:] == [b"/1", b"/2"][not sent_first :]

    staged(kit, play, (NO,), *(["stall"] if sent_first else []), YES)


def test_no_answer_in_turn(kit: Kit) -> None:
    """What was sent in its turn and brought no whole answer may have been done."""

    async def play(stage: Stage) -> None:
        begun = stage.waiting()
        stage.go.set()
        assert (await fault(begun)).startswith("RemoteProtocolError")
        assert begun.sending.progress.sent is Sent.MAYBE

    staged(kit, play, (NO,), (YES[:-1], "close"))


def test_where_a_place_is_free_again(kit: Kit) -> None:
    """Where nobody is connected any more, a connection is made at once."""

    async def play(stage: Stage) -> None:
        stage.go.set()
        await stage.ahead.end()
        await kit.settle()
        begun = stage.begin()
        assert isinstance(begun.sending, InTurn)
        assert await arrived(begun) == b"yes"

    staged(kit, play, ("close",), YES)
