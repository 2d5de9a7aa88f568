"""The simulated venue, asked on the wire by value: what real routers send, and what APEX answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand import OrderStatus
from countermand.errors import ConfigurationError
from countermand.testing import SILENCE, Simulator, load_simulator
from countermand.venue import HttpRequest
from countermand_apex import Apex
from countermand_apex.simulator import ApexSimulator

TOKEN = {"aptoken": "simulated-session-token"}
RECEIPT = {"result": True, "errormsg": None, "errorcode": 0, "detail": None}
ORDER = {"OMSId": 1, "AccountId": 9, "OrderId": 6500}


def refusal(code: int, errormsg: str, detail: str | None = None) -> dict[str, object]:
    return {"result": False, "errormsg": errormsg, "errorcode": code, "detail": detail}


UNAUTHORIZED = refusal(20, "Not Authorized")
GONE = refusal(104, "Resource Not Found")


def send(
    simulator: Simulator,
    function: str,
    body: object = None,
    *,
    now: float = 0.0,
    headers: dict[str, str] | None = None,
    method: str = "POST",
    prefix: str = "/AP/",
) -> Any:
    """Send one call and return its JSON, or its status and text where it is none."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = HttpRequest(
        method=method,
        path=prefix + function,
        headers=TOKEN if headers is None else headers,
        content=content,
    )
    response = simulator.handle(request, now).response_at(now)
    assert response is not None
    if response.headers.get("content-type", "").startswith("application/json"):
        assert response.status == 200
        return json.loads(response.content)
    return response.status, response.content.decode()


def with_order(**behaviour: Any) -> ApexSimulator:
    """Make a venue with one open order, 6500, client id 77, and one of somebody else, 6600."""
    simulator = ApexSimulator(**behaviour)
    simulator.place(0.0, order_id="6500", client_order_id="77")
    simulator.place(0.0, order_id="6600", client_order_id="78", account="13")
    return simulator


def status(simulator: Simulator, order_id: str = "6500") -> OrderStatus:
    return simulator.book.order(order_id).status


def test_the_simulator_is_found_by_its_name() -> None:
    """The entry point `apex` names this class."""
    assert load_simulator("apex") is ApexSimulator
    assert isinstance(ApexSimulator().venue("http://127.0.0.1:1", name="here"), Apex)


# CancelOrder, Request, as routers in the field write it.
SPELLINGS: dict[str, tuple[object, str]] = {
    "as documented": (ORDER, "CancelOrder"),
    "keys in lower case": ({"omsid": 1, "accountid": 9, "orderid": 6500}, "CancelOrder"),
    "keys in camel case": ({"omsId": 1, "accountId": 9, "orderId": 6500}, "CancelOrder"),
    "ids as strings": ({"OMSId": "1", "AccountId": "9", "OrderId": "6500"}, "CancelOrder"),
    "without an account": ({"OMSId": 1, "OrderId": 6500}, "CancelOrder"),
    "account 0": ({"OMSId": 1, "AccountId": 0, "OrderId": 6500}, "CancelOrder"),
    "client id 0 beside the id": ({**ORDER, "ClOrderId": 0}, "CancelOrder"),
    "by ClOrderId": ({"OMSId": 1, "AccountId": 9, "ClOrderId": 77}, "CancelOrder"),
    "by ClientOrderId": ({"OMSId": 1, "AccountId": 9, "ClientOrderId": "77"}, "CancelOrder"),
    "function in lower case": (ORDER, "cancelorder"),
    "with a slash at the end": (ORDER, "CancelOrder/"),
}


