"""What the answer to a cancel means: each row under the sentence it comes from, and the whole grid."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from countermand import Reason
from countermand.venue import (
    Acted,
    CancelVerdict,
    Gone,
    HttpResponse,
    MayHaveActed,
    Page,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    Unreadable,
)
from countermand_autoshares._verdicts import read_cancel, read_history, read_sync_cancel

# The vendor's bodies, as printed.
APP_KEY = b'{\n    "error": "Application key is not defined or does not exist"\n}'
DENIED = b'{"Message":"Authorization has been denied for this request."}'
UNEXPECTED = (
    b'{"message":"An error occurred while processing your request","error":"Unexpected server error"}'
)
CONFLICT = b'{"Model":null,"Errors":["Order is already filled"],"StatusCode":409,"IsSucceed":false}'
INVALID = b'{"Message":"The request is invalid."}'
VALIDATION = (
    b'{"Message":"Validation error occured while processing entity",'
    b'"ModelState":{"Quantity":["must be positive"]}}'
)
VERSION = b'{"Error":{"Code":"UnsupportedApiVersion","Message":"The HTTP resource does not support it"}}'
NO_ROUTE = b'{"Message":"No HTTP resource was found that matches the request URI \'https://\'."}'
HTML = b"<html><title>503 Service Unavailable</title></html>"

NOT_AUTHORIZED, INVALID_REQUEST = Reason.NOT_AUTHORIZED, Reason.INVALID_REQUEST
APP_KEY_TEXT = "Application key is not defined or does not exist"
NOT_JSON = "not JSON: Expecting value: line 1 column 1 (char 0)"

# (status, body, verdict) for DELETE orders
ANSWERS: dict[str, tuple[int, bytes, CancelVerdict]] = {
    # Cancel an Order, Response: "you'll receive no JSON file. The status code of the request will be 204"
    "204 without a body": (204, b"", Receipt(code="204")),
    # Swagger, Orders_CancelOrder: 200 "OK", "schema": {"type": "object"}
    "200 without a body": (200, b"", Receipt(code="200")),
    "200 with an object": (200, b'{"Id":73552}', Receipt(code="200")),
    "200 with a success": (200, b'{"IsSucceed":true,"Errors":null}', Receipt(code="200")),
    "200 with another success": (200, b'{"is_successful":true}', Receipt(code="200")),
    # business refusals come under 200 elsewhere in the API
    "200 with a failure": (
        200,
        b'{"Errors":["Order is already filled"],"IsSucceed":false}',
        MayHaveActed(code="200", text="Order is already filled"),
    ),
    "200 with a false IsSuccessful": (200, b'{"IsSuccessful":false}', MayHaveActed(code="200")),
    "200 with Errors only": (200, b'{"Errors":[]}', MayHaveActed(code="200")),
    "200 with error only": (200, b'{"error":"no"}', MayHaveActed(code="200", text="no")),
    "200 with Message only": (200, b'{"Message":"no"}', MayHaveActed(code="200", text="no")),
    "200 with a contradiction": (
        200,
        b'{"IsSucceed":true,"Errors":["no"]}',
        MayHaveActed(code="200", text="no"),
    ),
    "200 with two contradicting keys": (
        200,
        b'{"IsSucceed":true,"IsSuccessful":false}',
        MayHaveActed(code="200"),
    ),
    "200 with a text for a bool": (200, b'{"IsSucceed":"true"}', MayHaveActed(code="200")),
    "200 with a bare text": (200, b'"canceled"', MayHaveActed(code="200", text="canceled")),
    "200 with null": (200, b"null", MayHaveActed(code="200", text="expected an object, got NoneType")),
    "200 with a list": (200, b"[]", MayHaveActed(code="200", text="expected an object, got list")),
    "200 with HTML": (200, HTML, MayHaveActed(code="200", text=NOT_JSON)),
    "200 with a key twice": (
        200,
        b'{"error":"a","Error":null}',
        MayHaveActed(code="200", text="a key stands twice in one object"),
    ),
    # HTTP knows no 204 with a body: this is not the documented answer
    "204 with a body": (204, b"{}", Unreadable(code="204")),
    # no document has another success
    "202": (202, b"", Unreadable(code="202")),
    # Cancel an Order, Common Mistakes, "Failing to Specify the Et-App-Key Parameter"; Swagger says 403,
    # the newer pages 401
    "a wrong key under 403": (
        403,
        APP_KEY,
        Refused(reason=NOT_AUTHORIZED, code="403", text=APP_KEY_TEXT),
    ),
    "a wrong key under 401": (
        401,
        APP_KEY,
        Refused(reason=NOT_AUTHORIZED, code="401", text=APP_KEY_TEXT),
    ),
    "a wrong key, its error in capitals": (
        401,
        APP_KEY.upper(),
        Refused(reason=NOT_AUTHORIZED, code="401", text=APP_KEY_TEXT.upper()),
    ),
    # Swagger: 401 "The access level of the provided authorization token is not sufficient …"
    "a bad token": (
        401,
        DENIED,
        SessionRefused(code="401", text="Authorization has been denied for this request."),
    ),
    "401 without a body": (401, b"", SessionRefused(code="401")),
    # IIS has a page of its own for it
    "401 with HTML": (401, HTML, SessionRefused(code="401", text=NOT_JSON)),
    # Swagger: 403 "The provided Et-App-Key is incorrect."
    "403 without a body": (403, b"", Refused(reason=NOT_AUTHORIZED, code="403")),
    # Swagger: 500 "Internal server error", seen for an unknown account
    "an unknown account": (
        500,
        UNEXPECTED,
        MayHaveActed(
            code="500", text="An error occurred while processing your request: Unexpected server error"
        ),
    ),
    "500 without a body": (500, b"", MayHaveActed(code="500")),
    "503 with HTML": (503, HTML, MayHaveActed(code="503", text=NOT_JSON)),
    # Swagger: 409 "A conflict has occurred while attempting to cancel the order."
    "a completed order": (
        409,
        CONFLICT,
        Refused(code="409", text="Order is already filled"),
    ),
    "409 without a body": (409, b"", Refused(code="409")),
    "409 with a bare text": (409, b'"Too late"', Refused(code="409", text="Too late")),
    "409 that claims success": (409, b'{"IsSucceed":true}', Unreadable(code="409")),
    "409 with HTML": (409, HTML, Unreadable(code="409", text=NOT_JSON)),
    # in the API description for sibling calls
    "not a number": (
        400,
        INVALID,
        Refused(reason=INVALID_REQUEST, code="400", text="The request is invalid."),
    ),
    # Swagger: 422 "A validation error occurred while processing the request."
    "validation": (
        422,
        VALIDATION,
        Refused(
            reason=INVALID_REQUEST,
            code="422",
            text="Validation error occured while processing entity: must be positive",
        ),
    ),
    "404 without a body": (404, b"", Gone(code="404")),
    "404 with a message": (404, b'{"message":"Order not found"}', Gone(code="404", text="Order not found")),
    "404 with HTML": (404, HTML, Unreadable(code="404", text=NOT_JSON)),
    # the documented answers to a wrong route
    "another version": (
        404,
        VERSION,
        Refused(
            reason=Reason.NOT_SUPPORTED,
            code="UnsupportedApiVersion",
            text="UnsupportedApiVersion: The HTTP resource does not support it",
        ),
    ),
    "a wrong route": (
        404,
        NO_ROUTE,
        Refused(
            reason=Reason.NOT_SUPPORTED,
            code="404",
            text="No HTTP resource was found that matches the request URI 'https://'.",
        ),
    ),
    "404 about the key": (404, APP_KEY, Unreadable(code="404", text=APP_KEY_TEXT)),
    # the newer pages, Rate Limits: 429 with Retry-After; not whether the call was processed
    "a limit": (429, HTML, Throttled(code="429", text=NOT_JSON)),
    "a redirect": (302, b"", Unreadable(code="302")),
    "405": (405, INVALID, Unreadable(code="405", text="The request is invalid.")),
}


@pytest.mark.parametrize(("status", "body", "verdict"), ANSWERS.values(), ids=ANSWERS)
def test_each_answer_to_a_quick_cancel_has_its_verdict(
    status: int, body: bytes, verdict: CancelVerdict
) -> None:
    """The venue's own code and words are kept."""
    assert read_cancel(HttpResponse(status=status, content=body)) == verdict


