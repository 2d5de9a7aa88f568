"""Every state that orders ever had, so that a read with a lag shows what was."""

from __future__ import annotations

import bisect
import math

from countermand.testing._order import SimulatedOrder


class Histories:
    """The states of each order with the times from which on they were true; ids in the order added."""

    def __init__(self) -> None:
        self._states: dict[str, list[SimulatedOrder]] = {}
        self._times: dict[str, list[float]] = {}
        self._by_account: dict[str, list[str]] = {}
        self._by_client_id: dict[tuple[str, str], list[str]] = {}
        self._by_parent: dict[str, list[str]] = {}

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._states

    def begin(self, order: SimulatedOrder, time: float = -math.inf) -> None:
        """Add an order that is there from `time` on."""
        order_id = order.order_id
        self._states[order_id] = [order]
        self._times[order_id] = [time]
        self._by_account.setdefault(order.account, []).append(order_id)
        if order.client_order_id is not None:
            self._by_client_id.setdefault((order.account, order.client_order_id), []).append(order_id)
        if order.parent is not None:
            self._by_parent.setdefault(order.parent, []).append(order_id)

    def add(self, order: SimulatedOrder, time: float) -> None:
        """Add a newer state of an order; it is never older than the one before."""
        times = self._times[order.order_id]
        self._states[order.order_id].append(order)
        times.append(max(time, times[-1]))

    def latest(self, order_id: str) -> SimulatedOrder | None:
        """Return an order's newest state."""
        states = self._states.get(order_id)
        return states[-1] if states else None

    def until(self, order_id: str, time: float) -> tuple[SimulatedOrder, ...]:
        """Return an order's states that began by `time`, oldest first."""
        count = bisect.bisect_right(self._times.get(order_id, ()), time)
        return tuple(self._states.get(order_id, ())[:count])

    def at(self, order_id: str, time: float) -> SimulatedOrder | None:
        """Return an order's state at `time`."""
        count = bisect.bisect_right(self._times.get(order_id, ()), time)
        return self._states[order_id][count - 1] if count else None

    def has_account(self, account: str) -> bool:
        """Whether any order is an account's."""
        return account in self._by_account

    def ids(self, account: str | None = None) -> tuple[str, ...]:
        """Return the ids of an account, or of all."""
        return tuple(self._states if account is None else self._by_account.get(account, ()))

    def ids_by_client_id(self, account: str, client_order_id: str) -> tuple[str, ...]:
        """Return the ids of an account's orders that bear a client id."""
        return tuple(self._by_client_id.get((account, client_order_id), ()))

    def legs(self, parent: str) -> tuple[str, ...]:
        """Return the ids of an order's legs."""
        return tuple(self._by_parent.get(parent, ()))
