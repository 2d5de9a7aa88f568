"""Tasks of the library's own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def begin_task(work: Coroutine[Any, Any, T], name: str | None = None) -> asyncio.Task[T]:
    """Let a task begin in the running loop's next turn, also where the tasks of that are eager.

    Eager tasks (Python 3.12, `asyncio.eager_task_factory`) may end before those who begin them know them.
    """
    return asyncio.Task(work, loop=asyncio.get_running_loop(), name=name)
