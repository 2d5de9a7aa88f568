"""What the facts prove: a row for each cell of the outcome policy."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from countermand import (
    Assurance,
    CanceledBy,
    ClientOrderId,
    EvidenceKind,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    Reason,
    Sent,
    StatusClass,
)
from countermand._case._facts import Action, Listing, ListRefused, NoSession
from countermand._case._follow import followed
from countermand._case._kin import linked, linked_unread, searched, successor
from countermand._case._survey import Survey
from countermand.venue import (
    Acted,
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


def order(status: str, order_id: str = "7", **more: Any) -> OrderReport:
    facts = {"filled_quantity": Decimal(0), "account": "9", **more}
    return OrderReport(order_id=OrderId(order_id), status=OrderStatus(status), **facts)


NEW, CANCELED, FILLED = order("New"), order("Canceled"), order("Filled", filled_quantity=Decimal(3))
CONFLICT = Refused(reason=Reason.VENUE_REFUSED, code="101")
INVALID = Refused(reason=Reason.INVALID_REQUEST, code="100")

#: id: (what happened, outcome, reason, settled). Times: the cancel at 0, answered at 0.1.
ONE_CANCEL: dict[str, tuple[Callable[[Any], Any], Outcome, Reason | None, bool]] = {
    "nothing yet": (lambda s: s, Outcome.REJECTED, Reason.NOT_SENT, False),
    "under way": (lambda s: s.began(Action.CANCEL, 0), Outcome.UNKNOWN, None, False),
    "queued": (lambda s: s.began(Action.CANCEL, 0, signed=False), Outcome.UNKNOWN, None, False),
    "receipt": (lambda s: s.cancel(Receipt()), Outcome.PENDING, None, False),
    "receipt, still New": (lambda s: s.cancel(Receipt()).read(NEW, 1), Outcome.PENDING, None, False),
    "receipt, Canceled": (lambda s: s.cancel(Receipt()).read(CANCELED, 1), Outcome.CANCELED, None, True),
    "receipt, Filled": (lambda s: s.cancel(Receipt()).read(FILLED, 1), Outcome.REJECTED, Reason.TOO_LATE, True),
    "receipt, Expired": (
        lambda s: s.cancel(Receipt()).read(order("Expired"), 1), Outcome.REJECTED, Reason.TOO_LATE, True,
    ),
    "receipt, Rejected": (
        lambda s: s.cancel(Receipt()).read(order("Rejected"), 1), Outcome.REJECTED, Reason.TOO_LATE, True,
    ),
    "receipt, Done for Day": (
        lambda s: s.cancel(Receipt()).read(order("Done for Day"), 1), Outcome.PENDING, None, False,
    ),
    "receipt, Error": (lambda s: s.cancel(Receipt()).read(order("Error"), 1), Outcome.PENDING, None, False),
    "receipt, read fails": (lambda s: s.cancel(Receipt()).read("reset", 1), Outcome.PENDING, None, False),
    "receipt, order gone": (lambda s: s.cancel(Receipt()).read(Gone(), 1), Outcome.PENDING, None, False),
    "dead beats alive": (
        lambda s: s.cancel(Receipt()).read(CANCELED, 1).read(NEW, 2), Outcome.CANCELED, None, True,
    ),
    "Filled beats Canceled": (
        lambda s: s.cancel(Receipt()).read(FILLED, 1).read(CANCELED, 2), Outcome.REJECTED, Reason.TOO_LATE, True,
    ),
    "Canceled and Expired": (
        lambda s: s.cancel(Receipt()).read(CANCELED, 1).read(order("Expired"), 2), Outcome.UNKNOWN, None, True,
    ),
    "another order's body": (
        lambda s: s.cancel(Receipt()).read(order("Canceled", "8"), 1), Outcome.PENDING, None, False,
    ),
    "another account's order": (
        lambda s: s.cancel(Receipt()).read(order("Canceled", account="10"), 1), Outcome.PENDING, None, False,
    ),
    "no answer": (lambda s: s.cancel("reset"), Outcome.UNKNOWN, None, False),
    "no answer, still New": (lambda s: s.cancel("reset").read(NEW, 8), Outcome.UNKNOWN, None, False),
    "no answer, Canceled": (lambda s: s.cancel("reset").read(CANCELED, 1), Outcome.CANCELED, None, True),
    "no answer, Pending Cancel, then New in a read that may lag": (
        lambda s: s.cancel("reset").read(order("Pending Cancel"), 1).read(NEW, 6), Outcome.PENDING, None, False,
    ),
    "no answer, Pending Cancel, then New the lag after it": (
        lambda s: s.cancel("reset").read(order("Pending Cancel"), 1).read(NEW, 6.1), Outcome.UNKNOWN, None, False,
    ),
    "receipt, Pending Cancel, then an old refusal in a read that may lag": (
        lambda s: s.cancel(Receipt()).read(order("Pending Cancel"), 6).read(order("New", cancel_rejected=True), 6.2),
        Outcome.PENDING, None, False,
    ),
    "conflict, Pending Cancel, then New in a read that may lag": (
        lambda s: s.cancel(CONFLICT).read(order("Pending Cancel"), 6).read(NEW, 6.2), Outcome.PENDING, None, False,
    ),
    "no answer, Pending Cancel": (
        lambda s: s.cancel("reset").read(order("Pending Cancel"), 1), Outcome.PENDING, None, False,
    ),
    "no answer, order gone": (lambda s: s.cancel("reset").read(Gone(), 1), Outcome.UNKNOWN, None, False),
    "server error": (lambda s: s.cancel(MayHaveActed()).read(NEW, 8), Outcome.UNKNOWN, None, False),
    "HTML": (lambda s: s.cancel(Unreadable()).read(NEW, 8), Outcome.UNKNOWN, None, False),
    "throttled, undocumented": (lambda s: s.cancel(Throttled()).read(NEW, 8), Outcome.UNKNOWN, None, False),
    "refused along with others": (
        lambda s: s.cancel(ListRefused(text="no such list")), Outcome.REJECTED, Reason.VENUE_REFUSED, False,
    ),
    "conflict": (lambda s: s.cancel(CONFLICT), Outcome.REJECTED, Reason.VENUE_REFUSED, False),
    "conflict, alive too soon": (
        lambda s: s.cancel(CONFLICT).read(NEW, 5), Outcome.REJECTED, Reason.VENUE_REFUSED, False,
    ),
    "conflict, alive after the lag": (
        lambda s: s.cancel(CONFLICT).read(NEW, 5.2), Outcome.REJECTED, Reason.VENUE_REFUSED, True,
    ),
    "conflict, unreadable status": (
        lambda s: s.cancel(CONFLICT).read(order("Error"), 5.2), Outcome.REJECTED, Reason.VENUE_REFUSED, False,
    ),
    "conflict, Filled": (lambda s: s.cancel(CONFLICT).read(FILLED, 1), Outcome.REJECTED, Reason.TOO_LATE, True),
    "conflict, Canceled": (lambda s: s.cancel(CONFLICT).read(CANCELED, 1), Outcome.CANCELED, None, True),
    "conflict, Pending Cancel": (
        lambda s: s.cancel(CONFLICT).read(order("Pending Cancel"), 1), Outcome.PENDING, None, False,
    ),
    "conflict, Pending Replace": (
        lambda s: s.cancel(CONFLICT).read(order("Pending Replace"), 5.2), Outcome.REJECTED, Reason.PENDING_REPLACE, True,
    ),
    "conflict, gone": (lambda s: s.cancel(CONFLICT).read(Gone(), 1), Outcome.REJECTED, Reason.NOT_FOUND, False),
    "invalid": (lambda s: s.cancel(INVALID), Outcome.REJECTED, Reason.INVALID_REQUEST, False),
    "invalid, read fails": (
        lambda s: s.cancel(INVALID).read(Unreadable(), 1), Outcome.REJECTED, Reason.INVALID_REQUEST, True,
    ),
    "invalid, alive": (
        lambda s: s.cancel(INVALID).read(NEW, 1), Outcome.REJECTED, Reason.INVALID_REQUEST, True,
    ),
    "invalid, Filled": (lambda s: s.cancel(INVALID).read(FILLED, 1), Outcome.REJECTED, Reason.TOO_LATE, True),
    "not found": (lambda s: s.cancel(Gone()), Outcome.REJECTED, Reason.NOT_FOUND, False),
    "not found, alive after the lag": (
        lambda s: s.cancel(Gone()).read(NEW, 6), Outcome.REJECTED, Reason.VENUE_REFUSED, True,
    ),
    "throttled, not processed": (
        lambda s: s.cancel(Throttled(acted=Acted.NO, retry_after_s=3)),
        Outcome.REJECTED, Reason.THROTTLED, False,
    ),
    "throttled, not processed, for longer than the caller waits": (
        lambda s: s.cancel(Throttled(acted=Acted.NO, retry_after_s=10)),
        Outcome.REJECTED, Reason.THROTTLED, True,
    ),
    "session refused once": (
        lambda s: s.cancel(SessionRefused()), Outcome.REJECTED, Reason.NOT_AUTHORIZED, False,
    ),
    "session refused twice": (
        lambda s: s.cancel(SessionRefused()).cancel(SessionRefused(), 1, session=2),
        Outcome.REJECTED, Reason.NOT_AUTHORIZED, True,
    ),
    "no such function, reads work": (
        lambda s: s.cancel(SessionRefused(or_unsupported=True))
        .cancel(SessionRefused(or_unsupported=True), 1, session=2).read(NEW, 2),
        Outcome.REJECTED, Reason.NOT_SUPPORTED, True,
    ),
    "no such function, nothing works": (
        lambda s: s.cancel(SessionRefused(or_unsupported=True))
        .cancel(SessionRefused(or_unsupported=True), 1, session=2).read(SessionRefused(), 2),
        Outcome.REJECTED, Reason.NOT_AUTHORIZED, True,
    ),
    "connect refused": (
        lambda s: s.cancel("refused", sent=Sent.NO), Outcome.REJECTED, Reason.NOT_SENT, False,
    ),
    "log-in refused": (
        lambda s: s.cancel(NoSession(failure=Refused(text="bad password")), sent=Sent.NO),
        Outcome.REJECTED, Reason.NOT_AUTHORIZED, True,
    ),
    "log-in throttled": (
        lambda s: s.cancel(NoSession(failure=Throttled(retry_after_s=9))), Outcome.REJECTED, Reason.THROTTLED, False,
    ),
    "log-in throttled for longer than the caller waits": (
        lambda s: s.cancel(NoSession(failure=Throttled(retry_after_s=10))), Outcome.REJECTED, Reason.THROTTLED, True,
    ),
    "log-in unreadable": (
        lambda s: s.cancel(NoSession(failure=Unreadable())), Outcome.REJECTED, Reason.NOT_SENT, False,
    ),
    "one speaks for all: no answer, then refused": (
        lambda s: s.cancel("reset").cancel(CONFLICT, 1).read(NEW, 8), Outcome.UNKNOWN, None, False,
    ),
    "one speaks for all: receipt, then refused": (
        lambda s: s.cancel(Receipt()).cancel(CONFLICT, 1).read(NEW, 8), Outcome.PENDING, None, False,
    ),
    "one speaks for all: no answer, then not sent": (
        lambda s: s.cancel("reset").cancel("refused", 1, sent=Sent.NO), Outcome.UNKNOWN, None, False,
    ),
    "one speaks for all: refused, then not sent": (
        lambda s: s.cancel(CONFLICT).cancel("refused", 1, sent=Sent.NO).read(NEW, 8),
        Outcome.REJECTED, Reason.VENUE_REFUSED, False,
    ),
    "receipt, a refusal that the order bore from the start": (
        lambda s: s.cancel(Receipt()).read(order("New", cancel_rejected=True), 1).read(order("New", cancel_rejected=True), 6),
        Outcome.PENDING, None, False,
    ),
    "receipt, then a replace under way": (
        lambda s: s.cancel(Receipt()).read(order("Pending Replace", cancel_rejected=True), 6), Outcome.PENDING, None, False,
    ),
    "receipt, then the market refuses": (
        lambda s: s.cancel(Receipt()).read(NEW, 1).read(order("New", cancel_rejected=True), 6.2),
        Outcome.REJECTED, Reason.VENUE_REFUSED, True,
    ),
    "receipt, then the market refuses, and a read that lags shows it no more": (
        lambda s: s.cancel(Receipt()).read(NEW, 1).read(order("New", cancel_rejected=True), 6.2).read(NEW, 7),
        Outcome.REJECTED, Reason.VENUE_REFUSED, True,
    ),
    "receipt, an old refusal shown too soon": (
        lambda s: s.cancel(Receipt()).read(order("New", cancel_rejected=True), 4), Outcome.PENDING, None, False,
    ),
    "receipt, the trail tells of the refusal": (
        lambda s: s.cancel(Receipt()).read(NEW, 6).read(TrailRead(cancel_rejected=True), 6.2, action=Action.TRAIL),
        Outcome.REJECTED, Reason.VENUE_REFUSED, True,
    ),
    "receipt, refusal shown, another attempt open": (
        lambda s: s.cancel(Receipt()).cancel("reset", 1).read(order("New", cancel_rejected=True), 7),
        Outcome.PENDING, None, False,
    ),
    "receipt, refusal shown, then Pending Cancel": (
        lambda s: s.cancel(Receipt()).read(order("New", cancel_rejected=True), 2).read(order("Pending Cancel"), 6),
        Outcome.PENDING, None, False,
    ),
    "receipt, refused, sent again, the old refusal still shown": (
        lambda s: s.cancel(Receipt()).read(NEW, 1).read(order("New", cancel_rejected=True), 6)
        .cancel(Receipt(), 7).read(order("New", cancel_rejected=True), 12.5),
        Outcome.PENDING, None, False,
    ),
    "Replaced, later shown as Canceled, no successor": (
        lambda s: s.cancel(CONFLICT).read(order("Replaced"), 1).listing(CANCELED, at=2, action=Action.HISTORY),
        Outcome.UNKNOWN, None, False,
    ),
    "legs alive": (
        lambda s: s.cancel(Receipt()).read(order("Canceled", legs=(order("Canceled", "71"), order("New", "72"))), 1),
        Outcome.PENDING, None, False,
    ),
    "legs dead": (
        lambda s: s.cancel(Receipt()).read(order("Canceled", legs=(order("Canceled", "71"),)), 1),
        Outcome.CANCELED, None, True,
    ),
    "legs alive, and a trail that leaves them out": (
        lambda s: s.cancel(Receipt()).read(order("Canceled", legs=(order("New", "72"),)), 6)
        .read(CANCELED, 6.2, action=Action.TRAIL),
        Outcome.PENDING, None, False,
    ),
    "a trail that leaves the legs out, and then legs alive": (
        lambda s: s.cancel(Receipt()).read(FILLED, 6, action=Action.TRAIL)
        .read(order("Filled", legs=(order("New", "72"),), filled_quantity=Decimal(3)), 6.2),
        Outcome.PENDING, None, False,
    ),
    "a trail that leaves the legs out, and legs dead of an order that seems alive": (
        lambda s: s.cancel(Receipt()).read(CANCELED, 6, action=Action.TRAIL)
        .read(order("New", legs=(order("Canceled", "72"),)), 6.2).read(order("New", legs=(order("New", "72"),)), 6.4),
        Outcome.CANCELED, None, True,
    ),
    "legs alive, and then no more legs": (
        lambda s: s.cancel(Receipt()).read(order("New", legs=(order("New", "72"),)), 1).read(CANCELED, 2),
        Outcome.CANCELED, None, True,
    ),
    "Replaced": (lambda s: s.cancel(CONFLICT).read(order("Replaced"), 1), Outcome.UNKNOWN, None, False),
    "Replaced, successor listed": (
        lambda s: s.cancel(CONFLICT).read(order("Replaced"), 1)
        .listing(order("Replaced"), order("New", "8", replaces=OrderId("7")), at=2, action=Action.HISTORY),
        Outcome.REJECTED, Reason.REPLACED, True,
    ),
    "Replaced, no successor to be seen": (
        lambda s: s.cancel(CONFLICT).read(order("Replaced"), 1).listing(order("Replaced"), at=2, action=Action.HISTORY),
        Outcome.UNKNOWN, None, False,
    ),
    "Replaced, successor by client id": (
        lambda s: s.cancel(CONFLICT).read(order("Replaced", client_order_id=ClientOrderId("a")), 1).listing(
            order("New", "9", replaces=ClientOrderId("b"), client_order_id=ClientOrderId("c")),
            order("Replaced", "8", replaces=ClientOrderId("a"), client_order_id=ClientOrderId("b")),
            order("Replaced", client_order_id=ClientOrderId("a")), at=2, action=Action.HISTORY,
        ),
        Outcome.REJECTED, Reason.REPLACED, True,
    ),
    "an heir of an earlier bearer of the client id": (
        lambda s: s.cancel(CONFLICT).read(order("Replaced", client_order_id=ClientOrderId("a")), 1).listing(
            order("Replaced", client_order_id=ClientOrderId("a")),
            order("New", "5", replaces=ClientOrderId("a"), client_order_id=ClientOrderId("b")),
            order("Replaced", "4", client_order_id=ClientOrderId("a")), at=2, action=Action.HISTORY,
        ),
        Outcome.UNKNOWN, None, False,
    ),
    "filled more than at its end": (
        lambda s: s.cancel(Receipt()).read(order("Partially Filled", filled_quantity=Decimal(3)), 1).read(CANCELED, 2),
        Outcome.UNKNOWN, None, False,
    ),
    "session refused, then none to be had": (
        lambda s: s.cancel(SessionRefused()).cancel(NoSession(failure=Refused()), 1, sent=Sent.NO),
        Outcome.REJECTED, Reason.NOT_AUTHORIZED, True,
    ),
    "throttled for longer than the caller waits": (
        lambda s: s.cancel(Throttled(retry_after_s=60)).read(NEW, 1), Outcome.UNKNOWN, None, True,
    ),
    "throttled for longer, not read yet": (
        lambda s: s.cancel(Throttled(retry_after_s=60)), Outcome.UNKNOWN, None, False,
    ),
    "throttled for a moment": (
        lambda s: s.cancel(Throttled(retry_after_s=1)).read(NEW, 1), Outcome.UNKNOWN, None, False,
    ),
    "another account's successor": (
        lambda s: s.cancel(CONFLICT).read(order("Replaced"), 1)
        .listing(order("New", "8", replaces=OrderId("7"), account="10"), at=2, action=Action.HISTORY),
        Outcome.UNKNOWN, None, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("happened", "outcome", "reason", "settled"), ONE_CANCEL.values(), ids=ONE_CANCEL)
def test_each_cell_of_the_policy(
    told: Told, happened: Callable[[Any], Any], outcome: Outcome, reason: Reason | None, settled: bool
) -> None:
    """What happened proves exactly this, and can be told as an ack."""
    story = happened(told())
    conclusion = story.concludes()
    assert (conclusion.outcome, conclusion.reason, conclusion.settled) == (outcome, reason, settled)
    ack = story.ack()
    assert (ack.outcome, ack.reason) == (outcome, reason)


#: At a venue whose replaced orders read Canceled; the cancel got its receipt.
SHIFTING: dict[str, tuple[Callable[[Any], Any], Outcome, Reason | None]] = {
    "Canceled, not searched": (lambda s: s, Outcome.UNKNOWN, None),
    "history shows it, no successor": (
        lambda s: s.listing(CANCELED, at=2, action=Action.HISTORY), Outcome.CANCELED, None,
    ),
    "history shows the successor": (
        lambda s: s.listing(order("New", "8", replaces=OrderId("7")), CANCELED, at=2, action=Action.HISTORY),
        Outcome.REJECTED, Reason.REPLACED,
    ),
    "history lacks it": (lambda s: s.listing(at=2, action=Action.HISTORY), Outcome.UNKNOWN, None),
    "history lacks it, open orders searched": (
        lambda s: s.listing(at=7, action=Action.HISTORY).listing(at=7, action=Action.OPEN), Outcome.CANCELED, None,
    ),
    "history lacks it, open orders searched, both perhaps as it was before it was placed": (
        lambda s: s.listing(at=2, action=Action.HISTORY).listing(at=2, action=Action.OPEN), Outcome.UNKNOWN, None,
    ),
    "both lack it, but began before the read": (
        lambda s: s.listing(at=0.5, action=Action.HISTORY).listing(at=0.5, action=Action.OPEN), Outcome.UNKNOWN, None,
    ),
    "both lack it, but began while it was read": (
        lambda s: s.listing(at=1, action=Action.HISTORY).listing(at=1, action=Action.OPEN), Outcome.UNKNOWN, None,
    ),
    "open orders lack it, but history shows it as it was": (
        lambda s: s.listing(NEW, at=2, action=Action.HISTORY).listing(at=2, action=Action.OPEN), Outcome.UNKNOWN, None,
    ),
    "open orders show it as it was, and history lacks it": (
        lambda s: s.listing(at=2, action=Action.HISTORY).listing(NEW, at=2, action=Action.OPEN), Outcome.UNKNOWN, None,
    ),
    "open orders show the successor": (
        lambda s: s.listing(order("New", "8", replaces=OrderId("7")), at=2, action=Action.OPEN),
        Outcome.REJECTED, Reason.REPLACED,
    ),
    "history of two pages": (
        lambda s: s.read(Listing(rows=(CANCELED,), pages=2), 0.9, action=Action.HISTORY), Outcome.UNKNOWN, None,
    ),
    "history of two pages, begun after the order was read dead": (
        lambda s: s.read(Listing(rows=(CANCELED,), pages=2), 2, action=Action.HISTORY), Outcome.CANCELED, None,
    ),
    "history failed": (lambda s: s.read("reset", 2, action=Action.HISTORY), Outcome.UNKNOWN, None),
    "an order that may be its successor, in a listing that lacks it": (
        lambda s: s.read(order("Canceled", client_order_id=ClientOrderId("a")), 1.5)
        .listing(at=7, action=Action.HISTORY).listing(order("New", "8", replaces=ClientOrderId("a")), at=7),
        Outcome.UNKNOWN, None,
    ),
    "history shows it still alive": (
        lambda s: s.listing(NEW, at=2, action=Action.HISTORY), Outcome.UNKNOWN, None,
    ),
    "an order that replaces itself": (
        lambda s: s.listing(order("Canceled", replaces=OrderId("7")), at=2, action=Action.HISTORY), Outcome.CANCELED, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("happened", "outcome", "reason"), SHIFTING.values(), ids=SHIFTING)
def test_canceled_is_searched_for_a_successor(
    told: Told, happened: Callable[[Any], Any], outcome: Outcome, reason: Reason | None
) -> None:
    """Where a replaced order reads Canceled, Canceled alone settles nothing."""
    story = happened(told("shifting").cancel(Receipt()).read(CANCELED, 1))
    assert (story.ack().outcome, story.ack().reason) == (outcome, reason)


@pytest.mark.parametrize(("at", "outcome"), [(8, Outcome.UNKNOWN), (11, Outcome.CANCELED)])
def test_listings_of_before_the_end_are_no_search(told: Told, at: float, outcome: Outcome) -> None:
    """However long the order was known by then."""
    story = told("shifting").cancel(Receipt()).read(NEW, 1)
    story = story.listing(at=at, action=Action.HISTORY).listing(at=at, action=Action.OPEN)
    assert story.read(CANCELED, 9).ack().outcome is outcome


def test_without_a_history_open_orders_are_search_enough(told: Told) -> None:
    """A venue without a history is searched in its open orders."""
    story = told("plain").cancel(CONFLICT).read(order("Replaced"), 1)
    heir = order("New", "8", replaces=OrderId("7"))
    assert story.listing(heir, at=2).ack().successor == OrderId("8")


#: id: (what happened, whose cancel it was).
CANCELED_BY: dict[str, tuple[Callable[[Any], Any], CanceledBy]] = {
    "read before anything was sent": (lambda s: s.read(CANCELED, 0), CanceledBy.EARLIER),
    "all refused": (lambda s: s.cancel(CONFLICT).read(CANCELED, 1), CanceledBy.EARLIER),
    "read began before the cancel": (lambda s: s.read(CANCELED, 0).cancel(Receipt(), 1), CanceledBy.EARLIER),
    "receipt": (lambda s: s.cancel(Receipt()).read(CANCELED, 1), CanceledBy.UNDETERMINED),
    "receipt that promises it": (
        lambda s: s.cancel(Receipt(executed=True)).read(CANCELED, 1), CanceledBy.THIS_REQUEST,
    ),
    "refused, alive after that": (
        lambda s: s.cancel(CONFLICT).read(NEW, 1).read(CANCELED, 2), CanceledBy.UNDETERMINED,
    ),
    "a read that ended after the cancel was signed": (
        lambda s: s.read(CANCELED, 0, took=2).cancel(Receipt(), 1), CanceledBy.UNDETERMINED,
    ),
    "no answer": (lambda s: s.cancel("reset").read(CANCELED, 1), CanceledBy.UNDETERMINED),
    "no answer yet": (lambda s: s.began(Action.CANCEL, 0).read(CANCELED, 1), CanceledBy.UNDETERMINED),
}  # fmt: skip


@pytest.mark.parametrize(("happened", "by"), CANCELED_BY.values(), ids=CANCELED_BY)
def test_whose_cancel_it_was(told: Told, happened: Callable[[Any], Any], by: CanceledBy) -> None:
    """Nobody claims a cancel that a rival's may have been."""
    assert happened(told()).ack().canceled_by is by


