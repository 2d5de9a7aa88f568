"""The order book of a simulated venue, with all that ever was, in a time that is passed in."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs

from countermand._order import OrderStatus
from countermand.testing._histories import Histories
from countermand.testing._order import CONTROL, SimulatedOrder, plain_status
from countermand.testing._schedule import Effect, Schedule

#: Ids above this one are placed to try the ends of a range, not to count on from.
_LARGEST_MODEST_ID = 1_000_000_000
_KEPT_BY_A_REPLACEMENT = ("account", "client_order_id", "entered_by", "instrument", "price")


class Book:
    """The orders of all accounts; knows no clock, so every act is told when it happens (`now`, seconds).

    Orders are values (`SimulatedOrder`): an act on one returns its new state and keeps the old one, so
    that a read with a lag (`visible…`) shows what was. An unknown id is a `LookupError`, an act that
    cannot be a `ValueError`.
    """

    def __init__(self, *, first_order_id: int = 6500, new_order_id: Callable[[int], str] = str) -> None:
        self._histories = Histories()
        self._schedule = Schedule()
        self._next_id = first_order_id
        self._new_order_id = new_order_id

    def forget(self) -> None:
        """Drop every order and whatever was to happen; ids go on from where they are."""
        self._histories = Histories()
        self._schedule = Schedule()

    # --- time -------------------------------------------------------------------------------------

    def at(self, time: float, effect: Effect) -> None:
        """Have `effect(time)` happen when the book is advanced to `time` or beyond."""
        self._schedule.at(time, effect)

    def advance(self, now: float) -> None:
        """Let happen what is due by `now`."""
        self._schedule.advance(now)

    # --- what is true -----------------------------------------------------------------------------

    def find(self, order_id: str) -> SimulatedOrder | None:
        """Return an order as it truly is; None for an unknown one."""
        return self._histories.latest(order_id)

    def order(self, order_id: str) -> SimulatedOrder:
        """Return an order as it truly is; raises `LookupError` for an unknown one."""
        found = self.find(order_id)
        if found is None:
            raise LookupError(f"no order {order_id!r} in the book")
        return found

    def find_by_client_id(self, account: str, client_order_id: str) -> tuple[SimulatedOrder, ...]:
        """Return the account's orders with that client id, of any status, in the order they were placed."""
        return tuple(map(self.order, self._histories.ids_by_client_id(account, client_order_id)))

    def orders(self, account: str | None = None) -> tuple[SimulatedOrder, ...]:
        """Return the orders, of an account or of all, in the order they were placed."""
        return tuple(map(self.order, self._histories.ids(account)))

    def has_account(self, account: str) -> bool:
        """Whether an account has, or had, any order."""
        return self._histories.has_account(account)

    def open_orders(self, account: str | None = None) -> tuple[SimulatedOrder, ...]:
        """Return the orders that are truly open, in the order they were placed."""
        return tuple(order for order in self.orders(account) if not order.dead)

    def legs(self, order_id: str) -> tuple[SimulatedOrder, ...]:
        """Return the legs of an order."""
        return tuple(map(self.order, self._histories.legs(order_id)))

    # --- what a read shows ------------------------------------------------------------------------

    def visible(self, order_id: str, as_of: float) -> SimulatedOrder | None:
        """Return an order as it was at `as_of`; None if it was not there yet, or is unknown."""
        return self._histories.at(order_id, as_of)

    def visible_orders(self, account: str | None, as_of: float) -> tuple[SimulatedOrder, ...]:
        """Return the orders as they were at `as_of`, of any status, in the order they were placed."""
        seen = (self.visible(order_id, as_of) for order_id in self._histories.ids(account))
        return tuple(order for order in seen if order is not None)

    def visible_history(self, order_id: str, as_of: float) -> tuple[SimulatedOrder, ...]:
        """Return the states of an order up to `as_of`, oldest first; empty for an unknown one."""
        return self._histories.until(order_id, as_of)

    # --- acts -------------------------------------------------------------------------------------

    def place(self, now: float, *, settled: bool = True, **fields: Any) -> SimulatedOrder:
        """Place an order; of the fields of `SimulatedOrder` only `account` and `instrument` are required.

        The id is the next free one unless given. One that is `settled` is seen by every read, whatever
        its lag; another appears only after it. The orders named in `linked` are linked back.
        """
        given = fields.pop("order_id", None)
        order_id = given or self._free_id()
        if order_id in self._histories:
            raise ValueError(f"order_id {order_id!r} is taken")
        order = SimulatedOrder.placed(order_id=order_id, placed_at=now, changed_at=now, **fields)
        for other in (*order.linked, *filter(None, (order.parent, order.replaces))):
            self.order(other)  # known, or a LookupError before anything was changed
        self._histories.begin(order, -math.inf if settled else now)
        if not given:
            self._next_id += 1
        elif order_id.isdecimal() and int(order_id) < _LARGEST_MODEST_ID:
            # Ids rise at a venue: whatever is placed later has a greater one.
            self._next_id = max(self._next_id, int(order_id) + 1)
        for other in order.linked:
            self.change(other, now, linked=(*self.order(other).linked, order_id))
        if order.replaces is not None:
            self.change(order.replaces, now, status=OrderStatus.REPLACED, replaced_by=order_id)
        return order

    def change(self, order_id: str, now: float, **changes: Any) -> SimulatedOrder:
        """Give an order another state, without asking whether a venue could."""
        order = attrs.evolve(self.order(order_id), changed_at=now, **changes)
        self._histories.add(order, now)
        return order

    def fill(
        self, order_id: str, now: float, quantity: Decimal | None = None, price: Decimal | None = None
    ) -> SimulatedOrder:
        """Fill an open order by `quantity` (default: the rest of it) at `price` (default: its own)."""
        order = self._open(order_id, "filled")
        bought = order.remaining if quantity is None else quantity
        if not 0 < bought <= order.remaining:
            raise ValueError(f"a fill must be above 0 and at most {order.remaining}, got {bought}")
        filled = order.filled + bought
        paid = order.filled * (order.average_price or order.price) + bought * (price or order.price)
        status = plain_status(order.quantity, filled)
        if order.status is OrderStatus.PENDING_CANCEL and status is not OrderStatus.FILLED:
            status = order.status  # still leaving: FIX lets Pending Cancel hide a partial fill
        return self.change(order_id, now, filled=filled, average_price=paid / filled, status=status)

    def begin_cancel(self, order_id: str, now: float) -> SimulatedOrder:
        """Let an open order be Pending Cancel: the cancel was received and has not taken effect."""
        self._open(order_id, "canceled")
        return self.change(order_id, now, status=OrderStatus.PENDING_CANCEL, cancel_rejected=False)

    def cancel(self, order_id: str, now: float, by: str = CONTROL) -> SimulatedOrder:
        """Take an open order off the book, and along with it the open ones linked to it and its legs."""
        order = self._open(order_id, "canceled")
        canceled = self.change(order_id, now, status=OrderStatus.CANCELED, canceled_by=by)
        for other in (*order.linked, *self._histories.legs(order_id)):
            if not self.order(other).dead:
                self.cancel(other, now, by)
        return canceled

    def reject_cancel(self, order_id: str, now: float) -> SimulatedOrder:
        """Let the market refuse a cancel that was received: the order works on."""
        order = self._open(order_id, "refused a cancel")
        status = plain_status(order.quantity, order.filled)
        return self.change(order_id, now, status=status, cancel_rejected=True)

    def replace(self, order_id: str, now: float, /, **fields: Any) -> SimulatedOrder:
        """Put a new order in the place of an open one and return it; the old one is Replaced.

        `fields` are those of the new order: left out, it has a new id and the rest of the old quantity.
        """
        old = self._open(order_id, "replaced")
        same = {name: getattr(old, name) for name in _KEPT_BY_A_REPLACEMENT}
        return self.place(
            now, **{"settled": False, "replaces": order_id, "quantity": old.remaining, **same, **fields}
        )

    def _open(self, order_id: str, what: str) -> SimulatedOrder:
        order = self.order(order_id)
        if order.dead:
            raise ValueError(f"order {order_id!r} is {order.status.value}: it cannot be {what}")
        return order

    def _free_id(self) -> str:
        while (order_id := self._new_order_id(self._next_id)) in self._histories:
            self._next_id += 1
        return order_id
