"""One cancel, from the request to the ack, through both clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from decimal import Decimal
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
    EvidenceKind,
    OrderId,
    OrderStatus,
    Outcome,
    Reason,
    RetryPolicy,
    Sent,
    Stage,
)
from countermand.errors import ConfigurationError, InvalidRequestError

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Cancel, Peer, Witness

Ask = Callable[..., CancelRequest]
RECEIPT = {"say": "receipt"}
GONE_FOR_GOOD = {"say": "order", "id": "7", "status": "CANCELED", "filled": "0.5", "account": "9"}
ALIVE = {"say": "order", "id": "7", "status": "NEW"}
LEAVING = {"say": "order", "id": "7", "status": "PENDING_CANCEL"}


def test_a_receipt_and_a_read(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """A cancel that was received is confirmed by a read, and the ack carries all that it rests on."""
    peer.on("cancel", {"say": "receipt", "text": "ok"}).on("order", GONE_FOR_GOOD)
    before = datetime.now(UTC)
    (ack,) = cancel(pebble, ask())
    assert peer.calls() == ["cancel", "order"]
    assert (ack.outcome, ack.canceled_by, ack.final) == (Outcome.CANCELED, CanceledBy.UNDETERMINED, True)
    assert (ack.order_id, ack.sent, ack.stage) == (OrderId("7"), Sent.YES, Stage.DONE)
    assert ack.order is not None
    assert (ack.order.status, ack.order.filled_quantity) == (OrderStatus.CANCELED, Decimal("0.5"))
    assert ack.order.as_of is not None
    assert abs(ack.order.as_of - before) < timedelta(seconds=20)
    assert [item.kind for item in ack.evidence] == [EvidenceKind.RECEIPT, EvidenceKind.REPORT]
    (attempt,) = ack.attempts
    assert (attempt.call, attempt.sent, attempt.http_status) == ("cancel", Sent.YES, 200)
    assert attempt.verdict == "received: ok"
    assert ack.venue_text == "ok"
    assert json.loads(ack.last_reply or "") == GONE_FOR_GOOD
    assert 0 <= ack.elapsed_s < 5
    assert ack.error is None


# (assurance, answer to the cancel, answers to reads, what comes of it, the calls)
PATHS: dict[str, tuple[Assurance, Any, list[Any], tuple[Any, ...], list[str]]] = {
    "received is enough": (
        Assurance.RECEIVED,
        RECEIPT,
        [],
        (Outcome.PENDING, None, None),
        ["cancel"],
    ),
    "executed": (
        Assurance.CONFIRMED,
        {"say": "receipt", "executed": True},
        [GONE_FOR_GOOD],
        (Outcome.CANCELED, None, CanceledBy.THIS_REQUEST),
        ["cancel", "order"],
    ),
    "filled before": (
        Assurance.CONFIRMED,
        {"say": "refused", "code": "101"},
        [{**GONE_FOR_GOOD, "status": "FILLED"}],
        (Outcome.REJECTED, Reason.TOO_LATE, None),
        ["cancel", "order"],
    ),
    "canceled before": (
        Assurance.CONFIRMED,
        {"say": "gone"},
        [GONE_FOR_GOOD],
        (Outcome.CANCELED, None, CanceledBy.EARLIER),
        ["cancel", "order"],
    ),
    "refused and alive": (
        Assurance.CONFIRMED,
        {"say": "refused"},
        [ALIVE],
        (Outcome.REJECTED, Reason.VENUE_REFUSED, None),
        ["cancel", "order"],
    ),
    "confirmed only later": (
        Assurance.CONFIRMED,
        RECEIPT,
        [LEAVING, LEAVING, GONE_FOR_GOOD],
        (Outcome.CANCELED, None, CanceledBy.UNDETERMINED),
        ["cancel", "order", "order", "order"],
    ),
    "reset, yet it worked": (
        Assurance.CONFIRMED,
        httpx.ReadError("reset"),
        [GONE_FOR_GOOD],
        (Outcome.CANCELED, None, CanceledBy.UNDETERMINED),
        ["cancel", "order"],
    ),
    "a failure of the venue, yet it worked": (
        Assurance.CONFIRMED,
        httpx.Response(502, text="<html>"),
        [httpx.ReadError("reset"), GONE_FOR_GOOD],
        (Outcome.CANCELED, None, CanceledBy.UNDETERMINED),
        ["cancel", "order", "order"],
    ),
    "throttled for longer than one waits": (
        Assurance.CONFIRMED,
        {"say": "throttled", "wait": 17.0},
        [],
        (Outcome.REJECTED, Reason.THROTTLED, None),
        ["cancel"],
    ),
}


@pytest.mark.parametrize(
    ("assurance", "answer", "reads", "expected", "calls"), PATHS.values(), ids=PATHS.keys()
)
def test_what_becomes_of_a_cancel(
    cancel: Cancel,
    peer: Peer,
    pebble: Pebble,
    ask: Ask,
    assurance: Assurance,
    answer: Any,
    reads: list[Any],
    expected: tuple[Any, ...],
    calls: list[str],
) -> None:
    """Each course of events ends as the policy says, and asks no more than it needs."""
    peer.on("cancel", answer).on("order", *reads)
    (ack,) = cancel(pebble, ask(assurance=assurance))
    assert (ack.outcome, ack.reason, ack.canceled_by) == expected
    assert peer.calls() == calls
    assert peer.calls("cancel") == ["7"]
    assert f"for={assurance.value}" in str(peer.heard[0].url)


def test_nobody_is_there(
    virtually: Callable[[Coroutine[Any, Any, CancelAck]], CancelAck],
    client: Callable[..., AsyncClient],
    peer: Peer,
    ask: Ask,
) -> None:
    """What no connection could be had for was not sent, however often it was tried."""
    peer.on("cancel", httpx.ConnectError("refused"))

    async def alone() -> CancelAck:
        # With a budget that ends long before the deadline: no attempt is under way when that comes.
        async with client(retry=RetryPolicy(budget=15)) as one:
            return await one.cancel(ask(timeout_s=5))

    ack = virtually(alone())
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
    assert peer.calls() == ["cancel"] * 4
    assert [attempt.fault for attempt in ack.attempts] == ["ConnectError: refused"] * 4


def test_nobody_can_tell(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """Without an answer or a read, the deadline ends the wait, and the ack claims nothing."""
    silence = httpx.ReadTimeout("slow")
    peer.on("cancel", httpx.ReadError("reset")).on("order", silence).on("open", silence)
    (ack,) = cancel(pebble, ask(timeout_s=1.0))
    assert (ack.outcome, ack.sent, ack.stage) == (Outcome.UNKNOWN, Sent.MAYBE, Stage.CONFIRM)
    assert ack.attempts[0].fault == "ReadError: reset"
    assert ack.evidence[-1].text == "ReadTimeout: slow"
    assert 1.0 <= ack.elapsed_s < 5


def test_no_answer_at_all(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, witness: Witness) -> None:
    """A cancel that is not answered is read after, and without a word of it stays unknown."""
    peer.on("cancel", lambda _: witness.until(lambda seen: bool(seen.acks))).on("order", ALIVE)
    (ack,) = cancel(pebble, ask(timeout_s=1.0), observer=witness)
    assert (ack.outcome, ack.sent) == (Outcome.UNKNOWN, Sent.MAYBE)
    assert ack.attempts[0].fault == "not answered yet"
    assert ack.order is not None
    assert ack.order.status is OrderStatus.NEW


def test_one_attempt_for_all_who_ask(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, witness: Witness
) -> None:
    """Twenty who cancel the same order share one attempt and its read, and each gets its own ack."""

    async def when_all_are_here(_: httpx.Request) -> Any:
        await witness.until(lambda seen: len(seen.requests) == 20)
        return RECEIPT

    peer.on("cancel", when_all_are_here).on("order", GONE_FOR_GOOD)
    requests = [ask(initiator=f"desk {number}") for number in range(20)]
    acks = cancel(pebble, *requests, observer=witness)
    assert [ack.request for ack in acks] == requests
    assert {ack.outcome for ack in acks} == {Outcome.CANCELED}
    assert peer.calls() == ["cancel", "order"]


def test_each_keeps_its_deadline_and_assurance(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, witness: Witness
) -> None:
    """Of those who share an attempt, each is answered by what it asked for and when it must."""

    async def when_one_has_left(_: httpx.Request) -> Any:
        await witness.until(lambda seen: len(seen.requests) == 3 and len(seen.acks) == 1)
        return RECEIPT

    peer.on("cancel", when_one_has_left)
    # Neither alive, so that nothing is repeated, nor leaving, which would tell as much as a receipt.
    unreadable = {**ALIVE, "status": "ERROR"}
    peer.on("order", lambda _: GONE_FOR_GOOD if len(witness.acks) > 1 else unreadable)
    requests = (ask(timeout_s=1.0), ask(assurance=Assurance.RECEIVED), ask())
    hasty, content, patient = cancel(pebble, *requests, observer=witness)
    assert (hasty.outcome, hasty.sent) == (Outcome.UNKNOWN, Sent.MAYBE)
    assert (content.outcome, patient.outcome) == (Outcome.PENDING, Outcome.CANCELED)
    assert peer.calls("cancel") == ["7"]


def test_orders_and_accounts_are_apart(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """Another order, and the same number in another account, are cases of their own."""
    peer.on("cancel", RECEIPT)
    requests = (ask("7"), ask("8"), ask("7", account="10"))
    acks = cancel(pebble, *(attrs.evolve(one, assurance=Assurance.RECEIVED) for one in requests))
    assert [ack.outcome for ack in acks] == [Outcome.PENDING] * 3
    assert sorted(peer.calls("cancel")) == ["7", "7", "8"]


def test_a_report_of_another_account_is_not_believed(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """An order of the same number in another account proves nothing."""
    peer.on("cancel", RECEIPT).on("order", {**GONE_FOR_GOOD, "account": "10"})
    peer.on("open", {"say": "rows", "rows": []})
    (ack,) = cancel(pebble, ask(timeout_s=1.0))
    assert (ack.outcome, ack.order) == (Outcome.PENDING, None)


def test_a_cached_answer_is_no_evidence(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """What something on the way answered instead of the venue is not believed, read or receipt."""
    stale = [httpx.Response(200, headers={"age": "10"}, json=told) for told in (RECEIPT, GONE_FOR_GOOD)]
    fresh = httpx.Response(200, headers={"age": "0"}, json=GONE_FOR_GOOD)
    peer.on("cancel", stale[0]).on("order", stale[1], fresh)
    (ack,) = cancel(pebble, ask())
    assert ack.outcome is Outcome.CANCELED
    assert [item.kind for item in ack.evidence] == [EvidenceKind.FAULT] * 2 + [EvidenceKind.REPORT]
    assert "a cached answer is no evidence" in ack.evidence[0].text


REPLACED = {"say": "order", "id": "7", "status": "REPLACED"}
HEIR = {"id": "8", "status": "NEW", "replaces": "7"}


@pytest.mark.parametrize("follow", [False, True])
def test_an_order_that_was_replaced(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, follow: bool
) -> None:
    """The order that took its place is named, and canceled only for those who asked for that."""
    peer.on("cancel", {"say": "refused"}, RECEIPT)
    peer.on("order", REPLACED, {**GONE_FOR_GOOD, "id": "8"}).on("open", {"say": "rows", "rows": [HEIR]})
    (ack,) = cancel(pebble, ask(follow_replacement=follow))
    assert ack.request.order == OrderId("7")
    assert ack.successor == OrderId("8")
    if follow:
        assert (ack.outcome, ack.order_id) == (Outcome.CANCELED, OrderId("8"))
        assert peer.calls("cancel") == ["7", "8"]
        sources = [(item.source, item.kind) for item in ack.evidence]
        assert sources[0] == ("cancel", EvidenceKind.REFUSAL)
        assert sources[-2:] == [("cancel", EvidenceKind.RECEIPT), ("order", EvidenceKind.REPORT)]
    else:
        assert (ack.outcome, ack.reason) == (Outcome.REJECTED, Reason.REPLACED)
        assert ack.order_id == OrderId("7")
        assert peer.calls("cancel") == ["7"]


def test_what_is_no_request(cancel: Cancel, peer: Peer, pebble: Pebble) -> None:
    """Whatever is not a CancelRequest is the caller's own mistake."""
    nothing: Any = None
    with pytest.raises(InvalidRequestError, match="expected a CancelRequest, got NoneType"):
        cancel(pebble, nothing)
    assert peer.calls() == []


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("venue", [3, "apex", object])
def test_what_is_no_venue(kind: Any, venue: Any) -> None:
    """A client is built from venues, not from their names or classes."""
    with pytest.raises(ConfigurationError, match="expected venues"):
        kind([venue])


def test_a_repeated_cancel_asks_the_venue_anew(peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """An order that has ended is not answered from memory: its id may be another order's by now."""
    canceled = {"say": "order", "id": "7", "status": "CANCELED"}
    peer.on("cancel", RECEIPT).on("order", canceled)

    async def twice() -> list[CancelAck]:
        async with AsyncClient([pebble], transport=httpx.MockTransport(peer)) as client:
            return [await client.cancel(ask()) for _ in range(2)]

    assert [ack.outcome for ack in asyncio.run(twice())] == [Outcome.CANCELED] * 2
    assert peer.calls("cancel") == ["7", "7"]


def test_an_attempt_without_an_answer_is_evidence(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """What nobody can tell rests on a cancel that was sent and not answered, and the ack says when."""
    peer.on("cancel", peer.never).on("order", peer.never)
    (ack,) = cancel(pebble, ask(timeout_s=1.0))
    assert (ack.outcome, ack.evidence[0].source) == (Outcome.UNKNOWN, "cancel")
    assert ack.evidence[0].text == "sent, and not answered yet"
    assert ack.evidence[0].at == ack.attempts[0].signed_at
