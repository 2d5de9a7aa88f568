"""What many cancels at once cost: in time, in calls, in memory; and how long a kill takes to prove zero.

`python benchmarks/many.py [--rounds N]` prints the tables and exits 1 if a target is missed. The venues are
the simulators, each served over loopback from a process of its own; calls are those that arrived there. Each
measurement runs in a fresh process, for peaks of memory are those of a process.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from typing import Any

import attrs

from countermand import AsyncClient, CancelRequest, KillReport, OrderId, Outcome, Scope, ScopeState
from countermand.testing import Simulator, running
from countermand.venue import CallKind, Limit, LimitScope, Venue
from countermand_apex.simulator import ApexSimulator
from countermand_autoshares.simulator import AutoSharesSimulator

#: Each venue's simulator, by the venue's name.
SIMULATORS: dict[str, type[Simulator]] = {"apex": ApexSimulator, "autoshares": AutoSharesSimulator}
#: Of a batch, so many orders are in each account.
ORDERS_AN_ACCOUNT = 100
FEW, MANY = 1_000, 10_000
KILLED, HUGE = 500, 5_000
RATE, BURST = 100.0, 20
FIRST_ID = 10_000
READ_LAG_S = 1.0
#: What one listing of a kill may take, in seconds.
LISTING_S = 0.5

#: The targets: times as ratios, memory in MB, calls per order.
MOST_SLOWER, MOST_MB, MOST_CALLS, MOST_TIME = 1.2, 20.0, 1.1, 1.5

_SPAWN = multiprocessing.get_context("spawn")
_METHODS = ("CancelOrder", "SendCancelList", "CancelAllOrders", "DELETE")


@attrs.frozen(kw_only=True)
class Asked:
    """A call as it arrived: when, and whether it was a cancel."""

    at: float
    is_cancel: bool


def _serve(name: str, accounts: dict[str, int], pipe: Connection) -> None:
    simulator = SIMULATORS[name]()
    first = FIRST_ID
    for account, orders in accounts.items():
        for number in range(first, first + orders):
            simulator.place(0.0, order_id=str(number), account=account)
        first += orders
    with running(simulator) as live:
        pipe.send(live.base_url)
        pipe.recv()
        requests = live.call(lambda _now: tuple(simulator.requests))
        is_open = live.call(lambda _now: len(simulator.book.open_orders()))
    told = [
        Asked(at=one.at, is_cancel=any(word in f"{one.method} {one.path}" for word in _METHODS))
        for one in requests
    ]
    pipe.send((told, is_open))


class Peer:
    """A simulator in a process of its own."""

    def __init__(self, name: str, url: str, pipe: Connection) -> None:
        self.name = name
        self.url = url
        self._pipe = pipe

    def venue(self, **settings: Any) -> Venue:
        """Make the venue for a client of it."""
        return SIMULATORS[self.name]().venue(self.url, read_lag_s=READ_LAG_S, **settings)

    def told(self) -> tuple[list[Asked], int]:
        """Say what arrived there, and how many orders are open at last."""
        self._pipe.send("over")
        told: tuple[list[Asked], int] = self._pipe.recv()
        return told


@contextmanager
def peer(name: str, accounts: dict[str, int]) -> Iterator[Peer]:
    """Run a simulator with so many open orders in each account."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_serve, args=(name, accounts, theirs), daemon=True)
    process.start()
    yield Peer(name, ours.recv(), ours)
    process.join()


@attrs.frozen(kw_only=True)
class Batch:
    """What a batch cost."""

    seconds: float
    calls: float
    peak_mb: float
    canceled: int


