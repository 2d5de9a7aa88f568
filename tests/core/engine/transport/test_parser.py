"""Answers as bytes: whatever comes, in whatever slices, is an answer or httpx's exception."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countermand._wire._h11_parser import H11Parser
from countermand._wire._head import HEAD_BYTES, Head, Headers, Parser
from countermand._wire._httptools_parser import HttptoolsParser
from countermand._wire._parser import FASTEST, parser_over

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit

OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = (
    OK + b"transfer-encoding: chunked\r\n\r\n" + b"0" * 21 + b"\r\n\r\n",
    OK + b"Content-Length: 2 \r\nConnection: keep-alive\r\nx:\ty \xe9\r\n\r\nok",
    OK + b"transfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
    b"HTTP/1.1 204\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    b"HTTP/1.1 101 Other\r\nconnection: upgrade\r\nupgrade: chess\r\n\r\n",
    OK + b"content-length: 3\r\n\r\nyes",
    OK + b"transfer-encoding: chunked\r\n\r\n3;a=b\r\nyes\r\n0\r\nx: y\r\n\r\n",
    OK + b"\r\nuntil the end",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"content-length: 0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx",
)


PARSERS: dict[str, type[Parser]] = {"h11": H11Parser, "httptools": HttptoolsParser}
Kind = type[Parser]
over_both = pytest.mark.parametrize("kind", PARSERS.values(), ids=PARSERS)


@st.composite
def mutilated(draw: st.DrawFn) -> bytes:
    """Draw answers, one after the other, with pieces replaced by others."""
    data = b"".join(draw(st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=2)))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 4)))
        piece = draw(
            st.sampled_from(
                [b"", b"\r\n", b"\n", b" ", b"0", b"-1", b"\x00", b"\t", b":", b";", b"close", b","]
            )
        )
        data = data[:start] + piece + data[end:]
    return data


ANYTHING = mutilated() | st.binary(max_size=200) | st.binary(max_size=50).map(lambda tail: OK + tail)


@st.composite
def sliced(draw: st.DrawFn) -> list[bytes]:
    """Draw bytes in slices."""
    data = draw(ANYTHING)
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(data))), max_size=8)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True) if start < end]


def read(kind: Kind, slices: Sequence[bytes], method: str = "GET") -> tuple[Parser, bytes, bool]:
    """Read slices and then the end: the parser, the body, and whether it failed."""
    parser, body = kind(method), b""
    try:
        for data in (*slices, b""):
            body += parser.read(data)
            if parser.ended:
                return parser, body, False
    except httpx.RemoteProtocolError:
        return parser, body, True
    raise AssertionError("after the end nothing may be open")


@over_both
@given(slices=sliced())
def test_anything_comes_to_an_end(kind: Kind, slices: list[bytes]) -> None:
    """Any bytes in any slices, and then the end, are a whole answer or a failure."""
    parser, body, failed = read(kind, slices)
    assert failed or parser.head is not None
    assert not (failed and parser.ended)
    assert len(body) <= sum(map(len, slices))


@over_both
@given(slices=sliced())
def test_slices_make_no_difference(kind: Kind, slices: list[bytes]) -> None:
    """How an answer was cut on its way changes nothing of it, nor whether it failed."""
    (parser, body, failed), (other, whole, too) = read(kind, slices), read(kind, [b"".join(slices)])
    assert failed == too
    if not failed:
        assert (parser.head, body) == (other.head, whole)


@attrs.frozen
class Verdict:
    """What a parser makes of the bytes until now."""

    head: Head | None
    headers: Headers
    body: bytes
    ended: bool
    keeps: bool
    failed: bool = False


def verdicts(kind: Kind, slices: Sequence[bytes], method: str) -> Iterator[Verdict]:
    """Tell what a parser makes of each slice, and then of the end."""
    parser, body = kind(method), b""
    for data in (*slices, b""):
        try:
            body += parser.read(data)
        except httpx.RemoteProtocolError:
            yield verdict(parser, b"", failed=True)
            return
        yield verdict(parser, body)
        if parser.ended:
            return


def verdict(parser: Parser, body: bytes, *, failed: bool = False) -> Verdict:
    """Tell what it makes of that."""
    headers = [] if parser.head is None else parser.head.headers.raw
    return Verdict(parser.head, headers, body, parser.ended, parser.keeps, failed)


@settings(max_examples=500)
@given(slices=sliced(), method=st.sampled_from(["GET", "DELETE", "HEAD", "CONNECT"]))
def test_the_parsers_agree(slices: list[bytes], method: str) -> None:
    """Both parsers make the same of any bytes in any slices, at each of them."""
    assert list(verdicts(HttptoolsParser, slices, method)) == list(verdicts(H11Parser, slices, method))


CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
#: Where llhttp and h11 differ, or what llhttp does not tell.
DIFFERENT: dict[str, bytes] = {
    "a long size of nothing": CHUNKED + b"0" * 21 + b"\r\n\r\n",
    "a line after chunks": CHUNKED + b"0\r\n\r\n\r\n",
    "a line after a body": OK + b"content-length: 2\r\n\r\nok\r\n",
    "trailers": CHUNKED + b"0\r\ncontent-length: 2\r\n\r\n",
    "a space after a size": CHUNKED + b"2 \r\nok\r\n0\r\n\r\n",
    "an odd extension": CHUNKED + b'2;="\x01\r\nok\r\n0\r\n\r\n',
    "another letter case": OK + b"Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
    "no content of some length": b"HTTP/1.1 204 OK\r\ncontent-length: 2\r\n\r\n",
    "not modified, of an odd length": b"HTTP/1.1 304 OK\r\ncontent-length: x\r\n\r\n",
    "not modified, in chunks": b"HTTP/1.1 304 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    "a length of zeros": OK + b"content-length: 0000000000000002\r\n\r\nok",
    "a length twice": OK + b"content-length: 2\r\ncontent-length: 2\r\n\r\nok",
    "a goodbye among two": OK + b"connection: close\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n",
    "a welcome twice": OK + b"connection: keep-alive\r\nConnection:Keep-Alive \r\ncontent-length: 0\r\n\r\n",
    "a welcome among others": OK + b"connection: keep-alive, x\r\ncontent-length: 0\r\n\r\n",
    "a length and chunks": CHUNKED[:-2] + b"content-length: 5\r\n\r\n0\r\n\r\n",
    "chunks and a length": OK + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": CHUNKED[:-2] + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "an answer after chunks": CHUNKED + b"0\r\n\r\n" + CHUNKED + b"0\r\n\r\n",
    "an answer after none": b"HTTP/1.1 204 No\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
    "a length of none": OK + b"content-length: \r\n\r\n",
    "chunks of nothing": b"HTTP/1.1 204 No\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "nothing in a header": OK + b"x: \r\ny:\t\r\nz:\r\ncontent-length: 0\r\n\r\n",
    "colons and spaces": OK + b"x:: a : b \t c : \r\ncontent-length:0\r\n\r\n",
    "another protocol offered": OK + b"upgrade: h2c\r\ncontent-length: 0\r\n\r\n",
    "a cookie twice": OK + b"set-cookie: a\r\nset-cookie: b\r\ncontent-length: 2\r\n\r\nok",
    "spaces around": OK + b"x: \t a \t \r\ncontent-length:2\r\n\r\nok",
    "a fold": OK + b"x: a\r\n b\r\ncontent-length: 2\r\n\r\nok",
    "a space before a colon": OK + b"content-length : 2\r\n\r\nok",
    "lines without returns": b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok",
    "another kind of answer": b"RTSP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    "a later version": b"HTTP/1.2 200 OK\r\ncontent-length: 2\r\n\r\nok",
    "a line before": b"\r\n" + OK + b"content-length: 2\r\n\r\nok",
    "a control": OK + b"x: \x01\r\ncontent-length: 2\r\n\r\nok",
}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("data", DIFFERENT.values(), ids=DIFFERENT)
def test_the_parsers_agree_where_their_libraries_do_not(data: bytes, method: str) -> None:
    """Where llhttp is laxer than h11, or stricter, h11 has the last word, however the answer comes."""
    for slices in ([data], [data[:-1], data[-1:]], [data[:-3], data[-3:]], [bytes([byte]) for byte in data]):
        assert list(verdicts(HttptoolsParser, slices, method)) == list(verdicts(H11Parser, slices, method))


@over_both
@given(data=ANYTHING)
def test_what_is_kept(kind: Kind, data: bytes) -> None:
    """A connection is kept only after an answer of which not a byte may be missing, and none be added."""
    parser = kind("GET")
    try:
        parser.read(data or b"\n")
    except httpx.RemoteProtocolError:
        return
    if not parser.keeps:
        return
    longer, shorter = kind("GET"), kind("GET")
    longer.read(data + b"H")
    assert (longer.ended, longer.keeps) == (True, False)
    if len(data) > 1:
        shorter.read(data[:-1])
        assert not shorter.keeps


@over_both
def test_the_longest_head(kind: Kind) -> None:
    """A head of 64 KiB is read, one of a byte more is not, however it comes."""
    longest = OK + b"content-length: 0\r\nx: %s\r\n\r\n" % (b"y" * (HEAD_BYTES - len(OK) - 26))
    assert len(longest) == HEAD_BYTES
    for step in (HEAD_BYTES + 1, 1000):
        assert in_steps(kind, longest, step).head is not None
        with pytest.raises(httpx.RemoteProtocolError, match=f"over {HEAD_BYTES} bytes|too long"):
            in_steps(kind, longest.replace(b"x: ", b"xx: "), step)


def in_steps(kind: Kind, data: bytes, step: int) -> Parser:
    """Read so many bytes at a time."""
    parser = kind("GET")
    for start in range(0, len(data), step):
        parser.read(data[start : start + step])
    return parser


@over_both
def test_what_goes_before_without_end(kind: Kind) -> None:
    """Words that go before an answer count as its head."""
    word = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    with pytest.raises(httpx.RemoteProtocolError, match=f"over {HEAD_BYTES} bytes"):
        in_steps(kind, word * (HEAD_BYTES // len(word) + 1), len(word))


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


@over_both
@pytest.mark.parametrize("data", QUOTED.values(), ids=QUOTED)
def test_failures_quote_nothing(kind: Kind, data: bytes) -> None:
    """What a peer says may hold a secret of ours: the words of a failure do not repeat it."""
    with pytest.raises(httpx.RemoteProtocolError, match=r"^(illegal|malformed) [a-z]+ [a-z]+$") as raised:
        kind("GET").read(data)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("library", "kind"),
    [("httptools", HttptoolsParser), ("no_such_library", H11Parser)],
    ids=["there", "not"],
)
def test_which_parser_reads(library: str, kind: Kind) -> None:
    """Answers are read over httptools where it is installed, and over h11 where it is not."""
    assert parser_over(library) is kind


def test_the_faster_one_is_taken() -> None:
    """A transport reads by the faster parser where nothing is said, which these tests have installed."""
    assert FASTEST is HttptoolsParser
