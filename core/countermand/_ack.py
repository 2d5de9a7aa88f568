"""The answer to a cancel: it never says more than is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import attrs

from countermand import errors
from countermand._evidence import Attempt, Evidence, EvidenceKind
from countermand._ids import OrderId
from countermand._maker import Made
from countermand._order import OrderReport, OrderStatus, StatusClass
from countermand._outcome import CanceledBy, Outcome, Reason, Sent, Stage
from countermand._request import CancelRequest

#: The longest stretch of a venue's last reply that an ack keeps, in bytes.
LAST_REPLY_BYTES = 4096


@attrs.frozen(kw_only=True)
class CancelAck(Made):
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
        outcome = self.outcome
        if (self.reason is None) is (outcome is _REJECTED):
            claim: str | None = "a reason if and only if REJECTED"
        elif (self.canceled_by is None) is (outcome is _CANCELED):
            claim = "canceled_by if and only if CANCELED"
        else:  # most are PENDING: no table is asked for these
            claim = _broken_if_pending(self) if outcome is _PENDING else _BROKEN[outcome](self)
        if claim is not None:
            raise ValueError(f"an ack must keep: {claim} (outcome {self.outcome.name}, reason {self.reason})")

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

#: Each look into an Enum is a search, which is felt where all acks come by.
_CANCELED, _PENDING, _REJECTED = Outcome.CANCELED, Outcome.PENDING, Outcome.REJECTED
_RECEIPT, _NO = EvidenceKind.RECEIPT, Sent.NO

_SENT = "sent is NO only if no attempt was sent"


def _broken_if_pending(ack: CancelAck) -> str | None:
    for item in ack.evidence:
        if item.kind is _RECEIPT:
            break
        if item.order is not None and item.order.status_class is StatusClass.LEAVING:
            break
    else:
        return "PENDING needs a receipt or a read as Pending Cancel"
    return _SENT if ack.sent is _NO and _some_was_sent(ack) else None


def _broken_if_unknown(ack: CancelAck) -> str | None:
    return _SENT if ack.sent is _NO and _some_was_sent(ack) else None


def _broken_if_canceled(ack: CancelAck) -> str | None:
    if not _order_is_dead(ack, OrderStatus.CANCELED):
        return "CANCELED needs a read of this order as Canceled, all of its legs dead"
    if ack.sent is _NO and _some_was_sent(ack):
        return _SENT
    if ack.sent is _NO and ack.canceled_by is CanceledBy.THIS_REQUEST:
        return "canceled by THIS_REQUEST needs a cancel that was sent"
    return None


def _broken_if_rejected(ack: CancelAck) -> str | None:
    if ack.reason is Reason.TOO_LATE and not _order_is_dead(
        ack, OrderStatus.FILLED, OrderStatus.EXPIRED, OrderStatus.REJECTED
    ):
        return "TOO_LATE needs a read of this order as Filled, Expired or Rejected"
    if ack.reason is Reason.REPLACED and ack.successor is None:
        return "REPLACED names its successor"
    if ack.sent is _NO:
        return _SENT if _some_was_sent(ack) else None
    if ack.reason in _UNSENT_REASONS:
        return "NOT_SENT and AMBIGUOUS_ORDER sent nothing"
    if ack.reason not in (Reason.TOO_LATE, Reason.REPLACED) and not _all_attempts_said_no(ack):
        return "REJECTED without a dead read needs an answer to every attempt"
    return None


#: Tells which claim an ack of an outcome breaks, if it breaks one of those that are not for all.
_BROKEN: dict[Outcome, Callable[[CancelAck], str | None]] = {
    Outcome.CANCELED: _broken_if_canceled,
    Outcome.PENDING: _broken_if_pending,
    Outcome.REJECTED: _broken_if_rejected,
    Outcome.UNKNOWN: _broken_if_unknown,
}


def _order_is_dead(ack: CancelAck, *statuses: OrderStatus) -> bool:
    order = ack.order
    return (
        order is not None
        and order.as_of is not None
        and order.order_id == ack.order_id
        and order.status in statuses
        and order.status_class is StatusClass.DEAD
    )


def _some_was_sent(ack: CancelAck) -> bool:
    return any(attempt.sent is not Sent.NO for attempt in ack.attempts)


def _all_attempts_said_no(ack: CancelAck) -> bool:
    own = [attempt for attempt in ack.attempts if attempt.order_id in (None, ack.order_id)]
    return all(one.verdict is not None or one.sent is Sent.NO for one in own)
