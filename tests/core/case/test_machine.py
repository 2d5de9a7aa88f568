"""The laws of the outcome policy, over facts that come in any order."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from countermand import (
    Assurance,
    CancelRequest,
    ClientOrderId,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    Reason,
    Sent,
    Stage,
    StatusClass,
)
from countermand._case._ack_of import ack_of
from countermand._case._conclude import Conclusion, conclude
from countermand._case._facts import Action, Began, Caller, Case, Ended, Listing, NoSession, Signed, Withheld
from countermand._case._plan import Plan, plan
from countermand._case._survey import Survey
from countermand._retry import MOST_ATTEMPTS, RetryPolicy
from countermand.venue import (
    Acted,
    Capabilities,
    Gone,
    Identity,
    MayHaveActed,
    OrderRead,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    TrailRead,
    Unreadable,
)
from countermand.venue._verdicts import REFUSALS

ORDER, ALIAS = OrderId("7"), ClientOrderId("a")
LAG_S, PATIENCE_S = 5.0, 3.0
FULL = Capabilities(read_lag_s=LAG_S, not_found_documented=True, has_history=True, has_trail=True)
SHIFTING = attrs.evolve(FULL, replaced_reads_canceled=True)
PLAIN = Capabilities(read_lag_s=LAG_S)
NATIVE = attrs.evolve(FULL, identities=frozenset(Identity))
TOO_LATE = {OrderStatus.FILLED, OrderStatus.EXPIRED, OrderStatus.REJECTED}
DEAD = {OrderStatus.CANCELED, *TOO_LATE}

NAMES = (
    "New",
    "Partially Filled",
    "Error",
    "Pending Cancel",
    "Pending Replace",
    "Replaced",
    "Filled",
    "Expired",
)
STATUSES = [OrderStatus(name) for name in (*NAMES, "Canceled", "Canceled", "New")]
legs = st.sampled_from(["New", "Canceled", "Canceled"]).map(
    lambda name: (OrderReport(order_id=OrderId("71"), status=OrderStatus(name), filled_quantity=Decimal(0)),)
)
own_reports = st.builds(
    OrderReport,
    order_id=st.just(ORDER),
    status=st.sampled_from(STATUSES),
    filled_quantity=st.sampled_from([Decimal(0), Decimal(0), Decimal(1)]),
    account=st.sampled_from(["9", None]),
    client_order_id=st.sampled_from([ALIAS, None]),
    cancel_rejected=st.booleans(),
    legs=st.one_of(st.just(()), st.just(()), legs),
)
other_reports = st.builds(
    OrderReport,
    order_id=st.sampled_from([ORDER, OrderId("8")]),
    status=st.sampled_from(STATUSES),
    filled_quantity=st.just(Decimal(0)),
    account=st.sampled_from(["9", "10"]),
    client_order_id=st.sampled_from([ALIAS, ClientOrderId("b")]),
    replaces=st.sampled_from([None, ORDER, ALIAS]),
)
reports = st.one_of(own_reports, own_reports, other_reports)
refusals = st.builds(Refused, reason=st.sampled_from(sorted(REFUSALS, key=str)))
throttles = st.builds(
    Throttled,
    acted=st.sampled_from([Acted.NO, Acted.MAYBE]),
    retry_after_s=st.sampled_from([None, 2.0, 60.0]),
)
read_failures = st.one_of(refusals, throttles, st.sampled_from([Gone(), SessionRefused(), Unreadable()]))
listings = st.builds(Listing, rows=st.lists(reports, max_size=2).map(tuple), pages=st.sampled_from([1, 1, 2]))
cancel_answers = st.one_of(
    st.builds(Receipt, executed=st.booleans()),
    refusals,
    throttles,
    st.builds(SessionRefused, or_unsupported=st.booleans()),
    st.sampled_from([Gone(), MayHaveActed(), Unreadable()]),
)
ANSWERS = {
    Action.CANCEL: cancel_answers,
    Action.READ: st.one_of(st.builds(OrderRead, report=reports), read_failures),
    Action.TRAIL: st.one_of(
        st.builds(TrailRead, report=st.none() | reports, cancel_rejected=st.booleans()), read_failures
    ),
    Action.OPEN: st.one_of(listings, read_failures),
    Action.HISTORY: st.one_of(listings, read_failures),
}
no_sessions = st.builds(
    NoSession,
    failure=st.one_of(refusals, throttles, st.just(Unreadable())),
    again_in_s=st.sampled_from([None, 20.0]),
)


#: Seconds that pass first.
WAITS = st.sampled_from([0.0, 0.1, 1.0, LAG_S])


@attrs.frozen(kw_only=True)
class Final:
    """A conclusion that was settled, and how many facts and callers there were then."""

    conclusion: Conclusion
    facts: int
    callers: int


class Facts(RuleBasedStateMachine):
    """A case to which anything may happen that the engine could tell, and what is known of it beside."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.numbers = itertools.count(1)
        #: What has begun and not ended, and what of it was handed to the wire.
        self.open: dict[int, Action] = {}
        self.signed: set[int] = set()
        self.finals: dict[Caller, Final] = {}
        self.concluded: tuple[object, list[tuple[Caller, Conclusion]]] = (None, [])

    @initialize(
        capabilities=st.sampled_from([FULL, SHIFTING, PLAIN, NATIVE]),
        by_client_id=st.booleans(),
        renewable=st.booleans(),
        assurance=st.sampled_from(Assurance),
        may_send=st.sampled_from([True, True, False]),
        most_attempts=st.sampled_from([2, MOST_ATTEMPTS]),
    )
    def open_a_case(
        self,
        capabilities: Capabilities,
        by_client_id: bool,
        renewable: bool,
        assurance: Assurance,
        may_send: bool,
        most_attempts: int,
    ) -> None:
        self.case = Case(
            venue="v",
            account="9",
            order=ALIAS if by_client_id else ORDER,
            capabilities=capabilities,
            renewable=renewable,
            epoch=datetime(2026, 1, 1, tzinfo=UTC),
            retry=RetryPolicy(most_attempts=most_attempts),
        )
        self.everybody: list[Caller] = []
        self.join(assurance, may_send, 30.0)

    # What can happen.

    @rule(
        assurance=st.sampled_from(Assurance),
        may_send=st.booleans(),
        timeout_s=st.sampled_from([1.0, 10.0, 30.0]),
    )
    def join(self, assurance: Assurance, may_send: bool, timeout_s: float) -> None:
        request = CancelRequest(venue="v", account="9", order=self.case.order, assurance=assurance)
        caller = Caller(request=request, joined_at=self.now, deadline=self.now + timeout_s, may_send=may_send)
        self.case.callers.append(caller)
        self.everybody.append(caller)

    @rule()
    def let_go(self) -> None:
        """Answer whoever is settled or waited long enough."""
        for caller, conclusion in self.conclusions():
            if (conclusion.settled or caller.deadline <= self.now) and caller in self.case.callers:
                self.case.callers.remove(caller)

    @rule(seconds=st.sampled_from([0.05, 0.2, 1.0, 3.0, LAG_S]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(action=st.sampled_from(Action), signed=st.booleans())
    def begin(self, action: Action, signed: bool) -> None:
        """Begin anything: another caller of the engine's may have had a reason for it."""
        if action is Action.CANCEL and self.case.unresolved:
            return
        number = next(self.numbers)
        self.case.facts.append(
            Began(number=number, action=action, at=self.now, overdue_at=self.now + PATIENCE_S)
        )
        self.open[number] = action
        if signed:
            self.sign(number)

    def sign(self, number: int) -> None:
        self.signed.add(number)
        call = self.open[number].value
        self.case.facts.append(
            Signed(number=number, call=call, at=self.now, overdue_at=self.now + PATIENCE_S)
        )

    @precondition(lambda self: not self.case.unresolved)
    @rule(answer=cancel_answers, waits=WAITS)
    def cancel(self, answer: Any, waits: float) -> None:
        self.exchange(Action.CANCEL, answer, waits)

    @rule(report=reports, waits=WAITS)
    def read(self, report: OrderReport, waits: float) -> None:
        self.exchange(Action.READ, OrderRead(report=report), waits)

    @rule(waits=WAITS)
    def miss(self, waits: float) -> None:
        for action in (Action.READ, Action.OPEN, Action.HISTORY):
            self.exchange(action, Gone() if action is Action.READ else Listing(rows=()), waits)

    @rule(action=st.sampled_from([Action.OPEN, Action.HISTORY]), listing=listings, waits=WAITS)
    def list_orders(self, action: Action, listing: Listing, waits: float) -> None:
        self.exchange(action, listing, waits)

    @rule(rejected=st.booleans(), waits=WAITS)
    def read_the_trail(self, rejected: bool, waits: float) -> None:
        self.exchange(Action.TRAIL, TrailRead(cancel_rejected=rejected), waits)

    def exchange(self, action: Action, answer: Any, waits: float) -> None:
        """Wait, and begin and end it there and then."""
        self.now += waits
        self.begin(action, signed=True)
        self.end(max(self.open), sent=Sent.YES, answer=answer)

    @precondition(lambda self: self.open.keys() - self.signed)
    @rule(data=st.data())
    def get_a_turn(self, data: st.DataObject) -> None:
        self.sign(data.draw(st.sampled_from(sorted(self.open.keys() - self.signed))))

    @rule()
    def follow_the_plan(self) -> None:
        for action in sorted(self.plan().begin, key=str):
            self.begin(action, signed=True)

    @precondition(lambda self: self.open.keys() & self.signed)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.open.keys() & self.signed)))
        self.end(number, sent=Sent.YES, answer=data.draw(ANSWERS[self.open[number]]))

    @precondition(lambda self: self.open.keys() & self.signed)
    @rule(data=st.data(), sent=st.sampled_from(Sent), broken=st.booleans())
    def fail(self, data: st.DataObject, sent: Sent, broken: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.open.keys() & self.signed)))
        self.end(number, sent=sent, fault="reset", broken=broken)

    @precondition(lambda self: self.open.keys() - self.signed)
    @rule(data=st.data())
    def find_no_session(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.open.keys() - self.signed)))
        self.end(number, sent=Sent.NO, answer=data.draw(no_sessions))

    @precondition(lambda self: self.open.keys() - self.signed)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.open.keys() - self.signed)))
        self.end(number, sent=Sent.NO, fault="the deadline came")

    @rule()
    def withhold(self) -> None:
        self.case.facts.append(Withheld(number=next(self.numbers), at=self.now))

    def end(self, number: int, **told: Any) -> None:
        del self.open[number]
        self.case.facts.append(Ended(number=number, at=self.now, **told))

    # What is known, found by other means than the library's.

    def plan(self) -> Plan:
        return plan(Survey(case=self.case), self.now)

    def conclusions(self) -> list[tuple[Caller, Conclusion]]:
        moment = (len(self.case.facts), len(self.case.callers), len(self.everybody), self.now)
        if self.concluded[0] != moment:
            survey = Survey(case=self.case)
            self.concluded = (moment, [(caller, conclude(survey, caller)) for caller in self.everybody])
        return self.concluded[1]

    def waiting(self) -> list[Caller]:
        told = self.conclusions()
        return [who for who, conclusion in told if who in self.case.callers and not conclusion.settled]

    def ended(self, *actions: Action, since: int = 0) -> list[tuple[Began, Ended]]:
        begins = {fact.number: fact for fact in self.case.facts if isinstance(fact, Began)}
        ends = [fact for fact in self.case.facts[since:] if isinstance(fact, Ended)]
        return [(begins[end.number], end) for end in ends if begins[end.number].action in actions]

    def cancels(self, since: int = 0) -> list[Ended]:
        return [end for _, end in self.ended(Action.CANCEL, since=since)]

    def unanswered(self) -> bool:
        return Action.CANCEL in self.open.values()

    def rows(self, since: int = 0) -> list[tuple[Began, OrderReport]]:
        """Every row of every answer, each with its read, by when that began."""
        found = []
        for began, end in self.ended(*Action, since=since):
            told = [*getattr(end.answer, "rows", ()), getattr(end.answer, "report", None)]
            found += [(began, row) for row in told if row is not None]
        return sorted(found, key=lambda one: one[0].at)

    def own(self, since: int = 0) -> list[OrderReport]:
        """List what was read of the order, by when the reads began."""
        return [row for _, row in self.own_rows(since)]

    def own_rows(self, since: int = 0) -> list[tuple[Began, OrderReport]]:
        """List the same, each with its read."""
        asked = self.case.order
        mine = [(began, row) for began, row in self.rows(since) if row.account in ("9", None)]
        return [(began, row) for began, row in mine if asked in (row.order_id, row.client_order_id)]

    def statuses(self, since: int = 0) -> set[OrderStatus]:
        return {row.status for row in self.own(since)}

    def ends(self) -> set[OrderStatus]:
        """Tell as what the order was read dead, by a call that tells of its legs if any call does."""
        rows = [(began.action, row) for began, row in self.own_rows()]
        legs = [leg for _, row in rows for leg in row.legs]
        gone = {leg.order_id for leg in legs if leg.status in DEAD} == {leg.order_id for leg in legs}
        showing = {action for action, row in rows if row.legs}
        whole = [row for action, row in rows if gone or action in showing]
        dead = [row for row in whole if all(leg.status in DEAD for leg in row.legs)]
        return {row.status for row in dead} & DEAD

    def may_have_acted(self) -> bool:
        """Tell whether any attempt is neither provably unsent nor definitely refused."""
        return self.unanswered() or any(
            end.sent is not Sent.NO and getattr(end.answer, "acted", Acted.MAYBE) is not Acted.NO
            for end in self.cancels()
        )

    # What a conclusion may claim.

    @invariant()
    def every_conclusion_can_be_told(self) -> None:
        """Whatever happened, an ack keeps its own invariants."""
        for caller, conclusion in self.conclusions():
            ack_of(Survey(case=self.case), caller, conclusion, self.now)

    @invariant()
    def canceled_was_read(self) -> None:
        """Law 2: CANCELED needs a read of this order as Canceled, and none of another end."""
        if any(conclusion.outcome is Outcome.CANCELED for _, conclusion in self.conclusions()):
            assert OrderStatus.CANCELED in self.statuses()
            assert not self.ends() & TOO_LATE
            fill = max(row.filled_quantity for row in self.own() if row.status is OrderStatus.CANCELED)
            assert fill == max(row.filled_quantity for row in self.own())

    @invariant()
    def canceled_was_searched(self) -> None:
        """Law 3: where a replaced order reads Canceled, a listing came, and no heir of the order stands in any."""
        if any(conclusion.outcome is Outcome.CANCELED for _, conclusion in self.conclusions()):
            heirs = [row for _, row in self.rows() if row.order_id != ORDER and row.replaces == ORDER]
            mine = [row for row in heirs if row.account in ("9", None)]
            if self.case.capabilities.replaced_reads_canceled:
                assert any(
                    isinstance(end.answer, Listing) for _, end in self.ended(Action.OPEN, Action.HISTORY)
                )
                listed = {row for _, end in self.ended(*Action) for row in getattr(end.answer, "rows", ())}
                assert not listed & set(mine)
            assert OrderStatus.REPLACED not in self.statuses()

    @invariant()
    def an_order_with_legs_has_ended_with_all_of_them(self) -> None:
        """Law 3: what is canceled or too late was read so, with every leg dead."""
        for _, conclusion in self.conclusions():
            if conclusion.outcome is Outcome.CANCELED:
                assert OrderStatus.CANCELED in self.ends()
            if conclusion.reason is Reason.TOO_LATE:
                assert self.ends() & TOO_LATE

    @invariant()
    def too_late_was_read(self) -> None:
        """TOO_LATE needs a read as Filled, Expired or Rejected."""
        if any(conclusion.reason is Reason.TOO_LATE for _, conclusion in self.conclusions()):
            assert self.statuses() & TOO_LATE

    @invariant()
    def replaced_names_an_order_that_was_listed(self) -> None:
        """To be REPLACED needs a listed row that says which order it replaced."""
        for _, conclusion in self.conclusions():
            if conclusion.reason is Reason.REPLACED:
                heirs = {
                    row.order_id for _, row in self.rows() if row.replaces in (ORDER, OrderId("8"), ALIAS)
                }
                assert conclusion.successor in heirs

    @invariant()
    def pending_was_received(self) -> None:
        """PENDING needs a receipt, or a read as Pending Cancel."""
        if any(conclusion.outcome is Outcome.PENDING for _, conclusion in self.conclusions()):
            received = any(isinstance(end.answer, Receipt) for end in self.cancels())
            assert received or OrderStatus.PENDING_CANCEL in self.statuses()

    @invariant()
    def a_rejection_speaks_for_every_attempt(self) -> None:
        """Law 1: without a dead read REJECTED needs every attempt unsent, refused, or taken back by the venue."""
        reasons = {conclusion.reason for _, conclusion in self.conclusions()}
        if reasons - {None, Reason.TOO_LATE, Reason.REPLACED}:
            answered = [end for end in self.cancels() if end.sent is not Sent.NO]
            doubts = [end for end in answered if getattr(end.answer, "acted", Acted.MAYBE) is Acted.MAYBE]
            assert not self.unanswered()
            assert not doubts
            if any(isinstance(end.answer, Receipt) for end in answered):
                told = [
                    end.answer for _, end in self.ended(Action.TRAIL) if isinstance(end.answer, TrailRead)
                ]
                assert any(row.cancel_rejected for row in self.own()) or any(
                    one.cancel_rejected for one in told
                )

    @invariant()
    def a_settled_refusal_outlived_the_lag(self) -> None:
        """Law 4: what reads alive proves a refusal only in a read that began the lag after the last answer."""
        if any(one.settled and one.reason is Reason.VENUE_REFUSED for _, one in self.conclusions()):
            answers = [end.at for end in self.cancels() if isinstance(end.answer, Receipt | Refused | Gone)]
            youngest, report = self.own_rows()[-1]
            assert youngest.at >= max(answers) + LAG_S
            assert report.status_class is StatusClass.ALIVE

    @invariant()
    def an_order_seen_leaving_is_pending(self) -> None:
        """Law of the table: while reads may lag behind Pending Cancel, nothing but the order's end says more."""
        seen = [(began.at, self.ended_at(began), row) for began, row in self.own_rows()]
        left = max((at for _, at, row in seen if row.status is OrderStatus.PENDING_CANCEL), default=math.inf)
        shifted = OrderStatus.REPLACED in self.statuses() or any(
            row.replaces == ORDER for _, row in self.rows()
        )
        if self.case.order != ORDER or left == math.inf or self.ends() or shifted:
            return
        if all(began_at < left + LAG_S for began_at, _, _ in seen):
            assert all(conclusion.outcome is Outcome.PENDING for _, conclusion in self.conclusions())

    def ended_at(self, began: Began) -> float:
        return next(end.at for one, end in self.ended(began.action) if one is began)

    @invariant()
    def not_sent_sent_nothing(self) -> None:
        """NOT_SENT and AMBIGUOUS_ORDER: no byte of a cancel left."""
        unsent = {Reason.NOT_SENT, Reason.AMBIGUOUS_ORDER}
        if any(conclusion.reason in unsent for _, conclusion in self.conclusions()):
            assert all(end.sent is Sent.NO for end in self.cancels())
            assert not self.unanswered()

    @invariant()
    def unknown_order_was_missing_twice(self) -> None:
        """Law 9: by venue id, where documented, missing in all that could show it, twice and a lag apart."""
        if not any(conclusion.reason is Reason.UNKNOWN_ORDER for _, conclusion in self.conclusions()):
            return
        assert self.case.capabilities.not_found_documented
        assert self.case.order == ORDER
        assert not self.own()
        assert not any(
            row.replaces == ORDER and row.order_id != ORDER for _, row in self.rows() if row.account == "9"
        )
        assert not self.may_have_acted()
        for action in (Action.READ, Action.OPEN, Action.HISTORY):
            lacking = [
                began.at for began, end in self.ended(action) if isinstance(end.answer, Gone | Listing)
            ]
            assert max(lacking) - min(lacking) >= LAG_S

    @invariant()
    def contradictions_are_unknown(self) -> None:
        """Law 4: two different ends, other than Filled and Canceled, prove neither."""
        ends = self.ends()
        single = isinstance(self.case.order, OrderId)
        if single and len(ends) > 1 and ends != {OrderStatus.FILLED, OrderStatus.CANCELED}:
            assert all(conclusion.outcome is Outcome.UNKNOWN for _, conclusion in self.conclusions())

    @invariant()
    def a_dead_order_is_never_called_open(self) -> None:
        """Law 4: dead beats alive, whenever read."""
        if self.case.order == ORDER and self.ends() & TOO_LATE:
            for _, conclusion in self.conclusions():
                assert conclusion.reason is Reason.TOO_LATE or conclusion.outcome is Outcome.UNKNOWN
        if self.case.order == ORDER and OrderStatus.CANCELED in self.ends():
            for _, conclusion in self.conclusions():
                assert conclusion.outcome is not Outcome.PENDING
                assert conclusion.reason in (None, Reason.TOO_LATE, Reason.REPLACED)

    # What a further fact may change.

    @invariant()
    def a_final_conclusion_stands(self) -> None:
        """Law 11: what was final changes by a contradiction only, or by what was sent after it."""
        for caller, conclusion in self.conclusions():
            before = self.finals.get(caller)
            if before is not None and before.conclusion.stage is Stage.DONE and self.has_come_to_life(before):
                assert conclusion.outcome is not Outcome.CANCELED
            elif before is not None and before.conclusion.outcome is Outcome.CANCELED:
                assert conclusion.outcome in (Outcome.CANCELED, Outcome.UNKNOWN) or conclusion.reason in (
                    Reason.TOO_LATE,
                    Reason.REPLACED,
                )
            elif before is not None and before.conclusion.reason is Reason.TOO_LATE:
                assert conclusion.reason is Reason.TOO_LATE or conclusion.outcome is Outcome.UNKNOWN
            elif before is not None and before.conclusion.reason is Reason.REPLACED:
                assert conclusion.reason in (Reason.REPLACED, Reason.TOO_LATE) or (
                    conclusion.outcome is Outcome.UNKNOWN
                )
            elif before is not None and self.only_alive_since(before):
                # Who heard that there is no order is contradicted by one that shows after all.
                found = before.conclusion.reason is Reason.NOT_FOUND and bool(self.own(before.facts))
                # Of an id that several bore nothing was sent, and the newest listing tells who bears it.
                several = before.conclusion.reason is Reason.AMBIGUOUS_ORDER
                assert conclusion.outcome is Outcome.REJECTED or found or several
            final = conclusion.outcome in (Outcome.CANCELED, Outcome.REJECTED)
            if final and conclusion.settled:
                self.finals[caller] = Final(
                    conclusion=conclusion, facts=len(self.case.facts), callers=len(self.everybody)
                )

    def has_come_to_life(self, final: Final) -> bool:
        """Tell whether a read since then showed living legs of an order that was told to have ended."""
        shown = any(leg.status not in DEAD for row in self.own(final.facts) for leg in row.legs)
        return shown and not self.ends()

    def only_alive_since(self, final: Final) -> bool:
        """Tell whether nobody came and nothing was sent since, and no read showed the order other than alive."""
        later = self.case.facts[final.facts :]
        sent = any(isinstance(fact, Began) and fact.action is Action.CANCEL for fact in later)
        came = len(self.everybody) > final.callers
        return (
            not came
            and not sent
            and all(row.status_class is StatusClass.ALIVE for row in self.own(final.facts))
        )

    # What may be planned.

    @invariant()
    def a_plan_looks_ahead(self) -> None:
        """Law of every plan: it wakes in the future, and begins nothing that is under way and not overdue."""
        step = self.plan()
        assert step.look_again_at > self.now
        overdue = {fact.number: fact.at + PATIENCE_S for fact in self.case.facts if isinstance(fact, Signed)}
        awaited = {action for number, action in self.open.items() if overdue.get(number, math.inf) > self.now}
        assert not step.begin & awaited

    @invariant()
    def nothing_is_planned_for_nobody(self) -> None:
        """Whoever is settled, or gone, needs nothing more."""
        if not any(caller.deadline > self.now for caller in self.waiting()):
            assert self.plan() == Plan()

    @invariant()
    def a_cancel_is_for_one_who_may_send(self) -> None:
        """One who only wants to know sends nothing; nor does one whose order is not found yet."""
        if Action.CANCEL in self.plan().begin:
            assert any(caller.may_send and caller.deadline > self.now for caller in self.waiting())
            assert not self.case.unresolved

    @invariant()
    def no_cancel_of_an_order_that_is_not_there(self) -> None:
        """No dead order, no leaving and no replaced one is sent a cancel."""
        if Action.CANCEL in self.plan().begin and self.own():
            assert not self.ends()
            assert self.own()[-1].status_class is not StatusClass.LEAVING
            assert self.own()[-1].status is not OrderStatus.REPLACED

    @invariant()
    def no_more_than_five(self) -> None:
        """Law 8: at most five cancels for an order and case, or as many as the caller's policy says."""
        sent = [end for end in self.cancels() if end.sent is not Sent.NO]
        if len(sent) >= self.case.retry.most_attempts:
            assert Action.CANCEL not in self.plan().begin

    @invariant()
    def a_native_client_id_is_sent_once(self) -> None:
        """Law 4: it is never sent again, unless it was not processed for want of a session or of room."""
        if self.case.native and Action.CANCEL in self.plan().begin:
            sent = [end.answer for end in self.cancels() if end.sent is not Sent.NO]
            assert all(isinstance(one, SessionRefused | Throttled) and one.acted is Acted.NO for one in sent)
            assert not self.unanswered()


TestFacts = Facts.TestCase
TestFacts.settings = settings(max_examples=300, stateful_step_count=15, deadline=None)
