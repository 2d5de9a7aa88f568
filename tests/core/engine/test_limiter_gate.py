"""Where calls wait for their turn: each is woken when it comes, and leaves cleanly when it is canceled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from countermand._limits._gate import Gate
from countermand._limits._limiter import Limiter
from countermand._limits._urgency import Need, Urgency
from countermand.venue import CallKind, Gone, Limit, LimitScope, MayHaveActed, Receipt, Throttled, Unreadable

Virtually = Callable[[Coroutine[Any, Any, Any]], Any]
CANCEL, READ = CallKind.CANCEL, CallKind.READ


def gate(rate: float | None = None, burst: int = 1, places: int = 16) -> Gate:
    """Make a gate for cancels and reads."""
    kinds = frozenset({CANCEL, READ})
    limits = [] if rate is None else [Limit(per=LimitScope.VENUE, kinds=kinds, rate=rate, burst=burst)]
    return Gate(Limiter(limits, places))


def first(deadline: float = 9000.0) -> Urgency:
    """Say that it is a first cancel."""
    return Urgency(need=Need.FIRST_CANCEL, deadline=deadline)


class Crowd:
    """Sends calls through a gate, and remembers when they got through."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.loop = asyncio.get_running_loop()
        self.start = self.loop.time()
        self.passed: list[tuple[str, float]] = []

    def send(self, name: str, urgency: Urgency, lasts_s: float = 0.0) -> asyncio.Task[None]:
        """Send one."""
        return asyncio.create_task(self._send(name, urgency, lasts_s))

    async def _send(self, name: str, urgency: Urgency, lasts_s: float) -> None:
        ticket = await self.gate.enter(urgency, CANCEL, patience_s=3.0)
        self.passed.append((name, round(self.loop.time() - self.start, 3)))
        try:
            await asyncio.sleep(lasts_s)
        finally:
            self.gate.leave(ticket)


def test_a_free_way(virtually: Virtually) -> None:
    """Who finds all free passes without giving way to anybody."""

    async def walk() -> None:
        entering = gate(rate=1.0).enter(first(), CANCEL)
        with pytest.raises(StopIteration) as end:
            entering.send(None)
        assert end.value.value.waiting is False

    virtually(walk())


def test_a_turn_comes_with_a_place_or_a_token(virtually: Virtually) -> None:
    """Each is woken at the moment when it can go, by whoever leaves or by the time."""

    async def wait() -> None:
        crowd = Crowd(gate(rate=2.0, burst=3, places=2))
        await asyncio.gather(*(crowd.send(str(number), first(), lasts_s=0.4) for number in range(5)))
        assert crowd.passed == [("0", 0.0), ("1", 0.0), ("2", 0.4), ("3", 0.5), ("4", 1.0)]

    virtually(wait())


def test_one_that_never_ends(virtually: Virtually) -> None:
    """A call that is overdue makes room."""

    async def wait() -> None:
        crowd = Crowd(gate(places=1))
        await asyncio.gather(crowd.send("silent", first(), lasts_s=9.0), crowd.send("next", first()))
        assert crowd.passed == [("silent", 0.0), ("next", 3.0)]

    virtually(wait())


def test_an_alarm_that_rings_sooner(virtually: Virtually) -> None:
    """Who comes later and can go sooner is not kept until the time that was waited for."""

    async def wait() -> None:
        crowd = Crowd(gate(rate=0.1, burst=2))
        tasks = [crowd.send(name, Urgency(need=Need.OTHER)) for name in ("sweep", "next sweep")]
        await asyncio.sleep(1.0)
        await crowd.send("cancel", first())
        assert crowd.passed == [("sweep", 0.0), ("cancel", 1.0)]
        await asyncio.gather(*tasks)
        assert crowd.passed[2:] == [("next sweep", 20.0)]

    virtually(wait())


def test_one_becomes_urgent(virtually: Virtually) -> None:
    """A waiting call that somebody joined goes when that one may."""

    async def wait() -> None:
        crowd = Crowd(gate(rate=0.1, burst=2))
        urgency = Urgency(need=Need.OTHER, deadline=5000.0)
        tasks = [crowd.send("sweep", Urgency(need=Need.OTHER)), crowd.send("repeat", urgency)]
        await asyncio.sleep(1.0)
        urgency.hurry(Need.OTHER, 6000.0)  # not more urgent than it was
        assert len(crowd.passed) == 1
        urgency.hurry(Need.FIRST_CANCEL, 6000.0)
        urgency.hurry(Need.OTHER, 4000.0)  # its turn has come meanwhile
        await asyncio.gather(*tasks)
        assert crowd.passed == [("sweep", 0.0), ("repeat", 1.0)]
        assert (urgency.need, urgency.deadline) == (Need.FIRST_CANCEL, 4000.0)

    virtually(wait())


def test_who_gives_up_takes_nothing(virtually: Virtually) -> None:
    """One that is canceled while it waits stands in nobody's way."""

    async def wait() -> None:
        crowd = Crowd(gate(rate=0.1, places=1))
        holder = crowd.send("holder", first(), lasts_s=2.0)
        quitter, heir = crowd.send("quitter", first()), crowd.send("heir", first())
        await asyncio.sleep(1.0)
        quitter.cancel()
        await asyncio.gather(holder, quitter, heir, return_exceptions=True)
        assert quitter.cancelled()
        assert crowd.passed == [("holder", 0.0), ("heir", 10.0)]

    virtually(wait())


@pytest.mark.parametrize("canceled_first", [True, False])
def test_a_turn_that_comes_too_late(virtually: Virtually, *, canceled_first: bool) -> None:
    """A turn that comes at the very moment of a cancellation goes on to the next."""

    async def wait() -> None:
        crowd = Crowd(gate(places=1))
        ticket = await crowd.gate.enter(first(), CANCEL)
        loser, heir = crowd.send("loser", first()), crowd.send("heir", first())
        await asyncio.sleep(0)
        ends: list[Callable[[], object]] = [loser.cancel, lambda: crowd.gate.leave(ticket)]
        for end in ends if canceled_first else reversed(ends):
            end()
        await asyncio.gather(loser, heir, return_exceptions=True)
        assert loser.cancelled()
        assert crowd.passed == [("heir", 0.0)]

    virtually(wait())


ANSWERS = {
    "throttled": (Throttled(), 10.0),
    "received": (Receipt(), 5.0),
    "gone": (Gone(), 5.0),
    "unclear": (MayHaveActed(), 10.0),
    "unreadable": (Unreadable(), 10.0),
}


@pytest.mark.parametrize(("answer", "expected"), ANSWERS.values(), ids=ANSWERS.keys())
def test_what_an_answer_means_for_the_next(virtually: Virtually, answer: object, expected: float) -> None:
    """A pause ends with an answer in the venue's own words; others mean nothing."""

    async def wait() -> None:
        crowd = Crowd(gate())
        crowd.gate.hear(await crowd.gate.enter(first(), CANCEL), Throttled(retry_after_s=3600.0))
        one_that_tries = await crowd.gate.enter(first(), CANCEL)
        crowd.gate.hear(one_that_tries, answer)
        await crowd.send("next", first())
        assert crowd.passed == [("next", expected)]

    virtually(wait())
