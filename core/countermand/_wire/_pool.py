"""The connections of a transport, by the origin that they lead to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from countermand._wire._connection import Connection
from countermand._wire._origin import Origin
from countermand._wire._places import Places

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
        self._empty: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        """Count the connections that are open, busy or idle."""
        return len(self._all)

    def at(self, origin: Origin) -> Places:
        """Return the places for connections to an origin; on the loop."""
        places = self._places.get(origin)
        if places is None:
            places = self._places[origin] = Places(origin, self._most, self._idle_s)
        return places

    async def connection(self, places: Places, tell: Any, timeouts: Mapping[str, Any]) -> Connection:
        """Return a connection, new if need be, as soon as there is a place for it.

        Raises `httpx.PoolTimeout`, `httpx.ConnectTimeout` and `httpx.ConnectError`.
        """
        if self.closed:
            raise httpx.ConnectError("the transport is closed")
        comes_again = False
        while (connection := places.take_idle(places.clock())) is None:
            has_place = places.take_free()
            connection = None if has_place else await places.turn(timeouts.get("pool"), first=comes_again)
            if connection is None:
                return await self._made(places, tell, timeouts.get("connect"))
            if connection.quiet:
                break
            connection.close()
            comes_again = True
        return connection

    async def aclose(self) -> None:
        """Close all connections, and wait until their sockets are gone."""
        self.closed = True
        for places in self._places.values():
            places.close(httpx.ConnectError("the transport was closed"))
        for connection in list(self._all):
            connection.close()
        if self._all:
            self._empty = self._empty or asyncio.get_running_loop().create_future()
            await asyncio.wait([self._empty])

    async def new(self, places: Places, tell: Any = None, timeout_s: float | None = None) -> Connection:
        """Make a connection in a place that was taken; raises as `connection` does, and anything."""
        connection = await self._dial(places.origin, tell, timeout_s)
        self._all.add(connection)
        connection.on_idle = places.keep
        connection.on_lost = self._forget
        if self.closed:
            connection.close()
            raise httpx.ConnectError("the transport was closed")
        return connection

    async def _made(self, places: Places, tell: Any, timeout_s: float | None) -> Connection:
        try:
            return await self.new(places, tell, timeout_s)
        except BaseException:
            places.give_back()
            raise

    def _forget(self, connection: Connection) -> None:
        self._all.discard(connection)
        self._places[connection.origin].forget(connection)
        if self._empty is not None and not self._all and not self._empty.done():
            self._empty.set_result(None)
