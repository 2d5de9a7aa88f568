"""One mass cancel at work: performs what its steps name, and hears how that ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import attrs

from countermand._ack import CancelAck
from countermand._case._facts import Action, Began, Caller, Ended, NoSession, Signed
from countermand._engine._calls import page_call
from countermand._engine._cases import Cases
from countermand._engine._errand import Errand
from countermand._engine._station import Station
from countermand._engine._watch import Watch
from countermand._engine._whole_listing import WholeListing
from countermand._ids import OrderId
from countermand._limits._urgency import Need
from countermand._mass_cancel import MassCancelReport, Progress
from countermand._sweep._facts import Sweep
from countermand._sweep._known import Ask, Look
from countermand._sweep._native import native_facts
from countermand._sweep._place import shown
from countermand._sweep._report import as_told, progress, report
from countermand._sweep._steps import step
from countermand._sweep._targets import request_for
from countermand._wire._wire import Progress as WireProgress
from countermand.venue import CallKind, ReadFailure

#: The longest the venue's own mass cancel, and one page of a listing, are waited for, in seconds; never more
#: than half of what is left.
PATIENCE_S = {CallKind.MASS_CANCEL: 3.0, CallKind.LISTING: 5.0}
#: How long after the deadline the answers are waited for that are due at it, in seconds.
_ROUNDING_UP_S = 0.04
#: So many orders are asked for before others have their turn on the loop.
_AT_A_TIME = 50
#: Progress is told so often at most: once in so many seconds.
_TELL_EVERY_S = 0.1


class MassCancel:
    """Sweeps one scope; `tell` hears how far it has come, and stops nothing by what it raises."""

    def __init__(
        self,
        sweep: Sweep,
        station: Station,
        cases: Cases,
        watch: Watch,
        *,
        kill: bool = False,
        tell: Callable[[Progress], object] | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._sweep = sweep
        self._station = station
        self._cases = cases
        self._watch = watch
        self._kill = kill
        self._say = tell
        self._said: Progress | None = None
        self._said_at = sweep.began_at - _TELL_EVERY_S
        self._callers: list[Caller] = []
        #: Calls of its own: listings, and the venue's own mass cancel.
        self._calls: set[tuple[int, float]] = set()
        self._native: Errand | None = None
        self._signed: Signed | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._broken: BaseException | None = None
        self._closed = False

    async def run(self) -> MassCancelReport:
        """Sweep until all is proved, or nothing more can be done, or the deadline."""
        fault: str | None = None
        try:
            await self._until_over()
            await self._last_answers()
        except Exception as error:  # noqa: BLE001 - our own fault must end as a report that carries it
            fault = f"{type(error).__name__}: {error}"
        finally:
            for task in self._tasks:
                task.cancel()
            for caller in self._callers:
                self._cases.leave(caller)
        self._end_native()
        told = report(self._sweep, self._loop.time(), len(self._all_calls()))
        if fault is not None:
            told = attrs.evolve(told, proved_empty_as_of=None, error=fault)
        self._tell(as_told(told))
        return told

    def close(self) -> None:
        """Come to an end with what is known."""
        self._closed = True
        self._news.set()

    async def _until_over(self) -> None:
        while not self._closed:
            due = step(self._sweep, self._loop.time())
            if due.over:
                return
            self._news.clear()
            if due.call:
                self._begin_native()
            if due.look:
                self._begin_look()
            await self._ask(due.cancel)
            if self._broken is not None:
                raise self._broken
            again_at = self._tell_progress(due.again_at)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(again_at):
                    await self._news.wait()

    async def _last_answers(self) -> None:
        """Wait for what is to be said at the deadline."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._sweep.deadline + _ROUNDING_UP_S):
                while self._sweep.awaited and not self._closed:
                    self._news.clear()
                    await self._news.wait()

    # --- cancels by id ----------------------------------------------------------------------------

    async def _ask(self, order_ids: tuple[OrderId, ...]) -> None:
        for place, order_id in enumerate(order_ids, 1):
            now = self._loop.time()
            if now >= self._sweep.deadline:
                return
            self._ask_one(order_id, now)
            if place % _AT_A_TIME == 0:
                await asyncio.sleep(0)

    def _ask_one(self, order_id: OrderId, now: float) -> None:
        known = self._sweep.known[order_id]
        facts = native_facts(self._sweep, known)
        ask = self._sweep.ask(order_id, now)
        caller = Caller(
            request=request_for(self._sweep, known, now),
            joined_at=min((fact.at for fact in facts), default=now),
            deadline=self._sweep.deadline,
            gathers=True,
            kill=self._kill,
            calls=ask.calls,
            waits_since=now,
        )
        self._callers.append(caller)
        self._watch.requested(caller.request)
        waiter = self._cases.begin(caller, facts=facts)
        waiter.add_done_callback(partial(self._heard, ask))

    def _heard(self, ask: Ask, waiter: asyncio.Future[CancelAck]) -> None:
        if waiter.cancelled():
            return
        ack = waiter.result()
        self._sweep.hear(ask, ack, self._loop.time())
        self._watch.acknowledged(ack)
        if not self._sweep.awaited:
            self._news.set()

    # --- the venue's own mass cancel --------------------------------------------------------------

    def _begin_native(self) -> None:
        now = self._loop.time()
        errand = self._native = self._errand(CallKind.MASS_CANCEL, Need.FIRST_CANCEL)
        self._sweep.call(
            Began(number=errand.number, action=Action.CANCEL, at=now, overdue_at=errand.overdue_at)
        )
        self._spawn(self._perform_native(errand))

    async def _perform_native(self, errand: Errand) -> None:
        venue, scope = self._station.venue, self._sweep.scope
        ended = await self._station.perform(errand, lambda: venue.cancel_all(scope))
        self._hear_native(ended)

    def _hear_native(self, ended: Ended) -> None:
        signed, self._signed = self._signed, None
        self._sweep.hear_native(signed, ended)
        self._news.set()

    def _end_native(self) -> None:
        """Tell of a call that the deadline came before."""
        if self._sweep.calling and self._native is not None:
            ended = self._native.ended(self._loop.time(), fault="no answer by the deadline")
            self._hear_native(ended)

    # --- listings ---------------------------------------------------------------------------------

    def _begin_look(self) -> None:
        self._sweep.looking_since = self._loop.time()
        need = Need.OTHER if self._sweep.looks else Need.SETTLING_READ
        self._spawn(self._perform_look(self._errand(CallKind.LISTING, need)))

    async def _perform_look(self, errand: Errand) -> None:
        began_at = self._loop.time()
        calls = partial(page_call, self._station.venue, errand.account, Action.OPEN)
        listing = await self._station.list_whole(errand, calls)
        self._sweep.see(look_of(self._sweep, listing, began_at, self._loop.time()))
        self._news.set()

    # --- what both are made of --------------------------------------------------------------------

    def _errand(self, kind: CallKind, need: Need) -> Errand:
        now, deadline = self._loop.time(), self._sweep.deadline
        patience_s = min(PATIENCE_S[kind], (deadline - now) / 2)
        errand = Errand(
            number=self._cases.exchanges.next_number(),
            account=self._sweep.scope.account_id or "",
            kind=kind,
            until=deadline,
            overdue_at=now + patience_s,
            patience_s=patience_s,
            progress=WireProgress(
                clock=self._loop.time, on_signed=lambda call, at: self._sign(errand, call, at)
            ),
            need=Need.KILL if self._kill else need,
            deadline=deadline,
        )
        return errand

    def _sign(self, errand: Errand, call: str, at: float) -> None:
        """Count a call; from here on it is waited for, and not for its turn."""
        self._calls.add((errand.number, at))
        if errand is self._native:
            self._signed = Signed(number=errand.number, call=call, at=at)
        errand.last(self._sweep.deadline)
        errand.end_by(at + errand.patience_s)

    def _spawn(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken = error
            self._news.set()

    # --- telling ----------------------------------------------------------------------------------

    def _tell_progress(self, again_at: float) -> float:
        """Tell how far it has come if that is another word; say when to wake up at the latest."""
        if self._say is None:
            return again_at
        now = self._loop.time()
        if now >= self._said_at + _TELL_EVERY_S:
            so_far = progress(self._sweep, now)
            if self._said is None or attrs.evolve(so_far, elapsed_s=self._said.elapsed_s) != self._said:
                self._said_at = now
                self._tell(so_far)
        return min(again_at, now + _TELL_EVERY_S)

    def _tell(self, so_far: Progress) -> None:
        self._said = so_far
        if self._say is not None:
            # Whoever listens may break, a mass cancel may not.
            with contextlib.suppress(Exception, SystemExit):
                self._say(so_far)

    def _all_calls(self) -> set[tuple[int, float]]:
        return self._calls.union(*(caller.calls or () for caller in self._callers))


def look_of(sweep: Sweep, listing: WholeListing, asked_at: float, ended_at: float) -> Look:
    """Take a listing for what it proves: what it does not show has not been open since it began."""
    began_at = asked_at if listing.began_at is None else listing.began_at
    failure = listing.failure
    return Look(
        began_at=began_at if listing.absent_since is None else listing.absent_since,
        ended_at=ended_at,
        shown=shown(sweep.scope, listing.present, listing.seen_at),
        incomplete=listing.incomplete,
        failure=cast("ReadFailure | NoSession | None", failure.answer) if failure is not None else None,
        fault=failure.fault if failure is not None else None,
    )
