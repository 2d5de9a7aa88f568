"""What a venue, or a proxy before it, answers in a fault; a simulator has its own words for some of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from countermand._http import HttpResponse
from countermand.testing._answers import Answers
from countermand.testing._fault import FaultKind
from countermand.testing._reply import json_response, text_response

#: The answers to be taken in turn. Those of `HALF` and `TRUNCATED` are whole: they will be cut.
Words = tuple[HttpResponse, ...]

_UNAVAILABLE = "<html><body><h1>503 Service Unavailable</h1></body></html>"
_SIGN_IN = "<!doctype html><html><head><title>Sign in</title></head><body><form></form></body></html>"
_OK, _BAD = 200, 400

#: What is answered whoever the venue is.
PLAIN_WORDS: Mapping[FaultKind, Words] = {
    FaultKind.EMPTY: (HttpResponse(status=_OK),),
    FaultKind.UNAVAILABLE: (text_response(_UNAVAILABLE, 503, "text/html"),),
    FaultKind.SIGN_IN: (text_response(_SIGN_IN, _OK, "text/html"),),
    FaultKind.REDIRECT: (HttpResponse(status=302, headers={"location": "/sign-in"}),),
}


def _contradiction(answers: Answers, call: str) -> HttpResponse:
    # A refusal under the status of success; one that comes under it anyway would be believed, and a lie.
    refusal = answers.wrong_password if call == "log-in" else answers.not_open
    if refusal.status < _BAD or not refusal.content:
        return json_response({"success": True, "error": "refused"})
    return attrs.evolve(refusal, status=_OK)


def _whole(answers: Answers, call: str) -> HttpResponse:
    # Of an answer without a body nothing could be cut off.
    return answers.received if answers.received.content else _contradiction(answers, call)


_DERIVED: Mapping[FaultKind, Callable[[Answers, str], HttpResponse]] = {
    FaultKind.CONTRADICTORY: _contradiction,
    FaultKind.SERVER_ERROR: lambda answers, _call: answers.failed,
    FaultKind.UNAUTHORIZED: lambda answers, _call: attrs.evolve(answers.denied, status=401),
    FaultKind.THROTTLED: lambda answers, _call: answers.throttled,
    FaultKind.THROTTLED_UNTIL: lambda answers, _call: answers.throttled,
    FaultKind.HALF: lambda answers, _call: answers.received,
    FaultKind.TRUNCATED: _whole,
}


def words_of(answers: Answers, kind: FaultKind, call: str) -> Words:
    """Return what is answered in a fault at a call by a venue that answers so."""
    return PLAIN_WORDS[kind] if kind in PLAIN_WORDS else (_DERIVED[kind](answers, call),)
