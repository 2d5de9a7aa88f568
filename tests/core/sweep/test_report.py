"""What a report tells: nothing that is not proved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from countermand import (
    CancelRequest,
    Cause,
    OrderId,
    OrderStatus,
    Outcome,
    PlacedAfter,
    Reason,
    Residual,
    Scope,
    ScopeKind,
    ScopeState,
    Sent,
)
from countermand._case._facts import NoSession
from countermand._sweep._report import as_told, progress
from countermand.venue import (
    Capabilities,
    Gone,
    MayHaveActed,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    Unreadable,
)

KEEP, CANCEL = PlacedAfter.KEEP, PlacedAfter.CANCEL
REJECTED = Outcome.REJECTED
Tell = Callable[[Any], Any]


def at(seconds: float) -> Any:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def listed(s: Any, placed_after: PlacedAfter = KEEP) -> Any:
    return s(None, placed_after).look(0, "7")


def instrument(s: Any, placed_after: PlacedAfter = CANCEL) -> Any:
    return s(Scope.instrument("pebble", "9", "1"), placed_after)


def unsaid(s: Any, order_id: str = "7") -> Any:
    return s.order(order_id, instrument=None)


def heir(s: Any) -> Any:
    return s.order("8", replaces=OrderId("7"))


def replaced(s: Any) -> Any:
    return s.ack("7", REJECTED, reason=Reason.REPLACED, successor=OrderId("8"))


#: id: (the story, what is left: id, cause, and whether the last listing showed it).
RESIDUES: dict[str, tuple[Tell, list[tuple[str, Cause, bool]]]] = {
    "nothing where nothing was": (lambda s: s().look(0), []),
    "not asked for": (listed, [("7", Cause.NOT_SENT, True)]),
    "asked for, and never told": (lambda s: listed(s).ask("7"), [("7", Cause.UNKNOWN, True)]),
    "canceled": (lambda s: listed(s).tell(s.ack("7")).look(2, "7"), []),
    "too late": (lambda s: listed(s).tell(s.ack("7", REJECTED, reason=Reason.TOO_LATE)), []),
    "never there": (
        lambda s: s(Scope.orders("pebble", "9", [OrderId("7")])).tell(
            s.ack("7", REJECTED, reason=Reason.UNKNOWN_ORDER)
        ),
        [],
    ),
    "pending": (
        lambda s: listed(s).tell(s.ack("7", Outcome.PENDING)).look(2, "7"),
        [("7", Cause.PENDING, True)],
    ),
    "pending, and gone": (
        lambda s: listed(s).tell(s.ack("7", Outcome.PENDING)).look(2),
        [("7", Cause.PENDING, False)],
    ),
    "unknown": (
        lambda s: listed(s).tell(s.ack("7", Outcome.UNKNOWN)).look(2, "7"),
        [("7", Cause.UNKNOWN, True)],
    ),
    "unknown, gone, and read as open since": (
        lambda s: listed(s).look(2).tell(s.ack("7", Outcome.UNKNOWN, order=s.order("7", as_of=at(2))), 8),
        [("7", Cause.UNKNOWN, True)],
    ),
    "unknown, read as open, and gone": (
        lambda s: listed(s).tell(s.ack("7", Outcome.UNKNOWN, order=s.order("7", as_of=at(1)))).look(2),
        [("7", Cause.UNKNOWN, False)],
    ),
    "unknown, read as open, and never listed": (
        lambda s: s(Scope.orders("pebble", "9", [OrderId("7")])).tell(
            s.ack("7", Outcome.UNKNOWN, order=s.order("7", as_of=at(1)))
        ),
        [("7", Cause.UNKNOWN, False)],
    ),
    "refused": (lambda s: listed(s).tell(s.ack("7", REJECTED)).look(2, "7"), [("7", Cause.REFUSED, True)]),
    "not sent": (
        lambda s: listed(s).tell(s.ack("7", REJECTED, reason=Reason.NOT_SENT, sent=Sent.NO, attempts=())),
        [("7", Cause.NOT_SENT, True)],
    ),
    "replaced, and the heir was never listed": (
        lambda s: listed(s).tell(replaced(s)),
        [("8", Cause.REPLACED, False)],
    ),
    "under KEEP replaced": (
        lambda s: listed(s).tell(replaced(s)).look(2, heir(s)),
        [("8", Cause.REPLACED, True)],
    ),
    "under KEEP replaced, and no ack says so": (
        lambda s: listed(s).tell(s.ack("7")).look(2, heir(s)),
        [("8", Cause.REPLACED, True)],
    ),
    "replaced, and the heir is gone": (lambda s: listed(s).tell(replaced(s)).look(2, heir(s)).look(3), []),
    "under KEEP an heir that is listed as replaced, and its own heir": (
        lambda s: (
            listed(s)
            .tell(replaced(s))
            .look(2, s.order("8", OrderStatus.REPLACED), s.order("9", replaces=OrderId("8")))
        ),
        [("9", Cause.REPLACED, True)],
    ),
    "under CANCEL the heir has an ack of its own": (
        lambda s: listed(s, CANCEL).tell(replaced(s)).look(2, heir(s)).tell(s.ack("8", Outcome.PENDING), 3),
        [("8", Cause.PENDING, True)],
    ),
    "undecided": (lambda s: instrument(s).look(0, unsaid(s)), [("7", Cause.UNDECIDED, True)]),
    "undecided, and gone": (lambda s: instrument(s).look(0, unsaid(s)).look(1), []),
    "undecided, and perhaps gone": (
        lambda s: instrument(s).look(0, unsaid(s)).look(1, incomplete=True),
        [("7", Cause.UNDECIDED, False)],
    ),
    "under KEEP undecided in the snapshot": (
        lambda s: instrument(s, KEEP).look(0, unsaid(s)),
        [("7", Cause.UNDECIDED, True)],
    ),
    "under KEEP undecided later": (
        lambda s: instrument(s, KEEP).look(0, "7").tell(s.ack("7")).look(2, unsaid(s, "8")),
        [],
    ),
    "outside": (lambda s: instrument(s).look(0, s.order("7", instrument="2")), []),
    "under KEEP placed later": (lambda s: listed(s).tell(s.ack("7")).look(2, "8"), []),
    "under KEEP placed later, or before, for no snapshot is whole": (
        lambda s: s().look(0, "7", incomplete=True).tell(s.ack("7")).look(2, "8"),
        [("8", Cause.UNDECIDED, True)],
    ),
    "under KEEP undecided later, or before": (
        lambda s: instrument(s, KEEP).look(0, "7", incomplete=True).tell(s.ack("7")).look(2, unsaid(s, "8")),
        [("8", Cause.UNDECIDED, True)],
    ),
    "under KEEP outside later, or before": (
        lambda s: (
            instrument(s, KEEP)
            .look(0, "7", incomplete=True)
            .tell(s.ack("7"))
            .look(2, s.order("8", instrument="2"))
        ),
        [],
    ),
    "in a partial listing": (
        lambda s: listed(s, CANCEL).look(1, "7", fault="reset"),
        [("7", Cause.NOT_SENT, True)],
    ),
}


@pytest.mark.parametrize(("tell", "left"), RESIDUES.values(), ids=RESIDUES.keys())
def test_what_is_left(story: Any, tell: Tell, left: list[tuple[str, Cause, bool]]) -> None:
    """Each order that is on the book, or may be, with its cause."""
    report = tell(story).report()
    told = [(one.order_id.value, one.cause, one.order is not None) for one in report.residual]
    assert told == left
    assert report.proved_empty_as_of is None


def test_what_is_left_is_shown_as_the_last_listing_did(story: Any) -> None:
    """With the time of it, and the venue's own word."""
    told = listed(story).tell(story.ack("7", REJECTED, venue_text="no")).look(2, "7")
    (left,) = told.report().residual
    assert left == Residual(
        order_id=OrderId("7"),
        cause=Cause.REFUSED,
        order=story.order("7", as_of=told.sweep.epoch + timedelta(seconds=2)),
        text="no",
    )


