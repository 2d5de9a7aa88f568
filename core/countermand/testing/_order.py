"""An order as a simulated venue has it at one moment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from countermand._order import OrderStatus, StatusClass

#: The `canceled_by` of an order that was not canceled by a request, but from outside.
CONTROL = "control"


@attrs.frozen(kw_only=True)
class SimulatedOrder:
    """One state of one order; a change makes a new one, and the book keeps them all.

    Ids are strings, as in the model; quantities and prices are exact. Raises `ValueError` for a fill
    outside 0 to `quantity`.
    """

    order_id: str
    account: str
    instrument: str
    client_order_id: str | None = None
    #: The user who entered it; None where nobody is told.
    entered_by: str | None = None
    quantity: Decimal = Decimal(10)
    filled: Decimal = Decimal(0)
    price: Decimal = Decimal(100)
    #: None as long as nothing is filled.
    average_price: Decimal | None = None
    status: OrderStatus = OrderStatus.NEW
    #: The order whose place this one took, and the one that took its own.
    replaces: str | None = None
    replaced_by: str | None = None
    #: Orders that leave the book along with this one (siblings of a linked order); mutual.
    linked: tuple[str, ...] = ()
    #: The order this one is a leg of; a cancel of the parent takes its legs along.
    parent: str | None = None
    #: Whose cancel took it off the book: "cancel" and the number of the request, or "control".
    canceled_by: str | None = None
    #: The market refused the last cancel after its receipt.
    cancel_rejected: bool = False
    #: Seconds, by the clock that the simulator is given.
    placed_at: float = 0.0
    changed_at: float = 0.0

    def __attrs_post_init__(self) -> None:
        if not self.quantity.is_finite() or self.quantity <= 0:
            raise ValueError(f"quantity must be a positive number, got {self.quantity}")
        if not self.filled.is_finite() or not 0 <= self.filled <= self.quantity:
            raise ValueError(f"filled must be from 0 to the quantity {self.quantity}, got {self.filled}")

    @property
    def remaining(self) -> Decimal:
        """The quantity still to be filled, whether or not the order is dead."""
        return self.quantity - self.filled

    @property
    def dead(self) -> bool:
        """Whether no more of it will trade: a dead status, or replaced by another order."""
        return self.status.status_class is StatusClass.DEAD or self.status is OrderStatus.REPLACED

    @classmethod
    def placed(cls, *, status: OrderStatus | None = None, **fields: Any) -> SimulatedOrder:
        """Make an order as it stands when it is placed: what was left out agrees with what was given.

        Without a status it has that of its fill; one placed as Filled is filled wholly.
        """
        order = cls(**fields)
        if status is OrderStatus.FILLED and "filled" not in fields:
            order = attrs.evolve(order, filled=order.quantity)
        status = status or plain_status(order.quantity, order.filled)
        if (status is OrderStatus.FILLED) != (order.remaining == 0):
            raise ValueError(f"{status.value} cannot be with {order.filled} of {order.quantity} filled")
        if order.filled and order.average_price is None:
            order = attrs.evolve(order, average_price=order.price)
        canceled_by = CONTROL if status is OrderStatus.CANCELED else None
        return attrs.evolve(order, status=status, canceled_by=canceled_by)


def plain_status(quantity: Decimal, filled: Decimal) -> OrderStatus:
    """Tell the status of a working order by its fill alone."""
    if filled == quantity:
        return OrderStatus.FILLED
    return OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.NEW
