"""The client with a loop in a thread of its own: safe from any thread, and gone when it is closed."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import attrs
import httpx
import pytest

from countermand import Assurance, AsyncClient, CancelAck, CancelRequest, Client, OrderId, Outcome, Sent
from countermand._engine._landing import Landing
from countermand.errors import ClientUsageError, ClosedClientError, InvalidRequestError, UnknownVenueError

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer, Witness

    from countermand._host import Host

Ask = Callable[..., CancelRequest]
RECEIPT = {"say": "receipt"}


@pytest.fixture
def quick(ask: Ask) -> Ask:
    """Ask for no more than a receipt."""
    return lambda *order, **fields: ask(*order, assurance=Assurance.RECEIVED, **fields)


@pytest.fixture
def client(peer: Peer, pebble: Pebble, witness: Witness) -> Client:
    """Make a client of a venue that takes every cancel."""
    peer.on("cancel", RECEIPT)
    return Client([pebble], transport=httpx.MockTransport(peer), observer=witness)


def test_before_and_after(client: Client, quick: Ask, peer: Peer) -> None:
    """A client that is not open cancels nothing, can be closed all the same, and can be entered anew."""
    with pytest.raises(ClosedClientError, match="use it within `with`"):
        client.cancel(quick())
    client.close()
    with client, pytest.raises(ClosedClientError, match="the client is entered already"):
        client.__enter__()
    with pytest.raises(ClosedClientError, match="use it within `with`"):
        client.cancel(quick())
    client.close()
    assert peer.heard == []
    with client:
        assert client.cancel(quick()).outcome is Outcome.PENDING


def test_from_many_threads(client: Client, quick: Ask, peer: Peer) -> None:
    """Hundreds of cancels from many threads each get the ack to their own request."""
    requests = [quick(str(number)) for number in range(1, 301)]
    with ThreadPoolExecutor(max_workers=16) as threads, client:
        acks = list(threads.map(client.cancel, requests))
    assert [ack.request for ack in acks] == requests
    assert {ack.outcome for ack in acks} == {Outcome.PENDING}
    assert sorted(map(int, peer.calls("cancel"))) == list(range(1, 301))


def test_beside_a_running_loop(client: Client, quick: Ask) -> None:
    """A thread that runs a loop of its own can use it, too."""

    async def block() -> CancelAck:
        return client.cancel(quick())

    with client:
        assert asyncio.run(block()).outcome is Outcome.PENDING


@pytest.mark.parametrize("orders", ["77", "78"])
def test_closing_answers_all_threads(
    client: Client, quick: Ask, peer: Peer, witness: Witness, orders: str
) -> None:
    """Threads that wait when the client is closed are told what is known, each of its own order."""
    heard = threading.Event()

    async def silence(_: httpx.Request) -> None:
        await witness.until(lambda seen: len(seen.requests) == 2)
        heard.set()
        await asyncio.Event().wait()

    peer.on("cancel", silence)
    with ThreadPoolExecutor(max_workers=2) as threads:
        with client:
            waiting = [threads.submit(client.cancel, quick(order)) for order in orders]
            assert heard.wait(5)
        acks = [one.result(5) for one in waiting]
    assert [ack.request.order.value for ack in acks] == list(orders)
    assert [(ack.outcome, ack.sent) for ack in acks] == [(Outcome.UNKNOWN, Sent.MAYBE)] * 2


class InterruptedAtOnce:
    """A host's loop: whoever puts the first call to it is interrupted before the loop comes to that."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def call_soon_threadsafe(self, *call: Any) -> None:
        """Put a call; the first one only with what follows."""
        self._calls.append(call)
        if len(self._calls) == 1:
            raise KeyboardInterrupt
        calls, self._calls = self._calls, [()]

        def do_all() -> None:
            for work, *arguments in filter(None, calls):
                work(*arguments)

        self._loop.call_soon_threadsafe(do_all)


@pytest.mark.parametrize("assurance", [Assurance.RECEIVED, Assurance.CONFIRMED])
def test_closing_that_is_interrupted(
    client: Client, ask: Ask, peer: Peer, witness: Witness, assurance: Assurance
) -> None:
    """Threads that wait when a client is closed are told what is known, even if who closes is interrupted."""
    heard = threading.Event()

    async def silence(_: httpx.Request) -> None:
        heard.set()
        await asyncio.Event().wait()

    peer.on("cancel", RECEIPT, silence)
    with ThreadPoolExecutor(max_workers=1) as threads:
        client.__enter__()
        client.cancel(ask("6", assurance=Assurance.RECEIVED))
        waiting = threads.submit(client.cancel, ask("7", assurance=assurance))
        assert heard.wait(5)
        host = cast("Host", client._host)  # noqa: SLF001 - a signal comes at any moment, a test cannot
        host.loop = cast("asyncio.AbstractEventLoop", InterruptedAtOnce(host.loop))
        with pytest.raises(KeyboardInterrupt):
            client.close()
        ack = waiting.result(5)
    assert (ack.outcome, ack.sent) == (Outcome.UNKNOWN, Sent.MAYBE)
    assert [owed.ack.request.order.value for owed in client.unsettled()] == ["6", "7"]


