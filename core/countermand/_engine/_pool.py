"""The connections of a transport: those that wait for a request by origin, the last one kept first."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from countermand._engine._connection import Connection, Origin

#: How long a connection may wait for its next request, in seconds.
IDLE_S = 30.0


class Pool:
    """Everything costs the same, however many connections there are."""

    def __init__(self) -> None:
        self.closed = False
        self._all: set[Connection] = set()
        #: Since when each is idle, the longest first.
        self._idle: defaultdict[Origin, dict[Connection, float]] = defaultdict(dict)
        self._sweeper: asyncio.TimerHandle | None = None
        self._empty: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        """Count the connections that are open, busy or idle."""
        return len(self._all)

    def add(self, connection: Connection) -> None:
        """Take care of a new connection, which is busy."""
        self._all.add(connection)
        connection.on_idle = self._keep
        connection.on_lost = self._forget
        if self.closed:
            connection.close()

    def take(self, origin: Origin) -> Connection | None:
        """Return a connection that has been idle and quiet, if there is one."""
        idle = self._idle[origin]
        while idle:
            connection, since = idle.popitem()
            if connection.quiet and _now() - since < IDLE_S:
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
            self._sweeper = asyncio.get_running_loop().call_later(IDLE_S, self._sweep)

    def _forget(self, connection: Connection) -> None:
        self._all.discard(connection)
        self._idle[connection.origin].pop(connection, None)
        if self._empty is not None and not self._all and not self._empty.done():
            self._empty.set_result(None)

    def _sweep(self) -> None:
        self._sweeper = None
        oldest = _now()
        for idle in self._idle.values():
            for connection, since in list(idle.items()):
                if _now() - since < IDLE_S:
                    oldest = min(oldest, since)
                    break
                del idle[connection]
                connection.close()
        if any(self._idle.values()):
            self._sweeper = asyncio.get_running_loop().call_at(oldest + IDLE_S, self._sweep)


def _now() -> float:
    return asyncio.get_running_loop().time()
