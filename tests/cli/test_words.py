"""Acks in words, by value."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from countermand import (
    Attempt,
    CancelAck,
    CanceledBy,
    CancelRequest,
    Evidence,
    EvidenceKind,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    Reason,
    Sent,
)
from countermand.cli._words import ack_lines, evidence, filled, plain, said, verdict

AT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
REQUEST = CancelRequest(venue="toy", account="9", order=OrderId("7"), request_id="r")


def ack(**fields: Any) -> CancelAck:
    sent = Sent.YES if fields.get("attempts") else Sent.NO
    return CancelAck(**{"request": REQUEST, "outcome": Outcome.UNKNOWN, "sent": sent, **fields})


def report(**fields: Any) -> OrderReport:
    settled = {"status": OrderStatus.CANCELED, "filled_quantity": Decimal(0), "as_of": AT}
    return OrderReport(**{"order_id": OrderId("7"), **settled, **fields})


def attempt(**fields: Any) -> Attempt:
    return Attempt(**{"call": "Cancel", "sent": Sent.YES, **fields})


@pytest.mark.parametrize(
    ("canceled_by", "words"),
    [
        (CanceledBy.THIS_REQUEST, "CANCELED by this request"),
        (CanceledBy.EARLIER, "CANCELED by an earlier one"),
        (CanceledBy.UNDETERMINED, "CANCELED by this or another"),
    ],
)
def test_verdict_tells_whose_cancel_it_was(canceled_by: CanceledBy, words: str) -> None:
    """A canceled order's line says by whose cancel, or that this is open."""
    done = ack(
        outcome=Outcome.CANCELED,
        canceled_by=canceled_by,
        order_id=OrderId("7"),
        order=report(),
        sent=Sent.YES,
    )
    assert verdict(done) == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"attempts": ()}, "was not asked", id="not-asked"),
        pytest.param({"attempts": (attempt(),)}, "was not asked", id="no-word"),
        pytest.param({"attempts": (attempt(fault="read timed out"),)}, "read timed out", id="fault"),
        pytest.param(
            {"attempts": (attempt(http_status=204),), "venue_code": "204"}, "HTTP 204", id="status-once"
        ),
        pytest.param(
            {
                "attempts": (attempt(http_status=200),),
                "venue_code": "104",
                "venue_text": "Resource Not Found",
            },
            "HTTP 200: 104 Resource Not Found",
            id="code-and-text",
        ),
        pytest.param(
            {"attempts": (attempt(http_status=503), attempt(fault="reset"))}, "HTTP 503", id="last-answer"
        ),
    ],
)
def test_said_tells_the_venues_last_word(fields: dict[str, Any], words: str) -> None:
    """The last answer to a cancel is told by status, code and text; without one, what went wrong."""
    assert said(ack(**fields)) == words


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"),
        ("10", "10"),
        ("2.50", "2.5"),
        ("3.000", "3"),
        ("1E+3", "1000"),
        ("0.00000001", "0.00000001"),
    ],
)
def test_number_is_plain(number: str, text: str) -> None:
    """A number is told without exponent and without idle zeros."""
    assert plain(Decimal(number)) == text


def test_unseen_order_has_no_fill() -> None:
    """Of an order that no read showed nothing is claimed."""
    assert filled(None) == "-"
    assert filled(report(filled_quantity=Decimal("1.0"))) == "1"


def test_evidence_is_counted_by_kind() -> None:
    """Kinds stand in the order they came, each once with how often."""
    kinds = [EvidenceKind.RECEIPT, EvidenceKind.REPORT, EvidenceKind.REPORT]
    items = tuple(Evidence(at=AT, kind=kind, source="s", text="t") for kind in kinds)
    assert evidence(ack(evidence=items)) == "receipt, report x2"


def test_ack_is_told_in_full() -> None:
    """Every part that an ack has is a section; the first line says what became of the order."""
    items = (
        Evidence(at=AT, kind=EvidenceKind.RECEIPT, source="Cancel", text="received"),
        Evidence(at=AT, kind=EvidenceKind.REPORT, source="Read", text="canceled"),
    )
    done = ack(
        outcome=Outcome.REJECTED,
        reason=Reason.REPLACED,
        order_id=OrderId("7"),
        order=report(quantity=Decimal(10), filled_quantity=Decimal(2), average_price=Decimal("99.50")),
        successor=OrderId("8"),
        also_canceled=(OrderId("5"), OrderId("6")),
        evidence=items,
        retry_after_s=2.5,
        error="a fault",
        elapsed_s=0.12345,
    )
    assert list(ack_lines(done)) == [
        "toy order 7: REJECTED: replaced",
        "  order     Canceled, filled 2 of 10 at 99.5 on average",
        "  successor 8",
        "  along     5, 6",
        "  venue     was not asked",
        "  evidence  03:04:05.000678Z Cancel: received",
        "            03:04:05.000678Z Read: canceled",
        "  retry     in 2.5 s",
        "  fault     a fault",
        "  elapsed   0.123 s",
    ]


def test_empty_ack_claims_nothing() -> None:
    """An ack without anything says so."""
    assert list(ack_lines(ack())) == [
        "toy order 7: UNKNOWN: nobody can tell",
        "  venue     was not asked",
        "  evidence  none",
        "  elapsed   0.000 s",
    ]
    assert "of" not in list(ack_lines(ack(order_id=OrderId("7"), order=report())))[1]
