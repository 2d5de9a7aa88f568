"""Failures: each as httpx's own exception, and whether a byte of the request has left is always known."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand._wire._names import Names

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit

YES = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes"
GREETING = b"220 mail.example ESMTP\r\n"
WRITTEN = "http11.write_request.started"
LARGE = b"x" * 20_000_000


def test_the_steps_of_an_exchange(kit: Kit) -> None:
    """A new connection is told of between the writing and the first byte, a kept one is not."""

    async def use() -> None:
        async with kit.serving() as server, kit.transport() as transport:
            for steps in (["connection.connect_tcp.started", "connection.connect_tcp.complete"], []):
                tracer = kit.Tracer()
                await kit.ask(transport, server.url, extensions={"trace": tracer})
                assert tracer.steps == [WRITTEN, *steps, "http11.send_request_headers.started"]

    asyncio.run(use())


UNWRITABLE: dict[str, tuple[type[Exception], dict[str, Any]]] = {
    "a line too many": (httpx.LocalProtocolError, {"headers": [(b"x", b"s3cret\r\ny: z")]}),
    "a name with a line": (httpx.LocalProtocolError, {"headers": [(b"x: y\r\nz", b"s3cret")]}),
    "a zero": (httpx.LocalProtocolError, {"headers": [(b"x", b"s3cret\x00")]}),
    "a space before": (httpx.LocalProtocolError, {"headers": [(b"x", b" s3cret")]}),
    "another length": (httpx.LocalProtocolError, {"headers": {"content-length": "9"}, "content": b"s3cret"}),
    "a length and chunks": (
        httpx.LocalProtocolError,
        {"headers": {"content-length": "6", "transfer-encoding": "chunked"}, "content": b"s3cret"},
    ),
    "a coding that we do not speak": (httpx.LocalProtocolError, {"headers": {"transfer-encoding": "s3cret"}}),
    "a length of nothing": (httpx.LocalProtocolError, {"headers": {"content-length": "9"}}),
    "a name of two words": (httpx.LocalProtocolError, {"headers": [(b"x s3cret", b"y")]}),
    "a name of none": (httpx.LocalProtocolError, {"headers": [(b"", b"y")]}),
    "a tab at the end": (httpx.LocalProtocolError, {"headers": [(b"x", b"s3cret\t")]}),
    "two hosts": (httpx.LocalProtocolError, {"headers": [(b"host", b"a"), (b"host", b"b")]}),
    "a verb of two words": (httpx.LocalProtocolError, {"method": "GET s3cret"}),
    "a verb beyond ASCII": (httpx.LocalProtocolError, {"method": "L\xd6SCHE"}),
    "another scheme": (httpx.UnsupportedProtocol, {"url": "ftp://127.0.0.1/"}),
    "no host": (httpx.UnsupportedProtocol, {"url": "http:///path"}),
}


@pytest.mark.parametrize(("kind", "options"), UNWRITABLE.values(), ids=UNWRITABLE)
def test_what_cannot_be_written(kit: Kit, kind: type[Exception], options: dict[str, Any]) -> None:
    """A request that is none is refused before there is a connection, in words that quote nothing of it."""

    async def use() -> None:
        tracer = kit.Tracer()
        async with kit.serving() as server, kit.transport() as transport:
            asked = {"method": "GET", "url": server.url, "extensions": {"trace": tracer}, **options}
            with pytest.raises(kind) as raised:
                await transport.handle_async_request(httpx.Request(**asked))
            assert tracer.steps == ([WRITTEN] if kind is httpx.LocalProtocolError else [])
            assert "s3cret" not in str(raised.value)
            assert raised.value.__cause__ is None
            assert (server.connections, transport.connections) == (0, 0)

    asyncio.run(use())


def test_nobody_there(kit: Kit) -> None:
    """Where nobody listens nothing was sent, and it is said where."""

    async def use() -> None:
        tracer = kit.Tracer()
        async with kit.transport() as transport:
            with pytest.raises(httpx.ConnectError, match=r"refused|failed"):
                await kit.ask(transport, f"http://127.0.0.1:{free_port()}/", extensions={"trace": tracer})
        assert tracer.steps == [WRITTEN, "connection.connect_tcp.started"]

    asyncio.run(use())


def free_port() -> int:
    """Find a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


