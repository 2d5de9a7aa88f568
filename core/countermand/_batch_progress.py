"""How far a batch has come, such that an interrupt may come at any time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from itertools import islice
from operator import itemgetter
from typing import Generic, TypeGuard, TypeVar

import attrs

from countermand._ack import CancelAck
from countermand._engine._flow import ROOM, Step, Taken, Told
from countermand._request import CancelRequest
from countermand.errors import InvalidRequestError

T = TypeVar("T")

#: Requests are pulled for so long at most before those that came are passed on, in seconds.
_PULL_S = 0.002


@attrs.define
class _Row(Generic[T]):
    """Some of the items that come one after the other, in all of which the first of them has that place."""

    first: int = 0
    items: list[T] = attrs.field(factory=list)

    @property
    def end(self) -> int:
        """How many came up to the last one here."""
        return self.first + len(self.items)


class BatchProgress:
    """How far a batch has come: what was pulled, what there is room for, what was told, what was given.

    An interrupt may come between any two of its steps. So each of them leaves it consistent: whatever is
    counted is counted by the list that holds it.
    """

    def __init__(self, requests: Iterable[object] = ()) -> None:
        self.over = False
        #: Whether pulling them runs nobody's code: then many are pulled at once.
        self._are_at_hand = type(requests) in (list, tuple)
        self._requests = iter(requests)
        #: What is not known to be taken.
        self._pulled: _Row[object] = _Row()
        self._told: _Row[Told] = _Row()
        self._given = 0
        self._room = ROOM
        self._failure: BaseException | None = None

    @property
    def room(self) -> int:
        """How many more requests may be pulled."""
        return 0 if self.over else self._room - len(self._pulled.items)

    @property
    def taken(self) -> list[Taken]:
        """What was pulled and is not known to be taken."""
        pulled = enumerate(self._pulled.items, self._pulled.first)
        return [(place, request) for place, request in pulled if self._is_request(request)]

    @property
    def heard(self) -> int:
        """How many acks came in all."""
        return self._told.end

    @property
    def has_acks(self) -> bool:
        """Whether there are acks that nobody was given."""
        return self._given < self._told.end

    def pull_some(self) -> None:
        """Pull what there is room for, but not for long: those that came shall not wait for those to come."""
        most = self.room if self._are_at_hand else 1
        until = time.monotonic() + _PULL_S
        while self.room > 0:
            self._pull(most)
            if time.monotonic() >= until:
                return

    def pull(self, pulling: asyncio.Future[CancelRequest]) -> None:
        """Note the request that was waited for, or find that there is none left."""
        try:
            self._pulled.items.append(pulling.result())
        except StopAsyncIteration:
            self.over = True
        except (Exception, asyncio.CancelledError) as failure:  # noqa: BLE001 - the caller's own is raised to it
            self._fail(failure)

    def hear(self, step: Step) -> None:
        """Note what a step came to."""
        self._room = step.room
        if not self.has_acks:
            self._told = _Row(self._told.end)
        self._told.items.extend(step.acks)
        self._pulled = _Row(self._pulled.end)

    def give(self) -> CancelAck:
        """Give the next ack."""
        _, ack = self._told.items[self._given - self._told.first]
        self._given += 1
        return ack

    def give_all(self) -> list[CancelAck]:
        """Give all acks that nobody was given, in the order of their requests."""
        told = sorted(self._told.items[self._given - self._told.first :], key=itemgetter(0))
        acks = [ack for _, ack in told]
        self._given = self._told.end
        return acks

    def finish(self, end: type[Exception]) -> None:
        """Raise what the requests ended with."""
        failure, self._failure = self._failure, None
        raise failure if failure is not None else end

    def _pull(self, most: int) -> None:
        wanted = self._pulled.end + most
        try:
            # In one step, so that no interrupt comes between: what was pulled is there.
            self._pulled.items.extend(islice(self._requests, most))
        except (Exception, asyncio.CancelledError) as failure:  # noqa: BLE001 - see above
            self._fail(failure)
        else:
            self.over = self._pulled.end < wanted

    def _is_request(self, request: object) -> TypeGuard[CancelRequest]:
        if isinstance(request, CancelRequest):
            return True
        if self._failure is None:
            self._failure = InvalidRequestError(f"expected a CancelRequest, got {type(request).__name__}")
        return False

    def _fail(self, failure: BaseException) -> None:
        self._failure = self._failure or failure
        self.over = True
