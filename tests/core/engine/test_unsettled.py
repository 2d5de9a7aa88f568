"""What is still owed: listed with its age and stage, also of callers that left, and at the end."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

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
    EvidenceKind,
    OrderId,
    Outcome,
    Sent,
    Stage,
    Unsettled,
)
from countermand._case._facts import Caller
from countermand._engine._ledger import Ledger
from countermand._engine._open_case import Told
from countermand._engine._straight import Straight
from countermand._engine._watch import Watch
from countermand.errors import ConfigurationError
from countermand.venue import Capabilities

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer, Witness

Ask = Callable[..., CancelRequest]
Make = Callable[..., AsyncClient]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]

RECEIPT, MAYBE = {"say": "receipt"}, {"say": "maybe"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
TOKEN = {"say": "token", "token": "s3ss10n"}
UNREADABLE = {"say": "order", "id": "7", "status": "ERROR"}


@pytest.fixture
def patient(pebble: Pebble) -> Pebble:
    """Give the invented venue with reads that may lag for long, so that no receipt is repeated."""
    return attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=30.0))


def orders(owed: tuple[Unsettled, ...]) -> list[str]:
    return [str(one.ack.request.order) for one in owed]


def test_what_is_open_is_listed_with_its_age(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """What is final is owed nothing; all else is listed, oldest first, with how long ago it was asked for."""
    peer.on("cancel", RECEIPT, MAYBE, {"say": "refused"}, RECEIPT)
    peer.on("order", lambda request: {**UNREADABLE, "id": request.url.path.rpartition("/")[2]})

    async def list_them() -> None:
        async with client() as one:
            assert one.unsettled() == ()
            pending = await one.cancel(ask("1", assurance=Assurance.RECEIVED))
            unknown = await one.cancel(ask("2", timeout_s=1))
            refused = await one.cancel(ask("3", timeout_s=1))
            await asyncio.sleep(10)
            first, second = one.unsettled()
            assert (first.ack, second.ack) == (pending, unknown)
            assert refused.final
            assert (round(first.age_s, 1), round(second.age_s, 1)) == (12.0, 12.0)
            assert (first.stage, second.stage) == (Stage.CONFIRM, Stage.CONFIRM)
            assert first.last_evidence == pending.evidence[-1]
            assert first.last_evidence.kind is EvidenceKind.RECEIPT
            assert second.last_evidence == unknown.evidence[-1]
            peer.on("order", lambda request: {**CANCELED, "id": request.url.path.rpartition("/")[2]})
            await one.settle(pending)
            assert orders(one.unsettled()) == ["2"]

    virtually(list_them())


def test_what_nothing_was_learned_of(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """An ack without evidence has no last evidence."""
    owed = Unsettled(ack=CancelAck(request=ask(), outcome=Outcome.UNKNOWN, stage=Stage.SEND), age_s=1.0)
    assert (owed.last_evidence, owed.stage) == (None, Stage.SEND)


def test_a_canceled_task_is_owed_its_ack(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """Who left may have sent a cancel: that is listed, goes on to be read, and is told at the end, too."""
    peer.on("cancel", peer.never)

    async def leave() -> tuple[Unsettled, ...]:
        async with client() as one:
            leaving = asyncio.create_task(one.cancel(ask()))
            await asyncio.sleep(1)
            leaving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaving
            (owed,) = one.unsettled()
            assert (owed.ack.outcome, owed.ack.sent) == (Outcome.UNKNOWN, Sent.MAYBE)
            assert (owed.ack.request.order, owed.stage) == (OrderId("7"), Stage.CONFIRM)
            assert owed.last_evidence is not None
            assert owed.last_evidence.text == "sent, and not answered yet"
            assert round(owed.age_s, 2) == 1.0
            assert witness.acks == []  # nobody was told
            left = await one.aclose()
            assert left == one.unsettled() == await one.aclose()
            return left

    (left,) = virtually(leave())
    assert (left.ack.outcome, left.ack.sent) == (Outcome.UNKNOWN, Sent.MAYBE)
    assert peer.calls("cancel") == ["7"]


def test_a_canceled_task_whose_cancel_is_answered_later(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """The answer that nobody waited for is an update of what is owed, and it can be settled."""
    peer.on("cancel", peer.after(2, RECEIPT)).on("order", CANCELED)

    async def leave() -> None:
        async with client() as one:
            leaving = asyncio.create_task(one.cancel(ask()))
            await asyncio.sleep(1)
            leaving.cancel()
            await asyncio.wait([leaving])
            await asyncio.sleep(2)
            (update,) = witness.updates
            (owed,) = one.unsettled()
            assert update.ack == owed.ack
            assert (owed.ack.outcome, owed.ack.sent) == (Outcome.PENDING, Sent.YES)
            assert (await one.settle(owed.ack)).outcome is Outcome.CANCELED
            assert one.unsettled() == ()

    virtually(leave())


def test_a_canceled_task_that_had_sent_nothing(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """A cancel that waited for its turn, or for its id, is taken back: nothing is owed for it."""
    alias = ClientOrderId("mine")
    peer.on("cancel", peer.never).on("open", peer.after(5, {"say": "rows", "rows": []}))

    async def leave() -> None:
        async with client(max_in_flight=1) as one:
            first = asyncio.create_task(one.cancel(ask("1")))
            await asyncio.sleep(0.1)
            others = [asyncio.create_task(one.cancel(ask(order))) for order in ("7", alias)]
            await asyncio.sleep(0.1)
            for leaving in others:
                leaving.cancel()
            await asyncio.wait(others)
            assert one.unsettled() == ()
            first.cancel()
            await asyncio.wait([first])
            await asyncio.sleep(60)
            assert orders(one.unsettled()) == ["1"]

    virtually(leave())
    assert peer.calls("cancel") == ["1"]


def test_a_canceled_task_at_a_plugin_that_breaks(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """What cannot even be told is listed as unknown, with the fault that keeps it from being told."""
    peer.on("cancel", MAYBE).on("order", {"say": "nonsense"}).on("open", {"say": "rows", "rows": []})

    async def leave() -> None:
        async with client() as one:
            leaving = asyncio.create_task(one.cancel(ask()))
            await asyncio.sleep(1)
            leaving.cancel()
            await asyncio.wait([leaving])
            (owed,) = one.unsettled()
            assert (owed.ack.outcome, owed.ack.sent) == (Outcome.UNKNOWN, Sent.YES)
            assert "the read of its read_order call gave a value of type dict" in (owed.ack.error or "")
            assert owed.ack.elapsed_s == 1.0

    virtually(leave())


def test_who_follows_and_leaves(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """Who leaves while a successor is being canceled is owed what becomes of that."""
    heirs = {"say": "rows", "rows": [{"id": "8", "status": "NEW", "replaces": "7"}]}
    peer.on("cancel", {"say": "refused"}, peer.never).on("open", heirs)
    peer.on("order", {"say": "order", "id": "7", "status": "REPLACED"})

    async def leave() -> None:
        async with client() as one:
            request_ = ask(follow_replacement=True)
            leaving = asyncio.create_task(one.cancel(request_))
            await asyncio.sleep(1)
            leaving.cancel()
            await asyncio.wait([leaving])
            (owed,) = one.unsettled()
            assert (owed.ack.order_id, owed.ack.sent) == (OrderId("8"), Sent.YES)
            assert [attempt.order_id for attempt in owed.ack.attempts] == [OrderId("7"), OrderId("8")]
            assert owed.ack.request == request_

    virtually(leave())
    assert peer.calls("cancel") == ["7", "8"]


def test_who_follows_is_owed_since_it_asked(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, patient: Pebble
) -> None:
    """The age of what is owed counts from the request, and not from when it came to the successor."""
    heirs = {"say": "rows", "rows": [{"id": "8", "status": "NEW", "replaces": "7"}]}
    working, replaced = ({"say": "order", "id": "7", "status": status} for status in ("NEW", "REPLACED"))
    peer.on("cancel", RECEIPT, peer.never).on("open", heirs).on("order", working, working, working, replaced)

    async def list_it() -> None:
        async with client(patient) as one:
            ack = await one.cancel(ask(follow_replacement=True, timeout_s=4))
            assert (ack.outcome, ack.order_id) == (Outcome.UNKNOWN, OrderId("8"))
            (owed,) = one.unsettled()
            assert (round(owed.age_s, 2), round(ack.elapsed_s, 2)) == (4.0, 4.0)

    virtually(list_it())


def test_closing_tells_what_is_owed(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """Who waits at the end is answered and listed, and so is what was open before."""
    peer.on("cancel", RECEIPT, peer.never)

    async def close() -> None:
        one = client()
        await one.__aenter__()
        pending = await one.cancel(ask("1", assurance=Assurance.RECEIVED))
        waiting = asyncio.create_task(one.cancel(ask("2", assurance=Assurance.RECEIVED)))
        await asyncio.sleep(1)
        left = await one.aclose()
        assert [owed.ack for owed in left] == [pending, await waiting]
        assert [owed.ack.sent for owed in left] == [Sent.YES, Sent.MAYBE]
        # What is left stays readable until the client is entered anew.
        assert one.unsettled() == left
        async with one:
            assert one.unsettled() == ()
        assert one.unsettled() == ()

    virtually(close())


def test_closing_from_a_thread_tells_what_is_owed(peer: Peer, patient: Pebble, ask: Ask) -> None:
    """The client with a thread of its own returns the same from its end."""
    peer.on("cancel", RECEIPT)
    client = Client([patient], transport=httpx.MockTransport(peer))
    assert client.unsettled() == client.close() == ()
    with client:
        ack = client.cancel(ask(assurance=Assurance.RECEIVED))
        (owed,) = client.unsettled()
        assert owed.ack == ack
        assert 0 <= owed.age_s < 10
        (left,) = client.close()
        assert left.ack == ack
        assert client.unsettled() == client.close() == (left,)


def test_what_is_owed_while_the_client_closes(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, pebble: Pebble
) -> None:
    """Who asks while somebody else closes the client is told what is owed, and so is who closes it, too."""
    peer.on("cancel", RECEIPT, RECEIPT, peer.never).on("log-in", TOKEN)
    peer.on("log-out", peer.after(0.5, RECEIPT))

    async def close() -> None:
        async with client(pebble.by_password(), most_unsettled=2) as one:
            for order in ("6", "7"):
                await one.cancel(ask(order, assurance=Assurance.RECEIVED))
            waiting = asyncio.create_task(one.cancel(ask("8", assurance=Assurance.RECEIVED)))
            await asyncio.sleep(0.1)
            closing = asyncio.create_task(one.aclose())
            await waiting
            await asyncio.sleep(0.2)
            assert not closing.done()
            assert orders(one.unsettled()) == ["7", "8"]
            assert one.unsettled_overflow() == 1
            assert orders(await one.aclose()) == ["7", "8"]
            assert orders(await closing) == ["7", "8"]

    virtually(close())


def test_what_is_owed_while_a_thread_closes(peer: Peer, patient: Pebble, ask: Ask) -> None:
    """So it is told to threads."""
    closes, go_on = threading.Event(), threading.Event()

    async def leave_slowly(_: httpx.Request) -> Any:
        closes.set()
        await asyncio.to_thread(go_on.wait, 5)
        return RECEIPT

    peer.on("cancel", RECEIPT).on("log-in", TOKEN).on("log-out", leave_slowly)
    client = Client([patient.by_password()], transport=httpx.MockTransport(peer))
    with ThreadPoolExecutor(max_workers=1) as threads, client:
        client.cancel(ask(assurance=Assurance.RECEIVED))
        closing = threads.submit(client.close)
        assert closes.wait(5)
        assert orders(client.unsettled()) == orders(client.close()) == ["7"]
        go_on.set()
        assert orders(closing.result(5)) == ["7"]


def test_a_thread_is_told_what_was_dropped(peer: Peer, patient: Pebble, ask: Ask) -> None:
    """Whether the list is whole can be asked from a thread, and after the end."""
    peer.on("cancel", RECEIPT)
    client = Client([patient], transport=httpx.MockTransport(peer), most_unsettled=1)
    assert client.unsettled_overflow() == 0
    with client:
        for order in ("7", "8", "9"):
            client.cancel(ask(order, assurance=Assurance.RECEIVED))
        assert (orders(client.unsettled()), client.unsettled_overflow()) == (["9"], 2)
    assert (orders(client.unsettled()), client.unsettled_overflow()) == (["9"], 2)


def test_no_more_than_fit_are_kept(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """The newest are kept, and whoever needs the oldest has its ack: it can still be settled."""
    peer.on("cancel", RECEIPT).on("order", CANCELED)

    async def fill() -> None:
        async with client(most_unsettled=3) as one:
            acks = [
                await one.cancel(ask(str(number), assurance=Assurance.RECEIVED)) for number in range(7, 13)
            ]
            assert orders(one.unsettled()) == ["10", "11", "12"]
            assert one.unsettled_overflow() == 3
            settled = await one.settle(acks[0])
            assert settled.outcome is Outcome.CANCELED
            assert settled.attempts == acks[0].attempts
            assert orders(one.unsettled()) == ["10", "11", "12"]
            await one.aclose()
            assert (orders(one.unsettled()), one.unsettled_overflow()) == (["10", "11", "12"], 3)

    virtually(fill())
    assert peer.calls("cancel") == ["7", "8", "9", "10", "11", "12"]


def test_what_was_dropped_is_counted(ask: Ask) -> None:
    """Nobody need wonder whether the list is whole."""
    ledger = Ledger(lambda: 0.0, Watch(None), most=2)
    dropped = []
    for number in range(1, 5):
        request = ask(str(number))
        told: Any = Told(
            entry=SimpleNamespace(survey=SimpleNamespace(attempts=())),  # type: ignore[arg-type]  # all it asks
            caller=Caller(request=request, joined_at=0.0, deadline=1.0),
            ack=CancelAck(request=request, outcome=Outcome.UNKNOWN),
        )
        ledger.note(told)
        dropped.append(ledger.dropped)
    assert dropped == [0, 0, 1, 2]
    assert orders(ledger.unsettled()) == ["3", "4"]


def test_what_is_dropped_takes_nothing_along(ask: Ask) -> None:
    """A request that was asked twice is still found by its second ack when the first one is dropped."""
    ledger, request = Ledger(lambda: 0.0, Watch(None), most=1), ask()
    first: Any = Told(
        entry=SimpleNamespace(survey=SimpleNamespace(attempts=())),  # type: ignore[arg-type]  # all it asks
        caller=Caller(request=request, joined_at=0.0, deadline=1.0),
        ack=CancelAck(request=request, outcome=Outcome.UNKNOWN),
    )
    again = CancelAck(request=request, outcome=Outcome.UNKNOWN, error="again")
    second: Any = Mock(spec=Straight, request=request, versions=(again,))
    ledger.note(first)
    ledger.keep(second)
    assert ledger.dropped == 1
    assert ledger.find(again) is second
    assert ledger.find(first.ack) is None


def test_a_request_is_owed_as_often_as_it_was_asked(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """A request that is asked for again loses nothing that the first ack is owed."""
    peer.on("cancel", MAYBE, RECEIPT).on("order", UNREADABLE)

    async def again() -> None:
        async with client() as one:
            request = ask(timeout_s=1)
            first = await one.cancel(request)
            assert first.outcome is Outcome.UNKNOWN
            await one.cancel(request)
            assert [owed.ack.request for owed in one.unsettled()] == [request, request]
            peer.on("order", CANCELED)
            assert (await one.settle(first)).outcome is Outcome.CANCELED
            assert one.unsettled() == ()

    virtually(again())


@pytest.mark.parametrize("kind", [AsyncClient, Client])
@pytest.mark.parametrize("most", [0, -1, 2.5, "9", None, True])
def test_how_many_cannot_be(kind: Any, pebble: Pebble, most: Any) -> None:
    """It is a whole number of at least 1."""
    with pytest.raises(ConfigurationError, match="most_unsettled must be a whole number, 1 or more, got "):
        kind([pebble], most_unsettled=most)


def test_an_interrupt_leaves_its_case_open(peer: Peer, patient: Pebble, ask: Ask, witness: Witness) -> None:
    """Ctrl-C passes through to the caller; its cancel may have been sent, and stays listed."""
    here = threading.get_ident()
    if here != threading.main_thread().ident:
        pytest.skip("only a main thread is interrupted")

    async def interrupt(_: httpx.Request) -> Any:
        signal.pthread_kill(here, signal.SIGINT)
        await asyncio.Event().wait()

    peer.on("cancel", interrupt)
    with Client([patient], transport=httpx.MockTransport(peer), observer=witness) as client:
        with pytest.raises(KeyboardInterrupt):
            client.cancel(ask(timeout_s=30))
        (owed,) = client.unsettled()
        assert (owed.ack.outcome, owed.ack.sent) == (Outcome.UNKNOWN, Sent.MAYBE)
        assert witness.acks == []
        peer.on("order", CANCELED)
        settled = client.settle(owed.ack)
        assert (settled.outcome, settled.sent) == (Outcome.CANCELED, Sent.MAYBE)
        assert client.unsettled() == ()
    assert peer.calls("cancel") == ["7"]
