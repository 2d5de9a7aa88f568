"""Tasks of the library's own, on loops whose tasks begin at once (Python 3.12, `eager_task_factory`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from countermand import Assurance, AsyncClient, CancelRequest, Outcome, Scope

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer


def test_none_is_made_by_the_factory_of_the_loop(
    virtually: Callable[[Coroutine[Any, Any, None]], None],
    client: Callable[..., AsyncClient],
    peer: Peer,
    pebble: Pebble,
    ask: Callable[..., CancelRequest],
) -> None:
    """Each begins in a later turn, so that whoever begins one has noted it before it can end."""
    made: list[Any] = []

    def make(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        made.append(work)
        return asyncio.Task(work, loop=loop, **options)

    receipt, alive = {"say": "receipt"}, {"say": "order", "id": "7", "status": "NEW"}
    peer.on("log-in", {"say": "token", "token": "t0k3n-one"}).on("log-out", receipt)
    peer.on("cancel", {"say": "refused"}, receipt)
    peer.on("order", alive).on("open", {"say": "rows", "rows": []})

    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(make)
        async with client(pebble.by_password()) as one:
            refused = await one.cancel(ask(timeout_s=1))
            assert refused.outcome is Outcome.REJECTED
            requests = [ask(str(number), assurance=Assurance.RECEIVED) for number in range(1, 4)]
            acks = [ack async for ack in one.cancel_many(requests)]
            assert [ack.outcome for ack in acks] == [Outcome.PENDING] * 3
            await one.cancel_all(Scope.account("pebble", "9"), timeout_s=1)
        assert made == []

    virtually(main())
