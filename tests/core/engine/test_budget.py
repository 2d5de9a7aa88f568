"""What repeats may use up, per venue and account: first cancels and reads are never held back by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import Assurance, AsyncClient, CancelAck, CancelRequest, Outcome, Reason, RetryPolicy, Sent

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer

Ask = Callable[..., CancelRequest]
Make = Callable[..., AsyncClient]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]
InTurn = Callable[..., Sequence[CancelAck]]

RECEIPT = {"say": "receipt"}
RESET = httpx.ReadError("reset")
REFUSED_CONNECTION = httpx.ConnectError("refused")


@pytest.fixture
def in_turn(virtually: Virtually, client: Make) -> InTurn:
    """Cancel one after the other, with one client and that budget."""

    def performed(budget: int | None, *requests: CancelRequest, **options: Any) -> Sequence[CancelAck]:
        async def cancel() -> Sequence[CancelAck]:
            async with client(retry=RetryPolicy(budget=budget, **options)) as one:
                return [await one.cancel(request) for request in requests]

        acks: Sequence[CancelAck] = virtually(cancel())
        return acks

    return performed


def named(request: httpx.Request) -> str:
    return request.url.path.rpartition("/")[2]


def alive(request: httpx.Request) -> Any:
    """Show whichever order is asked for as alive."""
    return {"say": "order", "id": named(request), "status": "NEW"}


def cancels_of(peer: Peer, *orders: str) -> list[int]:
    calls = peer.calls("cancel")
    return [calls.count(order) for order in orders]


#: id: (how a cancel ends, budget, cancels of one order). A living order would get five of them.
PRICES: dict[str, tuple[Any, int | None, int]] = {
    "five after a failure": (RESET, 5, 2),
    "not for less": (RESET, 4, 1),
    "two for ten": (RESET, 10, 3),
    "no bound": (RESET, None, 5),
    "nothing to spend": (RESET, 0, 1),
    "no connection": (REFUSED_CONNECTION, 10, 3),
    "five after an answer that says nothing": (httpx.Response(503), 5, 2),
    "a throttle": ({"say": "throttled", "wait": 0.1}, 5, 2),
}


@pytest.mark.parametrize(("end", "budget", "cancels"), PRICES.values(), ids=PRICES)
def test_what_a_repeat_takes(
    in_turn: InTurn, peer: Peer, ask: Ask, end: Any, budget: int | None, cancels: int
) -> None:
    """A repeat takes five tokens, and is not sent where there are fewer."""
    peer.on("cancel", end).on("order", alive)
    (ack,) = in_turn(budget, ask())
    assert cancels_of(peer, "7") == [cancels]
    assert len(ack.attempts) == cancels


@pytest.mark.parametrize(("budget", "cancels"), [(9, 1), (10, 2), (20, 3), (None, 5)])
def test_after_a_time_out_it_takes_twice_as_much(
    in_turn: InTurn, peer: Peer, ask: Ask, budget: int | None, cancels: int
) -> None:
    """Whoever does not answer in time may be overloaded: a repeat takes ten tokens."""
    peer.on("cancel", peer.never).on("order", alive)
    (ack,) = in_turn(budget, ask(timeout_s=60))
    assert (ack.outcome, ack.sent) == (Outcome.UNKNOWN, Sent.MAYBE)
    assert cancels_of(peer, "7") == [cancels]


def test_the_budget_is_five_hundred_tokens(in_turn: InTurn, peer: Peer, ask: Ask) -> None:
    """By itself, a hundred failures may be repeated for an account, and not one more."""
    peer.on("cancel", RESET).on("order", alive)
    requests = [ask(str(number), timeout_s=0.4) for number in range(1, 121)]
    in_turn(RetryPolicy().budget, *requests, first_wait_s=0.001, most_attempts=2)
    assert cancels_of(peer, *(str(number) for number in range(1, 121))) == [2] * 100 + [1] * 20


def test_a_success_gives_one_back(in_turn: InTurn, peer: Peer, ask: Ask) -> None:
    """Each cancel that the venue answered in its own words gives one token back, up to what there was."""
    refused, gone = {"say": "refused"}, {"say": "gone"}
    ends = [RECEIPT, RESET, RECEIPT, refused, RESET, gone, RECEIPT, RECEIPT, RESET, RESET]
    peer.on("cancel", lambda request: ends[int(named(request)) - 1]).on("order", alive)
    orders = [str(number + 1) for number in range(len(ends))]
    requests = [ask(order, timeout_s=0.4, assurance=Assurance.RECEIVED) for order in orders]
    in_turn(5, *requests, first_wait_s=0.001, most_attempts=2)
    # All five are there for the second, two are back at the fifth, and all again at the ninth.
    assert [order for order in orders if cancels_of(peer, order) == [2]] == ["2", "9"]


def test_what_gives_nothing_back(in_turn: InTurn, peer: Peer, ask: Ask) -> None:
    """Failures, throttles and refused sessions are no successes."""
    ends = [RESET, REFUSED_CONNECTION, httpx.Response(500), {"say": "maybe"}, {"say": "session"}]
    ends += [{"say": "throttled"}]
    peer.on("cancel", RESET, RESET, *ends * 2, RESET).on("order", alive)
    in_turn(5, *(ask(str(number), timeout_s=4) for number in range(1, 15)), first_wait_s=0.001)
    assert cancels_of(peer, "1") == [2]
    assert len(peer.calls("cancel")) == 15


def test_what_it_never_holds_back(in_turn: InTurn, peer: Peer, ask: Ask) -> None:
    """With nothing left every order still gets its cancel, and the reads that settle it."""
    reads: dict[str, int] = {}

    def read(request: httpx.Request) -> Any:
        order = named(request)
        reads[order] = reads.get(order, 0) + 1
        return {"say": "order", "id": order, "status": "CANCELED" if reads[order] > 3 else "NEW"}

    peer.on("cancel", RESET).on("order", read)
    orders = [str(number) for number in range(1, 11)]
    acks = in_turn(0, *(ask(order) for order in orders))
    assert {ack.outcome for ack in acks} == {Outcome.CANCELED}
    assert cancels_of(peer, *orders) == [1] * 10
    assert set(reads.values()) == {4}


def test_a_renewed_session_is_no_repeat(
    virtually: Virtually, client: Make, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """A cancel that was refused for its session alone is sent under the new one, whatever the budget says."""
    tokens = [{"say": "token", "token": f"t0k3n-{number}"} for number in ("one", "two")]
    peer.on("log-in", *tokens).on("log-out", RECEIPT).on("cancel", {"say": "session"}, RECEIPT)
    peer.on("order", {"say": "order", "id": "7", "status": "CANCELED"})

    async def cancel() -> CancelAck:
        async with client(pebble.by_password(), retry=RetryPolicy(budget=0)) as one:
            return await one.cancel(ask())

    assert virtually(cancel()).outcome is Outcome.CANCELED
    assert cancels_of(peer, "7") == [2]


def test_without_a_budget_a_failed_connection_is_told_at_once(in_turn: InTurn, peer: Peer, ask: Ask) -> None:
    """When nothing may follow, nobody waits for the deadline."""
    peer.on("cancel", REFUSED_CONNECTION)
    (ack,) = in_turn(0, ask(timeout_s=60))
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
    assert ack.elapsed_s < 5.0


def test_each_account_and_each_venue_has_its_own(
    virtually: Virtually, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """What one account has spent at one venue, no other lacks."""
    gravel = attrs.evolve(pebble, name="gravel")
    peer.on("cancel", RESET).on("order", alive)
    common = {"timeout_s": 0.4}
    requests = [
        ask("1", **common),
        ask("2", **common),
        ask("3", account="10", **common),
        ask("4", venue="gravel", **common),
        ask("5", venue="gravel", **common),
    ]

    async def cancel() -> None:
        transport, retry = httpx.MockTransport(peer), RetryPolicy(budget=5, first_wait_s=0.001)
        async with AsyncClient([pebble, gravel], transport=transport, retry=retry) as client:
            for request in requests:
                await client.cancel(request)

    virtually(cancel())
    assert cancels_of(peer, "1", "2", "3", "4", "5") == [2, 1, 2, 2, 1]


def test_what_was_withheld_once_stays_withheld(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """A repeat that found nothing left is not waited for; whoever comes later gets a cancel of its own."""
    peer.on("cancel", RESET).on("order", alive)

    async def cancel() -> None:
        async with client(retry=RetryPolicy(budget=0, first_wait_s=0.001)) as one:
            first = asyncio.create_task(one.cancel(ask(timeout_s=30)))
            await asyncio.sleep(10)
            assert cancels_of(peer, "7") == [1]
            second = await one.cancel(ask(timeout_s=10))
            assert cancels_of(peer, "7") == [2]
            assert [second.outcome, (await first).outcome] == [Outcome.UNKNOWN] * 2

    virtually(cancel())
    assert cancels_of(peer, "7") == [2]
