"""What a definite refusal of every attempt amounts to, by what was read since."""

from __future__ import annotations

import attrs

from countermand._case._facts import Action, Case, ListRefused
from countermand._case._kin import whole_listings
from countermand._case._survey import Exchange, Survey
from countermand._ids import OrderId
from countermand._order import OrderStatus, StatusClass
from countermand._outcome import Reason, Sent
from countermand.venue import Gone, Refused, SessionRefused, Throttled

#: Refusals of the request itself: the order's state explains nothing about them.
_FORMAL = frozenset({Reason.INVALID_REQUEST, Reason.NOT_SUPPORTED, Reason.NOT_AUTHORIZED})


@attrs.frozen(kw_only=True)
class Refusal:
    """Why the cancels did not happen; `settled` when further reads could not change that."""

    reason: Reason
    settled: bool
    retry_after_s: float | None = None


def refusal_of(survey: Survey) -> Refusal:
    """Name the refusal; to be asked only when every attempt was refused or not sent."""
    ends = [one.ended for one in survey.attempts if one.ended is not None and one.sent is not Sent.NO]
    # What was not processed says nothing of an order of which another attempt was refused for what it asked.
    processed = [end for end in ends if isinstance(end.answer, Refused | Gone)]
    end = (processed or ends)[-1]
    match end.answer:
        case Throttled(retry_after_s=wait):
            return Refusal(reason=Reason.THROTTLED, settled=True, retry_after_s=wait)
        case SessionRefused():
            return _without_session(survey, end.answer)
        case Refused(reason=reason):
            told = reason
        case ListRefused():
            told = Reason.VENUE_REFUSED
        case _:
            told = Reason.NOT_FOUND
    # An overdue attempt can be refused after one that began later.
    since = max(one.at for one in processed or ends)
    return _absent(survey, told, since) if survey.latest is None else _seen(survey, told, since)


def _without_session(survey: Survey, answer: SessionRefused) -> Refusal:
    unsupported = answer.or_unsupported and any(_was_answered(one) for one in survey.reads)
    return Refusal(reason=Reason.NOT_SUPPORTED if unsupported else Reason.NOT_AUTHORIZED, settled=True)


def _seen(survey: Survey, told: Reason, since: float) -> Refusal:
    if told in _FORMAL or survey.latest is None:
        return Refusal(reason=told, settled=True)
    report = survey.latest.report
    waited = survey.latest.began_at >= since + survey.case.capabilities.read_lag_s
    if report.status is OrderStatus.PENDING_REPLACE:
        return Refusal(reason=Reason.PENDING_REPLACE, settled=waited)
    return Refusal(reason=Reason.VENUE_REFUSED, settled=waited and report.status_class is StatusClass.ALIVE)


def _absent(survey: Survey, told: Reason, since: float) -> Refusal:
    """No read ever showed the order; "not found" is not "never existed"."""
    if told in _FORMAL:
        return Refusal(reason=told, settled=bool(survey.reads))
    # What was missing before the last refusal may have been on its way.
    if not survey.absent_twice(absence_reads(survey.case), since=since):
        lacking = bool(survey.absences) or told is Reason.NOT_FOUND
        return Refusal(reason=Reason.NOT_FOUND if lacking else told, settled=False)
    by_venue_id = isinstance(survey.case.order, OrderId)
    if by_venue_id and survey.case.capabilities.not_found_documented:
        return Refusal(reason=Reason.UNKNOWN_ORDER, settled=True)
    return Refusal(reason=Reason.NOT_FOUND, settled=True)


def absence_reads(case: Case) -> frozenset[Action]:
    """Name the reads that must all lack an order before it is called missing."""
    single = case.capabilities.not_found_documented and isinstance(case.order, OrderId)
    return whole_listings(case) | ({Action.READ} if single else set())


def _was_answered(read: Exchange) -> bool:
    failures = SessionRefused | Throttled | Refused | Gone | None
    return read.ended is not None and not isinstance(read.ended.answer, failures)
