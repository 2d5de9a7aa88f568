"""Whether and when a cancel is sent: first cancels, and the few that may be repeated."""

from __future__ import annotations

import math
from collections.abc import Iterable

from countermand._case._facts import Caller, Ended, ListRefused, NoSession
from countermand._case._survey import Exchange, Survey
from countermand._case._taken_back import is_taken_back
from countermand._order import OrderStatus
from countermand._outcome import Sent
from countermand._waits import repeat_wait_s
from countermand.venue import Acted, Gone, Receipt, Refused, SessionRefused, Throttled

#: Of an order that lives on after a receipt, so many receipts are the last.
_MOST_RECEIPTS = 3
#: What was sent under no valid session, for want of one not at all, or along with others that were refused
#: together, is sent anew and not repeated.
_SENT_ANEW = SessionRefused | NoSession | ListRefused
#: What a repeat takes from the budget, in tokens.
_AFTER_FAILURE = 5
_AFTER_TIME_OUT = 10


def cancel_due_at(survey: Survey, caller: Caller) -> float:
    """Say when this caller is owed a cancel that is not under way yet; infinity for never."""
    if not caller.may_send or survey.dead or not _worth_canceling(survey):
        return math.inf
    sent = _sent(survey.attempts)
    counted = [one for one in sent if one.signed_at is None or one.signed_at >= caller.counts_since]
    if len(counted) >= survey.case.retry.most_attempts:
        return math.inf
    own = [one for one in survey.attempts if _is_shared(one, caller.joined_at)]
    if len(_sent(own)) >= caller.most_cancels:
        return math.inf
    # A native client id could by now name another order, so such a cancel is sent once and never again.
    if survey.case.native and (any(_was_processed(one) for one in sent) or (sent and not own)):
        return math.inf
    if not own:
        return -math.inf
    due = _again_at(survey, caller, own[-1])
    return due if due < caller.deadline else math.inf


def others_go_on(survey: Survey, caller: Caller) -> bool:
    """Tell whether what was not sent for this caller, or is to be sent again, may yet be for another one."""
    others = [one for one in survey.case.callers if one is not caller and one.may_send]
    if survey.case.unresolved:
        return any(one.deadline > caller.deadline for one in others)
    return any(cancel_due_at(survey, one) < math.inf for one in others)


def awaits_own_attempt(survey: Survey, caller: Caller) -> bool:
    """Tell whether a caller who joined after older attempts will get, or has, one of its own."""
    own = [one for one in survey.attempts if _is_shared(one, caller.joined_at)]
    if len(own) == len(survey.attempts) or any(one.ended is not None for one in own):
        return False
    return bool(own) or cancel_due_at(survey, caller) < math.inf


def may_renew(survey: Survey, joined_at: float) -> bool:
    """Tell whether a cancel whose session was refused may be sent again: once, under another session."""
    if not survey.case.renewable:
        return False
    ends = [one.ended for one in survey.attempts if one.ended is not None and one.ended.at >= joined_at]
    refusals = [end for end in ends if isinstance(end.answer, SessionRefused)]
    return len(refusals) < 2  # noqa: PLR2004 - the old session and the new one


def price(survey: Survey) -> int:
    """Say what a repeat of the last attempt takes from the budget, in tokens."""
    last = survey.attempts[-1]
    if last.ended is None or (last.ended.answer is None and last.ended.at >= last.overdue_at):
        return _AFTER_TIME_OUT
    return 0 if isinstance(last.ended.answer, _SENT_ANEW) else _AFTER_FAILURE


def _sent(attempts: Iterable[Exchange]) -> list[Exchange]:
    return [one for one in attempts if one.sent is not Sent.NO]


def _was_processed(attempt: Exchange) -> bool:
    """Tell whether it may have acted, or was refused for what it asked."""
    answer = None if attempt.ended is None else attempt.ended.answer
    return attempt.acted is not Acted.NO or isinstance(answer, Refused | Gone)


def _is_shared(attempt: Exchange, joined_at: float) -> bool:
    """Tell whether one who joined then may wait for that attempt: it was unanswered, and not overdue."""
    if attempt.ended is not None and attempt.ended.at < joined_at:
        return False
    return attempt.overdue_at > joined_at


def _again_at(survey: Survey, caller: Caller, last: Exchange) -> float:
    """Say when the cancel is sent once more after its last attempt."""
    renewed = last.ended is not None and isinstance(last.ended.answer, _SENT_ANEW)
    if not renewed and survey.withheld_since(last.began.at):
        return math.inf
    if last.ended is None:
        # Overdue is not a fault yet, but no reason either to leave an order alone that is seen alive.
        return _when_seen_alive(survey, last, last.overdue_at)
    if isinstance(last.ended.answer, SessionRefused):
        return last.ended.at if may_renew(survey, caller.joined_at) else math.inf
    if isinstance(last.ended.answer, NoSession):
        return last.ended.again_at
    if isinstance(last.ended.answer, ListRefused):
        return last.ended.at
    if last.ended.broken:
        return math.inf
    if last.ended.sent is Sent.NO:
        return last.ended.at + _wait_s(survey, last)
    return _after_an_answer(survey, caller, last, last.ended)


def _after_an_answer(survey: Survey, caller: Caller, last: Exchange, ended: Ended) -> float:
    match ended.answer:
        case Refused() | Gone():
            # Refusal is no proof of life, and what was refused will be refused again.
            return math.inf
        case Receipt():
            return _after_a_receipt(survey, caller, last, ended)
        case Throttled(acted=Acted.NO, retry_after_s=told):
            return ended.at + (_wait_s(survey, last) if told is None else told)
        case Throttled(retry_after_s=told):
            return _when_seen_alive(survey, last, ended.at, told)
    return _when_seen_alive(survey, last, ended.at)


def _when_seen_alive(survey: Survey, last: Exchange, since: float, told_s: float | None = None) -> float:
    """Say when the wait is over after a doubt; only a read since then that shows the order alive ends it.

    The venue's own word for the wait outranks ours.
    """
    if not survey.alive_since(since):
        return math.inf
    return since + (_wait_s(survey, last) if told_s is None else told_s)


def _after_a_receipt(survey: Survey, caller: Caller, last: Exchange, receipt: Ended) -> float:
    """Say when the read lag is over, if the order lives on all the same and no refusal explains it."""
    since = receipt.at + survey.case.capabilities.read_lag_s
    receipts = [one for one in survey.receipts if one.at >= caller.counts_since]
    if len(receipts) >= _MOST_RECEIPTS or is_taken_back(survey):
        return math.inf
    if survey.case.capabilities.has_trail and not survey.trail_was_read_since(since):
        return math.inf
    return _when_seen_alive(survey, last, since)


def _wait_s(survey: Survey, last: Exchange) -> float:
    return repeat_wait_s(survey.case.retry, len(survey.attempts), last.began.jitter)


def _worth_canceling(survey: Survey) -> bool:
    if survey.latest is None:
        return True
    return not survey.is_leaving and survey.latest.report.status is not OrderStatus.REPLACED
