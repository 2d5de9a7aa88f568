"""One answer as it comes: filled by a connection, emptied by whoever reads the response."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import httpx

from countermand._wire._head import Head, Parser

#: How much of a body may wait to be read before its connection is read no further, in bytes.
HELD_BYTES = 262_144


class Exchange:
    """A request under way; ends as a whole answer or as a failure, whichever is first, and once."""

    __slots__ = ("_held", "_pieces", "_waiter", "closes", "failure", "on_end", "parser")

    def __init__(self, parser: Parser, *, closes: bool = False) -> None:
        self.parser = parser
        #: Whether its request says that no other one follows.
        self.closes = closes
        self.failure: Exception | None = None
        #: Called once, where nobody waits: when it is over, or as full as it gets unread.
        self.on_end: Callable[[], None] | None = None
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._waiter: asyncio.Future[None] | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more can come of it."""
        return self.parser.ended or self.failure is not None

    @property
    def keeps(self) -> bool:
        """Whether its answer came whole, and nothing speaks against another one on its connection."""
        return self.failure is None and self.parser.keeps and not self.closes

    @property
    def full(self) -> bool:
        """Whether enough waits to be read."""
        return self._held > HELD_BYTES

    def take(self, data: bytes) -> None:
        """Take in what came, nothing for the peer's end."""
        try:
            for piece in self.parser.read(data):
                self._pieces.append(piece)
                self._held += len(piece)
        except httpx.RemoteProtocolError as error:
            self.failure = error
        self._wake()

    def fail(self, error: Exception) -> None:
        """End it without a whole answer, unless it has ended."""
        if not self.over:
            self.failure = error
            self._wake()
        self.tell_end()

    def tell_end(self) -> None:
        """Tell whoever wants to hear of its end, if that has come; not before its connection knows."""
        if self.on_end is not None and (self.over or self.full):
            on_end, self.on_end = self.on_end, None
            on_end()

    async def head(self, timeout_s: float | None) -> Head:
        """Return what the answer begins with; raises what ended the exchange, or `httpx.ReadTimeout`."""
        while self.parser.head is None:
            await self._change(timeout_s)
        return self.parser.head

    async def piece(self, timeout_s: float | None) -> bytes:
        """Return the next piece of the body, nothing at its end; raises as `head` does."""
        while not self._pieces:
            if self.parser.ended:
                return b""
            await self._change(timeout_s)
        piece = self._pieces.popleft()
        self._held -= len(piece)
        return piece

    @property
    def content(self) -> bytes:
        """All of the body that has come and was not read."""
        return b"".join(self._pieces)

    def rest(self) -> bytes:
        """Return the same, as read."""
        rest = self.content
        self._pieces.clear()
        self._held = 0
        return rest

    async def _change(self, timeout_s: float | None) -> None:
        if self.failure is not None:
            raise self.failure
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        alarm = None
        if timeout_s is not None:
            alarm = loop.call_later(timeout_s, self.fail, httpx.ReadTimeout(f"nothing in {timeout_s} s"))
        try:
            await self._waiter
        finally:
            self._waiter = None
            if alarm is not None:
                alarm.cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
