"""Cancels that went straight are remembered for a while, and hardly more than so many of a venue."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from countermand import Assurance, CancelRequest, OrderId
from countermand._case._receipt import Taken
from countermand._engine._exchanges import Exchanges
from countermand._engine._express import Express
from countermand._engine._lookups import Lookups
from countermand._engine._open_case import OpenCase
from countermand._engine._straight import Straight
from countermand._engine._straights import _TOGETHER, Straights
from countermand._engine._traffic import Traffic
from countermand.venue import Receipt

Virtually = Callable[[Coroutine[Any, Any, Any]], Any]


class AtOnce:
    """Sends all at once, and takes every answer for a receipt."""

    idle_s = 5.0

    def begin(self, straight: Straight, _on_turn: object) -> bool:
        straight.signed_at = straight.joined_at
        return True

    def takes_receipt(self, straight: Straight, now: float) -> bool:
        straight.taken, straight.ended_at = Taken(Receipt(), 200, ""), now
        return True


class Nowhere:
    """Counts what is under way, for nobody."""

    def __init__(self) -> None:
        self.traffic = Traffic()
        self.next_number = itertools.count().__next__

    def end_receipt(self, straight: Straight) -> None:
        assert straight.number not in straight.road.under_way


def straights_of(
    most: int, past: list[str], on_trouble: Callable[[Straight], None] = lambda _straight: None
) -> Straights:
    """Make some that remember so many, at a venue that answers at once."""
    return Straights(
        {"v": cast("Express", AtOnce())},
        cast("Exchanges", Nowhere()),
        datetime.now(UTC),
        most,
        on_trouble=on_trouble,
        on_landed=lambda _straight: None,
        on_past=lambda straights: past.extend(straight.order.value for straight in straights),
    )


def begin(straights: Straights, order: str, *, gathers: bool = False) -> Straight | None:
    """Cancel an order, one of many or not."""
    request = CancelRequest(venue="v", account="9", order=OrderId(order), assurance=Assurance.RECEIVED)
    return straights.begin(request, 0.0, 10.0, gathers=gathers)


def test_only_so_many_are_remembered(virtually: Virtually) -> None:
    """Some too many, and the first are past; the others are, once no late effect can surprise."""
    past: list[str] = []
    orders = [str(number) for number in range(1, 3 + _TOGETHER)]

    async def main() -> tuple[list[str], list[str]]:
        straights = straights_of(2, past)
        for order in orders:
            assert past == []
            straight = begin(straights, order)
            assert straight is not None
            straight.road.on_land(straight)
            assert not hasattr(straight, "waiter")  # nor anything else that only mattered until then
            assert repr(straight).startswith("Straight(")
        before = list(past)
        known = [order for order in orders if straights.find("v", "9", OrderId(order)) is not None]
        await asyncio.sleep(AtOnce.idle_s + 0.1)
        return before, known

    assert virtually(main()) == (orders[:-2], orders[-2:])
    assert past == orders


def test_an_account_that_is_forgotten_and_comes_again(virtually: Virtually) -> None:
    """What is past of its first road is nothing to its second one, and in the end nothing is left of both."""
    past: list[str] = []

    async def main() -> None:
        straights = straights_of(9, past)
        first = begin(straights, "1")
        assert first is not None
        first.road.on_land(first)
        assert straights.give_up(first)  # a case goes on with it, but it still stands among the landed
        again = begin(straights, "1")
        assert again is not None
        assert again.road is not first.road
        assert again.road.under_way is not first.road.under_way
        assert not straights.give_up(first)
        assert begin(straights, "1") is None
        again.road.on_land(again)
        await asyncio.sleep(AtOnce.idle_s + 0.1)
        assert straights.find("v", "9", OrderId("1")) is None
        assert past == ["1"]
        assert begin(straights, "1") is not None

    virtually(main())


def test_an_order_that_is_forgotten_and_comes_again(virtually: Virtually) -> None:
    """Where a case went on with the first cancel of an order, it is the second one that is remembered."""
    past: list[str] = []

    async def main() -> None:
        straights = straights_of(9, past)
        first, other = begin(straights, "1"), begin(straights, "2")
        assert first is not None
        assert other is not None
        first.road.on_land(first)
        other.road.on_land(other)
        assert straights.give_up(first)
        await asyncio.sleep(1.0)
        again = begin(straights, "1")
        assert again is not None
        assert again.road is first.road
        again.road.on_land(again)
        await asyncio.sleep(AtOnce.idle_s - 0.5)
        assert straights.find("v", "9", OrderId("1")) is again
        assert past == ["2"]

    virtually(main())


def test_many_answers_that_come_together(virtually: Virtually) -> None:
    """Of a batch only twenty land in one turn of the loop, in order; who is no part of one waits for none."""

    async def main() -> None:
        straights = straights_of(99, [])
        many = [straight for number in range(50) if (straight := begin(straights, f"{number}", gathers=True))]
        single = begin(straights, "single")
        assert single is not None
        for straight in (*many, single):
            straight.road.on_land(straight)
        assert single.landed
        given_up = many.pop()
        straights.give_up(given_up)  # a case goes on with it, and hears its answer itself
        seen = []
        for _ in range(4):
            assert all(straight.landed for straight in many[: sum(straight.landed for straight in many)])
            seen.append(sum(straight.landed for straight in many))
            await asyncio.sleep(0)
        assert seen == [20, 40, 49, 49]
        assert not given_up.landed

    virtually(main())


def test_few_answers_at_a_time(virtually: Virtually) -> None:
    """However many a batch has in all, one whose answers come apart waits for nobody."""

    async def main() -> None:
        straights = straights_of(99, [])
        for number in range(50):
            straight = begin(straights, f"{number}", gathers=True)
            assert straight is not None
            straight.road.on_land(straight)
            assert straight.landed
            await asyncio.sleep(0.001)

    virtually(main())


# (of each its account and its seconds, which of them are given over when)
LATE: dict[str, tuple[list[tuple[str, float]], list[tuple[int, float]]]] = {
    "less time than one before": ([("9", 10), ("9", 1), ("9", 4)], [(1, 0.5), (2, 2.0), (0, 3.0)]),
    "at one moment": ([("9", 2), ("8", 2), ("9", 2)], [(0, 1.0), (1, 1.0), (2, 1.0)]),
}


@pytest.mark.parametrize(("asked", "expected"), LATE.values(), ids=LATE)
def test_who_is_late(virtually: Virtually, asked: Any, expected: Any) -> None:
    """Each is given over when it is late itself, and those of one moment in the order of their beginning."""
    given_over: list[tuple[int, float]] = []

    async def main() -> None:
        now = asyncio.get_running_loop().time

        def on_trouble(straight: Straight) -> None:
            given_over.append((straight.number, now() - straight.joined_at))
            straights.give_up(straight)

        straights = straights_of(9, [], on_trouble)
        for number, (account, timeout_s) in enumerate(asked):
            request = CancelRequest(
                venue="v", account=account, order=OrderId(str(number)), assurance=Assurance.RECEIVED
            )
            assert straights.begin(request, now(), now() + timeout_s, gathers=False) is not None
        await asyncio.sleep(max(timeout_s for _, timeout_s in asked))

    virtually(main())
    assert given_over == expected


def test_a_case_that_nobody_may_mean(virtually: Virtually) -> None:
    """Where nobody looks for an order, what is over is not kept."""

    async def main() -> object:
        lookups, key = Lookups(), ("v", "9", OrderId("7"))
        entry = SimpleNamespace(account=("v", "9"), key=key, idle_s=1.0)
        lookups.keep(cast("OpenCase", entry), 3.0)
        return lookups.meant(key, [])

    assert virtually(main()) is None