@pytest.mark.parametrize(("body", "function"), SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("prefix", ["/AP/", "/ap/"])
def test_a_cancel_is_taken_however_it_is_spelled(body: object, function: str, prefix: str) -> None:
    """Each is received, and the order is off the book by it."""
    simulator = with_order()
    assert send(simulator, function, body, prefix=prefix) == RECEIPT
    assert status(simulator) is OrderStatus.CANCELED
    assert simulator.book.order("6500").canceled_by == "cancel 1"
    assert status(simulator, "6600") is OrderStatus.NEW


REFUSALS: dict[str, tuple[object, dict[str, object]]] = {
    "OMSId missing": ({"OrderId": 6500}, refusal(100, "Invalid Request", "OMSId is Required")),
    "another OMS": ({**ORDER, "OMSId": 2}, GONE),
    "no identity": ({"OMSId": 1, "AccountId": 9}, refusal(100, "Invalid Request", "OrderId is Required")),
    # CancelOrder, Request: "unable to identify the order using only the OMS ID and the Client Order ID"
    "client id alone": (
        {"OMSId": 1, "ClOrderId": 77},
        refusal(100, "Invalid Request", "AccountId is Required"),
    ),
    # CancelOrder, Permissions: a user "can cancel an order only for an account it is associated with"
    "somebody else's account": ({"OMSId": 1, "AccountId": 13, "OrderId": 6600}, UNAUTHORIZED),
    "somebody else's order": ({"OMSId": 1, "AccountId": 9, "OrderId": 6600}, GONE),
    "somebody else's order, no account": ({"OMSId": 1, "OrderId": 6600}, GONE),
    "the order of another own account": ({"OMSId": 1, "AccountId": 10, "OrderId": 6500}, GONE),
    "an unknown order": ({**ORDER, "OrderId": 1}, GONE),
    "an unknown client id": ({"OMSId": 1, "AccountId": 9, "ClOrderId": 78}, GONE),
    "an id through a float": ({**ORDER, "OrderId": 6500.0}, refusal(100, "Invalid Request", "?")),
    "an id over 64 bits": ({**ORDER, "OrderId": 1 << 63}, refusal(100, "Invalid Request", "?")),
    "an id that is none": ({**ORDER, "OrderId": "x"}, refusal(100, "Invalid Request", "?")),
    "no JSON": (b"{", refusal(100, "Invalid Request")),
    "no object": (b"6500", refusal(100, "Invalid Request")),
    "a list": ([ORDER], refusal(100, "Invalid Request", "OMSId is Required")),
    "a list of no objects": ([6500], refusal(100, "Invalid Request")),
}


@pytest.mark.parametrize(("body", "expected"), REFUSALS.values(), ids=REFUSALS)
def test_a_cancel_that_cannot_be_is_refused(body: object, expected: dict[str, object]) -> None:
    """With status 200 and a code; nothing happens to any order."""
    simulator = with_order()
    answer = send(simulator, "CancelOrder", body)
    if expected["detail"] == "?":
        assert answer.pop("detail").startswith("Invalid OrderId: ")
        expected = {key: value for key, value in expected.items() if key != "detail"}
    assert answer == expected
    assert status(simulator) is status(simulator, "6600") is OrderStatus.NEW


DEAD: dict[str, Callable[[ApexSimulator], object]] = {
    "filled": lambda simulator: simulator.book.fill("6500", 0.0),
    "canceled": lambda simulator: simulator.book.cancel("6500", 0.0),
    "replaced": lambda simulator: simulator.replace("6500", 0.0),
    "expired": lambda simulator: simulator.book.change("6500", 0.0, status=OrderStatus.EXPIRED),
}
ANSWERS = {"104": GONE, "101": refusal(101, "Operation Failed"), "receipt": RECEIPT}


@pytest.mark.parametrize("kill", DEAD.values(), ids=DEAD)
@pytest.mark.parametrize(("word", "expected"), ANSWERS.items(), ids=ANSWERS)
def test_the_answer_for_a_dead_order_can_be_switched(
    kill: Callable[[ApexSimulator], object], word: str, expected: object
) -> None:
    """No document says what a gateway answers then: 104, 101, or a receipt and nothing."""
    simulator = with_order(venue={"dead_order": word})
    kill(simulator)
    before = simulator.book.order("6500")
    assert send(simulator, "CancelOrder", ORDER) == expected
    assert simulator.book.order("6500") == before


def test_the_newest_open_order_of_a_client_id_is_canceled() -> None:
    """A client order id may repeat."""
    simulator = with_order()
    for order_id in ("6501", "6502"):
        simulator.place(0.0, order_id=order_id, client_order_id="77")
    simulator.book.fill("6502", 0.0)
    assert send(simulator, "CancelOrder", {"OMSId": 1, "AccountId": 9, "ClOrderId": 77}) == RECEIPT
    assert (status(simulator, "6501"), status(simulator)) == (OrderStatus.CANCELED, OrderStatus.NEW)


SECRET = "simulated-secret"


def signed(secret: str = SECRET, user_id: str = "81", key: str = "simulated-api-key") -> Any:
    signature = hmac.new(secret.encode(), f"5{user_id}{key}".encode(), hashlib.sha256).hexdigest()
    return {"Nonce": "5", "APIKey": key, "UserId": user_id, "Signature": signature}


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


ADMITTED = {
    "aptoken": TOKEN,
    "APToken": {"APToken": "simulated-session-token"},
    "key headers": signed(),
}
STRANGERS: dict[str, dict[str, str]] = {
    "no token": {},
    "a wrong token": {"aptoken": "x"},
    "a wrong signature": signed(secret="x"),
    "another key": signed(key="x"),
    "another user": signed(user_id="82"),
    "no nonce": {**signed(), "Nonce": ""},
    "a password": basic("router:simulated-password"),
}


@pytest.mark.parametrize("headers", ADMITTED.values(), ids=ADMITTED)
def test_a_call_bears_a_token_or_is_signed(headers: dict[str, str]) -> None:
    """Older venues take the four key headers on every call."""
    simulator = with_order()
    assert send(simulator, "CancelOrder", ORDER, headers=headers) == RECEIPT


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS)
@pytest.mark.parametrize(
    ("word", "expected"), [("20", UNAUTHORIZED), ("404", (404, "NOT FOUND"))], ids=["20", "404"]
)
def test_a_private_call_needs_a_session(headers: dict[str, str], word: str, expected: object) -> None:
    """Some gateways say code 20, others 404 NOT FOUND; nothing is done in either case."""
    simulator = with_order(venue={"no_session": word})
    for function in ("CancelOrder", "GetOrderStatus", "GetUserAccounts", "LogOut"):
        assert send(simulator, function, ORDER, headers=headers) == expected
    assert status(simulator) is OrderStatus.NEW


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/AP/NoSuch"),
        ("POST", "/AP/"),
        ("POST", "/"),
        ("GET", "/AP/CancelOrder"),
        ("PUT", "/AP/Ping"),
    ],
)
def test_an_unknown_function_is_not_found(method: str, path: str) -> None:
    """A gateway answers what it does not have in plain text."""
    assert send(with_order(), "", ORDER, method=method, prefix=path) == (404, "NOT FOUND")


