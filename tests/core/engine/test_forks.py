"""In a forked child nothing of a client works, and all of it says so: its sockets are the parent's."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermand import Assurance, AsyncClient, CancelAck, CancelRequest, Client, Outcome, Scope

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

Ask = Callable[..., CancelRequest]

#: Whoever hangs in a child is ended, in seconds.
LONGEST_S = 10
REFUSED = "ClientUsageError: a client does not survive a fork: open another one in the child"
#: Each goes round a `with` that the child may leave, and would else hide what it is left with.
SILENT = {"close": "()", "aclose": "()", "__exit__": "None", "__aexit__": "None"}
#: These touch no loop.
VALUES = {"accounts", "broken", "from_config", "observer_errors", "venues"}


@pytest.fixture
def quick(ask: Ask) -> Ask:
    """Ask for no more than a receipt."""
    return lambda order: ask(order, assurance=Assurance.RECEIVED)


def every_call(client: Client | AsyncClient, quick: Ask, ack: Any) -> dict[str, Callable[[], Any]]:
    """Name all that a client can be asked, and what it gave before the fork."""
    updates, fresh = client.updates(), quick("8")
    batch, collected = (client.cancel_many([quick(order)]) for order in ("9", "10"))
    calls: dict[str, Callable[[], Any]] = {
        "cancel": lambda: client.cancel(fresh),
        "cancel_many": lambda: client.cancel_many([fresh]),
        "cancel_all": lambda: client.cancel_all(Scope.account("pebble", "9")),
        "kill": lambda: client.kill([Scope.account("pebble", "9")]),
        "ready": client.ready,
        "open_orders": lambda: client.open_orders("pebble", "9"),
        "settle": lambda: client.settle(ack),
        "unsettled": client.unsettled,
        "unsettled_overflow": client.unsettled_overflow,
        "updates": client.updates,
        "the next update": lambda: _next(updates),
        "the next of a batch": lambda: _next(batch),
        "all of a batch": collected.collect,
    }
    if isinstance(client, Client):
        calls["__enter__"] = client.__enter__
        calls["close"], calls["__exit__"] = client.close, lambda: client.__exit__(None, None, None)
    else:
        calls["__aenter__"] = client.__aenter__
        calls["aclose"], calls["__aexit__"] = client.aclose, lambda: client.__aexit__(None, None, None)
    return calls


def _next(iterator: Any) -> Any:
    return next(iterator) if isinstance(iterator, Iterator) else anext(iterator)


def in_a_child(work: Callable[[], Any]) -> Any:
    """Return what comes of it in a forked child."""
    end, beginning = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(LONGEST_S)
        try:
            os.write(beginning, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(beginning)
    with os.fdopen(end) as told:
        text = told.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return json.loads(text)


def told(call: Callable[[], Any]) -> str:
    """Put in words what comes of a call; what waits is not waited for."""
    try:
        came = call()
        if inspect.isawaitable(came):
            came.__await__().send(None)
            return "waits"
    except StopIteration as end:
        return str(end.value)
    except Exception as error:  # noqa: BLE001 - whatever it is shall be told
        return f"{type(error).__name__}: {error}"
    return str(came)


async def told_on_a_loop(call: Callable[[], Any]) -> str:
    """Put in words what comes of a call, on a loop of the child's own."""
    try:
        came = call()
        return str(await asyncio.wait_for(came, 1) if inspect.isawaitable(came) else came)
    except Exception as error:  # noqa: BLE001 - whatever it is shall be told
        return f"{type(error).__name__}: {error}"


def on_another_loop(call: Callable[[], Any]) -> str:
    """Run it in a thread of its own, for asyncio takes the loop of the forked one for running."""
    came: list[str] = []
    thread = threading.Thread(target=lambda: came.append(asyncio.run(told_on_a_loop(call))))
    thread.start()
    thread.join()
    return came[0]


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def expected(calls: dict[str, Any]) -> dict[str, str]:
    return {name: SILENT.get(name, REFUSED) for name in calls}


def test_no_call_works_in_a_child(peer: Peer, pebble: Pebble, quick: Ask) -> None:
    """Whatever a child asks of a client, or of what that gave before, is refused; the parent goes on."""
    peer.on("cancel", {"say": "receipt"})
    with Client([pebble], transport=httpx.MockTransport(peer)) as client:
        calls = every_call(client, quick, client.cancel(quick("7")))
        assert public(Client) <= calls.keys() | VALUES
        assert in_a_child(lambda: {name: told(call) for name, call in calls.items()}) == expected(calls)
        assert client.cancel(quick("12")).outcome is Outcome.PENDING
    assert peer.calls("cancel") == ["7", "12"]


@pytest.mark.parametrize("asked", [told, on_another_loop])
def test_no_call_works_on_a_loop_in_a_child(
    peer: Peer, pebble: Pebble, quick: Ask, asked: Callable[[Any], str]
) -> None:
    """So it is without threads, on the loop that was forked and on one of the child's own."""
    peer.on("cancel", {"say": "receipt"})

    async def use() -> None:
        async with AsyncClient([pebble], transport=httpx.MockTransport(peer)) as client:
            calls = every_call(client, quick, await client.cancel(quick("7")))
            assert public(AsyncClient) <= calls.keys() | VALUES
            assert in_a_child(lambda: {name: asked(call) for name, call in calls.items()}) == expected(calls)
            assert (await client.cancel(quick("12"))).outcome is Outcome.PENDING

    asyncio.run(use())
    assert peer.calls("cancel") == ["7", "12"]


def test_a_batch_that_a_thread_waits_for(peer: Peer, pebble: Pebble, quick: Ask) -> None:
    """A child that goes on with a batch whose turn is a thread's of its parent does not wait for that."""
    asked = threading.Event()

    async def never(_: httpx.Request) -> Any:
        asked.set()
        await asyncio.Event().wait()

    peer.on("cancel", never)
    with ThreadPoolExecutor(max_workers=1) as threads:
        with Client([pebble], transport=httpx.MockTransport(peer)) as client:
            batch = client.cancel_many([quick("7")])
            waiting = threads.submit(batch.collect)
            assert asked.wait(LONGEST_S)
            calls = [lambda: next(batch), batch.collect]
            assert in_a_child(lambda: [told(call) for call in calls]) == [REFUSED, REFUSED]
        (ack,) = waiting.result(LONGEST_S)
    assert ack.outcome is Outcome.UNKNOWN


def test_a_batch_that_a_task_waits_for(peer: Peer, pebble: Pebble, quick: Ask) -> None:
    """So it is with a task."""
    peer.on("cancel", peer.never)

    async def use() -> CancelAck:
        async with AsyncClient([pebble], transport=httpx.MockTransport(peer)) as client:
            batch = client.cancel_many([quick("7")])
            waiting = asyncio.create_task(batch.collect())
            while not peer.heard:  # noqa: ASYNC110 - what a peer hears has no event
                await asyncio.sleep(0.001)
            calls = [lambda: anext(batch), batch.collect]
            assert in_a_child(lambda: [told(call) for call in calls]) == [REFUSED, REFUSED]
        (ack,) = await waiting
        return ack

    assert asyncio.run(use()).outcome is Outcome.UNKNOWN
