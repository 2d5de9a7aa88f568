"""What the simulated venue says in a fault, and which call a request is."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from countermand.testing import Asked, FaultKind, json_response
from countermand.venue import HttpRequest, HttpResponse
from countermand_autoshares.simulator._answers import SHAPES, Refusal, RefusalError, received, refused
from countermand_autoshares.simulator._ask import read_ask
from countermand_autoshares.simulator._pages import read_page_asked

#: Name of a call of the venue's to the call it is; a listing is told by its query.
CALLS: Mapping[str, str] = {
    "DELETE order": "cancel",
    "GET order": "read",
    "GET details": "trail",
    "GET orders": "history",
    "GET accounts": "accounts",
    "POST token": "log-in",
    "POST logout": "log-out",
}

#: Under 200, though "The status code … will be 204"; API description (Swagger), IsSucceed and Errors.
_CONTRADICTIONS = (
    refused(Refusal.CONFLICT, status=200),
    json_response({"IsSuccessful": False}),
    json_response({"IsSuccessful": True, "Errors": ["The order was not cancelled."]}),
    json_response({"Message": "An error has occurred."}),
)
_WORDS: Mapping[FaultKind, tuple[HttpResponse, ...]] = {
    FaultKind.CONTRADICTORY: _CONTRADICTIONS,
    FaultKind.SERVER_ERROR: (SHAPES["500"],),
    FaultKind.UNAVAILABLE: (SHAPES["503"],),
    FaultKind.UNAUTHORIZED: (SHAPES["401"],),
    FaultKind.THROTTLED: (HttpResponse(status=429, headers={"x-ratelimit-remaining": "0"}),),
    FaultKind.THROTTLED_UNTIL: (HttpResponse(status=429, headers={"x-ratelimit-remaining": "0"}),),
    FaultKind.HALF: (received(),),
    # A receipt has no body that could be cut.
    FaultKind.TRUNCATED: (refused(Refusal.CONFLICT, status=200),),
}
#: AutoShares Single-Factor Authentication, at odds with itself.
_LOG_IN_CONTRADICTIONS = (
    json_response({"State": "Succeeded", "Token": None}),
    json_response({"IsSuccessful": True, "Errors": ["Unexpected server error"]}),
)


def words_of(kind: FaultKind, call: str) -> tuple[HttpResponse, ...] | None:
    """Return the venue's own words for a fault at a call; None where it has none."""
    if kind is FaultKind.CONTRADICTORY and call == "log-in":
        return _LOG_IN_CONTRADICTIONS
    return _WORDS.get(kind)


def call_of(request: HttpRequest) -> str | None:
    """Name the call that a request is; a listing without dead orders is one of the open ones."""
    try:
        ask = read_ask(request)
        call = CALLS.get(ask.call)
        if call != "history" or not ask.query.get("filter"):
            return call
        return "open" if read_page_asked(ask.query).shows_open_only else "history"
    except RefusalError:
        return None


def asked_of(request: HttpRequest) -> Asked:
    """Tell which account and order a request names."""
    try:
        ask = read_ask(request)
    except RefusalError:
        return Asked()
    return Asked(account=ask.account, order_id=ask.order_id)


def asking_for(request: HttpRequest, order_id: str) -> HttpRequest:
    """Return the same read for another order."""
    named = read_ask(request).order_id or ""
    before, _, after = request.path.rpartition(f"/{named}")
    return attrs.evolve(request, path=f"{before}/{order_id}{after}")
