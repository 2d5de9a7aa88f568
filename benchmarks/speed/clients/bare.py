"""asyncio without a library: what any client could reach at most."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable

from speed.loads import Gate

_HEAD = (
    "POST /AP/CancelOrder HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    "Accept: application/json\r\naptoken: token\r\nContent-Length: %d\r\n\r\n"
)
_BYTES = 65_536
_LENGTH = b"Content-Length: "


def written(number: int) -> bytes:
    """Write a cancel; AlphaPoint CancelOrder, Request."""
    body = json.dumps({"OMSId": 1, "AccountId": 9, "OrderId": number}).encode()
    return (_HEAD % len(body)).encode() + body


class _Connection(asyncio.BufferedProtocol):
    """Sends one request at a time, and calls back when as many bytes have come as the first answer had."""

    def __init__(self) -> None:
        self.view = memoryview(bytearray(_BYTES))
        self.body_at = self.size = self._came = 0
        self._done: Callable[[], None] = lambda: None
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is closed."""
        self.lost.set()

    def send(self, data: bytes, done: Callable[[], None]) -> None:
        """Send a request."""
        self._done = done
        self.transport.write(data)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Say where the next bytes go."""
        return self.view[self._came :] if self._came else self.view

    def buffer_updated(self, nbytes: int) -> None:
        """Count what came."""
        self._came += nbytes
        if not self.size:
            self._measure()
        if self.size and self._came >= self.size:
            self._came = 0
            self._done()

    def _measure(self) -> None:
        head, found, _ = bytes(self.view[: self._came]).partition(b"\r\n\r\n")
        if found:
            self.body_at = len(head) + len(found)
            self.size = self.body_at + int(head.partition(_LENGTH)[2].partition(b"\r\n")[0])


async def _connections(gate: Gate) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    tls = ssl.create_default_context(cafile=gate.certificate) if gate.certificate else None
    host, _, port = gate.url.rpartition("/")[2].partition(":")
    made = []
    for _ in range(gate.in_flight):
        _transport, connection = await loop.create_connection(_Connection, host, int(port), ssl=tls)
        made.append(connection)
    return made


async def _close(connections: list[_Connection]) -> None:
    for connection in connections:
        connection.transport.abort()
    await asyncio.gather(*(connection.lost.wait() for connection in connections))


class Limit:
    """Prepared bytes, callbacks."""

    async def prepare(self, gate: Gate) -> None:
        """Open a connection for each lane."""
        self._all = await _connections(gate)
        self._idle = list(self._all)
        self._data = written(1_000_000)

    def cancel(self, number: int, done: Callable[[], None]) -> None:
        """Send it, whatever its number."""
        connection = self._idle.pop()

        def answered() -> None:
            self._idle.append(connection)
            done()

        connection.send(self._data, answered)

    async def close(self) -> None:
        """Close all connections."""
        await _close(self._all)


class Floor:
    """The same, awaited, with JSON both ways."""

    async def prepare(self, gate: Gate) -> None:
        """Open a connection for each lane."""
        self._loop = asyncio.get_running_loop()
        self._all = await _connections(gate)
        self._idle = list(self._all)

    async def cancel(self, number: int) -> None:
        """Write it, wait for its answer, and read that."""
        connection = self._idle.pop()
        answered = self._loop.create_future()
        connection.send(written(number), lambda: answered.set_result(None))
        await answered
        answer = json.loads(bytes(connection.view[connection.body_at : connection.size]))
        self._idle.append(connection)
        if answer["result"] is not True:
            raise ValueError(answer)

    async def close(self) -> None:
        """Close all connections."""
        await _close(self._all)
