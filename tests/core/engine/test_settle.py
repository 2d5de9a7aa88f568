"""The last word on an ack: by reads alone, in the client that gave it or in any other."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import (
    Assurance,
    AsyncClient,
    CancelAck,
    CanceledBy,
    CancelRequest,
    Client,
    ClientOrderId,
    OrderId,
    Outcome,
    Reason,
    Sent,
)
from countermand.errors import ClosedClientError, InvalidRequestError, UnknownVenueError
from countermand.venue import Capabilities, Identity

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer, Witness

Ask = Callable[..., CancelRequest]
Make = Callable[..., AsyncClient]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]

RECEIPT, MAYBE = {"say": "receipt"}, {"say": "maybe"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
ALIVE = {"say": "order", "id": "7", "status": "NEW"}
UNREADABLE = {"say": "order", "id": "7", "status": "ERROR"}
LEAVING = {"say": "order", "id": "7", "status": "PENDING_CANCEL"}
NO_ROWS: dict[str, Any] = {"say": "rows", "rows": []}
PATIENT = Capabilities(read_lag_s=30.0)


@pytest.fixture
def patient(pebble: Pebble) -> Pebble:
    """Give the invented venue with reads that may lag for long, so that no receipt is repeated."""
    return attrs.evolve(pebble, capabilities=PATIENT)


def restored(ack: CancelAck) -> CancelAck:
    """Write an ack down, and read it again."""
    return CancelAck.from_dict(json.loads(json.dumps(ack.to_dict())))


def within(told: CancelAck) -> float:
    return round(told.elapsed_s, 2)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_was_pending_is_settled_by_reads(
    kind: str, virtually: Virtually, peer: Peer, patient: Pebble, ask: Ask
) -> None:
    """Both clients wait for the end of an order that was still alive, and send it nothing."""
    peer.on("cancel", {"say": "receipt", "executed": True}).on("order", ALIVE)
    request = ask(assurance=Assurance.RECEIVED)
    transport = httpx.MockTransport(peer)

    async def in_a_task() -> tuple[CancelAck, CancelAck]:
        async with AsyncClient([patient], transport=transport) as client:
            ack = await client.cancel(request)
            peer.on("order", ALIVE, CANCELED)
            return ack, await client.settle(ack)

    def in_a_thread() -> tuple[CancelAck, CancelAck]:
        with Client([patient], transport=transport) as client:
            ack = client.cancel(request)
            peer.on("order", ALIVE, CANCELED)
            return ack, client.settle(ack)

    ack, settled = in_a_thread() if kind == "sync" else virtually(in_a_task())
    assert ack.outcome is Outcome.PENDING
    assert (settled.outcome, settled.canceled_by) == (Outcome.CANCELED, CanceledBy.THIS_REQUEST)
    assert (settled.request, settled.attempts) == (request, ack.attempts)
    assert settled.evidence[: len(ack.evidence)] == ack.evidence
    assert peer.calls() == ["cancel", "order", "order"]


def test_a_deadline_bounds_the_wait(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """An order that lives on is as open as before when the time is up, and can be settled again."""
    peer.on("cancel", RECEIPT).on("order", UNREADABLE)

    async def settle() -> None:
        loop = asyncio.get_running_loop()
        async with client() as one:
            ack = await one.cancel(ask(timeout_s=1))
            for timeout_s in (2.0, 0.5):
                began = loop.time()
                ack = await one.settle(ack, timeout_s)
                assert loop.time() - began == pytest.approx(timeout_s)
                assert (ack.outcome, ack.sent) == (Outcome.PENDING, Sent.YES)
            assert within(ack) == 3.5
            peer.on("order", CANCELED)
            assert (await one.settle(ack)).outcome is Outcome.CANCELED
            assert one.unsettled() == ()

    virtually(settle())
    assert peer.calls("cancel") == ["7"]


def test_a_doubt_is_settled_and_never_repeated(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """Even an order that is seen alive is sent no cancel by one who only wants to know."""
    peer.on("cancel", MAYBE).on("order", UNREADABLE)

    async def settle() -> None:
        async with client() as one:
            ack = await one.cancel(ask(timeout_s=1))
            assert ack.outcome is Outcome.UNKNOWN
            peer.on("order", ALIVE)
            assert (await one.settle(ack, 5)).outcome is Outcome.UNKNOWN
            peer.on("order", {**CANCELED, "status": "FILLED"})
            settled = await one.settle(ack, 5)
            assert (settled.outcome, settled.reason) == (Outcome.REJECTED, Reason.TOO_LATE)

    virtually(settle())
    assert peer.calls("cancel") == ["7"]


def test_a_cancel_that_is_still_under_way_is_not_waited_for(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """Who only wants to know looks at once, while the cancel may still be answered in time."""
    peer.on("cancel", peer.never).on("order", CANCELED)

    async def settle() -> None:
        async with client() as one:
            leaving = asyncio.create_task(one.cancel(ask()))
            await asyncio.sleep(0.1)
            leaving.cancel()
            await asyncio.wait([leaving])
            (owed,) = one.unsettled()
            settled = await one.settle(owed.ack, 0.5)
            assert (settled.outcome, within(settled)) == (Outcome.CANCELED, 0.1)
            assert settled.canceled_by is CanceledBy.UNDETERMINED

    virtually(settle())


def test_an_order_that_is_leaving(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """What was unknown is pending as soon as a read shows that the venue has a cancel."""
    peer.on("cancel", MAYBE).on("order", UNREADABLE)

    async def settle() -> None:
        async with client() as one:
            ack = await one.cancel(ask(timeout_s=1))
            peer.on("order", LEAVING)
            pending = await one.settle(ack, 1)
            assert (ack.outcome, pending.outcome) == (Outcome.UNKNOWN, Outcome.PENDING)
            # What the venue once had, it has not unlearned.
            peer.on("order", UNREADABLE)
            assert (await one.settle(pending, 5)).outcome is Outcome.PENDING

    virtually(settle())


@pytest.mark.parametrize(
    ("answer", "read", "by"),
    [
        ({"say": "refused"}, CANCELED, CanceledBy.EARLIER),
        ({"say": "receipt", "executed": True}, CANCELED, CanceledBy.THIS_REQUEST),
        ({"say": "refused"}, {**CANCELED, "status": "FILLED"}, None),
    ],
)
def test_a_final_ack_is_returned_as_it_is(
    virtually: Virtually,
    client: Make,
    peer: Peer,
    ask: Ask,
    answer: Any,
    read: Any,
    by: CanceledBy | None,
) -> None:
    """Of what is final nobody is asked anything, in this client or in another."""
    peer.on("cancel", answer).on("order", read)

    async def settle() -> None:
        async with client() as one, client() as other:
            ack = await one.cancel(ask())
            assert ack.canceled_by is by
            calls = peer.calls()
            assert await one.settle(ack) == ack
            assert await other.settle(restored(ack)) == ack
            assert peer.calls() == calls

    virtually(settle())


def test_what_came_to_an_end_meanwhile(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """An old ack of what has ended by now is looked at anew, and comes to the same end."""
    peer.on("cancel", RECEIPT).on("order", CANCELED)

    async def settle() -> None:
        async with client() as one:
            early = await one.cancel(ask(assurance=Assurance.RECEIVED))
            first = await one.settle(early)
            late = await one.settle(early)
            assert (early.outcome, first.outcome, late.outcome) == (
                Outcome.PENDING,
                Outcome.CANCELED,
                Outcome.CANCELED,
            )

    virtually(settle())


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan"), float("inf"), 10**400, "1", None, True])
def test_a_time_that_cannot_be(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, timeout_s: Any
) -> None:
    """A time to wait is a positive number of seconds."""
    peer.on("cancel", RECEIPT)

    async def settle() -> None:
        async with client() as one:
            ack = await one.cancel(ask(assurance=Assurance.RECEIVED))
            with pytest.raises(InvalidRequestError, match="timeout_s must be a positive, finite number"):
                await one.settle(ack, timeout_s)

    virtually(settle())


@pytest.mark.parametrize("ack", [None, "ack", {"outcome": "pending"}])
def test_what_is_no_ack(virtually: Virtually, client: Make, ack: Any) -> None:
    """Only acks can be settled."""

    async def settle() -> None:
        async with client() as one:
            with pytest.raises(InvalidRequestError, match="expected a CancelAck, got "):
                await one.settle(ack)

    virtually(settle())


def test_an_ack_of_a_foreign_venue(
    virtually: Virtually, client: Make, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """A venue that the client was not built with is the caller's mistake."""
    peer.on("cancel", RECEIPT)

    async def settle() -> None:
        async with client() as one, client(attrs.evolve(pebble, name="gravel")) as other:
            ack = await one.cancel(ask(assurance=Assurance.RECEIVED))
            with pytest.raises(UnknownVenueError, match="no venue named 'pebble'"):
                await other.settle(ack)

    virtually(settle())


