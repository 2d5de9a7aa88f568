"""The simulated venue, asked on the wire by value: what real routers send, and what AutoShares answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from countermand import OrderStatus
from countermand.errors import ConfigurationError
from countermand.testing import SILENCE, Simulator, load_simulator
from countermand.venue import HttpRequest
from countermand_autoshares import AccessToken, AutoShares
from countermand_autoshares.simulator import AutoSharesSimulator

KEY = {"et-app-key": "simulated-application-key"}
HEADERS = {**KEY, "authorization": "Bearer simulated-session-token"}
USER = {**KEY, "username": "router", "password": "simulated-password"}
ACCOUNT = "/v1.0/accounts/9"
ORDER = f"{ACCOUNT}/orders/6500"
SYNC = f"{ACCOUNT}/syncorders/6500"

APP_KEY = {"error": "Application key is not defined or does not exist"}
DENIED = {"Message": "Authorization has been denied for this request."}
UNEXPECTED = {
    "message": "An error occurred while processing your request",
    "error": "Unexpected server error",
}
INVALID = {"Message": "The request is invalid."}
CONFLICT = {
    "Model": None,
    "Errors": ["A conflict has occurred while attempting to cancel the order."],
    "StatusCode": 409,
    "IsSucceed": False,
}
RECEIPT = (204, None)


def send(
    simulator: Simulator,
    method: str,
    path: str,
    body: object = None,
    *,
    now: float = 0.0,
    headers: dict[str, str] | None = None,
) -> tuple[int, Any]:
    """Send one call, let pass what its answer takes, and return status and JSON."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = HttpRequest(
        method=method, path=path, headers=HEADERS if headers is None else headers, content=content
    )
    reply = simulator.handle(request, now)
    simulator.book.advance(now + reply.delay_s)
    response = reply.response_at(now + reply.delay_s)
    return response.status, json.loads(response.content) if response.content else None


def with_order(**behaviour: Any) -> AutoSharesSimulator:
    simulator = AutoSharesSimulator(**behaviour)
    simulator.place(0.0, order_id="6500", client_order_id="first", filled=Decimal(3))
    return simulator


def status_of(simulator: AutoSharesSimulator, order_id: str = "6500") -> OrderStatus:
    return simulator.book.order(order_id).status


def test_the_entry_point_names_this_simulator() -> None:
    """The command line finds it by the name of its venue."""
    assert load_simulator("autoshares") is AutoSharesSimulator


# --- access ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [ORDER, "/api" + ORDER, "/v1/Accounts/9/Orders/6500", "/API" + ORDER + "/"])
def test_a_path_is_taken_as_hosts_differ(path: str) -> None:
    """With and without /api, as v1.0 and v1, in any case."""
    simulator = with_order()
    assert send(simulator, "GET", path)[0] == 200
    assert send(simulator, "DELETE", path) == RECEIPT


BAD_PATHS: dict[str, tuple[str, str, int, object]] = {
    "another version": (
        "GET",
        "/v2.0/accounts/9/orders/6500",
        404,
        {
            "Error": {
                "Code": "UnsupportedApiVersion",
                "Message": "The HTTP resource that matches the request URI does not support the API version.",
            }
        },
    ),
    "no such resource": (
        "GET",
        f"{ACCOUNT}/positions",
        404,
        {"Message": "No HTTP resource was found that matches the request URI."},
    ),
    "another method": (
        "PATCH",
        ORDER,
        405,
        {"Message": "The requested resource does not support the http method."},
    ),
    "an order id that is no number": ("DELETE", f"{ACCOUNT}/orders/abc", 400, INVALID),
    "an order id over 31 bits": ("DELETE", f"{ACCOUNT}/orders/2147483648", 400, INVALID),
    "an account that is no number": ("GET", "/v1.0/accounts/mine/orders/1", 400, INVALID),
    "an account nobody has": ("GET", "/v1.0/accounts/77/orders/1", 500, UNEXPECTED),
    "somebody else's account": ("DELETE", "/v1.0/accounts/13/orders/1", 401, DENIED),
}


