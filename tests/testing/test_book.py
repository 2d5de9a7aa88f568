"""The book as a table of acts: what is true, and what a read with a lag shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand import OrderStatus
from countermand.testing import CONTROL, Book, SimulatedOrder

HERE: dict[str, Any] = {"account": "9", "instrument": "TOY"}


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.mark.parametrize(
    ("fields", "status", "filled"),
    [
        pytest.param({}, OrderStatus.NEW, 0, id="new"),
        pytest.param({"filled": Decimal(3)}, OrderStatus.PARTIALLY_FILLED, 3, id="partly"),
        pytest.param({"filled": Decimal(10)}, OrderStatus.FILLED, 10, id="filled-by-quantity"),
        pytest.param({"status": OrderStatus.FILLED}, OrderStatus.FILLED, 10, id="filled-by-status"),
        pytest.param({"status": OrderStatus.HELD}, OrderStatus.HELD, 0, id="held"),
        pytest.param(
            {"status": OrderStatus.EXPIRED, "filled": Decimal(1)}, OrderStatus.EXPIRED, 1, id="expired"
        ),
    ],
)
def test_placed_order_completes_what_was_left_out(
    book: Book, fields: dict[str, Any], status: OrderStatus, filled: int
) -> None:
    """An order's status and fill agree however it was placed, and only a filled one has a price paid."""
    order = book.place(1.0, **HERE, **fields)
    assert (order.order_id, order.status, order.filled) == ("6500", status, Decimal(filled))
    assert order.average_price == (order.price if filled else None)
    assert order.remaining == 10 - filled


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"quantity": Decimal(0)}, "quantity must be a positive", id="no-quantity"),
        pytest.param({"quantity": Decimal("nan")}, "quantity must be a positive", id="nan"),
        pytest.param({"filled": Decimal(11)}, "filled must be from 0", id="overfilled"),
        pytest.param({"filled": Decimal(-1)}, "filled must be from 0", id="negative"),
        pytest.param({"filled": Decimal("inf")}, "filled must be from 0", id="infinite"),
        pytest.param(
            {"status": OrderStatus.FILLED, "filled": Decimal(1)},
            "Filled cannot be with 1 of",
            id="half-filled",
        ),
        pytest.param(
            {"status": OrderStatus.NEW, "filled": Decimal(10)}, "New cannot be with 10 of", id="new-and-full"
        ),
        pytest.param({"order_id": "6400"}, "taken", id="taken"),
    ],
)
def test_impossible_order_is_refused(book: Book, fields: dict[str, Any], message: str) -> None:
    """An order that cannot be is not placed."""
    book.place(1.0, order_id="6400", **HERE)
    with pytest.raises(ValueError, match=message):
        book.place(1.0, **HERE, **fields)
    assert len(book.orders()) == 1


@pytest.mark.parametrize("field", ["linked", "parent", "replaces"])
def test_order_can_speak_only_of_known_ones(book: Book, field: str) -> None:
    """A link to an unknown order is refused before anything is placed."""
    fields: dict[str, Any] = {field: ("77",) if field == "linked" else "77"}
    with pytest.raises(LookupError, match="'77'"):
        book.place(1.0, **HERE, **fields)
    assert book.orders() == ()


def test_free_id_passes_over_taken_ones(book: Book) -> None:
    """An id is given out once, whoever chose it."""
    book.place(1.0, order_id="6500", **HERE)
    assert [book.place(1.0, **HERE).order_id for _ in range(2)] == ["6501", "6502"]


def test_orders_are_found_by_every_id(book: Book) -> None:
    """An order is found by its id, by its account, and with others by its client id in that account."""
    for account, client_order_id in [("9", "7"), ("9", "7"), ("9", None), ("10", "7")]:
        book.place(1.0, account=account, instrument="TOY", client_order_id=client_order_id)
    book.cancel("6500", 2.0)
    assert [order.order_id for order in book.find_by_client_id("9", "7")] == ["6500", "6501"]
    assert [order.order_id for order in book.orders("9")] == ["6500", "6501", "6502"]
    assert [order.order_id for order in book.open_orders("9")] == ["6501", "6502"]
    assert [order.order_id for order in book.open_orders()] == ["6501", "6502", "6503"]
    assert book.find("6503") == book.order("6503")
    assert book.find("1") is None
    assert book.orders("11") == book.find_by_client_id("9", "8") == ()


