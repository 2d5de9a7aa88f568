"""The connections of a transport: those that wait for a request by origin, the last one kept first."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from itertools import islice, takewhile

import httpx

from countermand._wire._connection import Connection, Origin


class Pool:
    """Everything costs the same, however many connections there are."""

    def __init__(self, idle_s: float) -> None:
        self.closed = False
        self._idle_s = idle_s
        self._all: set[Connection] = set()
        #: Since when each is idle, the longest first.
        self._idle: defaultdict[Origin, dict[Connection, float]] = defaultdict(dict)
        self._sweeper: asyncio.TimerHandle | None = None
        self._empty: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        """Count the connections that are open, busy or idle."""
        return len(self._all)

    def add(self, connection: Connection) -> None:
        """Take care of a new connection, which is busy; raises `httpx.ConnectError` after the end."""
        self._all.add(connection)
        connection.on_idle = self._keep
        connection.on_lost = self._forget
        if self.closed:
            connection.close()
            raise httpx.ConnectError("the transport was closed")

    def take(self, origin: Origin) -> Connection | None:
        """Return a connection that has been idle and quiet, if there is one."""
        idle = self._idle[origin]
        while idle:
            connection, since = idle.popitem()
            if _now() - since < self._idle_s and connection.quiet:
                return connection
            connection.close()
        return None

    async def aclose(self) -> None:
        """Close all connections, and wait until their sockets are gone."""
        self.closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in list(self._all):
            connection.close()
        if self._all:
            self._empty = self._empty or asyncio.get_running_loop().create_future()
            await asyncio.wait([self._empty])

    def _keep(self, connection: Connection) -> None:
        self._idle[connection.origin][connection] = _now()
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(self._idle_s, self._sweep)

    def _forget(self, connection: Connection) -> None:
        self._all.discard(connection)
        self._idle[connection.origin].pop(connection, None)
        if self._empty is not None and not self._all and not self._empty.done():
            self._empty.set_result(None)

    def _sweep(self) -> None:
        self._sweeper = None
        until = _now() - self._idle_s
        for idle in self._idle.values():
            for connection, _ in list(takewhile(lambda kept: kept[1] <= until, idle.items())):
                del idle[connection]
                connection.close()
        oldest = [since for idle in self._idle.values() for since in islice(idle.values(), 1)]
        if oldest:
            self._sweeper = asyncio.get_running_loop().call_at(min(oldest) + self._idle_s, self._sweep)


def _now() -> float:
    return asyncio.get_running_loop().time()
