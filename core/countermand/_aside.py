"""Calls of the user's own functions off the loop."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

T = TypeVar("T")


async def ask_aside(source: Callable[[], str | Awaitable[str]]) -> str:
    """Return what `source` gives: awaited where it is a coroutine, else called on a daemon thread.

    A pool's thread would keep the interpreter from ending while someone is asked for a code.
    """
    given = (
        source() if inspect.iscoroutinefunction(source) else await on_a_thread(source, "countermand-aside")
    )
    if inspect.isawaitable(given):
        try:
            given = await given
        except SystemExit as error:  # it must not end the loop that others work on
            raise RuntimeError(f"SystemExit: {error}") from error
    if not isinstance(given, str):
        raise TypeError(f"expected a text, got {type(given).__name__}")
    return given


def on_a_thread(source: Callable[[], T], name: str) -> asyncio.Future[T]:
    """Call `source` on a daemon thread of that name: neither loop nor program waits for its end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def deliver(value: T | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(cast("T", value))

    def run() -> None:
        value: T | None = None
        failure: Exception | None = None
        try:
            value = source()
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            # No future can bear a StopIteration, and no loop a SystemExit that is not its own.
            failure = RuntimeError(f"{type(error).__name__}: {error}")
            if isinstance(error, Exception) and not isinstance(error, StopIteration):
                failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(deliver, value, failure)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def to_the_end(source: Callable[[], object]) -> Callable[[], None]:
    """Make a plain call of it: what it gives to be awaited is run on a loop of its own there."""

    def call() -> None:
        given = source()
        if inspect.isawaitable(given):
            asyncio.run(_awaited(given))

    return call


async def _awaited(given: Awaitable[object]) -> None:
    await given


def is_being_canceled() -> bool:
    """Tell whether a CancelledError is meant for this task, and does not stem from something it awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
