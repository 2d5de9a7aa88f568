"""What holds of a limiter whatever is asked of it, in whatever order."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand._limits._bucket import Bucket
from countermand._limits._lane import Ticket
from countermand._limits._limiter import Limiter
from countermand._limits._shares import SHARES
from countermand._limits._urgency import Need, Urgency
from countermand.venue import CallKind, Limit, LimitScope

KINDS = {
    Need.KILL: (CallKind.CANCEL, CallKind.LISTING),
    Need.FIRST_CANCEL: (CallKind.CANCEL, CallKind.LOG_IN),
    Need.SETTLING_READ: (CallKind.READ, CallKind.LISTING),
    Need.OTHER: (CallKind.CANCEL, CallKind.LISTING),
}
PLACES = 3

limits = st.lists(
    st.builds(
        Limit,
        per=st.sampled_from(LimitScope),
        kinds=st.frozensets(st.sampled_from(CallKind), min_size=1),
        rate=st.sampled_from([0.2, 0.8, 1.0, 3.0, 50.0]),
        burst=st.integers(1, 12),
    ),
    max_size=3,
)


@attrs.define
class Venue:
    """A limiter under way: what waits, what is in flight, and what every bucket has given when."""

    limiter: Limiter
    now: float = 0.0
    waiting: list[Ticket] = attrs.field(factory=list)
    flying: list[Ticket] = attrs.field(factory=list)
    given: dict[Bucket, list[float]] = attrs.field(factory=lambda: defaultdict(list))

    def ask(self, need: Need, choice: int, deadline_s: float) -> None:
        """Ask for a ticket."""
        kind, account = KINDS[need][choice % 2], str(choice)
        urgency = Urgency(need=need, deadline=self.now + deadline_s)
        ticket = self.limiter.ask(kind, account, urgency, patience_s=4.0, now=self.now)
        if ticket.waiting:
            self.waiting.append(ticket)
        else:
            self._fly(ticket)

    def end(self, index: int, retry_after_s: float | None, *, throttled: bool) -> None:
        """Let one of those in flight be answered."""
        ticket = self.flying.pop(index % len(self.flying))
        if throttled:
            self.limiter.slow(ticket, retry_after_s, self.now)
        else:
            slowed = [bucket.brake.is_on for bucket in ticket.lane.buckets]
            self.limiter.ease(ticket)
            # Only one that tries is heard, so no other may make a difference.
            assert ticket.tries or slowed == [bucket.brake.is_on for bucket in ticket.lane.buckets]
        ticket.end()

    def give_back(self, index: int) -> None:
        """Let one of those in flight not have been used."""
        ticket = self.flying.pop(index % len(self.flying))
        self.limiter.give_back(ticket, self.now)
        for bucket in ticket.lane.buckets:
            self.given[bucket].remove(ticket.granted_at)

    def leave(self, index: int) -> None:
        """Let one of those that wait give up."""
        self.limiter.leave(self.waiting.pop(index % len(self.waiting)))

    def hurry(self, index: int) -> None:
        """Let one of those that wait be as urgent as can be, or nearly so."""
        ticket = self.waiting[index % len(self.waiting)]
        need = min(ticket.need, Need(index % 2))
        self.limiter.hurry(ticket, Urgency(need=need, deadline=self.now))

    def serve(self) -> list[Ticket]:
        """Grant what can be granted."""
        granted = self.limiter.grant(self.now)
        assert granted == sorted(granted, key=lambda ticket: ticket.need is not Need.KILL)
        for ticket in granted:
            self.waiting.remove(ticket)
            self._fly(ticket)
        for ticket in granted:
            assert not any(_goes_before(one, ticket) for one in self.waiting)
        return granted

    def _fly(self, ticket: Ticket) -> None:
        assert ticket.granted_at == self.now
        self.flying.append(ticket)
        for bucket in ticket.lane.buckets:
            self.given[bucket].append(self.now)


def _goes_before(one: Ticket, other: Ticket) -> bool:
    """Tell whether one that lacks nothing else has the nearer deadline."""
    alike = (one.lane, one.need) == (other.lane, other.need)
    return alike and one.deadline < other.deadline


steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(Need), st.integers(0, 3), st.sampled_from([0.5, 2.0, 9.0])),
        st.tuples(st.just("wait"), st.sampled_from([0.0, 0.1, 0.7, 3.0])),
        st.tuples(st.just("end"), st.integers(0, 99), st.sampled_from([None, 0.0, 2.0, 99.0]), st.booleans()),
        st.tuples(st.just("give back"), st.integers(0, 99)),
        st.tuples(st.just("leave"), st.integers(0, 99)),
        st.tuples(st.just("hurry"), st.integers(0, 99)),
    ),
    max_size=60,
)


def perform(venue: Venue, step: tuple[Any, ...]) -> None:
    """Perform one step, where it can be."""
    match step:
        case "ask", need, choice, deadline_s:
            venue.ask(need, choice, deadline_s)
        case "wait", seconds:
            venue.now += seconds
        case "end", index, retry_after_s, throttled if venue.flying:
            venue.end(index, retry_after_s, throttled=throttled)
        case "give back", index if venue.flying:
            venue.give_back(index)
        case "leave", index if venue.waiting:
            venue.leave(index)
        case "hurry", index if venue.waiting:
            venue.hurry(index)


@given(limits=limits, steps=steps)
def test_laws(limits: list[Limit], steps: list[tuple[Any, ...]]) -> None:
    """No limit is passed, kills and near deadlines go first, no cancel waits in vain, nobody is forgotten."""
    venue = Venue(Limiter(limits, PLACES))
    for step in steps:
        perform(venue, step)
        venue.serve()
        _nobody_urgent_waits_in_vain(venue)
        _nobody_waits_for_longer_than_told(venue)
    _all_are_served(venue)
    for bucket, times in venue.given.items():
        if bucket.interval_s:
            _is_within(bucket, times)


@pytest.mark.parametrize("seed", range(12))
def test_a_crowd(seed: int) -> None:
    """The same where many more ask than there is room for: then it matters who goes first."""
    chance = random.Random(seed)  # noqa: S311 - drawn from a seed, to be drawn again
    both = Limit(per=LimitScope.VENUE, kinds=frozenset(CallKind), rate=3.0, burst=1 + seed)
    own = Limit(per=LimitScope.ACCOUNT, kinds=frozenset({CallKind.CANCEL}), rate=1.0, burst=2)
    venue = Venue(Limiter([both, own], PLACES))
    for _ in range(300):
        word = chance.choice(["ask", "ask", "ask", "wait", "end", "end", "leave"])
        more: dict[str, tuple[Any, ...]] = {
            "ask": (chance.choice(list(Need)), chance.randrange(4), chance.uniform(0.5, 9.0)),
            "wait": (chance.choice([0.1, 0.7]),),
            "end": (chance.randrange(99), None, False),
            "leave": (chance.randrange(99),),
        }
        perform(venue, (word, *more[word]))
        venue.serve()
        _nobody_urgent_waits_in_vain(venue)
    for bucket, times in venue.given.items():
        _is_within(bucket, times)


def _nobody_urgent_waits_in_vain(venue: Venue) -> None:
    for ticket in venue.waiting:
        if ticket.need in (Need.KILL, Need.FIRST_CANCEL):
            assert ticket.lane.ready_at(ticket.need, venue.now) > venue.now


def _nobody_waits_for_longer_than_told(venue: Venue) -> None:
    if venue.waiting:
        assert venue.now < venue.limiter.next_at(venue.now) < math.inf


def _all_are_served(venue: Venue) -> None:
    """Answer all from here on, and let time pass only to the moments that the limiter names."""
    for _ in range(2000):
        while venue.flying:
            venue.end(0, None, throttled=False)
        venue.serve()
        if not venue.waiting:
            return
        if not venue.flying:
            venue.now = venue.limiter.next_at(venue.now)
    pytest.fail(f"{len(venue.waiting)} tickets are never granted")


def _is_within(bucket: Bucket, times: list[float]) -> None:
    """Check that every window has the burst and what came within it, at most."""
    for first, begin in enumerate(times):
        for last in range(first, len(times)):
            came = (times[last] - begin) / bucket.interval_s
            assert last - first + 1 <= bucket.burst + came + 1e-3


@given(
    needs=st.sets(st.sampled_from(sorted(SHARES)), min_size=1),
    rate=st.sampled_from([0.3, 1.0, 7.0]),
    burst=st.integers(1, 9),
    places=st.sampled_from([1, 999]),
    deadlines=st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=1, max_size=9),
)
def test_shares(needs: set[Need], rate: float, burst: int, places: int, deadlines: list[float]) -> None:
    """Of all that comes half is for first cancels that wait, a fifth for settling reads; nothing is lost."""
    kinds = frozenset({CallKind.CANCEL})
    venue = Venue(Limiter([Limit(per=LimitScope.VENUE, kinds=kinds, rate=rate, burst=burst)], places))
    for index in range(200):
        for need in sorted(needs):
            urgency = Urgency(need=need, deadline=deadlines[index % len(deadlines)])
            ticket = venue.limiter.ask(CallKind.CANCEL, "9", urgency, patience_s=math.inf, now=0.0)
            (venue.waiting if ticket.waiting else venue.flying).append(ticket)
    venue.serve()
    granted: list[Ticket] = []
    while len(granted) < 100:
        while venue.flying:
            venue.end(0, None, throttled=False)
        granted += venue.serve()
        if not venue.flying:
            venue.now = venue.limiter.next_at(venue.now)
    counts = {need: sum(ticket.need is need for ticket in granted) for need in needs}
    for need, share in {Need.FIRST_CANCEL: 0.5, Need.SETTLING_READ: 0.2, Need.OTHER: 0.1}.items():
        if need in needs:
            assert counts[need] >= share * len(granted) - burst - 2
    assert venue.now <= (len(granted) + burst) / rate * (1 if Need.FIRST_CANCEL in needs else 2)
    for need in needs:
        turns = [ticket.deadline for ticket in granted if ticket.need is need]
        assert turns == sorted(turns)
