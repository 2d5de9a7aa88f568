"""Batches as callers iterate over them: acks come as they are known, requests are pulled as there is room.

Requests that are there already, in a list or another collection, are taken without waiting for room: so none
of them waits for those of another account before it. What is no `CancelRequest` holds up none of the others.
It is raised once all acks were given, as is whatever the requests themselves raise; acks that `collect` could
not return are then there for who goes on.

In a fork none goes on: it would wait for ever, or send over connections that its parent has still in use.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Collection, Coroutine, Iterable
from typing import Any, Self

from countermand._ack import CancelAck
from countermand._batch_progress import BatchProgress
from countermand._engine._flow import Flow, Step
from countermand._host import Home
from countermand._request import CancelRequest
from countermand.errors import ClosedClientError

#: Runs something on a client's loop and waits for it.
Ask = Callable[[Callable[[Any], Coroutine[Any, Any, Step]]], Step]


class AsyncBatch:
    """Gives the acks of a batch as they come; nothing is sent before the first one is asked for."""

    _pulling: asyncio.Future[CancelRequest] | None = None

    def __init__(self, requests: Iterable[CancelRequest] | AsyncIterable[CancelRequest], flow: Flow) -> None:
        if isinstance(requests, Collection):
            flow.take_freely()
        self._supply: AsyncIterator[CancelRequest] | None = None
        if isinstance(requests, AsyncIterable):
            self._supply = aiter(requests)
            self._progress = BatchProgress()
        else:
            self._progress = BatchProgress(requests)
        self._flow = flow
        self._home = Home(loop=asyncio.get_running_loop())
        self._turn = asyncio.Lock()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> CancelAck:
        if not self._progress.has_acks:
            self._home.check_loop()
        async with self._turn:
            while not self._progress.has_acks:
                await self._advance()
            return self._progress.give()

    async def collect(self) -> list[CancelAck]:
        """Wait for all acks, and return them in the order in which the requests came."""
        self._home.check_loop()
        try:
            while True:
                async with self._turn:
                    await self._advance()
        except StopAsyncIteration:
            return self._progress.give_all()

    def __del__(self) -> None:
        # Nobody is left to whom a request that still comes could be answered.
        if self._pulling is not None and not self._pulling.get_loop().is_closed():
            self._pulling.cancel()

    async def _advance(self) -> None:
        """Take a step; raises what the requests ended with where there is none to take."""
        progress, supply = self._progress, self._supply
        may_take = supply is None and not progress.over
        if may_take:
            progress.pull_some()
        elif supply is not None and self._pulling is None and progress.room > 0:
            self._pulling = asyncio.ensure_future(anext(supply))
        step = await self._flow.step(
            progress.taken, progress.heard, self._pulling, may_take=may_take and not progress.over
        )
        progress.hear(step)
        if self._pulling is not None:
            await self._look_for_request(self._pulling, late=step.late)
        elif progress.over and not step.acks:
            progress.finish(StopAsyncIteration)

    async def _look_for_request(self, pulling: asyncio.Future[CancelRequest], *, late: bool) -> None:
        """Note the request that was pulled, if one came; once it is late, none is waited for any more."""
        if late and not pulling.done():
            await asyncio.wait([pulling], timeout=0)
        if pulling.done():
            self._pulling = None
            self._progress.pull(pulling)
        elif late:
            self._pulling = None
            self._progress.over = True
            pulling.cancel()


class Batch:
    """The same as `AsyncBatch` for a thread, which pulls the requests itself."""

    def __init__(self, requests: Iterable[CancelRequest], flow: Flow, ask: Ask) -> None:
        if isinstance(requests, Collection):
            flow.take_freely()
        self._flow = flow
        self._ask = ask
        self._home = Home()
        self._progress = BatchProgress(requests)
        self._turn = threading.Lock()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> CancelAck:
        if not self._progress.has_acks:
            self._home.check()
        with self._turn:
            while not self._progress.has_acks:
                self._advance()
            return self._progress.give()

    def collect(self) -> list[CancelAck]:
        """Wait for all acks, and return them in the order in which the requests came."""
        self._home.check()
        try:
            while True:
                with self._turn:
                    self._advance()
        except StopIteration:
            return self._progress.give_all()

    def _advance(self) -> None:
        """Take a step; raises what the requests ended with where there is none to take."""
        progress = self._progress
        progress.pull_some()
        step = self._step(progress)
        progress.hear(step)
        if progress.over and not step.acks:
            progress.finish(StopIteration)

    def _step(self, progress: BatchProgress) -> Step:
        taken, heard = progress.taken, progress.heard
        try:
            return self._ask(lambda _: self._flow.step(taken, heard, may_take=not progress.over))
        except ClosedClientError:
            return self._flow.rest(taken, heard)
