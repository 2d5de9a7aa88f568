"""AutoShares under the contract of every venue."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from countermand import CancelRequest, OrderId, OrderStatus, Reason, Scope
from countermand.testing import READS, Question, Sample, SimulatedCredentials, Simulator, VenueContract
from countermand.venue import (
    Accounts,
    CodeWanted,
    Gone,
    HttpResponse,
    LoggedIn,
    MayHaveActed,
    OrderRead,
    Page,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    TrailRead,
    Unreadable,
    Venue,
)
from countermand_autoshares import PLUGIN, AutoShares, Password
from countermand_autoshares.simulator import AutoSharesSimulator

STATUSES = {status.value.replace(" ", ""): status for status in OrderStatus}
NAMES = {"DoneforDay": "DoneForDay", "AcceptedforBidding": "AcceptedForBidding"}
#: What every call can be told.
ANY = (Question.CANCEL, *READS)
DENIED = "Authorization has been denied for this request."
KEY = "Application key is not defined or does not exist"
CONFLICT = {"Model": None, "Errors": ["Order is already filled"], "StatusCode": 409, "IsSucceed": False}


def reply(status: int, value: object = None, **headers: str) -> HttpResponse:
    content = b"" if value is None else json.dumps(value).encode()
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return HttpResponse(status=status, content=content, headers=named)


def order(order_id: str = "73552", account: str = "9", status: str = "New") -> dict[str, object]:
    return {
        "Id": int(order_id),
        "AccountId": int(account),
        "Symbol": "AAPL",
        "Quantity": 10,
        "ExecutedQuantity": 0,
        "LeavesQuantity": 10,
        "ClientId": "first",
        "Status": status,
        "Target": "New",
        "ParentId": -1,
        "Legs": [],
    }


CHANGE = {"Id": 73552, "Status": "New", "ExecutedQuantity": 0, "Date": 1, "StateId": 1, "IsRequest": False}

SAMPLES = (
    # Cancel an Order, Response: "you'll receive no JSON file. The status code of the request will be 204"
    Sample(of=Question.CANCEL, response=reply(204), means=Receipt(code="204"), call="DELETE orders"),
    # Swagger, SyncOrders_CancelOrder: "ensure that it is cancelled on the execution venue"
    Sample(
        of=Question.CANCEL,
        response=reply(204),
        means=Receipt(code="204", executed=True),
        call="DELETE syncorders",
    ),
    # Swagger, Orders_CancelOrder: 200 "OK", an object
    Sample(of=Question.CANCEL, response=reply(200), means=Receipt),
    Sample(of=Question.CANCEL, response=reply(200, {"Id": 73552, "IsSucceed": True}), means=Receipt),
    # Elsewhere in the API refusals come under 200.
    Sample(
        of=Question.CANCEL, response=reply(200, CONFLICT), means=MayHaveActed, text="Order is already filled"
    ),
    # Swagger: 500 "Internal server error"
    Sample(
        of=Question.CANCEL,
        response=reply(500, {"message": "An error occurred", "error": "Unexpected server error"}),
        means=MayHaveActed,
        text="Unexpected server error",
    ),
    Sample(of=READS, response=reply(500, {"message": "An error occurred"}), means=Unreadable, code="500"),
    Sample(of=Question.CANCEL, response=reply(202), means=Unreadable),
    # Swagger: 401 "The access level of the provided authorization token is not sufficient …"
    Sample(of=ANY, response=reply(401, {"Message": DENIED}), means=SessionRefused(code="401", text=DENIED)),
    # Cancel an Order, Common Mistakes, "Failing to Specify the Et-App-Key Parameter"
    Sample(
        of=(*ANY, Question.LOG_IN),
        response=reply(403, {"error": KEY}),
        means=Refused(reason=Reason.NOT_AUTHORIZED, code="403", text=KEY),
    ),
    # In no document for an order.
    Sample(of=ANY, response=reply(404, {"message": "Order not found"}), means=Gone, text="Order not found"),
    # "UnsupportedApiVersion"
    Sample(
        of=ANY,
        response=reply(404, {"Error": {"Code": "UnsupportedApiVersion", "Message": "no such version"}}),
        means=lambda verdict: verdict.reason is Reason.NOT_SUPPORTED,
        code="UnsupportedApiVersion",
    ),
    # Swagger: 409 "A conflict has occurred while attempting to cancel the order."
    Sample(of=Question.CANCEL, response=reply(409), means=Refused(code="409")),
    Sample(of=ANY, response=reply(409, CONFLICT), means=Refused, text="Order is already filled"),
    # Swagger: 422 "A validation error occurred while processing the request."
    Sample(
        of=Question.CANCEL,
        response=reply(422, {"Message": "Validation error occured", "ModelState": {"Quantity": ["too few"]}}),
        means=Refused(reason=Reason.INVALID_REQUEST, code="422", text="Validation error occured: too few"),
    ),
    # Rate Limits
    Sample(
        of=(*ANY, Question.LOG_IN),
        response=reply(429, Retry_After="12"),
        means=Throttled(code="429", retry_after_s=12.0),
    ),
    # Get Order's Info
    Sample(of=Question.READ, response=reply(200, order()), means=OrderRead),
    Sample(
        of=Question.READ,
        response=reply(200, {**order(), "Legs": [order("73553"), order("73554")]}),
        means=OrderRead,
    ),
    Sample(of=Question.TRAIL, response=reply(200, [CHANGE]), means=TrailRead),
    Sample(
        of=(Question.OPEN, Question.HISTORY),
        response=reply(200, {"Result": [order()], "TotalCount": 1}),
        means=lambda verdict: isinstance(verdict, Page) and len(list(verdict.rows)) == 1,
    ),
    Sample(of=(Question.OPEN, Question.HISTORY), response=reply(200, [order()]), means=Page),
    Sample(of=Question.ACCOUNTS, response=reply(200, [{"Id": 9}]), means=Accounts(ids=("9",))),
    # Single-Factor Authentication, Two-Factor Authentication
    Sample(of=Question.LOG_IN, response=reply(200, {"State": "Succeeded", "Token": "ab-1"}), means=LoggedIn),
    Sample(
        of=Question.LOG_IN,
        response=reply(202, {"State": "Expecting", "Step": "VerificationCode", "Token": "interim-1"}),
        means=CodeWanted(interim="interim-1"),
    ),
    Sample(
        of=Question.LOG_IN,
        response=reply(200, {"State": "Failed", "Step": "VerificationCode", "Reason": "Wrong code"}),
        means=Refused,
        text="Wrong code",
    ),
    Sample(of=Question.LOG_IN, response=reply(401, {"Message": DENIED}), means=Refused, text=DENIED),
    Sample(of=Question.LOG_IN, response=reply(200, {"State": "Succeeded"}), means=Unreadable),
    # In no document: what means success to a cancel does so here.
    Sample(of=Question.LOG_OUT, response=reply(200), means=Receipt),
    Sample(of=Question.LOG_OUT, response=reply(204), means=Receipt),
    Sample(of=Question.LOG_OUT, response=reply(401, {"Message": DENIED}), means=SessionRefused),
)


class TestAutoShares(VenueContract):
    """One venue, with a password that logs in."""

    plugin = PLUGIN
    simulator = AutoSharesSimulator
    states: ClassVar[Mapping[str, OrderStatus]] = {
        NAMES.get(word, word): status for word, status in STATUSES.items()
    }

    def venue(self) -> AutoShares:
        return AutoShares(
            "https://pub-api.example/api",
            "an-application-key",
            auth=Password("router", "a-password", code=lambda: "235991"),
        )

    def requests(self) -> Sequence[CancelRequest]:
        return [
            CancelRequest(venue="autoshares", account="9", order=OrderId("73552")),
            CancelRequest(venue="autoshares", account="2147483647", order=OrderId("2147483647")),
        ]

    def illegal(self) -> Sequence[CancelRequest | Scope]:
        return [
            CancelRequest(venue="autoshares", account="9", order=OrderId("2147483648")),
            CancelRequest(venue="autoshares", account="2147483648", order=OrderId("1")),
            CancelRequest(venue="autoshares", account="9", order=OrderId("0")),
            CancelRequest(venue="autoshares", account="9", order=OrderId("7a")),
            CancelRequest(venue="autoshares", account="me", order=OrderId("1")),
            Scope.account("autoshares", "0"),
            Scope.user("autoshares", "81"),
            Scope.orders("autoshares", "9", [OrderId("x")]),
        ]

    def samples(self) -> Sequence[Sample]:
        return SAMPLES

    def order_answer(self, order_id: str, account: str, word: str) -> HttpResponse:
        return reply(200, order(order_id, account, word))

    def logging_in(
        self, simulator: Simulator, known: SimulatedCredentials, code: Callable[[], str] | None
    ) -> Venue:
        return self.simulated(simulator, auth=Password(known.user, known.password, code=code))
