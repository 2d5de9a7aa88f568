"""Laws that hold for any answer whatever."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from countermand import OrderReport
from countermand.venue import (
    AccountsVerdict,
    CancelVerdict,
    Gone,
    HttpResponse,
    ListingVerdict,
    LogInVerdict,
    OrderRead,
    Page,
    ReadVerdict,
    Receipt,
    Refused,
    SessionRefused,
    TrailVerdict,
)
from countermand.venue.wire import WireError
from countermand_autoshares._credentials import read_log_in
from countermand_autoshares._verdicts import (
    read_accounts,
    read_cancel,
    read_history,
    read_open,
    read_order,
    read_sync_cancel,
    read_trail,
)

READERS: dict[str, tuple[Callable[[HttpResponse], object], Any]] = {
    "cancel": (read_cancel, CancelVerdict),
    "sync cancel": (read_sync_cancel, CancelVerdict),
    "order": (read_order, ReadVerdict),
    "trail": (read_trail, TrailVerdict),
    "open": (lambda response: read_open(response, 0), ListingVerdict),
    "history": (lambda response: read_history(response, 3), ListingVerdict),
    "accounts": (read_accounts, AccountsVerdict),
    "log in": (read_log_in, LogInVerdict),
}

#: Keys that some reader knows, so that hypothesis comes near to what is read.
KEYS = st.sampled_from(
    [
        *(
            "Id",
            "id",
            "Status",
            "ExecutedQuantity",
            "AccountId",
            "ClientId",
            "OrigClientId",
            "ParentId",
            "Legs",
        ),
        *("Target", "Result", "NextPageLink", "TotalCount", "IsSucceed", "IsSuccessful", "Errors", "error"),
        *("Message", "ModelState", "Error", "Code", "State", "Token", "Step", "Reason", "ExecutionTarget"),
        *("IsCompleted", "Date", "StateId"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["New", "Canceled", "CancelReject", "Succeeded", "Expecting", "UnsupportedApiVersion"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=12,
)
BODIES = st.binary(max_size=64) | VALUES.map(lambda value: json.dumps(value).encode())
STATUSES = st.sampled_from([200, 202, 204, 400, 401, 403, 404, 409, 422, 429, 500]) | st.integers(0, 999)
HEADERS = st.dictionaries(st.sampled_from(["age", "retry-after", "date"]), st.text(max_size=30))


@pytest.mark.parametrize(("read", "union"), READERS.values(), ids=READERS)
@given(status=STATUSES, headers=HEADERS, body=BODIES)
@example(status=200, headers={}, body=b"\xff\xfe")
@example(status=200, headers={}, body=b"[" * 100_000)
@example(status=200, headers={}, body=b'{"Id":' + b"9" * 5000 + b"}")
@example(status=429, headers={"retry-after": "9" * 400}, body=b"")
@example(status=429, headers={"retry-after": "Fri, 31 Dec 9999 23:59:59 -2359", "date": "x"}, body=b"")
def test_any_answer_gives_a_verdict(
    read: Callable[[HttpResponse], object], union: Any, status: int, headers: dict[str, str], body: bytes
) -> None:
    """Whatever the status, the headers and the bytes, and never an exception."""
    verdict = read(HttpResponse(status=status, headers=headers, content=body))
    assert isinstance(verdict, get_args(union))
    if isinstance(verdict, Page):
        with contextlib.suppress(WireError):  # a row that cannot be read, and nothing else
            assert all(isinstance(row, OrderReport) for row in verdict.rows)


@given(status=STATUSES, body=BODIES)
def test_a_receipt_needs_a_documented_success(status: int, body: bytes) -> None:
    """204 without a body, or 200 with none or an object without a word of failure."""
    for read in (read_cancel, read_sync_cancel):
        verdict = read(HttpResponse(status=status, content=body))
        if isinstance(verdict, Receipt):
            assert status in (200, 204)
            assert not body.strip() or (status == 200 and isinstance(json.loads(body), dict))
            assert not verdict.executed or (status == 204 and read is read_sync_cancel)


@given(status=STATUSES.filter(lambda status: status not in (400, 401, 403, 404, 409, 422)), body=BODIES)
def test_only_documented_refusals_say_that_nothing_was_done(status: int, body: bytes) -> None:
    """Whatever the words in it."""
    verdict = read_cancel(HttpResponse(status=status, content=body))
    assert not isinstance(verdict, Refused | Gone | SessionRefused)


SUCCESS = {"Id": 73552, "IsSucceed": True}
FAILURES = st.sampled_from(["Errors", "errors", "error", "Error", "Message", "message", "ModelState"])


@given(key=FAILURES, value=SCALARS.filter(lambda value: value is not None))
def test_a_success_with_any_word_of_failure_is_none(key: str, value: object) -> None:
    """Whatever the word says, and whatever the case of its key."""
    for body in (SUCCESS | {key: value}, {key: value}):
        response = HttpResponse(status=200, content=json.dumps(body).encode())
        assert not isinstance(read_cancel(response), Receipt)


@given(key=st.sampled_from(["IsSucceed", "isSuccessful", "IS_SUCCEED"]), value=SCALARS)
def test_a_success_whose_word_is_not_true_is_none(key: str, value: object) -> None:
    """False, "true", 1 and all the rest; null is as good as left out."""
    response = HttpResponse(status=200, content=json.dumps({"Id": 1, key: value}).encode())
    assert isinstance(read_cancel(response), Receipt) == (value is True or value is None)


@given(number=st.integers(1, (1 << 31) - 1), account=st.integers(1, (1 << 31) - 1))
def test_ids_are_exact(number: int, account: int) -> None:
    """Every id of 31 bits comes back digit by digit."""
    order = {"Id": number, "AccountId": account, "Status": "New", "ExecutedQuantity": 0}
    verdict = read_order(HttpResponse(status=200, content=json.dumps(order).encode()))
    assert isinstance(verdict, OrderRead)
    assert (verdict.report.order_id.value, verdict.report.account) == (str(number), str(account))
