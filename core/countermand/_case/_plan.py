"""What should be under way for a case: repeats, reads and the search for a successor are decided here."""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs

from countermand._case._conclude import conclude
from countermand._case._facts import Action, Caller, NoSession, NotReached
from countermand._case._kin import linked_unread, must_search
from countermand._case._refusal import absence_reads
from countermand._case._repeat import cancel_due_at, price
from countermand._case._resolve import NoOrder, resolve
from countermand._case._survey import Exchange, Survey
from countermand._ids import OrderId
from countermand._order import StatusClass
from countermand._outcome import Sent
from countermand._waits import PROBE_EVERY_S, confirm_wait_s
from countermand.venue import Gone, Throttled

#: So many times as long as the last read took before the deadline there is time for a last one.
_LAST_LOOK = 2.0
_QUICKEST_READ_S = 0.05
#: So that no rounding makes a time too short.
_A_TRIFLE_S = 0.001


@attrs.frozen(kw_only=True)
class Plan:
    """What to begin now, and when to look again if no fact comes before."""

    begin: frozenset[Action] = frozenset()
    look_again_at: float = math.inf
    #: What the budget must give for the cancel among them, in tokens.
    tokens: int = 0


def plan(survey: Survey, now: float) -> Plan:
    """Name all that should begin now; nothing when no caller could learn more by it."""
    callers = [one for one in survey.case.callers if one.deadline > now]
    waiting = [one for one in callers if not conclude(survey, one).settled]
    if not waiting:
        return Plan()
    due = dict(_due(survey, waiting, now))
    # Only one exchange of a kind at a time, unless the one under way is overdue: its answer still counts.
    idle = {action: at for action, at in due.items() if not _is_awaited(survey, action, now)}
    later = [at for at in idle.values() if at > now]
    overdue = [one.overdue_at for one in survey.exchanges if one.ended is None]
    return Plan(
        begin=frozenset(action for action, at in idle.items() if at <= now),
        tokens=0 if due.get(Action.CANCEL, -math.inf) == -math.inf else price(survey),
        look_again_at=min((*later, *(at for at in overdue if at > now)), default=math.inf),
    )


def _is_awaited(survey: Survey, action: Action, now: float) -> bool:
    under_way = [one for one in survey.exchanges if one.ended is None and one.began.action is action]
    return any(one.overdue_at > now for one in under_way)


def _due(survey: Survey, waiting: list[Caller], now: float) -> Iterator[tuple[Action, float]]:
    if survey.case.unresolved:
        yield from _resolving(survey, min(caller.deadline for caller in waiting))
        return
    cancel_at = min(cancel_due_at(survey, caller) for caller in waiting)
    if cancel_at < math.inf:
        yield Action.CANCEL, cancel_at
        if cancel_at <= now or survey.sent is Sent.NO:
            return  # there is nothing to read as long as nothing was sent
    elif _only_waits_for_its_turn(survey) and all(caller.may_send for caller in waiting):
        return
    # Whoever came last is owed a read of its own.
    since = max(_unsettled_since(survey, waiting, now), *(caller.waits_since for caller in waiting))
    deadline = min(caller.deadline for caller in waiting)
    for action in _reads(survey, gathers=all(caller.gathers for caller in waiting)):
        if action is Action.HISTORY and survey.latest is None:
            yield action, _next_search_at(survey, since)
        else:
            next_at = _next_read_at(survey, since, action, deadline)
            yield action, min(next_at, _first_look_at(survey, waiting, action))


def _only_waits_for_its_turn(survey: Survey) -> bool:
    return survey.sent is Sent.NO and any(one.queued for one in survey.attempts)


def _resolving(survey: Survey, deadline: float) -> Iterator[tuple[Action, float]]:
    found = resolve(survey)
    if isinstance(found, OrderId) or (isinstance(found, NoOrder) and found.settled):
        return
    yield Action.OPEN, _next_read_at(survey, -math.inf, Action.OPEN, deadline)
    listed = any(one.began.action is Action.OPEN for one in survey.listings)
    if listed and survey.case.capabilities.has_history:
        yield Action.HISTORY, _next_search_at(survey, -math.inf)


def _unsettled_since(survey: Survey, waiting: list[Caller], now: float) -> float:
    """When the youngest attempt was answered or became overdue; without one, when the order was first read.

    An attempt that is still in its patience holds no read back that an older one is owed, or one who came
    only to look.
    """
    ends = [one.ended.at if one.ended is not None else one.overdue_at for one in survey.attempts]
    past = [at for at in ends if at <= now]
    if not past and not all(caller.may_send for caller in waiting):
        return -math.inf
    first_read = survey.sightings[0].began_at if survey.sightings else -math.inf
    return max(past, default=min(ends, default=first_read))