def test_what_was_not_found_says_so_and_was_not_refused(story: Any) -> None:
    """Nobody can tell whether it is there, whatever the venue's words are."""
    for words, text in [({}, "not found"), ({"venue_text": "whose?"}, "not found: whose?")]:
        told = listed(story).tell(story.ack("7", REJECTED, reason=Reason.NOT_FOUND, **words))
        assert [(one.cause, one.text) for one in told.report().residual] == [(Cause.UNKNOWN, text)]


def test_one_ack_for_each_order_the_best_one(story: Any) -> None:
    """Its end over all others, else the newest; in the order in which they became known."""
    told = story().look(0, "7", "8", "9")
    told.tell(story.ack("8", REJECTED), 1).tell(story.ack("7"), 1).look(2, "8", "7")
    told.tell(story.ack("8", Outcome.UNKNOWN), 3).tell(story.ack("7", Outcome.UNKNOWN), 3)
    acks = told.report().acks
    assert [(ack.order_id.value, ack.outcome) for ack in acks] == [
        ("7", Outcome.CANCELED),
        ("8", Outcome.UNKNOWN),
        ("9", Outcome.REJECTED),
    ]
    assert (acks[2].reason, acks[2].sent) == (Reason.NOT_SENT, Sent.NO)
    assert isinstance(acks[2].request, CancelRequest)


