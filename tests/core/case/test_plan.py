"""What should be under way: repeats, reads, the search for a successor, and when to look again."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
import pytest

from countermand import Assurance, ClientOrderId, OrderId, OrderReport, OrderStatus, Sent
from countermand._case._facts import Action, ListRefused, NotReached
from countermand._case._repeat import awaits_own_attempt
from countermand._case._survey import Survey
from countermand._retry import MOST_ATTEMPTS
from countermand.venue import Gone, MayHaveActed, Receipt, Refused, SessionRefused, Throttled

Told = Callable[..., Any]
ALIAS = ClientOrderId("a")


def order(status: str, order_id: str = "7", **more: Any) -> OrderReport:
    facts = {"filled_quantity": Decimal(0), "account": "9", **more}
    return OrderReport(order_id=OrderId(order_id), status=OrderStatus(status), **facts)


NEW, CANCELED = order("New"), order("Canceled")
CANCEL, READ, TRAIL, OPEN, HISTORY = Action


def many(story: Any) -> Any:
    """Let it be one of many cancels."""
    story.case.callers[:] = [attrs.evolve(story.caller, gathers=True)]
    return story


#: id: (venue, what happened, at what time, what begins).
STEPS: dict[str, tuple[str, Callable[[Any], Any], float, set[Action]]] = {
    "first the cancel": ("full", lambda s: s, 0, {CANCEL}),
    "nothing beside a cancel under way": ("full", lambda s: s.began(CANCEL, 0), 1, set()),
    "a read once the cancel is overdue": ("full", lambda s: s.began(CANCEL, 0), 3, {READ}),
    "a read right after a receipt": ("full", lambda s: s.cancel(Receipt()), 0.1, {READ}),
    "a read right after a fault": ("full", lambda s: s.cancel("reset"), 0.1, {READ}),
    "a read right after a refusal": ("full", lambda s: s.cancel(Refused()), 0.1, {READ}),
    "no read while a repeat waits for its turn and nothing was sent": (
        "full", lambda s: s.cancel("refused", sent=Sent.NO).began(CANCEL, 0.2, signed=False), 0.3, set(),
    ),
    "a read after a doubt while a repeat waits for its turn": (
        "full", lambda s: s.cancel("reset").cancel("refused", 0.2, sent=Sent.NO).began(CANCEL, 0.4, signed=False),
        0.5, {READ},
    ),
    "not the next read at once": ("full", lambda s: s.cancel(Receipt()).read(NEW, 0.1), 0.2, set()),
    "the next read after a wait": ("full", lambda s: s.cancel(Receipt()).read(NEW, 0.1), 0.26, {READ}),
    "no second read beside one": ("full", lambda s: s.cancel(Receipt()).began(READ, 0.1), 3, set()),
    "a second read beside an overdue one": ("full", lambda s: s.cancel(Receipt()).began(READ, 0.1), 3.2, {READ}),
    "a read that an older attempt is owed": (
        "full", lambda s: s.cancel(Receipt()).read(NEW, 0.1).began(CANCEL, 0.2), 0.3, {READ},
    ),
    "no read before its Retry-After": ("full", lambda s: s.cancel(Receipt()).read(Throttled(retry_after_s=4), 0.1), 4, set()),
    "a read after its Retry-After": ("full", lambda s: s.cancel(Receipt()).read(Throttled(retry_after_s=4), 0.1), 4.3, {READ}),
    "no history again for a missing order before the lag is over": (
        "full",
        lambda s: s.cancel(Gone()).read(Gone(), 0.1).listing(at=0.3).listing(at=0.3, action=HISTORY), 5, {READ, OPEN},
    ),
    "history again for a missing order after the lag": (
        "full",
        lambda s: s.cancel(Gone()).read(Gone(), 0.1).listing(at=0.3).listing(at=0.3, action=HISTORY),
        5.4, {READ, OPEN, HISTORY},
    ),
    "nothing when it is settled": ("full", lambda s: s.cancel(Receipt()).read(CANCELED, 1), 2, set()),
    "nothing when nobody waits any more": ("full", lambda s: s.cancel(Receipt()), 10, set()),
    "a renewed session's cancel": ("full", lambda s: s.cancel(SessionRefused()), 0.1, {CANCEL}),
    "not a third session's": (
        "full", lambda s: s.cancel(SessionRefused()).cancel(SessionRefused(), 1, session=2), 1.1, set(),
    ),
    "nothing is sent to a leaving order": ("full", lambda s: s.listing(order("Pending Cancel"), at=0), 0.2, {READ}),
    "a dead order is not canceled": ("full", lambda s: s.read(order("Filled"), 0), 0.2, set()),
    "all listings for a missing order": (
        "full", lambda s: s.cancel(Gone()).read(Gone(), 0.1), 0.3, {READ, OPEN, HISTORY},
    ),
    "all listings for an order whose read fails twice": (
        "full", lambda s: s.cancel(Refused()).read("500", 0.1).read("500", 0.3), 0.6, {READ, OPEN, HISTORY},
    ),
    "no listing for one failed read": ("full", lambda s: s.cancel(Refused()).read("500", 0.1), 0.3, {READ}),
    "its open orders only, where there is no history": (
        "plain", lambda s: s.cancel(Refused()).read(Gone(), 0.1), 0.2, {OPEN},
    ),
    "the trail of an order that outlives its receipt": (
        "full", lambda s: s.cancel(Receipt()).read(NEW, 5.2), 5.4, {READ, TRAIL},
    ),
    "no trail too soon": ("full", lambda s: s.cancel(Receipt()).read(NEW, 5), 5.2, {READ}),
    "without a trail a cancel of an order that outlives its receipt": (
        "plain", lambda s: s.cancel(Receipt()).read(NEW, 5.2), 5.4, {CANCEL},
    ),
    "no trail where there is none": (
        "plain", lambda s: s.cancel(Receipt()).cancel(Receipt(), 1).cancel(Receipt(), 2).read(NEW, 8), 8.2, {READ},
    ),
    "the history of a Canceled order": (
        "shifting", lambda s: s.cancel(Receipt()).read(CANCELED, 0.1), 0.2, {HISTORY},
    ),
    "open orders, too, if the history lacks it": (
        "shifting", lambda s: s.cancel(Receipt()).read(CANCELED, 0.1).listing(at=0.3, action=HISTORY), 0.4, {OPEN},
    ),
    "nothing once it was searched": (
        "shifting", lambda s: s.cancel(Receipt()).read(CANCELED, 0.1).listing(CANCELED, at=0.3, action=HISTORY),
        0.4, set(),
    ),
    "the successor of a Replaced order": ("full", lambda s: s.cancel(Refused()).read(order("Replaced"), 1), 2, {HISTORY}),
    "the successor in open orders only": ("plain", lambda s: s.cancel(Refused()).read(order("Replaced"), 1), 2, {OPEN}),
    "no cancel of a Replaced order": ("full", lambda s: s.read(order("Replaced"), 0), 1, {HISTORY}),
    "the linked orders of a canceled leg": (
        "full", lambda s: s.cancel(Receipt()).read(order("Canceled", parent=OrderId("6")), 1), 2, {HISTORY},
    ),
    "a cancel of its own after a list that was refused": ("full", lambda s: s.cancel(ListRefused()), 0.1, {CANCEL}),
    "one of many, by the history": ("full", lambda s: many(s).cancel(Receipt()), 0.1, {HISTORY}),
    "one of many that the history lacks, by itself": (
        "full", lambda s: many(s).cancel(Receipt()).listing(at=0.1, action=HISTORY), 0.3, {READ},
    ),
    "one of many that the history does not come to, by itself": (
        "full", lambda s: many(s).cancel(Receipt()).read(NotReached(pages=3), 0.1, action=HISTORY), 0.3, {READ},
    ),
    "one of many after one fault, by the history again": (
        "full", lambda s: many(s).cancel(Receipt()).read("reset", 0.1, action=HISTORY), 0.3, {HISTORY},
    ),
    "one of many after two faults, by itself": (
        "full",
        lambda s: many(s).cancel(Receipt()).read("reset", 0.1, action=HISTORY).read("reset", 0.3, action=HISTORY),
        0.6, {READ},
    ),
    "one of many where there is no history, by itself": ("plain", lambda s: many(s).cancel(Receipt()), 0.1, {READ}),
    "the linked orders, without a history": (
        "plain", lambda s: s.cancel(Receipt()).read(order("Canceled", parent=OrderId("6")), 1), 2, {OPEN},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("venue", "happened", "now", "begins"), STEPS.values(), ids=STEPS)
def test_what_begins(
    told: Told, venue: str, happened: Callable[[Any], Any], now: float, begins: set[Action]
) -> None:
    """After this, that begins, and nothing else."""
    assert happened(told(venue)).plans(now).begin == begins


#: The same for a client's id that must be found first.
RESOLVING: dict[str, tuple[str, Callable[[Any], Any], float, set[Action]]] = {
    "open orders first": ("full", lambda s: s, 0, {OPEN}),
    "history if they lack it": ("full", lambda s: s.listing(at=0), 0.1, {HISTORY}),
    "no history before open orders answered": ("full", lambda s: s.read("reset", 0, action=OPEN), 0.1, set()),
    "open orders again": ("full", lambda s: s.read("reset", 0, action=OPEN), 0.2, {OPEN}),
    "no history where there is none": ("plain", lambda s: s.listing(at=0), 0.1, set()),
    "nothing once it is found": ("full", lambda s: s.listing(order("New", client_order_id=ALIAS), at=0), 1, set()),
    "nothing once a dead one is found": (
        "full",
        lambda s: s.listing(at=0).listing(order("Filled", client_order_id=ALIAS), at=0, action=HISTORY).listing(at=5),
        5.2, set(),
    ),
    "open orders again beside a dead one: a younger may not be shown yet": (
        "full",
        lambda s: s.listing(at=0).listing(order("Filled", client_order_id=ALIAS), at=0, action=HISTORY),
        1, {OPEN, HISTORY},
    ),
    "history for a replaced one alone": (
        "full", lambda s: s.listing(order("Replaced", client_order_id=ALIAS), at=0), 0.2, {OPEN, HISTORY},
    ),
    "nothing once a replaced one's heir is found": (
        "full",
        lambda s: s.listing(*(order(o, n, client_order_id=ALIAS) for o, n in [("Replaced", "7"), ("New", "8")]), at=0),
        0.2, set(),
    ),
    "nothing once it is ambiguous": (
        "full", lambda s: s.listing(*(order("New", n, client_order_id=ALIAS) for n in "78"), at=0), 1, set(),
    ),
    "a native id is sent as it is": ("native", lambda s: s, 0, {CANCEL}),
    "and read by the history": ("native", lambda s: s.cancel(Receipt()), 0.1, {HISTORY}),
    "a native id refused for its session is sent again": ("native", lambda s: s.cancel(SessionRefused()), 0.2, {CANCEL}),
}  # fmt: skip


@pytest.mark.parametrize(("venue", "happened", "now", "begins"), RESOLVING.values(), ids=RESOLVING)
def test_what_begins_for_a_client_id(
    told: Told, venue: str, happened: Callable[[Any], Any], now: float, begins: set[Action]
) -> None:
    """After this, that begins, and nothing else."""
    assert happened(told(venue, order=ALIAS)).plans(now).begin == begins


def test_a_receipt_ends_the_work_for_received(told: Told) -> None:
    """With RECEIVED nothing is read after a receipt."""
    assert told(assurance=Assurance.RECEIVED).cancel(Receipt()).plans(0.1).begin == set()


def test_waits_between_reads_double_up_to_a_second(told: Told) -> None:
    """Reads follow each other after 0.05, 0.1, 0.2 … and at most 1 s."""
    story = told(timeout_s=60).cancel(Receipt())
    waits, now = [], 0.1
    for _ in range(8):
        story.read(NEW, now, took=0)
        again = story.plans(now).look_again_at
        waits.append(round(again - now, 6))
        now = again
    assert waits == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0]


def test_an_idle_plan_has_nothing_to_wake_for(told: Told) -> None:
    """A cancel under way wakes the plan when it is overdue, and a settled case never."""
    assert told().began(Action.CANCEL, 0).plans(1).look_again_at == 3
    assert told().cancel(Receipt()).read(CANCELED, 1).plans(2).look_again_at == math.inf


def joined(story: Any, at: float) -> Any:
    newcomer = attrs.evolve(story.caller, joined_at=at, deadline=at + 10)
    story.case.callers.append(newcomer)
    return story


def test_who_joins_later_gets_an_attempt_of_its_own(told: Told) -> None:
    """One who joins an unanswered attempt shares it; one who comes after its end gets a new one."""
    assert joined(told().began(Action.CANCEL, 0), 1).plans(1).begin == set()
    assert joined(told().cancel(Receipt()).read(NEW, 1), 2).plans(2).begin == {Action.CANCEL}


def test_no_more_than_five_cancels(told: Told) -> None:
    """However many join, an order is sent five cancels at most."""
    story = told(timeout_s=60)
    for number in range(MOST_ATTEMPTS):
        assert joined(story, number).plans(number).begin == {Action.CANCEL}
        story.cancel(Refused(), number)
    assert Action.CANCEL not in joined(story, 9).plans(9).begin


def test_a_caller_with_a_bound_of_its_own_gets_no_more(told: Told) -> None:
    """What was sent before it came does not count."""
    story = told().cancel(Receipt()).read(NEW, 1)
    newcomer = attrs.evolve(story.caller, joined_at=2, deadline=12, most_cancels=1)
    story.case.callers[:] = [newcomer]
    assert story.plans(2).begin == {Action.CANCEL}
    story.case.callers[:] = [attrs.evolve(newcomer, most_cancels=0)]
    assert Action.CANCEL not in story.plans(2).begin


def test_a_bound_that_others_have_overstepped_is_one_all_the_same(told: Told) -> None:
    """Of the cancels that it shares some were for others."""
    story = told().cancel(MayHaveActed()).cancel(MayHaveActed(), 1).read(NEW, 2)
    for most, is_due in ((3, True), (2, False), (1, False)):
        story.joined(0, deadline=200, most_cancels=most)
        assert (story.due() < math.inf) is is_due


def test_a_receipt_counts_from_the_moment_on_that_a_kill_begins(told: Told) -> None:
    """One that came in that very moment is the first of three."""
    story = told("plain", timeout_s=200)
    for at in (0, 10, 20):
        story.cancel(Receipt(), at).read(NEW, at + 6)
    for counts_since, is_due in ((0.1, False), (0.2, True)):
        story.joined(0, deadline=200, kill=True, counts_since=counts_since)
        assert (story.due() < math.inf) is is_due


@pytest.mark.parametrize(("answer", "most"), [(MayHaveActed(), MOST_ATTEMPTS), (Receipt(), 3)])
def test_a_kill_has_its_own_cancels(told: Told, answer: Any, most: int) -> None:
    """What was sent, and received, before it came does not count; of receipts the third is the last."""
    story = told("plain", timeout_s=200)
    for number in range(MOST_ATTEMPTS):
        story.cancel(answer, number)
    for kill in (False, True):
        story.joined(10, deadline=200, kill=kill, counts_since=10 if kill else -math.inf)
        assert (story.due() < math.inf) is kill
    for at in range(10, 10 + 10 * most, 10):
        assert story.due() < at + 1
        story.cancel(answer, at).read(NEW, at + 6)
    assert story.due() == math.inf


def test_a_native_client_id_is_sent_once(told: Told) -> None:
    """A native client id that may have arrived is not sent again, even for one who joins later."""
    sent = joined(told("native", order=ALIAS).cancel(Receipt()), 1)
    assert Action.CANCEL not in sent.plans(1).begin
    unsent = joined(told("native", order=ALIAS).cancel("refused", sent=Sent.NO), 1)
    assert unsent.plans(1).begin == {Action.CANCEL}


@pytest.mark.parametrize("documented", [True, False])
def test_a_listing_that_many_share_is_looked_at_before_a_read_of_its_own(
    told: Told, documented: bool
) -> None:
    """For one of many, though the order was read, and not found, for another who waits no more."""
    story = told().cancel(Gone()).read(Gone(), 1).joined(0, deadline=60, gathers=True)
    story.case.capabilities = attrs.evolve(story.case.capabilities, not_found_documented=documented)
    assert story.plans(12).begin == {Action.OPEN, Action.HISTORY}


@pytest.mark.parametrize("joined_at", [0.0, -20.0])
def test_who_may_send_no_cancel_any_more_reads(told: Told, joined_at: float) -> None:
    """Of an order that had all its cancels before: at once, whatever the clock says."""
    story = told(joined_at=joined_at)
    story.case.callers[:] = [attrs.evolve(story.caller, most_cancels=0)]
    assert story.plans(joined_at).begin == {Action.READ}


@pytest.mark.parametrize(
    ("happened", "awaits"),
    [
        pytest.param(lambda s: s.joined(2), True, id="owed one"),
        pytest.param(lambda s: s.joined(2).began(CANCEL, 2), True, id="it is under way"),
        pytest.param(
            lambda s: s.joined(2, most_cancels=1).began(CANCEL, 2), True, id="its last one is under way"
        ),
        pytest.param(lambda s: s.joined(2).cancel("reset", 2), False, id="it ended"),
        pytest.param(lambda s: s.joined(2, may_send=False), False, id="it may send none"),
    ],
)
def test_who_comes_after_an_attempt_awaits_an_own_one(
    told: Told, happened: Callable[[Any], Any], awaits: bool
) -> None:
    """Until it has ended; who may have none does not wait."""
    story = happened(told().cancel("reset").read(NEW, 1))
    assert awaits_own_attempt(Survey(case=story.case), story.caller) is awaits