@pytest.mark.parametrize(("method", "path", "status", "body"), BAD_PATHS.values(), ids=BAD_PATHS)
def test_a_wrong_path_has_its_documented_answer(method: str, path: str, status: int, body: object) -> None:
    """Each shape has its keys in the case in which it is printed."""
    assert send(with_order(), method, path) == (status, body)


@pytest.mark.parametrize("key", [{}, {"et-app-key": "wrong"}], ids=["no key", "a wrong key"])
@pytest.mark.parametrize("status", ["403", "401"])
def test_a_wrong_application_key_comes_before_all_else(key: dict[str, str], status: str) -> None:
    """Cancel an Order, Common Mistakes; the status is 403 in one document and 401 in another."""
    simulator = with_order(venue={"app_key_status": status})
    headers = {name: value for name, value in HEADERS.items() if name != "et-app-key"} | key
    for method, path in (("DELETE", ORDER), ("GET", ORDER), ("POST", "/token")):
        assert send(simulator, method, path, headers=headers) == (int(status), APP_KEY)
    assert status_of(simulator) is OrderStatus.PARTIALLY_FILLED


@pytest.mark.parametrize(
    "authorization", ["", "Bearer wrong", "simulated-session-token", "Basic simulated-session-token"]
)
def test_a_call_needs_a_valid_token(authorization: str) -> None:
    """As a bearer, and nothing else."""
    simulator = with_order()
    assert send(simulator, "DELETE", ORDER, headers={**KEY, "authorization": authorization}) == (401, DENIED)
    assert send(simulator, "GET", "/v1.0/users/@me/accounts", headers=KEY) == (401, DENIED)


def test_a_log_in_gives_a_token_that_expires_and_can_be_ended() -> None:
    """Single-Factor Authentication; a token of which nothing is heard for its lifetime is dead."""
    simulator = with_order(token_lifetime_s=10)
    status, answer = send(simulator, "POST", "/api/token", headers=USER)
    assert (status, set(answer), answer["State"]) == (200, {"State", "Token"}, "Succeeded")
    bearer = {**KEY, "authorization": f"Bearer {answer['Token']}"}
    assert send(simulator, "GET", ORDER, headers=bearer, now=9)[0] == 200
    assert send(simulator, "GET", ORDER, headers=bearer, now=20)[0] == 401
    _, again = send(simulator, "POST", "/token", headers=USER, now=20)
    bearer = {**KEY, "authorization": f"bearer {again['Token']}"}
    assert send(simulator, "GET", ORDER, headers=bearer, now=21)[0] == 200
    assert send(simulator, "POST", "/logout", headers=bearer, now=21) == (200, None)
    assert send(simulator, "GET", ORDER, headers=bearer, now=21)[0] == 401


@pytest.mark.parametrize("status", ["202", "200"])
def test_a_second_factor_is_asked_for(status: str) -> None:
    """Two-Factor Authentication: an interim token, which is good for one code and for nothing else."""
    simulator = with_order(second_factor=True, venue={"expecting_status": status})
    code, answer = send(simulator, "POST", "/token", headers=USER)
    token = answer.pop("Token")
    assert (code, answer) == (
        int(status),
        {"Step": "VerificationCode", "Reason": "Expecting confirmation code", "State": "Expecting"},
    )
    second = {**USER, "authorization": f"Bearer {token}", "verificationcode": "235991"}
    assert send(simulator, "GET", ORDER, headers=second)[0] == 401
    wrong = {"State": "Failed", "Step": "VerificationCode", "Reason": "Invalid confirmation code"}
    assert send(simulator, "POST", "/token", headers={**second, "verificationcode": "1"}) == (401, wrong)
    assert send(simulator, "POST", "/token", headers={**USER, "verificationcode": "235991"}) == (401, wrong)
    assert send(simulator, "POST", "/token", headers=second)[1]["State"] == "Succeeded"
    assert send(simulator, "POST", "/token", headers=second) == (401, wrong)


@pytest.mark.parametrize(
    "headers", [KEY, {**USER, "password": "x"}, {**USER, "username": "x"}], ids=["none", "password", "user"]
)
def test_a_wrong_log_in_fails(headers: dict[str, str]) -> None:
    """Swagger, Get_token, 401, examples."""
    failed = {"State": "Failed", "Step": "BaseAuthentication", "Reason": "Invalid credentials"}
    assert send(with_order(), "POST", "/token", headers=headers) == (401, failed)


