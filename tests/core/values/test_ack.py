"""An ack that claims what its fields do not hold cannot be made."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from countermand import (
    Attempt,
    CancelAck,
    CanceledBy,
    CancelRequest,
    ClientOrderId,
    Evidence,
    EvidenceKind,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    Reason,
    Sent,
    Stage,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
REQUEST = CancelRequest(venue="pebble", account="9", order=OrderId("7"), request_id="r")
SEVEN = OrderReport(
    order_id=OrderId("7"), status=OrderStatus.CANCELED, filled_quantity=Decimal("0.5"), as_of=NOW
)
ALIVE_LEG = OrderReport(order_id=OrderId("8"), status=OrderStatus.NEW, filled_quantity=Decimal(0))


def attempt(**fields: Any) -> Attempt:
    return Attempt(**{"call": "cancel", "sent": Sent.YES, "verdict": "refused", **fields})


def evidence(**fields: Any) -> Evidence:
    said = {"at": NOW, "kind": EvidenceKind.RECEIPT, "source": "cancel", "text": "received"}
    return Evidence(**{**said, **fields})


def as_status(status: OrderStatus, **fields: Any) -> OrderReport:
    return attrs.evolve(SEVEN, status=status, **fields)


SENT = {"sent": Sent.YES, "attempts": (attempt(),)}
NOTHING_SENT = {"sent": Sent.NO, "attempts": (attempt(sent=Sent.NO, verdict=None),)}
CANCELED: dict[str, Any] = {
    "outcome": Outcome.CANCELED,
    "canceled_by": CanceledBy.THIS_REQUEST,
    "order_id": OrderId("7"),
    "order": SEVEN,
    **SENT,
}
TOO_LATE: dict[str, Any] = {
    "outcome": Outcome.REJECTED,
    "reason": Reason.TOO_LATE,
    "order_id": OrderId("7"),
    "order": as_status(OrderStatus.FILLED),
    **SENT,
}
PENDING: dict[str, Any] = {"outcome": Outcome.PENDING, "evidence": (evidence(),), **SENT}
REJECTED: dict[str, Any] = {"outcome": Outcome.REJECTED, "reason": Reason.VENUE_REFUSED, **SENT}
REPLACED: dict[str, Any] = {**REJECTED, "reason": Reason.REPLACED, "successor": OrderId("8")}
UNSENT: dict[str, Any] = {"outcome": Outcome.REJECTED, "reason": Reason.NOT_SENT, "stage": Stage.SEND}
UNKNOWN: dict[str, Any] = {"outcome": Outcome.UNKNOWN}

UNANSWERED = (attempt(), attempt(verdict=None, fault="no answer in time", sent=Sent.MAYBE))
LEAVING = evidence(kind=EvidenceKind.REPORT, order=as_status(OrderStatus.PENDING_CANCEL))


def ack(fields: dict[str, Any], **changes: Any) -> CancelAck:
    return CancelAck(**{"request": REQUEST, **fields, **changes})


GOOD = {
    "canceled": (CANCELED, {}),
    "canceled earlier, unsent": (CANCELED, {"canceled_by": CanceledBy.EARLIER, **NOTHING_SENT}),
    "canceled by nobody knows whom": (CANCELED, {"canceled_by": CanceledBy.UNDETERMINED}),
    "canceled, an attempt without answer": (CANCELED, {"attempts": UNANSWERED}),
    "canceled by a send that is not sure": (CANCELED, {"sent": Sent.MAYBE}),
    "canceled, with dead legs": (CANCELED, {"order": attrs.evolve(SEVEN, legs=(SEVEN,))}),
    "filled": (TOO_LATE, {}),
    "expired": (TOO_LATE, {"order": as_status(OrderStatus.EXPIRED)}),
    "rejected by the venue": (TOO_LATE, {"order": as_status(OrderStatus.REJECTED)}),
    "filled, an attempt without answer": (TOO_LATE, {"attempts": UNANSWERED}),
    "pending by receipt": (PENDING, {}),
    "pending by a read": (PENDING, {"evidence": (LEAVING,)}),
    "refused": (REJECTED, {}),
    "refused, one attempt unsent": (
        REJECTED,
        {"attempts": (attempt(), attempt(verdict=None, sent=Sent.NO))},
    ),
    "replaced": (REPLACED, {}),
    "replaced, an attempt without answer": (REPLACED, {"attempts": UNANSWERED}),
    "not sent": (UNSENT, {}),
    "ambiguous": (UNSENT, {"reason": Reason.AMBIGUOUS_ORDER}),
    "unsent and not authorized": (UNSENT, {"reason": Reason.NOT_AUTHORIZED}),
    "unknown": (UNKNOWN, {}),
    "unknown, alive": (UNKNOWN, {"order": as_status(OrderStatus.NEW), "order_id": OrderId("7")}),
}


@pytest.mark.parametrize(("fields", "changes"), GOOD.values(), ids=GOOD.keys())
def test_what_is_proved_can_be_said(fields: dict[str, Any], changes: dict[str, Any]) -> None:
    """Every honest shape of an ack can be made, and only CANCELED and REJECTED are final."""
    made = ack(fields, **changes)
    assert made.final is (made.outcome in (Outcome.CANCELED, Outcome.REJECTED))


READ_AS_CANCELED = "CANCELED needs a read of this order as Canceled"
READ_AS_OVER = "TOO_LATE needs a read of this order as Filled, Expired or Rejected"
BROKEN = {
    "rejected without a reason": (REJECTED, {"reason": None}, "a reason if and only if REJECTED"),
    "unknown with a reason": (UNKNOWN, {"reason": Reason.NOT_SENT}, "a reason if and only if REJECTED"),
    "pending with a reason": (PENDING, {"reason": Reason.NOT_FOUND}, "a reason if and only if REJECTED"),
    "canceled with a reason": (CANCELED, {"reason": Reason.TOO_LATE}, "a reason if and only if REJECTED"),
    "canceled by whom": (CANCELED, {"canceled_by": None}, "canceled_by if and only if CANCELED"),
    "not canceled, by someone": (
        UNKNOWN,
        {"canceled_by": CanceledBy.EARLIER},
        "canceled_by if and only if CANCELED",
    ),
    "pending, by someone": (
        PENDING,
        {"canceled_by": CanceledBy.EARLIER},
        "canceled_by if and only if CANCELED",
    ),
    "rejected, by someone": (
        REJECTED,
        {"canceled_by": CanceledBy.EARLIER},
        "canceled_by if and only if CANCELED",
    ),
    "canceled, unread": (CANCELED, {"order": None}, READ_AS_CANCELED),
    "canceled, read when": (CANCELED, {"order": attrs.evolve(SEVEN, as_of=None)}, READ_AS_CANCELED),
    "canceled, another was read": (CANCELED, {"order_id": OrderId("8")}, READ_AS_CANCELED),
    "canceled, of no id": (CANCELED, {"order_id": None}, READ_AS_CANCELED),
    "canceled, but filled": (CANCELED, {"order": as_status(OrderStatus.FILLED)}, READ_AS_CANCELED),
    "canceled, but leaving": (CANCELED, {"order": as_status(OrderStatus.PENDING_CANCEL)}, READ_AS_CANCELED),
    "canceled, but for a leg": (
        CANCELED,
        {"order": attrs.evolve(SEVEN, legs=(ALIVE_LEG,))},
        READ_AS_CANCELED,
    ),
    "too late, unread": (TOO_LATE, {"order": None}, READ_AS_OVER),
    "too late, but canceled": (TOO_LATE, {"order": SEVEN}, READ_AS_OVER),
    "too late, but done for the day": (
        TOO_LATE,
        {"order": as_status(OrderStatus.DONE_FOR_DAY)},
        READ_AS_OVER,
    ),
    "too late, but for a leg": (
        TOO_LATE,
        {"order": as_status(OrderStatus.FILLED, legs=(ALIVE_LEG,))},
        READ_AS_OVER,
    ),
    "pending on nothing": (PENDING, {"evidence": ()}, "PENDING needs a receipt or a read as Pending Cancel"),
    "pending on a refusal": (
        PENDING,
        {"evidence": (evidence(kind=EvidenceKind.REFUSAL),)},
        "PENDING needs a receipt or a read as Pending Cancel",
    ),
    "pending on a living order": (
        PENDING,
        {"evidence": (evidence(kind=EvidenceKind.REPORT, order=as_status(OrderStatus.NEW)),)},
        "PENDING needs a receipt or a read as Pending Cancel",
    ),
    "replaced by what": (REPLACED, {"successor": None}, "REPLACED names its successor"),
    "not sent, yet sent": (UNSENT, {"sent": Sent.YES}, "NOT_SENT and AMBIGUOUS_ORDER sent nothing"),
    "not sent, perhaps sent": (UNSENT, {"sent": Sent.MAYBE}, "NOT_SENT and AMBIGUOUS_ORDER sent nothing"),
    "ambiguous, yet sent": (
        UNSENT,
        {"reason": Reason.AMBIGUOUS_ORDER, "sent": Sent.YES},
        "NOT_SENT and AMBIGUOUS_ORDER sent nothing",
    ),
    "canceled by what was not sent": (
        CANCELED,
        NOTHING_SENT,
        "canceled by THIS_REQUEST needs a cancel that was sent",
    ),
    "nothing sent, but an attempt": (REJECTED, {"sent": Sent.NO}, "sent is NO only if no attempt was sent"),
    "canceled earlier, nothing sent, but an attempt": (
        CANCELED,
        {"canceled_by": CanceledBy.EARLIER, "sent": Sent.NO},
        "sent is NO only if no attempt was sent",
    ),
    "pending, nothing sent, but an attempt": (
        PENDING,
        {"sent": Sent.NO},
        "sent is NO only if no attempt was sent",
    ),
    "nothing sent, but perhaps an attempt": (
        UNKNOWN,
        {"attempts": UNANSWERED[1:]},
        "sent is NO only if no attempt was sent",
    ),
    "refused, an attempt without answer": (
        REJECTED,
        {"attempts": UNANSWERED},
        "REJECTED without a dead read needs an answer to every attempt",
    ),
    "throttled, an attempt without answer": (
        REJECTED,
        {"reason": Reason.THROTTLED, "attempts": UNANSWERED},
        "REJECTED without a dead read needs an answer to every attempt",
    ),
}


@pytest.mark.parametrize(("fields", "changes", "claim"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_proved_cannot_be_said(
    fields: dict[str, Any], changes: dict[str, Any], claim: str
) -> None:
    """An ack that breaks one invariant is refused with that invariant's words."""
    ack(fields)  # without the change it stands
    with pytest.raises(ValueError, match="an ack must keep: ") as raised:
        ack(fields, **changes)
    assert claim in str(raised.value)
    assert f"outcome {fields['outcome'].name}" in str(raised.value)


def test_an_ack_of_a_client_id_names_the_order_it_was() -> None:
    """The order an ack is about is the one its order_id names, not the text of the request."""
    by_client_id = attrs.evolve(REQUEST, order=ClientOrderId("mine"))
    assert ack(CANCELED, request=by_client_id).order_id == OrderId("7")
