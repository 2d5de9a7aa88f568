"""Orders as APEX shows them, and what becomes of each field."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand import ClientOrderId, OrderId, OrderReport, OrderStatus
from countermand.venue import (
    Accounts,
    Gone,
    HttpResponse,
    OrderRead,
    Page,
    SessionRefused,
    TrailRead,
    Unreadable,
)
from countermand.venue.wire import WireError
from countermand_apex import Apex, SessionToken

VENUE = Apex("https://api.venue.example:8443", auth=SessionToken("token"))
READ = VENUE.read_order("9", OrderId("6713")).read
TRAIL = VENUE.read_trail("9", OrderId("6713")).read
OPEN = VENUE.list_open("9").read
HISTORY = VENUE.list_history("9").read

# The fields of AlphaPoint GetOrderStatus, Response.
ORDER: dict[str, Any] = {
    "Side": "Sell",
    "OrderId": 6713,
    "Price": 7500.0,
    "Quantity": 0.006,
    "DisplayQuantity": 0.006,
    "Instrument": 1,
    "Account": 9,
    "AccountName": "sample",
    "OrderType": "Limit",
    "ClientOrderId": 77,
    "OrderState": "Working",
    "ReceiveTime": 1678988475010,
    "OrigQuantity": 0.01,
    "QuantityExecuted": 0.004,
    "GrossValueExecuted": 30.0,
    "AvgPrice": 7500.0,
    "ChangeReason": "Trade",
    "OrigOrderId": 6713,
    "OrigClOrdId": 77,
    "EnteredBy": 81,
    "IsQuote": False,
    "RejectReason": "",
    "CancelReason": "",
    "OMSId": 1,
}
REPORT = OrderReport(
    order_id=OrderId("6713"),
    status=OrderStatus.PARTIALLY_FILLED,
    filled_quantity=Decimal("0.004"),
    account="9",
    client_order_id=ClientOrderId("77"),
    instrument="1",
    quantity=Decimal("0.01"),
    remaining_quantity=Decimal("0.006"),
    average_price=Decimal("7500.0"),
    entered_by="81",
    text="Trade",
)


def reply(body: object, status: int = 200) -> HttpResponse:
    return HttpResponse(status=status, content=json.dumps(body).encode())


def read(**changed: object) -> OrderReport:
    verdict = READ(reply({**ORDER, **changed}))
    assert isinstance(verdict, OrderRead)
    return verdict.report


@pytest.mark.parametrize("body", [ORDER, [ORDER]], ids=["an object", "a list of one"])
def test_an_order_is_read_field_by_field(body: object) -> None:
    """GetOrderStatus answers with one order; some client code expects a list of one."""
    assert READ(reply(body)) == OrderRead(report=REPORT)


STATES = {
    # GetOrderStatus, Response, OrderState, is one of
    # "0 Unknown, 1 Working, 2 Rejected, 3 Canceled, 4 Expired, 5 FullyExecuted"
    ("Unknown", 0): OrderStatus.UNKNOWN,
    ("Working", 1): OrderStatus.NEW,
    ("Rejected", 2): OrderStatus.REJECTED,
    ("Canceled", 3): OrderStatus.CANCELED,
    ("Expired", 4): OrderStatus.EXPIRED,
    ("FullyExecuted", 5): OrderStatus.FILLED,
}


@pytest.mark.parametrize(("spellings", "status"), STATES.items(), ids=str)
def test_every_order_state_has_its_status(spellings: tuple[object, ...], status: OrderStatus) -> None:
    """By its name or by its number."""
    assert {read(OrderState=spelling, QuantityExecuted=0).status for spelling in spellings} == {status}


@pytest.mark.parametrize("state", ["working", "Suspended", "", "3", 6, -1, True, None, 3.0, [3]])
def test_a_state_of_no_document_is_unknown(state: object) -> None:
    """A name that is not in the table is neither alive nor dead."""
    assert read(OrderState=state).status is OrderStatus.UNKNOWN


def test_partly_filled_is_working_with_a_quantity_executed() -> None:
    """And partly filled, then canceled, is Canceled with what was filled."""
    assert read(QuantityExecuted=0.001).status is OrderStatus.PARTIALLY_FILLED
    assert read(QuantityExecuted=0).status is OrderStatus.NEW
    canceled = read(OrderState="Canceled", QuantityExecuted=0.001)
    assert (canceled.status, canceled.filled_quantity) == (OrderStatus.CANCELED, Decimal("0.001"))


def test_user_modified_proves_no_cancel() -> None:
    """ChangeReason 100 stands on a modified order that works on, as on a replaced one."""
    assert read(ChangeReason="UserModified", QuantityExecuted=0).status is OrderStatus.NEW


REPLACED = {
    "another order's id": (6500, OrderId("6500")),
    "its own id": (6713, None),
    "0": (0, None),
    "null": (None, None),
}


@pytest.mark.parametrize(("original", "replaces"), REPLACED.values(), ids=REPLACED)
def test_only_another_orders_id_means_a_replacement(original: object, replaces: OrderId | None) -> None:
    """In samples an order that replaced nothing carries its own id or 0 as OrigOrderId."""
    assert read(OrigOrderId=original).replaces == replaces


TEXTS = {
    "cancel": ({"CancelReason": "SystemCanceled_NoMoreMarket"}, "SystemCanceled_NoMoreMarket: Trade"),
    "reject": ({"RejectReason": "Not_Enough_Funds"}, "Not_Enough_Funds: Trade"),
    "a number": ({"ChangeReason": 100}, "100"),
    "none": ({"ChangeReason": None, "CancelReason": None, "RejectReason": None}, None),
    "a nest": ({"ChangeReason": [[]]}, None),
}


@pytest.mark.parametrize(("fields", "text"), TEXTS.values(), ids=TEXTS)
def test_the_reasons_are_kept_as_text(fields: dict[str, object], text: str | None) -> None:
    """What the venue says of the why stands in the report, and decides nothing."""
    assert read(**fields).text == text


def test_what_versions_leave_out_is_missing_not_made_up() -> None:
    """The id, the state and the executed quantity are the least there must be."""
    least = {"OrderId": 6713, "OrderState": "Working", "QuantityExecuted": 0}
    expected = OrderReport(order_id=OrderId("6713"), status=OrderStatus.NEW, filled_quantity=Decimal(0))
    assert READ(reply(least)) == OrderRead(report=expected)


def test_a_client_order_id_of_0_is_none() -> None:
    """CancelOrder, Request: "ClientOrderId defaults to 0", so it means unset."""
    assert read(ClientOrderId=0).client_order_id is None


@pytest.mark.parametrize(("entered_by", "told"), [(81, "81"), (0, None), (None, None)])
def test_who_entered_an_order_is_told_as_text(entered_by: int | None, told: str | None) -> None:
    """GetOrderStatus, Response, EnteredBy: a user's id; 0 is no user."""
    assert read(EnteredBy=entered_by).entered_by == told