@pytest.mark.parametrize("user", ["@me", "%40me", "81"])
def test_the_users_accounts_are_listed(user: str) -> None:
    """Swagger, UserAccounts_GetUserAccounts."""
    status, accounts = send(AutoSharesSimulator(), "GET", f"/v1.0/users/{user}/accounts")
    assert (status, [account["Id"] for account in accounts]) == (200, [9])


# --- cancels -----------------------------------------------------------------------------------------


def test_a_quick_cancel_is_received_before_it_acts() -> None:
    """204 at once; the order is PendingCancel, then Canceled."""
    simulator = with_order(cancel_delay_s=2)
    reply = simulator.handle(HttpRequest(method="DELETE", path=ORDER, headers=HEADERS), 1.0)
    assert (reply.delay_s, reply.response_at(1.0).status) == (0, 204)
    assert status_of(simulator) is OrderStatus.PENDING_CANCEL
    simulator.book.advance(3.0)
    assert status_of(simulator) is OrderStatus.CANCELED


def test_a_slow_cancel_is_answered_when_it_has_acted() -> None:
    """204 once the execution venue has canceled."""
    simulator = with_order(cancel_delay_s=2)
    reply = simulator.handle(HttpRequest(method="DELETE", path=SYNC, headers=HEADERS), 1.0)
    assert (reply.delay_s, status_of(simulator)) == (2, OrderStatus.PENDING_CANCEL)
    simulator.book.advance(3.0)
    assert (reply.response_at(3.0).status, status_of(simulator)) == (204, OrderStatus.CANCELED)


# What happens between receipt and effect: quick says 204 to all of it, slow says how it went.
MEANWHILE: dict[str, tuple[dict[str, Any], tuple[int, Any], OrderStatus]] = {
    "nothing": ({}, RECEIPT, OrderStatus.CANCELED),
    "it fills": ({"fill_before_cancel": True}, (409, None), OrderStatus.FILLED),
    "it fills in part": ({"fill_before_cancel": True, "fill_fraction": 0.5}, RECEIPT, OrderStatus.CANCELED),
    "the market refuses": ({"refuse_cancels_late": ["6500"]}, (409, None), OrderStatus.PARTIALLY_FILLED),
}


@pytest.mark.parametrize("delay_s", [0, 2])
@pytest.mark.parametrize(("behaviour", "slow", "status"), MEANWHILE.values(), ids=MEANWHILE)
def test_a_slow_cancel_tells_what_a_quick_one_does_not(
    behaviour: dict[str, Any], slow: tuple[int, Any], status: OrderStatus, delay_s: float
) -> None:
    """Cancel an Order: verified "by the API but not the execution venue", or by both."""
    for path, answer in ((ORDER, RECEIPT), (SYNC, slow)):
        simulator = with_order(cancel_delay_s=delay_s, **behaviour)
        assert send(simulator, "DELETE", path) == answer
        simulator.book.advance(delay_s)
        assert status_of(simulator) is status


def test_a_cancel_that_the_market_refused_shows_on_the_order() -> None:
    """Target: CancelReject, with the reason; a further cancel wipes it off."""
    simulator = with_order(refuse_cancels_late=True)
    send(simulator, "DELETE", ORDER)
    _, order = send(simulator, "GET", ORDER)
    assert (order["Status"], order["Target"], order["Description"]) == (
        "PartiallyFilled",
        "CancelReject",
        "Too late to cancel",
    )
    simulator.switch(refuse_cancels_late=False, cancel_delay_s=5)
    send(simulator, "DELETE", ORDER, now=1)
    _, order = send(simulator, "GET", ORDER, now=9)
    assert (order["Status"], order["Target"], "Description" in order) == ("Canceled", "Cancel", False)


@pytest.mark.parametrize("path", [ORDER, SYNC])
@pytest.mark.parametrize("status", [OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REPLACED])
@pytest.mark.parametrize(("word", "body"), [("empty", None), ("envelope", CONFLICT)])
def test_a_dead_order_is_a_conflict(path: str, status: OrderStatus, word: str, body: object) -> None:
    """Swagger: 409; the body is not documented."""
    simulator = AutoSharesSimulator(venue={"conflict_body": word})
    simulator.place(0.0, order_id="6500", status=status)
    assert send(simulator, "DELETE", path) == (409, body)
    assert send(simulator, "PUT", path, {"Quantity": 1}) == (409, body)
    assert status_of(simulator) is status


