"""What a client does at a simulated venue so that each kind of call is made, and what is true after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from countermand import Assurance, AsyncClient, OrderStatus, ScopeKind
from countermand.testing.contract.plea import TIMEOUT_S, Plea, World
from countermand.testing.contract.sweeps import SCOPES, Many, Sweep
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
    #: Whether it can be played, at a venue that has words for those statuses.
    is_possible: Callable[[Venue, Collection[OrderStatus]], bool] = lambda _venue, _told: True
    behaviour: Mapping[str, Any] = MappingProxyType({"cancel_delay_s": _DELAY_S})
    logs_in: bool = False
    #: The call at which faults come, where it is another than `SCENES` says.
    at: str | None = None
    #: Whether that call is made in any case.
    is_certain: bool = True


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


def _has(capability: str) -> Callable[[Venue, Collection[OrderStatus]], bool]:
    return lambda venue, _told: bool(getattr(venue.capabilities, capability))


def _has_scope(kind: ScopeKind) -> Callable[[Venue, Collection[OrderStatus]], bool]:
    return lambda venue, _told: kind in venue.capabilities.scopes


def _has_no_mass_cancel(venue: Venue, _told: Collection[OrderStatus]) -> bool:
    return not venue.capabilities.scopes and not venue.capabilities.cancel_list_size


def _has_lists(venue: Venue, _told: Collection[OrderStatus]) -> bool:
    return venue.capabilities.cancel_list_size > 1


def _tells_replaced(venue: Venue, told: Collection[OrderStatus]) -> bool:
    known = venue.capabilities
    return known.has_history and (OrderStatus.REPLACED in told or known.replaced_reads_canceled)


#: The scenes in which each of `CALLS` is made.
SCENES: Mapping[str, tuple[Scene, ...]] = {
    "cancel": (
        Scene(play=Plea()),
        # Who does not wait for the effect must not be told that there will be none.
        Scene(play=Plea(timeout_s=_HASTE_S, settles=False), is_certain=False),
    ),
    "mass-cancel": (
        *(Scene(play=Sweep(kind=kind), is_possible=_has_scope(kind)) for kind in SCOPES),
        Scene(play=Many(), is_possible=_has_lists),
        Scene(play=Many(timeout_s=_HASTE_S, settles=False), is_possible=_has_lists),
        # Where the venue has none, a mass cancel is a listing, and cancels by id.
        Scene(play=Sweep(kind=ScopeKind.ACCOUNT), is_possible=_has_no_mass_cancel, at="open"),
    ),
    # What fills meanwhile tells whoever believes the answer to another question.
    "read": (Scene(play=Plea(), behaviour=_FILLS),),
    "trail": (
        Scene(
            play=Plea(assurance=Assurance.RECEIVED, settles=False, timeout_s=_LAG_OVER_S),
            is_possible=_has("has_trail"),
            behaviour={"refuse_cancels_late": True},
        ),
        Scene(
            play=Plea(assurance=Assurance.RECEIVED, settles=False, timeout_s=_LAG_OVER_S),
            is_possible=_has("has_trail"),
            behaviour={"cancel_delay_s": 12.0},
            is_certain=False,
        ),
    ),
    "open": (Scene(play=Plea(by_client_id=True)),),
    "history": (
        Scene(play=_FILLED, is_possible=_has("has_history")),
        Scene(play=Plea(is_replaced=True), is_possible=_tells_replaced, is_certain=False),
    ),
    "accounts": (Scene(play=_ready, is_possible=_has("lists_accounts")),),
    "log-in": (Scene(play=Plea(), logs_in=True),),
}
