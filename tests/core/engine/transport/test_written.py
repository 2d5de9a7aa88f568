"""Requests as bytes: what goes out is what h11 would write, and what it would refuse is refused."""

from __future__ import annotations

import h11
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countermand._wire._written import written

HOST = (b"Host", b"venue.example")
NAMES = st.sampled_from([b"x", b"X-Odd", b"host", b"content-length", b"transfer-encoding", b"connection"])
BITS = st.sampled_from(
    [b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b"\x7f", b"\x0b", b"\xe9", b"3", b"y"]
)
ODD = st.lists(BITS | st.binary(max_size=3), max_size=4).map(b"".join)
VALUES = ODD | st.sampled_from([b"chunked", b"close", b"Keep-Alive, Close", b"0", b"1", b"2"])
HEADERS = st.lists(st.tuples(NAMES | ODD, VALUES), max_size=3)
METHODS = st.sampled_from(["GET", "POST", "PURGE"]) | st.text(max_size=4)
TARGETS = st.just(b"/a?b=c") | ODD.map(lambda odd: b"/" + odd)


def by_h11(method: str, target: bytes, headers: list[tuple[bytes, bytes]], content: bytes) -> bytes | None:
    """Write a request as h11 does, or not at all."""
    connection = h11.Connection(h11.CLIENT)
    try:
        head = h11.Request(method=method, target=target, headers=headers)
        events = (head, h11.Data(data=content), h11.EndOfMessage())
        return b"".join(connection.send(event) for event in events)
    except (h11.LocalProtocolError, UnicodeEncodeError):
        return None


@settings(max_examples=500)
@given(
    method=METHODS,
    target=TARGETS,
    headers=HEADERS,
    has_host=st.booleans(),
    content=st.sampled_from([b"", b"y", b"xy"]),
)
def test_no_more_than_h11(
    method: str, target: bytes, headers: list[tuple[bytes, bytes]], has_host: bool, content: bytes
) -> None:
    """What is written at all is written as h11 writes it, byte for byte."""
    whole = [*headers, HOST] if has_host else headers
    try:
        data = written(method, target, whole, content).data
    except httpx.LocalProtocolError:
        return
    assert data == by_h11(method, target, whole, content)


WRITABLE: dict[str, tuple[str, bytes, list[tuple[bytes, bytes]], bytes]] = {
    "a plain one": ("GET", b"/a?b=c", [HOST], b""),
    "a body": ("POST", b"/", [(b"x", b"y z"), HOST, (b"Content-Length", b"2")], b"{}"),
    "chunks": ("PUT", b"/", [HOST, (b"Transfer-Encoding", b"Chunked")], b"x" * 17),
    "no chunks": ("PUT", b"/", [HOST, (b"transfer-encoding", b"chunked")], b""),
    "a length of nothing": ("POST", b"/", [HOST, (b"content-length", b"0")], b""),
    "headers twice": ("GET", b"*", [HOST, (b"x", b""), (b"X", b"caf\xe9")], b""),
}


@pytest.mark.parametrize(("method", "target", "headers", "content"), WRITABLE.values(), ids=WRITABLE)
def test_as_much_as_h11(
    method: str, target: bytes, headers: list[tuple[bytes, bytes]], content: bytes
) -> None:
    """What a client may say is written, as h11 writes it but for the letters of a coding."""
    expected = by_h11(method, target, headers, content)
    assert expected is not None
    assert written(method, target, headers, content).data.lower() == expected.lower()


UNWRITABLE: dict[str, tuple[str, bytes, list[tuple[bytes, bytes]], bytes]] = {
    "no host": ("GET", b"/", [(b"x", b"s3cret")], b""),
    "no target": ("GET", b"", [HOST], b""),
    "a target of two lines": ("GET", b"/ HTTP/1.1\r\nx: s3cret", [HOST], b""),
    "a target beyond ASCII": ("GET", b"/s3cret\xe9", [HOST], b""),
    "no verb": ("", b"/", [HOST], b""),
    "a body of no length": ("POST", b"/", [HOST], b"s3cret"),
    "a name with a colon": ("GET", b"/", [HOST, (b"x:s3cret", b"y")], b""),
    "two lengths": ("POST", b"/", [HOST, (b"content-length", b"1"), (b"Content-Length", b"2")], b"ab"),
}


@pytest.mark.parametrize(("method", "target", "headers", "content"), UNWRITABLE.values(), ids=UNWRITABLE)
def test_what_is_refused(
    method: str, target: bytes, headers: list[tuple[bytes, bytes]], content: bytes
) -> None:
    """A request that others could read as something else is refused, in words that quote nothing of it."""
    assert by_h11(method, target, headers, content) is None
    with pytest.raises(httpx.LocalProtocolError) as raised:
        written(method, target, headers, content)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("said", "closes"), [(b"close", True), (b"x, Close", True), (b"keep-alive", False)], ids=str
)
def test_who_says_goodbye(said: bytes, closes: bool) -> None:
    """A request that says that no other follows is known as such."""
    assert written("GET", b"/", [HOST, (b"Connection", said)], b"").closes == closes


def test_what_is_shown_of_one() -> None:
    """Nothing of what it bears."""
    assert "s3cr3t" not in repr(written("GET", b"/", [HOST, (b"aptoken", b"s3cr3t")], b""))
