"""Whether an order that a listing shows is in a scope: never by a guess."""

from __future__ import annotations

from collections.abc import Mapping

from countermand._order import OrderReport
from countermand._scope import Scope, ScopeKind
from countermand._sweep._known import Place, Shown, is_open

#: What a scope goes by, and where a report says it; a report that does not say it decides nothing.
_GOES_BY = {"instrument_id": "instrument", "user_id": "entered_by"}


def shown(scope: Scope, seen_at: Mapping[str, float], row: OrderReport) -> Shown | None:
    """Return an order as a row of a listing shows it, with its place; None for one that is not open."""
    if not is_open(row):
        return None
    place, text = placed(scope, row)
    return Shown(report=row, place=place, seen_at=seen_at[row.order_id.value], text=text)


def placed(scope: Scope, report: OrderReport) -> tuple[Place, str | None]:
    """Tell where an order stands to a scope, and why that is undecided, if it is."""
    try:
        if scope.holds(report):
            return Place.IN, None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a predicate may break in any way, a sweep may not
        return Place.UNDECIDED, f"the predicate raised {type(error).__name__}: {error}"
    return _unsaid(scope, report) or (Place.OUT, None)


def _unsaid(scope: Scope, report: OrderReport) -> tuple[Place, str] | None:
    """Tell of an order that is only not held because the venue does not say enough of it."""
    if scope.kind in (ScopeKind.ORDERS, ScopeKind.MINE):
        return None
    if scope.account_id is not None and report.account not in (None, scope.account_id):
        return None
    missing = []
    for name, told in _GOES_BY.items():
        wanted, said = getattr(scope, name), getattr(report, told)
        if wanted is not None and said is None:
            missing.append(told.replace("_", " "))
        elif wanted is not None and said != wanted:
            return None
    return Place.UNDECIDED, f"the venue does not say its {' and '.join(missing)}"
