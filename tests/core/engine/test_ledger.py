"""The ledger writes down later what went straight; nobody who asks it or tells it anything can notice."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from countermand import CancelAck, CancelRequest, OrderId, Outcome
from countermand._case._facts import Caller
from countermand._case._receipt import Taken
from countermand._engine._admission import not_sent
from countermand._engine._ledger import _AT_ONCE, _MOST_UNWRITTEN, Ledger, Owed
from countermand._engine._open_case import Told
from countermand._engine._straight import Straight
from countermand._engine._watch import Watch
from countermand._update import MOST_UNSETTLED
from countermand.venue import Receipt

Ask = Callable[..., CancelRequest]

ROAD: Any = SimpleNamespace(epoch=datetime(2026, 1, 1, tzinfo=UTC))
NOW = 1000.0


def landed(request: CancelRequest, joined_at: float = 0.0, ended_at: float = 1.0) -> Straight:
    """Make what is remembered of a cancel that went straight."""
    straight = Straight(
        request, cast("OrderId", request.order), 1, joined_at, 10.0, 10.0, cast("Any", None), ROAD, False
    )
    straight.call, straight.signed_at, straight.ended_at = "cancel", joined_at, ended_at
    straight.taken = Taken(Receipt(), 200, "")
    return straight


def told(request: CancelRequest, ack: CancelAck | None = None, joined_at: float = 0.0) -> Told:
    """Make what is remembered of an ack that was told of a case."""
    return Told(
        entry=cast("Any", SimpleNamespace(survey=SimpleNamespace(attempts=()))),  # all it asks
        caller=Caller(request=request, joined_at=joined_at, deadline=10.0),
        ack=ack or CancelAck(request=request, outcome=Outcome.UNKNOWN),
    )


def ledger_of(most: int) -> Ledger:
    return Ledger(lambda: NOW, Watch(None), most)


@attrs.frozen(eq=False)
class Asked:
    """Notes that it was asked for its request, as it is where it is written down."""

    asked: list[object]

    @property
    def request(self) -> object:
        self.asked.append(self)
        return self


def owed(ledger: Ledger) -> list[str]:
    return [str(one.ack.request.order) for one in ledger.unsettled()]


def test_who_asks_what_is_owed_is_told_of_who_just_landed(ask: Ask) -> None:
    """A cancel that landed is listed from that moment."""
    ledger = ledger_of(2)
    for number in range(4):
        ledger.keep(landed(ask(str(number)), joined_at=float(number)))
        assert owed(ledger) == [str(one) for one in range(number + 1)][-2:]


def test_who_asks_for_an_ack_finds_who_just_landed(ask: Ask) -> None:
    """The ack of a cancel that landed is found from that moment, and one it leaves no room for is not."""
    ledger, before = ledger_of(1), told(ask("1"))
    ledger.note(before)
    straight = landed(ask("2"))
    ledger.keep(straight)
    assert ledger.find(before.ack) is None
    assert ledger.find(straight.ack) is straight


def test_who_asks_what_was_dropped_is_told_of_it_at_once(ask: Ask) -> None:
    """Whatever a cancel that landed left no room for counts from that moment."""
    ledger, counts = ledger_of(2), []
    for number in range(4):
        ledger.keep(landed(ask(str(number))))
        counts.append(ledger.dropped)
    assert counts == [0, 0, 1, 2]


def test_a_case_is_made_of_who_just_landed(ask: Ask) -> None:
    """From then on the ack is the case's, also where it left no room for another."""
    ledger, straight = ledger_of(1), landed(ask("2"))
    ledger.keep(landed(ask("1")))
    ledger.keep(straight)
    case = told(straight.request, attrs.evolve(straight.ack, error="a case's"))
    ledger.make_of(straight, case)
    assert [one.ack for one in ledger.unsettled()] == [case.ack]
    assert ledger.dropped == 1


def test_what_is_told_of_a_case_is_younger_than_who_just_landed(ask: Ask) -> None:
    """Of those who landed before it and itself the last is kept."""
    ledger = ledger_of(1)
    ledger.keep(landed(ask("1")))
    ledger.note(told(ask("2")))
    assert owed(ledger) == ["2"]


