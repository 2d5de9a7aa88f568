"""How the pages of a listing read, and where they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from countermand import OrderId, OrderReport, Reason
from countermand.venue import (
    Accounts,
    HttpResponse,
    ListingVerdict,
    Page,
    Refused,
    SessionRefused,
    Unreadable,
)
from countermand.venue.wire import WireError
from countermand_autoshares._verdicts import read_accounts, read_history, read_open

ROW = {"Id": 1, "Status": "New", "ExecutedQuantity": 0, "AccountId": 6303}
FULL = [{**ROW, "Id": number} for number in range(100, 0, -1)]
NEXT = "https://api.autoshares.dev/v1.0/accounts/6303/orders?pageNumber=1&pageSize=100"


def listing(value: object, page: int = 0, status: int = 200) -> ListingVerdict:
    return read_history(HttpResponse(status=status, content=json.dumps(value).encode()), page)


def ids(verdict: ListingVerdict) -> list[str]:
    assert isinstance(verdict, Page)
    return [row.order_id.value for row in verdict.rows]


# (answer, page asked for, rows, next page); Swagger, PagingResult[OrderResource]
PAGES: dict[str, tuple[object, int, int, int | None]] = {
    "an account without orders": ({"Result": [], "NextPageLink": "", "TotalCount": 0}, 0, 0, None),
    "the only page": (
        {"Result": [ROW], "NextPageLink": "", "PreviousPageLink": "", "TotalCount": 1},
        0,
        1,
        None,
    ),
    "a count that lies": ({"Result": [ROW], "NextPageLink": "", "TotalCount": 0}, 0, 1, None),
    "no envelope": ([ROW], 0, 1, None),
    "no envelope, full": (FULL, 0, 100, 1),
    "nulls left out": ({"Result": [ROW]}, 0, 1, None),
    "a full page": ({"Result": FULL, "NextPageLink": NEXT, "TotalCount": 180}, 0, 100, 1),
    "a full page that names no other": ({"Result": FULL, "NextPageLink": "", "TotalCount": 0}, 0, 100, 1),
    "a short page that names another": ({"Result": [ROW], "NextPageLink": NEXT}, 2, 1, 3),
    "a short page of a longer count": ({"Result": [ROW], "TotalCount": 202}, 1, 1, 2),
    "the last page": ({"Result": [ROW], "TotalCount": 101}, 1, 1, None),
    "beyond the last page": ({"Result": [], "TotalCount": 100}, 1, 0, None),
    "beyond it, though it names another": ({"Result": [], "NextPageLink": NEXT}, 2, 0, None),
}


@pytest.mark.parametrize(("value", "page", "rows", "following"), PAGES.values(), ids=PAGES)
def test_a_page_says_whether_another_follows(
    value: object, page: int, rows: int, following: int | None
) -> None:
    """All that asks for more is followed, and an empty page ends it."""
    verdict = listing(value, page)
    assert isinstance(verdict, Page)
    assert (len(ids(verdict)), verdict.next_page) == (rows, following)


#: Blanks that make a page so long that it is read row by row.
LONG = b" " * (1 << 18)


@pytest.mark.parametrize("read", [read_open, read_history])
@pytest.mark.parametrize(("value", "page"), [told[:2] for told in PAGES.values()], ids=PAGES)
def test_a_long_page_tells_the_same_behind_its_rows(
    value: object, page: int, read: Callable[..., ListingVerdict]
) -> None:
    """What it tells of others stands behind the rows, of which each is read when it is its turn."""
    content = json.dumps(value).encode()
    short = read(HttpResponse(status=200, content=content), page)
    verdict = read(HttpResponse(status=200, content=content + LONG), page)
    assert isinstance(short, Page)
    assert isinstance(verdict, Page)
    assert list(verdict.rows) == list(short.rows)
    ended = verdict.ended()
    assert (ended.next_page, ended.total, ended.listed) == (short.next_page, short.total, short.listed)


@pytest.mark.parametrize(("size", "row_by_row"), [(1 << 18, False), ((1 << 18) + 1, True)])
@pytest.mark.parametrize("read", [read_open, read_history])
def test_a_page_longer_than_any_should_be_is_read_row_by_row(
    size: int, row_by_row: bool, read: Callable[..., ListingVerdict]
) -> None:
    """So that nobody is held up by it."""
    verdict = read(HttpResponse(status=200, content=json.dumps([ROW]).encode().ljust(size)), 0)
    assert isinstance(verdict, Page)
    assert (verdict.behind is not None) is row_by_row
    assert len(ids(verdict)) == 1


BROKEN: dict[str, object] = {
    "no result": {"TotalCount": 0},
    "result null": {"Result": None},
    "result an object": {"Result": {}},
    "an order": ROW,
    "a number": 7,
    "empty, but it counts orders": {"Result": [], "TotalCount": 3},
    "empty, but it names another": {"Result": [], "NextPageLink": NEXT},
    "an error": {"Message": "The filter query is invalid"},
}


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN)
def test_a_listing_that_does_not_fit_is_unreadable(value: object) -> None:
    """Absence counts only in a complete listing."""
    assert isinstance(listing(value), Unreadable)


@pytest.mark.parametrize("value", [value for value in BROKEN.values() if value != 7])
def test_a_long_listing_that_does_not_fit_is_told_at_its_end(value: object) -> None:
    """What is not there cannot be told before."""
    verdict = read_open(HttpResponse(status=200, content=json.dumps(value).encode() + LONG), 0)
    assert ids(verdict) == []
    assert isinstance(verdict, Page)
    with pytest.raises(WireError):
        verdict.ended()


def test_a_long_page_that_is_none_is_unreadable_at_once() -> None:
    """So nothing is believed of it, not even that its session was accepted."""
    for status, content in ((200, b"<html>"), (200, b"7"), (199, b"[]"), (201, b"[]"), (500, b"[]")):
        assert not isinstance(read_open(HttpResponse(status=status, content=content + LONG), 0), Page)


def test_a_long_page_that_is_cut_off_shows_what_came() -> None:
    """And what stands behind its rows is not known."""
    content = LONG + json.dumps({"Result": FULL}).encode()[:-2]
    verdict = read_open(HttpResponse(status=200, content=content), 0)
    assert isinstance(verdict, Page)
    rows = iter(verdict.rows)
    assert len([next(rows) for _ in FULL]) == 100
    with pytest.raises(WireError):
        next(rows)
    with pytest.raises(WireError):
        verdict.ended()


@pytest.mark.parametrize("read", [read_open, read_history])
def test_a_broken_row_spoils_its_page_when_it_is_its_turn(read: Callable[..., ListingVerdict]) -> None:
    """Those before it are read; absence counts only in a complete listing."""
    body = {"Result": [ROW, {"Id": 2}, ROW]}
    verdict = read(HttpResponse(status=200, content=json.dumps(body).encode()), 0)
    assert isinstance(verdict, Page)
    rows = iter(verdict.rows)
    assert next(rows).order_id == OrderId("1")
    with pytest.raises(WireError, match="status"):
        next(rows)


@pytest.mark.parametrize(("count", "total"), [(7, 7), (0, 0), (None, None)])
def test_the_count_of_the_whole_listing_is_told(count: int | None, total: int | None) -> None:
    """TotalCount as it stands, though it may be 0 with rows beside it; of an open page, also its own rows."""
    dead = {**ROW, "Status": "Filled"}
    content = json.dumps({"Result": [ROW, dead], "TotalCount": count}).encode()
    every, alive = (read(HttpResponse(status=200, content=content), 0) for read in (read_history, read_open))
    assert isinstance(every, Page)
    assert isinstance(alive, Page)
    assert (len(ids(every)), every.total, every.listed) == (2, total, None)
    assert (len(ids(alive)), alive.total, alive.listed) == (1, total, 2)


def test_open_orders_are_those_that_are_not_dead() -> None:
    """Held has no number in the filter, PendingCancel and Suspended are often left out of it."""
    dead = ["Filled", "Canceled", "Rejected", "Expired"]
    alive = ["New", "Held", "PendingCancel", "PendingReplace", "Suspended", "Error", "DoneForDay", "Unheard"]
    rows = [{**ROW, "Id": number, "Status": status} for number, status in enumerate(dead + alive, 1)]
    response = HttpResponse(status=200, content=json.dumps(rows).encode())
    assert ids(read_open(response, 0)) == [str(number) for number in range(5, 13)]
    assert len(ids(read_history(response, 0))) == 12


def test_a_page_of_dead_orders_has_a_following_one() -> None:
    """Paging counts the rows that came, not those that are open."""
    rows = [{**row, "Status": "Filled"} for row in FULL]
    verdict = read_open(HttpResponse(status=200, content=json.dumps(rows).encode()), 4)
    assert isinstance(verdict, Page)
    assert (list(verdict.rows), verdict.next_page) == ([], 5)


def test_a_dead_order_with_a_living_leg_is_open() -> None:
    """An order with legs is dead when all of them are."""
    rows = [{**ROW, "Id": 2, "Status": "Canceled", "Legs": [ROW]}]
    verdict = read_open(HttpResponse(status=200, content=json.dumps(rows).encode()), 0)
    assert ids(verdict) == ["2"]


# Swagger, Orders_GetOrders, Responses
FAILURES: dict[str, tuple[int, ListingVerdict]] = {
    "400": (400, Refused(reason=Reason.INVALID_REQUEST, code="400")),
    "401": (401, SessionRefused(code="401")),
    "500": (500, Unreadable(code="500")),
}


@pytest.mark.parametrize(("status", "verdict"), FAILURES.values(), ids=FAILURES)
def test_a_listing_that_fails_is_no_page(status: int, verdict: ListingVerdict) -> None:
    """Neither of open orders nor of history."""
    response = HttpResponse(status=status)
    assert read_open(response, 0) == verdict == read_history(response, 0)


def test_rows_are_whole_reports() -> None:
    """Account and id are there to be compared."""
    verdict = listing([ROW])
    assert isinstance(verdict, Page)
    row: OrderReport = next(iter(verdict.rows))
    assert (row.order_id, row.account) == (OrderId("1"), "6303")


def test_a_client_finds_its_orders_by_client_id() -> None:
    """The rows bear it; that is how the core finds an order by it."""
    row: dict[str, Any] = {**ROW, "ClientId": "router-7"}
    verdict = listing({"Result": [row]})
    assert isinstance(verdict, Page)
    assert [str(row.client_order_id) for row in verdict.rows] == ["router-7"]


def accounts(value: object, status: int = 200) -> object:
    return read_accounts(HttpResponse(status=status, content=json.dumps(value).encode()))


def test_accounts_are_told_by_their_ids() -> None:
    """Swagger, UserAccountModel: whatever the user may do with it, orders can be in each."""
    rows = [{"Id": 83267, "Enabled": True}, {"id": 6303, "AccessType": "ReadOnly", "Enabled": False}]
    assert accounts(rows) == Accounts(ids=("83267", "6303"))
    assert accounts([]) == Accounts(ids=())


@pytest.mark.parametrize(
    "value", [[{"Id": 1}, {"Enabled": True}], [{"Id": "1"}], [{"Id": 0}], [83267], {"Id": 1}, None]
)
def test_accounts_of_another_shape_are_unreadable(value: object) -> None:
    """One that cannot be read spoils them all: it could be the account in doubt."""
    assert isinstance(accounts(value), Unreadable)


def test_a_refusal_of_accounts_is_told() -> None:
    """As for every other read."""
    assert accounts({"Message": "Authorization has been denied for this request."}, 401) == SessionRefused(
        code="401", text="Authorization has been denied for this request."
    )
