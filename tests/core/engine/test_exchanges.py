"""Exchanges whose tasks somebody cancels who has nothing to do with them: the case knows, and goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest

from countermand import AsyncClient, CancelAck, CancelRequest, Outcome

if TYPE_CHECKING:
    from tests.core.engine.conftest import Peer

Ask = Callable[..., CancelRequest]
Make = Callable[..., AsyncClient]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]
RECEIPT = {"say": "receipt"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
NO_ROWS: dict[str, object] = {"say": "rows", "rows": []}


def cancel_exchanges() -> int:
    """Cancel the tasks of all exchanges under way, and count them."""
    tasks = [
        task for task in asyncio.all_tasks() if "Exchanges." in getattr(task.get_coro(), "__qualname__", "")
    ]
    for task in tasks:
        task.cancel()
    return len(tasks)


@pytest.mark.parametrize("call", ["cancel", "order"])
def test_a_case_goes_on_without_an_exchange_that_was_canceled(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask, call: str
) -> None:
    """It waits no more for what will never come, and what was sent may have acted."""
    peer.on("cancel", RECEIPT).on("order", CANCELED).on("open", NO_ROWS).on("history", NO_ROWS)
    peer.on(call, peer.never, RECEIPT if call == "cancel" else CANCELED)

    async def main() -> CancelAck:
        async with client() as one:
            waiting = asyncio.create_task(one.cancel(ask("7", timeout_s=4)))
            await asyncio.sleep(0.3)
            assert cancel_exchanges() == 1
            return await waiting

    ack = virtually(main())
    assert ack.outcome is Outcome.CANCELED
    assert "given up" in [attempt.fault for attempt in ack.attempts] or call == "order"
    assert ack.elapsed_s < 0.5


def test_nothing_is_kept_of_a_case_whose_exchange_was_canceled(
    virtually: Virtually, client: Make, peer: Peer, ask: Ask
) -> None:
    """Nobody waits for it any more, so it is forgotten as any other."""
    peer.on("cancel", peer.never).on("order", peer.never)

    async def main() -> None:
        async with client() as one:
            assert (await one.cancel(ask("7", timeout_s=1))).outcome is Outcome.UNKNOWN
            assert cancel_exchanges() > 0
            await asyncio.sleep(60)
            assert not one._running._cases._cases  # type: ignore[union-attr]  # noqa: SLF001 - nothing public shows it

    virtually(main())


def test_a_loop_that_ends_with_all_its_tasks_begins_nothing_anew(client: Make, peer: Peer, ask: Ask) -> None:
    """Who never closed its client leaves no task behind that was begun only then."""
    peer.on("cancel", peer.never).on("order", peer.never)

    async def main() -> asyncio.AbstractEventLoop:
        one = await client().__aenter__()
        asyncio.ensure_future(one.cancel_many([ask("7"), ask("8")]).collect())  # noqa: RUF006 - the loop ends it
        await asyncio.sleep(0.05)
        return asyncio.get_running_loop()

    assert asyncio.all_tasks(asyncio.run(main())) == set()