@pytest.mark.parametrize("order_id", ["99", "0", "6600"], ids=["none", "zero", "another account's"])
@pytest.mark.parametrize(
    ("word", "status", "body"),
    [("409", 409, None), ("404", 404, {"Message": "The order was not found."}), ("500", 500, UNEXPECTED)],
)
def test_an_unknown_order_is_answered_as_switched(
    order_id: str, word: str, status: int, body: object
) -> None:
    """No document tells which it is, neither for a cancel nor for a read."""
    simulator = with_order(venue={"unknown_order": word, "unknown_read": word})
    simulator.place(0.0, order_id="6600", account="10")
    path = f"{ACCOUNT}/orders/{order_id}"
    for method, tail in (("DELETE", ""), ("PUT", ""), ("GET", ""), ("GET", "/details")):
        assert send(simulator, method, path + tail, {}) == (status, body)
    assert status_of(simulator, "6600") is OrderStatus.NEW


def test_an_unknown_order_is_a_conflict_to_cancel_and_not_found_to_read() -> None:
    """What is likely, where nothing is switched."""
    assert send(with_order(), "DELETE", f"{ACCOUNT}/orders/1") == (409, None)
    assert send(with_order(), "GET", f"{ACCOUNT}/orders/1")[0] == 404


def test_a_silent_order_gets_no_answer() -> None:
    """And its cancel acts, or does not, as switched."""
    for acts, status in ((False, OrderStatus.PARTIALLY_FILLED), (True, OrderStatus.CANCELED)):
        simulator = with_order(silent_orders=["6500"], silent_acts=acts)
        assert simulator.handle(HttpRequest(method="DELETE", path=SYNC, headers=HEADERS), 0.0) == SILENCE
        assert status_of(simulator) is status


def test_a_linked_order_takes_its_sibling_along() -> None:
    """The newer pages: canceling one leg of an OCO cancels the other; both name the same parent."""
    simulator = with_order()
    simulator.place(0.0, order_id="6501", linked=("6500",))
    rows = [send(simulator, "GET", f"{ACCOUNT}/orders/{order_id}")[1] for order_id in ("6500", "6501")]
    assert [row["ParentId"] for row in rows] == [1_000_006_500] * 2
    assert send(simulator, "DELETE", SYNC) == RECEIPT
    assert status_of(simulator, "6501") is OrderStatus.CANCELED


def test_a_parent_of_large_id_is_still_of_31_bits() -> None:
    """Ids are int32."""
    simulator = AutoSharesSimulator()
    for order_id, linked in (("2147483646", ()), ("2147483647", ("2147483646",))):
        simulator.place(0.0, order_id=order_id, linked=linked)
    _, row = send(simulator, "GET", f"{ACCOUNT}/orders/2147483647")
    assert row["ParentId"] == 1_147_483_646


def test_legs_stand_within_their_parent() -> None:
    """Swagger, OrderResource, Legs; a leg names its parent, and canceling the parent cancels it."""
    simulator = with_order()
    simulator.place(0.0, order_id="6501", parent="6500")
    _, row = send(simulator, "GET", ORDER)
    assert [(leg["Id"], leg["ParentId"], leg["Status"]) for leg in row["Legs"]] == [(6501, 6500, "New")]
    send(simulator, "DELETE", ORDER)
    _, row = send(simulator, "GET", ORDER)
    assert [leg["Status"] for leg in row["Legs"]] == ["Canceled"]


def test_a_leg_that_a_lagging_read_does_not_see_is_left_out() -> None:
    """A read shows what was."""
    simulator = with_order(read_lag_s=5)
    simulator.place(8.0, order_id="6501", parent="6500", settled=False)
    assert send(simulator, "GET", ORDER, now=10)[1]["Legs"] == []
    assert len(send(simulator, "GET", ORDER, now=13)[1]["Legs"]) == 1


