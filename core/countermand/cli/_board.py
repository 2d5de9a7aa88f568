"""How far a command has come: a display that renews itself on a terminal, plain lines anywhere else."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress

import attrs
from rich import box
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from countermand import Progress

#: How often the display is drawn anew, and how often there may be a line, in seconds.
_DRAWN_EVERY_S = 0.25
_LINE_EVERY_S = 1.0


@attrs.define
class Board:
    """Rows of counts by name: told on the engine's loop, drawn apart from that."""

    rows: dict[str, Mapping[str, str]] = attrs.field(factory=dict)

    def note(self, progress: Progress) -> None:
        """Take what a mass cancel tells of itself."""
        self.rows[str(progress.scope)] = {
            "known": str(progress.known),
            "canceled": str(progress.canceled),
            "pending": str(progress.pending),
            "residual": str(progress.residual),
            "elapsed": f"{progress.elapsed_s:.1f} s",
        }

    def lines(self) -> Iterator[str]:
        """Tell each row in a line."""
        for name, counts in self.rows.items():
            yield f"{name}: " + ", ".join(f"{heading} {count}" for heading, count in counts.items())

    def table(self, since_s: float) -> Table:
        """Show all rows, which have the same headings, and below them how long it has been, in seconds."""
        table = Table(
            box=box.SIMPLE_HEAD, show_edge=False, caption=f"{since_s:.1f} s", caption_justify="left"
        )
        table.add_column("scope")
        for heading in next(iter(self.rows.values()), ()):
            table.add_column(heading, justify="right")
        for name, counts in self.rows.items():
            table.add_row(escape(name), *counts.values())
        return table


@asynccontextmanager
async def displayed(board: Board, *, quiet: bool) -> AsyncIterator[None]:
    """Display a board on stderr while something goes on; nobody who cannot see it holds that up."""
    if quiet or sys.stderr is None:
        yield
        return
    console = Console(stderr=True, highlight=False)
    drawing = asyncio.create_task((_drawn if console.is_terminal else _told)(board, console))
    try:
        yield
    finally:
        drawing.cancel()
        with suppress(asyncio.CancelledError):
            await drawing


async def _drawn(board: Board, console: Console) -> None:
    loop = asyncio.get_running_loop()
    began_at = loop.time()
    # rich ends the program over a broken pipe
    with (
        suppress(OSError, SystemExit),
        Live(
            console=console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            # A row stands still while nothing happens, such as between two listings.
            get_renderable=lambda: board.table(loop.time() - began_at),
        ) as live,
    ):
        while True:
            live.refresh()
            await asyncio.sleep(_DRAWN_EVERY_S)


async def _told(board: Board, console: Console) -> None:
    told: set[str] = set()
    with suppress(OSError, SystemExit):
        try:
            while True:
                told = _tell_new(board, console, told)
                await asyncio.sleep(_LINE_EVERY_S)
        finally:
            _tell_new(board, console, told)


def _tell_new(board: Board, console: Console, told: set[str]) -> set[str]:
    lines = list(board.lines())
    for line in lines:
        if line not in told:
            console.print(line, markup=False, soft_wrap=True)
    return set(lines)