BEFORE = {
    "no such name": OSError("no such name"),
    "a name that is none": UnicodeError("label too long"),
    "a look-up that breaks": LookupError("out of order"),
    "a look-up in time": TimeoutError("too late"),
}


@pytest.mark.parametrize("error", BEFORE.values(), ids=BEFORE)
def test_no_address(kit: Kit, error: Exception) -> None:
    """Whatever a look-up raises, it is a connection that was not made."""

    def fail(_host: str, _port: int) -> Any:
        raise error

    async def use() -> None:
        async with kit.transport(names=Names(fail)) as transport:
            kind = httpx.ConnectTimeout if isinstance(error, TimeoutError) else httpx.ConnectError
            with pytest.raises(kind, match=str(error)):
                await kit.ask(transport, "http://venue.example/")

    asyncio.run(use())


@pytest.mark.parametrize("greeting", [(GREETING,), (YES,), ("close",), ("reset",)])
def test_a_server_that_does_not_wait(kit: Kit, greeting: tuple[Any, ...]) -> None:
    """Who speaks or hangs up before it is asked is asked nothing, where that is seen in time."""

    async def use() -> None:
        tracer = Slow(kit)
        async with kit.serving(greeting=greeting) as server, kit.transport() as transport:
            with pytest.raises(httpx.ConnectError):
                await kit.ask(transport, server.url, extensions={"trace": tracer})
            assert (server.heard, transport.connections) == ([], 0)

    asyncio.run(use())


class Slow:
    """Lets the server begin before the client does."""

    def __init__(self, kit: Kit, at: str = "connection.connect_tcp.complete") -> None:
        self.kit = kit
        self.at = at

    async def __call__(self, step: str, _info: Any) -> None:
        """Wait at that step."""
        if step == self.at:
            await self.kit.settle()


@pytest.mark.parametrize("greeting", [("pause", GREETING), ("pause", "close")])
def test_a_server_that_speaks_at_the_last_moment(kit: Kit, greeting: tuple[Any, ...]) -> None:
    """What comes between the word that it is sent and the sending is no answer, either."""

    async def use() -> None:
        tracer = Slow(kit, "http11.send_request_headers.started")
        async with kit.serving(greeting=greeting) as server, kit.transport() as transport:
            with pytest.raises(httpx.WriteError):
                await kit.ask(transport, server.url, extensions={"trace": tracer})
            assert server.heard == []

    asyncio.run(use())


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        ("connection.connect_tcp.complete", httpx.ConnectError),
        ("http11.send_request_headers.started", LookupError),
    ],
)
def test_a_tracer_that_breaks(kit: Kit, at: str, kind: type[Exception]) -> None:
    """A step that nobody could be told of is not taken, and its connection is not left behind."""

    async def trace(step: str, _info: Any) -> None:
        if step == at:
            raise LookupError(step)

    async def use() -> None:
        async with kit.serving() as server, kit.transport() as transport:
            with pytest.raises(kind, match=at):
                await kit.ask(transport, server.url, extensions={"trace": trace})
            await server.until(lambda seen: seen.left == 1)
            assert (server.heard, transport.connections) == ([], 0)

    asyncio.run(use())


def test_an_answer_to_half_a_request(kit: Kit) -> None:
    """An answer that comes before the request was sent answers something else, and is not believed."""

    async def use() -> None:
        loop = asyncio.get_running_loop()
        async with unread() as server, kit.transport() as transport:
            asking = asyncio.create_task(kit.ask(transport, server.url, "POST", content=LARGE))
            peer, _ = await loop.sock_accept(server.listener)
            with peer:
                await loop.sock_recv(peer, 1)
                peer.send(YES)
                with pytest.raises(httpx.RemoteProtocolError, match="before the request was sent"):
                    await asking
            await kit.settle()
            assert transport.connections == 0

    asyncio.run(use())


TIMES: dict[str, tuple[type[Exception], Any, dict[str, Any]]] = {
    "read": (httpx.ReadTimeout, "stall", {}),
    "read, in the body": (httpx.ReadTimeout, (YES[:-1], "stall"), {}),
    "write": (httpx.WriteTimeout, "stall", {"method": "POST", "content": LARGE}),
}


