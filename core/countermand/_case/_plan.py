"""What should be under way for a case: repeats, reads and the search for a successor are decided here."""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs

from countermand._case._conclude import absence_reads, conclude, may_renew, must_search
from countermand._case._facts import Action, Case, Ended
from countermand._case._resolve import NoOrder, resolve
from countermand._case._survey import Survey
from countermand._ids import OrderId
from countermand._order import OrderStatus, StatusClass
from countermand._outcome import Sent
from countermand._waits import confirm_wait_s
from countermand.venue import Gone, SessionRefused

#: The most cancels that are sent for one order and case.
MOST_ATTEMPTS = 5


@attrs.frozen(kw_only=True)
class Plan:
    """What to begin now, and when to look again if no fact comes before."""

    begin: frozenset[Action] = frozenset()
    look_again_at: float = math.inf


def plan(case: Case, now: float) -> Plan:
    """Name all that should begin now; nothing when no caller could learn more by it."""
    waiting = [one for one in case.callers if one.deadline > now and not conclude(case, one, now).settled]
    if not waiting:
        return Plan()
    survey = Survey(case=case)
    due = dict(_due(survey, max(one.joined_at for one in waiting)))
    # Only one exchange of a kind at a time: an overdue one lives on, and its answer still counts.
    idle = {action: at for action, at in due.items() if action not in survey.under_way}
    later = [at for at in idle.values() if at > now]
    overdue = [
        one.began.overdue_at for one in survey.attempts if one.ended is None and one.began.overdue_at > now
    ]
    return Plan(
        begin=frozenset(action for action, at in idle.items() if at <= now),
        look_again_at=min((*later, *overdue), default=math.inf),
    )


def _due(survey: Survey, joined_at: float) -> Iterator[tuple[Action, float]]:
    if survey.case.unresolved:
        yield from _resolving(survey)
        return
    if _cancel_is_due(survey, joined_at):
        yield Action.CANCEL, -math.inf
        return
    since = _unsettled_since(survey)
    for action in _reads(survey):
        yield action, _next_read_at(survey, action, since)


def _resolving(survey: Survey) -> Iterator[tuple[Action, float]]:
    found = resolve(survey)
    if isinstance(found, OrderId) or (isinstance(found, NoOrder) and found.settled):
        return
    yield Action.OPEN, _next_read_at(survey, Action.OPEN, -math.inf)
    listed = any(one.began.action is Action.OPEN for one in survey.listings)
    if listed and survey.case.capabilities.has_history:
        yield Action.HISTORY, _next_read_at(survey, Action.HISTORY, -math.inf)


def _cancel_is_due(survey: Survey, joined_at: float) -> bool:
    if survey.dead or not _worth_canceling(survey) or Action.CANCEL in survey.under_way:
        return False
    ends = [one.ended for one in survey.attempts if one.ended is not None]
    if not ends:
        return True
    if len(ends) >= MOST_ATTEMPTS:
        return False
    if isinstance(ends[-1].answer, SessionRefused):
        return may_renew(survey)
    # A native client id could by now name another order, so such a cancel is sent once and never again.
    return joined_at > ends[-1].at and not (survey.case.native and _left(ends))


def _left(ends: list[Ended]) -> bool:
    return any(end.sent is not Sent.NO for end in ends)


def _worth_canceling(survey: Survey) -> bool:
    if survey.latest is None:
        return True
    report = survey.latest.report
    return report.status_class is not StatusClass.LEAVING and report.status is not OrderStatus.REPLACED


def _unsettled_since(survey: Survey) -> float:
    """When the youngest attempt was answered or became overdue; without one, when the order was read."""
    moments = [one.ended.at if one.ended is not None else one.began.overdue_at for one in survey.attempts]
    return max(moments, default=survey.latest.began_at if survey.latest else -math.inf)


def _reads(survey: Survey) -> Iterator[Action]:
    history = survey.case.capabilities.has_history
    if survey.case.native or must_search(survey):
        yield Action.HISTORY if history else Action.OPEN
        if history and (survey.case.native or _history_lacked_it(survey)):
            yield Action.OPEN
        return
    if survey.linked_unread:
        yield Action.HISTORY if history else Action.OPEN
        return
    yield Action.READ
    if _listings_are_wanted(survey):
        yield from absence_reads(survey.case) - {Action.READ}
    if survey.case.capabilities.has_trail and _trail_is_wanted(survey):
        yield Action.TRAIL


def _listings_are_wanted(survey: Survey) -> bool:
    """Tell whether the order must be looked for: its read said "not found", or failed twice to show it."""
    reads = [one for one in survey.reads if one.began.action is Action.READ]
    if any(one.ended and isinstance(one.ended.answer, Gone) for one in reads):
        return True
    return survey.latest is None and len(reads) > 1


def _history_lacked_it(survey: Survey) -> bool:
    return any(one.began.action is Action.HISTORY for one in survey.absences)


def _trail_is_wanted(survey: Survey) -> bool:
    # Only where a receipt is older than the read lag, and the order still reads alive.
    if not survey.receipts or survey.latest is None:
        return False
    since = survey.receipts[-1].at + survey.case.capabilities.read_lag_s
    return survey.latest.report.status_class is StatusClass.ALIVE and survey.latest.began_at >= since


def _next_read_at(survey: Survey, action: Action, since: float) -> float:
    ends = [
        one.ended.at
        for one in survey.reads
        if one.began.action is action and one.ended is not None and one.began.at >= since
    ]
    return ends[-1] + confirm_wait_s(len(ends)) if ends else since
