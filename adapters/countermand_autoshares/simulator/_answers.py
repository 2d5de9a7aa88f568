"""What the simulated venue can answer besides orders: a receipt, and the error shapes of the documents.

Each has its keys in the case in which it is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum

import attrs

from countermand.testing import json_response, text_response
from countermand.venue import HttpResponse

#: The default word of a switch: the venue answers as it should.
PLAIN = "plain"


@attrs.frozen
class Shape:
    """A status and the JSON under it; None is an empty body."""

    status: int
    body: object = None


class Refusal(Enum):
    """Each error the simulator can give."""

    #: AutoShares Cancel an Order, Common Mistakes; API description (Swagger): 403.
    APP_KEY = Shape(403, {"error": "Application key is not defined or does not exist"})
    #: Documented for sibling calls: a missing, bad or expired token, and another user's account.
    TOKEN = Shape(401, {"Message": "Authorization has been denied for this request."})
    #: Documented for sibling calls: an unknown account.
    SERVER = Shape(
        500,
        {"message": "An error occurred while processing your request", "error": "Unexpected server error"},
    )
    #: Swagger, Orders_CancelOrder: "A conflict has occurred while attempting to cancel the order."
    CONFLICT = Shape(
        409,
        {
            "Model": None,
            "Errors": ["A conflict has occurred while attempting to cancel the order."],
            "StatusCode": 409,
            "IsSucceed": False,
        },
    )
    CONFLICT_WITHOUT_WORDS = Shape(409)
    #: In no document for an order.
    NOT_FOUND = Shape(404, {"Message": "The order was not found."})
    #: Not a number in the path, a page that is none.
    INVALID = Shape(400, {"Message": "The request is invalid."})
    #: Swagger, Orders_GetOrders: 400.
    FILTER = Shape(400, {"Message": "The filter query is invalid or contains unsupported operations."})
    #: Swagger, Orders_ReplaceOrder: 422; the shape is documented elsewhere, the spelling is the venue's.
    VALIDATION = Shape(
        422,
        {
            "Message": "Validation error occured while processing entity",
            "ModelState": {"modifyParams.Quantity": ["The field Quantity is invalid."]},
        },
    )
    VERSION = Shape(
        404,
        {
            "Error": {
                "Code": "UnsupportedApiVersion",
                "Message": "The HTTP resource that matches the request URI does not support the API version.",
            }
        },
    )
    ROUTE = Shape(404, {"Message": "No HTTP resource was found that matches the request URI."})
    METHOD = Shape(405, {"Message": "The requested resource does not support the http method."})
    #: AutoShares Single-Factor Authentication, and Two-Factor Authentication.
    CREDENTIALS = Shape(
        401, {"State": "Failed", "Step": "BaseAuthentication", "Reason": "Invalid credentials"}
    )
    CODE = Shape(401, {"State": "Failed", "Step": "VerificationCode", "Reason": "Invalid confirmation code"})


class RefusalError(Exception):
    """A call that is answered with an error, under another status than the usual one if given."""

    def __init__(self, refusal: Refusal, status: int | None = None) -> None:
        super().__init__(refusal, status)
        self.refusal = refusal
        self.status = status


def refused(refusal: Refusal, key_case: str = PLAIN, status: int | None = None) -> HttpResponse:
    """Answer with an error, its keys as printed or all in "lower" or "upper" case."""
    shape = refusal.value
    code = shape.status if status is None else status
    if shape.body is None:
        return HttpResponse(status=code)
    return json_response(_cased(shape.body, KEY_CASES[key_case]), code)


def received() -> HttpResponse:
    """Answer that a cancel was received; AutoShares Cancel an Order, Response."""
    return HttpResponse(status=204)


def _cased(value: object, change: Callable[[str], str]) -> object:
    if not isinstance(value, Mapping):
        return value
    return {change(key): _cased(item, change) for key, item in value.items()}


#: Word of the switch `key_case` to what is done with the keys of errors.
KEY_CASES: Mapping[str, Callable[[str], str]] = {PLAIN: str, "lower": str.lower, "upper": str.upper}

_HTML = "<html><body>503 Service Unavailable</body></html>"

#: Word of a switch to what is answered then, instead of the truth.
SHAPES = {
    "400": refused(Refusal.INVALID),
    "401": refused(Refusal.TOKEN),
    "403": refused(Refusal.APP_KEY),
    "404": refused(Refusal.NOT_FOUND),
    "409": refused(Refusal.CONFLICT),
    "422": refused(Refusal.VALIDATION),
    "429": HttpResponse(status=429, headers={"retry-after": "1", "x-ratelimit-remaining": "0"}),
    "500": refused(Refusal.SERVER),
    "503": text_response(_HTML, 503, "text/html"),
    "html": text_response("<!doctype html><title>Sign in</title>", 200, "text/html"),
    "200": HttpResponse(status=200),
    "200-object": json_response({}),
    "200-refusal": refused(Refusal.CONFLICT, status=200),
}
