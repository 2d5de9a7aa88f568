"""What changes orders at the simulated venue: cancels, quick and slow, and replacements."""

from __future__ import annotations

from decimal import Decimal

from countermand import OrderStatus
from countermand.testing import Reply, SimulatedOrder, Simulator, json_response
from countermand.venue import HttpResponse
from countermand.venue.wire import WireError, read_json
from countermand_autoshares.simulator._answers import PLAIN, SHAPES, Refusal, RefusalError, received, refused
from countermand_autoshares.simulator._ask import Ask
from countermand_autoshares.simulator._orders import show_order


def cancel_order(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer DELETE orders and syncorders.

    The quick one is answered on receipt, the slow one when the execution venue has decided: 204 if the
    order is off the book by a cancel, 409 if not.
    """
    order_id, word = ask.order_id or "", simulator.word("cancel_answer")
    order = _find(simulator, ask)
    if word != PLAIN:
        acts = simulator.word("cancel_acts") == "yes" and order is not None and not order.dead
        answer = Reply(response=SHAPES[word])
        return simulator.receive_cancel(order_id, now, answer) if acts else answer
    if order is None:
        raise unknown_order(simulator)
    if order.dead or order.status is OrderStatus.PENDING_CANCEL:
        # FIX CxlRejReason 3, Already in Pending Cancel; no document of the vendor's tells of a second one.
        raise conflict(simulator)
    receipt = Reply(response=received())
    if ask.sync:
        by, delay_s = simulator.cancel_name, simulator.behaviour.cancel_delay_s
        receipt = Reply(response=lambda _due: _decided(simulator, order_id, by), delay_s=delay_s)
    return simulator.receive_cancel(order_id, now, receipt)


def replace_order(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer PUT orders: a new order in the place of an open one, which is Replaced from then on."""
    order = _find(simulator, ask)
    if order is None:
        raise unknown_order(simulator)
    if order.dead:
        raise conflict(simulator)
    new = simulator.replace(order.order_id, now, **_changes(ask))
    return Reply(response=json_response(show_order(simulator.book, new, now)))


def unknown_order(simulator: Simulator, switch: str = "unknown_order") -> RefusalError:
    """Make the answer for an order that the account has not; which it is, no document tells."""
    word = simulator.word(switch)
    return conflict(simulator) if word == "409" else RefusalError(_UNKNOWN[word])


def conflict(simulator: Simulator) -> RefusalError:
    """Make the 409 to a cancel or replacement of an order that is dead; its body no document tells."""
    return RefusalError(_CONFLICTS[simulator.word("conflict_body")])


_UNKNOWN = {"404": Refusal.NOT_FOUND, "500": Refusal.SERVER}
_CONFLICTS = {"empty": Refusal.CONFLICT_WITHOUT_WORDS, "envelope": Refusal.CONFLICT}


def _find(simulator: Simulator, ask: Ask) -> SimulatedOrder | None:
    order = simulator.book.find(ask.order_id or "")
    return order if order is not None and order.account == ask.account else None


def _decided(simulator: Simulator, order_id: str, by: str) -> HttpResponse:
    # AutoShares Cancel an Order, Response: 204 "if the order was successfully deleted", by this very call.
    if simulator.book.order(order_id).canceled_by == by:
        return received()
    return refused(conflict(simulator).refusal, simulator.word("key_case"))


def _changes(ask: Ask) -> dict[str, object]:
    # API description (Swagger), ModifyOrderResource; the documents write its keys in several cases.
    try:
        body = read_json(ask.content)
    except WireError as error:
        raise RefusalError(Refusal.INVALID) from error
    if not isinstance(body, dict):
        raise RefusalError(Refusal.INVALID)
    changes = {name: _positive(body[name]) for name in ("quantity", "price") if body.get(name) is not None}
    client_id = body.get("clientid")
    return changes | ({"client_order_id": client_id} if isinstance(client_id, str) and client_id else {})


def _positive(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value <= 0:
        raise RefusalError(Refusal.VALIDATION)
    return Decimal(value)
