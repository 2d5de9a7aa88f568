"""What the standard observer writes, and how loud."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from countermand import (
    Answered,
    Assurance,
    CancelAck,
    CanceledBy,
    CancelRequest,
    ClientOrderId,
    Evidence,
    EvidenceKind,
    LoggingObserver,
    Observer,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    PluginObserver,
    Reason,
    Sent,
    SlowPlugin,
)

NOW = datetime(2026, 1, 2, tzinfo=UTC)
REQUEST = CancelRequest(venue="pebble", account="9", order=ClientOrderId("mine"))
OBSERVER: Observer = LoggingObserver()
PLUGIN_OBSERVER: PluginObserver = LoggingObserver()
CANCELED = OrderReport(
    order_id=OrderId("7"), status=OrderStatus.CANCELED, filled_quantity=Decimal(0), as_of=NOW
)
RECEIPT = Evidence(at=NOW, kind=EvidenceKind.RECEIPT, source="cancel", text="received")

# (fields of the ack, level, line)
ACKS: dict[str, tuple[dict[str, Any], int, str]] = {
    "canceled": (
        {
            "outcome": Outcome.CANCELED,
            "canceled_by": CanceledBy.EARLIER,
            "order": CANCELED,
            "order_id": OrderId("7"),
        },
        logging.INFO,
        "pebble: order 7 of account 9: CANCELED; the venue said nothing",
    ),
    "rejected": (
        {"outcome": Outcome.REJECTED, "reason": Reason.NOT_SENT},
        logging.WARNING,
        "pebble: order mine of account 9: REJECTED, NOT_SENT; the venue said nothing",
    ),
    "pending": (
        {"outcome": Outcome.PENDING, "evidence": (RECEIPT,), "sent": Sent.YES},
        logging.ERROR,
        "pebble: order mine of account 9: PENDING; the venue said nothing",
    ),
    "unknown": (
        {"outcome": Outcome.UNKNOWN},
        logging.ERROR,
        "pebble: order mine of account 9: UNKNOWN; the venue said nothing",
    ),
}


@pytest.mark.parametrize(("fields", "level", "line"), ACKS.values(), ids=ACKS.keys())
def test_how_loud_an_ack_is(
    caplog: pytest.LogCaptureFixture, fields: dict[str, Any], level: int, line: str
) -> None:
    """What is settled is told quietly, a rejection louder, and what is still owed loudest."""
    caplog.set_level(logging.DEBUG, logger="countermand")
    OBSERVER.acknowledged(CancelAck(request=REQUEST, **fields))
    assert caplog.record_tuples == [("countermand", level, f"{line} (request {REQUEST.request_id})")]


def test_who_asked_for_a_receipt_and_has_it_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    """A receipt is all that RECEIVED asks for: nobody must look."""
    caplog.set_level(logging.DEBUG, logger="countermand")
    request = attrs.evolve(REQUEST, assurance=Assurance.RECEIVED)
    ack = CancelAck(
        request=request, outcome=Outcome.PENDING, evidence=(RECEIPT,), sent=Sent.YES, venue_code="0"
    )
    OBSERVER.acknowledged(ack)
    ((_, level, line),) = caplog.record_tuples
    assert (level, "the venue said 0 (" in line) == (logging.INFO, True)


def answered(**fields: Any) -> Answered:
    return Answered(
        **{
            "venue": "pebble",
            "call": "cancel",
            "elapsed_s": 0.0125,
            "http_status": None,
            "verdict": None,
            "fault": None,
            **fields,
        }
    )


def test_what_else_is_written(caplog: pytest.LogCaptureFixture) -> None:
    """Requests, calls and answers are for the curious; a log-in that fails is not."""
    caplog.set_level(logging.DEBUG, logger="countermand")
    OBSERVER.requested(REQUEST)
    OBSERVER.attempted("pebble", "cancel")
    OBSERVER.answered(answered(verdict="Receipt"))
    OBSERVER.answered(answered(fault="ReadError: reset"))
    OBSERVER.logged_in("pebble", None)
    OBSERVER.logged_in("pebble", "who are you")
    assert [(level, line) for _, level, line in caplog.record_tuples] == [
        (logging.DEBUG, "pebble: cancel mine of account 9"),
        (logging.DEBUG, "pebble: cancel"),
        (logging.DEBUG, "pebble: cancel after 0.013 s: Receipt"),
        (logging.DEBUG, "pebble: cancel after 0.013 s: ReadError: reset"),
        (logging.INFO, "pebble: logged in"),
        (logging.WARNING, "pebble: log-in failed: who are you"),
    ]


def test_a_logger_of_ones_own(caplog: pytest.LogCaptureFixture) -> None:
    """Another logger takes it as well."""
    caplog.set_level(logging.DEBUG, logger="mine")
    LoggingObserver(logging.getLogger("mine")).attempted("pebble", "cancel")
    assert caplog.record_tuples == [("mine", logging.DEBUG, "pebble: cancel")]


def test_a_slow_plugin_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """With all that its author must know."""
    slow = SlowPlugin(
        venue="pebble", function="check", elapsed_s=0.25, cpu_s=0.2, source="stones:PLUGIN of stones 1"
    )
    with caplog.at_level(logging.DEBUG, logger="countermand"):
        PLUGIN_OBSERVER.slow_plugin(slow)
    assert caplog.record_tuples == [
        (
            "countermand",
            logging.WARNING,
            "pebble: check of the plugin stones:PLUGIN of stones 1 took 0.250 s, of which 0.200 s of its own",
        )
    ]
