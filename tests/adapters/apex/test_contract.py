"""APEX under the contract of every venue."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from countermand import CancelRequest, ClientOrderId, OrderId, OrderStatus, Reason, Scope
from countermand.testing import (
    CANCELS,
    READS,
    Question,
    Sample,
    SimulatedCredentials,
    Simulator,
    VenueContract,
)
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
from countermand_apex import PLUGIN, Apex, Password
from countermand_apex.simulator import ApexSimulator

#: What every call can be told.
ANY = (*CANCELS, *READS)
#: A gateway that has all there is.
DECLARED: Mapping[str, Any] = {"cancel_list": True, "native_instrument_scope": True, "user_scopes": True}


def reply(value: object, status: int = 200, **headers: str) -> HttpResponse:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return HttpResponse(status=status, content=content, headers=named)


def answer(result: bool, code: int, errormsg: str | None = None, detail: str | None = None) -> HttpResponse:
    return reply({"result": result, "errormsg": errormsg, "errorcode": code, "detail": detail})


def order(order_id: str = "6500", account: str = "9", state: str = "Working") -> dict[str, object]:
    return {
        "OrderId": int(order_id),
        "Account": int(account),
        "Instrument": 1,
        "OrderState": state,
        "Quantity": 10,
        "OrigQuantity": 10,
        "QuantityExecuted": 0,
        "AvgPrice": 0,
        "ClientOrderId": 4711,
        "OrigOrderId": int(order_id),
        "EnteredBy": 81,
        "CancelReason": "",
    }


SAMPLES = (
    # CancelOrder, Response, as printed
    Sample(of=CANCELS, response=answer(True, 0), means=Receipt(code="0")),
    Sample(of=CANCELS, response=answer(True, 0, "", ""), means=Receipt),
    # Likewise, errormsg: the text of errorcode 20
    Sample(
        of=ANY,
        response=answer(False, 20, "Not Authorized"),
        means=SessionRefused(code="20", text="Not Authorized"),
    ),
    # Likewise, errormsg: the text of errorcode 100
    Sample(
        of=ANY,
        response=answer(False, 100, "Invalid Request", "OMSId is Required"),
        means=Refused(reason=Reason.INVALID_REQUEST, code="100", text="Invalid Request: OMSId is Required"),
    ),
    # Likewise, errormsg: the text of errorcode 101
    Sample(of=ANY, response=answer(False, 101, "Operation Failed"), means=Refused, code="101", text="Failed"),
    # Likewise, errormsg: the text of errorcode 102
    Sample(of=CANCELS, response=answer(False, 102, "Server Error"), means=MayHaveActed, text="Server Error"),
    Sample(of=READS, response=answer(False, 102, "Server Error"), means=Unreadable, code="102"),
    # Likewise, errormsg: the text of errorcode 104
    Sample(of=ANY, response=answer(False, 104, "Resource Not Found"), means=Gone, code="104"),
    # Likewise, errormsg: the text of errorcode 106
    Sample(
        of=ANY,
        response=answer(False, 106, "Operation Not Supported"),
        means=lambda verdict: verdict.reason is Reason.NOT_SUPPORTED,
    ),
    # A contradiction.
    Sample(of=CANCELS, response=answer(True, 104), means=MayHaveActed),
    Sample(of=CANCELS, response=reply({"OrderId": 6500}), means=Unreadable),
    # The gateway's own texts.
    Sample(
        of=ANY,
        response=reply(b"NOT FOUND", 404),
        means=SessionRefused(code="404", text="NOT FOUND", or_unsupported=True),
    ),
    Sample(of=ANY, response=reply(b'"TOO MANY REQUESTS"'), means=Throttled, text="TOO MANY REQUESTS"),
    Sample(
        of=(*ANY, Question.LOG_IN),
        response=reply(b"", 429, Retry_After="3"),
        means=Throttled(code="429", retry_after_s=3.0),
    ),
    # GetOrderStatus, GetOrderHistoryByOrderId, GetOpenOrders, GetOrderHistory, GetUserAccounts, Response
    Sample(of=Question.READ, response=reply(order()), means=OrderRead),
    Sample(of=Question.READ, response=reply([order()]), means=OrderRead),
    Sample(of=Question.TRAIL, response=reply([order(), order(state="Rejected")]), means=TrailRead),
    Sample(
        of=(Question.OPEN, Question.HISTORY),
        response=reply([order(), order("6501")]),
        means=lambda verdict: isinstance(verdict, Page) and len(list(verdict.rows)) == 2,
    ),
    Sample(of=Question.ACCOUNTS, response=reply([9, 10]), means=Accounts(ids=("9", "10"))),
    # Authenticate, Response
    Sample(
        of=Question.LOG_IN,
        response=reply({"Authenticated": True, "SessionToken": "issued-1", "Locked": False}),
        means=LoggedIn,
    ),
    Sample(
        of=Question.LOG_IN,
        response=reply({"Authenticated": True, "Requires2FA": True, "Pending2FaToken": "interim-1"}),
        means=CodeWanted(interim="interim-1"),
    ),
    Sample(
        of=Question.LOG_IN,
        response=reply({"authenticated": False, "locked": False, "errormsg": "Invalid username or password"}),
        means=Refused(reason=Reason.NOT_AUTHORIZED, text="Invalid username or password"),
    ),
    Sample(of=Question.LOG_IN, response=reply({"Authenticated": True}), means=Unreadable),
    # LogOut, Response: the generic answer
    Sample(of=Question.LOG_OUT, response=answer(True, 0), means=Receipt),
    Sample(of=Question.LOG_OUT, response=answer(False, 20, "Not Authorized"), means=SessionRefused),
)


class TestApex(VenueContract):
    """One venue, with a password that logs in."""

    plugin = PLUGIN
    simulator = ApexSimulator
    behaviour: ClassVar[Mapping[str, Any]] = {"venue": {"operator": "yes"}}
    states: ClassVar[Mapping[str, OrderStatus]] = {
        "Working": OrderStatus.NEW,
        "Rejected": OrderStatus.REJECTED,
        "Canceled": OrderStatus.CANCELED,
        "Expired": OrderStatus.EXPIRED,
        "FullyExecuted": OrderStatus.FILLED,
        "Unknown": OrderStatus.UNKNOWN,
    }

    def venue(self) -> Apex:
        return Apex(
            "https://api.venue.example:8443",
            auth=Password("router", "a-password", code=lambda: "235991"),
            client_order_ids_unique=True,
            **DECLARED,
        )

    def requests(self) -> Sequence[CancelRequest]:
        return [
            CancelRequest(venue="apex", account="9", order=OrderId("6500"), instrument="1"),
            CancelRequest(venue="apex", account="9223372036854775807", order=OrderId("9223372036854775807")),
            CancelRequest(venue="apex", account="9", order=ClientOrderId("4711")),
        ]

    def illegal(self) -> Sequence[CancelRequest | Scope]:
        return [
            CancelRequest(venue="apex", account="0", order=OrderId("1")),
            CancelRequest(venue="apex", account="9", order=OrderId("0")),
            CancelRequest(venue="apex", account="9", order=OrderId("9223372036854775808")),
            CancelRequest(venue="apex", account="9", order=ClientOrderId("mine")),
            CancelRequest(venue="apex", account="9", order=OrderId("1"), instrument="BTCUSD"),
            Scope.account("apex", "0"),
            Scope.instrument("apex", "9", "BTCUSD"),
            Scope.user("apex", "me"),
            Scope.orders("apex", "9", [OrderId("x")]),
        ]

    def samples(self) -> Sequence[Sample]:
        return SAMPLES

    def order_answer(self, order_id: str, account: str, word: str) -> HttpResponse:
        return reply(order(order_id, account, word))

    def simulated(self, simulator: Simulator, **settings: Any) -> Venue:
        return super().simulated(simulator, **DECLARED, **settings)

    def logging_in(
        self, simulator: Simulator, known: SimulatedCredentials, code: Callable[[], str] | None
    ) -> Venue | None:
        return self.simulated(simulator, auth=Password(known.user, known.password, code=code))
