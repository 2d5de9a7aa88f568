"""Calls that several cases share: as urgent as the most urgent of them, also when that one comes later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from countermand import OrderId, RetryPolicy
from countermand._case._facts import Action, Case, Ended
from countermand._engine._cancel_lists import CancelLists
from countermand._engine._errand import Errand
from countermand._engine._open_case import OpenCase
from countermand._engine._traffic import Traffic
from countermand._engine._trains import Trains
from countermand._limits._urgency import Need
from countermand._wire._progress import Progress, WireFault
from countermand.testing import run_virtually
from countermand.venue import CallKind, Capabilities

LANE = ("pebble", "9")
KILL, FIRST, SETTLING, OTHER = Need


@attrs.frozen
class Pebble:
    """A venue that takes lists of cancels."""

    name: str = "pebble"
    capabilities: Capabilities = attrs.field(factory=lambda: Capabilities(cancel_list_size=50))


class Station:
    """Lets no call go but by `answer`, and remembers on whose errands they wait."""

    def __init__(self) -> None:
        self.venue = Pebble()
        self.errands: list[Errand] = []
        self._go = asyncio.Event()

    async def perform(self, errand: Errand, *_: Any) -> Ended:
        """Wait with a call."""
        self.errands.append(errand)
        await self._go.wait()
        errand.progress.sign("call")
        return errand.ended(errand.progress.clock(), fault="no answer")

    async def list_all(self, errand: Errand, *_: Any) -> Ended:
        """Wait with a listing."""
        return await self.perform(errand)

    async def told(self, errand: Errand, ask: Callable[[], asyncio.Future[Any]]) -> Ended:
        """Wait for what a rider is told."""
        try:
            await ask()
        except WireFault as fault:
            return errand.ended(errand.progress.clock(), fault=str(fault))
        raise AssertionError

    async def answer(self) -> None:
        """Let the calls go that wait."""
        self._go.set()
        await asyncio.sleep(0.001)
        self._go.clear()


class Platform:
    """Where riders of one account gather, for listings or for lists of cancels."""

    def __init__(self, kind: CallKind) -> None:
        self.kind = kind
        self.station = Station()
        self.traffic = Traffic()
        self._count = 0
        stations: Any = {"pebble": self.station}
        self.trains = Trains(stations, self._number, self.traffic)
        self._lists = CancelLists(stations, self._number)
        self.rides: list[asyncio.Task[Ended]] = []

    def errand(self, need: Need = SETTLING, deadline: float = 1020.0) -> Errand:
        """Make an errand."""
        return Errand(
            number=self._number(),
            account="9",
            kind=self.kind,
            until=deadline + 2.0,
            overdue_at=1008.0,
            patience_s=3.0,
            progress=Progress(clock=asyncio.get_running_loop().time),
            need=need,
            deadline=deadline,
        )

    async def board(self, need: Need = SETTLING, deadline: float = 1020.0) -> Errand:
        """Let somebody board, and wait for a moment."""
        errand = self.errand(need, deadline)
        entry = OpenCase(
            case=Case(
                venue="pebble",
                account="9",
                order=OrderId(str(errand.number)),
                capabilities=self.station.venue.capabilities,
                renewable=False,
                epoch=datetime.now(UTC),
                retry=RetryPolicy(),
            )
        )
        if self.kind is CallKind.LISTING:
            ride = self.trains.ride(entry, Action.HISTORY, errand, insists=False)
        else:
            ride = self._lists.ride(entry, errand)
        self.rides.append(asyncio.ensure_future(ride))
        await asyncio.sleep(0.01)
        return errand

    async def leave(self) -> None:
        """Let all go."""
        for _ in range(3):
            await self.station.answer()
        for ride in self.rides:
            ride.cancel()
        await asyncio.wait(self.rides)

    @property
    def waiting(self) -> list[tuple[Need, float]]:
        """How urgent the calls were until now, and for whose deadline."""
        return [(errand.need, errand.deadline) for errand in self.station.errands]

    def _number(self) -> int:
        self._count += 1
        return self._count


Work = Callable[[Platform], Coroutine[Any, Any, None]]


def at_a_platform(work: Work, kind: CallKind = CallKind.LISTING) -> None:
    async def main() -> None:
        platform = Platform(kind)
        await work(platform)
        await platform.leave()

    run_virtually(main())


BOTH = pytest.mark.parametrize(
    "kind", [CallKind.LISTING, CallKind.CANCEL], ids=["listing", "list of cancels"]
)


@BOTH
def test_who_becomes_more_urgent_hurries_the_call_it_shares(kind: CallKind) -> None:
    """A kill that joins one of the cases makes the call of all of them a kill's while it waits its turn."""

    async def work(platform: Platform) -> None:
        one, _ = await asyncio.gather(platform.board(), platform.board())
        assert platform.waiting == [(SETTLING, 1020.0)]
        one.hurry(SETTLING, 1015.0)
        assert platform.waiting == [(SETTLING, 1015.0)]
        one.last(1062.0, KILL, 1060.0)
        assert platform.waiting == [(KILL, 1015.0)]
        assert platform.station.errands[0].until == 1062.0

    at_a_platform(work, kind)


@BOTH
def test_a_call_that_is_canceled_from_outside_is_told_to_all_who_share_it(kind: CallKind) -> None:
    """They need not wait for what will never come."""

    async def work(platform: Platform) -> None:
        await asyncio.gather(platform.board(), platform.board())
        (shared,) = asyncio.all_tasks() - {asyncio.current_task(), *platform.rides}
        shared.cancel()
        await asyncio.sleep(0.001)
        assert [ride.result().fault for ride in platform.rides] == ["given up"] * 2

    at_a_platform(work, kind)


def test_who_gathers_hurries_the_listing_ahead() -> None:
    """Nobody can wait for a listing without waiting for the one that must arrive before it departs."""

    async def work(platform: Platform) -> None:
        await platform.board()
        patient = await platform.board(deadline=1030.0)
        assert platform.waiting == [(SETTLING, 1020.0)]
        patient.hurry(KILL, 1030.0)
        assert platform.waiting == [(KILL, 1020.0)]
        await platform.station.answer()
        assert platform.waiting[1:] == [(KILL, 1030.0)]

    at_a_platform(work)


def test_a_kill_that_gathers_hurries_the_listing_ahead() -> None:
    """It does so as it comes."""

    async def work(platform: Platform) -> None:
        await platform.board()
        await platform.board(KILL, 1060.0)
        assert platform.waiting == [(KILL, 1020.0)]

    at_a_platform(work)


def test_a_kill_gathers_for_its_own_cancels_only() -> None:
    """Its listing departs with the last of those, though cancels of others are to come."""

    async def work(platform: Platform) -> None:
        ordinary, urgent = platform.errand(FIRST), platform.errand(KILL)
        platform.traffic.begin(LANE, ordinary)
        platform.traffic.begin(LANE, urgent)
        await platform.board()
        await platform.board(KILL)
        assert platform.waiting == []
        platform.traffic.end(LANE, urgent)
        platform.trains.look(LANE)
        await asyncio.sleep(0.001)
        assert platform.waiting == [(KILL, 1020.0)]
        await platform.station.answer()
        await platform.board()
        assert len(platform.waiting) == 1  # the next ones gather as ever

    at_a_platform(work)
