"""The connections to one origin: a bounded number of places, and whoever waits for one in turn."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from itertools import takewhile

import httpx

from countermand._wire._connection import Connection

Turn = asyncio.Future[Connection | None]


class Places:
    """Each place has a connection, or somebody who makes one; all costs the same, however many there are."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._free = most
        self._clock = clock
        #: Since when each is idle, the longest first.
        self._idle: dict[Connection, float] = {}
        #: Whoever came first is first. While somebody waits, no connection is idle and no place is free.
        self._waiting: OrderedDict[Turn, None] = OrderedDict()

    @property
    def oldest(self) -> float | None:
        """Since when one has been idle for longest, if any is."""
        return next(iter(self._idle.values()), None)

    def take_idle(self, since: float) -> Connection | None:
        """Return the connection that was used last, if it is quiet and idle for no longer than since then."""
        while self._idle:
            connection, idle_since = self._idle.popitem()
            if idle_since > since and connection.quiet:
                return connection
            connection.close()
        return None

    def take_free(self) -> bool:
        """Take a place for a connection that is still to be made, if there is one."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def turn(self, timeout_s: float | None, *, first: bool) -> Connection | None:
        """Wait for a connection that was in use, or nothing but a place for one; raises `httpx.PoolTimeout`.

        Who is `first` has waited before, and what was given turned out to be of no use.
        """
        turn: Turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = None
        if first:
            self._waiting.move_to_end(turn, last=False)
        try:
            if timeout_s is None:
                return await turn
            async with asyncio.timeout(timeout_s):
                return await turn
        except BaseException as error:
            self._waiting.pop(turn, None)
            self._pass_on(turn)
            if isinstance(error, TimeoutError):
                raise httpx.PoolTimeout(f"no connection was free in {timeout_s} s") from error
            raise

    def keep(self, connection: Connection) -> None:
        """Give a connection to whoever waits, or keep it idle."""
        turn = self._next()
        if turn is None:
            self._idle[connection] = self._clock()
        else:
            turn.set_result(connection)

    def give_back(self) -> None:
        """Give the place of a connection that is no more to whoever waits."""
        turn = self._next()
        if turn is None:
            self._free += 1
        else:
            turn.set_result(None)

    def forget(self, connection: Connection) -> None:
        """Give back the place of a connection."""
        self._idle.pop(connection, None)
        self.give_back()

    def close_idle(self, until: float) -> None:
        """Close what has been idle since then or for longer."""
        for connection, _ in list(takewhile(lambda kept: kept[1] <= until, self._idle.items())):
            del self._idle[connection]
            connection.close()

    def close(self, error: Exception) -> None:
        """Turn away whoever waits."""
        while turn := self._next():
            turn.set_exception(error)

    def _next(self) -> Turn | None:
        while self._waiting:
            turn, _ = self._waiting.popitem(last=False)
            if not turn.done():  # canceled, but not yet gone
                return turn
        return None

    def _pass_on(self, turn: Turn) -> None:
        # Who was given something, and has left at the same moment, gives it to the next.
        if turn.cancelled() or not turn.done() or turn.exception() is not None:
            return
        connection = turn.result()
        if connection is None:
            self.give_back()
        else:
            self.keep(connection)
