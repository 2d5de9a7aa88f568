"""A listing of the simulator, followed from page to page."""

from __future__ import annotations

from collections.abc import Callable

from countermand import OrderReport, OrderStatus
from countermand.testing._simulator import Simulator
from countermand.testing.contract.requirement import fail, one_line, require
from countermand.testing.contract.worlds import performed, session_of
from countermand.venue import Call, ListingVerdict, Page, Venue

_MOST_PAGES = 100
#: Every so many orders one is dead.
_DEAD_EVERY = 7

Lists = Callable[..., Call[ListingVerdict]]


def rows_of(
    simulator: Simulator, venue: Venue, listing: Lists, between: Callable[[Page], None] | None = None
) -> list[OrderReport]:
    """Follow a listing to its end; `between` is told of each page that has another one behind it."""
    session = session_of(simulator, venue)
    rows: list[OrderReport] = []
    cursor = None
    for _ in range(_MOST_PAGES):
        page = performed(simulator, listing(simulator.credentials.account, cursor), session)
        if not isinstance(page, Page):
            fail(f"Read the simulator's listing as a Page: it is read as {one_line(page)}.")
        rows.extend(page.rows)
        cursor = page.next_page
        if cursor is None:
            break
        if between is not None:
            between(page)
    require(cursor is None, "Let a listing end: its last page must have no `next_page`.")
    return rows


def fill_book(simulator: Simulator, count: int) -> None:
    """Place so many orders, some of them dead, and one of another account."""
    for number in range(1, count + 1):
        dead = number % _DEAD_EVERY == 0
        simulator.place(0.0, status=OrderStatus.CANCELED if dead else OrderStatus.NEW)
    simulator.place(0.0, account=simulator.credentials.other_account)
