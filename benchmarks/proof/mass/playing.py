"""Plays a world of mass cancels in process, on a virtual clock."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import attrs

from countermand import (
    AsyncClient,
    Client,
    KillReport,
    MassCancelReport,
    OrderId,
    OrderReport,
    PlacedAfter,
    RetryPolicy,
    Scope,
)
from countermand.testing import Reply, Simulator, in_process, load_simulator, run_virtually
from countermand.venue import CallKind, HttpRequest, Limit, LimitScope, Venue, load_venue
from proof.latency import Latency
from proof.mass.ledger import ledger_of
from proof.mass.scripts import UNDECIDED_END, MassScript, Wish
from proof.mass.threads import held_loop
from proof.mass.told import MassPlayed, MassTold
from proof.rival import DEEDS, when_open
from proof.scripts import OrderScript
from proof.stage import IN_PROCESS_URL, read_all
from proof.tasks import LONG_AFTER_S

#: The functions of APEX that cancel several orders: they meet the faults of cancels, too.
_OF_SEVERAL = ("/ap/cancelallorders", "/ap/sendcancellist")
#: The time of day at which a world's clock would be 0.
EPOCH_S = 1_800_000_000.0
#: What a kill that is held up by its `before` waits for, in seconds.
_HANGS_S = 30.0

Answer = MassCancelReport | KillReport | Exception


def play(script: MassScript, options: Mapping[str, Any]) -> MassPlayed:
    """Play a world in virtual time."""
    lags: dict[int, float] = {}
    simulator = _simulator_of(script, lags)
    settings = dict(script.settings)
    if script.log_in == "password":
        known = simulator.credentials
        settings["auth"] = load_venue(script.venue).credentials["password"](known.user, known.password)
    venue = simulator.venue(IN_PROCESS_URL, **settings)
    inner = in_process(simulator)
    wire = Latency(inner=inner, longest_s=script.latency_s, chance=random.Random(script.seed))
    one = _Play(script=script, simulator=simulator, venue=venue, lags=lags)
    if script.client == "sync":
        return one.run_in_threads(transport=wire, **options)
    return run_virtually(one.run(transport=wire, **options))


def client_options(script: MassScript, *, budget: bool) -> dict[str, Any]:
    """Give the options of a world's client besides those of all worlds."""
    limits: dict[str, Any] = {"limits": {script.venue: ()}}
    if script.rate_limit is not None:
        kinds = frozenset({CallKind.CANCEL, CallKind.MASS_CANCEL, CallKind.READ, CallKind.LISTING})
        limit = Limit(per=LimitScope.ACCOUNT, kinds=kinds, rate=script.rate_limit, burst=10)
        limits = {"limits": {script.venue: (limit,)}}
    elif script.limited:
        limits = {}
    return {"max_in_flight": 64, "retry": RetryPolicy() if budget else RetryPolicy(budget=None), **limits}


def scope_of(wish: Wish, venue: str) -> Scope:
    """Make the router's scope of a wish."""
    if wish.kind == "venue wide":
        return Scope.venue_wide(venue, confirm=venue, instrument=wish.instrument)
    if wish.kind == "user":
        return Scope.user(venue, wish.user or "", account=wish.account, instrument=wish.instrument)
    account = wish.account or ""
    made: Mapping[str, Callable[[], Scope]] = {
        "account": lambda: Scope.account(venue, account),
        "instrument": lambda: Scope.instrument(venue, account, wish.instrument or ""),
        "orders": lambda: Scope.orders(venue, account, map(OrderId, wish.order_ids)),
        "mine": lambda: Scope.mine(venue, account, _predicate(wish)),
    }
    return made[wish.kind]()


def _predicate(wish: Wish) -> Callable[[OrderReport], bool]:
    def holds(report: OrderReport) -> bool:
        client_order_id = str(report.client_order_id or "")
        if wish.raises and client_order_id.endswith(UNDECIDED_END) and client_order_id[0].isdigit():
            raise LookupError("no such strategy")
        return report.entered_by == "81" if wish.where == "entered by" else client_order_id.startswith("5")

    return holds


def _simulator_of(script: MassScript, lags: dict[int, float]) -> Simulator:
    plain = load_simulator(script.venue)
    chance = random.Random(f"lags of {script.seed}")

    class Lagging(plain):  # type: ignore[misc,valid-type]  # a class that is only known at run time
        """Each answer is as old as the replica that gives it, and mass cancels break as all cancels do."""

        def call_of(self, request: HttpRequest) -> str | None:
            if request.path.lower() in _OF_SEVERAL:
                return "cancel"
            found: str | None = super().call_of(request)
            return found

        def handle(self, request: HttpRequest, now: float, *drawn: Any) -> Reply:
            lag_s = chance.uniform(0, script.lag_s) if script.shifts else script.lag_s
            self.switch(read_lag_s=lag_s)
            count = len(self.requests)
            reply: Reply = super().handle(request, now, *drawn)
            if len(self.requests) > count:
                lags[self.requests[-1].number] = lag_s
            return reply

    simulator: Simulator = Lagging(**script.behaviour)
    if script.rate > 0:
        seed = zlib.crc32(script.seed.encode())
        simulator.faults.at_rate(script.rate, seed=seed, choose=script.faults)
    return simulator


