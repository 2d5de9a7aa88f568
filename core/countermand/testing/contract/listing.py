"""A listing of the simulator, followed from page to page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import cycle
from typing import Any

from countermand import OrderReport, OrderStatus, StatusClass
from countermand.testing._simulator import Simulator
from countermand.testing.contract.requirement import fail, one_line, require
from countermand.testing.contract.worlds import performed, session_of
from countermand.venue import Call, ListingVerdict, Page, Venue

_MOST_PAGES = 100
#: Every so many orders one is dead.
_DEAD_EVERY = 7
#: What an order is by its fill alone.
_PLAIN = {OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED}

Lists = Callable[..., Call[ListingVerdict]]


def rows_of(simulator: Simulator, venue: Venue, listing: Lists) -> list[OrderReport]:
    """Follow a listing to its end."""
    session = session_of(simulator, venue)
    rows: list[OrderReport] = []
    cursor = None
    for _ in range(_MOST_PAGES):
        page = performed(simulator, listing(simulator.credentials.account, cursor), session)
        if not isinstance(page, Page):
            fail(f"Read the simulator's listing as a Page: it is read as {one_line(page)}.")
        rows.extend(page.rows)
        cursor = page.ended().next_page
        if cursor is None:
            break
    require(cursor is None, "Let a listing end: its last page must have no `next_page`.")
    return rows


def fill_book(simulator: Simulator, count: int, statuses: Iterable[OrderStatus]) -> None:
    """Place so many orders, in each of those states in turn, some dead, and one of another account."""
    known = sorted({OrderStatus.CANCELED, *statuses} - _PLAIN, key=lambda status: status.value)
    dead = [{"status": status} for status in known if _is_dead(status)]
    alive: list[Mapping[str, Any]] = [{}, {"filled": Decimal(3)}]
    alive += [{"status": status} for status in known if not _is_dead(status)]
    rest, ends = cycle(alive), cycle(dead)
    for number in range(1, count + 1):
        simulator.place(0.0, **next(rest if number % _DEAD_EVERY else ends))
    simulator.place(0.0, account=simulator.credentials.other_account)


def _is_dead(status: OrderStatus) -> bool:
    return status.status_class is StatusClass.DEAD or status is OrderStatus.REPLACED
