"""How one order is asked to be canceled under a fault, and what is wrong about the ack."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from countermand import (
    Assurance,
    AsyncClient,
    CancelAck,
    CancelRequest,
    ClientOrderId,
    OrderId,
    OrderStatus,
    Reason,
)
from countermand.testing._fault import Fault, FaultKind
from countermand.testing._order import SimulatedOrder
from countermand.testing._simulator import Simulator
from countermand.testing.contract.asking import next_stamp
from countermand.testing.contract.book import disagreement, end_of, told, true
from countermand.testing.contract.worlds import answer_to
from countermand.venue import Venue

if TYPE_CHECKING:
    import httpx

#: How long a caller waits, and how long after it all effects have come; in virtual seconds.
TIMEOUT_S = 12.0
THE_END_S = 15.0
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
class Plea:
    """How one order is asked to be canceled."""

    #: What is known of the order when it is placed.
    order: Mapping[str, Any] = MappingProxyType({})
    by_client_id: bool = False
    assurance: Assurance = Assurance.CONFIRMED
    timeout_s: float = TIMEOUT_S
    #: Another order takes its place before.
    is_replaced: bool = False
    #: Without any fault it must be settled.
    settles: bool = True

    async def __call__(self, world: World, transport: httpx.AsyncBaseTransport) -> str | None:
        """Cancel the order, let all effects come, and tell what was wrong about the ack, if anything."""
        simulator, now = world.simulator, asyncio.get_running_loop().time()
        order = simulator.place(now, client_order_id=_CLIENT_ID, **self.order)
        bystanders = [simulator.place(now), simulator.place(now, status=OrderStatus.CANCELED)]
        if self.is_replaced:
            simulator.replace(order.order_id, now)
        simulator.faults.script(world.call, *world.faults)
        async with AsyncClient([world.venue], transport=transport) as client:
            ack = await self._acked(client, world.venue, order)
        _let_all_come(world, order)
        if any(simulator.book.order(one.order_id) != one for one in bystanders):
            return "an order was touched that nobody meant"
        if ack.reason is Reason.NOT_AUTHORIZED and not _refused(world):
            return f"the ack says {told(ack)}, though nobody refused a log-in"
        order = simulator.book.order(order.order_id)
        if self.settles and not world.faults and (ack.outcome, ack.reason) != end_of(order):
            return f"the ack says no more than {told(ack)}, the book {true(order)}"
        return disagreement(ack, order)

    async def _acked(self, client: AsyncClient, venue: Venue, order: SimulatedOrder) -> CancelAck:
        request = CancelRequest(
            venue=venue.name,
            account=order.account,
            order=ClientOrderId(_CLIENT_ID) if self.by_client_id else OrderId(order.order_id),
            instrument=order.instrument,
            assurance=self.assurance,
            timeout_s=self.timeout_s,
        )
        ack = await client.cancel(request)
        if self.assurance is Assurance.RECEIVED and not ack.final:
            ack = await client.settle(ack, self.timeout_s)
        return ack


def _let_all_come(world: World, order: SimulatedOrder) -> None:
    """Let a cancel act that waits for the next read of its order, and all effects come."""
    simulator, now = world.simulator, asyncio.get_running_loop().time()
    simulator.faults.clear()
    call = world.venue.read_order(order.account, OrderId(order.order_id))
    answer_to(simulator, call.sign(None, next_stamp()), now)
    simulator.book.advance(now + THE_END_S)


def _refused(world: World) -> bool:
    return any(fault.kind is FaultKind.UNAUTHORIZED for fault in world.faults)
