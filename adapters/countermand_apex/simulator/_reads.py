"""What the simulated venue shows of its orders, as old as `read_lag_s` says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from countermand.testing import Reply, SimulatedOrder, Simulator, json_response
from countermand_apex.simulator._answers import RefusalError
from countermand_apex.simulator._ask import Ask
from countermand_apex.simulator._orders import show_order, state_of
from countermand_apex.simulator._scope import account_of, check_oms, may_see, required_account

#: AlphaPoint GetOrderHistory, Request, OrderState: a name or its number.
STATES = ("Unknown", "Working", "Rejected", "Canceled", "Expired", "FullyExecuted")


def get_order_status(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer GetOrderStatus: the order, or that there is none."""
    check_oms(ask)
    account = account_of(simulator, ask)
    order = simulator.book.visible(str(ask.required("OrderId")), _as_of(simulator, now))
    if order is None or not may_see(simulator, order, account):
        raise RefusalError(104)
    return Reply(response=json_response(_show(simulator, order)))


def get_open_orders(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer GetOpenOrders: the working orders of an account, in one list."""
    orders = _orders(simulator, ask, now)
    return _listed(simulator, (order for order in orders if state_of(order) == "Working"))


def get_order_history(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer GetOrderHistory: an account's orders of any state, newest first, by Depth and StartIndex."""
    orders = [order for order in reversed(tuple(_orders(simulator, ask, now))) if _wanted(ask, order)]
    start, depth = ask.number("StartIndex"), ask.number("Depth")
    return _listed(simulator, orders[start : start + depth if depth else None])


def get_order_trail(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer GetOrderHistoryByOrderId: an order's states, newest first."""
    check_oms(ask)
    account = account_of(simulator, ask)
    states = simulator.book.visible_history(str(ask.required("OrderId")), _as_of(simulator, now))
    return _listed(simulator, (order for order in reversed(states) if may_see(simulator, order, account)))


def _as_of(simulator: Simulator, now: float) -> float:
    return now - simulator.behaviour.read_lag_s


def _orders(simulator: Simulator, ask: Ask, now: float) -> Iterator[SimulatedOrder]:
    check_oms(ask)
    account, instrument = required_account(simulator, ask), ask.number("InstrumentId")
    for order in simulator.book.visible_orders(account, _as_of(simulator, now)):
        if instrument in (0, int(order.instrument)):
            yield order


def _wanted(ask: Ask, order: SimulatedOrder) -> bool:
    order_id, client_order_id = ask.number("OrderId"), ask.number("ClientOrderId", "ClOrderId")
    wanted = ask.text("OrderState")
    state = STATES[int(wanted)] if wanted in map(str, range(len(STATES))) else wanted
    return (
        order_id in (0, int(order.order_id))
        and client_order_id in (0, int(order.client_order_id or 0))
        and state.lower() in ("", state_of(order).lower())
    )


def _listed(simulator: Simulator, orders: Iterable[SimulatedOrder]) -> Reply:
    return Reply(response=json_response([_show(simulator, order) for order in orders]))


def _show(simulator: Simulator, order: SimulatedOrder) -> dict[str, object]:
    return show_order(order, simulator.word("order_fields"))
