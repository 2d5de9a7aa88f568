"""What the simulated venue shows of its orders: as old as `read_lag_s` says, or straight under syncorders."""

from __future__ import annotations

from collections.abc import Sequence

from countermand.testing import Ask, SimulatedOrder, Simulator, json_response
from countermand.venue import HttpResponse
from countermand_autoshares.simulator._orders import show_changes, show_order
from countermand_autoshares.simulator._pages import read_page_asked, write_page
from countermand_autoshares.simulator._paths import is_fresh


def read_order(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer GET orders/{id} and syncorders/{id}."""
    order = simulator.shown_order(ask, now, fresh=is_fresh(ask))
    as_of = simulator.as_of(now, fresh=is_fresh(ask))
    return json_response(show_order(simulator.book, order, as_of))


def read_details(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer GET orders/{id}/details: a row for each change."""
    return json_response(show_changes(simulator.shown_states(ask, now, fresh=is_fresh(ask))))


def list_orders(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer GET orders and syncorders: one page of an account's orders, of any status unless filtered."""
    asked = read_page_asked(ask.query, overlap=1 if simulator.word("page_overlap") == "yes" else 0)
    orders = asked.choose(_listed(simulator, ask, now))
    as_of = simulator.as_of(now, fresh=is_fresh(ask))
    rows = [show_order(simulator.book, order, as_of) for order in asked.pages.cut(orders, asked.number)]
    if simulator.word("listing") == "bare":
        return json_response(rows)
    page = write_page(asked, rows, len(orders), ask.path)
    if simulator.word("listing") == "uncounted":
        page |= {"NextPageLink": "", "TotalCount": 0}
    return json_response(page)


def listing_of(ask: Ask) -> str:
    """Name the call that a listing is: of the open orders, if it asks for no dead one."""
    if not ask.query.get("filter"):
        return "history"
    return "open" if read_page_asked(ask.query).shows_open_only else "history"


def _listed(simulator: Simulator, ask: Ask, now: float) -> Sequence[SimulatedOrder]:
    if ask.query.get("filter") or simulator.word("dead_rows") == "shown":
        return simulator.shown_orders(ask, now, fresh=is_fresh(ask))
    return simulator.shown_open(ask, now, fresh=is_fresh(ask))
