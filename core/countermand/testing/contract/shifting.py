"""A listing as a client makes it out, of a book that changes while it is read."""

from __future__ import annotations

import attrs
import httpx

from countermand import AsyncClient, OpenOrders
from countermand.testing._in_process import in_process
from countermand.testing._simulator import Simulator
from countermand.venue import HttpRequest, Venue

_LISTINGS = ("open", "history")


async def listed_meanwhile(simulator: Simulator, venue: Venue) -> OpenOrders:
    """List the open orders by a client; behind the first page the oldest and the newest order go."""
    transport = _Shifting(inner=in_process(simulator), simulator=simulator)
    async with AsyncClient([venue], transport=transport) as client:
        return await client.open_orders(venue.name, simulator.credentials.account)


@attrs.define(kw_only=True)
class _Shifting(httpx.AsyncBaseTransport):
    inner: httpx.AsyncBaseTransport
    simulator: Simulator
    shifted: bool = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.inner.handle_async_request(request)
        asked = HttpRequest(method=request.method, path=request.url.raw_path.decode())
        if not self.shifted and self.simulator.call_of(asked) in _LISTINGS:
            self.shifted = True
            placed = self.simulator.book.orders(self.simulator.credentials.account)
            for order in (placed[0], placed[-1]):
                self.simulator.book.cancel(order.order_id, order.changed_at)
        return response
