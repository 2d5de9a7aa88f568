"""The judge of the demo's kill: a true report passes, and each lie is found."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from countermand import (
    CancelAck,
    CanceledBy,
    CancelRequest,
    Cause,
    KillReport,
    MassCancelReport,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    PlacedAfter,
    Residual,
    Scope,
    Sent,
)
from countermand.cli._kill_judge import kill_wrongs
from countermand.testing import SimulatedOrder

AT = datetime(2026, 1, 2, tzinfo=UTC)
STUBBORN = {"2": frozenset({Cause.REFUSED})}


def seen(order_id: str, status: OrderStatus) -> OrderReport:
    return OrderReport(order_id=OrderId(order_id), status=status, filled_quantity=Decimal(0), as_of=AT)


def simulated(order_id: str, status: OrderStatus) -> SimulatedOrder:
    return SimulatedOrder(order_id=order_id, account="9", instrument="BTCUSD", status=status)


CANCELED = CancelAck(
    request=CancelRequest(venue="toy", account="9", order=OrderId("1")),
    outcome=Outcome.CANCELED,
    canceled_by=CanceledBy.UNDETERMINED,
    order_id=OrderId("1"),
    order=seen("1", OrderStatus.CANCELED),
    sent=Sent.YES,
)
UNKNOWN = CancelAck(
    request=CancelRequest(venue="toy", account="9", order=OrderId("2")), outcome=Outcome.UNKNOWN
)
LEFT = Residual(order_id=OrderId("2"), cause=Cause.REFUSED, order=seen("2", OrderStatus.NEW))
TRUE = MassCancelReport(
    scope=Scope.account("toy", "9"),
    placed_after=PlacedAfter.CANCEL,
    acks=(CANCELED, UNKNOWN),
    residual=(LEFT,),
)
EMPTY = MassCancelReport(
    scope=Scope.account("toy", "9"),
    placed_after=PlacedAfter.CANCEL,
    acks=(CANCELED,),
    proved_empty_as_of=AT,
)
ONE_GONE = simulated("1", OrderStatus.CANCELED)
ONE_LEFT = (ONE_GONE, simulated("2", OrderStatus.NEW))


def wrongs(report: MassCancelReport, *orders: SimulatedOrder) -> list[str]:
    return list(kill_wrongs(KillReport(reports=(report,)), [orders], [STUBBORN]))


def test_truth_passes() -> None:
    """What agrees with the book is not wrong, be it empty or not."""
    assert wrongs(EMPTY, ONE_GONE) == []
    assert wrongs(TRUE, *ONE_LEFT) == []


@pytest.mark.parametrize(
    ("report", "orders", "told"),
    [
        pytest.param(EMPTY, ONE_LEFT, "proved empty, but the book has 1 open orders", id="hope"),
        pytest.param(EMPTY, ONE_LEFT, "proved is True, but the books say otherwise", id="proved"),
        pytest.param(EMPTY, ONE_LEFT, "2: not told of", id="hidden"),
        pytest.param(
            TRUE,
            (ONE_GONE, simulated("2", OrderStatus.CANCELED)),
            "2: said to be left, but is not",
            id="gone",
        ),
        pytest.param(
            TRUE,
            (simulated("1", OrderStatus.NEW), ONE_LEFT[1]),
            "1: could have been canceled",
            id="avoidable",
        ),
        pytest.param(
            TRUE,
            (simulated("1", OrderStatus.FILLED), ONE_LEFT[1]),
            "1: CANCELED, but the book has Filled",
            id="false-ack",
        ),
        pytest.param(TRUE, ONE_LEFT[1:], "1: CANCELED, but the book has no such order", id="no-such-order"),
        pytest.param(
            attrs.evolve(TRUE, residual=(attrs.evolve(LEFT, cause=Cause.NOT_SENT),)),
            ONE_LEFT,
            "2: left as not sent, which is not why",
            id="false-cause",
        ),
    ],
)
def test_lie_is_found(report: MassCancelReport, orders: Any, told: str) -> None:
    """Whatever the report says against the book is told."""
    assert any(told in wrong for wrong in wrongs(report, *orders))


def test_missing_scope_is_found() -> None:
    """A scope without a report is wrong in itself."""
    assert list(kill_wrongs(KillReport(reports=()), [[ONE_GONE]], [{}])) == ["0 reports for 1 scopes"]
