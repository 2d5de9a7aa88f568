"""How commands show an ack, and end with it."""

from __future__ import annotations

import json as _json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType

from countermand import CancelAck, Outcome
from countermand.cli._words import STYLES, ack_lines

#: What the exit code says; 2 is left to usage and configuration.
EXIT_CODES = {Outcome.CANCELED: 0, Outcome.PENDING: 3, Outcome.REJECTED: 4, Outcome.UNKNOWN: 5}
#: Of several acks the one of which the least is known gives the exit code.
_LEAST_KNOWN_FIRST = (Outcome.UNKNOWN, Outcome.PENDING, Outcome.REJECTED, Outcome.CANCELED)


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """Return the exit code of several acks, one at least: that of the one of which the least is known."""
    there = set(outcomes)
    return next(EXIT_CODES[outcome] for outcome in _LEAST_KNOWN_FIRST if outcome in there)


def show(acks: Iterable[CancelAck], *, json: bool) -> None:
    """Print acks, each in words or as a JSON object."""
    with printing():
        for ack in acks:
            if json:
                print_json(ack.to_dict())
            else:
                _print(ack)


@contextmanager
def printing() -> Iterator[None]:
    """Print to whoever listens; where nobody does any more, the exit code still tells the outcome."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, SystemExit):  # rich ends the program over a broken pipe
        # Whoever listened has left, or the disk is full.
        sys.stdout = None


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object."""
    print(_json.dumps(value, indent=2))


def print_json_line(value: dict[str, Any]) -> None:
    """Print one JSON object of several, in a line of its own."""
    print(_json.dumps(value, separators=(",", ":")))


def print_lines(lines: Iterable[str], style: str | None = None) -> None:
    """Print lines of words as they are, the first of them in a style."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for place, line in enumerate(lines):
        console.print(line, style=None if place else style)


def print_table(table: RenderableType) -> None:
    """Print a table as wide as the terminal."""
    Console(highlight=False).print(table)


def _print(ack: CancelAck) -> None:
    print_lines(ack_lines(ack), STYLES[ack.outcome])
