"""A request under way that somebody hears of at its end, or waits for after all."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import cast

import attrs
import httpx

from countermand._aside import is_being_canceled
from countermand._http import HttpResponse, received
from countermand._wire._answers import Answers
from countermand._wire._connection import Connection
from countermand._wire._exchange import Exchange
from countermand._wire._progress import GIVEN_UP, Clock, Progress, WireFault, told
from countermand._wire._reply import Reply
from countermand._wire._written import Written


@attrs.frozen
class Bound:
    """How much of an answer is read, in bytes; what is longer is a fault, or cut off."""

    most: int
    cuts: bool

    def kept(self, content: bytes) -> bytes:
        """Return what is read of a body; raises `WireFault` for one that is too long."""
        if len(content) > self.most and not self.cuts:
            raise WireFault(f"the reply is over {self.most} bytes")
        return content[: self.most]


async def whole(reply: Reply, progress: Progress, bound: Bound) -> HttpResponse:
    """Read an answer to its end; raises `WireFault`, and what reading may."""
    try:
        content = bound.kept(await reply.read(bound.most))
    finally:
        reply.close()
    head = reply.head
    progress.status = head.status
    return received(head.status, head.headers, content)


class Sending(ABC):
    """A request under way, of which somebody hears when its answer is here, or that none will come."""

    @property
    @abstractmethod
    def progress(self) -> Progress:
        """How far it has come."""

    #: When it was begun.
    sent_at: float

    @property
    @abstractmethod
    def first_byte_at(self) -> float | None:
        """When its first byte left, if that was told."""

    @property
    @abstractmethod
    def arrived(self) -> HttpResponse | None:
        """The answer, where it came whole and is not too long."""

    @property
    def given_up(self) -> bool:
        """Whether it was canceled by somebody outside."""
        return False

    @abstractmethod
    async def response(self) -> HttpResponse:
        """Wait for the answer; raises as `Wire.exchange` does."""

    @abstractmethod
    def drop(self) -> None:
        """Give up what is still under way."""


class OverOwn(Exchange, Sending):
    """One over a connection of our own: nobody has to wait for its answer."""

    _connection: Connection | None = None
    _progress: Progress | None = None

    def __init__(
        self, request: Written, answers: Answers, bound: Bound, clock: Clock, sent_at: float
    ) -> None:
        Exchange.__init__(self, request, answers)
        self._bound = bound
        self._clock = clock
        self.sent_at = sent_at

    @property
    def progress(self) -> Progress:
        if self._progress is None:
            self._progress = Progress(
                clock=self._clock, signed_at=self.sent_at, first_byte_at=self.first_byte_at, traced=True
            )
        return self._progress

    @property
    def arrived(self) -> HttpResponse | None:
        head, content = self.head, self.unread
        if head is None or not self.ended or len(content) > self._bound.most:
            return None
        # It stays where it is: of one that is no plain receipt the response is waited for, too.
        return received(head.status, head.headers, content)

    async def response(self) -> HttpResponse:
        try:
            head = await self.beginning(None)
            over = cast("Connection", self._connection)  # as an answer has come
            return await whole(Reply(head, over, self, None), self.progress, self._bound)
        except httpx.HTTPError as error:
            raise WireFault(told(error)) from error
        finally:
            self.drop()


class Direct(OverOwn):
    """One over a connection that was at hand."""

    _connection: Connection

    def go(self, connection: Connection, data: bytes, on_end: Callable[[], None]) -> None:
        """Go out over that connection, as these bytes, and call back at the end."""
        self._connection, self.on_end = connection, on_end
        connection.send(data, self, None)

    @property
    def first_byte_at(self) -> float:
        return self.sent_at

    def drop(self) -> None:
        self._connection.drop(self)


class ByTask(Sending):
    """One over a transport of somebody else's, or that ours cannot send: it is closed, or stands aside."""

    def __init__(
        self, task: asyncio.Task[HttpResponse], progress: Progress, on_end: Callable[[], None]
    ) -> None:
        self._task = task
        self._progress = progress
        self.sent_at = progress.signed_at or 0.0

        def end(task: asyncio.Task[HttpResponse]) -> None:
            if not task.cancelled():
                task.exception()  # whoever waits for the response is told
            on_end()

        task.add_done_callback(end)

    @property
    def progress(self) -> Progress:
        return self._progress

    @property
    def first_byte_at(self) -> float | None:
        return self._progress.first_byte_at

    @property
    def arrived(self) -> HttpResponse | None:
        task = self._task
        return task.result() if task.done() and not task.cancelled() and task.exception() is None else None

    @property
    def given_up(self) -> bool:
        # A transport may also be canceled from within: that is its own fault, and told as such.
        return self._task.cancelled() and self._task.cancelling() > 0

    async def response(self) -> HttpResponse:
        try:
            return await self._task
        except asyncio.CancelledError:
            if is_being_canceled() or not self.given_up:
                raise
            raise WireFault(GIVEN_UP) from None

    def drop(self) -> None:
        self._task.cancel()
