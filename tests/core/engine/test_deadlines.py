"""Deadlines bound the wait, not the truth: told to the second, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest

from countermand import (
    AsyncClient,
    CancelAck,
    CancelRequest,
    Outcome,
    Reason,
    Sent,
    Stage,
)

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer, VirtualLoop, Witness

Ask = Callable[..., CancelRequest]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]
RECEIPT = {"say": "receipt"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
NO_ROWS: dict[str, object] = {"say": "rows", "rows": []}
ALIVE = {"say": "order", "id": "7", "status": "NEW"}
#: Neither alive nor dead: of such an order no cancel is repeated.
UNREADABLE = {"say": "order", "id": "7", "status": "ERROR"}


def within(told: CancelAck) -> float:
    """Round the time that an ack took to hundredths of a second: the peer takes thousandths."""
    return round(told.elapsed_s, 2)


Make = Callable[..., AsyncClient]


def test_who_waits_at_the_gate_too_long(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """A cancel whose turn does not come by its deadline was not sent, and never will be."""
    peer.on("cancel", peer.after(5, RECEIPT)).on("order", {**CANCELED, "id": "6"}).on("open", NO_ROWS)

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


def test_who_waits_at_the_gate_of_a_closed_client(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """A cancel that a closed client never sent says so, and blames no deadline."""
    peer.on("cancel", peer.after(5, RECEIPT)).on("order", {**CANCELED, "id": "6"}).on("open", NO_ROWS)

    async def queue() -> None:
        async with client(max_in_flight=1) as one:
            first = asyncio.create_task(one.cancel(ask("7", timeout_s=4)))
            await asyncio.sleep(0.1)
            second = asyncio.create_task(one.cancel(ask("8", timeout_s=4)))
            await asyncio.sleep(0.1)
            await one.aclose()
            ack = await second
            assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
            assert ack.attempts[0].fault == "the client was closed before it could be sent"
            assert (await first).outcome is Outcome.UNKNOWN

    virtually(queue())
    assert peer.calls("cancel") == ["7"]


def test_one_of_two_at_the_gate(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """Who leaves the gate while another waits there for the same order knows only: not sent yet."""
    peer.on("cancel", peer.after(9, RECEIPT), RECEIPT).on("order", {**CANCELED, "id": "6"}).on(
        "open", NO_ROWS
    )

    async def queue() -> None:
        async with client(max_in_flight=1) as one:
            first = asyncio.create_task(one.cancel(ask("7", timeout_s=8)))
            await asyncio.sleep(0.1)
            acks = await asyncio.gather(one.cancel(ask("8", timeout_s=1)), one.cancel(ask("8", timeout_s=7)))
            assert (acks[0].outcome, acks[0].sent, within(acks[0])) == (Outcome.UNKNOWN, Sent.NO, 1.0)
            assert (acks[1].outcome, acks[1].sent) == (Outcome.PENDING, Sent.YES)
            assert (await first).outcome is Outcome.UNKNOWN

    virtually(queue())
    assert peer.calls("cancel") == ["7", "8"]


def test_silent_cancels_shut_nobody_out(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """An overdue cancel gives up its place, and reads have places of their own."""
    peer.on("cancel", peer.never).on("order", CANCELED)

    async def queue() -> list[CancelAck]:
        async with client(max_in_flight=1) as one:
            return await asyncio.gather(*(one.cancel(ask("7", timeout_s=8)) for _ in range(3)))

    assert [ack.outcome for ack in virtually(queue())] == [Outcome.CANCELED] * 3


def test_a_read_helps_while_there_is_no_answer(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """An overdue cancel is read after, and a dead order settles it without any answer."""
    peer.on("cancel", peer.never).on("order", CANCELED)

    async def wait() -> CancelAck:
        async with client() as one:
            return await one.cancel(ask(timeout_s=60))

    ack = virtually(wait())
    assert (ack.outcome, ack.sent, within(ack)) == (Outcome.CANCELED, Sent.MAYBE, 3.0)
    assert ack.attempts[0].fault == "not answered yet"


def test_a_late_answer_still_counts(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """An answer after the deadline is told to whoever came meanwhile, beside that to its own attempt."""
    peer.on("cancel", peer.after(2.5, RECEIPT), peer.never)
    peer.on("order", lambda _: CANCELED if witness.answers[-1].verdict == "Receipt" else UNREADABLE)

    async def wait() -> None:
        async with client() as one:
            early = await one.cancel(ask(timeout_s=1))
            ack = await one.cancel(ask(timeout_s=9))
            assert early.outcome is Outcome.UNKNOWN
            assert (ack.outcome, ack.sent) == (Outcome.CANCELED, Sent.YES)
            assert [attempt.verdict for attempt in ack.attempts] == ["received", None]

    virtually(wait())
    assert peer.calls("cancel") == ["7", "7"]


@pytest.mark.parametrize(("pause_s", "cancels"), [(0.0, 1), (0.4, 1), (0.5, 2), (1.5, 2)])
def test_who_joins_waits_as_long_as_it_asked_for(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pause_s: float, cancels: int
) -> None:
    """An attempt is not given up while one who joined it waits; one that is overdue is joined by nobody."""
    peer.on("cancel", peer.after(8, RECEIPT)).on("order", UNREADABLE)

    async def wait() -> None:
        async with client() as one:
            hasty = asyncio.create_task(one.cancel(ask(timeout_s=1)))
            await asyncio.sleep(pause_s)
            ack = await one.cancel(ask(timeout_s=9))
            assert (ack.outcome, ack.sent) == (Outcome.PENDING, Sent.YES)
            assert ((await hasty).outcome, within(await hasty)) == (Outcome.UNKNOWN, 1.0)

    virtually(wait())
    assert peer.calls("cancel") == ["7"] * cancels


def test_who_joins_at_the_last_moment(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """Who joins an attempt that is just being given up gets nothing of it, and no harm."""
    peer.on("cancel", peer.never).on("order", ALIVE)

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
    peer.on("cancel", peer.never).on("order", UNREADABLE)

    async def wait() -> None:
        async with client() as one:
            assert (await one.cancel(ask(timeout_s=1))).outcome is Outcome.UNKNOWN
            await asyncio.sleep(1.9)
            assert "cancel" not in [answer.call for answer in witness.answers]
            await asyncio.sleep(0.2)
            (told,) = [answer for answer in witness.answers if answer.call == "cancel"]
            assert (told.fault, told.verdict, round(told.elapsed_s, 2)) == ("given up", None, 3.0)

    virtually(wait())


def test_a_log_in_without_an_answer(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pebble: Pebble
) -> None:
    """A log-in that is never answered ends after ten seconds, and the next cancel begins a new one."""
    peer.on("log-in", peer.never, {"say": "token", "token": "t0k3n-two"}).on("log-out", RECEIPT)
    peer.on("cancel", RECEIPT).on("order", CANCELED)

    async def insist() -> None:
        async with client(pebble.by_password()) as one:
            hasty, patient = await asyncio.gather(
                one.cancel(ask(timeout_s=1)), one.cancel(ask("8", timeout_s=11))
            )
            assert (hasty.reason, within(hasty)) == (Reason.NOT_SENT, 1.0)
            assert (patient.reason, within(patient)) == (Reason.NOT_SENT, 10.0)
            assert patient.evidence[0].text == "no session: no answer in time"
            assert (await one.cancel(ask(timeout_s=1))).reason is Reason.NOT_SENT  # not tried again so soon
            await asyncio.sleep(2)
            assert (await one.cancel(ask())).outcome is Outcome.CANCELED

    virtually(insist())
