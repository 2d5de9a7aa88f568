"""Answers as bytes: whatever comes, in whatever slices, is an answer or httpx's exception."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand._wire._parser import HEAD_BYTES, Parser

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit

OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = (
    OK + b"content-length: 3\r\n\r\nyes",
    OK + b"transfer-encoding: chunked\r\n\r\n3;a=b\r\nyes\r\n0\r\nx: y\r\n\r\n",
    OK + b"\r\nuntil the end",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"content-length: 0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx",
)


def begun(method: str = "GET") -> Parser:
    """Write a request, so that an answer may come."""
    parser = Parser()
    parser.request(method, b"/", [(b"host", b"venue.example")], b"")
    return parser


@st.composite
def mutilated(draw: st.DrawFn) -> bytes:
    """Draw answers, one after the other, with pieces replaced by others."""
    data = b"".join(draw(st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=2)))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 4)))
        piece = draw(st.sampled_from([b"", b"\r\n", b"\n", b" ", b"0", b"-1", b"\x00", b"close", b","]))
        data = data[:start] + piece + data[end:]
    return data


ANYTHING = mutilated() | st.binary(max_size=200) | st.binary(max_size=50).map(lambda tail: OK + tail)


@st.composite
def sliced(draw: st.DrawFn) -> list[bytes]:
    """Draw bytes in slices."""
    data = draw(ANYTHING)
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(data))), max_size=8)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True) if start < end]


def read(slices: Sequence[bytes]) -> tuple[Parser, bytes, bool]:
    """Read slices and then the end: the parser, the body, and whether it failed."""
    parser, body = begun(), b""
    try:
        for data in (*slices, b""):
            body += b"".join(parser.read(data))
            if parser.ended:
                return parser, body, False
    except httpx.RemoteProtocolError:
        return parser, body, True
    raise AssertionError("after the end nothing may be open")


@given(sliced())
def test_anything_comes_to_an_end(slices: list[bytes]) -> None:
    """Any bytes in any slices, and then the end, are a whole answer or a failure."""
    parser, body, failed = read(slices)
    assert failed or parser.head is not None
    assert not (failed and parser.ended)
    assert len(body) <= sum(map(len, slices))


@given(sliced())
def test_slices_make_no_difference(slices: list[bytes]) -> None:
    """How an answer was cut on its way changes nothing of it, nor whether it failed."""
    (parser, body, failed), (other, whole, too) = read(slices), read([b"".join(slices)])
    assert failed == too
    if not failed:
        assert (parser.head, body) == (other.head, whole)


@given(ANYTHING)
def test_what_is_kept(data: bytes) -> None:
    """A connection is kept only after an answer of which not a byte may be missing, and none be added."""
    parser = begun()
    try:
        parser.read(data or b"\n")
    except httpx.RemoteProtocolError:
        return
    if not parser.keeps:
        return
    longer, shorter = begun(), begun()
    longer.read(data + b"H")
    assert (longer.ended, longer.keeps) == (True, False)
    if len(data) > 1:
        shorter.read(data[:-1])
        assert not shorter.keeps


def test_the_longest_head() -> None:
    """A head of 64 KiB is read, one of a byte more is not, however it comes."""
    longest = OK + b"x: %s\r\n\r\n" % (b"y" * (HEAD_BYTES - len(OK) - 7))
    assert len(longest) == HEAD_BYTES
    for step in (HEAD_BYTES + 1, 1000):
        assert in_steps(longest, step).head is not None
        with pytest.raises(httpx.RemoteProtocolError, match=f"over {HEAD_BYTES} bytes|too long"):
            in_steps(longest.replace(b"x: ", b"xx: "), step)


def in_steps(data: bytes, step: int) -> Parser:
    """Read so many bytes at a time."""
    parser = begun()
    for start in range(0, len(data), step):
        parser.read(data[start : start + step])
    return parser


def test_what_goes_before_without_end() -> None:
    """Words that go before an answer count as its head."""
    word = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    with pytest.raises(httpx.RemoteProtocolError, match=f"over {HEAD_BYTES} bytes"):
        in_steps(word * (HEAD_BYTES // len(word) + 1), len(word))


def test_another_protocol(kit: Kit) -> None:
    """A protocol that a caller asked to switch to is not spoken: what comes then is no answer."""
    switched = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: chess\r\n\r\ne4"

    async def use() -> None:
        async with kit.serving(switched, kit.OK) as server, kit.transport() as transport:
            told = await kit.told(transport, server.url, headers={"upgrade": "chess"})
            assert told.failure is httpx.RemoteProtocolError
            assert (await kit.told(transport, server.url)).content == b"ok"
            assert server.connections == 2

    asyncio.run(use())


QUOTED: dict[str, Any] = {
    "a status line": b"HTTP/1.1 s3cret\r\n\r\n",
    "a header": OK + b"s3cret\r\n\r\n",
    "a chunk": OK + b"transfer-encoding: chunked\r\n\r\ns3cret\r\n",
    "what follows a chunk": OK + b"transfer-encoding: chunked\r\n\r\n1\r\nxs3cret\r\n",
}


@pytest.mark.parametrize("data", QUOTED.values(), ids=QUOTED)
def test_failures_quote_nothing(data: bytes) -> None:
    """What a peer says may hold a secret of ours: the words of a failure do not repeat it."""
    with pytest.raises(httpx.RemoteProtocolError, match=r"^(illegal|malformed) [a-z]+ [a-z]+$") as raised:
        begun().read(data)
    assert "s3cret" not in str(raised.value)
