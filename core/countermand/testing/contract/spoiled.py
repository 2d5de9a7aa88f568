"""Answers that are not what they were: spoiled in one place each."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import attrs

from countermand.venue import HttpResponse

#: One value of each type that JSON has.
_TYPES: tuple[object, ...] = (None, True, "x", 987_654_321, 2.5, [], {})
_MUTANTS = 12
_LONG_WORD = "\ud800" + "x" * 9_000


def without_a_field(response: HttpResponse) -> Iterator[tuple[str, HttpResponse]]:
    """Give an answer without each of its fields, and with a value of another type in each."""
    order = _object_in(response.content)
    for name, value in order.items():
        rest = {key: item for key, item in order.items() if key != name}
        yield f"{name} is missing", _with(response, rest)
        for other in _TYPES:
            if _kind(other) is not _kind(value):
                yield f"{name} is {json.dumps(other)}", _with(response, {**order, name: other})


def with_long_words(response: HttpResponse) -> Iterator[HttpResponse]:
    """Put a long word with a lone surrogate in the place of each text of an answer."""
    value = _object_in(response.content)
    for key, item in value.items():
        if isinstance(item, str) or item is None:
            yield _with(response, {**value, key: _LONG_WORD})


def mutants(content: bytes, chance: random.Random) -> Iterator[bytes]:
    """Give a body with another byte in it, or without a part of it."""
    for _ in range(_MUTANTS if content else 0):
        place = chance.randrange(len(content))
        yield content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]
        yield content[:place] + content[chance.randrange(len(content)) :]


def _object_in(content: bytes) -> dict[str, object]:
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _kind(value: object) -> type:
    return float if type(value) is int else type(value)


def _with(response: HttpResponse, value: object) -> HttpResponse:
    return attrs.evolve(response, content=json.dumps(value).encode())
