"""What a simulated venue answers, and when."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Any

import attrs

from countermand._http import HttpResponse
from countermand.testing._fault import FaultKind


@attrs.frozen(kw_only=True)
class WireTrouble:
    """What happens to an answer on its way, as a value: the shell around the simulator performs it."""

    kind: FaultKind
    #: In the middle of the answer; otherwise instead of it, or all along it.
    middle: bool = False
    #: How long it takes.
    seconds: float = 0.0
    #: The second answer, where there are two.
    stray: HttpResponse | None = None


@attrs.frozen(kw_only=True)
class Reply:
    """An answer as a value: the shell around the simulator lets it happen.

    `response` is given outright, or made by a function of the time when the reply is due (the book has
    been advanced to it by then), or None: no answer ever, the connection stays open until it is closed.
    With `wire` it comes as that says; then None is an answer of which no byte comes.
    """

    response: HttpResponse | Callable[[float], HttpResponse] | None
    #: Seconds between the request and this answer.
    delay_s: float = 0.0
    wire: WireTrouble | None = None

    def response_at(self, now: float) -> HttpResponse:
        """Return the answer, made now if it is a function; raises `ValueError` where there is none."""
        response = self.response(now) if callable(self.response) else self.response
        if response is None:
            raise ValueError("no answer is ever given")
        return response

    def changed(self, change: Callable[[HttpResponse, float], HttpResponse]) -> Reply:
        """Return it with its answer changed, when that is made; no answer stays none."""
        before = self.response
        if before is None:
            return self
        if callable(before):
            return attrs.evolve(self, response=lambda due: change(before(due), due))
        return attrs.evolve(self, response=lambda due: change(before, due))


#: No answer, ever.
SILENCE = Reply(response=None)


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Answer with JSON; integers and `Decimal`s stand in it as exact numbers."""
    return HttpResponse(
        status=status,
        headers={"content-type": "application/json; charset=utf-8", **(headers or {})},
        content=json_text(value).encode(),
    )


def json_text(value: object) -> str:
    """Write JSON without blanks, `Decimal`s as exact numbers (which `json.dumps` cannot)."""
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    return _object_text(value) if isinstance(value, Mapping) else json.dumps(value)


def _object_text(value: Mapping[str, object]) -> str:
    return "{" + ",".join([f"{_key_text(key)}:{json_text(item)}" for key, item in value.items()]) + "}"


def _list_text(value: Sequence[object]) -> str:
    return "[" + ",".join(map(json_text, value)) + "]"


@functools.cache  # a venue has its few keys, and writes them a million times
def _key_text(key: str) -> str:
    return json.dumps(key)


_WRITERS: Mapping[type, Callable[[Any], str]] = {
    str: encode_basestring_ascii,
    int: int.__repr__,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _none: "null",
    Decimal: lambda value: format(value, "f"),
    dict: _object_text,
    list: _list_text,
    tuple: _list_text,
}


def text_response(text: str, status: int, content_type: str = "text/plain") -> HttpResponse:
    """Answer with a text that is no JSON."""
    return HttpResponse(status=status, headers={"content-type": content_type}, content=text.encode())
