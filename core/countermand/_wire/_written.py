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


@attrs.frozen
class Written:
    """One request as it goes out, and what of it matters to its answer."""

    data: bytes
    method: str
    #: Whether it says that no other request follows.
    closes: bool


def written(method: str, target: bytes, headers: Headers, content: bytes) -> Written:
    """Write a request out whole; raises `httpx.LocalProtocolError`, in words that quote nothing of it."""
    if _TARGET.fullmatch(target) is None:
        raise httpx.LocalProtocolError("Illegal target characters")
    lines: list[bytes] = [b"%s %s HTTP/1.1" % (_verb(method), target)]
    meant: dict[bytes, bytes] = {}
    for name, value in headers:
        if _VALUE.fullmatch(value) is None:
            raise httpx.LocalProtocolError("Illegal header value")
        meaning = _meaning(name)
        if meaning:
            if meaning in meant:
                raise httpx.LocalProtocolError(f"two headers {meaning.decode()}")
            meant[meaning] = value
        line = b"%s: %s" % (name, value)
        # The host is what is to be read first; RFC 9110, 7.2.
        lines.insert(1 if meaning == b"host" else len(lines), line)
    if b"host" not in meant:
        raise httpx.LocalProtocolError("no header host")
    body = _framed(meant, content)
    closes = b"close" in meant.get(b"connection", b"").lower()
    return Written(b"\r\n".join((*lines, b"", body)), method, closes)


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
def _meaning(name: bytes) -> bytes:
    if _TOKEN.fullmatch(name) is None:
        raise httpx.LocalProtocolError("Illegal header name")
    meaning = name.lower()
    return meaning if meaning in _MEANT else b""
