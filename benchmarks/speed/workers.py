"""A process for each client, pinned to a core: it is told of a load, measures, and tells a figure."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import resource
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from speed.clients import CLIENTS, Way
from speed.driving import by_callbacks, in_batches, in_tasks, in_threads
from speed.figures import Figure
from speed.loads import Gate, Pace

#: How long a measure may take beyond its pace, in seconds; then its process is ended.
PATIENCE_S = 20.0

_AWAITED: dict[Way, Callable[[Any, Gate, Pace], Coroutine[Any, Any, Figure]]] = {
    Way.TASKS: in_tasks,
    Way.CALLBACKS: by_callbacks,
    Way.BATCHES: in_batches,
}
_SPAWN = multiprocessing.get_context("spawn")


def measured(client: str, gate: Gate, pace: Pace) -> Figure:
    """Measure a client, made for this once."""
    gc.collect()
    way, peer = CLIENTS[client].way, CLIENTS[client].make()
    if way is Way.THREADS:
        return in_threads(peer, gate, pace)
    return asyncio.run(_AWAITED[way](peer, gate, pace))


def _serve(pipe: Connection, client: str, core: int) -> None:
    CLIENTS[client].make()  # loads what is to be loaded
    os.sched_setaffinity(0, {core})
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    pipe.send(None)
    while (asked := pipe.recv()) is not None:
        try:
            pipe.send(measured(client, *asked))
        except Exception as fault:  # noqa: BLE001 - a peer that cannot even be prepared is told, too
            pipe.send(_none(f"{type(fault).__name__}: {fault}"))


def _none(fault: str) -> Figure:
    return Figure(calls=0, seconds=0.0, cpu_s=0.0, failed=1, fault=fault[:120])


class Worker:
    """The process of one client; a new one takes the place of one that hung."""

    def __init__(self, client: str, core: int) -> None:
        self._client = client
        self._core = core
        self._start()

    def wait(self) -> None:
        """Wait until it has loaded what it needs; raises `EOFError` if it cannot."""
        self._pipe.recv()

    def measure(self, gate: Gate, pace: Pace) -> Figure:
        """Measure once; where no figure comes, that is told, and the process ended."""
        self._pipe.send((gate, pace))
        figure = self._told(pace.longest_warm_s + pace.measure_s + PATIENCE_S)
        if not self._process.is_alive() or not figure.seconds:
            self._kill()
            self._start()
            self.wait()
        return figure

    def end(self) -> None:
        """End the process."""
        if self._process.is_alive():
            self._pipe.send(None)
            self._process.join(1)
        self._kill()

    def _start(self) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        words = (theirs, self._client, self._core)
        self._process = _SPAWN.Process(target=_serve, args=words, daemon=True)
        self._process.start()
        theirs.close()

    def _told(self, timeout_s: float) -> Figure:
        if not self._pipe.poll(timeout_s):
            return _none("no figure came in time")
        try:
            told: Figure = self._pipe.recv()
        except EOFError:
            return _none("its process ended")
        return told

    def _kill(self) -> None:
        self._process.kill()
        self._process.join()


@contextmanager
def workers(clients: list[str], core: int) -> Iterator[dict[str, Worker]]:
    """Start a process for each client."""
    started = {client: Worker(client, core) for client in clients}
    try:
        for worker in started.values():
            worker.wait()
        yield started
    finally:
        for worker in started.values():
            worker.end()