def test_a_receipt_from_before_the_caller_came_is_not_its_own(told: Told) -> None:
    """What another caller's attempt did is no deed of one who joined after it."""
    story = told(joined_at=2).cancel(Receipt(executed=True)).cancel(CONFLICT, 3).read(CANCELED, 4)
    assert story.ack().canceled_by is CanceledBy.UNDETERMINED


def test_the_greatest_fill_is_the_youngest(told: Told) -> None:
    """Fills only grow: of two reports of the end the one with the greater fill is told."""
    canceled = [order("Canceled", filled_quantity=Decimal(n)) for n in (3, 2)]
    ack = told().cancel(Receipt()).read(canceled[0], 1).read(canceled[1], 2).ack()
    assert ack.order is not None
    assert ack.order.filled_quantity == 3


def test_a_refusal_that_a_trail_tells_is_evidence(told: Told) -> None:
    """The trail's own words stand in the evidence, beside the state it shows."""
    trail = TrailRead(cancel_rejected=True, text="too late", report=NEW)
    evidence = told().cancel(Receipt()).read(NEW, 6).read(trail, 6.2, action=Action.TRAIL).ack().evidence
    assert [item.kind for item in evidence[-2:]] == [EvidenceKind.REPORT, EvidenceKind.REFUSAL]
    assert evidence[-1].text.endswith("too late")


