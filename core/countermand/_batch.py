"""Batches as callers iterate over them: acks come as they are known, requests are pulled as there is room.

What is no `CancelRequest` holds up none of the others. It is raised once all acks were given, as is whatever
the requests themselves raise; acks that `collect` could not return are then there for who goes on.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable
from functools import partial
from typing import Any, Self

from countermand._ack import CancelAck
from countermand._engine._flow import ROOM, Flow, Step, Taken, Told
from countermand._request import CancelRequest
from countermand.errors import ClosedClientError, InvalidRequestError

#: Requests are pulled for so long at most before those that came are passed on, in seconds.
_PULL_S = 0.002

#: Runs something on a client's loop and waits for it.
Ask = Callable[[Callable[[Any], Coroutine[Any, Any, Step]]], Step]


class AsyncBatch:
    """Gives the acks of a batch as they come; nothing is sent before the first one is asked for."""

    _pulling: asyncio.Future[CancelRequest] | None = None

    def __init__(self, requests: Iterable[CancelRequest] | AsyncIterable[CancelRequest], flow: Flow) -> None:
        self._waits_for_requests = isinstance(requests, AsyncIterable)
        self._pull: Callable[[], Any]
        if isinstance(requests, AsyncIterable):
            self._pull = partial(anext, aiter(requests))
        else:
            self._pull = partial(next, iter(requests))
        self._flow = flow
        self._progress = _Progress()
        self._turn = asyncio.Lock()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> CancelAck:
        return (await self._next())[1]

    async def collect(self) -> list[CancelAck]:
        """Wait for all acks, and return them in the order in which the requests came."""
        told: list[Told] = []
        try:
            while True:
                told.append(await self._next())
        except StopAsyncIteration:
            return _in_order(told)
        except BaseException:
            self._progress.give_back(told)
            raise

    def __del__(self) -> None:
        # Nobody is left to whom a request that still comes could be answered.
        if self._pulling is not None and not self._pulling.get_loop().is_closed():
            self._pulling.cancel()

    async def _next(self) -> Told:
        progress = self._progress
        async with self._turn:
            while not progress.told:
                may_take = not (self._waits_for_requests or progress.over)
                if may_take:
                    progress.pull_some(self._pull)
                elif self._pulling is None and progress.room > 0:
                    self._pulling = asyncio.ensure_future(self._pull())
                step = await self._flow.step(
                    progress.taken, progress.heard, self._pulling, may_take=may_take and not progress.over
                )
                progress.hear(step)
                if self._pulling is not None:
                    await self._look_for_request(self._pulling, late=step.late)
                elif not progress.told and progress.over:
                    progress.finish(StopAsyncIteration)
            return progress.told.popleft()

    async def _look_for_request(self, pulling: asyncio.Future[CancelRequest], *, late: bool) -> None:
        """Note the request that was pulled, if one came; once it is late, none is waited for any more."""
        if late and not pulling.done():
            await asyncio.wait([pulling], timeout=0)
        if pulling.done():
            self._pulling = None
            self._progress.pull(pulling.result)
        elif late:
            self._pulling = None
            self._progress.over = True
            pulling.cancel()


class Batch:
    """The same as `AsyncBatch` for a thread, which pulls the requests itself."""

    def __init__(self, requests: Iterable[CancelRequest], flow: Flow, ask: Ask) -> None:
        self._pull = partial(next, iter(requests))
        self._flow = flow
        self._ask = ask
        self._progress = _Progress()
        self._turn = threading.Lock()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> CancelAck:
        return self._next()[1]

    def collect(self) -> list[CancelAck]:
        """Wait for all acks, and return them in the order in which the requests came."""
        told: list[Told] = []
        try:
            while True:
                told.append(self._next())
        except StopIteration:
            return _in_order(told)
        except BaseException:
            self._progress.give_back(told)
            raise

    def _next(self) -> Told:
        progress = self._progress
        with self._turn:
            while not progress.told:
                progress.pull_some(self._pull)
                progress.hear(self._step(progress))
                if not progress.told and progress.over:
                    progress.finish(StopIteration)
            return progress.told.popleft()

    def _step(self, progress: _Progress) -> Step:
        taken, heard = progress.taken, progress.heard
        try:
            return self._ask(lambda _: self._flow.step(taken, heard, may_take=not progress.over))
        except ClosedClientError:
            return self._flow.rest(taken, heard)


class _Progress:
    """How far a batch has come: what was pulled, what there is room for, what was told."""

    def __init__(self) -> None:
        self.told: deque[Told] = deque()
        self.over = False
        #: What was pulled and is not known to be taken.
        self.taken: list[Taken] = []
        #: How many acks came in all.
        self.heard = 0
        self._room = ROOM
        self._count = 0
        self._failure: BaseException | None = None

    @property
    def room(self) -> int:
        """How many more requests may be pulled."""
        return 0 if self.over else self._room - len(self.taken)

    def pull_some(self, pull: Callable[[], CancelRequest]) -> None:
        """Pull what there is room for, but not for long: those that came shall not wait for those to come."""
        until = time.monotonic() + _PULL_S
        while self.room > 0:
            self.pull(pull)
            if time.monotonic() >= until:
                return

    def pull(self, pull: Callable[[], CancelRequest]) -> None:
        """Pull one request, or find that there is none left."""
        try:
            request = pull()
        except (StopIteration, StopAsyncIteration):
            self.over = True
        except (Exception, asyncio.CancelledError) as failure:  # noqa: BLE001 - the caller's own is raised to it
            self.over, self._failure = True, self._failure or failure
        else:
            self._note(request)

    def hear(self, step: Step) -> None:
        """Note what a step came to."""
        self.taken = []
        self.told.extend(step.acks)
        self.heard += len(step.acks)
        self._room = step.room

    def give_back(self, told: list[Told]) -> None:
        """Take back acks that nobody was given."""
        self.told.extendleft(reversed(told))

    def finish(self, end: type[Exception]) -> None:
        """Raise what the requests ended with."""
        failure, self._failure = self._failure, None
        raise failure if failure is not None else end

    def _note(self, request: object) -> None:
        if isinstance(request, CancelRequest):
            self.taken.append((self._count, request))
            self._count += 1
        elif self._failure is None:
            self._failure = InvalidRequestError(f"expected a CancelRequest, got {type(request).__name__}")


def _in_order(told: list[Told]) -> list[CancelAck]:
    return [ack for _, ack in sorted(told, key=lambda one: one[0])]
