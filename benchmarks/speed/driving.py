"""How clients are driven: so many lanes, each with one cancel under way, until the time is over."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from array import array
from collections.abc import Iterator

import attrs

from speed.clients import AsyncPeer, BatchPeer, CallbackPeer, SyncPeer
from speed.figures import Figure, percentile
from speed.loads import Gate, Pace

#: How long lanes have to end, in seconds; whatever hangs then is left behind.
GRACE_S = 2.0
#: How long a lane rests after a failure, in seconds, so that a peer that fails at once is not a busy loop.
REST_S = 0.001
_STEP_S = 0.02

#: Every cancel of a process is for an order of its own.
numbers: Iterator[int] = itertools.count(1)


@attrs.frozen(kw_only=True)
class Mark:
    """How far it had come at one moment."""

    at: float
    cpu_s: float
    calls: int
    failed: int


class Tally:
    """What came of the calls of all lanes."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.begun = 0
        self.latencies_s = array("d")
        self.failed = 0
        self.fault = ""
        self.over = False

    @property
    def warm(self) -> bool:
        """Whether every lane has had an answer."""
        return self.begun >= self._gate.in_flight

    def fail(self, fault: Exception) -> None:
        """Note a failure; of the first one, what it was."""
        self.failed += 1
        self.fault = self.fault or f"{type(fault).__name__}: {fault}".strip(": ")[:120]

    def mark(self) -> Mark:
        """Note how far it has come."""
        return Mark(
            at=time.perf_counter(),
            cpu_s=time.process_time(),
            calls=len(self.latencies_s),
            failed=self.failed,
        )

    def figure(self, begin: Mark, end: Mark) -> Figure:
        """Say what came between two moments."""
        latencies = sorted(one * 1e6 for one in self.latencies_s[begin.calls : end.calls])
        return Figure(
            calls=end.calls - begin.calls,
            seconds=end.at - begin.at,
            cpu_s=end.cpu_s - begin.cpu_s,
            p50_us=percentile(latencies, 0.50),
            p99_us=percentile(latencies, 0.99),
            failed=end.failed - begin.failed,
            fault=self.fault,
        )


async def _between(tally: Tally, pace: Pace) -> Figure:
    until = time.perf_counter() + pace.longest_warm_s
    await asyncio.sleep(pace.warm_s)
    while not tally.warm and time.perf_counter() < until:  # noqa: ASYNC110 - lanes may be threads
        await asyncio.sleep(_STEP_S)
    begin = tally.mark()
    await asyncio.sleep(pace.measure_s)
    end = tally.mark()
    tally.over = True
    return tally.figure(begin, end)


async def in_tasks(peer: AsyncPeer, gate: Gate, pace: Pace) -> Figure:
    """Drive one that is awaited, a task for each lane."""

    async def lane() -> None:
        first = 1
        while not tally.over:
            began_at = time.perf_counter()
            try:
                await peer.cancel(next(numbers))
            except Exception as fault:  # noqa: BLE001 - whatever a peer raises is told
                tally.fail(fault)
                await asyncio.sleep(REST_S)
            else:
                tally.latencies_s.append(time.perf_counter() - began_at)
            if first:
                tally.begun += first
                first = 0

    tally = Tally(gate)
    await peer.prepare(gate)
    lanes = [asyncio.create_task(lane()) for _ in range(gate.in_flight)]
    figure = await _between(tally, pace)
    _, hanging = await asyncio.wait(lanes, timeout=GRACE_S)
    for task in hanging:
        task.cancel()
    await asyncio.gather(*lanes, return_exceptions=True)
    await peer.close()
    return figure


class _Lane:
    __slots__ = ("_began_at", "_cancel", "_done", "_tally", "ended")

    def __init__(self, peer: CallbackPeer, tally: Tally) -> None:
        self._cancel = peer.cancel
        self._done = self.done
        self._tally = tally
        self._began_at = 0.0
        self.ended = asyncio.Event()

    def begin(self) -> None:
        self._began_at = time.perf_counter()
        self._cancel(next(numbers), self._done)

    def done(self) -> None:
        self._tally.latencies_s.append(time.perf_counter() - self._began_at)
        self._tally.begun += 1
        if self._tally.over:
            self.ended.set()
        else:
            self.begin()


async def by_callbacks(peer: CallbackPeer, gate: Gate, pace: Pace) -> Figure:
    """Drive one that calls back: each answer begins the next cancel of its lane."""
    tally = Tally(gate)
    await peer.prepare(gate)
    lanes = [_Lane(peer, tally) for _ in range(gate.in_flight)]
    for lane in lanes:
        lane.begin()
    figure = await _between(tally, pace)
    await asyncio.wait_for(asyncio.gather(*(lane.ended.wait() for lane in lanes)), GRACE_S)
    await peer.close()
    return figure


def in_threads(peer: SyncPeer, gate: Gate, pace: Pace) -> Figure:
    """Drive one that blocks, a thread for each lane."""

    def lane() -> None:
        first = 1
        while not tally.over:
            began_at = time.perf_counter()
            try:
                peer.cancel(next(numbers))
            except Exception as fault:  # noqa: BLE001 - whatever a peer raises is told
                tally.fail(fault)
                time.sleep(REST_S)
            else:
                tally.latencies_s.append(time.perf_counter() - began_at)
            if first:
                with lock:
                    tally.begun += first
                first = 0

    tally, lock = Tally(gate), threading.Lock()
    peer.prepare(gate)
    lanes = [threading.Thread(target=lane, daemon=True) for _ in range(gate.in_flight)]
    for thread in lanes:
        thread.start()
    figure = asyncio.run(_between(tally, pace))
    for thread in lanes:
        thread.join(GRACE_S)
    peer.close()
    return figure


async def in_batches(peer: BatchPeer, gate: Gate, pace: Pace) -> Figure:
    """Drive one that cancels many in one call: one batch after the other until the time is over."""
    await peer.prepare(gate)
    await peer.cancel([next(numbers) for _ in range(gate.in_flight)])  # warm
    tally = Tally(gate)
    begin = tally.mark()
    calls = 0
    while not calls or time.perf_counter() < begin.at + pace.measure_s:
        calls += gate.in_flight
        await peer.cancel([next(numbers) for _ in range(gate.in_flight)])
    figure = tally.figure(begin, tally.mark())
    await peer.close()
    return attrs.evolve(figure, calls=calls)
