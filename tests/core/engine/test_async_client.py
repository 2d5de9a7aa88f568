"""The client on the caller's own loop: used where and when it cannot be, it says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import Assurance, AsyncClient, CancelRequest, Client, Outcome
from countermand._engine._watch import Watch
from countermand.errors import ClosedClientError, ConfigurationError, UnknownVenueError, WrongLoopError

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer, Witness

Ask = Callable[..., CancelRequest]
RECEIPT = {"say": "receipt"}


@pytest.fixture
def client(peer: Peer, pebble: Pebble) -> AsyncClient:
    """Make a client of a venue that takes every cancel."""
    peer.on("cancel", RECEIPT)
    return AsyncClient([pebble], transport=httpx.MockTransport(peer))


@pytest.fixture
def request_(ask: Ask) -> CancelRequest:
    """Ask for no more than a receipt."""
    return ask(assurance=Assurance.RECEIVED)


def test_before_it_is_entered(client: AsyncClient, request_: CancelRequest) -> None:
    """A client that was not entered cancels nothing, and can be closed."""
    with pytest.raises(ClosedClientError, match="use it within `async with`"):
        asyncio.run(client.cancel(request_))
    asyncio.run(client.aclose())


def test_after_it_was_closed(client: AsyncClient, request_: CancelRequest, peer: Peer) -> None:
    """A closed client cancels nothing, can be closed again, and can be entered anew."""

    async def use() -> None:
        async with client:
            pass
        with pytest.raises(ClosedClientError):
            await client.cancel(request_)
        await client.aclose()
        assert peer.heard == []
        async with client:
            assert (await client.cancel(request_)).outcome is Outcome.PENDING

    asyncio.run(use())


def test_entered_twice(client: AsyncClient) -> None:
    """A client is entered once at a time."""

    async def enter() -> None:
        async with client:
            with pytest.raises(ClosedClientError, match="the client is entered already"):
                await client.__aenter__()

    asyncio.run(enter())


def test_on_another_loop(client: AsyncClient, request_: CancelRequest, peer: Peer) -> None:
    """From another loop than its own, a client can be neither used nor closed."""

    async def elsewhere() -> None:
        for use in (client.cancel(request_), client.aclose()):
            with pytest.raises(WrongLoopError, match="works only on the event loop it was entered on"):
                await use

    async def use() -> None:
        async with client:
            await asyncio.to_thread(asyncio.run, elsewhere())
            assert (await client.cancel(request_)).outcome is Outcome.PENDING

    asyncio.run(use())
    assert len(peer.heard) == 1


def test_closed_while_a_cancel_begins(client: AsyncClient, request_: CancelRequest) -> None:
    """A cancel that comes to the engine after its end is refused, not forgotten."""

    async def use() -> None:
        async with client:
            engine = client._running  # noqa: SLF001 - what a cancel holds that was begun before the end
        assert engine is not None
        with pytest.raises(ClosedClientError, match="the client is closed"):
            await engine.cancel(request_)

    asyncio.run(use())


both = pytest.mark.parametrize("kind", [AsyncClient, Client])


@both
def test_two_venues_of_one_name(kind: Any, pebble: Pebble) -> None:
    """Two venues of one name cannot be told apart by a request."""
    others = [attrs.evolve(pebble, name=name) for name in ("gravel", "gravel", "sand")]
    with pytest.raises(
        ConfigurationError, match=r"a name of its own; used twice: 'gravel' \(.*Pebble, .*Pebble\); 'pebble'"
    ):
        kind([pebble, *others, pebble])


class Fickle:
    """A venue that says another name each time it is asked, or breaks from the second time on."""

    def __init__(self, venue: Any, *names: str) -> None:
        self._venue = venue
        self._names = list(names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    @property
    def name(self) -> str:
        """Say the next name."""
        return self._names.pop(0)


@pytest.mark.parametrize("others", [(), ("gravel", "sand", "gravel")], ids=["breaks", "changes"])
def test_a_venue_is_what_it_is_called_at_first(
    peer: Peer, pebble: Pebble, request_: CancelRequest, others: tuple[str, ...]
) -> None:
    """It is asked once: under that name it is reached, and no other venue by it."""
    peer.on("cancel", RECEIPT)
    gravel = attrs.evolve(pebble, name="gravel")

    async def use() -> None:
        venues: Any = [Fickle(pebble, "pebble", *others), gravel]
        async with AsyncClient(venues, transport=httpx.MockTransport(peer), limits={"pebble": ()}) as client:
            assert list(client.accounts) == ["pebble", "gravel"]
            for venue in ("pebble", "gravel"):
                ack = await client.cancel(attrs.evolve(request_, venue=venue))
                assert (ack.outcome, ack.error) == (Outcome.PENDING, None)

    asyncio.run(use())


@both
@pytest.mark.parametrize("option", ["max_in_flight", "reply_bytes", "listing_bytes"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "16", None, True, float("nan")])
def test_options_that_cannot_be(kind: Any, pebble: Pebble, option: str, value: object) -> None:
    """An option that is no whole number of at least 1 is refused by its name, with what was given."""
    with pytest.raises(ConfigurationError) as raised:
        kind([pebble], **{option: value})
    assert str(raised.value) == f"{option} must be a whole number, 1 or more, got {value!r}"


@both
def test_what_a_client_says_of_itself(kind: Any, pebble: Pebble) -> None:
    """A client names its venues; of accounts it knows only by a configuration."""
    gravel = attrs.evolve(pebble, name="gravel")
    client = kind([pebble, gravel])
    assert client.venues == (pebble, gravel)
    assert client.accounts == {"pebble": (), "gravel": ()}
    assert client.observer_errors == 0


def test_what_an_observer_breaks_is_counted(peer: Peer, pebble: Pebble, request_: CancelRequest) -> None:
    """Every call of an observer that raises is counted."""

    class Clumsy:
        def requested(self, *_: Any) -> None:
            raise LookupError

        attempted = answered = logged_in = acknowledged = updated = requested

    async def use() -> None:
        transport = httpx.MockTransport(peer.on("cancel", RECEIPT))
        async with AsyncClient([pebble], transport=transport, observer=Clumsy()) as client:
            await client.cancel(request_)
            assert client.observer_errors == 4

    asyncio.run(use())


TOLD = {
    "requested": 1,
    "attempted": 2,
    "answered": 1,
    "logged_in": 2,
    "acknowledged": 1,
    "updated": 1,
    "slow_plugin": 1,
}


@pytest.mark.parametrize(("what", "count"), TOLD.items(), ids=TOLD.keys())
def test_an_observer_may_break_wherever_it_is_told(what: str, count: int) -> None:
    """Whatever it raises is counted, but for an interrupt; and it may become another one at any time."""
    errors: list[BaseException] = [KeyboardInterrupt(), GeneratorExit(), SystemExit(), LookupError()]
    heard: list[object] = []

    def hear(*told: object) -> None:
        if errors:
            raise errors.pop()
        heard.extend(told)

    observer: Any = SimpleNamespace()
    watch, told = Watch(observer), [object()] * count
    setattr(observer, what, hear)
    for _ in range(3):
        getattr(watch, what)(*told)
    assert watch.errors == 3
    with pytest.raises(KeyboardInterrupt):
        getattr(watch, what)(*told)
    getattr(watch, what)(*told)
    assert (watch.errors, heard) == (3, told)


@pytest.mark.parametrize(("what", "count"), TOLD.items(), ids=TOLD.keys())
def test_nobody_need_observe(what: str, count: int) -> None:
    """Without an observer nothing is told, and nothing breaks."""
    watch = Watch(None)
    getattr(watch, what)(*[object()] * count)
    assert watch.errors == 0


def test_two_venues_in_one_client(
    peer: Peer, pebble: Pebble, request_: CancelRequest, witness: Witness
) -> None:
    """Each request goes to the venue it names."""
    far = attrs.evolve(pebble, name="gravel", base_url="http://127.0.0.2:9")

    async def use() -> None:
        transport = httpx.MockTransport(peer.on("cancel", RECEIPT))
        async with AsyncClient([pebble, far], transport=transport, observer=witness) as client:
            acks = await asyncio.gather(
                *map(client.cancel, [request_, attrs.evolve(request_, venue="gravel")])
            )
            assert [ack.request.venue for ack in acks] == ["pebble", "gravel"]

    asyncio.run(use())
    assert sorted(request.url.host for request in peer.heard) == ["127.0.0.1", "127.0.0.2"]
    assert sorted(venue for venue, _ in witness.attempts) == ["gravel", "pebble"]


@both
def test_a_client_of_no_venue(kind: Any, request_: CancelRequest) -> None:
    """A client of no venue opens and closes, and has nothing to cancel at."""

    async def use() -> None:
        async with AsyncClient([]) as client:
            with pytest.raises(
                UnknownVenueError, match=r"^no venue named 'pebble' in this client; it has: none$"
            ):
                await client.cancel(request_)

    if kind is AsyncClient:
        asyncio.run(use())
        return
    with Client([]) as client, pytest.raises(UnknownVenueError):
        client.cancel(request_)
