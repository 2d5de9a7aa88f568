"""Listings of many rows: read in slices, unreadable with one of their rows, whole or told not to be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from decimal import Decimal
from itertools import count as counted
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import OrderId, OrderReport, OrderStatus
from countermand._case._facts import Listing
from countermand._engine._errand import Errand
from countermand._engine._pages import SLICE, SLICE_S, Pages, by_turns, in_slices
from countermand._engine._settings import Settings
from countermand._engine._station import Station
from countermand._engine._watch import Watch
from countermand._engine._whole_listing import WholeListing
from countermand._wire._progress import Progress
from countermand._wire._wire import Wire
from countermand.venue import CallKind, Page, Throttled, Unreadable
from countermand.venue.wire import WireError

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer

Virtually = Callable[[Coroutine[Any, Any, Any]], Any]
BROKEN = "a row that cannot be read"


def order(number: int) -> OrderReport:
    """Make a row."""
    return OrderReport(order_id=OrderId(str(number)), status=OrderStatus.NEW, filled_quantity=Decimal(0))


def lazy(count: int, *, broken: bool = False) -> Iterator[OrderReport]:
    """Give rows as they are asked for, and break at the end if told so."""
    yield from map(order, range(1, count + 1))
    if broken:
        raise WireError(BROKEN)


async def turns(work: Coroutine[Any, Any, Any]) -> tuple[int, Any]:
    """Count how often others have their turn while that works."""
    task, count = asyncio.ensure_future(work), -1
    while not task.done():
        await asyncio.sleep(0)
        count += 1
    return count, task.result()


@pytest.mark.parametrize("size", [0, 1, SLICE - 1, SLICE, SLICE + 1, 5000])
def test_a_long_listing_does_not_hold_the_loop(size: int) -> None:
    """After each slice of rows others have their turn; a short page takes none."""

    async def read() -> None:
        slices: list[list[OrderReport]] = []
        had, unreadable = await turns(in_slices(lazy(size), slices.append, lambda: 0.0))
        assert unreadable is None
        assert [row for some in slices for row in some] == list(lazy(size))
        assert all(0 < len(some) <= SLICE for some in slices)
        assert had == size // SLICE

    asyncio.run(read())


def ticking(step_s: float) -> Callable[[], float]:
    """Make a clock that goes on by so much whenever it is looked at."""
    times = counted()
    return lambda: next(times) * step_s


@pytest.mark.parametrize("broken", [False, True])
def test_rows_that_take_long_do_not_hold_the_loop(broken: bool) -> None:
    """A slice of them is over when its time is, also where they cannot be read."""

    async def read() -> None:
        slices: list[list[OrderReport]] = []
        rows = map(readable, [-1] * 5 if broken else range(1, 6))
        had, unreadable = await turns(in_slices(rows, slices.append, ticking(SLICE_S / 1.5)))
        assert (had, unreadable is not None) == (2, broken)
        assert [len(some) for some in slices] == ([] if broken else [2, 2, 1])

    asyncio.run(read())


def test_work_on_many_values_does_not_hold_the_loop() -> None:
    """Others have their turn as soon as some of it took its time; a little of it takes no turn."""

    async def work() -> None:
        assert await turns(by_turns(range(5), str, ticking(SLICE_S / 1.5))) == (2, ["0", "1", "2", "3", "4"])
        assert await turns(by_turns(range(5), str, lambda: 0.0)) == (0, ["0", "1", "2", "3", "4"])

    asyncio.run(work())


@pytest.mark.parametrize("size", [0, SLICE - 1, SLICE, SLICE + 1])
def test_a_row_that_cannot_be_read(size: int) -> None:
    """It makes the page unreadable, whatever came before it; that is handed over all the same."""

    async def read() -> None:
        slices: list[list[OrderReport]] = []
        assert await in_slices(lazy(size, broken=True), slices.append) == Unreadable(text=BROKEN)
        assert [row for some in slices for row in some] == list(lazy(size))
        pages = Pages(concerns=lambda _: True)
        assert await pages.take(Page(rows=lazy(size, broken=True)), "") == Unreadable(text=BROKEN)

    asyncio.run(read())


@pytest.mark.parametrize("before", [0, 3, SLICE - 1, SLICE])
def test_the_rows_behind_one_that_cannot_be_read(before: int) -> None:
    """They are handed over, in slices; of several the first one is told."""
    numbers = [*range(1, before + 1), -7, *range(before + 1, before + 2 * SLICE), -8, 9999]
    read = [order(number) for number in numbers if number > 0]

    async def main() -> None:
        slices: list[list[OrderReport]] = []
        unreadable = await in_slices(map(readable, numbers), slices.append)
        assert unreadable == Unreadable(text="expected a number, got token-of-mine in 7")
        assert [row for some in slices for row in some] == read
        assert all(0 < len(some) <= SLICE for some in slices)

    asyncio.run(main())


def test_rows_of_which_none_can_be_read_do_not_hold_the_loop() -> None:
    """Others have their turn, so that a deadline can come."""

    async def read() -> None:
        slices: list[list[OrderReport]] = []
        rows = map(readable, [-1] * 5 * SLICE)
        had, unreadable = await turns(in_slices(rows, slices.append, lambda: 0.0))
        assert (had, slices, type(unreadable)) == (5, [], Unreadable)

    asyncio.run(read())


def test_rows_are_asked_for_once() -> None:
    """Each row that concerns somebody is asked once whether it is enough, and none after the one that is."""
    asked = []

    def enough(row: OrderReport) -> bool:
        asked.append(row.order_id.value)
        return row.order_id.value == "5"

    async def read() -> None:
        pages = Pages(concerns=lambda row: int(row.order_id.value) % 2 == 1, enough=enough)
        assert await pages.take(Page(rows=map(order, (1, 2, 3)), next_page=2), "a") is None
        listing = await pages.take(Page(rows=map(order, range(4, SLICE + 9)), next_page=3), "b")
        assert isinstance(listing, Listing)
        assert (listing.pages, len(listing.rows)) == (2, 2 + (SLICE + 9 - 4) // 2)
        assert asked == ["1", "3", "5"]

    asyncio.run(read())


def test_what_stands_behind_the_rows_counts() -> None:
    """It is asked for once these were read, and tells whether another page follows."""

    async def read() -> None:
        left = map(order, (1, 2))
        page = Page(rows=left, behind=lambda: Page(rows=(), next_page=2 + len([*left])))
        assert page.ended().next_page == 4
        pages = Pages(concerns=lambda _: True)
        assert (
            await pages.take(Page(rows=(order(1),), behind=lambda: Page(rows=(), next_page=2)), "a") is None
        )
        listing = await pages.take(Page(rows=(order(2),), behind=lambda: Page(rows=())), "b")
        assert isinstance(listing, Listing)
        assert listing.pages == 2

    asyncio.run(read())


def rows(*ids: int, **told: Any) -> dict[str, Any]:
    """Say a page."""
    return {"say": "rows", "rows": [{"id": str(one), "status": "NEW"} for one in ids], **told}


async def list_whole(venue: Pebble, peer: Peer, until: float = 10.0, **settings: Any) -> WholeListing:
    """List all open orders of account 9."""
    loop = asyncio.get_running_loop()
    errand = Errand(
        number=1,
        account="9",
        kind=CallKind.LISTING,
        until=loop.time() + until,
        overdue_at=loop.time() + until,
        patience_s=3.0,
        progress=Progress(clock=loop.time),
    )
    wire = Wire(httpx.MockTransport(peer))
    station = Station(venue.name, venue, wire, Watch(None), Settings(**settings))
    try:
        return await station.list_whole(errand, lambda page: station.venue.list_open("9", page))
    finally:
        await wire.aclose()


def ids(listing: WholeListing) -> list[str]:
    """Name the orders of a listing."""
    return [row.order_id.value for row in listing.rows]


def test_a_listing_is_read_from_its_first_page_again(
    peer: Peer, pebble: Pebble, virtually: Virtually
) -> None:
    """The pages are asked for in turn, all of them again where rows may have been missed."""
    peer.on("open", rows(1, 2, next=2), rows(4), rows(2, 3, next=2), rows(4), rows(2, 3, next=2), rows(4))
    listing = virtually(list_whole(pebble, peer))
    assert [asked.url.params["page"] for asked in peer.heard] == ["1", "2"] * 3
    assert (ids(listing), listing.incomplete, listing.failure) == (["1", "2", "4", "3"], False, None)
    times = [1000.0 + at for at in peer.when("open")]
    assert listing.began_at == pytest.approx(times[0], abs=0.01)
    assert listing.absent_since == pytest.approx(times[2], abs=0.01)
    assert [row.order_id.value for row in listing.present] == ["2", "4", "3"]


FAILURES: dict[str, tuple[Any, dict[str, Any], Any, str | None]] = {
    "an answer": ({"say": "throttled", "wait": 2.0}, {}, Throttled, None),
    "a page that cannot be read": (httpx.Response(500, text="?"), {}, Unreadable, None),
    "a page over its limit": (rows(*range(1, 200)), {"listing_bytes": 500}, type(None), "over 500 bytes"),
    "no answer in time": (None, {}, type(None), "no answer in time"),
}


@pytest.mark.parametrize(("then", "settings", "answer", "fault"), FAILURES.values(), ids=FAILURES.keys())
def test_a_listing_that_ends_too_early(
    peer: Peer, pebble: Pebble, virtually: Virtually, then: Any, settings: Any, answer: Any, fault: str | None
) -> None:
    """What was read before a failure is told, the failure beside it, and that it is not all."""
    peer.on("open", rows(1, 2, next=2), peer.never if then is None else then)
    listing = virtually(list_whole(pebble, peer, **settings))
    assert (ids(listing), listing.incomplete, listing.pages) == (["1", "2"], True, 1)
    assert listing.failure is not None
    assert type(listing.failure.answer) is answer
    assert (fault or "None") in str(listing.failure.fault)


def readable(number: int) -> OrderReport:
    if number < 0:
        raise WireError(f"expected a number, got token-of-mine in {-number}")
    return order(number)


def test_a_row_that_cannot_be_read_hides_no_other(peer: Peer, pebble: Pebble, virtually: Virtually) -> None:
    """All others are told, also those of further pages; what is said of it holds no secret that was sent."""

    def read(response: Any) -> Page:
        page = int(response.content)
        return Page(rows=map(readable, ((1, -2, 3), (-4, 5))[page - 1]), next_page=2 if page == 1 else None)

    peer.on("open", httpx.Response(200, text="1"), httpx.Response(200, text="2"))
    venue = attrs.evolve(pebble, read=read).by_token("token-of-mine")
    listing = virtually(list_whole(venue, peer))
    assert len(peer.heard) == 2  # it would be the same the next time
    assert (ids(listing), listing.incomplete) == (["1", "3", "5"], True)
    assert listing.failure is not None
    assert listing.failure.answer == Unreadable(text="expected a number, got [redacted] in 4")


def test_rows_that_end_at_one_that_cannot_be_read(peer: Peer, pebble: Pebble, virtually: Virtually) -> None:
    """Those before it are told."""

    def read(_: Any) -> Page:
        return Page(rows=lazy(1, broken=True))

    peer.on("open", rows())
    listing = virtually(list_whole(attrs.evolve(pebble, read=read), peer))
    assert (ids(listing), listing.incomplete) == (["1"], True)
    assert listing.failure is not None
    assert listing.failure.answer == Unreadable(text=BROKEN)


def test_pages_that_end_late(peer: Peer, pebble: Pebble, virtually: Virtually) -> None:
    """What stands behind their rows tells of the next page, and where it cannot be read, of none."""
    asked: list[int] = []

    def behind(page: int) -> Page:
        asked.append(page)
        if page == 3:
            raise WireError("expected a number, got token-of-mine")
        return Page(rows=(), next_page=page + 1, total=5, listed=2)

    def read(response: Any) -> Page:
        page = int(response.content)
        return Page(rows=map(order, (9 - 2 * page, 8 - 2 * page)), behind=lambda: behind(page))

    peer.on("open", *(httpx.Response(200, text=str(page)) for page in (1, 2, 3)))
    listing = virtually(list_whole(attrs.evolve(pebble, read=read).by_token("token-of-mine"), peer))
    assert (ids(listing), asked, listing.incomplete) == (["7", "6", "5", "4", "3", "2"], [1, 2, 3], True)
    assert listing.failure is not None
    assert listing.failure.answer == Unreadable(text="expected a number, got [redacted]")


def test_nothing_that_was_read(peer: Peer, pebble: Pebble, virtually: Virtually) -> None:
    """Where not one page came, nothing is known."""
    peer.on("open", httpx.ConnectError("no"))
    listing = virtually(list_whole(pebble, peer))
    assert listing == WholeListing(failure=listing.failure)
    assert listing.failure is not None