def test_a_closed_client_settles_nothing(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """After its end it cannot be asked; whoever waits at its end is told what is known."""
    peer.on("cancel", RECEIPT).on("order", UNREADABLE)

    async def settle() -> None:
        async with client() as one:
            ack = await one.cancel(ask(assurance=Assurance.RECEIVED))
            waiting = asyncio.create_task(one.settle(ack, 60))
            await asyncio.sleep(1)
        assert (await waiting).outcome is Outcome.PENDING
        with pytest.raises(ClosedClientError):
            await one.settle(ack)

    virtually(settle())


@pytest.mark.parametrize("skew_s", [0, 3600, -3600])
@pytest.mark.parametrize(
    ("answer", "outcome"), [(RECEIPT, Outcome.PENDING), (MAYBE, Outcome.UNKNOWN), (None, Outcome.UNKNOWN)]
)
def test_an_ack_from_elsewhere(
    virtually: Virtually,
    client: Make,
    peer: Peer,
    pebble: Pebble,
    ask: Ask,
    answer: Any,
    outcome: Outcome,
    skew_s: float,
) -> None:
    """A restored ack keeps what it rests on, whatever clock it bears, and its order is only read."""
    peer.on("cancel", answer or peer.never).on("order", UNREADABLE)

    async def elsewhere() -> CancelAck:
        async with client() as one:
            return await one.cancel(ask(timeout_s=2))

    async def settle(ack: CancelAck) -> None:
        peer.on("order", ALIVE)
        async with client() as other:
            still = await other.settle(ack, 20)
            assert (still.outcome, still.sent) == (outcome, ack.sent)
            peer.on("order", CANCELED)
            settled = await other.settle(still)
            assert (settled.outcome, settled.canceled_by) == (Outcome.CANCELED, CanceledBy.UNDETERMINED)
            assert settled.attempts == still.attempts == ack.attempts
            assert settled.evidence[: len(still.evidence)] == still.evidence
            assert still.evidence[: len(ack.evidence)] == ack.evidence
            assert len(still.evidence) > len(ack.evidence)
            assert (settled.request, settled.order_id) == (ack.request, OrderId("7"))
            assert other.unsettled() == ()

    ack = virtually(elsewhere())
    assert ack.outcome is outcome
    virtually(settle(restored(shifted(ack, skew_s))))
    assert peer.calls("cancel") == ["7"]


def shifted(value: Any, seconds: float) -> Any:
    """Move all times in a value: the clock of another machine."""
    if isinstance(value, datetime):
        return value + timedelta(seconds=seconds)
    if isinstance(value, tuple):
        return tuple(shifted(item, seconds) for item in value)
    if attrs.has(type(value)) and not isinstance(value, CancelRequest):
        fields = attrs.fields(type(value))
        return attrs.evolve(value, **{one.name: shifted(getattr(value, one.name), seconds) for one in fields})
    return value


@pytest.mark.parametrize("skew_s", [0, 3600, -3600])
def test_whose_cancel_it_was_is_not_made_up(
    virtually: Virtually, client: Make, peer: Peer, pebble: Pebble, ask: Ask, skew_s: float
) -> None:
    """An order that was read dead after its cancel was not dead before it, whatever two clocks say."""
    shifty = attrs.evolve(
        pebble, capabilities=Capabilities(read_lag_s=0.0, has_history=True, replaced_reads_canceled=True)
    )
    peer.on("cancel", MAYBE).on("order", CANCELED).on("history", httpx.ReadError("reset"))

    async def elsewhere() -> CancelAck:
        async with client(shifty) as one:
            return await one.cancel(ask(timeout_s=1))

    async def settle(ack: CancelAck) -> CancelAck:
        peer.on("history", {"say": "rows", "rows": [{"id": "7", "status": "CANCELED"}]})
        async with client(shifty) as other:
            return await other.settle(ack)

    ack = virtually(elsewhere())
    assert ack.outcome is Outcome.UNKNOWN
    assert ack.order is not None
    settled = virtually(settle(restored(shifted(ack, skew_s))))
    assert (settled.outcome, settled.canceled_by) == (Outcome.CANCELED, CanceledBy.UNDETERMINED)


def test_a_receipt_from_elsewhere_that_was_taken_back(
    virtually: Virtually, client: Make, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """A cancel that the venue had and refused in the end is rejected, also where only its ack is known."""
    trailing = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=5.0, has_trail=True))
    peer.on("cancel", RECEIPT).on("order", ALIVE)

    async def elsewhere() -> CancelAck:
        async with client(trailing) as one:
            return await one.cancel(ask(timeout_s=2))

    async def settle(ack: CancelAck) -> CancelAck:
        peer.on("trail", {"say": "trail", "rejected": True})
        async with client(trailing) as other:
            return await other.settle(ack, 20)

    settled = virtually(settle(restored(virtually(elsewhere()))))
    assert (settled.outcome, settled.reason) == (Outcome.REJECTED, Reason.VENUE_REFUSED)
    assert peer.calls("cancel") == ["7"]


