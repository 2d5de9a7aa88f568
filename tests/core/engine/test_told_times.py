"""Times that a venue tells: one that nobody can wait for is none, and none makes a kill idle."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from countermand import AsyncClient, OrderId, Scope
from countermand._engine._answers import with_real_times
from countermand._engine._guard import Guard
from countermand._engine._guarded_call import Calls
from countermand._engine._watch import Watch
from countermand.venue import (
    Acted,
    CallKind,
    HttpResponse,
    LoggedIn,
    PerOrder,
    Receipt,
    Session,
    Throttled,
)

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer, Witness

Virtually = Callable[..., Any]
RECEIPT = {"say": "receipt"}
NO_TIMES = [-1, -0.5, math.inf, -math.inf, math.nan, pytest.param(10**400, id="beyond any float")]
TIMES = [None, 0, 2.5, 1e300]
WITHOUT = LoggedIn(session=Session(token="t"))


def read_through(pebble: Pebble, function: str, answer: Any) -> Any:
    """Read an answer by a call that is fenced in."""

    def read(_: HttpResponse) -> Any:
        return answer

    call = attrs.evolve(pebble.ask(CallKind.CANCEL, "cancel", "7"), read=read)
    return (
        Calls(Guard("pebble", pebble, Watch(None)), pebble, function)
        .guarded(call)
        .read(HttpResponse(status=200))
    )


@pytest.mark.parametrize("seconds", NO_TIMES)
def test_a_time_that_nobody_can_wait_for(pebble: Pebble, seconds: float) -> None:
    """It is left out, and what bears it stays: the venue has throttled, and the session is one."""
    throttled = Throttled(retry_after_s=seconds, acted=Acted.NO, text="slowly")
    told = attrs.evolve(throttled, retry_after_s=None)
    assert with_real_times(throttled) == told
    assert with_real_times(Session(token="t", lifetime_s=seconds)) == Session(token="t")
    each = PerOrder(orders={OrderId("7"): throttled, OrderId("8"): Receipt()})
    for function, answer, expected in (
        ("cancel", throttled, told),
        ("cancel_list", each, PerOrder(orders={OrderId("7"): told, OrderId("8"): Receipt()})),
        ("log_in", LoggedIn(session=Session(token="t", lifetime_s=seconds)), WITHOUT),
    ):
        assert read_through(pebble, function, answer) == expected


@pytest.mark.parametrize("seconds", TIMES)
def test_a_time_that_can_be_waited_for(seconds: float | None) -> None:
    """It stays, and so does what tells none."""
    for told in (Throttled(retry_after_s=seconds), Session(token="t", lifetime_s=seconds), Receipt()):
        assert with_real_times(told) is told


@pytest.mark.parametrize("seconds", [-1.0, math.inf, math.nan, 3600.0])
def test_a_kill_that_is_told_to_wait(
    virtually: Virtually, client: Callable[..., AsyncClient], peer: Peer, pebble: Pebble, seconds: float
) -> None:
    """It looks again as soon as one call may try, and cancels what it finds."""
    alive, empty = {"say": "rows", "rows": [{"id": "7", "status": "NEW"}]}, {"say": "rows", "rows": []}
    peer.on("open", {"say": "throttled"}, alive, empty).on("cancel", RECEIPT)
    peer.on("order", {"say": "order", "id": "7", "status": "CANCELED"})

    def read(response: HttpResponse) -> Any:
        told = pebble.read(response)
        return attrs.evolve(told, retry_after_s=seconds) if isinstance(told, Throttled) else told

    async def main() -> None:
        async with client(attrs.evolve(pebble, read=read)) as one:
            report = await one.kill([Scope.account("pebble", "9")], timeout_s=30.0)
            assert report.proved
            assert peer.calls("cancel") != []
            assert peer.when("open")[1] <= 5.2

    virtually(main())


@pytest.mark.parametrize("life", [-1.0, math.nan, math.inf])
def test_a_session_whose_life_is_none(
    virtually: Virtually,
    client: Callable[..., AsyncClient],
    peer: Peer,
    pebble: Pebble,
    witness: Witness,
    life: float,
) -> None:
    """It is used until it is refused: one log-in is enough, also where the conversation itself gives it."""
    peer.on("open", {"say": "rows", "rows": []})

    def log_in() -> Any:
        yield from ()
        return Session(token="t0k3n99", lifetime_s=life)

    async def main() -> None:
        async with client(attrs.evolve(pebble, begin_log_in=log_in, renewable=True)) as one:
            for _ in range(3):
                assert (await one.open_orders("pebble", "9")).error is None
        assert witness.log_ins == [("pebble", None)]

    virtually(main())
