"""The orders a case's order is kin to: the one that took its place, those linked to it."""

from __future__ import annotations

import math

from countermand._case._facts import Action, Case, Listing
from countermand._case._survey import Exchange, Sighting, Survey, listed
from countermand._ids import ClientOrderId, OrderId
from countermand._order import OrderReport, OrderStatus, StatusClass

#: How an order whose exposure moved to a successor may read.
_GONE = frozenset({OrderStatus.CANCELED, OrderStatus.REPLACED})


def whole_listings(case: Case) -> frozenset[Action]:
    """Name the listings that together show every order of an account."""
    return frozenset({Action.OPEN, Action.HISTORY} if case.capabilities.has_history else {Action.OPEN})


def must_search(survey: Survey) -> bool:
    """Tell whether a successor could have taken the exposure along.

    A rival's replace can win even after our receipt, so where a replaced order reads Canceled every
    Canceled is searched.
    """
    if was_replaced(survey):
        return True
    return survey.end is not None and survey.case.capabilities.replaced_reads_canceled


def was_replaced(survey: Survey) -> bool:
    """Tell whether any read showed the order as Replaced, or another one in its place by the venue's id."""
    if any(seen.report.status is OrderStatus.REPLACED for seen in survey.sightings):
        return True
    own, rows = survey.order_id, (row for one in survey.listings for row in _of_account(survey, one))
    return own is not None and any(row.succeeds(own, None) for row in rows)


def successor(survey: Survey) -> OrderId | None:
    """Find the order that took this one's place, if any listing shows one."""
    own, alias = survey.order_id, None
    if survey.latest is not None:
        own, alias = survey.latest.report.order_id, survey.latest.report.client_order_id
    if own is None:
        return None
    heirs = (heir for one in reversed(survey.listings) for heir in _heirs(survey, own, alias, one))
    return next(heirs, None)


def _heirs(survey: Survey, own: OrderId, alias: ClientOrderId | None, listing: Exchange) -> list[OrderId]:
    """Name the heirs a listing shows, the nearest to the order first.

    A client's id can be used again, so an heir known by that alone must stand before the order in the same
    listing, newest first: below it stand the heirs of an earlier bearer of the id.
    """
    rows = _of_account(survey, listing)
    places = [place for place, row in enumerate(rows) if row.order_id == own]
    younger = rows[: places[0]] if places else []
    by_id = [row for row in rows if isinstance(row.replaces, OrderId)]
    heirs = [row for row in (*reversed(younger), *by_id) if row.succeeds(own, alias)]
    return [row.order_id for row in heirs]


def _of_account(survey: Survey, listing: Exchange) -> list[OrderReport]:
    return [row for row in listed(listing) if row.account in (None, survey.case.account)]


def searched(survey: Survey) -> bool:
    """Tell whether open orders and history were searched for a successor, so that none is known to be.

    One history that shows the order itself at its end serves for both, for a successor is younger and would
    be in that same snapshot; but a replace can come between two pages. Otherwise both listings must be
    complete, have begun after a read of the order at its end was answered, and not be of before that end:
    they show the order otherwise, or lack it, too, where a read that lags could be of before it was placed.
    """
    ends = [seen for seen in survey.sightings if seen.report.status in _GONE]
    if not ends or _has_unplaced_heir(survey, ends[-1].report):
        return False
    if any(_serves_alone(seen, ends) for seen in ends):
        return True
    since = min(end.ended_at for end in ends)
    young = (one for one in survey.listings if one.began.at >= since and not _lags(survey, one))
    return whole_listings(survey.case) <= {one.began.action for one in young}


def _lags(survey: Survey, listing: Exchange) -> bool:
    """Tell whether a listing shows, or may show, how it was before the order's end."""
    own = [row for row in listed(listing) if survey.case.is_about(row)]
    if own:
        return any(row.status not in _GONE for row in own)
    placed_by = min(seen.ended_at for seen in survey.sightings)
    return listing.began.at < placed_by + survey.case.capabilities.read_lag_s


def _has_unplaced_heir(survey: Survey, own: OrderReport) -> bool:
    """Tell whether a listing that lacks the order shows one that may be its heir, by a client's id."""
    lacking = [
        listed(one) for one in survey.listings if own.order_id not in {r.order_id for r in listed(one)}
    ]
    return any(row.succeeds(own.order_id, own.client_order_id) for rows in lacking for row in rows)


def _serves_alone(seen: Sighting, ends: list[Sighting]) -> bool:
    answer = seen.exchange.ended.answer if seen.exchange.ended else None
    if not isinstance(answer, Listing) or seen.exchange.began.action is not Action.HISTORY:
        return False
    return answer.pages == 1 or any(end.ended_at <= seen.began_at for end in ends)


def linked(survey: Survey) -> tuple[OrderReport, ...]:
    """List the orders linked to this one as last shown: its legs, and rows that share its parent.

    Those that a listing showed dead before the first cancel was signed are left out: they went before.
    """
    if survey.latest is None:
        return ()
    own, parent = survey.latest.report, survey.parent
    if parent is None:
        return survey.legs
    shown = [(one, row) for one in survey.listings for row in listed(one)]
    kin = [(one, row) for one, row in shown if row.parent == parent and row.order_id != own.order_id]
    before = {row.order_id for one, row in kin if _was_dead(row) and _ended_at(one) <= _first_signed(survey)}
    return (*survey.legs, *{row.order_id: row for _, row in kin if row.order_id not in before}.values())


def linked_unread(survey: Survey) -> bool:
    """Tell whether the order ended as a leg and no listing was tried since, to see what went with it.

    One that failed was tried; so was one beside which, overdue, a second had to begin.
    """
    if survey.end is None or survey.parent is None:
        return False
    listings, since = {Action.OPEN, Action.HISTORY}, survey.dead[0].began_at
    tried = [one for one in survey.exchanges if one.began.action in listings and one.began.at >= since]
    return len(tried) < 2 and not any(one.ended is not None for one in tried)  # noqa: PLR2004 - a second


def _was_dead(row: OrderReport) -> bool:
    return row.status_class is StatusClass.DEAD


def _ended_at(one: Exchange) -> float:
    return one.ended.at if one.ended is not None else math.inf


def _first_signed(survey: Survey) -> float:
    signed = (one.signed_at for one in survey.attempts)
    return min((at for at in signed if at is not None), default=math.inf)
