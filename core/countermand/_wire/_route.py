"""Where a venue is, prepared once, and its requests as the bytes that httpx would make of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import httpx

from countermand._http import HttpRequest
from countermand._wire._origin import Origin, origin_of
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
    """One base URL."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        url = httpx.URL(f"{base_url}/x")
        self._origin = origin_of(url)
        #: What stands before a path; nothing is known of one behind a fragment.
        self._prefix = url.raw_path[:-2] if url.raw_path.endswith(b"/x") else None
        self._first = [header_line(name, value) for name, value in ((b"Host", url.netloc), *_ASKED_RAW)]
        #: The last headers, and their lines.
        self._last: tuple[tuple[tuple[str, str], ...], list[bytes]] = ((), self._first)

    def request(self, request: HttpRequest) -> tuple[Origin, Written]:
        """Write a request; raises what httpx does of one that is none."""
        method, content = request.method.upper(), request.content
        if self._prefix is None or _PLAIN.fullmatch(request.path) is None:
            return self._written_by_httpx(request)
        own = self._own_lines(request.headers)
        if own is None:
            return self._written_by_httpx(request)
        lines = [first_line(method, self._prefix + request.path.encode("ascii")), *own]
        if content or method in _WITH_LENGTH:
            lines.append(b"Content-Length: %d" % len(content))
        lines += (b"", content)
        return self._origin, Written(b"\r\n".join(lines), method, closes=False)

    def _own_lines(self, headers: Mapping[str, str]) -> list[bytes] | None:
        """Write headers after those that all requests have; those of one session are often the same."""
        items = tuple(headers.items())
        if items != self._last[0]:
            lines = self._first.copy()
            for name, value in items:
                raw_name = _raw_name(name)
                if raw_name is None:
                    return None
                lines.append(header_line(raw_name, value.encode("ascii")))
            self._last = (items, lines)
        return self._last[1]

    def _written_by_httpx(self, request: HttpRequest) -> tuple[Origin, Written]:
        made = httpx_request(self._base_url, request)
        return origin_of(made.url), written(made.method, made.url.raw_path, made.headers.raw, made.content)


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
