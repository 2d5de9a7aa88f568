"""What a client does at a simulated venue so that each kind of call is made, and what is true after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from countermand import (
    Assurance,
    AsyncClient,
    CancelRequest,
    ClientOrderId,
    OrderId,
    OrderStatus,
    Outcome,
    Scope,
    ScopeKind,
    ScopeState,
)
from countermand.testing._fault import Fault
from countermand.testing._order import SimulatedOrder
from countermand.testing._simulator import Simulator
from countermand.testing.contract.book import disagreement, told
from countermand.venue import Venue

if TYPE_CHECKING:
    import httpx

#: How long a caller waits, and how long after it all effects have come; in virtual seconds.
_TIMEOUT_S = 20.0
_THE_END_S = 40.0
_DELAY_S = 0.5
#: A client order id that venues with numbers and with texts can have.
_CLIENT_ID = "4711"


@attrs.frozen(kw_only=True)
class World:
    """A venue, its simulator, and what is to break at which call."""

    simulator: Simulator
    venue: Venue
    call: str
    faults: tuple[Fault, ...] = ()


@attrs.frozen(kw_only=True)
class Scene:
    """A play in which a call is made; `play` returns what went wrong, if anything."""

    play: Callable[[World, httpx.AsyncBaseTransport], Awaitable[str | None]]
    is_possible: Callable[[Venue], bool] = lambda _venue: True
    behaviour: Mapping[str, Any] = MappingProxyType({"cancel_delay_s": _DELAY_S})
    logs_in: bool = False


async def _cancel_by_id(world: World, transport: httpx.AsyncBaseTransport) -> str | None:
    return await _cancel(world, transport, {})


async def _cancel_by_client_id(world: World, transport: httpx.AsyncBaseTransport) -> str | None:
    return await _cancel(world, transport, {}, by_client_id=True)


async def _cancel_of_a_dead_order(world: World, transport: httpx.AsyncBaseTransport) -> str | None:
    return await _cancel(world, transport, {"status": OrderStatus.FILLED}, by_client_id=True)


async def _settled(world: World, transport: httpx.AsyncBaseTransport) -> str | None:
    return await _cancel(world, transport, {}, assurance=Assurance.RECEIVED)


async def _cancel(
    world: World,
    transport: httpx.AsyncBaseTransport,
    state: Mapping[str, Any],
    *,
    by_client_id: bool = False,
    assurance: Assurance = Assurance.CONFIRMED,
) -> str | None:
    simulator, now = world.simulator, asyncio.get_running_loop().time()
    order = simulator.place(now, client_order_id=_CLIENT_ID, **state)
    bystander = simulator.place(now)
    simulator.faults.script(world.call, *world.faults)
    request = CancelRequest(
        venue=world.venue.name,
        account=order.account,
        order=ClientOrderId(_CLIENT_ID) if by_client_id else OrderId(order.order_id),
        instrument=order.instrument,
        assurance=assurance,
        timeout_s=_TIMEOUT_S,
    )
    async with AsyncClient([world.venue], transport=transport) as client:
        ack = await client.cancel(request)
        if assurance is Assurance.RECEIVED and not ack.final:
            ack = await client.settle(ack, _TIMEOUT_S)
        await asyncio.sleep(_THE_END_S)
    simulator.book.advance(asyncio.get_running_loop().time())
    if simulator.book.order(bystander.order_id) != bystander:
        return "an order was touched that nobody meant"
    if not world.faults and ack.outcome in (Outcome.UNKNOWN, Outcome.PENDING) and not _refuses(simulator):
        return f"the ack of a cancel says no more than {told(ack)}"
    return disagreement(ack, simulator.book.order(order.order_id))


async def _cancel_all(world: World, transport: httpx.AsyncBaseTransport) -> str | None:
    simulator, now = world.simulator, asyncio.get_running_loop().time()
    account = simulator.credentials.account
    orders = [simulator.place(now) for _ in range(3)]
    others = [simulator.place(now, account=simulator.credentials.other_account)]
    simulator.faults.script(world.call, *world.faults)
    async with AsyncClient([world.venue], transport=transport) as client:
        report = await client.cancel_all(Scope.account(world.venue.name, account), timeout_s=_TIMEOUT_S)
        await asyncio.sleep(_THE_END_S)
    simulator.book.advance(asyncio.get_running_loop().time())
    if any(simulator.book.order(one.order_id) != one for one in others):
        return "an order of another account was touched"
    left = simulator.book.open_orders(account)
    if report.state is ScopeState.PROVED_EMPTY and left:
        return f"the report proves the account empty, the book has {len(left)} open orders"
    if not world.faults and report.state is not ScopeState.PROVED_EMPTY:
        return f"the report of a mass cancel says no more than {report.state.value}"
    return _first_wrong(simulator, orders, {ack.order_id: ack for ack in report.acks})


def _first_wrong(simulator: Simulator, orders: list[SimulatedOrder], acks: Mapping[Any, Any]) -> str | None:
    for order in orders:
        ack = acks.get(OrderId(order.order_id))
        wrong = None if ack is None else disagreement(ack, simulator.book.order(order.order_id))
        if wrong is not None:
            return wrong
    return None


async def _ready(world: World, transport: httpx.AsyncBaseTransport) -> str | None:
    simulator = world.simulator
    simulator.faults.script(world.call, *world.faults)
    async with AsyncClient([world.venue], transport=transport) as client:
        (readiness,) = await client.ready(_TIMEOUT_S)
    if not readiness.ready and world.faults:
        return None
    if set(readiness.accounts) == set(simulator.accounts):
        return None
    return f"the accounts told are {', '.join(readiness.accounts) or 'none'}, those there are differ"


def _refuses(simulator: Simulator) -> bool:
    return bool(simulator.behaviour.refuse_cancels_late)


#: The scene in which each of `CALLS` is made.
SCENES: Mapping[str, Scene] = {
    "cancel": Scene(play=_cancel_by_id),
    "mass-cancel": Scene(
        play=_cancel_all, is_possible=lambda venue: ScopeKind.ACCOUNT in venue.capabilities.scopes
    ),
    "read": Scene(play=_cancel_by_id),
    "trail": Scene(
        play=_settled,
        is_possible=lambda venue: venue.capabilities.has_trail,
        behaviour={"refuse_cancels_late": True},
    ),
    "open": Scene(play=_cancel_by_client_id),
    "history": Scene(play=_cancel_of_a_dead_order, is_possible=lambda venue: venue.capabilities.has_history),
    "accounts": Scene(play=_ready, is_possible=lambda venue: venue.capabilities.lists_accounts),
    "log-in": Scene(play=_cancel_by_id, logs_in=True),
}
