"""A virtual clock for the client for threads: its time stands still while nobody waits for its loop."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple
from unittest.mock import patch

from countermand._question import Question
from countermand.testing import VirtualLoop

T = TypeVar("T")
Args = TypeVarTuple("Args")

#: How long a loop that nobody waits for looks away, in real seconds.
_GLANCE_S = 0.0005


class HeldLoop(VirtualLoop):
    """A virtual loop for a thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: deque[Question[Any]] = deque()
        self._onward: Callable[..., Any] = self._pace.select
        self._pace.select = self._held  # type: ignore[method-assign]  # the only place where time passes

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something that this thread waits for."""
        question: Question[T] = Question(lambda _question: None)
        self.call_soon_threadsafe(question.begin, lambda question: question.follow(work))
        return question.wait()

    def call_soon_threadsafe(
        self, callback: Callable[[*Args], object], *args: *Args, context: Context | None = None
    ) -> asyncio.Handle:
        """Take over what a thread asks, and waits for from now on."""
        question = getattr(callback, "__self__", None)
        if isinstance(question, Question):
            self._asked.append(question)
        return super().call_soon_threadsafe(callback, *args, context=context)

    def _held(self, timeout: float | None = None) -> Any:
        while timeout and all(question.over for question in tuple(self._asked)):
            ready = self._onward(0)
            if ready:
                return ready
            time.sleep(_GLANCE_S)
        while self._asked and self._asked[0].over:
            self._asked.popleft()
        return self._onward(timeout)


@contextmanager
def held_loop() -> Iterator[HeldLoop]:
    """Let the next client for threads live on a loop whose time is held."""
    loop = HeldLoop()
    with patch("asyncio.new_event_loop", lambda: loop):
        yield loop
