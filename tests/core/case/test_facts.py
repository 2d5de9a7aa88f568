"""What a fact is by its kind, and what one who waits is unless it is said otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from countermand import Assurance, OrderId
from countermand._case._facts import Caller, ListRefused, NotReached
from countermand.venue import Acted

Told = Callable[..., Any]


@pytest.mark.parametrize(
    ("make", "given", "value"),
    [
        (ListRefused, {"acted": Acted.MAYBE}, Acted.NO),
        (NotReached, {"pages": 3, "code": "0"}, None),
        (NotReached, {"pages": 3, "text": "lost"}, "given up after 3 pages"),
    ],
    ids=["a refused list acted on nothing", "who gave up has no code", "nor another text"],
)
def test_what_follows_from_a_kind_is_not_given(make: Any, given: dict[str, Any], value: object) -> None:
    """So no two of a kind can differ in it."""
    with pytest.raises(TypeError):
        make(**given)
    *own, (name, _) = given.items()
    assert getattr(make(**dict(own)), name) == value


def test_who_waits_asks_for_a_plain_cancel(told: Told) -> None:
    """One of its own, confirmed as its request says; not for a listing of many, nor for a kill."""
    request = attrs.evolve(told().caller.request, assurance=Assurance.RECEIVED)
    one = Caller(request=request, joined_at=2.0, deadline=9.0)
    assert (one.assurance, one.waits_since, one.may_send) == (Assurance.RECEIVED, 2.0, True)
    assert (one.gathers, one.quick, one.kill) == (False, False, False)
    assert Caller(request=request, joined_at=2.0, deadline=9.0, gathers=True).quick is True


def test_two_who_ask_the_same_are_two(told: Told) -> None:
    """Each waits for an ack of its own; nor are two cases one for being alike."""
    story = told(order=OrderId("7"))
    assert len({story.caller, attrs.evolve(story.caller)}) == 2
    assert len({story.case, attrs.evolve(story.case)}) == 2
