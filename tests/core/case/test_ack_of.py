"""What an ack tells of its case, word for word and to the second; what it claims is proved elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from countermand import Attempt, EvidenceKind, OrderId, OrderReport, OrderStatus, Outcome, Sent
from countermand._case._facts import Action, Began, Ended, ListRefused, NoSession, NotReached, Signed
from countermand.venue import (
    Gone,
    MayHaveActed,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    TrailRead,
    Unreadable,
)

Told = Callable[..., Any]
Happened = Callable[[Any], Any]
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
K = EvidenceKind


def wall(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def order(status: str, order_id: str = "7", **more: Any) -> OrderReport:
    facts = {"filled_quantity": Decimal(0), "account": "9", **more}
    return OrderReport(order_id=OrderId(order_id), status=OrderStatus(status), **facts)


NEW, CANCELED = order("New"), order("Canceled")


def evidence(story: Any) -> list[tuple[EvidenceKind, str]]:
    return [(item.kind, item.text) for item in story.ack().evidence]


#: id: (what a cancel was answered, the evidence that it is).
TO_A_CANCEL: dict[str, tuple[Any, tuple[EvidenceKind, str]]] = {
    "a receipt": (Receipt(), (K.RECEIPT, "received")),
    "a receipt with a code": (Receipt(code="0"), (K.RECEIPT, "received: 0")),
    "a receipt with a text": (Receipt(text="ok"), (K.RECEIPT, "received: ok")),
    "a receipt with both": (Receipt(code="0", text="ok"), (K.RECEIPT, "received: 0 ok")),
    "a refusal": (Refused(code="101"), (K.REFUSAL, "refused: 101")),
    "not found": (Gone(text="none"), (K.REFUSAL, "not found: none")),
    "a throttle": (Throttled(), (K.THROTTLED, "throttled")),
    "a session refused": (SessionRefused(), (K.SESSION_REFUSED, "session refused")),
    "a doubt": (MayHaveActed(), (K.FAULT, "may have acted")),
    "what cannot be read": (Unreadable(text="html"), (K.FAULT, "unreadable: html")),
    "a list refused": (ListRefused(), (K.REFUSAL, "refused along with others")),
    "no session": (NoSession(failure=Throttled(text="busy")), (K.NOT_SENT, "no session: throttled: busy")),
    "no session, nobody knows why": (NoSession(failure=Unreadable(text="html")), (K.NOT_SENT, "no session: html")),
    "no session, nor a word": (NoSession(failure=Unreadable()), (K.NOT_SENT, "no session: unreadable")),
    "a fault": ("reset", (K.FAULT, "reset")),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "item"), TO_A_CANCEL.values(), ids=TO_A_CANCEL)
def test_what_a_cancel_was_answered(told: Told, answer: Any, item: tuple[EvidenceKind, str]) -> None:
    """In our words, with the venue's own behind them."""
    assert evidence(told().cancel(answer)) == [item]


