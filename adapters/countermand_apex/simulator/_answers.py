"""What the simulated venue can answer besides orders: the generic answer, and all the shapes of a failure."""

from __future__ import annotations

from countermand.testing import json_response, text_response
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


class RefusalError(Exception):
    """A call that is answered with a code; `detail` as the venue words it."""

    def __init__(self, code: int, detail: str | None = None) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


def received() -> HttpResponse:
    """Answer that a call was received; AlphaPoint CancelOrder, Response."""
    return json_response({"result": True, "errormsg": None, "errorcode": 0, "detail": None})


def refused(code: int, detail: str | None = None) -> HttpResponse:
    """Answer with an error, which comes with status 200 like everything else."""
    body = {"result": False, "errormsg": MESSAGES[code], "errorcode": code, "detail": detail}
    return json_response(body)


def not_found() -> HttpResponse:
    """Answer as the gateway does to a function it does not have, or to a private one without a token."""
    return text_response("NOT FOUND", 404)


#: The default word of the switches `cancel_answer` and `read_answer`: the venue answers as it should.
PLAIN = "plain"

_ODD = {
    "404": not_found(),
    "429": text_response("TOO MANY REQUESTS", 429),
    "too-many-requests": text_response("TOO MANY REQUESTS", 200),
    "500": json_response({"result": False, "errormsg": MESSAGES[102], "errorcode": 102}, 500),
    "503": text_response("<html><body>503 Service Unavailable</body></html>", 503, "text/html"),
    "html": text_response("<!doctype html><title>Sign in</title>", 200, "text/html"),
    "empty": HttpResponse(status=200),
    "true-with-a-code": json_response({"result": True, "errormsg": MESSAGES[101], "errorcode": 101}),
    "false-without-a-code": json_response({"result": False}),
    "result-as-text": json_response({"result": "false", "errormsg": MESSAGES[101], "errorcode": 101}),
}

#: Word of a switch to what is answered then, instead of the truth.
SHAPES = {str(code): refused(code) for code in MESSAGES} | _ODD
