"""Cancels that go in one call, where a venue takes lists: one answer for all of them, then reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

import attrs

from countermand._case._facts import Answer, Ended, ListRefused
from countermand._engine._calls import cancel_target
from countermand._engine._errand import Errand
from countermand._engine._open_case import OpenCase
from countermand._engine._riders import Rider, give_up, joint_errand
from countermand._engine._station import Station
from countermand._engine._traffic import Lane
from countermand._http import HttpRequest, HttpResponse
from countermand._ids import OrderId
from countermand._outcome import Sent
from countermand._tasks import begin_task
from countermand._wire._progress import WireFault
from countermand.venue import (
    Acted,
    Call,
    CallKind,
    Gone,
    MassCancelVerdict,
    PerOrder,
    Refused,
    Session,
    SessionRefused,
    Stamp,
    Venue,
)

#: How long a list is gathered, in seconds, if it does not get full before: and while another one of the
#: account is under way, until that ends.
_GATHER_S = 0.005
_LONGEST_S = 0.1
#: How long no list is tried after one was refused as a whole, in seconds: a gateway may not know the call.
_PAUSE_S = 60.0


@attrs.define(kw_only=True, eq=False)
class _Platform:
    """The list of an account that is being gathered, and those that are under way."""

    riders: list[Rider] = attrs.field(factory=list)
    #: Whether it was gathered for long enough, and waits only for another one to end.
    ripe: bool = False
    under_way: int = 0


class CancelLists:
    """Gathers the first cancels of many, per account, into lists."""

    def __init__(self, stations: Mapping[str, Station], next_number: Callable[[], int]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stations = stations
        self._platforms: dict[Lane, _Platform] = {}
        self._not_before: dict[str, float] = {}
        self._next_number = next_number
        self._tasks: set[asyncio.Task[None]] = set()

    def size(self, venue: Venue) -> int:
        """Say how many orders a list of that venue takes; 0 where there are none, or not now."""
        size = venue.capabilities.cancel_list_size
        return size if size and self._loop.time() >= self._not_before.get(venue.name, 0.0) else 0

    def takes(self, entry: OpenCase) -> bool:
        """Tell whether a cancel of one of many may go in a list.

        Not where an earlier one may have acted, or was refused along with others: it is repeated by itself.
        """
        if not isinstance(entry.case.order, OrderId) or not self.size(self._stations[entry.case.venue].venue):
            return False
        ends = [one.ended.answer if one.ended is not None else None for one in entry.survey.attempts]
        refused_together = any(isinstance(answer, ListRefused) for answer in ends)
        return not refused_together and all(one.acted is Acted.NO for one in entry.survey.attempts)

    async def ride(self, entry: OpenCase, errand: Errand) -> Ended:
        """Go in the next list, and tell how that ended for the order."""
        lane = (entry.case.venue, entry.case.account)
        rider = Rider(entry=entry, errand=errand)
        platform = self._platforms.setdefault(lane, _Platform())
        platform.riders.append(rider)
        if len(platform.riders) >= entry.case.capabilities.cancel_list_size:
            self._depart(lane, platform)
        elif len(platform.riders) == 1:
            gathered = partial(self._gathered, lane, platform, platform.riders)
            self._loop.call_later(_GATHER_S, gathered)
            self._loop.call_later(_LONGEST_S, partial(gathered, at_last=True))
        return await rider.arrived(self._stations[entry.case.venue])

    def close(self) -> None:
        """End whatever is under way."""
        for task in self._tasks:
            task.cancel()

    def _gathered(
        self, lane: Lane, platform: _Platform, riders: list[Rider], *, at_last: bool = False
    ) -> None:
        """Send a list that was gathered for long enough, if it is not gone; `at_last` even beside another."""
        if platform.riders is not riders or not riders:
            return
        platform.ripe = True
        if at_last or not platform.under_way:
            self._depart(lane, platform)

    def _depart(self, lane: Lane, platform: _Platform) -> None:
        riders, platform.riders, platform.ripe = platform.riders, [], False
        platform.under_way += 1
        patience_s = max(rider.errand.patience_s for rider in riders)
        errand = joint_errand(self._next_number(), CallKind.MASS_CANCEL, riders, patience_s)
        task = begin_task(self._run(lane, riders, errand))
        self._tasks.add(task)
        task.add_done_callback(partial(self._arrived, lane, platform, riders, errand))

    def _arrived(
        self, lane: Lane, platform: _Platform, riders: list[Rider], errand: Errand, task: asyncio.Task[None]
    ) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            give_up(riders, errand)
        platform.under_way -= 1
        if platform.under_way:
            return
        if platform.ripe:
            self._depart(lane, platform)
        elif not platform.riders:
            self._platforms.pop(lane, None)

    async def _run(self, lane: Lane, riders: list[Rider], errand: Errand) -> None:
        station = self._stations[lane[0]]
        ended = await station.perform(errand, partial(_list_call, station.venue, riders))
        answer: Answer | None = ended.answer
        if ended.broken and ended.sent is not Sent.NO:
            # It may have acted: that its answer could not be read keeps no cancel of one order back.
            self._not_before[lane[0]] = self._loop.time() + _PAUSE_S
            ended = attrs.evolve(ended, broken=False)
        elif ended.broken:
            # Declared, and not to be had: each goes by itself, and is told why.
            self._not_before[lane[0]] = self._loop.time() + _PAUSE_S
            answer = ListRefused(text=ended.fault)
            for rider in riders:
                rider.errand.plugin_fault = ended.fault
            ended = attrs.evolve(ended, fault=None)
        elif isinstance(answer, Refused | Gone) or (
            isinstance(answer, SessionRefused) and answer.or_unsupported
        ):
            self._not_before[lane[0]] = self._loop.time() + _PAUSE_S
            answer = ListRefused(code=answer.code, text=answer.text)
        for rider in riders:
            rider.tell(ended, errand.progress, _said_of(rider, answer))


def _said_of(rider: Rider, answer: Answer | None) -> Answer | None:
    order = rider.entry.case.order
    return answer.of(order) if isinstance(answer, PerOrder) and isinstance(order, OrderId) else answer


def _list_call(venue: Venue, riders: list[Rider]) -> Call[MassCancelVerdict]:
    """Make the call; whoever has left by the time it is signed is not in it."""

    def made() -> Call[MassCancelVerdict]:
        return venue.cancel_list([cancel_target(rider.entry.case) for rider in riders])

    call = made()

    def sign(session: Session | None, stamp: Stamp) -> HttpRequest:
        nonlocal call
        if any(rider.left for rider in riders):
            riders[:] = [rider for rider in riders if not rider.left]
            if not riders:
                raise WireFault("nobody is left who wants it")
            call = made()
        return call.sign(session, stamp)

    def read(response: HttpResponse) -> MassCancelVerdict:
        return call.read(response)  # the one that was signed: an answer may tell its orders by their places

    return attrs.evolve(call, sign=sign, read=read)
