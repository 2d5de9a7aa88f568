"""What the simulated venue shows of its orders, as old as `read_lag_s` says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from countermand.testing import Ask, SimulatedOrder, Simulator, json_response
from countermand.venue import HttpResponse
from countermand_apex.simulator._fields import account_of, check_oms, number, required
from countermand_apex.simulator._orders import show_order, state_of

#: AlphaPoint GetOrderHistory, Request, OrderState: a name or its number.
STATES = ("Unknown", "Working", "Rejected", "Canceled", "Expired", "FullyExecuted")


def get_order_status(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer GetOrderStatus: the order, or that there is none."""
    _check(simulator, ask, "OrderId")
    return json_response(_show(simulator, simulator.shown_order(ask, now)))


def get_open_orders(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer GetOpenOrders: the working orders of an account, in one list."""
    orders = _orders(simulator, ask, now)
    return _listed(simulator, (order for order in orders if state_of(order) == "Working"))


def get_order_history(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer GetOrderHistory: an account's orders of any state, newest first, by Depth and StartIndex."""
    orders = [order for order in reversed(tuple(_orders(simulator, ask, now))) if _wanted(ask, order)]
    start, depth = number(ask.fields, "StartIndex"), number(ask.fields, "Depth")
    return _listed(simulator, orders[start : start + depth if depth else None])


def get_order_trail(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer GetOrderHistoryByOrderId: an order's states, newest first."""
    account, order_id = _check(simulator, ask, "OrderId")
    states = simulator.book.visible_history(str(order_id), simulator.as_of(now))
    return _listed(simulator, (order for order in reversed(states) if simulator.reaches(order, account)))


def _check(simulator: Simulator, ask: Ask, name: str) -> tuple[str | None, int]:
    check_oms(ask.fields)
    return account_of(simulator, ask.fields), required(ask.fields, name)


def _orders(simulator: Simulator, ask: Ask, now: float) -> Iterator[SimulatedOrder]:
    account, _ = _check(simulator, ask, "AccountId")
    instrument = number(ask.fields, "InstrumentId")
    for order in simulator.book.visible_orders(account, simulator.as_of(now)):
        if instrument in (0, int(order.instrument)):
            yield order


def _wanted(ask: Ask, order: SimulatedOrder) -> bool:
    order_id = number(ask.fields, "OrderId")
    client_order_id = number(ask.fields, "ClientOrderId", "ClOrderId")
    wanted = ask.text("OrderState")
    state = STATES[int(wanted)] if wanted in map(str, range(len(STATES))) else wanted
    return (
        order_id in (0, int(order.order_id))
        and client_order_id in (0, int(order.client_order_id or 0))
        and state.lower() in ("", state_of(order).lower())
    )


def _listed(simulator: Simulator, orders: Iterable[SimulatedOrder]) -> HttpResponse:
    return json_response([_show(simulator, order) for order in orders])


def _show(simulator: Simulator, order: SimulatedOrder) -> dict[str, object]:
    return show_order(order, simulator.word("order_fields"))
