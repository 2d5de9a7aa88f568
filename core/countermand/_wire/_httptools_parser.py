"""Answers read by httptools, a binding of llhttp: those of the plainest shape, all others by h11.

What llhttp reads has a head that is whole in the first piece and plain by a grammar narrower than both
parsers', and says once and clearly where it ends; so that neither llhttp's leniencies nor a difference to
h11 can matter. Whatever is odd, or that llhttp refuses, is read by h11 from its first byte, and judged by
it alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

import httptools
import httpx

from countermand._wire._h11_parser import H11Parser
from countermand._wire._head import HEAD_BYTES, Head, by_name

#: RFC 9112, 4 and 5, without control characters, folded lines and the statuses before an answer (1xx).
_PLAIN = re.compile(
    rb"HTTP/1\.1 ([2-9][0-9][0-9])(?: ([\t -~\x80-\xff]*+))?\r\n"
    rb"(?>[!#$%&'*+.^_`|~0-9A-Za-z-]++:[\t -~\x80-\xff]*+\r\n)*+\r\n"
)
#: A chunk that says its size, or only leading zeros, at greater length than h11 would read.
_LONG_SIZE = re.compile(rb"\n[0-9A-Fa-f]{17}")
_KEPT = b"keep-alive"
_LENGTH = re.compile(rb"[0-9]{1,15}")
#: What may decide where an answer ends and whether another one may follow, each said once at most.
_FRAMING = (b"content-length", b"transfer-encoding", b"connection")
#: Answers without a body, whatever they say of it; RFC 9110, 15.3.5 and 15.4.5.
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
#: To these an answer ends elsewhere, of which llhttp is not told.
_ODD_METHODS = frozenset({"HEAD", "CONNECT"})


class HttptoolsParser:
    """Reads plain answers itself and leaves the others to h11."""

    __slots__ = ("_left", "_method", "_strict", "ended", "head", "keeps")

    def __init__(self, method: str) -> None:
        self.head: Head | None = None
        self.ended = False
        self.keeps = False
        self._method = method
        #: Of a body with a length, what is still to come.
        self._left = 0
        self._strict: H11Parser | None = None

    def read(self, data: bytes) -> list[bytes]:
        """Take in what came, nothing for the peer's end, and return what it adds to the body.

        Raises `httpx.RemoteProtocolError` for an answer that is none.
        """
        if self._strict is not None:
            return self._read_strictly(self._strict, data)
        if self.head is not None:
            return self._read_on(data)
        pieces = None if self._method in _ODD_METHODS else self._read_plainly(data)
        if pieces is None:
            self._strict = H11Parser(self._method)
            return self._read_strictly(self._strict, data)
        return pieces

    def _read_plainly(self, data: bytes) -> list[bytes] | None:
        """Read the first piece of a plain answer, if its head is in it, and nothing comes after its end."""
        match = _PLAIN.match(data)
        if match is None or match.end() > HEAD_BYTES:
            return None
        seen = _seen_by_llhttp(data)
        if seen is None or (seen.has_chunks and _LONG_SIZE.search(data, match.end() - 1)):
            return None
        status = int(match[1])
        said = by_name(seen.headers)
        left = _left(status, seen, said)
        if left is None:
            return None
        self.head = Head(
            status=status, headers=seen.headers, version=b"1.1", reason=match[2] or b"", said=said
        )
        self._left = left
        self.ended = self.keeps = not left
        # A body in one piece where it came as one: the last byte is read apart.
        return [b"".join(seen.pieces)] if seen.pieces else seen.pieces

    def _read_on(self, data: bytes) -> list[bytes]:
        if not data:
            raise httpx.RemoteProtocolError("the server closed the connection within its answer")
        piece = data[: self._left]
        self._left -= len(piece)
        self.ended = not self._left
        self.keeps = self.ended and len(piece) == len(data)
        return [piece]

    def _read_strictly(self, strict: H11Parser, data: bytes) -> list[bytes]:
        try:
            return strict.read(data)
        finally:
            self.head, self.ended, self.keeps = strict.head, strict.ended, strict.keeps


class _Seen:
    """What llhttp tells of."""

    __slots__ = ("has_chunks", "headers", "headers_in_head", "is_whole", "pieces")

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.headers_in_head = 0
        self.pieces: list[bytes] = []
        self.has_chunks = False
        self.is_whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self.headers_in_head = len(self.headers)

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_chunk_header(self) -> None:
        self.has_chunks = True

    def on_message_complete(self) -> None:
        self.is_whole = True


def _seen_by_llhttp(data: bytes) -> _Seen | None:
    seen = _Seen()
    parser = httptools.HttpResponseParser(seen)
    try:
        # In two, since llhttp does not tell how much of it was the answer.
        parser.feed_data(data[:-1])
        if seen.is_whole:
            return None
        parser.feed_data(data[-1:])
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    return seen


def _left(status: int, seen: _Seen, said: Mapping[bytes, bytes]) -> int | None:
    """Tell how much of the body is still to come, and nothing where the head does not say it plainly."""
    if len(said) < len(seen.headers) and _says_framing_twice(seen):
        return None
    if said.get(b"connection", _KEPT).lower() != _KEPT:
        return None
    length, coding = said.get(b"content-length"), said.get(b"transfer-encoding")
    if coding is not None:
        is_plain = coding == b"chunked" and length is None and status not in _BODILESS
        # Chunks of which more is to come are left to h11, and so are trailers.
        is_whole = seen.is_whole and seen.headers_in_head == len(seen.headers)
        return 0 if is_plain and is_whole else None
    if length is not None and not _LENGTH.fullmatch(length):
        return None
    if status in _BODILESS:
        return 0 if status == HTTPStatus.NOT_MODIFIED or length in (None, b"0") else None
    return None if length is None else int(length) - sum(map(len, seen.pieces))


def _says_framing_twice(seen: _Seen) -> bool:
    names = [name.lower() for name, _ in seen.headers]
    return any(names.count(name) > 1 for name in _FRAMING)
