"""A kill goes before all others, finds a place of its own, and costs nobody a share afterwards."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand._limits._lane import Ticket
from countermand._limits._limiter import Limiter
from countermand._limits._urgency import Need, Urgency
from countermand.venue import CallKind, Limit, LimitScope

KILL, FIRST, SETTLING, OTHER = Need
CANCEL, READ, LISTING = CallKind.CANCEL, CallKind.READ, CallKind.LISTING
RATED = Limit(per=LimitScope.VENUE, kinds=frozenset({CANCEL, READ, LISTING}), rate=1.0, burst=1)


@attrs.define
class Desk:
    """A limiter, and the time at it."""

    limiter: Limiter
    now: float = 100.0

    def ask(self, need: Need, kind: CallKind = CANCEL, deadline: float = 900.0, account: str = "9") -> Ticket:
        """Ask for a ticket whose call may keep its place for three seconds."""
        urgency = Urgency(need=need, deadline=deadline)
        ticket = self.limiter.ask(kind, account, urgency, patience_s=3.0, now=self.now)
        if ticket.waiting:
            self.limiter.grant(self.now)
        return ticket

    def after(self, seconds: float) -> list[Ticket]:
        """Let time pass, and grant what can be granted then."""
        self.now += seconds
        return self.limiter.grant(self.now)


def test_places_of_its_own() -> None:
    """No full queue and no unanswered calls hold a kill up; it takes as many places more and no others."""
    desk = Desk(Limiter((), 2))
    ordinary = [desk.ask(FIRST) for _ in range(5)]
    kills = [desk.ask(KILL) for _ in range(3)]
    listings = [desk.ask(need, LISTING) for need in (SETTLING, SETTLING, SETTLING, KILL, KILL, KILL)]
    assert [ticket.waiting for ticket in ordinary] == [False, False, True, True, True]
    assert [ticket.waiting for ticket in kills] == [False, False, True]
    assert [ticket.waiting for ticket in listings] == [False, False, True] * 2
    ordinary[0].end()
    assert desk.after(0) == [ordinary[2]]
    kills[0].end()
    assert desk.after(0) == [kills[2]]


def test_who_waits_and_becomes_a_kills_takes_a_place_of_a_kills() -> None:
    """The ordinary queue that it came from is no matter any more."""
    desk = Desk(Limiter((), 1))
    _, ahead, joined = (desk.ask(FIRST) for _ in range(3))
    desk.limiter.hurry(joined, Urgency(need=KILL, deadline=joined.deadline))
    assert desk.after(0) == [joined]
    assert (ahead.waiting, joined.waiting) == (True, False)


def test_a_kill_looks_again_when_one_of_its_places_is_overdue() -> None:
    """The limiter tells when a waiting kill can go, though ordinary places are free, or free sooner."""
    desk = Desk(Limiter((), 1))
    desk.ask(KILL)
    second = desk.ask(KILL)
    desk.now += 1.0
    assert desk.limiter.next_at(desk.now) == 103.0
    desk.ask(FIRST)
    assert desk.limiter.next_at(desk.now) == 103.0
    assert desk.after(2.0) == [second]


def test_a_kill_that_lacks_a_token_looks_again_while_places_are_full() -> None:
    """That no ordinary call finds a place is no reason to sleep through the token that a kill waits for."""
    desk = Desk(Limiter((RATED,), 1))
    desk.ask(FIRST)
    kill = desk.ask(KILL)
    assert desk.limiter.next_at(desk.now) == 101.0
    assert desk.after(1.0) == [kill]


def test_a_kill_tries_a_throttled_venue() -> None:
    """In a long pause a kill is the next one to try, before the first cancels that waited for longer."""
    desk = Desk(Limiter((), 4))
    desk.limiter.slow(desk.ask(FIRST), 3600.0, desk.now)
    desk.ask(FIRST, deadline=101.0)
    kill = desk.ask(KILL)
    assert desk.after(5.0) == [kill]


def test_a_kill_draws_on_all_that_is_held_ready() -> None:
    """What a bucket keeps for more urgent needs is there for a kill to the last token."""
    desk = Desk(Limiter((attrs.evolve(RATED, burst=10),), 99))
    assert sum(not desk.ask(KILL, LISTING).waiting for _ in range(12)) == 10


def test_who_waited_through_a_kill_has_its_share_afterwards() -> None:
    """However long a kill took, the others share what comes then as if it had never been."""
    desk = Desk(Limiter((RATED,), 999))
    desk.ask(KILL)
    others = {FIRST: CANCEL, SETTLING: READ, OTHER: LISTING}
    for _ in range(100):
        for need, kind in others.items():
            desk.ask(need, kind)
    for _ in range(200):
        desk.ask(KILL)
    needs = [ticket.need for _ in range(300) for ticket in desk.after(1.0)]
    assert needs[:200] == [KILL] * 200
    assert [needs[200:].count(need) for need in others] == [50, 30, 20]


tickets = st.lists(
    st.tuples(
        st.sampled_from([FIRST, SETTLING, OTHER]),
        st.sampled_from([CANCEL, READ, LISTING]),
        st.sampled_from([101.0, 500.0]),
        st.sampled_from(["9", "10", "11"]),
    ),
    max_size=40,
)


@pytest.mark.parametrize("kind", [CANCEL, LISTING])
@given(before=tickets, between=tickets, places=st.sampled_from([1, 3]), rate=st.sampled_from([0.5, 1.0, 4.0]))
def test_the_next_token_is_a_kills(
    kind: CallKind, before: list[Any], between: list[Any], places: int, rate: float
) -> None:
    """Whatever mix waits or comes, the next tokens are the kill's, and then the others' again."""
    limits = (attrs.evolve(RATED, rate=rate), attrs.evolve(RATED, per=LimitScope.ACCOUNT, rate=rate, burst=2))
    desk = Desk(Limiter(limits, places))
    others = [desk.ask(need, *rest) for need, *rest in before]
    kills = [desk.ask(KILL, kind, account=account) for account in ("9", "10")][:places]
    others += [desk.ask(need, *rest) for need, *rest in between]
    waiting = [ticket for ticket in kills if ticket.waiting]
    for _ in waiting:
        (granted,) = desk.after(1 / rate)
        assert granted in waiting
    for _ in range(
        len(others) * 4
    ):  # each keeps its place for three seconds, of which one token may take two
        desk.after(max(1 / rate, 3.0))
    assert not any(ticket.waiting for ticket in others)
