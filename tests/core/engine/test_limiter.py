"""Who may call a venue next: by need, by deadline, within its limits, and never behind what it shares not."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pytest

from countermand._limits._lane import Ticket
from countermand._limits._limiter import Limiter
from countermand._limits._urgency import Need, Urgency
from countermand.venue import CallKind, Limit, LimitScope

KILL, FIRST, SETTLING, OTHER = Need
CANCEL, READ, LISTING, LOG_IN = CallKind.CANCEL, CallKind.READ, CallKind.LISTING, CallKind.LOG_IN


def limit(*kinds: CallKind, rate: float = 1.0, burst: int = 1, per: LimitScope = LimitScope.VENUE) -> Limit:
    """Make a limit."""
    return Limit(per=per, kinds=frozenset(kinds), rate=rate, burst=burst)


class Desk:
    """Asks a limiter for tickets, at a time that is told."""

    def __init__(self, *limits: Limit, places: int = 16) -> None:
        self.limiter = Limiter(limits, places)
        self.now = 100.0

    def ask(
        self,
        kind: CallKind = CANCEL,
        need: Need = FIRST,
        deadline: float = 900.0,
        account: str = "9",
        patience_s: float = 3.0,
    ) -> Ticket:
        """Ask for a ticket, and grant what can be granted then."""
        urgency = Urgency(need=need, deadline=deadline)
        ticket = self.limiter.ask(kind, account, urgency, patience_s=patience_s, now=self.now)
        if ticket.waiting:
            self.after(0)
        return ticket

    def several(self, count: int, *args: Any, **fields: Any) -> list[Ticket]:
        """Ask for some tickets of a kind."""
        return [self.ask(*args, **fields) for _ in range(count)]

    def after(self, seconds: float) -> list[Ticket]:
        """Let time pass, and grant what can be granted then."""
        self.now += seconds
        return self.limiter.grant(self.now)

    def end(self, *tickets: Ticket) -> list[Ticket]:
        """End those calls, and grant what can be granted then."""
        for ticket in tickets:
            ticket.end()
        return self.after(0)

    def wait_s(self) -> float:
        """Say in how many seconds to look again."""
        return round(self.limiter.next_at(self.now) - self.now, 6)


def granted(tickets: Iterable[Ticket]) -> int:
    """Count those that do not wait."""
    return sum(not ticket.waiting for ticket in tickets)


def test_nobody_waits_where_all_is_free() -> None:
    """A ticket is granted at once where there is no limit, a place is free and nobody waits."""
    desk = Desk()
    assert granted([*desk.several(16), desk.ask(LOG_IN)]) == 17
    assert desk.limiter.grant(desk.now) == []
    assert desk.wait_s() == math.inf  # nobody has to be looked after


def test_a_burst_and_its_rate() -> None:
    """As many as the burst go at once, the others as tokens come."""
    desk = Desk(limit(CANCEL, rate=2.0, burst=3))
    tickets = desk.several(6)
    assert granted(tickets) == 3
    assert desk.wait_s() == 0.5
    assert desk.after(0.4) == []
    assert desk.after(0.1) == [tickets[3]]
    assert desk.after(1.0) == tickets[4:]


def test_a_token_for_each_limit() -> None:
    """A call draws on all limits of its kind and takes nothing while one of them is empty."""
    both = limit(CANCEL, READ, rate=1.0, burst=2)
    desk = Desk(limit(CANCEL, rate=0.1, burst=1), both, both)
    first, second = desk.several(2)
    assert (first.waiting, second.waiting) == (False, True)
    assert granted(desk.several(2, READ, SETTLING)) == 1  # what the second cancel lacks it does not hold
    assert desk.after(9.9) != []
    assert second.waiting
    assert desk.after(0.1) == [second]


SCOPES = {
    "per account": (LimitScope.ACCOUNT, 2),
    "for the venue": (LimitScope.VENUE, 1),
    "per credential, of which a client has one": (LimitScope.CREDENTIAL, 1),
}


@pytest.mark.parametrize(("per", "expected"), SCOPES.values(), ids=SCOPES.keys())
def test_what_a_limit_counts_for(per: LimitScope, expected: int) -> None:
    """Accounts have tokens of their own only where the limit is per account."""
    desk = Desk(limit(CANCEL, per=per))
    assert granted([desk.ask(account="9"), desk.ask(account="10"), desk.ask(account="10")]) == expected


def test_the_first_in_line_blocks_nobody() -> None:
    """Who lacks a token of its account, or a place among the cancels, lets all others pass."""
    desk = Desk(limit(CANCEL, per=LimitScope.ACCOUNT), places=2)
    desk.ask(account="9")
    blocked = desk.ask(account="9", deadline=101.0)
    assert granted([blocked, desk.ask(account="10"), desk.ask(account="11")]) == 1
    assert granted([desk.ask(READ, SETTLING), desk.ask(LISTING, OTHER), desk.ask(LOG_IN)]) == 3


def test_places_of_cancels_and_of_reads() -> None:
    """So many of each are in flight; who leaves makes room for the next."""
    desk = Desk(places=2)
    cancels, reads = desk.several(3), [*desk.several(2, READ, SETTLING), desk.ask(LISTING, SETTLING)]
    assert (granted(cancels), granted(reads)) == (2, 2)
    assert desk.end(cancels[1]) == [cancels[2]]
    assert desk.end(reads[0], reads[0]) == [reads[2]]


def test_who_never_answers_shuts_nobody_out() -> None:
    """An exchange that is overdue gives up its place, and gives it back only once."""
    desk = Desk(places=1)
    silent, second, third = desk.ask(patience_s=2.0), desk.ask(patience_s=5.0), desk.ask()
    assert (silent.waiting, second.waiting, third.waiting) == (False, True, True)
    assert desk.wait_s() == 2.0
    assert desk.after(2.0) == [second]
    assert desk.end(silent) == []
    assert desk.after(5.0) == [third]


def test_the_earliest_deadline_first() -> None:
    """Within a need the one that has the least time goes first; of equals the one that came first."""
    desk = Desk(limit(CANCEL, per=LimitScope.ACCOUNT), limit(CANCEL), places=99)
    desk.ask()
    told = {"later": 300.0, "soon": 200.0, "soon, too": 200.0, "at once": 150.0}
    tickets = {name: desk.ask(deadline=at, account=name) for name, at in told.items()}
    order = [ticket for _ in told for ticket in desk.after(1.0)]
    assert order == [tickets[name] for name in ("at once", "soon", "soon, too", "later")]


def test_shares_of_what_is_scarce() -> None:
    """While all wait, half of the tokens are for first cancels and a fifth for settling reads, at least."""
    desk = Desk(limit(CANCEL, READ, LISTING, burst=10), places=999)
    desk.several(10)
    for _ in range(200):
        desk.several(1), desk.several(1, READ, SETTLING), desk.several(1, LISTING, OTHER)
    needs = [ticket.need for _ in range(100) for ticket in desk.after(1.0)]
    assert [needs.count(need) for need in (FIRST, SETTLING, OTHER)] == [50, 30, 20]


def test_what_there_is_plenty_of_decides_nothing() -> None:
    """The shares of a bucket that is not scarce cost a first cancel none of those of one that is."""
    desk = Desk(limit(CANCEL), limit(CANCEL, burst=999, per=LimitScope.ACCOUNT), places=999)
    desk.ask()
    for _ in range(99):
        desk.several(1), desk.several(1, need=OTHER), desk.several(1, need=OTHER, account="10", deadline=200)
    needs = [ticket.need for _ in range(70) for ticket in desk.after(1.0)]
    assert [needs.count(need) for need in (FIRST, OTHER)] == [50, 20]


def test_unused_shares_go_to_whoever_waits() -> None:
    """A share that nobody claims is not kept, but for what is held ready for a burst of cancels."""
    desk = Desk(limit(CANCEL, READ, LISTING, burst=10), places=999)
    reads, sweeps = desk.several(100, READ, SETTLING), desk.several(100, LISTING, OTHER)
    assert (granted(reads), granted(sweeps)) == (5, 0)  # half of the burst is for first cancels
    needs = [ticket.need for _ in range(20) for ticket in desk.after(1.0)]
    assert (needs.count(SETTLING), needs.count(OTHER)) == (13, 7)  # all that came
    assert granted(desk.several(16)) == 5


def test_what_was_held_ready_is_filled_up_again() -> None:
    """Once cancels have used it, half of what comes refills it, until it is whole."""
    desk = Desk(limit(CANCEL, LISTING, burst=10), places=999)
    desk.several(10)
    desk.several(100, LISTING, OTHER)
    came = [sum(len(desk.after(1.0)) for _ in range(7)) for _ in range(4)]
    assert came == [4, 3, 7, 7]
    assert granted(desk.several(16)) == 7


RESERVES = {
    "cancels and reads": ((CANCEL, READ, LISTING), 10, (10, 10, 5, 3)),
    "cancels alone": ((CANCEL,), 50, (50, 50, 25, 15)),
    "reads alone": ((READ, LISTING), 10, (10, 10, 10, 5)),
    "log-ins alone": ((LOG_IN,), 10, (10, 10, 10, 10)),
    "a burst of two": ((CANCEL,), 2, (2, 2, 1, 1)),
    "a burst of one": ((CANCEL,), 1, (1, 1, 1, 1)),
}


@pytest.mark.parametrize(("kinds", "burst", "expected"), RESERVES.values(), ids=RESERVES.keys())
def test_what_is_held_ready(kinds: tuple[CallKind, ...], burst: int, expected: tuple[int, ...]) -> None:
    """Of a full bucket the less urgent draw only some at once, so that a sweep cannot empty it."""
    for need, most in zip(Need, expected, strict=True):
        desk = Desk(limit(*kinds, burst=burst), places=999)
        assert granted(desk.several(60, kinds[-1], need)) == most


def test_a_first_cancel_that_waits_for_a_place_keeps_its_reserve() -> None:
    """Reads do not eat up the tokens of cancels that wait only for one of them to be answered."""
    desk = Desk(limit(CANCEL, READ, burst=10), places=2)
    cancels, reads = desk.several(6), desk.several(2, READ, SETTLING)
    assert (granted(cancels), granted(reads)) == (2, 2)
    desk.end(*reads)
    reads = desk.several(2, READ, SETTLING)
    assert granted(reads) == 1  # five tokens are left
    assert desk.end(*cancels[:2]) == cancels[2:4]


def test_a_ticket_becomes_more_urgent() -> None:
    """A ticket has the need and the deadline of the most urgent of those who wait for it."""
    desk = Desk(limit(CANCEL, burst=10, rate=0.1))
    repeats = desk.several(4, CANCEL, OTHER)
    assert [ticket.waiting for ticket in repeats] == [False, False, False, True]
    desk.limiter.hurry(repeats[3], Urgency(need=FIRST, deadline=110.0))
    assert desk.after(0) == [repeats[3]]
    desk.several(6)
    late, later = desk.ask(deadline=500.0), desk.ask(deadline=600.0)
    desk.limiter.hurry(later, Urgency(need=FIRST, deadline=400.0))
    assert desk.after(10.0) == [later]
    assert late.waiting


def test_who_leaves_stands_in_nobodys_way() -> None:
    """Tickets of those who gave up are granted to nobody, and take nothing."""
    desk = Desk(limit(CANCEL))
    desk.ask()
    tickets = [desk.ask(deadline=200.0 + index) for index in range(300)]
    for ticket in (*tickets[:100], *tickets[101:]):
        desk.limiter.leave(ticket)
    late = desk.ask(deadline=700.0)
    assert [desk.after(1.0) for _ in range(3)] == [[tickets[100]], [late], []]


def test_a_turn_that_was_not_used() -> None:
    """Token and place of a ticket that is given back are there for the next."""
    desk = Desk(limit(CANCEL, rate=0.1), places=1)
    first, second = desk.several(2)
    desk.limiter.give_back(first, desk.now)
    assert desk.after(0) == [second]


def slowed(desk: Desk, *waits: float | None) -> None:
    """Let calls be throttled, one after the other."""
    for wait in waits:
        ticket = desk.ask()
        while ticket.waiting:
            desk.after(desk.wait_s())
        desk.now += 0.01
        desk.limiter.slow(ticket, wait, desk.now)
        desk.end(ticket)


PAUSES: dict[str, tuple[list[float | None], float]] = {
    "told": ([2.0], 2.0),
    "not told": ([None], 0.5),
    "told nothing": ([0.0], 0.5),
    "twice in a row": ([None, None], 1.0),
    "told after one that was not": ([None, 3.0], 3.0),
    "for the fourth time": ([None] * 4, 4.0),
    "for the seventh time": ([None] * 7, 8.0),
}


@pytest.mark.parametrize("limits", [(), (limit(CANCEL, rate=99.0, burst=99),)], ids=["free", "limited"])
@pytest.mark.parametrize(("waits", "expected"), PAUSES.values(), ids=PAUSES.keys())
def test_a_throttled_venue_is_left_alone(
    limits: tuple[Limit, ...], waits: list[float | None], expected: float
) -> None:
    """After "too many calls" all calls of that kind pause: as long as told, else longer each time."""
    desk = Desk(*limits)
    slowed(desk, *waits)
    ticket = desk.ask(CANCEL, OTHER)
    assert (ticket.waiting, desk.wait_s()) == (True, expected)
    assert desk.ask(READ, SETTLING).waiting is False
    assert desk.after(expected) == [ticket]


def test_those_in_flight_together_are_throttled_once() -> None:
    """Answers to what was sent before the pause began make it no longer, unless they say so."""
    desk = Desk()
    tickets = desk.several(8)
    for ticket in tickets:
        desk.limiter.slow(ticket, None, desk.now + 0.01)
    desk.now += 0.01
    repeat = desk.ask(CANCEL, OTHER)
    assert desk.wait_s() == 0.5
    desk.limiter.slow(tickets[0], 2.0, desk.now)
    desk.limiter.ease(tickets[1])  # nor does a success of before prove anything
    assert desk.after(0.5) == []
    assert desk.after(1.5) == [repeat]


def test_those_of_one_instant_are_in_flight_together() -> None:
    """Where the clock does not tell what was sent before "too many calls" came, it all was."""
    desk = Desk()
    throttled, again, worked = desk.several(3)
    desk.limiter.slow(throttled, None, desk.now)
    desk.limiter.slow(again, None, desk.now)
    desk.limiter.ease(worked)
    repeat = desk.ask(CANCEL, OTHER)
    assert (repeat.waiting, desk.wait_s()) == (True, 0.5)


def test_what_worked_must_have_been_sent_after_the_venue_throttled_last() -> None:
    """A late "too many calls" makes a pause that ends by no call that was sent before it came."""
    desk = Desk()
    first, late = desk.several(2)
    desk.limiter.slow(first, None, desk.now + 0.01)
    desk.now += 1.0
    before = desk.ask()
    desk.limiter.slow(late, 2.0, desk.now + 0.01)
    desk.now += 0.01
    desk.limiter.ease(before)
    assert desk.ask(CANCEL, OTHER).waiting
    assert desk.wait_s() == 2.0
    desk.now += 2.0
    desk.limiter.ease(desk.ask())
    slowed(desk, None)
    desk.ask()
    assert desk.wait_s() == 0.5


def test_a_success_ends_the_row() -> None:
    """What worked after the pause makes the next one a short one again."""
    desk = Desk()
    slowed(desk, None, None, None)
    desk.now += 2.0
    desk.limiter.ease(desk.ask())
    slowed(desk, None)
    desk.ask()
    assert desk.wait_s() == 0.5


def test_a_stray_header_locks_nobody_out() -> None:
    """However long the pause, one cancel may try every five seconds, and the first that works ends it."""
    desk = Desk()
    slowed(desk, 3600.0)
    cancels, repeat = desk.several(4), desk.ask(CANCEL, OTHER)
    assert desk.wait_s() == 5.0
    (first,) = desk.after(5.0)
    desk.limiter.slow(first, 3600.0, desk.now + 0.1)
    assert desk.wait_s() == 5.0
    (second,) = desk.after(5.0)
    assert [first, second] == cancels[:2]
    desk.limiter.ease(second)
    assert set(desk.after(0.1)) == {*cancels[2:], repeat}


def test_who_tries_in_vain_gives_its_try_away() -> None:
    """A try that was granted and not used is another one's."""
    desk = Desk()
    slowed(desk, 3600.0)
    cancels = desk.several(2)
    assert desk.after(5.0) == cancels[:1]
    desk.limiter.give_back(cancels[0], desk.now)
    assert desk.after(0.1) == cancels[1:]


def test_nothing_to_look_for() -> None:
    """Where nobody waits and nothing is in flight there is no time to look again."""
    assert Limiter((), 1).next_at(5.0) == math.inf


@pytest.mark.parametrize("kind", [CANCEL, READ, LISTING])
def test_a_throttled_account_stops_no_other(kind: CallKind) -> None:
    """Where no limit is declared, too, the pause of one account is not the pause of all."""
    desk = Desk()
    desk.limiter.slow(desk.ask(kind, account="9"), 60.0, desk.now)
    assert [desk.ask(kind, account=account).waiting for account in ("9", "10", "9", "11")] == [
        True,
        False,
        True,
        False,
    ]
    assert desk.wait_s() == 5.0
    assert len(desk.after(5.0)) == 1  # the one that tries
    desk.limiter.ease(desk.ask(kind, account="10"))
    assert desk.after(0) == []  # what works for others proves nothing
