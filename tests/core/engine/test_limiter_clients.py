"""Limits as a caller meets them: cancels come first, deadlines hold, and nothing is refused for a queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import (
    Assurance,
    AsyncClient,
    CancelAck,
    CancelRequest,
    Client,
    ClientOrderId,
    Outcome,
    Reason,
    Sent,
)
from countermand.errors import ConfigurationError
from countermand.venue import CallKind, Capabilities, Limit, LimitScope

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer

Ask = Callable[..., CancelRequest]
Make = Callable[..., AsyncClient]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]
RECEIPT, TOKEN = {"say": "receipt"}, {"say": "token", "token": "t0k3n"}
ALL = (CallKind.CANCEL, CallKind.READ, CallKind.LISTING)


def limit(*kinds: CallKind, rate: float, burst: int, per: LimitScope = LimitScope.VENUE) -> Limit:
    """Make a limit."""
    return Limit(per=per, kinds=frozenset(kinds), rate=rate, burst=burst)


def canceled(request: httpx.Request) -> dict[str, Any]:
    """Show whatever order is read as canceled."""
    return {"say": "order", "id": request.url.path.rpartition("/")[2], "status": "CANCELED"}


@pytest.fixture
def quick(ask: Ask) -> Ask:
    """Ask for no more than a receipt."""
    return lambda *order, **fields: ask(*order, assurance=Assurance.RECEIVED, **fields)


def test_a_cancel_never_waits_behind_a_sweep_of_listings(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask
) -> None:
    """However many listings queue for tokens and places, a first cancel goes at once."""
    peer.on("cancel", RECEIPT).on("open", peer.after(0.5, {"say": "rows", "rows": []}))
    peer.on("history", peer.after(0.5, {"say": "rows", "rows": []}))

    async def sweep() -> None:
        async with client(limits={"pebble": [limit(*ALL, rate=1.0, burst=30)]}) as one:
            lost = [quick(ClientOrderId(f"lost-{number}"), timeout_s=30.0) for number in range(100)]
            listings = [asyncio.create_task(one.cancel(request)) for request in lost]
            for number in range(1, 13):
                await asyncio.sleep(1.0)
                ack = await one.cancel(quick(str(number), timeout_s=0.1))
                assert (ack.outcome, ack.elapsed_s < 0.01) == (Outcome.PENDING, True)
            await asyncio.gather(*listings)

    virtually(sweep())
    assert len(peer.calls("open")) > 20


def test_ten_thousand_cancels_of_a_hundred_orders(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pebble: Pebble
) -> None:
    """All end inside their deadlines, and share what is sent."""
    peer.on("cancel", RECEIPT).on("order", canceled)
    limits = (limit(*ALL, rate=50.0, burst=100),)
    venue = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=0.0, limits=limits))

    async def crowd() -> list[CancelAck]:
        async with client(venue) as one:
            requests = [ask(str(1 + number % 100), timeout_s=10.0) for number in range(10_000)]
            return await asyncio.gather(*map(one.cancel, requests))

    acks = virtually(crowd())
    assert {ack.outcome for ack in acks} == {Outcome.CANCELED}
    assert max(ack.elapsed_s for ack in acks) <= 10.0
    assert (len(peer.calls("cancel")), len(peer.calls("order"))) == (100, 100)


def test_who_does_not_get_its_turn_was_not_sent(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask
) -> None:
    """A queue refuses nobody: it ends for each at its own deadline, with nothing sent, and takes no token."""
    peer.on("cancel", RECEIPT)

    async def queue() -> list[CancelAck]:
        async with client(limits={"pebble": [limit(CallKind.CANCEL, rate=1.0, burst=2)]}) as one:
            requests = [quick(str(number), timeout_s=5.5) for number in range(1, 21)]
            acks = await asyncio.gather(*map(one.cancel, requests))
            late = await one.cancel(quick("99", timeout_s=1.0))
            assert (late.outcome, round(late.elapsed_s, 1)) == (Outcome.PENDING, 0.5)
            return acks

    acks = virtually(queue())
    sent, unsent = acks[:7], acks[7:]
    assert {ack.outcome for ack in sent} == {Outcome.PENDING}
    assert {(ack.outcome, ack.reason, ack.sent) for ack in unsent} == {
        (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
    }
    assert {round(ack.elapsed_s, 2) for ack in unsent} == {5.5}
    assert peer.when("cancel") == [0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_the_earliest_deadline_goes_first(virtually: Virtually, client: Make, peer: Peer, quick: Ask) -> None:
    """Who has less time overtakes, and so does an order that somebody in a hurry joins."""
    peer.on("cancel", RECEIPT)

    async def queue() -> None:
        async with client(limits={"pebble": [limit(CallKind.CANCEL, rate=1.0, burst=1)]}) as one:
            waits = {"1": 60.0, "2": 50.0, "3": 40.0, "4": 30.0}
            tasks = [asyncio.create_task(one.cancel(quick(order, timeout_s=s))) for order, s in waits.items()]
            await asyncio.sleep(0.1)
            tasks.append(asyncio.create_task(one.cancel(quick("2", timeout_s=10.0))))
            assert {ack.outcome for ack in await asyncio.gather(*tasks)} == {Outcome.PENDING}

    virtually(queue())
    assert [order.partition("?")[0] for order in peer.calls("cancel")] == ["1", "2", "4", "3"]


def test_each_account_has_its_own_tokens(virtually: Virtually, client: Make, peer: Peer, quick: Ask) -> None:
    """One account's queue keeps no other account waiting."""
    peer.on("cancel", RECEIPT)
    per_account = limit(CallKind.CANCEL, rate=0.1, burst=1, per=LimitScope.ACCOUNT)

    async def queue() -> list[CancelAck]:
        async with client(limits={"pebble": [per_account]}) as one:
            asks = [("9", "1"), ("9", "2"), ("10", "3"), ("11", "4")]
            requests = [quick(order, account=account, timeout_s=2.0) for account, order in asks]
            return await asyncio.gather(*map(one.cancel, requests))

    assert [ack.reason for ack in virtually(queue())] == [None, Reason.NOT_SENT, None, None]