LOG_INS: dict[str, tuple[str, str, dict[str, str], object]] = {
    "POST, Basic": ("POST", "Authenticate", basic("router:simulated-password"), {}),
    "GET, Basic": ("GET", "Authenticate", basic("router:simulated-password"), None),
    "POST, key headers": ("POST", "Authenticate", signed(), {}),
    "GET, key headers": ("GET", "AuthenticateUser", signed(), None),
    "POST, key fields": ("POST", "AuthenticateUser", {}, signed()),
}


@pytest.mark.parametrize(("method", "function", "headers", "body"), LOG_INS.values(), ids=LOG_INS)
def test_a_log_in_gives_a_token_that_works(
    method: str, function: str, headers: dict[str, str], body: object
) -> None:
    """Authenticate, Response: Authenticated and a SessionToken; LogOut ends it."""
    simulator = with_order()
    answer = send(simulator, function, body, headers=headers, method=method)
    assert answer["Authenticated"] is True
    assert answer["User"] == {"UserId": 81, "UserName": "router", "AccountId": 9, "OMSId": 1}
    token = {"aptoken": answer["SessionToken"]}
    assert send(simulator, "GetUserAccounts", {"OMSId": 1}, headers=token) == [9]
    assert send(simulator, "LogOut", {}, headers=token) == RECEIPT
    assert send(simulator, "GetUserAccounts", {"OMSId": 1}, headers=token) == UNAUTHORIZED


BAD_LOG_INS = {
    "a wrong password": basic("router:x"),
    "another scheme": {"Authorization": "Bearer simulated-session-token"},
    "no Base64": {"Authorization": "Basic ü"},
    "nothing": {},
    "a wrong signature": signed(secret="x"),
}


