"""What each documented answer means, and what is no answer of the venue's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from countermand import OrderId, OrderStatus, Reason, Scope
from countermand.venue import (
    Accounts,
    CancelTarget,
    Gone,
    MayHaveActed,
    OrderRead,
    Page,
    PerOrder,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    Unreadable,
)
from countermand_alpaca import Alpaca

Answered = Callable[..., Any]

ID = OrderId("61e69015-8549-4bfd-b9c3-01e75843f47d")
OTHER = OrderId("61e69015-8549-4bfd-b9c3-01e75843f47e")
FILLED: dict[str, Any] = {"code": 42210000, "message": 'order is already in "filled" state'}
NOT_FOUND: dict[str, Any] = {"code": 40410000, "message": "order not found"}
PAGE = b"<html><body>Not here</body></html>"

EVERY_CALL = {
    "cancel": lambda venue: venue.cancel(CancelTarget(account="9", order=ID)),
    "cancel all": lambda venue: venue.cancel_all(Scope.account("alpaca", "9")),
    "read": lambda venue: venue.read_order("9", ID),
    "open": lambda venue: venue.list_open("9"),
    "history": lambda venue: venue.list_history("9"),
    "account": lambda venue: venue.list_accounts(),
}
each_call = pytest.mark.parametrize("make", EVERY_CALL.values(), ids=EVERY_CALL)

#: Of DELETE orders/{order_id}: a status and a body to the verdict, its code and its text.
CANCELS = {
    "204": (204, b"", Receipt(code="204")),
    "404": (404, NOT_FOUND, Gone(code="40410000", text="order not found")),
    "422": (422, FILLED, Refused(reason=Reason.VENUE_REFUSED, code="42210000", text=FILLED["message"])),
    "401": (401, {"message": "unauthorized."}, SessionRefused(code="401", text="unauthorized.")),
    "403": (
        403,
        {"message": "forbidden."},
        Refused(reason=Reason.NOT_AUTHORIZED, code="403", text="forbidden."),
    ),
    "400": (
        400,
        {"code": 40010001, "message": "order_id is missing"},
        Refused(reason=Reason.INVALID_REQUEST, code="40010001", text="order_id is missing"),
    ),
    "429": (429, b"", Throttled(code="429")),
    "500": (
        500,
        {"message": "internal server error"},
        MayHaveActed(code="500", text="internal server error"),
    ),
    "503, a page": (503, PAGE, MayHaveActed(code="503")),
}


@pytest.mark.parametrize(("status", "body", "expected"), CANCELS.values(), ids=CANCELS)
def test_answer_to_a_cancel(
    venue: Alpaca, answered: Answered, status: int, body: object, expected: object
) -> None:
    """Each status is a verdict, with the venue's own code and words."""
    assert answered(EVERY_CALL["cancel"](venue), status, body) == expected


@pytest.mark.parametrize("status", [200, 201, 202, 207, 302, 402, 409])
def test_a_status_in_no_document(venue: Alpaca, answered: Answered, status: int) -> None:
    """Nobody knows what it means for a cancel."""
    assert isinstance(answered(EVERY_CALL["cancel"](venue), status, {}), Unreadable)


@each_call
@pytest.mark.parametrize("status", [400, 403, 404, 422])
@pytest.mark.parametrize(
    "body", [PAGE, b"", [], {"error": "not this venue's"}], ids=["html", "empty", "list", "other"]
)
def test_a_refusal_in_foreign_words(
    venue: Alpaca, answered: Answered, make: Callable[[Alpaca], Any], status: int, body: object
) -> None:
    """Without the venue's error object it is somebody else's, such as a proxy's."""
    assert isinstance(answered(make(venue), status, body), Unreadable)


@pytest.mark.parametrize("status", [200, 204, 207])
@each_call
def test_an_error_under_a_success(
    venue: Alpaca, answered: Answered, make: Callable[[Alpaca], Any], status: int
) -> None:
    """A contradiction proves nothing."""
    assert isinstance(answered(make(venue), status, FILLED), Unreadable)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"x_ratelimit_reset": "1679411617", "date": "Tue, 21 Mar 2023 15:13:30 GMT"}, 7.0),
        ({"x_ratelimit_reset": "1679411617", "date": "Tue, 21 Mar 2023 15:14:30 GMT"}, 0.0),
        ({"x_ratelimit_reset": "1679411617"}, None),
        ({"x_ratelimit_reset": "soon", "date": "Tue, 21 Mar 2023 15:13:30 GMT"}, None),
        ({"x_ratelimit_reset": "1679411617", "date": "yesterday"}, None),
        ({}, None),
    ],
    ids=["retry-after", "reset", "reset in the past", "no date", "no number", "no date at all", "neither"],
)
@each_call
def test_how_long_to_wait(
    venue: Alpaca,
    answered: Answered,
    make: Callable[[Alpaca], Any],
    headers: dict[str, str],
    wait_s: float | None,
) -> None:
    """A throttled call is told when the counter begins anew, by the reply's own clock."""
    verdict = answered(make(venue), 429, {"message": "too many requests."}, **headers)
    assert (type(verdict), verdict.retry_after_s) == (Throttled, wait_s)


