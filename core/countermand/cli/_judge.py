"""Whether an ack tells the truth: it is compared with the simulator's book."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from countermand import CancelAck, CanceledBy, OrderStatus, Outcome, Reason
from countermand.cli._scenes import End
from countermand.testing import CONTROL, SimulatedOrder

_Truth = Callable[[CancelAck, SimulatedOrder | None], bool]


def disagreement(ack: CancelAck, ends: frozenset[End], order: SimulatedOrder | None) -> str | None:
    """Tell in what an ack is wrong about an order of the book, if in anything; `order` is None for none."""
    end = (ack.outcome, ack.reason)
    if end not in ends:
        allowed = " or ".join(sorted(_name(one) for one in ends))
        return f"{_name(end)}, expected {allowed}"
    if not _TRUTHS[end](ack, order):
        return f"{ack.outcome.name} with {_told(ack)}, but the book has {_true(order)}"
    return None


def _told(ack: CancelAck) -> str:
    shown = "no order" if ack.order is None else f"{ack.order.filled_quantity} filled"
    by = ack.canceled_by.value if ack.canceled_by is not None else "nobody"
    return f"{shown}, canceled by {by}, successor {ack.successor}"


def _true(order: SimulatedOrder | None) -> str:
    if order is None:
        return "no such order"
    by = order.canceled_by or "nobody"
    return f"{order.status.value}, {order.filled} filled, canceled by {by}, successor {order.replaced_by}"


def _name(end: End) -> str:
    outcome, reason = end
    return outcome.name if reason is None else f"{outcome.name} ({reason.value})"


def _canceled(ack: CancelAck, order: SimulatedOrder | None) -> bool:
    if order is None or order.status is not OrderStatus.CANCELED:
        return False
    by = CanceledBy.EARLIER if order.canceled_by == CONTROL else CanceledBy.THIS_REQUEST
    return ack.canceled_by in (by, CanceledBy.UNDETERMINED) and _same_fill(ack, order)


def _too_late(ack: CancelAck, order: SimulatedOrder | None) -> bool:
    return order is not None and order.dead and order.canceled_by is None and _same_fill(ack, order)


def _same_fill(ack: CancelAck, order: SimulatedOrder) -> bool:
    return (
        ack.order is not None
        and ack.order.order_id.value == order.order_id
        and ack.order.filled_quantity == order.filled
    )


def _replaced(ack: CancelAck, order: SimulatedOrder | None) -> bool:
    return order is not None and ack.successor is not None and ack.successor.value == order.replaced_by


def _absent(_ack: CancelAck, order: SimulatedOrder | None) -> bool:
    return order is None


def _untouched(_ack: CancelAck, order: SimulatedOrder | None) -> bool:
    return order is not None and not order.dead


def _anything(_ack: CancelAck, _order: SimulatedOrder | None) -> bool:
    return True


#: What must be true of the book for an end to be the truth.
_TRUTHS: Mapping[End, _Truth] = {
    (Outcome.CANCELED, None): _canceled,
    (Outcome.REJECTED, Reason.TOO_LATE): _too_late,
    (Outcome.REJECTED, Reason.REPLACED): _replaced,
    (Outcome.REJECTED, Reason.UNKNOWN_ORDER): _absent,
    (Outcome.REJECTED, Reason.NOT_FOUND): _absent,
    (Outcome.REJECTED, Reason.NOT_AUTHORIZED): _untouched,
    (Outcome.PENDING, None): _anything,
    (Outcome.UNKNOWN, None): _anything,
}