def arrange(simulator: Simulator, script: MassScript, start: float) -> None:
    """Place the orders and let all that others do happen in its time; `start` is the simulator's clock."""

    def place(order: OrderScript, at: float, order_id: str | None) -> None:
        placed = simulator.place(
            at,
            order_id=order_id,
            account=order.account,
            client_order_id=order.client_order_id,
            settled=order_id is not None,
            **order.fields,
        )
        for deed in order.deeds:
            act = when_open(simulator, placed.order_id, DEEDS[deed.what], deed.share)
            simulator.book.at(max(at, start + deed.at), act)

    def placing(order: OrderScript) -> Callable[[float], None]:
        return lambda now: place(order, now, None)

    for order in script.orders:
        at = start + (order.placed_at or 0.0)
        if order.placed_at is not None and order.placed_at < 0:
            place(order, at, order.order_id)
        else:
            simulator.book.at(at, placing(order))
    for expiry in script.expiries:
        simulator.book.at(start + expiry, lambda _now: simulator.tokens.expire())


@attrs.define(kw_only=True)
class _Play:
    script: MassScript
    simulator: Simulator
    venue: Venue
    lags: dict[int, float]

    async def run(self, **options: Any) -> MassPlayed:
        """Play it with the client for tasks."""
        clock = asyncio.get_running_loop().time
        with _time_of_day(clock):
            async with AsyncClient([self.venue], **options) as client:
                await self._begin()
                asked_at = clock()
                try:
                    answer = await self._ask(client)
                except Exception as fault:  # noqa: BLE001 - an exception is what is looked for
                    answer = fault
                told_at = clock()
                await self._over()
        return self._played(asked_at, told_at, answer)

    def run_in_threads(self, **options: Any) -> MassPlayed:
        """Play it with the client for threads."""
        client = Client([self.venue], **options)
        with held_loop() as loop, _time_of_day(loop.time), client:
            loop.wait_for(self._begin())
            asked_at = loop.time()
            try:
                answer = self._ask(client)
            except Exception as fault:  # noqa: BLE001 - an exception is what is looked for
                answer = fault
            told_at = loop.time()
            loop.wait_for(self._over())
        return self._played(asked_at, told_at, answer)

    async def _begin(self) -> None:
        arrange(self.simulator, self.script, asyncio.get_running_loop().time())
        await asyncio.sleep(self.script.asked_at)

    def _ask(self, client: AsyncClient | Client) -> Any:
        script = self.script
        scopes = [scope_of(wish, self.venue.name) for wish in script.wishes]
        if script.placed_after == "kill":
            before = _BEFORE if isinstance(client, AsyncClient) else _BEFORE_ON_A_THREAD
            return client.kill(scopes, before[script.before], script.timeout_s)
        return client.cancel_all(scopes[0], PlacedAfter(script.placed_after), script.timeout_s)

    def _played(self, asked_at: float, told_at: float, answer: Answer) -> MassPlayed:
        self.simulator.book.advance(told_at + LONG_AFTER_S)
        return MassPlayed(
            script=self.script,
            ledger=ledger_of(self.simulator, self.lags),
            asked_at=asked_at,
            told_at=told_at,
            told=_told(self.script.wishes, answer),
            epoch_s=EPOCH_S,
            declared_lag_s=self.venue.capabilities.read_lag_s,
        )

    async def _over(self) -> None:
        """Wait until everything has happened, also what waits for a read."""
        clock = asyncio.get_running_loop().time
        self.simulator.faults.clear()
        await asyncio.sleep(self.script.aftermath_s)
        self.simulator.book.advance(clock())
        read_all(self.simulator, self.venue, clock(), dead=False)
        await asyncio.sleep(self.script.aftermath_s)
        self.simulator.book.advance(clock())


def _time_of_day(clock: Callable[[], float]) -> AbstractContextManager[object]:
    """Let the time of day be virtual, too, or nobody could tell exactly when a report says that it was."""
    return patch("time.time", lambda: EPOCH_S + clock())


def _told(wishes: tuple[Wish, ...], answer: Answer) -> tuple[MassTold, ...]:
    if isinstance(answer, Exception):
        return tuple(MassTold(wish=wish, report=None, error=repr(answer)) for wish in wishes)
    told = answer.to_dict()
    if isinstance(answer, MassCancelReport):
        return (MassTold(wish=wishes[0], report=told),)
    pairs = zip(_once(wishes), told["reports"], strict=True)
    return tuple(MassTold(wish=wish, report=report, kill=told) for wish, report in pairs)


def _once(wishes: tuple[Wish, ...]) -> list[Wish]:
    # A predicate is like no other, so that scopes that have one are never the same.
    kept: list[Wish] = []
    for wish in wishes:
        if wish.kind == "mine" or wish not in kept:
            kept.append(wish)
    return kept


async def _done() -> None:
    await asyncio.sleep(0.2)


async def _raises() -> None:
    raise RuntimeError("the order entry did not answer")


async def _hangs() -> None:
    await asyncio.sleep(_HANGS_S)


#: What a kill calls before, by name.
_BEFORE: Mapping[str | None, Callable[[], Awaitable[None]] | None] = {
    None: None,
    "done": _done,
    "raises": _raises,
    "hangs": _hangs,
}
#: The same for the client for threads. None that hangs: it would be on a thread, which takes real time.
_BEFORE_ON_A_THREAD: Mapping[str | None, Callable[[], Awaitable[None]] | None] = {**_BEFORE, "hangs": None}
