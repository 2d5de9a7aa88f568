"""Whose orders a request is about, and its answer at another time or about another order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from countermand._http import HttpRequest, HttpResponse
from countermand._order import OrderStatus
from countermand.testing._book import Book
from countermand.testing._fault import FaultKind
from countermand.testing._reply import Reply

if TYPE_CHECKING:
    from countermand.testing._simulated_venue import SimulatedVenue

#: How long before a change an older answer was made, in seconds.
_BEFORE_A_CHANGE_S = 0.001


@attrs.frozen(kw_only=True)
class Asked:
    """What a request names; None is left out or cannot be read."""

    account: str | None = None
    order_id: str | None = None


def before_last_change(simulator: SimulatedVenue, request: HttpRequest, now: float) -> float:
    """Return a time before the last change that the request would show; now if there was none."""
    lag_s = simulator.behaviour.read_lag_s
    asked, book = simulator.asked_of(request), simulator.book
    if asked.order_id is not None:
        states = book.visible_history(asked.order_id, now - lag_s)
        changes = [state.changed_at for state in states[1:]]
    else:
        orders = book.visible_orders(asked.account, now - lag_s)
        changes = [
            order.changed_at for order in orders if order.changed_at > order.placed_at or order.replaces
        ]
    return min(now, max(changes) + lag_s - _BEFORE_A_CHANGE_S) if changes else now


def show_other(simulator: SimulatedVenue, request: HttpRequest, now: float) -> Reply:
    """Answer a read as if it were of another order: one of the book's, or an invented one."""
    asked = simulator.asked_of(request)
    own = simulator.book.find(asked.order_id or "")
    account = own.account if own is not None else asked.account or simulator.credentials.account
    seen = simulator.book.visible_orders(account, now - simulator.behaviour.read_lag_s)
    other = next((one for one in reversed(seen) if one.order_id != asked.order_id), None)
    if other is not None:
        return simulator.act(simulator.asking_for(request, other.order_id), now)
    book, (simulator.book, decoy) = simulator.book, _invented(simulator, account, asked.order_id, now)
    try:
        return simulator.act(simulator.asking_for(request, decoy), now)
    finally:
        simulator.book = book


def stray_answer(simulator: SimulatedVenue, request: HttpRequest, call: str, now: float) -> HttpResponse:
    """Return what another request might have been answered: a receipt, or another order."""
    if call in ("read", "trail"):
        return show_other(simulator, request, now).response_at(now)
    return simulator.words(FaultKind.HALF, call)[0]


def _invented(simulator: SimulatedVenue, account: str, order_id: str | None, now: float) -> tuple[Book, str]:
    # A canceled one: whoever does not look at its id is told what he hopes for.
    number = int(order_id) + 1 if order_id is not None and order_id.isdecimal() else 1
    if simulator.new_order_id(number) == order_id:
        number += 1
    book = Book(new_order_id=simulator.new_order_id, first_order_id=number)
    decoy = book.place(now, account=account, instrument=simulator.instrument, status=OrderStatus.CANCELED)
    return book, decoy.order_id
