"""Whether an ack agrees with the book of the simulator."""

from __future__ import annotations

from countermand import CancelAck, OrderStatus, Outcome, Reason
from countermand.testing._order import SimulatedOrder

_ENDS = {
    OrderStatus.CANCELED: (Outcome.CANCELED, None),
    OrderStatus.REPLACED: (Outcome.REJECTED, Reason.REPLACED),
}
#: What claims that there is no such order.
_ABSENT = frozenset({Reason.UNKNOWN_ORDER, Reason.NOT_FOUND})


def disagreement(ack: CancelAck, order: SimulatedOrder) -> str | None:
    """Tell in what an ack is wrong about an order, as it is after all effects; None where it is right.

    `PENDING` and `UNKNOWN` claim nothing that a book could refute.
    """
    by_request = order.status is OrderStatus.CANCELED and (order.canceled_by or "").startswith("cancel ")
    if ack.outcome is Outcome.CANCELED:
        right = order.status is OrderStatus.CANCELED and _same_fill(ack, order)
    elif ack.outcome is not Outcome.REJECTED:
        right = True
    elif ack.reason is Reason.TOO_LATE:
        right = order.dead and not by_request and _same_fill(ack, order)
    elif ack.reason is Reason.REPLACED:
        right = ack.successor is not None and ack.successor.value == order.replaced_by
    else:
        right = not by_request and ack.reason not in _ABSENT
    return None if right else f"the ack says {told(ack)}, the book {true(order)}"


def end_of(order: SimulatedOrder) -> tuple[Outcome, Reason | None]:
    """Tell what an ack says that knows all about an order that is dead."""
    return _ENDS.get(order.status, (Outcome.REJECTED, Reason.TOO_LATE))


def told(ack: CancelAck) -> str:
    """Say what an ack claims."""
    reason = "" if ack.reason is None else f" ({ack.reason.value})"
    filled = "" if ack.order is None else f" with {ack.order.filled_quantity} filled"
    return f"{ack.outcome.name}{reason}{filled}"


def true(order: SimulatedOrder) -> str:
    """Say how an order is."""
    return f"{order.status.value} with {order.filled} filled, canceled by {order.canceled_by or 'nobody'}"


def _same_fill(ack: CancelAck, order: SimulatedOrder) -> bool:
    return ack.order is not None and ack.order.filled_quantity == order.filled
