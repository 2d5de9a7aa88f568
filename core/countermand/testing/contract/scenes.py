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
    OrderId,
    OrderStatus,
    Scope,
    ScopeKind,
    ScopeState,
)
from countermand.testing.contract.book import disagreement
from countermand.testing.contract.plea import THE_END_S, TIMEOUT_S, Plea, World
from countermand.venue import Venue

if TYPE_CHECKING:
    import httpx

_DELAY_S = 0.5
_HASTE_S = 0.02
#: A trail is looked at when a receipt is older than the read lag.
_LAG_OVER_S = 8.0


@attrs.frozen(kw_only=True)
class Scene:
    """A play in which a call is made; `play` returns what went wrong, if anything."""

    play: Callable[[World, httpx.AsyncBaseTransport], Awaitable[str | None]]
    is_possible: Callable[[Venue], bool] = lambda _venue: True
    behaviour: Mapping[str, Any] = MappingProxyType({"cancel_delay_s": _DELAY_S})
    logs_in: bool = False


async def _cancel_all(world: World, transport: httpx.AsyncBaseTransport) -> str | None:
    simulator, now = world.simulator, asyncio.get_running_loop().time()
    account = simulator.credentials.account
    for _ in range(3):
        simulator.place(now)
    others = [simulator.place(now, account=simulator.credentials.other_account)]
    simulator.faults.script(world.call, *world.faults)
    async with AsyncClient([world.venue], transport=transport) as client:
        report = await client.cancel_all(Scope.account(world.venue.name, account), timeout_s=TIMEOUT_S)
    simulator.book.advance(asyncio.get_running_loop().time() + THE_END_S)
    if any(simulator.book.order(one.order_id) != one for one in others):
        return "an order of another account was touched"
    left = simulator.book.open_orders(account)
    if report.state is ScopeState.PROVED_EMPTY and left:
        return f"the report proves the account empty, the book has {len(left)} open orders"
    if not world.faults and report.state is not ScopeState.PROVED_EMPTY:
        return f"the report of a mass cancel says no more than {report.state.value}"
    book = {OrderId(order.order_id): order for order in simulator.book.orders(account)}
    wrongs = (disagreement(ack, book[ack.order_id]) for ack in report.acks if ack.order_id in book)
    return next((wrong for wrong in wrongs if wrong is not None), None)


async def _ready(world: World, transport: httpx.AsyncBaseTransport) -> str | None:
    simulator = world.simulator
    simulator.faults.script(world.call, *world.faults)
    async with AsyncClient([world.venue], transport=transport) as client:
        (readiness,) = await client.ready(TIMEOUT_S)
    if not readiness.ready and world.faults:
        return None
    if set(readiness.accounts) == set(simulator.accounts):
        return None
    return f"the accounts told are {', '.join(readiness.accounts) or 'none'}, those there are differ"


_FILLED = Plea(order={"status": OrderStatus.FILLED}, by_client_id=True)
_FILLS = MappingProxyType({"cancel_delay_s": _DELAY_S, "fill_before_cancel": True})

#: The scenes in which each of `CALLS` is made; in the first of them for certain.
SCENES: Mapping[str, tuple[Scene, ...]] = {
    "cancel": (
        Scene(play=Plea()),
        # Who does not wait for the effect must not be told that there will be none.
        Scene(play=Plea(timeout_s=_HASTE_S, settles=False)),
    ),
    "mass-cancel": (
        Scene(play=_cancel_all, is_possible=lambda venue: ScopeKind.ACCOUNT in venue.capabilities.scopes),
    ),
    # What fills meanwhile tells whoever believes the answer to another question.
    "read": (Scene(play=Plea(), behaviour=_FILLS),),
    "trail": (
        Scene(
            play=Plea(assurance=Assurance.RECEIVED, settles=False, timeout_s=_LAG_OVER_S),
            is_possible=lambda venue: venue.capabilities.has_trail,
            behaviour={"refuse_cancels_late": True},
        ),
        Scene(
            play=Plea(assurance=Assurance.RECEIVED, settles=False, timeout_s=_LAG_OVER_S),
            is_possible=lambda venue: venue.capabilities.has_trail,
            behaviour={"cancel_delay_s": 12.0},
        ),
    ),
    "open": (Scene(play=Plea(by_client_id=True)),),
    "history": (
        Scene(play=_FILLED, is_possible=lambda venue: venue.capabilities.has_history),
        Scene(play=Plea(is_replaced=True), is_possible=lambda venue: venue.capabilities.has_history),
    ),
    "accounts": (Scene(play=_ready, is_possible=lambda venue: venue.capabilities.lists_accounts),),
    "log-in": (Scene(play=Plea(), logs_in=True),),
}
