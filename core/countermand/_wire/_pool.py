"""The connections of a transport: those that wait for a request by origin, the last one kept first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from countermand._wire._connection import Connection
from countermand._wire._origin import Origin
from countermand._wire._places import Places
from countermand._wire._waiting import Waiting

Dial = Callable[[Origin, Any, float | None], Awaitable[Connection]]


class Pool:
    """Everything costs the same, however many connections there are, and however many wait for one."""

    def __init__(self, dial: Dial, *, most: int, idle_s: float) -> None:
        self.closed = False
        self._dial = dial
        self._most = most
        self._idle_s = idle_s
        self._all: set[Connection] = set()
        self._places: dict[Origin, Places] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self._empty: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        """Count the connections that are open, busy or idle."""
        return len(self._all)

    def take(self, origin: Origin) -> Connection | None:
        """Return a connection that has been idle and quiet, if there is one."""
        places = self._places.get(origin)
        return None if places is None else places.take_idle(_now() - self._idle_s)

    async def connection(self, origin: Origin, tell: Any, timeouts: Mapping[str, Any]) -> Connection:
        """Return a connection, new if need be, as soon as there is a place for it.

        Raises `httpx.PoolTimeout`, `httpx.ConnectTimeout` and `httpx.ConnectError`.
        """
        if self.closed:
            raise httpx.ConnectError("the transport is closed")
        places = self._at(origin)
        comes_again = False
        while True:
            connection = places.take_idle(_now() - self._idle_s)
            if connection is None:
                has_place = places.take_free()
                connection = None if has_place else await places.turn(timeouts.get("pool"), first=comes_again)
                if connection is None:
                    return await self._made(origin, places, tell, timeouts.get("connect"))
            if connection.quiet:
                return connection
            connection.close()
            comes_again = True

    def wait(self, origin: Origin, waiting: Waiting) -> bool:
        """Let somebody wait for a connection, or for a place to make one; tell whether they do."""
        if self.closed:
            return False
        self._at(origin).wait(waiting)
        return True

    def leave(self, origin: Origin, waiting: Waiting) -> None:
        """Let somebody wait no more, if they do."""
        self._places[origin].leave(waiting)

    def called_off(self, origin: Origin) -> bool:
        """Whether nothing may be begun any more for who waits without a task."""
        return self._places[origin].called_off

    def give_back(self, origin: Origin) -> None:
        """Give back a place of which nothing came."""
        self._places[origin].give_back()

    async def aclose(self) -> None:
        """Close all connections, and wait until their sockets are gone."""
        self.closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for places in self._places.values():
            places.close(httpx.ConnectError("the transport was closed"))
        for connection in list(self._all):
            connection.close()
        if self._all:
            self._empty = self._empty or asyncio.get_running_loop().create_future()
            await asyncio.wait([self._empty])

    async def new(self, origin: Origin, tell: Any = None, timeout_s: float | None = None) -> Connection:
        """Make a connection in a place that was taken; raises as `connection` does, and anything."""
        connection = await self._dial(origin, tell, timeout_s)
        self._all.add(connection)
        connection.on_idle = self._keep
        connection.on_lost = self._forget
        if self.closed:
            connection.close()
            raise httpx.ConnectError("the transport was closed")
        return connection

    async def _made(self, origin: Origin, places: Places, tell: Any, timeout_s: float | None) -> Connection:
        try:
            return await self.new(origin, tell, timeout_s)
        except BaseException:
            places.give_back()
            raise

    def _at(self, origin: Origin) -> Places:
        places = self._places.get(origin)
        if places is None:
            places = self._places[origin] = Places(self._most, _now)
        return places

    def _keep(self, connection: Connection) -> None:
        self._places[connection.origin].keep(connection)
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(self._idle_s, self._sweep)

    def _forget(self, connection: Connection) -> None:
        self._all.discard(connection)
        self._places[connection.origin].forget(connection)
        if self._empty is not None and not self._all and not self._empty.done():
            self._empty.set_result(None)

    def _sweep(self) -> None:
        self._sweeper = None
        until = _now() - self._idle_s
        for places in self._places.values():
            places.close_idle(until)
        oldest = [places.oldest for places in self._places.values() if places.oldest is not None]
        if oldest:
            self._sweeper = asyncio.get_running_loop().call_at(min(oldest) + self._idle_s, self._sweep)


def _now() -> float:
    return asyncio.get_running_loop().time()