BROKEN = {
    "who entered it a text": {**ORDER, "EnteredBy": "81"},
    "no id": {key: value for key, value in ORDER.items() if key != "OrderId"},
    "no state": {key: value for key, value in ORDER.items() if key != "OrderState"},
    "no executed quantity": {key: value for key, value in ORDER.items() if key != "QuantityExecuted"},
    "executed quantity a text": {**ORDER, "QuantityExecuted": "0"},
    "executed quantity negative": {**ORDER, "QuantityExecuted": -1},
    "id a text": {**ORDER, "OrderId": "6713"},
    "id through a float": {**ORDER, "OrderId": 6713.0},
    "account a text": {**ORDER, "Account": "9"},
    "no object": 6713,
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_order_is_unreadable_wherever_it_stands(broken: object) -> None:
    """One broken row spoils its page, when it is its turn: absence counts only in a complete listing."""
    for reader in (OPEN, HISTORY):
        page = reader(reply([ORDER, broken, ORDER]))
        assert isinstance(page, Page)
        rows = iter(page.rows)
        assert next(rows) == REPORT
        with pytest.raises(WireError):
            next(rows)
    assert isinstance(TRAIL(reply([ORDER, broken])), Unreadable)
    assert isinstance(READ(reply(broken)), Unreadable)


@pytest.mark.parametrize("body", [{}, "", 7], ids=["an object", "a text", "a number"])
def test_a_listing_that_is_no_list_is_unreadable(body: object) -> None:
    """Nothing is there to be iterated."""
    for reader in (OPEN, HISTORY, TRAIL):
        assert isinstance(reader(reply(body)), Unreadable)


@pytest.mark.parametrize("body", [[], [ORDER, ORDER], {}, None], ids=["none", "two", "empty", "null"])
def test_a_single_read_gives_one_order_or_none_at_all(body: object) -> None:
    """An order that is not there is errorcode 104; an empty list is no documented answer."""
    assert isinstance(READ(reply(body)), Unreadable)


def test_another_orders_answer_is_returned_as_what_it_is() -> None:
    """Whether it is the order asked for is compared by the core."""
    assert read(OrderId=1).order_id == OrderId("1")


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_open_orders_are_one_page(rows: int) -> None:
    """GetOpenOrders answers with the whole list, and with [] if there is none."""
    verdict = OPEN(reply([ORDER] * rows))
    assert isinstance(verdict, Page)
    assert attrs.evolve(verdict, rows=tuple(verdict.rows)) == Page(rows=(REPORT,) * rows, next_page=None)


def test_of_open_orders_that_are_cut_short_the_first_ones_are_read() -> None:
    """Where the list breaks off, its rows do; under no other status than 200 is any read."""
    whole = reply([ORDER, ORDER])
    cut = attrs.evolve(whole, content=b" " + whole.content[:-9])
    verdict = OPEN(cut)
    assert isinstance(verdict, Page)
    rows = iter(verdict.rows)
    assert next(rows) == REPORT
    with pytest.raises(WireError):
        next(rows)
    for status in (199, 201, 500):
        assert isinstance(OPEN(attrs.evolve(cut, status=status)), Unreadable)


@pytest.mark.parametrize(
    ("page", "rows", "following"),
    [(None, 0, None), (None, 99, 99), (None, 100, 100), (100, 100, 200), (200, 0, None), (None, 130, 130)],
)
def test_only_an_empty_page_of_history_is_the_last(
    page: int | None, rows: int, following: int | None
) -> None:
    """GetOrderHistory is paged by Depth and StartIndex; whoever gives more or less is followed."""
    verdict = VENUE.list_history("9", page).read(reply([ORDER] * rows))
    assert isinstance(verdict, Page)
    assert (len(tuple(verdict.rows)), verdict.next_page) == (rows, following)
    # So long that it is read row by row, what follows is known behind the rows.
    long = attrs.evolve(reply([ORDER] * rows), content=reply([ORDER] * rows).content + b" " * (1 << 18))
    verdict = VENUE.list_history("9", page).read(long)
    assert isinstance(verdict, Page)
    assert (len(tuple(verdict.rows)), verdict.ended().next_page) == (rows, following)


@pytest.mark.parametrize(("size", "row_by_row"), [(1 << 18, False), ((1 << 18) + 1, True)])
def test_a_page_longer_than_asked_for_is_read_row_by_row(size: int, row_by_row: bool) -> None:
    """So that nobody is held up by it."""
    whole = reply([ORDER])
    verdict = HISTORY(attrs.evolve(whole, content=whole.content.ljust(size)))
    assert isinstance(verdict, Page)
    assert (verdict.behind is not None) is row_by_row
    assert list(verdict.rows) == [REPORT]


@pytest.mark.parametrize(
    ("status", "content"),
    [(200, b"<html>"), (200, b"7"), (199, b"[]"), (201, b"[]"), (401, b"[]"), (500, b"[]")],
)
def test_a_long_page_that_is_none_is_none_at_once(status: int, content: bytes) -> None:
    """So nothing is believed of it, not even that its session was accepted."""
    for long in (content, content.ljust((1 << 18) + 1)):
        assert not isinstance(HISTORY(HttpResponse(status=status, content=long)), Page)


def test_the_newest_change_comes_first() -> None:
    """GetOrderHistoryByOrderId lists newest first, a row for each change."""
    newest = {**ORDER, "OrderState": "Canceled"}
    verdict = TRAIL(reply([newest, ORDER]))
    assert isinstance(verdict, TrailRead)
    assert verdict.report is not None
    assert verdict.report.status is OrderStatus.CANCELED
    assert not verdict.cancel_rejected


def test_a_trail_of_nothing_shows_nothing() -> None:
    """An order without changes is not made up."""
    assert TRAIL(reply([])) == TrailRead(report=None)


FAILURES = {
    "104": (reply({"result": False, "errorcode": 104}), Gone),
    "20": (reply({"result": False, "errorcode": 20}), SessionRefused),
    "500": (reply([ORDER], status=500), Unreadable),
    "206": (reply([ORDER], status=206), Unreadable),
    "404": (reply([ORDER], status=404), Unreadable),
    "an object": (reply(ORDER), Unreadable),
}


@pytest.mark.parametrize(("answer", "kind"), FAILURES.values(), ids=FAILURES)
def test_a_listing_that_does_not_come_is_a_failure(answer: HttpResponse, kind: type) -> None:
    """An error is never an empty list."""
    for reader in (OPEN, HISTORY, TRAIL):
        assert isinstance(reader(answer), kind)


@given(number=st.integers(min_value=1, max_value=(1 << 63) - 1), account=st.integers(1, (1 << 63) - 1))
def test_ids_are_exact(number: int, account: int) -> None:
    """Every 64-bit id is read back digit by digit."""
    report = read(OrderId=number, ClientOrderId=number, Account=account)
    assert (report.order_id.value, report.account) == (str(number), str(account))
    assert report.client_order_id == ClientOrderId(str(number))


@given(st.decimals(min_value=0, max_value=10**10, places=18))
def test_quantities_are_exact(quantity: Decimal) -> None:
    """Numbers may carry 28 digits: none of them passes through a float."""
    body = json.dumps({**ORDER, "QuantityExecuted": 1234.5}).replace("1234.5", f"{quantity:f}")
    verdict = READ(HttpResponse(status=200, content=body.encode()))
    assert isinstance(verdict, OrderRead)
    assert verdict.report.filled_quantity == quantity


ACCOUNTS = VENUE.list_accounts().read


@pytest.mark.parametrize(("body", "ids"), [([9, 10], ("9", "10")), ([], ())], ids=["two", "none"])
def test_accounts_are_a_bare_list_of_ids(body: object, ids: tuple[str, ...]) -> None:
    """GetUserAccounts answers with the numbers alone."""
    assert ACCOUNTS(reply(body)) == Accounts(ids=ids)


@pytest.mark.parametrize(
    "body", [[9, "10"], [9, 0], [9, -1], [True], [9.0], [{"AccountId": 9}], {"accounts": [9]}, "9", None]
)
def test_accounts_of_another_shape_are_unreadable(body: object) -> None:
    """One id that cannot be read spoils them all: it could be the account in doubt."""
    assert isinstance(ACCOUNTS(reply(body)), Unreadable)


def test_a_refusal_of_accounts_is_told() -> None:
    """As for every other read."""
    body = {"result": False, "errormsg": "Not Authorized", "errorcode": 20, "detail": None}
    assert ACCOUNTS(reply(body)) == SessionRefused(code="20", text="Not Authorized")