# Swagger, Orders_CancelOrder, Responses, and a 200 that is none
CANCEL_ANSWERS: dict[str, tuple[int, bool]] = {
    "400": (400, True),
    "401": (401, True),
    "403": (403, True),
    "404": (404, True),
    "409": (409, True),
    "422": (422, True),
    "429": (429, False),
    "500": (500, True),
    "200": (200, False),
    "200-object": (200, True),
    "200-refusal": (200, True),
}


@pytest.mark.parametrize(
    ("word", "status", "body"), [(w, *a) for w, a in CANCEL_ANSWERS.items()], ids=CANCEL_ANSWERS
)
@pytest.mark.parametrize("acts", ["no", "yes"])
def test_a_cancel_can_be_answered_otherwise_than_true(word: str, status: int, body: bool, acts: str) -> None:
    """And act, or not, whatever the answer."""
    simulator = with_order(venue={"cancel_answer": word, "cancel_acts": acts})
    for order_id in ("6500", "1"):
        code, answer = send(simulator, "DELETE", f"{ACCOUNT}/syncorders/{order_id}")
        assert (code, answer is not None) == (status, body)
    assert status_of(simulator) is (OrderStatus.CANCELED if acts == "yes" else OrderStatus.PARTIALLY_FILLED)


def test_pages_that_are_not_the_venues_can_stand_before_it() -> None:
    """A proxy's 503, and a sign-in page under 200."""
    for word, status in (("503", 503), ("html", 200)):
        simulator = with_order(venue={"cancel_answer": word, "read_answer": word})
        for method in ("DELETE", "GET"):
            reply = simulator.handle(
                HttpRequest(method=method, path=ORDER, headers=HEADERS), 0.0
            ).response_at(0)
            assert (reply.status, reply.headers["content-type"]) == (status, "text/html")


@pytest.mark.parametrize(
    ("case", "change"),
    [("plain", str), ("lower", str.lower), ("upper", str.upper)],
    ids=["plain", "lower", "upper"],
)
def test_the_keys_of_errors_come_in_any_case(case: str, change: Callable[[str], str]) -> None:
    """The documents write error, message, Message and Error.Code."""
    simulator = with_order(venue={"key_case": case, "conflict_body": "envelope"}, fill_before_cancel=True)
    assert [*send(simulator, "GET", "/nothing")[1]] == [change("Message")]
    _, version = send(simulator, "GET", "/v9/accounts/9/orders")
    assert [*version[change("Error")]] == [change("Code"), change("Message")]
    assert [*send(simulator, "DELETE", SYNC)[1]] == [change(key) for key in CONFLICT]


# --- replacements ------------------------------------------------------------------------------------


def test_a_replacement_takes_the_place_of_an_order() -> None:
    """Swagger, Orders_ReplaceOrder: the old one is Replaced, the new one names it by OrigClientId."""
    simulator = with_order()
    body = {"quantity": 5, "Price": 99.5, "ClientId": "second"}
    status, new = send(simulator, "PUT", ORDER, body)
    assert status == 200
    assert (new["ClientId"], new["OrigClientId"], new["Quantity"], new["Price"]) == (
        "second",
        "first",
        5,
        99.5,
    )
    assert send(simulator, "GET", ORDER)[1]["Status"] == "Replaced"


def test_the_venue_gives_a_client_id_where_the_router_gave_none() -> None:
    """Swagger, OrderResource, ClientId: "Assigned by OMS.": so a successor always names whom it follows."""
    simulator = AutoSharesSimulator()
    simulator.place(0.0, order_id="6500")
    _, new = send(simulator, "PUT", SYNC, {})
    assert (new["ClientId"], new["OrigClientId"]) == (f"oms-{new['Id']}", "oms-6500")


VALIDATION = {
    "Message": "Validation error occured while processing entity",
    "ModelState": {"modifyParams.Quantity": ["The field Quantity is invalid."]},
}


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        ({"Quantity": 0}, 422, VALIDATION),
        ({"Quantity": "5"}, 422, VALIDATION),
        ({"Price": True}, 422, VALIDATION),
        (b"{", 400, INVALID),
        (None, 400, INVALID),
        ([], 400, INVALID),
    ],
    ids=repr,
)
def test_a_replacement_that_cannot_be_is_refused(body: object, status: int, answer: object) -> None:
    """The old order works on."""
    simulator = with_order()
    assert send(simulator, "PUT", ORDER, body) == (status, answer)
    assert status_of(simulator) is OrderStatus.PARTIALLY_FILLED