ALIVE = (K.REPORT, "order 7 is New, filled 0")
REFUSED_LATER = "the last cancel was refused"
#: id: (what was read and came of it, the evidence that it is).
TO_A_READ: dict[str, tuple[Happened, list[tuple[EvidenceKind, str]]]] = {
    "a report": (lambda s: s.read(NEW, 1), [ALIVE]),
    "a report of one in the place of another": (
        lambda s: s.read(order("New", replaces=OrderId("6")), 1), [(K.REPORT, "order 7 is New, filled 0, in place of 6")],
    ),
    "a report of another order": (lambda s: s.read(order("New", "8"), 1), [(K.FAULT, "order 8 is New, filled 0")]),
    "not found": (lambda s: s.read(Gone(), 1), [(K.ABSENCE, "not found")]),
    "a fault": (lambda s: s.read("reset", 1), [(K.FAULT, "reset")]),
    "a fault before anything was sent": (lambda s: s.read("refused", 1, sent=Sent.NO), [(K.FAULT, "refused")]),
    "nothing at all": (lambda s: s.read(None, 1), [(K.FAULT, "no answer")]),
    "a trail without the order": (lambda s: s.read(TrailRead(), 1, action=Action.TRAIL), [(K.FAULT, "no newer state")]),
    "a trail with it": (lambda s: s.read(NEW, 1, action=Action.TRAIL), [ALIVE]),
    "a trail that tells of a refusal": (
        lambda s: s.read(TrailRead(cancel_rejected=True), 1, action=Action.TRAIL), [(K.REFUSAL, REFUSED_LATER)],
    ),
    "a trail with both": (
        lambda s: s.read(TrailRead(cancel_rejected=True, text="late", report=NEW), 1, action=Action.TRAIL),
        [ALIVE, (K.REFUSAL, f"{REFUSED_LATER}: late")],
    ),
    "a listing without it": (lambda s: s.listing(order("New", "8"), at=1), [(K.ABSENCE, "the listing lacks the order")]),
    "a listing with it": (lambda s: s.listing(order("New", "8"), NEW, at=1), [ALIVE]),
    "a listing with it and its heir": (
        lambda s: s.listing(order("New", "10" * 9, replaces=OrderId("7")), order("New", "9"), order("Replaced"), at=1),
        [
            (K.SUCCESSOR, f"order {'10' * 9} is New, filled 0, in place of 7"),
            (K.REPORT, "order 7 is Replaced, filled 0"),
        ],
    ),
    "a listing that was given up": (
        lambda s: s.read(NotReached(pages=3), 1, action=Action.HISTORY),
        [(K.FAULT, "the listing did not come to the order: given up after 3 pages")],
    ),
    "a session refused": (lambda s: s.read(SessionRefused(), 1), [(K.SESSION_REFUSED, "session refused")]),
    "a read that has no answer yet": (lambda s: s.began(Action.READ, 1), []),
}  # fmt: skip


@pytest.mark.parametrize(("happened", "items"), TO_A_READ.values(), ids=TO_A_READ)
def test_what_was_read(told: Told, happened: Happened, items: list[tuple[EvidenceKind, str]]) -> None:
    """What it shows of the order and its heir; else why it shows nothing."""
    assert evidence(happened(told())) == items


def test_a_cancel_that_was_not_sent_is_told_as_that(told: Told) -> None:
    """A wire that failed before the first byte is no fault of the venue's."""
    assert evidence(told().cancel("no connection", sent=Sent.NO)) == [(K.NOT_SENT, "no connection")]


def test_the_heir_is_known_by_its_id(told: Told) -> None:
    """However it came to be read: another text with the same digits."""
    heir, own = order("New", "8" * 18, replaces=OrderId("7")), order("Replaced")
    again = attrs.evolve(heir, order_id=OrderId("".join(["8"] * 18)))
    story = told().listing(heir, own, at=1).listing(again, own, at=2, action=Action.HISTORY)
    assert [item.kind for item in story.ack().evidence] == [K.SUCCESSOR, K.REPORT] * 2


def test_evidence_stands_in_the_order_of_its_ends(told: Told) -> None:
    """Whatever began first; each with the time it was learned, and the order as of the read's beginning."""
    story = told().cancel(Receipt(), 0, took=3).read(NEW, 1)
    first, second = story.ack().evidence
    assert [(item.at, item.source) for item in (first, second)] == [(wall(1.1), "read"), (wall(3), "cancel")]
    assert first.order == attrs.evolve(NEW, as_of=wall(1))


@pytest.mark.parametrize(
    ("signed", "item"),
    [
        (None, (wall(1), K.NOT_SENT, "cancel", "not sent yet")),
        (2.5, (wall(2.5), K.FAULT, "CancelOrder", "sent, and not answered yet")),
    ],
    ids=["queued", "sent"],
)
def test_a_cancel_without_an_answer(told: Told, signed: float | None, item: tuple[Any, ...]) -> None:
    """Since when it waits: for its turn, or for the venue."""
    story = told().began(Action.CANCEL, 1, signed=False)
    if signed is not None:
        story.case.facts.append(Signed(number=1, call="CancelOrder", at=signed))
    ack = story.ack()
    (told_of_it,) = ack.evidence
    assert (told_of_it.at, told_of_it.kind, told_of_it.source, told_of_it.text) == item
    assert ack.attempts == (
        Attempt(
            call=item[2],
            sent=Sent.NO if signed is None else Sent.MAYBE,
            order_id=OrderId("7"),
            signed_at=None if signed is None else item[0],
            fault="not answered yet",
        ),
    )