def test_fill_averages_its_price(book: Book) -> None:
    """Fills add up, at the average of what was paid, until the order is filled."""
    book.place(1.0, **HERE)
    assert book.fill("6500", 2.0, Decimal(2), Decimal(90)).status is OrderStatus.PARTIALLY_FILLED
    half = book.fill("6500", 3.0, Decimal(2), Decimal(110))
    assert (half.filled, half.average_price) == (Decimal(4), Decimal(100))
    whole = book.fill("6500", 4.0)
    assert (whole.filled, whole.status, whole.dead) == (Decimal(10), OrderStatus.FILLED, True)


@pytest.mark.parametrize("quantity", [Decimal(0), Decimal(-1), Decimal(8)])
def test_fill_stays_within_what_remains(book: Book, quantity: Decimal) -> None:
    """No more than the rest of an order can fill."""
    book.place(1.0, filled=Decimal(3), **HERE)
    with pytest.raises(ValueError, match="at most 7"):
        book.fill("6500", 2.0, quantity)


def test_partial_fill_leaves_a_pending_cancel(book: Book) -> None:
    """An order that is being canceled stays Pending Cancel while it fills, until it is filled."""
    book.place(1.0, **HERE)
    book.begin_cancel("6500", 2.0)
    assert book.fill("6500", 3.0, Decimal(4)).status is OrderStatus.PENDING_CANCEL
    assert book.fill("6500", 3.0).status is OrderStatus.FILLED


def test_refused_cancel_leaves_the_order_at_work(book: Book) -> None:
    """After a late refusal the order works on, and shows it until the next cancel."""
    book.place(1.0, filled=Decimal(4), **HERE)
    book.begin_cancel("6500", 2.0)
    refused = book.reject_cancel("6500", 3.0)
    assert (refused.status, refused.cancel_rejected) == (OrderStatus.PARTIALLY_FILLED, True)
    assert not book.begin_cancel("6500", 4.0).cancel_rejected


def test_cancel_takes_linked_orders_and_legs_along(book: Book) -> None:
    """A cancel takes what is linked to the order and its legs, open ones only, all by the same hand."""
    book.place(1.0, order_id="1", **HERE)
    book.place(1.0, order_id="2", linked=("1",), **HERE)
    book.place(1.0, order_id="3", parent="1", **HERE)
    book.place(1.0, order_id="4", parent="1", status=OrderStatus.FILLED, **HERE)
    book.place(1.0, order_id="5", **HERE)
    assert book.order("1").linked == ("2",)
    assert [leg.order_id for leg in book.legs("1")] == ["3", "4"]
    book.cancel("2", 2.0, by="cancel 1")
    assert [order.canceled_by for order in book.orders()] == ["cancel 1", "cancel 1", "cancel 1", None, None]
    assert book.order("4").status is OrderStatus.FILLED


def test_replacement_takes_the_rest_over(book: Book) -> None:
    """A replacement is a new order for what remains; the old one is Replaced and says by which."""
    book.place(1.0, client_order_id="7", filled=Decimal(4), **HERE)
    new = book.replace("6500", 2.0, price=Decimal(101))
    old = book.order("6500")
    assert (new.order_id, new.replaces, new.quantity, new.price) == ("6501", "6500", Decimal(6), Decimal(101))
    assert (new.account, new.instrument, new.client_order_id) == ("9", "TOY", "7")
    assert (old.status, old.replaced_by, old.filled, old.dead) == (
        OrderStatus.REPLACED,
        "6501",
        Decimal(4),
        True,
    )


ACTS = ["fill", "begin_cancel", "cancel", "reject_cancel", "replace"]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("status", [OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REPLACED])
def test_dead_order_takes_no_act(book: Book, act: str, status: OrderStatus) -> None:
    """Nothing happens any more to an order that is off the book."""
    book.place(1.0, status=status, **HERE)
    with pytest.raises(ValueError, match=f"'6500' is {status.value}"):
        getattr(book, act)("6500", 2.0)
    assert len(book.visible_history("6500", 9.0)) == 1