def test_canceled_before_the_caller_came_is_earlier(told: Told) -> None:
    """A caller who joins a case that has ended did not cancel the order."""
    story = told(joined_at=2).cancel(Receipt(executed=True)).read(CANCELED, 1)
    assert story.ack().canceled_by is CanceledBy.EARLIER


def test_received_is_answered_by_a_receipt(told: Told) -> None:
    """With RECEIVED a receipt settles as PENDING; so does Pending Cancel, whoever asked for it."""
    received = told(assurance=Assurance.RECEIVED).cancel(Receipt()).concludes()
    assert (received.outcome, received.settled) == (Outcome.PENDING, True)
    leaving = told(assurance=Assurance.RECEIVED).cancel(CONFLICT).read(order("Pending Cancel"), 1).concludes()
    assert (leaving.outcome, leaving.settled) == (Outcome.PENDING, True)


def test_who_comes_late_is_not_settled_by_older_attempts(told: Told) -> None:
    """One who joined after the last attempt ended waits for an attempt of its own."""
    assert told(joined_at=3).cancel(CONFLICT).read(NEW, 6).concludes().settled is False
    late = told(joined_at=3, assurance=Assurance.RECEIVED).cancel(Receipt()).concludes()
    assert (late.outcome, late.settled) == (Outcome.PENDING, False)
    assert told(joined_at=3).cancel(CONFLICT).read(CANCELED, 4).concludes().settled is True