# --- reads -------------------------------------------------------------------------------------------


def test_an_order_is_shown_as_documented() -> None:
    """Swagger, OrderResource: null keys left out, times with seven digits, numbers as numbers."""
    _, row = send(with_order(), "GET", ORDER, now=1.5)
    expected = {
        "Id": 6500,
        "ClientId": "first",
        "AccountId": 9,
        "Symbol": "AAPL",
        "Quantity": 10,
        "ExecutedQuantity": 3,
        "LeavesQuantity": 7,
        "AveragePrice": 100,
        "Status": "PartiallyFilled",
        "ParentId": -1,
        "Legs": [],
        "Date": "1970-01-01T00:00:00.0000000Z",
        "SettDate": "0001-01-01T00:00:00Z",
    }
    assert expected.items() <= row.items()
    assert None not in row.values()


def test_a_pending_new_order_has_nothing_left() -> None:
    """LeavesQuantity is 0 while PendingNew, and when dead."""
    for status in (OrderStatus.PENDING_NEW, OrderStatus.REJECTED):
        simulator = AutoSharesSimulator()
        simulator.place(0.0, order_id="6500", status=status)
        assert send(simulator, "GET", ORDER)[1]["LeavesQuantity"] == 0


@pytest.mark.parametrize("status", [status for status in OrderStatus if status is not OrderStatus.FILLED])
def test_every_status_has_its_name(status: OrderStatus) -> None:
    """The FIX name in one word; one that AutoShares has not is no name of its own."""
    simulator = AutoSharesSimulator()
    simulator.place(0.0, order_id="6500", status=status)
    name = send(simulator, "GET", ORDER)[1]["Status"]
    assert name == "".join(word[0].upper() + word[1:] for word in status.value.split())


def test_a_read_may_lag_and_a_sync_read_does_not() -> None:
    """Swagger, SyncOrders: "directly from the execution venue"."""
    simulator = with_order(read_lag_s=5)
    send(simulator, "DELETE", ORDER, now=10)
    assert send(simulator, "GET", ORDER, now=12)[1]["Status"] == "PartiallyFilled"
    assert send(simulator, "GET", SYNC, now=12)[1]["Status"] == "Canceled"
    assert (
        send(simulator, "GET", f"{ACCOUNT}/orders?pageNumber=0&pageSize=1", now=12)[1]["Result"][0]["Status"]
        == "PartiallyFilled"
    )
    assert send(simulator, "GET", ORDER, now=16)[1]["Status"] == "Canceled"


def test_details_are_a_row_for_each_change() -> None:
    """Swagger, OrderDetailsModel: the request to cancel, its refusal with the reason, a fill since."""
    simulator = with_order(cancel_delay_s=1, refuse_cancels_late=True)
    send(simulator, "DELETE", ORDER, now=1)
    simulator.book.advance(2)
    simulator.book.fill("6500", 3, Decimal(1))
    status, rows = send(simulator, "GET", f"{ORDER}/details", now=4)
    shown = [
        (row["ExecutionTarget"], row["Status"], row["IsRequest"], row["IsCompleted"], row["Date"])
        for row in rows
    ]
    assert (status, shown) == (
        200,
        [
            ("Execution", "PartiallyFilled", False, True, 0),
            ("Cancel", "PendingCancel", True, False, 1000),
            ("CancelReject", "PartiallyFilled", False, True, 2000),
            ("Execution", "PartiallyFilled", False, True, 3000),
        ],
    )
    assert [row["StateId"] for row in rows] == [1, 2, 3, 4]
    assert [row.get("RejectReason") for row in rows] == [None, None, "Too late to cancel", None]


def test_details_tell_who_canceled() -> None:
    """The number of the request that did it."""
    simulator = with_order()
    send(simulator, "DELETE", ORDER)
    _, rows = send(simulator, "GET", f"{ORDER}/details")
    assert rows[-1]["Login"] == "cancel 1"


