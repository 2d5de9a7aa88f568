"""What changes after an ack was given: told to observers and to whoever reads the updates."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countermand import (
    Assurance,
    AsyncClient,
    CancelAck,
    CancelRequest,
    Client,
    ClientOrderId,
    EvidenceKind,
    LoggingObserver,
    OrderId,
    Outcome,
    Reason,
    RetryPolicy,
    Sent,
    Stage,
    Update,
)
from countermand._engine._ledger import no_less
from countermand.errors import ClosedClientError, WrongLoopError
from countermand.venue import Capabilities

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer, Witness

Ask = Callable[..., CancelRequest]
Make = Callable[..., AsyncClient]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]

RECEIPT, MAYBE = {"say": "receipt"}, {"say": "maybe"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
FILLED = {"say": "order", "id": "7", "status": "FILLED"}
ALIVE = {"say": "order", "id": "7", "status": "NEW"}
UNREADABLE = {"say": "order", "id": "7", "status": "ERROR"}
ONCE = RetryPolicy(most_attempts=1)


def moved(update: Update) -> tuple[Outcome, Outcome]:
    return update.before.outcome, update.ack.outcome


async def all_of(updates: Any) -> list[Update]:
    return [update async for update in updates]


def test_a_late_answer_is_an_update(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """An answer that comes after the deadline is still read, and told to whoever listens."""
    peer.on("cancel", peer.after(2, RECEIPT)).on("order", UNREADABLE)

    async def wait() -> None:
        async with client() as one:
            updates = one.updates()
            ack = await one.cancel(ask(timeout_s=1))
            assert ack.outcome is Outcome.UNKNOWN
            update = await anext(updates)
            assert update.before == ack
            assert (update.ack.outcome, update.ack.request) == (Outcome.PENDING, ack.request)
            assert update.ack.attempts[0].verdict == "received"
            assert not update.contradicts
            assert [owed.ack for owed in one.unsettled()] == [update.ack]

    virtually(wait())
    assert [moved(update) for update in witness.updates] == [(Outcome.UNKNOWN, Outcome.PENDING)]


def test_a_late_refusal_is_an_update(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """A refusal after the deadline ends it: nothing else had been sent."""
    peer.on("cancel", peer.after(2, {"say": "refused"})).on("order", UNREADABLE)

    async def wait() -> None:
        async with client() as one:
            assert (await one.cancel(ask(timeout_s=1))).outcome is Outcome.UNKNOWN
            await asyncio.sleep(5)
            assert one.unsettled() == ()

    virtually(wait())
    (update,) = witness.updates
    assert moved(update) == (Outcome.UNKNOWN, Outcome.REJECTED)
    assert update.ack.reason is Reason.VENUE_REFUSED


def test_what_another_caller_learns_is_told_to_the_first(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """One who left early is told what those find out who stay."""
    peer.on("cancel", RECEIPT).on("order", UNREADABLE)

    async def wait() -> None:
        async with client() as one:
            hasty = await one.cancel(ask(assurance=Assurance.RECEIVED))
            steady = asyncio.create_task(one.cancel(ask()))
            await asyncio.sleep(1)
            peer.on("order", CANCELED)
            await steady
            (update,) = witness.updates
            assert (update.before, update.ack.outcome) == (hasty, Outcome.CANCELED)
            assert one.unsettled() == ()

    virtually(wait())


def test_one_who_left_before_its_id_was_resolved(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """What nobody could tell of a client's id is told once the order it means has ended."""
    alias = ClientOrderId("mine")
    found = {"say": "rows", "rows": [{"id": "7", "status": "NEW", "client_id": "mine"}]}
    peer.on("open", peer.after(2, found)).on("cancel", RECEIPT).on("order", CANCELED)

    async def wait() -> None:
        async with client() as one:
            hasty, steady = await asyncio.gather(
                one.cancel(ask(alias, timeout_s=1)), one.cancel(ask(alias, timeout_s=60))
            )
            assert (hasty.outcome, steady.outcome) == (Outcome.UNKNOWN, Outcome.CANCELED)
            assert [update.ack.request for update in witness.updates][-1] == hasty.request
            assert witness.updates[-1].ack.outcome is Outcome.CANCELED
            assert one.unsettled() == ()

    virtually(wait())