def test_a_stale_rejection_settles_nobody_who_came_later(told: Told) -> None:
    """One who gets no attempt of its own any more gets at least a read."""
    story = told(joined_at=20, timeout_s=30)
    for at in range(5):
        story.cancel(CONFLICT, at)
    story.read(NEW, 12)
    assert story.concludes().settled is False
    assert story.plans(20).begin == {Action.READ}
    assert story.read(NEW, 20).concludes().settled is True


def test_linked_orders_whose_listing_hangs_are_not_waited_for(told: Told) -> None:
    """Once a second listing had to begin beside an overdue one, the cancel is told without them."""
    story = told().cancel(Receipt()).read(order("Canceled", parent=OrderId("6")), 1)
    assert story.began(Action.HISTORY, 2).concludes().settled is False
    assert story.began(Action.HISTORY, 6).concludes().settled is True


def absent(story: Any, *times: float) -> Any:
    for at in times:
        story.read(Gone(), at).listing(at=at).listing(at=at, action=Action.HISTORY)
    return story


def test_unknown_order_needs_two_proofs_a_lag_apart(told: Told) -> None:
    """Not found is not never existed: single read, open orders and history must lack it twice."""
    once = absent(told().cancel(Gone()), 1).concludes()
    assert (once.reason, once.settled) == (Reason.NOT_FOUND, False)
    soon = absent(told().cancel(Gone()), 1, 5.9).concludes()
    assert (soon.reason, soon.settled) == (Reason.NOT_FOUND, False)
    proved = absent(told().cancel(Gone()), 1, 6).concludes()
    assert (proved.reason, proved.settled) == (Reason.UNKNOWN_ORDER, True)


