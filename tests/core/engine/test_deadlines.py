"""Deadlines bound the wait, not the truth: told to the second, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import (
    AsyncClient,
    CancelAck,
    CancelRequest,
    ClientOrderId,
    OrderId,
    Outcome,
    Reason,
    Sent,
    Stage,
)
from countermand.venue import Capabilities

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer, VirtualLoop, Witness

Ask = Callable[..., CancelRequest]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]
RECEIPT = {"say": "receipt"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
ALIVE = {"say": "order", "id": "7", "status": "NEW"}


def within(told: CancelAck) -> float:
    """Round the time that an ack took to hundredths of a second: the peer takes thousandths."""
    return round(told.elapsed_s, 2)


def after(seconds: float, answer: Any) -> Callable[[httpx.Request], Any]:
    """Answer only then."""

    async def late(_: httpx.Request) -> Any:
        await asyncio.sleep(seconds)
        return answer

    return late


async def never(_: httpx.Request) -> Any:
    """Answer not at all."""
    await asyncio.Event().wait()


@pytest.fixture
def client(peer: Peer, pebble: Pebble, witness: Witness) -> Callable[..., AsyncClient]:
    """Make a client of the invented venue."""

    def make(venue: Any = pebble, **options: Any) -> AsyncClient:
        return AsyncClient([venue], transport=httpx.MockTransport(peer), observer=witness, **options)

    return make


Make = Callable[..., AsyncClient]


def test_who_waits_at_the_gate_too_long(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """A cancel whose turn does not come by its deadline was not sent, and never will be."""
    peer.on("cancel", after(5, RECEIPT)).on("order", {**CANCELED, "id": "8"})

    async def queue() -> None:
        async with client(max_in_flight=1) as one:
            first = asyncio.create_task(one.cancel(ask("7", timeout_s=4)))
            await asyncio.sleep(0.1)
            ack = await one.cancel(ask("8", timeout_s=1))
            assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
            assert (within(ack), ack.stage) == (1.0, Stage.SEND)
            assert ack.attempts[0].fault == "the deadline came before it could be sent"
            assert (await first).outcome is Outcome.UNKNOWN
            await asyncio.sleep(5)

    virtually(queue())
    assert peer.calls("cancel") == ["7"]


def test_one_of_two_at_the_gate(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """Who leaves the gate while another waits there for the same order knows only: not sent yet."""
    peer.on("cancel", after(2, RECEIPT)).on("order", {**CANCELED, "id": "8"})

    async def queue() -> None:
        async with client(max_in_flight=1) as one:
            acks = await asyncio.gather(
                one.cancel(ask("7", timeout_s=1)),
                one.cancel(ask("8", timeout_s=1)),
                one.cancel(ask("8", timeout_s=9)),
            )
        assert [(ack.outcome, ack.sent) for ack in acks] == [
            (Outcome.UNKNOWN, Sent.MAYBE),
            (Outcome.UNKNOWN, Sent.NO),
            (Outcome.CANCELED, Sent.YES),
        ]
        assert [within(ack) for ack in acks[:2]] == [1.0, 1.0]

    virtually(queue())
    assert peer.calls("cancel") == ["7", "8"]


def test_a_read_helps_while_there_is_no_answer(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """An overdue cancel is read after, and a dead order settles it without any answer."""
    peer.on("cancel", never).on("order", CANCELED)

    async def wait() -> CancelAck:
        async with client() as one:
            return await one.cancel(ask(timeout_s=60))

    ack = virtually(wait())
    assert (ack.outcome, ack.sent, within(ack)) == (Outcome.CANCELED, Sent.MAYBE, 3.0)
    assert ack.attempts[0].fault == "not answered yet"


def test_a_late_answer_still_counts(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """An answer after the deadline settles the cancel of whoever joined meanwhile, without a new one."""
    peer.on("cancel", after(2.5, RECEIPT))
    peer.on("order", lambda _: CANCELED if witness.answers[-1].verdict == "Receipt" else ALIVE)

    async def wait() -> None:
        async with client() as one:
            early = await one.cancel(ask(timeout_s=1))
            ack = await one.cancel(ask(timeout_s=9))
            assert early.outcome is Outcome.UNKNOWN
            assert (ack.outcome, ack.sent) == (Outcome.CANCELED, Sent.YES)
            assert ack.attempts[0].verdict == "received"

    virtually(wait())
    assert peer.calls("cancel") == ["7"]


@pytest.mark.parametrize("pause_s", [0.0, 0.5, 1.5])
def test_who_joins_waits_as_long_as_it_asked_for(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pause_s: float
) -> None:
    """An attempt that a hasty caller began is not given up while a patient one waits for its answer."""
    peer.on("cancel", after(8, RECEIPT)).on("order", ALIVE)

    async def wait() -> None:
        async with client() as one:
            hasty = asyncio.create_task(one.cancel(ask(timeout_s=1)))
            await asyncio.sleep(pause_s)
            ack = await one.cancel(ask(timeout_s=9))
            assert (ack.outcome, ack.sent) == (Outcome.PENDING, Sent.YES)
            assert ((await hasty).outcome, within(await hasty)) == (Outcome.UNKNOWN, 1.0)

    virtually(wait())
    assert peer.calls("cancel") == ["7"]


def test_who_joins_at_the_last_moment(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """Who joins an attempt that is just being given up gets nothing of it, and no harm."""
    peer.on("cancel", never).on("order", ALIVE)

    async def wait() -> None:
        async with client() as one:
            loop: VirtualLoop = asyncio.get_running_loop()  # type: ignore[assignment]  # it is
            assert (await one.cancel(ask(timeout_s=1))).outcome is Outcome.UNKNOWN
            joined: list[asyncio.Task[CancelAck]] = []
            loop.call_later(2.0, lambda: joined.append(asyncio.create_task(one.cancel(ask(timeout_s=1)))))
            await asyncio.sleep(2.1)
            assert (await joined[0]).outcome is Outcome.UNKNOWN

    virtually(wait())


def test_an_answer_that_is_too_late(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """Two seconds after the last deadline nobody waits for the answer any more."""
    peer.on("cancel", never).on("order", ALIVE)

    async def wait() -> None:
        async with client() as one:
            assert (await one.cancel(ask(timeout_s=1))).outcome is Outcome.UNKNOWN
            await asyncio.sleep(1.9)
            assert "cancel" not in [answer.call for answer in witness.answers]
            await asyncio.sleep(0.2)
            (told,) = [answer for answer in witness.answers if answer.call == "cancel"]
            assert (told.fault, told.verdict, round(told.elapsed_s, 2)) == ("given up", None, 3.0)

    virtually(wait())


def test_who_leaves_kills_nothing(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """A caller whose task is canceled leaves the others, and the attempt they share, alone."""
    peer.on("cancel", after(1, RECEIPT)).on("order", CANCELED)

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
    peer.on("cancel", after(1, RECEIPT))

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
    answers = {"5": RECEIPT, "6": never}
    peer.on("cancel", lambda request: answers[request.url.path[-1]]).on("order", {**ALIVE, "id": "5"})

    async def answer(request: httpx.Request) -> Any:
        return RECEIPT if request.url.path.endswith("5") else await never(request)

    peer.on("cancel", answer)

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
    peer.on("log-in", never)

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
    peer.on("log-in", {"say": "token", "token": "t0k3n-one"}).on("log-out", never)
    peer.on("cancel", RECEIPT).on("order", CANCELED)

    async def close() -> None:
        loop = asyncio.get_running_loop()
        async with client(pebble.by_password()) as one:
            await one.cancel(ask())
            began = loop.time()
        assert loop.time() - began == pytest.approx(1.0)

    virtually(close())


def test_a_log_in_without_an_answer(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pebble: Pebble
) -> None:
    """A log-in that is never answered ends after ten seconds, and the next cancel begins a new one."""
    peer.on("log-in", never, {"say": "token", "token": "t0k3n-two"}).on("log-out", RECEIPT)
    peer.on("cancel", RECEIPT).on("order", CANCELED)

    async def insist() -> None:
        async with client(pebble.by_password()) as one:
            hasty, patient = await asyncio.gather(
                one.cancel(ask(timeout_s=1)), one.cancel(ask("8", timeout_s=60))
            )
            assert (hasty.reason, within(hasty)) == (Reason.NOT_SENT, 1.0)
            assert (patient.reason, within(patient)) == (Reason.NOT_SENT, 10.0)
            assert patient.evidence[0].text == "no session: unreadable: no answer in time"
            assert (await one.cancel(ask())).outcome is Outcome.CANCELED

    virtually(insist())


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
        closing: list[asyncio.Task[None]] = []

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


def test_what_was_found_for_one_who_left(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pebble: Pebble
) -> None:
    """A listing that answers after its caller left still tells the next one which order is meant."""
    mine, nothing = ClientOrderId("mine"), {"say": "rows", "rows": []}
    found = {"say": "rows", "rows": [{"id": "7", "status": "NEW", "client_id": "mine"}]}
    peer.on("open", nothing, after(9, nothing)).on("history", after(1, found))
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    with_history = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=0.0, has_history=True))

    async def wait() -> None:
        async with client(with_history) as one:
            leaving = asyncio.create_task(one.cancel(ask(mine, timeout_s=60)))
            await asyncio.sleep(0.5)
            leaving.cancel()
            await asyncio.sleep(1)
            ack = await one.cancel(ask(mine, timeout_s=60))
            assert (ack.outcome, ack.order_id, within(ack)) == (Outcome.CANCELED, OrderId("7"), 0.0)

    virtually(wait())
    assert peer.calls() == ["open", "history", "open", "cancel", "order"]
