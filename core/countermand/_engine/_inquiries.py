"""Questions beside the cancels: which orders are open, which accounts there are, whether a session holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import attrs

from countermand._case._facts import Action, Ended
from countermand._clock import clock_of
from countermand._engine._calls import page_call
from countermand._engine._errand import Errand
from countermand._engine._guard import PluginFault, worded
from countermand._engine._pages import by_turns
from countermand._engine._station import Station
from countermand._limits._urgency import Need
from countermand._open_orders import OpenOrders
from countermand._order import OrderReport
from countermand._request import check_timeout
from countermand._scope import Scope
from countermand._sweep._failures import why
from countermand._sweep._known import is_open
from countermand._wire._progress import Progress
from countermand.venue import Accounts, Call, CallKind

#: The longest that one page, or one such call, is waited for, in seconds.
_PATIENCE_S = 5.0
AccountsByVenue = dict[str, tuple[str, ...]]


class Inquiries:
    """Asks the venues of one client; `epoch` is the wall clock's time at monotonic 0."""

    def __init__(self, stations: Mapping[str, Station], number: Callable[[], int], epoch: datetime) -> None:
        self._clock = clock_of(asyncio.get_running_loop())
        self._stations = stations
        self._number = number
        self._epoch = epoch

    async def open_orders(self, station: Station, account: str, timeout_s: float) -> OpenOrders:
        """List the open orders of an account; raises only for the caller's own mistakes."""
        check_timeout("timeout_s", timeout_s)
        try:
            station.venue.check_scope(Scope.account(station.venue.name, account))
        except PluginFault as fault:
            return OpenOrders(incomplete=True, error=worded(fault))
        errand = self._errand(CallKind.LISTING, account, self._clock() + timeout_s)
        listing = await station.list_whole(errand, partial(page_call, station.venue, account, Action.OPEN))
        ended = listing.failure
        reason, error = why(ended.answer, ended.fault) if ended is not None else (None, None)
        rows = await by_turns(listing.present, partial(self._dated, listing.seen_at))
        since = listing.began_at if listing.absent_since is None else listing.absent_since
        return OpenOrders(
            orders=tuple(row for row in rows if row is not None),
            incomplete=listing.incomplete,
            error=error,
            reason=reason,
            as_of=None if since is None else self._utc(since),
        )

    async def accounts(self, deadline: float, *, kill: bool) -> tuple[AccountsByVenue, dict[str, str]]:
        """Ask each venue for its accounts: by venue what it told, and why it did not, or cannot."""
        told: AccountsByVenue = {}
        untold: dict[str, str] = {}

        async def ask(station: Station) -> None:
            name = station.venue.name
            try:
                if not station.venue.capabilities.lists_accounts:
                    untold[name] = "the venue does not tell its accounts"
                    return
                ended = await self.list_accounts(station, deadline, kill=kill)
            except Exception as error:  # noqa: BLE001 - a plugin's fault is told, and no other venue's
                untold[name] = worded(error)
                return
            if isinstance(ended.answer, Accounts):
                told[name] = ended.answer.ids
            else:
                untold[name] = why(ended.answer, ended.fault)[1] or "no answer"

        await asyncio.gather(*map(ask, self._stations.values()))
        return told, untold

    async def list_accounts(self, station: Station, deadline: float, *, kill: bool = False) -> Ended:
        """Ask a venue for its accounts."""
        return await self.ask(station, station.venue.list_accounts, "", CallKind.READ, deadline, kill=kill)

    async def ask(
        self,
        station: Station,
        make: Callable[[], Call[Any]],
        account: str,
        kind: CallKind,
        deadline: float,
        *,
        kill: bool = False,
    ) -> Ended:
        """Make one call; never raises but for a cancellation."""
        return await station.perform(self._errand(kind, account, deadline, kill=kill), make)

    def errand(self, deadline: float) -> Errand:
        """Make the errand of a log-in that is for no call."""
        return self._errand(CallKind.READ, "", deadline)

    def _errand(self, kind: CallKind, account: str, deadline: float, *, kill: bool = False) -> Errand:
        now = self._clock()
        patience_s = min(_PATIENCE_S, deadline - now)

        def on_signed(_call: str, at: float) -> None:
            errand.last(deadline)
            errand.end_by(at + patience_s)

        errand = Errand(
            number=self._number(),
            account=account,
            kind=kind,
            until=deadline,
            overdue_at=now + patience_s,
            patience_s=patience_s,
            progress=Progress(clock=self._clock, on_signed=on_signed),
            need=Need.KILL if kill else Need.OTHER,
            deadline=deadline,
        )
        return errand

    def _dated(self, seen_at: Mapping[str, float], row: OrderReport) -> OrderReport | None:
        """Say when an order was read, if it is open."""
        return attrs.evolve(row, as_of=self._utc(seen_at[row.order_id.value])) if is_open(row) else None

    def _utc(self, at: float) -> datetime:
        return self._epoch + timedelta(seconds=at)
