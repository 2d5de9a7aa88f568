"""What is known about the cancel of one venue order: a list of facts that only ever grows."""

from __future__ import annotations

import math
from datetime import datetime
from enum import Enum

import attrs

from countermand._ack import CancelAck
from countermand._ids import ClientOrderId, OrderId
from countermand._order import OrderReport
from countermand._outcome import Reason, Sent
from countermand._request import Assurance, CancelRequest
from countermand._retry import RetryPolicy
from countermand.venue import Acted, Capabilities, Identity, Refused, Throttled, Unreadable, Verdict

#: Nobody is asked again sooner than that, in seconds.
_LEAST_WAIT_S = 0.05


class Action(Enum):
    """What can be under way for a case."""

    CANCEL = "cancel"
    READ = "read"
    TRAIL = "trail"
    OPEN = "open orders"
    HISTORY = "order history"


@attrs.frozen(kw_only=True)
class Listing:
    """A listing as far as it concerns a case, newest first: complete, or down to the order itself."""

    rows: tuple[OrderReport, ...]
    #: Of several pages a change can come between: they are no snapshot.
    pages: int = 1


@attrs.frozen(kw_only=True)
class NoSession:
    """No session could be had, so nothing was sent."""

    failure: Refused | Throttled | Unreadable
    #: How long nobody tries again, in seconds, where a log-in failed.
    again_in_s: float | None = None
    #: What the plugin did wrong on the way in, if that was why.
    plugin_fault: str | None = None

    @property
    def reason(self) -> Reason:
        """Why a cancel is rejected that was not sent for want of it."""
        return _NO_SESSION_REASONS.get(type(self.failure), Reason.NOT_SENT)

    @property
    def retry_after_s(self) -> float | None:
        """When to come again, in seconds, if anybody said so."""
        if self.again_in_s is not None:
            return self.again_in_s
        return self.failure.retry_after_s if isinstance(self.failure, Throttled) else None


_NO_SESSION_REASONS: dict[type, Reason] = {Refused: Reason.NOT_AUTHORIZED, Throttled: Reason.THROTTLED}


@attrs.frozen(kw_only=True)
class ListRefused:
    """One call for many orders was refused as a whole, which says nothing of any one of them."""

    code: str | None = None
    text: str | None = None
    acted: Acted = attrs.field(default=Acted.NO, init=False)


@attrs.frozen(kw_only=True)
class NotReached:
    """A listing for many orders was given up before it came to this one, for single reads are cheaper."""

    pages: int
    code: str | None = attrs.field(default=None, init=False)
    text: str | None = attrs.field(
        default=attrs.Factory(lambda self: f"given up after {self.pages} pages", takes_self=True), init=False
    )


Answer = Verdict | Listing | NoSession | ListRefused | NotReached


@attrs.frozen(kw_only=True)
class Began:
    """An exchange with the venue is under way.

    `number` is unique within a client, and below zero for what an earlier ack told.
    """

    number: int
    action: Action
    at: float
    #: When it is overdue if it is signed at once: not a fault yet, but no reason to wait for it alone.
    overdue_at: float
    #: Where in its span the wait after it falls, from 0 to 1: drawn once, so that all who ask agree.
    jitter: float = 1.0


@attrs.frozen(kw_only=True)
class Signed:
    """An exchange was signed and handed to the wire: from now on it may arrive."""

    number: int
    #: The venue's own name of the call.
    call: str
    at: float
    #: When it is overdue, counted from here on: to wait in a queue is no fault of the venue's.
    overdue_at: float | None = None


