"""A connection under TLS: OpenSSL seals what goes and opens what comes, all that has come in one go.

asyncio's own layer tells of what it has read piece by piece, and of an end only after it: nobody could see
what stands behind an answer. It also costs a cancel an eighth more.
"""

from __future__ import annotations

import asyncio
import socket
import ssl

import attrs
import httpx

from countermand._wire._connection import Connection
from countermand._wire._origin import Origin
from countermand._wire._quiet import UNASKED

#: How much of a handshake is read at once, in bytes.
_PIECE_BYTES = 16_384

#: More than a record can bear, which is 16,384 bytes (RFC 8446, 5.1): a read of as much leaves none behind.
_RECORD_BYTES = 32_768

#: What a record begins with: its type, a version, and in the last two bytes how much follows (RFC 8446, 5.1).
_HEADER_BYTES = 5


@attrs.define
class Seal:
    """What two sides have agreed on: what goes to the peer is sealed with it, and what comes opened."""

    _tls: ssl.SSLObject
    _incoming: ssl.MemoryBIO
    _outgoing: ssl.MemoryBIO
    #: What is here of a record that is not whole: nobody can say whether it is a word or a ticket.
    half: bytes = attrs.field(default=b"", init=False)

    def sealed(self, data: bytes) -> bytes:
        """Return what to send so that the peer is told this.

        Raises `ssl.SSLError`; so it does while the two agree anew, as TLS 1.2 may.
        """
        self._tls.write(data)  # all of it: what it is written to never refuses any
        return self._outgoing.read()

    def opened(self, came: bytes | memoryview) -> tuple[bytes, ssl.SSLError | None]:
        """Return what the peer has told, and why it tells no more: `ssl.SSLZeroReturnError` at its end."""
        self._incoming.write(came)
        pieces: list[bytes] = []
        end: ssl.SSLError | None = None
        try:
            while self._incoming.pending:
                piece = self._tls.read(_RECORD_BYTES)
                if not piece:
                    end = ssl.SSLZeroReturnError()
                    break
                pieces.append(piece)
            self.half = b""
        except ssl.SSLWantReadError:  # half a record, or one that is not for us, such as a ticket
            self.half = _last_half(b"".join((self.half, came)))
        except ssl.SSLError as error:
            end = error
        return b"".join(pieces), end

    def owed(self) -> bytes:
        """Return what TLS itself has to send after what was opened, such as who we are; mostly nothing."""
        return self._outgoing.read()


async def handshake(sock: socket.socket, context: ssl.SSLContext, host: str) -> Seal:
    """Agree with a peer that proves to be that host, and says nothing more until it is asked.

    Raises `OSError`, of which `ssl.SSLError` is one, and `ValueError` for what cannot be a host.
    """
    loop = asyncio.get_running_loop()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=host)
    while True:
        agreed = _agrees(tls)
        if outgoing.pending:
            await loop.sock_sendall(sock, outgoing.read())
        if agreed:
            seal = Seal(tls, incoming, outgoing)
            if any(seal.opened(incoming.read())):
                raise ConnectionResetError(UNASKED)
            return seal
        came = await loop.sock_recv(sock, _PIECE_BYTES)
        if not came:
            raise ConnectionResetError("the server hung up in the handshake")
        incoming.write(came)


def _last_half(records: bytes) -> bytes:
    at, end = 0, _HEADER_BYTES
    while end <= len(records):
        end += int.from_bytes(records[end - 2 : end])
        if end <= len(records):
            at, end = end, end + _HEADER_BYTES
    return records[at:]


def _agrees(tls: ssl.SSLObject) -> bool:
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


class TlsConnection(Connection):
    """One over which nothing goes, and nothing is believed, that is not sealed."""

    def __init__(self, origin: Origin, sock: socket.socket, room: memoryview, seal: Seal) -> None:
        super().__init__(origin, sock, room)
        self._seal = seal

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: asyncio calls this."""
        super().connection_made(transport)
        self._write = self._write_sealed

    @property
    def quiet(self) -> bool:
        """Whether the peer has neither closed nor said anything, nor begun to."""
        return super().quiet and not self._seal.half

    def buffer_updated(self, nbytes: int) -> None:
        """Take bytes in: asyncio calls this."""
        data, end = self._seal.opened(self._room[:nbytes])
        if end is not None:
            self.closed = True  # before its last answer is told: nobody may be given it after that
        if data:
            self._take_in(data)
        # Not before: what is not handed to the system would look like a request that is not.
        if owed := self._seal.owed():
            self._transport.write(owed)
        if isinstance(end, ssl.SSLZeroReturnError):
            super().eof_received()
        elif end is not None:
            self.complaint = str(end)
            self._break(httpx.ReadError(self.complaint))

    def eof_received(self) -> None:
        """Take a cut in: asyncio calls this; an end would have been said before; RFC 9112, 9.8."""
        self._break(httpx.ReadError("the server cut the connection off"))

    def _write_sealed(self, data: bytes) -> None:
        try:
            self._transport.write(self._seal.sealed(data))
        except ssl.SSLError as error:
            # A moment later: who sends must know first that it is under way.
            asyncio.get_running_loop().call_soon(self._break, httpx.WriteError(str(error)))
