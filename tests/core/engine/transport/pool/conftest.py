"""Connections that are none, and whoever asks a pool for them."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs
import httpx
import pytest

from countermand._wire._answers import Answers
from countermand._wire._h11_parser import H11Parser
from countermand._wire._in_turn import InTurn
from countermand._wire._origin import Origin
from countermand._wire._pool import Pool
from countermand._wire._progress import WireFault
from countermand._wire._sending import Bound
from countermand._wire._written import Written

HERE = Origin(tls=False, host="venue.example", port=80)
THERE = Origin(tls=True, host="venue.example", port=443)


@attrs.define(eq=False)
class Stub:
    """Stands for a connection."""

    origin: Origin
    quiet: bool = True
    closed: bool = False
    on_idle: Any = None
    on_lost: Any = None
    exchange: Any = None

    def send(self, _data: bytes, exchange: Any, _timeout_s: float | None) -> None:
        """Be busy with that."""
        assert self.quiet
        assert self.exchange is None
        self.exchange = exchange

    def drop(self, exchange: Any) -> None:
        """Close it, if it is busy with that."""
        if exchange is self.exchange:
            self.close()

    def close(self) -> None:
        """Close it; that it is gone is known a moment later."""
        if not self.closed:
            self.closed, self.quiet = True, False
            if self.exchange is not None:
                self.exchange.fail(httpx.ReadError("closed"))
            asyncio.get_running_loop().call_soon(self.on_lost, self)

    def free(self) -> None:
        """Be done with a whole answer."""
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.take_in(b"HTTP/1.1 204 No Content\r\n\r\n")
        self.on_idle(self)
        if exchange is not None:
            exchange.tell_end()


class Net:
    """Connects at once, or fails."""

    def __init__(self) -> None:
        self.made: list[Stub] = []
        self.failure: Exception | None = None
        self.takes_s = 0.0

    async def dial(self, origin: Origin, _tell: Any, _timeout_s: float | None) -> Any:
        """Connect."""
        await asyncio.sleep(self.takes_s)
        if self.failure is not None:
            raise self.failure
        self.made.append(Stub(origin))
        return self.made[-1]

    @property
    def open(self) -> int:
        """Count those that are open."""
        return sum(not one.closed for one in self.made)


class Asking:
    """Some who ask for a connection, in order, and what they got."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.got: list[tuple[int, Any]] = []
        self.tasks: list[asyncio.Task[Any]] = []

    async def begin(self, count: int = 1, origin: Origin = HERE, **timeouts: float) -> None:
        """Ask so many times, and go as far as is possible at once."""
        for _ in range(count):
            self.tasks.append(asyncio.create_task(self._ask(len(self.tasks), origin, timeouts)))
        await settle()

    async def _ask(self, number: int, origin: Origin, timeouts: dict[str, float]) -> None:
        connection = await self.pool.connection(self.pool.at(origin), None, timeouts)
        self.got.append((number, connection))

    @property
    def served(self) -> list[int]:
        """Who got one, in order."""
        return [number for number, _ in self.got]


def take(pool: Pool, origin: Origin = HERE) -> Any:
    """Take a connection that is idle, if there is one."""
    places = pool.at(origin)
    return places.take_idle(places.clock())


class Sent:
    """A request that waits by itself, and how often its end was told."""

    def __init__(self, pool: Pool, origin: Origin = HERE) -> None:
        self.ends = 0
        clock = asyncio.get_running_loop().time
        asked, bound = Written(b"", "POST", closes=False), Bound(9, cuts=False)
        self.sending = InTurn(asked, Answers(H11Parser), bound, clock, clock())
        self.waits = self.sending.wait(pool, pool.at(origin), asked.data, self._end)

    def _end(self) -> None:
        self.ends += 1

    async def fault(self) -> str:
        """Return why it failed, which was told once, and that nothing was sent."""
        with pytest.raises(WireFault) as caught:
            await self.sending.response()
        assert (self.ends, self.sending.first_byte_at, self.sending.progress.first_byte_at) == (1, None, None)
        return str(caught.value)


async def settle() -> None:
    """Let happen what happens at once."""
    for _ in range(10):
        await asyncio.sleep(0)


class Props:
    """What the tests of this folder work with."""

    HERE = HERE
    THERE = THERE
    Asking = Asking
    Net = Net
    Sent = Sent
    settle = staticmethod(settle)
    take = staticmethod(take)


@pytest.fixture(scope="session")
def props() -> type[Props]:
    """Give the props."""
    return Props
