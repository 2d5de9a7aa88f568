"""Each lie is told apart from the truth beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from countermand.testing import Fault, FaultKind, Point
from proof.judge import LIES, OTHER_LIES, lies
from proof.told import Later, Played

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Hand

OPEN, REPORT, REJECTED, UNKNOWN, AMBIGUOUS, BY, NOT_SENT, SUCCESSOR, ALSO, PENDING, BACK, LATE, CAP = LIES
RAISED, UNNAMED, UPDATES, LISTS, UNHEARD, BESIDE, SETTLING = OTHER_LIES
NEW, GONE = (0.0, "New"), (11.0, "Canceled")

World = Callable[["Hand"], Played]


def canceled(h: Hand, by: str = "undetermined", **fields: Any) -> dict[str, Any]:
    """Make an ack of a cancel that worked."""
    return h.ack("canceled", **{"order": "Canceled", "canceled_by": by, **fields})


def one(h: Hand, ack: dict[str, Any] | None, *states: tuple[float, str], **record: Any) -> Played:
    """Make a world of one order, whose cancel came as request 1."""
    return h.world(h.told(ack), h.record(*states, **record), arrivals=(h.arrival(),))


def moved(
    h: Hand, *steps: tuple[str, str], settled: str | None = None, strange: int = 0, **lists: Any
) -> Played:
    """Make a world of an ack UNKNOWN and its updates: as what it stood before, and stands then."""
    first, reached = h.told(h.ack("unknown")), h.arrival()
    updates = tuple(
        (first, h.told(told(h, outcome), at=13.0 + number, before=before))
        for number, (before, outcome) in enumerate(steps)
    )
    end = () if settled is None else ((first, h.told(told(h, settled), at=20.0)),)
    lists = {name: tuple((first, one) for one in listed) for name, listed in lists.items()}
    later = Later(updates=updates, strange=strange, **lists)
    return h.world(first, h.record(NEW, GONE), arrivals=(reached,), later=later, settled=end)


def told(h: Hand, outcome: str) -> dict[str, Any]:
    """Make an ack of that outcome about an order that was canceled."""
    return canceled(h) if outcome == "canceled" else h.ack(outcome)


def in_flight(h: Hand, fault: Fault | None, *cancels_at: float, **fields: Any) -> Played:
    """Make a world of one who waits from 10 to 14 for cancels that came then, the first with that fault."""
    first, *others = cancels_at
    arrivals = (
        h.arrival(at=first, fault=fault),
        *(h.arrival(at=at, number=number) for number, at in enumerate(others, 2)),
    )
    told_ = h.told(h.ack("unknown"), at=14.0, timeout_s=4.0)
    return h.world(told_, h.record(NEW, *fields.pop("states", ())), arrivals=arrivals, **fields)


def followed_twice(h: Hand, canceled_at: float) -> Played:
    """Make a world of an order that was replaced, and two who follow it, of whom the second asks at 11.5."""
    refused = h.ack("rejected", "not found", order_id="8", successor="8")
    return h.world(
        (
            h.told(h.ack("pending", order_id="8", successor="8"), follow=True),
            h.told(refused, follow=True, asked_at=11.5, at=15.5),
        ),
        h.record(NEW, (11.0, "Replaced"), replaced_by="8"),
        h.record(NEW, (12.0, "Canceled"), order_id="8", canceled_by="cancel 1"),
        arrivals=(h.arrival(order_id="8", at=canceled_at), h.arrival(order_id="8", number=2, at=15.4)),
    )


STALL = Fault(kind=FaultKind.STALL)
AFTER = Fault(kind=FaultKind.LATE, point=Point.AFTER, delay_s=1.0)
LEAVING = (10.5, "Pending Cancel")

#: What is told, and what is true; each row is one lie, or none.
ROWS: dict[str, tuple[str | None, World]] = {
    "canceled, and it is": (None, lambda h: one(h, canceled(h), NEW, GONE, canceled_by="cancel 1")),
    "canceled, and it lives": (OPEN, lambda h: one(h, canceled(h, order=None), NEW)),
    "canceled later than told": (OPEN, lambda h: one(h, canceled(h, order=None), NEW, (12.5, "Canceled"))),
    "canceled, and there is no order": (OPEN, lambda h: h.world(h.told(canceled(h, order=None)))),
    "too late, and it lives": (OPEN, lambda h: one(h, h.ack("rejected", "too late"), NEW)),
    "canceled, and its successor lives": (
        OPEN,
        lambda h: h.world(
            h.told(canceled(h)),
            h.record(NEW, (11.0, "Replaced"), replaced_by="8"),
            h.record(NEW, order_id="8"),
        ),
    ),
    "filled, reported as canceled": (REPORT, lambda h: one(h, canceled(h), NEW, (11.0, "Filled"))),
    "a fill that is not told": (REPORT, lambda h: one(h, canceled(h), NEW, GONE, filled=3)),
    "a dead report of an order alive": (REPORT, lambda h: one(h, h.ack("unknown", order="Expired"), NEW)),
    "a report of another order": (
        REPORT,
        lambda h: h.world(
            h.told(h.ack("unknown", order="Canceled", order_id="8")),
            h.record(NEW),
            h.record(NEW, GONE, order_id="8"),
        ),
    ),
    "replaced, read as canceled at APEX": (
        None,
        lambda h: h.world(
            h.told(h.ack("rejected", "replaced", order="Canceled", successor="8")),
            h.record(NEW, (11.0, "Replaced"), replaced_by="8"),
            h.record(NEW, order_id="8"),
        ),
    ),
    "rejected, then canceled by it": (
        REJECTED,
        lambda h: one(h, h.ack("rejected", "venue refused"), NEW, (13.0, "Canceled"), canceled_by="cancel 1"),
    ),
    "rejected, then canceled by a rival": (
        None,
        lambda h: one(h, h.ack("rejected", "venue refused"), NEW, (13.0, "Canceled"), canceled_by="rival"),
    ),
    "unknown to the venue, which held it": (
        UNKNOWN,
        lambda h: one(h, h.ack("rejected", "unknown order"), NEW),
    ),
    "unknown to the venue, and placed later": (
        None,
        lambda h: one(h, h.ack("rejected", "unknown order"), (13.0, "New"), placed_at=13.0),
    ),
    "ambiguous, and one order bears the id": (
        AMBIGUOUS,
        lambda h: h.world(
            h.told(h.ack("rejected", "ambiguous order", order_id=None, sent="no")),
            h.record(NEW),
            h.record((13.0, "New"), order_id="8", placed_at=13.0),
            identity="client id",
        ),
    ),
    "ambiguous, and two orders bear the id": (
        None,
        lambda h: h.world(
            h.told(h.ack("rejected", "ambiguous order", order_id=None, sent="no")),
            h.record(NEW),
            h.record(NEW, order_id="8"),
            identity="client id",
        ),
    ),
    "canceled by this request, and by a rival": (
        BY,
        lambda h: one(h, canceled(h, "this request"), NEW, GONE, canceled_by="rival"),
    ),
    "canceled by this request, and it was": (
        None,
        lambda h: one(h, canceled(h, "this request"), NEW, GONE, canceled_by="cancel 1"),
    ),
    "canceled by this request, answered before": (
        BY,
        lambda h: h.world(
            h.told(canceled(h, "this request")),
            h.record(NEW, (9.0, "Canceled"), canceled_by="cancel 1"),
            arrivals=(h.arrival(at=9.0),),
        ),
    ),
    "canceled earlier, by this request": (
        BY,
        lambda h: one(h, canceled(h, "earlier"), NEW, GONE, canceled_by="cancel 1"),
    ),
    "canceled earlier, by a rival": (
        None,
        lambda h: one(h, canceled(h, "earlier"), NEW, GONE, canceled_by="rival"),
    ),
    "not sent, and it came": (NOT_SENT, lambda h: one(h, h.ack("rejected", "not sent", sent="no"), NEW)),
    "nothing sent, and it came": (NOT_SENT, lambda h: one(h, h.ack("unknown", sent="no"), NEW)),
    "not sent, and a read came": (
        None,
        lambda h: h.world(
            h.told(h.ack("rejected", "not sent", sent="no")), h.record(NEW), arrivals=(h.arrival("read"),)
        ),
    ),
    "not sent, and others who waited sent it": (
        NOT_SENT,
        lambda h: h.world(
            (h.told(h.ack("rejected", "not sent", sent="no")), h.told(h.ack("pending"), at=15.0)),
            h.record(NEW),
            arrivals=(h.arrival(at=13.0),),
        ),
    ),
    "not sent, and others who came later sent it": (
        None,
        lambda h: h.world(
            (
                h.told(h.ack("rejected", "not sent", sent="no")),
                h.told(h.ack("pending"), asked_at=14.0, at=15.0),
            ),
            h.record(NEW),
            arrivals=(h.arrival(at=14.5),),
        ),
    ),
    "a successor that is none": (
        SUCCESSOR,
        lambda h: one(h, h.ack("rejected", "replaced", successor="8"), NEW),
    ),
    "replaced by nobody": (SUCCESSOR, lambda h: one(h, h.ack("rejected", "replaced"), NEW)),
    "also canceled, and it was not": (
        ALSO,
        lambda h: h.world(
            h.told(canceled(h, also_canceled=["8"])), h.record(NEW, GONE), h.record(NEW, order_id="8")
        ),
    ),
    "a sixth cancel": (
        CAP,
        lambda h: h.world(
            h.told(h.ack("pending")),
            h.record(NEW),
            arrivals=tuple(h.arrival(number=number) for number in range(1, 7)),
        ),
    ),
    "five cancels": (
        None,
        lambda h: h.world(
            h.told(h.ack("pending")),
            h.record(NEW),
            arrivals=tuple(h.arrival(number=number) for number in range(1, 6)),
        ),
    ),
    "settled backwards": (
        BACK,
        lambda h: h.world(
            (first := h.told(h.ack("pending"))),
            h.record(NEW),
            arrivals=(h.arrival(),),
            later=Later(updates=((first, h.told(h.ack("unknown"), before="pending")),)),
            settled=((first, h.told(h.ack("unknown"))),),
        ),
    ),
    "rejected, for an earlier case had canceled it": (
        None,
        lambda h: h.world(
            (
                h.told(canceled(h), steps_s=0.1),
                h.told(h.ack("rejected", "venue refused"), asked_at=11.8, at=12.6, steps_s=0.4),
            ),
            h.record(NEW, GONE, canceled_by="cancel 1"),
            arrivals=(h.arrival(), h.arrival(number=2, at=12.3)),
        ),
    ),
    "not sent, for one who followed had left the case": (
        None,
        lambda h: h.world(
            (
                h.told(canceled(h, order_id="8", successor="8"), follow=True, at=15.0),
                h.told(h.ack("rejected", "not sent", sent="no"), asked_at=12.0, at=16.0),
            ),
            h.record(NEW, (10.6, "Replaced"), replaced_by="8"),
            h.record(NEW, GONE, order_id="8"),
            arrivals=(h.arrival(),),
        ),
    ),
    "canceled earlier, by one who came to the successor before": (
        None,
        lambda h: h.world(
            (
                h.told(canceled(h, order_id="8", successor="8"), follow=True),
                h.told(
                    canceled(h, "earlier", order_id="8", successor="8"), follow=True, asked_at=10.1, at=13.0
                ),
            ),
            h.record(NEW, (10.05, "Replaced"), replaced_by="8"),
            h.record(NEW, GONE, order_id="8", canceled_by="cancel 1"),
            arrivals=(h.arrival(order_id="8"),),
        ),
    ),
    "rejected, for another caller of the case had canceled it": (
        REJECTED,
        lambda h: h.world(
            (
                h.told(canceled(h), steps_s=0.1),
                h.told(h.ack("rejected", "venue refused"), asked_at=11.8, at=12.6),
            ),
            h.record(NEW, GONE, canceled_by="cancel 1"),
            arrivals=(h.arrival(), h.arrival(number=2, at=12.3)),
        ),
    ),
    "rejected, for one who came to the successor before had canceled it": (
        None,
        lambda h: followed_twice(h, canceled_at=11.4),
    ),
    "rejected, and its own cancel took the successor off": (
        REJECTED,
        lambda h: followed_twice(h, canceled_at=11.6),
    ),
    "pending, and no cancel came": (PENDING, lambda h: h.world(h.told(h.ack("pending")), h.record(NEW))),
    "pending, and the cancel was not taken": (
        PENDING,
        lambda h: h.world(
            h.told(h.ack("pending")),
            h.record(NEW),
            arrivals=(h.arrival(),),
            venue_words={"dead_order": "104"},
        ),
    ),
    "pending, and the cancel was taken": (
        None,
        lambda h: h.world(
            h.told(h.ack("pending")),
            h.record(NEW, LEAVING),
            arrivals=(h.arrival(),),
            venue_words={"dead_order": "104"},
        ),
    ),
    "pending, and a rival's cancel was taken": (
        None,
        lambda h: h.world(h.told(h.ack("pending")), h.record(NEW, LEAVING), venue_words={}),
    ),
    "pending, and the cancel came later": (
        PENDING,
        lambda h: h.world(
            h.told(h.ack("pending")), h.record(NEW, (12.5, "Pending Cancel")), arrivals=(h.arrival(at=12.5),)
        ),
    ),
    "pending, by an empty 200 where that is a receipt": (
        None,
        lambda h: h.world(
            h.told(h.ack("pending")),
            h.record(NEW),
            arrivals=(h.arrival(fault=Fault(kind=FaultKind.EMPTY)),),
            venue="autoshares",
            venue_words={},
        ),
    ),
    "after the deadline": (
        LATE,
        lambda h: h.world(h.told(h.ack("unknown"), timeout_s=1.9), h.record(NEW), arrivals=(h.arrival(),)),
    ),
    "not sent, over sockets, and it came a moment later": (
        NOT_SENT,
        lambda h: h.world(
            h.told(h.ack("rejected", "not sent", sent="no")),
            h.record(NEW),
            arrivals=(h.arrival(at=12.01),),
            sockets=True,
        ),
    ),
    "not sent, over sockets, and another one sent it": (
        None,
        lambda h: h.world(
            (
                h.told(h.ack("rejected", "not sent", sent="no")),
                h.told(h.ack("pending"), asked_at=12.0, at=15.0),
            ),
            h.record(NEW),
            arrivals=(h.arrival(at=12.01),),
            sockets=True,
        ),
    ),
    "updates, each from where it stood": (
        None,
        lambda h: moved(h, ("unknown", "pending"), ("pending", "canceled"), settled="canceled"),
    ),
    "an update from where it never stood": (UPDATES, lambda h: moved(h, ("pending", "canceled"))),
    "an update backwards": (BACK, lambda h: moved(h, ("unknown", "pending"), ("pending", "unknown"))),
    "a change that no update told": (UPDATES, lambda h: moved(h, settled="canceled")),
    "an update of what nobody asked for": (UPDATES, lambda h: moved(h, strange=1)),
    "an update that is not true": (
        OPEN,
        lambda h: h.world(
            (first := h.told(h.ack("unknown"))),
            h.record(NEW),
            arrivals=(h.arrival(),),
            later=Later(updates=((first, h.told(canceled(h, order=None), before="unknown")),)),
        ),
    ),
    "what contradicts a final ack, and is true": (
        None,
        lambda h: h.world(
            (first := h.told(h.ack("rejected", "venue refused"))),
            h.record(NEW, (13.0, "Canceled"), canceled_by="rival"),
            arrivals=(h.arrival(),),
            later=Later(updates=((first, h.told(canceled(h), at=14.0, before="rejected: venue refused")),)),
        ),
    ),
    "owed, and listed": (None, lambda h: moved(h, owed=(h.told(h.ack("unknown"), at=19.0),))),
    "owed, and not listed": (LISTS, lambda h: moved(h, owed=())),
    "owed no more, and not listed": (None, lambda h: moved(h, ("unknown", "canceled"), owed=())),
    "listed as nobody was told": (LISTS, lambda h: moved(h, owed=(h.told(h.ack("pending"), at=19.0),))),
    "listed, and final": (LISTS, lambda h: moved(h, owed=(h.told(canceled(h), at=19.0),))),
    "owed at the end, and not listed": (LISTS, lambda h: moved(h, settled="unknown", left=())),
    "settled, and still listed": (
        LISTS,
        lambda h: moved(
            h, ("unknown", "canceled"), settled="canceled", left=(h.told(h.ack("unknown"), at=20.0),)
        ),
    ),
    "a receipt that came late, and was not heard": (
        UNHEARD,
        lambda h: in_flight(h, AFTER, 13.0, states=((13.0, "Pending Cancel"),)),
    ),
    "a receipt that came in time, and was not heard": (
        UNHEARD,
        lambda h: in_flight(h, None, 10.5, states=(LEAVING,)),
    ),
    "a receipt that was heard, and a successor's that was not": (
        None,
        lambda h: h.world(
            h.told(h.ack("unknown", order_id="8", successor="8"), follow=True),
            h.record(NEW, LEAVING, (11.0, "Replaced"), replaced_by="8"),
            h.record((11.0, "New"), order_id="8"),
            arrivals=(h.arrival(), h.arrival(order_id="8", number=2, at=11.9)),
        ),
    ),
    "a receipt that came after the grace": (
        None,
        lambda h: in_flight(h, attrs.evolve(AFTER, delay_s=9.0), 13.0, states=((13.0, "Pending Cancel"),)),
    ),
    "no receipt, for the venue answers when it has decided, and refused": (
        None,
        lambda h: in_flight(h, None, 10.5, states=(LEAVING,), venue="autoshares"),
    ),
    "another cancel while one is not answered": (BESIDE, lambda h: in_flight(h, STALL, 10.0, 11.9)),
    "another cancel when one is overdue": (None, lambda h: in_flight(h, STALL, 10.0, 12.1)),
    "another cancel before the late answer": (BESIDE, lambda h: in_flight(h, AFTER, 10.0, 10.9)),
    "another cancel after the late answer": (None, lambda h: in_flight(h, AFTER, 10.0, 11.1)),
    "another cancel when the order was dead": (
        None,
        lambda h: in_flight(h, STALL, 10.0, 11.9, states=((11.0, "Canceled"),)),
    ),
    "a cancel sent to settle": (
        SETTLING,
        lambda h: h.world(
            h.told(h.ack("unknown")), h.record(NEW), arrivals=(h.arrival(at=21.0),), settling_at=20.0
        ),
    ),
    "an exception": (RAISED, lambda h: one(h, None, NEW)),
    "a cancel of an order nobody named": (
        UNNAMED,
        lambda h: h.world(
            h.told(h.ack("unknown", sent="no")), h.record(NEW), arrivals=(h.arrival(order_id="8"),)
        ),
    ),
    "an order canceled that nobody named": (
        UNNAMED,
        lambda h: h.world(
            h.told(h.ack("unknown")),
            h.record(NEW),
            h.record(NEW, GONE, order_id="8", canceled_by="cancel 1"),
        ),
    ),
    "a linked order canceled along with it": (
        None,
        lambda h: h.world(
            h.told(canceled(h, also_canceled=["8"])),
            h.record(NEW, GONE, canceled_by="cancel 1", kin=("8",)),
            h.record(NEW, GONE, order_id="8", canceled_by="cancel 1", kin=("7",)),
            arrivals=(h.arrival(),),
        ),
    ),
    "a successor canceled that was to be followed": (
        None,
        lambda h: h.world(
            h.told(canceled(h, order_id="8", successor="8"), follow=True),
            h.record(NEW, (10.5, "Replaced"), replaced_by="8"),
            h.record(NEW, GONE, order_id="8", canceled_by="cancel 1"),
            arrivals=(h.arrival(order_id="8"),),
        ),
    ),
    "by client id: two bear it, the right one is gone": (
        None,
        lambda h: h.world(
            h.told(canceled(h, order_id="8")),
            h.record((0.0, "Filled")),
            h.record(NEW, GONE, order_id="8", canceled_by="cancel 1"),
            arrivals=(h.arrival(order_id="8"),),
            identity="client id",
        ),
    ),
    "by client id: it came to no case, others sent it": (
        None,
        lambda h: h.world(
            (
                h.told(h.ack("rejected", "not sent", sent="no", stage="resolve")),
                h.told(h.ack("pending"), at=15.0),
            ),
            h.record(NEW),
            arrivals=(h.arrival(),),
            identity="client id",
        ),
    ),
}


@pytest.mark.parametrize(("lie", "world"), ROWS.values(), ids=ROWS.keys())
def test_the_judge_names_this_lie_and_no_other(hand: Hand, lie: str | None, world: World) -> None:
    """Each is found by its own name, and what is true is not found."""
    assert {name for name, _ in lies(world(hand))} == ({lie} if lie is not None else set())


def test_every_lie_stands_in_the_table() -> None:
    """No lie is named that was never told apart."""
    assert {lie for lie, _ in ROWS.values()} - {None} == {*LIES, *OTHER_LIES}
