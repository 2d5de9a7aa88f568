"""Cancels that go straight to a venue and come back as receipts: no task, no plan and no case for them.

So it is with nearly all that want no more than the venue's receipt. Whatever is not plain about one (its
order is somebody else's, too; it waits for a session; its answer is late, or anything but a receipt) makes a
case of it, with all that is known so far, which goes on as if it had been one from the beginning.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import attrs

from countermand._ack import CancelAck
from countermand._case._facts import Caller
from countermand._case._receipt import OneCancel, ack_of_receipt
from countermand._engine._open_case import Told
from countermand._engine._post import CancelLetter
from countermand._engine._standing import Permission
from countermand._engine._traffic import Traveller
from countermand._limits._lane import Lane as Turns
from countermand._limits._lane import Ticket
from countermand._limits._urgency import Need
from countermand._wire._sending import Sending
from countermand.venue import CallKind

if TYPE_CHECKING:
    from countermand._engine._express import Express


@attrs.define(kw_only=True, eq=False)
class Road:
    """What the cancels that go straight for one account of a venue have in common."""

    #: The venue and the account.
    lane: tuple[str, str]
    express: Express
    #: The wall clock's time at monotonic 0.
    epoch: datetime
    #: Called when the answer to one of them is here, or that there is none.
    on_land: Callable[[Straight], None]
    #: By their numbers, those that have no ack yet, among all cancels under way for that account.
    under_way: dict[int, Traveller] = attrs.field(factory=dict, init=False)
    #: By their orders, all of which it is not known that they are over.
    known: dict[str, Straight] = attrs.field(factory=dict)
    #: Those of the whole venue that a late effect may surprise the next caller of, in the order of their end.
    landed: deque[Straight]
    #: Where they ask for their turns, since one of them did.
    turns: Turns | None = None
    #: How many of them bear a session, or are to: to it they are all one.
    bearers: int = 0
    #: What a venue may refuse under one session and allow under another.
    permission: Permission = attrs.field(
        default=attrs.Factory(lambda self: (self.lane[1], CallKind.CANCEL), takes_self=True), init=False
    )


@attrs.define(eq=False, repr=False)  # it is shown as one cancel: the way may be forgotten
class Straight(OneCancel):
    """One cancel that went straight, and who waits for it."""

    waiter: asyncio.Future[CancelAck]
    road: Road
    gathers: bool
    need: ClassVar[Need] = Need.FIRST_CANCEL
    ticket: Ticket | None = None
    letter: CancelLetter | None = None
    sending: Sending | None = None
    #: How its ack goes on, by the case that was made of it.
    told: Told | None = None
    _caller: Caller | None = attrs.field(default=None, init=False)

    def land(self) -> None:
        """Hear that its answer is here, or that there is none."""
        self.road.on_land(self)

    @property
    def due_at(self) -> float:
        """When it is late: overdue once it was sent, else when its caller waits no more."""
        return self.deadline if self.signed_at is None else self.overdue_at

    @property
    def landed(self) -> bool:
        """Whether it has its receipt, and its caller the ack of that."""
        return self.taken is not None

    @property
    def ack(self) -> CancelAck:
        """The ack of its receipt, as its caller has it: to be kept it would be too much."""
        return ack_of_receipt(self, self.road.epoch)

    @property
    def versions(self) -> tuple[CancelAck, ...]:
        """The ack in all the ways in which it was given."""
        return (self.ack,)

    @property
    def way(self) -> tuple[CancelLetter, Sending, Ticket]:
        """How it was sent, of one that was."""
        return self.letter, self.sending, self.ticket  # type: ignore[return-value]  # as it was sent

    @property
    def caller(self) -> Caller:
        """Who waits for it, as a case has it."""
        if self._caller is None:
            self._caller = Caller(
                request=self.request, joined_at=self.joined_at, deadline=self.deadline, gathers=self.gathers
            )
        return self._caller