@pytest.mark.parametrize("headers", BAD_LOG_INS.values(), ids=BAD_LOG_INS)
def test_a_wrong_log_in_is_refused_in_its_own_words(headers: dict[str, str]) -> None:
    """Its keys are in lower case."""
    assert send(ApexSimulator(), "Authenticate", headers=headers) == {
        "authenticated": False,
        "locked": False,
        "errormsg": "Invalid username or password",
    }


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "Authenticate2FA", {"Code": "235991"}), ("GET", "Authenticate2FA?Code=235991", None)],
)
def test_a_second_factor_completes_a_log_in(method: str, path: str, body: object) -> None:
    """Until then there is no session token, and the pending token works once."""
    simulator = ApexSimulator(second_factor=True)
    first = send(simulator, "Authenticate", headers=basic("router:simulated-password"))
    assert "SessionToken" not in first
    pending = {"Pending2FaToken": first["Pending2FaToken"]}
    wrong = send(simulator, "Authenticate2FA", {"Code": "1"}, headers=pending)
    assert wrong["Authenticated"] is False
    second = send(simulator, path, body, headers=pending, method=method)
    token = {"aptoken": second["SessionToken"]}
    assert send(simulator, "GetUserAccounts", {"OMSId": 1}, headers=token) == [9]
    assert send(simulator, path, body, headers=pending, method=method)["Authenticated"] is False


def test_a_token_expires_after_its_last_use() -> None:
    """A session lasts an hour after its last activity, and a Ping is one."""
    simulator = with_order(token_lifetime_s=3600.0)
    for now in (3000.0, 6000.0):
        assert send(simulator, "Ping", {}, now=now) == {"msg": "PONG"}
    assert send(simulator, "CancelOrder", ORDER, now=9601.0) == UNAUTHORIZED


def test_an_order_is_shown_with_all_its_fields() -> None:
    """GetOrderStatus, Response: an object, by POST with a body or by GET with a query."""
    simulator = with_order()
    simulator.book.fill("6500", 0.0, simulator.book.order("6500").quantity / 4)
    shown = send(simulator, "GetOrderStatus", ORDER)
    assert shown == send(
        simulator, "GetOrderStatus?OMSId=1&accountId=9&OrderId=6500", method="GET", prefix="/ap/"
    )
    expected = {
        "OrderId": 6500,
        "ClientOrderId": 77,
        "Account": 9,
        "Instrument": 1,
        "OrderState": "Working",
        "OrigQuantity": 10,
        "Quantity": 7.5,
        "QuantityExecuted": 2.5,
        "AvgPrice": 100,
        "ChangeReason": "Trade",
        "OrigOrderId": 6500,
    }
    assert {key: shown[key] for key in expected} == expected
    assert len(shown) == 25


STATES = {
    OrderStatus.NEW: ("Working", "NewInputAccepted"),
    OrderStatus.PENDING_CANCEL: ("Working", "NewInputAccepted"),
    OrderStatus.REJECTED: ("Rejected", "NewInputRejected"),
    OrderStatus.EXPIRED: ("Expired", "Expired"),
    OrderStatus.CANCELED: ("Canceled", "UserModified"),
    OrderStatus.REPLACED: ("Canceled", "UserModified"),
    OrderStatus.UNKNOWN: ("Unknown", "Unknown"),
}


@pytest.mark.parametrize(("is_", "shown"), STATES.items(), ids=str)
def test_a_status_is_shown_as_apex_has_it(is_: OrderStatus, shown: tuple[str, str]) -> None:
    """Pending Cancel is no state of APEX, and a replaced order reads like a canceled one."""
    simulator = with_order()
    simulator.book.change("6500", 0.0, status=is_)
    order = send(simulator, "GetOrderStatus", ORDER)
    assert (order["OrderState"], order["ChangeReason"]) == shown


@pytest.mark.parametrize(
    "body", [{**ORDER, "OrderId": 1}, {**ORDER, "OrderId": 6600}], ids=["none", "foreign"]
)
def test_a_read_of_what_is_not_there_is_refused(body: object) -> None:
    """Errorcode 104."""
    assert send(with_order(), "GetOrderStatus", body) == GONE


def ids(rows: list[dict[str, int]]) -> list[int]:
    return [row["OrderId"] for row in rows]


def test_open_orders_are_the_working_ones_of_an_account() -> None:
    """GetOpenOrders, in one list, of one instrument if that is asked."""
    simulator = with_order()
    simulator.place(0.0, order_id="6501", instrument="2")
    simulator.place(0.0, order_id="6502", status=OrderStatus.FILLED)
    body = {"OMSId": 1, "AccountId": 9}
    assert ids(send(simulator, "GetOpenOrders", body)) == [6500, 6501]
    assert ids(send(simulator, "GetOpenOrders", {**body, "InstrumentId": 2})) == [6501]
    assert send(simulator, "GetOpenOrders", {"OMSId": 1, "AccountId": 10}) == []
    assert send(simulator, "GetOpenOrders", {"OMSId": 1, "AccountId": 13}) == UNAUTHORIZED
    assert send(simulator, "GetOpenOrders", {"OMSId": 1})["detail"] == "AccountId is Required"


