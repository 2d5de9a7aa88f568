"""Batches as callers iterate over them: acks come as they are known, requests are pulled as there is room.

What the requests themselves raise, and what is no `CancelRequest`, ends the batch: it is raised once all acks
were given.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable
from functools import partial
from typing import Any, Self

from countermand._ack import CancelAck
from countermand._engine._flow import Flow, Step, Taken, Told
from countermand._request import CancelRequest
from countermand.errors import InvalidRequestError

#: Runs something on a client's loop and waits for it.
Ask = Callable[[Callable[[Any], Coroutine[Any, Any, Step]]], Step]


class AsyncBatch:
    """Gives the acks of a batch as they come; nothing is sent before the first one is asked for."""

    def __init__(self, requests: Iterable[CancelRequest] | AsyncIterable[CancelRequest], flow: Flow) -> None:
        source = requests if isinstance(requests, AsyncIterable) else _each(requests)
        self._requests: AsyncIterator[CancelRequest] = aiter(source)
        self._flow = flow
        self._progress = _Progress()
        self._pulling: asyncio.Future[CancelRequest] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> CancelAck:
        return (await self._next())[1]

    async def collect(self) -> list[CancelAck]:
        """Wait for all acks, and return them in the order in which the requests came."""
        told: list[Told] = []
        while True:
            try:
                told.append(await self._next())
            except StopAsyncIteration:
                return _in_order(told)

    async def _next(self) -> Told:
        progress = self._progress
        while not progress.told:
            if self._pulling is None and progress.room:
                self._pulling = asyncio.ensure_future(anext(self._requests))
            step = await self._flow.step(progress.taken(), self._pulling, may_take=False)
            progress.hear(step)
            if self._pulling is not None and self._pulling.done():
                pulled, self._pulling = self._pulling, None
                progress.pull(pulled.result)
            elif not progress.told and progress.over:
                self._flow.close()
                progress.finish(StopAsyncIteration)
        return progress.told.popleft()


class Batch:
    """The same as `AsyncBatch` for a thread, which pulls the requests itself."""

    def __init__(self, requests: Iterable[CancelRequest], flow: Flow, ask: Ask) -> None:
        self._requests = iter(requests)
        self._flow = flow
        self._ask = ask
        self._progress = _Progress()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> CancelAck:
        return self._next()[1]

    def collect(self) -> list[CancelAck]:
        """Wait for all acks, and return them in the order in which the requests came."""
        told: list[Told] = []
        while True:
            try:
                told.append(self._next())
            except StopIteration:
                return _in_order(told)

    def _next(self) -> Told:
        progress = self._progress
        while not progress.told:
            while progress.room > 0:
                progress.pull(lambda: next(self._requests))
            step = partial(self._flow.step, progress.taken(), may_take=not progress.over)
            progress.hear(self._ask(lambda _, step=step: step()))
            if not progress.told and progress.over:
                self._flow.close()
                progress.finish(StopIteration)
        return progress.told.popleft()


class _Progress:
    """How far a batch has come: what was pulled, what there is room for, what was told."""

    def __init__(self) -> None:
        self.told: deque[Told] = deque()
        self.over = False
        self._room = 1
        self._count = 0
        self._taken: list[Taken] = []
        self._failure: BaseException | None = None

    @property
    def room(self) -> int:
        """How many more requests may be pulled."""
        return 0 if self.over else self._room - len(self._taken)

    def pull(self, pull: Callable[[], CancelRequest]) -> None:
        """Pull one request, or find that there is none left."""
        try:
            request = pull()
            if not isinstance(request, CancelRequest):
                raise InvalidRequestError(f"expected a CancelRequest, got {type(request).__name__}")
        except (StopIteration, StopAsyncIteration):
            self.over = True
        except Exception as failure:  # noqa: BLE001 - what the caller's own iterator raises is raised to it
            self.over, self._failure = True, failure
        else:
            self._taken.append((self._count, request))
            self._count += 1

    def taken(self) -> list[Taken]:
        """Return what was pulled since the last time."""
        taken, self._taken = self._taken, []
        return taken

    def hear(self, step: Step) -> None:
        """Note what a step came to."""
        self.told.extend(step.acks)
        self._room = step.room

    def finish(self, end: type[Exception]) -> None:
        """Raise what the requests ended with."""
        failure, self._failure = self._failure, None
        raise failure if failure is not None else end


def _in_order(told: list[Told]) -> list[CancelAck]:
    return [ack for _, ack in sorted(told, key=lambda one: one[0])]


async def _each(requests: Iterable[CancelRequest]) -> AsyncIterator[CancelRequest]:
    for request in requests:
        yield request
