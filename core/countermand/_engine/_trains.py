"""Listings that many cases share, so that one call shows the orders of all of them.

They run like trains: per account and kind of listing one is under way, and whoever wants the next one gathers
meanwhile. A listing shows only what was true when it began, so nobody boards one that has departed.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import attrs

from countermand._case._facts import Action, Answer, Case, Ended, Listing
from countermand._engine._calls import page_call
from countermand._engine._errand import Errand
from countermand._engine._pages import Pages
from countermand._engine._station import Station
from countermand._ids import ClientOrderId, OrderId
from countermand._limits._urgency import Need
from countermand._order import OrderReport
from countermand._wire._wire import Progress, WireFault
from countermand.venue import CallKind, Unreadable

#: The longest that riders gather while cancels of their account are still under way, in seconds; and the
#: share of what is left of somebody's wait that this may take.
GATHER_S = 2.0
_GATHER_SHARE = 0.25
#: So many riders wait for no more; a listing of many pages waits for so many a page.
_FULL = 100
_A_PAGE = 20
_FULLEST = 500
#: A history is given up after so many rows for each rider: to read them one by one is cheaper then.
_ROWS_A_RIDER = 10
_LEAST_ROWS = 200
#: How long a listing of however many pages is waited for alone, in seconds.
LISTING_PATIENCE_S = 6.0

Key = tuple[str, str, Action]


@attrs.define(kw_only=True, eq=False)
class _Rider:
    case: Case
    errand: Errand
    insists: bool
    answer: asyncio.Future[tuple[Answer | None, str | None]]
    depart_at: float

    @property
    def left(self) -> bool:
        return self.answer.done()


@attrs.define(kw_only=True, eq=False)
class _Platform:
    """Who wants the next listing of an account, and the one that is under way."""

    riders: list[_Rider] = attrs.field(factory=list)
    under_way: asyncio.Task[None] | None = None
    alarm: asyncio.TimerHandle | None = None
    pages: int = 1

    @property
    def full(self) -> int:
        """How many riders wait for no more."""
        return min(_FULLEST, max(_FULL, _A_PAGE * self.pages))


class ListingError(Exception):
    """The shared listing broke down."""


class _Sought:
    """Looks for the orders of riders in the rows of a listing, and says when that is enough."""

    def __init__(self, riders: list[_Rider]) -> None:
        self._missing = {rider.case.order for rider in riders}
        self._insisting = {rider.case.order for rider in riders if rider.insists}
        self._rows_left = max(_LEAST_ROWS, _ROWS_A_RIDER * len(riders))
        #: Whether it was given up before it came to its end.
        self.given_up = False

    def __call__(self, row: OrderReport) -> bool:
        self._rows_left -= 1
        for name in (row.order_id, row.client_order_id):
            self._missing.discard(name)
            self._insisting.discard(name)
        self.given_up = self._rows_left <= 0 and not self._insisting
        return not self._missing or self.given_up


class _Index:
    """The rows of a listing, found by what concerns a case; they stay in the order of the listing."""

    def __init__(self, rows: Iterable[OrderReport]) -> None:
        self._rows = tuple(rows)
        #: Rows that may concern any case: those that replaced another order, or are linked to one.
        self._kin: list[int] = []
        self._own: defaultdict[OrderId | ClientOrderId, list[int]] = defaultdict(list)
        for place, row in enumerate(self._rows):
            if row.replaces is not None or row.parent is not None:
                self._kin.append(place)
            self._own[row.order_id].append(place)
            if row.client_order_id is not None:
                self._own[row.client_order_id].append(place)

    def concerning(self, case: Case) -> tuple[OrderReport, ...]:
        """Return what a listing of the case's own would have kept."""
        places = sorted({*self._own.get(case.order, ()), *self._kin})
        return tuple(row for row in map(self._rows.__getitem__, places) if case.concerns(row))