FILTERS: dict[str, tuple[dict[str, object], list[int]]] = {
    "nothing": ({}, [6503, 6502, 6501, 6500]),
    "Depth": ({"Depth": 2}, [6503, 6502]),
    "Depth and StartIndex": ({"Depth": 2, "StartIndex": 3}, [6500]),
    "StartIndex": ({"StartIndex": 2}, [6501, 6500]),
    "OrderState by name": ({"OrderState": "FullyExecuted"}, [6502, 6501]),
    "OrderState by number": ({"OrderState": 5}, [6502, 6501]),
    "OrderId": ({"OrderId": "6501"}, [6501]),
    "ClientOrderId": ({"ClientOrderId": 77}, [6500]),
    "InstrumentId": ({"InstrumentId": 2}, [6503]),
}


@pytest.mark.parametrize("function", ["GetOrderHistory", "GetOrdersHistory"])
@pytest.mark.parametrize(("fields", "expected"), FILTERS.values(), ids=FILTERS)
def test_a_history_is_newest_first(function: str, fields: dict[str, object], expected: list[int]) -> None:
    """One row per order, of any state, by the filters of GetOrderHistory, Request."""
    simulator = with_order()
    for order_id in ("6501", "6502"):
        simulator.place(0.0, order_id=order_id, status=OrderStatus.FILLED)
    simulator.place(0.0, order_id="6503", instrument="2")
    assert ids(send(simulator, function, {"OMSId": 1, "AccountId": 9, **fields})) == expected


def test_a_trail_is_newest_first() -> None:
    """GetOrderHistoryByOrderId: a row per change, and none for what is not there."""
    simulator = with_order()
    simulator.book.change("6500", 1.0, status=OrderStatus.EXPIRED)
    body = {"OMSId": 1, "OrderId": 6500}
    rows = send(simulator, "GetOrderHistoryByOrderId", body, now=1.0)
    assert [row["OrderState"] for row in rows] == ["Expired", "Working"]
    assert send(simulator, "GetOrderHistoryByOrderId", {**body, "OrderId": 6600}, now=1.0) == []


def test_reads_lag_as_switched() -> None:
    """A replica shows what was; the receipt is as quick as ever."""
    simulator = with_order(read_lag_s=5.0)
    assert send(simulator, "CancelOrder", ORDER, now=10.0) == RECEIPT
    assert send(simulator, "GetOrderStatus", ORDER, now=14.0)["OrderState"] == "Working"
    assert ids(send(simulator, "GetOpenOrders", {"OMSId": 1, "AccountId": 9}, now=14.0)) == [6500]
    assert send(simulator, "GetOrderStatus", ORDER, now=15.0)["OrderState"] == "Canceled"


def test_a_receipt_comes_before_the_cancel() -> None:
    """CancelOrder, Response: "verifies that the call was received, not that the order has been canceled"."""
    simulator = with_order(cancel_delay_s=2.0)
    assert send(simulator, "CancelOrder", ORDER, now=1.0) == RECEIPT
    assert send(simulator, "GetOrderStatus", ORDER, now=2.9)["OrderState"] == "Working"
    assert send(simulator, "GetOrderStatus", ORDER, now=3.0)["OrderState"] == "Canceled"


def test_a_silent_order_gets_no_answer() -> None:
    """The connection stays open; nothing comes."""
    simulator = with_order(silent_orders=["6500"])
    request = HttpRequest(
        method="POST", path="/AP/CancelOrder", headers=TOKEN, content=json.dumps(ORDER).encode()
    )
    assert simulator.handle(request, 0.0) == SILENCE


def many() -> ApexSimulator:
    simulator = with_order()
    simulator.place(0.0, order_id="6501", instrument="2")
    simulator.place(0.0, order_id="6502", account="10", linked=("6501",))
    simulator.place(0.0, order_id="6503", entered_by="82")
    return simulator


