"""Plays a world with the client for tasks: in process on a virtual clock, or over sockets."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import Any

import attrs
import httpx

from countermand import AsyncClient, CancelAck, Update
from countermand.testing import in_process, run_virtually, serving
from proof.certificate import tls_of
from proof.latency import Latency
from proof.ledger import ledger_of
from proof.listening import Listener, told_of
from proof.rival import arrange
from proof.scripts import Ask, OrderScript, Script
from proof.stage import IN_PROCESS_URL, Stage, simulator_of
from proof.told import Played, Told

#: How long a settling may take, in seconds, as a multiple of the declared lag.
SETTLING = 4.0
#: An ack that is so late does not come at all, in seconds.
_NEVER_S = 60.0
#: So long after the end even the slowest effect is over, in seconds.
LONG_AFTER_S = 3600.0


def play_in_process(script: Script, options: dict[str, Any]) -> Played:
    """Play a world in virtual time."""

    async def play() -> Played:
        simulator = simulator_of(script)
        stage = Stage.built(script, simulator, IN_PROCESS_URL)
        wire = Latency(
            inner=in_process(simulator),
            longest_s=script.latency_s,
            chance=random.Random(script.seed),
        )
        return await Play(stage=stage, clock=asyncio.get_running_loop().time).run(wire, options)

    return run_virtually(play())


def play_over_sockets(script: Script, options: dict[str, Any]) -> Played:
    """Play a world over loopback, the simulator on the same loop."""

    async def play() -> Played:
        async with serving(simulator_of(script), tls=tls_of(script)) as live:
            stage = Stage.built(script, live.simulator, live.base_url)
            offset = live.call(lambda now: now - time.monotonic())
            return await Play(stage=stage, clock=lambda: time.monotonic() + offset).run(None, options)

    return asyncio.run(play())


@attrs.define(kw_only=True)
class Play:
    """One world under way; `clock` is the simulator's."""

    stage: Stage
    clock: Callable[[], float]
    _told: list[tuple[Told, CancelAck | Exception]] = attrs.field(factory=list)
    _listener: Listener = attrs.field(
        default=attrs.Factory(lambda self: Listener(self.stage.script.sockets), takes_self=True)
    )

    async def run(self, wire: httpx.AsyncBaseTransport | None, options: dict[str, Any]) -> Played:
        """Let everybody cancel, wait until all is over, and settle what is owed."""
        script = self.stage.script
        start = self.clock()
        arrange(self.stage.simulator, script, start)
        async with AsyncClient([self.stage.venue], transport=wire, **options) as client:
            hearing = asyncio.ensure_future(self._hear(client.updates()))
            asks = [(order, ask) for order in script.orders for ask in order.asks]
            await asyncio.gather(*(self._ask(client, order, ask, start) for order, ask in asks))
            await self._over()
            settling_at = self.clock()
            self._listener.owes(settling_at, client.unsettled())
            settled = await self._settled(client)
            left = await client.aclose()  # it takes its time
            self._listener.leaves(self.clock(), left)
        await hearing
        self.stage.simulator.book.advance(self.clock() + LONG_AFTER_S)
        return Played(
            script=script,
            ledger=ledger_of(self.stage.simulator),
            told=tuple(told for told, _ in self._told),
            settled=settled,
            later=self._listener.later(),
            settling_at=settling_at,
            declared_lag_s=self.stage.venue.capabilities.read_lag_s,
        )

    async def _ask(self, client: AsyncClient, order: OrderScript, ask: Ask, start: float) -> None:
        await asyncio.sleep(start + ask.at - self.clock())
        asked_at = self.clock()
        request = self.stage.request(order, ask)
        answer = await _answer_to(client.cancel(request), ask.timeout_s)
        told = told_of(order, ask, asked_at, self.clock(), answer)
        self._listener.told(request, told)
        self._told.append((told, answer))

    async def _hear(self, updates: AsyncIterable[Update]) -> None:
        async for update in updates:
            self._listener.updated(self.clock(), update)

    async def _over(self) -> None:
        """Wait until everything has happened, also what waits for a read."""
        self.stage.simulator.faults.clear()
        await asyncio.sleep(self.stage.script.aftermath_s)
        self.stage.simulator.book.advance(self.clock())
        self.stage.read_all(self.clock())
        await asyncio.sleep(self.stage.script.aftermath_s)
        self.stage.simulator.book.advance(self.clock())

    async def _settled(self, client: AsyncClient) -> tuple[tuple[Told, Told], ...]:
        timeout_s = SETTLING * self.stage.venue.capabilities.read_lag_s

        async def settled(first: Told, ack: CancelAck) -> tuple[Told, Told]:
            answer = await _answer_to(client.settle(ack, timeout_s=timeout_s), timeout_s)
            return first, told_of(first.order, first.ask, first.asked_at, self.clock(), answer)

        owed = [(told, ack) for told, ack in self._told if isinstance(ack, CancelAck) and not told.final]
        return tuple(await asyncio.gather(*(settled(told, ack) for told, ack in owed)))


async def _answer_to(asked: Awaitable[CancelAck], timeout_s: float) -> CancelAck | Exception:
    """Return the ack, or the exception that came in its place: also where none comes at all."""
    try:
        async with asyncio.timeout(timeout_s + _NEVER_S):
            return await asked
    except Exception as fault:  # noqa: BLE001 - an exception is what is looked for
        return fault
