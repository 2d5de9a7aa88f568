"""What a simulated venue answers besides orders: a receipt, and a refusal for each occasion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from countermand._http import HttpResponse
from countermand.testing._reply import json_response, text_response


class RefusalError(Exception):
    """A call that is answered with a refusal; any handler may raise it, and so may whatever it calls."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response)
        self.response = response


_NOT_FOUND = text_response("Not Found", 404)
_NO_METHOD = text_response("Method Not Allowed", 405)
_INVALID = text_response("Bad Request", 400)
_DENIED = text_response("Unauthorized", 401)
_FORBIDDEN = text_response("Forbidden", 403)
_CONFLICT = text_response("Conflict", 409)
_THROTTLED = text_response("Too Many Requests", 429)
_FAILED = text_response("Internal Server Error", 500)
_RECEIVED = json_response({"success": True})


@attrs.frozen(kw_only=True)
class Answers:
    """The venue's answers that tell of no order; faults without words of their own take theirs from them."""

    #: A cancel was received.
    received: HttpResponse = _RECEIVED
    #: Nothing is at that path, or not for that method.
    no_route: HttpResponse = _NOT_FOUND
    no_method: HttpResponse = _NO_METHOD
    #: The request cannot be read.
    invalid: HttpResponse = _INVALID
    #: Without a valid session; of somebody else's account; of an account that nobody has.
    denied: HttpResponse = _DENIED
    other_account: HttpResponse = _FORBIDDEN
    unknown_account: HttpResponse = _NOT_FOUND
    #: The account has no such order; it has, but it is dead.
    unknown_order: HttpResponse = _NOT_FOUND
    not_open: HttpResponse = _CONFLICT
    #: A log-in with a wrong password, and one with a wrong second factor.
    wrong_password: HttpResponse = _DENIED
    wrong_code: HttpResponse = _DENIED
    #: Without a Retry-After: a fault adds its own.
    throttled: HttpResponse = _THROTTLED
    failed: HttpResponse = _FAILED

    @classmethod
    def shaped(cls, refuse: Callable[[int, str], HttpResponse], **answers: HttpResponse) -> Answers:
        """Make all refusals by one function of the status and the text; those given stand as they are."""
        plain: dict[str, Any] = {
            name: refuse(response.status, response.content.decode())
            for name, response in attrs.asdict(cls(), recurse=False).items()
            if name != "received"
        }
        return cls(**{**plain, **answers})
