"""Cancels of one order by a client, at the simulated venue, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from countermand import (
    Assurance,
    CancelAck,
    CanceledBy,
    CancelRequest,
    ClientOrderId,
    OrderId,
    OrderStatus,
    Outcome,
    Reason,
    Sent,
)
from countermand.testing import EVERY_FAULT, Fault, FaultKind, Point
from countermand_alpaca import ApiKey
from countermand_alpaca.simulator import AlpacaSimulator

Cancel = Callable[..., CancelAck]

#: What can be said of an order that is truly off the book, and of one that works on.
HONEST = {
    True: {Outcome.CANCELED, Outcome.PENDING, Outcome.UNKNOWN},
    False: set(Outcome) - {Outcome.CANCELED},
}


@pytest.fixture
def cancel(asking: Callable[..., Any]) -> Cancel:
    """Cancel an order at a simulator; return the ack."""

    def perform(
        simulator: AlpacaSimulator, order: str | ClientOrderId, timeout_s: float = 30.0, **fields: Any
    ) -> CancelAck:
        named = OrderId(order) if isinstance(order, str) else order
        request = CancelRequest(
            venue="alpaca", account="9", order=named, timeout_s=timeout_s, **fields.pop("request", {})
        )
        ack: CancelAck = asking(simulator, lambda client: client.cancel(request), **fields)
        return ack

    return perform


def test_a_working_order(cancel: Cancel) -> None:
    """204 is a receipt; that the order is off the book is read."""
    simulator = AlpacaSimulator()
    order = simulator.place(0.0, filled=Decimal(3))
    ack = cancel(simulator, order.order_id)
    assert (ack.outcome, ack.canceled_by, ack.sent) == (
        Outcome.CANCELED,
        CanceledBy.UNDETERMINED,
        Sent.YES,
    )
    assert ack.order is not None
    assert (ack.order.account, ack.order.filled_quantity) == (None, Decimal(3))
    assert [(one.method, one.path) for one in simulator.requests] == [
        ("DELETE", f"/v2/orders/{order.order_id}"),
        ("GET", f"/v2/orders/{order.order_id}"),
    ]


def test_a_cancel_that_waits_for_the_market_to_open(cancel: Cancel) -> None:
    """It may read pending_cancel for hours: that is what is said, and the cancel is not sent again."""
    simulator = AlpacaSimulator(cancel_delay_s=14 * 3600.0)
    order = simulator.place(0.0)
    ack = cancel(simulator, order.order_id, timeout_s=600.0)
    assert (ack.outcome, ack.reason) == (Outcome.PENDING, None)
    assert ack.order is not None
    assert ack.order.status is OrderStatus.PENDING_CANCEL
    assert sum(one.method == "DELETE" for one in simulator.requests) == 1


def test_a_receipt_is_enough_for_who_wants_no_more(cancel: Cancel) -> None:
    """Nothing is read."""
    simulator = AlpacaSimulator()
    order = simulator.place(0.0)
    ack = cancel(simulator, order.order_id, request={"assurance": Assurance.RECEIVED})
    assert (ack.outcome, len(simulator.requests)) == (Outcome.PENDING, 1)


@pytest.mark.parametrize("status", [OrderStatus.FILLED, OrderStatus.EXPIRED, OrderStatus.REJECTED])
def test_an_order_that_ended_otherwise(cancel: Cancel, status: OrderStatus) -> None:
    """422 does not tell why; the order does."""
    simulator = AlpacaSimulator()
    ack = cancel(simulator, simulator.place(0.0, status=status).order_id)
    assert (ack.outcome, ack.reason, ack.venue_code) == (Outcome.REJECTED, Reason.TOO_LATE, "42210000")
    assert ack.order is not None
    assert ack.order.status is status


def test_an_order_that_was_canceled_before(cancel: Cancel) -> None:
    """It is off the book, by somebody else's cancel."""
    simulator = AlpacaSimulator()
    ack = cancel(simulator, simulator.place(0.0, status=OrderStatus.CANCELED).order_id)
    assert (ack.outcome, ack.canceled_by) == (Outcome.CANCELED, CanceledBy.EARLIER)