def test_a_cancel_while_the_client_closes(client: Client, quick: Ask, peer: Peer) -> None:
    """Whoever comes while the client ends what is under way is refused."""
    heard, refused = threading.Event(), []

    async def leave_slowly(_: httpx.Request) -> Any:
        heard.set()
        try:
            await asyncio.Event().wait()
        finally:
            with pytest.raises(ClosedClientError, match="use it within `with`"):
                await asyncio.to_thread(client.cancel, quick("8"))
            refused.append("8")

    peer.on("cancel", leave_slowly)
    with ThreadPoolExecutor(max_workers=1) as threads, client:
        waiting = threads.submit(client.cancel, quick("7"))
        assert heard.wait(5)
        client.close()
        assert waiting.result(5).outcome is Outcome.UNKNOWN
    assert refused == ["8"]


@pytest.mark.parametrize("round_", range(5))
def test_closing_while_others_begin(client: Client, quick: Ask, round_: int) -> None:
    """A cancel that races with the end is answered or refused: it never waits for a loop that is gone."""
    started = threading.Barrier(9)

    def insist(number: int) -> int:
        started.wait(5)
        for done in range(10_000):
            try:
                client.cancel(quick(str(number)))
            except ClosedClientError:
                return done
        return 0

    with ThreadPoolExecutor(max_workers=8) as threads:
        client.__enter__()
        ends = [threads.submit(insist, number) for number in range(1, 9)]
        started.wait(5)
        client.close()
        assert all(end.result(10) >= 0 for end in ends)


def test_closing_from_two_threads(client: Client, quick: Ask) -> None:
    """Of two threads that close a client, one does, and the other finds it done."""
    with ThreadPoolExecutor(max_workers=2) as threads, client:
        client.cancel(quick())
        for end in [threads.submit(client.close) for _ in range(2)]:
            end.result(5)


@pytest.fixture
def interrupt() -> Callable[[], None]:
    """Return what presses Ctrl-C."""
    here = threading.get_ident()
    if here != threading.main_thread().ident:
        pytest.skip("only a main thread is interrupted")
    return lambda: signal.pthread_kill(here, signal.SIGINT)


@pytest.mark.parametrize("assurance", [Assurance.RECEIVED, Assurance.CONFIRMED])
def test_an_interrupt_is_the_callers(
    interrupt: Callable[[], None],
    client: Client,
    ask: Ask,
    peer: Peer,
    witness: Witness,
    assurance: Assurance,
) -> None:
    """Ctrl-C while waiting for an ack is raised where the caller waits; what was sent is owed."""

    async def wait_for_ever(_: httpx.Request) -> Any:
        interrupt()
        await asyncio.Event().wait()

    peer.on("cancel", RECEIPT, wait_for_ever, RECEIPT)
    with client:
        client.cancel(ask("6", assurance=Assurance.RECEIVED))
        with pytest.raises(KeyboardInterrupt):
            client.cancel(ask("7", assurance=assurance))
        assert client.cancel(ask("8", assurance=Assurance.RECEIVED)).outcome is Outcome.PENDING
        assert [ack.request.order.value for ack in witness.acks] == ["6", "8"]
        (owed,) = [one for one in client.unsettled() if one.ack.request.order.value == "7"]
        assert owed.ack.sent is Sent.MAYBE


@pytest.mark.parametrize("first", Assurance)
@pytest.mark.parametrize("second", Assurance)
def test_an_interrupt_of_one_of_two(
    interrupt: Callable[[], None],
    client: Client,
    ask: Ask,
    peer: Peer,
    witness: Witness,
    first: Assurance,
    second: Assurance,
) -> None:
    """Ctrl-C takes nothing from another thread that waits for the same order, and both share one attempt."""
    mine, other = ask(assurance=first), ask(assurance=second)
    go_on = threading.Event()
    theirs: list[Future[CancelAck]] = []

    async def wait_for_it(_: httpx.Request) -> Any:
        theirs.append(threads.submit(client.cancel, other))
        await witness.until(lambda seen: other in seen.requests)
        interrupt()
        await asyncio.to_thread(go_on.wait, 5)
        return RECEIPT

    peer.on("cancel", RECEIPT, wait_for_it).on("order", {"say": "order", "id": "7", "status": "CANCELED"})
    with ThreadPoolExecutor(max_workers=1) as threads, client:
        client.cancel(ask("6", assurance=Assurance.RECEIVED))
        with pytest.raises(KeyboardInterrupt):
            client.cancel(mine)
        go_on.set()
        ack = theirs[0].result(5)
        left = [one.ack.request for one in client.unsettled()][1:]
    confirmed = second is Assurance.CONFIRMED
    assert (ack.outcome, ack.sent) == (Outcome.CANCELED if confirmed else Outcome.PENDING, Sent.YES)
    assert left == ([] if confirmed else [mine, other])
    assert peer.calls("cancel") == ["6", "7"]


