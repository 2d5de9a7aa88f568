"""What the facts of a case prove: the outcome policy, and the only place where an outcome is decided.

Each rule looks at the survey of a case and says what it proves, or nothing; the first that speaks is
believed. `settled` tells that waiting could teach this caller nothing more.
"""

from __future__ import annotations

import attrs

from countermand._case._facts import Action, Caller, Case, NoSession
from countermand._case._resolve import NoOrder, resolve
from countermand._case._survey import Exchange, Sighting, Survey
from countermand._ids import OrderId
from countermand._order import OrderStatus, StatusClass
from countermand._outcome import CanceledBy, Outcome, Reason, Sent, Stage
from countermand._request import Assurance
from countermand.venue import Acted, Gone, Receipt, Refused, SessionRefused, Throttled

_TOO_LATE = frozenset({OrderStatus.FILLED, OrderStatus.EXPIRED, OrderStatus.REJECTED})
#: Refusals of the request itself: the order's state explains nothing about them.
_FORMAL = frozenset({Reason.INVALID_REQUEST, Reason.NOT_SUPPORTED, Reason.NOT_AUTHORIZED})


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


def conclude(case: Case, caller: Caller, now: float) -> Conclusion:
    """Say what the facts prove for this caller at this time."""
    survey = Survey(case=case)
    for rule in _RULES:
        conclusion = rule(survey, caller, now)
        if conclusion is not None:
            return _held_open(survey, caller, conclusion)
    raise AssertionError("the last rule always speaks")  # pragma: no cover - see _refused


def _held_open(survey: Survey, caller: Caller, conclusion: Conclusion) -> Conclusion:
    """Keep what older attempts proved from settling a caller who joined after them and gets its own."""
    ends = [one.ended for one in survey.attempts if one.ended is not None]
    late = bool(ends) and caller.joined_at > ends[-1].at and not survey.dead
    return attrs.evolve(conclusion, settled=False) if late and conclusion.settled else conclusion


def _unresolved(survey: Survey, _caller: Caller, _now: float) -> Conclusion | None:
    if not survey.case.unresolved:
        return None
    found = resolve(survey)
    if isinstance(found, NoOrder):
        return Conclusion(
            outcome=Outcome.REJECTED, reason=found.reason, settled=found.settled, stage=Stage.RESOLVE
        )
    return Conclusion(outcome=Outcome.REJECTED, reason=Reason.NOT_SENT, settled=False, stage=Stage.RESOLVE)


def _contradicted(survey: Survey, _caller: Caller, _now: float) -> Conclusion | None:
    # A client's id was declared unique for ever, and yet two orders bear it.
    two_orders = bool(survey.sightings) and survey.order_id is None
    if two_orders or (survey.dead and survey.end is None):
        return Conclusion(outcome=Outcome.UNKNOWN, settled=True, stage=Stage.CONFIRM)
    return None


def _too_late(survey: Survey, _caller: Caller, _now: float) -> Conclusion | None:
    if survey.end is not None and survey.end.report.status in _TOO_LATE:
        return Conclusion(outcome=Outcome.REJECTED, reason=Reason.TOO_LATE, settled=True, stage=Stage.DONE)
    return None


def _replaced(survey: Survey, _caller: Caller, _now: float) -> Conclusion | None:
    if not must_search(survey):
        return None
    if survey.successor is not None:
        return Conclusion(
            outcome=Outcome.REJECTED,
            reason=Reason.REPLACED,
            successor=survey.successor,
            settled=True,
            stage=Stage.DONE,
        )
    moved = survey.end is None
    if moved or not survey.searched:
        return Conclusion(outcome=Outcome.UNKNOWN, settled=False, stage=Stage.SUCCESSOR)
    return None


def must_search(survey: Survey) -> bool:
    """Tell whether a successor could have taken the exposure along.

    A rival's replace can win even after our receipt, so where a replaced order reads Canceled every
    Canceled is searched.
    """
    if survey.latest is None:
        return False
    if any(seen.report.status is OrderStatus.REPLACED for seen in survey.sightings):
        return True
    return survey.end is not None and survey.case.capabilities.replaced_reads_canceled


def _canceled(survey: Survey, caller: Caller, _now: float) -> Conclusion | None:
    if survey.end is None:
        return None
    by = _canceled_by(survey, survey.end, caller)
    settled = not survey.linked_unread
    return Conclusion(outcome=Outcome.CANCELED, canceled_by=by, settled=settled, stage=Stage.DONE)


def _canceled_by(survey: Survey, end: Sighting, caller: Caller) -> CanceledBy:
    first_seen = min(seen.began_at for seen in survey.dead)
    signed = [one.ended.signed_at for one in survey.attempts if one.ended and one.ended.signed_at is not None]
    if all(one.acted is Acted.NO for one in survey.attempts):
        return CanceledBy.EARLIER
    if first_seen < caller.joined_at or (len(signed) == len(survey.attempts) and first_seen < min(signed)):
        return CanceledBy.EARLIER
    if any(isinstance(receipt.answer, Receipt) and receipt.answer.executed for receipt in survey.receipts):
        return CanceledBy.THIS_REQUEST
    # A plain receipt only says that the call arrived: a rival's cancel may have been the one that worked.
    return CanceledBy.UNDETERMINED


def _leaving(survey: Survey, caller: Caller, _now: float) -> Conclusion | None:
    if survey.latest is not None and survey.latest.report.status_class is StatusClass.LEAVING:
        settled = caller.request.assurance is Assurance.RECEIVED
        return Conclusion(outcome=Outcome.PENDING, settled=settled, stage=Stage.CONFIRM)
    return None


