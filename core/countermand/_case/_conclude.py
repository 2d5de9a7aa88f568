"""What the facts of a case prove: the outcome policy, and the only place where an outcome is decided.

Each rule looks at the survey of a case and says what it proves, or nothing; the first that speaks is
believed. `settled` tells that waiting could teach this caller nothing more.
"""

from __future__ import annotations

import math
from typing import Any

import attrs

from countermand._case._authorship import canceled_by
from countermand._case._facts import Caller, NoSession
from countermand._case._kin import linked_unread, must_search, searched, successor, was_replaced
from countermand._case._refusal import refusal_of
from countermand._case._repeat import awaits_own_attempt, cancel_due_at, others_go_on
from countermand._case._resolve import NoOrder, resolve
from countermand._case._survey import Exchange, Survey
from countermand._case._taken_back import is_taken_back
from countermand._ids import OrderId
from countermand._order import OrderStatus
from countermand._outcome import CanceledBy, Outcome, Reason, Sent, Stage
from countermand._request import Assurance
from countermand.venue import Acted, Throttled

#: Reasons that hold only as long as no (other) cancel is sent.
_UNTIL_SENT = frozenset({Reason.NOT_SENT, Reason.THROTTLED, Reason.NOT_AUTHORIZED, Reason.NOT_SUPPORTED})
_TOO_LATE = frozenset({OrderStatus.FILLED, OrderStatus.EXPIRED, OrderStatus.REJECTED})


@attrs.frozen(kw_only=True)
class Conclusion:
    """What is proved so far."""

    outcome: Outcome
    stage: Stage
    settled: bool
    reason: Reason | None = None
    canceled_by: CanceledBy | None = None
    successor: OrderId | None = None
    retry_after_s: float | None = None


def conclude(survey: Survey, caller: Caller) -> Conclusion:
    """Say what the facts prove for this caller."""
    for rule in _RULES:
        conclusion = rule(survey, caller)
        if conclusion is not None:
            break
    else:
        conclusion = _refused(survey, caller)
    if conclusion.reason in _UNTIL_SENT and others_go_on(survey, caller):
        conclusion = attrs.evolve(conclusion, outcome=Outcome.UNKNOWN, reason=None)
    if conclusion.settled and not survey.dead and _is_stale(survey, caller):
        return attrs.evolve(conclusion, settled=False)
    return conclusion


def _is_stale(survey: Survey, caller: Caller) -> bool:
    """Tell whether it rests on older attempts, and the caller gets an own one or at least a read."""
    if awaits_own_attempt(survey, caller):
        return True
    ends = [one.ended.at for one in survey.attempts if one.ended is not None]
    unread = not any(one.began.at >= caller.joined_at for one in survey.reads)
    return bool(ends) and max(ends) < caller.joined_at and unread


def _unresolved(survey: Survey, caller: Caller) -> Conclusion | None:
    if not survey.case.unresolved:
        return None
    found = resolve(survey)
    none = found if isinstance(found, NoOrder) else NoOrder(reason=Reason.NOT_SENT, settled=False)
    settled = none.settled or none.again_at >= caller.deadline
    if survey.attempts:
        # Somebody else's cancel, which an earlier ack could not rule out, may have named the order.
        return _unknown(stage=Stage.RESOLVE, settled=settled, wait_s=none.retry_after_s)
    return _rejected(none.reason, stage=Stage.RESOLVE, settled=settled, retry_after_s=none.retry_after_s)


def _contradicted(survey: Survey, _caller: Caller) -> Conclusion | None:
    # A client's id was declared unique for ever, and yet two orders bear it.
    two_orders = bool(survey.sightings) and survey.order_id is None
    if two_orders or (survey.dead and survey.end is None):
        return _unknown(settled=True)
    if survey.fill_is_doubtful:
        return _unknown()
    return None


def _too_late(survey: Survey, _caller: Caller) -> Conclusion | None:
    if survey.end is not None and survey.end.report.status in _TOO_LATE:
        return _rejected(Reason.TOO_LATE, stage=Stage.DONE)
    return None


