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
from countermand._case._facts import Action, Began, Caller, Case, Signed
from countermand._case._follow import followed
from countermand._case._plan import plan
from countermand._case._resolve import resolve
from countermand._case._survey import Survey
from countermand._engine._admission import check, not_sent
from countermand._engine._calls import KINDS, order_call, page_call
from countermand._engine._errand import Errand
from countermand._engine._open_case import Key, OpenCase
from countermand._engine._pages import Pages
from countermand._engine._settings import Settings
from countermand._engine._station import Station
from countermand._engine._watch import Watch
from countermand._engine._wire import Progress, Wire
from countermand._ids import ClientOrderId, OrderId
from countermand._outcome import Outcome, Reason, Stage
from countermand._request import CancelRequest
from countermand.errors import ClosedClientError, CountermandError, InvalidRequestError, UnknownVenueError
from countermand.venue import CallKind, Venue

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
        if not isinstance(request, CancelRequest):
            raise InvalidRequestError(f"expected a CancelRequest, got {type(request).__name__}")
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
        for entry in list(self._cases.values()):
            self._advance(entry)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=LOG_OUT_TIMEOUT_S)
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
        deadline, visited = began_at + ack.request.timeout_s, {ack.order_id}
        while ack.reason is Reason.REPLACED and ack.successor not in visited and not self._closed:
            left_s = deadline - self._loop.time()
            if left_s <= 0 or ack.successor is None:
                break
            visited.add(ack.successor)
            heir = attrs.evolve(ack.request, order=ack.successor, client_order=None, timeout_s=left_s)
            then = await self._one(heir, deadline)
            ack = followed(ack, then, self._loop.time() - began_at)
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
        entry.attach(caller, waiter, LATE_GRACE_S)
        self._where[caller] = entry

    def _leave(self, caller: Caller) -> None:
        """Let go of a caller that did not wait for its answer; what is under way lives on."""
        entry = self._where.pop(caller, None)
        if entry is not None:
            entry.release(caller)
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
        pinned.learn(entry.ended_facts())
        for caller in list(entry.waiters):
            self._attach(pinned, caller, entry.release(caller))
        self._keep_for_a_while(entry)
        return pinned

    def _answer(self, entry: OpenCase, now: float) -> None:
        if self._closed or all(caller.deadline <= now for caller in entry.waiters):
            entry.take_back(now)
        survey = Survey(case=entry.case)
        for caller in list(entry.waiters):
            conclusion = conclude(survey, caller)
            if conclusion.settled or self._closed or caller.deadline <= now:
                self._tell(entry, caller, ack_of(survey, caller, conclusion, self._loop.time()))

    def _tell(self, entry: OpenCase, caller: Caller, ack: CancelAck) -> None:
        del self._where[caller]
        waiter = entry.release(caller)
        if not waiter.done():
            waiter.set_result(ack)

    def _begin(self, entry: OpenCase, now: float) -> None:
        step = plan(Survey(case=entry.case), now)
        for action in step.begin:
            self._start(entry, action, now)
        if not entry.waiters:
            self._keep_for_a_while(entry)
            return
        if step.begin:
            step = plan(Survey(case=entry.case), now)
        wake_at = min(step.look_again_at, *(caller.deadline for caller in entry.waiters))
        entry.wake(self._loop.call_at(wake_at, self._advance, entry))

    def _start(self, entry: OpenCase, action: Action, now: float) -> None:
        number = next(self._numbers)
        deadline = max(caller.deadline for caller in entry.waiters)
        half_s = (deadline - now) / 2
        kind = KINDS[action]
        patience_s = half_s if kind is CallKind.LISTING else min(ATTEMPT_TIMEOUT_S, half_s)
        entry.case.facts.append(Began(number=number, action=action, at=now, overdue_at=now + patience_s))
        progress = Progress(
            clock=self._loop.time,
            on_signed=lambda call, at: entry.case.facts.append(Signed(number=number, call=call, at=at)),
        )
        # An overdue cancel lives on, for a late answer still counts; an overdue read makes way for the next.
        lasts_until = deadline if kind is CallKind.CANCEL else now + patience_s
        errand = Errand(
            number=number,
            account=entry.case.account,
            kind=kind,
            until=lasts_until + LATE_GRACE_S,
            overdue_at=now + patience_s,
            patience_s=patience_s,
            progress=progress,
        )
        task = self._loop.create_task(self._perform(entry, action, errand))
        entry.under_way[number] = (task, errand)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _perform(self, entry: OpenCase, action: Action, errand: Errand) -> None:
        case, station = entry.case, self._station(entry.case.venue)
        if action in (Action.OPEN, Action.HISTORY):
            calls = partial(page_call, station.venue, case, action)
            # Newest first: a history that shows the order has shown whatever took its place.
            enough = case.is_about if action is Action.HISTORY else None
            ended = await station.list_all(errand, calls, Pages(concerns=case.concerns, enough=enough))
        else:
            ended = await station.perform(errand, partial(order_call, station.venue, case, action))
        entry.under_way.pop(errand.number, None)
        case.facts.append(ended)
        self._advance(entry)

    def _give_up(self, entry: OpenCase, error: Exception) -> None:
        sent = Survey(case=entry.case).sent
        for caller in list(entry.waiters):
            ack = CancelAck(
                request=caller.request,
                outcome=Outcome.UNKNOWN,
                sent=sent,
                stage=Stage.CONFIRM,
                error=f"{type(error).__name__}: {error}",
            )
            self._tell(entry, caller, ack)
        self._keep_for_a_while(entry)

    def _keep_for_a_while(self, entry: OpenCase) -> None:
        """Forget a case that nobody waits for only when no late effect of it can surprise the next caller."""
        entry.wake(None)
        if not entry.waiters and (entry.case.unresolved or Survey(case=entry.case).dead):
            # Of an id that was looked up, or an order that has ended, the venue is asked anew.
            self._forget(entry)
        elif not entry.waiters and not entry.under_way and not self._closed:
            idle_s = entry.case.capabilities.read_lag_s + LATE_GRACE_S
            entry.wake(self._loop.call_later(idle_s, self._forget, entry))

    def _forget(self, entry: OpenCase) -> None:
        if self._cases.get(entry.key) is entry:
            del self._cases[entry.key]
