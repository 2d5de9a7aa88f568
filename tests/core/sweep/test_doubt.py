"""What a proof may hide, told where no order was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from countermand import ClientOrderId, Outcome, PlacedAfter, Scope, ScopeState

KEEP = PlacedAfter.KEEP
Tell = Callable[[Any], Any]


def instrument(s: Any) -> Any:
    return s(Scope.instrument("pebble", "9", "77"))


def user(s: Any, **fields: Any) -> Any:
    return s(Scope.user("pebble", "u", account="9", **fields))


def mine(s: Any) -> Any:
    return s(Scope.mine("pebble", "9", lambda order: order.entered_by == "u"))


def own(s: Any, order_id: str, **fields: Any) -> Any:
    return s.order(order_id, **{"entered_by": "v", "client_order_id": ClientOrderId("c"), **fields})


def twice(story: Any, *rows: Any) -> Any:
    """List those orders twice, which proves the scope empty if none of them is in it."""
    return story.look(0, *rows).look(5, *rows)


#: id: (the story of a proof, its doubt).
DOUBTS: dict[str, tuple[Tell, str | None]] = {
    "an instrument": (
        lambda s: twice(instrument(s), "7"),
        "no listing showed one for 77: is that how the venue names the instrument?",
    ),
    "an instrument of an empty account": (
        lambda s: twice(instrument(s)),
        "no listing showed one for 77: is that how the venue names the instrument?",
    ),
    "an instrument that had orders": (
        lambda s: (
            instrument(s)
            .look(0, s.order("7", instrument="77"))
            .tell(s.ack("7", Outcome.CANCELED))
            .look(1)
            .look(6)
        ),
        None,
    ),
    "an instrument whose orders were kept": (
        lambda s: instrument(s).look(0).call(at=0.5).look(1, kept(s)).look(6, kept(s)),
        None,
    ),
    "a user": (
        lambda s: twice(user(s), s.order("7", entered_by="v")),
        "no listing showed one for user u: is that how the venue names the user?",
    ),
    "a user's orders for an instrument": (
        lambda s: twice(user(s, instrument="77"), s.order("7", entered_by="v")),
        "no listing showed one for 77 of user u: is that how the venue names the instrument and the user?",
    ),
    "a predicate over one order": (
        lambda s: twice(mine(s), own(s, "7")),
        "the predicate chose not the one order that was listed",
    ),
    "a predicate over several": (
        lambda s: twice(mine(s), own(s, "7"), own(s, "8", entered_by=None)),
        "the predicate chose none of the 2 orders that were listed",
    ),
    "a predicate over what the venue does not tell": (
        lambda s: twice(mine(s), s.order("7"), own(s, "8", entered_by=None)),
        "the predicate chose none of the 2 orders that were listed; the venue tells no entered_by",
    ),
    "a predicate over what the venue tells nothing of": (
        lambda s: twice(mine(s), s.order("7", instrument=None, account=None)),
        (
            "the predicate chose not the one order that was listed; the venue tells no entered_by and no"
            " client_order_id and no instrument and no account"
        ),
    ),
    "a predicate over orders of other accounts": (lambda s: twice(mine(s), own(s, "7", account="8")), None),
    "a predicate over nothing": (lambda s: twice(mine(s)), None),
    "a whole account": (lambda s: twice(s()), None),
}


def kept(s: Any) -> Any:
    return s.order("8", instrument="77")


@pytest.mark.parametrize(("tell", "doubt"), DOUBTS.values(), ids=DOUBTS.keys())
def test_what_a_proof_may_hide(story: Any, tell: Tell, doubt: str | None) -> None:
    """A scope that means none of the orders there looks like one that has none."""
    report = tell(story).report()
    assert report.state is ScopeState.PROVED_EMPTY
    assert report.doubt == doubt


def test_what_is_not_proved_is_not_doubted(story: Any) -> None:
    """It says already that nobody can tell."""
    report = instrument(story).look(0).report()
    assert (report.state, report.doubt) == (ScopeState.UNKNOWN, None)
