"""The client on the caller's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from countermand._ack import CancelAck
from countermand._batch import AsyncBatch
from countermand._equipment import Equipment
from countermand._host import Home
from countermand._mass_cancel import KillReport, MassCancelReport, Progress, Readiness
from countermand._open_orders import OpenOrders
from countermand._request import CancelRequest
from countermand._scope import PlacedAfter, Scope
from countermand._update import Owed, Unsettled
from countermand._updates import AsyncUpdates
from countermand.errors import ClosedClientError

if TYPE_CHECKING:
    from countermand._engine._engine import Engine


class AsyncClient(Equipment):
    """Cancels orders on the event loop it was entered on.

    `transport` is any httpx async transport, and its owner closes it. `max_in_flight` bounds the calls under
    way per venue, `reply_bytes` and `listing_bytes` what is read of a reply, in bytes; `most_unsettled` is
    how many acks that are owed more are kept. `limits` replaces, by the names of venues, what these declare;
    an empty tuple is no limit.
    """

    _running: Engine | None = None
    _home = Home()

    async def __aenter__(self) -> Self:
        if self._running is not None:
            self._home.check()
            raise ClosedClientError("the client is entered already")
        self._home = Home(loop=asyncio.get_running_loop())
        self._running = self._engine()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> tuple[Unsettled, ...]:
        """Answer whoever waits with what is known, end everything, and return what is still owed."""
        if self._running is None or self._home.inherited:
            return (self._left if self._home.inherited else self._owed()).unsettled
        engine = self._ending = self._open()
        self._running = None
        try:
            await engine.aclose()
        finally:  # what is owed is owed, though whoever closes is canceled
            self._left, self._ending = engine.owed(), None
        return self._left.unsettled

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

        Requests of an iterator are pulled only as there is room; those of a list or another collection, which
        are there already, are all taken at once. The time of each counts from when it is begun; `timeout_s`
        bounds the whole batch, in seconds. The caller's mistakes are acks.
        Raises as `cancel` does if not open.
        """
        return AsyncBatch(requests, self._open().flow(timeout_s))

    async def cancel_all(
        self,
        scope: Scope,
        placed_after: PlacedAfter = PlacedAfter.KEEP,
        timeout_s: float = 30.0,
        *,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> MassCancelReport:
        """Cancel the orders of a scope and say what is proved of it, within `timeout_s` seconds.

        The scope is never widened: what the venue's own mass cancel does not honour exactly is listed, and
        canceled by id. `on_progress` is told on the loop, ten times a second at most.
        Raises as `cancel` does, and `InvalidRequestError` for a scope that the venue cannot have; whatever
        happens after is in the report.
        """
        return await self._open().cancel_all(scope, placed_after, timeout_s, on_progress)

    async def kill(
        self,
        scopes: Iterable[Scope] | None = None,
        before: Callable[[], object | Awaitable[object]] | None = None,
        timeout_s: float = 60.0,
        *,
        discover: bool = False,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> KillReport:
        """Cancel all orders of all scopes at once, whenever they were placed, and say what is proved.

        Without scopes it means the accounts of the configuration. `before` blocks new orders: it is called
        off the loop, or awaited, for a second at most, and stops nothing; a coroutine is awaited on this very
        loop and must not block it, or the kill waits for as long. `discover` asks the venues for
        accounts that nobody named; they are told, and left alone. Raises as `cancel` does, and
        `InvalidRequestError` where there is no scope; a mistake in one of them is its own report.
        """
        named = self._scopes(scopes)
        report = await self._open().kill(named, before, timeout_s, on_progress, discover=discover)
        return self._besides(report, scopes)

    async def ready(self, timeout_s: float = 10.0) -> tuple[Readiness, ...]:
        """Log in at all venues and open connections, so that a kill need not; they are kept from then on.

        `timeout_s` is in seconds. Raises as `cancel` does; a venue that is not ready is told.
        """
        return await self._open().ready(self.accounts, timeout_s)

    async def open_orders(self, venue: str, account: str, timeout_s: float = 10.0) -> OpenOrders:
        """List the open orders of an account, whoever entered them, within `timeout_s` seconds.

        Raises as `cancel` does; a listing that fails is told.
        """
        return await self._open().open_orders(venue, account, timeout_s)

    async def settle(self, ack: CancelAck, timeout_s: float = 10.0) -> CancelAck:
        """Wait for the last word on an ack, for `timeout_s` seconds at most; sends reads, never a cancel.

        Returns the ack as it stands then: final, or with what is known by then. It may be an ack of another
        client, or one restored by `CancelAck.from_dict`. Raises as `cancel` does.
        """
        return await self._open().settle(ack, timeout_s)

    def unsettled(self) -> tuple[Unsettled, ...]:
        """List the acks that are owed more, oldest first: also those of callers that were canceled.

        Of more than `most_unsettled` the oldest are dropped, and counted by `unsettled_overflow()`. Of a
        closed client, what it left.
        """
        return self._owed().unsettled

    def unsettled_overflow(self) -> int:
        """How many acks that were owed more are no longer in `unsettled()`, for want of room."""
        return self._owed().overflow

    def updates(self) -> AsyncUpdates:
        """Give each change of an ack that was returned, from now on: late answers, settled ones."""
        return AsyncUpdates(self._open().updates())

    def _owed(self) -> Owed:
        engine = self._running or self._ending
        if engine is None:
            return self._left
        self._home.check()
        return engine.owed()

    def _open(self) -> Engine:
        if self._running is None:
            raise ClosedClientError("the client is not open: use it within `async with`")
        self._home.check_loop()
        return self._running
