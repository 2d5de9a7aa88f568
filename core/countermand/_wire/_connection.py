"""One connection: an exchange at a time, and nothing that comes between two of them is ever believed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

import httpx

from countermand._wire._exchange import Exchange
from countermand._wire._origin import Origin
from countermand._wire._quiet import stirs_of


def _ignore(_: Connection) -> None:
    """Tell nobody."""


class Connection(asyncio.BufferedProtocol):
    """Busy with one exchange, or idle, or closed for ever; all but a plain whole answer closes it.

    What comes is read into `room`, which all connections of a loop may share: it is taken out at once.
    """

    def __init__(self, origin: Origin, sock: socket.socket, room: memoryview) -> None:
        self.origin = origin
        self._room = room
        self.closed = False
        #: What the peer has said against it, if that is known.
        self.complaint = ""
        #: Called when a whole answer was read and another request may follow.
        self.on_idle: Callable[[Connection], None] = _ignore
        #: Called when the socket is gone.
        self.on_lost: Callable[[Connection], None] = _ignore
        self._stirs = stirs_of(sock)
        self._exchange: Exchange | None = None
        self._is_sending = False
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: asyncio calls this."""
        self._transport = cast("asyncio.Transport", transport)
        self._write: Callable[[bytes], None] = self._transport.write
        #: Counts the bytes that were sent and are not handed to the system yet.
        self._unsent = self._transport.get_write_buffer_size

    @property
    def written(self) -> bool:
        """Whether all that was sent has been handed to the system."""
        return not self._unsent()

    @property
    def stirs(self) -> bool:
        """Whether there is anything that the loop has not read yet."""
        return bool(self._stirs())

    @property
    def quiet(self) -> bool:
        """Whether the peer has neither closed nor said anything: not even what the loop has not read yet."""
        return not (self.closed or self._transport.is_closing() or self._stirs())

    def send(self, data: bytes, exchange: Exchange, timeout_s: float | None) -> None:
        """Send a whole request, of which the answer goes to that exchange."""
        self._exchange = exchange
        if self.closed:
            self._fail(httpx.WriteError("the connection was closed before the request"))
            return
        self._write(data)
        self._is_sending = self._unsent() > 0
        if timeout_s is not None and self._is_sending:
            asyncio.get_running_loop().call_later(timeout_s, self._check_written, exchange)

    def resume(self, exchange: Exchange) -> None:
        """Go on reading where that exchange has been emptied."""
        if self._paused and exchange is self._exchange and not exchange.full:
            self._paused = False
            self._transport.resume_reading()

    def drop(self, exchange: Exchange) -> None:
        """Give up an exchange: what may still come of it must meet no other."""
        if exchange is self._exchange:
            self.close()

    def close(self) -> None:
        """Close at once."""
        self._break(httpx.ReadError("the connection was closed"))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Say where to put what comes: asyncio calls this."""
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """Take bytes in: asyncio calls this."""
        self._take_in(self._room[:nbytes].tobytes())

    def eof_received(self) -> None:
        """Take the peer's end in: asyncio calls this."""
        if self._exchange is not None:
            self._exchange.take_in(b"")
        self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """End: asyncio calls this."""
        self.closed = True
        self._fail(httpx.ReadError(str(exc) if exc is not None else "the connection ended"))
        self.on_lost(self)

    def _take_in(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None:
            self.close()  # nobody has asked
        elif self._is_sending and not self.written:
            # What comes so early answers something else, such as the request before.
            self._break(httpx.RemoteProtocolError("an answer came before the request was sent"))
        else:
            exchange.take_in(data)
            if exchange.over:
                self._exchange = None
                if exchange.keeps:
                    self.on_idle(self)
                else:
                    self.close()
                exchange.tell_end()
            elif exchange.full:
                self._paused = True
                self._transport.pause_reading()
                exchange.tell_end()

    def _check_written(self, exchange: Exchange) -> None:
        if exchange is self._exchange and not self.written:
            self._break(httpx.WriteTimeout("the request could not be sent in time"))

    def _break(self, error: Exception) -> None:
        self.closed = True
        self._fail(error)
        self._transport.abort()

    def _fail(self, error: Exception) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.fail(error)
