"""Answers that are not what they were: spoiled in one place each."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import attrs

from countermand.venue import HttpResponse

#: One value of each type that JSON has.
_TYPES: tuple[object, ...] = (None, True, "x", 987_654_321, 2.5, [], {})
_MUTANTS = 12
#: How a body names an HTTP status, and writes one of a success.
_STATUS_NAMES = ("status", "code")
_SUCCESS = re.compile(r'2[0-9]{2}|"2[0-9]{2}"')
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


def with_statuses(response: HttpResponse, status: int) -> HttpResponse | None:
    """Put another HTTP status in the place of each success within a body; None where it tells none."""
    value = json_in(response.content)
    changed = _restatused(value, "", status)
    return None if changed == value else attrs.evolve(response, content=json.dumps(changed).encode())


def with_broken_rows(response: HttpResponse) -> Iterator[tuple[int, HttpResponse]]:
    """Give a listing with each of its rows emptied, and how many rows it has."""
    value = json_in(response.content)
    rows = _rows_in(value)
    for place, row in enumerate(rows):
        rows[place] = {}
        yield len(rows), attrs.evolve(response, content=json.dumps(value).encode())
        rows[place] = row


def json_in(content: bytes) -> Any:
    """Read a body as it is; None for what is no JSON."""
    try:
        return json.loads(content)
    except ValueError:
        return None


def _restatused(value: Any, name: str, status: int) -> Any:
    if isinstance(value, dict):
        return {key: _restatused(item, key.casefold(), status) for key, item in value.items()}
    if isinstance(value, list):
        return [_restatused(item, name, status) for item in value]
    is_one = any(word in name for word in _STATUS_NAMES) and _SUCCESS.fullmatch(json.dumps(value))
    return type(value)(status) if is_one else value


def _rows_in(value: Any) -> list[Any]:
    """Find the rows of a listing: the first array of objects."""
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return value
    items = value.values() if isinstance(value, dict) else ()
    return next((rows for rows in map(_rows_in, items) if rows), [])


def mutants(content: bytes, chance: random.Random) -> Iterator[bytes]:
    """Give a body with another byte in it, or without a part of it."""
    for _ in range(_MUTANTS if content else 0):
        place = chance.randrange(len(content))
        yield content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]
        yield content[:place] + content[chance.randrange(len(content)) :]


def _object_in(content: bytes) -> dict[str, object]:
    value = json_in(content)
    return value if isinstance(value, dict) else {}


def _kind(value: object) -> type:
    return float if type(value) is int else type(value)


def _with(response: HttpResponse, value: object) -> HttpResponse:
    return attrs.evolve(response, content=json.dumps(value).encode())
