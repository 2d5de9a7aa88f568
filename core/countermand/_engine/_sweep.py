"""One mass cancel at work: performs what its steps name, and hears how that ended."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

import attrs

from countermand._ack import CancelAck
from countermand._aside import is_being_canceled
from countermand._case._facts import Caller
from countermand._clock import clock_of
from countermand._engine._cases import Cases
from countermand._engine._guard import worded
from countermand._engine._station import Station
from countermand._engine._sweep_calls import SweepCalls
from countermand._engine._telling import Tell, Telling
from countermand._engine._watch import Watch
from countermand._ids import OrderId
from countermand._mass_cancel import MassCancelReport
from countermand._retry import MOST_ATTEMPTS
from countermand._sweep._facts import Sweep
from countermand._sweep._known import Ask
from countermand._sweep._native import asked_since, native_facts
from countermand._sweep._report import report
from countermand._sweep._steps import step
from countermand._sweep._targets import request_for
from countermand._tasks import begin_task

#: How long after the deadline the answers are waited for that are due at it, in seconds.
_ROUNDING_UP_S = 0.04
#: So many orders are asked for before others have their turn on the loop.
_AT_A_TIME = 50


class MassCancel:
    """Sweeps one scope; `tell` hears how far it has come."""

    def __init__(
        self,
        sweep: Sweep,
        station: Station,
        cases: Cases,
        watch: Watch,
        *,
        kill: bool = False,
        tell: Tell | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock_of(self._loop)
        self._sweep = sweep
        self._cases = cases
        self._watch = watch
        self._kill = kill
        self._telling = Telling(sweep, tell)
        self._callers: list[Caller] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._own = SweepCalls(sweep, station, cases.exchanges.next_number, self._news.set, kill=kill)
        self._broken: BaseException | None = None
        self._closed = False

    async def run(self) -> MassCancelReport:
        """Sweep until all is proved, or nothing more can be done, or the deadline."""
        fault: str | None = None
        try:
            await self._until_over()
            await self._last_answers()
        except asyncio.CancelledError:
            if is_being_canceled():
                raise
            fault = "CancelledError"  # something beneath us was canceled
        except Exception as error:  # noqa: BLE001 - our own fault must end as a report that carries it
            fault = worded(error)
        finally:
            for task in self._tasks:
                task.cancel()
            for caller in self._callers:
                self._cases.leave(caller)
        self._own.end_native()
        told = report(self._sweep, self._clock(), len(self._calls()))
        if fault is not None:
            told = attrs.evolve(told, proved_empty_as_of=None, doubt=None, error=fault)
        self._telling.end(told)
        return told

    def close(self) -> None:
        """Come to an end with what is known."""
        self._closed = True
        self._news.set()

    async def _until_over(self) -> None:
        while not self._closed:
            due = step(self._sweep, self._clock())
            if due.over:
                return
            self._news.clear()
            if due.call:
                self._spawn(self._own.native(self._own.begin_native()))
            if due.look:
                self._own.begin_look()
                self._spawn(self._own.look())
            await self._ask(due.cancel)
            if self._broken is not None:
                raise self._broken
            await self._wait(self._telling.tell(self._clock(), due.again_at))

    async def _last_answers(self) -> None:
        """Wait for what is to be said at the deadline."""
        until = self._sweep.deadline + _ROUNDING_UP_S
        while self._sweep.awaited and not self._closed and self._clock() < until:
            self._news.clear()
            await self._wait(until)

    async def _wait(self, until: float) -> None:
        timer = self._loop.call_at(until, self._news.set)
        try:
            await self._news.wait()
        finally:
            timer.cancel()

    async def _ask(self, order_ids: tuple[OrderId, ...]) -> None:
        for place, order_id in enumerate(order_ids, 1):
            now = self._clock()
            if now >= self._sweep.deadline:
                return
            self._ask_one(order_id, now)
            if place % _AT_A_TIME == 0:
                await asyncio.sleep(0)

    def _ask_one(self, order_id: OrderId, now: float) -> None:
        known = self._sweep.known[order_id]
        since = asked_since(self._sweep, known, now)
        if self._kill and not known.asks:
            known.counted_since = self._cases.epoch + timedelta(seconds=self._sweep.began_at)
        ask = self._sweep.ask(order_id, now)
        caller = Caller(
            request=request_for(self._sweep, known, now),
            joined_at=since,
            deadline=self._sweep.deadline,
            gathers=True,
            kill=self._kill,
            most_cancels=MOST_ATTEMPTS - known.attempts,
            counts_since=self._sweep.began_at if self._kill else -math.inf,
            calls=ask.calls,
            waits_since=now,
        )
        self._callers.append(caller)
        self._watch.requested(caller.request)
        waiter = self._cases.begin(caller, facts=native_facts(self._sweep, order_id))
        waiter.add_done_callback(partial(self._heard, ask))

    def _heard(self, ask: Ask, waiter: asyncio.Future[CancelAck]) -> None:
        ack = waiter.result()
        self._sweep.hear(ask, ack, self._clock())
        self._watch.acknowledged(ack)
        if not self._sweep.awaited:
            self._news.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = begin_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        self._broken = self._broken or error
        self._news.set()

    def _calls(self) -> set[tuple[int, float]]:
        return self._own.made.union(*(caller.calls or () for caller in self._callers))