def test_a_throttled_account_stops_no_other(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask
) -> None:
    """A venue that tells one account to wait for a minute is called for the others at once."""
    throttled = {"say": "throttled", "wait": 60.0}
    peer.on("cancel", lambda request: throttled if request.url.path == "/cancel/1" else RECEIPT)
    peer.on("order", lambda _: {"say": "order", "id": "1", "status": "NEW"})

    async def both() -> tuple[CancelAck, CancelAck]:
        async with client() as one:
            first = await one.cancel(quick("1", timeout_s=1.0))
            return first, await one.cancel(quick("2", account="10", timeout_s=3.0))

    first, second = virtually(both())
    assert (first.outcome, first.reason) == (Outcome.REJECTED, Reason.THROTTLED)
    assert (second.outcome, second.elapsed_s < 0.1) == (Outcome.PENDING, True)


def test_a_log_in_never_waits_behind_the_cancels_that_wait_for_it(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, pebble: Pebble
) -> None:
    """Where it shares a limit with cancels, the next token is its own: a dead session costs no more."""
    peer.on("log-in", TOKEN, {**TOKEN, "token": "t0k3n-two"}).on("log-out", RECEIPT)
    live = iter([RECEIPT, {"say": "session"}])
    peer.on("cancel", lambda _: next(live, RECEIPT))
    shared = limit(CallKind.CANCEL, CallKind.LOG_IN, rate=1.0, burst=2)

    async def queue() -> list[CancelAck]:
        async with client(pebble.by_password(), limits={"pebble": [shared]}) as one:
            requests = [quick(str(number), timeout_s=9.0) for number in range(1, 6)]
            return await asyncio.gather(*map(one.cancel, requests))

    assert {ack.outcome for ack in virtually(queue())} == {Outcome.PENDING}
    assert peer.calls()[:8] == [
        "log-in",
        "cancel",
        "cancel",
        "log-in",
        "cancel",
        "cancel",
        "cancel",
        "cancel",
    ]
    assert peer.when("log-in") == [0.0, 2.0]


@pytest.mark.parametrize("wait", [None, 7200.0], ids=["not told how long", "told two hours"])
def test_a_venue_that_throttles_everything_for_an_hour(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, wait: float | None
) -> None:
    """It is asked now and then and no more, every cancel ends in time, and afterwards they work again."""
    for call in ("cancel", "order", "open"):
        peer.on(call, {"say": "throttled", "wait": wait})

    async def hour() -> CancelAck:
        async with client() as one:
            loop = asyncio.get_running_loop()
            start = loop.time()
            for number in range(360):
                await asyncio.sleep(start + 10.0 * number - loop.time())
                acks = await asyncio.gather(
                    one.cancel(quick(f"1{number}", timeout_s=4.0)),
                    one.cancel(quick(f"2{number}", timeout_s=9.9)),
                )
                assert {ack.outcome for ack in acks} == {Outcome.REJECTED}
                assert {ack.reason for ack in acks} <= {Reason.THROTTLED, Reason.NOT_SENT}
                assert acks[0].elapsed_s <= 4.001
                assert acks[1].elapsed_s <= 9.901
            peer.on("cancel", RECEIPT)
            return await one.cancel(quick("1", timeout_s=9.0))

    assert virtually(hour()).outcome is Outcome.PENDING
    assert 700 < len(peer.calls("cancel")) < 740  # each five seconds one
    assert len(peer.calls("order")) < 740


def test_limits_for_a_venue_that_is_none(pebble: Pebble) -> None:
    """A client is not built with limits for a venue that it does not have, nor with what are none."""
    for kind in (AsyncClient, Client):
        with pytest.raises(ConfigurationError, match="limits for 'peble', which is no venue of this client"):
            kind([pebble], limits={"peble": ()})
        with pytest.raises(ConfigurationError, match="limits of 'pebble' must be Limit values, got 3"):
            kind([pebble], limits={"pebble": [3]})  # type: ignore[list-item]  # the point
        for wrong in (3, {"pebble": 3}, [limit(CallKind.READ, rate=1.0, burst=1)]):
            with pytest.raises(ConfigurationError, match="limits must map names of venues to their limits"):
                kind([pebble], limits=wrong)  # type: ignore[arg-type]  # the point


def test_no_limit_for_what_declares_one(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, pebble: Pebble
) -> None:
    """What a client is told replaces what the venue declares, and nothing is no limit."""
    peer.on("cancel", RECEIPT)
    declared = Capabilities(read_lag_s=0.0, limits=(limit(CallKind.CANCEL, rate=0.1, burst=1),))
    venue = attrs.evolve(pebble, capabilities=declared)

    async def race(**options: Any) -> int:
        async with client(venue, **options) as one:
            requests = [quick(str(number), timeout_s=1.0) for number in range(1, 6)]
            acks = await asyncio.gather(*map(one.cancel, requests))
            return sum(ack.outcome is Outcome.PENDING for ack in acks)

    assert virtually(race()) == 1
    assert virtually(race(limits={})) == 1
    assert virtually(race(limits={"pebble": ()})) == 5
