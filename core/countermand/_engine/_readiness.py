"""Being ready for a kill: sessions that are held and connections that are open, and stay so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from countermand._case._facts import Ended
from countermand._engine._guard import worded
from countermand._engine._inquiries import Inquiries
from countermand._engine._station import Station
from countermand._mass_cancel import Readiness
from countermand._request import check_timeout
from countermand._sweep._failures import why
from countermand._tasks import begin_task
from countermand.venue import Accounts, CallKind, Page

#: How often a venue is asked again, in seconds, so that neither session nor connection grows cold; and how
#: soon where it failed.
KEEP_EVERY_S = 300.0
_AGAIN_S = 30.0
#: How long one such look may take, in seconds.
_LOOK_S = 10.0
#: A session of however short a life is not renewed more often than that.
_LEAST_S = 1.0
#: What a venue declares, and no look may happen to ask for.
_DECLARED = ("base_url", "renewable")


class Watchmen:
    """Makes venues ready and keeps them so: one task for each venue, until the end of the client."""

    def __init__(self, stations: Mapping[str, Station], inquiries: Inquiries) -> None:
        self._loop = asyncio.get_running_loop()
        self._stations = stations
        self._inquiries = inquiries
        self._accounts: Mapping[str, tuple[str, ...]] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}

    async def ready(self, accounts: Mapping[str, tuple[str, ...]], timeout_s: float) -> tuple[Readiness, ...]:
        """Make all venues ready, each on its own; `accounts` are those configured, by venue."""
        check_timeout("timeout_s", timeout_s)
        self._accounts = accounts
        deadline = self._loop.time() + timeout_s
        found = await asyncio.gather(*(self._looked(one, deadline) for one in self._stations.values()))
        for readiness in found:
            if readiness.venue not in self._keepers:
                keeper = self._keep(self._stations[readiness.venue], ready=readiness.ready)
                self._keepers[readiness.venue] = begin_task(keeper)
        return tuple(found)

    def close(self) -> None:
        """Keep nothing ready any more."""
        for task in self._keepers.values():
            task.cancel()

    async def _keep(self, station: Station, *, ready: bool) -> None:
        while True:
            wait_s = min(KEEP_EVERY_S, station.renew_at - self._loop.time())
            await asyncio.sleep(max(_LEAST_S, wait_s) if ready else _AGAIN_S)
            ready = (await self._looked(station, self._loop.time() + _LOOK_S)).ready

    async def _looked(self, station: Station, deadline: float) -> Readiness:
        try:
            return await self._look(station, deadline)
        except Exception as error:  # noqa: BLE001 - a plugin's fault is told, and no other venue's
            return Readiness(venue=station.venue.name, ready=False, error=worded(error))

    async def _look(self, station: Station, deadline: float) -> Readiness:
        venue = station.venue
        for declared in _DECLARED:  # what breaks with whoever asks for it breaks the next cancel, too
            getattr(venue, declared)
        accounts = self._accounts.get(venue.name, ())
        if venue.capabilities.lists_accounts:
            ended = await self._inquiries.list_accounts(station, deadline)
            return _told(venue.name, ended, accounts)
        if accounts:
            listing = self._inquiries.ask(
                station, lambda: venue.list_open(accounts[0]), accounts[0], CallKind.LISTING, deadline
            )
            return _told(venue.name, await listing)
        return await self._logged_in(station, deadline)

    async def _logged_in(self, station: Station, deadline: float) -> Readiness:
        """Have a session where no call is known that would do no harm."""
        name = station.venue.name
        try:
            async with asyncio.timeout_at(deadline):
                none = await station.log_in(self._inquiries.errand(deadline))
        except TimeoutError:
            return Readiness(venue=name, ready=False, error="no session in time")
        return Readiness(venue=name, ready=none is None, error=None if none is None else why(none, None)[1])


def _told(name: str, ended: Ended, configured: tuple[str, ...] = ()) -> Readiness:
    if isinstance(ended.answer, Accounts):
        ids = ended.answer.ids
        untold = tuple(one for one in configured if one not in ids)
        return Readiness(venue=name, ready=True, accounts=ids, untold=untold)
    if isinstance(ended.answer, Page):
        return Readiness(venue=name, ready=True)
    return Readiness(venue=name, ready=False, error=why(ended.answer, ended.fault)[1])
