"""`countermand simulate`: venues on this machine, for routers in any language."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import AsyncExitStack
from typing import Annotated

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from countermand.cli._interrupts import signals
from countermand.errors import ConfigurationError
from countermand.testing import (
    LiveSimulator,
    Simulator,
    fault_from_word,
    load_simulator,
    serving,
    simulators,
)

_ALL = "all"
_GREATEST_PORT = 65_535


def simulate(
    venue: str,
    /,
    *,
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=_GREATEST_PORT))] = 0,
    fault: Annotated[tuple[str, ...], Parameter(show_default=False)] = (),
    fault_seed: int = 0,
) -> int:
    """Serve simulated venues on 127.0.0.1 until interrupted.

    Prints one JSON object per line and venue: where it is, where its control interface is, and what to log
    in with.

    :param venue: The name of a simulator, or "all".
    :param port: The first venue's port, the next one's being one higher; any free ones if left out.
    :param fault: CALL:KIND[:POINT][@RATE], as often as wanted: what the next such request meets, or with a
        rate from 0 to 1 that share of them. Calls: cancel, read, trail, open, history, log-in.
    :param fault_seed: What the shares are drawn by.
    """
    venues = [load_simulator(name)() for name in (simulators() if venue == _ALL else (venue,))]
    for words in fault:
        _arm(venues, words, fault_seed)
    asyncio.run(_serve_until_signal(venues, port))
    return 0


def _arm(venues: list[Simulator], words: str, seed: int) -> None:
    what, at, rate = words.partition("@")
    call, _, fault = what.partition(":")
    try:
        for simulator in venues:
            if at:
                choose = [fault_from_word(fault, call)]
                simulator.faults.at_rate(float(rate), seed=seed, calls=[call], choose=choose)
            else:
                simulator.faults.script(call, fault_from_word(fault, call))
    except ValueError as error:
        raise ConfigurationError(f"--fault {words}: expected CALL:KIND[:POINT][@RATE]; {error}") from error


async def _serve_until_signal(venues: list[Simulator], port: int) -> None:
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(signals(signal.SIGINT, signal.SIGTERM))
        served = []
        for place, simulator in enumerate(venues):
            try:
                served.append(await stack.enter_async_context(serving(simulator, port and port + place)))
            except (OSError, OverflowError) as error:
                raise ConfigurationError(f"port {port + place} cannot be served: {error}") from error
        for live in served:  # none of them before all are up
            print(_line(live), flush=True)
        await stop.wait()


def _line(live: LiveSimulator) -> str:
    where = {"venue": live.simulator.name, "base_url": live.base_url, "control_url": live.control_url}
    return json.dumps(where | attrs.asdict(live.simulator.credentials))
