"""One cancel in plain values: what a case is told of it, and each word of the ack of its receipt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from countermand import (
    Assurance,
    Attempt,
    CancelAck,
    CancelRequest,
    Evidence,
    EvidenceKind,
    OrderId,
    Outcome,
    Sent,
    Stage,
)
from countermand._case._facts import Action, Began, Ended, Signed
from countermand._case._receipt import OneCancel, Taken, ack_of_receipt
from countermand.venue import Receipt

EPOCH = datetime(2026, 11, 21, tzinfo=UTC)
ORDER = OrderId("7")
REQUEST = CancelRequest(venue="v", account="9", order=ORDER, assurance=Assurance.RECEIVED)
RECEIPT = Receipt(code="0", text="ok")
TAKEN = Taken(RECEIPT, 202, '{"result":true}')


def one_cancel(**more: Any) -> OneCancel:
    """Make one that was asked for at 1, signed at 1.5, and has its receipt at 3.5."""
    told = {
        "request": REQUEST,
        "order": ORDER,
        "number": 4,
        "joined_at": 1.0,
        "deadline": 11.0,
        "overdue_at": 4.5,
        "call": "CancelOrder",
        "signed_at": 1.5,
        "first_byte_at": 1.75,
        "session": 2,
        "ended_at": 3.5,
        "taken": TAKEN,
        **more,
    }
    return OneCancel(**told)


def wall(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


BEGAN = Began(number=4, action=Action.CANCEL, at=1.0, overdue_at=4.5, jitter=0.25)
SIGNED = Signed(number=4, call="CancelOrder", at=1.5, overdue_at=4.5)
ENDED = Ended(
    number=4,
    at=3.5,
    sent=Sent.YES,
    signed_at=1.5,
    first_byte_at=1.75,
    session=2,
    answer=RECEIPT,
    status=202,
    reply='{"result":true}',
)
ATTEMPT = Attempt(
    call="CancelOrder",
    sent=Sent.YES,
    order_id=ORDER,
    signed_at=wall(1.5),
    first_byte_at=wall(1.75),
    answered_at=wall(3.5),
    http_status=202,
    verdict="received: 0 ok",
)
ITEM = Evidence(at=wall(3.5), kind=EvidenceKind.RECEIPT, source="CancelOrder", text="received: 0 ok")
ACK = CancelAck(
    request=REQUEST,
    outcome=Outcome.PENDING,
    order_id=ORDER,
    sent=Sent.YES,
    stage=Stage.CONFIRM,
    evidence=(ITEM,),
    attempts=(ATTEMPT,),
    venue_code="0",
    venue_text="ok",
    last_reply='{"result":true}',
    elapsed_s=2.5,
)


def at_once(seconds: float, elapsed_s: float) -> CancelAck:
    """Tell the ack of one whose receipt came then."""
    return attrs.evolve(
        ACK,
        evidence=(attrs.evolve(ITEM, at=wall(seconds)),),
        attempts=(attrs.evolve(ATTEMPT, answered_at=wall(seconds)),),
        elapsed_s=elapsed_s,
    )


#: id: (what is known of it, what a case is told).
FACTS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "it waits for its turn": ({"signed_at": None, "ended_at": None, "taken": None}, [BEGAN]),
    "it is under way": ({"ended_at": None, "taken": None}, [BEGAN, SIGNED]),
    "it has its receipt": ({}, [BEGAN, SIGNED, ENDED]),
    "its receipt came as the clock began": (
        {"ended_at": 0.0}, [BEGAN, SIGNED, attrs.evolve(ENDED, at=0.0)],
    ),
    "it was signed as the clock began": (
        {"signed_at": 0.0}, [BEGAN, attrs.evolve(SIGNED, at=0.0), attrs.evolve(ENDED, signed_at=0.0)],
    ),
    "an end without a receipt is none": ({"taken": None}, [BEGAN, SIGNED]),
    "a receipt that has no time yet is none": ({"ended_at": None}, [BEGAN, SIGNED]),
}  # fmt: skip


@pytest.mark.parametrize(("known", "facts"), FACTS.values(), ids=FACTS)
def test_a_case_is_told(known: dict[str, Any], facts: list[Any]) -> None:
    """All that has happened, and no more."""
    assert one_cancel(**known).facts(0.25) == facts


#: id: (what is known of it, the ack of its receipt).
ACKS: dict[str, tuple[dict[str, Any], CancelAck]] = {
    "all that is known": ({}, ACK),
    "its first byte left as it was signed": (
        {"first_byte_at": 1.5},
        attrs.evolve(ACK, attempts=(attrs.evolve(ATTEMPT, first_byte_at=wall(1.5)),)),
    ),
    "nobody saw its first byte": (
        {"first_byte_at": None}, attrs.evolve(ACK, attempts=(attrs.evolve(ATTEMPT, first_byte_at=None),)),
    ),
    "its receipt came less than a second after it": ({"ended_at": 1.5}, at_once(1.5, 0.5)),
    "its receipt came at once": ({"ended_at": 1.0}, at_once(1.0, 0.0)),
    "its receipt came as the clock began": (
        {"joined_at": -2.0, "signed_at": -1.5, "first_byte_at": -1.5, "ended_at": 0.0},
        attrs.evolve(
            ACK,
            evidence=(attrs.evolve(ITEM, at=EPOCH),),
            attempts=(
                attrs.evolve(
                    ATTEMPT, signed_at=wall(-1.5), first_byte_at=wall(-1.5), answered_at=EPOCH
                ),
            ),
            elapsed_s=2.0,
        ),
    ),
    "no time is below none": ({"ended_at": 0.5}, at_once(0.5, 0.0)),
    "a reply that says nothing is none": (
        {"taken": Taken(RECEIPT, 202, "")}, attrs.evolve(ACK, last_reply=None),
    ),
    "a receipt without a word": (
        {"taken": Taken(Receipt(), 202, '{"result":true}')},
        attrs.evolve(
            ACK,
            evidence=(attrs.evolve(ITEM, text="received"),),
            attempts=(attrs.evolve(ATTEMPT, verdict="received"),),
            venue_code=None,
            venue_text=None,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("known", "ack"), ACKS.values(), ids=ACKS)
def test_its_caller_is_told(known: dict[str, Any], ack: CancelAck) -> None:
    """That the venue has it: when, by which call, in whose words."""
    assert ack_of_receipt(one_cancel(**known), EPOCH) == ack


def test_the_words_of_a_receipt_are_its_own() -> None:
    """Nobody puts others into its mouth."""
    make: Any = Taken
    with pytest.raises(TypeError):
        make(RECEIPT, 202, None, "canceled")


def test_cancels_that_are_alike_are_two() -> None:
    """Each has a caller who waits for it."""
    assert len({one_cancel(), one_cancel()}) == 2


def test_the_engine_adds_what_it_needs() -> None:
    """What is not known from the beginning is given by name, so that more may be asked for after it."""

    @attrs.define(eq=False)
    class Waiting(OneCancel):
        waiter: str

    one = Waiting(REQUEST, ORDER, 4, 1.0, 11.0, 4.5, "the caller", taken=TAKEN, ended_at=3.5)
    assert (one.waiter, one.call, ack_of_receipt(one, EPOCH).outcome) == ("the caller", "", Outcome.PENDING)
