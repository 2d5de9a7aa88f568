"""What became of a mass cancel, and of a kill: for each scope what is proved, and what is left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

import attrs

from countermand._ack import CancelAck
from countermand._ids import OrderId
from countermand._order import OrderReport
from countermand._outcome import Outcome, Reason, Sent
from countermand._scope import PlacedAfter, Scope


class ScopeState(Enum):
    """What is known of a scope at the end of a mass cancel."""

    #: Two complete listings that began after the last answer showed nothing left of it.
    PROVED_EMPTY = "proved empty"
    #: Orders of it were seen on the book to the last, and each is told with its cause.
    RESIDUAL = "residual"
    #: Nobody can tell: listings failed, were incomplete, or came too late.
    UNKNOWN = "unknown"


class Cause(Enum):
    """Why an order is left, or may be."""

    #: The venue, or the market behind it, refused every cancel.
    REFUSED = "refused"
    #: The venue has the cancel, and the order has not been seen to end.
    PENDING = "pending"
    #: Nobody can tell what became of its cancel, or whether there is such an order: it was not found.
    UNKNOWN = "unknown"
    #: No byte of a cancel for it left.
    NOT_SENT = "not sent"
    #: Another order took its place.
    REPLACED = "replaced"
    #: It was left alone, for nobody can tell whether it is meant: the predicate of the scope did not answer,
    #: the venue does not say enough, or under KEEP no whole listing tells whether it was there before.
    UNDECIDED = "undecided"


@attrs.frozen(kw_only=True)
class Residual:
    """An order of the scope that is on the book, or may be."""

    order_id: OrderId
    cause: Cause
    #: As the last listing showed it, or a read since then; None where neither did.
    order: OrderReport | None = None
    text: str | None = None


@attrs.frozen(kw_only=True)
class NativeCancel:
    """The venue's own mass cancel: sent once at most, and what was answered."""

    call: str
    #: PENDING with a receipt, REJECTED if it was definitely refused, else UNKNOWN.
    outcome: Outcome
    sent: Sent
    reason: Reason | None = None
    text: str | None = None


@attrs.frozen(kw_only=True)
class MassCancelReport:
    """What became of the orders of a scope, as of the end of the sweep."""

    TOLD_BESIDES: ClassVar = ("state",)

    scope: Scope
    placed_after: PlacedAfter
    #: One for each order of the scope that was to be canceled, in the order they became known.
    acks: tuple[CancelAck, ...] = ()
    native: NativeCancel | None = None
    residual: tuple[Residual, ...] = ()
    #: Orders of the scope that were placed after the first send, and left alone as asked. A native call whose
    #: outcome is UNKNOWN may be processed after this report, and take them then: `error` says so.
    kept: tuple[OrderReport, ...] = ()
    #: Orders outside of the scope that the venue took along, such as linked ones.
    beyond_scope: tuple[OrderId, ...] = ()
    #: As of when it is proved empty (aware, UTC), or None: `read_lag_s` before the second listing of the two
    #: that showed nothing left, yet not before the first. What was placed since need not be in them.
    proved_empty_as_of: datetime | None = None
    #: What the proof may hide, where no order was meant: that of a misspelt instrument proves nothing of the
    #: one that was to be named.
    doubt: str | None = None
    #: Whether a listing could not be read to its end, or shifted while it was read.
    incomplete: bool = False
    #: Classes of orders that the venue's listing leaves out: of these nothing is proved.
    not_covered: tuple[str, ...] = ()
    #: Why nothing, or not all, could be done, where no single order is to blame; or why `kept` may not last.
    reason: Reason | None = None
    error: str | None = None
    #: Calls made to the venue for it, log-ins not counted.
    calls: int = 0
    elapsed_s: float = 0.0

    @property
    def state(self) -> ScopeState:
        """What is known of the scope."""
        if self.proved_empty_as_of is not None:
            return ScopeState.PROVED_EMPTY
        seen = any(one.order is not None for one in self.residual)
        return ScopeState.RESIDUAL if seen and not self.incomplete else ScopeState.UNKNOWN

    @property
    def touched(self) -> tuple[OrderId, ...]:
        """The orders for which a cancel was, or may have been, sent."""
        sent = (ack.order_id for ack in self.acks if ack.sent is not Sent.NO)
        return tuple(order_id for order_id in sent if order_id is not None)

    def to_dict(self) -> dict[str, Any]:
        """Render as plain JSON values, with `"schema": 1`; of `where` only that there was one."""
        from countermand import _schema  # noqa: PLC0415 - cattrs is loaded only by those who serialise

        return _schema.to_dict(self)


@attrs.frozen(kw_only=True)
class BlockReport:
    """How the callable fared that was to block new orders; it never holds a kill back for over a second."""

    done: bool
    error: str | None = None
    elapsed_s: float = 0.0


@attrs.frozen(kw_only=True)
class KillReport:
    """What became of a kill: one report for each scope, in the order asked."""

    TOLD_BESIDES: ClassVar = ("proved",)

    reports: tuple[MassCancelReport, ...]
    before: BlockReport | None = None
    #: By venue, accounts that the venue told of and no scope named: nothing was done to them.
    unnamed: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    #: By venue, accounts that scopes named and the venue, asked for its accounts, did not tell of.
    untold: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    #: By venue, why it could not be asked for its accounts.
    undiscovered: Mapping[str, str] = attrs.field(factory=dict)
    elapsed_s: float = 0.0

    @property
    def unsure(self) -> tuple[Scope, ...]:
        """Scopes whose proof is hope: no order showed that there is the account, nor did the venue."""
        proved = (one for one in self.reports if one.state is ScopeState.PROVED_EMPTY)
        return tuple(one.scope for one in proved if self._is_untold(one.scope) and not _saw_orders(one))

    @property
    def proved(self) -> bool:
        """Whether every scope is proved empty, of accounts that there are, and none is left unnamed.

        It is proved of the scopes as they are: what a misspelt one may hide is in their `doubt`.
        """
        empty = all(one.state is ScopeState.PROVED_EMPTY for one in self.reports)
        all_named = not self.unnamed and not self.undiscovered
        return bool(self.reports) and empty and all_named and not self.unsure

    def _is_untold(self, scope: Scope) -> bool:
        return scope.account_id in self.untold.get(scope.venue, ())

    def to_dict(self) -> dict[str, Any]:
        """Render as plain JSON values, with `"schema": 1`."""
        from countermand import _schema  # noqa: PLC0415 - cattrs is loaded only by those who serialise

        return _schema.to_dict(self)


def _saw_orders(report: MassCancelReport) -> bool:
    return any(ack.reason is not Reason.UNKNOWN_ORDER for ack in report.acks)


@attrs.frozen(kw_only=True)
class Readiness:
    """Whether a venue is ready for a kill: a session is held and a connection open."""

    venue: str
    ready: bool
    error: str | None = None
    #: Accounts that the venue told of, where it has a call for it.
    accounts: tuple[str, ...] = ()
    #: Configured accounts that it did not tell of: a wrong one looks like an empty one.
    untold: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Progress:
    """How far a mass cancel has come, in orders and seconds."""

    scope: Scope
    #: Orders that are to be canceled, as far as they are known.
    known: int = 0
    #: Those that were read as canceled.
    canceled: int = 0
    #: Those of which an answer is awaited.
    pending: int = 0
    #: Those that are on the book, or may be, though they were answered; all that are left, at the end.
    residual: int = 0
    elapsed_s: float = 0.0
