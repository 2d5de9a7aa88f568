"""A kill: all scopes at once, each on its own, after whatever blocks new orders."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping

from countermand._aside import on_a_thread
from countermand._clock import clock_of
from countermand._engine._inquiries import AccountsByVenue, Inquiries
from countermand._engine._sweeps import Sweeps, failed
from countermand._engine._telling import Tell
from countermand._mass_cancel import BlockReport, KillReport, MassCancelReport
from countermand._request import check_timeout
from countermand._scope import PlacedAfter, Scope, ScopeKind
from countermand._tasks import begin_task
from countermand.errors import InvalidRequestError

#: The longest that a kill waits for new orders to be blocked, in seconds, and as a share of its own time.
BLOCK_TIMEOUT_S = 1.0
_BLOCK_SHARE = 0.5
#: What blocks new orders: called off the loop, or awaited.
Block = Callable[[], "object | Awaitable[object]"]
#: What venues told of their accounts, and why others did not.
_Accounts = tuple[AccountsByVenue, dict[str, str]]
#: What is told of a task that something beneath it has ended.
_CANCELED = "CancelledError"


class Kill:
    """Kills what its scopes mean, once."""

    def __init__(
        self, scopes: Iterable[Scope], timeout_s: float, sweeps: Sweeps, inquiries: Inquiries
    ) -> None:
        check_timeout("timeout_s", timeout_s)
        self._scopes = _each_once(scopes)
        if not self._scopes:
            raise InvalidRequestError("a kill needs scopes, or accounts in the configuration of its client")
        self._clock = clock_of(asyncio.get_running_loop())
        self._sweeps = sweeps
        self._inquiries = inquiries
        self._began_at = self._clock()
        self._deadline = self._began_at + timeout_s

    async def run(self, before: Block | None, tell: Tell | None, *, discover: bool) -> KillReport:
        """Block, then sweep all scopes at once; `discover` asks meanwhile for accounts nobody named."""
        blocked = await self._blocked(before) if before is not None else None
        span = (self._clock(), self._deadline)
        sweeps = [begin_task(self._sweeps.kill(scope, span, tell)) for scope in self._scopes]
        asked = self._inquiries.accounts(self._deadline, kill=True) if discover else _nobody()
        asking = begin_task(asked)
        try:
            await asyncio.wait([*sweeps, asking])
        finally:
            for task in (*sweeps, asking):
                task.cancel()
        told, undiscovered = self._told(asking)
        return KillReport(
            reports=tuple(map(_reported, self._scopes, sweeps)),
            before=blocked,
            unnamed=self._unnamed(told),
            untold=self._untold(told),
            undiscovered=undiscovered,
            elapsed_s=self._clock() - self._began_at,
        )

    async def _blocked(self, block: Block) -> BlockReport:
        began_at = self._clock()
        patience_s = min(BLOCK_TIMEOUT_S, _BLOCK_SHARE * (self._deadline - began_at))
        task = begin_task(_call(block))
        task.add_done_callback(_error)  # nobody else hears of one that comes too late
        # Not a time-out around it: what does not hear of its end would hold up the kill.
        try:
            await asyncio.wait([task], timeout=patience_s)
        finally:
            in_time = task.done()
            task.cancel()
        error = f"not done within {patience_s:.2g} s" if not in_time else _error(task)
        return BlockReport(done=error is None, error=error, elapsed_s=self._clock() - began_at)

    def _told(self, asking: asyncio.Task[_Accounts]) -> _Accounts:
        if asking.cancelled():
            return {}, {scope.venue: _CANCELED for scope in self._scopes}
        return asking.result()

    def _unnamed(self, told: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        named = {(scope.venue, scope.account_id) for scope in self._scopes}
        whole = {scope.venue for scope in self._scopes if scope.kind is ScopeKind.VENUE_WIDE}
        left = {
            venue: tuple(one for one in accounts if (venue, one) not in named)
            for venue, accounts in told.items()
            if venue not in whole
        }
        return {venue: accounts for venue, accounts in left.items() if accounts}

    def _untold(self, told: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        left: dict[str, tuple[str, ...]] = {}
        for venue, account in dict.fromkeys((scope.venue, scope.account_id) for scope in self._scopes):
            if account is not None and account not in told.get(venue, (account,)):
                left[venue] = (*left.get(venue, ()), account)
        return left


def _each_once(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    kept: list[Scope] = []
    for scope in scopes:
        if not isinstance(scope, Scope):
            raise InvalidRequestError(f"expected a Scope, got {type(scope).__name__}")
        if scope not in kept:  # compared, for a predicate need not be hashable
            kept.append(scope)
    return tuple(kept)


async def _call(block: Block) -> None:
    """Call it on a thread, or await it; whatever it raises comes as an exception that a loop can bear."""
    given = block() if inspect.iscoroutinefunction(block) else await on_a_thread(block, "countermand-aside")
    if inspect.isawaitable(given):
        try:
            await given
        except SystemExit as error:
            raise RuntimeError(f"SystemExit: {error}") from error


def _reported(scope: Scope, sweep: asyncio.Task[MassCancelReport]) -> MassCancelReport:
    # Something beneath it was canceled: it is a failure of this scope, and no other's.
    if sweep.cancelled():
        return failed(scope, PlacedAfter.CANCEL, asyncio.CancelledError("something beneath it was canceled"))
    return sweep.result()


def _error(task: asyncio.Task[None]) -> str | None:
    if task.cancelled():
        return _CANCELED
    error = task.exception()
    return None if error is None else f"{type(error).__name__}: {error}"


async def _nobody() -> _Accounts:
    return {}, {}
