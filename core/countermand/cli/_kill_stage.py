"""The demo's kill: simulators full of orders, one of them sick, and what truly became of the orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import attrs

from countermand import AsyncClient, Cause, Scope
from countermand.testing import (
    Fault,
    FaultKind,
    LiveSimulator,
    Point,
    SimulatedOrder,
    Simulator,
    load_simulator,
    running,
)
from countermand.venue import Venue

#: How fast the simulated venues cancel and read, and what their venues declare of it, in seconds.
_CANCEL_DELAY_S = 0.1
_READ_LAG_S = 0.1
_DECLARED_LAG_S = 0.4
_FIRST_ORDER = 7001
#: Orders of an account that nobody names: nothing may become of them.
BYSTANDERS = 3
#: Of a sick venue's orders, every so manieth is refused by the market, or gets no answer to its cancel.
_REFUSED_EVERY, _SILENT_EVERY = 83, 167
#: What happens besides to a twentieth of its cancels and reads.
_FAULT_RATE, _FAULT_SEED = 0.05, 7
_FAULTS = (
    Fault(kind=FaultKind.RESET, point=Point.BEFORE),
    Fault(kind=FaultKind.RESET, point=Point.AFTER),
    Fault(kind=FaultKind.SERVER_ERROR, point=Point.BEFORE),
    Fault(kind=FaultKind.SERVER_ERROR, point=Point.AFTER),
    Fault(kind=FaultKind.HALF, point=Point.MIDDLE),
)


@attrs.frozen(kw_only=True)
class Ward:
    """A simulated venue before a kill: full of orders, some of which it will not let go if it is sick."""

    name: str
    live: LiveSimulator
    venue: Venue
    #: How many orders its account had open at first.
    placed: int
    #: The orders that will be left, each with the causes that are true of it: the answer to what the market
    #: refuses may be lost, so that nobody can tell.
    stubborn: dict[str, frozenset[Cause]]

    @property
    def scope(self) -> Scope:
        """What is to be killed."""
        return Scope.account(self.name, self.live.simulator.credentials.account)

    def orders(self) -> tuple[SimulatedOrder, ...]:
        """Return all orders of the account as they truly are."""
        account = self.live.simulator.credentials.account
        found: tuple[SimulatedOrder, ...] = self.live.call(
            lambda _now: self.live.simulator.book.orders(account)
        )
        return found

    def bystanders(self) -> int:
        """Count the open orders of the account that nobody named."""
        other = self.live.simulator.credentials.other_account
        count: int = self.live.call(lambda _now: len(self.live.simulator.book.open_orders(other)))
        return count


@contextmanager
def wards(names: Sequence[str], orders: int) -> Iterator[tuple[Ward, ...]]:
    """Serve a simulator of each name, filled with orders; the last of them is sick."""
    with ExitStack() as stack:
        yield tuple(_filled(name, orders, stack, sick=name == names[-1]) for name in names)


def client_of(filled: Sequence[Ward]) -> AsyncClient:
    """Build a client for some wards, without the limits that their venues declare."""
    return AsyncClient([ward.venue for ward in filled], limits={ward.name: () for ward in filled})


def _filled(name: str, orders: int, stack: ExitStack, *, sick: bool) -> Ward:
    simulator = load_simulator(name)(cancel_delay_s=_CANCEL_DELAY_S, read_lag_s=_READ_LAG_S)
    live = stack.enter_context(running(simulator))
    ids = [simulator.new_order_id(_FIRST_ORDER + number) for number in range(orders)]
    refused = ids[::_REFUSED_EVERY] if sick else []
    silent = [order_id for order_id in ids[1::_SILENT_EVERY] if order_id not in refused] if sick else []

    def fill(now: float) -> None:
        for order_id in ids:
            simulator.place(now, order_id=order_id)
        for _ in range(BYSTANDERS):
            simulator.place(now, account=simulator.credentials.other_account)
        if sick:
            _sicken(simulator, refuse_cancels_late=refused, silent_orders=silent)

    live.call(fill)
    return Ward(
        name=name,
        live=live,
        venue=simulator.venue(live.base_url, name=name, read_lag_s=_DECLARED_LAG_S),
        placed=len(ids),
        stubborn=dict.fromkeys(refused, frozenset({Cause.REFUSED, Cause.PENDING, Cause.UNKNOWN}))
        | dict.fromkeys(silent, frozenset({Cause.UNKNOWN})),
    )


def _sicken(simulator: Simulator, **behaviour: Any) -> None:
    simulator.switch(**behaviour)
    simulator.faults.at_rate(_FAULT_RATE, seed=_FAULT_SEED, calls=("cancel", "read"), choose=_FAULTS)
