"""How many orders are asked to be canceled by one call under a fault, and what is wrong about the acks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from countermand import (
    AsyncClient,
    CancelAck,
    CancelRequest,
    MassCancelReport,
    OrderId,
    Outcome,
    Scope,
    ScopeKind,
    ScopeState,
)
from countermand.testing._order import SimulatedOrder
from countermand.testing._simulator import Simulator
from countermand.testing.contract.book import disagreement, told
from countermand.testing.contract.plea import THE_END_S, TIMEOUT_S, World
from countermand.testing.contract.scopes import means
from countermand.testing.contract.worlds import next_id

if TYPE_CHECKING:
    import httpx

_COUNT = 3

#: The kinds of scopes that a venue can have a call for, and how one of each is made.
SCOPES: Mapping[ScopeKind, Callable[[str, Simulator], Scope]] = MappingProxyType(
    {
        ScopeKind.INSTRUMENT: lambda name, simulator: Scope.instrument(
            name, simulator.credentials.account, simulator.instrument
        ),
        ScopeKind.USER: lambda name, simulator: Scope.user(
            name, simulator.credentials.user_id, account=simulator.credentials.account
        ),
        ScopeKind.ACCOUNT: lambda name, simulator: Scope.account(name, simulator.credentials.account),
        ScopeKind.VENUE_WIDE: lambda name, _simulator: Scope.venue_wide(name, confirm=name),
    }
)


@attrs.frozen(kw_only=True)
class Sweep:
    """How all orders of a scope of that kind are asked to be canceled."""

    kind: ScopeKind

    async def __call__(self, world: World, transport: httpx.AsyncBaseTransport) -> str | None:
        """Cancel them, let all effects come, and tell what was wrong about the report, if anything."""
        simulator, now = world.simulator, asyncio.get_running_loop().time()
        scope = SCOPES[self.kind](world.venue.name, simulator)
        for _ in range(_COUNT):
            simulator.place(now)
        others = _place_others(simulator, scope, now)
        simulator.faults.script(world.call, *world.faults)
        async with AsyncClient([world.venue], transport=transport) as client:
            report = await client.cancel_all(scope, timeout_s=TIMEOUT_S)
        _let_all_come(simulator)
        if wrong := _touched(simulator, others):
            return f"a mass cancel of the scope {scope} is wider than asked: {wrong}"
        other = simulator.credentials.other_account
        left = [one for one in simulator.book.open_orders() if means(scope, one) and one.account != other]
        if report.state is ScopeState.PROVED_EMPTY and left:
            return f"the report proves the scope {scope} empty, the book has {len(left)} open orders"
        # Of all accounts there is no listing, so nothing can be proved.
        provable = scope.account_id is not None
        if provable and not world.faults and report.state is not ScopeState.PROVED_EMPTY:
            return f"the report of a mass cancel of {scope} says no more than {report.state.value}"
        if _is_told_as_refused(report) and (took := _taken_under_a_fault(simulator)):
            return f"the mass cancel of {scope} is told as refused, though it canceled order {took}"
        return _disagreement(simulator, report.acks)


@attrs.frozen(kw_only=True)
class Many:
    """How many orders are asked to be canceled at once, each with an ack of its own."""

    timeout_s: float = TIMEOUT_S
    #: Without any fault all of them must be canceled.
    settles: bool = True

    async def __call__(self, world: World, transport: httpx.AsyncBaseTransport) -> str | None:
        """Cancel them, let all effects come, and tell what was wrong about the acks, if anything."""
        simulator, now = world.simulator, asyncio.get_running_loop().time()
        orders = [simulator.place(now) for _ in range(_COUNT)]
        others = [simulator.place(now)]
        simulator.faults.script(world.call, *world.faults)
        requests = [self._request(world, order) for order in orders]
        async with AsyncClient([world.venue], transport=transport) as client:
            acks = [ack async for ack in client.cancel_many(requests)]
        _let_all_come(simulator)
        if wrong := _touched(simulator, others):
            return f"a cancel list is wider than asked: {wrong}"
        unsettled = [ack for ack in acks if ack.outcome is not Outcome.CANCELED]
        if self.settles and not world.faults and unsettled:
            return f"the ack of one order of a cancel list says no more than {told(unsettled[0])}"
        return _disagreement(simulator, acks)

    def _request(self, world: World, order: SimulatedOrder) -> CancelRequest:
        return CancelRequest(
            venue=world.venue.name,
            account=order.account,
            order=OrderId(order.order_id),
            instrument=order.instrument,
            timeout_s=self.timeout_s,
        )


def _place_others(simulator: Simulator, scope: Scope, now: float) -> list[SimulatedOrder]:
    """Place what the scope does not mean: of another account, instrument or user."""
    known = simulator.credentials
    others: tuple[Mapping[str, Any], ...] = (
        {"account": known.other_account},
        {"instrument": next_id(simulator.instrument)},
        {"entered_by": next_id(known.user_id)},
    )
    placed = [simulator.place(now, **fields) for fields in others]
    return [one for one in placed if not means(scope, one)]


def _let_all_come(simulator: Simulator) -> None:
    simulator.book.advance(asyncio.get_running_loop().time() + THE_END_S)


def _touched(simulator: Simulator, others: Sequence[SimulatedOrder]) -> str | None:
    for order in others:
        if simulator.book.order(order.order_id) != order:
            return (
                f"it touched order {order.order_id} of account {order.account}, user {order.entered_by},"
                f" instrument {order.instrument}"
            )
    return None


def _is_told_as_refused(report: MassCancelReport) -> bool:
    return report.native is not None and report.native.outcome is Outcome.REJECTED


def _taken_under_a_fault(simulator: Simulator) -> str | None:
    """Return an order that the one native call took off the book, where that is what met the fault."""
    calls = {f"cancel {number}" for number, _, _ in simulator.faults.met}
    return next((one.order_id for one in simulator.book.orders() if one.canceled_by in calls), None)


def _disagreement(simulator: Simulator, acks: Sequence[CancelAck]) -> str | None:
    book = {OrderId(order.order_id): order for order in simulator.book.orders()}
    wrongs = (disagreement(ack, book[ack.order_id]) for ack in acks if ack.order_id in book)
    return next((wrong for wrong in wrongs if wrong is not None), None)
