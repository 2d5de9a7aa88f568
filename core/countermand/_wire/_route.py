"""Where a venue is, prepared once, and its requests as the bytes that httpx would make of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import httpx

from countermand._http import HttpRequest
from countermand._wire._origin import origin_of
from countermand._wire._places import Places
from countermand._wire._pool import Pool
from countermand._wire._written import Written, first_line, header_line, written

#: Asked of every venue unless a plugin asks for something else.
_ASKED = {"accept-encoding": "identity", "user-agent": "countermand"}
_ASKED_RAW = tuple((name.encode(), value.encode()) for name, value in _ASKED.items())
#: What httpx makes these of is not told by them alone.
_ODD_NAMES = frozenset({"host", "content-length", "transfer-encoding", "connection", *_ASKED})
_WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})
#: Paths and queries that no client rewrites: no dots for segments, nothing that is to be quoted.
_PLAIN = re.compile(
    r"(?:/(?!\.{1,2}(?:[/?]|\Z))(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*+)++(?:\?(?:[A-Za-z0-9._~=&,:/-]|%[0-9A-F]{2})*+)?"
)


class Route:
    """One base URL, and what its last request began with: the next one often begins with the same."""

    def __init__(self, base_url: str, pool: Pool) -> None:
        self._base_url = base_url
        self._pool = pool
        url = httpx.URL(f"{base_url}/x")
        self._places = pool.at(origin_of(url))
        #: What stands before a path; nothing is known of one behind a fragment.
        self._prefix = url.raw_path[:-2] if url.raw_path.endswith(b"/x") else None
        self._asked: tuple[str, str] | None = None
        self._method, self._line, self._has_length = "", b"", False
        self._headers: dict[str, str] = {}
        #: What stands before a body of that length, as soon as one of those is asked for.
        self._head, self._length = b"", -1
        self._first = [header_line(name, value) for name, value in ((b"Host", url.netloc), *_ASKED_RAW)]
        self._lines = b"\r\n".join(self._first)

    def request(self, request: HttpRequest) -> tuple[Places, Written]:
        """Write a request; raises what httpx does of one that is none."""
        if (request.method, request.path) != self._asked and not self._write_line(request):
            return self._written_by_httpx(request)
        if request.headers != self._headers and not self._write_headers(request.headers):
            return self._written_by_httpx(request)
        content = request.content
        if len(content) != self._length:
            self._write_head(len(content))
        return self._places, Written(self._head + content, self._method, False)

    def _write_line(self, request: HttpRequest) -> bool:
        """Write what is asked for; tell whether that can be done here."""
        if self._prefix is None or _PLAIN.fullmatch(request.path) is None:
            return False
        method = request.method.upper()
        self._line = first_line(method, self._prefix + request.path.encode("ascii"))
        self._method, self._has_length = method, method in _WITH_LENGTH
        self._asked, self._length = (request.method, request.path), -1
        return True

    def _write_headers(self, headers: Mapping[str, str]) -> bool:
        """Write headers after those that all requests have; tell whether that can be done here."""
        lines = self._first.copy()
        for name, value in headers.items():
            raw_name = _raw_name(name)
            if raw_name is None:
                return False
            lines.append(header_line(raw_name, value.encode("ascii")))
        self._lines = b"\r\n".join(lines)
        self._headers, self._length = dict(headers), -1
        return True

    def _write_head(self, length: int) -> None:
        """Write all that stands before a body of that length."""
        told = b"Content-Length: %d\r\n" % length if length or self._has_length else b""
        self._head = b"%s\r\n%s\r\n%s\r\n" % (self._line, self._lines, told)
        self._length = length

    def _written_by_httpx(self, request: HttpRequest) -> tuple[Places, Written]:
        made = httpx_request(self._base_url, request)
        outgoing = written(made.method, made.url.raw_path, made.headers.raw, made.content)
        return self._pool.at(origin_of(made.url)), outgoing


class Routes(dict[str, Route]):
    """Those of one transport by their base URLs, each prepared when it is first taken."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self._pool = pool

    def __missing__(self, base_url: str) -> Route:
        """Prepare one."""
        route = self[base_url] = Route(base_url, self._pool)
        return route


def httpx_request(
    base_url: str, request: HttpRequest, extensions: Mapping[str, Any] | None = None
) -> httpx.Request:
    """Make a request of a venue httpx's own."""
    return httpx.Request(
        request.method,
        base_url + request.path,
        headers={**_ASKED, **request.headers},
        content=request.content,
        extensions=dict(extensions or {}),
    )


@lru_cache(maxsize=256)
def _raw_name(name: str) -> bytes | None:
    return None if name.lower() in _ODD_NAMES else name.encode("ascii")
