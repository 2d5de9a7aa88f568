"""Listings that many cases share, so that one call shows the orders of all of them.

They run like trains: per account and kind of listing one is under way, and whoever wants the next one gathers
meanwhile. A listing shows only what was true when it began, so nobody boards one that has departed.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import attrs

from countermand._alarm import Alarm
from countermand._case._facts import Action, Answer, Ended, Listing, NotReached
from countermand._engine._calls import page_call
from countermand._engine._errand import Errand
from countermand._engine._open_case import OpenCase
from countermand._engine._pages import Pages
from countermand._engine._riders import Rider, give_up, joint_errand
from countermand._engine._search import Front, Index, Search
from countermand._engine._station import Station
from countermand._engine._traffic import Lane, Traffic
from countermand._limits._urgency import Need
from countermand._tasks import begin_task
from countermand.venue import CallKind, Cursor

#: The longest that riders gather while cancels of their account are still under way, in seconds; and the
#: share of what is left of somebody's wait that this may take.
GATHER_S = 2.0
_GATHER_SHARE = 0.25
#: So many riders wait for no more; for a listing of many pages it is so many a page, and no more than that.
_FULL = 100
_A_PAGE = 20
_FULLEST = 800
#: How long a listing of however many pages is waited for alone, in seconds.
LISTING_PATIENCE_S = 6.0
#: When one page has not come for so long, in seconds, the next train departs.
_STUCK_S = 3.0

Key = tuple[Lane, Action]


@attrs.define(kw_only=True, eq=False)
class _Platform:
    """Who wants the next listing of an account, and the one that is under way."""

    riders: list[Rider] = attrs.field(factory=list)
    #: When the first of them will have gathered for long enough.
    depart_at: float = math.inf
    #: The most urgent need of those who are there.
    need: Need = Need.OTHER
    under_way: asyncio.Task[None] | None = None
    errand: Errand | None = None
    #: When that is stuck, if nothing comes before.
    stuck_at: float = math.inf
    alarm: Alarm | None = None
    #: How many pages the last listing had.
    pages: int = 1

    @property
    def is_full(self) -> bool:
        """Whether those who are there wait for no more."""
        return len(self.riders) >= min(_FULLEST, max(_FULL, _A_PAGE * self.pages))


class Trains:
    """Performs the shared listings of one client, once no cancel is to come that they should show, too."""

    def __init__(
        self, stations: Mapping[str, Station], next_number: Callable[[], int], traffic: Traffic
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._stations = stations
        self._traffic = traffic
        #: Where somebody waits for a listing, or one is under way.
        self.platforms: dict[Key, _Platform] = {}
        self._next_number = next_number
        self._tasks: set[asyncio.Task[None]] = set()

    async def ride(self, entry: OpenCase, action: Action, errand: Errand, *, insists: bool) -> Ended:
        """Take the next listing of the case's account, and tell what it shows of the case's order.

        Who `insists` is shown the order however far down it is, for no single read would do.
        """
        rider = Rider(entry=entry, errand=errand, insists=insists)
        key = ((entry.case.venue, entry.case.account), action)
        platform = self.platforms.setdefault(key, _Platform())
        platform.riders.append(rider)
        now = self._loop.time()
        gather_s = min(GATHER_S, _GATHER_SHARE * max(0.0, errand.deadline - now))
        platform.depart_at = min(platform.depart_at, now + gather_s)
        errand.on_hurry = partial(self._press, key, platform, errand)
        errand.on_hurry()
        return await rider.arrived(self._stations[entry.case.venue])

    def look(self, lane: Lane) -> None:
        """Let go what waited for the cancels of an account, if there are no more."""
        for action in (Action.OPEN, Action.HISTORY):
            self._depart_if_due((lane, action))

    def close(self) -> None:
        """End whatever is under way."""
        for task in self._tasks:
            task.cancel()

    def _press(self, key: Key, platform: _Platform, errand: Errand) -> None:
        """Let what somebody on the platform waits for be as urgent as that one is."""
        platform.need = min(platform.need, errand.need)
        if platform.errand is not None:
            platform.errand.hurry(errand.need, errand.deadline)
        self._loop.call_soon(self._depart_if_due, key)  # whoever comes at the same time comes along

    def _depart_if_due(self, key: Key) -> None:
        platform = self.platforms.get(key)
        if platform is None:
            return
        # To a kill the cancels of others do not count.
        now, idle = self._loop.time(), self._traffic.is_idle(key[0], platform.need)
        if platform.under_way is not None and now < platform.stuck_at:
            self._look_again(key, platform, platform.stuck_at)
        elif not platform.riders:
            if idle:
                self._wake(platform, None)
                del self.platforms[key]
        elif idle or platform.is_full or platform.depart_at <= now:
            self._depart(key, platform)
        else:
            self._look_again(key, platform, platform.depart_at)

    def _depart(self, key: Key, platform: _Platform) -> None:
        riders = [rider for rider in platform.riders if not rider.left]
        platform.riders, platform.depart_at, platform.need = [], math.inf, Need.OTHER
        platform.under_way, platform.errand, platform.stuck_at = None, None, math.inf
        self._wake(platform, None)
        if not riders:
            self._loop.call_soon(self._depart_if_due, key)
            return
        for rider in riders:
            rider.errand.on_hurry = None
        errand = joint_errand(self._next_number(), CallKind.LISTING, riders, LISTING_PATIENCE_S)
        platform.errand = errand
        platform.under_way = task = begin_task(self._run(key, platform, riders, errand))
        self._tasks.add(task)
        task.add_done_callback(partial(self._arrived, key, platform, riders, errand))

    def _arrived(
        self, key: Key, platform: _Platform, riders: list[Rider], errand: Errand, task: asyncio.Task[None]
    ) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            give_up(riders, errand)
        if platform.under_way is task:
            platform.under_way, platform.errand, platform.stuck_at = None, None, math.inf
            self._depart_if_due(key)

    async def _run(self, key: Key, platform: _Platform, riders: list[Rider], errand: Errand) -> None:
        (venue, account), action = key
        station = self._stations[venue]
        errand.progress.on_signed = partial(self._signed, key, platform, errand.progress.on_signed)
        call = partial(page_call, station.venue, account, action)
        search = Search(
            (rider.entry.case.order for rider in riders),
            (rider.entry.case.order for rider in riders if rider.insists),
            to_the_end=action is Action.OPEN,
        )
        ended = await station.list_all(errand, call, Pages(concerns=search.keeps, enough=search.enough))
        if isinstance(ended.answer, Listing):
            platform.pages = ended.answer.pages
            if station.venue.capabilities.replaced_reads_canceled:
                ended = await self._completed(station, errand, call, ended, search)
        _tell(riders, errand, ended, search)

    async def _completed(
        self,
        station: Station,
        errand: Errand,
        call: Callable[[Cursor | None], Any],
        ended: Ended,
        search: Search,
    ) -> Ended:
        """Read what came to the front while page after page was read: together they are like one page.

        Whatever took the place of an order that reads dead was there before that was read, so it stands in
        the pages, or came in front of them meanwhile.
        """
        listing, front = ended.answer, Front(first=search.first)
        if not isinstance(listing, Listing) or listing.pages == 1:
            return ended
        again = await station.list_all(errand, call, Pages(concerns=front.keeps, enough=front.enough))
        if not isinstance(again.answer, Listing) or not front.joined:
            return ended
        new = [row for row in again.answer.rows if row.order_id != search.first and search.wants(row)]
        return attrs.evolve(ended, answer=Listing(rows=(*new, *listing.rows)), at=again.at)

    def _signed(
        self, key: Key, platform: _Platform, tell: Callable[[str, float], None], call: str, at: float
    ) -> None:
        platform.stuck_at = at + _STUCK_S
        self._look_again(key, platform, platform.stuck_at)
        tell(call, at)

    def _look_again(self, key: Key, platform: _Platform, at: float) -> None:
        if at < math.inf and (platform.alarm is None or platform.alarm.at != at):
            self._wake(platform, Alarm(self._loop, at, self._ring, key, platform))

    def _ring(self, key: Key, platform: _Platform) -> None:
        platform.alarm = None
        self._depart_if_due(key)

    def _wake(self, platform: _Platform, alarm: Alarm | None) -> None:
        if platform.alarm is not None:
            platform.alarm.cancel()
        platform.alarm = alarm


def _tell(riders: list[Rider], errand: Errand, ended: Ended, search: Search) -> None:
    listing = ended.answer
    index = Index(listing.rows if isinstance(listing, Listing) else ())
    for rider in riders:
        answer: Answer | None = listing
        if isinstance(listing, Listing):
            case, known = rider.entry.case, rider.entry.survey.latest
            rows = index.concerning(case, known.report if known is not None else None)
            answer = Listing(rows=rows, pages=listing.pages)
            if search.cut_short and not any(map(case.is_about, rows)):
                answer = NotReached(pages=listing.pages)
        rider.tell(ended, errand.progress, answer)
