"""The calls that are a mass cancel's own: the venue's call for all orders at once, and listings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import cast

import attrs

from countermand._case._facts import Action, Began, Ended, NoSession, Signed
from countermand._clock import clock_of
from countermand._engine._calls import page_call
from countermand._engine._errand import Errand
from countermand._engine._pages import by_turns
from countermand._engine._station import Station
from countermand._engine._whole_listing import WholeListing
from countermand._limits._urgency import Need
from countermand._scope import PlacedAfter
from countermand._sweep._facts import Sweep
from countermand._sweep._known import Look
from countermand._sweep._place import shown
from countermand._wire._progress import Progress
from countermand.venue import CallKind, ReadFailure

#: The longest the venue's own mass cancel, and one page of a listing, are waited for, in seconds; never more
#: than half of what is left.
PATIENCE_S = {CallKind.MASS_CANCEL: 3.0, CallKind.LISTING: 5.0}
#: How often what a long listing has shown so far is handed over, in seconds, where any order is canceled.
_HAND_OVER_S = 2.0


class SweepCalls:
    """Makes those calls, and tells the sweep how they ended."""

    def __init__(
        self,
        sweep: Sweep,
        station: Station,
        number: Callable[[], int],
        heard: Callable[[], None],
        *,
        kill: bool,
    ) -> None:
        self._clock = clock_of(asyncio.get_running_loop())
        self._sweep = sweep
        self._station = station
        self._number = number
        self._heard = heard
        self._kill = kill
        self._native: Errand | None = None
        self._signed: Signed | None = None
        #: Each call by the number of its exchange and the time it was signed.
        self.made: set[tuple[int, float]] = set()

    def begin_native(self) -> Errand:
        """Note that the venue's own call is about to be made."""
        now = self._clock()
        errand = self._native = self._errand(CallKind.MASS_CANCEL, Need.FIRST_CANCEL)
        self._sweep.call(
            Began(number=errand.number, action=Action.CANCEL, at=now, overdue_at=errand.overdue_at)
        )
        return errand

    async def native(self, errand: Errand) -> None:
        """Make the call that has begun."""
        venue, scope = self._station.venue, self._sweep.scope
        self._hear(await self._station.perform(errand, lambda: venue.cancel_all(scope)))

    def end_native(self) -> None:
        """Tell of a call that the deadline came before."""
        if self._sweep.calling and self._native is not None:
            self._hear(self._native.ended(self._clock(), fault="no answer by the deadline"))

    def begin_look(self) -> None:
        """Note that a listing is about to be made."""
        self._sweep.looking_since = self._clock()

    async def look(self) -> None:
        """List all that is open."""
        errand = self._errand(CallKind.LISTING, Need.OTHER if self._sweep.has_looked else Need.SETTLING_READ)
        asked_at = self._clock()
        calls = partial(page_call, self._station.venue, errand.account, Action.OPEN)
        handed_over_at = asked_at

        async def so_far(listing: Callable[[], WholeListing]) -> None:
            nonlocal handed_over_at
            now = self._clock()
            if now >= handed_over_at + _HAND_OVER_S:
                handed_over_at = now
                await self._see_so_far(listing(), asked_at)

        # Under KEEP only the whole of it says what was there before.
        cancels_all = self._sweep.placed_after is PlacedAfter.CANCEL
        listing = await self._station.list_whole(errand, calls, so_far if cancels_all else None)
        self._sweep.see(await self._look_of(listing, asked_at))

    async def _see_so_far(self, listing: WholeListing, asked_at: float) -> None:
        """Tell what a listing has shown that goes on: a part of it, which proves nothing."""
        looking_since = self._sweep.looking_since
        part = await self._look_of(listing, asked_at)
        self._sweep.see(attrs.evolve(part, fault="not at its end yet"))
        self._sweep.looking_since = looking_since
        self._heard()

    async def _look_of(self, listing: WholeListing, asked_at: float) -> Look:
        """Take a listing for what it proves: what it does not show has not been open since it began."""
        ended_at = self._clock()
        began_at = asked_at if listing.began_at is None else listing.began_at
        failure = listing.failure
        rows = await by_turns(listing.present, partial(shown, self._sweep.scope, listing.seen_at))
        return Look(
            began_at=began_at if listing.absent_since is None else listing.absent_since,
            ended_at=ended_at,
            shown={row.report.order_id: row for row in rows if row is not None},
            incomplete=listing.incomplete,
            failure=cast("ReadFailure | NoSession | None", failure.answer) if failure is not None else None,
            fault=failure.fault if failure is not None else None,
        )

    def _hear(self, ended: Ended) -> None:
        signed, self._signed = self._signed, None
        self._sweep.hear_native(signed, ended)

    def _errand(self, kind: CallKind, need: Need) -> Errand:
        now, deadline = self._clock(), self._sweep.deadline
        patience_s = min(PATIENCE_S[kind], (deadline - now) / 2)
        errand = Errand(
            number=self._number(),
            account=self._sweep.scope.account_id or "",
            kind=kind,
            until=deadline,
            overdue_at=now + patience_s,
            patience_s=patience_s,
            progress=Progress(clock=self._clock, on_signed=lambda call, at: self._sign(errand, call, at)),
            need=Need.KILL if self._kill else need,
            deadline=deadline,
        )
        return errand

    def _sign(self, errand: Errand, call: str, at: float) -> None:
        """Count a call; from here on it is waited for, and not for its turn."""
        self.made.add((errand.number, at))
        if errand is self._native:
            self._signed = Signed(number=errand.number, call=call, at=at)
        errand.last(self._sweep.deadline)
        errand.end_by(at + errand.patience_s)
