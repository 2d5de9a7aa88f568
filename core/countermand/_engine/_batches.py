"""The batches of one client: each request of a flow becomes a cancel, or an ack at once."""

from __future__ import annotations

import asyncio
import math
import weakref
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import attrs

from countermand._ack import CancelAck
from countermand._case._facts import Caller
from countermand._clock import clock_of
from countermand._engine._admission import invalid, not_sent
from countermand._engine._cases import Cases
from countermand._engine._flow import AHEAD, ROOM, Flow, Tell
from countermand._engine._guard import worded
from countermand._engine._straight import Straight
from countermand._ids import ClientOrderId
from countermand._outcome import Reason
from countermand._request import CancelRequest, check_timeout
from countermand._tasks import begin_task
from countermand.errors import CountermandError
from countermand.venue import CallKind, Limit, Venue

#: Orders that must be looked up first do so in company, as many as have their turn within so many seconds.
_LOOK_UP_S = 0.25

End = asyncio.Future[CancelAck]
#: Tells a request that cannot be begun, and raises the caller's own mistakes.
Refuse = Callable[[CancelRequest], CancelAck | None]
#: Follows an order to what took its place, and tells the observer how it ended.
Finish = Callable[[Caller, CancelAck], Coroutine[Any, Any, CancelAck]]
Limits = Callable[[Venue], tuple[Limit, ...]]


class Batches:
    """Opens flows, and begins the cancels of all of them."""

    def __init__(
        self,
        venue_of: Callable[[str], Venue],
        cases: Cases,
        *,
        limits_of: Limits,
        refuse: Refuse,
        finish: Finish,
        acknowledged: Callable[[CancelAck], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock_of(self._loop)
        self._venue_of = venue_of
        self._cases = cases
        self._limits_of = limits_of
        self._refuse = refuse
        self._finish = finish
        self._acknowledged = acknowledged
        self._finishing: set[asyncio.Task[CancelAck]] = set()
        self._flows: weakref.WeakSet[Flow] = weakref.WeakSet()

    def flow(self, timeout_s: float | None) -> Flow:
        """Open the flow of a batch, of which nothing lasts longer than `timeout_s`."""
        if timeout_s is not None:
            check_timeout("timeout_s", timeout_s)
        until = math.inf if timeout_s is None else self._clock() + timeout_s
        flow = Flow(partial(self._begin, until=until), self._cases.exchanges.traffic, self._ahead, until)
        self._flows.add(flow)
        return flow

    async def aclose(self, timeout_s: float) -> None:
        """Let those end that follow a replacement, once all cases are answered; then end the flows."""
        for _ in range(2):  # what has just been answered may only now begin to be followed
            if self._finishing:
                await asyncio.wait(tuple(self._finishing), timeout=timeout_s)
            await asyncio.sleep(0)  # and is passed on
            await asyncio.sleep(0)
        self.end()

    def end(self) -> None:
        """End the flows."""
        for flow in tuple(self._flows):
            flow.end()

    def _ahead(self, request: CancelRequest) -> int:
        """Say how many requests of an account may wait for their turn before this one, `AHEAD` at least."""
        try:
            venue = self._venue_of(request.venue)
            if isinstance(request.order, ClientOrderId):
                limits = self._limits_of(venue)
                rate = min((one.rate for one in limits if CallKind.CANCEL in one.kinds), default=math.inf)
                return max(AHEAD, int(min(ROOM, rate * _LOOK_UP_S)))
            return max(AHEAD, 2 * self._cases.exchanges.list_size(venue))
        except Exception:  # noqa: BLE001 - whatever is wrong will be told in the ack
            return AHEAD

    def _begin(self, request: CancelRequest, many: bool, tell: Tell, *, until: float) -> End | CancelAck:
        """Begin one cancel of a batch; the caller's mistakes, too, end as its ack."""
        try:
            refused = self._refuse(request)
            if refused is not None:
                return refused
            now = self._clock()
            if until <= now:
                return not_sent(request, TimeoutError("the time of the batch was over"))
            deadline = min(now + request.timeout_s, until)
            # What may have to be followed is a case from the beginning: only the others may go straight.
            follows = request.follow_replacement
            straight = None if follows else self._cases.go_straight(request, now, deadline, gathers=many)
            if straight is not None:
                waiter = straight.waiter
                waiter.add_done_callback(partial(self._come_back, straight, tell))
                return waiter
            caller = Caller(request=request, joined_at=now, deadline=deadline, gathers=many, quick=True)
            waiter = self._cases.begin(caller)
        except CountermandError as error:
            return invalid(request, error)
        except Exception as error:  # noqa: BLE001 - a plugin's fault is no mistake of the caller's
            return not_sent(request, error)
        if follows:
            waiter = self._followed(caller, waiter)
        else:
            waiter.add_done_callback(partial(self._leave, caller))
        waiter.add_done_callback(tell)
        return waiter

    def _come_back(self, straight: Straight, tell: Tell, waiter: End) -> None:
        # All in one call: asyncio takes longer to make two than this takes.
        try:
            self._cases.forsake(straight)
            self._acknowledged(waiter.result())
        finally:
            tell(waiter)

    def _leave(self, caller: Caller, waiter: End) -> None:
        self._cases.leave(caller)
        self._acknowledged(waiter.result())

    def _followed(self, caller: Caller, waiter: End) -> End:
        """Return what ends once that is canceled, too, which took the place of the order, if anything did."""
        end: End = self._loop.create_future()
        waiter.add_done_callback(partial(self._follow, caller, end))
        return end

    def _follow(self, caller: Caller, end: End, waiter: End) -> None:
        ack = waiter.result()
        if ack.reason is not Reason.REPLACED:
            self._leave(caller, waiter)
            end.set_result(ack)
            return
        self._cases.leave(caller)
        task = begin_task(self._finish(caller, ack))
        self._finishing.add(task)
        task.add_done_callback(partial(self._pass_on, ack, end))

    def _pass_on(self, ack: CancelAck, end: End, task: asyncio.Task[CancelAck]) -> None:
        self._finishing.discard(task)
        if task.cancelled():
            end.set_result(ack)
        elif (error := task.exception()) is not None:
            end.set_result(attrs.evolve(ack, error=worded(error)))
        else:
            end.set_result(task.result())
