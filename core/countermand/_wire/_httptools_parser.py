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
#: A chunk that says its size, or only leading zeros, at great length.
_LONG_SIZE = re.compile(rb"\n[0-9A-Fa-f]{17}")
#: Where chunks end without trailers: a line with a colon is none of these.
_LAST_CHUNK = b"\r\n0\r\n\r\n"
#: No length has more digits.
_DIGITS = 15
#: Answers without a body, whatever they say of it; RFC 9110, 15.3.5 and 15.4.5.
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
#: To these an answer ends elsewhere, of which llhttp is not told.
_ODD_METHODS = frozenset({"HEAD", "CONNECT"})


class HttptoolsParser:
    """Reads plain answers itself and leaves the others to h11."""

    __slots__ = ("_headers", "_left", "_method", "_strict", "ended", "head", "keeps", "on_body")

    def __init__(self, method: str) -> None:
        self.head: Head | None = None
        self.ended = False
        self.keeps = False
        self._method = method
        self._strict = H11Parser(method) if method in _ODD_METHODS else None

    def read(self, data: bytes) -> bytes:
        """Take in what came, nothing for the peer's end, and return what it adds to the body.

        Raises `httpx.RemoteProtocolError` for an answer that is none.
        """
        if self.head is None and self._strict is None:
            content = self._read_plainly(data)
            if content is not None:
                return content
            self._strict = H11Parser(self._method)
        return self._read_on(data) if self._strict is None else self._read_strictly(self._strict, data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header in, or a trailer: llhttp calls this."""
        self._headers.append((name, value.rstrip(b" \t")))

    def on_message_complete(self) -> None:
        """Take the end in: llhttp calls this."""
        self.ended = True

    def _read_plainly(self, data: bytes) -> bytes | None:
        """Read the first piece of a plain answer, if its head is in it, and nothing comes after its end."""
        match = _PLAIN.match(data)
        if match is None or match.end() > HEAD_BYTES:
            return None
        headers: list[tuple[bytes, bytes]] = []
        pieces: list[bytes] = []
        self._headers, self.on_body = headers, pieces.append
        parser = httptools.HttpResponseParser(self)
        try:
            # In two, since llhttp does not tell how much of it was the answer.
            parser.feed_data(data[:-1])
            if self.ended:
                return None
            parser.feed_data(data[-1:])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return None
        status, values, content = int(match[1]), by_name(headers), b"".join(pieces)
        if b"transfer-encoding" in values and not _has_plain_chunks(data, match.end()):
            return None
        left = _left(status, values, content)
        if left is None or self.ended == (left > 0):
            return None
        self.head = Head(
            status=status, headers=headers, values=values, version=b"1.1", reason=match[2] or b""
        )
        self.keeps = self.ended
        self._left = left
        return content

    def _read_on(self, data: bytes) -> bytes:
        if not data:
            raise httpx.RemoteProtocolError("the server closed the connection within its answer")
        piece = data[: self._left]
        self._left -= len(piece)
        self.ended = not self._left
        self.keeps = self.ended and len(piece) == len(data)
        return piece

    def _read_strictly(self, strict: H11Parser, data: bytes) -> bytes:
        try:
            return strict.read(data)
        finally:
            self.head, self.ended, self.keeps = strict.head, strict.ended, strict.keeps


def _left(status: int, values: Mapping[bytes, bytes], content: bytes) -> int | None:
    """Tell how much of a body is still to come, and nothing where the head does not say it plainly."""
    if b"connection" in values and values[b"connection"].lower() != b"keep-alive":
        return None
    length, coding = values.get(b"content-length"), values.get(b"transfer-encoding")
    if coding is not None:
        return 0 if coding == b"chunked" and length is None and status not in _BODILESS else None
    if length is not None and not (length.isdigit() and len(length) <= _DIGITS):
        return None
    if status in _BODILESS:
        return 0 if status == HTTPStatus.NOT_MODIFIED or length in (None, b"0") else None
    return None if length is None else int(length) - len(content)


def _has_plain_chunks(data: bytes, start: int) -> bool:
    """Tell whether they end without trailers, and with sizes at no greater length than h11 would read."""
    return data.endswith(_LAST_CHUNK) and _LONG_SIZE.search(data, start - 1) is None