def _received(survey: Survey, caller: Caller, _now: float) -> Conclusion | None:
    if not survey.receipts:
        return None
    others_refused = all(one.acted is not Acted.MAYBE for one in survey.attempts)
    if others_refused and _taken_back(survey):
        return Conclusion(
            outcome=Outcome.REJECTED, reason=Reason.VENUE_REFUSED, settled=True, stage=Stage.DONE
        )
    settled = caller.request.assurance is Assurance.RECEIVED
    return Conclusion(outcome=Outcome.PENDING, settled=settled, stage=Stage.CONFIRM)


def _taken_back(survey: Survey) -> bool:
    # A refusal after the receipt counts only if the order is alive, in a read too young to be stale.
    since = max(receipt.at for receipt in survey.receipts) + survey.case.capabilities.read_lag_s
    alive = survey.latest is not None and survey.latest.report.status_class is StatusClass.ALIVE
    if not alive or survey.latest is None or survey.latest.began_at < since:
        return False
    return survey.latest.report.cancel_rejected or any(
        getattr(one.ended.answer, "cancel_rejected", False) and one.began.at >= since
        for one in survey.reads
        if one.ended is not None
    )


def _doubtful(survey: Survey, _caller: Caller, _now: float) -> Conclusion | None:
    if any(one.acted is not Acted.NO for one in survey.attempts):
        return Conclusion(outcome=Outcome.UNKNOWN, settled=False, stage=Stage.CONFIRM)
    return None


def _unsent(survey: Survey, _caller: Caller, _now: float) -> Conclusion | None:
    if any(one.ended is not None and one.ended.sent is not Sent.NO for one in survey.attempts):
        return None
    last = survey.attempts[-1].ended if survey.attempts else None
    reason, wait = Reason.NOT_SENT, None
    if last is not None and isinstance(last.answer, NoSession):
        reason = _NO_SESSION_REASONS.get(type(last.answer.failure), Reason.NOT_SENT)
        wait = getattr(last.answer.failure, "retry_after_s", None)
    return Conclusion(
        outcome=Outcome.REJECTED,
        reason=reason,
        retry_after_s=wait,
        settled=last is not None,
        stage=Stage.SEND,
    )


_NO_SESSION_REASONS = {Refused: Reason.NOT_AUTHORIZED, Throttled: Reason.THROTTLED}


def _refused(survey: Survey, _caller: Caller, _now: float) -> Conclusion:
    """Every attempt was definitely refused: law 1 allows a rejection, and the reads say of what kind."""
    ends = [one.ended for one in survey.attempts if one.ended is not None and one.ended.sent is not Sent.NO]
    refusal = ends[-1].answer
    reason, settled = _refusal(survey, ends[-1].at, refusal)
    wait = refusal.retry_after_s if isinstance(refusal, Throttled) else None
    return Conclusion(
        outcome=Outcome.REJECTED, reason=reason, retry_after_s=wait, settled=settled, stage=Stage.CONFIRM
    )


def _refusal(survey: Survey, refused_at: float, refusal: object) -> tuple[Reason, bool]:
    if isinstance(refusal, Throttled):
        return Reason.THROTTLED, True
    if isinstance(refusal, SessionRefused):
        unsupported = refusal.or_unsupported and any(_was_answered(one) for one in survey.reads)
        return (Reason.NOT_SUPPORTED if unsupported else Reason.NOT_AUTHORIZED), not may_renew(survey)
    told = refusal.reason if isinstance(refusal, Refused) else Reason.NOT_FOUND
    if survey.latest is None:
        return _absent(survey, told)
    if told in _FORMAL:
        return told, True
    waited = survey.latest.began_at >= refused_at + survey.case.capabilities.read_lag_s
    if survey.latest.report.status is OrderStatus.PENDING_REPLACE:
        return Reason.PENDING_REPLACE, waited
    return Reason.VENUE_REFUSED, waited and survey.latest.report.status_class is StatusClass.ALIVE


def _absent(survey: Survey, told: Reason) -> tuple[Reason, bool]:
    """No read ever showed the order; "not found" is not "never existed"."""
    if told in _FORMAL:
        return told, bool(survey.reads)
    if not survey.absent_twice(absence_reads(survey.case)):
        lacking = bool(survey.absences) or told is Reason.NOT_FOUND
        return (Reason.NOT_FOUND if lacking else told), False
    by_venue_id = isinstance(survey.case.order, OrderId)
    if by_venue_id and survey.case.capabilities.not_found_documented:
        return Reason.UNKNOWN_ORDER, True
    return Reason.NOT_FOUND, True


def absence_reads(case: Case) -> frozenset[Action]:
    """Name the reads that must all lack an order before it is called missing."""
    reads = {Action.OPEN}
    if case.capabilities.has_history:
        reads.add(Action.HISTORY)
    if case.capabilities.not_found_documented and isinstance(case.order, OrderId):
        reads.add(Action.READ)
    return frozenset(reads)


def may_renew(survey: Survey) -> bool:
    """Tell whether a refused cancel may be sent again: only under a newer session, and only once."""
    return survey.case.renewable and survey.refused_sessions(Action.CANCEL) < 2  # noqa: PLR2004 - old and new


def _was_answered(read: Exchange) -> bool:
    return read.ended is not None and not isinstance(
        read.ended.answer, SessionRefused | Throttled | Refused | Gone | None
    )


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
    _refused,
)
