"""Reads that answer something else: an older state, another order; and effects that wait for a read."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from countermand import OrderStatus
from countermand.testing import Reply, Simulator, fault_from_word, load_simulator
from countermand.venue import HttpRequest

FUNCTIONS = {
    "cancel": "CancelOrder",
    "read": "GetOrderStatus",
    "trail": "GetOrderHistoryByOrderId",
    "open": "GetOpenOrders",
    "history": "GetOrderHistory",
}


def ask(
    simulator: Simulator, call: str, now: float, word: str | None = None, order_id: int = 6500, **fields: Any
) -> Reply:
    """Ask an APEX venue, under a fault if there is a word for one."""
    if word is not None:
        simulator.faults.script(call, fault_from_word(word))
    body = {"OMSId": 1, "AccountId": 9, "OrderId": order_id} | fields
    if call in ("open", "history"):
        del body["OrderId"]
    request = HttpRequest(
        method="POST",
        path=f"/AP/{FUNCTIONS[call]}",
        headers={"aptoken": simulator.credentials.session_token},
        content=json.dumps({key: value for key, value in body.items() if value is not None}).encode(),
    )
    return simulator.handle(request, now)


def shown(reply: Reply, now: float = 100.0) -> Any:
    """Read an answer that has come."""
    return json.loads(reply.response_at(now).content)


@pytest.fixture
def venue() -> Simulator:
    simulator = load_simulator("apex")()
    simulator.place(10.0, order_id="6500", client_order_id="77")
    return simulator


@pytest.mark.parametrize(
    ("changes", "lag_s", "filled", "age"),
    [
        pytest.param([], 0.0, 0, "1", id="never changed: as it is, with an Age"),
        pytest.param([(20.0, 1)], 0.0, 0, "81", id="before the only change"),
        pytest.param([(20.0, 1), (90.0, 2)], 0.0, 1, "11", id="before the last change"),
        pytest.param([(99.9, 1)], 0.0, 0, "1", id="an Age of a second at least"),
        pytest.param([(20.0, 1), (99.0, 2)], 5.0, 0, "76", id="a change that reads do not show yet"),
    ],
)
def test_a_cached_read_shows_what_was(
    venue: Simulator, changes: list[tuple[float, int]], lag_s: float, filled: int, age: str
) -> None:
    """The state before the last change that a read would show, and how old that answer is."""
    venue.switch(read_lag_s=lag_s)
    for at, quantity in changes:
        venue.book.fill("6500", at, Decimal(quantity))
    reply = ask(venue, "read", 100.0, "cached")
    assert shown(reply)["QuantityExecuted"] == filled
    assert reply.response_at(100.0).headers["age"] == age
    assert shown(ask(venue, "read", 100.0))["QuantityExecuted"] == sum(
        quantity for at, quantity in changes if at <= 100.0 - lag_s
    )


def test_cached_listings_and_trails_lack_what_came_last(venue: Simulator) -> None:
    """Such as a successor: the order seems to stand there as before."""
    new = venue.replace("6500", 50.0)
    assert [row["OrderId"] for row in shown(ask(venue, "history", 100.0))] == [int(new.order_id), 6500]
    old = shown(ask(venue, "history", 100.0, "cached"))
    assert [(row["OrderId"], row["OrderState"]) for row in old] == [(6500, "Working")]
    assert [row["OrderId"] for row in shown(ask(venue, "open", 100.0, "cached"))] == [6500]
    assert len(shown(ask(venue, "trail", 100.0))) == 2
    assert len(shown(ask(venue, "trail", 100.0, "cached"))) == 1


def test_a_cached_answer_does_not_age_a_session(venue: Simulator) -> None:
    """Its request came now, whatever it is told."""
    venue.switch(token_lifetime_s=10.0)
    venue.book.fill("6500", 20.0, Decimal(1))
    for now in (100.0, 105.0, 112.0):
        assert ask(venue, "read", now, "cached").response_at(now).status == 200
    assert shown(ask(venue, "read", 112.0))["OrderId"] == 6500


@pytest.mark.parametrize("account", [9, None], ids=["with an account", "without one"])
@pytest.mark.parametrize("call", ["read", "trail"])
def test_another_order_of_the_book_is_shown(venue: Simulator, call: str, account: int | None) -> None:
    """The newest other one of the same account."""
    venue.place(10.0, order_id="6501")
    venue.place(10.0, order_id="6600", account="10")
    answer = shown(ask(venue, call, 100.0, "other-order", AccountId=account))
    row = answer[0] if call == "trail" else answer
    assert (row["OrderId"], row["Account"]) == (6501, 9)


@pytest.mark.parametrize("call", ["read", "trail"])
def test_another_order_is_invented_where_there_is_none(venue: Simulator, call: str) -> None:
    """It reads Canceled, to tempt; the book never held it."""
    answer = shown(ask(venue, call, 100.0, "other-order"))
    row = answer[0] if call == "trail" else answer
    assert (row["OrderId"], row["Account"], row["OrderState"]) == (6501, 9, "Canceled")
    assert [order.order_id for order in venue.book.orders()] == ["6500"]


def test_another_order_for_one_that_is_unknown(venue: Simulator) -> None:
    """A read of an order that never was is answered with one that is."""
    assert shown(ask(venue, "read", 100.0, "other-order", order_id=1))["OrderId"] == 6500


def test_a_read_that_names_nothing_gets_another_order_too() -> None:
    """A request without an order is a router's mistake, and the fault is still a fault."""
    venue = load_simulator("apex")()
    answer = shown(ask(venue, "read", 100.0, "other-order", OrderId=None))
    assert answer["OrderId"] == 1


