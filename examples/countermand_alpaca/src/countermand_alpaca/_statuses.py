"""The order statuses of Alpaca, and what each is called in FIX."""

from __future__ import annotations

from countermand import OrderStatus

#: Alpaca Trading API (OpenAPI), schema OrderStatus; the quotations are from its description.
STATUSES = {
    # "received by Alpaca, but hasn't yet been routed to the execution venue"
    "accepted": OrderStatus.PENDING_NEW,
    # "routed to the exchanges, but has not yet been accepted for execution"
    "pending_new": OrderStatus.PENDING_NEW,
    "new": OrderStatus.NEW,
    "partially_filled": OrderStatus.PARTIALLY_FILLED,
    "filled": OrderStatus.FILLED,
    # "will not receive further updates until the next trading day"
    "done_for_day": OrderStatus.DONE_FOR_DAY,
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
    # "was replaced by another order, or was updated due to a market event such as corporate action"
    "replaced": OrderStatus.REPLACED,
    # "waiting to be canceled": until the market opens, if it is closed
    "pending_cancel": OrderStatus.PENDING_CANCEL,
    # "The order will reject cancel request while in this state."
    "pending_replace": OrderStatus.PENDING_REPLACE,
    "accepted_for_bidding": OrderStatus.ACCEPTED_FOR_BIDDING,
    "stopped": OrderStatus.STOPPED,
    "rejected": OrderStatus.REJECTED,
    "suspended": OrderStatus.SUSPENDED,
    # "either filled or done for day, but remaining settlement calculations are still pending"
    "calculated": OrderStatus.CALCULATED,
    # Not in that enum, but in the vendor's own SDK (alpaca-py, trading, OrderStatus): a leg that waits for
    # its parent.
    "held": OrderStatus.HELD,
}


def order_status(word: str) -> OrderStatus:
    """Name an order status as FIX does; one that is not documented is `UNKNOWN`."""
    return STATUSES.get(word, OrderStatus.UNKNOWN)
