"""What changes orders at the simulated venue: cancels of one, of a list, of all, and replacements."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from countermand.testing import Ask, RefusalError, Reply, SimulatedOrder, Simulator, json_response
from countermand.venue import HttpResponse
from countermand_apex.simulator._answers import SHAPES, refused
from countermand_apex.simulator._fields import Fields, account_of, check_oms, find_order, number, required


def cancel_order(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer CancelOrder: a receipt for an open order, and for a dead or unknown one as is switched."""
    check_oms(ask.fields)
    return simulator.accept_cancel(_named(simulator, ask.fields), now)


def cancel_list(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer SendCancelList: one answer for the whole list, whatever became of each; AlphaPoint 4.x."""
    unknown = simulator.word("cancel_list")
    if unknown != "known":
        return Reply(response=SHAPES[unknown])
    if not ask.rows:
        raise RefusalError(refused(100))
    for row in ask.rows:
        check_oms(row)
    named = [_named(simulator, row) for row in ask.rows]
    return simulator.accept_cancels(filter(None, named), now)


def cancel_all(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer CancelAllOrders; AlphaPoint, Warning: AccountID 0 or none cancels the orders of all accounts."""
    check_oms(ask.fields)
    orders = _within_reach(simulator, account_of(simulator, ask.fields), number(ask.fields, "UserId"))
    # A server that spells the key in one way does not see the other, and then means all instruments.
    instrument = number(ask.fields, simulator.word("instrument_key"))
    return simulator.accept_cancels(
        [order for order in orders if instrument in (0, int(order.instrument))], now
    )


def replace_order(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer CancelReplaceOrder: a new order in the place of an open one, whose id is dead from then on."""
    check_oms(ask.fields)
    order = find_order(simulator, ask.fields, required(ask.fields, "OrderIdToReplace", "OrderId"))
    if order is None or order.dead:
        raise RefusalError(refused(104))
    client_order_id = number(ask.fields, "ClientOrderId", "ClientOrdId", "ClOrderId")
    fields: dict[str, object] = {}
    if client_order_id:
        fields["client_order_id"] = str(client_order_id)
    if ask.text("Quantity"):
        fields["quantity"] = _decimal(ask, "Quantity")
    if ask.text("LimitPrice"):
        fields["price"] = _decimal(ask, "LimitPrice")
    new = simulator.replace(order.order_id, now, **fields)
    return json_response(
        {
            "ReplacementOrderId": int(new.order_id),
            "ReplacementClOrdId": int(new.client_order_id or 0),
            "OrigOrderId": int(order.order_id),
            "OrigClOrdId": int(order.client_order_id or 0),
        }
    )


def _named(simulator: Simulator, fields: Fields) -> SimulatedOrder | None:
    if order_id := number(fields, "OrderId"):
        return find_order(simulator, fields, order_id)
    client_order_id = required(fields, "OrderId", "ClOrderId", "ClientOrderId")
    # AlphaPoint CancelOrder: "The OMS is unable to identify the order using only the OMS ID and the Client
    # Order ID". Of several orders with that id it is the newest open one.
    account = str(required(fields, "AccountId"))
    account_of(simulator, fields)
    orders = simulator.book.find_by_client_id(account, str(client_order_id))
    return next((order for order in reversed(orders) if not order.dead), None)


def _within_reach(simulator: Simulator, account: str | None, user: int) -> list[SimulatedOrder]:
    # AlphaPoint CancelAllOrders (older edition), table: all accounts of all users "requires special
    # permission"; CancelOrder: "Only a trading venue operator can cancel orders for another user or account".
    operator = simulator.word("operator") == "yes"
    own = str(user) == simulator.credentials.user_id if user else account is not None
    if not own and not operator:
        raise RefusalError(refused(20))
    return [
        order
        for order in simulator.book.open_orders(account)
        if user in (0, int(order.entered_by or 0)) and (operator or simulator.reaches(order, account))
    ]


def _decimal(ask: Ask, name: str) -> Decimal:
    try:
        number = Decimal(ask.text(name))
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or number <= 0:
        raise RefusalError(refused(100, f"Invalid {name}"))
    return number
