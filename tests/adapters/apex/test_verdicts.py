"""APEX's answers as a table: the bytes, and the one verdict they give."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand import OrderId, Reason, Scope
from countermand.venue import (
    Acted,
    CancelTarget,
    CancelVerdict,
    Gone,
    HttpResponse,
    MayHaveActed,
    ReadFailure,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    Unreadable,
)
from countermand_apex import Apex, ApiKey, SessionToken

VENUE = Apex("https://api.venue.example:8443", auth=SessionToken("token"))
CANCEL = VENUE.cancel(CancelTarget(account="9", order=OrderId("6500"))).read
READ = VENUE.read_order("9", OrderId("6500")).read


def answer(
    result: object, code: object, errormsg: object = None, detail: object = None, status: int = 200
) -> HttpResponse:
    body = {"result": result, "errormsg": errormsg, "errorcode": code, "detail": detail}
    return HttpResponse(status=status, content=json.dumps(body).encode())


def raw(content: bytes, status: int = 200, **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status=status, content=content, headers=named)


# (reply, verdict of a cancel, verdict of a read); None where a read's is the same.
TABLE: dict[str, tuple[HttpResponse, CancelVerdict, ReadFailure | None]] = {
    # CancelOrder, Response, as printed (4.x, and 001).
    "receipt": (answer(True, 0), Receipt(code="0"), Unreadable(code="0")),
    # CancelOrder and CancelAllOrders, Response, as printed (older): empty texts instead of null.
    "receipt with empty texts": (answer(True, 0, "", ""), Receipt(code="0"), Unreadable(code="0")),
    "receipt without texts": (
        raw(b'{"result": true, "errorcode": 0}'),
        Receipt(code="0"),
        Unreadable(code="0"),
    ),
    "receipt with keys in another case": (
        raw(b'{"Result": true, "ErrorCode": 0, "ErrorMsg": null}'),
        Receipt(code="0"),
        Unreadable(code="0"),
    ),
    # CancelOrder, Response, detail: "Message text that the system may send. The contents … are usually null."
    "receipt with a detail": (
        answer(True, 0, None, "queued"),
        Receipt(code="0", text="queued"),
        Unreadable(code="0", text="queued"),
    ),
    # CancelOrder, Response, errormsg: "Not Authorized (errorcode 20)"
    "20": (
        answer(False, 20, "Not Authorized"),
        SessionRefused(code="20", text="Not Authorized"),
        None,
    ),
    # CancelOrder, Response, errormsg: "Invalid Request (errorcode 100)"
    "100": (
        answer(False, 100, "Invalid Request", "OMSId is Required"),
        Refused(reason=Reason.INVALID_REQUEST, code="100", text="Invalid Request: OMSId is Required"),
        None,
    ),
    # CancelAllOrders, Response: "Invalid Response (errorcode 100)"
    "100 as a misprint": (
        answer(False, 100, "Invalid Response"),
        Refused(reason=Reason.INVALID_REQUEST, code="100", text="Invalid Response"),
        None,
    ),
    # CancelOrder, Response, errormsg: "Operation Failed (errorcode 101)"
    "101": (
        answer(False, 101, "Operation Failed"),
        Refused(reason=Reason.VENUE_REFUSED, code="101", text="Operation Failed"),
        None,
    ),
    # CancelOrder, Response, errormsg: "Server Error (errorcode 102)"
    "102": (
        answer(False, 102, "Server Error"),
        MayHaveActed(code="102", text="Server Error"),
        Unreadable(code="102", text="Server Error"),
    ),
    # CancelOrder, Response, errormsg: "Resource Not Found (errorcode 104)"
    "104": (
        answer(False, 104, "Resource Not Found"),
        Gone(code="104", text="Resource Not Found"),
        None,
    ),
    "104 under status 404": (
        answer(False, 104, "Resource Not Found", status=404),
        Gone(code="104", text="Resource Not Found"),
        None,
    ),
    "105": (answer(False, 105, "Busy"), Throttled(code="105", text="Busy"), None),
    # CancelOrder, Response, errormsg: "Operation Not Supported (errorcode 106)"
    "106": (
        answer(False, 106, "Operation Not Supported"),
        Refused(reason=Reason.NOT_SUPPORTED, code="106", text="Operation Not Supported"),
        None,
    ),
    # Operation In Process, with result false, although the request was placed
    "107": (
        answer(False, 107, "Operation In Process"),
        MayHaveActed(code="107", text="Operation In Process"),
        Unreadable(code="107", text="Operation In Process"),
    ),
    "909, which belongs to subscriptions": (
        answer(False, 909, "Already Subscribed."),
        MayHaveActed(code="909", text="Already Subscribed."),
        Unreadable(code="909", text="Already Subscribed."),
    ),
    "a code of no document": (
        answer(False, -7, "?"),
        MayHaveActed(code="-7", text="?"),
        Unreadable(code="-7", text="?"),
    ),
    # "returns true if the call … has been successfully received, otherwise returns false": contradictions.
    "true with a code": (answer(True, 104), MayHaveActed(code="104"), Unreadable(code="104")),
    "false with code 0": (answer(False, 0), MayHaveActed(code="0"), Unreadable(code="0")),
    "false and nothing else": (
        raw(b'{"result": false}'),
        MayHaveActed(code="200"),
        Unreadable(code="200"),
    ),
    "true and nothing else": (
        raw(b'{"result": true}'),
        MayHaveActed(code="200"),
        Unreadable(code="200"),
    ),
    "true with an error text": (
        answer(True, 0, "Operation Failed"),
        MayHaveActed(code="0", text="Operation Failed"),
        Unreadable(code="0", text="Operation Failed"),
    ),
    "true under status 400": (
        answer(True, 0, status=400),
        MayHaveActed(code="0"),
        Unreadable(code="0"),
    ),
    "true under status 202": (
        answer(True, 0, status=202),
        MayHaveActed(code="0"),
        Unreadable(code="0"),
    ),
    # The gateway's answers that are not JSON.
    "404 NOT FOUND": (
        raw(b"NOT FOUND", 404),
        SessionRefused(code="404", text="NOT FOUND", or_unsupported=True),
        None,
    ),
    "404 NOT FOUND with a line break": (
        raw(b"NOT FOUND\r\n", 404),
        SessionRefused(code="404", text="NOT FOUND", or_unsupported=True),
        None,
    ),
    "TOO MANY REQUESTS under 200": (
        raw(b"TOO MANY REQUESTS"),
        Throttled(code="200", text="TOO MANY REQUESTS"),
        None,
    ),
    "TOO MANY REQUESTS as a JSON text under 503": (
        raw(b'"Too many requests."', 503, retry_after="7"),
        Throttled(code="503", text="Too many requests", retry_after_s=7.0),
        None,
    ),
    "TOO MANY REQUESTS, twice as long with blanks": (
        raw(b"TOO MANY REQUESTS" + b" " * 17),
        Throttled(code="200", text="TOO MANY REQUESTS"),
        None,
    ),
    "429": (raw(b"slow down", 429, retry_after="12"), Throttled(code="429", retry_after_s=12.0), None),
    "429 with a receipt in it": (answer(True, 0, status=429), Throttled(code="429"), None),
    "401": (
        raw(b"", 401),
        SessionRefused(code="401", text="not JSON: Expecting value: line 1 column 1 (char 0)"),
        None,
    ),
    "401 with JSON": (
        raw(b'{"message": "no"}', 401),
        SessionRefused(code="401", text="JSON without a result"),
        None,
    ),
    "503 with an HTML page": (
        raw(b"<html>Service Unavailable</html>", 503),
        MayHaveActed(code="503"),
        Unreadable(code="503"),
    ),
    "500 with a refusal in it": (
        answer(False, 104, status=500),
        MayHaveActed(code="500"),
        Unreadable(code="500"),
    ),
    "599": (raw(b"", 599), MayHaveActed(code="599"), Unreadable(code="599")),
    "499": (
        raw(b"no", 499),
        Unreadable(code="499", text="not JSON: Expecting value: line 1 column 1 (char 0)"),
        None,
    ),
    "302": (raw(b"", 302, location="https://elsewhere.example"), Unreadable(code="302"), None),
    "a redirect with a receipt in it": (answer(True, 0, status=307), Unreadable(code="307"), None),
    "a status that is none": (answer(True, 0, status=999), Unreadable(code="999"), None),
}


@pytest.mark.parametrize(("reply", "expected", "_of_a_read"), TABLE.values(), ids=TABLE)
def test_every_answer_to_a_cancel_gives_exactly_its_verdict(
    reply: HttpResponse, expected: CancelVerdict, _of_a_read: object
) -> None:
    """One row, one verdict, with the venue's own code and text."""
    assert CANCEL(reply) == expected


