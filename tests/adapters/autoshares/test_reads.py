"""How an order reads, and what a read that does not show one means."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from countermand import ClientOrderId, OrderId, OrderReport, OrderStatus, Reason
from countermand.venue import (
    Gone,
    HttpResponse,
    OrderRead,
    ReadVerdict,
    Refused,
    SessionRefused,
    Throttled,
    Unreadable,
)
from countermand_autoshares._verdicts import read_order

# Get Order's Info, Syntax, with the fields that decide and some that do not.
ORDER: dict[str, Any] = {
    "Id": 73552,
    "SecurityId": 4,
    "Symbol": "AAPL",
    "Quantity": 100.0,
    "Price": 33.0,
    "ClientId": "5df8b6e9-9dd0-4b1e-a1c2-1d9c0c3c57d2",
    "ExecutedQuantity": 25.0,
    "LeavesQuantity": 75.0,
    "AveragePrice": 32.95,
    "Side": "Buy",
    "Date": "2020-07-27T11:10:31.9087216Z",
    "SettDate": "0001-01-01T00:00:00Z",
    "Status": "PartiallyFilled",
    "Target": "New",
    "ParentId": -1,
    "Legs": [],
    "AccountId": 6303,
}
REPORT = OrderReport(
    order_id=OrderId("73552"),
    status=OrderStatus.PARTIALLY_FILLED,
    filled_quantity=Decimal(25),
    account="6303",
    client_order_id=ClientOrderId("5df8b6e9-9dd0-4b1e-a1c2-1d9c0c3c57d2"),
    instrument="AAPL",
    quantity=Decimal(100),
    remaining_quantity=Decimal(75),
    average_price=Decimal("32.95"),
)
LEAST: dict[str, Any] = {"Id": 1, "Status": "Held", "ExecutedQuantity": 0}
LEAST_REPORT = OrderReport(order_id=OrderId("1"), status=OrderStatus.HELD, filled_quantity=Decimal(0))


def answer(value: object, status: int = 200, **headers: str) -> ReadVerdict:
    return read_order(HttpResponse(status=status, headers=headers, content=json.dumps(value).encode()))


def report(**changes: object) -> OrderReport:
    read = answer({**ORDER, **changes})
    assert isinstance(read, OrderRead)
    return read.report


def test_an_order_reads_as_documented() -> None:
    """Swagger, OrderResource: every field that the model has, and no other."""
    assert report() == REPORT


def test_null_keys_are_left_out() -> None:
    """An order with the least of fields is read; those it has not are not known."""
    assert answer(LEAST) == OrderRead(report=LEAST_REPORT)
    nulls = dict.fromkeys(["AccountId", "ClientId", "Symbol", "Legs", "ParentId", "Description", "Quantity"])
    assert answer({**nulls, **LEAST}) == OrderRead(report=LEAST_REPORT)


def test_keys_are_read_in_any_case() -> None:
    """One edition writes them in another case than the next."""
    assert answer({key.lower(): value for key, value in ORDER.items()}) == OrderRead(report=REPORT)


# Swagger, OrderResource, Status, enum
STATUSES = {
    "New": OrderStatus.NEW,
    "PartiallyFilled": OrderStatus.PARTIALLY_FILLED,
    "Filled": OrderStatus.FILLED,
    "DoneForDay": OrderStatus.DONE_FOR_DAY,
    "Canceled": OrderStatus.CANCELED,
    "Replaced": OrderStatus.REPLACED,
    "PendingCancel": OrderStatus.PENDING_CANCEL,
    "Stopped": OrderStatus.STOPPED,
    "Rejected": OrderStatus.REJECTED,
    "Suspended": OrderStatus.SUSPENDED,
    "PendingNew": OrderStatus.PENDING_NEW,
    "Calculated": OrderStatus.CALCULATED,
    "Expired": OrderStatus.EXPIRED,
    "AcceptedForBidding": OrderStatus.ACCEPTED_FOR_BIDDING,
    "PendingReplace": OrderStatus.PENDING_REPLACE,
    "Error": OrderStatus.ERROR,
    "Held": OrderStatus.HELD,
    # none of them
    "Cancelled": OrderStatus.UNKNOWN,
    "canceled": OrderStatus.UNKNOWN,
    "Partially Filled": OrderStatus.UNKNOWN,
    "4": OrderStatus.UNKNOWN,
    "": OrderStatus.UNKNOWN,
}


@pytest.mark.parametrize(("name", "status"), STATUSES.items(), ids=repr)
def test_each_status_has_its_fix_name(name: str, status: OrderStatus) -> None:
    """A name that is not documented is neither alive nor dead."""
    assert report(Status=name).status is status


# (what differs, field of the report, its value)
FIELDS: dict[str, tuple[dict[str, object], str, object]] = {
    # "OrigClientId: Client order id (ClOrdID)": of the order this one took the place of
    "a successor": ({"OrigClientId": "first"}, "replaces", ClientOrderId("first")),
    "its own id there": ({"OrigClientId": ORDER["ClientId"]}, "replaces", None),
    "nothing there": ({"OrigClientId": ""}, "replaces", None),
    "a client id of its own making": ({"ClientId": "with blank"}, "client_order_id", None),
    "a client id with zeros": ({"ClientId": "007"}, "client_order_id", None),
    "no client id": ({"ClientId": ""}, "client_order_id", None),
    "an original id of its own making": ({"OrigClientId": "with blank"}, "replaces", None),
    # Swagger, ParentId: "Parent order id. Assigned by OMS."; -1 is none
    "a leg": ({"ParentId": 73551}, "parent", OrderId("73551")),
    "no parent": ({"ParentId": 0}, "parent", None),
    # Swagger, Target: "Execution target", an enum
    "a refused cancel": ({"Target": "CancelReject"}, "cancel_rejected", True),
    "a rejected order": ({"Target": "Reject"}, "cancel_rejected", False),
    # Swagger, Description: "Used to indicate reject reason or broker comment."
    "a comment": ({"Description": "Too late to cancel"}, "text", "Too late to cancel"),
    "a long comment": ({"Description": "x" * 501}, "text", "x" * 500),
    "no symbol": ({"Symbol": ""}, "instrument", None),
    "an id of 31 bits": ({"Id": 2147483647}, "order_id", OrderId("2147483647")),
    "an exact quantity": ({"ExecutedQuantity": 0.1}, "filled_quantity", Decimal("0.1")),
}


@pytest.mark.parametrize(("changes", "field", "value"), FIELDS.values(), ids=FIELDS)
def test_a_field_is_read_for_what_it_says(changes: dict[str, object], field: str, value: object) -> None:
    """Free text that no router could have named is left out, and the order is read all the same."""
    assert getattr(report(**changes), field) == value


def test_legs_are_read_with_their_order() -> None:
    """Swagger, OrderResource, Legs: orders themselves, also of linked orders among them."""
    leg = {**LEAST, "Status": "Canceled", "ParentId": 73552}
    nested = {**LEAST, "Id": 2, "Legs": [leg]}
    (outer,) = report(Legs=[nested]).legs
    assert (outer.order_id, outer.legs[0].parent) == (OrderId("2"), OrderId("73552"))
    assert outer.legs[0].status is OrderStatus.CANCELED


def nest(depth: int) -> dict[str, Any]:
    return {**LEAST, "Legs": [nest(depth - 1)]} if depth else LEAST


def test_legs_nested_beyond_reason_are_no_order() -> None:
    """Four levels are read; more, however many, is unreadable and no crash."""
    assert isinstance(answer(nest(4)), OrderRead)
    assert answer(nest(5)) == Unreadable(code="200", text="legs within legs, more than 4 deep")
    deep = b'{"Id":1,"Status":"New","ExecutedQuantity":0,"Legs":['
    assert isinstance(read_order(HttpResponse(status=200, content=deep * 500 + b"]}" * 500)), Unreadable)
    assert isinstance(read_order(HttpResponse(status=200, content=deep * 50_000)), Unreadable)


# What is not of the shape: the report is never guessed.
BROKEN: dict[str, dict[str, object]] = {
    "no id": {"Id": None},
    "id 0": {"Id": 0},
    "id a text": {"Id": "73552"},
    "id a float": {"Id": 73552.0},
    "id a bool": {"Id": True},
    "no status": {"Status": None},
    "status a number": {"Status": 4},
    "no executed quantity": {"ExecutedQuantity": None},
    "executed quantity a text": {"ExecutedQuantity": "25"},
    "executed quantity negative": {"ExecutedQuantity": -1},
    "account a text": {"AccountId": "6303"},
    "client id a number": {"ClientId": 7},
    "legs an object": {"Legs": {}},
    "legs a text": {"Legs": ""},
    "a broken leg": {"Legs": [{"Id": 2}]},
    "quantity not a number": {"Quantity": float("nan")},
}


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN)
def test_an_order_that_does_not_fit_is_unreadable(changes: dict[str, object]) -> None:
    """One wrong type spoils it."""
    assert isinstance(answer({**ORDER, **changes}), Unreadable)


@pytest.mark.parametrize("field", ["Id", "Status", "ExecutedQuantity"])
def test_an_order_that_lacks_what_decides_is_unreadable(field: str) -> None:
    """Without id, status or filled quantity there is nothing to conclude from."""
    lacking = {key: value for key, value in ORDER.items() if key != field}
    verdict = answer(lacking)
    assert isinstance(verdict, Unreadable)
    assert "required field missing" in str(verdict.text)


# what came, and what it means
ANSWERS: dict[str, tuple[int, dict[str, str], bytes, ReadVerdict]] = {
    # Swagger, Orders_GetOrder, Responses: 401, 403, 422, 500
    "401": (401, {}, b"", SessionRefused(code="401")),
    "403": (403, {}, b"", Refused(reason=Reason.NOT_AUTHORIZED, code="403")),
    "422": (422, {}, b"", Refused(reason=Reason.INVALID_REQUEST, code="422")),
    "400": (400, {}, b"", Refused(reason=Reason.INVALID_REQUEST, code="400")),
    "409": (409, {}, b"", Refused(code="409")),
    "404": (404, {}, b"", Gone(code="404")),
    "429": (429, {"retry-after": "2"}, b"", Throttled(code="429", retry_after_s=2.0)),
    # a failure of a read tells nothing, and cannot have done anything
    "500": (
        500,
        {},
        b'{"message":"An error occurred","error":"Unexpected server error"}',
        Unreadable(code="500", text="An error occurred: Unexpected server error"),
    ),
    "204": (204, {}, b"", Unreadable(code="204")),
    "an error under 200": (
        200,
        {},
        b'{"Message":"Order not found"}',
        Unreadable(code="200", text="Order not found"),
    ),
    "nothing": (
        200,
        {},
        b"",
        Unreadable(code="200", text="not JSON: Expecting value: line 1 column 1 (char 0)"),
    ),
    "null": (200, {}, b"null", Unreadable(code="200", text="expected an object, got NoneType")),
}


@pytest.mark.parametrize(("status", "headers", "body", "verdict"), ANSWERS.values(), ids=ANSWERS)
def test_each_other_answer_to_a_read_has_its_verdict(
    status: int, headers: dict[str, str], body: bytes, verdict: ReadVerdict
) -> None:
    """None of them is an order."""
    assert read_order(HttpResponse(status=status, headers=headers, content=body)) == verdict
