"""Plays a world with the client for threads, over sockets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs

from countermand import CancelAck, Client, Update
from countermand.testing import LiveSimulator, running
from proof.certificate import tls_of
from proof.ledger import ledger_of
from proof.listening import Listener, told_of
from proof.rival import arrange
from proof.scripts import Ask, OrderScript, Script
from proof.stage import Stage, simulator_of
from proof.tasks import LONG_AFTER_S, SETTLING
from proof.told import Played, Told


def play_in_threads(script: Script, options: dict[str, Any]) -> Played:
    """Play a world over loopback, each caller in a thread of its own."""
    with running(simulator_of(script), tls=tls_of(script)) as live:
        stage = Stage.built(script, live.simulator, live.base_url)
        asks = [(order, ask) for order in script.orders for ask in order.asks]
        # One thread more than there are callers: it hears of updates.
        with ThreadPoolExecutor(len(asks) + 1) as threads, Client([stage.venue], **options) as client:
            play = _Play(live=live, stage=stage, client=client)
            hearing = threads.submit(play.hear, client.updates())
            start = live.call(play.begin)
            told = list(threads.map(lambda one: play.ask(one[0], one[1], start), asks))
            play.over()
            settling_at = play.clock()
            play.listener.owes(settling_at, client.unsettled())
            owed = [(first, ack) for first, ack in told if isinstance(ack, CancelAck) and not first.final]
            settled = tuple(threads.map(lambda one: play.settled(one[0], one[1]), owed))
            left = client.close()  # it takes its time
            play.listener.leaves(play.clock(), left)
            hearing.result()
        live.call(lambda now: stage.simulator.book.advance(now + LONG_AFTER_S))
        return Played(
            script=script,
            ledger=live.call(lambda _now: ledger_of(stage.simulator)),
            told=tuple(first for first, _ in told),
            settled=settled,
            later=play.listener.later(),
            settling_at=settling_at,
            declared_lag_s=stage.venue.capabilities.read_lag_s,
        )


@attrs.define(kw_only=True)
class _Play:
    live: LiveSimulator
    stage: Stage
    client: Client
    clock: Callable[[], float] = time.monotonic
    listener: Listener = attrs.field(factory=lambda: Listener(sockets=True))

    def begin(self, now: float) -> float:
        offset = now - time.monotonic()
        self.clock = lambda: time.monotonic() + offset
        arrange(self.stage.simulator, self.stage.script, now)
        return now

    def ask(self, order: OrderScript, ask: Ask, start: float) -> tuple[Told, CancelAck | Exception]:
        time.sleep(max(0.0, start + ask.at - self.clock()))
        asked_at = self.clock()
        request = self.stage.request(order, ask)
        answer: CancelAck | Exception
        try:
            answer = self.client.cancel(request)
        except Exception as fault:  # noqa: BLE001 - an exception is what is looked for
            answer = fault
        told = told_of(order, ask, asked_at, self.clock(), answer)
        self.listener.told(request, told)
        return told, answer

    def hear(self, updates: Iterable[Update]) -> None:
        for update in updates:
            self.listener.updated(self.clock(), update)

    def over(self) -> None:
        self.live.call(lambda _now: self.stage.simulator.faults.clear())
        time.sleep(self.stage.script.aftermath_s)
        self.live.call(self.stage.read_all)
        time.sleep(self.stage.script.aftermath_s)

    def settled(self, first: Told, ack: CancelAck) -> tuple[Told, Told]:
        timeout_s = SETTLING * self.stage.venue.capabilities.read_lag_s
        answer: CancelAck | Exception
        try:
            answer = self.client.settle(ack, timeout_s=timeout_s)
        except Exception as fault:  # noqa: BLE001 - an exception is what is looked for
            answer = fault
        return first, told_of(first.order, first.ask, first.asked_at, self.clock(), answer)
