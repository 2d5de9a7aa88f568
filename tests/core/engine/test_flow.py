"""The flow of a batch: what is let in, what waits outside, what is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from countermand import CancelAck, CancelRequest, Outcome, Reason, Stage
from countermand._engine._errand import Errand
from countermand._engine._flow import ROOM, Flow, Step, Tell
from countermand._engine._traffic import Traffic
from countermand._wire._progress import Progress
from countermand.venue import CallKind

Ask = Callable[..., CancelRequest]
Virtually = Callable[[Any], Any]


@attrs.define
class Venue:
    """Takes the cancels of a flow, which wait in the traffic until `sign`, and end by `answer`."""

    traffic: Traffic = attrs.field(factory=Traffic)
    begun: list[tuple[str, bool]] = attrs.field(factory=list)
    closed: bool = False
    waiting: list[tuple[Errand, CancelRequest, asyncio.Future[CancelAck]]] = attrs.field(factory=list)
    signed: list[tuple[Errand, CancelRequest, asyncio.Future[CancelAck]]] = attrs.field(factory=list)

    def begin(self, request: CancelRequest, many: bool, tell: Tell) -> asyncio.Future[CancelAck] | CancelAck:
        self.begun.append((request.order.value, many))
        if self.closed or request.venue == "nowhere":
            return ack(request)
        errand = Errand(
            number=len(self.begun),
            account=request.account,
            kind=CallKind.CANCEL,
            until=10.0,
            overdue_at=3.0,
            patience_s=3.0,
            progress=Progress(clock=lambda: 0.0),
        )
        self.traffic.begin((request.venue, request.account), errand)
        end: asyncio.Future[CancelAck] = asyncio.get_running_loop().create_future()
        end.add_done_callback(tell)
        self.waiting.append((errand, request, end))
        return end

    def sign(self, count: int, account: str = "9") -> None:
        """Let cancels of an account go to the wire."""
        for one in [one for one in self.waiting if one[1].account == account][:count]:
            self.waiting.remove(one)
            self.signed.append(one)
            self.traffic.sign(one[0])

    def answer(self) -> None:
        """Answer all that went."""
        for errand, request, end in self.signed:
            self.traffic.end((request.venue, request.account), errand)
            end.set_result(ack(request))
        self.signed.clear()

    def flow(self, until: float = float("inf"), ahead: int = 4) -> Flow:
        """Open a flow."""
        return Flow(self.begin, self.traffic, lambda _request: ahead, until)


def ack(request: CancelRequest) -> CancelAck:
    return CancelAck(request=request, outcome=Outcome.REJECTED, reason=Reason.NOT_SENT, stage=Stage.SEND)


def orders(step: Step) -> list[tuple[int, str]]:
    return [(place, ack.request.order.value) for place, ack in step.acks]


@pytest.fixture
def some(ask: Ask) -> Callable[..., list[tuple[int, CancelRequest]]]:
    """Make requests with their places."""

    def make(count: int, first: int = 0, **fields: Any) -> list[tuple[int, CancelRequest]]:
        return [(place, ask(str(place + 1), **fields)) for place in range(first, first + count)]

    return make


def test_a_few_wait_for_their_turn_and_the_others_outside(virtually: Virtually, some: Any) -> None:
    """Of an account four wait at the venue, and whenever one goes the next is let in, in order."""

    async def work() -> None:
        venue = Venue()
        flow = venue.flow()
        step = await flow.step(some(10), 0, may_take=True)
        assert [order for order, _ in venue.begun] == ["1", "2", "3", "4"]
        assert (step.acks, step.room) == ((), ROOM - 6)
        venue.sign(2)
        assert [order for order, _ in venue.begun] == ["1", "2", "3", "4", "5", "6"]
        assert (await flow.step([], 0, may_take=True)).room == ROOM - 4

    virtually(work())


def test_a_venue_may_let_more_wait(virtually: Virtually, some: Any) -> None:
    """From four on it is asked how many may wait for their turn."""

    async def work() -> None:
        venue = Venue()
        await venue.flow(ahead=6).step(some(10), 0, may_take=True)
        assert len(venue.begun) == 6

    virtually(work())


def test_a_cancel_may_go_as_it_is_begun(virtually: Virtually, some: Any) -> None:
    """Who waits for no turn makes room at once: each is begun once, in order, however many there are."""

    class Prompt(Venue):
        def begin(
            self, request: CancelRequest, many: bool, tell: Tell
        ) -> asyncio.Future[CancelAck] | CancelAck:
            end = super().begin(request, many, tell)
            self.sign(1)
            return end

    async def work() -> None:
        venue = Prompt()
        step = await venue.flow().step(some(900), 0, may_take=True)
        assert [order for order, _ in venue.begun] == [str(number) for number in range(1, 901)]
        assert not venue.traffic.queued(("apex", "9"))
        assert step.room > 0

    virtually(work())


def test_a_full_account_stops_the_pulling_only_where_no_other_has_room(
    virtually: Virtually, some: Any
) -> None:
    """Beside an account with room a full one gathers more outside; without one, no more than has room."""

    async def both() -> None:
        venue = Venue()
        flow = venue.flow()
        for first in range(0, 60, 30):
            mixed = [*some(29, first), *some(1, first + 29, account="8")]
            step = await flow.step(mixed, 0, may_take=True)
            assert step.room == ROOM  # account 8 has a place for whatever comes
        assert len(venue.begun) == 6
        with pytest.raises(TimeoutError):  # whatever came last was for account 9 alone
            async with asyncio.timeout(60):
                await flow.step(some(20, 60), 0, may_take=True)

    async def alone() -> None:
        venue = Venue()
        flow = venue.flow()
        waiting = asyncio.ensure_future(flow.step(some(ROOM + 4), 0, may_take=True))
        await asyncio.sleep(1)
        assert not waiting.done()
        venue.sign(1)
        assert (await waiting).room == 1

    virtually(both())
    virtually(alone())


def test_no_more_than_a_thousand_are_taken(virtually: Virtually, some: Any) -> None:
    """What is under way, waits and is told is bounded, however many accounts have room."""

    async def work() -> None:
        venue, rooms = Venue(), []
        flow = venue.flow()
        for first in range(0, 990, 30):
            step = await flow.step(some(30, first, venue="nowhere"), 0, may_take=True)
            rooms.append(step.room)
        assert rooms[0] == ROOM
        assert rooms[-1] == 1000 - 990
        assert (await flow.step([], 900, may_take=True)).room == ROOM

    virtually(work())


def test_what_is_there_already_is_taken_without_waiting_for_room(virtually: Virtually, some: Any) -> None:
    """However many wait outside: whoever comes behind them has its place if its own account has one."""

    async def work() -> None:
        venue = Venue()
        flow = venue.flow()
        flow.take_freely()
        for first in range(0, 3000, 200):
            step = await flow.step(some(200, first), 0, may_take=True)
            assert (step.acks, step.room) == ((), 200)
        assert len(venue.begun) == 4
        await flow.step(some(2, 3000, account="8"), 0, may_take=True)
        assert [order for order, _ in venue.begun[4:]] == ["3001", "3002"]
        venue.sign(4)
        assert [order for order, _ in venue.begun[6:]] == ["5", "6", "7", "8"]

    virtually(work())


def test_no_more_than_a_thousand_are_begun(virtually: Virtually, some: Any) -> None:
    """What waits outside is begun as acks are heard, whatever its account; none is passed over."""

    async def work() -> None:
        venue = Venue()
        flow = venue.flow()
        flow.take_freely()
        for first in range(0, 1500, 500):
            await flow.step(some(500, first, venue="nowhere"), 0, may_take=True)
        await flow.step(some(3, 1500), 0, may_take=True)
        assert len(venue.begun) == 1000
        assert len((await flow.step([], 400, may_take=True)).acks) == 1000
        assert len((await flow.step([], 1000, may_take=True)).acks) == 500
        assert len(venue.begun) == 1503
        venue.sign(3)
        venue.answer()
        step = await flow.step([], 1500, may_take=False)
        assert [place for place, _ in step.acks] == [1500, 1501, 1502]

    virtually(work())


def test_acks_come_as_they_are_known_and_until_they_are_heard(virtually: Virtually, some: Any) -> None:
    """A step gives again what the last one gave, unless that was heard; so does it ignore what it took."""

    async def work() -> None:
        venue = Venue()
        flow = venue.flow()
        taken = some(2)
        step = asyncio.ensure_future(flow.step(taken, 0, may_take=False))
        await asyncio.sleep(1)
        assert not step.done()
        venue.sign(1)
        venue.answer()
        assert orders(await step) == [(0, "1")]
        assert orders(await flow.step(taken, 0, may_take=False)) == [(0, "1")]
        venue.sign(1)
        venue.answer()
        assert orders(await flow.step(taken, 1, may_take=False)) == [(1, "2")]
        assert orders(await flow.step([], 2, may_take=False)) == []
        assert len(venue.begun) == 2

    virtually(work())


def test_three_of_an_account_are_many(virtually: Virtually, some: Any) -> None:
    """From three on that are there together they share their reads; of one or two nobody shares any."""

    async def work() -> None:
        venue = Venue()
        flow = venue.flow()
        await flow.step([*some(2), *some(3, 2, account="8")], 0, may_take=True)
        assert venue.begun == [("1", False), ("2", False), ("3", True), ("4", True), ("5", True)]
        await flow.step(some(1, 5), 0, may_take=True)
        assert venue.begun[-1] == ("6", True)
        venue.sign(9)
        venue.answer()
        await flow.step([], 0, may_take=True)
        await flow.step(some(1, 6), 3, may_take=True)
        assert venue.begun[-1] == ("7", False)

    virtually(work())


def test_what_is_pulled_ends_a_step(virtually: Virtually, some: Any) -> None:
    """A step that waits for a request ends when that comes, and not before."""

    async def work() -> None:
        flow = Venue().flow()
        loop = asyncio.get_running_loop()
        pulling: asyncio.Future[Any] = loop.create_future()
        loop.call_later(5, pulling.set_result, None)
        begun_at = loop.time()
        step = await flow.step([], 0, pulling, may_take=False)
        assert (loop.time() - begun_at, step.acks, step.late) == (5, (), False)

    virtually(work())


def test_nothing_is_waited_for_when_the_time_is_over(virtually: Virtually, some: Any) -> None:
    """At its end a batch waits for no request; what is under way ends by itself."""

    async def work() -> None:
        loop = asyncio.get_running_loop()
        venue, begun_at = Venue(), loop.time()
        flow = venue.flow(until=begun_at + 3)
        step = await flow.step(some(1), 0, loop.create_future(), may_take=False)
        assert (loop.time() - begun_at, step.acks, step.late) == (3, (), True)
        venue.sign(1)
        loop.call_later(1, venue.answer)
        step = await flow.step([], 0, may_take=False)
        assert (loop.time() - begun_at, orders(step)) == (4, [(0, "1")])

    virtually(work())


def test_a_step_that_is_canceled_leaves_no_trace(virtually: Virtually, some: Any) -> None:
    """Neither an alarm nor a callback stays of a step that nobody waits for."""

    async def work() -> None:
        loop = asyncio.get_running_loop()
        venue = Venue()
        flow = venue.flow(until=loop.time() + 3)
        pulling: asyncio.Future[Any] = loop.create_future()
        step = asyncio.ensure_future(flow.step(some(1), 0, pulling, may_take=False))
        await asyncio.sleep(1)
        step.cancel()
        with pytest.raises(asyncio.CancelledError):
            await step
        venue.sign(1)
        venue.answer()
        pulling.set_result(None)
        assert orders(await flow.step(some(1), 0, may_take=False)) == [(0, "1")]
        assert len(venue.begun) == 1

    virtually(work())


class Sluggish(Venue):
    """Takes a quarter of a millisecond for each."""

    def flow(self, until: float = float("inf"), ahead: int = 4) -> Flow:
        self.loop: Any = asyncio.get_running_loop()
        return super().flow(until, ahead)

    def begin(self, request: CancelRequest, many: bool, tell: Tell) -> asyncio.Future[CancelAck] | CancelAck:
        self.loop.jump(0.00025)
        return super().begin(request, many, tell)


class Slow(Sluggish):
    """Lets each go, too."""

    def begin(self, request: CancelRequest, many: bool, tell: Tell) -> asyncio.Future[CancelAck] | CancelAck:
        end = super().begin(request, many, tell)
        self.sign(1, request.account)
        return end


def test_what_takes_long_is_begun_in_several_turns(virtually: Virtually, some: Any) -> None:
    """After less than a millisecond others have their turn; what is let in goes on after that by itself."""

    async def work() -> None:
        venue, seen = Slow(), []
        step = asyncio.ensure_future(venue.flow().step(some(7), 0, may_take=False))
        for _ in range(6):
            await asyncio.sleep(0)
            seen.append(len(venue.begun))
        assert seen == [2, 4, 6, 7, 7, 7]
        venue.answer()
        assert len((await step).acks) == 7

    virtually(work())


def test_what_had_no_turn_is_told_after_the_end(virtually: Virtually, some: Any) -> None:
    """If the loop ends before it was begun, it is refused like all that comes later."""
    venue = Slow()

    async def work() -> Flow:
        flow = venue.flow()
        step = flow.step(some(40), 0, may_take=True)
        step.send(None)
        step.close()
        return flow

    flow, begun = virtually(work()), len(venue.begun)
    assert 0 < begun < 40
    venue.closed = True
    flow.end()
    assert orders(flow.rest(some(9, 40), 0)) == [(place, str(place + 1)) for place in range(begun, 49)]


def test_many_accounts_have_one_turn_together(virtually: Virtually, some: Any) -> None:
    """However many accounts there are, others have their turn as soon; none is left behind."""

    async def work() -> None:
        venue, seen = Slow(), []
        taken = [one for place in range(0, 6, 2) for one in some(2, place, account=str(place))]
        taken += [one for place in range(6, 9) for one in some(1, place, account=str(place))]
        step = asyncio.ensure_future(venue.flow().step(taken, 0, may_take=False))
        for _ in range(6):
            await asyncio.sleep(0)
            seen.append(len(venue.begun))
        assert seen == [2, 4, 6, 8, 9, 9]
        venue.answer()
        assert len((await step).acks) == 9

    virtually(work())


def test_places_that_come_together_have_one_turn_together(virtually: Virtually, some: Any) -> None:
    """However often there is room in one turn, no more is begun in it than at once; none is left behind."""

    async def work() -> None:
        venue, accounts = Sluggish(), [str(number) for number in range(6)]
        taken = [one for place, name in enumerate(accounts) for one in some(5, 5 * place, account=name)]
        step = asyncio.ensure_future(venue.flow().step(taken, 0, may_take=False))
        await asyncio.sleep(1)
        seen = [len(venue.begun)]
        for account in accounts:
            venue.sign(1, account)
        for _ in range(4):
            seen.append(len(venue.begun))
            await asyncio.sleep(0)
        assert seen == [24, 26, 28, 30, 30]
        for account in accounts:
            venue.sign(5, account)
        venue.answer()
        assert len((await step).acks) == 30

    virtually(work())


def test_accounts_take_turns(virtually: Virtually, some: Any) -> None:
    """An account with more than a turn's requests does not keep those of the others back."""

    async def work() -> None:
        venue = Slow()
        taken = [*some(6, account="one"), *some(2, 6, account="other")]
        step = asyncio.ensure_future(venue.flow().step(taken, 0, may_take=False))
        for _ in range(5):
            await asyncio.sleep(0)
        assert [order for order, _ in venue.begun] == ["1", "2", "7", "8", "3", "4", "5", "6"]
        venue.answer()
        assert len((await step).acks) == 8

    virtually(work())


def test_two_flows_of_an_account_take_turns(virtually: Virtually, some: Any) -> None:
    """Whoever has more to send has its turn after the other."""

    async def work() -> None:
        venue = Venue()
        one, other = venue.flow(), venue.flow()
        await one.step(some(8), 0, may_take=True)
        await other.step(some(4, 20), 0, may_take=True)
        for _ in range(4):
            venue.sign(1)
        assert [order for order, _ in venue.begun[4:]] == ["5", "21", "6", "22"]

    virtually(work())


def test_after_the_end_the_rest_is_told_without_a_loop(virtually: Virtually, some: Any) -> None:
    """When the client has ended, whatever still comes or waits outside is begun, and so refused, at once."""
    venue = Venue()

    async def work() -> Flow:
        flow = venue.flow()
        await flow.step(some(6), 0, may_take=True)
        return flow

    flow = virtually(work())
    flow.end()
    venue.closed = True
    assert orders(flow.rest([], 0)) == [(4, "5"), (5, "6")]
    assert orders(flow.rest(some(9), 1)) == [(place, str(place + 1)) for place in range(5, 9)]
    assert orders(flow.rest([], 5)) == []
