"""What a thread asks of a loop on another thread: put there once, answered there once, waited for here."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar, cast

from countermand._tasks import begin_task
from countermand.errors import ClosedClientError

T = TypeVar("T")

ENDED = "the client's thread has ended"


class Question(Generic[T]):
    """One question, and its answer: `wait` is for who asks, all else for the thread of the loop.

    A lock is all there is between the two: it is held until there is an answer.
    """

    __slots__ = ("_answer", "_error", "_gate", "_on_over", "over", "work")

    def __init__(self, on_over: Callable[[Question[T]], object]) -> None:
        self._gate = threading.Lock()
        self._gate.acquire()
        self._answer: T | None = None
        self._error: BaseException | None = None
        self._on_over = on_over
        self.over = False
        #: What is canceled if who asks is interrupted.
        self.work: asyncio.Future[T] | None = None

    def wait(self) -> T:
        """Return the answer, or raise what was raised instead."""
        self._gate.acquire()
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # it knows this frame, which knows the question
        return cast("T", self._answer)

    def begin(self, work: Callable[[Question[T]], object]) -> None:
        """Do what answers it sooner or later."""
        try:
            work(self)
        except (KeyboardInterrupt, SystemExit):
            raise  # it ends the loop, and with that all that is asked of it
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            self.fail(error)

    def follow(self, work: Coroutine[Any, Any, T], *, to_the_end: bool = False) -> asyncio.Task[T]:
        """Let a task answer it, which goes on `to_the_end` even if nobody waits any more."""
        task = begin_task(work)
        task.add_done_callback(self._hear)
        if not to_the_end:
            self.work = task
        return task

    def _hear(self, work: asyncio.Future[T]) -> None:
        if work.cancelled():
            self.fail(ClosedClientError(ENDED))
        elif (error := work.exception()) is not None:
            self.fail(error)
        else:
            self.answer(work.result())

    def answer(self, answer: T) -> None:
        """Answer it, unless it is over."""
        if not self.over:
            self._answer = answer
            self._end()

    def fail(self, error: BaseException) -> None:
        """Raise something where it is waited for, unless it is over."""
        if not self.over:
            self._error = error
            self._end()

    def drop(self) -> None:
        """Hear that nobody waits any more."""
        if not self.over:
            work = self.work
            self._end()
            if work is not None:
                work.cancel()

    def _end(self) -> None:
        self.over = True
        self.work = None  # it knows the question
        self._on_over(self)
        self._gate.release()