def canceled(simulator: Simulator) -> list[str]:
    return [o.order_id for o in simulator.book.orders() if o.status is OrderStatus.CANCELED]


EVERYBODYS = ["6500", "6600", "6501", "6502", "6503"]
SWEEPS: dict[str, tuple[dict[str, object], list[str]]] = {
    # CancelAllOrders, Request: the three bodies of its examples, and the two spellings of the key.
    "an account and instrument": ({"AccountId": 9, "InstrumentId": 1}, ["6500", "6503"]),
    "all accounts, one instrument": ({"AccountId": 0, "InstrumentId": 1}, EVERYBODYS),
    "all accounts": ({"AccountId": 0, "InstrumentId": 0}, EVERYBODYS),
    "no account": ({}, EVERYBODYS),
    "an account": ({"AccountId": 10}, ["6501", "6502"]),
    "the other spelling is not seen": ({"AccountId": 9, "IntrumentId": 1}, ["6500", "6501", "6502", "6503"]),
    # CancelAllOrders (older), its table of combinations.
    "the user's, of an account and instrument": ({"AccountId": 9, "UserId": 81, "InstrumentId": 1}, ["6500"]),
    "the user's, of an account": ({"AccountId": 9, "UserId": 81}, ["6500", "6501", "6502"]),
    "another user's, of an account": ({"AccountId": 9, "UserId": 82}, ["6503"]),
    "the user's, of an instrument": ({"UserId": 81, "InstrumentId": 2}, ["6501", "6502"]),
    "another user's, of all accounts": ({"UserId": 82}, ["6503"]),
    "a user's without orders": ({"UserId": 83}, []),
}


@pytest.mark.parametrize(("fields", "expected"), SWEEPS.values(), ids=SWEEPS)
def test_cancel_all_takes_what_its_scope_says(fields: dict[str, object], expected: list[str]) -> None:
    """CancelAllOrders, Warning: AccountID 0 or omitted is every account. Linked orders go along."""
    simulator = many()
    simulator.switch(venue={"operator": "yes"})
    assert send(simulator, "CancelAllOrders", {"OMSId": 1, **fields}) == RECEIPT
    assert canceled(simulator) == expected


def test_a_user_without_an_account_means_the_accounts_it_reaches() -> None:
    """An order in somebody else's account stays, whoever entered it; only an operator reaches there."""
    simulator = many()
    body = {"OMSId": 1, "UserId": 81, "AccountId": 0}
    assert send(simulator, "CancelAllOrders", body) == RECEIPT
    assert canceled(simulator) == ["6500", "6501", "6502"]
    simulator.switch(venue={"operator": "yes"})
    assert send(simulator, "CancelAllOrders", body) == RECEIPT
    assert canceled(simulator) == ["6500", "6600", "6501", "6502"]


def test_the_key_that_cancel_all_reads_can_be_switched() -> None:
    """Its table spells it IntrumentId."""
    simulator = many()
    simulator.switch(venue={"instrument_key": "IntrumentId"})
    assert send(simulator, "CancelAllOrders", {"OMSId": 1, "AccountId": 9, "IntrumentId": 1}) == RECEIPT
    assert canceled(simulator) == ["6500", "6503"]


OTHERS: dict[str, dict[str, object]] = {
    "somebody else's account": {"AccountId": 13},
    "another user's orders": {"AccountId": 9, "UserId": 82},
    "all of another user's": {"UserId": 82},
    "all accounts": {"AccountId": 0},
    "all accounts, one instrument": {"InstrumentId": 1},
}


@pytest.mark.parametrize("fields", OTHERS.values(), ids=OTHERS)
def test_cancel_all_is_refused_for_others(fields: dict[str, object]) -> None:
    """What is not one's own needs an operator's permission: nothing is canceled."""
    simulator = many()
    assert send(simulator, "CancelAllOrders", {"OMSId": 1, **fields}) == UNAUTHORIZED
    assert canceled(simulator) == []


