"""When a scope is proved empty: never by less than two listings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from countermand import (
    ClientOrderId,
    OrderId,
    OrderStatus,
    Outcome,
    PlacedAfter,
    Reason,
    Scope,
    ScopeKind,
    ScopeState,
)
from countermand.venue import Capabilities, Receipt, Refused

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
KEEP, CANCEL = PlacedAfter.KEEP, PlacedAfter.CANCEL
Tell = Callable[[Any], Any]
SEVENTH = OrderId("7")


def one_canceled(s: Any, placed_after: PlacedAfter = KEEP) -> Any:
    """List one order at 0, which is canceled at 1."""
    return s(None, placed_after).look(0, "7").tell(s.ack("7"))


def instrument(s: Any) -> Any:
    return s(Scope.instrument("pebble", "9", "1"), CANCEL)


def heir(s: Any, order_id: str = "8", of: Any = SEVENTH, **fields: Any) -> Any:
    return s.order(order_id, replaces=of, **fields)


def native() -> dict[str, Any]:
    kinds = frozenset({ScopeKind.ACCOUNT, ScopeKind.VENUE_WIDE})
    return {"capabilities": Capabilities(scopes=kinds, read_lag_s=5.0)}


def at(seconds: float) -> Any:
    return EPOCH + timedelta(seconds=seconds)


def read(s: Any, when: float, status: OrderStatus = OrderStatus.NEW, order_id: str = "7") -> dict[str, Any]:
    return {"order": s.order(order_id, status, as_of=at(when))}


def named(s: Any, *told: Any) -> Any:
    """Name the seventh, of which so much is told, and list nothing twice."""
    story = s(Scope.orders("pebble", "9", [SEVENTH]))
    for one in told:
        story.tell(one)
    return story.look(1).look(6)


def unknown(s: Any, **fields: Any) -> Any:
    """List one order at 0, and tell at 8 of its cancel at 1, after two listings that lack it."""
    told = s().look(0, "7")
    ask = told.sweep.ask(SEVENTH, 0.5)
    told.look(2).look(7)
    told.sweep.hear(ask, s.ack("7", Outcome.UNKNOWN, 1, **fields), 8.0)
    return told


def replaced(s: Any, order_id: str = "7", **fields: Any) -> Any:
    return s.order(order_id, OrderStatus.REPLACED, **fields)


def gave_way(s: Any, placed_after: PlacedAfter = KEEP) -> Any:
    """List one order at 0, of which is told at 1 that the eighth took its place."""
    told = s.ack("7", Outcome.REJECTED, reason=Reason.REPLACED, successor=OrderId("8"))
    return s(None, placed_after).look(0, "7").tell(told)


def told_at_the_deadline(s: Any) -> Any:
    told = s().look(0, "7")
    ask = told.sweep.ask(OrderId("7"), 0.5)
    told.look(2).look(7)
    told.sweep.hear(ask, s.ack("7", Outcome.UNKNOWN, at=1), 60.0)
    return told


#: id: (the story, when the second listing began that proves it).
PROOFS: dict[str, tuple[Tell, float | None]] = {
    "two empty listings": (lambda s: s().look(0).look(5), 5),
    "one empty listing": (lambda s: s().look(0), None),
    "two that are too close": (lambda s: s().look(0).look(4.9), None),
    "three, of which the first and the last are apart": (lambda s: s().look(0).look(3).look(6), 6),
    "the first two that prove it": (lambda s: s().look(0).look(5).look(10), 5),
    "two after the last answer": (lambda s: one_canceled(s).look(1).look(6), 6),
    "one before the last answer": (lambda s: one_canceled(s).look(0.9).look(6), None),
    "an order that lives": (lambda s: one_canceled(s).look(1, "7").look(6), None),
    "an order that is back": (lambda s: one_canceled(s).look(1).look(3, "7").look(6), None),
    "an order that is back after the proof": (lambda s: one_canceled(s).look(1).look(6).look(7, "7"), None),
    "an incomplete listing": (lambda s: one_canceled(s).look(1).look(6, incomplete=True), None),
    "a listing that failed": (lambda s: one_canceled(s).look(1).look(6, fault="reset"), None),
    "a listing that was refused": (lambda s: one_canceled(s).look(1, failure=Refused()).look(6), None),
    "a failure in between": (lambda s: one_canceled(s).look(1).look(3, fault="reset").look(6), 6),
    "an incomplete one in between that shows nothing": (
        lambda s: one_canceled(s).look(1).look(3, incomplete=True).look(6),
        6,
    ),
    "an incomplete one in between that shows something": (
        lambda s: one_canceled(s).look(1).look(3, "7", incomplete=True).look(6),
        None,
    ),
    "a failed one in between that shows something": (
        lambda s: one_canceled(s).look(1).look(3, "7", fault="reset").look(6),
        None,
    ),
    "a failed one in between that shows something, and two more": (
        lambda s: one_canceled(s).look(1).look(3, "7", fault="reset").look(6).look(11),
        11,
    ),
    "a failed one that began before the last answer": (
        lambda s: one_canceled(s).look(0.9, "7", fault="reset").look(1).look(6),
        6,
    ),
    "an answer that is missing": (lambda s: s().look(0, "7").ask("7").look(1).look(6), None),
    "an answer that came late": (
        lambda s: s().look(0, "7").look(2).tell(s.ack("7", Outcome.UNKNOWN, 4), 4).look(7),
        None,
    ),
    "an order that is unknown, and gone": (
        lambda s: s().look(0, "7").tell(s.ack("7", Outcome.UNKNOWN), 1).look(2).look(7),
        7,
    ),
    "an ack at the deadline, whose answers were before": (told_at_the_deadline, 7),
    "a read that shows it open since the first of them": (lambda s: unknown(s, **read(s, 2)), None),
    "a read that showed it open before": (lambda s: unknown(s, **read(s, 1.9)), 7),
    "a read that showed it dead": (lambda s: unknown(s, **read(s, 3, OrderStatus.CANCELED)), 7),
    "a read of another order": (lambda s: unknown(s, **read(s, 3, order_id="8")), 7),
    "a read of nobody knows when": (lambda s: unknown(s, order=s.order("7")), 7),
    "a read that shows it open, and none that was told last": (
        lambda s: unknown(s, **read(s, 3)).tell(s.ack("7", Outcome.UNKNOWN), 9),
        None,
    ),
    "a read that shows it open, and then dead": (
        lambda s: unknown(s, **read(s, 3)).tell(
            s.ack("7", Outcome.UNKNOWN, **read(s, 8, OrderStatus.CANCELED)), 9
        ),
        7,
    ),
    "named, and never listed": (lambda s: named(s, s.ack("7", Outcome.UNKNOWN)), None),
    "named, and never asked for": (named, None),
    "named, and not found": (
        lambda s: named(s, s.ack("7", Outcome.REJECTED, reason=Reason.NOT_FOUND)),
        None,
    ),
    "named, and unknown to the venue": (
        lambda s: named(s, s.ack("7", Outcome.REJECTED, reason=Reason.UNKNOWN_ORDER)),
        6,
    ),
    "named, and replaced": (
        lambda s: named(s, s.ack("7", Outcome.REJECTED, reason=Reason.REPLACED, successor=OrderId("8"))),
        6,
    ),
    "named, not found, and listed once": (
        lambda s: (
            s(Scope.orders("pebble", "9", [SEVENTH]))
            .tell(s.ack("7", Outcome.REJECTED, reason=Reason.NOT_FOUND))
            .look(1, "7")
            .look(2)
            .look(7)
        ),
        7,
    ),
    "leaving": (lambda s: one_canceled(s).look(1, s.order("7", OrderStatus.PENDING_CANCEL)).look(6), None),
    "unreadable": (lambda s: one_canceled(s).look(1).look(6, s.order("7", OrderStatus.ERROR)), None),
    "dead rows": (lambda s: one_canceled(s).look(1).look(6, s.order("7", OrderStatus.FILLED)), 6),
    "under KEEP an order placed later": (lambda s: one_canceled(s).look(1, "8").look(6, "8"), 6),
    "under CANCEL an order placed later": (lambda s: one_canceled(s, CANCEL).look(1).look(6, "8"), None),
    "an order outside of the scope": (
        lambda s: instrument(s).look(0, s.order("7", instrument="2")).look(5),
        5,
    ),
    "an order that may be in the scope": (
        lambda s: instrument(s).look(0).look(5, s.order("7", instrument=None)),
        None,
    ),
    "a target that the scope holds no more": (
        lambda s: instrument(s).look(0, "7").tell(s.ack("7")).look(1).look(6, s.order("7", instrument="2")),
        None,
    ),
    "under KEEP an undecided order placed later": (
        lambda s: (
            s(Scope.instrument("pebble", "9", "1"))
            .look(0, "7")
            .tell(s.ack("7"))
            .look(1, s.order("8", instrument=None))
            .look(6)
        ),
        6,
    ),
    "under KEEP a snapshot that is not whole": (
        lambda s: s().look(0, "7", incomplete=True).tell(s.ack("7")).look(1).look(6),
        None,
    ),
    "under KEEP a snapshot that became whole": (
        lambda s: s().look(0, "7", incomplete=True).look(0.3, "7").tell(s.ack("7")).look(1).look(6),
        6,
    ),
    "under CANCEL a first listing that is not whole": (
        lambda s: s(None, CANCEL).look(0, "7", incomplete=True).tell(s.ack("7")).look(1).look(6),
        6,
    ),
    "named orders, without a snapshot": (
        lambda s: s(Scope.orders("pebble", "9", [OrderId("7")])).tell(s.ack("7")).look(1, "8").look(6),
        6,
    ),
    "under KEEP an heir": (lambda s: one_canceled(s).look(1).look(6, heir(s)), None),
    "an heir by the client's id": (
        lambda s: (
            s()
            .look(0, s.order("7", client_order_id=ClientOrderId("c")))
            .tell(s.ack("7"))
            .look(1)
            .look(6, heir(s, of=ClientOrderId("c")))
        ),
        None,
    ),
    "the heir of an heir": (
        lambda s: one_canceled(s).look(1, heir(s)).look(2).look(7, heir(s, "9", OrderId("8"))),
        None,
    ),
    "the heir of a stranger": (lambda s: one_canceled(s).look(1).look(6, heir(s, of=OrderId("5"))), 6),
    "the heir of a stranger's client id": (
        lambda s: one_canceled(s).look(1).look(6, heir(s, of=ClientOrderId("c"))),
        6,
    ),
    "heirs of each other": (
        lambda s: one_canceled(s).look(1).look(6, heir(s, "8", OrderId("9")), heir(s, "9", OrderId("8"))),
        6,
    ),
    "an heir whom the scope does not hold": (
        lambda s: instrument(s).look(0, "7").tell(s.ack("7")).look(1).look(6, heir(s, instrument="2")),
        None,
    ),
    "an heir by the ack": (
        lambda s: (
            s()
            .look(0, "7")
            .tell(s.ack("7", Outcome.REJECTED, reason=Reason.REPLACED, successor=OrderId("8")))
            .look(1)
            .look(6, "8")
        ),
        None,
    ),
    "an order that stays listed as replaced, and its heir gone": (
        lambda s: gave_way(s).look(1, replaced(s)).look(6, replaced(s)),
        6,
    ),
    "an order that stays listed as replaced, and its heir open": (
        lambda s: gave_way(s).look(1, replaced(s)).look(6, replaced(s), "8"),
        None,
    ),
    "an order that is listed as open though it was replaced": (
        lambda s: gave_way(s).look(1, "7").look(6, replaced(s)),
        None,
    ),
    "an order that is listed as replaced, and nobody knows by what": (
        lambda s: one_canceled(s).look(1, replaced(s)).look(6, replaced(s)),
        None,
    ),
    "under KEEP an heir that stays listed as replaced, and its own heir gone": (
        lambda s: (
            gave_way(s)
            .look(1, replaced(s), replaced(s, "8"), heir(s, "9", OrderId("8")))
            .look(2, replaced(s, "8"))
            .look(7, replaced(s, "8"))
        ),
        7,
    ),
    "under KEEP an heir that stays listed as replaced, and nobody knows by what": (
        lambda s: gave_way(s).look(2, replaced(s, "8")).look(7, replaced(s, "8")),
        None,
    ),
    "under KEEP an heir that is listed as replaced by itself": (
        lambda s: (
            gave_way(s)
            .look(2, replaced(s, "8", client_order_id=ClientOrderId("c"), replaces=ClientOrderId("c")))
            .look(7)
            .look(8, replaced(s, "8"))
        ),
        None,
    ),
    "a stranger that stays listed as replaced": (
        lambda s: instrument(s).look(0, replaced(s, instrument="2")).look(5, replaced(s, instrument="2")),
        5,
    ),
    "a native call that is under way": (lambda s: s(None, CANCEL, **native()).calls().look(1).look(6), None),
    "a native call that was answered": (
        lambda s: s(None, CANCEL, **native()).call(Receipt()).look(1).look(6),
        6,
    ),
    "a native call that was answered later": (
        lambda s: s(None, CANCEL, **native()).call(Receipt(), 2).look(1).look(6),
        None,
    ),
    "orders that cannot be listed": (lambda s: s(Scope.venue_wide("pebble", confirm="pebble")), None),
}


@pytest.mark.parametrize(("tell", "second"), PROOFS.values(), ids=PROOFS.keys())
def test_what_proves_a_scope_empty(story: Any, tell: Tell, second: float | None) -> None:
    """Two whole listings since the last answer, `read_lag_s` apart, and nothing left in or between them."""
    told = tell(story)
    report = told.report()
    expected = None if second is None else at(second - told.sweep.capabilities.read_lag_s)
    assert report.proved_empty_as_of == expected
    assert (report.state is ScopeState.PROVED_EMPTY) is (second is not None)
    if second is not None:
        assert (report.residual, report.incomplete, report.reason, report.error) == ((), False, None, None)


@pytest.mark.parametrize(("lag_s", "second", "as_of"), [(5.0, 6.5, 1.5), (0.0, 1.0, 1.0), (5.0, 16.0, 11.0)])
def test_a_proof_is_dated_by_what_its_listings_had_to_show(
    story: Any, lag_s: float, second: float, as_of: float
) -> None:
    """What was placed within the lag before the second one need not have been in it, and may be open."""
    told = story(capabilities=Capabilities(read_lag_s=lag_s)).look(1).look(second)
    assert told.report().proved_empty_as_of == at(as_of)


def test_without_a_lag_two_listings_are_still_two(story: Any) -> None:
    """One of them proves nothing."""
    prompt = {"capabilities": Capabilities(read_lag_s=0.0)}
    assert story(**prompt).look(0).report().proved_empty_as_of is None
    assert story(**prompt).look(0).look(0.1).report().proved_empty_as_of is not None
