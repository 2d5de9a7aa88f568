"""`countermand simulate`: venues on this machine, for routers in any language."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Annotated

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from countermand.errors import ConfigurationError
from countermand.testing import LiveSimulator, Simulator, load_simulator, serving, simulators

_ALL = "all"
_GREATEST_PORT = 65_535


def simulate(
    venue: str, /, *, port: Annotated[int, Parameter(validator=Number(gte=0, lte=_GREATEST_PORT))] = 0
) -> int:
    """Serve simulated venues on 127.0.0.1 until interrupted.

    Prints one JSON object per line and venue: where it is, where its control interface is, and what to log
    in with.

    :param venue: The name of a simulator, or "all".
    :param port: The first venue's port, the next one's being one higher; any free ones if left out.
    """
    names = simulators() if venue == _ALL else (venue,)
    asyncio.run(_serve_until_signal([load_simulator(name)() for name in names], port))
    return 0


async def _serve_until_signal(venues: list[Simulator], port: int) -> None:
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(_signals())
        served = []
        for place, simulator in enumerate(venues):
            try:
                served.append(await stack.enter_async_context(serving(simulator, port and port + place)))
            except (OSError, OverflowError) as error:
                raise ConfigurationError(f"port {port + place} cannot be served: {error}") from error
        for live in served:  # none of them before all are up
            print(_line(live), flush=True)
        await stop.wait()


@contextmanager
def _signals() -> Iterator[asyncio.Event]:
    """Give an event that SIGINT and SIGTERM set, on every platform."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(_number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _line(live: LiveSimulator) -> str:
    where = {"venue": live.simulator.name, "base_url": live.base_url, "control_url": live.control_url}
    return json.dumps(where | attrs.asdict(live.simulator.credentials))
