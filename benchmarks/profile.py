"""Where a cancel's time goes, layer by layer: APEX, a receipt, against the C server on loopback.

`python benchmarks/profile.py [--cancels N]` prints Markdown tables of µs of this process's time a cancel. A
profiler lengthens what calls much more than what computes: its shares are spread over a time that was
measured without it, and how much it lengthened the whole stands below.
"""  # noqa: A005 - a script; it is imported nowhere

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from speed.layers import Profiled, alone, over_instant, profiled, transport_alone
from speed.loads import PLAIN
from speed.server import build, running

CANCELS = 10_000
IN_FLIGHT = (64, 1)


def table(in_flight: int, found: Profiled) -> Iterator[str]:
    """Write one load's table."""
    yield f"### {in_flight} in flight"
    yield ""
    yield "| layer | µs a cancel | share |"
    yield "|---|--:|--:|"
    rows = list(found.rows())
    for name, each_us, share in rows:
        yield f"| {name} | {each_us:.1f} | {share:.0%} |"
    yield f"| sum | {sum(each_us for _, each_us, _ in rows):.1f} | {sum(share for *_, share in rows):.0%} |"
    yield ""
    plain, under = found.plain, found.profiled
    seen_us = sum(found.seen_us.values())
    yield (
        f"Measured without the profiler: {plain.whole_us:.1f} µs ({plain.user_us:.1f} in the process, "
        f"{plain.system_us:.1f} in the kernel); under it {under.whole_us:.1f} µs, "
        f"{under.whole_us / plain.whole_us:.1f} times as much, and it saw {seen_us:.1f} µs with the waits."
    )
    yield ""


def direct(base_url: str, cancels: int) -> Iterator[str]:
    """Write the table of what can be timed by itself."""
    yield "### Each by itself, without a profiler"
    yield ""
    yield "| what | µs |"
    yield "|---|--:|"
    for what, each_us in alone().items():
        yield f"| {what} | {each_us:.1f} |"
    for in_flight in IN_FLIGHT:
        whole_us = asyncio.run(over_instant(in_flight, cancels))
        bare = asyncio.run(transport_alone(base_url, in_flight, cancels))
        yield f"| the whole, answered in process, {in_flight} in flight | {whole_us:.1f} |"
        yield (
            f"| the own transport called directly, {in_flight} in flight | {bare.whole_us:.1f}"
            f" ({bare.system_us:.1f} in the kernel) |"
        )


def main(words: list[str]) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cancels", type=int, default=CANCELS)
    options = parser.parse_args(words)
    cores = sorted(os.sched_getaffinity(0))
    with TemporaryDirectory() as folder, running(build(Path(folder)), PLAIN, cores[-1]) as server:
        os.sched_setaffinity(0, {cores[0]})
        for in_flight in IN_FLIGHT:
            found = asyncio.run(profiled(server.url, in_flight, options.cancels))
            print(*table(in_flight, found), sep="\n")
        print(*direct(server.url, options.cancels), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
