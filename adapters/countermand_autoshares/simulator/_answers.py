"""What the simulated venue can answer besides orders: a receipt, and the error shapes of the documents.

Each has its keys in the case in which it is printed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import attrs

from countermand.testing import PLAIN, Answers, FaultKind, json_response, text_response
from countermand.venue import HttpResponse

#: Documented for sibling calls: a missing, bad or expired token, and another user's account.
_TOKEN = json_response({"Message": "Authorization has been denied for this request."}, 401)
#: Documented for sibling calls: an unknown account.
_SERVER = json_response(
    {"message": "An error occurred while processing your request", "error": "Unexpected server error"}, 500
)
#: In no document for an order.
_NOT_FOUND = json_response({"Message": "The order was not found."}, 404)
#: Not a number in the path, a page that is none.
INVALID = json_response({"Message": "The request is invalid."}, 400)
#: Swagger, Orders_CancelOrder: "A conflict has occurred while attempting to cancel the order."
_CONFLICT = json_response(
    {
        "Model": None,
        "Errors": ["A conflict has occurred while attempting to cancel the order."],
        "StatusCode": 409,
        "IsSucceed": False,
    },
    409,
)
_CONFLICT_UNDER_200 = attrs.evolve(_CONFLICT, status=200)
#: AutoShares Single-Factor Authentication, and Two-Factor Authentication.
_CREDENTIALS = {"State": "Failed", "Step": "BaseAuthentication", "Reason": "Invalid credentials"}
_CODE = {"State": "Failed", "Step": "VerificationCode", "Reason": "Invalid confirmation code"}

ANSWERS = Answers(
    #: AutoShares Cancel an Order, Response.
    received=HttpResponse(status=204),
    no_route=json_response({"Message": "No HTTP resource was found that matches the request URI."}, 404),
    no_method=json_response({"Message": "The requested resource does not support the http method."}, 405),
    invalid=INVALID,
    denied=_TOKEN,
    other_account=_TOKEN,
    unknown_account=_SERVER,
    not_open=_CONFLICT,
    unknown_order=_CONFLICT,
    wrong_password=json_response(_CREDENTIALS, 401),
    wrong_code=json_response(_CODE, 401),
    throttled=HttpResponse(status=429, headers={"x-ratelimit-remaining": "0"}),
    failed=_SERVER,
)

#: AutoShares Cancel an Order, Common Mistakes; API description (Swagger): 403.
APP_KEY = json_response({"error": "Application key is not defined or does not exist"}, 403)
#: Swagger, Orders_GetOrders: 400.
FILTER = json_response({"Message": "The filter query is invalid or contains unsupported operations."}, 400)
#: Swagger, Orders_ReplaceOrder: 422; the shape is documented elsewhere, the spelling is the venue's.
VALIDATION = json_response(
    {
        "Message": "Validation error occured while processing entity",
        "ModelState": {"modifyParams.Quantity": ["The field Quantity is invalid."]},
    },
    422,
)
VERSION = json_response(
    {
        "Error": {
            "Code": "UnsupportedApiVersion",
            "Message": "The HTTP resource that matches the request URI does not support the API version.",
        }
    },
    404,
)

#: Word of the switch `conflict_body` to a 409, whose body no document tells.
CONFLICTS = {"empty": HttpResponse(status=409), "envelope": _CONFLICT}
#: Word of a switch to the answer for an order that the account has not; 409 is a conflict.
UNKNOWN = {"404": _NOT_FOUND, "500": _SERVER}
#: Word of the switch `key_case` to what is done with the keys of errors.
KEY_CASES: Mapping[str, Callable[[str], str]] = {PLAIN: str, "lower": str.lower, "upper": str.upper}

_HTML = "<html><body>503 Service Unavailable</body></html>"

#: Word of a switch to what is answered then, instead of the truth.
SHAPES = {
    "400": INVALID,
    "401": _TOKEN,
    "403": APP_KEY,
    "404": _NOT_FOUND,
    "409": _CONFLICT,
    "422": VALIDATION,
    "429": HttpResponse(status=429, headers={"retry-after": "1", "x-ratelimit-remaining": "0"}),
    "500": _SERVER,
    "503": text_response(_HTML, 503, "text/html"),
    "html": text_response("<!doctype html><title>Sign in</title>", 200, "text/html"),
    "200": HttpResponse(status=200),
    "200-object": json_response({}),
    "200-refusal": _CONFLICT_UNDER_200,
}

#: What the venue says in a fault.
WORDS: Mapping[FaultKind | tuple[FaultKind, str], tuple[HttpResponse, ...]] = {
    # Under 200, though "The status code … will be 204"; API description (Swagger), IsSucceed and Errors.
    FaultKind.CONTRADICTORY: (
        _CONFLICT_UNDER_200,
        json_response({"IsSuccessful": False}),
        json_response({"IsSuccessful": True, "Errors": ["The order was not cancelled."]}),
        json_response({"Message": "An error has occurred."}),
    ),
    # AutoShares Single-Factor Authentication, at odds with itself.
    (FaultKind.CONTRADICTORY, "log-in"): (
        json_response({"State": "Succeeded", "Token": None}),
        json_response({"IsSuccessful": True, "Errors": ["Unexpected server error"]}),
    ),
    FaultKind.UNAVAILABLE: (SHAPES["503"],),
}


def cased(refusal: HttpResponse, key_case: str) -> HttpResponse:
    """Return an error with its keys as printed, or all in "lower" or "upper" case."""
    if key_case == PLAIN or not refusal.content:
        return refusal
    return json_response(_cased(json.loads(refusal.content), KEY_CASES[key_case]), refusal.status)


def _cased(value: object, change: Callable[[str], str]) -> object:
    if not isinstance(value, Mapping):
        return value
    return {change(key): _cased(item, change) for key, item in value.items()}
