"""How orders and their changes look on the wire of the simulated venue."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from countermand import OrderStatus
from countermand.testing import Book, SimulatedOrder
from countermand_autoshares._statuses import STATUSES

_NAMES = {status: name for name, status in STATUSES.items()}
#: Between the id of an order and that of the linked order it was made for, which nobody placed by itself.
_LINK = 1_000_000_000


def show_order(book: Book, order: SimulatedOrder, as_of: float) -> dict[str, Any]:
    """Write one order, its legs as they were at `as_of`; API description (Swagger), OrderResource.

    Null keys are left out.
    """
    target = "CancelReject" if order.cancel_rejected else _TARGETS.get(order.status, "New")
    legs = [leg for leg in (book.visible(leg.order_id, as_of) for leg in book.legs(order.order_id)) if leg]
    row = {
        "Id": int(order.order_id),
        "SecurityId": 4,
        "Symbol": order.instrument,
        "SecurityType": "CommonStock",
        **_quantities(order),
        "LastQuantity": Decimal(0),
        "Price": order.price,
        "ClientId": _client_id(order),
        "OrigClientId": None if order.replaces is None else _client_id(book.order(order.replaces)),
        "Side": "Buy",
        "Date": _date(order.changed_at),
        "TransactionDate": _date(order.changed_at),
        "CreateDate": _date(order.placed_at),
        "SettDate": "0001-01-01T00:00:00Z",
        "Status": _name(order.status),
        "ExecutionStatus": _name(order.status),
        "Type": "Limit",
        "RequestStatus": "Executing" if order.status is OrderStatus.PENDING_CANCEL else "Complete",
        "Target": target,
        "Description": _reason(order),
        "TimeInForce": "Day",
        "AccountId": int(order.account),
        "ParentId": _parent(order),
        "Legs": [show_order(book, leg, as_of) for leg in legs],
    }
    return {key: value for key, value in row.items() if value is not None}


def show_changes(states: tuple[SimulatedOrder, ...]) -> list[dict[str, Any]]:
    """Write an order's changes, oldest first; API description (Swagger), OrderDetailsModel."""
    before = (None, *states)
    return [
        _change(number, old, new) for number, (old, new) in enumerate(zip(before, states, strict=False), 1)
    ]


def _change(number: int, before: SimulatedOrder | None, order: SimulatedOrder) -> dict[str, Any]:
    asked = order.status is OrderStatus.PENDING_CANCEL
    refused = order.cancel_rejected and before is not None and not before.cancel_rejected
    target = "CancelReject" if refused else _TARGETS.get(order.status, "New")
    row = {
        "IsRequest": asked,
        "ExecutionTarget": target,
        "Login": order.canceled_by,
        "ClientId": _client_id(order),
        "RequestStatus": "Executing" if asked else "Complete",
        "ExecutionStatus": _name(order.status),
        "IsCompleted": not asked,
        "Id": int(order.order_id),
        "Symbol": order.instrument,
        "Status": _name(order.status),
        "CreateDate": _milliseconds(order.placed_at),
        "Date": _milliseconds(order.changed_at),
        "Price": order.price,
        **_quantities(order),
        "RejectReason": _reason(order) if refused else None,
        "StateId": number,
        "ParentId": _parent(order),
    }
    return {key: value for key, value in row.items() if value is not None}


_TARGETS = {
    OrderStatus.PENDING_CANCEL: "Cancel",
    OrderStatus.CANCELED: "Cancel",
    OrderStatus.PENDING_REPLACE: "Modify",
    OrderStatus.REPLACED: "Modify",
    OrderStatus.PARTIALLY_FILLED: "Execution",
    OrderStatus.FILLED: "Execution",
    OrderStatus.REJECTED: "Reject",
    OrderStatus.ERROR: "Error",
}


def _quantities(order: SimulatedOrder) -> dict[str, Decimal]:
    # "LeavesQuantity is 0 while PendingNew": the executor, who assigns it, has not seen the order yet.
    works = not order.dead and order.status is not OrderStatus.PENDING_NEW
    return {
        "Quantity": order.quantity,
        "ExecutedQuantity": order.filled,
        "LeavesQuantity": order.remaining if works else Decimal(0),
        "AveragePrice": order.average_price or Decimal(0),
    }


def _name(status: OrderStatus) -> str:
    return _NAMES.get(status, "Unknown")


def _client_id(order: SimulatedOrder) -> str:
    # Swagger, OrderResource, ClientId: "Client order id (ClOrdID). Assigned by OMS."
    return order.client_order_id or f"oms-{order.order_id}"


def _parent(order: SimulatedOrder) -> int:
    if order.parent is not None:
        return int(order.parent)
    if not order.linked:
        return -1  # none
    first = min(map(int, (order.order_id, *order.linked)))
    return first + _LINK if first <= _LINK else first - _LINK


def _reason(order: SimulatedOrder) -> str | None:
    return "Too late to cancel" if order.cancel_rejected else None


def _date(seconds: float) -> str:
    # Times come with up to seven fraction digits.
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
