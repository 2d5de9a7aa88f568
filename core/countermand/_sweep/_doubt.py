"""What a proof may hide: a scope that means none of the orders there looks like one that has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from countermand._order import OrderReport
from countermand._scope import ScopeKind
from countermand._sweep._facts import Sweep
from countermand._sweep._known import Place

#: What a predicate may go by, and a venue need not tell.
_FIELDS = ("entered_by", "client_order_id", "instrument", "account")


def doubt_of_proof(sweep: Sweep) -> str | None:
    """Say what the proof of a scope that meant no order may hide; None where there is nothing to say."""
    seen = [known.shown for known in sweep.known.values() if known.shown is not None]
    if any(one.place is Place.IN for one in seen):
        return None
    doubt = _DOUBTS.get(sweep.scope.kind)
    return doubt(sweep, [one.report for one in seen]) if doubt is not None else None


def _of_names(sweep: Sweep, _: Sequence[OrderReport]) -> str | None:
    """Doubt the names that the scope goes by: one that the venue does not know has no orders, either."""
    scope = sweep.scope
    names = {"instrument": scope.instrument_id, "user": scope.user_id}
    given = {what: name for what, name in names.items() if name is not None}
    shown = " of ".join(name if what == "instrument" else f"user {name}" for what, name in given.items())
    return f"no listing showed one for {shown}: is that how the venue names the {' and the '.join(given)}?"


def _of_predicate(sweep: Sweep, listed: Sequence[OrderReport]) -> str | None:
    """Doubt the predicate, which may go by what the venue does not tell."""
    asked = [one for one in listed if one.account in (None, sweep.scope.account_id)]
    if not asked:
        return None
    untold = [field for field in _FIELDS if all(getattr(one, field) is None for one in asked)]
    chosen = f"none of the {len(asked)} orders that were" if len(asked) > 1 else "not the one order that was"
    fields = f"; the venue tells no {' and no '.join(untold)}" if untold else ""
    return f"the predicate chose {chosen} listed{fields}"


#: Who means whole accounts goes by nothing that an order could lack, and who names orders hears of each.
_DOUBTS: dict[ScopeKind, Callable[[Sweep, Sequence[OrderReport]], str | None]] = {
    ScopeKind.INSTRUMENT: _of_names,
    ScopeKind.USER: _of_names,
    ScopeKind.MINE: _of_predicate,
}
