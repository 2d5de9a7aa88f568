"""The answer to a cancel: it never says more than is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import attrs

from countermand import errors
from countermand._evidence import Attempt, Evidence, EvidenceKind
from countermand._ids import OrderId
from countermand._order import OrderReport, OrderStatus, StatusClass
from countermand._outcome import CanceledBy, Outcome, Reason, Sent, Stage
from countermand._request import CancelRequest

#: The longest stretch of a venue's last reply that an ack keeps, in bytes.
LAST_REPLY_BYTES = 4096


@attrs.frozen(kw_only=True)
class CancelAck:
    """What became of a cancel, and all that this rests on.

    An ack that claims what its fields do not hold cannot be made: `ValueError`.
    """

    request: CancelRequest
    outcome: Outcome
    reason: Reason | None = None
    #: The venue's id of the order spoken of; with `follow_replacement` that of the last successor.
    order_id: OrderId | None = None
    #: That order as last read; `as_of` is the start of that read.
    order: OrderReport | None = None
    canceled_by: CanceledBy | None = None
    #: The order that took the place of the one asked for.
    successor: OrderId | None = None
    #: Linked orders that the venue took off the book along with this one.
    also_canceled: tuple[OrderId, ...] = ()
    sent: Sent = Sent.NO
    stage: Stage = Stage.DONE
    evidence: tuple[Evidence, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    #: The venue's own last word on the cancel itself.
    venue_code: str | None = None
    venue_text: str | None = None
    #: The last reply, secrets blotted out, `LAST_REPLY_BYTES` at most.
    last_reply: str | None = None
    retry_after_s: float | None = None
    elapsed_s: float = 0.0
    #: A fault of a plugin or of this library after the first byte, in one line.
    error: str | None = None

    def __attrs_post_init__(self) -> None:
        for holds, claim in _INVARIANTS[self.outcome]:
            if not holds(self):
                raise ValueError(
                    f"an ack must keep: {claim} (outcome {self.outcome.name}, reason {self.reason})"
                )

    @property
    def final(self) -> bool:
        """Whether nothing can change this outcome any more."""
        return self.outcome in (Outcome.CANCELED, Outcome.REJECTED)

    def raise_for_outcome(self) -> Self:
        """Return the ack if the order was canceled; raise an `OutcomeError` that bears it otherwise."""
        if self.outcome is Outcome.CANCELED:
            return self
        words = f"{self.request.venue} order {self.order_id or self.request.order}: {self.outcome.value}"
        if self.reason is not None:
            words += f", {self.reason.value}"
        raise _ERRORS[self.outcome](words, self)

    def to_dict(self) -> dict[str, Any]:
        """Render as plain JSON values, with `"schema": 1`."""
        from countermand import _schema  # noqa: PLC0415 - cattrs is loaded only by those who serialise

        return _schema.to_dict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Restore what `to_dict` gave; raises `ConfigurationError` for anything else."""
        from countermand import _schema  # noqa: PLC0415 - cattrs is loaded only by those who serialise

        return _schema.from_dict(data, cls)


_ERRORS = {
    Outcome.PENDING: errors.CancelPendingError,
    Outcome.REJECTED: errors.CancelRejectedError,
    Outcome.UNKNOWN: errors.CancelUnknownError,
}

_UNSENT_REASONS = frozenset({Reason.NOT_SENT, Reason.AMBIGUOUS_ORDER})


def _order_is_dead(ack: CancelAck, *statuses: OrderStatus) -> bool:
    order = ack.order
    return (
        order is not None
        and order.as_of is not None
        and order.order_id == ack.order_id
        and order.status in statuses
        and order.status_class is StatusClass.DEAD
    )


def _venue_has_it(ack: CancelAck) -> bool:
    for item in ack.evidence:
        if item.kind is EvidenceKind.RECEIPT:
            return True
        if item.order is not None and item.order.status_class is StatusClass.LEAVING:
            return True
    return False


def _tells_what_was_sent(ack: CancelAck) -> bool:
    return ack.sent is not Sent.NO or all(attempt.sent is Sent.NO for attempt in ack.attempts)


def _is_by_nobody(ack: CancelAck) -> bool:
    return ack.canceled_by is None


def _is_without_reason(ack: CancelAck) -> bool:
    return ack.reason is None


def _all_attempts_said_no(ack: CancelAck) -> bool:
    own = [attempt for attempt in ack.attempts if attempt.order_id in (None, ack.order_id)]
    return ack.sent is Sent.NO or all(one.verdict is not None or one.sent is Sent.NO for one in own)


_REASON = "a reason if and only if REJECTED"
_CANCELED_BY = "canceled_by if and only if CANCELED"
_SENT = "sent is NO only if no attempt was sent"

#: What must hold of every ack of an outcome, and how one that breaks it is told.
_INVARIANTS: dict[Outcome, tuple[tuple[Callable[[CancelAck], bool], str], ...]] = {
    Outcome.CANCELED: (
        (_is_without_reason, _REASON),
        (lambda a: a.canceled_by is not None, _CANCELED_BY),
        (
            lambda a: _order_is_dead(a, OrderStatus.CANCELED),
            "CANCELED needs a read of this order as Canceled, all of its legs dead",
        ),
        (_tells_what_was_sent, _SENT),
        (
            lambda a: a.canceled_by is not CanceledBy.THIS_REQUEST or a.sent is not Sent.NO,
            "canceled by THIS_REQUEST needs a cancel that was sent",
        ),
    ),
    Outcome.PENDING: (
        (_is_without_reason, _REASON),
        (_is_by_nobody, _CANCELED_BY),
        (_venue_has_it, "PENDING needs a receipt or a read as Pending Cancel"),
        (_tells_what_was_sent, _SENT),
    ),
    Outcome.REJECTED: (
        (lambda a: a.reason is not None, _REASON),
        (_is_by_nobody, _CANCELED_BY),
        (
            lambda a: (
                a.reason is not Reason.TOO_LATE
                or _order_is_dead(a, OrderStatus.FILLED, OrderStatus.EXPIRED, OrderStatus.REJECTED)
            ),
            "TOO_LATE needs a read of this order as Filled, Expired or Rejected",
        ),
        (
            lambda a: a.reason is not Reason.REPLACED or a.successor is not None,
            "REPLACED names its successor",
        ),
        (_tells_what_was_sent, _SENT),
        (
            lambda a: a.reason not in _UNSENT_REASONS or a.sent is Sent.NO,
            "NOT_SENT and AMBIGUOUS_ORDER sent nothing",
        ),
        (
            lambda a: a.reason in (Reason.TOO_LATE, Reason.REPLACED) or _all_attempts_said_no(a),
            "REJECTED without a dead read needs an answer to every attempt",
        ),
    ),
    Outcome.UNKNOWN: (
        (_is_without_reason, _REASON),
        (_is_by_nobody, _CANCELED_BY),
        (_tells_what_was_sent, _SENT),
    ),
}
