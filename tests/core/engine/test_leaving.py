"""Who leaves kills nothing, and a client that closes leaves nobody without an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermand import (
    Assurance,
    AsyncClient,
    CancelAck,
    CancelRequest,
    ClientOrderId,
    OrderId,
    Outcome,
    Reason,
    Sent,
)

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer, VirtualLoop, Witness

Ask = Callable[..., CancelRequest]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]
RECEIPT = {"say": "receipt"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
ALIVE = {"say": "order", "id": "7", "status": "NEW"}
#: Neither alive nor dead: of such an order no cancel is repeated.
UNREADABLE = {"say": "order", "id": "7", "status": "ERROR"}


def within(told: CancelAck) -> float:
    """Round the time that an ack took to hundredths of a second: the peer takes thousandths."""
    return round(told.elapsed_s, 2)


Make = Callable[..., AsyncClient]


def test_who_leaves_kills_nothing(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """A caller whose task is canceled leaves the others, and the attempt they share, alone."""
    peer.on("cancel", peer.after(1, RECEIPT)).on("order", CANCELED)

    async def leave() -> None:
        async with client() as one:
            leaving, staying = (asyncio.create_task(one.cancel(ask())) for _ in range(2))
            await asyncio.sleep(0.5)
            leaving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaving
            assert (await staying).outcome is Outcome.CANCELED

    virtually(leave())
    assert peer.calls() == ["cancel", "order"]


def test_who_leaves_alone(virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness) -> None:
    """A cancel that is on its way lives on without its caller; one that has not left is not sent."""
    peer.on("cancel", peer.after(1, RECEIPT))

    async def leave() -> None:
        async with client(max_in_flight=1) as one:
            sent, queued = (asyncio.create_task(one.cancel(ask(order))) for order in ("7", "8"))
            await asyncio.sleep(0.5)
            sent.cancel()
            queued.cancel()
            await asyncio.wait([sent, queued])
            await asyncio.sleep(1)
            assert [(answer.call, answer.verdict) for answer in witness.answers] == [("cancel", "Receipt")]
            assert witness.acks == []

    virtually(leave())
    assert peer.calls("cancel") == ["7"]


def test_closing_answers_whoever_waits(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pebble: Pebble
) -> None:
    """At its end a client tells everyone what is known: received, perhaps sent, not sent."""

    async def answer(request: httpx.Request) -> Any:
        return RECEIPT if request.url.path.endswith("5") else await peer.never(request)

    peer.on("cancel", answer).on("order", {**ALIVE, "id": "5"})

    async def close() -> None:
        async with client(max_in_flight=2) as one:
            tasks = [asyncio.create_task(one.cancel(ask(order))) for order in ("5", "6")]
            await asyncio.sleep(1)
            tasks += [asyncio.create_task(one.cancel(ask(order))) for order in ("7", "8")]
            await asyncio.sleep(0.02)
        acks = await asyncio.gather(*tasks)
        assert [(ack.outcome, ack.sent) for ack in acks] == [
            (Outcome.PENDING, Sent.YES),
            (Outcome.UNKNOWN, Sent.MAYBE),
            (Outcome.UNKNOWN, Sent.MAYBE),
            (Outcome.REJECTED, Sent.NO),
        ]
        assert acks[3].reason is Reason.NOT_SENT

    virtually(close())


def test_closing_during_a_log_in(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pebble: Pebble
) -> None:
    """A log-in under way ends with the client, and what waited for it was not sent."""
    peer.on("log-in", peer.never)

    async def close() -> None:
        async with client(pebble.by_password()) as one:
            task = asyncio.create_task(one.cancel(ask()))
            await asyncio.sleep(1)
        ack = await task
        assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)

    virtually(close())
    assert peer.calls() == ["log-in"]


def test_a_log_out_without_an_answer(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pebble: Pebble
) -> None:
    """A venue that does not take its session back is waited for a second, and no longer."""
    peer.on("log-in", {"say": "token", "token": "t0k3n-one"}).on("log-out", peer.never)
    peer.on("cancel", RECEIPT).on("order", CANCELED)

    async def close() -> None:
        loop = asyncio.get_running_loop()
        async with client(pebble.by_password()) as one:
            await one.cancel(ask())
            began = loop.time()
        assert loop.time() - began == pytest.approx(1.0)

    virtually(close())


def test_closing_that_is_canceled(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pebble: Pebble
) -> None:
    """Where whoever closes is canceled, what is owed is told all the same, and who reads comes to the end."""
    peer.on("log-in", {"say": "token", "token": "t0k3n-one"}).on("log-out", peer.never)
    peer.on("cancel", RECEIPT)
    readers: list[asyncio.Task[list[Any]]] = []
    one = client(pebble.by_password())

    async def read() -> list[Any]:
        return [update async for update in one.updates()]

    async def use() -> None:
        async with one:
            readers.append(asyncio.create_task(read()))
            await one.cancel(ask(assurance=Assurance.RECEIVED))

    async def close() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(use(), 0.5)
        (owed,) = one.unsettled()
        assert (owed.ack.outcome, await one.aclose()) == (Outcome.PENDING, (owed,))
        assert await asyncio.wait_for(readers[0], 5) == []
        assert asyncio.all_tasks() == {asyncio.current_task()}

    virtually(close())


REPLACED = {"say": "order", "id": "7", "status": "REPLACED"}
HEIRS = {"say": "rows", "rows": [{"id": "8", "status": "NEW", "replaces": "7"}]}


def test_no_time_is_left_to_follow(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """A successor that is found at the last moment is named; nothing more is sent."""

    def late(_: httpx.Request) -> Any:
        loop: VirtualLoop = asyncio.get_running_loop()  # type: ignore[assignment]  # it is
        loop.jump(60)
        return HEIRS

    peer.on("cancel", {"say": "refused"}).on("order", REPLACED).on("open", late)

    async def follow() -> CancelAck:
        async with client() as one:
            return await one.cancel(ask(follow_replacement=True))

    ack = virtually(follow())
    assert (ack.outcome, ack.reason, ack.successor) == (Outcome.REJECTED, Reason.REPLACED, OrderId("8"))
    assert peer.calls("cancel") == ["7"]


def test_nothing_is_followed_once_the_client_closes(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """A successor that is found while the client closes is named; nothing is sent any more."""
    peer.on("cancel", {"say": "refused"}).on("order", REPLACED).on("open", HEIRS)

    async def follow() -> None:
        one = client()
        closing: list[asyncio.Task[Any]] = []

        def answered(answer: Any) -> None:
            if answer.call == "open":
                closing.append(asyncio.create_task(one.aclose()))

        witness.answered = answered  # type: ignore[method-assign]  # an observer of its own
        async with one:
            ack = await one.cancel(ask(follow_replacement=True))
            assert (ack.reason, ack.successor) == (Reason.REPLACED, OrderId("8"))
            await closing[0]

    virtually(follow())
    assert peer.calls("cancel") == ["7"]


def test_an_answer_to_one_who_is_just_leaving(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """An ack that comes at the moment its caller is canceled is nobody's, and disturbs nobody."""
    leaving: list[asyncio.Task[CancelAck]] = []

    def leave(_: httpx.Request) -> Any:
        leaving[0].cancel()
        return CANCELED

    peer.on("cancel", RECEIPT).on("order", leave)

    async def wait() -> None:
        async with client() as one:
            leaving.append(asyncio.create_task(one.cancel(ask())))
            staying = asyncio.create_task(one.cancel(ask()))
            assert (await staying).outcome is Outcome.CANCELED
            with pytest.raises(asyncio.CancelledError):
                await leaving[0]

    virtually(wait())


