"""A listing of many pages shows every open order, or says that it may not have."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import attrs
import pytest

from countermand import OrderId, OrderReport, OrderStatus
from countermand._engine._whole_listing import MOST_PASSES, Step, WholeListing, WholeReading
from countermand.venue import Page

RUNS = 1000
SIZE = 4


def order(number: int | str, status: OrderStatus = OrderStatus.NEW) -> OrderReport:
    """Make a row."""
    return OrderReport(order_id=OrderId(str(number)), status=status, filled_quantity=Decimal(0))


def numbers(rows: Any) -> set[int]:
    """Name the orders of some rows."""
    return {int(row.order_id.value) for row in rows}


def read(*pages: Page, replies: str = "") -> tuple[list[Step], WholeListing]:
    """Read those pages, one a second, for as long as there is more to read."""
    reading, steps = WholeReading(), []
    for at, page in enumerate(pages):
        reading.begin_page(float(at))
        reading.take(list(page.rows))
        steps.append(reading.end_page(page, replies or str(at)))
    return steps, reading.listing()


def page(*ids: int | str, next: int | None = None, **told: Any) -> Page:  # noqa: A002 - as the venue calls it
    """Make a page."""
    return Page(rows=tuple(map(order, ids)), next_page=next, **told)


NEXT, AGAIN, DONE = Step
TWO = (page(4, 3, next=1, total=4), page(2, 1, total=4))
UNTOLD = (page(4, 3, next=1), page(2, 1))

PASSES: dict[str, tuple[tuple[Page, ...], list[Step], float | None]] = {
    "a single page": ((page(3, 1, 2),), [DONE], 0.0),
    "a single page that shows an order twice": ((page(3, 3, total=2),), [DONE], 0.0),
    "a single page that tells of more": ((page(3, 2, total=7),) * 3, [AGAIN, AGAIN, DONE], None),
    "a single page that tells of more at first": ((page(3, 2, total=7), page(3, 2)), [AGAIN, DONE], 1.0),
    "fewer rows than told, each time": (
        (page(4, 3, next=1, total=5), page(2, 1, total=5)) * 3,
        [NEXT, AGAIN, NEXT, AGAIN, NEXT, DONE],
        None,
    ),
    "fewer rows than told, then no total": (
        (page(4, 3, next=1, total=5), page(2, 1, total=5), *UNTOLD, *UNTOLD),
        [NEXT, AGAIN, NEXT, AGAIN, NEXT, DONE],
        2.0,
    ),
    "no total, then fewer rows than told": (
        (*UNTOLD, page(4, 3, next=1, total=5), page(2, 1, total=5), *UNTOLD),
        [NEXT, AGAIN, NEXT, AGAIN, NEXT, DONE],
        None,
    ),
    "an empty one": ((page(),), [DONE], 0.0),
    "newest first, and as many as told": (TWO, [NEXT, DONE], 0.0),
    "rows left out by the adapter": (
        (page(9, 4, next=1, total=4, listed=3), page(total=4, listed=1)),
        [NEXT, DONE],
        0.0,
    ),
    "a page of which all was left out": (
        (page(next=1, total=3, listed=2), page(1, total=3)),
        [NEXT, DONE],
        0.0,
    ),
    "no total": ((*UNTOLD, *UNTOLD), [NEXT, AGAIN, NEXT, DONE], 0.0),
    "a total of 0": (
        (page(2, next=1, total=0), page(1, total=0), page(2, 1)),
        [NEXT, AGAIN, DONE],
        2.0,
    ),
    "a total on one page only": (
        (page(4, 3, next=1, total=4), page(2, 1), *UNTOLD),
        [NEXT, AGAIN, NEXT, DONE],
        0.0,
    ),
    "fewer rows than told": (
        (page(4, 3, next=1, total=5), page(2, 1, total=5), *TWO),
        [NEXT, AGAIN, NEXT, DONE],
        2.0,
    ),
    "one more came": ((page(4, 3, next=1, total=4), page(3, 2, 1, total=5)), [NEXT, DONE], 0.0),
    "one came and one went": ((page(4, 3, next=1, total=4), page(3, 2, total=4)), [NEXT, DONE], 0.0),
    "one went": (
        (page(5, 4, next=1, total=5), page(2, 1, total=4), *TWO),
        [NEXT, AGAIN, NEXT, DONE],
        2.0,
    ),
    "one went, then one came": (
        (page(6, 5, next=1, total=6), page(3, 2, next=2, total=5), page(2, 1, total=6), *TWO),
        [NEXT, NEXT, AGAIN, NEXT, DONE],
        3.0,
    ),
    "a row twice, which no total explains": (
        (page(4, 3, next=1, total=4), page(3, 2, 1, total=4), *TWO),
        [NEXT, AGAIN, NEXT, DONE],
        2.0,
    ),
    "not in order": (
        (page(4, 2, next=1, total=4), page(3, 1, total=4)) * 2,
        [NEXT, AGAIN, NEXT, DONE],
        0.0,
    ),
    "oldest first": (
        (page(1, 2, next=1, total=4), page(3, 10, total=4)) * 2,
        [NEXT, AGAIN, NEXT, DONE],
        0.0,
    ),
    "ids that are no numbers": (
        (page("b", next=1, total=2), page("a", total=2)) * 2,
        [NEXT, AGAIN, NEXT, DONE],
        0.0,
    ),
    "an id that is no number": (
        (page(2, next=1, total=2), page("-1", total=2)) * 2,
        [NEXT, AGAIN, NEXT, DONE],
        0.0,
    ),
    "more in the second pass": ((*UNTOLD, page(5, 4, 3, next=1), page(2, 1)), [NEXT, AGAIN, NEXT, DONE], 0.0),
    "a row twice, each time": ((page(2, 1, next=1), page(1, 0)) * 2, [NEXT, AGAIN, NEXT, DONE], 0.0),
    "a row twice, then more": (
        (page(2, 1, next=1), page(1, 0), page(3, 2, next=1), page(1, 0), page(3, 2, next=1), page(1, 0)),
        [NEXT, AGAIN, NEXT, AGAIN, NEXT, DONE],
        2.0,
    ),
    "one less in the second pass, and the third": (
        (*UNTOLD, page(3, 2, next=1), page(1), page(3, 2, next=1), page(1)),
        [NEXT, AGAIN, NEXT, AGAIN, NEXT, DONE],
        2.0,
    ),
    "one less in each": (
        (*UNTOLD, page(3, 2, next=1), page(1), page(2, next=1), page(1)),
        [NEXT, AGAIN, NEXT, AGAIN, NEXT, DONE],
        None,
    ),
    "pages that repeat": ((page(2, 1, next=1),) * 6, [NEXT, AGAIN, NEXT, AGAIN, NEXT, DONE], None),
    "pages that repeat at first": (
        (page(2, 1, next=1),) * 2 + UNTOLD * 2,
        [NEXT, AGAIN] * 2 + [NEXT, DONE],
        2.0,
    ),
}


@pytest.mark.parametrize(("pages", "steps", "absent_since"), PASSES.values(), ids=PASSES.keys())
def test_passes(pages: tuple[Page, ...], steps: list[Step], absent_since: float | None) -> None:
    """Another pass is read where rows may have been missed, three at most."""
    told, listing = read(*pages)
    assert told == steps
    assert (listing.absent_since, listing.incomplete) == (absent_since, absent_since is None)
    assert (listing.began_at, listing.pages) == (0.0, len(steps))
    assert listing.passes == steps.count(AGAIN) + 1


def test_empty_pages_that_repeat() -> None:
    """A page without rows that names another, and comes again as it was, is where a pass ends in doubt."""
    steps, listing = read(*(page(next=1, listed=2) for _ in range(6)), replies="the same")
    assert steps == [NEXT, AGAIN, NEXT, AGAIN, NEXT, DONE]
    assert listing.incomplete


def test_the_union_of_all_passes() -> None:
    """An order is told as it was seen last, also one that only an earlier pass showed."""
    older, newer = order(1), order(1, OrderStatus.PARTIALLY_FILLED)
    first = (Page(rows=(order(2), older), next_page=1), Page(rows=(order(0),)))
    then = (Page(rows=(newer,), next_page=1), Page(rows=(order(0),)))
    _, listing = read(*first, *then, *then)
    assert listing.rows == (order(2), newer, order(0))
    assert listing.seen_at == {"2": 0.0, "1": 4.0, "0": 5.0}
    assert listing.present == (newer, order(0))


@pytest.mark.parametrize("alive_first", [False, True])
def test_dead_beats_alive(alive_first: bool) -> None:
    """Whichever is seen first in a listing that shifts."""
    dead = order(1, OrderStatus.CANCELED)
    shown = (order(1), dead) if alive_first else (dead, order(1))
    _, listing = read(Page(rows=shown))
    assert listing.rows == (dead,)


def test_what_was_read_before_it_ended_too_early() -> None:
    """Of a listing that was not read to its end all orders are told that it showed, and nothing is absent."""
    assert WholeReading().listing() == WholeListing()
    _, listing = read(UNTOLD[0])
    assert (listing.incomplete, listing.present) == (True, UNTOLD[0].rows)


@attrs.define
class Book:
    """Orders that come and go between the pages of a listing of them."""

    chance: random.Random
    totals: str
    newest_first: bool
    twice: bool
    keeps_dead: bool
    #: How many come, and how many go, between two pages at most.
    changes: int
    last: int = 0
    alive: list[int] = attrs.field(factory=list)
    listed: list[int] = attrs.field(factory=list)
    was: list[set[int]] = attrs.field(factory=list)

    def fill(self, count: int) -> None:
        """Place some orders, at first."""
        self.last = count
        self.alive = self.listed = list(range(1, count + 1))

    def change(self) -> None:
        """Place orders, and let others die."""
        for _ in range(self.chance.randint(0, self.changes)):
            self.last += 1
            self.alive, self.listed = [*self.alive, self.last], [*self.listed, self.last]
        for _ in range(min(len(self.alive), self.chance.randint(0, self.changes))):
            dead = self.chance.choice(self.alive)
            self.alive = [one for one in self.alive if one != dead]
            if not self.keeps_dead:
                self.listed = [one for one in self.listed if one != dead]

    def page(self, number: int) -> Page:
        """Show a page, by its offset."""
        order_of = sorted(self.listed, reverse=self.newest_first)
        shown = order_of[number * SIZE : (number + 1) * SIZE]
        rows = [one for one in shown if one in self.alive]
        if self.twice and rows and self.chance.random() < 0.5:
            rows.insert(self.chance.randrange(len(rows)), self.chance.choice(rows))
        count = len(order_of)
        totals = {"right": count, "0": 0, "absent": None, "low": max(0, count - 3), "high": count + 3}
        return Page(
            rows=map(order, rows),
            next_page=number + 1 if (number + 1) * SIZE < len(order_of) else None,
            total=totals[self.totals],
            listed=len(shown) if self.keeps_dead else None,
        )

    def read(self) -> WholeListing:
        """Read the whole listing."""
        reading, step, number = WholeReading(), AGAIN, 0
        while step is not DONE:
            self.was.append(set(self.alive))
            page = self.page(number)
            reading.begin_page(float(len(self.was) - 1))
            reading.take(list(page.rows))
            step = reading.end_page(page, str(len(self.was)))
            number = number + 1 if step is NEXT else 0
            if step is not DONE:
                self.change()
        return reading.listing()


TOTALS = ("right", "0", "absent", "low")


@pytest.mark.parametrize("totals", TOTALS)
@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_a_book_that_changes(totals: str, *, twice: bool) -> None:
    """What was open all the while is told in 999 of 1,000 runs, or the run is flagged."""
    missed, flagged, many = 0, 0, 0
    for seed in range(RUNS):
        chance = random.Random(seed)  # noqa: S311 - a seeded draw, no secret
        book = Book(
            chance,
            totals,
            newest_first=chance.random() < 0.5,
            twice=twice,
            keeps_dead=chance.random() < 0.25,
            changes=chance.randint(1, 2),
        )
        book.fill(chance.randrange(24))
        listing = book.read()
        many += listing.passes > 1
        if listing.absent_since is None:
            flagged += 1
            continue
        known, there = numbers(listing.rows), numbers(listing.present)
        since = book.was[int(listing.absent_since)]
        missed += not (book.was[0] & book.was[-1] <= known and since & book.was[-1] <= there)
    assert missed <= RUNS // 1000
    assert flagged < many < RUNS


@pytest.mark.parametrize("totals", TOTALS)
@pytest.mark.parametrize("newest_first", [False, True], ids=["oldest first", "newest first"])
@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_a_book_that_does_not_change(totals: str, *, newest_first: bool, twice: bool) -> None:
    """A stable book is never flagged: one pass tells all of it where it proves itself, else two."""
    for seed in range(RUNS // 4):
        chance = random.Random(seed)  # noqa: S311 - a seeded draw, no secret
        book = Book(
            chance, totals, newest_first=newest_first, twice=twice, keeps_dead=seed % 2 == 0, changes=0
        )
        book.fill(chance.randrange(24))
        listing = book.read()
        assert not listing.incomplete
        assert numbers(listing.rows) == numbers(listing.present) == set(book.alive)
        proves_itself = len(book.alive) <= SIZE or (totals == "right" and newest_first)
        if not twice:
            assert listing.passes == (1 if proves_itself else 2)
        assert listing.passes < MOST_PASSES


@pytest.mark.parametrize("changes", [0, 2], ids=["stable", "changing"])
def test_a_book_of_which_the_venue_hides_some(changes: int) -> None:
    """It tells of more rows than it shows, each time: nobody can say what the rest is, so it is flagged."""
    for seed in range(RUNS // 10):
        chance = random.Random(seed)  # noqa: S311 - a seeded draw, no secret
        book = Book(chance, "high", newest_first=True, twice=False, keeps_dead=False, changes=changes)
        book.fill(chance.randrange(24))
        listing = book.read()
        assert (listing.incomplete, listing.passes) == (True, MOST_PASSES)
