"""The moments at which one thing ends to be true and another begins: each at that very moment, and beside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from countermand import CanceledBy, ClientOrderId, OrderId, OrderReport, OrderStatus, Sent
from countermand._case._facts import Action, Ended, Listing, NoSession
from countermand._case._plan import Plan
from countermand._case._resolve import resolve
from countermand._case._survey import Survey
from countermand.venue import (
    Acted,
    Gone,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    TrailRead,
)

Told = Callable[..., Any]
Happened = Callable[[Any], Any]
ALIAS, BY_A, BY_B = ClientOrderId("a"), ClientOrderId("a"), ClientOrderId("b")
CANCEL, READ, TRAIL, OPEN, HISTORY = Action
CONFLICT = Refused()


def order(status: str, order_id: str = "7", **more: Any) -> OrderReport:
    facts = {"filled_quantity": Decimal(0), "account": "9", **more}
    return OrderReport(order_id=OrderId(order_id), status=OrderStatus(status), **facts)


NEW, CANCELED, REFUSED = order("New"), order("Canceled"), order("New", cancel_rejected=True)


def leg(order_id: str = "7") -> OrderReport:
    return order("Canceled", order_id, parent=OrderId("6"))


def replaced(**more: Any) -> OrderReport:
    return order("Replaced", client_order_id=BY_A, **more)


def heir(order_id: str = "8") -> OrderReport:
    return order("New", order_id, replaces=BY_A, client_order_id=BY_B)


def missed(story: Any, at: float) -> Any:
    return story.read(Gone(), at).listing(at=at).listing(at=at, action=HISTORY)


def answered_late(story: Any, answer: Any, at: float) -> Any:
    """Answer the story's first exchange, whatever began since."""
    number = story.case.facts[0].number
    story.case.facts.append(
        Ended(number=number, at=at, sent=Sent.YES, answer=answer, signed_at=0, status=200)
    )
    return story