def test_a_cancel_list_has_one_answer() -> None:
    """SendCancelList: an unknown order in it is not told."""
    simulator = many()
    rows = [ORDER, {**ORDER, "OrderId": 1}, {"OMSId": 1, "OrderId": 6501}]
    assert send(simulator, "SendCancelList", rows) == RECEIPT
    assert canceled(simulator) == ["6500", "6501", "6502"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [([], 100), (ORDER, 100), ([ORDER, {"OrderId": 1}], 100), ([ORDER, {**ORDER, "AccountId": 13}], 20)],
    ids=["empty", "no list", "no OMS in a row", "somebody else's"],
)
def test_a_bad_cancel_list_does_nothing(rows: object, code: int) -> None:
    """It is refused as a whole."""
    simulator = many()
    assert send(simulator, "SendCancelList", rows)["errorcode"] == code
    assert canceled(simulator) == []


MASS: dict[str, object] = {"CancelAllOrders": {"OMSId": 1, "AccountId": 9}, "SendCancelList": [ORDER]}


@pytest.mark.parametrize(("function", "body"), MASS.items(), ids=MASS)
@pytest.mark.parametrize(("acts", "expected"), [("no", OrderStatus.NEW), ("yes", OrderStatus.CANCELED)])
def test_a_mass_cancel_can_be_answered_in_another_way(
    function: str, body: object, acts: str, expected: OrderStatus
) -> None:
    """With any of the shapes a venue can give, and with effect or without; a single cancel is plain."""
    simulator = with_order(venue={"mass_answer": "102", "cancel_acts": acts})
    assert send(simulator, function, body) == refusal(102, "Server Error")
    assert status(simulator) is expected
    simulator.place(0.0, order_id="6501")
    assert send(simulator, "CancelOrder", {**ORDER, "OrderId": 6501}) == RECEIPT


@pytest.mark.parametrize(
    ("word", "answer"),
    [("404", (404, "NOT FOUND")), ("106", refusal(106, "Operation Not Supported"))],
    ids=["not found", "not supported"],
)
def test_a_gateway_may_have_no_cancel_list(word: str, answer: object) -> None:
    """SendCancelList came with 4.x: an older gateway says in one way or another that there is none."""
    simulator = with_order(venue={"cancel_list": word})
    assert send(simulator, "SendCancelList", [ORDER]) == answer
    assert status(simulator) is OrderStatus.NEW


def test_a_list_passes_over_what_is_dead() -> None:
    """A dead order in it does no harm to the others."""
    simulator = many()
    simulator.book.fill("6500", 0.0)
    assert send(simulator, "SendCancelList", [ORDER, {**ORDER, "OrderId": 6503}]) == RECEIPT
    assert canceled(simulator) == ["6503"]


def test_an_order_tells_who_entered_it() -> None:
    """EnteredBy is the user's own id unless another was given, and stays with a replacement."""
    simulator = many()
    orders = send(simulator, "GetOpenOrders", {"OMSId": 1, "AccountId": 9})
    assert {row["OrderId"]: row["EnteredBy"] for row in orders} == {6500: 81, 6501: 81, 6503: 82}
    new = simulator.replace("6503", 0.0)
    assert simulator.book.order(new.order_id).entered_by == "82"


def test_an_order_can_have_all_its_fields() -> None:
    """About 1 KiB, as seen at a real venue: the same order, and more beside it."""
    simulator = with_order()
    usual = send(simulator, "GetOrderStatus", ORDER)
    simulator.switch(venue={"order_fields": "all"})
    (every,) = send(simulator, "GetOpenOrders", {"OMSId": 1, "AccountId": 9})
    assert {name: every[name] for name in usual} == usual
    request = HttpRequest(method="GET", path="/AP/GetOpenOrders?OMSId=1&AccountId=9", headers=TOKEN)
    assert 1024 <= len(simulator.handle(request, 0.0).response_at(0.0).content) <= 1536


def test_the_accounts_that_a_user_reaches() -> None:
    """GetUserAccounts: the own one first, then those that are switched on, each once."""
    simulator = ApexSimulator(further_accounts=["10", "9", "11"])
    assert send(simulator, "GetUserAccounts", {"OMSId": 1}) == [9, 10, 11]
    with pytest.raises(ConfigurationError, match="further_accounts: account must be a whole number"):
        simulator.switch(further_accounts=["main"])


REPLACEMENT = {
    "OMSId": 1,
    "AccountId": 9,
    "OrderIdToReplace": 6500,
    "ClientOrderId": 79,
    "Quantity": 2.5,
    "LimitPrice": "101",
}


