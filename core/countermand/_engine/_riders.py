"""Exchanges of several cases that share one call: what each of them is told of it."""

from __future__ import annotations

import asyncio

import attrs

from countermand._case._facts import Answer, Ended
from countermand._engine._errand import Errand
from countermand._engine._open_case import OpenCase
from countermand._engine._station import Station
from countermand._wire._progress import Progress, WireFault
from countermand.venue import CallKind


@attrs.define(kw_only=True, eq=False)
class Rider:
    """One case's exchange that goes along with others, as long as its case wants it."""

    entry: OpenCase
    errand: Errand
    #: Whether its order must be shown however far down it is, for no single read would do.
    insists: bool = False
    _answer: asyncio.Future[tuple[Answer | None, str | None]] = attrs.field(
        factory=lambda: asyncio.get_running_loop().create_future(), init=False
    )
    _broken: bool = attrs.field(default=False, init=False)

    @property
    def left(self) -> bool:
        """Whether it was told, or waits no more."""
        return self._answer.done()

    async def arrived(self, station: Station) -> Ended:
        """Wait for what it is told, as long as its errand lasts."""
        try:
            ended = await station.told(self.errand, lambda: self._answer)
        finally:
            self._answer.cancel()
        return attrs.evolve(ended, broken=ended.broken or self._broken)

    def tell(self, ended: Ended, along: Progress, answer: Answer | None) -> None:
        """Tell how the shared call ended, and what its answer is to this case."""
        own = self.errand.progress
        own.status, own.session = along.status, along.session
        own.first_byte_at, own.traced, own.unsent = along.first_byte_at, along.traced, along.unsent
        if self.left:
            return
        if ended.fault is None:
            self._answer.set_result((answer, ended.reply))
        else:
            self._broken = ended.broken
            self._answer.set_exception(WireFault(ended.fault))


def give_up(riders: list[Rider], errand: Errand) -> None:
    """Tell the riders of a shared call that it was canceled, by whomever."""
    ended = errand.ended(errand.progress.clock(), fault="given up")
    for rider in riders:
        rider.tell(ended, errand.progress, None)


def joint_errand(number: int, kind: CallKind, riders: list[Rider], patience_s: float) -> Errand:
    """Make the errand of a shared call: as urgent as the most urgent rider, lasting as long as the last.

    So it is also when one of them becomes more urgent, or lasts longer, while it is under way. The riders, as
    they are then, are told when it goes to the wire.
    """
    clock = riders[0].errand.progress.clock

    def on_signed(call: str, at: float) -> None:
        for rider in riders:
            rider.errand.count(number, at)
            if rider.errand.queued:
                rider.errand.progress.sign(call)

    joint = Errand(
        number=number,
        account=riders[0].errand.account,
        kind=kind,
        until=max(rider.errand.until for rider in riders),
        overdue_at=clock() + patience_s,
        patience_s=patience_s,
        progress=Progress(clock=clock, on_signed=on_signed),
        need=min(rider.errand.need for rider in riders),
        deadline=min(rider.errand.deadline for rider in riders),
    )
    for rider in riders:
        rider.errand.along = joint
    return joint