BEGUN = Attempt(call="cancel", sent=Sent.YES, order_id=OrderId("7"), signed_at=wall(1))
#: id: (what came of a cancel, the attempt that it is).
ATTEMPTS: dict[str, tuple[Happened, Attempt]] = {
    "answered": (
        lambda s: s.cancel(Receipt(code="0"), 1, took=2, first_byte_at=1.5, status=202),
        attrs.evolve(BEGUN, first_byte_at=wall(1.5), answered_at=wall(3), http_status=202, verdict="received: 0"),
    ),
    "cut off": (
        lambda s: s.cancel("reset", 1, first_byte_at=1.5),
        attrs.evolve(BEGUN, sent=Sent.MAYBE, first_byte_at=wall(1.5), fault="reset"),
    ),
    "a fault after an answer": (
        lambda s: s.cancel("bug", 1, took=2, status=200),
        attrs.evolve(BEGUN, sent=Sent.MAYBE, answered_at=wall(3), http_status=200, fault="bug"),
    ),
    "not sent": (
        lambda s: s.cancel(NoSession(failure=Unreadable()), 1, status=None),
        attrs.evolve(BEGUN, sent=Sent.NO, signed_at=None, verdict="no session: unreadable"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("happened", "attempt"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_what_became_of_an_attempt(told: Told, happened: Happened, attempt: Attempt) -> None:
    """How far it got, when, and with what; a fault has no time of an answer unless a status came."""
    assert happened(told()).ack().attempts == (attempt,)


@pytest.mark.parametrize(
    ("reads", "kept"), [(10, [*range(10)]), (11, [*range(8), 9, 10]), (14, [*range(8), 12, 13])]
)
def test_what_one_source_says_again_and_again(told: Told, reads: int, kept: list[int]) -> None:
    """The first eight and the last two are left of it; what others say between is kept."""
    story = told().cancel(Receipt(), -2)
    for at in range(reads):
        story.read(NEW, at, took=0)
    story.read(order("New", filled_quantity=Decimal(1)), 50, took=0).listing(NEW, at=51)
    times = [item.at for item in story.ack().evidence]
    assert times == [wall(at) for at in (-1.9, *kept, 50, 51.1)]


#: id: (what happened, the venue's last word: its code and text).
LAST_WORDS: dict[str, tuple[Happened, tuple[str | None, str | None]]] = {
    "none": (lambda s: s, (None, None)),
    "one": (lambda s: s.cancel(Refused(code="101", text="no")), ("101", "no")),
    "of two the last": (
        lambda s: s.cancel(Throttled(code="1", text="a")).cancel(Refused(code="2", text="b"), 1)
        .cancel(Gone(code="3", text="c"), 2), ("3", "c"),
    ),
    "a fault says nothing": (lambda s: s.cancel(Refused(code="2", text="b")).cancel("reset", 1), ("2", "b")),
    "nor does what has no answer": (
        lambda s: s.cancel(Refused(code="2", text="b")).began(Action.CANCEL, 1), ("2", "b"),
    ),
    "nor does a read": (
        lambda s: s.cancel(Refused(code="2", text="b")).read(Gone(code="4", text="d"), 1), ("2", "b"),
    ),
    "what is no answer of the venue's has none": (lambda s: s.cancel(NoSession(failure=Refused(code="5"))), (None, None)),
}  # fmt: skip


@pytest.mark.parametrize(("happened", "words"), LAST_WORDS.values(), ids=LAST_WORDS)
def test_the_venues_own_last_word(
    told: Told, happened: Happened, words: tuple[str | None, str | None]
) -> None:
    """On the cancel itself, as it said it."""
    ack = happened(told()).ack()
    assert (ack.venue_code, ack.venue_text) == words


def test_the_last_reply_is_the_one_that_came_last(told: Told) -> None:
    """To whatever was asked, and whenever that began."""
    story = told().cancel("reset", 0).read(NEW, 1, took=4, reply="slow").read(NEW, 2, took=1, reply="quick")
    assert story.read("reset", 6).ack().last_reply == "slow"
    assert told().cancel("reset").began(Action.READ, 1).ack().last_reply is None


def test_what_a_plugin_or_we_did_wrong(told: Told) -> None:
    """Each fault once, in the order they were met; what the wire did is none of them."""
    story = told().cancel("reset").read("bug", 1, broken=True).read("bug", 2, broken=True)
    story.read(NoSession(failure=Unreadable(), plugin_fault="no key"), 3).began(Action.READ, 4)
    story.read(NoSession(failure=Unreadable()), 5)
    assert story.ack().error == "bug; no key"
    assert told().cancel("reset").ack().error is None


def test_how_long_it_took(told: Told) -> None:
    """From the moment its caller came; never less than nothing."""
    story = told(joined_at=2.0).cancel(Receipt(), 2.0)
    assert [story.ack(now).elapsed_s for now in (5.5, 2.0, 1.0)] == [3.5, 0.0, 0.0]


def test_what_went_along_is_told_of_a_canceled_order_only(told: Told) -> None:
    """Of one that was filled its legs may be canceled, too, but not along with it."""
    legs = (order("Canceled", "71"), order("Filled", "72"))
    ends = {
        status: told().cancel(Receipt()).read(order(status, legs=legs), 1).ack()
        for status in ("Canceled", "Filled")
    }
    assert {status: ack.also_canceled for status, ack in ends.items()} == {
        "Canceled": (OrderId("71"),),
        "Filled": (),
    }


def again(story: Any, *, code: str | None = None) -> Any:
    """Look again at an order of which an ack was given, after one cancel that was refused."""
    earlier = story.cancel(Refused(code="101", text="no"), -10, reply="before").read("reset", -9).ack()
    story.case.earlier = earlier
    for place, fact in enumerate(story.case.facts):
        story.case.facts[place] = attrs.evolve(fact, number=-fact.number)
    if code is not None:
        story.case.facts.append(Began(number=0, action=Action.CANCEL, at=1, overdue_at=4))
        story.case.facts.append(
            Ended(number=0, at=2, sent=Sent.YES, answer=Refused(code=code), status=409, reply="now")
        )
    return story


def test_an_order_that_is_looked_at_again(told: Told) -> None:
    """What the earlier ack told is told once more, once."""
    story = again(told())
    assert story.ack() == attrs.evolve(story.case.earlier, elapsed_s=9.0)
    later = story.read(NEW, 1).ack()
    assert later.evidence[:-1] == story.case.earlier.evidence
    assert later.evidence[-1].text == "order 7 is New, filled 0"
    assert later.attempts == story.case.earlier.attempts
    assert (later.venue_code, later.venue_text, later.last_reply) == ("101", "no", "before")


def test_a_cancel_that_is_sent_then(told: Told) -> None:
    """It stands behind the earlier ones, and the venue's last word is the one on it."""
    story = again(told(), code="102")
    ack = story.ack()
    assert [one.verdict for one in ack.attempts] == ["refused: 101 no", "refused: 102"]
    assert [item.text for item in ack.evidence] == ["refused: 101 no", "reset", "refused: 102"]
    assert (ack.venue_code, ack.venue_text, ack.last_reply) == ("102", None, "now")


def test_the_order_is_told_as_it_was_read(told: Told) -> None:
    """With the time that read began; none if there was no read."""
    ack = told().cancel(Receipt()).read(CANCELED, 1).ack()
    assert (ack.outcome, ack.order) == (Outcome.CANCELED, attrs.evolve(CANCELED, as_of=wall(1)))
    assert told().cancel(Receipt()).ack().order is None
