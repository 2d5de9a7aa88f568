"""The exchanges of cases: begun as a plan names them, and told as facts."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from countermand._alarm import Alarm
from countermand._case._facts import Action, Began, Caller, Ended, Signed, Withheld
from countermand._case._kin import must_search
from countermand._clock import clock_of
from countermand._engine._budget import Budgets
from countermand._engine._calls import KINDS, order_call, page_call
from countermand._engine._cancel_lists import CancelLists
from countermand._engine._errand import GIVEN_UP_S, LATE_GRACE_S, NEEDS, Errand, patience_s
from countermand._engine._open_case import OpenCase
from countermand._engine._pages import Pages
from countermand._engine._station import Station
from countermand._engine._straight import Straight
from countermand._engine._traffic import Lane, Traffic, Traveller
from countermand._engine._trains import GATHER_S, LISTING_PATIENCE_S, Trains
from countermand._limits._urgency import Need
from countermand._tasks import begin_task
from countermand._wire._progress import Progress
from countermand.venue import CallKind, Venue

_LISTINGS = frozenset({Action.OPEN, Action.HISTORY})
#: Whoever rides on a shared listing waits for it so long, as a share of what is left.
_MOST_OF_THE_WAIT = 0.75


class Exchanges:
    """Performs the exchanges of all cases; `on_fact` hears of a case that knows more."""

    def __init__(
        self,
        stations: Mapping[str, Station],
        budget: int | None,
        on_fact: Callable[[OpenCase], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock_of(self._loop)
        self._stations = stations
        self._on_fact = on_fact
        self._budgets = Budgets(budget)
        #: Gives the next exchange its number.
        self.next_number: Callable[[], int] = itertools.count(1).__next__
        self.jitter = random.Random().random  # noqa: S311 - it only spreads repeats over time
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self.traffic = Traffic()
        self._trains = Trains(stations, self.next_number, self.traffic)
        self._lists = CancelLists(stations, self.next_number)

    def list_size(self, venue: Venue) -> int:
        """Say how many cancels go in one call at a venue; 0 where each goes by itself."""
        return self._lists.size(venue)

    def may_repeat(self, entry: OpenCase, tokens: int, now: float) -> bool:
        """Tell whether the budget has that many tokens for a repeat; if not, that is a fact."""
        # A kill's own budget is what is sent for one order at most.
        if any(caller.kill for caller in entry.waiters) or self._budgets.take(entry.account, tokens):
            return True
        entry.case.facts.append(Withheld(number=self.next_number(), at=now))
        return False

    def begin(self, entry: OpenCase, action: Action, now: float, *, repeats: bool) -> None:
        """Begin an exchange for a case that somebody waits for."""
        number, kind = self.next_number(), KINDS[action]
        callers = _waiting(entry, kind)
        deadline = max(caller.deadline for caller in callers)
        shared = self._is_shared(entry, action, callers)
        alone_s = _patience_s(kind, deadline - now, shared=shared, gather_s=GATHER_S)
        overdue_at, jitter = now + alone_s, self.jitter()
        entry.case.facts.append(
            Began(number=number, action=action, at=now, overdue_at=overdue_at, jitter=jitter)
        )
        # An overdue cancel lives on, for a late answer still counts; an overdue read makes way for the next.
        lasts_until = deadline if kind is CallKind.CANCEL else overdue_at
        progress = Progress(clock=self._clock, on_signed=lambda call, at: self._sign(entry, errand, call, at))
        errand = Errand(
            number=number,
            account=entry.case.account,
            kind=kind,
            until=lasts_until + LATE_GRACE_S,
            overdue_at=overdue_at,
            patience_s=alone_s,
            progress=progress,
            need=_need(callers, kind, repeats=repeats and action is Action.CANCEL),
            deadline=min(caller.deadline for caller in callers),
            shared=shared,
            tallies=tuple({id(one.calls): one.calls for one in callers if one.calls is not None}.values()),
        )
        task = self._launch(entry, errand, self._perform(entry, action, errand))
        if action is Action.CANCEL:
            self.traffic.begin(entry.account, errand)
            task.add_done_callback(partial(self._end_cancel, entry.account, errand))
        elif entry.case.unresolved:
            self.traffic.look_up(entry.account, errand)
            task.add_done_callback(lambda _task: self.traffic.sign(errand))

    def go_on(self, entry: OpenCase, straight: Straight) -> None:
        """Go on with a cancel that went straight, in the case that was made of it."""
        lane, express = straight.road.lane, straight.road.express
        progress = Progress(clock=self._clock) if straight.sending is None else straight.sending.progress
        progress.session = straight.session
        progress.on_signed = lambda call, at: self._sign(entry, errand, call, at)
        errand = Errand(
            number=straight.number,
            account=straight.request.account,
            kind=CallKind.CANCEL,
            until=straight.deadline + LATE_GRACE_S,
            overdue_at=straight.overdue_at,
            patience_s=straight.overdue_at - (straight.signed_at or straight.joined_at),
            progress=progress,
            deadline=straight.deadline,
        )
        if straight.signed_at is None:
            express.withdraw(straight)
            task = self._launch(entry, errand, self._perform(entry, Action.CANCEL, errand))
        else:
            _, sending, _ = straight.way
            errand.on_taken_back = sending.drop
            task = self._launch(entry, errand, self._resume(entry, errand, straight))
            task.add_done_callback(lambda _task: express.abandon(straight))
        self.traffic.set_out(lane, errand)
        task.add_done_callback(partial(self._end_cancel, lane, errand))

    def _launch(self, entry: OpenCase, errand: Errand, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = begin_task(work)
        entry.under_way[errand.number] = (task, errand)
        self._tasks.add(task)
        task.add_done_callback(partial(self._over, entry, errand))
        return task

    async def aclose(self, timeout_s: float) -> None:
        """End whatever is under way, waiting for so many seconds at most."""
        self._closed = True
        self._trains.close()
        self._lists.close()
        try:
            await asyncio.sleep(0)  # what goes on as a task only now ends like the others
        finally:  # whoever closes may be canceled
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)

    def _over(self, entry: OpenCase, errand: Errand, task: asyncio.Task[None]) -> None:
        """Hear that an exchange is over: one that was canceled from outside is no longer under way."""
        self._tasks.discard(task)
        if not task.cancelled() or self._closed or entry.under_way.pop(errand.number, None) is None:
            return
        now = self._clock()
        entry.case.facts.append(errand.ended(now, fault="given up"))
        look_at = now + GIVEN_UP_S
        if entry.alarm is None or entry.alarm.at > look_at:
            entry.wake(Alarm(self._loop, look_at, self._on_fact, entry))

    def _end_cancel(self, lane: Lane, errand: Traveller, _task: object = None) -> None:
        self.traffic.end(lane, errand)
        self._trains.look(lane)

    def end_receipt(self, straight: Straight) -> None:
        """Hear that a cancel which went straight has its receipt, and is no longer under way."""
        if self._budgets.used and straight.taken is not None:
            self._budgets.hear(straight.road.lane, straight.taken.receipt)
        if self._trains.platforms:
            self._trains.look(straight.road.lane)

    def _is_shared(self, entry: OpenCase, action: Action, callers: list[Caller]) -> bool:
        """Tell whether one call will do this for many orders."""
        if not all(caller.gathers for caller in callers):
            return False
        return action in _LISTINGS or (action is Action.CANCEL and self._lists.takes(entry))

    def _sign(self, entry: OpenCase, errand: Errand, call: str, at: float) -> None:
        """Note that an exchange goes to the wire; its patience counts from here, not from its queue."""
        callers = _waiting(entry, errand.kind)
        if not errand.shared:
            errand.count(errand.number, at)
        if errand.kind is CallKind.CANCEL:
            self.traffic.sign(errand)
        deadline = max((caller.deadline for caller in callers), default=at)
        errand.overdue_at = at + _patience_s(errand.kind, deadline - at, shared=errand.shared)
        errand.last(errand.overdue_at + LATE_GRACE_S)
        entry.case.facts.append(Signed(number=errand.number, call=call, at=at, overdue_at=errand.overdue_at))
        # One caller has as much patience as the exchange; of several each may want to look at its own time.
        look_at = errand.overdue_at if len(entry.waiters) == 1 else at
        if entry.alarm is not None and entry.alarm.at > look_at:
            entry.wake(Alarm(self._loop, look_at, self._on_fact, entry))

    async def _perform(self, entry: OpenCase, action: Action, errand: Errand) -> None:
        case, station = entry.case, self._stations[entry.case.venue]
        if errand.shared and action is Action.CANCEL:
            ended = await self._lists.ride(entry, errand)
        elif errand.shared:
            insists = case.unresolved or must_search(entry.survey)
            ended = await self._trains.ride(entry, action, errand, insists=insists)
        elif action in _LISTINGS:
            calls = partial(page_call, station.venue, case.account, action)
            # Newest first: a history that shows the order has shown whatever took its place.
            enough = case.is_about if action is Action.HISTORY else None
            ended = await station.list_all(errand, calls, Pages(concerns=case.concerns, enough=enough))
        else:
            ended = await station.perform(errand, partial(order_call, station.venue, case, action))
        self._tell(entry, action, errand, ended)

    async def _resume(self, entry: OpenCase, errand: Errand, straight: Straight) -> None:
        ended = await straight.road.express.resume(straight, errand)
        self._tell(entry, Action.CANCEL, errand, ended)

    def _tell(self, entry: OpenCase, action: Action, errand: Errand, ended: Ended) -> None:
        entry.under_way.pop(errand.number, None)
        entry.case.facts.append(ended)
        if action is Action.CANCEL:
            self._budgets.hear(entry.account, ended.answer)
        else:
            entry.fold(action)
        self._on_fact(entry)


def _waiting(entry: OpenCase, kind: CallKind) -> list[Caller]:
    """List those an exchange is for: a cancel only for those who may send one."""
    return [caller for caller in entry.waiters if caller.may_send or kind is not CallKind.CANCEL]


def _patience_s(kind: CallKind, left_s: float, *, shared: bool = False, gather_s: float = 0.0) -> float:
    if shared and kind is CallKind.LISTING:
        return min(gather_s + LISTING_PATIENCE_S, _MOST_OF_THE_WAIT * left_s)
    return patience_s(kind, left_s)


def _need(callers: list[Caller], kind: CallKind, *, repeats: bool) -> Need:
    if any(caller.kill for caller in callers):
        return Need.KILL
    return Need.OTHER if repeats else NEEDS[kind]
