"""Requests that are sent at once, and heard of only when their answers are here, or that there are none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermand import Sent
from countermand._wire._in_turn import InTurn
from countermand._wire._progress import GIVEN_UP, WireFault
from countermand._wire._sending import Bound, Direct
from countermand._wire._wire import Wire
from countermand.venue import HttpRequest

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit, Server

HEAD = b"HTTP/1.1 200 OK\r\n"
YES = HEAD + b"content-length: 3\r\n\r\nyes"
#: More than waits on a connection to be read.
LONG = 300_000


Use = Callable[[Wire, str, "Server"], Awaitable[None]]


def over_a_kept_connection(kit: Kit, use: Use, *scripts: Any) -> None:
    """Use a wire that has a connection at hand already."""

    async def run() -> None:
        async with kit.serving(YES, *scripts) as server, kit.transport() as transport:
            wire, url = Wire(transport), server.url.rstrip("/")
            await (await kit.Begun(wire, url).end()).response()
            await use(wire, url, server)

    asyncio.run(run())


def test_an_answer_over_a_kept_connection(kit: Kit) -> None:
    """Over a connection at hand no task is needed; the answer is there when its end is told, and then."""

    async def use(wire: Wire, url: str, server: Server) -> None:
        tasks = asyncio.all_tasks()
        begun = kit.Begun(wire, url)
        assert isinstance(begun.sending, Direct)
        assert asyncio.all_tasks() == tasks
        assert begun.sending.arrived is None
        sending = await begun.end()
        arrived = sending.arrived
        assert arrived is not None
        assert (arrived.status, arrived.headers["content-length"], arrived.content) == (200, "3", b"yes")
        assert sending.first_byte_at == sending.sent_at
        assert sending.progress.sent is Sent.MAYBE
        response = await sending.response()
        assert (response.status, response.content) == (200, b"yes")
        assert (sending.progress.sent, sending.progress.status) == (Sent.YES, 200)
        assert (begun.ends, sending.given_up) == (1, False)
        sending.drop()  # its connection may be another's by now
        again = await kit.Begun(wire, url).end()
        assert again.arrived is not None
        assert (server.connections, server.heard[1]) == (1, server.heard[0])

    over_a_kept_connection(kit, use, YES)


BROKEN: dict[str, tuple[Any, str]] = {
    "a reset": ("reset", "ReadError"),
    "an end": ("close", "RemoteProtocolError"),
    "half an answer": ((YES[:-1], "close"), "RemoteProtocolError"),
    "garbage": (b"garbage\r\n\r\n", "RemoteProtocolError"),
}


@pytest.mark.parametrize(("script", "words"), BROKEN.values(), ids=BROKEN)
def test_no_answer_over_a_kept_connection(kit: Kit, script: Any, words: str) -> None:
    """What brings no whole answer may have been sent, and says why there is none."""

    async def use(wire: Wire, url: str, _: Server) -> None:
        sending = await kit.Begun(wire, url).end()
        assert isinstance(sending, Direct)
        assert sending.arrived is None
        with pytest.raises(WireFault, match=words):
            await sending.response()
        assert sending.progress.sent is Sent.MAYBE

    over_a_kept_connection(kit, use, script)


def long(size: int) -> bytes:
    return HEAD + b"content-length: %d\r\n\r\n" % size + b"x" * size


def test_an_answer_longer_than_waits_unread(kit: Kit) -> None:
    """Of an answer that is long the end is told when no more of it is kept: whoever wants it reads it all."""

    async def use(wire: Wire, url: str, _: Server) -> None:
        begun = kit.Begun(wire, url)
        sending = await begun.end()
        assert sending.arrived is None
        assert len((await sending.response()).content) == 2 * LONG
        assert begun.ends == 1

    over_a_kept_connection(kit, use, long(2 * LONG))


def test_an_answer_that_is_too_long(kit: Kit) -> None:
    """An answer over the bound has not arrived, and is told as too long, however whole it is."""

    async def use(wire: Wire, url: str, _: Server) -> None:
        sending = await kit.Begun(wire, url, Bound(2, cuts=False)).end()
        assert sending.arrived is None
        with pytest.raises(WireFault, match="over 2 bytes"):
            await sending.response()

    over_a_kept_connection(kit, use, YES)


def test_a_part_of_an_answer_will_do(kit: Kit) -> None:
    """Where a part will do, what is over the bound is cut off."""

    async def use(wire: Wire, url: str, _: Server) -> None:
        sending = await kit.Begun(wire, url, Bound(2, cuts=True)).end()
        assert sending.arrived is None
        assert (await sending.response()).content == b"ye"

    over_a_kept_connection(kit, use, YES)


def test_giving_up_over_a_kept_connection(kit: Kit) -> None:
    """Who gives a request up closes its connection: its answer must meet no other."""

    async def use(wire: Wire, url: str, server: Server) -> None:
        begun = kit.Begun(wire, url)
        await server.until(lambda server: len(server.heard) == 2)
        begun.sending.drop()
        assert begun.ends == 1
        await server.until(lambda server: server.left == 1)
        assert (await kit.Begun(wire, url).end()).arrived is not None
        assert server.connections == 2

    over_a_kept_connection(kit, use, "stall", YES)


def test_waiting_for_an_answer_over_a_kept_connection(kit: Kit) -> None:
    """Whoever waits for the response has it as soon as it comes, and no longer than they wait."""

    async def use(wire: Wire, url: str, _: Server) -> None:
        sending = kit.Begun(wire, url).sending
        assert (await sending.response()).content == b"yes"
        stalled = kit.Begun(wire, url)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stalled.sending.response(), 0.01)
        assert stalled.ends == 1

    over_a_kept_connection(kit, use, YES, "stall")


def test_the_first_connection_is_made_by_a_task(kit: Kit) -> None:
    """Without a connection at hand a task makes one; before its first byte nothing was sent."""

    async def run() -> None:
        async with kit.serving(YES) as server, kit.transport() as transport:
            begun = kit.Begun(Wire(transport), server.url.rstrip("/"))
            sending = begun.sending
            assert isinstance(sending, InTurn)
            assert (sending.arrived, sending.first_byte_at, sending.progress.sent) == (None, None, Sent.NO)
            await begun.end()
            assert sending.first_byte_at is not None
            assert sending.arrived is not None
            assert (sending.arrived.content, sending.progress.sent) == (b"yes", Sent.MAYBE)
            assert (await sending.response()).content == b"yes"
            assert sending.progress.sent is Sent.YES

    asyncio.run(run())


def test_what_cannot_be_written(kit: Kit) -> None:
    """A request that cannot be written is told to whoever waits for its response, and was not sent."""

    async def use(wire: Wire, url: str, server: Server) -> None:
        odd = HttpRequest(method="POST", path="/\udcff", headers={}, content=b"")
        sending = await kit.Begun(wire, url, request=odd).end()
        assert sending.arrived is None
        with pytest.raises(UnicodeEncodeError):
            await sending.response()
        assert sending.progress.sent is Sent.NO
        assert (await kit.Begun(wire, url).end()).arrived is not None
        assert (len(server.heard), server.connections) == (2, 1)

    over_a_kept_connection(kit, use, YES)


def test_a_transport_that_steps_aside(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where something has replaced httpx's own transport, that is asked, whatever is at hand."""

    async def elsewhere(_: object, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"elsewhere", request=request)

    async def use(wire: Wire, url: str, server: Server) -> None:
        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", elsewhere)
        sending = await kit.Begun(wire, url).end()
        assert sending.arrived is not None
        assert sending.arrived.content == b"elsewhere"
        assert len(server.heard) == 1

    over_a_kept_connection(kit, use)


