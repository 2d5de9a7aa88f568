"""When a cancel whose fate is open is sent again, and when it never is: told in virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import (
    AsyncClient,
    CancelAck,
    CanceledBy,
    CancelRequest,
    ClientOrderId,
    EvidenceKind,
    Outcome,
    Reason,
    RetryPolicy,
    Sent,
)
from countermand.venue import Capabilities, Identity

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Cancel, Peer

Ask = Callable[..., CancelRequest]
Make = Callable[..., AsyncClient]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]

RECEIPT, MAYBE = {"say": "receipt"}, {"say": "maybe"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
ALIVE = {"say": "order", "id": "7", "status": "NEW"}
#: What a read shows is believed after five seconds.
LAGGING = Capabilities(read_lag_s=5.0)
WITH_TRAIL = Capabilities(read_lag_s=5.0, has_trail=True)

Perform = Callable[..., CancelAck]


@pytest.fixture
def perform(virtually: Virtually, client: Make) -> Perform:
    """Cancel in virtual time, at a venue like that."""

    def performed(venue: Any, request: CancelRequest, **options: Any) -> CancelAck:
        async def cancel() -> CancelAck:
            async with client(venue, **options) as one:
                return await one.cancel(request)

        ack: CancelAck = virtually(cancel())
        return ack

    return performed


def alive_until(peer: Peer, cancels: int) -> Callable[[httpx.Request], Any]:
    """Show the order alive until so many cancels have come."""
    return lambda _: CANCELED if len(peer.calls("cancel")) >= cancels else ALIVE


def within(told: CancelAck) -> float:
    return round(told.elapsed_s, 2)


#: What may have acted, each as the first answer to a cancel.
DOUBTS: dict[str, Any] = {
    "time-out": httpx.ReadTimeout("slow"),
    "reset while writing": httpx.WriteError("broken pipe"),
    "reset before an answer": httpx.ReadError("reset"),
    "body cut short": httpx.RemoteProtocolError("peer closed connection"),
    "500": httpx.Response(500),
    "503 in HTML": httpx.Response(503, text="<html>503</html>"),
    "200 in HTML": httpx.Response(200, text="<html>proxy</html>"),
    "empty body": httpx.Response(200),
    "JSON cut short": httpx.Response(200, text='{"say": "rec'),
    "redirect": httpx.Response(302, headers={"location": "/elsewhere"}),
    "contradiction": MAYBE,
    "cached": httpx.Response(200, headers={"age": "5"}, json=RECEIPT),
    "throttled, perhaps processed": {"say": "throttled", "acted": "MAYBE"},
}


@pytest.mark.parametrize("doubt", DOUBTS.values(), ids=DOUBTS)
def test_after_a_doubt_a_living_order_is_sent_another(
    perform: Perform, peer: Peer, pebble: Pebble, ask: Ask, doubt: Any
) -> None:
    """What may have acted is read after; the order lives, so the cancel is sent again at once."""
    peer.on("cancel", doubt, RECEIPT).on("order", alive_until(peer, 2))
    ack = perform(pebble, ask())
    assert (ack.outcome, ack.canceled_by) == (Outcome.CANCELED, CanceledBy.UNDETERMINED)
    assert peer.calls()[:2] == ["cancel", "order"]
    assert peer.calls("cancel") == ["7", "7"]
    assert len(ack.attempts) == 2
    assert within(ack) < 0.8  # a throttle slows down whatever follows


@pytest.mark.parametrize("doubt", DOUBTS.values(), ids=DOUBTS)
@pytest.mark.parametrize("status", ["ERROR", "UNKNOWN", "PENDING_REPLACE", "PENDING_CANCEL"])
def test_after_a_doubt_only_a_living_order_is_sent_another(
    perform: Perform, peer: Peer, pebble: Pebble, ask: Ask, doubt: Any, status: str
) -> None:
    """An order that is on its way, or of which nobody can tell, is read on, and no cancel is added."""
    peer.on("cancel", doubt).on("order", {**ALIVE, "status": status})
    ack = perform(pebble, ask(timeout_s=2))
    leaving = status == "PENDING_CANCEL"
    assert ack.outcome is (Outcome.PENDING if leaving else Outcome.UNKNOWN)
    assert peer.calls("cancel") == ["7"]


@pytest.mark.parametrize("reads", [httpx.ReadError("reset"), httpx.Response(500), {"say": "throttled"}])
def test_without_a_read_nothing_is_repeated(
    perform: Perform, peer: Peer, pebble: Pebble, ask: Ask, reads: Any
) -> None:
    """As long as no read shows the order alive, a cancel that may have acted stays alone."""
    peer.on("cancel", MAYBE).on("order", reads).on("open", reads)
    ack = perform(pebble, ask(timeout_s=3))
    assert (ack.outcome, ack.sent, within(ack)) == (Outcome.UNKNOWN, Sent.YES, 3.0)
    assert peer.calls("cancel") == ["7"]


def test_a_read_from_before_the_doubt_repeats_nothing(
    perform: Perform, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """What was alive before the second cancel was answered says nothing of what that one did."""
    peer.on("cancel", MAYBE).on("order", ALIVE, httpx.ReadError("reset")).on("open", httpx.ReadError("reset"))
    ack = perform(pebble, ask(timeout_s=5))
    assert (ack.outcome, peer.calls("cancel")) == (Outcome.UNKNOWN, ["7", "7"])


def test_silence_is_a_doubt(perform: Perform, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """An overdue cancel of a living order is followed by another, and both are still listened to."""
    peer.on("cancel", peer.after(4, RECEIPT), peer.never).on("order", alive_until(peer, 3))
    ack = perform(pebble, ask(), retry=RetryPolicy(first_wait_s=0.01))
    assert ack.outcome is Outcome.CANCELED
    assert [attempt.verdict for attempt in ack.attempts] == ["received", None, None]
    first, second, third = peer.when("cancel")
    assert first + 3 <= second <= first + 3.1
    assert second + 1.5 < third < 10


#: No connection, so nothing left; nothing needs to be read.
UNSENT: dict[str, Exception] = {
    "look-up, connection or TLS": httpx.ConnectError("refused"),
    "connecting took too long": httpx.ConnectTimeout("slow"),
    "no place in the pool": httpx.PoolTimeout("full"),
}


@pytest.mark.parametrize("fault", UNSENT.values(), ids=UNSENT)
def test_what_was_not_sent_is_sent_without_a_read(
    perform: Perform, peer: Peer, pebble: Pebble, ask: Ask, fault: Exception
) -> None:
    """A connection that failed is tried again within the deadline, and proves nothing of the order."""
    peer.on("cancel", *[fault] * 7, {"say": "receipt", "executed": True}).on("order", CANCELED)
    ack = perform(pebble, ask())
    assert peer.calls() == ["cancel"] * 8 + ["order"]
    assert (ack.outcome, ack.canceled_by) == (Outcome.CANCELED, CanceledBy.THIS_REQUEST)
    assert [attempt.sent for attempt in ack.attempts] == [Sent.NO] * 7 + [Sent.YES]
    assert [item.kind for item in ack.evidence[:7]] == [EvidenceKind.NOT_SENT] * 7


def test_what_could_not_be_sent_by_the_deadline(
    perform: Perform, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """Where no connection is to be had, the last moment is not waited for if no try can follow."""
    peer.on("cancel", httpx.ConnectError("refused"))
    ack = perform(pebble, ask(timeout_s=30), retry=RetryPolicy(first_wait_s=40, longest_wait_s=40))
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
    assert within(ack) <= 30
    assert len(peer.calls()) <= 31


#: Answers that say no, and what the case comes to while the order lives on.
REFUSALS: dict[str, tuple[Any, Reason]] = {
    "conflict": ({"say": "refused"}, Reason.VENUE_REFUSED),
    "not found": ({"say": "gone"}, Reason.VENUE_REFUSED),
    "invalid": ({"say": "refused", "reason": "INVALID_REQUEST"}, Reason.INVALID_REQUEST),
    "forbidden": ({"say": "refused", "reason": "NOT_AUTHORIZED"}, Reason.NOT_AUTHORIZED),
}


@pytest.mark.parametrize(("answer", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_no_proof_of_life(
    perform: Perform, peer: Peer, pebble: Pebble, ask: Ask, answer: Any, reason: Reason
) -> None:
    """What was refused is read for as long as reads may lag, and never sent again."""
    peer.on("cancel", answer).on("order", ALIVE)
    ack = perform(attrs.evolve(pebble, capabilities=LAGGING), ask(timeout_s=60))
    assert (ack.outcome, ack.reason) == (Outcome.REJECTED, reason)
    assert peer.calls("cancel") == ["7"]


def test_a_refusal_after_a_doubt_ends_the_repeats(
    perform: Perform, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """The second cancel is refused: nothing is sent any more, and nobody can tell of the first."""
    peer.on("cancel", MAYBE, {"say": "refused"}).on("order", ALIVE)
    ack = perform(pebble, ask(timeout_s=20))
    assert (ack.outcome, within(ack)) == (Outcome.UNKNOWN, 20.0)
    assert peer.calls("cancel") == ["7", "7"]


ALIAS = ClientOrderId("mine")
NATIVE = Capabilities(read_lag_s=0.0, identities=frozenset(Identity))
OWN_ROW = {"say": "rows", "rows": [{"id": "7", "status": "NEW", "client_id": "mine"}]}


@pytest.mark.parametrize("doubt", [*DOUBTS.values(), RECEIPT], ids=[*DOUBTS, "receipt"])
def test_a_native_client_id_is_sent_once(
    perform: Perform, peer: Peer, pebble: Pebble, ask: Ask, doubt: Any
) -> None:
    """By now a client's id may name another order: whatever may have acted is not sent again."""
    peer.on("cancel", doubt).on("open", OWN_ROW)
    ack = perform(attrs.evolve(pebble, capabilities=NATIVE), ask(ALIAS, timeout_s=5))
    assert ack.outcome is (Outcome.PENDING if doubt is RECEIPT else Outcome.UNKNOWN)
    assert peer.calls("cancel") == ["mine"]


