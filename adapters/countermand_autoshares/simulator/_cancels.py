"""What changes orders at the simulated venue: cancels, quick and slow, and replacements."""

from __future__ import annotations

from decimal import Decimal

from countermand import OrderStatus
from countermand.testing import Ask, RefusalError, Reply, SimulatedOrder, Simulator, json_response
from countermand.venue import HttpResponse
from countermand.venue.wire import WireError, read_json
from countermand_autoshares.simulator._answers import ANSWERS, CONFLICTS, INVALID, UNKNOWN, VALIDATION
from countermand_autoshares.simulator._orders import show_order
from countermand_autoshares.simulator._paths import is_fresh


def cancel_order(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer DELETE orders and syncorders.

    The quick one is answered on receipt, the slow one when the execution venue has decided: 204 if the
    order is off the book by a cancel, 409 if not.
    """
    order = simulator.true_order(ask)
    if order is None or not is_fresh(ask):
        return simulator.accept_cancel(order, now)
    order_id, by, delay_s = order.order_id, simulator.cancel_name, simulator.behaviour.cancel_delay_s
    decision = Reply(response=lambda _due: _decided(simulator, order_id, by), delay_s=delay_s)
    return simulator.accept_cancel(order, now, decision)


def refusal_of_cancel(simulator: Simulator, order: SimulatedOrder | None) -> HttpResponse | None:
    """Return the answer to a cancel or replacement that cannot be, as is switched."""
    if order is None:
        return unknown_order(simulator, "unknown_order")
    # FIX CxlRejReason 3, Already in Pending Cancel; no document of the vendor's tells of a second one.
    if order.dead or order.status is OrderStatus.PENDING_CANCEL:
        return CONFLICTS[simulator.word("conflict_body")]
    return None


def unknown_order(simulator: Simulator, switch: str) -> HttpResponse:
    """Return the answer for an order that the account has not; which it is, no document tells."""
    word = simulator.word(switch)
    return CONFLICTS[simulator.word("conflict_body")] if word == "409" else UNKNOWN[word]


def replace_order(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer PUT orders: a new order in the place of an open one, which is Replaced from then on."""
    order = simulator.true_order(ask)
    if order is None:
        raise RefusalError(unknown_order(simulator, "unknown_order"))
    if order.dead:
        raise RefusalError(CONFLICTS[simulator.word("conflict_body")])
    new = simulator.replace(order.order_id, now, **_changes(ask))
    return json_response(show_order(simulator.book, new, now))


def _decided(simulator: Simulator, order_id: str, by: str) -> HttpResponse:
    # AutoShares Cancel an Order, Response: 204 "if the order was successfully deleted", by this very call.
    if simulator.book.order(order_id).canceled_by == by:
        return ANSWERS.received
    return simulator.worded(CONFLICTS[simulator.word("conflict_body")])


def _changes(ask: Ask) -> dict[str, object]:
    # API description (Swagger), ModifyOrderResource; the documents write its keys in several cases.
    try:
        body = read_json(ask.request.content)
    except WireError as error:
        raise RefusalError(INVALID) from error
    if not isinstance(body, dict):
        raise RefusalError(INVALID)
    changes = {name: _positive(body[name]) for name in ("quantity", "price") if body.get(name) is not None}
    client_id = body.get("clientid")
    return changes | ({"client_order_id": client_id} if isinstance(client_id, str) and client_id else {})


def _positive(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value <= 0:
        raise RefusalError(VALIDATION)
    return Decimal(value)
