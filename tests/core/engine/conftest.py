"""The peer that plays the invented venue, and the clients that reach it without a network."""

from __future__ import annotations

import asyncio
import inspect
import selectors
import threading
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import httpx
import pytest

from countermand import (
    Answered,
    AsyncClient,
    CancelAck,
    CancelRequest,
    Client,
    ClientOrderId,
    OrderId,
    Update,
)

T = TypeVar("T")

CALLS = ("cancel", "cancel-list", "order", "trail", "open", "history", "log-in", "code", "log-out")


def _named(request: httpx.Request) -> tuple[str, str]:
    call, _, rest = request.url.path.removeprefix("/").partition("/")
    return call, rest


class Peer:
    """Plays the venue: each call has its answers, one after the other, of which the last stays."""

    def __init__(self) -> None:
        self.heard: list[httpx.Request] = []
        self._times: list[float] = []
        self.unexpected: list[str] = []
        self._answers: dict[str, list[Any]] = defaultdict(list)

    def on(self, call: str, *answers: Any) -> Peer:
        """Script a call: values become JSON, callables are asked (and awaited), exceptions are raised."""
        if call not in CALLS:
            raise ValueError(call)
        self._answers[call] = list(answers)
        return self

    def calls(self, name: str | None = None) -> list[str]:
        """Name the calls that came, in order; with a name, the rest of the paths of those."""
        return [rest if name else call for call, rest in map(_named, self.heard) if name in (None, call)]

    def when(self, call: str) -> list[float]:
        """Tell when the calls of that name came, in seconds after the very first call."""
        calls = [_named(request)[0] for request in self.heard]
        times = zip(calls, self._times, strict=True)
        return [round(at - self._times[0], 2) for one, at in times if one == call]

    def headers(self, call: str, name: str) -> list[str]:
        """List what that header said in the calls of that name."""
        return [request.headers.get(name, "") for request in self.heard if _named(request)[0] == call]

    @staticmethod
    def after(seconds: float, answer: Any) -> Callable[[httpx.Request], Any]:
        """Answer only then."""

        async def late(_: httpx.Request) -> Any:
            await asyncio.sleep(seconds)
            return answer

        return late

    @staticmethod
    async def never(_: httpx.Request) -> Any:
        """Answer not at all."""
        await asyncio.Event().wait()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.heard.append(request)
        self._times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.001)  # no answer comes at the very moment of its question
        call = _named(request)[0]
        script = self._answers[call]
        if not script:
            self.unexpected.append(call)
            return httpx.Response(500)
        answer = script.pop(0) if len(script) > 1 else script[0]
        if callable(answer):
            answer = answer(request)
        if inspect.isawaitable(answer):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


class Witness:
    """Observes a client, and remembers."""

    def __init__(self) -> None:
        self.requests: list[CancelRequest] = []
        self.attempts: list[tuple[str, str]] = []
        self.answers: list[Answered] = []
        self.log_ins: list[tuple[str, str | None]] = []
        self.acks: list[CancelAck] = []
        self.updates: list[Update] = []

    def requested(self, request: CancelRequest) -> None:
        """Remember a request."""
        self.requests.append(request)

    def attempted(self, venue: str, call: str) -> None:
        """Remember a call."""
        self.attempts.append((venue, call))

    def answered(self, answer: Answered) -> None:
        """Remember an answer."""
        self.answers.append(answer)

    def logged_in(self, venue: str, failure: str | None) -> None:
        """Remember a log-in."""
        self.log_ins.append((venue, failure))

    def acknowledged(self, ack: CancelAck) -> None:
        """Remember an ack."""
        self.acks.append(ack)

    def updated(self, update: Update) -> None:
        """Remember an update."""
        self.updates.append(update)

    async def until(self, holds: Callable[[Witness], bool]) -> None:
        """Wait until that holds of what was seen."""
        while not holds(self):  # noqa: ASYNC110 - what is seen has no event
            await asyncio.sleep(0.001)


class _NoTimeLost(selectors.DefaultSelector):
    """Does not wait for a timer: the loop's clock is set forward to it, unless a thread is at work."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0 if timeout is not None else None)
        while not ready and timeout and _someone_is_asked():
            ready = super().select(0.05)
        if not ready and timeout is not None:
            self.now += timeout
        return ready


def _someone_is_asked() -> bool:
    return any(thread.name == "countermand-aside" for thread in threading.enumerate())


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only where everything waits for it, and then at once."""

    def __init__(self) -> None:
        self._pace = _NoTimeLost()
        super().__init__(self._pace)

    def time(self) -> float:
        """Tell the virtual time."""
        return self._pace.now

    def jump(self, seconds: float) -> None:
        """Let time pass while nobody looks."""
        self._pace.now += seconds


def run_virtually(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


class Cancel(Protocol):
    """Cancels through one of the clients, all requests at once."""

    def __call__(self, venue: Any, *requests: CancelRequest, **options: Any) -> list[CancelAck]:
        """Return the acks in the order of the requests."""


@pytest.fixture
def peer() -> Iterator[Peer]:
    """Give a peer, which must not have been asked what it has no answer to."""
    peer = Peer()
    yield peer
    assert peer.unexpected == []


@pytest.fixture(params=["sync", "async"])
def cancel(request: pytest.FixtureRequest, peer: Peer) -> Cancel:
    """Cancel through the client with threads, and through the one without."""

    def in_threads(venue: Any, *requests: CancelRequest, **options: Any) -> list[CancelAck]:
        threads = ThreadPoolExecutor(max_workers=len(requests))
        with threads, Client([venue], transport=httpx.MockTransport(peer), **options) as client:
            return list(threads.map(client.cancel, requests))

    def in_tasks(venue: Any, *requests: CancelRequest, **options: Any) -> list[CancelAck]:
        async def all_at_once() -> list[CancelAck]:
            async with AsyncClient([venue], transport=httpx.MockTransport(peer), **options) as client:
                return await asyncio.gather(*map(client.cancel, requests))

        return run_virtually(all_at_once())

    return in_threads if request.param == "sync" else in_tasks


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    """Leave no thread of ours behind."""
    yield
    assert [one.name for one in threading.enumerate() if one.name == "countermand"] == []


@pytest.fixture
def witness() -> Witness:
    """Give an observer that remembers."""
    return Witness()


@pytest.fixture
def client(peer: Peer, pebble: Any, witness: Witness) -> Callable[..., AsyncClient]:
    """Make a client of the invented venue, observed by the witness."""

    def make(venue: Any = pebble, **options: Any) -> AsyncClient:
        return AsyncClient([venue], transport=httpx.MockTransport(peer), observer=witness, **options)

    return make


@pytest.fixture
def virtually() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine in virtual time."""
    return run_virtually


@pytest.fixture
def ask() -> Callable[..., CancelRequest]:
    """Make a request to the invented venue, of order 7 unless told otherwise."""

    def make(order: str | ClientOrderId = "7", **fields: Any) -> CancelRequest:
        named = OrderId(order) if isinstance(order, str) else order
        return CancelRequest(**{"venue": "pebble", "account": "9", "order": named, **fields})

    return make