def test_an_order_that_was_asked_for_and_never_told_is_unknown(story: Any) -> None:
    """Its cancel may have left."""
    (ack,) = listed(story).ask("7").report().acks
    assert (ack.outcome, ack.sent, ack.reason) == (Outcome.UNKNOWN, Sent.MAYBE, None)


def test_under_keep_what_came_later_is_told(story: Any) -> None:
    """As the last listing shows it, unless it is an heir."""
    told = listed(story).tell(story.ack("7")).look(1, "8", "9").look(2, "9", heir(story))
    assert [order.order_id.value for order in told.report().kept] == ["9"]
    assert told.report().kept[0].as_of == told.sweep.epoch + timedelta(seconds=2)


def test_an_undecided_order_says_why(story: Any) -> None:
    """The venue says too little, or nobody knows since when it is there."""
    told = instrument(story, KEEP).look(0, "7", incomplete=True).tell(story.ack("7"))
    told.look(2, "9", unsaid(story, "8"))
    assert {one.order_id.value: one.text for one in told.report().residual} == {
        "8": "the venue does not say its instrument",
        "9": "no listing before the first send was whole: it may have been there already",
    }


@pytest.mark.parametrize(
    "tell",
    [
        lambda s: s(None, CANCEL).look(0, "7"),
        lambda s: s(),
        lambda s: s().look(0, "7", incomplete=True).tell(s.ack("7")).look(2, "8"),
    ],
)
def test_nothing_else_is_kept(story: Any, tell: Tell) -> None:
    """Not under CANCEL, nor without a listing, nor where nobody knows what was there before."""
    assert tell(story).report().kept == ()


@pytest.mark.parametrize(
    ("answer", "rows", "error"),
    [
        (MayHaveActed(), ["8"], "cancel-all has no known outcome: it may yet take orders that were kept"),
        (MayHaveActed(), [], None),
        (Receipt(), ["8"], None),
        (Refused(), ["8"], None),
    ],
    ids=["unknown", "unknown, and nothing kept", "received", "refused"],
)
def test_kept_orders_are_not_safe_from_a_native_call_of_unknown_outcome(
    story: Any, answer: Any, rows: list[str], error: str | None
) -> None:
    """It may be processed later still; this is told though all else is proved."""
    native = Capabilities(scopes=frozenset({ScopeKind.ACCOUNT}), read_lag_s=5.0)
    told = story(capabilities=native).look(0).call(answer).look(1, *rows).look(6, *rows).report()
    assert (told.state, told.error, len(told.kept)) == (ScopeState.PROVED_EMPTY, error, len(rows))


@pytest.mark.parametrize(
    ("begin", "beyond"),
    [
        pytest.param(lambda s: s(None, CANCEL).look(0, "7"), [], id="all of an account were meant"),
        pytest.param(lambda s: s().look(0, "7", "8"), ["6"], id="under KEEP those of the snapshot"),
        pytest.param(lambda s: instrument(s).look(0, "7", "8"), ["6"], id="those of the instrument"),
        pytest.param(
            lambda s: s(Scope.orders("pebble", "9", [OrderId("7")])), ["8", "6"], id="those that were named"
        ),
    ],
)
def test_what_the_venue_took_along_is_compared_with_what_was_asked(
    story: Any, begin: Tell, beyond: list[str]
) -> None:
    """Linked orders, such as the other side of a pair."""
    along = (OrderId("8"), OrderId("6"), OrderId("8"))
    told = begin(story).tell(story.ack("7", also_canceled=along))
    assert [one.value for one in told.report().beyond_scope] == beyond