def test_what_settling_finds_out_is_an_update_too(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """Whoever settles tells all who listen, once; what changes nothing is no update."""
    peer.on("cancel", RECEIPT).on("order", UNREADABLE)

    async def wait() -> None:
        async with client() as one:
            ack = await one.cancel(ask(assurance=Assurance.RECEIVED))
            await one.settle(ack, 2)
            assert witness.updates == []
            peer.on("order", CANCELED)
            settled = await asyncio.gather(*(one.settle(ack) for _ in range(3)))
            (update,) = witness.updates
            assert update.ack == settled[0]

    virtually(wait())


def test_a_followed_replacement(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """A late word about the successor is told as one about the first request."""
    heirs = {"say": "rows", "rows": [{"id": "8", "status": "NEW", "replaces": "7"}]}
    replaced = {"say": "order", "id": "7", "status": "REPLACED"}
    peer.on("cancel", {"say": "refused"}, peer.after(2, RECEIPT)).on("open", heirs)
    peer.on(
        "order", lambda request: replaced if request.url.path.endswith("7") else {**UNREADABLE, "id": "8"}
    )

    async def wait() -> None:
        async with client() as one:
            ack = await one.cancel(ask(timeout_s=1, follow_replacement=True))
            assert ack.outcome is Outcome.UNKNOWN
            await asyncio.sleep(3)
            (update,) = witness.updates
            assert update.before == ack
            assert (update.ack.outcome, update.ack.request) == (Outcome.PENDING, ack.request)
            assert len(update.ack.attempts) == 2

    virtually(wait())


def test_updates_of_one_request_become_one(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """Who reads late sees where each request stands now, from where the reader last knew it."""
    peer.on("cancel", peer.after(2, RECEIPT)).on("order", UNREADABLE)

    async def wait() -> list[Update]:
        async with client() as one:
            updates = one.updates()
            ack = await one.cancel(ask(timeout_s=1))
            await asyncio.sleep(3)
            peer.on("order", CANCELED)
            await one.settle(ack)
        (update,) = await all_of(updates)
        assert update.before == ack
        assert moved(update) == (Outcome.UNKNOWN, Outcome.CANCELED)
        return [update]

    virtually(wait())


def named(request: httpx.Request) -> str:
    return request.url.path.rpartition("/")[2]


def test_what_does_not_fit_is_dropped_and_counted(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """Of more than a thousand updates that nobody takes, the oldest make way."""
    peer.on("cancel", RECEIPT).on("order", lambda request: {**CANCELED, "id": named(request)})
    requests = [ask(str(number), assurance=Assurance.RECEIVED) for number in range(1, 1006)]

    async def wait() -> None:
        async with client(max_in_flight=1000) as one:
            updates = one.updates()
            acks = await asyncio.gather(*map(one.cancel, requests))
            for ack in acks:
                await one.settle(ack)
            assert updates.overflow == 5
            late = one.updates()
        left = await all_of(updates)
        assert [update.ack.request for update in left] == requests[5:]
        assert (updates.overflow, late.overflow) == (5, 0)
        assert await all_of(late) == []

    virtually(wait())


def test_each_reader_is_told_everything(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """Readers do not take from each other; one that came later is told only what comes then."""
    peer.on("cancel", RECEIPT).on("order", lambda request: {**CANCELED, "id": named(request)})

    async def wait() -> None:
        async with client() as one:
            acks = [await one.cancel(ask(order, assurance=Assurance.RECEIVED)) for order in ("7", "8")]
            first = one.updates()
            await one.settle(acks[0])
            second = one.updates()
            await one.settle(acks[1])
            abandoned = one.updates()
            del abandoned
            gc.collect()
        assert [update.ack.request for update in await all_of(first)] == [ack.request for ack in acks]
        assert [update.ack.request for update in await all_of(second)] == [acks[1].request]

    virtually(wait())


def test_the_end_of_the_client_is_the_end_of_the_updates(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """A reader that waits when the client closes is let go; a closed client gives no new one."""

    async def wait() -> None:
        one = client()
        with pytest.raises(ClosedClientError):
            one.updates()
        async with one:
            reading = asyncio.create_task(all_of(one.updates()))
            await asyncio.sleep(1)
            assert not reading.done()
        assert await reading == []
        with pytest.raises(ClosedClientError):
            one.updates()

    virtually(wait())


def test_from_a_thread(peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """A thread waits for the next update, and for the end."""
    patient = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=30.0))
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    with ThreadPoolExecutor(max_workers=1) as threads:
        with Client([patient], transport=httpx.MockTransport(peer)) as client:
            updates = client.updates()
            first = threads.submit(next, updates)
            ack = client.cancel(ask(assurance=Assurance.RECEIVED))
            client.settle(ack)
            update = first.result(5)
            assert (update.before, update.ack.outcome) == (ack, Outcome.CANCELED)
            rest = threads.submit(list, updates)
        assert rest.result(5) == []
        assert (list(updates), updates.overflow) == ([], 0)


@pytest.mark.parametrize("closes", [False, True])
def test_an_interrupt_takes_no_update_along(peer: Peer, pebble: Pebble, ask: Ask, *, closes: bool) -> None:
    """What comes just as its reader is interrupted is there for whoever reads on, also after the end."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("only a main thread is interrupted")
    patient = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=30.0))
    peer.on("cancel", RECEIPT).on("order", lambda request: {**CANCELED, "id": named(request)})

    with Client([patient], transport=httpx.MockTransport(peer)) as client:
        updates = client.updates()
        acks = [client.cancel(ask(order, assurance=Assurance.RECEIVED)) for order in ("7", "8", "9")]

        def interrupt(*_: object) -> None:
            client.settle(acks[1])
            client.unsettled()  # the loop is past that
            if closes:
                client.close()
            raise KeyboardInterrupt

        client.settle(acks[0])
        read = [next(updates)]
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            with pytest.raises(KeyboardInterrupt):
                next(updates)
        finally:
            signal.signal(signal.SIGALRM, before)
        if not closes:
            read.append(next(updates))
            client.settle(acks[2])
    read += list(updates)
    assert [update.before for update in read] == acks[: 2 if closes else 3]
    assert list(updates) == []


def test_what_a_thread_did_not_read_before_the_end(peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """What came before the client was closed can be read after it."""
    patient = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=30.0))
    peer.on("cancel", RECEIPT).on("order", lambda request: {**CANCELED, "id": named(request)})
    with Client([patient], transport=httpx.MockTransport(peer)) as client:
        updates = client.updates()
        acks = [client.cancel(ask(order, assurance=Assurance.RECEIVED)) for order in ("7", "8")]
        for ack in acks:
            client.settle(ack)
    assert [update.before for update in updates] == acks


def test_a_reader_in_a_thread_beside_cancels(peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """Reading holds up nobody: each of many settled acks is told, in the order it came to be."""
    patient = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=30.0))
    peer.on("cancel", RECEIPT).on("order", lambda request: {**CANCELED, "id": named(request)})
    read: list[Update] = []
    with Client([patient], transport=httpx.MockTransport(peer)) as client:
        updates = client.updates()
        reader = threading.Thread(target=lambda: read.extend(updates))
        reader.start()
        requests = [ask(str(number), assurance=Assurance.RECEIVED) for number in range(1, 51)]
        with ThreadPoolExecutor(max_workers=8) as threads:
            for ack in threads.map(client.cancel, requests):
                client.settle(ack)
    reader.join(5)
    assert not reader.is_alive()
    assert [update.ack.request for update in read] == requests


def test_closing_beside_one_who_reads(peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """A reader that asks again while the client closes comes to its end, and leaves nothing behind."""
    patient = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=30.0))
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    client = Client([patient], transport=httpx.MockTransport(peer))
    for _ in range(30):
        with ThreadPoolExecutor(max_workers=2) as threads:
            with client:
                readings = [threads.submit(list, client.updates()) for _ in range(2)]
                client.settle(client.cancel(ask(assurance=Assurance.RECEIVED)))
            assert [len(reading.result(5)) for reading in readings] == [1, 1]
    gc.collect()


def test_on_another_loop(peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """Updates are read, and batches gone through, where their client lives."""

    async def elsewhere(given: Any) -> None:
        with pytest.raises(WrongLoopError, match="only on the event loop it was entered on"):
            await anext(given)

    async def use() -> None:
        async with AsyncClient([pebble], transport=httpx.MockTransport(peer)) as client:
            for given in (client.updates(), client.cancel_many([ask()])):
                await asyncio.to_thread(asyncio.run, elsewhere(given))

    asyncio.run(use())


def test_what_contradicts_a_final_ack_is_reported(
    virtually: Virtually,
    client: Make,
    peer: Peer,
    ask: Ask,
    witness: Witness,
    pebble: Pebble,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An order that was refused each cancel and yet is canceled: the ack stays, and somebody must look."""
    lagging = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=5.0))
    peer.on("cancel", {"say": "refused"}).on("order", ALIVE)
    loud = LoggingObserver()

    async def wait() -> None:
        async with client(lagging) as one:
            updates = one.updates()
            refused = await one.cancel(ask())
            assert (refused.outcome, refused.reason) == (Outcome.REJECTED, Reason.VENUE_REFUSED)
            peer.on("order", CANCELED)
            await one.cancel(ask())
            update = await anext(updates)
            assert update.contradicts
            assert (update.before, update.ack.outcome) == (refused, Outcome.CANCELED)
            caplog.set_level(logging.DEBUG, logger="countermand")
            loud.updated(update)

    virtually(wait())
    (update,) = witness.updates
    line = "pebble: order 7 of account 9: CANCELED, told before as REJECTED, VENUE_REFUSED"
    request_id = update.ack.request.request_id
    assert caplog.record_tuples == [("countermand", logging.ERROR, f"{line} (request {request_id})")]


@pytest.mark.parametrize(
    ("again", "status"),
    [
        ({"say": "refused"}, "FILLED"),
        ({"say": "gone"}, "EXPIRED"),
        (RECEIPT, "CANCELED"),
        (MAYBE, "CANCELED"),
    ],
)
def test_what_is_no_contradiction(
    virtually: Virtually,
    client: Make,
    peer: Peer,
    ask: Ask,
    witness: Witness,
    pebble: Pebble,
    again: Any,
    status: str,
) -> None:
    """A refused order may well end in its own time, or by another cancel that came later."""
    lagging = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=5.0))
    peer.on("cancel", {"say": "refused"}, again).on("order", ALIVE)

    async def wait() -> None:
        async with client(lagging) as one:
            refused = await one.cancel(ask())
            assert refused.reason is Reason.VENUE_REFUSED
            peer.on("order", {**CANCELED, "status": status})
            assert (await one.cancel(ask())).final

    virtually(wait())
    assert witness.updates == []


def test_a_doubt_about_a_successor_is_no_contradiction(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """That an order was replaced stands, whatever became of the one in its place."""
    heirs = {"say": "rows", "rows": [{"id": "8", "status": "NEW", "replaces": "7"}]}
    peer.on("cancel", {"say": "refused"}, httpx.ConnectError("nobody there")).on("open", heirs)
    peer.on("order", lambda request: {"say": "order", "id": named(request), "status": "REPLACED"})

    async def wait() -> None:
        async with client() as one:
            ack = await one.cancel(ask(timeout_s=1, follow_replacement=True))
            assert (ack.reason, ack.successor) == (Reason.REPLACED, OrderId("8"))
            assert ack.attempts[-1].sent is Sent.NO
            peer.on("open", UNREADABLE).on("cancel", MAYBE)
            await asyncio.sleep(0.1)
            assert (await one.cancel(ask("8", timeout_s=1))).outcome is Outcome.UNKNOWN

    virtually(wait())
    assert witness.updates == []


@pytest.mark.parametrize(
    ("shown", "reason"), [(FILLED, Reason.TOO_LATE), (ALIVE, Reason.VENUE_REFUSED)], ids=["ended", "lives"]
)
def test_an_order_that_never_was_and_then_shows(
    virtually: Virtually,
    client: Make,
    peer: Peer,
    ask: Ask,
    witness: Witness,
    pebble: Pebble,
    shown: Any,
    reason: Reason,
) -> None:
    """Whatever shows an order that was told never to have existed contradicts that."""
    documented = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=1.0, not_found_documented=True))
    peer.on("cancel", {"say": "gone"}).on("order", {"say": "gone"}).on("open", {"say": "rows", "rows": []})

    async def wait() -> None:
        async with client(documented) as one:
            unknown = await one.cancel(ask())
            assert unknown.reason is Reason.UNKNOWN_ORDER
            peer.on("order", shown)
            assert (await one.cancel(ask())).reason is reason

    virtually(wait())
    (update,) = witness.updates
    assert update.contradicts
    assert (update.before.reason, update.ack.reason) == (Reason.UNKNOWN_ORDER, reason)


