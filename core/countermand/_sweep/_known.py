"""What is known of the orders of a mass cancel: how listings showed them, and what was said of each."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from operator import itemgetter

import attrs

from countermand._ack import CancelAck
from countermand._case._facts import NoSession
from countermand._evidence import Attempt
from countermand._ids import OrderId
from countermand._order import OrderReport, StatusClass
from countermand._outcome import Outcome, Reason, Sent
from countermand.venue import ReadFailure

#: The reasons of a rejection that rest on the order's own end.
_ENDS = frozenset({Reason.TOO_LATE})


class Place(Enum):
    """Where an order stands to a scope."""

    IN = "in"
    OUT = "out"
    #: Nobody can tell: the predicate raised, or the venue does not say what the scope goes by.
    UNDECIDED = "undecided"


@attrs.frozen(kw_only=True)
class Shown:
    """An order as a listing showed it open; `seen_at` is when that listing began."""

    report: OrderReport
    place: Place
    seen_at: float
    #: Why it is undecided.
    text: str | None = None


@attrs.frozen(kw_only=True)
class Look:
    """One listing of all that is open, or as much of it as came; times are monotonic seconds."""

    began_at: float
    ended_at: float
    #: The open orders that it showed, by their ids; an order shown twice stands once.
    shown: dict[OrderId, Shown] = attrs.field(factory=dict)
    incomplete: bool = False
    #: Why there is none, or no more of it.
    failure: ReadFailure | NoSession | None = None
    fault: str | None = None

    @property
    def failed(self) -> bool:
        """Whether nothing can be learned of what it does not show."""
        return self.failure is not None or self.fault is not None

    @property
    def tells(self) -> bool:
        """Whether anything can be learned of it: if it failed, some of it came before."""
        return not self.failed or bool(self.shown)

    @property
    def whole(self) -> bool:
        """Whether what it does not show is not open."""
        return not self.failed and not self.incomplete


@attrs.define(kw_only=True, eq=False)
class Ask:
    """One caller's wait for the cancel of one order by id, and the ack it was given."""

    at: float
    #: The calls made for it: none as long as it waits for its turn.
    calls: set[tuple[int, float]] = attrs.field(factory=set)
    ack: CancelAck | None = None
    given_at: float = math.inf

    @property
    def queued(self) -> bool:
        """Whether nothing was sent for it, and nothing said of it."""
        return self.ack is None and not self.calls


@attrs.define(kw_only=True, eq=False)
class Known:
    """All that is known of one order."""

    order_id: OrderId
    #: As the youngest listing that showed it did.
    shown: Shown | None = None
    #: Whether the scope names it.
    is_named: bool = False
    #: Whether the venue's own mass cancel, which means exactly the scope, says that it took it.
    is_taken: bool = False
    #: Whether it was listed, or named, before anything was sent.
    in_snapshot: bool = False
    asks: list[Ask] = attrs.field(factory=list)
    #: Since when cancels of it count, where what others sent before does not.
    counted_since: datetime | None = None

    @property
    def ack(self) -> CancelAck | None:
        """The best that was said of it: its end, else what was said last."""
        acks = [ask.ack for ask in self.asks if ask.ack is not None]
        return next(filter(tells_an_end, acks), acks[-1] if acks else None)

    @property
    def read_open(self) -> OrderReport | None:
        """As the youngest read that was told showed it open; None if none did, or one showed it dead."""
        told = [ask.ack.order for ask in self.asks if ask.ack is not None and ask.ack.order is not None]
        reads = [(one.as_of, one) for one in told if one.as_of is not None and one.order_id == self.order_id]
        if not reads or not all(is_open(one) for _, one in reads):
            return None
        return max(reads, key=itemgetter(0))[1]

    @property
    def is_awaited(self) -> bool:
        """Whether an answer is to come."""
        return bool(self.asks) and self.asks[-1].ack is None

    @property
    def attempts(self) -> int:
        """How many cancels were sent for it."""
        return len(self._sent(self.asks))

    @property
    def attempts_of_last_ask(self) -> int:
        """How many of them the last ask added."""
        return self.attempts - len(self._sent(self.asks[:-1]))

    def _sent(self, asks: Iterable[Ask]) -> set[tuple[str, datetime | None]]:
        attempts = (one for ask in asks if ask.ack is not None for one in ask.ack.attempts)
        return {
            (one.call, one.signed_at) for one in attempts if one.sent is not Sent.NO and self._counts(one)
        }

    def _counts(self, attempt: Attempt) -> bool:
        since, signed_at = self.counted_since, attempt.signed_at
        return since is None or signed_at is None or signed_at >= since


def tells_an_end(ack: CancelAck) -> bool:
    """Tell whether an ack rests on a read of the order's own end."""
    return ack.outcome is Outcome.CANCELED or ack.reason in _ENDS


def is_open(report: OrderReport) -> bool:
    """Tell whether an order counts as open: all that is not dead does."""
    return report.status_class is not StatusClass.DEAD
