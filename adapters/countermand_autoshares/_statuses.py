"""The order statuses of AutoShares, and what each is called in FIX."""

from __future__ import annotations

from countermand import OrderStatus

#: AutoShares API description (Swagger), OrderResource, Status: "Current order status. Assigned by OMS or
#: executor", the names of its enum in its order. The place of each of the first sixteen is its number in a
#: filter (AutoShares Get Filtered Orders); Held has none.
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
}


def order_status(name: str) -> OrderStatus:
    """Name an order status as FIX does; one that is not documented is `UNKNOWN`."""
    return STATUSES.get(name, OrderStatus.UNKNOWN)