def test_an_order_that_fills_meanwhile(cancel: Cancel) -> None:
    """A receipt and then a fill: the cancel came too late."""
    simulator = AlpacaSimulator(cancel_delay_s=1.0, fill_before_cancel=True)
    ack = cancel(simulator, simulator.place(0.0).order_id)
    assert (ack.outcome, ack.reason) == (Outcome.REJECTED, Reason.TOO_LATE)


def test_an_unknown_order(cancel: Cancel) -> None:
    """404 is documented for a read, and no listing shows it."""
    simulator = AlpacaSimulator()
    ack = cancel(simulator, simulator.new_order_id(1))
    assert (ack.outcome, ack.reason) == (Outcome.REJECTED, Reason.UNKNOWN_ORDER)


@pytest.mark.parametrize("follow", [False, True])
def test_a_replaced_order(cancel: Cancel, follow: bool) -> None:
    """It reads replaced, and the one in its place tells so: that one is canceled only where asked for."""
    simulator = AlpacaSimulator()
    old = simulator.place(0.0).order_id
    new = simulator.replace(old, 1.0).order_id
    ack = cancel(simulator, old, request={"follow_replacement": follow})
    assert ack.successor == OrderId(new)
    assert simulator.book.order(new).dead is follow


def test_an_order_that_is_being_replaced(cancel: Cancel) -> None:
    """Schema OrderStatus: it "will reject cancel request while in this state", and it is told why."""
    simulator = AlpacaSimulator()
    order = simulator.place(0.0, status=OrderStatus.PENDING_REPLACE)
    ack = cancel(simulator, order.order_id)
    assert (ack.outcome, ack.reason) == (Outcome.REJECTED, Reason.PENDING_REPLACE)


def test_an_order_by_its_client_order_id(cancel: Cancel) -> None:
    """It is looked up in the listing, and pinned."""
    simulator = AlpacaSimulator()
    order = simulator.place(0.0, client_order_id="mine")
    simulator.place(0.0, client_order_id="yours")
    ack = cancel(simulator, ClientOrderId("mine"))
    assert (ack.outcome, ack.order_id) == (Outcome.CANCELED, OrderId(order.order_id))
    assert [order.client_order_id for order in simulator.book.open_orders()] == ["yours"]


def test_a_wrong_key(cancel: Cancel) -> None:
    """Nothing was done, it is told once, and the key stands nowhere in the ack."""
    simulator = AlpacaSimulator()
    order = simulator.place(0.0)
    key = ApiKey(key_id="PKWRONG", secret="notTheSecretOfThisKey")
    ack = cancel(simulator, order.order_id, auth=key)
    assert (ack.outcome, ack.reason) == (Outcome.REJECTED, Reason.NOT_AUTHORIZED)
    assert not simulator.book.order(order.order_id).dead
    assert "notTheSecret" not in f"{ack!r}{ack.to_dict()}"


def test_too_many_calls(cancel: Cancel) -> None:
    """A throttled cancel may have acted: the order is read, and asked for again."""
    simulator = AlpacaSimulator()
    order = simulator.place(0.0)
    simulator.faults.script("cancel", Fault(kind=FaultKind.THROTTLED_UNTIL, retry_after_s=2.0))
    ack = cancel(simulator, order.order_id)
    assert ack.outcome is Outcome.CANCELED


@pytest.mark.parametrize("call", ["cancel", "read"])
@pytest.mark.parametrize(
    "fault", [one for one in EVERY_FAULT if one.kind is not FaultKind.TLS], ids=lambda one: one.word
)
def test_no_fault_makes_a_lie(cancel: Cancel, fault: Fault, call: str) -> None:
    """Whatever happens to a call, the ack agrees with the book."""
    if call not in fault.calls:
        return
    simulator = AlpacaSimulator(cancel_delay_s=0.5)
    order = simulator.place(0.0)
    simulator.faults.script(call, fault)
    ack = cancel(simulator, order.order_id)
    assert simulator.faults.met
    assert ack.outcome in HONEST[simulator.book.order(order.order_id).dead]
    if fault.point is not Point.LATER:
        assert ack.outcome is not Outcome.UNKNOWN