@pytest.mark.parametrize(("status", "body", "verdict"), ANSWERS.values(), ids=ANSWERS)
def test_a_slow_cancel_differs_by_its_204_only(status: int, body: bytes, verdict: CancelVerdict) -> None:
    """Swagger, SyncOrders_CancelOrder: "ensure that it is cancelled on the execution venue"."""
    if (status, body) == (204, b""):
        verdict = Receipt(executed=True, code="204")
    assert read_sync_cancel(HttpResponse(status=status, content=body)) == verdict


# The same as a grid: what each status means under each kind of body. A blank is Unreadable.
KINDS = {
    "empty": b"",
    "object": b'{"Id":1}',
    "success": b'{"IsSucceed":true}',
    "failure": CONFLICT,
    "key": APP_KEY,
    "route": VERSION,
    "html": HTML,
}
GRID = {
    # empty, object, success, failure, key, route, html
    200: ("receipt", "receipt", "receipt", "maybe", "maybe", "maybe", "maybe"),
    204: ("receipt", "", "", "", "", "", ""),
    400: ("invalid", "invalid", "", "invalid", "invalid", "invalid", ""),
    401: ("session", "session", "", "session", "denied", "session", "session"),
    403: ("denied", "denied", "", "denied", "denied", "denied", ""),
    404: ("gone", "gone", "", "gone", "", "unsupported", ""),
    409: ("refused", "refused", "", "refused", "refused", "refused", ""),
    422: ("invalid", "invalid", "", "invalid", "invalid", "invalid", ""),
    429: ("throttled",) * 7,
    **dict.fromkeys(range(500, 600), ("maybe",) * 7),
}
WORDS: dict[str, tuple[type, Reason | None, Acted]] = {
    "": (Unreadable, None, Acted.MAYBE),
    "receipt": (Receipt, None, Acted.YES),
    "maybe": (MayHaveActed, None, Acted.MAYBE),
    "invalid": (Refused, Reason.INVALID_REQUEST, Acted.NO),
    "denied": (Refused, Reason.NOT_AUTHORIZED, Acted.NO),
    "refused": (Refused, Reason.VENUE_REFUSED, Acted.NO),
    "unsupported": (Refused, Reason.NOT_SUPPORTED, Acted.NO),
    "session": (SessionRefused, None, Acted.NO),
    "gone": (Gone, None, Acted.NO),
    "throttled": (Throttled, None, Acted.MAYBE),
}