@pytest.mark.parametrize(("kind", "script", "options"), TIMES.values(), ids=TIMES)
def test_the_time_is_up(kit: Kit, kind: type[Exception], script: Any, options: dict[str, Any]) -> None:
    """Who waits no longer than so many seconds gets httpx's exception, and the connection is closed."""

    async def use() -> None:
        timeout = {"write" if kind is httpx.WriteTimeout else "read": 0.02}
        async with unread() if options else kit.serving(script) as server, kit.transport() as transport:
            with pytest.raises(kind):
                await kit.ask(transport, server.url, **{"extensions": {"timeout": timeout}, **options})
            await kit.settle()
            assert transport.connections == 0

    asyncio.run(use())


@attrs.frozen
class Unread:
    """A server that accepts nothing: the system does, up to a backlog."""

    listener: socket.socket

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/"


@asynccontextmanager
async def unread() -> AsyncIterator[Unread]:
    """Listen, and no more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield Unread(listener)


def test_each_part_has_its_own_time(kit: Kit, virtually: Callable[[Any], Any]) -> None:
    """The time for reading begins anew with all that comes."""

    async def use() -> None:
        exchange, loop = kit.exchange(), asyncio.get_running_loop()
        for number, part in enumerate((YES[:-3], b"y", b"es"), 1):
            loop.call_later(6 * number, exchange.take_in, part)
        assert (await exchange.beginning(10)).status == 200
        assert [await exchange.piece(10) for _ in range(3)] == [b"y", b"es", b""]

    virtually(use())


def test_an_answer_after_its_time(kit: Kit) -> None:
    """What has failed stays so, whatever comes of it still, and what comes keeps no connection."""
    exchange, late = kit.exchange(), httpx.ReadTimeout("too late")
    exchange.fail(late)
    exchange.take_in(YES)
    assert (exchange.over, exchange.keeps, exchange.failure) == (True, False, late)


def test_times_that_are_enough(kit: Kit) -> None:
    """Time-outs that are not reached change nothing."""

    async def use() -> None:
        timeout = dict.fromkeys(("connect", "write", "read", "pool"), 5.0)
        async with kit.serving() as server, kit.transport() as transport:
            sent = b"x" * 8_000_000
            response, _ = await kit.ask(
                transport, server.url, "POST", content=sent, extensions={"timeout": timeout}
            )
            assert response.status_code == 200
            assert len(server.heard[0]) > len(sent)

    asyncio.run(use())


def test_written_in_time_and_answered_late(kit: Kit) -> None:
    """The time for writing ends with the writing; the answer may take longer."""

    async def use() -> None:
        late = (lambda: asyncio.sleep(0.55), YES)
        timeout = {"timeout": {"write": 0.5}}
        async with kit.serving(late) as server, kit.transport() as transport:
            _, content = await kit.ask(
                transport, server.url, "POST", content=b"x" * 8_000_000, extensions=timeout
            )
            assert content == b"yes"

    asyncio.run(use())


@pytest.mark.parametrize("host", ["127.0.0.1", "venue.example"])
def test_no_connection_in_time(kit: Kit, host: str) -> None:
    """A connection that does not come about in time was not made."""

    async def use() -> None:
        never = asyncio.Event()
        timeout = {"connect": 0.02}

        async def stall(step: str, _info: Any) -> None:
            assert step in (WRITTEN, "connection.connect_tcp.started")
            if step != WRITTEN:
                await never.wait()

        async with kit.transport() as transport:
            with pytest.raises(httpx.ConnectTimeout, match=r"not connected in 0\.02 s"):
                await kit.ask(transport, f"http://{host}:9/", extensions={"timeout": timeout, "trace": stall})

    asyncio.run(use())


@pytest.mark.parametrize(
    ("patched", "ours"), [(False, 1), (True, 0)], ids=["as it is", "where something stands in"]
)
def test_who_stands_in_for_httpx(kit: Kit, monkeypatch: pytest.MonkeyPatch, patched: bool, ours: int) -> None:
    """Where httpx's own transport was replaced, as recorders of HTTP do, no request passes beside it."""
    seen: list[httpx.URL] = []

    async def replay(_self: Any, request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(200, content=b"ok")

    async def use() -> None:
        async with kit.serving() as server, kit.transport() as transport:
            for _ in range(2):
                response = await transport.handle_async_request(httpx.Request("GET", server.url))
                assert await response.aread() == b"ok"
            assert server.connections == ours

    if patched:
        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", replay)
    asyncio.run(use())
    assert len(seen) == (2 if patched else 0)
