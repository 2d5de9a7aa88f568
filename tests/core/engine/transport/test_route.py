"""Requests of a venue as bytes: prepared or not, they are what httpx would make of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countermand._wire._origin import Origin, origin_of
from countermand._wire._route import Route, httpx_request
from countermand._wire._written import Written, written
from countermand.venue import HttpRequest

BASES = (
    "http://127.0.0.1:9",
    "http://127.0.0.1:9/",
    "https://Venue.Example/ap/i",
    "https://venue.example:443/a/..",
    "http://[::1]:8/a%20b",
    "https://user:pw@venue.example/a",
    "https://venue.example/?a=b",
    "https://venue.example/?",
    "https://venue.example/#a",
)
PIECES = st.sampled_from(
    [
        "/",
        "/",
        "a",
        ".",
        "..",
        "%20",
        "%2f",
        "%2F",
        "%",
        "~",
        "?",
        "&",
        "=",
        "7",
        ":",
        "@",
        "'",
        " ",
        "\u00e9",
        "#",
        "\\",
        "|",
        "+",
        "*",
        ",",
    ]
)
PATHS = st.lists(PIECES, max_size=8).map("".join)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "aptoken",
            "X-Odd",
            "Host",
            "user-agent",
            "Accept-Encoding",
            "content-length",
            "transfer-encoding",
            "Connection",
        ]
    ),
    st.sampled_from(["a", "b c", "2", "chunked", "close", "caf\u00e9", "x\r\ny: z"]),
    max_size=3,
)

REFUSALS = (httpx.LocalProtocolError, httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeEncodeError)


class Anywhere:
    """Stands for a pool that has places everywhere, and for these their origins."""

    def at(self, origin: Origin) -> Any:
        """Give the origin itself."""
        return origin


ANYWHERE: Any = Anywhere()


def by_httpx(base_url: str, request: HttpRequest) -> tuple[Origin, Written]:
    """Write a request as httpx makes it."""
    made = httpx_request(base_url, request)
    return origin_of(made.url), written(made.method, made.url.raw_path, made.headers.raw, made.content)


def lines(outgoing: tuple[Any, Written]) -> tuple[Any, bytes, Counter[bytes], bytes, bool]:
    """Tell what is to be the same: all but the order of headers."""
    origin, request = outgoing
    head, _, body = request.data.partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    return origin, first, Counter(header.lower() for header in headers), body, request.closes


@settings(max_examples=500)
@given(
    base_url=st.sampled_from(BASES),
    path=st.just("/cancel?id=7&who=a.b") | PATHS | PATHS.map("/".__add__),
    method=st.sampled_from(["GET", "post", "PUT", "DELETE", "B\u00c4D"]),
    headers=HEADERS,
    content=st.sampled_from([b"", b"{}"]),
)
def test_as_httpx_writes_it(
    base_url: str, path: str, method: str, headers: dict[str, str], content: bytes
) -> None:
    """A request goes where httpx would send it, as httpx would write it, or it is refused as httpx would."""
    request = HttpRequest(method=method, path=path, headers=headers, content=content)
    try:
        expected = by_httpx(base_url, request)
    except REFUSALS:
        with pytest.raises(REFUSALS):
            Route(base_url, ANYWHERE).request(request)
        return
    assert lines(Route(base_url, ANYWHERE).request(request)) == lines(expected)


PARTS: dict[str, Any] = {
    "method": st.sampled_from(["GET", "POST", "B\u00c4D"]),
    "path": st.sampled_from(["/a", "/a?b=c", "/..", "/ "]),
    "headers": HEADERS,
    "content": st.sampled_from([b"", b"{}"]),
}


@settings(max_examples=500)
@given(
    base_url=st.sampled_from(BASES), several=st.lists(st.fixed_dictionaries(PARTS), min_size=2, max_size=4)
)
def test_one_after_another(base_url: str, several: list[dict[str, Any]]) -> None:
    """What was asked before changes nothing: neither what was refused, nor what is the same in part."""
    route = Route(base_url, ANYWHERE)
    headers: dict[str, str] = {}
    for parts in several:
        headers.clear()  # one mapping for all: what it held before is of no matter, either
        headers.update(parts["headers"])
        request = HttpRequest(**{**parts, "headers": headers})
        try:
            expected = Route(base_url, ANYWHERE).request(request)
        except REFUSALS as error:
            with pytest.raises(type(error)):
                route.request(request)
        else:
            assert lines(route.request(request)) == lines(expected)


@pytest.mark.parametrize("base_url", ["ftp://venue.example", "venue.example", ""])
def test_where_nothing_is_sent(base_url: str) -> None:
    """Nothing leads to a place that is not spoken to over HTTP."""
    with pytest.raises(httpx.UnsupportedProtocol):
        Route(base_url, ANYWHERE)
