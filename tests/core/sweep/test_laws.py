"""Laws of sweeps, whatever happens: listings, acks and native calls in any order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from countermand import (
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    PlacedAfter,
    Reason,
    Scope,
    ScopeKind,
    ScopeState,
)
from countermand._sweep._native import at_large
from countermand._sweep._targets import to_cancel
from countermand.venue import Capabilities, MayHaveActed, Receipt, Refused

LAG_S = 5.0
#: Later than anything in a history.
EVER_S = 1e6
IDS = [str(number) for number in range(1, 7)]
KEEP, CANCEL = PlacedAfter.KEEP, PlacedAfter.CANCEL


def is_even(report: OrderReport) -> bool:
    if report.status is OrderStatus.HELD:
        raise LookupError
    return int(report.order_id.value) % 2 == 0


SCOPES = [
    Scope.account("pebble", "9"),
    Scope.instrument("pebble", "9", "1"),
    Scope.orders("pebble", "9", [OrderId("1"), OrderId("2")]),
    Scope.mine("pebble", "9", is_even),
]
STATUSES = [
    OrderStatus.NEW,
    OrderStatus.HELD,
    OrderStatus.CANCELED,
    OrderStatus.PENDING_CANCEL,
    OrderStatus.REPLACED,
]

_rows = st.lists(
    st.tuples(
        st.sampled_from(IDS),
        st.sampled_from(STATUSES),
        st.sampled_from(["9", "9", "8", None]),
        st.sampled_from(["1", "1", "2", None]),
        st.sampled_from([None, None, *IDS]),
    ),
    max_size=5,
)
_listings = st.tuples(
    st.just("look"), _rows, st.sampled_from(["whole", "whole", "whole", "incomplete", "fault"])
)
_asks = st.tuples(st.just("ask"), st.sampled_from(list(Outcome)), st.booleans())
_natives = st.tuples(st.just("call"), st.sampled_from([Receipt(), MayHaveActed(), Refused()]))
_waits = st.tuples(st.just("wait"), st.sampled_from([0.0, 0.5, 3.0, LAG_S]))
HISTORIES = st.lists(st.one_of(_listings, _listings, _waits, _asks, _natives), max_size=12)


#: How a listing ends.
ENDS: dict[str, dict[str, Any]] = {
    "whole": {},
    "incomplete": {"incomplete": True},
    "fault": {"fault": "reset"},
}


class Checked:
    """Plays a history to a sweep, and watches what it touches."""

    def __init__(self, story: Any, scope: Scope, placed_after: PlacedAfter) -> None:
        kinds = frozenset({ScopeKind.ACCOUNT})
        self.story = story(scope, placed_after, capabilities=Capabilities(scopes=kinds, read_lag_s=LAG_S))
        self.scope = scope
        self.make = story
        self.now = 0.0
        #: What listings showed open: by id, newest last.
        self.seen: dict[str, list[OrderReport]] = {}
        self.before_the_first_send: set[str] = {one.value for one in scope.order_ids}
        self.is_sent = False
        self.touched: list[str] = []
        self.told: dict[str, list[Any]] = {}

    def look(self, rows: Any, how: str) -> None:
        """List."""
        reports = [
            self.make.order(
                order_id,
                status,
                account=account,
                instrument=instrument,
                replaces=None if replaces is None else OrderId(replaces),
            )
            for order_id, status, account, instrument, replaces in rows
        ]
        whole = ENDS[how]
        self.story.look(self.now, *reports, **whole)
        for report in reports:
            self.seen.setdefault(report.order_id.value, []).append(report)
            if not self.is_sent:
                self.before_the_first_send.add(report.order_id.value)
        self.now += 0.2

    def ask(self, outcome: Outcome, late: bool) -> None:
        """Ask for whatever is due, and tell what became of the first of it."""
        due = list(to_cancel(self.story.sweep, EVER_S))
        if not due:
            return
        for order_id in due:
            self._check(order_id)
        self.is_sent = True
        first = due[0].value
        reason = {"reason": Reason.VENUE_REFUSED} if outcome is Outcome.REJECTED else {}
        at = self.now + (1.0 if late else 0.0)
        told = self.make.ack(first, outcome, at, **reason)
        self.touched.append(first)
        self.told.setdefault(first, []).append(told)
        self.story.tell(told, at, self.now)
        self.now = at + 0.1

    def call(self, answer: Any) -> None:
        """Make the venue's own call, of an account."""
        if self.scope.kind is ScopeKind.ACCOUNT:
            self.is_sent = True
            self.story.call(answer, self.now)
            self.now += 0.2

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def _check(self, order_id: OrderId) -> None:
        reports = self.seen.get(order_id.value, [])
        if self.scope.kind is not ScopeKind.ORDERS:
            # The youngest listing of an order may show it twice; one of the two was in scope.
            assert any(self._holds(report) for report in reports)
        else:
            assert order_id in self.scope.order_ids
        if self.story.sweep.placed_after is KEEP:
            assert order_id.value in self.before_the_first_send
        assert self.touched.count(order_id.value) < 5

    def _holds(self, report: OrderReport) -> bool:
        try:
            return self.scope.holds(report)
        except LookupError:
            return False


