"""What the simulated venue answers besides orders: the venue's error object under each status."""

from __future__ import annotations

from countermand.testing import Answers, json_response
from countermand.venue import HttpResponse


def refusal(status: int, message: str, code: int = 0) -> HttpResponse:
    """Refuse; a code is the status with four digits behind it, such as 42210000, as everybody reports it."""
    return json_response({"code": status * 100_000 + 10_000 + code, "message": message}, status)


ANSWERS = Answers.shaped(
    refusal,
    # Alpaca Trading API (OpenAPI), Delete Order by ID.
    received=HttpResponse(status=204),
    invalid=refusal(422, "Input parameters are not recognized."),
    # Alpaca, How to Fix Common Trading API Errors: a 401 bears no code.
    denied=json_response({"message": "unauthorized."}, 401),
    unknown_order=refusal(404, "order not found"),
    not_open=refusal(422, 'order is already in "filled" state'),
    # Alpaca Forum (staff), Executing Orders: the headers; the reset is in epoch seconds.
    throttled=json_response(
        {"message": "too many requests."},
        429,
        {"x-ratelimit-limit": "200", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1763740801"},
    ),
)

#: Word of a switch to what is answered then, instead of the truth.
SHAPES = {
    "400": refusal(400, "request body format is invalid"),
    "401": ANSWERS.denied,
    "403": refusal(403, "forbidden."),
    "404": ANSWERS.unknown_order,
    "422": ANSWERS.not_open,
    "429": ANSWERS.throttled,
    "500": ANSWERS.failed,
}
