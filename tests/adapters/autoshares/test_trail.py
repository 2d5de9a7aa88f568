"""How an order's changes read: what is newest, and whether its last cancel was refused."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal
from typing import Any

import pytest

from countermand import OrderId, OrderReport, OrderStatus, Reason
from countermand.venue import HttpResponse, Refused, TrailRead, TrailVerdict, Unreadable
from countermand_autoshares._verdicts import read_trail


# Swagger, OrderDetailsModel: Date and StateId are whole numbers.
def change(state: int, target: str, status: str, executed: float = 0, **more: object) -> dict[str, Any]:
    return {
        "Id": 73552,
        "Date": 1_595_848_231_908 + state,
        "StateId": state,
        "ExecutionTarget": target,
        "Status": status,
        "ExecutedQuantity": executed,
        "IsRequest": False,
        "IsCompleted": True,
        **more,
    }


PLACED = change(1, "New", "New")
ASKED = change(2, "Cancel", "PendingCancel", IsRequest=True, IsCompleted=False)
LEAVING = change(3, "Status", "PendingCancel")
REJECTED = change(4, "CancelReject", "New", RejectReason="Too late to cancel")
FILLED = change(5, "Execution", "PartiallyFilled", 40)
ASKED_AGAIN = change(6, "Cancel", "PendingCancel", IsRequest=True, IsCompleted=False)
CANCELED = change(7, "Cancel", "Canceled", 40)


def trail(*rows: object, status: int = 200) -> TrailVerdict:
    return read_trail(HttpResponse(status=status, content=json.dumps(rows).encode()))


def state(status: OrderStatus, filled: int = 0, text: str | None = None) -> OrderReport:
    return OrderReport(order_id=OrderId("73552"), status=status, filled_quantity=Decimal(filled), text=text)


TRAILS: dict[str, tuple[list[dict[str, Any]], TrailRead]] = {
    "nothing": ([], TrailRead()),
    "placed": ([PLACED], TrailRead(report=state(OrderStatus.NEW))),
    "a request is no state": ([PLACED, ASKED], TrailRead()),
    "leaving": ([PLACED, ASKED, LEAVING], TrailRead(report=state(OrderStatus.PENDING_CANCEL))),
    "a refused cancel": (
        [PLACED, ASKED, LEAVING, REJECTED],
        TrailRead(
            report=state(OrderStatus.NEW, text="Too late to cancel"),
            cancel_rejected=True,
            text="Too late to cancel",
        ),
    ),
    "and a fill since": (
        [PLACED, ASKED, REJECTED, FILLED],
        TrailRead(
            report=state(OrderStatus.PARTIALLY_FILLED, 40), cancel_rejected=True, text="Too late to cancel"
        ),
    ),
    # the refusal was of an earlier cancel: of this one nothing is known
    "another cancel under way": ([ASKED, REJECTED, FILLED, ASKED_AGAIN], TrailRead()),
    "which was executed": (
        [REJECTED, ASKED_AGAIN, CANCELED],
        TrailRead(report=state(OrderStatus.CANCELED, 40)),
    ),
    "a refusal that is not complete": (
        [PLACED, {**REJECTED, "IsCompleted": False, "RejectReason": None}],
        TrailRead(report=state(OrderStatus.NEW)),
    ),
    "a refusal without a reason": (
        [{**REJECTED, "RejectReason": None}],
        TrailRead(report=state(OrderStatus.NEW), cancel_rejected=True),
    ),
}


@pytest.mark.parametrize(("rows", "read"), TRAILS.values(), ids=TRAILS)
def test_the_newest_change_tells_whatever_the_order_of_the_rows(
    rows: list[dict[str, Any]], read: TrailRead
) -> None:
    """No document says which row comes first."""
    for shuffled in itertools.permutations(rows):
        assert trail(*shuffled) == read


# Where Date and StateId leave open which is newest, nothing is claimed.
OPEN: dict[str, list[dict[str, Any]]] = {
    "neither is there": [
        {"ExecutionTarget": "CancelReject", "IsCompleted": True},
        {"ExecutionTarget": "Cancel"},
    ],
    "both are the same": [{**REJECTED, "StateId": 6, "Date": ASKED_AGAIN["Date"]}, ASKED_AGAIN],
    "they contradict": [{**REJECTED, "StateId": 9}, ASKED_AGAIN],
}


@pytest.mark.parametrize("rows", OPEN.values(), ids=OPEN)
def test_changes_whose_order_is_not_known_tell_nothing(rows: list[dict[str, Any]]) -> None:
    """Neither a state nor a refusal."""
    assert trail(*rows) == TrailRead() == trail(*reversed(rows))


@pytest.mark.parametrize("key", ["Date", "StateId"])
def test_one_of_date_and_state_is_enough(key: str) -> None:
    """Null keys are left out, so either may be missing."""
    rows = [{name: value for name, value in row.items() if name != key} for row in (ASKED, REJECTED)]
    verdict = trail(*rows)
    assert isinstance(verdict, TrailRead)
    assert verdict.cancel_rejected


@pytest.mark.parametrize("key", ["Id", "Status", "ExecutedQuantity"])
def test_a_row_that_is_no_whole_state_gives_none(key: str) -> None:
    """What is missing is not made up."""
    row = {name: value for name, value in PLACED.items() if name != key}
    assert trail(row) == TrailRead()


BROKEN: dict[str, object] = {
    "no list": {"Result": []},
    "a row that is none": [7],
    "a date in words": [{**PLACED, "Date": "2020-07-27T11:10:31Z"}],
    "a word for a bool": [{**PLACED, "IsCompleted": "true"}],
}


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN)
def test_changes_that_do_not_fit_are_unreadable(value: object) -> None:
    """One wrong type spoils them."""
    assert isinstance(read_trail(HttpResponse(status=200, content=json.dumps(value).encode())), Unreadable)


def test_400_is_a_missing_permission_here() -> None:
    """Swagger, Orders_GetOrderDetails, Responses: 400 "User don't have permission."."""
    body = b'{"Message":"User don\'t have permission."}'
    assert read_trail(HttpResponse(status=400, content=body)) == Refused(
        reason=Reason.NOT_AUTHORIZED, code="400", text="User don't have permission."
    )
