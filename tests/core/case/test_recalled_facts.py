"""An ack told as facts again, fact by fact: what was sent, what was read, and when, by another client's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from countermand import (
    Attempt,
    CancelAck,
    CancelRequest,
    Evidence,
    EvidenceKind,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    Sent,
    Stage,
)
from countermand._case._facts import Action, Began, Ended, Fact, Signed
from countermand._case._recall import recalled
from countermand.venue import MayHaveActed, OrderRead, Receipt

EPOCH, NOW = datetime(2026, 1, 1, tzinfo=UTC), 500.0
ORDER = OrderId("7")
REQUEST = CancelRequest(venue="v", account="9", order=ORDER)


def wall(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def attempt(signed: float | None, answered: float | None = None, **more: Any) -> Attempt:
    """Make one; of what is not said, it was a cancel of this order that was sent."""
    told: dict[str, Any] = {"call": "CancelOrder", "sent": Sent.YES, "order_id": ORDER, **more}
    times = {"signed_at": signed, "answered_at": answered}
    told |= {name: None if at is None else wall(at) for name, at in times.items()}
    return Attempt(**told)


def item(kind: EvidenceKind, at: float, source: str = "CancelOrder", **more: Any) -> Evidence:
    return Evidence(at=wall(at), kind=kind, source=source, text="so", **more)


def receipt(at: float, source: str = "CancelOrder") -> Evidence:
    return item(EvidenceKind.RECEIPT, at, source)


def report(as_of: float | None) -> OrderReport:
    return OrderReport(
        order_id=ORDER,
        status=OrderStatus.NEW,
        filled_quantity=Decimal(0),
        as_of=None if as_of is None else wall(as_of),
    )


def shown(at: float, as_of: float | None, kind: EvidenceKind = EvidenceKind.REPORT) -> Evidence:
    return item(kind, at, "GetOrder", order=report(as_of))


def sent(number: int, begun: float, ended: float, **more: Any) -> list[Fact]:
    """Tell the facts of a cancel."""
    told = {"sent": Sent.YES, "answer": MayHaveActed(), **more}
    return _facts(number, Action.CANCEL, "CancelOrder", begun, ended, told)


def read(number: int, begun: float, ended: float, as_of: float | None) -> list[Fact]:
    """Tell the facts of a read."""
    told = {"sent": Sent.YES, "answer": OrderRead(report=report(as_of))}
    return _facts(number, Action.READ, "GetOrder", begun, ended, told)


def _facts(
    number: int, action: Action, call: str, begun: float, ended: float, told: dict[str, Any]
) -> list[Fact]:
    return [
        Began(number=number, action=action, at=begun, overdue_at=begun),
        Signed(number=number, call=call, at=begun),
        Ended(number=number, at=ended, signed_at=begun, **told),
    ]


def unnamed(number: int, at: float) -> list[Fact]:
    """Tell the facts of a cancel that somebody may have sent."""
    return _facts(number, Action.CANCEL, "cancel", at, at, {"sent": Sent.MAYBE, "answer": MayHaveActed()})


RECEIVED = {"sent": Sent.YES, "answer": Receipt()}
#: id: (the attempts of an ack, its evidence, the facts that it is).
ACKS: dict[str, tuple[tuple[Attempt, ...], tuple[Evidence, ...], list[Fact]]] = {
    "a receipt": ((attempt(10, 12),), (receipt(12),), sent(-1, 10, 12, **RECEIVED)),
    "two receipts, numbered downwards": (
        (attempt(10, 12), attempt(20, 21)), (receipt(12), receipt(21)),
        [*sent(-1, 10, 12, **RECEIVED), *sent(-2, 20, 21, **RECEIVED)],
    ),
    "an answer that was no receipt": ((attempt(10, 12),), (item(EvidenceKind.REFUSAL, 12),), sent(-1, 10, 12)),
    "the receipt of another call": ((attempt(10, 12),), (receipt(12, "another"),), sent(-1, 10, 12)),
    "the receipt of another time": ((attempt(10, 12),), (receipt(13),), sent(-1, 10, 12)),
    "no answer": ((attempt(10, sent=Sent.MAYBE),), (), sent(-1, 10, 10, sent=Sent.MAYBE)),
    "nobody knows when it was signed": ((attempt(None, 12), attempt(11, 13)), (), [*sent(-1, 11, 12), *sent(-2, 11, 13)]),
    "it ended before it began, by the clock": ((attempt(12, 10),), (), sent(-1, 12, 12)),
    "what was not sent is left out": ((attempt(9, sent=Sent.NO), attempt(10, 12)), (), sent(-1, 10, 12)),
    "that of an order it followed from is left out": (
        (attempt(9, 9.5, order_id=OrderId("6")), attempt(10, 12)), (), sent(-1, 10, 12),
    ),
    "one that names no order is its own": ((attempt(10, 12, order_id=None),), (), sent(-1, 10, 12)),
    "nothing was sent": ((attempt(9, sent=Sent.NO),), (item(EvidenceKind.NOT_SENT, 8),), unnamed(-1, 8)),
    "nothing is known, nor when": ((), (), unnamed(-1, NOW)),
    "a read": ((attempt(10, 12),), (shown(14, 13),), [*sent(-1, 10, 12), *read(-2, 13, 14, 13)]),
    "a read of no known beginning": ((attempt(10, 12),), (shown(14, None),), [*sent(-1, 10, 12), *read(-2, 10, 14, None)]),
    "a read that began before all else": ((attempt(10, 12),), (shown(14, 5),), [*sent(-1, 10, 12), *read(-2, 5, 14, 5)]),
    "what is shown of its heir is none": (
        (attempt(10, 12),), (shown(14, 13, EvidenceKind.SUCCESSOR),), sent(-1, 10, 12),
    ),
    "a report without the order is none": ((attempt(10, 12),), (item(EvidenceKind.REPORT, 14),), sent(-1, 10, 12)),
    "all of it may lie before the client was": ((attempt(-9, -7),), (), sent(-1, -9, -7)),
    "what ends now is not moved": ((attempt(490, NOW),), (), sent(-1, 490, NOW)),
    "what ends later is moved back as a whole": (
        (attempt(490, 500.5),), (shown(504, 502),), [*sent(-1, 486, 496.5), *read(-2, 498, 500, 502)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("attempts", "evidence", "facts"), ACKS.values(), ids=ACKS)
def test_an_ack_is_told_as_facts(
    attempts: tuple[Attempt, ...], evidence: tuple[Evidence, ...], facts: list[Fact]
) -> None:
    """Each with its own time; what is not known to have been received may have acted."""
    ack = CancelAck(
        request=REQUEST,
        outcome=Outcome.UNKNOWN,
        order_id=ORDER,
        sent=Sent.MAYBE,
        stage=Stage.CONFIRM,
        attempts=attempts,
        evidence=evidence,
    )
    assert recalled(ack, EPOCH, NOW) == facts


def test_of_an_order_without_an_id_all_attempts_are_its_own() -> None:
    """None of them names one, and nothing else was followed."""
    ack = CancelAck(
        request=REQUEST, outcome=Outcome.UNKNOWN, sent=Sent.MAYBE, attempts=(attempt(10, 12, order_id=None),)
    )
    assert recalled(ack, EPOCH, NOW) == sent(-1, 10, 12)
