"""Venues that are hard on a router, at both of them: every ack comes in time, and the book bears it out."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import httpx
import pytest

from countermand import (
    Assurance,
    AsyncClient,
    CancelAck,
    CancelRequest,
    Client,
    OrderId,
    OrderStatus,
    Outcome,
    Sent,
)
from countermand.testing import Fault, FaultKind, Point, Simulator, in_process, load_simulator, run_virtually
from countermand.venue import HttpRequest, Venue
from countermand_apex import Password as ApexPassword
from countermand_autoshares import Password as AutoSharesPassword

URL = "https://venue.example"
PASSWORDS: dict[str, Any] = {"apex": ApexPassword, "autoshares": AutoSharesPassword}
HOUR_S = 3600.0
#: By how much an ack may be late in virtual time, and on a machine that is busy, in seconds.
LATE_S, BUSY_S = 0.01, 1.5
#: So many threads cancel at once.
THREADS = 32


@attrs.define(kw_only=True)
class Stage(httpx.AsyncBaseTransport):
    """One simulated venue, its orders, and which cancels reached it."""

    plugin: str
    assurance: Assurance
    simulator: Simulator
    #: Done as each request leaves, with its number.
    on_request: Callable[[int], object] = lambda _number: None
    arrived: Counter[str | None] = attrs.field(factory=Counter)
    calls: Counter[str | None] = attrs.field(factory=Counter)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Lead to the venue without a socket."""
        path, content = request.url.raw_path.decode(), await request.aread()
        asked = HttpRequest(
            method=request.method, path=path, headers=dict(request.headers.items()), content=content
        )
        call = self.simulator.call_of(asked)
        self.calls[call] += 1
        if call == "cancel":
            self.arrived[self.simulator.asked_of(asked).order_id] += 1
        self.on_request(self.calls.total())
        return await in_process(self.simulator).handle_async_request(request)

    def venue(self, *, by_password: bool = False, **settings: Any) -> Venue:
        """Build the venue for a router."""
        known = self.simulator.credentials
        if by_password:
            settings["auth"] = PASSWORDS[self.plugin](known.user, known.password)
        return self.simulator.venue(URL, **settings)

    def throttle(self, retry_after_s: float | None, *calls: str) -> None:
        """Let these calls be throttled, until that is cleared."""
        kind = FaultKind.THROTTLED if retry_after_s is None else FaultKind.THROTTLED_UNTIL
        self.simulator.faults.at_rate(
            1.0, calls=calls, choose=[Fault(kind=kind, retry_after_s=retry_after_s)]
        )

    def ask(self, order: int, timeout_s: float) -> CancelRequest:
        """Ask for the cancel of an order, which is placed where there is none."""
        if self.simulator.book.find(str(order)) is None:
            self.simulator.place(0.0, order_id=str(order))
        return CancelRequest(
            venue=self.plugin,
            account="9",
            order=OrderId(str(order)),
            instrument=self.simulator.instrument,
            assurance=self.assurance,
            timeout_s=timeout_s,
        )

    def judge(self, acks: Iterable[CancelAck], late_s: float = LATE_S) -> Counter[str]:
        """Hold each ack against its deadline, the wire and the book; count what they say."""
        for ack in acks:
            assert len(ack.attempts) <= 5
            order = self.simulator.book.order(ack.request.order.value)
            arrived = self.arrived[order.order_id]
            assert ack.elapsed_s <= ack.request.timeout_s + late_s
            if ack.outcome is Outcome.CANCELED:
                assert order.status is OrderStatus.CANCELED
                assert ack.order is not None
                assert ack.order.filled_quantity == order.filled
            if ack.outcome is Outcome.PENDING:
                assert arrived
            if ack.outcome is Outcome.REJECTED:  # nobody else cancels here
                assert not order.dead
            if not ack.attempts or ack.sent is Sent.NO:
                assert not arrived or ack.outcome in (Outcome.UNKNOWN, Outcome.PENDING)
        return Counter(ack.outcome.value for ack in acks)


@pytest.fixture(params=["apex", "autoshares"])
def plugin(request: pytest.FixtureRequest) -> str:
    """Give each venue in turn."""
    return str(request.param)


@pytest.fixture(params=[Assurance.RECEIVED, Assurance.CONFIRMED], ids=["received", "confirmed"])
def stage(request: pytest.FixtureRequest, plugin: str) -> Stage:
    """Set up one venue, for cancels that want one or the other assurance."""
    return Stage(plugin=plugin, assurance=request.param, simulator=load_simulator(plugin)())


def in_tasks(stage: Stage, venue: Venue, play: Callable[[AsyncClient], Coroutine[Any, Any, Any]]) -> Any:
    """Let a client without threads play, in virtual time."""

    async def played() -> Any:
        async with AsyncClient([venue], transport=stage) as client:
            return await play(client)

    return run_virtually(played())


