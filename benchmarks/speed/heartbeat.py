"""How long the event loop is held up: a heart that beats every half millisecond, and is late meanwhile.

`python -m speed.heartbeat` (in `benchmarks`) prints one JSON object: for each work the longest that no beat
came, in ms; of several rounds the median. Nothing is taken off; what an idle loop shows stands beside it, and
so does the time of the processor between two beats (`…_cpu_ms`), which other programs do not lengthen.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial

from countermand import AsyncClient, Scope
from speed.canned import (
    ACCOUNT,
    RECEIPTS,
    VENUES,
    Replies,
    apex_listing,
    autoshares_listing,
    received,
    served,
)

BEAT_S = 0.0005
#: How long the idle loop is watched, in seconds.
IDLE_S = 1.0
CANCELS = 10_000
LISTING_BYTES = 5 << 20

Work = Callable[[AsyncClient], Awaitable[object]]


class Heart:
    """Beats on the running loop from `begin` to `end`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._beat_at = self._cpu = self._collecting_at = 0.0
        #: The longest time between two beats, by the wall's clock and by the thread's own, in seconds.
        self.longest_s = self.longest_cpu_s = 0.0
        #: The longest pause of the garbage collector, in seconds.
        self.longest_gc_s = 0.0

    def begin(self) -> None:
        """Begin to beat."""
        gc.callbacks.append(self._collect)
        self._beat_at, self._cpu = self._loop.time(), time.thread_time()
        self._timer = self._loop.call_later(BEAT_S, self._beat)

    def end(self) -> None:
        """Come to rest; what came after the last beat counts, too."""
        gc.callbacks.remove(self._collect)
        self._note()
        if self._timer is not None:
            self._timer.cancel()

    def _beat(self) -> None:
        self._note()
        self._timer = self._loop.call_later(BEAT_S, self._beat)

    def _note(self) -> None:
        now, cpu = self._loop.time(), time.thread_time()
        self.longest_s = max(self.longest_s, now - self._beat_at)
        self.longest_cpu_s = max(self.longest_cpu_s, cpu - self._cpu)
        self._beat_at, self._cpu = now, cpu

    def _collect(self, phase: str, _info: dict[str, int]) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._collecting_at = now
        else:
            self.longest_gc_s = max(self.longest_gc_s, now - self._collecting_at)


async def beaten(work: Awaitable[object]) -> dict[str, float]:
    """Work under a beating heart; tell what held it up longest, in ms."""
    heart = Heart()
    heart.begin()
    try:
        await work
    finally:
        heart.end()
    told = {"": heart.longest_s, "_cpu": heart.longest_cpu_s, "_gc": heart.longest_gc_s}
    return {f"longest_block{name}_ms": round(1000 * seconds, 2) for name, seconds in told.items()}


def _batch() -> Work:
    requests = [received("apex", number) for number in range(CANCELS)]

    async def work(client: AsyncClient) -> None:
        count = 0
        async for _ in client.cancel_many(requests):
            count += 1
        assert count == CANCELS  # noqa: S101 - a benchmark of nothing would be a fast one

    return work


def _listing(venue: str) -> Work:
    async def work(client: AsyncClient) -> None:
        listed = await client.open_orders(venue, ACCOUNT, timeout_s=60.0)
        assert listed.orders, listed.error  # noqa: S101 - see above
        assert not listed.incomplete, listed.error  # noqa: S101 - see above

    return work


def _sweep(venue: str) -> Work:
    async def work(client: AsyncClient) -> None:
        swept = await client.cancel_all(Scope.instrument(venue, ACCOUNT, "7"), timeout_s=60.0)
        assert swept.proved_empty_as_of, swept  # noqa: S101 - see above

    return work


#: Where, what makes the work ready, and what is said there, of so many bytes.
WORKS: dict[str, tuple[str, Callable[[], Work], Callable[[int], Replies]]] = {
    "batch": ("apex", _batch, lambda _: RECEIPTS),
    "apex_listing": ("apex", partial(_listing, "apex"), apex_listing),
    "apex_short_rows": ("apex", partial(_listing, "apex"), partial(apex_listing, short=True)),
    "autoshares_listing": ("autoshares", partial(_listing, "autoshares"), autoshares_listing),
    "autoshares_one_page": (
        "autoshares",
        partial(_listing, "autoshares"),
        partial(autoshares_listing, paged=False),
    ),
    "apex_sweep": ("apex", partial(_sweep, "apex"), apex_listing),
    "autoshares_sweep": ("autoshares", partial(_sweep, "autoshares"), autoshares_listing),
}


async def _measured(venue: str, work: Work, base_url: str) -> dict[str, float]:
    made = VENUES[venue](base_url)
    async with AsyncClient([made], limits={venue: ()}, max_in_flight=64) as client:
        gc.collect()
        return await beaten(work(client))


def measured(rounds: int = 3, names: tuple[str, ...] = tuple(WORKS)) -> dict[str, dict[str, float]]:
    """Measure all works in turn, `rounds` times; give the medians, in ms."""
    found: dict[str, list[dict[str, float]]] = {"idle": []}
    for _ in range(rounds):
        found["idle"].append(asyncio.run(_idle()))
        for name in names:
            venue, ready, replies = WORKS[name]
            with served(replies(LISTING_BYTES)) as base_url:
                found.setdefault(name, []).append(asyncio.run(_measured(venue, ready(), base_url)))
    return {name: _medians(told) for name, told in found.items()}


async def _idle() -> dict[str, float]:
    return await beaten(asyncio.sleep(IDLE_S))


def _medians(told: list[dict[str, float]]) -> dict[str, float]:
    return {key: round(statistics.median(one[key] for one in told), 2) for key in told[0]}


def main(words: list[str]) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=WORKS, action="append")
    options = parser.parse_args(words)
    os.sched_setaffinity(0, {0})
    print(json.dumps(measured(options.rounds, tuple(options.only or WORKS)), indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
