"""Answers read by httptools, a binding of llhttp: those of the plainest shape, all others by h11.

What llhttp reads has a head that is whole in the first piece and plain by a grammar narrower than both
parsers', and says once and clearly where it ends; so that neither llhttp's leniencies nor a difference to
h11 can matter. Whatever is odd, or that llhttp refuses, is read by h11 from its first byte, and judged by
it alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

import httptools
import httpx

from countermand._http import ReceivedHeaders
from countermand._wire._h11_parser import H11Parser
from countermand._wire._head import HEAD_BYTES, ODD_METHODS, TEXT, Head

_FIELD = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++:" + TEXT + rb"\r\n"
_LENGTH = rb"(?i:content-length):[\t ]*+([0-9]{1,15})[\t ]*+\r\n"
_CHUNKED = rb"(?i:transfer-encoding):[\t ]*+(chunked)[\t ]*+\r\n"
_KEPT = rb"(?i:connection:[\t ]*+keep-alive)[\t ]*+\r\n"
_FRAMING = rb"(?i:content-length|transfer-encoding|connection):"
#: Those that do not decide where an answer ends, nor whether another one may follow.
_OTHERS = rb"(?>(?!" + _FRAMING + rb")" + _FIELD + rb"|" + _KEPT + rb")*+"
#: A head that says it once at most; RFC 9112, 4, without the statuses before an answer (1xx).
_PLAIN = re.compile(
    rb"HTTP/1\.1 ([2-9][0-9][0-9])(?: (" + TEXT + rb"))?"
    rb"\r\n" + _OTHERS + rb"(?>" + _LENGTH + rb"|" + _CHUNKED + rb")?+" + _OTHERS + rb"\r\n"
)
#: A chunk that says its size, or only leading zeros, at greater length than h11 would read.
_LONG_SIZE = re.compile(rb"\n[0-9A-Fa-f]{17}")
#: Where chunks end without trailers: a line with a colon is none of these.
_LAST_CHUNK = b"\r\n0\r\n\r\n"
#: Answers without a body, whatever they say of it; RFC 9110, 15.3.5 and 15.4.5.
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class HttptoolsParser:
    """Reads plain answers itself and leaves the others to h11."""

    __slots__ = ("_left", "_method", "_strict", "ended", "head", "keeps", "on_body")

    #: Takes a body in: llhttp calls this, where it is set.
    on_body: Callable[[bytes], None]

    def __init__(self, method: str) -> None:
        self.head: Head | None = None
        self.ended = False
        self.keeps = False
        self._method = method
        # llhttp is not told of methods.
        self._strict = H11Parser(method) if method in ODD_METHODS else None

    def read(self, data: bytes) -> bytes:
        """Take in what came, nothing for the peer's end, and return what it adds to the body.

        Raises `httpx.RemoteProtocolError` for an answer that is none.
        """
        if self.head is None and self._strict is None:
            try:
                content = self._read_plainly(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade):
                content = None
            if content is not None:
                return content
            self._strict = H11Parser(self._method)
        return self._read_on(data) if self._strict is None else self._read_strictly(self._strict, data)

    def on_message_complete(self) -> None:
        """Take the end in: llhttp calls this."""
        self.ended = True

    def _read_plainly(self, data: bytes) -> bytes | None:
        """Read the first piece of a plain answer, if its head is in it, and nothing comes after its end."""
        match = _PLAIN.match(data)
        if match is None or (start := match.end()) > HEAD_BYTES:
            return None
        code, reason, length, chunked = match.groups(b"")
        status = int(code)
        if length and status not in _BODILESS:
            content: bytes | None = data[start:]
            left = start + int(length) - len(data)
            if left < 0:
                return None
            httptools.HttpResponseParser(self).feed_data(data)
        elif _ends_plainly(status, length, chunked, data, start):
            content, left = self._whole(data), 0
        else:
            return None
        if content is None or self.ended == (left > 0):
            return None
        lines = data[:start]
        plain = b"" if chunked or not self.ended else lines
        self.head = Head(status, ReceivedHeaders(lines), b"1.1", reason, plain)
        self.keeps = self.ended
        self._left = left
        return content

    def _whole(self, data: bytes) -> bytes | None:
        """Return the body of an answer, if nothing comes after its end."""
        pieces: list[bytes] = []
        self.on_body = pieces.append
        parser = httptools.HttpResponseParser(self)
        # In two, since llhttp does not tell how much of it was the answer.
        parser.feed_data(data[:-1])
        if self.ended:
            return None
        parser.feed_data(data[-1:])
        return b"".join(pieces)

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


def _ends_plainly(status: int, length: bytes, chunked: bytes, data: bytes, start: int) -> bool:
    """Tell whether that has no body, or one in chunks, without trailers, that h11 would not balk at."""
    if status in _BODILESS:
        return not chunked and (status == HTTPStatus.NOT_MODIFIED or length in (b"", b"0"))
    return bool(chunked) and data.endswith(_LAST_CHUNK) and _LONG_SIZE.search(data, start - 1) is None