def test_a_replacement_leaves_the_old_id_canceled() -> None:
    """CancelReplaceOrder: the old order reads Canceled/UserModified, the new one bears its id."""
    simulator = with_order()
    answer = send(simulator, "CancelReplaceOrder", REPLACEMENT)
    new_id = answer["ReplacementOrderId"]
    assert answer == {
        "ReplacementOrderId": new_id,
        "ReplacementClOrdId": 79,
        "OrigOrderId": 6500,
        "OrigClOrdId": 77,
    }
    old = send(simulator, "GetOrderStatus", ORDER)
    new = send(simulator, "GetOrderStatus", {**ORDER, "OrderId": new_id})
    assert (old["OrderState"], old["ChangeReason"]) == ("Canceled", "UserModified")
    assert (new["OrderState"], new["OrigOrderId"], new["Quantity"], new["Price"]) == (
        "Working",
        6500,
        2.5,
        101,
    )
    assert send(simulator, "CancelReplaceOrder", REPLACEMENT) == GONE


def test_a_replacement_may_leave_out_what_stays() -> None:
    """Then it has the rest of the quantity, and the client id of the old one."""
    simulator = with_order()
    answer = send(simulator, "CancelReplaceOrder", ORDER)
    assert answer["ReplacementClOrdId"] == 77


@pytest.mark.parametrize("quantity", ["x", -1, "NaN"])
def test_a_bad_replacement_is_refused(quantity: object) -> None:
    """An order keeps its place."""
    simulator = with_order()
    answer = send(simulator, "CancelReplaceOrder", {**REPLACEMENT, "Quantity": quantity})
    assert answer == refusal(100, "Invalid Request", "Invalid Quantity")
    assert status(simulator) is OrderStatus.NEW


def test_the_catalogue_is_there() -> None:
    """Routers ask for it before their first cancel, without a session, by GET or POST."""
    simulator = ApexSimulator()
    products = send(simulator, "GetProducts?OMSId=1", method="GET", headers={})
    instruments = send(simulator, "GetInstruments", {"omsId": 1}, headers={})
    assert [product["Product"] for product in products] == ["USD", "BTC", "ETH"]
    assert [(row["InstrumentId"], row["Symbol"]) for row in instruments] == [(1, "BTCUSD"), (2, "ETHUSD")]
    assert send(simulator, "Ping", {}, headers={}) == {"msg": "PONG"}


def test_an_order_that_apex_cannot_have_cannot_be_placed() -> None:
    """Its ids are numbers from 1 to 2^63-1."""
    simulator = ApexSimulator()
    for field in ("order_id", "client_order_id", "account", "instrument"):
        with pytest.raises(ValueError, match=field):
            simulator.place(0.0, **{field: "mine"})
        with pytest.raises(ValueError, match=field):
            simulator.place(0.0, **{field: "9223372036854775808"})
    assert simulator.place(0.0, order_id="9223372036854775807").instrument == "1"


def test_only_words_that_there_are_can_be_switched_to() -> None:
    """A misspelled switch is a clear error."""
    with pytest.raises(ConfigurationError, match="dead_order must be one of 104, 101, receipt"):
        ApexSimulator(venue={"dead_order": "102"})
    with pytest.raises(ConfigurationError, match="no switch 'dead'"):
        ApexSimulator(venue={"dead": "104"})


FUNCTIONS = (
    "CancelOrder",
    "SendCancelList",
    "CancelAllOrders",
    "CancelReplaceOrder",
    "GetOrderStatus",
    "GetOrderHistory",
    "Authenticate",
    "Authenticate2FA",
    "%",
    "?",
    "//[",
)


@given(
    function=st.sampled_from(FUNCTIONS),
    content=st.binary()
    | st.dictionaries(
        st.sampled_from(
            ["OMSId", "AccountId", "OrderId", "ClOrderId", "Quantity", "OrderIdToReplace", "Depth"]
        ),
        st.integers() | st.text() | st.floats() | st.none() | st.lists(st.integers()),
    ).map(lambda value: json.dumps({"OMSId": 1, **value}).encode()),
    headers=st.dictionaries(st.sampled_from(["Authorization", "aptoken", "Nonce", "Signature"]), st.text()),
)
def test_whatever_comes_in_is_answered(function: str, content: bytes, headers: dict[str, str]) -> None:
    """A simulator has no fault of its own."""
    for login in ({}, TOKEN):
        send(with_order(), function, content, headers={**headers, **login})
