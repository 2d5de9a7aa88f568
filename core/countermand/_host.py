"""Where a client lives: a process, and a thread with an event loop for those who have none of their own."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

import attrs

from countermand.errors import ClientUsageError, ClosedClientError

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Home:
    """The process a client was opened in: a fork of it has its memory, but no thread and no loop of it."""

    process: int = attrs.field(factory=os.getpid)

    @property
    def inherited(self) -> bool:
        """Whether this process is a fork of the one at home: here, nothing would ever happen."""
        return self.process != os.getpid()

    def check(self) -> None:
        """Raise `ClientUsageError` in a fork."""
        if self.process != os.getpid():
            raise ClientUsageError("a client does not survive a fork: open another one in the child")


@attrs.frozen(kw_only=True)
class Host:
    """One loop in a daemon thread of this process."""

    loop: asyncio.AbstractEventLoop
    thread: threading.Thread
    home: Home
    #: What somebody waits for: nobody may wait for a thread that has ended.
    owed: set[concurrent.futures.Future[Any]]

    @classmethod
    def start(cls) -> Self:
        """Start the thread."""
        loop = asyncio.new_event_loop()
        owed: set[concurrent.futures.Future[Any]] = set()
        thread = threading.Thread(target=_run, args=(loop, owed), name="countermand", daemon=True)
        thread.start()
        return cls(loop=loop, thread=thread, home=Home(), owed=owed)

    def check(self) -> None:
        """Raise `ClientUsageError` where the loop cannot be waited for."""
        self.home.check()
        if threading.current_thread() is self.thread:
            raise ClientUsageError("a client's own thread, where its observer runs, would wait for itself")

    def begin(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run something on the loop."""
        if not self.thread.is_alive():
            work.close()
            raise ClosedClientError("the client's thread has ended")
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        self.owed.add(future)
        future.add_done_callback(self.owed.discard)
        return future

    def end(self) -> None:
        """End the thread and its loop."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def _run(loop: asyncio.AbstractEventLoop, owed: set[concurrent.futures.Future[Any]]) -> None:
    try:
        loop.run_forever()
    finally:
        for future in list(owed):
            future.cancel()


def waited(future: concurrent.futures.Future[T]) -> T:
    """Wait for a result; whoever is interrupted takes the question along."""
    try:
        return future.result()
    except concurrent.futures.CancelledError:
        raise ClosedClientError("the client's thread has ended") from None
    except BaseException:
        future.cancel()
        raise