ALIAS = ClientOrderId("mine")


def test_a_native_client_id_from_elsewhere(
    virtually: Virtually, client: Make, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """Where no read has told the venue's id yet, the order is looked for by the client's."""
    native = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=0.0, identities=frozenset(Identity)))
    peer.on("cancel", RECEIPT).on("open", httpx.ReadError("reset"))

    async def elsewhere() -> CancelAck:
        async with client(native) as one:
            return await one.cancel(ask(ALIAS, timeout_s=2))

    async def settle(ack: CancelAck) -> CancelAck:
        row = {"id": "7", "status": "CANCELED", "client_id": "mine"}
        peer.on("open", {"say": "rows", "rows": [row]})
        async with client(native) as other:
            return await other.settle(ack, 20)

    ack = virtually(elsewhere())
    assert (ack.outcome, ack.order_id) == (Outcome.PENDING, None)
    settled = virtually(settle(restored(ack)))
    assert (settled.outcome, settled.order_id) == (Outcome.CANCELED, OrderId("7"))
    assert peer.calls("cancel") == ["mine"]


def test_a_client_id_that_was_not_resolved_in_time(
    virtually: Virtually, client: Make, peer: Peer, pebble: Pebble, ask: Ask, witness: Witness
) -> None:
    """Who left before the id was resolved, while another went on, is told what that one's cancel came to."""
    found = {"say": "rows", "rows": [{"id": "7", "status": "NEW", "client_id": "mine"}]}
    peer.on("open", httpx.ReadError("reset"), peer.after(2, found)).on("cancel", RECEIPT).on(
        "order", CANCELED
    )

    async def settle() -> None:
        async with client() as one, client() as other:
            hasty = asyncio.create_task(one.cancel(ask(ALIAS, timeout_s=1)))
            steady = asyncio.create_task(one.cancel(ask(ALIAS, timeout_s=60)))
            ack = await hasty
            assert (ack.outcome, ack.sent, ack.order_id) == (Outcome.UNKNOWN, Sent.NO, None)
            assert (await steady).outcome is Outcome.CANCELED
            for where, told in ((one, ack), (other, restored(ack))):
                settled = await where.settle(told, 60)
                assert (settled.outcome, settled.order_id) == (Outcome.CANCELED, OrderId("7"))
                assert settled.canceled_by is not CanceledBy.THIS_REQUEST
                assert ack.evidence
                assert settled.evidence[: len(ack.evidence)] == ack.evidence

    virtually(settle())
    assert peer.calls("cancel") == ["7"]


