"""What the simulated venue can answer besides orders: the generic answer, and all the shapes of a failure."""

from __future__ import annotations

from collections.abc import Mapping

from countermand.testing import Answers, FaultKind, json_response, text_response
from countermand.venue import HttpResponse

#: AlphaPoint CancelOrder and CancelAllOrders, Response; 105 and 107 stand in later documents and clients.
MESSAGES = {
    20: "Not Authorized",
    100: "Invalid Request",
    101: "Operation Failed",
    102: "Server Error",
    104: "Resource Not Found",
    105: "Too Many Requests",
    106: "Operation Not Supported",
    107: "Operation In Process",
}


def refused(code: int, detail: str | None = None) -> HttpResponse:
    """Answer with an error, which comes with status 200 like everything else."""
    body = {"result": False, "errormsg": MESSAGES[code], "errorcode": code, "detail": detail}
    return json_response(body)


#: AlphaPoint CancelOrder, Response: a call was received.
RECEIVED = json_response({"result": True, "errormsg": None, "errorcode": 0, "detail": None})
#: What the gateway answers to a function it does not have, or to a private one without a token.
NOT_FOUND = text_response("NOT FOUND", 404)
_FAILED = json_response({"result": False, "errormsg": MESSAGES[102], "errorcode": 102}, 500)
_THROTTLED = text_response("TOO MANY REQUESTS", 429)
_TEXT = "Invalid username or password"

ANSWERS = Answers(
    received=RECEIVED,
    no_route=NOT_FOUND,
    no_method=NOT_FOUND,
    invalid=refused(100),
    denied=refused(20),
    other_account=refused(20),
    unknown_order=refused(104),
    not_open=refused(104),
    wrong_password=json_response({"authenticated": False, "locked": False, "errormsg": _TEXT}),
    wrong_code=json_response({"Authenticated": False, "errormsg": "Invalid code"}),
    throttled=_THROTTLED,
    failed=_FAILED,
)

_ODD = {
    "404": NOT_FOUND,
    "429": _THROTTLED,
    "too-many-requests": text_response("TOO MANY REQUESTS", 200),
    "500": _FAILED,
    "503": text_response("<html><body>503 Service Unavailable</body></html>", 503, "text/html"),
    "html": text_response("<!doctype html><title>Sign in</title>", 200, "text/html"),
    "empty": HttpResponse(status=200),
    "true-with-a-code": json_response({"result": True, "errormsg": MESSAGES[101], "errorcode": 101}),
    "false-without-a-code": json_response({"result": False}),
    "result-as-text": json_response({"result": "false", "errormsg": MESSAGES[101], "errorcode": 101}),
}

#: Word of a switch to what is answered then, instead of the truth.
SHAPES = {str(code): refused(code) for code in MESSAGES} | _ODD

#: AlphaPoint AuthenticateUser, Response, at odds with itself: authenticated and not, or without a session.
_LOG_IN_CONTRADICTIONS = (
    json_response({"Authenticated": True, "errormsg": None}),
    json_response({"result": True, "errormsg": MESSAGES[102], "errorcode": 102}),
    text_response("true", 200, "application/json"),
)

#: What the venue says in a fault.
WORDS: Mapping[FaultKind | tuple[FaultKind, str], tuple[HttpResponse, ...]] = {
    # The generic answer, at odds with itself: true with a code, false without one, no boolean.
    FaultKind.CONTRADICTORY: (
        SHAPES["true-with-a-code"],
        SHAPES["false-without-a-code"],
        SHAPES["result-as-text"],
    ),
    (FaultKind.CONTRADICTORY, "log-in"): _LOG_IN_CONTRADICTIONS,
    FaultKind.UNAVAILABLE: (SHAPES["503"],),
    # The gateway's own text, seen under either status; and a code that one public client waits after.
    FaultKind.THROTTLED: (SHAPES["429"], SHAPES["too-many-requests"], refused(105)),
    FaultKind.THROTTLED_UNTIL: (SHAPES["429"], SHAPES["too-many-requests"]),
}