@pytest.mark.parametrize("read", [read_cancel, read_sync_cancel])
@pytest.mark.parametrize("kind", KINDS)
def test_every_status_under_every_kind_of_body_gives_exactly_its_verdict(
    read: Callable[[HttpResponse], CancelVerdict], kind: str
) -> None:
    """From 100 to 599, and beyond what HTTP has."""
    column = list(KINDS).index(kind)
    for status in range(1000):
        verdict = read(HttpResponse(status=status, content=KINDS[kind]))
        row = GRID.get(status, ("",) * len(KINDS))
        told = (type(verdict), getattr(verdict, "reason", None), verdict.acted)
        assert told == WORDS[row[column]], (status, kind)


WAITS: dict[str, tuple[dict[str, str], float | None]] = {
    "seconds": ({"Retry-After": "12"}, 12.0),
    "a date": (
        {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT", "Date": "Fri, 31 Dec 1999 23:59:29 GMT"},
        30.0,
    ),
    "nothing": ({}, None),
    "garbage": ({"Retry-After": "soon"}, None),
}


@pytest.mark.parametrize(("headers", "wait"), WAITS.values(), ids=WAITS)
def test_a_throttled_cancel_bears_the_wait_it_was_told(headers: dict[str, str], wait: float | None) -> None:
    """The newer pages, Rate Limits: 429 with Retry-After."""
    verdict = read_cancel(HttpResponse(status=429, headers=headers))
    assert verdict == Throttled(code="429", retry_after_s=wait)


ROW = {"Id": 1, "Status": "New", "ExecutedQuantity": 0}
#: rows, TotalCount and page of a listing: the page that follows.
FOLLOWING = {(101, 0, 0): 1, (4, 102, 1): None, (4, 104, 1): None, (4, 105, 1): 2}


@pytest.mark.parametrize(("rows", "count", "page"), FOLLOWING, ids=str)
def test_a_page_follows_a_full_one_or_a_count_that_is_not_reached(rows: int, count: int, page: int) -> None:
    """Swagger, PagingResult: TotalCount; a page holds 100 orders, or whatever the venue makes of that."""
    body = json.dumps({"Result": [ROW] * rows, "TotalCount": count}).encode()
    verdict = read_history(HttpResponse(status=200, content=body), page)
    assert isinstance(verdict, Page)
    assert verdict.next_page == FOLLOWING[rows, count, page]


@pytest.mark.parametrize("read", [read_cancel, read_sync_cancel])
def test_a_receipt_is_read_but_once(read: Callable[[HttpResponse], CancelVerdict]) -> None:
    """The venue says it in the same bytes over and over; whatever else it says is read each time."""
    assert read(HttpResponse(status=204)) is read(HttpResponse(status=204))
    assert read(HttpResponse(status=409)) is not read(HttpResponse(status=409))


def test_a_long_text_is_cut() -> None:
    """500 characters of the venue's words are kept."""
    verdict = read_cancel(HttpResponse(status=409, content=b'"' + b"x" * 2000 + b'"'))
    assert verdict == Refused(code="409", text="x" * 500)


def test_words_that_lie_too_deep_are_left() -> None:
    """ModelState is an object of lists; what is deeper is none of the venue's words."""
    verdict = read_cancel(HttpResponse(status=422, content=b'{"ModelState":{"a":["b",[["c",7]]]}}'))
    assert verdict == Refused(reason=INVALID_REQUEST, code="422", text="b")
