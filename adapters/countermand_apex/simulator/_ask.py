"""A request to the simulated venue, taken apart as leniently as routers in the field need it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import parse_qsl

import attrs

from countermand.venue import HttpRequest
from countermand_apex.simulator._answers import RefusalError

_PATH = re.compile(r"/ap/([a-z0-9]+)/?", re.IGNORECASE)
_LARGEST = (1 << 63) - 1


@attrs.frozen(kw_only=True)
class Ask:
    """One call: header names, and the keys of its fields, in lower case."""

    headers: Mapping[str, str]
    fields: Mapping[str, object]
    #: The objects of a bare list; only SendCancelList takes one.
    rows: tuple[Ask, ...] = ()

    def number(self, *names: str) -> int:
        """Return the first of those fields that is set, 0 if none is; raises `RefusalError` for no number.

        AlphaPoint: a long integer that was left out is 0. Routers send ids as numbers or as strings.
        """
        return next(filter(None, (self._number(name) for name in names)), 0)

    def text(self, name: str) -> str:
        """Return a field as text, empty if it is missing."""
        value = self.fields.get(name.lower())
        return "" if value is None else str(value)

    def required(self, *names: str) -> int:
        """Return a number that must be there; raises `RefusalError` if it is not."""
        number = self.number(*names)
        if not number:
            raise RefusalError(100, f"{names[0]} is Required")
        return number

    def _number(self, name: str) -> int:
        value = self.fields.get(name.lower())
        if value is None or value == "":
            return 0
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:20])
        if type(value) is not int or not 0 <= value <= _LARGEST:
            raise RefusalError(100, f"Invalid {name}: {value!r:.40}")
        return value


def function_of(path: str) -> str:
    """Return the called function in lower case, empty for a path that names none; /AP and /ap are one."""
    match = _PATH.fullmatch(path.partition("?")[0])
    return match[1].lower() if match else ""


def read_ask(request: HttpRequest) -> Ask:
    """Take a request apart; raises `RefusalError` for a body that is not JSON."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = {key.lower(): value for key, value in parse_qsl(request.path.partition("?")[2])}
    try:
        body = json.loads(request.content, parse_float=Decimal) if request.content.strip() else {}
    except (ValueError, RecursionError) as error:
        raise RefusalError(100) from error
    if isinstance(body, list):
        return Ask(headers=headers, fields=query, rows=tuple(_row(headers, row) for row in body))
    return Ask(headers=headers, fields={**query, **_row(headers, body).fields})


def _row(headers: Mapping[str, str], row: object) -> Ask:
    if not isinstance(row, dict):
        raise RefusalError(100)
    return Ask(headers=headers, fields={key.lower(): value for key, value in row.items()})
