"""The exchanges of cases: begun as a plan names them, and told as facts."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial

from countermand._case._facts import Action, Began, Caller, Signed, Withheld
from countermand._engine._budget import Budget
from countermand._engine._calls import KINDS, order_call, page_call
from countermand._engine._errand import NEEDS, Errand
from countermand._engine._open_case import OpenCase
from countermand._engine._pages import Pages
from countermand._engine._station import Station
from countermand._limits._urgency import Need
from countermand._wire._wire import Progress
from countermand.venue import CallKind

#: An answer up to so many seconds after the deadline is still read.
LATE_GRACE_S = 2.0
#: The longest one exchange, or one page of a listing, is waited for alone, in seconds; never more than half
#: of what is left.
PATIENCE_S = {CallKind.CANCEL: 3.0, CallKind.READ: 1.0, CallKind.LISTING: 3.0}


class Exchanges:
    """Performs the exchanges of all cases; `on_fact` hears of a case that knows more."""

    def __init__(
        self, stations: Mapping[str, Station], budget: int | None, on_fact: Callable[[OpenCase], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._stations = stations
        self._on_fact = on_fact
        self._budgets: defaultdict[tuple[str, str], Budget] = defaultdict(lambda: Budget(budget))
        self._numbers = itertools.count(1)
        self._jitter = random.Random()  # noqa: S311 - it only spreads repeats over time
        self._tasks: set[asyncio.Task[None]] = set()

    def may_repeat(self, entry: OpenCase, tokens: int, now: float) -> bool:
        """Tell whether the budget has that many tokens for a repeat; if not, that is a fact."""
        if self._budget(entry).take(tokens):
            return True
        entry.case.facts.append(Withheld(number=next(self._numbers), at=now))
        return False

    def begin(self, entry: OpenCase, action: Action, now: float, *, repeats: bool) -> None:
        """Begin an exchange for a case that somebody waits for."""
        number, kind = next(self._numbers), KINDS[action]
        deadline = max(caller.deadline for caller in _waiting(entry, kind))
        patience_s = _patience_s(kind, deadline - now)
        overdue_at, jitter = now + patience_s, self._jitter.random()
        entry.case.facts.append(
            Began(number=number, action=action, at=now, overdue_at=overdue_at, jitter=jitter)
        )
        # An overdue cancel lives on, for a late answer still counts; an overdue read makes way for the next.
        lasts_until = deadline if kind is CallKind.CANCEL else overdue_at
        progress = Progress(
            clock=self._loop.time, on_signed=lambda call, at: self._sign(entry, errand, call, at)
        )
        errand = Errand(
            number=number,
            account=entry.case.account,
            kind=kind,
            until=lasts_until + LATE_GRACE_S,
            overdue_at=overdue_at,
            patience_s=patience_s,
            progress=progress,
            need=Need.OTHER if repeats and action is Action.CANCEL else NEEDS[kind],
            deadline=min(caller.deadline for caller in _waiting(entry, kind)),
        )
        task = self._loop.create_task(self._perform(entry, action, errand))
        entry.under_way[number] = (task, errand)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self, timeout_s: float) -> None:
        """End whatever is under way, waiting for so many seconds at most."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)

    def _budget(self, entry: OpenCase) -> Budget:
        return self._budgets[entry.case.venue, entry.case.account]

    def _sign(self, entry: OpenCase, errand: Errand, call: str, at: float) -> None:
        """Note that an exchange goes to the wire; its patience counts from here, not from its queue."""
        deadline = max((caller.deadline for caller in _waiting(entry, errand.kind)), default=at)
        errand.overdue_at = at + _patience_s(errand.kind, deadline - at)
        errand.last(errand.overdue_at + LATE_GRACE_S)
        entry.case.facts.append(Signed(number=errand.number, call=call, at=at, overdue_at=errand.overdue_at))
        # One caller has as much patience as the exchange; of several each may want to look at its own time.
        look_at = errand.overdue_at if len(entry.waiters) == 1 else at
        if entry.alarm is not None and entry.alarm.when() > look_at:
            entry.wake(self._loop.call_at(look_at, self._on_fact, entry))

    async def _perform(self, entry: OpenCase, action: Action, errand: Errand) -> None:
        case, station = entry.case, self._stations[entry.case.venue]
        if action in (Action.OPEN, Action.HISTORY):
            calls = partial(page_call, station.venue, case, action)
            # Newest first: a history that shows the order has shown whatever took its place.
            enough = case.is_about if action is Action.HISTORY else None
            ended = await station.list_all(errand, calls, Pages(concerns=case.concerns, enough=enough))
        else:
            ended = await station.perform(errand, partial(order_call, station.venue, case, action))
        entry.under_way.pop(errand.number, None)
        case.facts.append(ended)
        if action is Action.CANCEL:
            self._budget(entry).hear(ended)
        else:
            entry.fold(action)
        self._on_fact(entry)


def _waiting(entry: OpenCase, kind: CallKind) -> list[Caller]:
    """List those an exchange is for: a cancel only for those who may send one."""
    return [caller for caller in entry.waiters if caller.may_send or kind is not CallKind.CANCEL]


def _patience_s(kind: CallKind, left_s: float) -> float:
    """Say how long one exchange is waited for alone: never so long that no read can follow."""
    return min(PATIENCE_S[kind], left_s / 2)
