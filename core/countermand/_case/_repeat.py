"""Whether a cancel is sent now: first cancels, and the few that may be repeated."""

from __future__ import annotations

from countermand._case._facts import Action, Ended
from countermand._case._survey import Survey
from countermand._order import OrderStatus, StatusClass
from countermand._outcome import Sent
from countermand.venue import SessionRefused

#: The most cancels that are sent for one order and case.
MOST_ATTEMPTS = 5


def cancel_is_due(survey: Survey, joined_at: float) -> bool:
    """Tell whether a caller who joined then is owed a cancel that is not under way yet."""
    if survey.dead or not _worth_canceling(survey) or Action.CANCEL in survey.under_way:
        return False
    ends = [one.ended for one in survey.attempts if one.ended is not None]
    if not ends:
        return True
    if sum(end.sent is not Sent.NO for end in ends) >= MOST_ATTEMPTS:
        return False
    if isinstance(ends[-1].answer, SessionRefused):
        return may_renew(survey, joined_at)
    # A native client id could by now name another order, so such a cancel is sent once and never again.
    return joined_at > ends[-1].at and not (survey.case.native and _left(ends))


def awaits_own_attempt(survey: Survey, joined_at: float) -> bool:
    """Tell whether a caller who joined after the last attempt ended will get, or has, one of its own."""
    ends = [one.ended for one in survey.attempts if one.ended is not None]
    if not ends or joined_at <= ends[-1].at:
        return False
    return Action.CANCEL in survey.under_way or cancel_is_due(survey, joined_at)


def may_renew(survey: Survey, joined_at: float) -> bool:
    """Tell whether a cancel whose session was refused may be sent again: once, under another session."""
    if not survey.case.renewable:
        return False
    ends = [one.ended for one in survey.attempts if one.ended is not None and one.ended.at >= joined_at]
    refusals = [end for end in ends if isinstance(end.answer, SessionRefused)]
    return len(refusals) < 2  # noqa: PLR2004 - the old session and the new one


def _left(ends: list[Ended]) -> bool:
    return any(end.sent is not Sent.NO for end in ends)


def _worth_canceling(survey: Survey) -> bool:
    if survey.latest is None:
        return True
    report = survey.latest.report
    return report.status_class is not StatusClass.LEAVING and report.status is not OrderStatus.REPLACED
