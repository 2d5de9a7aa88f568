"""The client for threads: the same engine, on a loop in a thread of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from countermand._ack import CancelAck
from countermand._aside import to_the_end
from countermand._batch import Batch
from countermand._equipment import Equipment
from countermand._host import Host
from countermand._mass_cancel import KillReport, MassCancelReport, Progress, Readiness
from countermand._open_orders import OpenOrders
from countermand._request import CancelRequest
from countermand._scope import PlacedAfter, Scope
from countermand._update import Owed, Unsettled
from countermand._updates import Updates
from countermand.errors import ClosedClientError

if TYPE_CHECKING:
    from countermand._engine._engine import Engine
    from countermand._question import Question

T = TypeVar("T")

_NOT_OPEN = "the client is not open: use it within `with`"


class Client(Equipment):
    """Cancels orders from any thread, through an engine on a loop in a thread of its own.

    `transport` is any httpx async transport, used on that loop alone, and its owner closes it.
    """

    _running: Engine | None = None
    _host: Host | None = None

    def __enter__(self) -> Self:
        if self._host is not None:
            self._host.home.check()
            raise ClosedClientError("the client is entered already")
        self._host = host = Host()
        try:
            self._running = host.ask(lambda question: question.answer(self._engine()))
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
            return self._left.unsettled
        host.check()
        with self._lock:
            engine, self._running = self._running, None
            self._ending = engine or self._ending
        if engine is None:
            return self._owed().unsettled
        try:
            with contextlib.suppress(ClosedClientError):  # the thread has ended already, with all that it did
                # Who closes may be interrupted: whoever waits is told what is known even so.
                host.ask(lambda question: host.end_after(question.follow(self._end(engine), to_the_end=True)))
        finally:
            host.end()
            if self._ending is not None:  # the thread had ended before
                self._leave(engine)
            self._host = None
        return self._left.unsettled

    async def _end(self, engine: Engine) -> None:
        try:
            await engine.aclose()
        finally:  # what is owed is owed, whatever closing came to
            self._leave(engine)

    def _leave(self, engine: Engine) -> None:
        self._left, self._ending = engine.owed(), None

    def cancel(self, request: CancelRequest) -> CancelAck:
        """Cancel one order and say what became of it; raises only for the caller's own mistakes.

        `InvalidRequestError`, `UnknownVenueError` and `ClosedClientError` come before anything is sent, and
        so does `ClientUsageError`, in a forked child or on the client's own thread; whatever happens after
        is in the ack.
        """
        ack: CancelAck = self._put(lambda question: self._open().answer(request, question))
        return ack

    def cancel_many(self, requests: Iterable[CancelRequest], timeout_s: float | None = None) -> Batch:
        """Cancel many orders, of any venues and accounts: acks come as they are known, one per request.

        Requests of an iterator are pulled only as there is room; those of a list or another collection, which
        are there already, are all taken at once. The time of each counts from when it is begun; `timeout_s`
        bounds the whole batch, in seconds. The caller's mistakes are acks.
        Raises as `cancel` does if not open.
        """
        flow = self._asked(lambda engine: _soon(lambda: engine.flow(timeout_s)))
        return Batch(requests, flow, self._asked)

    def cancel_all(
        self,
        scope: Scope,
        placed_after: PlacedAfter = PlacedAfter.KEEP,
        timeout_s: float = 30.0,
        *,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> MassCancelReport:
        """Cancel the orders of a scope and say what is proved of it, within `timeout_s` seconds.

        The scope is never widened: what the venue's own mass cancel does not honour exactly is listed, and
        canceled by id. `on_progress` is told on the client's own thread, ten times a second at most.
        Raises as `cancel` does, and `InvalidRequestError` for a scope that the venue cannot have; whatever
        happens after is in the report.
        """
        return self._asked(lambda engine: engine.cancel_all(scope, placed_after, timeout_s, on_progress))

    def kill(
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
        on a thread of its own, a coroutine on a loop of its own there; it is waited for for a second at most,
        and stops nothing, whatever it does. `discover` asks the venues for
        accounts that nobody named; they are told, and left alone. Raises as `cancel` does, and
        `InvalidRequestError` where there is no scope; a mistake in one of them is its own report.
        """
        named = self._scopes(scopes)
        block = None if before is None else to_the_end(before)
        report = self._asked(
            lambda engine: engine.kill(named, block, timeout_s, on_progress, discover=discover)
        )
        return self._besides(report, scopes)

    def ready(self, timeout_s: float = 10.0) -> tuple[Readiness, ...]:
        """Log in at all venues and open connections, so that a kill need not; they are kept from then on.

        `timeout_s` is in seconds. Raises as `cancel` does; a venue that is not ready is told.
        """
        return self._asked(lambda engine: engine.ready(self.accounts, timeout_s))

    def open_orders(self, venue: str, account: str, timeout_s: float = 10.0) -> OpenOrders:
        """List the open orders of an account, whoever entered them, within `timeout_s` seconds.

        Raises as `cancel` does; a listing that fails is told.
        """
        return self._asked(lambda engine: engine.open_orders(venue, account, timeout_s))

    def settle(self, ack: CancelAck, timeout_s: float = 10.0) -> CancelAck:
        """Wait for the last word on an ack, for `timeout_s` seconds at most; sends reads, never a cancel.

        Returns the ack as it stands then: final, or with what is known by then. It may be an ack of another
        client, or one restored by `CancelAck.from_dict`. Raises as `cancel` does.
        """
        return self._asked(lambda engine: engine.settle(ack, timeout_s))

    def unsettled(self) -> tuple[Unsettled, ...]:
        """List the acks that are owed more, oldest first: also those of callers that were interrupted.

        Of more than `most_unsettled` the oldest are dropped, and counted by `unsettled_overflow()`. Of a
        closed client, what it left.
        """
        return self._owed().unsettled

    def unsettled_overflow(self) -> int:
        """How many acks that were owed more are no longer in `unsettled()`, for want of room."""
        return self._owed().overflow

    def updates(self) -> Updates:
        """Give each change of an ack that was returned, from now on: late answers, settled ones."""
        mailbox = self._asked(lambda engine: _soon(engine.updates))
        return Updates(mailbox, self._asked)

    def _owed(self) -> Owed:
        engine = self._running or self._ending
        if engine is None:
            return self._left
        try:
            owed: Owed = self._put(lambda question: question.follow(_soon(engine.owed)))
        except ClosedClientError:
            if self._running or self._ending:
                raise
            return self._left  # it has been closed meanwhile
        return owed

    def _asked(self, ask: Callable[[Engine], Coroutine[Any, Any, T]]) -> T:
        answer: T = self._put(lambda question: question.follow(ask(self._open())))
        return answer

    def _put(self, work: Callable[[Question[Any]], object]) -> Any:
        host = self._host
        if host is None:
            raise ClosedClientError(_NOT_OPEN)
        return host.ask(work)

    def _open(self) -> Engine:
        if self._running is None:  # somebody closes it
            raise ClosedClientError(_NOT_OPEN)
        return self._running


async def _soon(ask: Callable[[], T]) -> T:
    """Ask in a task, so that whoever was interrupted before has left by then."""
    return ask()