# --- listings ----------------------------------------------------------------------------------------


def with_orders(count: int, **behaviour: Any) -> AutoSharesSimulator:
    simulator = AutoSharesSimulator(**behaviour)
    for number in range(1, count + 1):
        simulator.place(0.0, order_id=str(number))
    simulator.place(0.0, order_id="900", account="10")
    return simulator


def page(simulator: AutoSharesSimulator, query: str) -> tuple[list[int], str, str, int]:
    status, body = send(simulator, "GET", f"{ACCOUNT}/orders?{query}")
    assert status == 200
    return (
        [row["Id"] for row in body["Result"]],
        body["NextPageLink"],
        body["PreviousPageLink"],
        body["TotalCount"],
    )


def test_a_listing_comes_in_pages() -> None:
    """Get Filtered Orders: by id, upwards unless desc, with links to the next and the one before."""
    simulator, path = with_orders(5), f"{ACCOUNT}/orders"
    assert page(simulator, "pageNumber=0&pageSize=2&sortField=Id&desc=true") == (
        [5, 4],
        f"{path}?pageNumber=1&pageSize=2",
        "",
        5,
    )
    assert page(simulator, "PageNumber=2&pagesize=2") == ([5], "", f"{path}?pageNumber=1&pageSize=2", 5)
    assert page(simulator, "pageNumber=7&pageSize=100") == ([], "", "", 5)


def test_a_filter_chooses_by_status() -> None:
    """Status by number; Held has none, so no filter shows it."""
    simulator = with_orders(4)
    for order_id, status in (("2", OrderStatus.HELD), ("3", OrderStatus.SUSPENDED), ("4", OrderStatus.ERROR)):
        simulator.book.change(order_id, 0.0, status=status)
    shown = {
        "Status in (0,1,10)": [1],
        "status IN ( 9 , 15 )": [3, 4],
        f"Status in ({','.join(map(str, range(16)))})": [1, 3, 4],
    }
    for text, ids in shown.items():
        assert page(simulator, f"pageNumber=0&pageSize=100&filter={text.replace(' ', '%20')}")[0] == ids


BAD_QUERIES = {
    "no page": ("pageSize=10", INVALID),
    "no size": ("pageNumber=0", INVALID),
    "a page in words": ("pageNumber=one&pageSize=10", INVALID),
    "a page below the first": ("pageNumber=-1&pageSize=10", INVALID),
    "an empty page": ("pageNumber=0&pageSize=0", INVALID),
    "a page too large": ("pageNumber=0&pageSize=101", INVALID),
    "another order": ("pageNumber=0&pageSize=1&sortField=Shoe", INVALID),
    **{
        text: (
            f"pageNumber=0&pageSize=10&filter={text}",
            {"Message": "The filter query is invalid or contains unsupported operations."},
        )
        for text in ("Status%20in%20(16)", "Status%20in%20(New)", "Symbol='AAPL'", "Status%20in%20()")
    },
}


@pytest.mark.parametrize(("query", "body"), BAD_QUERIES.values(), ids=BAD_QUERIES)
def test_a_query_that_does_not_fit_is_refused(query: str, body: object) -> None:
    """Swagger, Orders_GetOrders: "The filter query is invalid or contains unsupported operations"."""
    assert send(with_orders(1), "GET", f"{ACCOUNT}/orders?{query}") == (400, body)


def test_a_listing_can_be_of_an_older_make() -> None:
    """A bare list, or a count of 0 and no link beside rows."""
    bare, uncounted = (with_orders(3, venue={"listing": word}) for word in ("bare", "uncounted"))
    _, rows = send(bare, "GET", f"{ACCOUNT}/syncorders?pageNumber=0&pageSize=2")
    assert [row["Id"] for row in rows] == [1, 2]
    assert page(uncounted, "pageNumber=0&pageSize=2") == ([1, 2], "", "", 0)