def batch(name: str, orders: int) -> Batch:
    """Cancel so many orders, a hundred in each account, without limits; no ack is kept."""
    accounts = {str(100 + number): ORDERS_AN_ACCOUNT for number in range(orders // ORDERS_AN_ACCOUNT)}
    with peer(name, accounts) as live:
        venue = live.venue()
        requests = (
            CancelRequest(
                venue=name,
                account=str(100 + number // ORDERS_AN_ACCOUNT),
                order=OrderId(str(FIRST_ID + number)),
            )
            for number in range(orders)
        )

        async def cancel() -> tuple[float, int]:
            canceled = 0
            async with AsyncClient([venue], limits={name: []}) as client:
                await client.ready()
                began_at = time.perf_counter()
                async for ack in client.cancel_many(requests):
                    canceled += ack.outcome is Outcome.CANCELED
                return time.perf_counter() - began_at, canceled

        seconds, canceled = asyncio.run(cancel())
        told, _ = live.told()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Batch(seconds=seconds, calls=len(told) / orders, peak_mb=peak, canceled=canceled)


@attrs.frozen(kw_only=True)
class Kill:
    """What a kill came to, seconds counted from its first call."""

    state: str
    canceled: int
    left: int
    calls: int
    last_cancel_s: float
    proof_s: float
    seconds: float


def kill(orders: dict[str, int], *, limited: bool, native: bool) -> dict[str, Kill]:
    """Kill one account at each venue at once."""
    with _all_peers(orders) as peers:
        limits = {name: [_limit()] if limited else [] for name in orders}
        venues = [one.venue() for one in peers.values()]
        where = None if native else (lambda _report: True)

        def scope(name: str) -> Scope:
            return Scope.account(name, "9") if where is None else Scope.mine(name, "9", where)

        async def run() -> tuple[KillReport, float]:
            async with AsyncClient(venues, limits=limits) as client:
                await client.ready()
                began_at = time.time()
                report = await client.kill([scope(name) for name in orders], timeout_s=60.0)
                return report, began_at

        report, began_at = asyncio.run(run())
        return {
            one.scope.venue: _told(one, peers[one.scope.venue].told(), began_at) for one in report.reports
        }


@contextmanager
def _all_peers(orders: dict[str, int]) -> Iterator[dict[str, Peer]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(peer(name, {"9": count})) for name, count in orders.items()}


def _limit() -> Limit:
    return Limit(per=LimitScope.ACCOUNT, kinds=frozenset(CallKind), rate=RATE, burst=BURST)


def _told(report: Any, told: tuple[list[Asked], int], began_at: float) -> Kill:
    asked, left = told
    asked = [one for one in asked if one.at >= began_at]
    return Kill(
        state=report.state.value,
        canceled=sum(ack.outcome is Outcome.CANCELED for ack in report.acks),
        left=left,
        calls=len(asked),
        last_cancel_s=max((one.at for one in asked if one.is_cancel), default=began_at) - began_at,
        proof_s=report.elapsed_s if report.proved_empty_as_of is not None else float("inf"),
        seconds=report.elapsed_s,
    )


@attrs.frozen(kw_only=True)
class Line:
    """A line of a table: figures by name, and the targets that were missed."""

    name: str
    figures: dict[str, str]
    missed: tuple[str, ...] = ()


def batches(name: str, rounds: int) -> Iterator[Line]:
    """Compare batches of a thousand and of ten thousand."""
    few, many = [], []
    for _ in range(rounds):
        few.append(in_a_process(batch, name, FEW))
        many.append(in_a_process(batch, name, MANY))
    each = {orders: _each_us(told, orders) for orders, told in ((FEW, few), (MANY, many))}
    slower = each[MANY] / each[FEW]
    more_mb = statistics.median(one.peak_mb for one in many) - statistics.median(one.peak_mb for one in few)
    for orders, told in ((FEW, few), (MANY, many)):
        calls = statistics.median(one.calls for one in told)
        lost = orders - min(one.canceled for one in told)
        yield Line(
            name=f"{name}: {orders:,} orders",
            figures={
                "µs each": f"{each[orders]:.0f}",
                "calls each": f"{calls:.3f}",
                "peak MB": f"{statistics.median(one.peak_mb for one in told):.1f}",
                "not canceled": str(lost),
            },
            missed=_missed({"calls": calls <= MOST_CALLS, "all canceled": not lost}),
        )
    yield Line(
        name=f"{name}: ten times as many",
        figures={"µs each": f"x {slower:.2f}", "peak MB": f"+ {more_mb:.1f}"},
        missed=_missed({"time": slower <= MOST_SLOWER, "memory": more_mb < MOST_MB}),
    )


def _each_us(told: list[Batch], orders: int) -> float:
    return statistics.median(one.seconds for one in told) / orders * 1e6


def kills() -> Iterator[Line]:
    """Kill 500 orders at each venue at once, by listing and natively, under limits."""
    both = dict.fromkeys(SIMULATORS, KILLED)
    for way, orders, native in (("by listing", both, False), ("natively", {"apex": KILLED}, True)):
        for name, told in in_a_process(kill, orders, limited=True, native=native).items():
            needed = 5 if native else KILLED * MOST_CALLS
            needed_s = max(0.0, needed - BURST) / RATE
            # A kill that needs no more than the burst has no time to wait: it is given half a second.
            bound_s = max(MOST_TIME * needed_s, 0.5)
            proof_s = bound_s + READ_LAG_S + 2 * LISTING_S
            yield Line(
                name=f"{name}: {KILLED} {way}",
                figures={
                    "last cancel s": f"{told.last_cancel_s:.2f} of {bound_s:.2f}",
                    "proof s": f"{told.proof_s:.2f} of {proof_s:.2f}",
                    "calls each": f"{told.calls / KILLED:.3f}",
                    "canceled": str(told.canceled),
                    "state": told.state,
                },
                missed=_missed(
                    {
                        "last cancel": told.last_cancel_s <= bound_s,
                        "proof": told.proof_s <= proof_s,
                        "calls": told.calls <= MOST_CALLS * KILLED,
                        "proved": told.state == ScopeState.PROVED_EMPTY.value and not told.left,
                    }
                ),
            )


def huge() -> Iterator[Line]:
    """Kill an account with 5,000 open orders, without limits."""
    for name in SIMULATORS:
        (told,) = in_a_process(kill, {name: HUGE}, limited=False, native=False).values()
        yield Line(
            name=f"{name}: {HUGE:,} open orders",
            figures={
                "proof s": f"{told.proof_s:.2f}",
                "whole s": f"{told.seconds:.2f}",
                "calls each": f"{told.calls / HUGE:.3f}",
                "canceled": str(told.canceled),
                "state": told.state,
            },
            missed=_missed({"proved": told.state == ScopeState.PROVED_EMPTY.value and not told.left}),
        )


def _missed(targets: dict[str, bool]) -> tuple[str, ...]:
    return tuple(name for name, held in targets.items() if not held)


def in_a_process(measure: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Measure in a process of its own."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_measure, args=(theirs, measure, args, options))
    process.start()
    told = ours.recv()
    process.join()
    return told


def _measure(pipe: Connection, measure: Callable[..., Any], args: Any, options: Any) -> None:
    pipe.send(measure(*args, **options))


def show(title: str, lines: list[Line]) -> None:
    """Print a table."""
    columns = list(dict.fromkeys(name for line in lines for name in line.figures))
    print(f"\n## {title}\n")
    print("| " + " | ".join(["", *columns, "missed"]) + " |")
    print("|" + "---|" * (len(columns) + 2))
    for line in lines:
        cells = [line.figures.get(column, "") for column in columns]
        print("| " + " | ".join([line.name, *cells, ", ".join(line.missed) or "-"]) + " |", flush=True)


def main() -> int:
    """Measure, print the tables, and say by the exit code whether every target was met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="batches of each size; the medians are told")
    rounds = parser.parse_args().rounds
    tables = {
        "Batches, without limits": [line for name in SIMULATORS for line in batches(name, rounds)],
        f"Kills at {RATE:.0f} calls a second, burst {BURST}, per account": list(kills()),
        "A huge account, without limits": list(huge()),
    }
    for title, lines in tables.items():
        show(title, lines)
    load = ", ".join(f"{one:.2f}" for one in os.getloadavg())
    print(f"\nload average {load} on {os.cpu_count()} cores; Python {sys.version.split()[0]}")
    return int(any(line.missed for lines in tables.values() for line in lines))


if __name__ == "__main__":
    sys.exit(main())
