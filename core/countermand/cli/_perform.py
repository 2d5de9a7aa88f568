"""How a command of many runs: beside a display, and with a truthful end if it is interrupted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from countermand import AsyncClient
from countermand.cli._board import Board, displayed
from countermand.cli._interrupts import Ended, until_interrupted
from countermand.cli._show import printing, show

T = TypeVar("T")


def perform(
    client: AsyncClient,
    board: Board,
    work: Callable[[], Coroutine[Any, Any, T]],
    *,
    quiet: bool,
    on_interrupt: Callable[[], None] = lambda: None,
) -> Ended[T]:
    """Do some work of a client that is not open yet, and show how far it has come."""

    async def done() -> Ended[T]:
        async with client, displayed(board, quiet=quiet):
            return await until_interrupted(client, work(), on_interrupt=on_interrupt)

    return asyncio.run(done())


def finish(ended: Ended[T], board: Board, tell: Callable[[T], None], *, json: bool) -> T:
    """Tell how it ended and return the result; raises `KeyboardInterrupt` for an interrupt, afterwards."""
    if ended.result is None:
        for line in ("there is no report; what was known last:", *board.lines()):
            print(line, file=sys.stderr)
        # What was sent may yet act: `countermand settle` can tell from the acks.
        show(ended.left, json=json)
    else:
        with printing():
            tell(ended.result)
    if ended.interrupted or ended.result is None:
        raise KeyboardInterrupt
    return ended.result