@attrs.frozen(kw_only=True)
class Ended:
    """How an exchange ended: with an answer, or with a fault; times are the engine's monotonic seconds."""

    number: int
    at: float
    sent: Sent
    signed_at: float | None = None
    first_byte_at: float | None = None
    #: The number of the session it was signed under.
    session: int | None = None
    answer: Answer | None = None
    fault: str | None = None
    #: Whether that fault is a plugin's or ours, not the wire's.
    broken: bool = False
    status: int | None = None
    reply: str | None = None

    @property
    def again_at(self) -> float:
        """When the venue, or a log-in that failed, may be asked again."""
        if isinstance(self.answer, NoSession) and isinstance(self.answer.failure, Refused):
            return math.inf
        told = self.answer.retry_after_s if isinstance(self.answer, NoSession | Throttled) else None
        return self.at + max(told or 0.0, _LEAST_WAIT_S)


@attrs.frozen(kw_only=True)
class Withheld:
    """A repeat was due, and the budget had nothing left for it."""

    number: int
    at: float


Fact = Began | Signed | Ended | Withheld


@attrs.frozen(kw_only=True, eq=False)
class Caller:
    """One who waits for the case: callers share the wire, each keeps its own deadline and assurance."""

    request: CancelRequest
    #: Since when what happens to the order may be its request's doing.
    joined_at: float
    deadline: float
    assurance: Assurance = attrs.field(
        default=attrs.Factory(lambda self: self.request.assurance, takes_self=True)
    )
    #: One who only wants to know what became of an earlier request sends nothing.
    may_send: bool = True
    #: It is one of many: its order may be looked for in listings that others share, and it waits for them.
    gathers: bool = False
    #: The venue's quicker cancel will do, for reads confirm it all the same.
    quick: bool = attrs.field(default=attrs.Factory(lambda self: self.gathers, takes_self=True))
    #: It is part of a kill: urgent before all else, and with a budget of its own.
    kill: bool = False
    #: So many cancels are sent from when it joined on at most, where it has a bound of its own.
    most_cancels: float = math.inf
    #: Cancels that were sent before count against no bound: those that others had before a kill began.
    counts_since: float = -math.inf
    #: Where each call made for it is noted, by the number of its exchange and the time it was signed.
    calls: set[tuple[int, float]] | None = None
    #: Since when it waits: it is owed a look at the order after that.
    waits_since: float = attrs.field(default=attrs.Factory(lambda self: self.joined_at, takes_self=True))
    #: When its cancel was asked for: who follows has waited for the order before.
    asked_at: float = attrs.field(default=attrs.Factory(lambda self: self.joined_at, takes_self=True))


@attrs.define(kw_only=True, eq=False)
class Case:
    """What is known about one order's cancel, and who waits for it."""

    venue: str
    account: str
    #: The venue's id; a client's id until it is resolved, or for good where the venue takes it natively.
    order: OrderId | ClientOrderId
    capabilities: Capabilities
    #: Whether a refused session can be had anew.
    renewable: bool
    #: The wall clock's time at monotonic 0: read once, so that a jump of that clock moves nothing.
    epoch: datetime
    retry: RetryPolicy = attrs.field(factory=RetryPolicy)
    #: An ack whose order is looked at again; its attempts and evidence stand before those of the facts.
    earlier: CancelAck | None = None
    facts: list[Fact] = attrs.field(factory=list)
    callers: list[Caller] = attrs.field(factory=list)

    @property
    def native(self) -> bool:
        """Whether the cancel itself names the order by the client's id."""
        return (
            isinstance(self.order, ClientOrderId) and Identity.CLIENT_ORDER_ID in self.capabilities.identities
        )

    @property
    def unresolved(self) -> bool:
        """Whether the venue's id must be found before anything can be sent."""
        return isinstance(self.order, ClientOrderId) and not self.native

    def is_about(self, report: OrderReport) -> bool:
        """Tell whether a report is of the order asked for: its id and, where it names one, its account."""
        own = report.order_id if isinstance(self.order, OrderId) else report.client_order_id
        return own == self.order and report.account in (None, self.account)

    def concerns(self, report: OrderReport) -> bool:
        """Tell whether a row of a listing can matter: the order, a linked one, one that replaced another."""
        return self.is_about(report) or report.replaces is not None or report.parent is not None