def test_after_a_replacement_was_followed(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """The end of the successor is the end of the first request, with the evidence of both."""
    replaced = {"say": "order", "id": "7", "status": "REPLACED"}
    heirs = {"say": "rows", "rows": [{"id": "8", "status": "NEW", "replaces": "7"}]}
    peer.on("cancel", {"say": "refused"}, RECEIPT).on("open", heirs)
    peer.on(
        "order", lambda request: replaced if request.url.path.endswith("7") else {**UNREADABLE, "id": "8"}
    )

    async def settle() -> None:
        async with client() as one, client() as other:
            ack = await one.cancel(ask(timeout_s=2, follow_replacement=True))
            assert (ack.outcome, ack.order_id, ack.successor) == (
                Outcome.PENDING,
                OrderId("8"),
                OrderId("8"),
            )
            assert [owed.ack for owed in one.unsettled()] == [ack]
            peer.on("order", {**CANCELED, "id": "8"})
            for where, told in ((other, restored(ack)), (one, ack)):
                settled = await where.settle(told)
                assert (settled.outcome, settled.order_id) == (Outcome.CANCELED, OrderId("8"))
                assert (settled.request, settled.attempts) == (ack.request, ack.attempts)
                assert settled.evidence[: len(ack.evidence)] == ack.evidence
            assert one.unsettled() == ()

    virtually(settle())
    assert peer.calls("cancel") == ["7", "8"]


def test_many_tasks_share_the_reads(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """Twenty who settle the same ack ask once at a time, and all are told the same."""
    peer.on("cancel", RECEIPT).on("order", LEAVING, LEAVING, CANCELED)

    async def settle() -> None:
        async with client() as one:
            ack = await one.cancel(ask(assurance=Assurance.RECEIVED))
            settled = await asyncio.gather(*(one.settle(ack) for _ in range(20)))
            assert {told.outcome for told in settled} == {Outcome.CANCELED}

    virtually(settle())
    assert peer.calls() == ["cancel", "order", "order", "order"]


def test_many_threads_share_the_reads(peer: Peer, patient: Pebble, ask: Ask) -> None:
    """From threads it is the same."""
    peer.on("cancel", RECEIPT)
    transport = httpx.MockTransport(peer)
    with ThreadPoolExecutor(max_workers=8) as threads, Client([patient], transport=transport) as client:
        acks = [client.cancel(ask(order, assurance=Assurance.RECEIVED)) for order in ("7", "8")]
        peer.on("order", lambda request: {**CANCELED, "id": request.url.path.rpartition("/")[2]})
        settled = list(threads.map(client.settle, acks * 20))
    assert {told.outcome for told in settled} == {Outcome.CANCELED}
    assert [told.request for told in settled] == [ack.request for ack in acks] * 20
    assert sorted(peer.calls("cancel")) == ["7", "8"]


def test_beside_one_who_may_send(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """Who settles sends nothing; who cancels the same order meanwhile does, and its doing is told to both."""
    peer.on("cancel", MAYBE, {"say": "receipt", "executed": True})
    peer.on("order", lambda _: CANCELED if len(peer.calls("cancel")) > 1 else UNREADABLE)

    async def settle() -> None:
        async with client() as one:
            ack = await one.cancel(ask(timeout_s=1))
            settling = asyncio.create_task(one.settle(ack, 30))
            await asyncio.sleep(10)
            assert peer.calls("cancel") == ["7"]
            again = await one.cancel(ask(timeout_s=5))
            settled = await settling
            assert (again.outcome, settled.outcome) == (Outcome.CANCELED, Outcome.CANCELED)
            assert (settled.request, again.request) != (again.request, settled.request)
            assert len(settled.attempts) == 2

    virtually(settle())
    assert peer.calls("cancel") == ["7", "7"]


def test_who_settles_can_leave(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """A task that settles and is canceled disturbs nobody, and what is owed stays listed once."""
    peer.on("cancel", RECEIPT).on("order", UNREADABLE)

    async def settle() -> None:
        async with client() as one:
            ack = await one.cancel(ask(assurance=Assurance.RECEIVED))
            leaving, staying = (asyncio.create_task(one.settle(ack, 20)) for _ in range(2))
            await asyncio.sleep(1)
            leaving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaving
            assert [owed.ack.request for owed in one.unsettled()] == [ack.request]
            peer.on("order", CANCELED)
            assert (await staying).outcome is Outcome.CANCELED

    virtually(settle())


@pytest.mark.parametrize("assurance", Assurance)
@pytest.mark.parametrize("goes_on", [True, False])
def test_who_settles_for_days(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, assurance: Assurance, *, goes_on: bool
) -> None:
    """However often an ack is asked for, as it was or as it last stood, it is found, and no more is kept."""
    peer.on("cancel", RECEIPT).on("order", UNREADABLE)

    def kept() -> int:
        gc.collect()
        return sum(type(one) is CancelAck for one in gc.get_objects())

    async def settle() -> None:
        async with client() as one:
            await one.cancel(ask("1", assurance=Assurance.RECEIVED))  # the next one may go straight
            ack = first = await one.cancel(ask(assurance=assurance, timeout_s=1))
            counts = []
            for _ in range(3):
                for _ in range(5):
                    still = await one.settle(ack, 1)
                    assert still.outcome is Outcome.PENDING
                    assert [owed.ack for owed in one.unsettled()][1:] == [still]
                    ack = still if goes_on else first
                counts.append(kept())
            assert counts[2] == counts[0]
            peer.on("order", CANCELED)
            assert (await one.settle(ack)).outcome is Outcome.CANCELED
            assert [owed.ack.request.order for owed in one.unsettled()] == [OrderId("1")]

    virtually(settle())
    assert peer.calls("cancel") == ["1", "7"]
