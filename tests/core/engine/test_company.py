"""Callers of one order do each other no harm, and nothing outlives those it was for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import attrs

from countermand import AsyncClient, CancelAck, CancelRequest, Outcome, Reason, Sent
from countermand.venue import CallKind, Capabilities, Limit, LimitScope

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer

Ask = Callable[..., CancelRequest]
Make = Callable[..., AsyncClient]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]

RECEIPT = {"say": "receipt"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
ALIVE = {"say": "order", "id": "7", "status": "NEW"}
SLOW = Limit(per=LimitScope.VENUE, kinds=frozenset({CallKind.CANCEL}), rate=0.01, burst=1)


def test_settling_sends_no_cancel_that_others_queued(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """A cancel that waits for its turn is given up with the last who wanted it sent."""
    peer.on("cancel", RECEIPT).on("order", ALIVE).on("open", {"say": "rows", "rows": []})

    async def use() -> None:
        async with client(limits={"pebble": [SLOW]}) as one:
            await one.cancel(ask("8", timeout_s=0.5))
            first = asyncio.create_task(one.cancel(ask(timeout_s=1)))
            second = asyncio.create_task(one.cancel(ask(timeout_s=2)))
            assert (await first).outcome is Outcome.UNKNOWN
            settling = asyncio.create_task(one.settle(await first, 600))
            assert ((await second).reason, (await second).sent) == (Reason.NOT_SENT, Sent.NO)
            assert (await settling).sent is Sent.NO

    virtually(use())
    assert peer.calls("cancel") == ["8"]


def test_a_hasty_caller_is_not_made_to_wait(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """Each caller gets a look by half of its own wait, whatever patience others have."""
    peer.on("cancel", peer.never).on("order", CANCELED)

    async def use() -> None:
        async with client() as one:
            acks = await asyncio.gather(one.cancel(ask(timeout_s=2)), one.cancel(ask(timeout_s=30)))
            assert [ack.outcome for ack in acks] == [Outcome.CANCELED] * 2
            assert [round(ack.elapsed_s, 1) for ack in acks] == [1.0, 1.0]

    virtually(use())


def test_what_was_sent_ends_soon_after_its_callers(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """No exchange lasts for a deadline that nobody waits for any more."""
    peer.on("cancel", peer.never).on("order", ALIVE)

    async def use() -> None:
        async with client() as one:
            mine = len(asyncio.all_tasks())
            leaving = [asyncio.create_task(one.cancel(ask(str(n), timeout_s=86_400))) for n in range(1, 9)]
            await asyncio.sleep(1)
            for task in leaving:
                task.cancel()
            await asyncio.sleep(2.5)
            assert len(asyncio.all_tasks()) == mine

    virtually(use())


def test_a_page_that_never_comes_is_asked_for_again(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pebble: Pebble
) -> None:
    """One lost page of a history costs seconds, not half of the time that is left."""
    venue = attrs.evolve(
        pebble, capabilities=Capabilities(read_lag_s=1.0, has_history=True, replaced_reads_canceled=True)
    )
    row = {"id": "7", "status": "CANCELED"}
    peer.on("cancel", RECEIPT).on("order", CANCELED).on("history", peer.never, {"say": "rows", "rows": [row]})

    async def use() -> CancelAck:
        async with client(venue) as one:
            return await one.cancel(ask(timeout_s=600))

    ack: CancelAck = virtually(use())
    assert (ack.outcome, round(ack.elapsed_s)) == (Outcome.CANCELED, 3)


def test_a_followed_ack_is_settled_by_what_was_sent_for_its_own_order(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """The receipt for the order that was replaced is none for its successor."""
    heirs = {"say": "rows", "rows": [{"id": "8", "status": "NEW", "replaces": "7"}]}
    peer.on("cancel", RECEIPT, peer.never).on("open", heirs)
    replaced, heir = ({"say": "order", "id": i, "status": s} for i, s in (("7", "REPLACED"), ("8", "NEW")))
    peer.on("order", replaced, peer.never)

    async def use() -> None:
        async with client() as one:
            ack = await one.cancel(ask(timeout_s=4, follow_replacement=True))
            assert (ack.outcome, str(ack.order_id)) == (Outcome.UNKNOWN, "8")
        peer.on("order", heir)
        async with client() as other:
            settled = await other.settle(CancelAck.from_dict(json.loads(json.dumps(ack.to_dict()))), 5)
            assert settled.outcome is Outcome.UNKNOWN
            assert settled.attempts == ack.attempts

    virtually(use())


def test_a_long_wait_costs_no_more_than_a_short_one(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pebble: Pebble
) -> None:
    """Of reads that tell the same again and again only the first and the last are kept."""
    venue = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=100_000.0))
    peer.on("cancel", RECEIPT).on("order", ALIVE)

    async def use() -> CancelAck:
        async with client(venue) as one:
            return await one.cancel(ask(timeout_s=5000))

    ack: CancelAck = virtually(use())
    assert (ack.outcome, len(peer.calls("order")) > 300) == (Outcome.PENDING, True)
    assert len(ack.evidence) < 15
    assert ack.order is not None
    assert ack.order.as_of is not None
    assert (ack.order.as_of - ack.evidence[0].at).total_seconds() > 4900


def test_an_order_that_is_canceled_again_and_again(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pebble: Pebble
) -> None:
    """What was told long ago is looked at no more: the hundredth cancel costs what the tenth did."""
    venue = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=1.0))
    peer.on("cancel", {"say": "refused"}).on("order", ALIVE)

    async def use() -> None:
        async with client(venue) as one:
            for _ in range(40):
                assert (await one.cancel(ask(timeout_s=2))).reason is Reason.VENUE_REFUSED
                await asyncio.sleep(1)
            (entry,) = one._running._cases._cases.values()  # type: ignore[union-attr]  # noqa: SLF001 - nothing public shows it
            assert len(entry.told) < 6

    virtually(use())
