"""The switches: what they take, what they refuse, and how they stand as JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand.errors import ConfigurationError
from countermand.testing import EVERY_ORDER, Behaviour

BAD = [
    ("cancel_delay_s", "1"),
    ("cancel_delay_s", True),
    ("cancel_delay_s", -0.1),
    ("read_lag_s", float("nan")),
    ("read_lag_s", 86_401),
    ("token_lifetime_s", -1),
    ("token_lifetime_s", "for ever"),
    ("second_factor", 1),
    ("second_factor", None),
    ("fill_before_cancel", "6500"),
    ("fill_before_cancel", [6500]),
    ("fill_before_cancel", [["6500"]]),
    ("fill_before_cancel", None),
    ("refuse_cancels_late", {"6500": True}),
    ("silent_orders", 3),
    ("fill_fraction", Decimal(0)),
    ("fill_fraction", Decimal("1.1")),
    ("fill_fraction", "half"),
    ("fill_fraction", True),
    ("fill_fraction", Decimal("inf")),
    ("silent_acts", "yes"),
    ("further_accounts", "10"),
    ("further_accounts", [10]),
    ("further_accounts", None),
    ("venue", ["rude"]),
    ("venue", {"manners": 1}),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_value_is_refused_by_name(name: str, value: object) -> None:
    """A switch says what it is called, what it expects, and what came."""
    with pytest.raises(ConfigurationError) as caught:
        Behaviour().switched({name: value})
    assert str(caught.value).startswith(f"{name} must be ")
    assert repr(value) in str(caught.value)


def test_unknown_switch_is_refused_with_a_list() -> None:
    """A misspelled switch is told which ones there are."""
    with pytest.raises(ConfigurationError, match="no switch 'delay'; there are: cancel_delay_s, "):
        Behaviour().switched({"delay": 1})


@pytest.mark.parametrize(
    ("value", "every", "one"),
    [
        pytest.param(True, True, True, id="true"),
        pytest.param([EVERY_ORDER], True, True, id="star"),
        pytest.param(["6500"], False, True, id="one"),
        pytest.param(False, False, False, id="false"),
        pytest.param([], False, False, id="none"),
    ],
)
def test_orders_are_chosen_by_id_or_all(value: Any, every: bool, one: bool) -> None:
    """The switches for orders take ids, or true for every order."""
    behaviour = Behaviour(fill_before_cancel=value, refuse_cancels_late=value, silent_orders=value)
    for chosen in (behaviour.fills, behaviour.refuses, behaviour.silences):
        assert (chosen("77"), chosen("6500")) == (every, one)


def test_switching_keeps_the_rest() -> None:
    """What is not named stays, among the venue's own switches, too; the old value is left as it was."""
    first = Behaviour(cancel_delay_s=1, venue={"a": "x", "b": "y"})
    second = first.switched({"read_lag_s": 2, "venue": {"b": "z"}})
    assert (second.cancel_delay_s, second.read_lag_s, dict(second.venue)) == (1, 2, {"a": "x", "b": "z"})
    assert (first.read_lag_s, dict(first.venue)) == (0, {"a": "x", "b": "y"})


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "cancel_delay_s": st.floats(0, 86_400),
            "token_lifetime_s": st.none() | st.floats(0, 86_400),
            "second_factor": st.booleans(),
            "fill_fraction": st.decimals("0.01", 1, places=2),
            "silent_orders": st.booleans() | st.lists(st.text(max_size=4), max_size=3),
            "further_accounts": st.lists(st.text(max_size=4), max_size=3),
            "venue": st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3),
        },
    )
)
def test_behaviour_round_trips_as_json(changes: dict[str, Any]) -> None:
    """What `GET /behaviour` shows can be put back as it is."""
    behaviour = Behaviour().switched(changes)
    assert Behaviour().switched(json.loads(json.dumps(behaviour.to_dict()))) == behaviour


def test_fraction_is_exact() -> None:
    """A fraction is what it was written as."""
    assert Behaviour(fill_fraction=0.1).fill_fraction == Decimal("0.1")
