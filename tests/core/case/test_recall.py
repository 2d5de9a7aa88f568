"""An ack told as facts again claims no more than it did, whatever it rested on and whatever clock it bears."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from countermand import (
    Assurance,
    CancelAck,
    CanceledBy,
    ClientOrderId,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    Reason,
    Sent,
    Stage,
)
from countermand._case._conclude import Conclusion, conclude
from countermand._case._facts import Action, Began, Caller, Case, Ended, NoSession
from countermand._case._plan import plan
from countermand._case._recall import recalled
from countermand._case._survey import Survey
from countermand.venue import (
    Acted,
    Gone,
    MayHaveActed,
    OrderRead,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    TrailRead,
    Unreadable,
)

Told = Callable[..., Any]
ALIAS = ClientOrderId("a")
#: When another client opened, and how long after that it is told of the ack.
EPOCH, NOW = datetime(2026, 1, 1, tzinfo=UTC), 500.0


def order(status: OrderStatus, **more: Any) -> OrderReport:
    facts = {"filled_quantity": Decimal(0), "account": "9", **more}
    return OrderReport(**{"order_id": OrderId("7"), "status": status, **facts})


def opened(told: Told, venue: str, ack: CancelAck, now: float = NOW) -> Case:
    """Open a case of what an ack told, as another client does."""
    case: Case = told(venue, order=ack.order_id or ack.request.order).case
    case.callers.clear()
    case.earlier = ack
    case.facts.extend(recalled(ack, EPOCH, now))
    return case


def test_a_trail_that_leaves_the_legs_out_is_no_word_on_them_later_either(told: Told) -> None:
    """What was told of an order with a living leg settles nothing when it is told again."""
    whole = order(OrderStatus.CANCELED, legs=(order(OrderStatus.NEW, order_id=OrderId("71")),))
    story = (
        told().cancel(Receipt()).read(whole, 6).read(order(OrderStatus.CANCELED), 6.2, action=Action.TRAIL)
    )
    case = opened(told, "full", story.ack())
    caller = Caller(request=story.caller.request, joined_at=0, deadline=NOW + 9, may_send=False)
    assert conclude(Survey(case=case), caller).outcome is Outcome.PENDING


def concludes(case: Case, ack: CancelAck, now: float = NOW) -> Conclusion:
    """Say what the case proves to one who only wants to know."""
    caller = Caller(
        request=ack.request,
        joined_at=min(fact.at for fact in case.facts),
        deadline=now + 10,
        assurance=Assurance.CONFIRMED,
        may_send=False,
        waits_since=now,
    )
    return conclude(Survey(case=case), caller)


reports = st.builds(
    order,
    status=st.sampled_from(OrderStatus),
    order_id=st.sampled_from([OrderId("7"), OrderId("8")]),
    client_order_id=st.sampled_from([ALIAS, None]),
    replaces=st.sampled_from([None, OrderId("7"), ALIAS]),
    cancel_rejected=st.booleans(),
    filled_quantity=st.sampled_from([Decimal(0), Decimal(1)]),
)
cancel_answers = st.one_of(
    st.builds(Receipt, executed=st.booleans()),
    st.sampled_from([Refused(), Gone(), SessionRefused(), MayHaveActed(), Unreadable(), "reset"]),
    st.builds(Throttled, acted=st.sampled_from(Acted)),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("cancel"), cancel_answers),
        st.tuples(st.just("unsent"), st.sampled_from(["refused", NoSession(failure=Unreadable())])),
        st.tuples(st.just("under way"), st.just(None)),
        st.tuples(st.just("read"), st.one_of(reports, st.sampled_from([Gone(), "reset"]))),
        st.tuples(st.just("trail"), st.builds(TrailRead, report=reports, cancel_rejected=st.booleans())),
        st.tuples(st.sampled_from([Action.OPEN, Action.HISTORY]), st.lists(reports, max_size=3)),
    ),
    max_size=8,
)


def tell(story: Any, happened: list[tuple[Any, Any]]) -> Any:
    for number, (what, answer) in enumerate(happened):
        at = number * 2.0  # so that the read lag is over now and then
        match what:
            case "cancel":
                story.cancel(answer, at)
            case "unsent":
                story.cancel(answer, at, sent=Sent.NO)
            case "under way":
                story.began(Action.CANCEL, at)
            case "read":
                story.read(answer, at)
            case "trail":
                story.read(answer, at, action=Action.TRAIL)
            case _:
                story.listing(*answer, at=at, action=what)
    return story


def shifted(value: Any, seconds: float) -> Any:
    """Move all times in a value: the clock of another machine."""
    if isinstance(value, datetime):
        return value + timedelta(seconds=seconds)
    if isinstance(value, tuple):
        return tuple(shifted(item, seconds) for item in value)
    if attrs.has(type(value)):
        fields = attrs.fields(type(value))
        return attrs.evolve(value, **{one.name: shifted(getattr(value, one.name), seconds) for one in fields})
    return value


venues = st.sampled_from(["full", "shifting", "plain", "native"])
skews = st.sampled_from([-7200.0, -1.0, 0.0, 480.0, 495.0, 7200.0])


@given(venues, st.sampled_from([OrderId("7"), ALIAS]), st.sampled_from(Assurance), steps, skews)
def test_no_more_is_claimed_than_was_told(
    told: Told,
    venue: str,
    asked: OrderId | ClientOrderId,
    assurance: Assurance,
    happened: list[tuple[Any, Any]],
    skew_s: float,
) -> None:
    """What was UNKNOWN is UNKNOWN by the facts of its ack, and what was PENDING is at most that."""
    story = told(venue, order=asked, assurance=assurance, timeout_s=60)
    assume(not story.case.unresolved)
    ack = tell(story, happened).ack(now=30.0)
    assume(not ack.final)
    written = CancelAck.from_dict(json.loads(json.dumps(shifted(ack, skew_s).to_dict())))
    case = opened(told, venue, written)
    conclusion = concludes(case, written)
    assert conclusion.outcome in {ack.outcome, Outcome.UNKNOWN}
    assert all(fact.number < 0 and fact.at <= NOW + 1e-3 for fact in case.facts)  # times are rounded


@given(venues, steps, skews, st.sampled_from([OrderStatus.CANCELED, OrderStatus.FILLED]))
def test_whose_cancel_it_was_is_not_made_up(
    told: Told, venue: str, happened: list[tuple[Any, Any]], skew_s: float, status: OrderStatus
) -> None:
    """An end that is read now is nobody's for sure, unless the ack itself had seen it before its first cancel."""
    ack = tell(told(venue, timeout_s=60), happened).ack(now=30.0)
    assume(
        not ack.final
        and not any(item.order and item.order.status_class.value == "dead" for item in ack.evidence)
    )
    written = shifted(ack, skew_s)
    case = opened(told, venue, written)
    read = OrderRead(report=order(status, filled_quantity=Decimal(1)))
    case.facts.append(Began(number=1, action=Action.READ, at=NOW + 1, overdue_at=NOW + 4))
    case.facts.append(Ended(number=1, at=NOW + 1.1, sent=Sent.YES, answer=read))
    conclusion = concludes(case, written)
    if status is OrderStatus.CANCELED:
        assert conclusion.outcome in {Outcome.CANCELED, Outcome.UNKNOWN}
        assert conclusion.canceled_by in {CanceledBy.UNDETERMINED, None}
    else:
        assert (conclusion.outcome, conclusion.reason) == (Outcome.REJECTED, Reason.TOO_LATE)