#: id: (the story, its reason, its error, whether it is incomplete, its state).
SHORTCOMINGS: dict[str, tuple[Tell, Reason | None, str | None, bool, ScopeState]] = {
    "nothing yet": (lambda s: s(), None, None, False, ScopeState.UNKNOWN),
    "refused": (
        lambda s: s().look(0, failure=Refused(reason=Reason.NOT_AUTHORIZED, code="20", text="no")),
        Reason.NOT_AUTHORIZED,
        "the last listing failed: 20 no",
        False,
        ScopeState.UNKNOWN,
    ),
    "session refused": (
        lambda s: s().look(0, failure=SessionRefused()),
        Reason.NOT_AUTHORIZED,
        "the last listing failed: SessionRefused",
        False,
        ScopeState.UNKNOWN,
    ),
    "no session": (
        lambda s: s().look(0, failure=NoSession(failure=Throttled(text="wait"))),
        Reason.THROTTLED,
        "the last listing failed: wait",
        False,
        ScopeState.UNKNOWN,
    ),
    "throttled": (
        lambda s: s().look(0, failure=Throttled()),
        Reason.THROTTLED,
        "the last listing failed: Throttled",
        False,
        ScopeState.UNKNOWN,
    ),
    "gone": (
        lambda s: s().look(0, failure=Gone()),
        Reason.NOT_FOUND,
        "the last listing failed: Gone",
        False,
        ScopeState.UNKNOWN,
    ),
    "unreadable": (
        lambda s: s().look(0, failure=Unreadable(text="?")),
        None,
        "the last listing failed: ?",
        False,
        ScopeState.UNKNOWN,
    ),
    "a fault": (
        lambda s: s().look(0, fault="reset"),
        None,
        "the last listing failed: reset",
        False,
        ScopeState.UNKNOWN,
    ),
    "a failure after a success": (
        lambda s: listed(s).look(1, fault="reset"),
        None,
        "the last listing failed: reset",
        False,
        ScopeState.RESIDUAL,
    ),
    "a part of a listing": (
        lambda s: s().look(0, "7", fault="reset"),
        None,
        "the last listing failed: reset",
        True,
        ScopeState.UNKNOWN,
    ),
    "a listing that shifted": (
        lambda s: s().look(0, "7", incomplete=True),
        None,
        None,
        True,
        ScopeState.UNKNOWN,
    ),
    "under KEEP a snapshot that shifted": (
        lambda s: s().look(0, "7", incomplete=True).tell(s.ack("7")).look(2),
        None,
        None,
        True,
        ScopeState.UNKNOWN,
    ),
    "under CANCEL a first listing that shifted": (
        lambda s: s(None, CANCEL).look(0, "7", incomplete=True).tell(s.ack("7")).look(2),
        None,
        None,
        False,
        ScopeState.UNKNOWN,
    ),
    "residual": (listed, None, None, False, ScopeState.RESIDUAL),
}


@pytest.mark.parametrize(
    ("tell", "reason", "error", "incomplete", "state"), SHORTCOMINGS.values(), ids=SHORTCOMINGS.keys()
)
def test_why_not_all_could_be_done(
    story: Any, tell: Tell, reason: Reason | None, error: str | None, incomplete: bool, state: ScopeState
) -> None:
    """Where no single order is to blame."""
    report = tell(story).report()
    assert (report.reason, report.error, report.incomplete, report.state) == (
        reason,
        error,
        incomplete,
        state,
    )


def everywhere(s: Any) -> Any:
    kinds = frozenset({ScopeKind.VENUE_WIDE})
    return s(Scope.venue_wide("pebble", confirm="pebble"), capabilities=Capabilities(scopes=kinds))


@pytest.mark.parametrize(
    ("tell", "reason", "error"),
    [
        (
            lambda s: s(Scope.venue_wide("pebble", confirm="pebble")),
            Reason.NOT_SUPPORTED,
            "the venue has no mass cancel for this scope",
        ),
        (lambda s: everywhere(s).call(Refused(text="no")), Reason.MASS_CANCEL_REFUSED, "no"),
        (
            lambda s: everywhere(s).call(Receipt(text="ok")),
            None,
            "no listing reaches all accounts: nothing can be proved",
        ),
    ],
    ids=["no such call", "refused", "received"],
)
def test_what_cannot_be_listed_proves_nothing(story: Any, tell: Tell, reason: Any, error: str) -> None:
    """It says why."""
    report = tell(story).report()
    assert (report.reason, report.error, report.state) == (reason, error, ScopeState.UNKNOWN)
    assert (report.acks, report.residual) == ((), ())


def test_what_a_report_says_of_itself(story: Any) -> None:
    """Calls, time, and what the venue's listing leaves out."""
    told = story(capabilities=Capabilities(not_listed=("quotes",))).report(3.5)
    assert (told.not_covered, told.elapsed_s, told.calls) == (("quotes",), 3.5, 0)


def test_progress_counts_orders(story: Any) -> None:
    """Known, canceled, pending and left; those that came too late are none of the three."""
    told = story().look(0, "1", "2", "3", "4", "5")
    told.tell(story.ack("1")).ask("2").tell(story.ack("3", REJECTED))
    told.tell(story.ack("4", REJECTED, reason=Reason.TOO_LATE))
    so_far = progress(told.sweep, 2.0)
    counts = (so_far.known, so_far.canceled, so_far.pending, so_far.residual, so_far.elapsed_s)
    assert counts == (5, 1, 2, 1, 2.0)
    end = as_told(told.report(9.0))
    assert (end.known, end.canceled, end.pending, end.residual, end.elapsed_s) == (5, 1, 0, 3, 9.0)
