"""What a client asks for: cancels with what follows them, what is still owed, and an end of it all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import attrs

from countermand._ack import CancelAck
from countermand._case._facts import Caller
from countermand._case._follow import followed
from countermand._clock import clock_of
from countermand._engine._admission import check, not_sent
from countermand._engine._batches import Batches
from countermand._engine._cases import Cases
from countermand._engine._flow import Flow
from countermand._engine._guard import PluginFault, worded
from countermand._engine._inquiries import Inquiries
from countermand._engine._kill import Block, Kill
from countermand._engine._landing import Landing
from countermand._engine._ledger import Ledger, no_less
from countermand._engine._mailbox import Mailbox
from countermand._engine._readiness import Watchmen
from countermand._engine._settings import Settings
from countermand._engine._station import Station
from countermand._engine._straight import Straight
from countermand._engine._sweeps import Sweeps
from countermand._engine._telling import Tell
from countermand._engine._watch import Watch
from countermand._mass_cancel import KillReport, MassCancelReport, Readiness
from countermand._open_orders import OpenOrders
from countermand._outcome import Reason
from countermand._request import Assurance, CancelRequest, check_timeout
from countermand._retry import RetryPolicy
from countermand._scope import PlacedAfter, Scope
from countermand._tasks import begin_task
from countermand._update import Owed
from countermand._wire._wire import Wire
from countermand.errors import ClosedClientError, CountermandError, InvalidRequestError, UnknownVenueError
from countermand.venue import Venue

if TYPE_CHECKING:
    import httpx

    from countermand._question import Question

#: How long a client waits at its end for the venues to take their sessions back, in seconds.
LOG_OUT_TIMEOUT_S = 1.0


class Engine:
    """The state of one client, on one event loop; nothing here may be touched from another."""

    def __init__(
        self,
        venues: Mapping[str, Venue],
        transport: httpx.AsyncBaseTransport | None,
        watch: Watch,
        settings: Settings,
        retry: RetryPolicy,
    ) -> None:
        self._clock = clock_of(asyncio.get_running_loop())
        self._wire = Wire(transport)
        self._watch = watch
        self._stations = {
            name: Station(name, venue, self._wire, watch, settings) for name, venue in venues.items()
        }
        self._ledger = Ledger(self._clock, watch, settings.most_unsettled)
        self._cases = Cases(self._stations, retry, self._ledger)
        self._sweeps = Sweeps(self._station, self._cases, watch)
        number = self._cases.exchanges.next_number
        self._inquiries = Inquiries(self._stations, number, self._cases.epoch)
        self._watchmen = Watchmen(self._stations, self._inquiries)
        self._batches = Batches(
            lambda name: self._station(name).venue,
            self._cases,
            limits_of=settings.limits_of,
            refuse=self._refused,
            finish=self._ended,
            acknowledged=watch.acknowledged,
        )
        self._closed = False

    async def cancel(self, request: CancelRequest) -> CancelAck:
        """Cancel one order and say what became of it; raises only for the caller's own mistakes."""
        begun = self._begun(request)
        if not isinstance(begun, Straight):
            return await self._answered(begun)
        try:
            ack = await begun.waiter
        finally:
            landed = begun.landed
            if not landed:
                self._cases.forsake(begun)
        if not landed:
            return await self._ended(begun.caller, ack)
        self._watch.acknowledged(ack)
        return ack

    def answer(self, request: CancelRequest, question: Question[CancelAck]) -> None:
        """Cancel one order for another thread, without a task while it goes straight; raises as `cancel`."""
        begun = self._begun(request)
        if isinstance(begun, Straight):
            begun.waiter = question.work = Landing(begun, question, self._landed, self._cases.forsake)
        else:
            question.follow(self._answered(begun))

    def _begun(self, request: CancelRequest) -> CancelAck | Caller | Straight:
        """Send a cancel straight to its venue, or say who waits for it; an ack is all there is to say."""
        if not isinstance(request, CancelRequest):
            raise InvalidRequestError(f"expected a CancelRequest, got {type(request).__name__}")
        refused = self._refused(request)
        if refused is not None:
            return refused
        joined_at = self._clock()
        deadline = joined_at + request.timeout_s
        straight = self._cases.go_straight(request, joined_at, deadline)
        if straight is not None:
            return straight
        return Caller(request=request, joined_at=joined_at, deadline=deadline)

    async def _answered(self, begun: CancelAck | Caller) -> CancelAck:
        if isinstance(begun, CancelAck):
            return begun
        return await self._ended(begun, await self._cases.answer(begun))

    def _landed(self, straight: Straight, ack: CancelAck, question: Question[CancelAck]) -> None:
        if straight.landed:
            self._watch.acknowledged(ack)
            question.answer(ack)
        else:  # it came to a case
            self._cases.forsake(straight)
            question.follow(self._ended(straight.caller, ack))

    def flow(self, timeout_s: float | None) -> Flow:
        """Open the flow of a batch, of which nothing lasts longer than `timeout_s`."""
        self._check_open()
        return self._batches.flow(timeout_s)

    def _refused(self, request: CancelRequest) -> CancelAck | None:
        """Raise the caller's own mistakes; a plugin that cannot be asked is an ack."""
        venue = self._station(request.venue).venue
        try:
            check(venue, request)
        except CountermandError:
            raise
        except Exception as error:  # noqa: BLE001 - a plugin's fault is no mistake of the caller's
            return not_sent(request, error)
        self._watch.requested(request)
        return None

    async def _ended(self, caller: Caller, ack: CancelAck) -> CancelAck:
        if caller.request.follow_replacement:
            ack = await self._followed(ack, caller)
        self._watch.acknowledged(ack)
        return ack

    async def settle(self, ack: CancelAck, timeout_s: float) -> CancelAck:
        """Wait for the last word on an ack, by reads alone; it need not be one of this client's."""
        if not isinstance(ack, CancelAck):
            raise InvalidRequestError(f"expected a CancelAck, got {type(ack).__name__}")
        check_timeout("timeout_s", timeout_s)
        self._station(ack.request.venue)
        if ack.final:
            return ack
        owed = self._ledger.find(ack)
        if owed is None:
            return await self._settle_elsewhere(ack, timeout_s)
        told = self._cases.told(owed)
        caller = self._settler(told.caller.request, told.caller.joined_at, timeout_s)
        answer = await self._cases.answer(caller, told.entry)
        settled = no_less(told.ack, told.retell(answer))  # the ack may have moved on meanwhile
        self._ledger.restate(told, settled)
        return settled

    async def _settle_elsewhere(self, ack: CancelAck, timeout_s: float) -> CancelAck:
        """Settle an ack of another client, or one that was restored: apart from all that is under way."""
        try:
            entry = self._cases.recall(ack)
        except PluginFault as error:
            return attrs.evolve(ack, error=worded(error))
        joined_at = min((fact.at for fact in entry.case.facts), default=self._clock())
        caller = self._settler(ack.request, joined_at, timeout_s)
        return no_less(ack, await self._cases.answer(caller, entry))

    def _settler(self, request: CancelRequest, joined_at: float, timeout_s: float) -> Caller:
        now = self._clock()
        return Caller(
            request=request,
            joined_at=joined_at,
            deadline=now + timeout_s,
            assurance=Assurance.CONFIRMED,
            may_send=False,
            waits_since=now,
        )

    async def cancel_all(
        self, scope: Scope, placed_after: PlacedAfter, timeout_s: float, tell: Tell | None
    ) -> MassCancelReport:
        """Cancel the orders of a scope; raises only for the caller's own mistakes."""
        return await self._sweeps.cancel_all(scope, placed_after, timeout_s, tell)

    async def kill(
        self,
        scopes: Iterable[Scope],
        before: Block | None,
        timeout_s: float,
        tell: Tell | None,
        *,
        discover: bool,
    ) -> KillReport:
        """Cancel all that the scopes mean, all at once; raises only where there is nothing to kill."""
        self._check_open()
        return await Kill(scopes, timeout_s, self._sweeps, self._inquiries).run(
            before, tell, discover=discover
        )

    async def ready(self, accounts: Mapping[str, tuple[str, ...]], timeout_s: float) -> tuple[Readiness, ...]:
        """Make all venues ready for a kill, and keep them so."""
        self._check_open()
        return await self._watchmen.ready(accounts, timeout_s)

    async def open_orders(self, venue: str, account: str, timeout_s: float) -> OpenOrders:
        """List the open orders of an account; raises only for the caller's own mistakes."""
        return await self._inquiries.open_orders(self._station(venue), account, timeout_s)

    def owed(self) -> Owed:
        """List the acks that are owed more, and count those that were dropped for want of room."""
        return Owed(unsettled=self._ledger.unsettled(), overflow=self._ledger.dropped)

    def updates(self) -> Mailbox:
        """Open a mailbox for what changes from now on."""
        return self._ledger.subscribe()

    async def aclose(self) -> None:
        """Answer whoever waits with what is known, end what is under way, give the sessions back."""
        self._closed = True
        self._watchmen.close()
        try:
            await self._cases.aclose(LOG_OUT_TIMEOUT_S)
            await self._batches.aclose(LOG_OUT_TIMEOUT_S)
            self._sweeps.close()
            await self._give_back()
        finally:  # whoever closes may be canceled: nobody else shall wait for that
            self._batches.end()
            self._sweeps.close()
            self._ledger.close()
            await self._wire.aclose()

    async def _give_back(self) -> None:
        log_outs = [begin_task(station.aclose()) for station in self._stations.values()]
        try:
            if log_outs:
                await asyncio.wait(log_outs, timeout=LOG_OUT_TIMEOUT_S)
        finally:
            for task in log_outs:
                task.cancel()
            await asyncio.gather(*log_outs, return_exceptions=True)

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedClientError("the client is closed")

    def _station(self, name: str) -> Station:
        station = self._stations.get(name)
        if station is None or self._closed:
            self._check_open()  # of a closed client it is not told which venues it has
            known = ", ".join(sorted(self._stations)) or "none"
            raise UnknownVenueError(f"no venue named {name!r} in this client; it has: {known}")
        return station

    async def _followed(self, ack: CancelAck, caller: Caller) -> CancelAck:
        """Cancel what took the order's place, and what took that one's, as long as time is left."""
        deadline, visited = caller.deadline, {ack.order_id}
        while ack.reason is Reason.REPLACED and ack.successor not in visited and not self._closed:
            now = self._clock()
            if now >= deadline or ack.successor is None:
                break
            visited.add(ack.successor)
            heir = attrs.evolve(ack.request, order=ack.successor, client_order=None, timeout_s=deadline - now)
            ack = await self._cases.answer(
                Caller(request=heir, joined_at=now, deadline=deadline, asked_at=caller.joined_at),
                retell=partial(followed, ack, waited_s=now - caller.joined_at),
            )
        return ack
