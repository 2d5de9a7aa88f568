"""What hears of the end of a loop for those who wait on it without a task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from countermand._tasks import begin_task

#: What the task is called, of which there is one for each host and port that somebody waits for.
NAME = "countermand-sentinel"


class Sentinel:
    """A task that does nothing but wait, and is canceled where a loop ends with all its tasks."""

    def __init__(self, on_called_off: Callable[[], object]) -> None:
        self._on_called_off = on_called_off
        self._task: asyncio.Task[None] | None = None

    @property
    def called_off(self) -> bool:
        """Whether somebody outside has canceled it: from that moment on, before it can be told."""
        return self._task is not None and self._task.cancelling() > 0

    def begin(self) -> None:
        """Wait, unless it does already."""
        if self._task is None:
            self._task = begin_task(_wait(), name=NAME)
            self._task.add_done_callback(self._hear)

    def end(self) -> None:
        """Wait no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def _hear(self, task: asyncio.Task[None]) -> None:
        if task is self._task:
            self._task = None
            self._on_called_off()


async def _wait() -> None:
    await asyncio.get_running_loop().create_future()