@pytest.mark.parametrize("read", ["read", "trail", "open", "history"])
def test_a_later_cancel_acts_after_a_read_was_answered(venue: Simulator, read: str) -> None:
    """The read still shows the order as it was, whichever read it is."""
    ask(venue, "cancel", 20.0, "reset:later")
    venue.book.advance(90.0)
    assert venue.book.order("6500").status is OrderStatus.NEW
    reply = ask(venue, read, 90.0)
    assert b"Canceled" not in reply.response_at(90.0).content
    venue.book.advance(91.0)
    order = venue.book.order("6500")
    assert (order.status, order.canceled_by, order.changed_at) == (OrderStatus.CANCELED, "cancel 1", 90.0)
    assert venue.requests[0].acted_at == 90.0


@pytest.mark.parametrize(
    ("call", "word", "fields"),
    [
        ("read", "reset:after", {}),
        ("read", "cached", {}),
        ("read", "500", {}),
        ("read", "other-order", {}),
        ("read", None, {"order_id": 6501}),
        ("history", None, {"AccountId": 10}),
        ("read", None, {"OrderId": None, "AccountId": None}),
    ],
)
def test_no_other_read_lets_it_act(
    venue: Simulator, call: str, word: str | None, fields: dict[str, Any]
) -> None:
    """Not one that was not answered, or of another order or account."""
    venue.place(10.0, order_id="6501")
    ask(venue, "cancel", 20.0, "reset:later")
    ask(venue, call, 30.0, word, **fields)
    venue.book.advance(90.0)
    assert venue.book.order("6500").status is OrderStatus.NEW


@pytest.mark.parametrize(("word", "at"), [("late", 31.0), ("dribble", 31.0), ("two-answers", 30.0)])
def test_a_slow_answer_lets_it_act_when_it_has_come(venue: Simulator, word: str, at: float) -> None:
    """Not before."""
    ask(venue, "cancel", 20.0, "reset:later")
    ask(venue, "read", 30.0, f"{word}:after")
    venue.book.advance(at - 0.001)
    assert venue.book.order("6500").status is OrderStatus.NEW
    venue.book.advance(at)
    assert venue.book.order("6500").status is OrderStatus.CANCELED


def test_later_cancels_take_their_course_then(venue: Simulator) -> None:
    """The delay counts from the act; of two it is the first that ends the order."""
    venue.switch(cancel_delay_s=5.0)
    ask(venue, "cancel", 20.0, "reset:later")
    ask(venue, "cancel", 21.0, "close:later")
    ask(venue, "read", 30.0)
    venue.book.advance(34.9)
    assert venue.book.order("6500").status is OrderStatus.PENDING_CANCEL
    venue.book.advance(35.0)
    assert venue.book.order("6500").canceled_by == "cancel 1"
    assert [one.acted_at for one in venue.requests] == [30.0, 30.0, 30.0]


def test_a_later_cancel_may_come_too_late(venue: Simulator) -> None:
    """Another one that acted at once has ended the order; the late one finds nothing to do."""
    ask(venue, "cancel", 20.0, "reset:later")
    ask(venue, "cancel", 21.0)
    ask(venue, "read", 30.0)
    venue.book.advance(40.0)
    assert venue.book.order("6500").canceled_by == "cancel 2"
    assert venue.requests[0].acted_at is None


def test_a_judge_may_empty_the_list_of_requests(venue: Simulator) -> None:
    """What acts later then has nobody to tell."""
    ask(venue, "cancel", 20.0, "reset:later")
    venue.requests.clear()
    ask(venue, "read", 30.0)
    venue.book.advance(30.0)
    assert venue.book.order("6500").canceled_by == "cancel 1"
    assert [one.acted_at for one in venue.requests] == [30.0]


@pytest.mark.parametrize(
    "word", ["half:middle", "late:middle", "dribble:after", "two-answers:after", "truncated:middle"]
)
def test_nothing_happens_to_an_answer_that_never_comes(venue: Simulator, word: str) -> None:
    """A venue that never answers stays silent, whatever fault there is."""
    venue.switch(silent_orders=True)
    reply = ask(venue, "cancel", 20.0, word)
    assert (reply.response, reply.wire) == (None, None)


@pytest.mark.parametrize("dates", [False, True], ids=["seconds", "dates"])
def test_throttled_until_says_until_when(venue: Simulator, dates: bool) -> None:
    """In whole seconds, or as a date that counts from the reply's own."""
    venue.switch(retry_dates=dates)
    headers = ask(venue, "cancel", 20.7, "throttled-until").response_at(20.7).headers
    expected = {"retry-after": "1"}
    if dates:
        expected = {
            "date": "Thu, 01 Jan 1970 00:00:20 GMT",
            "retry-after": "Thu, 01 Jan 1970 00:00:21 GMT",
        }
    assert {name: headers[name] for name in headers if name != "content-type"} == expected
