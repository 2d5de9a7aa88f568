"""The count of the cancels that are to come."""

from __future__ import annotations

import pytest

from countermand._engine._errand import Errand
from countermand._engine._traffic import Lane, Traffic
from countermand._limits._urgency import Need
from countermand._wire._progress import Progress
from countermand.venue import CallKind

LANE = ("pebble", "9")


def errand(number: int, account: str = "9") -> Errand:
    return Errand(
        number=number,
        account=account,
        kind=CallKind.CANCEL,
        until=10.0,
        overdue_at=3.0,
        patience_s=3.0,
        progress=Progress(clock=lambda: 0.0),
    )


def test_a_cancel_waits_until_it_is_signed_and_is_under_way_until_it_ends() -> None:
    """A cancel is queued, then on the wire, then gone."""
    traffic, cancel = Traffic(), errand(1)
    seen = [(traffic.queued(LANE), traffic.is_idle(LANE))]
    traffic.begin(LANE, cancel)
    seen.append((traffic.queued(LANE), traffic.is_idle(LANE)))
    traffic.sign(cancel)
    seen.append((traffic.queued(LANE), traffic.is_idle(LANE)))
    traffic.end(LANE, cancel)
    seen.append((traffic.queued(LANE), traffic.is_idle(LANE)))
    assert seen == [(0, True), (1, False), (0, False), (0, True)]


def test_accounts_are_counted_apart() -> None:
    """What waits in one account waits in no other, nor in one of that name elsewhere."""
    traffic = Traffic()
    traffic.begin(LANE, errand(1))
    traffic.begin(LANE, errand(2))
    traffic.end(LANE, errand(1))
    lanes = [LANE, ("pebble", "8"), ("granite", "9")]
    assert [(traffic.queued(lane), traffic.is_idle(lane)) for lane in lanes] == [
        (1, False),
        (0, True),
        (0, True),
    ]


def test_an_order_that_is_looked_up_waits_and_is_not_under_way() -> None:
    """A search holds a place in the queue, but no listing waits for its cancel."""
    traffic = Traffic()
    traffic.look_up(LANE, errand(1))
    assert (traffic.queued(LANE), traffic.is_idle(LANE)) == (1, True)
    traffic.sign(errand(1))
    assert traffic.queued(LANE) == 0


def test_listeners_hear_of_their_account_in_turn() -> None:
    """Who heard first is the last one next time; of other accounts, or when all is told, nobody hears."""
    traffic, heard = Traffic(), []

    def first(lane: Lane) -> None:
        heard.append(("first", lane))

    def second(lane: Lane) -> None:
        heard.append(("second", lane))

    traffic.listen(LANE, first)
    traffic.listen(LANE, second)
    traffic.listen(LANE, first)
    for number, account in ((1, "9"), (2, "8"), (3, "9")):
        traffic.begin(("pebble", account), errand(number, account))
        traffic.sign(errand(number, account))
        traffic.sign(errand(number, account))
    assert heard == [("first", LANE), ("second", LANE), ("second", LANE), ("first", LANE)]


def test_one_of_two_can_stop_listening_while_it_hears() -> None:
    """Who ignores an account while being told is told no more, and the others are."""
    traffic, heard = Traffic(), []

    def once(lane: Lane) -> None:
        heard.append("once")
        traffic.ignore(lane, once)

    traffic.listen(LANE, once)
    traffic.listen(LANE, lambda _lane: heard.append("always"))
    for number in (1, 2):
        traffic.begin(LANE, errand(number))
        traffic.sign(errand(number))
    traffic.ignore(("pebble", "8"), once)
    assert heard == ["once", "always", "always"]


def test_one_listener_can_silence_another() -> None:
    """Who was made to ignore an account by one who heard before hears nothing of it."""
    traffic, heard = Traffic(), []

    def second(_lane: Lane) -> None:
        heard.append("second")

    def first(lane: Lane) -> None:
        heard.append("first")
        traffic.ignore(lane, second)

    traffic.listen(LANE, first)
    traffic.listen(LANE, second)
    for number in (1, 2):
        traffic.begin(LANE, errand(number))
        traffic.sign(errand(number))
    assert heard == ["first", "first"]


def test_to_a_kill_only_its_own_cancels_are_to_come() -> None:
    """Also those that became a kill's after they were begun."""
    traffic, cancel = Traffic(), errand(1)
    traffic.begin(LANE, cancel)
    assert (traffic.is_idle(LANE, Need.KILL), traffic.is_idle(LANE, Need.SETTLING_READ)) == (True, False)
    cancel.hurry(Need.KILL, 10.0)
    assert not traffic.is_idle(LANE, Need.KILL)
    traffic.end(LANE, cancel)
    assert traffic.is_idle(LANE, Need.KILL)


def test_nothing_is_kept_of_an_account_that_nobody_uses() -> None:
    """After its last cancel and its last listener an account leaves nothing behind."""
    traffic = Traffic()
    traffic.listen(LANE, print)
    traffic.begin(LANE, errand(1))
    traffic.ignore(LANE, print)
    traffic.end(LANE, errand(1))
    assert not any(vars(traffic).values())


@pytest.mark.parametrize("ends_first", [True, False])
def test_what_is_lent_is_kept_until_it_is_given_back(*, ends_first: bool) -> None:
    """What one counts himself and what others count is the same; then nothing is left of that either."""
    traffic = Traffic()
    mine = traffic.lend(LANE)
    traffic.begin(LANE, errand(1))
    traffic.end(LANE, errand(1))
    mine[2] = errand(2)
    traffic.set_out(LANE, errand(3))
    assert (list(mine), traffic.is_idle(LANE)) == ([2, 3], False)
    del mine[2]
    if ends_first:
        traffic.end(LANE, errand(3))
        assert traffic.is_idle(LANE)
        traffic.take_back(LANE)
    else:
        traffic.take_back(LANE)
        assert not traffic.is_idle(LANE)
        traffic.end(LANE, errand(3))
    assert not any(vars(traffic).values())