@pytest.mark.parametrize("act", ACTS)
def test_unknown_order_takes_no_act(book: Book, act: str) -> None:
    """An act on an order that is not there is a look-up error."""
    with pytest.raises(LookupError, match="no order '1'"):
        getattr(book, act)("1", 2.0)


def test_order_placed_as_canceled_was_canceled_from_outside(book: Book) -> None:
    """A dead order has a cause, so that the book can be compared with an ack."""
    assert book.place(1.0, status=OrderStatus.CANCELED, **HERE).canceled_by == CONTROL


def test_read_with_lag_shows_what_was(book: Book) -> None:
    """A read shows each order as it was then, and no order that was not yet there."""
    book.place(5.0, **HERE)
    book.replace("6500", 6.0)
    book.cancel("6501", 7.0)
    status = {
        as_of: [(order.order_id, order.status) for order in book.visible_orders("9", as_of)]
        for as_of in (0.0, 5.9, 6.0, 6.9, 7.0)
    }
    replaced = ("6500", OrderStatus.REPLACED)
    assert status == {
        0.0: [("6500", OrderStatus.NEW)],  # settled before: there for every read
        5.9: [("6500", OrderStatus.NEW)],
        6.0: [replaced, ("6501", OrderStatus.NEW)],
        6.9: [replaced, ("6501", OrderStatus.NEW)],
        7.0: [replaced, ("6501", OrderStatus.CANCELED)],
    }
    assert book.visible("6501", 5.9) is None
    assert book.visible("77", 9.0) is None
    assert book.visible_history("77", 9.0) == ()
    assert len(book.visible_orders(None, 9.0)) == 2


def test_effects_happen_in_the_order_they_are_due(book: Book) -> None:
    """Effects see their own time, those of one time keep their order, and what they add happens, too."""
    seen: list[tuple[str, float]] = []
    book.at(2.0, lambda time: seen.append(("second", time)))
    book.at(1.0, lambda time: book.at(time, lambda again: seen.append(("added", again))))
    book.at(1.0, lambda time: seen.append(("first", time)))
    book.at(3.0, lambda time: seen.append(("too early", time)))
    book.advance(2.5)
    assert seen == [("first", 1.0), ("added", 1.0), ("second", 2.0)]


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.floats(0, 100)), max_size=12))
def test_book_never_forgets_nor_resurrects(acts: list[tuple[str, float]]) -> None:
    """Whatever happens, in whatever order: the dead stay as they are, and no quantity is made or lost."""
    book = Book()
    book.place(0.0, order_id="1", **HERE)
    for act, now in acts:
        before = {order.order_id: order for order in book.orders()}
        newest = book.orders()[-1].order_id
        try:
            getattr(book, act)(newest, now)
        except ValueError:
            assert before[newest].dead
        assert all(book.order(order_id) == order for order_id, order in before.items() if order.dead)
    traded = sum((order.filled for order in book.orders()), Decimal(0))
    assert traded + sum((order.remaining for order in book.open_orders()), Decimal(0)) in (10, traded)
    for order in book.orders():
        assert book.visible(order.order_id, 100.0) == order


def test_orders_are_values(book: Book) -> None:
    """An order in hand does not change when the book does."""
    order: SimulatedOrder = book.place(1.0, **HERE)
    book.cancel("6500", 2.0)
    assert order.status is OrderStatus.NEW


def test_an_account_is_known_by_its_orders() -> None:
    """Also when they are dead, and no longer when they are forgotten; ids rise on."""
    book = Book()
    book.place(0.0, account="9", instrument="X")
    book.cancel("6500", 1.0)
    book.at(5.0, lambda due: book.fill("6500", due))
    assert (book.has_account("9"), book.has_account("10")) == (True, False)
    book.forget()
    book.advance(9.0)
    assert not book.has_account("9")
    assert book.place(9.0, account="9", instrument="X").order_id == "6501"
