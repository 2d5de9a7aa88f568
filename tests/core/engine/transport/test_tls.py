"""TLS: whom we speak to is proven before anything is said, and an answer that was cut off is none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermand._wire._dial import ROOM_BYTES
from countermand._wire._in_turn import InTurn
from countermand._wire._wire import Wire

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit, Pki

YES = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes"
UNTIL_THE_END = b"HTTP/1.1 200 OK\r\n\r\nyes"


@pytest.mark.parametrize(("host", "name"), [("venue.example", "venue.example"), ("127.0.0.1", None)])
def test_who_proves_itself(kit: Kit, pki: Pki, host: str, name: str | None) -> None:
    """A server that proves to be the host of the URL is asked, told which host is meant, and kept."""

    async def use() -> None:
        async with kit.serving(tls=pki.server) as server, pki.transport(kit) as transport:
            for _ in range(2):
                tracer = kit.Tracer()
                url = f"https://{host}:{server.port}/"
                assert (await kit.ask(transport, url, extensions={"trace": tracer}))[1] == b"ok"
                assert tracer.steps[-1] == "http11.send_request_headers.started"
            assert (server.connections, pki.asked_for) == (1, [name])

    asyncio.run(use())


STRANGERS: dict[str, tuple[str, bool]] = {
    "another host": ("elsewhere.example", True),
    "a host that is none": (".example", True),
    "an authority that we do not trust": ("venue.example", False),
}


@pytest.mark.parametrize(("host", "trusted"), STRANGERS.values(), ids=STRANGERS)
def test_who_does_not(kit: Kit, pki: Pki, host: str, trusted: bool) -> None:
    """A server that proves to be another, or nothing, is told nothing."""

    async def use() -> None:
        tracer = kit.Tracer()
        verify = pki.client if trusted else httpx.create_ssl_context()
        async with kit.serving(tls=pki.server) as server, pki.transport(kit, verify=verify) as transport:
            with pytest.raises(httpx.ConnectError):
                await kit.ask(transport, f"https://{host}:{server.port}/", extensions={"trace": tracer})
            await kit.settle()
            assert (server.heard, transport.connections) == ([], 0)
        assert tracer.steps[-1] == "connection.start_tls.started"

    asyncio.run(use())


@pytest.mark.parametrize("greeting", [("close",), ("reset",), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "close")])
def test_who_speaks_another_language(kit: Kit, pki: Pki, greeting: tuple[Any, ...]) -> None:
    """Where there is no TLS, nothing was sent."""

    async def use() -> None:
        async with kit.serving(greeting=greeting) as server, kit.transport(verify=pki.client) as transport:
            with pytest.raises(httpx.ConnectError):
                await kit.ask(transport, f"https://127.0.0.1:{server.port}/")

    asyncio.run(use())


def test_who_speaks_before_the_handshake(kit: Kit, pki: Pki) -> None:
    """What comes before the handshake belongs to none: it is not begun."""

    async def use() -> None:
        async def wait(step: str, _info: Any) -> None:
            if step == "connection.start_tls.started":
                await kit.settle()

        async with (
            kit.serving(greeting=(b"220 mail",)) as server,
            kit.transport(verify=pki.client) as transport,
        ):
            with pytest.raises(httpx.ConnectError, match="before it was asked"):
                await kit.ask(transport, f"https://127.0.0.1:{server.port}/", extensions={"trace": wait})

    asyncio.run(use())


@pytest.mark.parametrize("greeting", [(YES,), ("close",)], ids=["a word", "an end"])
def test_who_does_not_wait(kit: Kit, pki: Pki, greeting: tuple[Any, ...]) -> None:
    """Who speaks or hangs up after the handshake, before it is asked, is asked nothing."""

    async def use() -> None:
        async def wait(step: str, _info: Any) -> None:
            assert "send_request" not in step
            if step == "connection.start_tls.complete":
                await kit.settle()

        async with kit.serving(greeting=greeting, tls=pki.server) as server, pki.transport(kit) as transport:
            with pytest.raises(httpx.ConnectError, match="before it was asked"):
                await kit.ask(transport, server.url, extensions={"trace": wait})
            assert server.heard == []

    asyncio.run(use())


def test_a_handshake_that_stalls(kit: Kit, pki: Pki) -> None:
    """A handshake that does not end is ended by whoever waits no longer, and leaves nothing open."""

    async def use() -> None:
        async with kit.serving(greeting=("stall",)) as server, kit.transport(verify=pki.client) as transport:
            with pytest.raises(httpx.ConnectTimeout):
                await kit.ask(
                    transport,
                    f"https://127.0.0.1:{server.port}/",
                    extensions={"timeout": {"connect": 0.02}},
                )
            await server.until(lambda seen: seen.left == 1)

    asyncio.run(use())


def test_giving_up_after_the_handshake(kit: Kit, pki: Pki) -> None:
    """Who gives up when a connection has just been made leaves none open."""

    async def use() -> None:
        there = asyncio.Event()

        async def wait(step: str, _info: Any) -> None:
            if step == "connection.start_tls.complete":
                there.set()
                await asyncio.Event().wait()

        async with kit.serving(tls=pki.server) as server, pki.transport(kit) as transport:
            asking = asyncio.create_task(kit.ask(transport, server.url, extensions={"trace": wait}))
            await there.wait()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await asyncio.wait_for(server.until(lambda seen: seen.left == 1), 5)

    asyncio.run(use())


# (what is said, what it comes to, whether the connection is kept)
SAID: dict[str, tuple[Any, bytes | type[Exception], bool]] = {
    "an answer": (YES, b"yes", True),
    "a long answer": (
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 1_000_000,
        b"x" * 1_000_000,
        True,
    ),
    "two answers": (YES + YES, b"yes", False),
    "an answer until a proper end": ((UNTIL_THE_END, "close"), b"yes", False),
    "an answer that was cut off": ((UNTIL_THE_END, "pause", "cut"), httpx.ReadError, False),
    "half an answer": ((YES[:-1], "close"), httpx.RemoteProtocolError, False),
    "what was not sealed": (("plain",), httpx.ReadError, False),
    "half an answer, and what was not sealed": ((YES[:-1], "pause", "plain"), httpx.ReadError, False),
    "an answer, and then what was not sealed": ((YES, "pause", "plain"), b"yes", False),
    "an answer, and with it what was not sealed": ((YES, "plain"), b"yes", False),
    "what has no end, and with it what was not sealed": ((UNTIL_THE_END, "plain"), httpx.ReadError, False),
}


@pytest.mark.parametrize(("script", "expected", "kept"), SAID.values(), ids=SAID)
def test_what_is_said(kit: Kit, pki: Pki, script: Any, expected: Any, kept: bool) -> None:
    """Under TLS, too, no answer is more than it is: what only ends with its connection must end properly."""

    async def use() -> None:
        async with kit.serving(script, YES, tls=pki.server) as server, pki.transport(kit) as transport:
            told = await kit.told(transport, server.url)
            assert (told.content or told.failure) == expected
            await kit.settle()
            assert (await kit.told(transport, server.url)).content == b"yes"
            assert server.connections == (1 if kept else 2)

    asyncio.run(use())


def test_who_cuts_an_answer_off(kit: Kit, pki: Pki) -> None:
    """It is told that the server did: we close connections, too."""

    async def use() -> None:
        cut = (YES[:-1], "pause", "cut")
        async with kit.serving(cut, tls=pki.server) as server, pki.transport(kit) as transport:
            with pytest.raises(httpx.ReadError, match="the server cut"):
                await kit.ask(transport, server.url)

    asyncio.run(use())


@pytest.mark.parametrize("has_tls", [False, True], ids=["plain", "TLS"])
def test_many_long_answers_at_once(kit: Kit, pki: Pki, has_tls: bool) -> None:
    """Of many long answers that come at the same time each is whole, and mixed up with no other."""
    bodies = [bytes([number]) * 150_000 for number in range(20)]
    scripts = [b"HTTP/1.1 200 OK\r\ncontent-length: 150000\r\n\r\n" + body for body in bodies]

    async def use() -> None:
        tls = pki.server if has_tls else None
        async with kit.serving(*scripts, tls=tls) as server, pki.transport(kit) as transport:
            answers = await asyncio.gather(*[kit.ask(transport, server.url) for _ in bodies])
            assert sorted(content for _, content in answers) == bodies
            assert server.connections == len(bodies)

    asyncio.run(use())


def test_what_the_peer_does_not_read(kit: Kit, pki: Pki) -> None:
    """What waits to be sent under TLS, too, is given up in time."""

    async def use() -> None:
        busy = asyncio.Event()
        async with (
            kit.serving(greeting=(busy.wait,), tls=pki.server) as server,
            pki.transport(kit) as transport,
        ):
            options: dict[str, Any] = {
                "content": b"x" * 20_000_000,
                "extensions": {"timeout": {"write": 0.02}},
            }
            with pytest.raises(httpx.WriteTimeout):
                await kit.ask(transport, server.url, "POST", **options)
            await kit.settle()
            assert transport.connections == 0

    asyncio.run(use())


# What TLS has read together with an answer, and tells only after it.
BEHIND: dict[str, tuple[Any, ...]] = {
    "another answer": (
        b"HTTP/1.1 200 OK\r\ncontent-length: 65494\r\n\r\n".ljust(ROOM_BYTES, b"n")
        + b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno",
    ),
    "the end": (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno", "close"),
}


@pytest.mark.parametrize("first", BEHIND.values(), ids=BEHIND)
def test_what_comes_behind_an_answer(kit: Kit, pki: Pki, first: tuple[Any, ...]) -> None:
    """Whoever waits for the connection is not sent over it, and so is never given another's answer."""

    async def use() -> None:
        go = asyncio.Event()
        async with (
            kit.serving((go.wait, *first), YES, tls=pki.server) as server,
            pki.transport(kit, connections_per_origin=1) as transport,
        ):
            wire, url = Wire(transport), server.url.rstrip("/")
            ahead = kit.Begun(wire, url)
            await server.until(lambda seen: bool(seen.heard))
            one, two = kit.Begun(wire, url), kit.Begun(wire, url)
            assert isinstance(one.sending, InTurn)
            go.set()
            await ahead.end()
            for begun in (one, two):
                assert (await (await begun.end()).response()).content == b"yes"
            assert server.by == [1, 2, 2]

    asyncio.run(use())


def test_a_connection_is_handed_over_under_tls(kit: Kit, pki: Pki) -> None:
    """Whoever waits is sent over the connection that was in use, without a task."""

    async def use() -> None:
        go = asyncio.Event()
        async with (
            kit.serving((go.wait, YES), YES, tls=pki.server) as server,
            pki.transport(kit, connections_per_origin=1) as transport,
        ):
            wire, url = Wire(transport), server.url.rstrip("/")
            begun = [kit.Begun(wire, url)]
            await server.until(lambda seen: bool(seen.heard))
            begun += [kit.Begun(wire, url) for _ in range(3)]
            go.set()
            for one in begun:
                assert (await (await one.end()).response()).content == b"yes"
            assert [type(one.sending) for one in begun] == [InTurn] * 4
            assert (server.connections, [one.ends for one in begun]) == (1, [1] * 4)

    asyncio.run(use())
