"""Cancels that go in one call, where a venue takes lists: one receipt for all of them, then reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

import attrs

from countermand._case._facts import Answer, Ended, ListRefused
from countermand._engine._calls import cancel_target
from countermand._engine._errand import Errand
from countermand._engine._open_case import OpenCase
from countermand._engine._station import Station
from countermand._ids import OrderId
from countermand._wire._wire import Progress, WireFault
from countermand.venue import (
    Call,
    CallKind,
    CancelTarget,
    CancelVerdict,
    Gone,
    Refused,
    SessionRefused,
    Venue,
)

#: How long a list is gathered, in seconds, if it does not get full before.
GATHER_S = 0.005
#: How long no list is tried after one was refused as a whole, in seconds: a gateway may not know the call.
_PAUSE_S = 60.0

Key = tuple[str, str]


@attrs.define(kw_only=True, eq=False)
class _Rider:
    target: CancelTarget
    errand: Errand
    answer: asyncio.Future[tuple[Answer | None, str | None]]


class CancelLists:
    """Gathers the first cancels of many, per account, into lists."""

    def __init__(self, stations: Mapping[str, Station], next_number: Callable[[], int]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stations = stations
        self._gathering: dict[Key, list[_Rider]] = {}
        self._not_before: dict[str, float] = {}
        self._next_number = next_number
        self._tasks: set[asyncio.Task[None]] = set()

    def takes(self, entry: OpenCase) -> bool:
        """Tell whether a cancel of one of many may go in a list: the first one of its order."""
        case = entry.case
        if not case.capabilities.cancel_list_size or not isinstance(case.order, OrderId):
            return False
        if self._loop.time() < self._not_before.get(case.venue, 0.0):
            return False
        return not entry.survey.attempts

    async def ride(self, entry: OpenCase, errand: Errand) -> Ended:
        """Go in the next list, and tell how that ended for the order."""
        venue = entry.case.venue
        key = (venue, errand.account)
        target = cancel_target(entry.case)
        rider = _Rider(target=target, errand=errand, answer=self._loop.create_future())
        riders = self._gathering.setdefault(key, [])
        riders.append(rider)
        if len(riders) >= entry.case.capabilities.cancel_list_size:
            self._depart(key)
        elif len(riders) == 1:
            self._loop.call_later(GATHER_S, self._depart_late, key, riders)
        try:
            return await self._stations[venue].told(errand, lambda: rider.answer)
        finally:
            rider.answer.cancel()

    def close(self) -> None:
        """End whatever is under way."""
        for task in self._tasks:
            task.cancel()

    def _depart_late(self, key: Key, riders: list[_Rider]) -> None:
        if self._gathering.get(key) is riders:
            self._depart(key)

    def _depart(self, key: Key) -> None:
        riders = [rider for rider in self._gathering.pop(key) if not rider.answer.done()]
        if riders:
            task = self._loop.create_task(self._run(key, riders))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, key: Key, riders: list[_Rider]) -> None:
        venue, account = key
        station = self._stations[venue]
        ended = await station.perform(self._errand(account, riders), partial(_listed, station.venue, riders))
        answer: Answer | None = ended.answer
        if isinstance(answer, Refused | Gone) or (
            isinstance(answer, SessionRefused) and answer.or_unsupported
        ):
            self._not_before[venue] = self._loop.time() + _PAUSE_S
            answer = ListRefused(code=answer.code, text=answer.text)
        for rider in riders:
            rider.errand.progress.status = ended.status
            rider.errand.progress.session = ended.session
            rider.errand.progress.first_byte_at = ended.first_byte_at
            if rider.answer.done():
                continue
            if ended.fault is None:
                rider.answer.set_result((answer, ended.reply))
            else:
                rider.answer.set_exception(WireFault(ended.fault))

    def _errand(self, account: str, riders: list[_Rider]) -> Errand:
        """Make it as urgent as the most urgent of its riders, who are told when it goes to the wire."""
        number = self._next_number()

        def on_signed(call: str, at: float) -> None:
            for rider in riders:
                rider.errand.count(number, at)
                rider.errand.progress.sign(call)

        return Errand(
            number=number,
            account=account,
            kind=CallKind.MASS_CANCEL,
            until=max(rider.errand.until for rider in riders),
            overdue_at=max(rider.errand.overdue_at for rider in riders),
            patience_s=max(rider.errand.patience_s for rider in riders),
            progress=Progress(clock=self._loop.time, on_signed=on_signed),
            need=min(rider.errand.need for rider in riders),
            deadline=min(rider.errand.deadline for rider in riders),
        )


def _listed(venue: Venue, riders: list[_Rider]) -> Call[CancelVerdict]:
    return venue.cancel_list([rider.target for rider in riders])