def test_an_end_that_turns_out_another(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """Filled beats Canceled: a read that comes late can contradict what rested on a quicker one."""
    peer.on("cancel", RECEIPT).on("order", peer.after(2.5, FILLED), CANCELED)

    async def wait() -> None:
        async with client() as one:
            ack = await one.cancel(ask())
            assert ack.outcome is Outcome.CANCELED
            await asyncio.sleep(5)
            (update,) = witness.updates
            assert update.contradicts
            assert (update.before, update.ack.reason) == (ack, Reason.TOO_LATE)
            assert one.unsettled() == ()

    virtually(wait())


def test_another_refusal_contradicts_nothing(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """What is final is not told again for another's cancel that came to nothing either."""
    peer.on("cancel", {"say": "refused"}, MAYBE).on("order", ALIVE)

    async def wait() -> None:
        async with client(retry=ONCE) as one:
            for timeout_s in (1, 1):
                await one.cancel(ask(timeout_s=timeout_s))

    virtually(wait())
    assert witness.updates == []


@pytest.mark.parametrize(
    ("then", "level", "words"),
    [
        (CANCELED, logging.INFO, "CANCELED, told before as UNKNOWN"),
        (FILLED, logging.WARNING, "REJECTED, TOO_LATE, told before as UNKNOWN"),
        ({**ALIVE, "status": "PENDING_CANCEL"}, logging.WARNING, "PENDING, told before as UNKNOWN"),
    ],
)
def test_how_loud_an_update_is(
    virtually: Virtually,
    client: Make,
    peer: Peer,
    ask: Ask,
    witness: Witness,
    caplog: pytest.LogCaptureFixture,
    then: Any,
    level: int,
    words: str,
) -> None:
    """What is canceled by now is told quietly, all else louder."""
    peer.on("cancel", MAYBE).on("order", UNREADABLE)

    async def wait() -> None:
        async with client() as one:
            ack = await one.cancel(ask(timeout_s=1))
            peer.on("order", then)
            await one.settle(ack, 1)

    virtually(wait())
    caplog.set_level(logging.DEBUG, logger="countermand")
    (update,) = witness.updates
    LoggingObserver().updated(update)
    ((_, told_level, line),) = caplog.record_tuples
    assert (told_level, words in line) == (level, True)


def test_an_observer_that_breaks(virtually: Virtually, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """An observer that cannot be told of updates is counted, and stops nothing."""

    class Deaf:
        def requested(self, *_: Any) -> None: ...

        attempted = answered = logged_in = acknowledged = requested

    peer.on("cancel", peer.after(2, RECEIPT)).on("order", UNREADABLE)

    async def wait() -> None:
        deaf: Any = Deaf()
        transport = httpx.MockTransport(peer)
        async with AsyncClient([pebble], transport=transport, observer=deaf) as client:
            updates = client.updates()
            await client.cancel(ask(timeout_s=1))
            assert moved(await anext(updates)) == (Outcome.UNKNOWN, Outcome.PENDING)
            assert client.observer_errors == 1

    virtually(wait())


def test_what_became_final_while_it_was_settled_stays_so(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, witness: Witness
) -> None:
    """A word that was asked for before the end came takes nothing of it back."""
    peer.on("cancel", peer.after(1.4, {"say": "refused"})).on("open", httpx.ReadError("reset"))
    peer.on("order", {**ALIVE, "status": "PENDING_CANCEL"}, ALIVE)

    async def settle() -> CancelAck:
        async with client() as open_client:
            ack = await open_client.cancel(ask(timeout_s=1.0, assurance=Assurance.RECEIVED))
            settled = await open_client.settle(ack, 1.0)
            assert open_client.unsettled() == ()
            return settled

    assert virtually(settle()).outcome is Outcome.REJECTED
    assert list(map(moved, witness.updates)) == [(Outcome.PENDING, Outcome.REJECTED)]


def test_a_receipt_at_the_very_moment_at_which_nobody_waits_any_more(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """Who settles is told of it, too, though the ack was made before."""

    async def settle() -> tuple[CancelAck, CancelAck]:
        loop, come = asyncio.get_running_loop(), asyncio.Event()

        async def receipt(_: httpx.Request) -> dict[str, str]:
            await come.wait()
            return {"say": "receipt"}

        peer.on("cancel", receipt).on("order", peer.never).on("open", peer.never)
        async with client() as open_client:
            ack = await open_client.cancel(ask(timeout_s=1.0, assurance=Assurance.RECEIVED))
            loop.call_at(loop.time() + 1.0, come.set)
            return ack, await open_client.settle(ack, 1.0)

    before, settled = virtually(settle())
    assert before.outcome is Outcome.UNKNOWN
    assert settled.outcome is Outcome.PENDING
    assert settled.evidence[-1].kind is EvidenceKind.RECEIPT


def test_a_later_word_takes_nothing_back(ask: Ask) -> None:
    """Of two acks of a request the final one stays."""
    unknown = CancelAck(request=ask(), outcome=Outcome.UNKNOWN, stage=Stage.CONFIRM)
    final = attrs.evolve(unknown, outcome=Outcome.REJECTED, reason=Reason.NOT_SENT, sent=Sent.NO)
    assert no_less(final, unknown) is final
    assert no_less(unknown, final) is final


#: Law 11.
ALLOWED = {
    (Outcome.UNKNOWN, Outcome.PENDING),
    (Outcome.UNKNOWN, Outcome.CANCELED),
    (Outcome.UNKNOWN, Outcome.REJECTED),
    (Outcome.PENDING, Outcome.CANCELED),
    (Outcome.PENDING, Outcome.REJECTED),
}
answers = st.sampled_from(
    [
        RECEIPT,
        MAYBE,
        {"say": "refused"},
        {"say": "gone"},
        {"say": "throttled", "acted": "MAYBE"},
        httpx.ReadError("reset"),
        httpx.ConnectError("refused"),
    ]
)
shown = st.sampled_from(
    ["NEW", "PENDING_CANCEL", "PENDING_REPLACE", "ERROR", "CANCELED", "FILLED", "silence"]
)
delays = st.sampled_from([0.0, 0.3, 1.5, 2.8])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=80)
@given(
    ends=st.lists(st.tuples(delays, answers), min_size=1, max_size=4),
    reads=st.lists(shown, min_size=1, max_size=8),
    callers=st.lists(
        st.tuples(delays, st.sampled_from([0.2, 1.0, 4.0]), st.sampled_from(Assurance)),
        min_size=1,
        max_size=3,
    ),
    settle_after=st.lists(delays, max_size=2),
)
def test_outcomes_move_one_way(
    virtually: Virtually,
    peer: Peer,
    pebble: Pebble,
    ask: Ask,
    ends: list[tuple[float, Any]],
    reads: list[str],
    callers: list[tuple[float, float, Assurance]],
    settle_after: list[float],
) -> None:
    """What is not final moves to its end, or from UNKNOWN to PENDING; nothing final moves unreported."""
    script = [peer.after(delay, answer) for delay, answer in ends]
    silence = httpx.ReadError("reset")
    peer.on("cancel", *script).on("open", silence)
    peer.on("order", *(silence if one == "silence" else {**ALIVE, "status": one} for one in reads))
    stand: dict[CancelRequest, CancelAck] = {}

    async def one_caller(client: AsyncClient, at: float, timeout_s: float, assurance: Assurance) -> None:
        await asyncio.sleep(at)
        ack = await client.cancel(ask(timeout_s=timeout_s, assurance=assurance))
        stand.setdefault(ack.request, ack)
        for wait in settle_after:
            await asyncio.sleep(wait)
            await client.settle(ack, 1.0)

    class Checker:
        def updated(self, update: Update) -> None:
            request = update.ack.request
            # A settled ack that is as open as before is younger, and no update.
            assert stand.get(request, update.before).outcome is update.before.outcome
            if update.before.final:
                assert update.contradicts
            else:
                assert moved(update) in ALLOWED
            stand[request] = update.ack

        def requested(self, *_: Any) -> None: ...

        attempted = answered = logged_in = acknowledged = requested

    async def world() -> None:
        transport = httpx.MockTransport(peer)
        async with AsyncClient([pebble], transport=transport, observer=Checker()) as client:
            await asyncio.gather(*(one_caller(client, *caller) for caller in callers))
            await asyncio.sleep(10)
            owed = {one.ack.request: one.ack for one in client.unsettled()}
            # What the updates came to is what is owed, or it is settled.
            assert {request for request, ack in stand.items() if not ack.final} == set(owed)
            for request, ack in owed.items():
                assert ack.outcome is stand[request].outcome
            assert client.observer_errors == 0

    virtually(world())
