"""Performs what the plan of each case names, adds what comes of it as facts, and answers the callers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

import attrs
import httpx

from countermand._ack import CancelAck
from countermand._case._ack_of import ack_of
from countermand._case._conclude import conclude
from countermand._case._facts import Action, Began, Caller, Case, Ended, Signed
from countermand._case._plan import plan
from countermand._case._resolve import resolve
from countermand._case._survey import Survey
from countermand._engine._admission import check, not_sent
from countermand._engine._calls import KINDS, order_call, page_call
from countermand._engine._open_case import OpenCase, ended_facts
from countermand._engine._station import Errand, Settings, Station
from countermand._engine._watch import Watch
from countermand._engine._wire import Progress, Wire
from countermand._ids import ClientOrderId, OrderId
from countermand._outcome import Outcome, Reason, Stage
from countermand._request import CancelRequest
from countermand.errors import ClosedClientError, CountermandError, UnknownVenueError
from countermand.venue import CallKind, Venue

Key = tuple[str, str, OrderId | ClientOrderId]

#: An answer up to so many seconds after the deadline is still read.
LATE_GRACE_S = 2.0
#: The longest one exchange is waited for alone, in seconds; never more than half of what is left.
ATTEMPT_TIMEOUT_S = 3.0
#: How long a client waits at its end for the venues to take their sessions back, in seconds.
LOG_OUT_TIMEOUT_S = 1.0


class Engine:
    """The cases of one client, on one event loop; nothing here may be touched from another."""

    def __init__(
        self,
        venues: Iterable[Venue],
        transport: httpx.AsyncBaseTransport | None,
        watch: Watch,
        settings: Settings,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._wire = Wire(transport)
        self._watch = watch
        self._stations = {venue.name: Station(venue, self._wire, watch, settings) for venue in venues}
        self._cases: dict[Key, OpenCase] = {}
        self._where: dict[Caller, OpenCase] = {}
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        # One reading of the wall clock: a jump of it later moves no wait and no age.
        self._epoch = datetime.now(UTC) - timedelta(seconds=self._loop.time())

    async def cancel(self, request: CancelRequest) -> CancelAck:
        """Cancel one order and say what became of it; raises only for the caller's own mistakes."""
        if self._closed:
            raise ClosedClientError("the client is closed")
        venue = self._station(request.venue).venue
        try:
            check(venue, request)
        except CountermandError:
            raise
        except Exception as error:  # noqa: BLE001 - a plugin's fault is no mistake of the caller's
            return not_sent(request, error)
        self._watch.requested(request)
        ack = await self._one(request, self._loop.time() + request.timeout_s)
        if request.follow_replacement:
            ack = await self._followed(ack, self._loop.time() - ack.elapsed_s)
        self._watch.acknowledged(ack)
        return ack

    async def aclose(self) -> None:
        """Answer whoever waits with what is known, end what is under way, give the sessions back."""
        self._closed = True
        now = self._loop.time()
        for entry in list(self._cases.values()):
            self._answer(entry, now, closing=True)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        log_outs = [self._loop.create_task(station.aclose()) for station in self._stations.values()]
        if log_outs:
            _, late = await asyncio.wait(log_outs, timeout=LOG_OUT_TIMEOUT_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*log_outs, return_exceptions=True)
        await self._wire.aclose()

    def _station(self, name: str) -> Station:
        try:
            return self._stations[name]
        except KeyError:
            known = ", ".join(sorted(self._stations)) or "none"
            raise UnknownVenueError(f"no venue named {name!r} in this client; it has: {known}") from None

    async def _one(self, request: CancelRequest, deadline: float) -> CancelAck:
        caller = Caller(request=request, joined_at=self._loop.time(), deadline=deadline)
        waiter: asyncio.Future[CancelAck] = self._loop.create_future()
        entry = self._entry(request.venue, request.account, request.order)
        self._attach(entry, caller, waiter)
        self._advance(entry)
        try:
            return await waiter
        finally:
            self._leave(caller)

    async def _followed(self, ack: CancelAck, began_at: float) -> CancelAck:
        """Cancel what took the order's place, and what took that one's, as long as time is left."""
        deadline = began_at + ack.request.timeout_s
        while ack.reason is Reason.REPLACED and ack.successor is not None and not self._closed:
            left_s = deadline - self._loop.time()
            if left_s <= 0:
                break
            heir = attrs.evolve(ack.request, order=ack.successor, client_order=None, timeout_s=left_s)
            then = await self._one(heir, deadline)
            ack = attrs.evolve(
                then,
                request=ack.request,
                successor=then.successor or ack.successor,
                evidence=(*ack.evidence, *then.evidence),
                elapsed_s=self._loop.time() - began_at,
            )
        return ack

    def _entry(self, venue: str, account: str, order: OrderId | ClientOrderId) -> OpenCase:
        key = (venue, account, order)
        if key not in self._cases:
            station = self._station(venue)
            self._cases[key] = OpenCase(
                case=Case(
                    venue=venue,
                    account=account,
                    order=order,
                    capabilities=station.venue.capabilities,
                    renewable=station.venue.renewable,
                    epoch=self._epoch,
                )
            )
        return self._cases[key]

    def _attach(self, entry: OpenCase, caller: Caller, waiter: asyncio.Future[CancelAck]) -> None:
        entry.case.callers.append(caller)
        entry.waiters[caller] = waiter
        self._where[caller] = entry
        for _, errand in entry.under_way.values():
            if (
                errand.kind is CallKind.CANCEL
            ):  # whoever joins it waits for its answer as long as for an own one
                errand.last(caller.deadline + LATE_GRACE_S)

    def _leave(self, caller: Caller) -> None:
        """Let go of a caller that did not wait for its answer; what is under way lives on."""
        entry = self._where.pop(caller, None)
        if entry is not None:
            del entry.waiters[caller]
            entry.case.callers.remove(caller)
            self._advance(entry)

    def _advance(self, entry: OpenCase) -> None:
        now = self._loop.time()
        try:
            entry = self._pinned(entry)
            self._answer(entry, now)
            self._begin(entry, now)
        except Exception as error:  # noqa: BLE001 - our own fault must end as an ack that carries it
            self._give_up(entry, error)

    def _pinned(self, entry: OpenCase) -> OpenCase:
        """Move the callers of a client's id to the case of the order it means, with what that rests on."""
        if not entry.case.unresolved or not entry.waiters:
            return entry
        found = resolve(Survey(case=entry.case))
        if not isinstance(found, OrderId):
            return entry
        pinned = self._entry(entry.case.venue, entry.case.account, found)
        pinned.case.facts.extend(ended_facts(entry.case))
        for caller, waiter in entry.waiters.items():
            self._attach(pinned, caller, waiter)
        if entry.timer is not None:
            entry.timer.cancel()
        entry.waiters.clear()
        entry.case.callers.clear()
        self._forget_if_idle(entry)
        return pinned

    def _answer(self, entry: OpenCase, now: float, *, closing: bool = False) -> None:
        if closing or all(caller.deadline <= now for caller in entry.waiters):
            self._take_back(entry, now)
        for caller, waiter in list(entry.waiters.items()):
            conclusion = conclude(entry.case, caller, now)
            if conclusion.settled or closing or caller.deadline <= now:
                self._tell(entry, caller, waiter, ack_of(entry.case, caller, conclusion, now))

    def _tell(
        self, entry: OpenCase, caller: Caller, waiter: asyncio.Future[CancelAck], ack: CancelAck
    ) -> None:
        del entry.waiters[caller], self._where[caller]
        entry.case.callers.remove(caller)
        if not waiter.done():
            waiter.set_result(ack)

    def _take_back(self, entry: OpenCase, now: float) -> None:
        """End what was not handed to the wire yet: nobody waits for it any more, and no byte has left."""
        for number, (task, errand) in list(entry.under_way.items()):
            if errand.progress.signed_at is None:
                task.cancel()
                del entry.under_way[number]
                fault = "the deadline came before it could be sent"
                entry.case.facts.append(Ended(number=number, at=now, sent=errand.progress.sent, fault=fault))

    def _begin(self, entry: OpenCase, now: float) -> None:
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None
        step = plan(entry.case, now)
        for action in step.begin:
            self._start(entry, action, now)
        if step.begin:
            step = plan(entry.case, now)
        wake_at = min((step.look_again_at, *(caller.deadline for caller in entry.waiters)))
        if entry.waiters:
            entry.timer = self._loop.call_at(wake_at, self._advance, entry)
        else:
            self._forget_if_idle(entry)

    def _start(self, entry: OpenCase, action: Action, now: float) -> None:
        number = next(self._numbers)
        deadline = max(caller.deadline for caller in entry.waiters)
        half = (deadline - now) / 2
        patience = min(ATTEMPT_TIMEOUT_S, half)
        # A cancel lives on past its deadline, for a late answer still counts; a read makes way for the next.
        until = {Action.CANCEL: deadline + LATE_GRACE_S, Action.OPEN: now + half, Action.HISTORY: now + half}
        entry.case.facts.append(Began(number=number, action=action, at=now, overdue_at=now + patience))
        progress = Progress(
            clock=self._loop.time,
            on_signed=lambda at: entry.case.facts.append(Signed(number=number, at=at)),
        )
        errand = Errand(
            number=number,
            account=entry.case.account,
            kind=KINDS[action],
            until=until.get(action, now + patience),
            progress=progress,
        )
        task = self._loop.create_task(self._perform(entry, action, errand))
        entry.under_way[number] = (task, errand)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _perform(self, entry: OpenCase, action: Action, errand: Errand) -> None:
        case, station = entry.case, self._station(entry.case.venue)
        if action in (Action.OPEN, Action.HISTORY):
            pages = partial(page_call, station.venue, case, action)
            # Newest first: a history that shows the order has shown whatever took its place.
            enough = case.is_about if action is Action.HISTORY else None
            ended = await station.list_all(errand, pages, case.concerns, enough)
        else:
            ended = await station.perform(errand, partial(order_call, station.venue, case, action))
        entry.under_way.pop(errand.number, None)
        case.facts.append(ended)
        self._advance(entry)

    def _give_up(self, entry: OpenCase, error: Exception) -> None:
        survey = Survey(case=entry.case)
        for caller, waiter in list(entry.waiters.items()):
            ack = CancelAck(
                request=caller.request,
                outcome=Outcome.UNKNOWN,
                sent=survey.sent,
                stage=Stage.CONFIRM,
                error=f"{type(error).__name__}: {error}",
            )
            self._tell(entry, caller, waiter, ack)
        self._forget_if_idle(entry)

    def _forget_if_idle(self, entry: OpenCase) -> None:
        key = (entry.case.venue, entry.case.account, entry.case.order)
        if not entry.waiters and not entry.under_way and self._cases.get(key) is entry:
            del self._cases[key]