def test_a_native_client_id_that_was_not_sent(perform: Perform, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """What no connection could be had for has named nothing yet, and is tried again."""
    row = {"id": "7", "status": "CANCELED", "client_id": "mine"}
    peer.on("cancel", httpx.ConnectError("refused"), RECEIPT).on("open", {"say": "rows", "rows": [row]})
    ack = perform(attrs.evolve(pebble, capabilities=NATIVE), ask(ALIAS))
    assert (ack.outcome, peer.calls("cancel")) == (Outcome.CANCELED, ["mine", "mine"])


@pytest.mark.parametrize("acted", ["NO", "MAYBE"])
def test_a_throttle_is_waited_for_as_told(
    perform: Perform, peer: Peer, pebble: Pebble, ask: Ask, acted: str
) -> None:
    """`Retry-After` outranks our own wait, shorter or longer."""
    peer.on("cancel", {"say": "throttled", "wait": 4.0, "acted": acted}, RECEIPT)
    peer.on("order", alive_until(peer, 2))
    ack = perform(pebble, ask(), retry=RetryPolicy(first_wait_s=100, longest_wait_s=100))
    assert ack.outcome is Outcome.CANCELED
    assert peer.when("cancel") == [0.0, 4.0]


def test_a_throttle_without_a_wait(perform: Perform, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """Who is not told how long to wait waits as after any failure, and reads nothing first."""
    peer.on("cancel", {"say": "throttled"}, RECEIPT).on("order", alive_until(peer, 2))
    ack = perform(pebble, ask())
    assert ack.outcome is Outcome.CANCELED
    assert peer.when("cancel")[1] <= 0.6


@pytest.mark.parametrize("acted", ["NO", "MAYBE"])
def test_a_throttle_longer_than_what_is_left(
    perform: Perform, peer: Peer, pebble: Pebble, ask: Ask, acted: str
) -> None:
    """Whoever cannot wait that long is told now when to come again: rejected only where it is documented."""
    peer.on("cancel", {"say": "throttled", "wait": 10.0, "acted": acted}).on("order", ALIVE)
    ack = perform(pebble, ask())
    told = (Outcome.REJECTED, Reason.THROTTLED) if acted == "NO" else (Outcome.UNKNOWN, None)
    assert (ack.outcome, ack.reason) == told
    assert (ack.retry_after_s, ack.sent) == (10.0, Sent.YES)
    assert within(ack) < 0.1


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
def test_no_more_cancels_than_that(perform: Perform, peer: Peer, pebble: Pebble, ask: Ask, most: int) -> None:
    """However long an order lives on, it is sent so many cancels, five at most."""
    peer.on("cancel", httpx.ReadError("reset")).on("order", ALIVE)
    ack = perform(pebble, ask(timeout_s=600), retry=RetryPolicy(most_attempts=most))
    assert (ack.outcome, within(ack)) == (Outcome.UNKNOWN, 600.0)
    assert peer.calls("cancel") == ["7"] * most
    assert len(ack.attempts) == most


def test_the_cap_is_the_orders_and_not_a_callers(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """Whoever comes while the case is open gets no sixth cancel either, and is told what is known."""
    peer.on("cancel", httpx.ReadError("reset")).on("order", ALIVE)

    async def insist() -> None:
        async with client() as one:
            acks = [await one.cancel(ask(timeout_s=3)) for _ in range(4)]
            assert {ack.outcome for ack in acks} == {Outcome.UNKNOWN}

    virtually(insist())
    assert peer.calls("cancel") == ["7"] * 5


def test_waits_grow_and_are_drawn(perform: Perform, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """The nth wait is drawn from a span that doubles up to the longest."""
    peer.on("cancel", httpx.ConnectError("refused"))
    policy = RetryPolicy(first_wait_s=1.0, longest_wait_s=4.0)
    perform(pebble, ask(timeout_s=200), retry=policy)
    times = peer.when("cancel")
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    spans = [1.0, 2.0, *[4.0] * len(waits)]
    assert all(wait <= span + 0.02 for wait, span in zip(waits, spans, strict=False))
    assert len(set(waits)) > len(waits) / 2
    assert max(waits) > 2.0


def test_each_attempt_is_signed_and_stamped_anew(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """No two attempts bear the same nonce, and each later one bears a higher."""
    peer.on("log-in", {"say": "token", "token": "t0k3n-one"}).on("log-out", RECEIPT)
    peer.on("cancel", httpx.ConnectError("refused"), MAYBE, httpx.ReadError("reset"), RECEIPT)
    peer.on("order", alive_until(peer, 4))
    (ack,) = cancel(pebble.by_password(), ask(), retry=RetryPolicy(first_wait_s=0.01))
    assert ack.outcome is Outcome.CANCELED
    nonces = [int(nonce) for nonce in peer.headers("cancel", "nonce")]
    assert len(nonces) == 4
    assert nonces == sorted(set(nonces))
    assert peer.headers("cancel", "authorization") == ["Bearer t0k3n-one"] * 4
    signed = [attempt.signed_at for attempt in ack.attempts if attempt.signed_at is not None]
    assert len(signed) == 4
    assert signed == sorted(signed)


def test_a_repeat_bears_the_session_of_its_time(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """A session that was refused meanwhile signs no repeat."""
    tokens = [{"say": "token", "token": f"t0k3n-{number}"} for number in ("one", "two")]
    peer.on("log-in", *tokens).on("log-out", RECEIPT).on("cancel", MAYBE, {"say": "session"}, RECEIPT)
    peer.on("order", alive_until(peer, 3))
    (ack,) = cancel(pebble.by_password(), ask(), retry=RetryPolicy(first_wait_s=0.01))
    assert ack.outcome is Outcome.CANCELED
    assert peer.headers("cancel", "authorization")[-1] == "Bearer t0k3n-two"


def test_an_order_that_outlives_its_receipts(perform: Perform, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """Alive for longer than reads may lag, it is sent two more cancels at most, each after such a wait."""
    peer.on("cancel", RECEIPT).on("order", ALIVE)
    policy = RetryPolicy(first_wait_s=0.1)
    ack = perform(attrs.evolve(pebble, capabilities=LAGGING), ask(timeout_s=600), retry=policy)
    assert (ack.outcome, within(ack)) == (Outcome.PENDING, 600.0)
    first, second, third = peer.when("cancel")
    assert second >= first + 5
    assert third >= second + 5
    assert third < 15


@pytest.mark.parametrize(
    "trail", [{"say": "trail", "id": "7", "status": "NEW"}, {"say": "trail"}, httpx.ReadError("reset")]
)
def test_a_trail_that_explains_nothing(
    perform: Perform, peer: Peer, pebble: Pebble, ask: Ask, trail: Any
) -> None:
    """Where the venue shows an order's changes, those are read before another cancel is sent."""
    peer.on("cancel", RECEIPT).on("order", alive_until(peer, 2)).on("trail", trail)
    ack = perform(attrs.evolve(pebble, capabilities=WITH_TRAIL), ask(timeout_s=60))
    assert (ack.outcome, peer.calls("cancel")) == (Outcome.CANCELED, ["7", "7"])
    assert 5 <= peer.when("trail")[0] <= peer.when("cancel")[1]


def test_a_trail_that_tells_of_a_refusal(perform: Perform, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """A cancel that was refused after its receipt is not sent again: that is why the order lives."""
    peer.on("cancel", RECEIPT).on("order", ALIVE)
    peer.on("trail", {"say": "trail", "id": "7", "status": "NEW", "rejected": True})
    ack = perform(attrs.evolve(pebble, capabilities=WITH_TRAIL), ask(timeout_s=60))
    assert (ack.outcome, ack.reason) == (Outcome.REJECTED, Reason.VENUE_REFUSED)
    assert peer.calls("cancel") == ["7"]


def test_an_order_that_bears_a_refusal(perform: Perform, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """The mark of a refused cancel that appears on the order itself says the same."""
    refused = {**ALIVE, "cancel_rejected": True}
    peer.on("cancel", RECEIPT).on("order", ALIVE, refused)
    ack = perform(attrs.evolve(pebble, capabilities=LAGGING), ask(timeout_s=60))
    assert (ack.outcome, ack.reason) == (Outcome.REJECTED, Reason.VENUE_REFUSED)
    assert peer.calls("cancel") == ["7"]


def test_those_who_join_share_the_repeats(virtually: Virtually, client: Make, peer: Peer, ask: Ask) -> None:
    """One attempt at a time for all who ask, and each leaves with what is known at its own deadline."""
    peer.on("cancel", httpx.ReadError("reset")).on("order", alive_until(peer, 4))

    async def wait() -> list[CancelAck]:
        async with client(retry=RetryPolicy(first_wait_s=2, longest_wait_s=8)) as one:
            return await asyncio.gather(*(one.cancel(ask(timeout_s=each)) for each in (1e-4, 1e-4, 90, 90)))

    hasty, also_hasty, patient, also_patient = virtually(wait())
    # So hasty that no repeat comes before, however soon its jitter has it.
    assert (hasty.outcome, hasty.elapsed_s, len(hasty.attempts)) == (Outcome.UNKNOWN, pytest.approx(1e-4), 1)
    assert attrs.evolve(also_hasty, request=hasty.request) == hasty
    assert (patient.outcome, len(patient.attempts)) == (Outcome.CANCELED, 4)
    assert attrs.evolve(also_patient, request=patient.request) == patient
    assert peer.calls("cancel") == ["7"] * 4


def test_nothing_is_repeated_for_who_has_left(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """A repeat is owed to those who wait: after the last deadline nothing is sent."""
    peer.on("cancel", httpx.ReadError("reset")).on("order", ALIVE)

    async def leave() -> None:
        async with client(retry=RetryPolicy(first_wait_s=60, longest_wait_s=60)) as one:
            leaving = asyncio.create_task(one.cancel(ask(timeout_s=600)))
            await asyncio.sleep(0.01)
            leaving.cancel()
            await asyncio.wait([leaving])
            await asyncio.sleep(600)

    virtually(leave())
    assert peer.calls("cancel") == ["7"]
