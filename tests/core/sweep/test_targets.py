"""Which orders a sweep touches, and how often."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from countermand import OrderId, OrderReport, OrderStatus, Outcome, PlacedAfter, Reason, Scope, Sent
from countermand._sweep._targets import next_cancel_at, request_for

KEEP, CANCEL = PlacedAfter.KEEP, PlacedAfter.CANCEL
REJECTED = Outcome.REJECTED
Tell = Callable[[Any], Any]


def by_id(*ids: str) -> Scope:
    return Scope.orders("pebble", "9", [OrderId(one) for one in ids])


def mine(chosen: Callable[[OrderReport], bool]) -> Scope:
    return Scope.mine("pebble", "9", chosen)


def not_the_eighth(report: OrderReport) -> bool:
    if report.order_id == OrderId("6"):
        raise LookupError("whose?")
    return report.order_id != OrderId("8")


#: id: (the story, what is to be canceled by id).
TARGETS: dict[str, tuple[Tell, list[str]]] = {
    "nothing before a listing": (lambda s: s(), []),
    "what is listed, in that order": (lambda s: s().look(0, "8", "7"), ["8", "7"]),
    "what is shown as replaced comes last": (
        lambda s: s().look(0, "9", s.order("8", OrderStatus.REPLACED), "7"),
        ["9", "7", "8"],
    ),
    "what is named": (lambda s: s(by_id("7", "8")), ["7", "8"]),
    "what is named, though it is not listed": (lambda s: s(by_id("7", "8")).look(0, "8", "9"), ["7", "8"]),
    "no dead order": (lambda s: s().look(0, s.order("7", OrderStatus.FILLED)), []),
    "whatever else counts as open": (
        lambda s: s().look(
            0,
            s.order("1", OrderStatus.PENDING_CANCEL),
            s.order("2", OrderStatus.PENDING_REPLACE),
            s.order("3", OrderStatus.UNKNOWN),
            s.order("4", OrderStatus.DONE_FOR_DAY),
        ),
        ["1", "2", "3", "4"],
    ),
    "no order of another account": (lambda s: s().look(0, s.order("7", account="8")), []),
    "an order whose account goes without saying": (lambda s: s().look(0, s.order("7", account=None)), ["7"]),
    "only what the predicate chooses": (lambda s: s(mine(not_the_eighth)).look(0, "6", "7", "8"), ["7"]),
    "only the instrument": (
        lambda s: s(Scope.instrument("pebble", "9", "1")).look(0, "7", s.order("8", instrument="2")),
        ["7"],
    ),
    "no order whose instrument is not said": (
        lambda s: s(Scope.instrument("pebble", "9", "1")).look(0, s.order("7", instrument=None)),
        [],
    ),
    "only the user's": (
        lambda s: s(Scope.user("pebble", "u", account="9")).look(
            0, s.order("7", entered_by="u"), s.order("8", entered_by="v"), s.order("9")
        ),
        ["7"],
    ),
    "not what was asked for": (lambda s: s().look(0, "7", "8").ask("7"), ["8"]),
    "under KEEP nothing that came later": (lambda s: s().look(0, "7").ask("7").look(1, "7", "8"), []),
    "under CANCEL whatever came later": (lambda s: s(None, CANCEL).look(0, "7").ask("7").look(1, "8"), ["8"]),
    "of several listings before the first send all": (lambda s: s().look(0, "7").look(1, "8"), ["7", "8"]),
    "what a partial listing showed": (lambda s: s(None, CANCEL).look(0, "7", fault="reset"), ["7"]),
    "again what was rejected and lives on": (
        lambda s: s().look(0, "7").tell(s.ack("7", REJECTED)).look(2, "7"),
        ["7"],
    ),
    "not before it is listed anew": (lambda s: s().look(0, "7").tell(s.ack("7", REJECTED)), []),
    "not by a listing that began before the answer": (
        lambda s: s().look(0, "7").tell(s.ack("7", REJECTED), 3).look(2, "7"),
        [],
    ),
    "not what the listing lacks": (lambda s: s().look(0, "7").tell(s.ack("7", REJECTED)).look(2), []),
    "not what a later listing lacks": (
        lambda s: s().look(0, "7").tell(s.ack("7", REJECTED)).look(2, "7").look(3),
        [],
    ),
    "though one that is not whole tells nothing": (
        lambda s: s().look(0, "7").tell(s.ack("7", REJECTED)).look(2, "7").look(3, fault="reset"),
        ["7"],
    ),
    "not what left the scope meanwhile": (
        lambda s: (
            s(Scope.instrument("pebble", "9", "1"))
            .look(0, "7")
            .tell(s.ack("7", REJECTED))
            .look(2, s.order("7", instrument="2"))
        ),
        [],
    ),
    "not what is pending": (lambda s: s().look(0, "7").tell(s.ack("7", Outcome.PENDING)).look(2, "7"), []),
    "not what is unknown": (lambda s: s().look(0, "7").tell(s.ack("7", Outcome.UNKNOWN)).look(2, "7"), []),
    "not what was canceled": (lambda s: s().look(0, "7").tell(s.ack("7")).look(2, "7"), []),
    "not what came too late": (
        lambda s: s().look(0, "7").tell(s.ack("7", REJECTED, reason=Reason.TOO_LATE)).look(2, "7"),
        [],
    ),
    "not what was replaced": (
        lambda s: (
            s()
            .look(0, "7")
            .tell(s.ack("7", REJECTED, reason=Reason.REPLACED, successor=OrderId("8")))
            .look(2, "7")
        ),
        [],
    ),
}


@pytest.mark.parametrize(("tell", "due"), TARGETS.values(), ids=TARGETS.keys())
def test_what_is_to_be_canceled(story: Any, tell: Tell, due: list[str]) -> None:
    """Never an order outside of the scope, nor under KEEP one that came later."""
    assert tell(story).due == due


@pytest.mark.parametrize(("a_time", "asks"), [(1, 5), (2, 2), (5, 1), (0, 9)])
def test_law_eight_caps_the_attempts(story: Any, a_time: int, asks: int) -> None:
    """Five at most for an order, as far as one can know before: what one ask came to, the next one may."""
    sweep = story().look(0, "7")
    for ask in range(9):
        if not sweep.due:
            break
        at = 10.0 * ask
        sent = tuple(story.sent(at + one) for one in range(a_time))
        left = {} if a_time else {"sent": Sent.NO, "reason": Reason.NOT_SENT}
        sweep.tell(story.ack("7", REJECTED, attempts=sent, **left), at + 5).look(at + 6, "7")
    assert len(sweep.sweep.known[OrderId("7")].asks) == asks


def test_repeats_are_spread_over_time(story: Any) -> None:
    """The first one at once, as soon as a listing shows the order; later ones wait half a second and more."""
    sweep, waits = story().look(0, "7"), []
    at = 1.0
    while sweep.due:
        sweep.tell(story.ack("7", REJECTED, at), at).look(at + 0.001, "7")
        due_at = next_cancel_at(sweep.sweep)
        if due_at < math.inf:
            waits.append(due_at - at)
            assert (sweep.due_at(due_at - 0.001), sweep.due_at(due_at)) == ([], ["7"])
            at = max(at + 0.001, due_at)
    assert waits == pytest.approx([0.0, 0.5, 1.0, 2.0])


def test_attempts_that_two_acks_tell_of_count_once(story: Any) -> None:
    """They share the case."""
    first, second = story.sent(1), story.sent(3)
    sweep = story().look(0, "7").tell(story.ack("7", REJECTED, attempts=(first,)), 2).look(2.5, "7")
    sweep.tell(story.ack("7", REJECTED, attempts=(first, second)), 4)
    known = sweep.sweep.known[OrderId("7")]
    assert (known.attempts, known.attempts_of_last_ask) == (2, 1)


@pytest.mark.parametrize(("listed", "named"), [("1", "1"), (None, None), ("two words", None), ("007", None)])
def test_a_request_names_the_instrument_where_it_can(story: Any, listed: Any, named: Any) -> None:
    """What a venue writes and no request may hold keeps no order from being canceled."""
    sweep = story().look(0, story.order("7", instrument=listed)).sweep
    request = request_for(sweep, sweep.known[OrderId("7")], 58.0)
    assert (request.instrument, request.account, request.timeout_s) == (named, "9", 2.0)


def test_a_request_after_the_deadline_can_still_be_made(story: Any) -> None:
    """For the ack that says it was not sent."""
    sweep = story(by_id("7")).sweep
    assert request_for(sweep, sweep.known[OrderId("7")], 61.0).timeout_s == 0.001
