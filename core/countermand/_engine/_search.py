"""What many cases look for in one listing, and what of its rows concerns each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import attrs

from countermand._case._facts import Case
from countermand._ids import ClientOrderId, OrderId
from countermand._order import OrderReport

#: A history is given up after so many rows for each order that is looked for: single reads are cheaper then.
_ROWS_AN_ORDER = 50
_LEAST_ROWS = 1000
#: So many rows are read anew at the front, to come to those that were there before.
_MOST_NEW_ROWS = 1000

Name = OrderId | ClientOrderId


class Search:
    """Reads the rows of a listing until it has seen all that is looked for.

    With `to_the_end` the absence of a row counts, too, and no row is the last one to be read.
    """

    def __init__(self, names: Iterable[Name], insisting: Iterable[Name], *, to_the_end: bool) -> None:
        self._wanted = frozenset(names)
        self._missing: set[Name | None] = {*self._wanted}
        self._insisting: set[Name | None] = {*insisting}
        self._to_the_end = to_the_end
        self._rows_left = max(_LEAST_ROWS, _ROWS_AN_ORDER * len(self._wanted))
        #: The first row of the listing.
        self.first: OrderId | None = None
        #: Whether it may have ended before the listing did, so that what it lacks is not absent.
        self.cut_short = False

    def wants(self, row: OrderReport) -> bool:
        """Tell whether a row may concern anybody: one asked for, one that replaced another, or is linked."""
        if row.replaces is not None or row.parent is not None:
            return True
        return row.order_id in self._wanted or row.client_order_id in self._wanted

    def keeps(self, row: OrderReport) -> bool:
        """Look at each row; of those that are not wanted, keep only one that ends it."""
        if self.first is None:
            self.first = row.order_id
        self._rows_left -= 1
        return self.wants(row) or self._is_too_long

    def enough(self, row: OrderReport) -> bool:
        """Tell whether a row that was kept is the last one needed."""
        for name in (row.order_id, row.client_order_id):
            self._missing.discard(name)
            self._insisting.discard(name)
        self.cut_short = not self._to_the_end and (not self._missing or self._is_too_long)
        return self.cut_short

    @property
    def _is_too_long(self) -> bool:
        return self._rows_left <= 0 and not self._insisting


@attrs.define(kw_only=True)
class Front:
    """Reads a listing anew, newest first, down to the row that stood first before."""

    first: OrderId | None
    #: Whether it came to that row.
    joined: bool = attrs.field(default=False, init=False)
    _count: int = attrs.field(default=0, init=False)

    def keeps(self, row: OrderReport) -> bool:
        """Keep the rows that are new, and the first one that is not."""
        if self.joined:
            return False
        self._count += 1
        self.joined = row.order_id == self.first
        return True

    def enough(self, _row: OrderReport) -> bool:
        """Tell whether it joined, or will not."""
        return self.joined or self._count >= _MOST_NEW_ROWS


class Index:
    """The rows of a listing, found by what concerns a case; they stay in the order of the listing."""

    def __init__(self, rows: Iterable[OrderReport]) -> None:
        self._rows = tuple(rows)
        self._own: defaultdict[Name | None, list[int]] = defaultdict(list)
        self._heirs: defaultdict[Name | None, list[int]] = defaultdict(list)
        self._linked: defaultdict[Name | None, list[int]] = defaultdict(list)
        for place, row in enumerate(self._rows):
            self._own[row.order_id].append(place)
            self._own[row.client_order_id].append(place)
            self._heirs[row.replaces].append(place)
            self._linked[row.parent].append(place)
        for index in (self._own, self._heirs, self._linked):
            index.pop(None, None)  # so that what is not known finds nothing

    def concerning(self, case: Case, known: OrderReport | None) -> tuple[OrderReport, ...]:
        """Return the order's own rows, its heirs, and those linked to it; `known` is how it was seen last."""
        own = [self._rows[place] for place in self._own.get(case.order, ())]
        seen = [row for row in (*own, known) if row is not None and case.is_about(row)]
        names = {case.order, *(row.order_id for row in seen), *(row.client_order_id for row in seen)}
        places = {*self._own.get(case.order, ())}
        for name in names:
            places.update(self._heirs.get(name, ()))
        for row in seen:
            places.update(self._linked.get(row.parent, ()))
        if not any(row.client_order_id for row in seen):
            # Nobody knows its client's id: any order that replaced one by such an id may be its heir.
            by_client_id = (one for name, one in self._heirs.items() if isinstance(name, ClientOrderId))
            places.update(place for heirs in by_client_id for place in heirs)
        return tuple(row for row in map(self._rows.__getitem__, sorted(places)) if case.concerns(row))
