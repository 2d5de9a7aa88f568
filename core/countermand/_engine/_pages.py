"""The pages of a listing put together, as far as they concern a case."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from countermand._case._facts import Listing
from countermand._ids import OrderId
from countermand._order import OrderReport
from countermand.venue import Page, Unreadable


@attrs.define(kw_only=True)
class Pages:
    """Takes page after page, to the end or to the page with a row that is `enough`."""

    concerns: Callable[[OrderReport], bool]
    enough: Callable[[OrderReport], bool] | None = None
    _kept: list[OrderReport] = attrs.field(factory=list, init=False)
    _seen: set[OrderId] = attrs.field(factory=set, init=False)
    _count: int = attrs.field(default=0, init=False)
    _last_reply: str | None = attrs.field(default=None, init=False)

    def take(self, page: Page, reply: str) -> Listing | Unreadable | None:
        """Add a page; None while another one is to follow."""
        rows = tuple(page.rows)
        new = {row.order_id for row in rows} - self._seen
        # A page may show no row, where a plugin leaves out those that were not asked for.
        if not new and (rows or (page.next_page is not None and reply == self._last_reply)):
            # The venue ignores what page was asked for: nobody knows what it leaves out.
            return Unreadable(text="the pages of the listing repeat")
        self._last_reply = reply
        self._seen |= new
        self._count += 1
        self._kept.extend(row for row in rows if self.concerns(row))
        found = self.enough is not None and any(self.enough(row) for row in self._kept)
        if page.next_page is None or found:
            return Listing(rows=tuple(self._kept), pages=self._count)
        return None