@pytest.mark.parametrize(("reply", "of_a_cancel", "of_a_read"), TABLE.values(), ids=TABLE)
def test_every_answer_that_is_no_order_gives_exactly_its_failure(
    reply: HttpResponse, of_a_cancel: CancelVerdict, of_a_read: ReadFailure | None
) -> None:
    """A read cannot have acted, so what is open for a cancel is unreadable for a read."""
    assert READ(reply) == (of_a_read or of_a_cancel)


# Whatever the reader says of these beyond it, they leave open whether the venue acted.
OPEN = {
    "result a text": raw(b'{"result": "false", "errorcode": 104}'),
    "result the other text": raw(b'{"result": "true", "errorcode": 0}'),
    "result a number": raw(b'{"result": 1, "errorcode": 0}'),
    "result null": raw(b'{"result": null, "errorcode": 0}'),
    "code a text": answer(True, "0"),
    "code a bool": answer(True, False),
    "code with a fraction": answer(True, 0.0),
    "code null": answer(True, None),
    "refused by a code that is a text": answer(False, "104"),
    "errormsg a bool": answer(True, 0, False),
    "detail a number": answer(True, 0, None, 0),
    "result twice": raw(b'{"result": true, "Result": false, "errorcode": 0}'),
    "code twice": raw(b'{"result": true, "errorcode": 0, "error_code": 104}'),
    "code without result": raw(b'{"errorcode": 104, "errormsg": "Resource Not Found"}'),
    "no object": raw(b"true"),
    "a list of receipts": raw(b'[{"result": true, "errorcode": 0}]'),
    "an order": raw(b'{"OrderId": 6500, "OrderState": "Canceled", "QuantityExecuted": 0}'),
    "empty": raw(b""),
    "blank": raw(b" \n"),
    "cut short": raw(b'{"result": true, "errorc'),
    "NaN": raw(b'{"result": true, "errorcode": NaN}'),
    "a byte order mark and garbage": raw(b"\xef\xbb\xbf\xff"),
    "HTML": raw(b"<!doctype html><title>login</title>"),
    "NOT FOUND under 200": raw(b"NOT FOUND"),
    "NOT FOUND under 410": raw(b"NOT FOUND", 410),
    "404 with another word": raw(b"NOT HERE", 404),
    "TOO MANY REQUESTS among so many blanks that it is something else": raw(b"TOO MANY REQUESTS" + b" " * 18),
    "404 with an HTML page": raw(b"<html>Not Found</html>", 404),
    "403": raw(b"Forbidden", 403),
    "204": raw(b"", 204),
    "too deep": raw(b'{"result":' + b"[" * 100_000),
}