#: id: (venue, what happened, what it proves). A cancel begins at 0 and takes as long as said.
PROVED: dict[str, tuple[str, Happened, str]] = {
    "a refusal stands once a read began just the lag after it": (
        "full", lambda s: s.cancel(CONFLICT, took=1).read(NEW, 6), "venue refused.",
    ),
    "a moment sooner it does not": (
        "full", lambda s: s.cancel(CONFLICT, took=1).read(NEW, 5.99), "venue refused",
    ),
    "of two refusals the one that came last counts, whichever attempt it was": (
        "full", lambda s: answered_late(s.began(CANCEL, 0).cancel(CONFLICT, 3.5), CONFLICT, 6).read(NEW, 10.9), "venue refused",
    ),
    "the lag after it they stand": (
        "full", lambda s: answered_late(s.began(CANCEL, 0).cancel(CONFLICT, 3.5), CONFLICT, 6).read(NEW, 11), "venue refused.",
    ),
    "absences before the later of two refusals do not count": (
        "full", lambda s: missed(missed(answered_late(s.began(CANCEL, 0).cancel(Gone(), 3.5), Gone(), 6), 3.7), 8.8), "not found",
    ),
    "a session that was refused to another caller says nothing of what was refused before": (
        "full", lambda s: s.cancel(CONFLICT).cancel(SessionRefused(), 1).cancel(SessionRefused(), 2).read(NEW, 3), "venue refused",
    ),
    "nor does a throttle": (
        "full", lambda s: s.cancel(CONFLICT).cancel(Throttled(acted=Acted.NO, retry_after_s=60), 1).read(NEW, 3), "venue refused",
    ),
    "and once a read is young enough the refusal stands": (
        "full", lambda s: s.cancel(CONFLICT).cancel(SessionRefused(), 1).cancel(SessionRefused(), 2).read(NEW, 6), "venue refused.",
    ),
    "one whose cancel was not sent is owed it, whatever another one was told": (
        "full", lambda s: s.cancel(CONFLICT).joined(1).cancel("refused", 1, sent=Sent.NO).read(NEW, 6), "venue refused",
    ),
    "a throttle that ends with the deadline is waited for": (
        "full", lambda s: s.cancel(Throttled(retry_after_s=9), took=1).read(NEW, 2), "unknown",
    ),
    "a read that begins with the end of a throttle is one after it": (
        "full", lambda s: s.cancel(Throttled(retry_after_s=60), took=1).read(NEW, 1), "unknown.",
    ),
    "a read that began before the throttle's end is none": (
        "full", lambda s: s.cancel(Throttled(retry_after_s=60), took=1).read(NEW, 0.9), "unknown",
    ),
    "a refusal shown the lag after a receipt takes it back": (
        "full", lambda s: s.cancel(Receipt(), took=2).read(NEW, 1).read(REFUSED, 7), "venue refused.",
    ),
    "a refusal shown sooner may be that of an older cancel": (
        "full", lambda s: s.cancel(Receipt(), took=2).read(NEW, 1).read(REFUSED, 6.99), "pending",
    ),
    "a refusal that was not shown before the cancel is its own": (
        "full", lambda s: s.read(NEW, -1).cancel(Receipt(), took=2).read(REFUSED, 7), "venue refused.",
    ),
    "a refusal first shown as the cancel was signed is its own": (
        "full", lambda s: s.read(NEW, -1).cancel(Receipt()).read(REFUSED, 0).read(REFUSED, 6), "venue refused.",
    ),
    "a refusal not yet shown as the cancel was signed is its own": (
        "full", lambda s: s.cancel(Receipt()).read(NEW, 0).read(REFUSED, 6), "venue refused.",
    ),
    "of the reads before the cancel the last one counts": (
        "full", lambda s: s.read(NEW, -2).read(REFUSED, -1).cancel(Receipt()).read(REFUSED, 6), "pending",
    ),
    "a trail read just the lag after the receipt tells of its refusal": (
        "full",
        lambda s: s.cancel(Receipt(), took=2).read(NEW, 7).read(TrailRead(cancel_rejected=True), 7, action=TRAIL),
        "venue refused.",
    ),
    "a trail read sooner may tell of an older one": (
        "full",
        lambda s: s.cancel(Receipt(), took=2).read(TrailRead(cancel_rejected=True), 6.9, action=TRAIL).read(NEW, 7),
        "pending",
    ),
    "of several receipts the last one counts": (
        "full",
        lambda s: s.cancel(Receipt()).cancel(Receipt(), 3).read(NEW, 4).read(REFUSED, 8), "pending",
    ),
    "Filled, Canceled and Expired are a contradiction": (
        "full", lambda s: s.cancel(Receipt()).read(CANCELED, 1).read(order("Filled"), 2).read(order("Expired"), 3),
        "unknown.",
    ),
    "one absence is not two, even where nothing lags": (
        "prompt", lambda s: s.cancel(Gone()).read(Gone(), 1).listing(at=1).listing(at=1, action=HISTORY), "not found",
    ),
    "two absences at once are two where nothing lags": (
        "prompt",
        lambda s: s.cancel(Gone()).read(Gone(), 1).listing(at=1).listing(at=1, action=HISTORY)
        .read(Gone(), 1).listing(at=1).listing(at=1, action=HISTORY),
        "unknown order.",
    ),
    "a single read must lack it twice, too": (
        "full",
        lambda s: s.cancel(Gone()).read(Gone(), 1).listing(at=1).listing(at=1, action=HISTORY)
        .listing(at=6).listing(at=6, action=HISTORY),
        "not found",
    ),
    "absences that began with the refusal's end count": (
        "full", lambda s: missed(missed(s.cancel(Gone(), took=1), 1), 6), "unknown order.",
    ),
    "absences before the refusal do not": (
        "full", lambda s: missed(missed(s, -6).cancel(Gone(), took=1), 1), "not found",
    ),
    "an attempt that was not sent is no later cancel": (
        "full",
        lambda s: s.cancel(Receipt()).read(NEW, 1).read(REFUSED, 6.1).cancel("refused", 7, sent=Sent.NO), "venue refused.",
    ),
    "a refusal shown after a read without it, but perhaps of before that": (
        "full", lambda s: s.cancel(Receipt()).read(NEW, 2).read(REFUSED, 7), "pending",
    ),
    "a refusal shown the lag after a read without it": (
        "full", lambda s: s.cancel(Receipt()).read(NEW, 2).read(REFUSED, 7.1), "venue refused.",
    ),
    "a refusal shown since an earlier read without it": (
        "full", lambda s: s.cancel(Receipt()).read(NEW, 1).read(NEW, 6).read(REFUSED, 7), "venue refused.",
    ),
    "of two receipts nobody knows whose refusal the order shows": (
        "full", lambda s: s.cancel(Receipt()).read(NEW, 1).cancel(Receipt(), 2).read(NEW, 3).read(REFUSED, 9), "pending",
    ),
    "but a trail tells of the last one": (
        "full",
        lambda s: s.cancel(Receipt()).read(NEW, 1).cancel(Receipt(), 2).read(REFUSED, 9)
        .read(TrailRead(cancel_rejected=True), 9.2, action=TRAIL),
        "venue refused.",
    ),
    "three absences are two": ("full", lambda s: missed(missed(missed(s.cancel(Gone()), 1), 6), 7), "unknown order."),
    "a history in one page that shows the end is a search": (
        "shifting", lambda s: s.cancel(Receipt()).listing(CANCELED, at=1, action=HISTORY), "canceled.",
    ),
    "an answer that came with the caller is its own": (
        "full", lambda s: s.cancel(Throttled(acted=Acted.NO, retry_after_s=60), took=1).joined(1), "throttled.",
    ),
    "listings that began with the end of the read of the end are a search": (
        "shifting",
        lambda s: s.read(NEW, -4).cancel(Receipt()).read(CANCELED, 1).listing(at=1.1).listing(at=1.1, action=HISTORY),
        "canceled.",
    ),
    "listings that began a moment sooner are none": (
        "shifting",
        lambda s: s.read(NEW, -4).cancel(Receipt()).read(CANCELED, 1).listing(at=1.0).listing(at=1.1, action=HISTORY),
        "unknown",
    ),
    "listings that lack the order the lag after it was first shown are a search": (
        "shifting", lambda s: s.cancel(Receipt()).read(CANCELED, 1).listing(at=6.1).listing(at=6.1, action=HISTORY), "canceled.",
    ),
    "a moment sooner they may be of before it was placed": (
        "shifting", lambda s: s.cancel(Receipt()).read(CANCELED, 1).listing(at=6.09).listing(at=6.1, action=HISTORY), "unknown",
    ),
    "an heir that names an order which no read shows": (
        "shifting", lambda s: missed(s.cancel(Gone()), 1).listing(order("New", "8", replaces=OrderId("7")), at=6), "replaced.",
    ),
    "an heir that names an order which a read that lags shows as it was": (
        "shifting",
        lambda s: s.cancel(Gone()).listing(order("New", "8", replaces=OrderId("7")), at=1).read(NEW, 6), "replaced.",
    ),
    "an order that names itself is no heir": (
        "shifting", lambda s: s.cancel(CONFLICT).listing(order("New", replaces=OrderId("7")), at=6), "venue refused.",
    ),
    "another account's heir is none": (
        "shifting",
        lambda s: s.cancel(CONFLICT).listing(order("New", "8", replaces=OrderId("7"), account="10"), at=1).read(NEW, 6),
        "venue refused.",
    ),
    "a later read of the end does not undo the search": (
        "shifting",
        lambda s: s.cancel(Receipt()).read(CANCELED, 1).listing(at=7).listing(at=7, action=HISTORY).read(CANCELED, 8),
        "canceled.",
    ),
    "open orders that show it Canceled are no search": (
        "shifting", lambda s: s.cancel(Receipt()).listing(CANCELED, at=1), "unknown",
    ),
    "a history in two pages that began as a read of the end ended is a search": (
        "shifting",
        lambda s: s.cancel(Receipt()).read(CANCELED, 1, took=1).read(Listing(rows=(CANCELED,), pages=2), 2, action=HISTORY),
        "canceled.",
    ),
    "a history in two pages that began before that is none": (
        "shifting",
        lambda s: s.cancel(Receipt()).read(CANCELED, 1, took=1).read(Listing(rows=(CANCELED,), pages=2), 1.9, action=HISTORY),
        "unknown",
    ),
    "an heir by the client's id stands before the order in a listing": (
        "full", lambda s: s.cancel(CONFLICT).listing(heir(), replaced(), at=1, action=HISTORY).read(replaced(), 2), "replaced.",
    ),
    "an heir between two rows of the order is an earlier bearer's": (
        "full", lambda s: s.cancel(CONFLICT).listing(replaced(), heir(), replaced(), at=1, action=HISTORY), "unknown",
    ),
    "the linked orders are known by a listing that began with the read of the end": (
        "full", lambda s: s.cancel(Receipt()).read(leg(), 1).read("reset", 1, action=HISTORY), "canceled.",
    ),
    "not by one that began sooner": (
        "full", lambda s: s.cancel(Receipt()).read(leg(), 1).read("reset", 0.9, action=HISTORY), "canceled",
    ),
    "the first read of the end counts": (
        "full", lambda s: s.cancel(Receipt()).read(leg(), 1).listing(at=2, action=HISTORY).read(leg(), 3), "canceled.",
    ),
    "three listings that hang are as good as two": (
        "full",
        lambda s: s.cancel(Receipt()).read(leg(), 1).began(HISTORY, 2).began(HISTORY, 5).began(HISTORY, 8), "canceled.",
    ),
    "a read that began as the caller came is its own": (
        "full", lambda s: s.cancel(Throttled(acted=Acted.NO, retry_after_s=60)).joined(20).read(NEW, 20), "throttled",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("venue", "happened", "proved"), PROVED.values(), ids=PROVED)
def test_what_is_proved_at_the_very_moment(told: Told, venue: str, happened: Happened, proved: str) -> None:
    """What happened proves exactly this."""
    assert happened(told(venue)).says() == proved


#: id: (how it is told, what happened, whose cancel it was).
WHOSE: dict[str, tuple[dict[str, Any], Happened, CanceledBy]] = {
    "a receipt that came with the caller is its own": (
        {"joined_at": 1}, lambda s: s.cancel(Receipt(executed=True), took=1).read(CANCELED, 2), CanceledBy.THIS_REQUEST,
    ),
    "a read that ended as the caller came was earlier": (
        {"joined_at": 1}, lambda s: s.cancel("reset", took=0.25).read(CANCELED, 0.5, took=0.5), CanceledBy.EARLIER,
    ),
    "a read that ended as the cancel was signed was earlier": (
        {}, lambda s: s.read(CANCELED, 0, took=1).cancel(Receipt(), 1), CanceledBy.EARLIER,
    ),
    "alive in a read that began with the refusal's end": (
        {}, lambda s: s.cancel(CONFLICT, took=1).read(NEW, 1).read(CANCELED, 2), CanceledBy.UNDETERMINED,
    ),
    "alive in a read that began before it": (
        {}, lambda s: s.cancel(CONFLICT, took=1).read(NEW, 0.9).read(CANCELED, 2), CanceledBy.EARLIER,
    ),
    "alive after the first of two refusals": (
        {}, lambda s: s.cancel(CONFLICT).read(NEW, 1).cancel(CONFLICT, 2).read(CANCELED, 3), CanceledBy.UNDETERMINED,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("how", "happened", "whose"), WHOSE.values(), ids=WHOSE)
def test_whose_cancel_it_was_at_the_very_moment(
    told: Told, how: dict[str, Any], happened: Happened, whose: CanceledBy
) -> None:
    """Nobody claims what a rival may have done, and nobody disclaims the own."""
    assert happened(told(**how)).ack().canceled_by is whose


def watched(story: Any, until: float) -> Any:
    """Read the order again and again, until the backoff is at its longest; the last read is over by then."""
    for n in range(8, 0, -1):
        story.read(order("Error"), until - n / 4, took=0.01 if n > 1 else 0.25)
    return story


NEVER, AT_ONCE = math.inf, -math.inf
#: id: (how it is told, what happened, when a cancel is due).
DUE: dict[str, tuple[dict[str, Any], Happened, float]] = {
    "first": ({}, lambda s: s, AT_ONCE),
    "never for one who may not send": ({"may_send": False}, lambda s: s, NEVER),
    "never again for one who may not send": ({"may_send": False}, lambda s: s.cancel("reset").read(NEW, 1), NEVER),
    "never of a dead order": ({}, lambda s: s.read(order("Partially Filled", filled_quantity=Decimal(3)), 0).read(CANCELED, 1), NEVER),
    "never of a leaving order": ({}, lambda s: s.cancel("reset").read(order("Pending Cancel"), 1), NEVER),
    "not of one that a read which may lag shows alive again": (
        {}, lambda s: s.cancel("reset").read(order("Pending Cancel"), 1).read(NEW, 6), NEVER,
    ),
    "of one that was leaving, and lives the lag after that": (
        {}, lambda s: s.cancel("reset").read(order("Pending Cancel"), 1).read(NEW, 6.1), 0.2,
    ),
    "never of a replaced order": ({}, lambda s: s.cancel("reset").read(replaced(), 1), NEVER),
    "a wait after a doubt, once seen alive": ({}, lambda s: s.cancel("reset", took=2).read(NEW, 2), 2.1),
    "not for a read that began before the doubt": ({}, lambda s: s.cancel("reset", took=2).read(NEW, 1.9), NEVER),
    "not while its state cannot be read": ({}, lambda s: s.cancel("reset", took=2).read(order("Error"), 2), NEVER),
    "not after a fault of a plugin": ({}, lambda s: s.cancel("bug", broken=True).read(NEW, 2), NEVER),
    "twice the wait after the second": (
        {}, lambda s: s.cancel("reset").read(NEW, 1).cancel("reset", 2, took=1).read(NEW, 3), 3.2,
    ),
    "as long as the policy says": (
        {"first_wait_s": 2.0}, lambda s: s.cancel("reset", took=2).read(NEW, 2), 4.0,
    ),
    "no more often than the policy says": (
        {"most_attempts": 2}, lambda s: s.cancel("reset").cancel("reset", 1).read(NEW, 2), NEVER,
    ),
    "nor if more were sent already": (
        {"most_attempts": 2}, lambda s: s.cancel("reset").cancel("reset", 1).cancel("reset", 2).read(NEW, 3), NEVER,
    ),
    "nor if they were sent before the clock began": (
        {"joined_at": -9, "timeout_s": 60, "most_attempts": 1}, lambda s: s.cancel("reset", -9).read(NEW, -8), NEVER,
    ),
    "what was not sent does not count": (
        {"most_attempts": 2}, lambda s: s.cancel("refused", sent=Sent.NO).cancel("reset", 1, took=1).read(NEW, 2), 2.2,
    ),
    "not at the deadline": ({"timeout_s": 2.1}, lambda s: s.cancel("reset", took=2).read(NEW, 2), NEVER),
    "the lag after a receipt": ({"venue": "plain"}, lambda s: s.cancel(Receipt(), took=2).read(NEW, 7), 7.1),
    "not for a read sooner than that": ({"venue": "plain"}, lambda s: s.cancel(Receipt(), took=2).read(NEW, 6.9), NEVER),
    "only when the trail was read, too": ({}, lambda s: s.cancel(Receipt(), took=2).read(NEW, 7), NEVER),
    "a trail read just the lag after the receipt": (
        {}, lambda s: s.cancel(Receipt(), took=2).read(NEW, 7).read(TrailRead(), 7, action=TRAIL), 7.1,
    ),
    "a trail read a little later": (
        {}, lambda s: s.cancel(Receipt(), took=2).read(NEW, 7).read(TrailRead(), 7.5, action=TRAIL), 7.1,
    ),
    "a trail read sooner does not count": (
        {}, lambda s: s.cancel(Receipt(), took=2).read(TrailRead(), 6.9, action=TRAIL).read(NEW, 7), NEVER,
    ),
    "not after a refusal that the trail tells": (
        {}, lambda s: s.cancel(Receipt(), took=2).read(NEW, 7).read(TrailRead(cancel_rejected=True), 7, action=TRAIL), NEVER,
    ),
    "again after the second receipt": (
        {"venue": "plain", "timeout_s": 60}, lambda s: s.cancel(Receipt()).cancel(Receipt(), 6, took=1).read(NEW, 12), 12.2,
    ),
    "not after the third": (
        {"venue": "plain", "timeout_s": 60},
        lambda s: s.cancel(Receipt()).cancel(Receipt(), 6).cancel(Receipt(), 12).read(NEW, 18), NEVER,
    ),
    "nor after a fourth": (
        {"venue": "plain", "timeout_s": 60},
        lambda s: s.cancel(Receipt()).cancel(Receipt(), 6).cancel(Receipt(), 12).cancel(Receipt(), 18).read(NEW, 24), NEVER,
    ),
    "not once it was withheld": ({}, lambda s: s.cancel("reset", 1).withheld(3).read(NEW, 4), NEVER),
    "nor if withheld as the attempt began": ({}, lambda s: s.cancel("reset", 1).withheld(1).read(NEW, 4), NEVER),
    "but if an earlier one was": ({}, lambda s: s.withheld(0.5).cancel("reset", 1, took=1).read(NEW, 4), 2.1),
    "a session's refusal is no repeat": ({}, lambda s: s.cancel(SessionRefused(), 1, took=1).withheld(3), 2.0),
    "nor is the want of a session": (
        {}, lambda s: s.cancel(NoSession(failure=Throttled(retry_after_s=4)), 1, took=1).withheld(3), 6.0,
    ),
    "not after two sessions": ({}, lambda s: s.cancel(SessionRefused()).cancel(SessionRefused(), 1), NEVER),
    "nor after three": (
        {}, lambda s: s.cancel(SessionRefused()).cancel(SessionRefused(), 1).cancel(SessionRefused(), 2), NEVER,
    ),
    "sessions that were refused before the caller came do not count": (
        {}, lambda s: s.cancel(SessionRefused()).cancel(SessionRefused(), 1).joined(5).cancel(SessionRefused(), 5, took=1), 6.0,
    ),
    "one that was refused as the caller came does": (
        {}, lambda s: s.cancel(SessionRefused(), took=5).joined(5).cancel(SessionRefused(), 5, took=1), NEVER,
    ),
    "a session refused beside an attempt without an answer": (
        {}, lambda s: s.began(CANCEL, 0).cancel(SessionRefused(), 4, took=1), 5.0,
    ),
    "its own for one who joined an overdue attempt": ({}, lambda s: s.began(CANCEL, 0).joined(4), AT_ONCE),
    "and as it became overdue": ({}, lambda s: s.began(CANCEL, 0).joined(3), AT_ONCE),
    "none beside one that was shared in time": ({}, lambda s: s.began(CANCEL, 0).joined(2.9), NEVER),
    "none beside one that is queued": ({}, lambda s: s.began(CANCEL, 0, signed=False).joined(9), NEVER),
    "its own for one who came after an answer": ({}, lambda s: s.cancel(CONFLICT).joined(1), AT_ONCE),
    "none for one who came with the answer": ({}, lambda s: s.cancel(CONFLICT, took=1).joined(1), NEVER),
    "a native id once the first was not sent": (
        {"venue": "native", "order": ALIAS}, lambda s: s.cancel("refused", sent=Sent.NO, took=1), 1.1,
    ),
    "a native id that was not processed": (
        {"venue": "native", "order": ALIAS}, lambda s: s.cancel(Throttled(acted=Acted.NO), took=1), 1.1,
    ),
    "no native id after a doubt, though seen alive": (
        {"venue": "native", "order": ALIAS},
        lambda s: s.cancel("reset").listing(order("New", client_order_id=ALIAS), at=2), NEVER,
    ),
    "no native id after a doubt, though the last was not sent": (
        {"venue": "native", "order": ALIAS}, lambda s: s.cancel("reset").cancel("refused", 2, sent=Sent.NO), NEVER,
    ),
    "no native id after a refusal, though the last was not sent": (
        {"venue": "native", "order": ALIAS}, lambda s: s.cancel(CONFLICT).cancel("refused", 2, sent=Sent.NO), NEVER,
    ),
    "no native id for one who comes after a refusal": (
        {"venue": "native", "order": ALIAS}, lambda s: s.cancel(CONFLICT).joined(2), NEVER,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("how", "happened", "due"), DUE.values(), ids=DUE)
def test_when_a_cancel_is_due(told: Told, how: dict[str, Any], happened: Happened, due: float) -> None:
    """A cancel is owed at exactly that time, or never."""
    assert happened(told(**how)).due() == due


#: id: (what happened, at what time, what its cancel takes from the budget).
PRICES: dict[str, tuple[Happened, float, int]] = {
    "the first": (lambda s: s, 0, 0),
    "after a fault": (lambda s: s.cancel("reset").read(NEW, 1), 2, 5),
    "after a refusal by a failing server": (lambda s: s.cancel(Throttled()).read(NEW, 1), 2, 5),
    "after a time-out": (lambda s: s.cancel("timed out", took=3).read(NEW, 4), 5, 10),
    "after one that took longer": (lambda s: s.cancel("timed out", took=3.5).read(NEW, 4), 5, 10),
    "after a fault that came late, but in time": (lambda s: s.cancel("reset", took=2.9).read(NEW, 4), 5, 5),
    "after an answer that came too late": (lambda s: s.cancel(Throttled(), took=4).read(NEW, 5), 6, 5),
    "beside one that is overdue": (lambda s: s.began(CANCEL, 0).read(NEW, 4), 5, 10),
    "after a refused session": (lambda s: s.cancel(SessionRefused()), 1, 0),
    "after no session": (lambda s: s.cancel(NoSession(failure=Throttled(retry_after_s=1))), 2, 0),
    "by the last of two": (lambda s: s.cancel("timed out", took=3).read(NEW, 4).cancel("reset", 5).read(NEW, 6), 7, 5),
    "by the last of two, the other way": (
        lambda s: s.cancel("reset").read(NEW, 1).cancel("timed out", 2, took=3).read(NEW, 6), 7, 10,
    ),
    "none for reads": (lambda s: s.cancel(Receipt()), 1, 0),
}  # fmt: skip


@pytest.mark.parametrize(("happened", "now", "tokens"), PRICES.values(), ids=PRICES)
def test_what_a_repeat_takes_from_the_budget(told: Told, happened: Happened, now: float, tokens: int) -> None:
    """Law 8: 5 tokens for a repeat, 10 after a time-out, none for a first cancel or one sent anew."""
    assert happened(told()).plans(now).tokens == tokens


#: id: (how it is told, what happened, now, what begins next).
NEXT: dict[str, tuple[dict[str, Any], Happened, float, str]] = {
    "the trail, just the lag after the receipt": ({}, lambda s: s.cancel(Receipt(), took=1).read(NEW, 6), 6.1, "trail 6.1"),
    "no trail before the lag after the last receipt": (
        {}, lambda s: s.cancel(Receipt()).cancel(Receipt(), 3).read(NEW, 6), 6.1, "read 6.15",
    ),
    "a read of the youngest attempt's own": (
        {}, lambda s: [s.cancel(CONFLICT), [s.read(NEW, n / 10) for n in range(2, 9)], s.cancel("reset", 1)][-1], 1.1, "read 1.1",
    ),
    "the same, a little later": (
        {}, lambda s: [s.cancel(CONFLICT), [s.read(NEW, n / 10) for n in range(2, 9)], s.cancel("reset", 1)][-1], 1.3, "read 1.3",
    ),
    "a read for one who came only to look": ({"may_send": False}, lambda s: s, 0, "read 0"),
    "another one whenever the first was": (
        {"may_send": False, "joined_at": -5}, lambda s: s.read(NEW, -1), -0.9, "read -0.85",
    ),
    "a look-up just after the lag since the first": (
        {"order": ALIAS, "timeout_s": 60},
        lambda s: [s, *(s.read("reset", at, action=OPEN) for at in (0, 0.3, 1, 2, 4.5))][0], 4.6, "open 5.001",
    ),
    "no other search before the lag after the first": (
        {}, lambda s: missed(s.cancel("reset", took=1), 1), 1.1, "read+open 1.15",
    ),
    "a search anew after another cancel": (
        {}, lambda s: missed(s.cancel("reset"), 4).cancel("reset", 5), 5.1, "read+open+history 5.1",
    ),
    "another search, the lag after the first": (
        {"timeout_s": 60}, lambda s: missed(missed(s.cancel("reset"), 1), 6.2), 7.5, "read+open+history 7.5",
    ),
    "a read beside another's cancel for one who came only to look": (
        {}, lambda s: s.began(CANCEL, 0).joined(0.5, may_send=False), 0.5, "read 0.5",
    ),
    "no read beside a cancel of one's own": ({}, lambda s: s.began(CANCEL, 0), 0.5, "read 3"),
    "a read of a leaving order, after as many as were tried": (
        {}, lambda s: [s, *(s.read(order("Pending Cancel"), at) for at in (0, 0.2, 3))][0], 3.1, "read 3.3",
    ),
    "a search again that failed, whenever it began": (
        {"order": ALIAS, "joined_at": -5}, lambda s: s.listing(at=-4).read("reset", -3, action=HISTORY), -2.8, "open+history -2.8",
    ),
    "a read just after the lag, before its turn": (
        {"timeout_s": 60}, lambda s: watched(s.cancel(Receipt(), took=1), 5.75), 5.75, "read 6.001",
    ),
    "not twice": ({"timeout_s": 60}, lambda s: watched(s.cancel(Receipt(), took=1), 6.5), 6.5, "read 7.5"),
    "a last read as long before the deadline as two of them take": (
        {"timeout_s": 9.8}, lambda s: watched(s.cancel(CONFLICT, took=4), 8.0).read(NEW, 8, took=0.5), 8.5, "read 8.8",
    ),
    "a last read after a quick one": (
        {"timeout_s": 9}, lambda s: watched(s.cancel(CONFLICT, took=4), 8.0).read(NEW, 8, took=0.01), 8.01, "read 8.9",
    ),
    "a last read before the first of two deadlines": (
        {"timeout_s": 9.8},
        lambda s: watched(s.joined(0, deadline=60).cancel(CONFLICT, took=4), 8.0).read(NEW, 8, took=0.5), 8.5, "read 8.8",
    ),
    "a last look-up before the first of two deadlines": (
        {"order": ALIAS, "timeout_s": 9.8},
        lambda s: [s.joined(0, deadline=60), *(s.read("reset", at, action=OPEN) for at in (2.5, 2.7, 3, 4, 7.6, 8.6))][0],
        8.7, "open 9.6",
    ),
    "a look at half of a short wait, beside one who has more patience with the attempt": (
        {}, lambda s: s.began(CANCEL, 0).joined(1, deadline=4), 1, "read 2.5",
    ),
    "a look at half of one's own wait, whenever it began": (
        {"joined_at": -2}, lambda s: s.began(CANCEL, 0, overdue_s=7), 1, "read 3",
    ),
    "a look at half of the shortest wait": (
        {}, lambda s: s.began(CANCEL, 0).joined(1, deadline=4).joined(1.5, deadline=2.5).joined(1.75), 1.75, "read 2",
    ),
    "none more for one who came as a look began": (
        {}, lambda s: s.began(CANCEL, 0).joined(1, deadline=4).read(NEW, 1), 1.1, "read 3",
    ),
    "nor for one who came before": ({}, lambda s: s.began(CANCEL, 0).joined(1, deadline=4).read(NEW, 1.2), 1.3, "read 3"),
    "but for one who came after": ({}, lambda s: s.began(CANCEL, 0).joined(1, deadline=4).read(NEW, 0.9), 1, "read 2.5"),
    "and where another call failed": (
        {}, lambda s: s.began(CANCEL, 0).joined(1, deadline=4).read("reset", 1.2, action=HISTORY), 1.3, "read 2.5",
    ),
    "no look at half of a wait for a turn": (
        {}, lambda s: s.began(CANCEL, 0, signed=False).joined(1, deadline=4), 1, "nothing",
    ),
    "a look-up again, whenever it began": (
        {"order": ALIAS, "joined_at": -5}, lambda s: s.read("reset", -1, action=OPEN), -0.9, "open -0.85",
    ),
    "a look-up in the history again, whenever it began": (
        {"order": ALIAS, "joined_at": -5, "timeout_s": 60},
        lambda s: s.listing(at=-4).listing(at=-3, action=HISTORY).listing(at=-3), -2.9, "open -2.8",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("how", "happened", "now", "begins"), NEXT.values(), ids=NEXT)
def test_what_begins_next(
    told: Told, how: dict[str, Any], happened: Happened, now: float, begins: str
) -> None:
    """That begins next, and at that time."""
    assert happened(told(**how)).then(now) == begins


def test_a_plan_for_now_wakes_nobody_in_the_past(told: Told) -> None:
    """What begins now is no reason to look again."""
    assert told().plans(0) == Plan(begin=frozenset({CANCEL}))
    assert told().cancel(Receipt()).plans(0.1) == Plan(begin=frozenset({READ}))


#: id: (what was listed of a client's id, what it proves).
LOOKED_UP: dict[str, tuple[Happened, str]] = {
    "one that is open": (lambda s: s.listing(order("New", client_order_id=ALIAS), at=0), "not sent"),
    "the last listing counts": (
        lambda s: s.listing(order("New", client_order_id=ALIAS), at=0).listing(at=1).listing(at=1, action=HISTORY), "not found",
    ),
    "a log-in that failed before the listing came": (
        lambda s: s.read(NoSession(failure=Throttled(retry_after_s=60)), 0, action=OPEN).listing(at=1), "not sent",
    ),
    "a log-in that failed after a fault": (
        lambda s: s.read("reset", 0, action=OPEN).read(NoSession(failure=Throttled(retry_after_s=60)), 1, action=OPEN),
        "throttled.",
    ),
    "a log-in that may be tried again before the deadline": (
        lambda s: s.read(NoSession(failure=Throttled(retry_after_s=8.9)), 0, took=1, action=OPEN), "throttled",
    ),
    "a log-in that may be tried again at the deadline": (
        lambda s: s.read(NoSession(failure=Throttled(retry_after_s=9)), 0, took=1, action=OPEN), "throttled.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("happened", "proved"), LOOKED_UP.values(), ids=LOOKED_UP)
def test_what_a_look_up_proves(told: Told, happened: Happened, proved: str) -> None:
    """A client's id that names no order yet."""
    assert happened(told(order=ALIAS)).says() == proved


def test_who_is_told_that_nothing_was_sent(told: Told) -> None:
    """What was not sent for one may yet be for another, who waits for longer and may send."""
    without = told().cancel(NoSession(failure=Throttled(retry_after_s=60)))
    first = without.caller
    assert without.says() == "throttled."
    without.joined(0.05, deadline=50.0)
    without.joined(0.05, deadline=100.0, may_send=False)
    without.caller = first
    assert without.says() == "throttled."
    without.joined(0.05, deadline=100.0)
    without.caller = first
    assert without.says() == "unknown."


def test_who_is_told_that_nothing_was_found(told: Told) -> None:
    """The same while a client's id is looked up."""
    without = told(order=ALIAS).read(NoSession(failure=Throttled(retry_after_s=60)), 0, action=OPEN)
    first = without.caller
    without.joined(1, deadline=float("10"))
    without.joined(1, deadline=9.0)
    without.joined(1, deadline=50.0, may_send=False)
    without.caller = first
    assert without.says() == "throttled."
    without.joined(1, deadline=11.0)
    without.caller = first
    assert without.says() == "unknown."


def test_a_replaced_order_that_died_is_not_what_a_client_id_means(told: Told) -> None:
    """Both listings show the old one; its younger bearer is still looked for."""
    story = told(order=ALIAS).listing(order("Replaced", client_order_id=ALIAS), at=0)
    story.listing(order("Canceled", client_order_id=ALIAS), at=0, action=HISTORY)
    assert story.then(0.2) != "nothing"


def test_which_order_a_client_id_means(told: Told) -> None:
    """The one that is open; else, once none is for sure, the newest of the dead."""
    alive, dead = order("New", client_order_id=ALIAS), order("Filled", "8", client_order_id=ALIAS)
    story = told(order=ALIAS).listing(alive, at=0)
    assert resolve(Survey(case=story.case)) == OrderId("7")
    story = told(order=ALIAS).listing(at=0)
    story.listing(dead, order("Canceled", "6", client_order_id=ALIAS), at=0, action=HISTORY)
    assert resolve(Survey(case=story.case)) is None
    assert resolve(Survey(case=story.listing(at=5).case)) == OrderId("8")


def test_a_look_up_is_not_over_at_any_time_of_the_clock(told: Told) -> None:
    """A monotonic clock may begin anywhere."""
    story = told(order=ALIAS, joined_at=-20).listing(at=-19).listing(at=-19, action=HISTORY)
    assert story.says() == "not found"
    assert story.listing(at=-13).listing(at=-13, action=HISTORY).says() == "not found."


def test_evidence_names_the_call_it_came_from(told: Told) -> None:
    """By the venue's own name once it was signed, by what it is for before."""
    ack = told().cancel(Receipt()).read(NEW, 1).ack()
    assert [item.source for item in ack.evidence] == ["cancel", "read"]
    queued = told().began(CANCEL, 0, signed=False).ack()
    assert ([one.call for one in queued.attempts], queued.evidence[0].source) == (["cancel"], "cancel")


def test_what_went_before_the_cancel_did_not_go_with_it(told: Told) -> None:
    """A listing that ended as the cancel was signed tells of before."""
    early = (
        told().read(Listing(rows=(leg("8"),)), -1, took=1, action=HISTORY).cancel(Receipt()).read(leg(), 1)
    )
    assert early.listing(leg("8"), leg("9"), at=2, action=HISTORY).ack().also_canceled == (OrderId("9"),)


def test_whether_a_byte_left_is_told_by_the_signature(told: Told) -> None:
    """What was signed may have been sent, what is queued was not."""
    assert told().began(CANCEL, 0).ack().sent is Sent.MAYBE
    assert told().began(CANCEL, 0, signed=False).ack().sent is Sent.NO


def test_linked_orders_do_not_name_the_order_itself(told: Told) -> None:
    """However often listings show it."""
    story = told().cancel(Receipt()).read(leg(), 1)
    story.listing(leg(), leg("8"), at=2, action=HISTORY).listing(leg(), at=3, action=HISTORY)
    assert story.ack().also_canceled == (OrderId("8"),)


def test_one_who_came_later_is_settled_by_what_it_got_itself(told: Told) -> None:
    """Its own attempt, once answered, and a read of its own are enough."""
    story = told().cancel(CONFLICT).joined(3)
    assert story.began(CANCEL, 3).read(NEW, 9).says() == "unknown"
    answered = told().cancel(CONFLICT).joined(3).cancel(CONFLICT, 3).read(NEW, 9)
    assert answered.says() == "venue refused."
    late = told(timeout_s=60)
    for at in range(5):
        late.cancel(CONFLICT, at)
    assert late.joined(20).read(NEW, 12).says() == "venue refused"
    assert late.read(NEW, 21).says() == "venue refused."
