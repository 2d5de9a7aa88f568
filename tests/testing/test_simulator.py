"""What every simulator does alike: notes requests, switches, and lets cancels take their course."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import pytest

from countermand import OrderStatus
from countermand.errors import ConfigurationError
from countermand.testing import SILENCE, Simulator
from countermand.venue import HttpRequest

CANCEL = HttpRequest(method="DELETE", path="/orders/6500", content=b"x\xff")


def test_requests_are_noted_in_order_without_headers(toy: type[Simulator]) -> None:
    """What arrived is known by number, time, method, path and text; a secret in a header is not kept."""
    simulator = toy()
    simulator.place(0.0)
    simulator.place(0.0)
    simulator.handle(CANCEL, 1.0)
    simulator.handle(HttpRequest(method="DELETE", path="/sync/6501", headers={"token": "secret"}), 2.0)
    assert [(r.number, r.at, r.method, r.path, r.content) for r in simulator.requests] == [
        (1, 1.0, "DELETE", "/orders/6500", "x\ufffd"),
        (2, 2.0, "DELETE", "/sync/6501", ""),
    ]
    assert "secret" not in repr(simulator.requests)
    assert [order.canceled_by for order in simulator.book.orders()] == ["cancel 1", "cancel 2"]


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        pytest.param({}, [("Canceled", 0)] * 3, id="at-once"),
        pytest.param(
            {"cancel_delay_s": 1},
            [("Pending Cancel", 0), ("Pending Cancel", 0), ("Canceled", 0)],
            id="delayed",
        ),
        pytest.param(
            {"cancel_delay_s": 1, "fill_before_cancel": True},
            [("Pending Cancel", 0), ("Pending Cancel", 0), ("Filled", 10)],
            id="fill-wins",
        ),
        pytest.param(
            {"fill_before_cancel": ["6500"], "fill_fraction": "0.25"},
            [("Canceled", 2.5)] * 3,
            id="fill-crosses",
        ),
        pytest.param(
            {"cancel_delay_s": 1, "refuse_cancels_late": ["6500"]},
            [("Pending Cancel", 0), ("Pending Cancel", 0), ("New", 0)],
            id="refused-late",
        ),
        pytest.param(
            {"refuse_cancels_late": True, "fill_before_cancel": True, "fill_fraction": "0.5"},
            [("Partially Filled", 5)] * 3,
            id="fills-and-is-refused",
        ),
        pytest.param({"silent_orders": ["6500"]}, [("New", 0)] * 3, id="silent"),
        pytest.param(
            {"silent_orders": ["6500"], "silent_acts": True}, [("Canceled", 0)] * 3, id="silent-but-acts"
        ),
        pytest.param(
            {"silent_orders": ["77"], "refuse_cancels_late": ["77"], "fill_before_cancel": ["77"]},
            [("Canceled", 0)] * 3,
            id="others-only",
        ),
    ],
)
def test_cancel_takes_its_course(
    toy: type[Simulator], behaviour: dict[str, Any], expected: list[tuple[str, float]]
) -> None:
    """Right after the receipt, just before the delay is over, and at its end, the order is as switched."""
    simulator = toy(**behaviour)
    simulator.place(0.0)
    reply = simulator.handle(CANCEL, 5.0)
    seen = []
    for now in (5.0, 5.999, 6.0):
        simulator.book.advance(now)
        order = simulator.book.order("6500")
        seen.append((order.status.value, float(order.filled)))
    assert seen == expected
    assert (reply is SILENCE) == ("6500" in behaviour.get("silent_orders", ()))


def test_effect_finds_the_order_as_it_is_then(toy: type[Simulator]) -> None:
    """A cancel comes too late for an order that a rival killed between receipt and effect."""
    simulator = toy(cancel_delay_s=1)
    simulator.place(0.0)
    simulator.handle(CANCEL, 5.0)
    simulator.book.replace("6500", 5.5)
    simulator.book.advance(6.0)
    assert [order.status for order in simulator.book.orders()] == [OrderStatus.REPLACED, OrderStatus.NEW]


def test_second_cancel_changes_nothing(toy: type[Simulator]) -> None:
    """A repeat of a cancel that is under way leaves the first one its effect."""
    simulator = toy(cancel_delay_s=1)
    simulator.place(0.0)
    simulator.handle(CANCEL, 5.0)
    simulator.handle(CANCEL, 5.5)
    simulator.book.advance(9.0)
    order = simulator.book.order("6500")
    assert (order.status, order.canceled_by, order.changed_at) == (OrderStatus.CANCELED, "cancel 1", 6.0)


def test_handling_lets_happen_what_is_due_first(toy: type[Simulator]) -> None:
    """A request meets the book as it is when it arrives."""
    simulator = toy()
    simulator.place(0.0)
    simulator.book.at(4.0, lambda now: simulator.book.fill("6500", now, Decimal(4)))
    simulator.handle(CANCEL, 5.0)
    assert simulator.book.order("6500").filled == 4


def test_venue_switches_have_words_and_defaults(toy: type[Simulator]) -> None:
    """A venue's own switch stands at its first word until it is switched, and keeps its word."""
    simulator = toy(venue={"manners": "rude"})
    assert (simulator.word("manners"), simulator.word("speed")) == ("rude", "slow")
    simulator.switch(cancel_delay_s=3, venue={"manners": "polite"})
    assert (simulator.word("manners"), simulator.behaviour.cancel_delay_s) == ("polite", 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"venue": {"charm": "much"}}, "no switch 'charm' at toy; there are: manners, speed"),
        ({"venue": {"manners": "none"}}, "venue.manners must be one of polite, rude, got 'none'"),
        ({"self": 1}, "no switch 'self'"),
    ],
)
def test_unknown_word_is_refused_with_a_list(
    toy: type[Simulator], changes: dict[str, Any], message: str
) -> None:
    """A switch or a word that the venue does not have changes nothing."""
    simulator = toy()
    before = simulator.behaviour
    with pytest.raises(ConfigurationError, match=message):
        simulator.switch(**changes)
    assert simulator.behaviour is before


