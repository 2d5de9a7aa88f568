"""What a simulated venue answers, and when."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal

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


@attrs.frozen(kw_only=True)
class Owed:
    """A reply as a connection has to perform it: after `delay_s` seconds, or never where `give` is None."""

    delay_s: float
    give: Callable[[], HttpResponse] | None


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
    match value:
        case Decimal():
            return format(value, "f")
        case Mapping():
            return "{" + ",".join(f"{json.dumps(k)}:{json_text(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(json_text, value)) + "]"
        case _:
            return json.dumps(value)


def text_response(text: str, status: int, content_type: str = "text/plain") -> HttpResponse:
    """Answer with a text that is no JSON."""
    return HttpResponse(status=status, headers={"content-type": content_type}, content=text.encode())
