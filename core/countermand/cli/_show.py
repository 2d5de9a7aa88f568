"""How commands show an ack, and end with it."""

from __future__ import annotations

import json as _json
import sys
from collections.abc import Iterable

from rich.console import Console

from countermand import CancelAck, Outcome
from countermand.cli._words import STYLES, ack_lines

#: What the exit code says; 2 is left to usage and configuration.
EXIT_CODES = {Outcome.CANCELED: 0, Outcome.PENDING: 3, Outcome.REJECTED: 4, Outcome.UNKNOWN: 5}


def show(acks: Iterable[CancelAck], *, json: bool) -> None:
    """Print acks, each in words or as a JSON object."""
    try:
        for ack in acks:
            (_print_json if json else _print)(ack)
        sys.stdout.flush()
    except (OSError, SystemExit):  # rich ends the program over a broken pipe
        # Whoever listened has left, or the disk is full: the exit code still tells the outcome.
        sys.stdout = None


def _print_json(ack: CancelAck) -> None:
    print(_json.dumps(ack.to_dict(), indent=2))


def _print(ack: CancelAck) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    first, *rest = ack_lines(ack)
    console.print(first, style=STYLES[ack.outcome])
    for line in rest:
        console.print(line)