@pytest.mark.parametrize("reply", OPEN.values(), ids=OPEN)
def test_what_does_not_fit_leaves_open_whether_the_venue_acted(reply: HttpResponse) -> None:
    """Neither a success nor a refusal is made of an answer that is neither."""
    verdict = CANCEL(reply)
    assert isinstance(verdict, MayHaveActed | Unreadable)
    assert verdict.acted is Acted.MAYBE


@pytest.mark.parametrize("reply", [reply for name, reply in OPEN.items() if name != "an order"])
def test_what_does_not_fit_is_unreadable_as_a_read(reply: HttpResponse) -> None:
    """No order, and no absence of one, is made of an answer that is neither."""
    assert isinstance(READ(reply), Unreadable)


def test_a_misfit_of_the_generic_answer_says_where() -> None:
    """The text of a verdict says what was expected, and where."""
    verdict = CANCEL(raw(b'{"result": "false", "errorcode": 104}'))
    assert isinstance(verdict, MayHaveActed)
    assert verdict.text is not None
    assert "bool" in verdict.text
    assert "result" in verdict.text


def test_the_text_of_a_verdict_is_bounded() -> None:
    """A venue's text is kept, but not all of a book, and nothing in it that no log can hold."""
    verdict = CANCEL(answer(False, 100, "x" * 600 + "\ud800"))
    assert isinstance(verdict, Refused)
    assert verdict.text == "x" * 500
    surrogate = CANCEL(answer(False, 100, "\ud800"))
    assert isinstance(surrogate, Refused)
    assert surrogate.text == "?"


