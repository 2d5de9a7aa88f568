"""The connections to one origin: a bounded number of places, and whoever waits for one in turn."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from itertools import takewhile

import httpx

from countermand._wire._connection import Connection
from countermand._wire._origin import Origin
from countermand._wire._sentinel import Sentinel
from countermand._wire._waiting import Turn, Waiting


class Places:
    """Each place has a connection, or somebody who makes one; all costs the same, however many there are."""

    def __init__(self, origin: Origin, most: int, idle_s: float) -> None:
        self.origin = origin
        self.clock = asyncio.get_running_loop().time
        self._free = most
        self._idle_s = idle_s
        #: Since when each is idle, the longest first.
        self._idle: dict[Connection, float] = {}
        #: Whoever came first is first. While somebody waits, no connection is idle and no place is free.
        self._waiting: OrderedDict[Waiting, None] = OrderedDict()
        self._sentinel = Sentinel(self._call_off)
        self._sweeper: asyncio.TimerHandle | None = None

    def take_idle(self, now: float) -> Connection | None:
        """Return the connection that was used last, if it is quiet and has not been idle for too long."""
        while self._idle:
            connection, idle_since = self._idle.popitem()
            if now - idle_since < self._idle_s and connection.quiet:
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
        turn = Turn()
        self._waiting[turn] = None
        if first:
            self._waiting.move_to_end(turn, last=False)
        try:
            if timeout_s is None:
                return await turn.given
            async with asyncio.timeout(timeout_s):
                return await turn.given
        except BaseException as error:
            self.leave(turn)
            self._pass_on(turn)
            if isinstance(error, TimeoutError):
                raise httpx.PoolTimeout(f"no connection was free in {timeout_s} s") from error
            raise

    @property
    def called_off(self) -> bool:
        """Whether the loop ends with all its tasks: nothing may be begun then for who waits without one."""
        return self._sentinel.called_off

    def wait(self, waiting: Waiting) -> None:
        """Give somebody a place that is free, or let them wait, without a task, after all others."""
        if self.take_free():
            waiting.take_place()
        else:
            self._waiting[waiting] = None
            self._sentinel.begin()

    def leave(self, waiting: Waiting) -> None:
        """Let somebody wait no more, if they do."""
        self._waiting.pop(waiting, None)
        if not self._waiting:
            self._sentinel.end()

    def keep(self, connection: Connection) -> None:
        """Give a connection to whoever waits, or keep it idle."""
        if not self._waiting:
            self._idle[connection] = self.clock()
            if self._sweeper is None:
                self._sweeper = asyncio.get_running_loop().call_later(self._idle_s, self._sweep)
        else:
            self._hand_over(connection)

    def give_back(self) -> None:
        """Give the place of a connection that is no more to whoever waits."""
        while waiting := self._next():
            if waiting.take_place():
                return
        self._free += 1

    def forget(self, connection: Connection) -> None:
        """Give back the place of a connection."""
        self._idle.pop(connection, None)
        self.give_back()

    def _hand_over(self, connection: Connection) -> None:
        if not connection.quiet:
            connection.close()  # whoever is first stays so, and is given its place
            return
        while waiting := self._next():
            if waiting.take(connection):
                return
        self.keep(connection)

    def close(self, error: Exception) -> None:
        """Turn away whoever waits, and keep no time any more."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        while waiting := self._next():
            waiting.turn_away(error)

    def _sweep(self) -> None:
        self._sweeper = None
        until = self.clock() - self._idle_s
        for connection, _ in list(takewhile(lambda kept: kept[1] <= until, self._idle.items())):
            del self._idle[connection]
            connection.close()
        oldest = next(iter(self._idle.values()), None)
        if oldest is not None:
            self._sweeper = asyncio.get_running_loop().call_at(oldest + self._idle_s, self._sweep)

    def _call_off(self) -> None:
        for waiting in list(self._waiting):
            if waiting.call_off():
                self._waiting.pop(waiting, None)

    def _next(self) -> Waiting | None:
        if not self._waiting:
            self._sentinel.end()
            return None
        return self._waiting.popitem(last=False)[0]

    def _pass_on(self, turn: Turn) -> None:
        # Who was given something, and has left at the same moment, gives it to the next.
        given = turn.given
        if given.cancelled() or not given.done() or given.exception() is not None:
            return
        connection = given.result()
        if connection is None:
            self.give_back()
        else:
            self.keep(connection)