def test_what_becomes_final_made_no_room_for_who_landed_before(ask: Ask) -> None:
    """It was there until then, and what it left no room for was dropped."""
    ledger, case = ledger_of(2), told(ask("2"))
    ledger.keep(landed(ask("1")))
    ledger.note(case)
    ledger.keep(landed(ask("3")))
    ledger.restate(case, not_sent(case.request, TimeoutError()))
    assert owed(ledger) == ["3"]
    assert ledger.dropped == 1


def test_an_ack_with_the_id_of_one_that_is_gone(ask: Ask) -> None:
    """An ack that has the id of another, which nobody has any more, is found whatever that comes to."""
    ledger, gone, one = ledger_of(5), told(ask("7")), told(ask("8"))
    ledger.note(gone)
    ledger.note(one)
    gone.given[id(one.ack)] = weakref.ref(CancelAck(request=ask("7"), outcome=Outcome.UNKNOWN))
    ledger.restate(gone, not_sent(gone.request, TimeoutError()))
    assert ledger.find(one.ack) is one
    assert owed(ledger) == ["8"]


def test_what_is_dropped_is_not_kept_alive(ask: Ask) -> None:
    """Little more is held than may be owed, though nobody ever asks."""
    ledger, alive, asked_again = ledger_of(3), weakref.WeakSet[Straight](), ask()
    for number in range(10 * _AT_ONCE):
        straight = landed(asked_again if number % 2 else ask(str(number)))
        alive.add(straight)
        ledger.keep(straight)
        assert len(alive) <= 3 + _AT_ONCE
    assert ledger.dropped == 10 * _AT_ONCE - 3
    assert len(alive) == 3


def test_who_asks_after_very_many_finds_most_of_them_written_down() -> None:
    """However many may be owed, only so many are written down in one go."""
    ledger, asked = ledger_of(2 * _MOST_UNWRITTEN), list[object]()
    for _ in range(_MOST_UNWRITTEN - 1):
        ledger.keep(cast("Straight", Asked(asked)))
    assert asked == []
    for _ in range(_MOST_UNWRITTEN):
        ledger.keep(cast("Straight", Asked(asked)))
    assert len(asked) >= _MOST_UNWRITTEN
    assert ledger.dropped == 0


def test_of_no_more_than_are_kept_by_default_none_is_written_down_unasked() -> None:
    """It would cost each of them as much again, for nobody."""
    ledger, asked = ledger_of(MOST_UNSETTLED), list[object]()
    for _ in range(3 * MOST_UNSETTLED):
        ledger.keep(cast("Straight", Asked(asked)))
    assert asked == []
    assert ledger.dropped >= 2 * MOST_UNSETTLED - _AT_ONCE


@attrs.define
class Plain:
    """The same as a list to which all is added at once, and in which all is searched for."""

    most: int
    owed: list[Owed] = attrs.field(factory=list)
    #: The very acks by which those of cases are found.
    held: list[tuple[CancelAck, Told]] = attrs.field(factory=list)
    noted: list[Told] = attrs.field(factory=list)
    dropped: int = 0

    def put(self, one: Owed) -> None:
        self.owed.append(one)
        if len(self.owed) > self.most:
            self.forget(self.owed[0])
            self.dropped += 1

    def forget(self, one: Owed) -> None:
        self.owed.remove(one)
        self.held = [(ack, case) for ack, case in self.held if case is not one]

    def find(self, ack: CancelAck) -> Owed | None:
        for held, case in self.held:
            if held is ack:
                return case
        return next(
            (
                one
                for one in self.owed
                if one.request is ack.request and one not in self.noted and ack in one.versions
            ),
            None,
        )


