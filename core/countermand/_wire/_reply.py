"""An answer as its reader sees it: the head that has come, and the body that may still come."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from countermand._wire._connection import Connection
from countermand._wire._exchange import Exchange
from countermand._wire._head import Head


class Reply(httpx.AsyncByteStream):
    """The body of an answer, of which the head is here; whoever leaves it half read closes its connection."""

    __slots__ = ("_connection", "_exchange", "_timeout_s", "head")

    def __init__(
        self, head: Head, connection: Connection, exchange: Exchange, timeout_s: float | None
    ) -> None:
        self.head = head
        self._connection = connection
        self._exchange = exchange
        self._timeout_s = timeout_s

    async def read(self, most_bytes: int) -> bytes:
        """Return the body, or of one that is longer no less than the first byte beyond so many."""
        exchange = self._exchange
        if exchange.ended:
            return exchange.rest()
        content = bytearray()
        while len(content) <= most_bytes and (piece := await exchange.piece(self._timeout_s)):
            self._connection.resume(exchange)
            content += piece
        return bytes(content)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the body piece by piece; raises what `httpx.AsyncByteStream` may."""
        try:
            while piece := await self._exchange.piece(self._timeout_s):
                self._connection.resume(self._exchange)
                yield piece
        finally:
            self.close()

    async def aclose(self) -> None:
        """Read no further."""
        self.close()

    def close(self) -> None:
        """Read no further."""
        self._connection.drop(self._exchange)
