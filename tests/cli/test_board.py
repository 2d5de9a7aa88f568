"""How far it has come: on a terminal, in lines, and where nobody can see it."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable

import pytest

from countermand import Progress, Scope
from countermand.cli._board import Board, displayed
from countermand.testing import run_virtually

APEX = Progress(
    scope=Scope.account("apex", "9"), known=500, canceled=320, pending=170, residual=10, elapsed_s=3.2
)
LINE = "apex: account 9: known 500, canceled 320, pending 170, residual 10, elapsed 3.2 s\n"


class Terminal(io.StringIO):
    """A terminal that keeps all that was drawn."""

    def isatty(self) -> bool:
        return True


class Deaf(io.StringIO):
    """A stream that nobody listens to any more."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


class DeafTerminal(Deaf, Terminal):
    """A terminal that is gone."""


def shown(act: Callable[[Board], None], *, quiet: bool = False) -> None:
    """Show a board for ten seconds, in which something happens after five."""

    async def main() -> None:
        board = Board()
        async with displayed(board, quiet=quiet):
            await asyncio.sleep(5)
            act(board)
            await asyncio.sleep(5)

    run_virtually(main())


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> Callable[[io.StringIO | None], None]:
    """Put something in the place of stderr, wide enough for a row."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    return lambda stream: monkeypatch.setattr(sys, "stderr", stream)


def test_lines_are_told_once(stderr: Callable[[io.StringIO | None], None]) -> None:
    """Where no terminal is there is a line for each change, and none for what stays."""
    stream = io.StringIO()
    stderr(stream)
    shown(lambda board: board.note(APEX))
    assert stream.getvalue() == LINE


def test_last_state_is_told(stderr: Callable[[io.StringIO | None], None]) -> None:
    """What changes just before the end is told at the end."""
    stream = io.StringIO()
    stderr(stream)

    async def main() -> None:
        board = Board()
        async with displayed(board, quiet=False):
            await asyncio.sleep(0.5)
            board.note(APEX)

    run_virtually(main())
    assert stream.getvalue() == LINE


def test_terminal_shows_a_table(stderr: Callable[[io.StringIO | None], None]) -> None:
    """On a terminal every scope is a row under headings, drawn again and again, over a clock that runs."""
    stream = Terminal()
    stderr(stream)
    shown(lambda board: board.note(APEX))
    drawn = stream.getvalue()
    assert drawn.count("apex: account 9") > 10
    for word in (
        "scope",
        "known",
        "canceled",
        "pending",
        "residual",
        "elapsed",
        "320",
        "3.2 s",
        "0.0 s",
        "9.8 s",
    ):
        assert word in drawn


@pytest.mark.parametrize("stream", [Deaf(), DeafTerminal(), None], ids=["pipe", "terminal", "none"])
def test_who_cannot_see_it_holds_nothing_up(
    stderr: Callable[[io.StringIO | None], None], stream: io.StringIO | None
) -> None:
    """A broken stream, or none, does not concern what goes on."""
    stderr(stream)
    acted: list[Board] = []

    def act(board: Board) -> None:
        board.note(APEX)
        acted.append(board)

    shown(act)
    assert len(acted) == 1


def test_quiet_shows_nothing(stderr: Callable[[io.StringIO | None], None]) -> None:
    """For machines nothing is shown."""
    stream = Terminal()
    stderr(stream)
    shown(lambda board: board.note(APEX), quiet=True)
    assert stream.getvalue() == ""
