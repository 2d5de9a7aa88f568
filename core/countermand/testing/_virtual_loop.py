"""An event loop for tests that wait long and must not take long."""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: The threads of the library that work for a coroutine while it waits.
_AT_WORK = "countermand-aside"
#: How long such a thread is waited for before it is asked again, in real seconds.
_PATIENCE_S = 0.05


class _NoTimeLost(selectors.DefaultSelector):
    """Does not wait for a timer: the loop's clock is set forward to it, unless a thread is at work."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if not timeout:
            return super().select(timeout)
        while True:
            # Looked at first: what a thread did before it ended is then seen by the selection after.
            is_waited_for = _someone_is_at_work()
            ready = super().select(_PATIENCE_S if is_waited_for else 0)
            if ready:
                return ready
            if not is_waited_for:
                self.now += timeout
                return ready


def _someone_is_at_work() -> bool:
    return any(thread.name == _AT_WORK for thread in threading.enumerate())


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only where everything waits for it, and then at once."""

    def __init__(self) -> None:
        self._pace = _NoTimeLost()
        super().__init__(self._pace)

    def time(self) -> float:
        """Tell the virtual time, in seconds."""
        return self._pace.now

    def jump(self, seconds: float) -> None:
        """Let time pass while nobody looks."""
        self._pace.now += seconds


def run_virtually(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time, on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
