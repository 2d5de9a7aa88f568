"""A batch as a flow: requests are taken as there is room for them, and acks come as they are known.

What waits for its turn at a venue ages, so only a few requests of an account are let wait there; a few more
wait outside, so that an account that is slow does not hold up the others. All the rest stays with the caller,
unless it is there already: what would be kept anyhow waits outside, so that no account holds up another.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import attrs

from countermand._ack import CancelAck
from countermand._request import CancelRequest

if TYPE_CHECKING:  # what a batch can be known without shall not be loaded for it
    from countermand._engine._traffic import Lane, Traffic

#: So many requests are taken that have no place yet, while no account of the batch has a place to spare; and
#: so many are taken at once.
ROOM = 32
#: So many requests of an account wait for their turn at least, where each is a call of its own.
AHEAD = 4
#: So many are under way, or wait, or are told and not fetched: what they need is all that a batch takes. Of
#: requests that are there already those that wait take next to nothing, and do not count.
_MOST = 1000
#: So many of those are taken at once, so that the loop has time for others.
_SLICE = 200
#: So long are requests of a batch begun in one turn of the loop, in seconds, however many accounts they are
#: of: nobody's loop shall be held up, and as many answers come together in a later turn.
_TURN_S = 0.0004
#: So many requests of one account share their reads.
_MANY = 3
#: How long the thread of a batch waits for the end of its client, in seconds.
_END_S = 5.0

#: A request with its place in the batch; an ack with that of its request.
Taken = tuple[int, CancelRequest]
Told = tuple[int, CancelAck]
#: Hears of the end of a cancel, on the loop.
Tell = Callable[["asyncio.Future[CancelAck]"], None]
#: Begins a cancel, one of many where that is said, and has its end told; an ack where nothing is to begin.
Begin = Callable[[CancelRequest, bool, Tell], "asyncio.Future[CancelAck] | CancelAck"]


@attrs.frozen(kw_only=True)
class Step:
    """Acks that were not heard yet, and how many more requests there is room for."""

    acks: tuple[Told, ...]
    room: int
    #: Whether the time of the batch is over.
    late: bool


class Flow:
    """Passes the requests of one batch on; nothing of it lasts longer than `until`.

    Whoever asks for a step tells again what was not confirmed by the last one, so that a step which is
    interrupted loses neither a request nor an ack.
    """

    def __init__(
        self, begin: Begin, traffic: Traffic, ahead: Callable[[CancelRequest], int], until: float = math.inf
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._begin = begin
        self._traffic = traffic
        self._ahead = ahead
        self._until = until
        self._outside: defaultdict[Lane, deque[Taken]] = defaultdict(deque)
        self._waiting = 0
        self._under_way: dict[asyncio.Future[CancelAck], Taken] = {}
        self._lanes: Counter[Lane] = Counter()
        #: The accounts of which requests are being begun, in this turn of the loop or the next ones.
        self._letting_in: dict[Lane, None] = {}
        #: When no more is begun in this turn of the loop; once that is past, what goes on in the next one.
        self._turn_ends_at = -math.inf
        self._next_turn: asyncio.Handle | None = None
        self._told: deque[Told] = deque()
        self._heard = self._next = 0
        self._freely = False
        #: Whether some account of the batch has a place to spare.
        self._open = True
        self._changed = asyncio.Event()
        self._ended = threading.Event()

    def take_freely(self) -> None:
        """Take whatever comes: the requests are there already, and take no more room outside."""
        self._freely = True

    async def step(
        self,
        taken: Iterable[Taken],
        heard: int,
        pulling: asyncio.Future[Any] | None = None,
        *,
        may_take: bool,
    ) -> Step:
        """Take requests; return once acks are known, or `pulling` is done, or there is room for more.

        `heard` is how many acks have been heard in all.
        """
        self._take(taken)
        self._forget(heard)
        await asyncio.sleep(0)  # whoever has room for ever must not keep the others from theirs
        if pulling is not None:
            pulling.add_done_callback(self._change)
        try:
            while self._must_wait(pulling) and not (may_take and self._room > 0):
                await self._wait(until=math.inf if pulling is None else self._until)
        finally:
            if pulling is not None:
                pulling.remove_done_callback(self._change)
        return self._step()

    def end(self) -> None:
        """Hear that the client has ended, and answered all that was under way."""
        self._let_all_in()  # later it would be beside whoever asks for the rest
        self._ended.set()

    def rest(self, taken: Iterable[Taken], heard: int) -> Step:
        """Step on without a loop, where the client has ended: every request is told at once.

        For the thread that waits for the batch, and for no other.
        """
        self._ended.wait(_END_S)
        self._forget(heard)
        self._take(taken)
        self._let_all_in()
        return self._step()

    async def _wait(self, until: float) -> None:
        """Wait for a change, or that it is late; on some loops an alarm rings before its time."""
        self._changed.clear()
        alarm = self._loop.call_at(until, self._changed.set) if until < math.inf else None
        try:
            await self._changed.wait()
        finally:
            if alarm is not None:
                alarm.cancel()

    def _step(self) -> Step:
        return Step(acks=tuple(self._told), room=self._room, late=self._is_late)

    @property
    def _is_late(self) -> bool:
        return self._until <= self._loop.time()

    def _must_wait(self, pulling: asyncio.Future[Any] | None) -> bool:
        if self._told or (pulling is not None and (pulling.done() or self._is_late)):
            return False
        return bool(self._under_way or self._waiting or pulling is not None)

    def _change(self, _done: asyncio.Future[Any]) -> None:
        self._changed.set()

    @property
    def _room(self) -> int:
        if self._freely:
            return _SLICE
        most = _MOST - self._waiting - len(self._under_way) - len(self._told)
        return min(ROOM if self._open else ROOM - self._waiting, most)

    def _take(self, taken: Iterable[Taken]) -> None:
        lanes: dict[Lane, None] = {}
        for place, request in taken:
            if place < self._next:
                continue
            self._next = place + 1
            lane = (request.venue, request.account)
            self._outside[lane].append((place, request))
            self._waiting += 1
            lanes[lane] = None
        self._open = self._open and not lanes
        for lane in lanes:
            self._traffic.listen(lane, self._let_in)
        self._let_in(*lanes)

    @property
    def _is_full(self) -> bool:
        return len(self._under_way) + len(self._told) >= _MOST

    def _forget(self, heard: int) -> None:
        was_full = self._is_full
        while self._heard < heard:
            self._told.popleft()
            self._heard += 1
        if was_full:
            self._let_in(*self._outside)

    def _let_in(self, *lanes: Lane) -> None:
        """Begin what there is a place for."""
        # Whatever is begun may go at once, and then this is heard again.
        at_it = bool(self._letting_in)
        self._letting_in.update(dict.fromkeys(lanes))
        if not at_it and self._next_turn is None:
            self._let_some_in()

    def _let_all_in(self) -> None:
        """Begin what there is a place for at once, whatever had to wait for its turn."""
        self._turn_ends_at = math.inf
        if self._next_turn is not None:
            self._next_turn.cancel()
            self._next_turn = None
        self._letting_in.update(dict.fromkeys(self._outside))
        self._let_some_in()

    def _take_next_turn(self) -> None:
        self._next_turn = None
        self._let_some_in()

    def _let_some_in(self) -> None:
        """Begin as many as take no longer than others should wait, and the rest in the loop's next turns."""
        now, goes_on = self._loop.time(), False
        if now > self._turn_ends_at:  # else it may be the very turn in which the last ones were begun
            self._turn_ends_at = now + _TURN_S
        try:
            while self._letting_in and not goes_on:
                lane = next(iter(self._letting_in))
                more = self._let_one_in(lane)
                goes_on = self._loop.time() > self._turn_ends_at
                if goes_on or not more:
                    del self._letting_in[lane]
                if goes_on and more:  # behind the other accounts
                    self._letting_in[lane] = None
        finally:
            if not goes_on:
                self._letting_in.clear()
        if goes_on:
            self._next_turn = self._loop.call_soon(self._take_next_turn)
        self._changed.set()

    def _let_one_in(self, lane: Lane) -> bool:
        """Begin the next one of an account, if there is a place for it; tell whether there are more of it."""
        outside = self._outside[lane]
        if not self._has_place(lane, outside[0][1]):
            return False
        many = self._lanes[lane] + len(outside) >= _MANY
        taken = outside.popleft()
        self._waiting -= 1
        self._start(lane, taken, many=many)
        if outside:
            return True
        self._open = True
        del self._outside[lane]
        self._traffic.ignore(lane, self._let_in)
        return False

    def _has_place(self, lane: Lane, request: CancelRequest) -> bool:
        if self._is_full:
            return False
        queued = self._traffic.queued(lane)
        return queued < AHEAD or self._ended.is_set() or queued < self._ahead(request)

    def _start(self, lane: Lane, taken: Taken, *, many: bool) -> None:
        place, request = taken
        ack = self._begin(request, many, self._tell)
        if isinstance(ack, CancelAck):
            self._told.append((place, ack))
            return
        self._lanes[lane] += 1
        self._under_way[ack] = taken

    def _tell(self, ack: asyncio.Future[CancelAck]) -> None:
        place, request = self._under_way.pop(ack)
        lane = (request.venue, request.account)
        others = self._lanes[lane] - 1
        if others:
            self._lanes[lane] = others
        else:
            del self._lanes[lane]
        self._told.append((place, ack.result()))
        self._changed.set()
