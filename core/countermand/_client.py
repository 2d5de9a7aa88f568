"""The two clients: one engine, on the caller's event loop or on one in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from countermand._ack import CancelAck
from countermand._batch import AsyncBatch, Batch
from countermand._config import Configuration, load_configuration
from countermand._engine._engine import Engine
from countermand._engine._settings import Settings
from countermand._engine._watch import Watch
from countermand._host import Home, Host, waited
from countermand._observer import Observer
from countermand._request import CancelRequest
from countermand._retry import RetryPolicy
from countermand._update import Unsettled
from countermand._updates import AsyncUpdates, Updates
from countermand.errors import ClosedClientError, ConfigurationError, WrongLoopError
from countermand.venue import Limit, Venue

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")


class _Venues:
    """What both clients are built from."""

    def __init__(
        self,
        venues: Iterable[Venue],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        observer: Observer | None = None,
        retry: RetryPolicy | None = None,
        limits: Mapping[str, Iterable[Limit]] | None = None,
        max_in_flight: int = 16,
        most_unsettled: int = Settings().most_unsettled,
        reply_bytes: int = Settings().reply_bytes,
        listing_bytes: int = Settings().listing_bytes,
    ) -> None:
        self._lock = threading.Lock()
        self._venues = tuple(_checked(venue) for venue in venues)
        names = [venue.name for venue in self._venues]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigurationError(f"each venue needs a name of its own; used twice: {', '.join(twice)}")
        self._transport = transport
        self._watch = Watch(observer)
        self._settings = Settings(
            max_in_flight=max_in_flight,
            most_unsettled=most_unsettled,
            limits=limits,
            reply_bytes=reply_bytes,
            listing_bytes=listing_bytes,
        )
        if strange := sorted(set(self._settings.limits) - set(names), key=str):
            raise ConfigurationError(f"limits for {strange[0]!r}, which is no venue of this client")
        self._retry = RetryPolicy() if retry is None else _checked_policy(retry)
        #: What was still owed when the client was closed.
        self._left: tuple[Unsettled, ...] = ()
        self.accounts: Mapping[str, tuple[str, ...]] = dict.fromkeys(names, ())

    @classmethod
    def from_config(
        cls,
        path: str | Path,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        observer: Observer | None = None,
    ) -> Self:
        """Build a client from a TOML file; raises `ConfigurationError` that says which key, and where."""
        configuration: Configuration = load_configuration(Path(path))
        try:
            client = cls(
                configuration.venues,
                transport=transport,
                observer=observer,
                limits=configuration.limits,
                **configuration.client,
            )
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from error
        client.accounts = configuration.accounts
        return client

    @property
    def venues(self) -> tuple[Venue, ...]:
        """The venues this client reaches."""
        return self._venues

    @property
    def observer_errors(self) -> int:
        """How often the observer raised."""
        return self._watch.errors

    def _engine(self) -> Engine:
        return Engine(self._venues, self._transport, self._watch, self._settings, self._retry)


def _checked(venue: Venue) -> Venue:
    if isinstance(venue, type) or not isinstance(getattr(venue, "name", None), str):
        raise ConfigurationError(f"expected venues, such as a plugin's class makes them, got {venue!r}")
    return venue


def _checked_policy(retry: RetryPolicy) -> RetryPolicy:
    if not isinstance(retry, RetryPolicy):
        raise ConfigurationError(f"retry must be a RetryPolicy, got {retry!r}")
    return retry


class AsyncClient(_Venues):
    """Cancels orders on the event loop it was entered on.

    `transport` is any httpx async transport, and its owner closes it. `max_in_flight` bounds the calls under
    way per venue, `reply_bytes` and `listing_bytes` what is read of a reply, in bytes; `most_unsettled` is
    how many acks that are owed more are kept. `limits` replaces, by the names of venues, what these declare;
    an empty tuple is no limit.
    """

    _running: Engine | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _home = Home()

    async def __aenter__(self) -> Self:
        if self._running is not None:
            raise ClosedClientError("the client is entered already")
        self._loop, self._home = asyncio.get_running_loop(), Home()
        self._running = self._engine()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> tuple[Unsettled, ...]:
        """Answer whoever waits with what is known, end everything, and return what is still owed."""
        if self._running is not None and not self._home.inherited:
            self._check_loop()
            engine, self._running = self._running, None
            self._left = await engine.aclose()
        return self._left

    async def cancel(self, request: CancelRequest) -> CancelAck:
        """Cancel one order and say what became of it; raises only for the caller's own mistakes.

        `InvalidRequestError`, `UnknownVenueError`, `ClosedClientError` and `WrongLoopError` come before
        anything is sent, and so does `ClientUsageError` in a forked child; whatever happens after is in the
        ack.
        """
        return await self._open().cancel(request)

    def cancel_many(
        self,
        requests: Iterable[CancelRequest] | AsyncIterable[CancelRequest],
        timeout_s: float | None = None,
    ) -> AsyncBatch:
        """Cancel many orders, of any venues and accounts: acks come as they are known, one per request.

        Requests are pulled only as there is room, and the time of each counts from then; `timeout_s` bounds
        the whole batch, in seconds. The caller's mistakes are acks. Raises as `cancel` does if not open.
        """
        return AsyncBatch(requests, self._open().flow(timeout_s))

    async def settle(self, ack: CancelAck, timeout_s: float = 10.0) -> CancelAck:
        """Wait for the last word on an ack, for `timeout_s` seconds at most; sends reads, never a cancel.

        Returns the ack as it stands then: final, or with what is known by then. It may be an ack of another
        client, or one restored by `CancelAck.from_dict`. Raises as `cancel` does.
        """
        return await self._open().settle(ack, timeout_s)

    def unsettled(self) -> tuple[Unsettled, ...]:
        """List the acks that are owed more, oldest first: also those of callers that were canceled.

        Of more than `most_unsettled` the oldest are dropped. Of a closed client, what it left.
        """
        return self._left if self._running is None else self._running.unsettled()

    def updates(self) -> AsyncUpdates:
        """Give each change of an ack that was returned, from now on: late answers, settled ones."""
        return AsyncUpdates(self._open().updates())

    def _open(self) -> Engine:
        if self._running is None:
            raise ClosedClientError("the client is not open: use it within `async with`")
        self._check_loop()
        return self._running

    def _check_loop(self) -> None:
        self._home.check()  # before all else: a fork has no running loop to compare
        if asyncio.get_running_loop() is not self._loop:
            raise WrongLoopError("an AsyncClient works only on the event loop it was entered on")


class Client(_Venues):
    """Cancels orders from any thread, through an engine on a loop in a thread of its own.

    `transport` is any httpx async transport, used on that loop alone, and its owner closes it.
    """

    _running: Engine | None = None
    _host: Host | None = None

    def __enter__(self) -> Self:
        if self._host is not None:
            raise ClosedClientError("the client is entered already")
        self._host = host = Host.start()
        try:
            self._running = waited(host.begin(self._started()))
        except BaseException:
            self._host = None
            host.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> tuple[Unsettled, ...]:
        """Answer whoever waits with what is known, end everything, and return what is still owed."""
        host = self._host
        if host is None or host.home.inherited:  # a child that closed the loop would break its parent's
            return self._left
        host.check()
        with self._lock:
            engine, self._running = self._running, None
        if engine is None:
            return self._left
        try:
            with contextlib.suppress(ClosedClientError):  # the thread has ended already, with all that it did
                self._left = waited(host.begin(engine.aclose()))
        finally:
            host.end()
            self._host = None
        return self._left

    def cancel(self, request: CancelRequest) -> CancelAck:
        """Cancel one order and say what became of it; raises only for the caller's own mistakes.

        `InvalidRequestError`, `UnknownVenueError` and `ClosedClientError` come before anything is sent, and
        so does `ClientUsageError`, in a forked child or on the client's own thread; whatever happens after
        is in the ack.
        """
        return self._asked(lambda engine: engine.cancel(request))

    def cancel_many(self, requests: Iterable[CancelRequest], timeout_s: float | None = None) -> Batch:
        """Cancel many orders, of any venues and accounts: acks come as they are known, one per request.

        Requests are pulled only as there is room, and the time of each counts from then; `timeout_s` bounds
        the whole batch, in seconds. The caller's mistakes are acks. Raises as `cancel` does if not open.
        """
        flow = self._asked(lambda engine: _soon(lambda: engine.flow(timeout_s)))
        return Batch(requests, flow, self._asked)

    def settle(self, ack: CancelAck, timeout_s: float = 10.0) -> CancelAck:
        """Wait for the last word on an ack, for `timeout_s` seconds at most; sends reads, never a cancel.

        Returns the ack as it stands then: final, or with what is known by then. It may be an ack of another
        client, or one restored by `CancelAck.from_dict`. Raises as `cancel` does.
        """
        return self._asked(lambda engine: engine.settle(ack, timeout_s))

    def unsettled(self) -> tuple[Unsettled, ...]:
        """List the acks that are owed more, oldest first: also those of callers that were interrupted.

        Of more than `most_unsettled` the oldest are dropped. Of a closed client, what it left.
        """
        if self._running is None:
            return self._left
        return self._asked(lambda engine: _soon(engine.unsettled))

    def updates(self) -> Updates:
        """Give each change of an ack that was returned, from now on: late answers, settled ones."""
        mailbox = self._asked(lambda engine: _soon(engine.updates))
        return Updates(mailbox, self._asked)

    def _asked(self, ask: Callable[[Engine], Coroutine[Any, Any, T]]) -> T:
        host = self._host
        if host is not None:
            host.check()
        # Under the lock, so that nothing comes to the loop after its end.
        with self._lock:
            if host is None or self._running is None:
                raise ClosedClientError("the client is not open: use it within `with`")
            answer = host.begin(ask(self._running))
        return waited(answer)

    async def _started(self) -> Engine:
        return self._engine()


async def _soon(ask: Callable[[], T]) -> T:
    return ask()
