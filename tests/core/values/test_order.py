"""What a status is worth, and which order took another's place."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from countermand import ClientOrderId, OrderId, OrderReport, OrderStatus, StatusClass

# (FIX name, class): the table of the outcome policy, every name once.
WORTH = {
    "Filled": StatusClass.DEAD,
    "Canceled": StatusClass.DEAD,
    "Rejected": StatusClass.DEAD,
    "Expired": StatusClass.DEAD,
    "Pending Cancel": StatusClass.LEAVING,
    "Pending Replace": StatusClass.MOVING,
    "Replaced": StatusClass.MOVING,
    "New": StatusClass.ALIVE,
    "Partially Filled": StatusClass.ALIVE,
    "Pending New": StatusClass.ALIVE,
    "Accepted for Bidding": StatusClass.ALIVE,
    "Suspended": StatusClass.ALIVE,
    "Stopped": StatusClass.ALIVE,
    "Held": StatusClass.ALIVE,
    "Done for Day": StatusClass.ALIVE,
    "Calculated": StatusClass.ALIVE,
    "Error": StatusClass.UNREADABLE,
    "Unknown": StatusClass.UNREADABLE,
}
# FIX 4.4, OrdStatus (39); Held, Error and Unknown are no words of FIX.
FIX_NAMES = {
    *("New", "Partially Filled", "Filled", "Done for Day", "Canceled", "Replaced", "Pending Cancel"),
    *("Stopped", "Rejected", "Suspended", "Pending New", "Calculated", "Expired", "Accepted for Bidding"),
    "Pending Replace",
}


def order(order_id: str = "7", status: OrderStatus = OrderStatus.NEW, **fields: object) -> OrderReport:
    made = OrderReport(order_id=OrderId(order_id), status=status, filled_quantity=Decimal(0))
    return attrs.evolve(made, **fields)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize("status", OrderStatus, ids=lambda status: status.name)
def test_every_status_has_its_class(status: OrderStatus) -> None:
    """A status is worth what the policy says, alone and on an order."""
    assert status.status_class is WORTH[status.value]
    assert order(status=status).status_class is WORTH[status.value]


def test_the_names_are_those_of_fix() -> None:
    """Every OrdStatus of FIX has its name here, and only three more are known."""
    assert {status.value for status in OrderStatus} == FIX_NAMES | {"Held", "Error", "Unknown"}


DEAD, ALIVE = OrderStatus.CANCELED, OrderStatus.NEW
LEGS = {
    "all dead": (DEAD, [DEAD, OrderStatus.FILLED], StatusClass.DEAD),
    "one alive": (DEAD, [DEAD, ALIVE], StatusClass.ALIVE),
    "one leaving": (DEAD, [OrderStatus.PENDING_CANCEL, DEAD], StatusClass.LEAVING),
    "one unreadable": (OrderStatus.FILLED, [OrderStatus.UNKNOWN], StatusClass.UNREADABLE),
    "itself alive": (ALIVE, [DEAD], StatusClass.ALIVE),
    "itself leaving": (OrderStatus.PENDING_CANCEL, [ALIVE], StatusClass.LEAVING),
}


@pytest.mark.parametrize(("own", "legs", "expected"), LEGS.values(), ids=LEGS.keys())
def test_an_order_is_dead_when_all_its_legs_are(
    own: OrderStatus, legs: list[OrderStatus], expected: StatusClass
) -> None:
    """Legs that live keep an order from being dead, and nothing else."""
    assert order(status=own, legs=tuple(order("8", leg) for leg in legs)).status_class is expected


def test_legs_of_legs_count() -> None:
    """A dead leg with a living leg of its own is not dead."""
    inner = order("9", ALIVE)
    middle = order("8", DEAD, legs=(inner,))
    assert order("7", DEAD, legs=(middle,)).status_class is StatusClass.ALIVE


def test_a_report_says_no_more_than_it_was_told() -> None:
    """What a venue does not show is missing, and no refusal of a cancel."""
    report = order()
    assert report.cancel_rejected is False
    assert (report.account, report.client_order_id, report.replaces, report.parent) == (None,) * 4
    assert (report.quantity, report.remaining_quantity, report.average_price) == (None,) * 3
    assert (report.instrument, report.text, report.as_of, report.legs) == (None, None, None, ())


OURS, MINE = OrderId("7"), ClientOrderId("mine")
SUCCESSION = {
    "by the venue's id": (order("8", replaces=OURS), MINE, True),
    "by the client's id": (order("8", replaces=MINE), MINE, True),
    "by another's id": (order("8", replaces=OrderId("6")), MINE, False),
    "by another client's id": (order("8", replaces=ClientOrderId("theirs")), MINE, False),
    "by the same text as the other kind": (order("8", replaces=ClientOrderId("7")), MINE, False),
    "by no id": (order("8"), MINE, False),
    "by no id, and none known": (order("8"), None, False),
    "itself": (order("7", replaces=OURS), MINE, False),
}


@pytest.mark.parametrize(("row", "client_id", "expected"), SUCCESSION.values(), ids=SUCCESSION.keys())
def test_an_order_succeeds_the_one_it_names(
    row: OrderReport, client_id: ClientOrderId | None, expected: bool
) -> None:
    """An order took another's place if it says so by one of that one's ids, and is not that one."""
    assert row.succeeds(OURS, client_id) is expected