def in_threads(
    stage: Stage, venue: Venue, requests: Sequence[CancelRequest], **options: Any
) -> list[CancelAck]:
    """Cancel all at once through the client with threads."""
    threads = ThreadPoolExecutor(max_workers=min(THREADS, len(requests)))
    with threads, Client([venue], transport=stage, **options) as client:
        return list(threads.map(client.cancel, requests))


EVERYTHING = ("cancel", "read", "trail", "open", "history", "accounts")


@pytest.mark.parametrize("retry_after_s", [None, HOUR_S])
def test_throttled_for_an_hour(stage: Stage, retry_after_s: float | None) -> None:
    """No ack is late, none says that the order is gone; once the hour is over, cancels work again."""
    stage.throttle(retry_after_s, *EVERYTHING)

    async def an_hour(client: AsyncClient) -> list[CancelAck]:
        acks = []
        for minute in range(60):
            asked = [stage.ask(1 + 3 * minute + number, timeout_s=4.0 + 3 * number) for number in range(3)]
            acks += await asyncio.gather(*map(client.cancel, asked))
            await asyncio.sleep(50.0)
        assert not stage.judge(acks).keys() & {"canceled", "pending"}
        stage.simulator.faults.clear()
        last = await client.cancel(stage.ask(999, timeout_s=9.0))
        assert stage.judge([last]) == Counter(
            [{Assurance.RECEIVED: "pending", Assurance.CONFIRMED: "canceled"}[stage.assurance]]
        )
        return acks

    acks = in_tasks(stage, stage.venue(), an_hour)
    assert stage.calls.total() <= 20 * len(acks)


@pytest.mark.parametrize("point", [Point.BEFORE, Point.AFTER])
def test_accepts_and_never_answers(stage: Stage, point: Point) -> None:
    """Nobody can tell, and that is what each ack says at its own deadline, whether the venue acted or not."""
    stall = Fault(kind=FaultKind.STALL, point=point)
    stage.simulator.faults.at_rate(1.0, calls=EVERYTHING, choose=[stall])
    requests = [stage.ask(1 + number % 8, timeout_s=1.0 + number % 5) for number in range(40)]

    async def all_at_once(client: AsyncClient) -> list[CancelAck]:
        return list(await asyncio.gather(*map(client.cancel, requests)))

    acks = in_tasks(stage, stage.venue(), all_at_once)
    stage.judge(acks)
    assert {(ack.outcome, ack.sent) for ack in acks} == {(Outcome.UNKNOWN, Sent.MAYBE)}
    assert [ack.elapsed_s for ack in acks] == pytest.approx([one.timeout_s for one in requests], abs=LATE_S)
    assert set(stage.arrived.values()) == {1}


def test_reads_that_lag_for_half_a_minute(stage: Stage) -> None:
    """What reads do not show yet is pending, and settled once they show it, without a storm of cancels."""
    stage.simulator.behaviour = attrs.evolve(stage.simulator.behaviour, read_lag_s=30.0)

    async def settle(client: AsyncClient) -> None:
        acks = await asyncio.gather(*(client.cancel(stage.ask(one, timeout_s=10.0)) for one in range(1, 6)))
        assert stage.judge(acks) == {"pending": 5}
        settled = await asyncio.gather(*(client.settle(ack, 60.0) for ack in acks))
        assert {ack.outcome for ack in settled} == {Outcome.CANCELED}
        assert client.unsettled() == ()

    in_tasks(stage, stage.venue(), settle)
    assert max(stage.arrived.values()) <= 3


def test_a_log_in_that_fails_half_of_the_time(stage: Stage) -> None:
    """Sessions end every two minutes, and every second log-in fails: what was said was so, and in time."""
    stage.simulator.behaviour = attrs.evolve(stage.simulator.behaviour, token_lifetime_s=None)
    troubles = [Fault(kind=kind) for kind in (FaultKind.SERVER_ERROR, FaultKind.RESET, FaultKind.REFUSED)]
    stage.simulator.faults.at_rate(0.5, seed=3, calls=["log-in"], choose=troubles)

    async def half_an_hour(client: AsyncClient) -> list[CancelAck]:
        tasks = []
        for number in range(1, 301):
            if number % 20 == 0:
                stage.simulator.tokens.expire()
            tasks.append(asyncio.create_task(client.cancel(stage.ask(number, timeout_s=8.0))))
            await asyncio.sleep(6.0)
        return list(await asyncio.gather(*tasks))

    acks = in_tasks(stage, stage.venue(by_password=True), half_an_hour)
    told = stage.judge(acks)
    worked = {Assurance.RECEIVED: "pending", Assurance.CONFIRMED: "canceled"}[stage.assurance]
    assert told[worked] > 0.9 * len(acks)
    assert stage.calls["log-in"] >= 15


