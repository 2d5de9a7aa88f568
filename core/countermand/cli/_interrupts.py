"""Signals as an event: what a command does about them happens at a place of its own choice."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import attrs

from countermand import AsyncClient, CancelAck
from countermand.errors import ClosedClientError

T = TypeVar("T")

#: How long a client that was closed may take to answer whoever waited, in seconds.
_LAST_WORD_S = 2.0


@contextmanager
def signals(*numbers: signal.Signals) -> Iterator[asyncio.Event]:
    """Give an event that any of these signals sets, on every platform."""
    came = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(_number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(came.set)

    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@attrs.frozen(kw_only=True)
class Ended(Generic[T]):
    """How a piece of work ended: with its result, or by an interrupt, with what is known by then."""

    #: None only where an interrupt left nothing to tell.
    result: T | None
    interrupted: bool = False
    #: What the client still owed when it was closed for an interrupt.
    left: tuple[CancelAck, ...] = ()


async def until_interrupted(
    client: AsyncClient,
    work: Coroutine[Any, Any, T],
    last_word_s: float = _LAST_WORD_S,
    *,
    on_interrupt: Callable[[], None] = lambda: None,
) -> Ended[T]:
    """Do some work of a client; an interrupt closes the client, which answers with what is known.

    `on_interrupt` hears of it before that.
    """
    with signals(signal.SIGINT) as interrupt:
        task, waiting = asyncio.ensure_future(work), asyncio.ensure_future(interrupt.wait())
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done():
            return Ended(result=task.result())
        on_interrupt()
        left = tuple(owed.ack for owed in await client.aclose())
        await asyncio.wait((task,), timeout=last_word_s)
        return Ended(result=await _last_word(task), interrupted=True, left=left)


async def _last_word(task: asyncio.Task[T]) -> T | None:
    task.cancel()  # one that is done stays as it is
    try:
        return await task
    except (asyncio.CancelledError, ClosedClientError):
        return None