def played(story: Any, scope: Scope, placed_after: PlacedAfter, history: Any) -> Checked:
    """Play a history."""
    checked = Checked(story, scope, placed_after)
    for act, *rest in history:
        getattr(checked, act)(*rest)
    return checked


anything = given(
    scope=st.sampled_from(SCOPES), placed_after=st.sampled_from(list(PlacedAfter)), history=HISTORIES
)
quickly = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quickly
@anything
def test_no_order_outside_of_the_scope_is_touched(
    story: Any, scope: Scope, placed_after: PlacedAfter, history: Any
) -> None:
    """Nor under KEEP one that came later, nor any more often than five times."""
    played(story, scope, placed_after, history)


@quickly
@given(
    scope=st.sampled_from(SCOPES),
    placed_after=st.sampled_from(list(PlacedAfter)),
    history=HISTORIES,
    ends=st.lists(
        st.tuples(_rows.map(lambda rows: rows[:1]) | st.just([]), st.sampled_from([0.0, 4.0, LAG_S])),
        min_size=2,
        max_size=4,
    ),
)
def test_nothing_is_proved_without_two_listings(
    story: Any, scope: Scope, placed_after: PlacedAfter, history: Any, ends: Any
) -> None:
    """Whole ones, as far apart as reads may lag, that began after the last answer and show no target."""
    checked = played(story, scope, placed_after, history)
    for rows, wait_s in ends:
        while to_cancel(checked.story.sweep, EVER_S):
            checked.ask(Outcome.CANCELED, late=False)
        checked.look(rows, "whole")
        checked.wait(wait_s)
    sweep, report = checked.story.sweep, checked.story.report(checked.now)
    event(report.state.value)
    if report.state is not ScopeState.PROVED_EMPTY:
        return
    second = (report.proved_empty_as_of - sweep.epoch).total_seconds() + LAG_S
    answers = [known.asks[-1].ack.attempts[-1].answered_at for known in sweep.known.values() if known.asks]
    last = max([(one - sweep.epoch).total_seconds() for one in answers], default=0.0)
    looks = [look for look in sweep.looks if last - 1e-6 <= look.began_at <= second + 1e-6 and look.whole]
    assert looks[-1].began_at == pytest.approx(second)
    assert looks[-1].began_at - looks[0].began_at >= LAG_S
    targets = {ack.order_id for ack in report.acks}
    assert not targets & {*looks[-1].shown, *sweep.looks[-1].shown}
    assert report.residual == ()


@quickly
@anything
def test_no_ack_is_made_better_than_it_was(
    story: Any, scope: Scope, placed_after: PlacedAfter, history: Any
) -> None:
    """A report repeats what was said; what was not asked for was not sent, but for a mass cancel in doubt."""
    checked = played(story, scope, placed_after, history)
    report = checked.story.report(checked.now)
    is_called = at_large(checked.story.sweep, OrderId("0")) is not None
    unasked = Outcome.UNKNOWN if is_called else Outcome.REJECTED
    for ack in report.acks:
        said = checked.told.get(ack.order_id.value, [])
        assert ack in said or ack.outcome is unasked
        assert ack in said or (ack.reason is Reason.NOT_SENT) is (unasked is Outcome.REJECTED)
        if said and not any(one.outcome is Outcome.CANCELED for one in said):
            assert ack is said[-1]
    along = {ack.order_id.value for ack in report.acks} if is_called else set()
    assert {one.value for one in report.touched} == {*checked.touched, *along}
    assert len({ack.order_id for ack in report.acks}) == len(report.acks)


@quickly
@anything
def test_a_step_can_always_be_taken(
    story: Any, scope: Scope, placed_after: PlacedAfter, history: Any
) -> None:
    """One thing at most begins, and never a listing beside another."""
    checked = played(story, scope, placed_after, history)
    step = checked.story.step(checked.now)
    assert step.over + step.call + step.look + bool(step.cancel) <= 1
    assert step.over or step.again_at <= 60.0
    checked.story.looks(checked.now)
    assert not checked.story.step(checked.now).look
