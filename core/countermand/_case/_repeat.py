"""Whether a cancel is sent now: first cancels, and the few that may be repeated."""

from __future__ import annotations

from countermand._case._survey import Exchange, Survey
from countermand._order import OrderStatus, StatusClass
from countermand._outcome import Sent
from countermand.venue import SessionRefused

#: The most cancels that are sent for one order and case.
MOST_ATTEMPTS = 5


def cancel_is_due(survey: Survey, joined_at: float) -> bool:
    """Tell whether a caller who joined then is owed a cancel that is not under way yet."""
    if survey.dead or not _worth_canceling(survey):
        return False
    own = [one for one in survey.attempts if _is_shared(one, joined_at)]
    if any(one.ended is None for one in own):
        return False
    sent = [one for one in survey.attempts if one.sent is not Sent.NO]
    if len(sent) >= MOST_ATTEMPTS:
        return False
    if own:
        return isinstance(_answer(own[-1]), SessionRefused) and may_renew(survey, joined_at)
    # A native client id could by now name another order, so such a cancel is sent once and never again.
    return not (survey.case.native and sent)


def awaits_own_attempt(survey: Survey, joined_at: float) -> bool:
    """Tell whether a caller who joined after older attempts will get, or has, one of its own."""
    own = [one for one in survey.attempts if _is_shared(one, joined_at)]
    if len(own) == len(survey.attempts) or any(one.ended is not None for one in own):
        return False
    return bool(own) or cancel_is_due(survey, joined_at)


def _is_shared(attempt: Exchange, joined_at: float) -> bool:
    """Tell whether one who joined then may wait for that attempt: it was unanswered, and not overdue."""
    if attempt.ended is not None and attempt.ended.at < joined_at:
        return False
    return attempt.began.overdue_at > joined_at


def _answer(attempt: Exchange) -> object:
    return attempt.ended.answer if attempt.ended is not None else None


def may_renew(survey: Survey, joined_at: float) -> bool:
    """Tell whether a cancel whose session was refused may be sent again: once, under another session."""
    if not survey.case.renewable:
        return False
    ends = [one.ended for one in survey.attempts if one.ended is not None and one.ended.at >= joined_at]
    refusals = [end for end in ends if isinstance(end.answer, SessionRefused)]
    return len(refusals) < 2  # noqa: PLR2004 - the old session and the new one


def _worth_canceling(survey: Survey) -> bool:
    if survey.latest is None:
        return True
    report = survey.latest.report
    return report.status_class is not StatusClass.LEAVING and report.status is not OrderStatus.REPLACED