def test_an_interrupt_before_it_is_sent(
    interrupt: Callable[[], None], peer: Peer, pebble: Pebble, witness: Witness, quick: Ask
) -> None:
    """Ctrl-C while a cancel waits for its turn takes it back: it is never sent."""
    go_on = threading.Event()

    async def wait_for_it(_: httpx.Request) -> Any:
        await asyncio.to_thread(go_on.wait, 5)
        return httpx.Response(200, json=RECEIPT)

    def requested(request: CancelRequest) -> None:
        if request.order.value == "8":
            interrupt()

    peer.on("cancel", wait_for_it, RECEIPT)
    witness.requested = requested  # type: ignore[method-assign]  # an observer of its own
    client = Client([pebble], transport=httpx.MockTransport(peer), observer=witness, max_in_flight=1)
    with ThreadPoolExecutor(max_workers=1) as threads, client:
        first = threads.submit(client.cancel, quick("7"))
        heard = asyncio.run_coroutine_threadsafe(
            witness.until(lambda seen: bool(seen.attempts)),
            client._host.loop,  # type: ignore[union-attr]  # noqa: SLF001 - it is open; see below
        )
        heard.result(5)
        with pytest.raises(KeyboardInterrupt):
            client.cancel(quick("8"))
        go_on.set()
        assert first.result(5).outcome is Outcome.PENDING
        assert client.cancel(quick("9")).outcome is Outcome.PENDING
    assert peer.calls("cancel") == ["7", "9"]


def test_what_took_the_place_of_an_order(client: Client, quick: Ask, peer: Peer, witness: Witness) -> None:
    """A cancel that went straight and was refused is followed to the order that took its own one's place."""
    heirs = {"say": "rows", "rows": [{"id": "8", "status": "NEW", "replaces": "7"}]}
    peer.on("order", {"say": "order", "id": "7", "status": "REPLACED"}).on("open", heirs)
    with client:
        client.cancel(quick("1"))
        peer.on("cancel", {"say": "refused"}, RECEIPT)
        ack = client.cancel(quick(follow_replacement=True))
    assert (ack.outcome, ack.order_id) == (Outcome.PENDING, OrderId("8"))
    assert witness.acks[1:] == [ack]
    assert peer.calls("cancel") == ["1", "7", "8"]


def test_the_callers_mistakes(client: Client, quick: Ask, peer: Peer) -> None:
    """What is wrong with a request is raised where it was made, and nothing is sent."""
    with client:
        with pytest.raises(UnknownVenueError, match="no venue named 'gravel'"):
            client.cancel(quick(venue="gravel"))
        with pytest.raises(InvalidRequestError, match="expected a CancelRequest, got str"):
            client.cancel("7")  # type: ignore[arg-type]  # that is the mistake
    assert peer.heard == []


def test_a_plugin_that_cannot_be_asked(pebble: Pebble, quick: Ask) -> None:
    """A cancel that cannot even be checked is an ack that says why."""
    with Client([attrs.evolve(pebble, capabilities=cast("Any", None))]) as client:
        ack = client.cancel(quick())
    assert (ack.outcome, ack.sent) == (Outcome.REJECTED, Sent.NO)
    assert "capabilities" in (ack.error or "")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_observer_that_ends_the_loop(client: Client, quick: Ask, witness: Witness) -> None:
    """Whoever waits for an ack at which an observer ends the loop is told that it has ended."""

    def acknowledged(ack: CancelAck) -> None:
        raise KeyboardInterrupt

    with client:
        client.cancel(quick("6"))
        witness.acknowledged = acknowledged  # type: ignore[method-assign]  # an observer of its own
        with pytest.raises(ClosedClientError, match="thread has ended"):
            client.cancel(quick("7"))


