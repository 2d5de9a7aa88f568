"""What the simulated venue shows of its orders: as old as `read_lag_s` says, or straight under syncorders."""

from __future__ import annotations

from collections.abc import Sequence

from countermand.testing import Reply, SimulatedOrder, Simulator, json_response
from countermand_autoshares.simulator._ask import Ask
from countermand_autoshares.simulator._cancels import unknown_order
from countermand_autoshares.simulator._orders import show_changes, show_order
from countermand_autoshares.simulator._pages import read_page_asked, write_page


def read_order(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer GET orders/{id} and syncorders/{id}."""
    order = _states(simulator, ask, now)[-1]
    return Reply(response=json_response(show_order(simulator.book, order, _as_of(simulator, ask, now))))


def read_details(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer GET orders/{id}/details: a row for each change."""
    return Reply(response=json_response(show_changes(_states(simulator, ask, now))))


def list_orders(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer GET orders and syncorders: one page of an account's orders, of any status unless filtered."""
    overlap = 1 if simulator.word("page_overlap") == "yes" else 0
    asked, as_of = read_page_asked(ask.query, overlap), _as_of(simulator, ask, now)
    orders = asked.choose(_listed(simulator, ask, as_of))
    rows = [show_order(simulator.book, order, as_of) for order in asked.cut(orders)]
    if simulator.word("listing") == "bare":
        return Reply(response=json_response(rows))
    page = write_page(asked, rows, len(orders), ask.path)
    if simulator.word("listing") == "uncounted":
        page |= {"NextPageLink": "", "TotalCount": 0}
    return Reply(response=json_response(page))


def _listed(simulator: Simulator, ask: Ask, as_of: float) -> Sequence[SimulatedOrder]:
    orders = simulator.book.visible_orders(ask.account, as_of)
    if ask.query.get("filter") or simulator.word("dead_rows") == "shown":
        return orders
    return [order for order in orders if not order.dead]


def _as_of(simulator: Simulator, ask: Ask, now: float) -> float:
    return now if ask.sync else now - simulator.behaviour.read_lag_s


def _states(simulator: Simulator, ask: Ask, now: float) -> tuple[SimulatedOrder, ...]:
    states = simulator.book.visible_history(ask.order_id or "", _as_of(simulator, ask, now))
    if not states or states[0].account != ask.account:
        raise unknown_order(simulator, "unknown_read")
    return states
