"""Where a client lives: a process, and a thread with an event loop for those who have none of their own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any

import attrs

from countermand._question import ENDED, Question
from countermand.errors import ClientUsageError, ClosedClientError, WrongLoopError


@attrs.frozen(kw_only=True)
class Home:
    """The process a client was opened in: a fork of it has its memory, but no thread and no loop of it."""

    process: int = attrs.field(factory=os.getpid)
    #: Where it is used on its caller's own loop, that one.
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def inherited(self) -> bool:
        """Whether this process is a fork of the one at home: here, nothing would ever happen."""
        return self.process != os.getpid()

    def check(self) -> None:
        """Raise `ClientUsageError` in a fork."""
        if self.process != os.getpid():
            raise ClientUsageError("a client does not survive a fork: open another one in the child")

    def check_loop(self) -> None:
        """Raise `ClientUsageError` in a fork, and `WrongLoopError` on another loop."""
        self.check()  # before all else: a fork has no running loop to compare
        if asyncio.get_running_loop() is not self.loop:
            raise WrongLoopError("an AsyncClient works only on the event loop it was entered on")


class Host:
    """One loop in a daemon thread of this process, which is started with it."""

    def __init__(self) -> None:
        self.home = Home()
        self.loop = asyncio.new_event_loop()
        #: What somebody waits for: nobody may wait for a thread that has ended.
        self._owed: set[Question[Any]] = set()
        self._ended = False
        self._last: asyncio.Future[Any] | None = None
        self.thread = threading.Thread(target=self._run, name="countermand", daemon=True)
        self.thread.start()

    def check(self) -> None:
        """Raise `ClientUsageError` where the loop cannot be waited for."""
        self.home.check()
        # A thread that has ended may have left its number to another one.
        if threading.get_ident() == self.thread.ident and not self._ended:
            raise ClientUsageError("a client's own thread, where its observer runs, would wait for itself")

    def ask(self, work: Callable[[Question[Any]], object]) -> Any:
        """Have the loop do what answers a question, and wait; who is interrupted takes the question along."""
        self.check()
        question: Question[Any] = Question(self._owed.discard)
        try:
            self._owed.add(question)
            if self._ended:  # looked at only now: what was owed before that is answered there
                raise ClosedClientError(ENDED)
            self._soon(question.begin, work)
            return question.wait()
        except BaseException:
            self._soon(question.drop)
            raise

    def end_after(self, last: asyncio.Future[Any]) -> None:
        """Let the loop not end before that, on the loop: who asked for it may be interrupted."""
        self._last = last

    def end(self) -> None:
        """End the thread and its loop."""
        self.loop.call_soon_threadsafe(self._stop)
        self.thread.join()
        self.loop.close()

    def _stop(self) -> None:
        if self._last is None or self._last.done():
            self.loop.stop()
        else:
            self._last.add_done_callback(lambda _: self.loop.stop())

    def _soon(self, call: Callable[..., object], *arguments: object) -> None:
        try:
            self.loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:
            if not self.loop.is_closed():  # else its end has answered all
                raise

    def _run(self) -> None:
        try:
            self.loop.run_forever()
        finally:
            self._ended = True
            for question in list(self._owed):
                question.fail(ClosedClientError(ENDED))