def test_from_its_own_thread(client: Client, quick: Ask, witness: Witness) -> None:
    """An observer that cancels or closes through the client it observes would wait for ever: refused."""
    refused: list[BaseException] = []

    def acknowledged(ack: CancelAck) -> None:
        for use in (lambda: client.cancel(quick("8")), client.close):
            try:
                use()
            except ClientUsageError as error:
                refused.append(error)

    witness.acknowledged = acknowledged  # type: ignore[method-assign]  # an observer of its own
    with client:
        assert client.cancel(quick()).outcome is Outcome.PENDING
    assert ["would wait for itself" in str(error) for error in refused] == [True, True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_after_a_fork(client: Client, quick: Ask) -> None:
    """In a child the client refuses to cancel instead of waiting for ever; the parent's goes on."""
    with client:
        child = os.fork()
        if child == 0:
            try:
                client.cancel(quick())
            except ClientUsageError:
                client.close()
                os._exit(7)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert client.cancel(quick()).outcome is Outcome.PENDING


def exit_code(process: int) -> int:
    """Wait for the end of a child."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_loop_after_a_fork(peer: Peer, pebble: Pebble, quick: Ask) -> None:
    """In a child the client without threads refuses, too, on the loop it was entered on and on another."""
    peer.on("cancel", RECEIPT)
    client = AsyncClient([pebble], transport=httpx.MockTransport(peer))

    async def refused() -> bool:
        try:
            await client.cancel(quick())
        except ClientUsageError as error:
            await client.aclose()
            return "does not survive a fork" in str(error)
        return False

    async def use() -> None:
        async with client:
            child = os.fork()
            if child == 0:
                os._exit(7 if await refused() else 1)
            other = os.fork()
            if other == 0:
                elsewhere = threading.Thread(target=lambda: os._exit(7 if asyncio.run(refused()) else 1))
                elsewhere.start()
                elsewhere.join()
            assert [await asyncio.to_thread(exit_code, one) for one in (child, other)] == [7, 7]
            assert (await client.cancel(quick())).outcome is Outcome.PENDING

    asyncio.run(use())


def test_nothing_is_left_of_a_cancel(client: Client, quick: Ask) -> None:
    """What is over needs no collector to be gone: thousands may be asked in a row."""
    with client:
        client.cancel(quick("1"))
        gc.collect()
        gc.disable()
        try:
            client.cancel(quick("2"))
            client.unsettled()  # the loop is past the cancel
            assert not [one for one in gc.get_objects() if isinstance(one, Landing)]
        finally:
            gc.enable()


def test_a_start_that_fails(pebble: Pebble) -> None:
    """A client that cannot start leaves no thread behind, and can be tried again."""

    class Moody(Client):
        starts = 0

        def _engine(self) -> Any:
            self.starts += 1
            if self.starts == 1:
                raise LookupError("not now")
            return super()._engine()

    client = Moody([pebble])
    with pytest.raises(LookupError, match="not now"):
        client.__enter__()
    assert "countermand" not in [thread.name for thread in threading.enumerate()]
    with client:
        pass


def test_a_thread_that_has_ended(client: Client, ask: Ask, peer: Peer, witness: Witness) -> None:
    """Whoever waits for a thread that something has ended is told so; closing it does not hang, and tells."""
    peer.on("cancel", RECEIPT, peer.never)
    with ThreadPoolExecutor(max_workers=1) as threads, client:
        client.cancel(ask("6", assurance=Assurance.RECEIVED))
        waiting = threads.submit(client.cancel, ask(timeout_s=60))
        host = client._host  # noqa: SLF001 - nothing public ends it but close
        assert host is not None
        asyncio.run_coroutine_threadsafe(
            witness.until(lambda seen: len(seen.attempts) > 1), host.loop
        ).result()
        host.loop.call_soon_threadsafe(host.loop.stop)
        with pytest.raises(ClosedClientError, match="thread has ended"):
            waiting.result()
        host.thread.join()
        with pytest.raises(ClosedClientError, match="thread has ended"):
            client.cancel(ask())
        with pytest.raises(ClosedClientError, match="thread has ended"):
            client.unsettled()
    assert [owed.ack.request.order.value for owed in client.unsettled()] == ["6"]


def test_a_client_that_is_closed_meanwhile(client: Client, quick: Ask) -> None:
    """Whoever asks what is owed just while another thread closes the client is told what it left."""

    class ClosesFirst:
        """A host's loop; the client is closed before anything is put to it."""

        def __init__(self, host: Host) -> None:
            self._host, self._loop = host, host.loop

        def call_soon_threadsafe(self, *call: Any) -> Any:
            self._host.loop = self._loop
            client.close()
            return self._loop.call_soon_threadsafe(*call)

    with client:
        client.cancel(quick("6"))
        host = cast("Host", client._host)  # noqa: SLF001 - another thread comes at any moment, a test cannot
        host.loop = cast("asyncio.AbstractEventLoop", ClosesFirst(host))
        assert [owed.ack.request.order.value for owed in client.unsettled()] == ["6"]
