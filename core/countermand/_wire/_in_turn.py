"""A request that waits in turn for a connection, without a task unless one must be made for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from countermand._tasks import begin_task
from countermand._wire._connection import Connection
from countermand._wire._places import Places
from countermand._wire._pool import Pool
from countermand._wire._progress import GIVEN_UP, WireFault
from countermand._wire._sending import OverOwn


class InTurn(OverOwn):
    """One that goes out at the moment when a connection is given to it: until then nothing has left."""

    _went_at: float | None = None
    _task: asyncio.Task[None] | None = None
    _called_off = False

    def wait(self, pool: Pool, places: Places, data: bytes, on_end: Callable[[], None]) -> bool:
        """Wait for a connection, or for a place to make one; tell whether it does.

        These bytes go out then, and it calls back at the end.
        """
        if pool.closed:
            return False
        self._pool, self._places, self._data, self.on_end = pool, places, data, on_end
        places.wait(self)
        return True

    @property
    def first_byte_at(self) -> float | None:
        return self._went_at

    @property
    def given_up(self) -> bool:
        if self._task is not None and self._task.cancelled():
            return self._task.cancelling() > 0  # else from within: that is the dialling's own fault
        return self._called_off

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.drop(self)
            return
        self._places.leave(self)
        if self._task is not None:
            self._task.cancel()
        self.fail(WireFault(GIVEN_UP))

    def take(self, connection: Connection) -> bool:
        """Go out over a connection."""
        if self._places.called_off:
            return not self.call_off()
        self._send(connection)
        return True

    def take_place(self) -> bool:
        """Have a connection made."""
        if self._places.called_off:
            return not self.call_off()
        self._task = begin_task(self._make())
        self._task.add_done_callback(self._check_made)
        return True

    def turn_away(self, error: Exception) -> None:
        """Fail without having left."""
        self.fail(error)

    def call_off(self) -> bool:
        """Give up: what would go out now nobody would hear of."""
        self._called_off = True
        self.fail(WireFault(GIVEN_UP))
        return True

    async def _make(self) -> None:
        self._send(await self._pool.new(self._places))

    def _send(self, connection: Connection) -> None:
        self._connection = connection
        if self.over:  # it was dropped, and the dialling did not heed that
            connection.close()
            return
        self._went_at = self._clock()
        if self._progress is not None:
            self._progress.first_byte_at = self._went_at
        connection.send(self._data, self, None)

    def _check_made(self, task: asyncio.Task[None]) -> None:
        if self._connection is None:  # maybe the task was canceled before it began
            self._places.give_back()
            error = None if task.cancelled() else task.exception()
            self.fail(error if isinstance(error, Exception) else WireFault(GIVEN_UP))
