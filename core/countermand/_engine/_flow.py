"""A batch as a flow: requests are taken as there is room for them, and acks come as they are known.

What waits for its turn at a venue ages, so only a few requests of an account are let wait there; a few more
wait outside, so that an account that is slow does not hold up the others. All the rest stays with the caller.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from countermand._ack import CancelAck
from countermand._engine._traffic import Lane, Traffic
from countermand._request import CancelRequest

#: So many requests of an account wait for their turn, where each is a call of its own.
AHEAD = 4
#: So many requests are taken that have no place there yet.
_OUTSIDE = 32
#: So many are under way, or told and not fetched: what they need is all the memory a batch takes.
_MOST = 1000
#: From so many requests of one account on they share their reads.
_MANY = 3

#: A request with its place in the batch; an ack with that of its request.
Taken = tuple[int, CancelRequest]
Told = tuple[int, CancelAck]
#: Begins a cancel; `gathers` where it is one of many. What it returns comes with the ack.
Begin = Callable[[CancelRequest, bool], "asyncio.Future[CancelAck]"]


@attrs.frozen(kw_only=True)
class Step:
    """Acks that are known by now, and how many more requests there is room for."""

    acks: list[Told]
    room: int


class Flow:
    """Passes the requests of one batch on."""

    def __init__(self, begin: Begin, traffic: Traffic, ahead: Callable[[str], int]) -> None:
        self._begin = begin
        self._traffic = traffic
        self._ahead = ahead
        self._outside: deque[Taken] = deque()
        self._under_way: dict[asyncio.Future[CancelAck], int] = {}
        self._met: Counter[Lane] = Counter()
        self._told: list[Told] = []
        self._changed = asyncio.Event()
        traffic.listeners.add(self._let_in)

    async def step(
        self, taken: Iterable[Taken], pulling: asyncio.Future[Any] | None = None, *, may_take: bool
    ) -> Step:
        """Take requests; return once acks are known, or `pulling` is done, or there is room for more."""
        self._outside.extend(taken)
        self._let_in()
        if pulling is not None:
            pulling.add_done_callback(self._change)
        while self._must_wait(pulling) and not (may_take and self._room):
            self._changed.clear()
            await self._changed.wait()
        told, self._told = self._told, []
        return Step(acks=told, room=self._room)

    def close(self) -> None:
        """Pass on no more; what is under way goes on, and is owed."""
        self._traffic.listeners.discard(self._let_in)
        self._outside.clear()

    def _must_wait(self, pulling: asyncio.Future[Any] | None) -> bool:
        if self._told or (pulling is not None and pulling.done()):
            return False
        return bool(self._under_way or self._outside or pulling is not None)

    def _change(self, _done: asyncio.Future[Any]) -> None:
        self._changed.set()

    @property
    def _room(self) -> int:
        return min(_OUTSIDE - len(self._outside), _MOST - len(self._under_way) - len(self._told))

    def _let_in(self) -> None:
        """Begin what there is a place for."""
        for _ in range(len(self._outside)):
            place, request = self._outside.popleft()
            lane = (request.venue, request.account)
            if self._traffic.queued(*lane) < self._ahead(request.venue):
                self._met[lane] += 1
                ack = self._begin(request, self._met[lane] >= _MANY)
                self._under_way[ack] = place
                ack.add_done_callback(self._tell)
            else:
                self._outside.append((place, request))
        self._changed.set()

    def _tell(self, ack: asyncio.Future[CancelAck]) -> None:
        place = self._under_way.pop(ack)
        if not ack.cancelled():
            self._told.append((place, ack.result()))
        self._let_in()
