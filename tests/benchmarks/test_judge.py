"""Each lie is told apart from the truth beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from proof.judge import LIES, OTHER_LIES, lies
from proof.told import Played

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Hand

OPEN, REPORT, REJECTED, UNKNOWN, BY, NOT_SENT, SUCCESSOR, ALSO, BACK, CAP = LIES
RAISED, UNNAMED = OTHER_LIES
NEW, GONE = (0.0, "New"), (11.0, "Canceled")

World = Callable[["Hand"], Played]


def canceled(h: Hand, by: str = "undetermined", **fields: Any) -> dict[str, Any]:
    """Make an ack of a cancel that worked."""
    return h.ack("canceled", **{"order": "Canceled", "canceled_by": by, **fields})


def one(h: Hand, ack: dict[str, Any] | None, *states: tuple[float, str], **record: Any) -> Played:
    """Make a world of one order, whose cancel came as request 1."""
    return h.world(h.told(ack), h.record(*states, **record), arrivals=(h.arrival(),))


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
            h.told(h.ack("pending")),
            h.record(NEW),
            settled=((h.told(h.ack("pending")), h.told(h.ack("unknown"))),),
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
            h.told(h.ack("pending")),
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
