"""The pages of a listing put together, as far as they concern those who asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import attrs

from countermand._case._facts import Listing
from countermand._ids import OrderId
from countermand._order import OrderReport
from countermand.venue import Page, Unreadable

T = TypeVar("T")
V = TypeVar("V")

#: So many rows are read before others have their turn, or for so long, in seconds: a lazy listing shall not
#: hold the loop, however long it is.
SLICE = 50
SLICE_S = 0.002
#: So much is kept of what a page says that cannot be read.
_TEXT_LENGTH = 500


async def in_slices(
    rows: Iterable[OrderReport],
    take: Callable[[list[OrderReport]], None],
    clock: Callable[[], float] | None = None,
) -> Unreadable | None:
    """Hand over the rows of a page, slice by slice; tell of the first one that cannot be read, if any."""
    left, unreadable = iter(rows), None
    clock = clock or asyncio.get_running_loop().time
    while True:
        some, failure, is_over = _slice(left, clock)
        unreadable = unreadable or failure
        if some:
            take(some)
        if is_over:
            return unreadable
        await asyncio.sleep(0)


def _slice(
    left: Iterator[OrderReport], clock: Callable[[], float]
) -> tuple[list[OrderReport], Unreadable | None, bool]:
    """Read some rows, without those that cannot be read; tell of the first of these, and of the end."""
    some: list[OrderReport] = []
    unreadable: Unreadable | None = None
    until = clock() + SLICE_S
    for _ in range(SLICE):
        try:
            some.append(next(left))
        except StopIteration:
            return some, unreadable, True
        except ValueError as error:  # a WireError, by its parent: the core loads nothing that reads JSON
            unreadable = unreadable or Unreadable(text=str(error)[:_TEXT_LENGTH])
        if clock() > until:
            break
    return some, unreadable, False


async def by_turns(
    values: Iterable[T], work: Callable[[T], V], clock: Callable[[], float] | None = None
) -> list[V]:
    """Work on each of many values, while others have their turn as often as with rows."""
    done: list[V] = []
    clock = clock or asyncio.get_running_loop().time
    until = clock() + SLICE_S
    for value in values:
        done.append(work(value))
        if clock() > until:
            await asyncio.sleep(0)
            until = clock() + SLICE_S
    return done


@attrs.define(kw_only=True)
class Pages:
    """Takes page after page, to the end or to the page with a row that is `enough`."""

    concerns: Callable[[OrderReport], bool]
    #: Asked once for each row that concerns them, until it says so.
    enough: Callable[[OrderReport], bool] | None = None
    _kept: list[OrderReport] = attrs.field(factory=list, init=False)
    _seen: set[OrderId] = attrs.field(factory=set, init=False)
    _found: bool = attrs.field(default=False, init=False)
    _shown: int = attrs.field(default=0, init=False)
    _count: int = attrs.field(default=0, init=False)
    _last_reply: str | None = attrs.field(default=None, init=False)

    async def take(self, page: Page, reply: str) -> Listing | Unreadable | None:
        """Add a page; None while another one is to follow."""
        seen, shown = len(self._seen), self._shown
        unreadable = await in_slices(page.rows, self._add)
        if unreadable is not None:
            return unreadable
        page = page.ended()
        # A page may show no row, where a plugin leaves out those that were not asked for.
        repeats = self._shown > shown or (page.next_page is not None and reply == self._last_reply)
        if len(self._seen) == seen and repeats:
            # The venue ignores what page was asked for: nobody knows what it leaves out.
            return Unreadable(text="the pages of the listing repeat")
        self._last_reply = reply
        self._count += 1
        if page.next_page is None or self._found:
            return Listing(rows=tuple(self._kept), pages=self._count)
        return None

    def _add(self, rows: list[OrderReport]) -> None:
        self._shown += len(rows)
        self._seen.update(row.order_id for row in rows)
        kept = [row for row in rows if self.concerns(row)]
        self._kept += kept
        if self.enough is not None and not self._found:
            self._found = any(map(self.enough, kept))
