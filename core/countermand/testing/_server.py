"""How a simulator is served on loopback: real HTTP for its venue, and the control interface beside it."""

from __future__ import annotations

import asyncio
import functools
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from countermand._http import HttpRequest, HttpResponse
from countermand.testing._control import control
from countermand.testing._door import HOST, Door
from countermand.testing._fault import FaultKind
from countermand.testing._owed import Owed
from countermand.testing._received import Drawn
from countermand.testing._reply import Reply, text_response
from countermand.testing._simulator import Simulator

if TYPE_CHECKING:
    from countermand.testing._connection import Connection

T = TypeVar("T")

_CONTROL = "/control"


@attrs.frozen(kw_only=True)
class LiveSimulator:
    """A simulator that is being served; `base_url` is the venue's, `control_url` the control interface's."""

    simulator: Simulator
    base_url: str
    control_url: str
    _perform: Callable[[Callable[[float], Any]], Any] = attrs.field(repr=False)

    def call(self, act: Callable[[float], T]) -> T:
        """Run `act(now)` between two requests and return its result, the book advanced to `now`.

        The only safe way to the simulator from another thread than the one that serves it:
        `live.call(lambda now: live.simulator.place(now, order_id="6500"))`.
        """
        result: T = self._perform(act)
        return result


@asynccontextmanager
async def serving(
    simulator: Simulator, port: int = 0, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[LiveSimulator]:
    """Serve a simulator on the running loop; port 0 is any free one; raises `OSError` for a taken one.

    With `tls`, a server's context of its own, it is https. Leaving closes every connection. A fault of the
    simulator itself is answered with 500 and raised on leaving, in an `ExceptionGroup`.
    """
    from countermand.testing._connection import Connection  # noqa: PLC0415 - h11 is needed only to serve

    connections: set[Connection] = set()
    door = Door(lambda: Connection(desk.answer, connections), tls)
    desk = _Desk(simulator, door, connections)
    base_url = f"{'http' if tls is None else 'https'}://{HOST}:{await door.open(port)}"
    simulator.faults.watchers.append(desk.attend)
    try:
        desk.attend()
        yield LiveSimulator(
            simulator=simulator, base_url=base_url, control_url=base_url + _CONTROL, perform=desk.perform
        )
    finally:
        simulator.faults.watchers.remove(desk.attend)
        for _ in range(3):  # asyncio leaves a connection open that it has accepted, but not begun, by then
            await asyncio.sleep(0)
        await door.close()
        while connections:
            for connection in tuple(connections):
                connection.abort()
            await asyncio.sleep(0)  # asyncio says that a connection is lost in a later step of the loop
    if desk.faults:
        raise ExceptionGroup(f"the simulator {simulator.name!r} failed", desk.faults)


@contextmanager
def running(
    simulator: Simulator, port: int = 0, *, tls: ssl.SSLContext | None = None
) -> Iterator[LiveSimulator]:
    """Serve a simulator on a loop in a thread of its own; otherwise as `serving`."""
    ready: Future[tuple[LiveSimulator, Callable[[], object]]] = Future()
    ended: Future[None] = Future()

    def run() -> None:
        try:
            asyncio.run(_serve_until_stopped(simulator, port, tls, ready))
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            (ended if ready.done() else ready).set_exception(error)
        else:
            ended.set_result(None)

    thread = threading.Thread(target=run, name=f"simulator {simulator.name}", daemon=True)
    thread.start()
    live, stop = ready.result()
    try:
        yield live
    finally:
        stop()
        thread.join()
    ended.result()


async def _serve_until_stopped(
    simulator: Simulator,
    port: int,
    tls: ssl.SSLContext | None,
    ready: Future[tuple[LiveSimulator, Callable[[], object]]],
) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    async with serving(simulator, port, tls=tls) as live:

        def perform(act: Callable[[float], Any]) -> Any:
            done: Future[Any] = Future()
            loop.call_soon_threadsafe(_settle, done, lambda: live.call(act))
            return done.result()

        ready.set_result((attrs.evolve(live, perform=perform), lambda: loop.call_soon_threadsafe(stop.set)))
        await stop.wait()


def _settle(done: Future[Any], act: Callable[[], Any]) -> None:
    try:
        done.set_result(act())
    except Exception as error:  # noqa: BLE001 - raised in the thread that asked
        done.set_exception(error)


class _Desk:
    """Tells control from venue, keeps the time, minds the door, and notes the simulator's own faults."""

    def __init__(self, simulator: Simulator, door: Door, connections: set[Connection]) -> None:
        self._simulator = simulator
        self._door = door
        self._connections = connections
        self.faults: list[Exception] = []
        # The monotonic clock, set to the date, since venues stamp their orders with it.
        self._offset = time.time() - time.monotonic()

    def answer(self, request: HttpRequest) -> Owed:
        now = self._now()
        head, slash, rest = request.path.partition(_CONTROL)
        try:
            if not head and slash and rest[:1] in ("", "/", "?"):
                asked = attrs.evolve(request, path=rest)
                reply = Reply(response=control(self._simulator, asked, now))
            else:
                reply = self._ask(request, now)
        except Exception as fault:  # noqa: BLE001 - shown as 500, and raised at the end
            reply = Reply(response=self._told(fault))
        return Owed(delay_s=reply.delay_s, give=self._giving(reply, now), trouble=reply.wire)

    def attend(self) -> None:
        """Let connections meet the faults that are scripted for the requests they would bring."""
        while taken := self._simulator.faults.take_from_door():
            call, fault = taken
            self._keep_out(Drawn(call=call, fault=fault))

    def _ask(self, request: HttpRequest, now: float) -> Reply:
        drawn = self._simulator.draw(request)
        if drawn.at_the_door:
            # It is in already: it gets its answer, and the next connection the fault.
            self._keep_out(drawn)
            drawn = attrs.evolve(drawn, fault=None)
        reply = self._simulator.handle(request, now, drawn)
        self.attend()
        return reply

    def _keep_out(self, drawn: Drawn) -> None:
        trouble = self._simulator.refuse(drawn)
        if trouble.kind is FaultKind.TLS:
            self._door.spoil_handshake(trouble.seconds)
        else:
            self._door.shut(trouble.seconds)
        for connection in tuple(self._connections):
            connection.hang_up()

    def _giving(self, reply: Reply, now: float) -> Callable[[], HttpResponse] | None:
        if reply.response is not None:
            return functools.partial(self._give, reply, now + reply.delay_s)
        return None if reply.wire is None else _nothing

    def perform(self, act: Callable[[float], T]) -> T:
        now = self._now()
        self._simulator.book.advance(now)
        return act(now)

    def _give(self, reply: Reply, due: float) -> HttpResponse:
        now = max(due, self._now())  # a loop's timer may come a trifle early
        try:
            self._simulator.book.advance(now)
            return reply.response_at(now)
        except Exception as fault:  # noqa: BLE001 - shown as 500, and raised at the end
            return self._told(fault)

    def _told(self, fault: Exception) -> HttpResponse:
        self.faults.append(fault)
        return text_response(f"fault of the simulator: {fault!r}", 500)

    def _now(self) -> float:
        return time.monotonic() + self._offset


def _nothing() -> HttpResponse:
    """Stand for an answer of which no byte comes."""
    return HttpResponse(status=200)