def _reads(survey: Survey, *, gathers: bool) -> Iterator[Action]:
    history = survey.case.capabilities.has_history
    if survey.case.native or must_search(survey):
        yield Action.HISTORY if history else Action.OPEN
        if history and _history_lacked_it(survey):
            yield Action.OPEN
        return
    if linked_unread(survey):
        yield Action.HISTORY if history else Action.OPEN
        return
    if gathers and history and not _history_is_no_help(survey):
        yield Action.HISTORY  # one listing shows the orders of many
    else:
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


def _history_is_no_help(survey: Survey) -> bool:
    """Tell whether the history lacked the order, was too long, or failed twice: then it is read by itself."""
    if _history_lacked_it(survey):
        return True
    searches = [one for one in survey.reads if one.began.action is Action.HISTORY]
    if any(one.ended is not None and isinstance(one.ended.answer, NotReached) for one in searches):
        return True
    shown = {seen.exchange.began.number for seen in survey.sightings}
    return sum(one.began.number not in shown for one in searches) > 1


def _history_lacked_it(survey: Survey) -> bool:
    return any(one.began.action is Action.HISTORY for one in survey.absences)


def _trail_is_wanted(survey: Survey) -> bool:
    # Only where a receipt is older than the read lag, and the order still reads alive.
    if not survey.receipts or survey.latest is None:
        return False
    since = survey.receipts[-1].at + survey.case.capabilities.read_lag_s
    return survey.latest.report.status_class is StatusClass.ALIVE and survey.latest.began_at >= since


def _next_read_at(survey: Survey, since: float, action: Action, deadline: float = math.inf) -> float:
    """When to read again: with backoff, but not past a moment at which a read tells more than others."""
    begun = [one for one in survey.exchanges if one.began.action is action and one.began.at >= since]
    if not begun:
        return since
    last, free_at = begun[-1], _free_at(begun[-1])
    waited_s = last.began.at - begun[0].began.at
    next_at = free_at + confirm_wait_s(len(begun), waited_s)
    telling = (_lag_over_at(survey, begun[0]), deadline - _LAST_LOOK * _duration_s(last))
    return min((at for at in telling if max(free_at, last.began.at) < at < next_at), default=next_at)


def _first_look_at(survey: Survey, waiting: list[Caller], action: Action) -> float:
    """When half of somebody's wait is over without a look: others may have more patience with an attempt."""
    if survey.sent is Sent.NO:
        return math.inf  # what waits for its turn changes nothing
    begun = (one.began.at for one in survey.exchanges if one.began.action is action)
    last_at = max(begun, default=-math.inf)
    return min(
        ((one.waits_since + one.deadline) / 2 for one in waiting if one.waits_since > last_at),
        default=math.inf,
    )


def _lag_over_at(survey: Survey, first: Exchange) -> float:
    """When a read is younger by the lag than the last answer to a cancel, or else than the first look."""
    ends = [one.ended.at for one in survey.attempts if one.ended is not None]
    return max(ends, default=first.began.at) + survey.case.capabilities.read_lag_s + _A_TRIFLE_S


def _duration_s(read: Exchange) -> float:
    return max(
        _QUICKEST_READ_S, (read.ended.at if read.ended is not None else read.overdue_at) - read.began.at
    )


def _free_at(read: Exchange) -> float:
    """When a read is done with: answered, overdue, or as long after as the venue asked us to wait."""
    if read.ended is None:
        return read.overdue_at
    if isinstance(read.ended.answer, NoSession):
        # To ask in vain costs the venue nothing, and meanwhile somebody may have had a session.
        return min(read.ended.again_at, read.ended.at + PROBE_EVERY_S)
    return read.ended.again_at if isinstance(read.ended.answer, Throttled) else read.ended.at


def _next_search_at(survey: Survey, since: float) -> float:
    """When to look through the history again for an order it lacks: the second time proves the absence."""
    lacking = [one.began for one in survey.absences if one.began.action is Action.HISTORY]
    searches = [began.at for began in lacking if began.at >= since]
    again_at = searches[0] + survey.case.capabilities.read_lag_s if searches else since
    return max(again_at, _next_read_at(survey, since, Action.HISTORY))
