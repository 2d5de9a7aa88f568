"""Connecting: addresses in turn, the first that answers wins, and nothing is left of the others."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from countermand._wire._dial import connected, first_connected
from countermand._wire._names import Address, Names

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit

Virtually = Callable[[Coroutine[Any, Any, Any]], Any]


@attrs.define(eq=False)
class Plug:
    """Stands for a socket."""

    at: str
    closed: bool = False

    def close(self) -> None:
        """Close it."""
        self.closed = True


class Net:
    """Connects to addresses by what is known of them: after how long they answer, or with what error."""

    def __init__(self, **known: float | tuple[float, str]) -> None:
        self.known = known
        self.began: list[tuple[str, float]] = []
        self.plugs: list[Plug] = []
        self.given_up: list[str] = []

    async def race(self) -> tuple[Address, Any]:
        """Connect to the first that answers, beginning in their order."""
        addresses = [Address(family=socket.AF_INET, where=(name,)) for name in self.known]
        return await first_connected(addresses, self.connect)

    async def connect(self, address: Address) -> Any:
        """Connect to one."""
        (name,) = address.where
        loop = asyncio.get_running_loop()
        self.began.append((name, round(loop.time() - 1000, 2)))
        known = self.known[name]
        after_s, error = known if isinstance(known, tuple) else (known, None)
        try:
            await asyncio.sleep(after_s)
        except asyncio.CancelledError:
            self.given_up.append(name)
            raise
        if error is not None:
            raise OSError(error)
        self.plugs.append(Plug(name))
        return self.plugs[-1]


# (what is known of the addresses, when each was begun, which won)
RACES: dict[str, tuple[dict[str, Any], dict[str, float], str]] = {
    "one": ({"a": 1.0}, {"a": 0}, "a"),
    "the first at once": ({"a": 0.1, "b": 0.1}, {"a": 0}, "a"),
    "the first fails": ({"a": (0.1, "no"), "b": 0.1}, {"a": 0, "b": 0.1}, "b"),
    "the first stalls": ({"a": 99.0, "b": 0.1}, {"a": 0, "b": 0.25}, "b"),
    "the first is slow": ({"a": 0.3, "b": 0.1}, {"a": 0, "b": 0.25}, "a"),
    "only the last": ({"a": 99.0, "b": (0.1, "no"), "c": 0.1}, {"a": 0, "b": 0.25, "c": 0.6}, "c"),
    "the last fails": ({"a": 3.0, "b": (0.1, "no")}, {"a": 0, "b": 0.25}, "a"),
}


@pytest.mark.parametrize(("known", "began", "winner"), RACES.values(), ids=RACES)
def test_who_wins(virtually: Virtually, known: dict[str, Any], began: dict[str, float], winner: str) -> None:
    """The next address is tried when one fails or takes too long, and the first that answers wins."""
    net = Net(**known)

    async def race() -> None:
        address, won = await net.race()
        assert (address.where, won) == ((winner,), net.plugs[-1])
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1

    virtually(race())
    assert dict(net.began) == began
    assert [(plug.at, plug.closed) for plug in net.plugs] == [(winner, False)]


def test_nobody_wins(virtually: Virtually) -> None:
    """Where no address answers, it is said of each why."""
    net = Net(a=(0.1, "refused"), b=(0.1, "no route"))
    with pytest.raises(OSError, match="refused; no route"):
        virtually(net.race())


def test_two_win(virtually: Virtually) -> None:
    """Of two that answer at the same moment one is taken, and the other is closed."""
    net = Net(a=0.5, b=0.25)

    async def race() -> None:
        _, won = await net.race()
        await asyncio.sleep(0)
        assert sorted((plug.at, plug.closed) for plug in net.plugs) in (
            [("a", False), ("b", True)],
            [("a", True), ("b", False)],
        )
        assert not any(plug.closed for plug in net.plugs if plug is won)

    virtually(race())


def test_who_leaves(virtually: Virtually) -> None:
    """Who is canceled gives all addresses up, and closes what has just been connected."""
    net = Net(a=99.0, b=99.0)

    async def race() -> None:
        task = asyncio.create_task(net.race())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1

    virtually(race())
    assert net.given_up == ["a", "b"]


def test_a_socket_that_cannot_connect() -> None:
    """A socket that did not connect is closed, whatever the reason."""
    with pytest.raises(OSError, match=r"refused|failed"):
        asyncio.run(connected(Address(family=socket.AF_INET, where=("127.0.0.1", free_port()))))


def free_port() -> int:
    """Find a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Hasty(asyncio.SelectorEventLoop):
    """Closes what it gives up itself, and does not tell the socket, as uvloop does."""

    async def create_connection(  # type: ignore[override]  # it takes no more than is asked of it here
        self, *_: Any, sock: Any, **_options: Any
    ) -> Any:
        """Take the socket, and wait."""
        try:
            await self.create_future()
        finally:
            os.close(sock.fileno())


def test_who_leaves_where_the_loop_has_closed_the_socket(kit: Kit) -> None:
    """Who is canceled is canceled, even if the socket cannot be closed any more."""

    async def use() -> None:
        async with kit.serving() as server, kit.transport() as transport:
            task = asyncio.create_task(kit.ask(transport, server.url))
            await server.until(lambda seen: seen.connections == 1)
            await kit.settle()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with asyncio.Runner(loop_factory=Hasty) as runner:
        runner.run(use())


def test_addresses_in_turn(kit: Kit) -> None:
    """A host of which only the second address answers is reached, and next time at once."""
    asked: list[str] = []

    async def use() -> None:
        dead = Address(family=socket.AF_INET, where=("127.0.0.1", free_port()))
        async with kit.serving() as server, kit.serving("close") as other:

            def look_up(host: str, _port: int) -> list[Address]:
                asked.append(host)
                return [dead, Address(family=socket.AF_INET, where=("127.0.0.1", server.port))]

            names = Names(look_up)
            async with kit.transport(names=names) as transport:
                for _ in range(2):
                    assert (await kit.ask(transport, "http://venue.example/"))[1] == b"ok"
            first, _ = await names.addresses("venue.example", 80)
            assert (first.where[1], server.connections, other.connections) == (server.port, 1, 0)
            assert server.heard[0].startswith(b"GET / HTTP/1.1\r\nHost: venue.example\r\n")

    asyncio.run(use())
    assert asked == ["venue.example"]