class Trains:
    """Performs the shared listings of one client; `is_idle` tells if no cancel of an account is to come."""

    def __init__(
        self,
        stations: Mapping[str, Station],
        next_number: Callable[[], int],
        is_idle: Callable[[str, str], bool],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._stations = stations
        self._is_idle = is_idle
        self._platforms: dict[Key, _Platform] = {}
        self._next_number = next_number
        self._tasks: set[asyncio.Task[None]] = set()

    async def ride(self, case: Case, action: Action, errand: Errand, *, insists: bool) -> Ended:
        """Take the next listing of the case's account, and tell what it shows of the case's order.

        Who `insists` is shown the order however far down it is, for no single read would do.
        """
        station = self._stations[case.venue]
        rider = self._board(case, action, errand, insists=insists)
        try:
            return await station.told(errand, lambda: rider.answer)
        finally:
            rider.answer.cancel()

    def look(self, venue: str, account: str) -> None:
        """Let go what waited for the cancels of an account, if there are no more."""
        for action in (Action.OPEN, Action.HISTORY):
            self._depart_if_due((venue, account, action))

    def close(self) -> None:
        """End whatever is under way."""
        for task in self._tasks:
            task.cancel()

    def _board(self, case: Case, action: Action, errand: Errand, *, insists: bool) -> _Rider:
        now = self._loop.time()
        gather_s = min(GATHER_S, _GATHER_SHARE * max(0.0, errand.deadline - now))
        rider = _Rider(
            case=case,
            errand=errand,
            insists=insists,
            answer=self._loop.create_future(),
            depart_at=now + gather_s,
        )
        key = (case.venue, case.account, action)
        self._platforms.setdefault(key, _Platform()).riders.append(rider)
        self._loop.call_soon(self._depart_if_due, key)  # whoever comes at the same time comes along
        return rider

    def _depart_if_due(self, key: Key) -> None:
        platform = self._platforms.get(key)
        if platform is None or platform.under_way is not None:
            return
        platform.riders = [rider for rider in platform.riders if not rider.left]
        if not platform.riders:
            del self._platforms[key]
            return
        depart_at = min(rider.depart_at for rider in platform.riders)
        due = depart_at <= self._loop.time() or len(platform.riders) >= platform.full
        if due or self._is_idle(key[0], key[1]):
            self._depart(key, platform)
        elif platform.alarm is None or platform.alarm.when() > depart_at:
            self._wake(platform, self._loop.call_at(depart_at, self._depart_if_due, key))

    def _depart(self, key: Key, platform: _Platform) -> None:
        self._wake(platform, None)
        riders, platform.riders = platform.riders, []
        task = self._loop.create_task(self._run(key, platform, riders))
        platform.under_way = task
        self._tasks.add(task)
        task.add_done_callback(partial(self._arrived, key, platform))

    def _arrived(self, key: Key, platform: _Platform, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        platform.under_way = None
        if not task.cancelled():
            self._depart_if_due(key)

    async def _run(self, key: Key, platform: _Platform, riders: list[_Rider]) -> None:
        venue, account, action = key
        station, errand = self._stations[venue], self._errand(account, riders)
        # Of open orders all must be seen, for absence counts; a history is read until it has shown enough.
        sought = _Sought(riders) if action is Action.HISTORY else None
        pages = Pages(concerns=lambda _row: True, enough=sought)
        ended = await station.list_all(errand, partial(page_call, station.venue, account, action), pages)
        if isinstance(ended.answer, Listing):
            platform.pages = ended.answer.pages
        tell = _teller(ended, given_up=sought is not None and sought.given_up)
        for rider in riders:
            if not rider.left:
                rider.errand.progress.status = ended.status
                rider.errand.progress.session = ended.session
                tell(rider)

    def _errand(self, account: str, riders: list[_Rider]) -> Errand:
        """Make it as urgent as the most urgent of its riders, who are told when it goes to the wire."""
        now = self._loop.time()
        number = self._next_number()

        def on_signed(call: str, at: float) -> None:
            for rider in riders:
                rider.errand.count(number, at)
                if rider.errand.queued:
                    rider.errand.progress.sign(call)

        return Errand(
            number=number,
            account=account,
            kind=CallKind.LISTING,
            until=max(rider.errand.until for rider in riders),
            overdue_at=now + LISTING_PATIENCE_S,
            patience_s=LISTING_PATIENCE_S,
            progress=Progress(clock=self._loop.time, on_signed=on_signed),
            need=min((rider.errand.need for rider in riders), default=Need.SETTLING_READ),
            deadline=min((rider.errand.deadline for rider in riders), default=math.inf),
        )

    def _wake(self, platform: _Platform, alarm: asyncio.TimerHandle | None) -> None:
        if platform.alarm is not None:
            platform.alarm.cancel()
        platform.alarm = alarm


def _teller(ended: Ended, *, given_up: bool) -> Callable[[_Rider], None]:
    """Say how each rider is told what the listing came to."""
    if ended.fault is not None:
        fault = (ListingError if ended.broken else WireFault)(ended.fault)
        return lambda rider: rider.answer.set_exception(fault)
    failure = ended.answer
    if not isinstance(failure, Listing):
        return lambda rider: rider.answer.set_result((failure, ended.reply))
    index, pages = _Index(failure.rows), failure.pages

    def tell(rider: _Rider) -> None:
        rows = index.concerning(rider.case)
        answer: Answer = Listing(rows=rows, pages=pages)
        if given_up and not any(map(rider.case.is_about, rows)):
            answer = Unreadable(text="the shared listing ended before it came to the order")
        rider.answer.set_result((answer, ended.reply))

    return tell