class Ledgers(RuleBasedStateMachine):
    """A ledger and a plain list that hear and are asked the same."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = itertools.count(1)
        self.everything: list[Owed] = []

    @initialize(most=st.sampled_from([1, 2, 5, _AT_ONCE, 2 * _AT_ONCE]))
    def open(self, most: int) -> None:
        self.ledger, self.plain = ledger_of(most), Plain(most)

    # What can happen.

    @rule(many=st.sampled_from([1, 1, 1, 2, _AT_ONCE - 1, _AT_ONCE, 2 * _AT_ONCE]), again=st.booleans())
    def land(self, many: int, again: bool) -> None:
        """Let some cancels land, of new requests or of one that was asked before."""
        before = self.everything[-1].request if again and self.everything else None
        for _ in range(many):
            number = next(self.numbers)
            request = before or self.request(number)
            straight = landed(request, joined_at=float(-number % 7), ended_at=10.0 + number)
            self.everything.append(straight)
            self.plain.put(straight)
            self.ledger.keep(straight)

    @rule(final=st.booleans(), again=st.booleans())
    def tell(self, final: bool, again: bool) -> None:
        """Tell an ack of a case."""
        number = next(self.numbers)
        request = self.everything[-1].request if again and self.everything else self.request(number)
        ack = not_sent(request, TimeoutError()) if final else self.unknown(request, number)
        case = told(request, ack, joined_at=float(-number % 7))
        self.everything.append(case)
        if not final:
            self.plain.noted.append(case)
            self.plain.held.append((ack, case))
            self.plain.put(case)
        self.ledger.note(case)

    @precondition(lambda self: self.straights())
    @rule(data=st.data())
    def make_a_case(self, data: st.DataObject) -> None:
        """Let a case go on with a cancel that landed, whether it is still owed or not."""
        straight = data.draw(st.sampled_from(self.straights()[-5:]))
        straight.told = told(straight.request, straight.ack, straight.joined_at)
        self.everything.append(straight.told)
        if straight in self.plain.owed:
            self.plain.forget(straight)
            self.plain.put(straight.told)
        self.ledger.make_of(straight, straight.told)

    @precondition(lambda self: self.cases())
    @rule(data=st.data(), final=st.booleans())
    def restate(self, data: st.DataObject, final: bool) -> None:
        """Let an ack move on, whether it is still owed or not."""
        case = data.draw(st.sampled_from(self.cases()[-5:]))
        ack = (
            not_sent(case.request, TimeoutError())
            if final
            else self.unknown(case.request, next(self.numbers))
        )
        if case in self.plain.owed:
            if final:
                self.plain.forget(case)
            else:
                self.plain.held.append((ack, case))
        self.ledger.restate(case, ack)

    # What can be asked.

    @precondition(lambda self: self.everything)
    @rule(data=st.data())
    def find(self, data: st.DataObject) -> None:
        """Find an ack, by itself or by one that is equal to it."""
        one = data.draw(st.sampled_from(self.everything[-2 * _AT_ONCE :]))
        ack = data.draw(st.sampled_from(one.versions))
        for asked in (ack, attrs.evolve(ack)):
            assert self.ledger.find(asked) is self.plain.find(asked)

    @rule()
    def list_them(self) -> None:
        in_order = sorted(self.plain.owed, key=lambda one: one.joined_at)
        listed = [(one.ack, one.age_s) for one in self.ledger.unsettled()]
        assert listed == [(one.ack, NOW - one.joined_at) for one in in_order]

    @rule()
    def count(self) -> None:
        assert self.ledger.dropped == self.plain.dropped

    def teardown(self) -> None:
        """Whatever happened last: it is as it was to be, and nothing is held of what is gone."""
        self.list_them()
        self.count()
        held = vars(self.ledger)
        assert len(held["_by_ack"]) == len(self.plain.held)
        assert all(again and set(again) <= set(self.plain.owed) for again in held["_again"].values())

    def request(self, number: int) -> CancelRequest:
        return CancelRequest(venue="v", account="9", order=OrderId(str(number)))

    def unknown(self, request: CancelRequest, number: int) -> CancelAck:
        return CancelAck(request=request, outcome=Outcome.UNKNOWN, error=f"{number}")

    def straights(self) -> list[Straight]:
        return [one for one in self.everything if isinstance(one, Straight) and one.told is None]

    def cases(self) -> list[Told]:
        return [one for one in self.everything if isinstance(one, Told) and not one.ack.final]


TestLedgers = Ledgers.TestCase
TestLedgers.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)


@pytest.mark.parametrize("at_once", [1, _AT_ONCE - 1, _AT_ONCE, _AT_ONCE + 1, 3 * _AT_ONCE])
def test_how_many_land_before_anybody_asks(ask: Ask, at_once: int) -> None:
    """However many they are, the newest are listed and found, and the others counted."""
    ledger = ledger_of(_AT_ONCE)
    straights = [landed(ask(str(number)), joined_at=float(number)) for number in range(at_once)]
    for straight in straights:
        ledger.keep(straight)
    kept = straights[-_AT_ONCE:]
    assert [one.ack for one in ledger.unsettled()] == [straight.ack for straight in kept]
    assert [ledger.find(straight.ack) for straight in kept] == kept
    assert ledger.dropped == at_once - len(kept)
