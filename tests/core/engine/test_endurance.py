"""Venues that are hard on a router, clocks that jump: each ends inside its deadlines, and lies in nothing."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

import countermand
from countermand import (
    AsyncClient,
    CancelAck,
    CanceledBy,
    CancelRequest,
    Outcome,
    Reason,
    RetryPolicy,
    Sent,
)
from countermand.venue import Capabilities

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer

Ask = Callable[..., CancelRequest]
Make = Callable[..., AsyncClient]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]

RECEIPT, MAYBE = {"say": "receipt"}, {"say": "maybe"}
HOUR_S = 3600.0


def named(request: httpx.Request) -> str:
    return request.url.path.rpartition("/")[2]


def on_every_call(peer: Peer, answer: Any) -> None:
    for call in ("cancel", "order", "open", "history", "trail"):
        peer.on(call, answer)


class Book:
    """Orders that a venue shows as they were some time ago."""

    def __init__(self, lag_s: float) -> None:
        self.lag_s = lag_s
        self.canceled_at: dict[str, float] = {}

    def cancel(self, request: httpx.Request) -> Any:
        """Take the order off the book."""
        self.canceled_at.setdefault(named(request), asyncio.get_running_loop().time())
        return RECEIPT

    def show(self, request: httpx.Request) -> Any:
        """Show it as it was."""
        canceled_at = self.canceled_at.get(named(request), float("inf"))
        dead = asyncio.get_running_loop().time() - self.lag_s >= canceled_at
        return {"say": "order", "id": named(request), "status": "CANCELED" if dead else "NEW"}


@pytest.mark.parametrize("wait", [None, 1.0, HOUR_S])
@pytest.mark.parametrize("acted", ["NO", "MAYBE"])
def test_a_venue_that_throttles_everything_for_an_hour(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, acted: str, wait: float | None
) -> None:
    """Nobody waits for longer than asked, the venue is not hammered, and no ack says the order is gone."""
    on_every_call(peer, {"say": "throttled", "acted": acted, "wait": wait})

    async def insist() -> list[CancelAck]:
        loop, acks = asyncio.get_running_loop(), []
        async with client() as one:
            end = loop.time() + HOUR_S
            while loop.time() < end:
                began = loop.time()
                acks += await asyncio.gather(*(one.cancel(ask(str(order))) for order in range(1, 4)))
                assert loop.time() - began <= 10.001
                await asyncio.sleep(60)
        return acks

    acks = virtually(insist())
    known = {
        (Outcome.REJECTED, Reason.THROTTLED),
        (Outcome.REJECTED, Reason.NOT_SENT),
        (Outcome.UNKNOWN, None),
    }
    told = {(ack.outcome, ack.reason) for ack in acks}
    assert told <= known
    assert acted == "NO" or all(ack.outcome is Outcome.UNKNOWN for ack in acks if ack.sent is not Sent.NO)
    assert max(len([one for one in ack.attempts if one.sent is not Sent.NO]) for ack in acks) <= 5
    # An hour of three orders a minute: some tries each, and no storm.
    assert len(peer.heard) <= 20 * len(acks)


def test_a_venue_that_accepts_and_never_answers(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """A hundred cancels of ten orders end at their deadlines: perhaps sent, and nobody can tell."""
    on_every_call(peer, peer.never)
    requests = [ask(str(number % 10 + 1), timeout_s=1 + number % 7) for number in range(100)]

    async def insist() -> list[CancelAck]:
        async with client() as one:
            return await asyncio.gather(*map(one.cancel, requests))

    acks = virtually(insist())
    assert {(ack.outcome, ack.sent) for ack in acks} == {(Outcome.UNKNOWN, Sent.MAYBE)}
    for request, ack in zip(requests, acks, strict=True):
        assert ack.request == request
        assert ack.elapsed_s == pytest.approx(request.timeout_s, abs=0.01)
    # Without a read that shows an order alive, nothing is repeated.
    assert Counter(peer.calls("cancel")) == dict.fromkeys(map(str, range(1, 11)), 1)


def test_reads_that_lag_for_longer_than_declared(
    virtually: Virtually, client: Make, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """An order that is gone and still shown alive is sent three cancels at most, and read to its end."""
    book = Book(lag_s=30.0)
    peer.on("cancel", book.cancel).on("order", book.show)
    venue = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=5.0))

    async def insist() -> None:
        async with client(venue) as one:
            hasty = await one.cancel(ask("7", timeout_s=10))
            assert hasty.outcome is Outcome.PENDING
            settled = await one.settle(hasty, 60)
            patient = await one.cancel(ask("8", timeout_s=60))
            for ack in (settled, patient):
                assert (ack.outcome, ack.canceled_by) == (Outcome.CANCELED, CanceledBy.UNDETERMINED)
            assert 30 <= patient.elapsed_s <= 33

    virtually(insist())
    assert len(peer.calls("cancel")) <= 6
    assert Counter(peer.calls("cancel"))["8"] <= 3


@pytest.mark.parametrize("answer", ["receipt", "refused", "gone", "maybe"])
def test_reads_that_lag_as_declared(
    virtually: Virtually, client: Make, peer: Peer, pebble: Pebble, ask: Ask, answer: str
) -> None:
    """Whoever declares how long reads lag is waited for, whatever was answered to the cancel."""
    book = Book(lag_s=30.0)

    def cancel(request: httpx.Request) -> Any:
        book.cancel(request)
        return {"say": answer}

    peer.on("cancel", cancel).on("order", book.show)
    venue = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=30.5))

    async def insist() -> CancelAck:
        async with client(venue, retry=RetryPolicy(most_attempts=2)) as one:
            return await one.cancel(ask("7", timeout_s=60))

    ack = virtually(insist())
    assert ack.outcome is Outcome.CANCELED
    assert ack.canceled_by in {CanceledBy.UNDETERMINED, CanceledBy.EARLIER}
    assert ack.canceled_by is CanceledBy.UNDETERMINED or answer in {"refused", "gone"}
    assert len(peer.calls("cancel")) == (2 if answer == "maybe" else 1)


def test_thousands_who_ask_for_one_order_at_once(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """The work grows with the callers, not with their square, and each has its own ack."""
    peer.on("cancel", RECEIPT).on("order", {"say": "order", "id": "7", "status": "CANCELED"})
    requests = [ask() for _ in range(3000)]

    async def insist() -> list[CancelAck]:
        async with client() as one:
            leaving = [asyncio.create_task(one.cancel(ask())) for _ in range(3000)]
            await asyncio.sleep(0)
            for task in leaving:
                task.cancel()
            return await asyncio.gather(*map(one.cancel, requests))

    acks = virtually(insist())
    assert {ack.outcome for ack in acks} == {Outcome.CANCELED}
    assert all(ack.request is request for ack, request in zip(acks, requests, strict=True))
    assert peer.calls("cancel") == ["7"]


#: When the wall clock jumps: as soon as that call has come.
POINTS = ["cancel", "order", "settled"]


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
@pytest.mark.parametrize("point", POINTS)
def test_a_wall_clock_that_jumps(
    virtually: Virtually,
    client: Make,
    peer: Peer,
    pebble: Pebble,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    jump_s: float,
) -> None:
    """No wait, no age and no order of things moves with it: what an ack says came after did come after."""
    real, jumped = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + sum(jumped))
    monkeypatch.setattr(time, "time_ns", lambda: int((real() + sum(jumped)) * 1e9))

    def jump(at: str) -> None:
        if at == point:
            jumped.append(jump_s)

    def answered(at: str, answer: Any) -> Callable[[httpx.Request], Any]:
        def answer_it(_: httpx.Request) -> Any:
            jump(at)
            return answer

        return answer_it

    alive, dead = ({"say": "order", "id": "7", "status": status} for status in ("NEW", "CANCELED"))
    peer.on("cancel", answered("cancel", MAYBE), RECEIPT)
    peer.on("order", alive, answered("order", {**alive, "status": "PENDING_CANCEL"}))
    before = datetime.fromtimestamp(real(), UTC)

    async def insist() -> None:
        loop = asyncio.get_running_loop()
        async with client(attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=5.0))) as one:
            began = loop.time()
            ack = await one.cancel(ask(timeout_s=4))
            assert loop.time() - began == pytest.approx(4.0)
            assert (ack.outcome, round(ack.elapsed_s, 2)) == (Outcome.PENDING, 4.0)
            jump("settled")
            (owed,) = one.unsettled()
            assert round(owed.age_s, 2) == 4.0
            peer.on("order", dead)
            settled = await one.settle(ack)
            assert settled.outcome is Outcome.CANCELED
            check_times(settled, before)
            nonces = [int(nonce) for nonce in peer.headers("cancel", "nonce")]
            assert nonces == sorted(set(nonces))

    virtually(insist())
    assert sum(jumped) == jump_s * len(jumped[1:]) != 0


def test_where_the_wall_clock_is_read() -> None:
    """Once for the times in acks and once for nonces; all else in the core is monotonic."""
    source = Path(countermand.__file__).parent
    reads = re.compile(r"\b(?:datetime\.(?:now|utcnow|today)|time\.(?:time|time_ns|localtime|gmtime))\b")
    found = Counter(
        path.name
        for path in source.rglob("*.py")
        if not {"testing", "cli"} & set(path.relative_to(source).parts)
        for _ in reads.findall(path.read_text(encoding="utf-8"))
    )
    assert found == {"_cases.py": 1, "_stamps.py": 1}


def check_times(ack: CancelAck, before: datetime) -> None:
    """Compare what an ack says happened when with the clock as it was when the client opened."""
    times = [one for attempt in ack.attempts for one in (attempt.signed_at, attempt.answered_at) if one]
    times += [item.at for item in ack.evidence]
    assert ack.order is not None
    assert ack.order.as_of is not None
    assert all(abs(one - before) < timedelta(seconds=30) for one in (*times, ack.order.as_of))
    assert [item.at for item in ack.evidence] == sorted(item.at for item in ack.evidence)
    for attempt in ack.attempts:
        assert attempt.signed_at is not None
        assert attempt.answered_at is not None
        assert attempt.signed_at < attempt.answered_at