def test_answer_to_a_mass_cancel(venue: Alpaca, answered: Answered) -> None:
    """Each order has its own status, read as that of its own cancel."""
    statuses = {200: Receipt, 404: Gone, 422: Refused, 429: Throttled, 500: MayHaveActed, 409: Unreadable}
    ids = {OrderId(f"61e69015-8549-4bfd-b9c3-000000000{status}"): status for status in statuses}
    rows = [{"id": one.value, "status": status} for one, status in ids.items()]
    verdict = answered(EVERY_CALL["cancel all"](venue), 207, rows)
    assert isinstance(verdict, PerOrder)
    assert {one: type(said) for one, said in verdict.orders.items()} == {
        one: statuses[status] for one, status in ids.items()
    }


def test_a_broken_row_hides_no_other(venue: Alpaca, answered: Answered) -> None:
    """Of an order whose row cannot be read nobody knows, and of the others it is known."""
    rows = [
        {"id": "no id", "status": 200},
        {"id": OTHER.value, "status": 200},
        {"id": ID.value, "status": "200"},
    ]
    verdict = answered(EVERY_CALL["cancel all"](venue), 207, rows)
    assert verdict == PerOrder(orders={OTHER: Receipt(code="200")}, code="207")
    assert isinstance(verdict.of(ID), MayHaveActed)


@pytest.mark.parametrize(
    "rows",
    [
        [{"id": ID.value, "status": 200}, {"id": ID.value, "status": 422}],
        [{"id": "no id", "status": 200}],
        {"id": ID.value, "status": 200},
        PAGE,
        b"",
    ],
    ids=["an order twice", "no order", "no list", "html", "empty"],
)
def test_a_mass_cancel_that_cannot_be_read(venue: Alpaca, answered: Answered, rows: object) -> None:
    """What became of any of them is not known."""
    assert isinstance(answered(EVERY_CALL["cancel all"](venue), 207, rows), Unreadable)


def test_a_mass_cancel_of_nothing(venue: Alpaca, answered: Answered) -> None:
    """No order was open: the venue has the call, and tells of none."""
    assert answered(EVERY_CALL["cancel all"](venue), 207, []) == Receipt(code="207")


def test_one_receipt_speaks_for_one_order(venue: Alpaca, answered: Answered) -> None:
    """204 is the answer to one cancel; under a mass cancel it is in no document."""
    assert isinstance(answered(EVERY_CALL["cancel all"](venue), 204), Unreadable)


def test_reads(venue: Alpaca, answered: Answered, order: Callable[..., dict[str, Any]]) -> None:
    """What was asked for comes under 200."""
    read = answered(EVERY_CALL["read"](venue), 200, order())
    assert isinstance(read, OrderRead)
    assert read.report.status is OrderStatus.PENDING_NEW
    page = answered(EVERY_CALL["open"](venue), 200, [order()])
    assert isinstance(page, Page)
    assert [row.order_id for row in page.rows] == [ID]
    account = {"id": "1d9eed04-be39-4e01-9b84-a48ac5bbafcf", "account_number": "PALPACA_123"}
    assert answered(EVERY_CALL["account"](venue), 200, account) == Accounts(ids=("PALPACA_123",))


def test_an_invalid_read(venue: Alpaca, answered: Answered) -> None:
    """Under a read 422 says nothing about any order: its parameters are not recognized."""
    verdict = answered(EVERY_CALL["read"](venue), 422, {"code": 40010001, "message": "order_id is missing"})
    assert verdict == Refused(reason=Reason.INVALID_REQUEST, code="40010001", text="order_id is missing")


@each_call
@pytest.mark.parametrize("body", [PAGE, b"", b"[", b"\xff", {}, {"id": 7}, None, "text", 7], ids=repr)
def test_a_success_of_no_shape(
    venue: Alpaca, answered: Answered, make: Callable[[Alpaca], Any], body: object
) -> None:
    """A 200 that is none of the shapes proves nothing, and never raises."""
    assert isinstance(answered(make(venue), 200, body), Unreadable)
