"""One answer as it comes: filled by a connection, emptied by whoever reads the response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx

from countermand._wire._answers import Answers
from countermand._wire._head import ODD_METHODS, Head, Parser
from countermand._wire._written import Written

#: How much of a body may wait to be read before its connection is read no further, in bytes.
HELD_BYTES = 262_144


class Exchange:
    """A request under way; ends as a whole answer or as a failure, whichever is first, and once."""

    #: What the answer begins with, as soon as that is here.
    head: Head | None = None
    #: Whether the answer is whole.
    ended = False
    #: Whether nothing more can come of it.
    over = False
    #: Whether its answer came whole, and nothing speaks against another one on its connection.
    keeps = False
    failure: Exception | None = None
    #: Called once, where nobody waits: when it is over, or as full as it gets unread.
    on_end: Callable[[], None] | None = None
    #: What has come of the body and was not read: it is bounded, and mostly comes at once.
    unread = b""
    _parser: Parser | None = None
    _waiter: asyncio.Future[None] | None = None

    def __init__(self, request: Written, answers: Answers) -> None:
        self._method, self._closes = request.method, request.closes
        self._answers = answers

    @property
    def full(self) -> bool:
        """Whether enough waits to be read."""
        return len(self.unread) > HELD_BYTES

    def take_in(self, data: bytes) -> None:
        """Take in what came, nothing for the peer's end."""
        # Only of the first that comes of an answer: what comes later may say anything.
        known = self._answers.get(len(data)) if self._parser is None else None
        head = None if known is None or self._method in ODD_METHODS else known.of(data)
        if head is not None:
            self.head, self.unread, self.ended = head, data[len(head.plain) :], True
            self.keeps, self.over = not (self.over or self._closes), True
        else:
            self._parse(data)
        if self._waiter is not None:
            self._wake()

    def _parse(self, data: bytes) -> None:
        parser, is_first = self._parser, self._parser is None
        if parser is None:
            parser = self._parser = self._answers.parser(self._method)
        try:
            self.unread += parser.read(data)
        except httpx.RemoteProtocolError as error:
            self.over, self.failure = True, error
        self.head, self.ended = parser.head, parser.ended
        if parser.ended and not self.over:
            self.over, self.keeps = True, parser.keeps and not self._closes
        if is_first and parser.head is not None and parser.head.plain:
            self._answers.remember(parser.head, len(data))

    def fail(self, error: Exception) -> None:
        """End it without a whole answer, unless it has ended."""
        if not self.over:
            self.over, self.failure = True, error
            self._wake()
        self.tell_end()

    def tell_end(self) -> None:
        """Tell whoever wants to hear of it, where it is over or full; not before its connection knows."""
        on_end, self.on_end = self.on_end, None
        if on_end is not None:
            on_end()

    async def beginning(self, timeout_s: float | None) -> Head:
        """Return what the answer begins with; raises what ended the exchange, or `httpx.ReadTimeout`."""
        while self.head is None:
            await self._change(timeout_s)
        return self.head

    async def piece(self, timeout_s: float | None) -> bytes:
        """Return what of the body has come, nothing at its end; raises as `beginning` does."""
        while not self.unread:
            if self.ended:
                return b""
            await self._change(timeout_s)
        return self.rest()

    def rest(self) -> bytes:
        """Return what of the body was not read, as read."""
        rest, self.unread = self.unread, b""
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
