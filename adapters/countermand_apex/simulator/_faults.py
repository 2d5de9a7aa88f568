"""What the simulated venue says in a fault, and which call a request is."""

from __future__ import annotations

import json
from collections.abc import Mapping

import attrs

from countermand.testing import Asked, FaultKind, json_response, text_response
from countermand.venue import HttpRequest, HttpResponse
from countermand_apex.simulator._answers import MESSAGES, SHAPES, RefusalError, received, refused
from countermand_apex.simulator._ask import function_of, read_ask

#: Name of a function in lower case to the call it is.
CALLS: Mapping[str, str] = {
    "cancelorder": "cancel",
    "cancelallorders": "mass-cancel",
    "sendcancellist": "mass-cancel",
    "getorderstatus": "read",
    "getorderhistorybyorderid": "trail",
    "getopenorders": "open",
    "getorderhistory": "history",
    "getordershistory": "history",
    "getuseraccounts": "accounts",
    "authenticate": "log-in",
    "authenticateuser": "log-in",
    "authenticate2fa": "log-in",
    "logout": "log-out",
}

#: AlphaPoint's generic answer, at odds with itself: true with a code, false without one, no boolean.
_CONTRADICTIONS = (
    SHAPES["true-with-a-code"],
    SHAPES["false-without-a-code"],
    SHAPES["result-as-text"],
)
_WORDS: Mapping[FaultKind, tuple[HttpResponse, ...]] = {
    FaultKind.CONTRADICTORY: _CONTRADICTIONS,
    FaultKind.SERVER_ERROR: (SHAPES["500"],),
    FaultKind.UNAVAILABLE: (SHAPES["503"],),
    # AlphaPoint CancelOrder, Response: "Not Authorized (errorcode 20)".
    FaultKind.UNAUTHORIZED: (attrs.evolve(refused(20), status=401),),
    # The gateway's own text, seen under either status; and a code that one public client waits after.
    FaultKind.THROTTLED: (SHAPES["429"], SHAPES["too-many-requests"], refused(105)),
    FaultKind.THROTTLED_UNTIL: (SHAPES["429"], SHAPES["too-many-requests"]),
    FaultKind.HALF: (received(),),
    FaultKind.TRUNCATED: (received(),),
}
#: AlphaPoint AuthenticateUser, Response, at odds with itself: authenticated and not, or without a session.
_LOG_IN_CONTRADICTIONS = (
    json_response({"Authenticated": True, "errormsg": None}),
    json_response({"result": True, "errormsg": MESSAGES[102], "errorcode": 102}),
    text_response("true", 200, "application/json"),
)


def words_of(kind: FaultKind, call: str) -> tuple[HttpResponse, ...] | None:
    """Return the venue's own words for a fault at a call; None where it has none."""
    if kind is FaultKind.CONTRADICTORY and call == "log-in":
        return _LOG_IN_CONTRADICTIONS
    return _WORDS.get(kind)


def call_of(request: HttpRequest) -> str | None:
    """Name the call that a request is."""
    return CALLS.get(function_of(request.path))


def asked_of(request: HttpRequest) -> Asked:
    """Tell which account and order a request names."""
    try:
        ask = read_ask(request)
        account, order_id = ask.number("AccountId"), ask.number("OrderId")
    except RefusalError:
        return Asked()
    return Asked(account=str(account) if account else None, order_id=str(order_id) if order_id else None)


def asking_for(request: HttpRequest, order_id: str) -> HttpRequest:
    """Return the same read for another order."""
    ask = read_ask(request)
    fields = {**ask.fields, "orderid": int(order_id)}
    return attrs.evolve(request, path=request.path.partition("?")[0], content=json.dumps(fields).encode())
