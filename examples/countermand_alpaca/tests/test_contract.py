"""Whether the plugin holds what every venue must: the conformance kit, with what Alpaca documents."""

from __future__ import annotations

import json
from typing import Any

from countermand import CancelRequest, ClientOrderId, OrderId, Reason, Scope
from countermand.testing import Question, Sample, VenueContract, json_response
from countermand.venue import (
    Accounts,
    Gone,
    HttpResponse,
    MayHaveActed,
    OrderRead,
    Page,
    PerOrder,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    Unreadable,
)
from countermand_alpaca import PLUGIN, Alpaca, ApiKey
from countermand_alpaca._statuses import STATUSES
from countermand_alpaca.simulator import AlpacaSimulator

ORDER_ID = "61e69015-8549-4bfd-b9c3-01e75843f47d"
NOT_FOUND = {"code": 40410000, "message": f"order not found for {ORDER_ID}"}
FILLED = {"code": 42210000, "message": 'order is already in "filled" state'}
CANCELS = (Question.CANCEL, Question.MASS_CANCEL)
LISTINGS = (Question.OPEN, Question.HISTORY)
EVERY = (*CANCELS, *LISTINGS, Question.READ, Question.ACCOUNTS)


def order(order_id: str = ORDER_ID, status: str = "new") -> dict[str, Any]:
    """Make an order as API v2 Orders, Order Entity, Example has it."""
    return {
        "id": order_id,
        "client_order_id": "eb9e2aaa-f71a-4f51-b5b4-52a6c565dad4",
        "submitted_at": "2021-03-16T18:38:01.937734Z",
        "replaced_by": None,
        "replaces": None,
        "symbol": "AAPL",
        "qty": "10",
        "filled_qty": "0",
        "filled_avg_price": None,
        "status": status,
        "legs": None,
    }


#: Schema Order, legs: "When querying non-simple order_class orders in a nested style".
LEGS = [order(f"61e69015-8549-4bfd-b9c3-01e75843f47{end}", "held") for end in "ab"]


class TestAlpaca(VenueContract):
    """Alpaca, Trading API v2."""

    plugin = PLUGIN
    simulator = AlpacaSimulator
    states = STATUSES

    def venue(self) -> Alpaca:
        """Make a venue of account 9."""
        key = ApiKey(key_id="PKEXAMPLE0123456789A", secret="exampleSecret0123456789")
        return Alpaca("https://paper-api.alpaca.markets", account="9", auth=key)

    def requests(self) -> list[CancelRequest]:
        """Make requests by either kind of id."""
        ids = (OrderId(ORDER_ID), OrderId("ffffffff-ffff-ffff-ffff-ffffffffffff"), ClientOrderId("mine"))
        return [CancelRequest(venue="alpaca", account="9", order=one) for one in ids]

    def illegal(self) -> list[CancelRequest | Scope]:
        """Make requests that name another account, or an id that is no UUID in lower case."""
        return [
            CancelRequest(venue="alpaca", account="10", order=OrderId(ORDER_ID)),
            CancelRequest(venue="alpaca", account="9", order=OrderId(ORDER_ID.upper())),
            CancelRequest(venue="alpaca", account="9", order=OrderId("6500")),
            Scope.account("alpaca", "10"),
            Scope.orders("alpaca", "9", [OrderId("6500")]),
            Scope.user("alpaca", "81"),
        ]

    def samples(self) -> list[Sample]:
        """Make the answers of the documents, and those that everybody reports."""
        account = {"id": "1d9eed04-be39-4e01-9b84-a48ac5bbafcf", "account_number": "9"}
        rows = [{"id": ORDER_ID, "status": 200}]
        unauthorized, forbidden = {"message": "unauthorized."}, {"message": "forbidden."}
        return [
            Sample(of=Question.CANCEL, response=HttpResponse(status=204), means=Receipt),
            Sample(
                of=Question.CANCEL,
                response=json_response(FILLED, 422),
                means=lambda verdict: (type(verdict), verdict.reason) == (Refused, Reason.VENUE_REFUSED),
                code="42210000",
                text="already in",
            ),
            Sample(of=Question.MASS_CANCEL, response=json_response(rows, 207), means=PerOrder),
            Sample(of=Question.MASS_CANCEL, response=json_response([], 207), means=Receipt),
            Sample(of=Question.READ, response=json_response(order()), means=OrderRead),
            Sample(of=Question.READ, response=json_response({**order(), "legs": LEGS}), means=OrderRead),
            Sample(of=LISTINGS, response=json_response([order()]), means=Page),
            Sample(of=Question.ACCOUNTS, response=json_response(account), means=Accounts(ids=("9",))),
            Sample(
                of=EVERY,
                response=json_response(NOT_FOUND, 404),
                means=Gone,
                code="40410000",
                text="not found",
            ),
            Sample(of=EVERY, response=json_response(unauthorized, 401), means=SessionRefused, code="401"),
            Sample(
                of=EVERY,
                response=json_response(forbidden, 403),
                means=lambda verdict: (type(verdict), verdict.reason) == (Refused, Reason.NOT_AUTHORIZED),
                text="forbidden",
            ),
            Sample(
                of=EVERY,
                response=json_response(
                    {"message": "too many requests."},
                    429,
                    {"x-ratelimit-reset": "1679411617", "date": "Tue, 21 Mar 2023 15:13:30 GMT"},
                ),
                means=lambda verdict: (type(verdict), verdict.retry_after_s) == (Throttled, 7.0),
            ),
            Sample(
                of=CANCELS,
                response=json_response({"message": "internal server error"}, 500),
                means=MayHaveActed,
            ),
            Sample(of=EVERY, response=json_response({"status": "fine"}, 200), means=Unreadable),
        ]

    def order_answer(self, order_id: str, account: str, word: str) -> HttpResponse:
        """Make the answer to a read, which names no account."""
        return HttpResponse(status=200, content=json.dumps(order(order_id, word)).encode())
