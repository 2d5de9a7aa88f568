"""An ack that says less than could have been known is found, and only that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from countermand.testing import Fault, FaultKind
from proof.told import Played, Trial
from proof.undecided import knowable, undecided

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Hand

NEW, GONE = (0.0, "New"), (11.0, "Canceled")
RESET = Fault(kind=FaultKind.RESET)
STALL = Fault(kind=FaultKind.STALL)
WAIT = Fault(kind=FaultKind.THROTTLED_UNTIL, retry_after_s=60.0)

World = Callable[["Hand"], Played]


def pending(
    h: Hand, *states: tuple[float, str], reads: tuple[tuple[float, Fault | None], ...] = ()
) -> Played:
    """Make a world in which a confirmed cancel from 10 to 20 ended as PENDING; reads lag 1 s at most."""
    arrivals = (h.arrival(), *(h.arrival("read", at=at, fault=fault) for at, fault in reads))
    told = h.told(h.ack("pending"), at=20.0, timeout_s=10.0)
    return h.world(told, h.record(*states), arrivals=arrivals)


#: Whether it was knowable and whether it is undecided, and what happened.
ROWS: dict[str, tuple[bool, bool, World]] = {
    "dead in time, and read": (True, True, lambda h: pending(h, NEW, GONE, reads=((15.0, None),))),
    "dead in time, and never read": (True, True, lambda h: pending(h, NEW, GONE)),
    "alive": (False, False, lambda h: pending(h, NEW, reads=((15.0, None),))),
    "dead too late for the lag": (False, False, lambda h: pending(h, NEW, (18.0, "Canceled"))),
    "dead in time for the lag that reads have": (
        True,
        True,
        lambda h: h.world(
            h.told(h.ack("pending"), at=20.0, timeout_s=10.0),
            h.record(NEW, (18.0, "Canceled")),
            arrivals=(h.arrival(),),
            read_lag_s=0.2,
        ),
    ),
    "dead in time for that, over sockets": (
        False,
        False,
        lambda h: h.world(
            h.told(h.ack("pending"), at=20.0, timeout_s=10.0),
            h.record(NEW, (18.0, "Canceled")),
            arrivals=(h.arrival(),),
            sockets=True,
            read_lag_s=0.2,
        ),
    ),
    "which order an id means takes the lag declared": (
        False,
        False,
        lambda h: h.world(
            h.told(h.ack("unknown"), at=12.0, timeout_s=2.0),
            h.record((0.0, "Canceled")),
            identity="client id",
            read_lag_s=0.0,
        ),
    ),
    "dead in time, and the read fails": (
        True,
        False,
        lambda h: pending(h, NEW, GONE, reads=((15.0, RESET),)),
    ),
    "an older read still stalls": (True, False, lambda h: pending(h, NEW, GONE, reads=((11.0, STALL),))),
    "an older read failed at once": (True, True, lambda h: pending(h, NEW, GONE, reads=((11.0, RESET),))),
    "told to wait for longer": (True, False, lambda h: pending(h, NEW, GONE, reads=((11.0, WAIT),))),
    "the cancel was told to wait for longer": (
        True,
        False,
        lambda h: h.world(
            h.told(h.ack("unknown"), timeout_s=10.0), h.record(NEW, GONE), arrivals=(h.arrival(fault=WAIT),)
        ),
    ),
    "no session was to be had": (
        True,
        False,
        lambda h: h.world(
            h.told(h.ack("unknown"), timeout_s=10.0),
            h.record(NEW, GONE),
            arrivals=(h.arrival("log-in", order_id=None, fault=RESET),),
        ),
    ),
    "final": (True, False, lambda h: h.world(h.told(h.ack("canceled"), timeout_s=10.0), h.record(NEW, GONE))),
    "another one was told to wait": (
        True,
        False,
        lambda h: h.world(
            h.told(h.ack("unknown"), timeout_s=10.0),
            h.record(NEW, GONE),
            arrivals=(h.arrival("read", order_id="8", fault=WAIT),),
        ),
    ),
    "throttled, but long ago": (
        True,
        True,
        lambda h: h.world(
            h.told(h.ack("unknown"), timeout_s=10.0),
            h.record(NEW, GONE),
            arrivals=(h.arrival("read", at=2.0, order_id="8", fault=Fault(kind=FaultKind.THROTTLED)),),
        ),
    ),
    "a log-in found no connection": (
        True,
        False,
        lambda h: h.world(
            h.told(h.ack("unknown"), timeout_s=10.0), h.record(NEW, GONE), turned_away=("log-in",)
        ),
    ),
    "an account that cannot be read": (
        False,
        False,
        lambda h: h.world(
            h.told(h.ack("unknown"), timeout_s=10.0, account="13"), h.record(NEW, GONE, account="13")
        ),
    ),
    "only a receipt was wanted": (
        False,
        False,
        lambda h: h.world(
            h.told(h.ack("pending"), timeout_s=10.0, assurance="received"), h.record(NEW, GONE)
        ),
    ),
    "no such order": (False, False, lambda h: h.world(h.told(h.ack("unknown"), timeout_s=10.0))),
    "dead, and its successor alive": (
        False,
        False,
        lambda h: h.world(
            h.told(h.ack("unknown"), timeout_s=10.0),
            h.record(NEW, (11.0, "Replaced"), replaced_by="8"),
            h.record(NEW, order_id="8"),
        ),
    ),
}


@pytest.mark.parametrize(("could_be_known", "is_undecided", "world"), ROWS.values(), ids=ROWS.keys())
def test_what_could_have_been_known(
    hand: Hand, could_be_known: bool, is_undecided: bool, world: World
) -> None:
    """It takes a book that was dead in time, reads that were answered, and an ack that says less."""
    played = world(hand)
    trial = Trial(told=played.told[0], first=played.told[0], played=played)
    assert (knowable(trial), undecided(trial)) == (could_be_known, is_undecided)
