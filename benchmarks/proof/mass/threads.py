"""A virtual clock for the client for threads: its time stands still while nobody waits for its loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest.mock import patch

from countermand.testing import VirtualLoop

T = TypeVar("T")

#: How long a loop that nobody waits for looks away, in real seconds.
_GLANCE_S = 0.0005
_begin = asyncio.run_coroutine_threadsafe


class HeldLoop(VirtualLoop):
    """A virtual loop for a thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._owed: set[concurrent.futures.Future[Any]] = set()
        self._onward: Callable[..., Any] = self._pace.select
        self._pace.select = self._held  # type: ignore[method-assign]  # the only place where time passes

    def begin(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run something that somebody waits for from now on."""
        future = _begin(work, self)
        self._owed.add(future)
        future.add_done_callback(self._owed.discard)
        return future

    def _held(self, timeout: float | None = None) -> Any:
        while timeout and not self._owed:
            ready = self._onward(0)
            if ready:
                return ready
            time.sleep(_GLANCE_S)
        return self._onward(timeout)


@contextmanager
def held_loop() -> Iterator[HeldLoop]:
    """Let the next client for threads live on a loop whose time is held."""
    loop = HeldLoop()

    def begin(work: Coroutine[Any, Any, T], on: Any) -> concurrent.futures.Future[T]:
        return on.begin(work) if isinstance(on, HeldLoop) else _begin(work, on)

    with patch("asyncio.new_event_loop", lambda: loop), patch("asyncio.run_coroutine_threadsafe", begin):
        yield loop
