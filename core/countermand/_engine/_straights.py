"""The cancels of one client that went straight: sent, landed as receipts, remembered for a while."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from countermand._alarm import Alarm
from countermand._clock import clock_of
from countermand._engine._errand import GIVEN_UP_S, patience_s
from countermand._engine._exchanges import Exchanges
from countermand._engine._express import Express
from countermand._engine._straight import Road, Straight
from countermand._ids import ClientOrderId, OrderId
from countermand._request import Assurance, CancelRequest
from countermand.venue import CallKind

#: How long those that are past wait for others, in seconds: an alarm for each would cost more than it.
_SWEEP_S = 0.05
#: So many too many are forgotten together: one by one it would cost twice as much.
_TOGETHER = 32
#: So many of batches get their acks in one turn of the loop, so that it has time for others: where more
#: answers come together, the rest waits for the next turns.
_PER_TURN = 20
#: Each look into an Enum is a search.
_RECEIVED, _CANCEL = Assurance.RECEIVED, CallKind.CANCEL


class Straights:
    """Sends what can go straight.

    `on_trouble` hears of one that is under way and not plain any more, `on_landed` of one that has its ack,
    `on_past` of those that are not remembered any longer.
    """

    def __init__(
        self,
        expresses: Mapping[str, Express],
        exchanges: Exchanges,
        epoch: datetime,
        most: int,
        *,
        on_trouble: Callable[[Straight], None],
        on_landed: Callable[[Straight], None],
        on_past: Callable[[list[Straight]], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock_of(self._loop)
        self._expresses = expresses
        self._exchanges, self._traffic = exchanges, exchanges.traffic
        self._epoch = epoch
        self._too_many = most + _TOGETHER
        self._on_trouble = on_trouble
        self._on_landed = on_landed
        self._on_past = on_past
        #: Where some are of which it is not known that they are over.
        self._roads: dict[tuple[str, str], Road] = {}
        self._alarm: Alarm | None = None
        #: By venue, those that have landed, in the order of their end.
        self._landed: defaultdict[str, deque[Straight]] = defaultdict(deque)
        self._sweeper: Alarm | None = None
        #: How many of batches have landed in this turn of the loop, of how many, and who waits for the next.
        self._this_turn, self._per_turn = 0, float(_PER_TURN)
        self._put_off: deque[Straight] = deque()

    def begin(
        self, request: CancelRequest, joined_at: float, deadline: float, *, gathers: bool
    ) -> Straight | None:
        """Send a cancel, or let it wait for its turn; None for one that cannot go straight."""
        order = request.order
        if request.assurance is not _RECEIVED or not isinstance(order, OrderId):
            return None
        lane = (request.venue, request.account)
        road = self._roads.get(lane) or self._road(lane)
        if order.value in road.known:
            return None
        number, waiter = self._exchanges.next_number(), self._loop.create_future()
        overdue_at = joined_at + patience_s(_CANCEL, deadline - joined_at)
        # By position: in Python 3.11 each name costs a call of a class as much as all that it does with it.
        straight = Straight(request, order, number, joined_at, deadline, overdue_at, waiter, road, gathers)
        if not road.express.begin(straight, self._take_turn):
            return None
        if not road.known:
            self._roads[lane] = road
            road.under_way = self._traffic.lend(lane)
        road.known[order.value] = road.under_way[number] = straight
        if straight.signed_at is None:
            self._traffic.begin(lane, straight)
        # Nearly always one that was begun before is overdue before, and each cancel comes by here.
        if self._alarm is None or self._alarm.at > straight.overdue_at:
            self._look_by(straight.due_at)
        return straight

    def _road(self, lane: tuple[str, str]) -> Road:
        venue, _ = lane
        return Road(
            lane=lane,
            express=self._expresses[venue],
            epoch=self._epoch,
            on_land=self._land,
            landed=self._landed[venue],
        )

    def all_under_way(self) -> list[Straight]:
        """List those that have no ack yet, in the order in which they were begun."""
        under_way = [one for road in self._roads.values() for one in road.under_way.values()]
        return sorted((one for one in under_way if isinstance(one, Straight)), key=lambda one: one.number)

    def is_under_way(self, straight: Straight) -> bool:
        """Tell whether one has no ack yet, and no case was made of it."""
        return straight.road.under_way.get(straight.number) is straight

    def find(self, venue: str, account: str, order: OrderId | ClientOrderId) -> Straight | None:
        """Return the one of an order, under way or remembered."""
        road = self._roads.get((venue, account))
        return road.known.get(order.value) if road is not None and isinstance(order, OrderId) else None

    def give_up(self, straight: Straight) -> bool:
        """Hear that a case is made of one; tell whether it was still remembered."""
        if self.is_under_way(straight):
            del straight.road.under_way[straight.number]
        return bool(self._dropped([straight]))

    def _dropped(self, straights: Iterable[Straight]) -> list[Straight]:
        """Remember them no more; return those that were remembered until now."""
        dropped = []
        for straight in straights:
            road, order = straight.road, straight.order.value
            known = road.known
            if known.get(order) is straight:
                dropped.append(straight)
                del known[order]
                if not known:
                    del self._roads[road.lane]
                    self._traffic.take_back(road.lane)
        return dropped

    def _take_turn(self, straight: Straight) -> None:
        if not self.is_under_way(straight):
            return  # it was given up meanwhile, and its turn given back
        if not straight.road.express.send(straight):
            self._on_trouble(straight)
            return
        self._traffic.sign(straight)
        self._look_by(straight.due_at)

    def _land(self, straight: Straight, *, is_late: bool = False) -> None:
        """Hear that one has an answer, or never will: it ends with a plain receipt, and with nothing else."""
        if straight.gathers and not is_late and self._puts_off(straight):
            return
        road, number = straight.road, straight.number
        if road.under_way.get(number) is not straight:
            return
        if not road.express.takes_receipt(straight, self._clock()):
            self._miss(straight)
            return
        del road.under_way[number]
        # First of all: whatever might go wrong below, nobody waits for what has come.
        if not straight.waiter.done():
            straight.waiter.set_result(straight.ack)
        self._remember(straight)
        self._exchanges.end_receipt(straight)
        self._on_landed(straight)
        del straight.waiter

    def _puts_off(self, straight: Straight) -> bool:
        """Keep one of many for the loop's next turn, if enough of them have landed in this one."""
        if self._this_turn == self._per_turn:
            self._put_off.append(straight)
            return True
        # Those of earlier turns may count, too: to hear of each turn would cost more than to wait for one.
        if self._this_turn + 1 == self._per_turn:
            self._loop.call_soon(self._land_more)
        self._this_turn += 1
        return False

    def _land_more(self) -> None:
        self._this_turn = 0
        try:
            while self._put_off and self._this_turn < self._per_turn:
                self._land(self._put_off.popleft())
        finally:
            if self._put_off and self._this_turn < self._per_turn:  # an interrupt: the others shall not pay
                self._loop.call_soon(self._land_more)

    def land_all(self) -> None:
        """Put off none any more: there may be no more turns."""
        self._per_turn = math.inf
        self._land_more()

    def _miss(self, straight: Straight) -> None:
        if straight.sending is not None and straight.sending.given_up:
            # Not on a loop that ends with all its tasks.
            straight.overdue_at = min(straight.overdue_at, self._clock() + GIVEN_UP_S)
            self._look_by(straight.overdue_at)
        else:
            self._on_trouble(straight)

    def _look_by(self, at: float) -> None:
        if self._alarm is None or self._alarm.at > at:
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm = Alarm(self._loop, at, self._look)

    def _look(self) -> None:
        """Give over those that are late."""
        self._alarm = None
        now = self._clock()
        try:
            for straight in [one for one in self._put_off if one.due_at <= now]:
                self._land(straight, is_late=True)  # its answer was not
            for straight in [one for one in self.all_under_way() if one.due_at <= now]:
                self._on_trouble(straight)
        finally:  # an interrupt: the others shall not pay
            under_way = self.all_under_way()
            if under_way:
                self._look_by(min(one.due_at for one in under_way))

    def _remember(self, straight: Straight) -> None:
        landed = straight.road.landed
        landed.append(straight)
        if len(landed) >= self._too_many:
            self._forget([landed.popleft() for _ in range(_TOGETHER)])
        elif len(landed) == 1:
            self._sweep_at(_past_at(straight))

    def _sweep_at(self, at: float) -> None:
        if self._sweeper is None or self._sweeper.at > at:
            if self._sweeper is not None:
                self._sweeper.cancel()
            self._sweeper = Alarm(self._loop, at, self._sweep)

    def _sweep(self) -> None:
        self._sweeper = None
        now = self._clock()
        for landed in self._landed.values():
            past = []
            while landed and _past_at(landed[0]) <= now:
                past.append(landed.popleft())
            self._forget(past)
            if landed:
                self._sweep_at(max(_past_at(landed[0]), now + _SWEEP_S))

    def _forget(self, straights: Iterable[Straight]) -> None:
        self._on_past(self._dropped(straights))

    def close(self) -> None:
        """Let no alarm ring any more."""
        for alarm in (self._alarm, self._sweeper):
            if alarm is not None:
                alarm.cancel()


def _past_at(straight: Straight) -> float:
    return (straight.ended_at or 0.0) + straight.road.express.idle_s