@given(venues, steps)
def test_nothing_is_ever_sent(told: Told, venue: str, happened: list[tuple[Any, Any]]) -> None:
    """Whatever an ack told, one who only wants to know begins reads alone."""
    ack = tell(told(venue, timeout_s=60), happened).ack(now=30.0)
    assume(not ack.final)
    case = opened(told, venue, ack)
    case.callers.append(
        Caller(request=ack.request, joined_at=0, deadline=NOW + 10, may_send=False, waits_since=NOW)
    )
    begins = plan(Survey(case=case), NOW).begin
    assert bool(begins) is not concludes(case, ack).settled
    assert Action.CANCEL not in begins


def test_an_attempt_is_taken_for_what_it_was(told: Told) -> None:
    """A receipt is a receipt again; whatever else was sent may have acted; what was not sent is forgotten."""
    story = told(timeout_s=60).cancel("refused", 0, sent=Sent.NO).cancel("reset", 1).cancel(Receipt(), 2)
    case = opened(told, "full", story.ack(now=30.0))
    survey = Survey(case=case)
    assert [(one.sent, type(one.ended.answer)) for one in survey.attempts if one.ended] == [
        (Sent.MAYBE, MayHaveActed),
        (Sent.YES, Receipt),
    ]
    assert [one.signed_at for one in survey.attempts] == [1.0, 2.0]


