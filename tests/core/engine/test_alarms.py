"""Alarms on loops of others, of which a handle cannot always tell when it is called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pytest

from countermand import Assurance, AsyncClient, CancelAck, CancelRequest, OrderId, Outcome

if TYPE_CHECKING:
    from tests.core.engine.conftest import Peer

Ask = Callable[..., CancelRequest]
Make = Callable[..., AsyncClient]
ONE_TICK_S = 0.001
LONG_TICK_S = 0.04


class LoopOfOthers(asyncio.SelectorEventLoop):
    """Counts in milliseconds, and makes no timer of what is due within half of one, as uvloop does."""

    def call_at(  # type: ignore[override]  # it gives what uvloop does
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> Any:
        """Call it then."""
        if when - self.time() < ONE_TICK_S / 2:
            return self.call_soon(callback, *args, context=context)
        return super().call_at(when, callback, *args, context=context)

    def call_later(  # type: ignore[override]  # likewise
        self, delay: float, callback: Any, *args: Any, context: Any = None
    ) -> Any:
        """Call it after that."""
        return self.call_at(self.time() + delay, callback, *args, context=context)


class HastyLoop(asyncio.SelectorEventLoop):
    """Rings alarms up to a tick before their time, as uvloop does, whose wait is of whole milliseconds."""

    def call_at(  # type: ignore[override]  # it gives what asyncio's own does
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> Any:
        """Call it not much before then."""
        now = self.time()
        ticks = max(0, int((when - now) / LONG_TICK_S))
        return super().call_at(now + ticks * LONG_TICK_S, callback, *args, context=context)


def all_at_once(client: AsyncClient, *requests: CancelRequest) -> list[CancelAck]:
    """Cancel the first one, and then the others."""

    async def cancel() -> list[CancelAck]:
        async with client:
            await client.cancel(requests[0])
            return await asyncio.gather(*map(client.cancel, requests[1:]))

    with asyncio.Runner(loop_factory=LoopOfOthers) as runner:
        return runner.run(cancel())


@pytest.mark.parametrize("assurance", Assurance)
def test_what_is_due_at_once(client: Make, peer: Peer, ask: Ask, assurance: Assurance) -> None:
    """Who waits for next to nothing is told what is known, and so is whoever begins at the same time."""
    peer.on("cancel", {"say": "receipt"}).on("order", {"say": "order", "id": "7", "status": "NEW"})
    hurried = [ask(order, assurance=assurance, timeout_s=ONE_TICK_S / 4) for order in "8877"]
    acks = all_at_once(client(), ask("6", assurance=Assurance.RECEIVED), *hurried)
    assert {ack.error for ack in acks} == {None}
    assert {ack.outcome for ack in acks} <= {Outcome.UNKNOWN, Outcome.REJECTED}


def test_who_comes_along(client: Make, peer: Peer, ask: Ask) -> None:
    """Those who come at the same moment for one order share what it is looked at by."""
    peer.on("cancel", {"say": "receipt"}).on("order", {"say": "order", "id": "7", "status": "CANCELED"})
    acks = all_at_once(client(), ask("6", assurance=Assurance.RECEIVED), ask(), ask(), ask())
    assert [(ack.outcome, ack.error) for ack in acks] == [(Outcome.CANCELED, None)] * 3


def test_a_batch_whose_time_is_nearly_over(client: Make) -> None:
    """It ends at its time, though the alarm for that rang before, and waits for no request after it."""

    async def requests() -> AsyncIterator[CancelRequest]:
        await asyncio.Event().wait()
        yield CancelRequest(venue="pebble", account="9", order=OrderId("7"))

    async def collect() -> list[CancelAck]:
        async with client() as one, asyncio.timeout(5):
            return await one.cancel_many(requests(), timeout_s=1.5 * LONG_TICK_S).collect()

    with asyncio.Runner(loop_factory=HastyLoop) as runner:
        assert runner.run(collect()) == []
