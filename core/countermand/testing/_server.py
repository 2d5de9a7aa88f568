"""How a simulator is served on loopback: real HTTP for its venue, and the control interface beside it."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import attrs

from countermand._http import HttpRequest, HttpResponse
from countermand.testing._control import control
from countermand.testing._reply import Owed, Reply, text_response
from countermand.testing._simulator import Simulator

T = TypeVar("T")

_HOST = "127.0.0.1"
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
async def serving(simulator: Simulator, port: int = 0) -> AsyncIterator[LiveSimulator]:
    """Serve a simulator on the running loop; port 0 is any free one; raises `OSError` for a taken one.

    Leaving closes every connection. A fault of the simulator itself is answered with 500 and raised on
    leaving, in an `ExceptionGroup`.
    """
    from countermand.testing._connection import Connection  # noqa: PLC0415 - h11 is needed only to serve

    desk = _Desk(simulator)
    connections: set[Connection] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(desk.answer, connections), _HOST, port
    )
    base_url = f"http://{_HOST}:{server.sockets[0].getsockname()[1]}"
    try:
        yield LiveSimulator(
            simulator=simulator, base_url=base_url, control_url=base_url + _CONTROL, perform=desk.perform
        )
    finally:
        server.close()
        while connections:
            for connection in tuple(connections):
                connection.abort()
            await asyncio.sleep(0)  # asyncio says that a connection is lost in a later step of the loop
    if desk.faults:
        raise ExceptionGroup(f"the simulator {simulator.name!r} failed", desk.faults)


@contextmanager
def running(simulator: Simulator, port: int = 0) -> Iterator[LiveSimulator]:
    """Serve a simulator on a loop in a thread of its own; otherwise as `serving`."""
    ready: Future[tuple[LiveSimulator, Callable[[], object]]] = Future()
    ended: Future[None] = Future()

    def run() -> None:
        try:
            asyncio.run(_serve_until_stopped(simulator, port, ready))
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
    simulator: Simulator, port: int, ready: Future[tuple[LiveSimulator, Callable[[], object]]]
) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    async with serving(simulator, port) as live:

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
    """Tells control from venue, keeps the time, and notes the simulator's own faults."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
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
                reply = self._simulator.handle(request, now)
        except Exception as fault:  # noqa: BLE001 - shown as 500, and raised at the end
            reply = Reply(response=self._told(fault))
        give = None if reply.response is None else functools.partial(self._give, reply, now + reply.delay_s)
        return Owed(delay_s=reply.delay_s, give=give)

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
