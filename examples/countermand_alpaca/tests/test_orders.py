"""How orders and pages of them read."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from countermand import ClientOrderId, OrderId, OrderReport, OrderStatus, StatusClass
from countermand.venue import Page, Unreadable
from countermand.venue.wire import WireError
from countermand_alpaca import Alpaca

Answered = Callable[..., Any]
MakeOrder = Callable[..., dict[str, Any]]

ID = OrderId("61e69015-8549-4bfd-b9c3-01e75843f47d")
NEXT = "61e69015-8549-4bfd-b9c3-01e75843f47e"

#: Alpaca Trading API (OpenAPI), schema OrderStatus, and what a cancel can make of each.
STATUSES = {
    "accepted": StatusClass.ALIVE,
    "pending_new": StatusClass.ALIVE,
    "new": StatusClass.ALIVE,
    "partially_filled": StatusClass.ALIVE,
    "done_for_day": StatusClass.ALIVE,
    "held": StatusClass.ALIVE,
    "stopped": StatusClass.ALIVE,
    "suspended": StatusClass.ALIVE,
    "calculated": StatusClass.ALIVE,
    "accepted_for_bidding": StatusClass.ALIVE,
    "pending_cancel": StatusClass.LEAVING,
    "pending_replace": StatusClass.MOVING,
    "replaced": StatusClass.MOVING,
    "filled": StatusClass.DEAD,
    "canceled": StatusClass.DEAD,
    "expired": StatusClass.DEAD,
    "rejected": StatusClass.DEAD,
    "a word of tomorrow": StatusClass.UNREADABLE,
    "New": StatusClass.UNREADABLE,
}


@pytest.fixture
def read(venue: Alpaca, answered: Answered) -> Callable[[object], OrderReport]:
    """Read one order; its report."""

    def report(value: object) -> OrderReport:
        verdict = answered(venue.read_order("9", ID), 200, value)
        found: OrderReport = verdict.report
        return found

    return report


@pytest.mark.parametrize(("word", "worth"), STATUSES.items(), ids=STATUSES)
def test_status(
    read: Callable[[object], OrderReport], order: MakeOrder, word: str, worth: StatusClass
) -> None:
    """Every documented word has its FIX name; any other is unreadable."""
    assert read(order(status=word)).status_class is worth


def test_the_documented_order(read: Callable[[object], OrderReport], order: MakeOrder) -> None:
    """An order of an amount of money has no quantity until it is filled; whose it is stands nowhere."""
    assert read(order()) == OrderReport(
        order_id=ID,
        status=OrderStatus.PENDING_NEW,
        filled_quantity=Decimal(0),
        client_order_id=ClientOrderId("eb9e2aaa-f71a-4f51-b5b4-52a6c565dad4"),
        instrument="AAPL",
    )


def test_a_filled_order(read: Callable[[object], OrderReport], order: MakeOrder) -> None:
    """Quantities and prices are texts, and exact."""
    report = read(order(qty="1.123456789", filled_qty="1.000000001", filled_avg_price="-0.05", replaces=NEXT))
    assert (report.quantity, report.filled_quantity) == (Decimal("1.123456789"), Decimal("1.000000001"))
    assert (report.average_price, report.replaces) == (Decimal("-0.05"), OrderId(NEXT))


def test_an_order_is_dead_with_its_legs(read: Callable[[object], OrderReport], order: MakeOrder) -> None:
    """As long as one leg is open, so is the whole."""
    leg = order(id=NEXT, status="held")
    assert read(order(status="filled", legs=[leg])).status_class is StatusClass.ALIVE
    assert read(order(status="filled", legs=[leg | {"status": "expired"}])).status_class is StatusClass.DEAD


def test_a_client_order_id_that_nobody_could_give(
    read: Callable[[object], OrderReport], order: MakeOrder
) -> None:
    """It is no reason not to read the order."""
    assert read(order(client_order_id="with a blank")).client_order_id is None


BROKEN: dict[str, dict[str, Any]] = {
    "id in capitals": {"id": ID.value.upper()},
    "id a number": {"id": 7},
    "no id": {"id": None},
    "status no text": {"status": None},
    "filled a number": {"filled_qty": 1.5},
    "filled below 0": {"filled_qty": "-1"},
    "filled NaN": {"filled_qty": "NaN"},
    "filled with an exponent": {"filled_qty": "1E5"},
    "filled empty": {"filled_qty": ""},
    "filled a line": {"filled_qty": "1\n"},
    "other digits": {"filled_qty": "\u0661"},
    "quantity below 0": {"qty": "-1"},
    "price no number": {"filled_avg_price": "market"},
    "replaces no id": {"replaces": "6500"},
    "legs no list": {"legs": {}},
    "broken leg": {"legs": [{}]},
}


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN)
def test_an_order_of_another_shape(
    venue: Alpaca, answered: Answered, order: MakeOrder, changes: dict[str, Any]
) -> None:
    """It cannot be read, and no word of it is believed."""
    assert isinstance(answered(venue.read_order("9", ID), 200, order(**changes)), Unreadable)


def test_legs_without_end(venue: Alpaca, answered: Answered, order: MakeOrder) -> None:
    """No order is made of legs of legs of legs."""
    value = order()
    for _ in range(100):
        value = order(legs=[value])
    assert isinstance(answered(venue.read_order("9", ID), 200, value), Unreadable)


def rows(order: MakeOrder, *times: str) -> list[dict[str, Any]]:
    """Make orders that were submitted then, with ids in that order."""
    return [
        order(id=f"61e69015-8549-4bfd-b9c3-{number:012x}", submitted_at=time)
        for number, time in enumerate(times)
    ]


def at(*milliseconds: int) -> list[str]:
    """Write times, the fraction as short as it can be."""
    return [f"2021-03-16T18:38:01.{one:03d}".rstrip("0").rstrip(".") + "Z" for one in milliseconds]


def page_of(venue: Alpaca, answered: Answered, listed: object) -> Page:
    """Read a page of open orders."""
    page = answered(venue.list_open("9"), 200, listed)
    assert isinstance(page, Page), page
    return page


@pytest.mark.parametrize("count", [0, 1, 499])
def test_a_page_that_is_not_full_is_the_last(
    venue: Alpaca, answered: Answered, order: MakeOrder, count: int
) -> None:
    """It shows all there are; times do not matter then."""
    page = page_of(venue, answered, rows(order, *[""] * count))
    assert (len(list(page.rows)), page.next_page) == (count, None)


def test_a_full_page_is_followed_by_what_was_before(
    venue: Alpaca, answered: Answered, order: MakeOrder
) -> None:
    """The last order comes again with the next page, which goes on from the one before it."""
    page = page_of(venue, answered, rows(order, *at(*range(900, 400, -1))))
    assert (len(list(page.rows)), page.next_page) == (499, "2021-03-16T18:38:01.402Z")


def test_orders_of_the_last_instant_are_left_to_the_next_page(
    venue: Alpaca, answered: Answered, order: MakeOrder
) -> None:
    """The page may have had room for some of them only, however their time is written."""
    times = [*at(*range(900, 402, -1)), "2021-03-16T18:38:01.4Z", "2021-03-16T18:38:01.400000000Z"]
    page = page_of(venue, answered, rows(order, *times))
    assert (len(list(page.rows)), page.next_page) == (498, "2021-03-16T18:38:01.403Z")


UNPAGEABLE = {
    "one instant": at(*[7] * 500),
    "oldest first": at(*range(400, 900)),
    "one out of order": at(*range(900, 402, -1), 400, 401),
    "no time": [*at(*range(900, 401, -1)), None],
    "another zone": [*at(*range(900, 401, -1)), "2021-03-16T18:38:01.1+01:00"],
}


@pytest.mark.parametrize("times", UNPAGEABLE.values(), ids=UNPAGEABLE)
def test_a_full_page_whose_end_is_not_known(
    venue: Alpaca, answered: Answered, order: MakeOrder, times: list[str]
) -> None:
    """Nothing could be asked for that would surely show the others, so it proves nothing."""
    assert isinstance(answered(venue.list_open("9"), 200, rows(order, *times)), Unreadable)


def test_a_broken_row_hides_no_other(venue: Alpaca, answered: Answered, order: MakeOrder) -> None:
    """The next one is read when it is asked for."""
    left = iter(page_of(venue, answered, [order(status=None), order()]).rows)
    with pytest.raises(WireError):
        next(left)
    assert next(left).order_id == ID