class Scripted(httpx.AsyncBaseTransport):
    """A transport of somebody else's, that does one thing."""

    def __init__(self, do: Callable[[], Awaitable[httpx.Response]]) -> None:
        self._do = do

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Do it."""
        return await self._do()


async def fail() -> httpx.Response:
    raise httpx.ConnectError("refused")


async def hang() -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def break_down() -> httpx.Response:
    raise asyncio.CancelledError


def test_a_transport_that_fails(kit: Kit) -> None:
    """A fault of the transport is raised when the response is waited for; nobody else hears of it."""

    async def run() -> None:
        sending = await kit.Begun(Wire(Scripted(fail)), "http://127.0.0.1:9").end()
        assert (sending.arrived, sending.given_up) == (None, False)
        with pytest.raises(WireFault, match="refused"):
            await sending.response()
        assert sending.progress.sent is Sent.NO

    asyncio.run(run())


def test_a_task_that_somebody_cancels(kit: Kit) -> None:
    """A task that is canceled from outside was given up; before it began, nothing was sent."""

    async def run() -> None:
        begun = kit.Begun(Wire(Scripted(hang)), "http://127.0.0.1:9")
        (task,) = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.sleep(0)
        assert begun.sending.progress.sent is Sent.MAYBE
        task.cancel()
        sending = await begun.end()
        assert (sending.arrived, sending.given_up) == (None, True)
        with pytest.raises(WireFault, match=GIVEN_UP):
            await sending.response()
        early = kit.Begun(Wire(Scripted(hang)), "http://127.0.0.1:9")
        early.sending.drop()
        assert (await early.end()).progress.sent is Sent.NO

    asyncio.run(run())


def test_a_transport_that_cancels_itself(kit: Kit) -> None:
    """A cancellation that comes from within a transport is its own fault, and raised as such."""

    async def run() -> None:
        sending = await kit.Begun(Wire(Scripted(break_down)), "http://127.0.0.1:9").end()
        assert (sending.arrived, sending.given_up) == (None, False)
        with pytest.raises(asyncio.CancelledError):
            await sending.response()

    asyncio.run(run())


def test_who_waits_is_canceled(kit: Kit) -> None:
    """Whoever is canceled while they wait for the response is, and the task along with them."""

    async def run() -> None:
        begun = kit.Begun(Wire(Scripted(hang)), "http://127.0.0.1:9")
        waiting = asyncio.create_task(begun.sending.response())
        await asyncio.sleep(0)
        waiting.cancel()
        await begun.end()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(run())
