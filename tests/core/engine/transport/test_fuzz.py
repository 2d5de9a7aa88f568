"""Anything on a real connection: an answer or httpx's exception, never a hang, never a second belief."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countermand._wire._h11_parser import H11Parser

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit, Pki

YES = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes"
PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 204 \r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"content-length: 2\r\n",
        b"transfer-encoding: chunked\r\n",
        b"connection: close\r\n",
        b"\r\n",
        b"2\r\nno\r\n",
        b"0\r\n\r\n",
        b"no",
        b"pause",
    ]
)
SCRIPTS = st.lists(PIECES | st.binary(min_size=1, max_size=8), max_size=8)
ENDS = st.sampled_from(["close", "reset", "nothing"])


@pytest.mark.parametrize("has_tls", [False, True], ids=["plain", "TLS"])
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=SCRIPTS, end=ENDS)
def test_anything_on_a_connection(kit: Kit, pki: Pki, has_tls: bool, script: list[bytes], end: str) -> None:
    """After whatever came, the next request gets its own answer, if need be over another connection."""
    steps: list[Any] = ["pause" if piece == b"pause" else piece for piece in script]
    said = b"".join(piece for piece in steps if isinstance(piece, bytes))
    steps += [] if end == "nothing" else [end]

    async def use() -> None:
        timeout = {"timeout": {"read": 0.05 if end == "nothing" else 20.0}}
        tls = pki.server if has_tls else None
        async with kit.serving((*steps, "pause"), YES, tls=tls) as server, pki.transport(kit) as transport:
            told = await kit.told(transport, server.url, extensions=timeout)
            assert (told.failure is None) == (told.status is not None)
            await kit.settle()
            assert (await kit.told(transport, server.url)).content == b"yes"
            if server.connections == 1:
                assert (end, told.failure) == ("nothing", None)
                assert kept(said)

    asyncio.run(use())


def kept(said: bytes) -> bool:
    """Tell whether that is one plain answer, and no more."""
    parser = H11Parser("GET")
    parser.read(said)
    return parser.keeps


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scripts=st.lists(st.tuples(SCRIPTS.map(b"".join), ENDS), min_size=2, max_size=6))
def test_many_at_once(kit: Kit, scripts: list[tuple[bytes, str]]) -> None:
    """Requests beside each other all come to an end, and none is left open."""

    async def use() -> None:
        steps: list[Any] = [(said, *([] if end == "nothing" else [end])) for said, end in scripts]
        async with kit.serving(*steps) as server, kit.transport() as transport:
            timeout = {"timeout": {"read": 0.05}}
            asking = [kit.told(transport, server.url, extensions=timeout) for _ in range(8)]
            outcomes = await asyncio.gather(*asking)
            assert {issubclass(one.failure or httpx.HTTPError, httpx.HTTPError) for one in outcomes} == {True}
        assert transport.connections == 0

    asyncio.run(use())
