"""A listing of all open orders, read again where rows may have been missed.

A listing of several pages is no snapshot: what comes or goes meanwhile shifts the rows behind it, and a row
that shifts to a page already read is missed. One pass over the pages proves itself where the newest order
comes first and the total that each page tells never falls, and is the number of rows at last: then no more
went than came, and whatever comes does so in front, so no row has shifted towards the pages already read.
Any other pass is proved by the next one, if that shows whatever the first one showed: so nothing had gone.
A pass whose last page tells of more rows than there were proves nothing, nor is it proved: some are hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

import attrs

from countermand._case._facts import Ended
from countermand._order import OrderReport, StatusClass
from countermand.venue import Page

#: A book that changes all the time is not read more often than that.
MOST_PASSES = 3


class Step(Enum):
    """What to read next."""

    NEXT_PAGE = auto()
    ANOTHER_PASS = auto()
    DONE = auto()


@attrs.frozen(kw_only=True)
class WholeListing:
    """All orders that any pass showed, each as it was seen last; times are the engine's monotonic seconds."""

    rows: tuple[OrderReport, ...] = ()
    #: When the page was asked for that showed an order last, by the text of its id: no listing is too long
    #: to be compared at once by texts.
    seen_at: Mapping[str, float] = attrs.field(factory=dict)
    #: When the first page was asked for; None if none came.
    began_at: float | None = None
    #: An order that was open since then, and to the end, has been seen after that; None if nobody can tell.
    absent_since: float | None = None
    pages: int = 0
    passes: int = 0
    #: What ended it too early: an answer that was no page, or a fault.
    failure: Ended | None = None

    @property
    def incomplete(self) -> bool:
        """Whether an order may be open that no pass showed."""
        return self.absent_since is None

    @property
    def present(self) -> tuple[OrderReport, ...]:
        """The orders that were there to the last, as far as anybody can tell."""
        since = self.absent_since
        return tuple(row for row in self.rows if since is None or self.seen_at[row.order_id.value] >= since)


@attrs.define(kw_only=True)
class _Pass:
    began_at: float
    ids: set[str] = attrs.field(factory=set)
    pages: int = 0
    #: How many rows the pages had, and how many of these they showed.
    listed: int = 0
    shown: int = 0
    #: What the last page told; None where one told nothing, or less than the one before.
    total: int | None = 0
    #: Whether the last page told of more rows than there were.
    hides: bool = False
    newest_first: bool = True
    #: Whether pages repeat, so that nobody knows what the venue leaves out.
    stuck: bool = False
    oldest: str | None = None

    @property
    def repeated(self) -> bool:
        """Whether a row was seen twice."""
        return self.shown > len(self.ids)

    @property
    def proves_itself(self) -> bool:
        return not self.hides and (self.pages == 1 or (self.newest_first and self.listed == self.total))

    def is_proved_by(self, later: _Pass) -> bool:
        if self.stuck or later.stuck or self.hides or later.hides:
            return False
        # A venue that shows an order twice may do so whenever it is asked.
        return self.ids == later.ids or (not self.repeated and self.ids < later.ids)

    def add(self, row: OrderReport) -> None:
        self.shown += 1
        name = row.order_id.value
        if name not in self.ids:
            self.ids.add(name)
            self.newest_first = self.newest_first and _is_older(name, self.oldest)
            self.oldest = name

    def end_page(self, listed: int, total: int | None) -> None:
        self.pages += 1
        self.listed += listed
        self.hides = (total or 0) > self.listed
        # A total of 0 beside rows says nothing.
        self.total = total if total and self.total is not None and total >= self.total else None


class WholeReading:
    """Takes page after page: `begin_page`, `take` its rows, `end_page`, which says what to read next."""

    def __init__(self) -> None:
        self._rows: dict[str, OrderReport] = {}
        self._seen_at: dict[str, float] = {}
        self._passes: list[_Pass] = []
        self._next = Step.ANOTHER_PASS
        self._absent_since: float | None = None
        self._asked_at = 0.0
        self._before = (0, 0)
        self._last_reply: str | None = None

    def begin_page(self, asked_at: float) -> None:
        """Begin a page that came, and was asked for at that time."""
        if self._next is Step.ANOTHER_PASS:
            self._passes.append(_Pass(began_at=asked_at))
            self._last_reply = None
        self._asked_at = asked_at
        self._before = (self._passes[-1].shown, len(self._passes[-1].ids))

    def take(self, rows: list[OrderReport]) -> None:
        """Add some rows of the page."""
        for row in rows:
            self._passes[-1].add(row)
            name = row.order_id.value
            before = self._rows.get(name)
            # Whatever shifts or lags behind, dead beats alive.
            if before is None or before.status_class is not StatusClass.DEAD:
                self._rows[name] = row
            self._seen_at[name] = self._asked_at

    def end_page(self, page: Page, reply: str) -> Step:
        """End the page whose rows were taken, and say what to read next."""
        now, (shown, known) = self._passes[-1], self._before
        rows, follows = now.shown - shown, page.next_page is not None
        now.end_page(rows if page.listed is None else page.listed, page.total)
        # A page may show no row, where a plugin leaves out those that were not asked for.
        now.stuck = len(now.ids) == known and (rows > 0 or (follows and reply == self._last_reply))
        self._last_reply = reply
        self._next = Step.NEXT_PAGE if follows and not now.stuck else self._end_pass(now)
        return self._next

    def listing(self, failure: Ended | None = None) -> WholeListing:
        """Tell what was read so far."""
        return WholeListing(
            rows=tuple(self._rows.values()),
            seen_at=self._seen_at,
            began_at=self._passes[0].began_at if self._passes else None,
            absent_since=self._absent_since,
            pages=sum(one.pages for one in self._passes),
            passes=len(self._passes),
            failure=failure,
        )

    def _end_pass(self, now: _Pass) -> Step:
        before = self._passes[-2] if len(self._passes) > 1 else None
        if not now.stuck and now.proves_itself:
            self._absent_since = now.began_at
        elif before is not None and before.is_proved_by(now):
            self._absent_since = before.began_at
        if self._absent_since is None and len(self._passes) < MOST_PASSES:
            return Step.ANOTHER_PASS
        return Step.DONE


def _is_older(order_id: str, than: str | None) -> bool:
    """Tell whether an order comes before another one, by ids that are numbers: a venue counts upwards."""
    if than is None:
        return order_id.isdigit()
    # Numbers without leading zeros compare so, however long they are.
    return order_id.isdigit() and (len(order_id), order_id) < (len(than), than)
