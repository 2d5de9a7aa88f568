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
from countermand._wire._head import HEAD_BYTES, Head

_TEXT = rb"[\t -~\x80-\xff]*+"
_SPACE = rb"[\t ]*+"
#: Without control characters and folded lines; RFC 9112, 5.
_FIELD = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++:" + _TEXT + rb"\r\n"
#: One that has no say in where an answer ends, nor whether another one may follow.
_OTHER = (
    rb"(?>(?!(?i:content-length|transfer-encoding|connection):)"
    + _FIELD
    + rb"|(?i:connection):"
    + _SPACE
    + rb"(?i:keep-alive)"
    + _SPACE
    + rb"\r\n)*+"
)
_SIZED = rb"(?i:content-length):" + _SPACE + rb"([0-9]{1,15})" + _SPACE + rb"\r\n"
_CHUNKED = rb"(?i:transfer-encoding):" + _SPACE + rb"(chunked)" + _SPACE + rb"\r\n"
#: A head that says once at most where the answer ends; RFC 9112, 4, without the statuses before it (1xx).
_PLAIN = re.compile(
    rb"HTTP/1\.1 ([2-9][0-9][0-9])(?: (" + _TEXT + rb"))?"
    rb"(\r\n" + _OTHER + rb"(?>" + _SIZED + rb"|" + _CHUNKED + rb")?+" + _OTHER + rb")\r\n"
)
#: A chunk that says its size, or only leading zeros, at great length.
_LONG_SIZE = re.compile(rb"\n[0-9A-Fa-f]{17}")
#: Where chunks end without trailers: a line with a colon is none of these.
_LAST_CHUNK = b"\r\n0\r\n\r\n"
#: Answers without a body, whatever they say of it; RFC 9110, 15.3.5 and 15.4.5.
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
#: To these an answer ends elsewhere, of which llhttp is not told.
_ODD_METHODS = frozenset({"HEAD", "CONNECT"})


class HttptoolsParser:
    """Reads plain answers itself and leaves the others to h11."""

    __slots__ = ("_left", "_method", "_strict", "ended", "head", "keeps", "on_body")

    #: Takes the body in, where llhttp is to tell of that.
    on_body: Callable[[bytes], None]

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

    def on_message_complete(self) -> None:
        """Take the end in: llhttp calls this."""
        self.ended = True

    def _read_plainly(self, data: bytes) -> bytes | None:
        """Read the first piece of a plain answer, if its head is in it, and nothing comes after its end."""
        match = _PLAIN.match(data)
        if match is None or match.end() > HEAD_BYTES:
            return None
        code, reason, lines, said, chunked = match.groups(b"")
        status = int(code)
        if chunked:
            content, left = None if status in _BODILESS else self._unchunked(data, match.end()), 0
        else:
            content = data[match.end() :]
            left = _length(status, said) - len(content)
            if left < 0 or not self._is_accepted(data):
                return None
        if content is None or self.ended == (left > 0):
            return None
        self.head = Head(status=status, headers=ReceivedHeaders(lines), version=b"1.1", reason=reason)
        self.keeps = self.ended
        self._left = left
        return content

    def _unchunked(self, data: bytes, start: int) -> bytes | None:
        """Return what is in chunks, if it is whole, without trailers, and h11 would not balk at a size."""
        if not data.endswith(_LAST_CHUNK) or _LONG_SIZE.search(data, start - 1):
            return None
        pieces: list[bytes] = []
        self.on_body = pieces.append
        # In two, since llhttp does not tell how much of it was the answer.
        return b"".join(pieces) if self._is_accepted(data[:-1], data[-1:]) else None

    def _is_accepted(self, *slices: bytes) -> bool:
        """Tell whether llhttp takes that for an answer, of which the last slice has a part."""
        parser = httptools.HttpResponseParser(self)
        try:
            for data in slices:
                if self.ended:
                    return False
                parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return False
        return True

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


def _length(status: int, said: bytes) -> int:
    """Tell how long a body is, less than nothing where the head does not say so plainly."""
    if status in _BODILESS:
        return 0 if status == HTTPStatus.NOT_MODIFIED or said in (b"", b"0") else -1
    return int(said) if said else -1
