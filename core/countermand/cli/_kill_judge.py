"""Whether the report of a kill tells the truth: it is compared with the simulators' books."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from countermand import CancelAck, Cause, KillReport, MassCancelReport, OrderStatus, Outcome, ScopeState
from countermand.testing import SimulatedOrder


def kill_wrongs(
    report: KillReport,
    books: Sequence[Sequence[SimulatedOrder]],
    stubborn: Sequence[Mapping[str, frozenset[Cause]]],
) -> Iterator[str]:
    """Tell in what a kill is wrong, by the true orders of each scope, and those that no cancel could end."""
    if len(report.reports) != len(books):
        yield f"{len(report.reports)} reports for {len(books)} scopes"
        return
    for one, orders, causes in zip(report.reports, books, stubborn, strict=True):
        for wrong in _wrongs(one, {order.order_id: order for order in orders}, causes):
            yield f"{one.scope}: {wrong}"
    if report.proved is any(not order.dead for orders in books for order in orders):
        yield f"proved is {report.proved}, but the books say otherwise"


def _wrongs(
    report: MassCancelReport, orders: Mapping[str, SimulatedOrder], causes: Mapping[str, frozenset[Cause]]
) -> Iterator[str]:
    standing = {order_id for order_id, order in orders.items() if not order.dead}
    expected = ScopeState.RESIDUAL if standing else ScopeState.PROVED_EMPTY
    if report.state is not expected:
        yield f"{report.state.value}, but the book has {len(standing)} open orders"
    if avoidable := sorted(standing - set(causes)):
        yield f"{', '.join(avoidable)}: could have been canceled"
    residual = {str(left.order_id): left.cause for left in report.residual}
    for order_id in sorted(standing ^ set(residual)):
        yield f"{order_id}: {'not told of' if order_id in standing else 'said to be left, but is not'}"
    for order_id in sorted(standing & set(residual) & set(causes)):
        if residual[order_id] not in causes[order_id]:
            yield f"{order_id}: left as {residual[order_id].value}, which is not why"
    yield from _wrong_acks(report.acks, orders)


def _wrong_acks(acks: Sequence[CancelAck], orders: Mapping[str, SimulatedOrder]) -> Iterator[str]:
    for ack in acks:
        order = orders.get(str(ack.order_id or ack.request.order))
        canceled = order is not None and order.status is OrderStatus.CANCELED
        if ack.final and canceled is not (ack.outcome is Outcome.CANCELED):
            true = "no such order" if order is None else order.status.value
            yield f"{ack.order_id}: {ack.outcome.name}, but the book has {true}"
