"""What came first is told apart on loops that count coarsely, as uvloop does in milliseconds."""

from __future__ import annotations

import asyncio
import gc
import math
import time
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermand import Assurance, AsyncClient, CancelAck, CanceledBy, CancelRequest, Outcome
from countermand._clock import clock_of
from countermand._limits._gate import Gate
from countermand._limits._limiter import Limiter
from countermand._limits._urgency import Need, Urgency
from countermand.venue import CallKind, Throttled

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer

Ask = Callable[..., CancelRequest]
TICK_S = 0.1
RECEIPT = {"say": "receipt", "executed": True}


class CoarseLoop(asyncio.SelectorEventLoop):
    """Counts in tenths of a second: what a test does takes less."""

    def time(self) -> float:
        """Tell the time, rounded down."""
        return math.floor(super().time() / TICK_S) * TICK_S


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> asyncio.Runner:
    """Run on a system whose clock is coarse."""
    monkeypatch.setattr(time, "get_clock_info", lambda _: SimpleNamespace(resolution=0.001))
    return asyncio.Runner(loop_factory=CoarseLoop)


class Prompt:
    """A venue that answers at once, and remembers the orders that it canceled."""

    def __init__(self) -> None:
        self.canceled: list[str] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        _, call, order = request.url.path.split("/")
        if call == "cancel":
            self.canceled.append(order)
            return httpx.Response(200, json=RECEIPT)
        status = "CANCELED" if order in self.canceled else "NEW"
        return httpx.Response(200, json={"say": "order", "id": order, "status": status})


def play(runner: asyncio.Runner, pebble: Pebble, prompt: Prompt, *requests: CancelRequest) -> list[CancelAck]:
    """Cancel one after the other."""

    async def cancel() -> list[CancelAck]:
        async with AsyncClient([pebble], transport=httpx.MockTransport(prompt)) as client:
            return [await client.cancel(request) for request in requests]

    with runner:
        return runner.run(cancel())


def test_whose_cancel_it_was(coarse: asyncio.Runner, pebble: Pebble, ask: Ask) -> None:
    """An order that was canceled and read within one tick was not canceled before it was asked for."""
    acks = play(coarse, pebble, Prompt(), ask("7"), ask("8"))
    told = [(ack.outcome, ack.canceled_by) for ack in acks]
    assert told == [(Outcome.CANCELED, CanceledBy.THIS_REQUEST)] * 2


def test_who_asks_again_within_a_tick(coarse: asyncio.Runner, pebble: Pebble, ask: Ask) -> None:
    """Nobody joins a cancel that was answered, however short a while ago: whoever asks again has it sent."""
    prompt = Prompt()
    requests = [ask(assurance=Assurance.RECEIVED) for _ in range(4)]
    acks = play(coarse, pebble, prompt, *requests)
    assert prompt.canceled == ["7"] * 4
    assert [len(ack.attempts) for ack in acks] == [1, 2, 3, 4]


def test_a_session_that_is_dead_at_once(coarse: asyncio.Runner, pebble: Pebble, peer: Peer, ask: Ask) -> None:
    """Which refusals a session outlived is told by one clock: one had within the same tick outlived none."""
    peer.on("log-in", *({"say": "token", "token": token} for token in ("one", "two")))
    peer.on("open", {"say": "session"}).on("log-out", RECEIPT)
    peer.on(
        "cancel", lambda request: RECEIPT if "two" in request.headers["authorization"] else {"say": "session"}
    )

    async def cancel() -> CancelAck:
        transport = httpx.MockTransport(peer)
        async with AsyncClient([pebble.by_password()], transport=transport) as client:
            await client.open_orders("pebble", "9")
            return await client.cancel(ask(assurance=Assurance.RECEIVED))

    with coarse:
        assert coarse.run(cancel()).outcome is Outcome.PENDING


def test_those_throttled_together(coarse: asyncio.Runner) -> None:
    """What was in flight when the venue throttled is no second time, though all of it is within one tick."""

    async def throttle() -> float:
        gate, clock = Gate(Limiter([], 16)), clock_of(asyncio.get_running_loop())
        lane = gate.lane(CallKind.CANCEL, "9")
        tickets = [lane.ask(Urgency(need=Need.FIRST_CANCEL), math.inf, clock()) for _ in range(5)]
        began_at = clock()
        for ticket in tickets:
            gate.hear(ticket, Throttled())
        return lane.ready_at(Need.OTHER, began_at) - began_at

    with coarse:
        assert coarse.run(throttle()) == pytest.approx(0.5, abs=1e-6)


def test_a_clock_that_stands_still() -> None:
    """At each look it shows a later time, by next to nothing, and all who ask have the same clock."""
    times = iter([5.0, 5.0, 5.0, 4.0, 6.0, 6.0])
    loop: Any = SimpleLoop(lambda: next(times))
    clock = clock_of(loop)
    shown = [look() for look in (clock, clock_of(loop), clock, clock, clock, clock)]
    assert shown == sorted(set(shown))
    assert shown == pytest.approx([5, 5, 5, 5, 6, 6], abs=1e-12)
    assert shown[4] == 6.0


def test_a_clock_that_rises_by_itself() -> None:
    """The loops of asyncio are looked at directly: nothing is paid for what they have already."""
    with asyncio.Runner() as runner:
        assert clock_of(runner.get_loop()) == runner.get_loop().time


def test_nothing_is_kept_of_a_loop() -> None:
    """Once nobody has a clock, its loop is let go."""
    loop: Any = SimpleLoop(float)
    clock_of(loop)
    left = weakref.ref(loop)
    del loop
    gc.collect()
    assert left() is None


class SimpleLoop:
    """A loop that is none of asyncio's, as far as its clock looks at it."""

    def __init__(self, time: Callable[[], float]) -> None:
        self.time = time
