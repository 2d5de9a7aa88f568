"""What changes orders at the simulated venue: cancels of one, of a list, of all, and replacements."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from countermand.testing import Reply, SimulatedOrder, Simulator, json_response
from countermand_apex.simulator._answers import PLAIN, SHAPES, RefusalError, received, refused
from countermand_apex.simulator._ask import Ask
from countermand_apex.simulator._scope import account_of, check_oms, find_order, within_reach


def cancel_order(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer CancelOrder: a receipt for an open order, and for a dead or unknown one as is switched."""
    check_oms(ask)
    order, word = _named(simulator, ask), simulator.word("cancel_answer")
    answer = Reply(response=received() if word == PLAIN else SHAPES[word])
    acts = word == PLAIN or simulator.word("cancel_acts") == "yes"
    if order is not None and not order.dead and acts:
        return simulator.receive_cancel(order.order_id, now, answer)
    return answer if word != PLAIN else _answer_to_a_dead_order(simulator)


def cancel_list(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer SendCancelList: one answer for the whole list, whatever became of each; AlphaPoint 4.x."""
    unknown = simulator.word("cancel_list")
    if unknown != "known":
        return Reply(response=SHAPES[unknown])
    if not ask.rows:
        raise RefusalError(100)
    for row in ask.rows:
        check_oms(row)
    named = filter(None, [_named(simulator, row) for row in ask.rows])
    return _cancel_many(simulator, now, [order for order in named if not order.dead])


def cancel_all(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer CancelAllOrders; AlphaPoint, Warning: AccountID 0 or none cancels the orders of all accounts."""
    check_oms(ask)
    account, user = account_of(simulator, ask), ask.number("UserId")
    # A server that spells the key in one way does not see the other, and then means all instruments.
    instrument = ask.number(simulator.word("instrument_key"))
    orders = within_reach(simulator, account, user)
    return _cancel_many(
        simulator, now, [order for order in orders if instrument in (0, int(order.instrument))]
    )


def replace_order(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer CancelReplaceOrder: a new order in the place of an open one, whose id is dead from then on."""
    check_oms(ask)
    order = find_order(simulator, ask, ask.required("OrderIdToReplace", "OrderId"))
    if order is None or order.dead:
        raise RefusalError(104)
    client_order_id = ask.number("ClientOrderId", "ClientOrdId", "ClOrderId")
    fields: dict[str, object] = {}
    if client_order_id:
        fields["client_order_id"] = str(client_order_id)
    if ask.text("Quantity"):
        fields["quantity"] = _decimal(ask, "Quantity")
    if ask.text("LimitPrice"):
        fields["price"] = _decimal(ask, "LimitPrice")
    new = simulator.replace(order.order_id, now, **fields)
    return Reply(
        response=json_response(
            {
                "ReplacementOrderId": int(new.order_id),
                "ReplacementClOrdId": int(new.client_order_id or 0),
                "OrigOrderId": int(order.order_id),
                "OrigClOrdId": int(order.client_order_id or 0),
            }
        )
    )


def _answer_to_a_dead_order(simulator: Simulator) -> Reply:
    word = simulator.word("dead_order")
    return Reply(response=received() if word == "receipt" else refused(int(word)))


def _named(simulator: Simulator, ask: Ask) -> SimulatedOrder | None:
    if order_id := ask.number("OrderId"):
        return find_order(simulator, ask, order_id)
    client_order_id = ask.required("OrderId", "ClOrderId", "ClientOrderId")
    # AlphaPoint CancelOrder: "The OMS is unable to identify the order using only the OMS ID and the Client
    # Order ID". Of several orders with that id it is the newest open one.
    ask.required("AccountId")
    account = str(account_of(simulator, ask))
    orders = simulator.book.find_by_client_id(account, str(client_order_id))
    return next((order for order in reversed(orders) if not order.dead), None)


def _cancel_many(simulator: Simulator, now: float, orders: Iterable[SimulatedOrder]) -> Reply:
    word = simulator.word("mass_answer")
    answer = Reply(response=received() if word == PLAIN else SHAPES[word])
    if word != PLAIN and simulator.word("cancel_acts") == "no":
        return answer
    for order in orders:
        # An earlier cancel of this very call may have taken it along.
        if not simulator.book.order(order.order_id).dead:
            simulator.receive_cancel(order.order_id, now, answer)
    return answer


def _decimal(ask: Ask, name: str) -> Decimal:
    try:
        number = Decimal(ask.text(name))
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or number <= 0:
        raise RefusalError(100, f"Invalid {name}")
    return number
