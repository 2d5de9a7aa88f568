"""The question before a mass cancel: whoever starts one types the names of the venues."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from countermand import Scope
from countermand.errors import InvalidRequestError


def confirm(scopes: Sequence[Scope]) -> None:
    """Have the venues' names be typed in one line; raises `InvalidRequestError` where they are not.

    An empty line, or the end of input, is a no; after any other wrong answer it is asked again.
    """
    names = list(dict.fromkeys(scope.venue for scope in scopes))
    if sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty():
        raise InvalidRequestError("there is no terminal to confirm it at: say --yes; nothing was sent")
    _tell(f"this cancels every open order of {scope}" for scope in scopes)
    try:
        while answer := _answer(names):
            if set(answer) == set(names):
                return
            _tell([f"that is not {' '.join(names)}"])
    except KeyboardInterrupt:
        _tell([""])
        raise KeyboardInterrupt("nothing was sent") from None
    raise InvalidRequestError("it was not confirmed; nothing was sent")


def _answer(names: Sequence[str]) -> list[str]:
    what = "the venue's name" if len(names) == 1 else "the venues' names"
    print(f"type {what} to confirm ({' '.join(names)}): ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().replace(",", " ").split()


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)