def test_a_client_id_is_looked_up_anew_for_each_caller(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """What an id meant a moment ago is no answer: by now it may name another order."""
    mine = ClientOrderId("mine")
    first = {"say": "rows", "rows": [{"id": "7", "status": "NEW", "client_id": "mine"}]}
    second = {"say": "rows", "rows": [{"id": "8", "status": "NEW", "client_id": "mine"}]}
    peer.on("open", first, second).on("cancel", RECEIPT).on("order", CANCELED, {**CANCELED, "id": "8"})

    async def wait() -> None:
        async with client() as one:
            acks = [await one.cancel(ask(mine)) for _ in range(2)]
            assert [ack.order_id for ack in acks] == [OrderId("7"), OrderId("8")]

    virtually(wait())
    assert peer.calls("open") == ["9"] * 2


def test_who_comes_after_a_hung_cancel_gets_its_own(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """An attempt that nobody answers holds up none of those who come later."""
    peer.on("cancel", peer.never, RECEIPT).on("order", UNREADABLE)

    async def insist() -> None:
        async with client() as one:
            outcomes = [(await one.cancel(ask(timeout_s=2))).outcome for _ in range(2)]
            assert outcomes == [Outcome.UNKNOWN, Outcome.PENDING]

    virtually(insist())
    assert peer.calls("cancel") == ["7", "7"]


def test_reads_that_nobody_answers_do_not_pile_up(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """An overdue read makes way for the next, and ends."""
    open_now, most = 0, 0

    async def hang(_: object) -> object:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        try:
            return await asyncio.Event().wait()
        finally:
            open_now -= 1

    peer.on("cancel", RECEIPT).on("order", hang).on("open", {"say": "rows", "rows": []})

    async def wait() -> None:
        async with client() as one:
            assert (await one.cancel(ask(timeout_s=600))).outcome is Outcome.PENDING

    virtually(wait())
    assert most <= 3


def test_a_listing_whose_caller_left(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """A listing that answers after its caller left is nobody's, and harms nobody."""
    mine = ClientOrderId("mine")
    found = {"say": "rows", "rows": [{"id": "7", "status": "NEW", "client_id": "mine"}]}
    peer.on("open", peer.after(1, found)).on("cancel", RECEIPT).on("order", CANCELED)

    async def wait() -> None:
        async with client() as one:
            leaving = asyncio.create_task(one.cancel(ask(mine, timeout_s=60)))
            await asyncio.sleep(0.5)
            leaving.cancel()
            await asyncio.sleep(1)
            assert (await one.cancel(ask(mine))).outcome is Outcome.CANCELED

    virtually(wait())
    assert peer.calls("open") == ["9", "9"]
