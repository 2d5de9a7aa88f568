"""The order states of APEX, and what each is called in FIX."""

from __future__ import annotations

from decimal import Decimal

from countermand import OrderStatus

#: AlphaPoint GetOrderStatus, Response, OrderState: "One of: 0 Unknown, 1 Working, 2 Rejected, 3 Canceled,
#: 4 Expired, 5 FullyExecuted". The wire bears the name; the number is taken, too.
STATUSES = {
    "Unknown": OrderStatus.UNKNOWN,
    "Working": OrderStatus.NEW,
    "Rejected": OrderStatus.REJECTED,
    "Canceled": OrderStatus.CANCELED,
    "Expired": OrderStatus.EXPIRED,
    "FullyExecuted": OrderStatus.FILLED,
}
#: The place of a name is its number.
STATES = tuple(STATUSES)


def order_status(state: object, executed: Decimal) -> OrderStatus:
    """Name an order state as FIX does; a state that is not documented is `UNKNOWN`.

    A partly filled order is Working with a quantity executed; one that was then canceled is Canceled.
    """
    if type(state) is int and 0 <= state < len(STATES):
        state = STATES[state]
    status = STATUSES.get(state, OrderStatus.UNKNOWN) if isinstance(state, str) else OrderStatus.UNKNOWN
    return OrderStatus.PARTIALLY_FILLED if status is OrderStatus.NEW and executed else status
