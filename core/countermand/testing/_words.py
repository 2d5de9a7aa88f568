"""What a venue, or a proxy before it, answers in a fault; a simulator has its own words for some of them."""

from __future__ import annotations

from collections.abc import Mapping

from countermand._http import HttpResponse
from countermand.testing._fault import FaultKind
from countermand.testing._reply import json_response, text_response

_UNAVAILABLE = "<html><body><h1>503 Service Unavailable</h1></body></html>"
_SIGN_IN = "<!doctype html><html><head><title>Sign in</title></head><body><form></form></body></html>"

#: The answers of a fault, to be taken in turn. Those of `HALF` and `TRUNCATED` are whole: they will be cut.
PLAIN_WORDS: Mapping[FaultKind, tuple[HttpResponse, ...]] = {
    FaultKind.EMPTY: (HttpResponse(status=200),),
    FaultKind.CONTRADICTORY: (json_response({"success": True, "error": "refused"}),),
    FaultKind.SERVER_ERROR: (text_response("Internal Server Error", 500),),
    FaultKind.UNAVAILABLE: (text_response(_UNAVAILABLE, 503, "text/html"),),
    FaultKind.SIGN_IN: (text_response(_SIGN_IN, 200, "text/html"),),
    FaultKind.REDIRECT: (HttpResponse(status=302, headers={"location": "/sign-in"}),),
    FaultKind.UNAUTHORIZED: (text_response("Unauthorized", 401),),
    FaultKind.THROTTLED: (text_response("Too Many Requests", 429),),
    FaultKind.THROTTLED_UNTIL: (text_response("Too Many Requests", 429),),
    FaultKind.HALF: (json_response({"success": True}),),
    FaultKind.TRUNCATED: (json_response({"success": True}),),
}
