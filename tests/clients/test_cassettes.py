"""Both clients over every recorded exchange: of the same answers each makes the same ack."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from vcr.cassette import Cassette

from countermand import CancelAck, RetryPolicy
from sidecar import CASSETTES, Expected, Sidecar
from tape import Tape

Perform = Callable[..., Sequence[CancelAck]]

TAPES = sorted(CASSETTES.glob("*/*.yaml"))
#: What the clock writes into an ack.
TIMES = frozenset({"elapsed_s", "at", "as_of", "signed_at", "first_byte_at", "answered_at"})

each_tape = pytest.mark.parametrize("path", TAPES, ids=lambda path: f"{path.parent.name}-{path.stem}")


@functools.cache
def replay(path: Path, perform: Perform) -> tuple[CancelAck, Sidecar, Cassette]:
    """Play one cassette to a client, once: what comes of it is a value.

    The transport is httpx's own by name, since that is what vcrpy stands in for.
    """
    sidecar = Sidecar.read(path.with_suffix(".json"))
    # Nothing is connected to; a context without certificates is made at once.
    transport = httpx.AsyncHTTPTransport(trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    venue = sidecar.build()
    with Tape(path=path, base_url=venue.base_url).playing(polls=sidecar.polls) as cassette:
        # How often a cancel is repeated until then differs, too, and is told elsewhere.
        retry = RetryPolicy(most_attempts=1) if sidecar.polls else None
        acks = perform(venue, *sidecar.requests(), transport=transport, retry=retry)
    asyncio.run(transport.aclose())
    return acks[-1], sidecar, cassette


@each_tape
def test_recorded_exchange(path: Path, perform: Perform) -> None:
    """A client makes the expected ack of what was recorded, of all of it and of nothing else.

    Each answer is asked for once; where only time settles it, reads may repeat, and cancels never do.
    """
    ack, sidecar, cassette = replay(path, perform)
    assert ack.error is None  # a request that is not on the tape would stand here
    assert Expected.of(ack) == sidecar.expected
    assert cassette.all_played
    counts = [cassette.play_counts[number] for number in range(len(cassette))]
    once = [
        count
        for count, request in zip(counts, cassette.requests, strict=True)
        if is_cancel(request) or not sidecar.polls
    ]
    assert set(once) <= {1}


@each_tape
def test_sync_and_async_agree(path: Path, performs: Mapping[str, Perform]) -> None:
    """Apart from its times, the ack of one client is that of the other."""
    replayed = [replay(path, perform) for perform in performs.values()]
    first, second = (timeless(ack.to_dict(), polls=sidecar.polls) for ack, sidecar, _ in replayed)
    assert first == second


def is_cancel(request: Any) -> bool:
    """Tell a cancel from reads and log-ins."""
    return (request.method, request.path) == ("POST", "/AP/CancelOrder") or request.method == "DELETE"


def timeless(data: Any, *, polls: bool) -> Any:
    """Take the times out of an ack, and where reads were repeated, how often and which came last."""
    if isinstance(data, list):
        return [timeless(item, polls=polls) for item in data]
    if not isinstance(data, dict):
        return data
    kept = {key: timeless(item, polls=polls) for key, item in data.items() if key not in TIMES}
    if polls and "evidence" in kept:
        return kept | {"evidence": {repr(item) for item in kept["evidence"]}, "last_reply": None}
    return kept
