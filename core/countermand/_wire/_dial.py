"""Makes connections: names, addresses in turn, TLS; whatever goes wrong here, nothing was sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any

import attrs
import httpx

from countermand._tasks import begin_task
from countermand._wire._connection import Connection
from countermand._wire._names import Address, Names
from countermand._wire._origin import Origin
from countermand._wire._quiet import UNASKED, stirs_of
from countermand._wire._tls import TlsConnection, handshake

#: How long one address is tried alone before the next one is tried beside it, in seconds; RFC 8305, 5.
NEXT_ADDRESS_S = 0.25

#: How much is read at once, in bytes.
ROOM_BYTES = 65_536

#: Hears of a step, as httpcore's trace extension does.
Tell = Callable[[str], Awaitable[None]]
Connect = Callable[[Address], Coroutine[Any, Any, socket.socket]]
Try = asyncio.Future[socket.socket]


@attrs.frozen(kw_only=True)
class Dialer:
    """Makes connections to origins."""

    names: Names
    tls: ssl.SSLContext
    #: Where the bytes come in of all connections: each takes its own out at once.
    room: memoryview = attrs.field(factory=lambda: memoryview(bytearray(ROOM_BYTES)), repr=False)

    async def dial(self, origin: Origin, tell: Tell | None, timeout_s: float | None) -> Connection:
        """Return a new connection; raises `httpx.ConnectError` and `httpx.ConnectTimeout`."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._dialed(origin, tell or _silence)
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error) or f"not connected in {timeout_s} s") from error
        except Exception as error:
            raise httpx.ConnectError(str(error) or type(error).__name__) from error

    async def _dialed(self, origin: Origin, tell: Tell) -> Connection:
        await tell("connection.connect_tcp.started")
        addresses = await self.names.addresses(origin.host, origin.port)
        address, sock = await first_connected(addresses, connected)
        self.names.worked(origin.host, origin.port, address)
        try:
            await tell("connection.connect_tcp.complete")
            connection = await self._connection(origin, sock, tell)
            await asyncio.get_running_loop().create_connection(lambda: connection, sock=sock)
        except BaseException:
            with suppress(OSError):  # uvloop has closed it, where it is canceled, and not told it so
                sock.close()
            raise
        try:
            if origin.tls:
                await tell("connection.start_tls.complete")
                # What has come may be a ticket, which is no word: only who reads it knows.
                while not connection.closed and connection.stirs:  # noqa: ASYNC110 - the system has no event
                    await asyncio.sleep(0)
            _check(connection.quiet, connection.complaint)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _connection(self, origin: Origin, sock: socket.socket, tell: Tell) -> Connection:
        if not origin.tls:
            return Connection(origin, sock, self.room)
        await tell("connection.start_tls.started")
        _check(not stirs_of(sock)())
        return TlsConnection(origin, sock, self.room, await handshake(sock, self.tls, origin.host))


async def _silence(_step: str) -> None:
    """Tell nobody."""


def _check(is_sound: bool, complaint: str = "") -> None:
    if not is_sound:
        raise ConnectionResetError(complaint or UNASKED)


async def connected(address: Address) -> socket.socket:
    """Return a socket that is connected to an address; raises `OSError`."""
    sock = socket.socket(address.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address.where)
    except BaseException:
        sock.close()
        raise
    return sock


async def first_connected(addresses: Sequence[Address], connect: Connect) -> tuple[Address, socket.socket]:
    """Try addresses in turn and return the first that answers, with its socket; raises `OSError`.

    The next one is begun when all before it have failed, or when nothing came of them in `NEXT_ADDRESS_S`.
    """
    tries: dict[Try, Address] = {}
    winner = None
    try:
        for number, address in enumerate(addresses, 1):
            tries[begin_task(connect(address))] = address
            winner = await _winner(tries, NEXT_ADDRESS_S if number < len(addresses) else None)
            if winner is not None:
                return tries[winner], winner.result()
        raise OSError("; ".join(str(one.exception()) for one in tries))
    finally:
        for one in tries:
            if one is not winner:
                one.cancel()
                one.add_done_callback(_close)


async def _winner(tries: Iterable[Try], patience_s: float | None) -> Try | None:
    while True:
        running = [one for one in tries if not one.done()]
        won = [one for one in tries if one.done() and one.exception() is None]
        if won or not running:
            return won[0] if won else None
        done, _ = await asyncio.wait(running, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            return None


def _close(one: Try) -> None:
    if not one.cancelled() and one.exception() is None:
        one.result().close()
