"""What a process holds after a million cancels: no more than after the first ten thousand.

`python -m speed.memory` (in `benchmarks`) prints one JSON object: the resident memory after the first
cancels, the most and the last of it after these, and the growth, all in MB.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from countermand import AsyncClient, CancelRequest, Outcome
from speed.canned import NOWHERE, RECEIPTS, VENUES, Instant, received, served

CANCELS = 1_000_000
#: So many fill what is kept for ever: the acks that are owed more.
FIRST = 10_000
IN_FLIGHT = 64
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MB = 1_000_000


def resident_mb() -> float:
    """Return how much memory this process holds, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * _PAGE / _MB


def summed_up(held: list[float]) -> dict[str, float]:
    """Tell of what was held in MB: after the first cancels, at most after these, and at last."""
    first, last = held[0], held[-1]
    return {
        "first_mb": round(first, 1),
        "most_mb": round(max(held), 1),
        "last_mb": round(last, 1),
        "growth_mb": round(last - first, 1),
        "most_growth_mb": round(max(held) - first, 1),
    }


async def _cancels(client: AsyncClient, requests: Iterator[CancelRequest]) -> None:
    for request in requests:
        ack = await client.cancel(request)
        assert ack.outcome is Outcome.PENDING, ack  # noqa: S101 - a benchmark of nothing would be a light one


async def _held(client: AsyncClient, venue: str, cancels: int) -> list[float]:
    held: list[float] = []
    for start in range(0, cancels, FIRST):
        requests = (received(venue, number) for number in range(start, min(cancels, start + FIRST)))
        await asyncio.gather(*(_cancels(client, requests) for _ in range(IN_FLIGHT)))
        if not start:
            gc.collect()  # what importing and starting left
        held.append(resident_mb())
    return held


async def _measured(venue: str, base_url: str, cancels: int, transport: Instant | None) -> list[float]:
    made = VENUES[venue](base_url)
    async with AsyncClient(
        [made], transport=transport, limits={venue: ()}, max_in_flight=IN_FLIGHT
    ) as client:
        return await _held(client, venue, cancels)


def measured(cancels: int = CANCELS, venue: str = "apex", *, sockets: bool = False) -> dict[str, float]:
    """Cancel so many orders, each of its own, in process or over loopback; tell what was held in MB."""
    with served(RECEIPTS) if sockets else nullcontext(NOWHERE) as base_url:
        transport = None if sockets else Instant(RECEIPTS)
        return summed_up(asyncio.run(_measured(venue, base_url, cancels, transport)))


def main(words: list[str]) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cancels", type=int, default=CANCELS)
    parser.add_argument("--venue", choices=VENUES, default="apex")
    parser.add_argument("--sockets", action="store_true", help="over loopback, on the own transport")
    options = parser.parse_args(words)
    print(json.dumps(measured(options.cancels, options.venue, sockets=options.sockets)))


if __name__ == "__main__":
    main(sys.argv[1:])
