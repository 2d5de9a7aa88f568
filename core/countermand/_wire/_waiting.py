"""Who waits for a connection to an origin, and what may happen to them: one thing, once."""

from __future__ import annotations

import asyncio
from typing import Protocol

from countermand._wire._connection import Connection


class Waiting(Protocol):
    """Waits in turn; each may have left at the very moment, and then says that it takes nothing."""

    def take(self, connection: Connection) -> bool:
        """Take a connection that was in use, and is quiet; tell whether it is taken."""

    def take_place(self) -> bool:
        """Take a place for a connection that is still to be made; tell whether it is taken."""

    def turn_away(self, error: Exception) -> None:
        """Hear that there is nothing any more to wait for."""

    def call_off(self) -> bool:
        """Hear that the loop ends with all its tasks; tell whether this one waits no more."""


class Turn:
    """A task that waits, and sees only later what it was given: nothing stands for a place."""

    __slots__ = ("given",)

    def __init__(self) -> None:
        self.given: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()

    def take(self, connection: Connection) -> bool:
        """Give it to the task, unless that was canceled."""
        return self._give(connection)

    def take_place(self) -> bool:
        """Give it to the task, unless that was canceled."""
        return self._give(None)

    def turn_away(self, error: Exception) -> None:
        """Raise it in the task, unless that was canceled."""
        if not self.given.done():
            self.given.set_exception(error)

    def call_off(self) -> bool:
        """Leave it to the task, which hears of that itself."""
        return False

    def _give(self, connection: Connection | None) -> bool:
        if self.given.done():  # canceled, but not yet gone
            return False
        self.given.set_result(connection)
        return True
