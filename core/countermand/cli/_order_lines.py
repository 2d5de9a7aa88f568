"""A file of order ids, one a line: all of it is read before anything is sent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import attrs

from countermand import CancelRequest
from countermand.cli._report_words import counted
from countermand.errors import InvalidRequestError

#: The name that stands for the standard input.
STDIN = Path("-")
#: How many bad lines are told one by one.
_MOST_TOLD = 20


@attrs.frozen(kw_only=True)
class OrderLines:
    """What a file of orders amounts to: a request for each order, and the lines that gave none."""

    requests: tuple[CancelRequest, ...]
    bad: tuple[str, ...]
    #: How many lines name an order that one before them names.
    repeated: int = 0

    def told(self) -> Iterator[str]:
        """Tell the bad lines, the first of them one by one, and how many are there again."""
        yield from self.bad[:_MOST_TOLD]
        if len(self.bad) > _MOST_TOLD:
            yield f"and {len(self.bad) - _MOST_TOLD} more bad lines"
        if self.repeated:
            yield f"{counted(self.repeated, 'duplicate line')}: each order is taken once"


def read_lines(path: Path, request: Callable[[str], CancelRequest]) -> OrderLines:
    """Make a request of each order in a file, or in stdin; raises `InvalidRequestError` if it cannot be read.

    Blank lines, and lines that begin with `#`, are skipped. `request` raises it for a line that is bad.
    """
    requests: dict[str, CancelRequest] = {}
    bad, repeated = [], 0
    for number, line in enumerate(_text(path).removeprefix("\ufeff").split("\n"), start=1):
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        if word in requests:
            repeated += 1
            continue
        try:
            requests[word] = request(word)
        except InvalidRequestError as error:
            bad.append(f"{_named(path)}: line {number}: {error}")
    return OrderLines(requests=tuple(requests.values()), bad=tuple(bad), repeated=repeated)


def _text(path: Path) -> str:
    try:
        return _stdin().read() if path == STDIN else path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: no text, or a stream that was closed
        raise InvalidRequestError(f"{_named(path)}: cannot be read: {error}") from error


def _stdin() -> TextIO:
    if sys.stdin is None:
        raise ValueError("it is closed")
    return sys.stdin


def _named(path: Path) -> str:
    return "stdin" if path == STDIN else str(path)
