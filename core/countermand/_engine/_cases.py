"""The open cases of one client: each is driven by its facts, from its first caller to its last effect."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from countermand._ack import CancelAck
from countermand._alarm import Alarm
from countermand._case._ack_of import ack_of
from countermand._case._conclude import conclude
from countermand._case._facts import Action, Caller, Case, Fact
from countermand._case._plan import plan
from countermand._case._recall import recalled
from countermand._case._resolve import resolve
from countermand._clock import clock_of
from countermand._engine._callers import Callers, Retell, as_told
from countermand._engine._errand import LATE_GRACE_S
from countermand._engine._exchanges import Exchanges
from countermand._engine._express import Express
from countermand._engine._ledger import Ledger
from countermand._engine._lookups import Lookups
from countermand._engine._open_case import Key, OpenCase, Told
from countermand._engine._station import Station
from countermand._engine._straight import Straight
from countermand._engine._straights import Straights
from countermand._ids import ClientOrderId, OrderId
from countermand._request import CancelRequest
from countermand._retry import RetryPolicy
from countermand._update import MOST_UNSETTLED


class Cases:
    """Performs what the plan of each case names, and tells whoever waits what its facts prove."""

    def __init__(self, stations: Mapping[str, Station], retry: RetryPolicy, ledger: Ledger) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock_of(self._loop)
        self._stations = stations
        self._retry = retry
        self._ledger = ledger
        expresses = {name: Express(station) for name, station in stations.items()}
        self.exchanges = Exchanges(stations, retry.budget, self._advance)
        self._cases: dict[Key, OpenCase] = {}
        self._lookups = Lookups()
        self._callers = Callers(ledger)
        self._closed = False
        # One reading of the wall clock: a jump of it later moves no wait and no age.
        self.epoch = datetime.fromtimestamp(time.time() - self._clock(), UTC)
        self._straights = Straights(
            expresses,
            self.exchanges,
            self.epoch,
            max(ledger.most, MOST_UNSETTLED),
            on_trouble=lambda straight: self._advance(self._taken_over(straight)),
            on_landed=ledger.keep,
            on_past=self._let_pass,
        )

    def go_straight(
        self, request: CancelRequest, joined_at: float, deadline: float, *, gathers: bool = False
    ) -> Straight | None:
        """Send a cancel straight to its venue, if it is one that can go so; who waits must `forsake` it."""
        venue, account, order = request.venue, request.account, request.order
        looked_in = self._lookups.accounts
        if self._closed or (looked_in and (venue, account) in looked_in):
            return None
        if self._cases and (venue, account, order) in self._cases:
            return None
        if gathers and self.exchanges.list_size(self._stations[venue].venue):
            return None
        return self._straights.begin(request, joined_at, deadline, gathers=gathers)

    def forsake(self, straight: Straight) -> None:
        """Let go of a caller whose cancel went straight, told or not; what was sent lives on, and is owed."""
        if straight.landed:
            return
        if not self._loop.is_running():  # it is gone, with all that was under way on it
            self._callers.lose(straight.caller)
        elif self._straights.is_under_way(straight):
            self._taken_over(straight)
        self.leave(straight.caller)

    async def answer(
        self,
        caller: Caller,
        entry: OpenCase | None = None,
        retell: Retell = as_told,
    ) -> CancelAck:
        """Wait for what becomes of a caller's order, in the case of that order or the one given.

        `retell` makes the ack that the caller is given of what the case says.
        """
        waiter = self.begin(caller, entry, retell)
        try:
            return await waiter
        except GeneratorExit:  # the loop is gone, with all that was under way on it
            self._callers.lose(caller)
            raise
        finally:
            self.leave(caller)

    def begin(
        self,
        caller: Caller,
        entry: OpenCase | None = None,
        retell: Retell = as_told,
        facts: tuple[Fact, ...] = (),
    ) -> asyncio.Future[CancelAck]:
        """Let a caller wait, who must `leave` at the end; `facts` are what it knows of the order already."""
        request = caller.request
        if entry is None:
            entry = self._entry(request.venue, request.account, request.order)
        waiter: asyncio.Future[CancelAck] = self._loop.create_future()
        if facts:
            entry.learn(facts)
        self._callers.join(entry, caller, waiter, retell)
        self._look(entry, at_once=len(entry.waiters) == 1)
        return waiter

    def leave(self, caller: Caller) -> None:
        """Let go of a caller, whether it was told or not."""
        entry = self._callers.leave(caller)
        if entry is not None:
            self._look(entry, at_once=not entry.waiters)

    def recall(self, ack: CancelAck) -> OpenCase:
        """Open a case apart from all others, that knows what an earlier ack told."""
        entry = self._opened(ack.request.venue, ack.request.account, ack.order_id or ack.request.order)
        entry.case.earlier = ack
        entry.case.facts.extend(recalled(ack, self.epoch, self._clock()))
        return entry

    async def aclose(self, timeout_s: float) -> None:
        """Answer whoever waits with what is known, and end what is under way."""
        self._closed = True
        self._straights.land_all()
        for straight in self._straights.all_under_way():
            self._taken_over(straight)
        self._straights.close()
        for entry in {id(entry): entry for entry in (*self._cases.values(), *self._callers.cases)}.values():
            self._advance(entry)
        await self.exchanges.aclose(timeout_s)

    def _entry(self, venue: str, account: str, order: OrderId | ClientOrderId) -> OpenCase:
        key = (venue, account, order)
        if key not in self._cases and (straight := self._straights.find(venue, account, order)) is not None:
            self._taken_over(straight)
        if key not in self._cases:
            self._cases[key] = entry = self._opened(venue, account, order)
            if entry.case.unresolved:
                self._lookups.begin(entry)
        return self._cases[key]

    def _taken_over(self, straight: Straight) -> OpenCase:
        """Make a case of a cancel that went straight, as if it had been one from the beginning."""
        known = self._straights.give_up(straight)
        entry = self._opened(*straight.road.lane, straight.order)
        if known:
            self._cases[entry.key] = entry
        entry.learn(straight.facts(self.exchanges.jitter()))
        if not straight.landed:
            self._callers.join(entry, straight.caller, straight.waiter, as_told)
            self.exchanges.go_on(entry, straight)
        else:
            straight.told = Told(entry=entry, caller=straight.caller, ack=straight.ack)
            entry.told.append(straight.told)
            self._ledger.make_of(straight, straight.told)
            self._keep_for_a_while(entry)
        return entry

    def told(self, owed: Told | Straight) -> Told:
        """Tell by which case an ack that is owed more goes on."""
        if isinstance(owed, Told):
            return owed
        return owed.told or self._taken_over(owed).told[-1]

    def _let_pass(self, straights: Iterable[Straight]) -> None:
        """Let cancels be over, unless somebody may still mean one who came before its end."""
        looked_in = self._lookups.accounts
        if not looked_in:
            return
        for straight in straights:
            if straight.road.lane in looked_in:
                self._lookups.keep(self._taken_over(straight), self._clock())

    def _entry_meant(self, key: Key, waiters: Iterable[Caller]) -> OpenCase:
        """Find the case of an order that was looked for: the one it had, if that was over only after then."""
        past = self._lookups.meant(key, waiters)
        if past is None:
            return self._entry(*key)
        return past if past.survey.dead else self._cases.setdefault(key, past)

    def _opened(self, venue: str, account: str, order: OrderId | ClientOrderId) -> OpenCase:
        plugin = self._stations[venue].venue
        return OpenCase(
            case=Case(
                venue=venue,
                account=account,
                order=order,
                capabilities=plugin.capabilities,
                renewable=plugin.renewable,
                epoch=self.epoch,
                retry=self._retry,
            )
        )

    def _look(self, entry: OpenCase, *, at_once: bool) -> None:
        """Advance a case; where many come or leave at once, once for all of them."""
        if at_once:
            self._advance(entry)
        else:
            entry.wake(Alarm(self._loop, self._clock(), self._advance, entry))

    def _advance(self, entry: OpenCase) -> None:
        now = self._clock()
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
        found = resolve(entry.survey)
        if not isinstance(found, OrderId):
            return entry
        key = (entry.case.venue, entry.case.account, found)
        if entry.case.earlier is None:
            pinned = self._entry_meant(key, entry.waiters)
        else:  # what an earlier ack told is nothing to those who cancel here
            pinned = self._opened(*key)
            pinned.case.earlier = entry.case.earlier
        pinned.learn(entry.ended_facts())
        entry.pass_on(pinned)
        self._callers.move(entry, pinned)
        self._keep_for_a_while(entry)
        return pinned

    def _answer(self, entry: OpenCase, now: float) -> None:
        entry.take_back(now, LATE_GRACE_S, closing=self._closed)
        for told in entry.told:
            self._callers.revise(entry, told, now)
        for caller in list(entry.waiters):
            conclusion = conclude(entry.survey, caller)
            if conclusion.settled or self._closed or caller.deadline <= now:
                self._callers.tell(entry, caller, ack_of(entry.survey, caller, conclusion, self._clock()))

    def _begin(self, entry: OpenCase, now: float) -> None:
        step = plan(entry.survey, now)
        if Action.CANCEL in step.begin and not self.exchanges.may_repeat(entry, step.tokens, now):
            self._advance(entry)
            return
        for action in step.begin:
            self.exchanges.begin(entry, action, now, repeats=step.tokens > 0)
        if not entry.waiters:
            entry.take_back(now, LATE_GRACE_S)
            self._keep_for_a_while(entry)
            return
        if step.begin:
            step = plan(entry.survey, now)
        wake_at = min(step.look_again_at, *(caller.deadline for caller in entry.waiters))
        entry.wake(Alarm(self._loop, wake_at, self._advance, entry))

    def _give_up(self, entry: OpenCase, error: Exception) -> None:
        for caller in list(entry.waiters):
            self._callers.tell(entry, caller, entry.without_conclusion(caller, error, self._clock()))
        self._keep_for_a_while(entry)

    def _keep_for_a_while(self, entry: OpenCase) -> None:
        """Forget a case that nobody waits for only when no late effect of it can surprise the next caller."""
        entry.wake(None)
        if not entry.waiters and (entry.case.unresolved or entry.survey.dead):
            # Of an id that was looked up, or an order that has ended, the venue is asked anew.
            self._forget(entry)
        elif entry.quiet and not self._closed:
            entry.wake(Alarm(self._loop, self._clock() + entry.idle_s, self._forget, entry))

    def _forget(self, entry: OpenCase) -> None:
        if self._cases.get(entry.key) is entry:
            del self._cases[entry.key]
        if entry.case.unresolved:
            self._lookups.end(entry)
        elif entry.account in self._lookups.accounts:
            self._lookups.keep(entry, self._clock())
