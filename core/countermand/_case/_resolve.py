"""Which order a client's id means: it is pinned to the venue's id before anything is sent."""

from __future__ import annotations

import math

import attrs

from countermand._case._facts import Action, NoSession
from countermand._case._kin import whole_listings
from countermand._case._survey import Survey, listed
from countermand._ids import OrderId
from countermand._order import OrderReport, OrderStatus, StatusClass
from countermand._outcome import Reason
from countermand.venue import Refused, SessionRefused


@attrs.frozen(kw_only=True)
class NoOrder:
    """No single order bears the id, and why; `settled` when looking again could teach nothing more."""

    reason: Reason
    settled: bool
    retry_after_s: float | None = None
    #: When it can be looked for again; a caller who does not wait for that long is told now.
    again_at: float = -math.inf


def resolve(survey: Survey) -> OrderId | NoOrder | None:
    """Find the one order that bears the client's id; None as long as nobody can tell.

    Ids may be reused after an order closes: an open order counts before any dead one, of several dead ones
    the newest, and of several open ones none.
    """
    open_rows = _rows(survey, Action.OPEN)
    history = _rows(survey, Action.HISTORY) if survey.case.capabilities.has_history else open_rows
    rows = (*(open_rows or ()), *(history or ()))
    dead = {row.order_id for row in rows if row.status_class is StatusClass.DEAD}
    # A replaced order is no longer what its client's id means, if another bears it.
    moved = {row.order_id for row in rows if row.status is OrderStatus.REPLACED}
    living = {row.order_id for row in rows} - dead - moved
    if len(living) > 1:
        return NoOrder(reason=Reason.AMBIGUOUS_ORDER, settled=True)
    if living:
        return living.pop()
    # A dead one only when no open order bears the id for sure: a younger one may not be shown yet.
    if history and survey.absent_twice(frozenset({Action.OPEN})):
        return history[0].order_id
    return _missing(survey)


def _rows(survey: Survey, action: Action) -> tuple[OrderReport, ...] | None:
    listings = [one for one in survey.listings if one.began.action is action]
    if not listings:
        return None
    return tuple(row for row in listed(listings[-1]) if survey.case.is_about(row))


def _missing(survey: Survey) -> NoOrder | None:
    needed = whole_listings(survey.case)
    if {one.began.action for one in survey.absences} >= needed:
        return NoOrder(reason=Reason.NOT_FOUND, settled=survey.absent_twice(needed))
    ends = [one.ended for one in survey.reads if one.ended is not None]
    failures = [end.answer for end in ends]
    if ends and isinstance(ends[-1].answer, NoSession):
        none, again_at = ends[-1].answer, ends[-1].again_at
        return NoOrder(reason=none.reason, settled=False, retry_after_s=none.retry_after_s, again_at=again_at)
    if any(isinstance(failure, SessionRefused | Refused) for failure in failures):
        refusals = sum(isinstance(failure, SessionRefused) for failure in failures)
        refused = any(isinstance(failure, Refused) for failure in failures)
        hopeless = refused or not survey.case.renewable or refusals > 1
        return NoOrder(reason=Reason.NOT_AUTHORIZED, settled=hopeless)
    return None
