"""The ack of the plainest case says word for word what the facts of that case prove."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from countermand import Assurance, CancelRequest, OrderId
from countermand._case._ack_of import ack_of
from countermand._case._conclude import conclude
from countermand._case._facts import Caller, Case
from countermand._case._plan import plan
from countermand._case._receipt import OneCancel, Taken, ack_of_receipt
from countermand._case._survey import Survey
from countermand.venue import Capabilities, Receipt

EPOCH = datetime(2026, 11, 21, tzinfo=UTC)
TEXTS = st.none() | st.text(max_size=12)
SECONDS = st.floats(min_value=0.0, max_value=1e6)


@st.composite
def cancels(draw: st.DrawFn) -> OneCancel:
    """Draw a cancel that has its receipt."""
    joined_at = draw(SECONDS)
    signed_at = joined_at + draw(st.floats(min_value=0.0, max_value=5.0))
    ended_at = signed_at + draw(st.floats(min_value=0.0, max_value=5.0))
    order = OrderId(str(draw(st.integers(min_value=1, max_value=10**18))))
    request = CancelRequest(
        venue="v",
        account="9",
        order=order,
        assurance=Assurance.RECEIVED,
        follow_replacement=draw(st.booleans()),
    )
    return OneCancel(
        request=request,
        order=order,
        number=draw(st.integers(min_value=1, max_value=10**9)),
        joined_at=joined_at,
        deadline=joined_at + 10.0,
        overdue_at=signed_at + 3.0,
        call="CancelOrder",
        signed_at=signed_at,
        first_byte_at=draw(st.sampled_from([None, signed_at])),
        session=draw(st.integers(min_value=1, max_value=9)),
        ended_at=ended_at,
        taken=Taken(
            Receipt(code=draw(TEXTS), text=draw(TEXTS), executed=draw(st.booleans())),
            status=draw(st.integers(min_value=200, max_value=204)),
            reply=draw(TEXTS),
        ),
    )


def case_of(one: OneCancel) -> tuple[Survey, Caller]:
    """Make the case of a cancel, as it would stand had it been one from the beginning."""
    caller = Caller(request=one.request, joined_at=one.joined_at, deadline=one.deadline)
    case = Case(
        venue="v",
        account="9",
        order=one.order,
        capabilities=Capabilities(has_history=True, replaced_reads_canceled=True),
        renewable=True,
        epoch=EPOCH,
        facts=one.facts(0.5),
        callers=[caller],
    )
    return Survey(case=case), caller


@given(one=cancels())
def test_the_ack_is_that_of_the_case(one: OneCancel) -> None:
    """Whatever the receipt says and however long it took."""
    survey, caller = case_of(one)
    conclusion = conclude(survey, caller)
    assert conclusion.settled
    assert one.ended_at is not None
    assert ack_of_receipt(one, EPOCH) == ack_of(survey, caller, conclusion, one.ended_at)


@given(one=cancels())
def test_nothing_more_is_planned_for_it(one: OneCancel) -> None:
    """Who waits for no more than the receipt begins nothing after it."""
    survey, _ = case_of(one)
    assert not plan(survey, one.ended_at or 0.0).begin