def test_venue_without_switches_says_so(toy: type[Simulator]) -> None:
    """A simulator that declares no switch has none."""

    class Plain(toy):  # type: ignore[misc, valid-type]  # the class comes from a fixture
        switches: ClassVar[dict[str, tuple[str, ...]]] = {}

    with pytest.raises(ConfigurationError, match="there are: none"):
        Plain(venue={"manners": "rude"})


def test_tokens_expire_as_switched(toy: type[Simulator]) -> None:
    """A token's lifetime is that of the behaviour; no token is none."""
    simulator = toy(token_lifetime_s=10)
    token = simulator.credentials.session_token
    assert simulator.token_valid(token, 100.0)
    assert not simulator.token_valid(token, 111.0)
    assert not simulator.token_valid(None, 100.0)


def test_orders_are_placed_in_the_users_account(toy: type[Simulator]) -> None:
    """What is left out is the user's own account and the venue's usual instrument; ids are checked."""
    simulator = toy()
    order = simulator.place(0.0)
    assert (order.account, order.instrument) == (simulator.credentials.account, "TOY")
    assert simulator.place(0.0, account="13", instrument="X").account == "13"
    assert simulator.replace("6500", 1.0, order_id="1").order_id == "1"
    with pytest.raises(ValueError, match="must be a number"):
        simulator.place(0.0, order_id="x")
    with pytest.raises(ValueError, match="must be a number"):
        simulator.replace("1", 1.0, order_id="x")


def test_reset_begins_anew(toy: type[Simulator]) -> None:
    """After a reset nothing is left of what was, and the behaviour is that of the start."""
    simulator = toy(cancel_delay_s=1)
    simulator.place(0.0)
    simulator.handle(CANCEL, 1.0)
    simulator.tokens.expire()
    simulator.switch(cancel_delay_s=2)
    simulator.reset()
    assert (simulator.book.orders(), simulator.requests) == ((), [])
    assert simulator.behaviour.cancel_delay_s == 1
    assert simulator.token_valid(simulator.credentials.session_token, 0.0)
