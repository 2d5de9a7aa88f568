"""Updates on their way to one reader: the newest of each request, and no more than fit in."""

from __future__ import annotations

import asyncio

from countermand._update import Update


class Mailbox:
    """Keeps what its reader has not taken yet; of what does not fit the oldest is dropped, and counted."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._updates: dict[object, Update] = {}
        self._news = asyncio.Event()
        self._closed = False
        #: What was handed out last to one who may be interrupted before it has it.
        self._handed: Update | None = None
        #: How many updates were dropped.
        self.overflow = 0

    def put(self, key: object, update: Update) -> None:
        """Add an update; together with one of the same key that is still here it becomes one."""
        unread = self._updates.pop(key, None)
        self._updates[key] = Update(before=unread.before, ack=update.ack) if unread else update
        if len(self._updates) > self._places:
            del self._updates[next(iter(self._updates))]
            self.overflow += 1
        self._news.set()

    def close(self) -> None:
        """Let the reader come to the end once it has taken what is here."""
        self._closed = True
        self._news.set()

    async def take(self) -> Update | None:
        """Take the oldest, waiting for one; None at the end."""
        while not self._updates and not self._closed:
            self._news.clear()
            await self._news.wait()
        return self.pop()

    async def hand(self, had: Update | None) -> Update | None:
        """Take as `take` does; what was handed out last once more, unless its reader had that."""
        if self._handed is had:
            self._handed = await self.take()
        return self._handed

    def hand_rest(self, had: Update | None) -> Update | None:
        """Hand out what is left, once nobody adds to it any more."""
        if self._handed is had:
            self._handed = self.pop()
        return self._handed

    def pop(self) -> Update | None:
        """Take the oldest; None where there is none."""
        return self._updates.pop(next(iter(self._updates))) if self._updates else None
