"""Requests as bytes: written whole before there is a connection, and refused where they are none."""

from __future__ import annotations

import re
from functools import lru_cache

import attrs
import httpx

from countermand._wire._head import Headers

#: RFC 9110, 5.6.2 and 9.1.
_TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
#: RFC 9110, 5.5: whitespace neither begins nor ends it; no line may end in it.
_VALUE = re.compile(rb"(?:[^\x00\s]++(?:[ \t]++[^\x00\s]++)*+)?+")
#: RFC 9112, 3.2: whatever it is, all of it is visible.
_TARGET = re.compile(rb"[\x21-\x7e]+")
#: Names that mean something to the writing.
_MEANT = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection"})


@attrs.define
class Written:
    """One request as it goes out, and what of it matters to its answer."""

    #: Never shown: its head bears tokens, keys and signatures.
    data: bytes = attrs.field(repr=False)
    method: str
    #: Whether it says that no other request follows.
    closes: bool


def written(method: str, target: bytes, headers: Headers, content: bytes) -> Written:
    """Write a request out whole; raises `httpx.LocalProtocolError`, in words that quote nothing of it."""
    if _TARGET.fullmatch(target) is None:
        raise httpx.LocalProtocolError("Illegal target characters")
    lines = [first_line(method, target)]
    meant: dict[bytes, bytes] = {}
    for name, value in headers:
        line, meaning = header_line(name, value), name.lower()
        if meaning in _MEANT:
            if meaning in meant:
                raise httpx.LocalProtocolError(f"two headers {meaning.decode()}")
            meant[meaning] = value
        # The host is what is to be read first; RFC 9110, 7.2.
        lines.insert(1 if meaning == b"host" else len(lines), line)
    if b"host" not in meant:
        raise httpx.LocalProtocolError("no header host")
    lines += (b"", _framed(meant, content))
    closes = b"close" in meant.get(b"connection", b"").lower()
    return Written(b"\r\n".join(lines), method, closes)


def first_line(method: str, target: bytes) -> bytes:
    """Write what is asked for, of a target that is known to be one; raises as `written` does."""
    return b"%s %s HTTP/1.1" % (_verb(method), target)


def header_line(name: bytes, value: bytes) -> bytes:
    """Write a header, without a line's end; raises as `written` does."""
    if not _is_token(name):
        raise httpx.LocalProtocolError("Illegal header name")
    if _VALUE.fullmatch(value) is None:
        raise httpx.LocalProtocolError("Illegal header value")
    return b"%s: %s" % (name, value)


def _framed(meant: dict[bytes, bytes], content: bytes) -> bytes:
    """Write the body as the head tells of it; RFC 9112, 6."""
    length, coding = meant.get(b"content-length"), meant.get(b"transfer-encoding")
    if coding is None:
        if length != b"%d" % len(content) and (content or length is not None):
            raise httpx.LocalProtocolError("the body is not of the length that the header says")
        return content
    if length is not None or coding.lower() != b"chunked":
        raise httpx.LocalProtocolError("the body can only be chunked, or have a length")
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content) if content else b"0\r\n\r\n"


@lru_cache(maxsize=64)
def _verb(method: str) -> bytes:
    verb = method.encode("ascii") if method.isascii() else b""
    if _TOKEN.fullmatch(verb) is None:
        raise httpx.LocalProtocolError("Illegal method characters")
    return verb


@lru_cache(maxsize=256)
def _is_token(name: bytes) -> bool:
    return _TOKEN.fullmatch(name) is not None