def _replaced(survey: Survey, _caller: Caller) -> Conclusion | None:
    if not must_search(survey):
        return None
    heir = successor(survey)
    if heir is not None:
        return _rejected(Reason.REPLACED, stage=Stage.DONE, successor=heir)
    # Once it was read as Replaced there is a successor, found or not.
    if survey.end is None or was_replaced(survey) or not searched(survey):
        return _unknown(stage=Stage.SUCCESSOR)
    return None


def _canceled(survey: Survey, caller: Caller) -> Conclusion | None:
    if survey.end is None:
        return None
    return Conclusion(
        outcome=Outcome.CANCELED,
        canceled_by=canceled_by(survey, caller),
        settled=not linked_unread(survey),
        stage=Stage.DONE,
    )


def _leaving(survey: Survey, caller: Caller) -> Conclusion | None:
    if survey.is_leaving:
        settled = caller.assurance is Assurance.RECEIVED
        return Conclusion(outcome=Outcome.PENDING, settled=settled, stage=Stage.CONFIRM)
    return None


def _received(survey: Survey, caller: Caller) -> Conclusion | None:
    if not survey.receipts:
        return None
    others_refused = all(one.acted is not Acted.MAYBE for one in survey.attempts)
    if others_refused and is_taken_back(survey):
        return _rejected(Reason.VENUE_REFUSED, stage=Stage.DONE)
    settled = caller.assurance is Assurance.RECEIVED
    return Conclusion(outcome=Outcome.PENDING, settled=settled, stage=Stage.CONFIRM)


def _doubtful(survey: Survey, caller: Caller) -> Conclusion | None:
    if all(one.acted is Acted.NO for one in survey.attempts):
        return None
    last = survey.attempts[-1].ended
    wait = last.answer.retry_after_s if last is not None and isinstance(last.answer, Throttled) else None
    if last is None or wait is None:
        return _unknown()
    # Told to wait for longer than the caller does: once a read has not settled it, nothing else will.
    others = any(one.acted is Acted.MAYBE and not _is_throttled(one) for one in survey.attempts)
    in_vain = last.at + wait > caller.deadline and any(seen.began_at >= last.at for seen in survey.sightings)
    return _unknown(settled=in_vain and not others, wait_s=wait)


def _is_throttled(attempt: Exchange) -> bool:
    return attempt.ended is not None and isinstance(attempt.ended.answer, Throttled)


def _unsent(survey: Survey, caller: Caller) -> Conclusion | None:
    if any(one.ended is not None and one.ended.sent is not Sent.NO for one in survey.attempts):
        return None
    last = survey.attempts[-1].ended if survey.attempts else None
    reason, wait = Reason.NOT_SENT, None
    if last is not None and isinstance(last.answer, NoSession):
        reason, wait = last.answer.reason, last.answer.retry_after_s
    settled = last is not None and cancel_due_at(survey, caller) == math.inf
    return _rejected(reason, stage=Stage.SEND, settled=settled, retry_after_s=wait)


def _refused(survey: Survey, caller: Caller) -> Conclusion:
    """Every attempt was definitely refused, so a rejection is true; the reads say of what kind."""
    refusal = refusal_of(survey)
    # Who is owed another attempt, such as for one that was not sent, waits for it.
    settled = refusal.settled and cancel_due_at(survey, caller) == math.inf
    return _rejected(
        refusal.reason, stage=Stage.CONFIRM, settled=settled, retry_after_s=refusal.retry_after_s
    )


def _rejected(reason: Reason, *, stage: Stage, settled: bool = True, **more: Any) -> Conclusion:
    return Conclusion(outcome=Outcome.REJECTED, reason=reason, stage=stage, settled=settled, **more)


def _unknown(
    *, settled: bool = False, stage: Stage = Stage.CONFIRM, wait_s: float | None = None
) -> Conclusion:
    return Conclusion(outcome=Outcome.UNKNOWN, stage=stage, settled=settled, retry_after_s=wait_s)


_RULES = (
    _unresolved,
    _contradicted,
    _too_late,
    _replaced,
    _canceled,
    _leaving,
    _received,
    _doubtful,
    _unsent,
)
