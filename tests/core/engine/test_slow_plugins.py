"""A pure function of a plugin that takes too long holds up all venues: it is told, by name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import AsyncClient, CancelRequest, OrderId, OrderReport, OrderStatus, Outcome, SlowPlugin
from countermand._engine._guard import Guard
from countermand._engine._watch import Watch
from countermand.venue import CallKind, Page

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Cancel, Peer, Witness

Ask = Callable[..., CancelRequest]
RECEIPT = {"say": "receipt"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}


def compute(seconds: float) -> None:
    """Use up so much of this thread's own time."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


class Heard:
    """Hears of plugins, and of nothing else."""

    def __init__(self) -> None:
        self.slow: list[SlowPlugin] = []

    requested = attempted = answered = logged_in = acknowledged = updated = staticmethod(lambda *_: None)

    def slow_plugin(self, slow: SlowPlugin) -> None:
        """Remember it."""
        self.slow.append(slow)


class Slow:
    """A venue of which some functions compute for long."""

    def __init__(self, venue: Any, *names: str) -> None:
        self._venue = venue
        self._names = names

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            return getattr(self._venue, name)

        def function(*args: Any) -> Any:
            compute(0.07)
            return getattr(self._venue, name)(*args)

        return function


def test_a_slow_function_is_told_by_name(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """With its venue, its source and its time; those that are quick are not."""
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    heard: Any = Heard()
    (ack,) = cancel(Slow(pebble, "check", "read_order"), ask(), observer=heard)
    assert ack.outcome is Outcome.CANCELED
    assert [one.function for one in heard.slow] == ["check", "read_order"]
    for slow in heard.slow:
        assert (slow.venue, slow.source) == ("pebble", f"{Slow.__module__}.Slow")
        assert slow.cpu_s > 0.05
        assert slow.elapsed_s > 0.06


@pytest.mark.parametrize("part", ["sign", "read"])
def test_a_slow_part_of_a_call_is_told(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, part: str
) -> None:
    """Also if it breaks in the end."""
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    heard: Any = Heard()

    def function(*_: Any) -> Any:
        compute(0.07)
        raise LookupError("at last")

    venue: Any = Slow(pebble)
    parts: dict[str, Any] = {part: function}
    venue.cancel = lambda _: attrs.evolve(pebble.ask(CallKind.CANCEL, "cancel", "7"), **parts)
    (ack,) = cancel(venue, ask(timeout_s=0.5), observer=heard)
    assert f"the {part} of its cancel call raised LookupError" in (ack.error or "")
    assert [one.function for one in heard.slow] == [f"the {part} of its cancel call"]


@pytest.mark.parametrize(("each_s", "told"), [(0.06, 1), (0.02, 0)])
def test_slow_rows_are_told_once_a_listing(
    virtually: Any, pebble: Pebble, peer: Peer, each_s: float, told: int
) -> None:
    """Others have their turn between any two that are slow, so each counts alone."""
    peer.on("open", {"say": "rows", "rows": []})
    heard: Any = Heard()

    def rows() -> Iterator[OrderReport]:
        for number in range(1, 8):
            compute(each_s)
            yield OrderReport(
                order_id=OrderId(str(number)), status=OrderStatus.NEW, filled_quantity=Decimal(0)
            )

    venue: Any = Slow(pebble)
    call = attrs.evolve(pebble.ask(CallKind.LISTING, "open", "9"), read=lambda _: Page(rows=rows()))
    venue.list_open = lambda *_: call

    async def main() -> None:
        async with AsyncClient([venue], transport=httpx.MockTransport(peer), observer=heard) as one:
            assert len((await one.open_orders("pebble", "9")).orders) == 7

    virtually(main())
    assert [one.function for one in heard.slow] == ["the rows of its listing"] * told


def almost() -> None:
    """Take too long by the wall's clock alone."""
    compute(0.048)
    threading.Event().wait(0.01)


def test_who_had_no_turn_is_not_blamed(pebble: Pebble) -> None:
    """A function that waited did not compute, nor is what went before counted as its own."""
    heard: Any = Heard()
    guard = Guard("pebble", pebble, Watch(heard))
    compute(0.1)
    guard.run("check", threading.Event().wait, 0.06)
    assert heard.slow == []
    guard = Guard("pebble", pebble, Watch(heard))
    compute(0.0045)
    guard.run("check", almost)
    assert heard.slow == []


# (seconds by the wall, of its own, whether it is told)
TIMES = {
    "quick": (0.01, 0.01, False),
    "without a turn": (0.4, 0.01, False),
    "computing": (0.06, 0.055, True),
    "asleep": (0.6, 0.0, True),
    "asleep after others computed": (0.6, -0.1, True),
}


@pytest.mark.parametrize(("elapsed_s", "cpu_s", "told"), TIMES.values(), ids=TIMES.keys())
def test_what_is_too_long(pebble: Pebble, elapsed_s: float, cpu_s: float, told: bool) -> None:
    """50 ms of its thread's own time, or half a second by the wall: then it slept, or asked somebody."""
    heard: Any = Heard()
    Guard("pebble", pebble, Watch(heard)).judge("check", elapsed_s, cpu_s)
    source = f"{type(pebble).__module__}.Pebble"
    slow = SlowPlugin(
        venue="pebble", function="check", elapsed_s=elapsed_s, cpu_s=max(0.0, cpu_s), source=source
    )
    assert heard.slow == [slow] * told


def test_an_observer_that_hears_of_no_plugins(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, witness: Witness
) -> None:
    """It was written before there was anything to hear, and is no worse for it; nor is one that breaks."""
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    (ack,) = cancel(Slow(pebble, "check"), ask(), observer=witness)
    assert ack.outcome is Outcome.CANCELED
    watch = Watch(witness)
    Guard("pebble", pebble, watch).judge("check", 1.0, 1.0)
    assert watch.errors == 0

    class Clumsy(Heard):
        def slow_plugin(self, slow: SlowPlugin) -> None:
            raise LookupError(slow)

    clumsy: Any = Clumsy()
    watch = Watch(clumsy)
    Guard("pebble", pebble, watch).judge("check", 1.0, 1.0)
    assert watch.errors == 1
