"""Laws that hold whatever happens, in any order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from countermand import (
    Assurance,
    ClientOrderId,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    Reason,
    Sent,
    StatusClass,
)
from countermand._case._facts import Action, NoSession
from countermand._retry import MOST_ATTEMPTS
from countermand.venue import (
    Acted,
    Gone,
    MayHaveActed,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    TrailRead,
    Unreadable,
)
from countermand.venue._verdicts import REFUSALS

ALIAS = ClientOrderId("a")

reports = st.builds(
    OrderReport,
    order_id=st.sampled_from([OrderId("7"), OrderId("8")]),
    status=st.sampled_from(OrderStatus),
    filled_quantity=st.just(Decimal(0)),
    account=st.sampled_from(["9", "10", None]),
    client_order_id=st.sampled_from([ALIAS, None]),
    replaces=st.sampled_from([None, OrderId("7"), ALIAS]),
    cancel_rejected=st.booleans(),
)
refusals = st.builds(Refused, reason=st.sampled_from(sorted(REFUSALS, key=str)))
cancel_answers = st.one_of(
    st.builds(Receipt, executed=st.booleans()),
    refusals,
    st.just(Gone()),
    st.builds(Throttled, acted=st.sampled_from(Acted)),
    st.builds(SessionRefused, or_unsupported=st.booleans()),
    st.just(MayHaveActed()),
    st.just(Unreadable()),
    st.just("reset"),
)
unsent = st.one_of(
    st.just("refused"), st.builds(NoSession, failure=st.one_of(refusals, st.just(Unreadable())))
)
read_answers = st.one_of(reports, st.just(Gone()), refusals, st.just(SessionRefused()), st.just("reset"))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("cancel"), cancel_answers),
        st.tuples(st.just("unsent"), unsent),
        st.tuples(st.just("read"), read_answers),
        st.tuples(st.just("trail"), st.builds(TrailRead, cancel_rejected=st.booleans())),
        st.tuples(st.sampled_from([Action.OPEN, Action.HISTORY]), st.lists(reports, max_size=3)),
        st.tuples(st.just("under way"), st.sampled_from(Action)),
    ),
    max_size=8,
)


def possible(story: Any, happened: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Leave out cancels by a client's id that must be resolved first: they are never sent."""
    if not story.case.unresolved:
        return happened
    return [step for step in happened if step[0] not in ("cancel", "unsent") and step[1] is not Action.CANCEL]


def tell(story: Any, happened: list[tuple[Any, Any]]) -> None:
    for at, (what, answer) in enumerate(happened):
        if what == "cancel":
            story.cancel(answer, at)
        elif what == "unsent":
            story.cancel(answer, at, sent=Sent.NO)
        elif what == "read":
            story.read(answer, at)
        elif what == "trail":
            story.read(answer, at, action=Action.TRAIL)
        elif what == "under way":
            story.began(answer, at)
        else:
            story.listing(*answer, at=at, action=what)


venues = st.sampled_from(["full", "shifting", "plain", "native"])
orders = st.sampled_from([OrderId("7"), ALIAS])
assurances = st.sampled_from(Assurance)


def about(story: Any) -> list[OrderReport]:
    """Every report of the order in the story's facts, found by other means than the library's."""
    found = []
    for fact in story.case.facts:
        answer = getattr(fact, "answer", None)
        rows = [*getattr(answer, "rows", ()), getattr(answer, "report", None)]
        found += [row for row in rows if row is not None and row.account != "10"]
    return [row for row in found if row.order_id == OrderId("7") or row.client_order_id == story.case.order]


@given(venues, orders, assurances, st.booleans(), steps)
def test_every_story_ends_in_an_honest_ack(
    told: Callable[..., Any],
    venue: str,
    order: OrderId | ClientOrderId,
    assurance: Assurance,
    renewable: bool,
    happened: list[tuple[Any, Any]],
) -> None:
    """Any facts give an ack whose invariants hold, and which claims nothing that no fact holds."""
    story = told(venue, order=order, assurance=assurance, renewable=renewable)
    happened = possible(story, happened)
    tell(story, happened)
    ack = story.ack(now=30.0)
    statuses = {report.status for report in about(story)}
    cancels = [answer for what, answer in happened if what == "cancel"]
    under_way = ("under way", Action.CANCEL) in happened
    if ack.outcome is Outcome.CANCELED:
        assert OrderStatus.CANCELED in statuses
        assert OrderStatus.FILLED not in statuses
    if ack.reason is Reason.TOO_LATE:
        assert statuses & {OrderStatus.FILLED, OrderStatus.EXPIRED, OrderStatus.REJECTED}
    dead = any(status.status_class is StatusClass.DEAD for status in statuses)
    if ack.outcome is Outcome.REJECTED and not dead and ack.reason is not Reason.REPLACED:
        # Law 1: a rejection speaks for every attempt.
        taken_back = any(report.cancel_rejected for report in about(story)) or any(
            what == "trail" and answer.cancel_rejected for what, answer in happened
        )
        assert not under_way
        assert all(getattr(answer, "acted", Acted.MAYBE) is not Acted.MAYBE for answer in cancels)
        assert taken_back or not any(isinstance(answer, Receipt) for answer in cancels)
    if ack.outcome is Outcome.PENDING:
        assert (
            any(isinstance(answer, Receipt) for answer in cancels) or OrderStatus.PENDING_CANCEL in statuses
        )
    if ack.sent is Sent.NO:
        assert not cancels


@given(venues, orders, assurances, steps, st.floats(0, 9.9))
def test_no_plan_repeats_what_is_under_way(
    told: Callable[..., Any],
    venue: str,
    order: OrderId | ClientOrderId,
    assurance: Assurance,
    happened: list[tuple[Any, Any]],
    now: float,
) -> None:
    """A plan begins nothing twice that is not overdue, sends no sixth cancel, and never looks again in the past."""
    story = told(venue, order=order, assurance=assurance)
    happened = possible(story, happened)
    tell(story, happened)
    begins = story.plans(now)
    awaited = [(at, answer) for at, (what, answer) in enumerate(happened) if what == "under way"]
    under_way = {answer for at, answer in awaited if at + 3 > now}
    assert not begins.begin & under_way
    assert begins.look_again_at > now
    tried = sum(what == "cancel" for what, _ in happened)
    assert Action.CANCEL not in begins.begin or tried < MOST_ATTEMPTS