def test_pages_can_leave_out_the_dead() -> None:
    """Then a death between two reads shifts the pages: an order stands on none of them."""
    simulator = with_orders(5, venue={"dead_rows": "hidden"})
    assert page(simulator, "pageNumber=0&pageSize=2&desc=true")[0] == [5, 4]
    simulator.book.cancel("5", 0.0)
    rows, *_, count = page(simulator, "pageNumber=1&pageSize=2&desc=true")
    assert (rows, count) == ([2, 1], 4)  # 3 moved to the page that was read before
    assert page(simulator, "pageNumber=0&pageSize=9&filter=Status%20in%20(4)")[0] == [5]


OVERLAPS = {
    "two full pages and a rest": (6, 3, [[1, 2, 3], [3, 4, 5], [5, 6], []]),
    "nothing new on a third": (5, 3, [[1, 2, 3], [3, 4, 5], []]),
    "one page": (3, 3, [[1, 2, 3], []]),
    "no row": (0, 3, [[]]),
    "pages too small to overlap": (2, 1, [[1], [2], []]),
}


@pytest.mark.parametrize(("count", "size", "pages"), OVERLAPS.values(), ids=OVERLAPS)
def test_pages_can_show_a_row_twice(count: int, size: int, pages: list[list[int]]) -> None:
    """The first of a page is the last of the one before; what would show nothing new is empty."""
    simulator = with_orders(count, venue={"page_overlap": "yes"})
    read = [page(simulator, f"pageNumber={number}&pageSize={size}") for number in range(len(pages))]
    assert [rows for rows, *_ in read] == pages
    assert [bool(following) for _, following, *_ in read] == [*map(bool, pages[1:]), False]
    assert {total for *_, total in read} == {count}


def test_the_accounts_that_a_user_reaches() -> None:
    """The own one first, then those that are switched on; each can be asked for its orders."""
    simulator = AutoSharesSimulator(further_accounts=["10"])
    _, accounts = send(simulator, "GET", "/v1.0/users/@me/accounts")
    assert [account["Id"] for account in accounts] == [9, 10]
    status, listed = send(simulator, "GET", "/v1.0/accounts/10/orders?pageNumber=0&pageSize=9")
    assert (status, listed["Result"]) == (200, [])
    with pytest.raises(ConfigurationError, match="further_accounts: account must be a whole number"):
        AutoSharesSimulator(further_accounts=["main"])


# --- the class itself --------------------------------------------------------------------------------


def test_it_builds_the_venue_of_its_plugin() -> None:
    """With the right credentials, unless others are given."""
    simulator = AutoSharesSimulator()
    right = simulator.venue("http://127.0.0.1:1")
    assert right == AutoShares(
        "http://127.0.0.1:1", "simulated-application-key", auth=AccessToken("simulated-session-token")
    )
    other = simulator.venue("http://127.0.0.1:1", app_key="other", name="second", read_lag_s=0.5)
    assert (other.app_key, other.name, other.capabilities.read_lag_s) == ("other", "second", 0.5)


@pytest.mark.parametrize("fields", [{"order_id": "0"}, {"order_id": "2147483648"}, {"account": "mine"}])
def test_an_order_that_cannot_be_is_not_placed(fields: dict[str, str]) -> None:
    """Ids are numbers of 31 bits."""
    with pytest.raises(ValueError, match="from 1 to 2147483647"):
        AutoSharesSimulator().place(0.0, **fields)


def test_an_unknown_word_is_refused() -> None:
    """The error names the switch and its words."""
    with pytest.raises(ConfigurationError, match="conflict_body must be one of empty, envelope"):
        AutoSharesSimulator(venue={"conflict_body": "full"})


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]),
    path=st.lists(
        st.sampled_from(
            ["api", "v1.0", "accounts", "9", "orders", "6500", "details", "token", "users", "@me"]
        )
        | st.text(max_size=4),
        max_size=7,
    ).map(lambda parts: "/" + "/".join(parts)),
    query=st.text(max_size=20),
    content=st.binary(max_size=20),
)
@example(method="GET", path="//[", query="", content=b"")
@example(method="PUT", path=ORDER, query="", content=b'{"Quantity":1e40}')
def test_any_request_has_an_answer(method: str, path: str, query: str, content: bytes) -> None:
    """Never a fault of the simulator itself."""
    request = HttpRequest(method=method, path=f"{path}?{query}", headers=HEADERS, content=content)
    assert 200 <= with_order().handle(request, 0.0).response_at(0.0).status < 600
