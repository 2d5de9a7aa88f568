"""One exchange to perform: for whom, how urgently, and how far it has come."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import attrs

from countermand._case._facts import Ended
from countermand._limits._urgency import Need, Urgency
from countermand._wire._progress import Progress
from countermand.venue import CallKind

#: An answer up to so many seconds after the deadline is still read.
LATE_GRACE_S = 2.0
#: What is next for one whose exchange was canceled from outside begins so many seconds after: not on a
#: loop that ends with all its tasks.
GIVEN_UP_S = 0.05
#: The longest one exchange, or one page of a listing, is waited for alone, in seconds.
_PATIENCE_S = {CallKind.CANCEL: 3.0, CallKind.READ: 1.0, CallKind.LISTING: 3.0}


def patience_s(kind: CallKind, left_s: float) -> float:
    """Say how long one exchange is waited for alone: never so long that no read can follow."""
    half_s, most_s = left_s / 2, _PATIENCE_S[kind]
    return half_s if half_s < most_s else most_s


#: What an exchange is for where nothing else is said.
NEEDS = {
    CallKind.CANCEL: Need.FIRST_CANCEL,
    CallKind.MASS_CANCEL: Need.FIRST_CANCEL,
    CallKind.LOG_IN: Need.FIRST_CANCEL,
    CallKind.READ: Need.SETTLING_READ,
    CallKind.LISTING: Need.SETTLING_READ,
}


@attrs.define(kw_only=True, eq=False)
class Errand(Urgency):
    """For whom an exchange is permitted, until when it may last, how far it has come.

    Of those who wait for a turn, the one whose `need` is the more urgent and whose `deadline` is the
    earlier goes first; `until` may be later than that, for a late answer still counts.
    """

    number: int
    account: str
    kind: CallKind
    until: float
    overdue_at: float
    #: How long it may keep its place among those in flight, in seconds.
    patience_s: float
    progress: Progress
    need: Need = attrs.field(default=attrs.Factory(lambda self: NEEDS[self.kind], takes_self=True))
    deadline: float = attrs.field(default=attrs.Factory(lambda self: self.until, takes_self=True))
    #: Whether it rides on a listing that others ride on, too.
    shared: bool = False
    #: Where each call made for it is noted, by the number of its exchange and the time it was signed.
    tallies: tuple[set[tuple[int, float]], ...] = ()
    timeout: asyncio.Timeout | None = None
    #: Ends what is under way for it already where its task has not begun yet.
    on_taken_back: Callable[[], None] | None = None
    #: The call that it shares: that lasts as long as it does, and is as urgent.
    along: Errand | None = None
    #: What the plugin did wrong, where its answer stands all the same.
    plugin_fault: str | None = None

    @property
    def permission(self) -> tuple[str, CallKind]:
        """What a venue may refuse under one session and allow under another."""
        return (self.account, self.kind)

    def count(self, number: int, signed_at: float) -> None:
        """Note that a call was made for it: its own, or one that it shares."""
        for tally in self.tallies:
            tally.add((number, signed_at))

    def ended(self, at: float, **told: Any) -> Ended:
        """Tell how it ended, as the fact that a case keeps."""
        return Ended(
            number=self.number,
            at=at,
            sent=self.progress.sent,
            signed_at=self.progress.signed_at,
            first_byte_at=self.progress.first_byte_at,
            session=self.progress.session,
            status=self.progress.status,
            **told,
        )

    @property
    def queued(self) -> bool:
        """Whether it still waits for its turn."""
        return self.progress.signed_at is None

    def last(self, until: float, need: Need = Need.OTHER, deadline: float = math.inf) -> None:
        """Let it last longer for someone who joined, and be as urgent as that one is, if that is said."""
        self._reschedule(max(self.until, until))
        if self.along is not None:
            self.along.last(until)
        self.hurry(need, deadline)

    def hurry(self, need: Need, deadline: float) -> None:
        """Let it be as urgent as to someone who joined, and the call that it shares, too."""
        super().hurry(need, deadline)
        if self.along is not None:
            self.along.hurry(need, deadline)

    def end_by(self, until: float) -> None:
        """Let it last no longer than that."""
        self._reschedule(min(self.until, until))

    def _reschedule(self, until: float) -> None:
        if until == self.until:
            return
        self.until = until
        if self.timeout is not None and not self.timeout.expired():
            self.timeout.reschedule(until)
