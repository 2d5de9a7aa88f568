"""Hears what a client tells after its acks: updates, and what it owes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from countermand import CancelAck, CancelRequest, Unsettled, Update
from proof.scripts import Ask, OrderScript
from proof.told import Later, Told, name_of

#: By how much the age of what is owed may differ from the time since it was asked for, in seconds: over
#: sockets a busy machine may hold a question up on its way to the client.
_AGE_S = {True: 2.0, False: 0.01}


def told_of(order: OrderScript, ask: Ask, asked_at: float, at: float, answer: CancelAck | Exception) -> Told:
    """Write down what a caller was told."""
    ack, error = (answer.to_dict(), None) if isinstance(answer, CancelAck) else (None, repr(answer))
    return Told(order=order, ask=ask, asked_at=asked_at, at=at, ack=ack, error=error)


@attrs.define
class Listener:
    """Knows each caller by the very request that it made."""

    sockets: bool
    _told: dict[int, tuple[CancelRequest, Told]] = attrs.field(factory=dict)
    _updates: list[tuple[float, Update]] = attrs.field(factory=list)
    _owed: tuple[float, tuple[Unsettled, ...]] | None = None
    _left: tuple[float, tuple[Unsettled, ...]] | None = None

    def told(self, request: CancelRequest, told: Told) -> None:
        """Hear what the maker of a request was told."""
        self._told[id(request)] = (request, told)

    def updated(self, at: float, update: Update) -> None:
        """Hear of an update."""
        self._updates.append((at, update))

    def owes(self, at: float, owed: tuple[Unsettled, ...]) -> None:
        """Hear what is owed before any of it is settled."""
        self._owed = (at, owed)

    def leaves(self, at: float, left: tuple[Unsettled, ...]) -> None:
        """Hear what the closed client left."""
        self._left = (at, left)

    def later(self) -> Later:
        """Write down all of it."""
        updates = [self._later(at, one.ack, one.before.to_dict()) for at, one in self._updates]
        owed, left = self._listed(self._owed), self._listed(self._left)
        all_told = (*updates, *(owed or ()), *(left or ()))
        return Later(
            updates=_known(updates),
            owed=None if owed is None else _known(owed),
            left=None if left is None else _known(left),
            strange=sum(one is None for one in all_told),
        )

    def _listed(
        self, listed: tuple[float, tuple[Unsettled, ...]] | None
    ) -> list[tuple[Told, Told] | None] | None:
        if listed is None:
            return None
        at, owed = listed
        return [self._later(at, one.ack, age_s=one.age_s) for one in owed]

    def _later(
        self,
        at: float,
        ack: CancelAck,
        before: Mapping[str, object] | None = None,
        age_s: float | None = None,
    ) -> tuple[Told, Told] | None:
        request, first = self._told.get(id(ack.request), (None, None))
        if request is not ack.request or first is None:
            return None
        if age_s is not None and abs(at - first.asked_at - age_s) > _AGE_S[self.sockets]:
            return None
        told = told_of(first.order, first.ask, first.asked_at, at, ack)
        return first, attrs.evolve(told, before=None if before is None else name_of(before))


def _known(told: Iterable[tuple[Told, Told] | None]) -> tuple[tuple[Told, Told], ...]:
    return tuple(one for one in told if one is not None)
