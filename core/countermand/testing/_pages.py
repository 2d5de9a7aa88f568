"""How a listing is cut into pages: by number, or behind an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import attrs

from countermand.testing._order import SimulatedOrder

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Pages:
    """Pages of `size` rows, numbered from 0; each begins with `overlap` rows of the one before."""

    size: int
    overlap: int = 0

    def cut(self, rows: Sequence[T], number: int) -> Sequence[T]:
        """Return the rows of a page; one that would show nothing new is empty."""
        return rows[self._start(number) :][: self.size] if self.begins(number, len(rows)) else ()

    def begins(self, number: int, count: int) -> bool:
        """Whether a page of that number has anything to show that is new, of `count` rows in all."""
        return number >= 0 and self._start(number) + (self.overlap if number else 0) < count

    def _start(self, number: int) -> int:
        return number * (self.size - self.overlap)


def cut_after(orders: Sequence[SimulatedOrder], order_id: str | None, size: int) -> Sequence[SimulatedOrder]:
    """Return up to `size` of the orders behind that one: the first for None, none for an unknown one."""
    if order_id is None:
        return orders[:size]
    ids = [order.order_id for order in orders]
    start = ids.index(order_id) + 1 if order_id in ids else len(ids)
    return orders[start : start + size]