def test_ten_thousand_cancels_of_a_hundred_orders(stage: Stage) -> None:
    """All end in time; an order is sent one cancel, and who got no turn in the venue's limit was not sent."""

    async def crowd(client: AsyncClient) -> list[CancelAck]:
        requests = [stage.ask(1 + number % 100, timeout_s=10.0) for number in range(10_000)]
        return list(await asyncio.gather(*map(client.cancel, requests)))

    told = stage.judge(in_tasks(stage, stage.venue(), crowd))
    worked = {Assurance.RECEIVED: "pending", Assurance.CONFIRMED: "canceled"}[stage.assurance]
    # AutoShares documents 50 cancels a minute and account: 50 at once, and 8 in ten seconds.
    orders = {"apex": 100, "autoshares": 58}[stage.plugin]
    assert told[worked] == 100 * orders
    assert (len(stage.arrived), set(stage.arrived.values())) == (orders, {1})


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
@pytest.mark.parametrize("at", range(1, 7))
def test_a_wall_clock_that_jumps(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, at: int, jump_s: float
) -> None:
    """As whichever request leaves it jumps: no wait, no age and no order of times moves with it."""
    real, real_ns, jumped = time.time, time.time_ns, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + sum(jumped))
    monkeypatch.setattr(time, "time_ns", lambda: real_ns() + int(sum(jumped) * 1e9))
    stage.on_request = lambda number: jumped.append(jump_s) if number == at else None
    stage.simulator.behaviour = attrs.evolve(stage.simulator.behaviour, cancel_delay_s=1.0)
    opened = real()

    async def cancels(client: AsyncClient) -> list[CancelAck]:
        loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        acks = [await client.cancel(stage.ask(order, timeout_s=5.0)) for order in (1, 2, 3)]
        waited_s = loop.time() - began
        assert sum(ack.elapsed_s for ack in acks) == pytest.approx(waited_s, abs=LATE_S)
        ages = [one.age_s for one in client.unsettled()]
        assert all(age <= waited_s for age in ages)
        return [await client.settle(ack, 9.0) for ack in acks]

    acks = in_tasks(stage, stage.venue(by_password=True), cancels)
    assert len(jumped) == 2
    assert {ack.outcome for ack in acks} == {Outcome.CANCELED}
    for ack in acks:
        (attempt,) = ack.attempts
        assert attempt.signed_at is not None
        assert attempt.answered_at is not None
        assert attempt.signed_at < attempt.answered_at
        times = [item.at.timestamp() for item in ack.evidence]
        assert times == sorted(times)
        assert all(abs(one - opened) < 120 for one in times)


#: What can be asked for by threads within a moment: (what is done to the venue, seconds, what the acks say).
MOMENTS: dict[str, tuple[Callable[[Stage], object], float, set[str]]] = {
    "throttled": (lambda stage: stage.throttle(None, *EVERYTHING), 0.6, {"rejected", "unknown"}),
    "silent": (
        lambda stage: stage.simulator.faults.at_rate(
            1.0, calls=EVERYTHING, choose=[Fault(kind=FaultKind.STALL, point=Point.AFTER)]
        ),
        0.6,
        {"unknown"},
    ),
    "a log-in that fails at first": (
        lambda stage: stage.simulator.faults.script("log-in", Fault(kind=FaultKind.SERVER_ERROR)),
        6.0,
        {"pending", "canceled"},
    ),
    "well": (lambda _stage: None, 6.0, {"pending", "canceled"}),
}


@pytest.mark.parametrize(("press", "timeout_s", "told"), MOMENTS.values(), ids=MOMENTS)
def test_threads(stage: Stage, press: Callable[[Stage], object], timeout_s: float, told: set[str]) -> None:
    """The client with threads says the same in time."""
    press(stage)
    requests = [stage.ask(1 + number % 20, timeout_s=timeout_s) for number in range(THREADS)]
    acks = in_threads(stage, stage.venue(by_password=True), requests)
    assert stage.judge(acks, BUSY_S).keys() <= told


def test_a_thousand_cancels_by_threads(stage: Stage) -> None:
    """However many threads ask for the same orders, at once or one after the other, each has its own ack."""
    requests = [stage.ask(1 + number % 40, timeout_s=30.0) for number in range(1000)]
    acks = in_threads(stage, stage.venue(), requests, limits={stage.plugin: ()})
    assert [ack.request for ack in acks] == requests
    assert stage.judge(acks, BUSY_S).keys() <= {"pending", "canceled"}