def test_a_receipt_is_read_but_once() -> None:
    """The venue says it in the same bytes over and over; whatever else it says is read each time."""
    assert CANCEL(answer(True, 0)) is CANCEL(answer(True, 0))
    assert CANCEL(answer(False, 104)) is not CANCEL(answer(False, 104))


SUCCESS: dict[str, Any] = {"result": True, "errormsg": None, "errorcode": 0, "detail": None}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@given(field=st.sampled_from(["result", "errorcode", "errormsg"]), value=JSON_VALUES)
def test_a_success_with_any_one_field_changed_is_no_success(field: str, value: Any) -> None:
    """CancelOrder, Response: true, null and 0 together are a receipt; with one of them changed it is none."""
    kept = type(value) is type(SUCCESS[field]) and value == SUCCESS[field]
    verdict = CANCEL(raw(json.dumps({**SUCCESS, field: value}).encode()))
    assert isinstance(verdict, Receipt) is (kept or (field == "errormsg" and value in (None, "")))


@given(value=JSON_VALUES.filter(lambda value: value is not None and not isinstance(value, str)))
def test_a_success_whose_detail_is_no_text_is_no_success(value: Any) -> None:
    """CancelOrder, Response, "detail: string": another type is another answer."""
    assert not isinstance(CANCEL(raw(json.dumps({**SUCCESS, "detail": value}).encode())), Receipt)


@given(status=st.integers(min_value=0, max_value=999).filter(lambda status: status != 200))
def test_a_success_under_any_other_status_is_no_success(status: int) -> None:
    """APEX sends its generic answer with status 200."""
    assert not isinstance(CANCEL(raw(json.dumps(SUCCESS).encode(), status)), Receipt)


@given(code=st.integers().filter(lambda code: code != 0), errormsg=st.none() | st.text())
def test_no_code_but_0_is_a_success(code: int, errormsg: str | None) -> None:
    """Whatever the result says beside it."""
    for result in (True, False):
        assert not isinstance(CANCEL(answer(result, code, errormsg)), Receipt)


KEYS = (
    "result",
    "errorcode",
    "errormsg",
    "detail",
    "OrderId",
    "OrderState",
    "QuantityExecuted",
    "Account",
    "ClientOrderId",
    "CancelReason",
    "Authenticated",
    "SessionToken",
    "Requires2FA",
    "Pending2FaToken",
)
BODIES = (
    st.binary(max_size=200)
    | JSON_VALUES.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(KEYS, JSON_VALUES),
    ).map(lambda value: json.dumps(value).encode())
)
HEADERS = st.dictionaries(
    st.sampled_from(["age", "retry-after", "date", "content-type"]),
    st.text()
    | st.sampled_from(["Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"]),
)
LOG_IN = ApiKey("key", "secret", "81").log_in()
assert LOG_IN is not None
READERS = {
    "CancelOrder": CANCEL,
    "CancelAllOrders": VENUE.cancel_all(Scope.account("apex", "9")).read,
    "GetUserAccounts": VENUE.list_accounts().read,
    "GetOrderStatus": READ,
    "GetOrderHistoryByOrderId": VENUE.read_trail("9", OrderId("6500")).read,
    "GetOpenOrders": VENUE.list_open("9").read,
    "GetOrderHistory": VENUE.list_history("9").read,
    "Authenticate": next(LOG_IN).read,  # type: ignore[union-attr]  # its first step is a call
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@given(status=st.integers(min_value=0, max_value=999), content=BODIES, headers=HEADERS)
def test_any_status_and_any_bytes_give_a_verdict(
    read: Any, status: int, content: bytes, headers: dict[str, str]
) -> None:
    """A reader never raises, whatever a server sends."""
    assert read(HttpResponse(status=status, content=content, headers=headers)) is not None


@pytest.mark.parametrize("bad", ["Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "soon", "-1"])
def test_a_retry_after_that_cannot_be_read_is_none(bad: str) -> None:
    """The verdict stands without a wait."""
    assert CANCEL(raw(b"", 429, retry_after=bad, date="Wed, 21 Oct 2015 07:28:00 GMT")) == Throttled(
        code="429"
    )