@pytest.mark.parametrize("sent", [Sent.NO, Sent.MAYBE])
def test_an_ack_without_an_attempt(told: Told, sent: Sent) -> None:
    """Where nothing is known to have been sent for it, something may have been for another."""
    bare = CancelAck(request=told().caller.request, outcome=Outcome.UNKNOWN, sent=sent, stage=Stage.RESOLVE)
    case = opened(told, "full", bare)
    assert (Survey(case=case).sent, concludes(case, bare).outcome) == (Sent.MAYBE, Outcome.UNKNOWN)


def test_a_client_id_whose_order_was_never_found(told: Told) -> None:
    """Nothing is rejected as long as somebody's cancel may have named the order."""
    request = told(order=ALIAS).caller.request
    bare = CancelAck(request=request, outcome=Outcome.UNKNOWN, stage=Stage.RESOLVE)
    case = opened(told, "full", bare)
    conclusion = concludes(case, bare)
    assert (conclusion.outcome, conclusion.stage, conclusion.settled) == (
        Outcome.UNKNOWN,
        Stage.RESOLVE,
        False,
    )


def test_a_clock_that_is_ahead_keeps_the_order_of_things(told: Told) -> None:
    """What came from the future is moved back as a whole, so that the last of it is now."""
    story = told("shifting", timeout_s=60).cancel(MayHaveActed(), 0).read(order(OrderStatus.CANCELED), 5)
    ack = shifted(story.ack(now=30.0), 7200)
    survey = Survey(case=opened(told, "shifting", ack))
    (attempt,), (seen,) = survey.attempts, survey.dead
    assert attempt.signed_at == pytest.approx(NOW - 5.1)
    assert [seen.began_at, seen.ended_at] == pytest.approx([NOW - 0.1, NOW])


def test_a_refusal_that_came_after_the_receipt(told: Told) -> None:
    """What was not sent takes no part in it, before it was told as an ack and after."""
    alive, refused = (order(OrderStatus.NEW, cancel_rejected=flag) for flag in (False, True))
    story = told(timeout_s=60).cancel(Receipt(), 0).read(alive, 1).read(refused, 2)
    story.cancel("no connection", 3, sent=Sent.NO)
    ack = story.ack(now=4.0)
    assert ack.outcome is Outcome.PENDING
    case = opened(told, "full", ack)
    case.facts.append(Began(number=1, action=Action.READ, at=NOW, overdue_at=NOW + 3))
    case.facts.append(Ended(number=1, at=NOW + 0.1, sent=Sent.YES, answer=OrderRead(report=refused)))
    assert concludes(case, ack).reason is Reason.VENUE_REFUSED
    assert story.read(refused, 6.1).concludes().reason is Reason.VENUE_REFUSED