def test_unknown_order_is_never_said_after_a_doubt(told: Told) -> None:
    """An attempt that may have acted leaves UNKNOWN, however often the order is missing."""
    assert absent(told().cancel("reset"), 1, 7).concludes().outcome is Outcome.UNKNOWN


def test_unknown_order_needs_a_documented_not_found(told: Told) -> None:
    """Where a single read's not-found is undocumented, a missing order is NOT_FOUND."""
    story = told("plain").cancel(CONFLICT).listing(at=1).listing(at=7)
    assert (story.concludes().reason, story.concludes().settled) == (Reason.NOT_FOUND, True)


def test_a_refused_order_that_was_never_read_is_refused(told: Told) -> None:
    """Without any read the venue's own refusal is the reason."""
    assert told().cancel(CONFLICT).read("reset", 1).concludes().reason is Reason.VENUE_REFUSED


ALIAS = ClientOrderId("a")


def mine(status: str, order_id: str = "7", **more: Any) -> OrderReport:
    return order(status, order_id, client_order_id=ALIAS, **more)


#: id: (what was listed, reason at the deadline, settled) of a client's id that names no single order.
UNRESOLVED: dict[str, tuple[Callable[[Any], Any], Reason, bool]] = {
    "nothing yet": (lambda s: s, Reason.NOT_SENT, False),
    "listing failed": (lambda s: s.read("reset", 0, action=Action.OPEN), Reason.NOT_SENT, False),
    "open orders lack it": (lambda s: s.listing(at=0), Reason.NOT_SENT, False),
    "both lack it": (
        lambda s: s.listing(at=0).listing(at=0, action=Action.HISTORY), Reason.NOT_FOUND, False,
    ),
    "both lack it twice": (
        lambda s: s.listing(at=0).listing(at=0, action=Action.HISTORY)
        .listing(at=5).listing(at=5, action=Action.HISTORY), Reason.NOT_FOUND, True,
    ),
    "two open": (lambda s: s.listing(mine("New"), mine("New", "8"), at=0), Reason.AMBIGUOUS_ORDER, True),
    "another's order": (
        lambda s: s.listing(order("New", client_order_id=ClientOrderId("b")), at=0)
        .listing(at=0, action=Action.HISTORY), Reason.NOT_FOUND, False,
    ),
    "session refused once": (
        lambda s: s.read(SessionRefused(), 0, action=Action.OPEN), Reason.NOT_AUTHORIZED, False,
    ),
    "log-in throttled": (
        lambda s: s.read(NoSession(failure=Throttled(retry_after_s=50)), 0, action=Action.OPEN), Reason.THROTTLED, True,
    ),
    "log-in unreadable": (
        lambda s: s.read(NoSession(failure=Unreadable()), 0, action=Action.OPEN), Reason.NOT_SENT, False,
    ),
    "refused": (
        lambda s: s.read(Refused(), 0, action=Action.OPEN), Reason.NOT_AUTHORIZED, True,
    ),
    "no session": (
        lambda s: s.read(NoSession(failure=Refused()), 0, action=Action.OPEN), Reason.NOT_AUTHORIZED, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("happened", "reason", "settled"), UNRESOLVED.values(), ids=UNRESOLVED)
def test_a_client_id_without_an_order_sends_nothing(
    told: Told, happened: Callable[[Any], Any], reason: Reason, settled: bool
) -> None:
    """As long as a client's id names no single order, nothing is sent, and the ack says why."""
    story = happened(told(order=ALIAS))
    conclusion = story.concludes()
    assert (conclusion.reason, conclusion.settled) == (reason, settled)
    assert story.ack().sent is Sent.NO


def test_a_static_session_refused_once_is_not_authorized(told: Told) -> None:
    """Where no session can be had anew, one refusal is enough: for the cancel and for the resolving listing."""
    assert told(renewable=False).cancel(SessionRefused()).concludes().settled is True
    listing = told(order=ALIAS, renewable=False).read(SessionRefused(), 0, action=Action.OPEN)
    assert (listing.concludes().reason, listing.concludes().settled) == (Reason.NOT_AUTHORIZED, True)


def test_a_native_client_id_learns_the_venue_id_from_a_listing(told: Told) -> None:
    """A cancel by a client id that is unique for ever is told by the order that bears it."""
    story = (
        told("native", order=ALIAS).cancel(Receipt()).listing(mine("Canceled"), at=1, action=Action.HISTORY)
    )
    ack = story.ack()
    assert (ack.outcome, ack.order_id) == (Outcome.CANCELED, OrderId("7"))
    assert told("native", order=ALIAS).cancel(Receipt()).ack().order_id is None


def test_a_native_client_id_that_two_orders_bear_is_unknown(told: Told) -> None:
    """What was declared unique and is not proves nothing of either order."""
    ambiguous = told(order=ALIAS).listing(mine("New"), mine("New", "8"), at=0).ack()
    assert (ambiguous.order_id, ambiguous.order) == (None, None)
    story = told("native", order=ALIAS).cancel(Receipt())
    ack = story.listing(mine("Canceled"), at=1, action=Action.HISTORY).listing(mine("New", "8"), at=1).ack()
    assert (ack.outcome, ack.order_id) == (Outcome.UNKNOWN, None)


def test_linked_orders_are_named(told: Told) -> None:
    """What the venue took along stands in also_canceled: siblings from a listing, legs from the order."""
    leg = order("Canceled", parent=OrderId("6"))
    story = told().cancel(Receipt()).read(leg, 1)
    assert story.concludes().settled is False
    sibling, other = order("Canceled", "8", parent=OrderId("6")), order("Canceled", "9", parent=OrderId("5"))
    gone_before = order("Canceled", "81", parent=OrderId("6"))
    early = told().listing(gone_before, at=-1).cancel(Receipt()).read(leg, 1)
    assert early.listing(sibling, gone_before, leg, at=2, action=Action.HISTORY).ack().also_canceled == (
        OrderId("8"),
    )
    story.listing(sibling, other, leg, at=2, action=Action.HISTORY)
    assert (story.concludes().settled, story.ack().also_canceled) == (True, (OrderId("8"),))
    legs = (order("Canceled", "71"), order("Filled", "72"))
    whole = told().cancel(Receipt()).read(order("Canceled", legs=legs), 1)
    assert whole.ack().also_canceled == (OrderId("71"),)


def test_what_a_trail_leaves_out_is_told_by_other_reads(told: Told) -> None:
    """An order that a trail shows at its end is a leg, or has legs, if any other read says so."""
    leg, sibling = order("New", parent=OrderId("6")), order("Canceled", "8", parent=OrderId("6"))
    story = told().cancel(Receipt()).read(leg, 6).read(CANCELED, 6.2, action=Action.TRAIL)
    assert story.concludes().settled is False
    story.listing(sibling, at=6.4, action=Action.HISTORY)
    assert (story.concludes().settled, story.ack().also_canceled) == (True, (OrderId("8"),))
    whole = told().cancel(Receipt()).read(order("Canceled", legs=(order("Canceled", "71"),)), 6)
    assert whole.read(CANCELED, 6.2, action=Action.TRAIL).ack().also_canceled == (OrderId("71"),)


def test_not_found_is_a_refusal_of_a_cancel_and_an_absence_to_a_read(told: Told) -> None:
    """Only a read's "not found" is evidence that the order is missing."""
    kinds = [item.kind for item in told().cancel(Gone()).read(Gone(), 1).ack().evidence]
    assert kinds == [EvidenceKind.REFUSAL, EvidenceKind.ABSENCE]


def test_the_order_is_told_as_of_the_start_of_its_read(told: Told) -> None:
    """An ack's order bears the time its read began, and what was filled."""
    ack = told().cancel(Receipt()).read(FILLED, 2.5).ack()
    assert ack.order is not None
    assert (ack.order.as_of.isoformat(), ack.order.filled_quantity) == ("2026-01-01T00:00:02.500000+00:00", 3)


def test_every_status_has_its_class() -> None:
    """Only names of the table are readable."""
    unreadable = {status for status in OrderStatus if status.status_class is StatusClass.UNREADABLE}
    assert unreadable == {OrderStatus.ERROR, OrderStatus.UNKNOWN}


def test_a_survey_of_nothing_knows_nothing(told: Told) -> None:
    """Without a single read there is no order, no successor, no search, nothing linked."""
    survey = Survey(case=told().case)
    assert (survey.latest, survey.end, successor(survey)) == (None, None, None)
    assert (searched(survey), linked(survey), linked_unread(survey)) == (False, (), False)


def test_a_listing_keeps_what_can_matter(told: Told) -> None:
    """The order itself, linked ones and successors matter; any other row is dropped."""
    case = told().case
    kept = [order("New"), order("New", "8", replaces=OrderId("6")), order("New", "8", parent=OrderId("6"))]
    assert all(case.concerns(row) for row in kept)
    assert not case.concerns(order("New", "8"))


def test_a_successor_that_was_not_sent_a_cancel_leaves_it_at_replaced(told: Told) -> None:
    """Following a replacement never forgets what was sent for the first order."""
    first = told().cancel(CONFLICT).read(order("Replaced"), 1)
    first = first.listing(order("New", "8", replaces=OrderId("7")), at=2).ack()
    unsent = told(order=OrderId("8")).cancel("refused", sent=Sent.NO).ack()
    both = followed(first, unsent, 3.0)
    assert (both.reason, both.successor, both.sent, both.elapsed_s) == (
        Reason.REPLACED,
        OrderId("8"),
        Sent.YES,
        3.0 + unsent.elapsed_s,
    )
    assert [attempt.order_id for attempt in both.attempts] == [OrderId("7"), OrderId("8")]
    gone = told(order=OrderId("8")).cancel(Receipt()).read(order("Canceled", "8"), 1).ack()
    done = followed(first, gone, 4.0)
    assert (done.outcome, done.order_id, done.successor) == (Outcome.CANCELED, OrderId("8"), OrderId("8"))
    assert len(done.evidence) == len(first.evidence) + len(gone.evidence)


#: id: (what became of a successor, what its ack tells of it).
SUCCESSORS: dict[str, tuple[Callable[[Any], Any], tuple[Outcome, Reason | None]]] = {
    "filled before anything was sent": (
        lambda s: s.read(order("Filled", "8"), 0), (Outcome.REJECTED, Reason.TOO_LATE),
    ),
    "filled after a cancel was sent": (
        lambda s: s.cancel(CONFLICT).read(order("Filled", "8"), 1), (Outcome.REJECTED, Reason.TOO_LATE),
    ),
    "replaced in its turn": (
        lambda s: s.read(order("Replaced", "8"), 0).listing(order("New", "9", replaces=OrderId("8")), at=1),
        (Outcome.REJECTED, Reason.REPLACED),
    ),
    "refused": (lambda s: s.cancel(CONFLICT).read(order("New", "8"), 9), (Outcome.REJECTED, Reason.VENUE_REFUSED)),
    "nothing was sent for it, nor seen": (lambda s: s, (Outcome.REJECTED, Reason.REPLACED)),
    "nobody knows": (lambda s: s.cancel("reset"), (Outcome.UNKNOWN, None)),
}  # fmt: skip


@pytest.mark.parametrize(("happened", "told_of_it"), SUCCESSORS.values(), ids=SUCCESSORS)
def test_what_became_of_a_successor_is_told(
    told: Told, happened: Callable[[Any], Any], told_of_it: tuple[Outcome, Reason | None]
) -> None:
    """Whatever is known of it is the answer; only where nothing is, it stays at REPLACED."""
    first = told().cancel(CONFLICT).read(order("Replaced"), 1)
    first = first.listing(order("New", "8", replaces=OrderId("7")), at=2).ack()
    then = happened(told(order=OrderId("8"))).ack()
    both = followed(first, then, 3.0)
    assert (both.outcome, both.reason) == told_of_it
    assert (both.request, both.sent) == (first.request, Sent.YES)
    assert both.successor == (then.successor or OrderId("8"))
