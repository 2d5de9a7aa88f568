"""A small language in which the facts of a case are told as a story, step by step."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from countermand import (
    Assurance,
    CancelAck,
    CancelRequest,
    ClientOrderId,
    OrderId,
    OrderReport,
    Sent,
)
from countermand._case._ack_of import ack_of
from countermand._case._conclude import Conclusion, conclude
from countermand._case._facts import Action, Began, Caller, Case, Ended, Listing, NoSession, Signed, Withheld
from countermand._case._plan import Plan, plan
from countermand._case._repeat import cancel_due_at
from countermand._case._survey import Survey
from countermand._retry import RetryPolicy
from countermand.venue import Capabilities, Identity, OrderRead, TrailRead

#: A venue that lacks nothing: history, trail, a documented not-found.
FULL = Capabilities(read_lag_s=5.0, not_found_documented=True, has_history=True, has_trail=True)
#: One whose replaced orders read Canceled.
SHIFTING = attrs.evolve(FULL, replaced_reads_canceled=True)
#: One that has only an order read and open orders.
PLAIN = Capabilities(read_lag_s=5.0)
#: One whose reads never lag.
PROMPT = attrs.evolve(FULL, read_lag_s=0.0)
#: One that takes the client's id as it is.
NATIVE = attrs.evolve(FULL, identities=frozenset({Identity.ORDER_ID, Identity.CLIENT_ORDER_ID}))

CAPABILITIES = {"full": FULL, "shifting": SHIFTING, "plain": PLAIN, "prompt": PROMPT, "native": NATIVE}


@attrs.define
class Story:
    """A case and its one caller; each step adds the facts of an exchange and returns the story."""

    case: Case
    caller: Caller
    numbers: itertools.count[int] = attrs.field(factory=lambda: itertools.count(1))

    def began(self, action: Action, at: float, *, signed: bool = True, overdue_s: float = 3.0) -> Story:
        """Begin an exchange that has no answer yet."""
        number = next(self.numbers)
        self.case.facts.append(Began(number=number, action=action, at=at, overdue_at=at + overdue_s))
        if signed:
            self.case.facts.append(Signed(number=number, call=action.value, at=at))
        return self

    def cancel(self, answer: Any, at: float = 0.0, *, took: float = 0.1, **more: Any) -> Story:
        """Send a cancel at that time, answered a little later; a fault is a text."""
        return self._exchange(Action.CANCEL, answer, at, took, more)

    def read(
        self, answer: Any, at: float, *, took: float = 0.1, action: Action = Action.READ, **more: Any
    ) -> Story:
        """Read the order, or list; a report stands for the answer that shows it."""
        return self._exchange(action, answer, at, took, more)

    def listing(self, *rows: OrderReport, at: float, action: Action = Action.OPEN) -> Story:
        """List orders."""
        return self._exchange(action, Listing(rows=rows), at, 0.1, {})

    def _exchange(self, action: Action, answer: Any, at: float, took: float, more: dict[str, Any]) -> Story:
        self.began(action, at, signed=not isinstance(answer, NoSession))
        fault = answer if isinstance(answer, str) else None
        if isinstance(answer, OrderReport):
            answer = TrailRead(report=answer) if action is Action.TRAIL else OrderRead(report=answer)
        told = {
            "sent": Sent.MAYBE if fault else Sent.NO if isinstance(answer, NoSession) else Sent.YES,
            "answer": None if fault else answer,
            "fault": fault,
            "signed_at": at,
            "session": 1,
            "status": None if fault else 200,
            **more,
        }
        number = self.case.facts[-1].number
        self.case.facts.append(Ended(number=number, at=at + took, **told))
        return self

    def withheld(self, at: float) -> Story:
        """Find the budget empty."""
        self.case.facts.append(Withheld(number=next(self.numbers), at=at))
        return self

    def joined(self, at: float, **more: Any) -> Story:
        """Let another caller join, and tell the story on for that one."""
        told = {"joined_at": at, "waits_since": at, "deadline": at + 10, **more}
        self.caller = attrs.evolve(self.caller, **told)
        self.case.callers.append(self.caller)
        return self

    def concludes(self) -> Conclusion:
        """Say what is proved."""
        return conclude(Survey(case=self.case), self.caller)

    def ack(self, now: float = 9.0) -> CancelAck:
        """Tell it as an ack, whose invariants then hold."""
        return ack_of(Survey(case=self.case), self.caller, self.concludes(), now)

    def says(self) -> str:
        """Say it in a word: the reason, or else the outcome; a full stop if waiting teaches nothing more."""
        conclusion = self.concludes()
        word = (conclusion.reason or conclusion.outcome).value
        return f"{word}." if conclusion.settled else word

    def due(self) -> float:
        """Say when the caller is owed a cancel."""
        return round(cancel_due_at(Survey(case=self.case), self.caller), 6)

    def then(self, now: float) -> str:
        """Say what begins next, and when, if no fact comes before."""
        step = self.plans(now)
        if not step.begin:
            return "nothing" if step.look_again_at == math.inf else self.then(step.look_again_at)
        names = [action.name.lower() for action in Action if action in step.begin]
        return f"{'+'.join(names)} {round(now, 6):g}"

    def plans(self, now: float) -> Plan:
        """Say what should begin then."""
        return plan(Survey(case=self.case), now)


@pytest.fixture(scope="session")
def told() -> Callable[..., Story]:
    """Begin a story: of which venue, which order, and how sure the caller wants to be."""

    def begin(
        venue: str = "full",
        order: OrderId | ClientOrderId = OrderId("7"),  # noqa: B008 - a frozen value
        assurance: Assurance = Assurance.CONFIRMED,
        renewable: bool = True,
        joined_at: float = 0.0,
        timeout_s: float = 10.0,
        may_send: bool = True,
        **retry: Any,
    ) -> Story:
        request = CancelRequest(venue="v", account="9", order=order, assurance=assurance, timeout_s=timeout_s)
        deadline = joined_at + timeout_s
        caller = Caller(request=request, joined_at=joined_at, deadline=deadline, may_send=may_send)
        case = Case(
            venue="v",
            account="9",
            order=order,
            capabilities=CAPABILITIES[venue],
            renewable=renewable,
            epoch=datetime(2026, 1, 1, tzinfo=UTC),
            callers=[caller],
            retry=RetryPolicy(**retry),
        )
        return Story(case=case, caller=caller)

    return begin
