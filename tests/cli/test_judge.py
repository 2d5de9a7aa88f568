"""The judge of the demo: every way an ack can disagree with the book."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from countermand import (
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
from countermand.cli._demo import differences
from countermand.cli._judge import disagreement
from countermand.cli._play import Played
from countermand.cli._scenes import SCENES
from countermand.testing import Book, SimulatedOrder

AT = datetime(2026, 1, 2, tzinfo=UTC)
REQUEST = CancelRequest(venue="toy", account="9", order=OrderId("7"))
RECEIPT = Evidence(at=AT, kind=EvidenceKind.RECEIPT, source="s", text="t")


def ack(outcome: Outcome, reason: Reason | None = None, *, filled: int = 0, **fields: Any) -> CancelAck:
    """Make an ack with that end, of an order that was read as canceled or filled where it must have been."""
    status = {Outcome.CANCELED: OrderStatus.CANCELED, Outcome.REJECTED: OrderStatus.FILLED}.get(outcome)
    seen = status and OrderReport(
        order_id=OrderId("7"), status=status, filled_quantity=Decimal(filled), as_of=AT
    )
    about = {"order_id": OrderId("7"), "order": seen} if seen is not None else {}
    return CancelAck(
        **{
            "request": REQUEST, "outcome": outcome, "reason": reason, "sent": Sent.YES,
            "evidence": (RECEIPT,), **about, **fields,
        }
    )  # fmt: skip


def book_order(filled: int = 0, **fields: Any) -> SimulatedOrder:
    return Book().place(
        0.0,
        order_id=fields.pop("order_id", "7"),
        account="9",
        instrument="TOY",
        filled=Decimal(filled),
        **fields,
    )


def canceled_by_request(filled: int = 0) -> SimulatedOrder:
    book = Book()
    book.place(0.0, order_id="7", account="9", instrument="TOY", filled=Decimal(filled))
    return book.cancel("7", 1.0, by="cancel 1")


def replaced() -> SimulatedOrder:
    book = Book()
    book.place(0.0, order_id="7", account="9", instrument="TOY")
    book.replace("7", 1.0, order_id="8")
    return book.order("7")


OURS = ack(Outcome.CANCELED, canceled_by=CanceledBy.THIS_REQUEST)
EARLIER = ack(Outcome.CANCELED, canceled_by=CanceledBy.EARLIER)
ANY = ack(Outcome.CANCELED, canceled_by=CanceledBy.UNDETERMINED)
TOO_LATE = ack(Outcome.REJECTED, Reason.TOO_LATE, filled=10)
REPLACED = ack(Outcome.REJECTED, Reason.REPLACED, successor=OrderId("8"))


@pytest.mark.parametrize(
    ("told", "order", "agrees"),
    [
        pytest.param(OURS, canceled_by_request(), True, id="canceled-by-us"),
        pytest.param(ANY, canceled_by_request(), True, id="canceled-by-whom-is-open"),
        pytest.param(EARLIER, canceled_by_request(), False, id="ours-called-earlier"),
        pytest.param(EARLIER, book_order(status=OrderStatus.CANCELED), True, id="canceled-earlier"),
        pytest.param(ANY, book_order(status=OrderStatus.CANCELED), True, id="earlier-by-whom-is-open"),
        pytest.param(OURS, book_order(status=OrderStatus.CANCELED), False, id="earlier-called-ours"),
        pytest.param(OURS, canceled_by_request(filled=3), False, id="wrong-fill"),
        pytest.param(OURS, book_order(), False, id="still-open"),
        pytest.param(OURS, book_order(10), False, id="filled-instead"),
        pytest.param(OURS, None, False, id="canceled-nothing"),
        pytest.param(TOO_LATE, book_order(10), True, id="too-late"),
        pytest.param(TOO_LATE, book_order(), False, id="not-too-late"),
        pytest.param(TOO_LATE, canceled_by_request(), False, id="too-late-but-canceled"),
        pytest.param(
            TOO_LATE, book_order(9, status=OrderStatus.EXPIRED), False, id="too-late-with-wrong-fill"
        ),
        pytest.param(TOO_LATE, book_order(10, order_id="6"), False, id="too-late-for-another"),
        pytest.param(TOO_LATE, None, False, id="too-late-for-nothing"),
        pytest.param(REPLACED, replaced(), True, id="replaced"),
        pytest.param(REPLACED, book_order(), False, id="not-replaced"),
        pytest.param(
            ack(Outcome.REJECTED, Reason.REPLACED, successor=OrderId("9")),
            replaced(),
            False,
            id="other-successor",
        ),
        pytest.param(ack(Outcome.REJECTED, Reason.UNKNOWN_ORDER), None, True, id="unknown-order"),
        pytest.param(ack(Outcome.REJECTED, Reason.UNKNOWN_ORDER), book_order(), False, id="known-order"),
        pytest.param(ack(Outcome.REJECTED, Reason.NOT_FOUND), None, True, id="not-found"),
        pytest.param(ack(Outcome.REJECTED, Reason.NOT_AUTHORIZED), book_order(), True, id="not-authorized"),
        pytest.param(
            ack(Outcome.REJECTED, Reason.NOT_AUTHORIZED), canceled_by_request(), False, id="yet-canceled"
        ),
        pytest.param(ack(Outcome.PENDING), book_order(), True, id="pending-claims-nothing"),
        pytest.param(ack(Outcome.UNKNOWN), None, True, id="unknown-claims-nothing"),
    ],
)
def test_ack_is_held_against_the_book(told: CancelAck, order: SimulatedOrder | None, agrees: bool) -> None:
    """An ack with the right end is still wrong if the book says otherwise, and the words say in what."""
    wrong = disagreement(told, frozenset({(told.outcome, told.reason)}), order)
    assert (wrong is None) == agrees
    if wrong is not None:
        assert ("no such order" if order is None else order.status.value) in wrong


def test_other_end_is_wrong_whatever_the_book_says() -> None:
    """An end that is not right for its row is told beside those that are."""
    ends = frozenset({(Outcome.REJECTED, Reason.UNKNOWN_ORDER), (Outcome.REJECTED, Reason.NOT_FOUND)})
    assert disagreement(OURS, ends, canceled_by_request()) == (
        "CANCELED, expected REJECTED (not found) or REJECTED (unknown order)"
    )


def test_only_one_scene_may_stay_open() -> None:
    """`UNKNOWN` is right in the row named for it alone, and `PENDING` in none."""
    undecided = {Outcome.PENDING, Outcome.UNKNOWN}
    open_scenes = [scene.kind for scene in SCENES if {outcome for outcome, _ in scene.ends} & undecided]
    assert open_scenes == ["no answer"]


def test_clients_that_differ_are_told() -> None:
    """Two acks may both be right and yet differ: the clients shall agree on every row."""
    (scene,) = [scene for scene in SCENES if scene.kind == "unknown"]
    one, other = (
        Played(venue="toy", scene=scene, ack=ack(Outcome.REJECTED, reason), wrong=None)
        for reason in (Reason.UNKNOWN_ORDER, Reason.NOT_FOUND)
    )
    assert list(differences([one, one], [one, other])) == ["toy, unknown: Client and AsyncClient differ"]
