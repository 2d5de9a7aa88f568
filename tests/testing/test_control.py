"""The control interface as values: what it takes, what it answers, and what it says of mistakes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from countermand import OrderStatus
from countermand.testing import FaultKind, Simulator, fault_from_word
from countermand.testing._control import control
from countermand.venue import HttpRequest


class Desk:
    """The control interface of one simulator, at a time that each request moves on by a second."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.now = 0.0

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        self.now += 1
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = control(self.simulator, HttpRequest(method=method, path=path, content=content), self.now)
        return response.status, json.loads(response.content)


@pytest.fixture
def desk(toy: type[Simulator]) -> Desk:
    return Desk(toy())


def test_order_is_placed_without_a_word(desk: Desk) -> None:
    """Every field is optional; ids and quantities are strings, the status has its FIX name."""
    assert desk.ask("POST", "/orders") == (
        200,
        {
            "order_id": "6500",
            "account": "9",
            "client_order_id": None,
            "entered_by": "81",
            "instrument": "TOY",
            "quantity": "10",
            "filled": "0",
            "remaining": "10",
            "price": "100",
            "average_price": None,
            "status": "New",
            "replaces": None,
            "replaced_by": None,
            "linked": [],
            "parent": None,
            "canceled_by": None,
            "cancel_rejected": False,
            "placed_at": 1.0,
            "changed_at": 1.0,
        },
    )


def test_order_is_placed_as_told(desk: Desk) -> None:
    """Each field can be given, ids and quantities as strings or as numbers, exactly."""
    desk.ask("POST", "/orders", {"order_id": "1", "status": "Held"})
    desk.ask("POST", "/orders", {"order_id": "2", "account": None})
    given = {
        "account": "10",
        "order_id": "7771631881502002117",
        "client_order_id": "8",
        "instrument": "ETH",
        "quantity": "1.0000000000000000000000000001",
        "filled": "0.5",
        "price": "3",
        "average_price": "2.9",
        "status": "Suspended",
        "replaces": "1",
        "linked": ["2"],
        "parent": "2",
    }
    status, placed = desk.ask("POST", "/orders", given)
    assert status == 200
    assert {name: placed[name] for name in given} == given
    as_numbers = b'{"order_id": 7771631881502002118, "client_order_id": 9, "quantity": 0.1, "filled": 0.1}'
    _, placed = desk.ask("POST", "/orders", as_numbers)
    assert (placed["order_id"], placed["client_order_id"]) == ("7771631881502002118", "9")
    assert (placed["quantity"], placed["status"]) == ("0.1", "Filled")


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "/orders", b"{", "the body must be JSON: "),
        ("POST", "/orders", b"[" * 100_000, "the body must be JSON: "),
        ("POST", "/orders", b"\xff", "the body must be JSON: "),
        ("POST", "/orders", [], "the body must be a JSON object, got list"),
        ("POST", "/orders", {"order": "1"}, "no field 'order'; there are: account, order_id, "),
        ("POST", "/orders", {"account": ""}, "account must be a string that is not empty, got ''"),
        ("POST", "/orders", {"account": True}, "account must be a string that is not empty, got True"),
        (
            "POST",
            "/orders",
            {"quantity": "much"},
            "quantity must be a number, as a string or as it is, got 'much'",
        ),
        (
            "POST",
            "/orders",
            {"quantity": True},
            "quantity must be a number, as a string or as it is, got True",
        ),
        (
            "POST",
            "/orders",
            b'{"quantity": NaN}',
            "quantity must be a number, as a string or as it is, got nan",
        ),
        (
            "POST",
            "/orders",
            {"quantity": "inf"},
            "quantity must be a number, as a string or as it is, got 'inf'",
        ),
        ("POST", "/orders", {"quantity": -1}, "quantity must be a positive number, got -1"),
        ("POST", "/orders", {"status": "Working"}, "status must be one of New, Partially Filled, "),
        ("POST", "/orders", {"status": ["New"]}, "status must be one of New, "),
        ("POST", "/orders", {"linked": "1"}, "linked must be a list of order ids, got '1'"),
        ("POST", "/orders", {"linked": [None]}, "linked must be a string that is not empty, got [None]"),
        ("POST", "/orders", {"order_id": "x"}, "order_id must be a number, got 'x'"),
        ("PUT", "/orders/6500", {"price": "1"}, 'price can be set only along with "replace": true'),
        ("PUT", "/orders/6500", {"replace": "yes"}, "replace must be true or false, got 'yes'"),
        ("PUT", "/orders/6500", {"account": "1"}, "no field 'account'; there are: filled, status, replace, "),
        ("PUT", "/orders/6500", {"filled": "11"}, "a fill must be above 0 and at most 10, got 11"),
        ("PUT", "/behaviour", {"delay": 1}, "no switch 'delay'; there are: cancel_delay_s, "),
        ("PUT", "/behaviour", {"read_lag_s": "1"}, "read_lag_s must be a number of seconds, got '1'"),
        (
            "PUT",
            "/behaviour",
            {"venue": {"manners": "no"}},
            "venue.manners must be one of polite, rude, got 'no'",
        ),
    ],
)
def test_mistake_is_told_by_its_key(desk: Desk, method: str, path: str, body: object, message: str) -> None:
    """A bad request says which key, what was expected and what came, and changes nothing."""
    desk.simulator.place(0.0)
    before = (desk.simulator.book.orders(), desk.simulator.behaviour)
    status, answer = desk.ask(method, path, body)
    assert status == 400
    assert answer["error"].startswith(message)
    assert (desk.simulator.book.orders(), desk.simulator.behaviour) == before


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/", 404, "nothing at '/'; there are: /orders, /orders/{id}, /behaviour, "),
        ("GET", "", 404, "nothing at ''"),
        ("GET", "/order", 404, "nothing at '/order'"),
        ("GET", "/requests/1", 404, "nothing at '/requests/1'"),
        ("GET", "/orders/1", 404, "no order '1' in the book"),
        ("PUT", "/orders/1", 404, "no order '1' in the book"),
        ("DELETE", "/orders", 405, "DELETE is not for '/orders'; it takes GET, POST"),
        ("GET", "/reset", 405, "GET is not for '/reset'; it takes POST"),
    ],
)
def test_wrong_turn_is_told_the_way(desk: Desk, method: str, path: str, status: int, message: str) -> None:
    """What is not there, or not done so, is answered with what is."""
    answered, answer = desk.ask(method, path)
    assert (answered, answer["error"].startswith(message)) == (status, True)


def test_refused_method_names_the_others_in_a_header(toy: type[Simulator]) -> None:
    """A 405 has the header that HTTP asks of it."""
    response = control(toy(), HttpRequest(method="PATCH", path="/orders/1"), 0.0)
    assert response.headers["allow"] == "GET, PUT"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"filled": "4"}, ("Partially Filled", "4", None), id="fill"),
        pytest.param({"filled": 10}, ("Filled", "10", None), id="whole-fill"),
        pytest.param({"status": "Filled"}, ("Filled", "10", None), id="filled-by-status"),
        pytest.param({"filled": "10", "status": "Filled"}, ("Filled", "10", None), id="both"),
        pytest.param({"status": "Canceled"}, ("Canceled", "2", "control"), id="rival-cancel"),
        pytest.param(
            {"filled": "4", "status": "Canceled"}, ("Canceled", "4", "control"), id="fill-and-cancel"
        ),
        pytest.param({"status": "Suspended"}, ("Suspended", "2", None), id="other-status"),
        pytest.param({}, ("Partially Filled", "2", None), id="nothing"),
    ],
)
def test_order_is_changed_from_outside(desk: Desk, change: object, expected: tuple[object, ...]) -> None:
    """The control interface fills, cancels and changes as a market or a rival would."""
    desk.ask("POST", "/orders", {"filled": "2"})
    status, order = desk.ask("PUT", "/orders/6500", change)
    assert status == 200
    assert (order["status"], order["filled"], order["canceled_by"]) == expected
    assert desk.ask("GET", "/orders/6500") == (200, order)


@pytest.mark.parametrize("change", [{"status": "Canceled"}, {"status": "Filled"}, {"replace": True}])
def test_dead_order_is_not_changed(desk: Desk, change: object) -> None:
    """What cannot happen to a dead order is refused from outside, too."""
    desk.ask("POST", "/orders", {"status": "Expired"})
    status, answer = desk.ask("PUT", "/orders/6500", change)
    assert (status, answer["error"].startswith("order '6500' is Expired: it cannot be ")) == (400, True)


def test_order_is_replaced_from_outside(desk: Desk) -> None:
    """A replacement is answered; the old order says by which one."""
    desk.ask("POST", "/orders", {"filled": "2", "client_order_id": "7"})
    _, new = desk.ask("PUT", "/orders/6500", {"replace": True, "order_id": "7000", "quantity": "5"})
    assert (new["order_id"], new["replaces"], new["quantity"], new["client_order_id"]) == (
        "7000",
        "6500",
        "5",
        "7",
    )
    _, (old, _new) = desk.ask("GET", "/orders")
    assert (old["status"], old["replaced_by"], old["filled"]) == ("Replaced", "7000", "2")
    assert desk.ask("PUT", "/orders/7000", {"replace": True, "order_id": "x"})[0] == 400


def test_book_is_listed_by_account(desk: Desk) -> None:
    """The book is listed whole, or for one account."""
    for account in ("9", "10", "9"):
        desk.ask("POST", "/orders", {"account": account})
    assert [order["order_id"] for order in desk.ask("GET", "/orders")[1]] == ["6500", "6501", "6502"]
    assert [order["order_id"] for order in desk.ask("GET", "/orders?account=9")[1]] == ["6500", "6502"]


def test_book_is_shown_as_it_is_now(desk: Desk) -> None:
    """What is due has happened before the book is shown."""
    simulator = desk.simulator
    simulator.switch(cancel_delay_s=2, read_lag_s=9)
    simulator.place(0.0)
    simulator.handle(HttpRequest(method="DELETE", path="/orders/6500"), 0.0)
    shown = [desk.ask("GET", "/orders/6500")[1] for _ in range(2)]
    assert [order["status"] for order in shown] == ["Pending Cancel", "Canceled"]
    assert shown[1]["canceled_by"] == "cancel 1"


def test_behaviour_is_shown_and_switched(desk: Desk) -> None:
    """A switch is answered with the whole behaviour, which can be put back as it is."""
    _, before = desk.ask("GET", "/behaviour")
    status, after = desk.ask("PUT", "/behaviour", {"cancel_delay_s": 0.25, "venue": {"manners": "rude"}})
    assert status == 200
    assert after == {**before, "cancel_delay_s": 0.25, "venue": {"manners": "rude"}}
    assert desk.simulator.behaviour.cancel_delay_s == 0.25
    assert desk.ask("PUT", "/behaviour", before | {"venue": {"manners": "polite"}})[1]["cancel_delay_s"] == 0


def test_requests_are_shown_in_order(desk: Desk) -> None:
    """What a router sent is shown; what was asked of the control interface is not."""
    desk.simulator.place(0.0)
    desk.simulator.handle(HttpRequest(method="DELETE", path="/orders/6500", content=b"{}"), 3.0)
    arrived = {"number": 1, "at": 3.0, "method": "DELETE", "path": "/orders/6500", "content": "{}"}
    arrived |= {"fault": None, "acted_at": 3.0}
    assert desk.ask("GET", "/requests") == (200, [arrived])


def test_tokens_expire_on_demand(desk: Desk) -> None:
    """A session ends when a test says so."""
    assert desk.ask("POST", "/expire-tokens") == (200, {})
    assert not desk.simulator.token_valid(desk.simulator.credentials.session_token, 1.0)


def test_reset_empties_the_book(desk: Desk) -> None:
    """A test suite begins each test anew."""
    desk.ask("POST", "/orders")
    desk.ask("PUT", "/behaviour", {"second_factor": True})
    assert desk.ask("POST", "/reset") == (200, {})
    assert desk.ask("GET", "/orders") == (200, [])
    assert not desk.simulator.behaviour.second_factor


@pytest.mark.parametrize("status", OrderStatus)
def test_every_status_can_be_given(desk: Desk, status: OrderStatus) -> None:
    """An order can be placed in every status of the model."""
    fields = {"status": status.value} | ({"filled": 1} if status is OrderStatus.PARTIALLY_FILLED else {})
    assert desk.ask("POST", "/orders", fields)[1]["status"] == status.value


RESET = {"kind": "reset", "point": "after", "delay_s": 1.0, "retry_after_s": None}
LATE = {"kind": "late", "point": "after", "delay_s": 0.5, "retry_after_s": None}


def test_faults_are_scripted_and_given_at_rates(desk: Desk) -> None:
    """As words or as objects; what is answered can be sent again."""
    given = {
        "script": {"cancel": ["reset:after", None, {"kind": "late", "delay_s": 0.5}]},
        "rates": [{"rate": 0.25, "seed": 7, "calls": ["read", "trail"], "faults": ["reset:after", RESET]}],
    }
    expected = {
        "script": {"cancel": [RESET, None, LATE]},
        "rates": [{"rate": 0.25, "seed": 7, "calls": ["read", "trail"], "faults": [RESET]}],
    }
    assert desk.ask("PUT", "/faults", given) == (200, {**expected, "met": []})
    assert desk.ask("GET", "/faults") == (200, {**expected, "met": []})
    assert desk.ask("PUT", "/faults", expected) == (200, {**expected, "met": []})


def test_a_rate_alone_means_all_faults_at_all_calls(desk: Desk) -> None:
    """What is left out is everything, and seed 0."""
    _, answer = desk.ask("PUT", "/faults", {"rates": [{"rate": 1}]})
    (rate,) = answer["rates"]
    assert (rate["rate"], rate["seed"], len(rate["calls"])) == (1, 0, 8)
    assert {fault["kind"] for fault in rate["faults"]} == {kind.value for kind in FaultKind}


def test_faults_that_were_met_are_told(desk: Desk) -> None:
    """By the number of their request; clearing ends what is to come."""
    desk.simulator.faults.met.append((3, "cancel", fault_from_word("reset:after")))
    desk.ask("PUT", "/faults", {"script": {"read": ["500"]}})
    assert desk.ask("DELETE", "/faults") == (
        200,
        {"script": {}, "rates": [], "met": [{"number": 3, "call": "cancel", "fault": RESET}]},
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"scripts": {}}, "no field 'scripts'; there are: script, rates"),
        ({"script": []}, "script must be an object, got []"),
        ({"script": {"cancel": "reset"}}, "a script must be a list, got 'reset'"),
        ({"script": {"cancel": [1]}}, "a fault must be an object, got 1"),
        ({"script": {"cancel": [{}]}}, "kind must be one of reset, close, "),
        (
            {"script": {"cancel": [{"kind": "reset", "at": "after"}]}},
            "no field 'at' of a fault; there are: kind",
        ),
        ({"script": {"cancel": [{"kind": "reset", "point": None}]}}, "point must be one of before, after, "),
        ({"script": {"cancel": ["tls:after"]}}, "no fault tls:after; tls can come: before"),
        ({"script": {"order": ["tls"]}}, "no call 'order'; there are: cancel, "),
        ({"rates": {}}, "rates must be a list, got {}"),
        ({"rates": [1]}, "a rate must be an object, got 1"),
        ({"rates": [{}]}, "rate must be a number from 0 to 1, got None"),
        ({"rates": [{"rate": 1, "call": "read"}]}, "no field 'call' of a rate; there are: rate, seed, calls"),
        ({"rates": [{"rate": 1, "seed": "7"}]}, "seed must be a whole number, got '7'"),
        ({"rates": [{"rate": 1, "calls": "read"}]}, "calls must be a list, got 'read'"),
        ({"rates": [{"rate": 1, "calls": [[]]}]}, "no call []; there are: "),
    ],
)
def test_mistaken_faults_are_told_and_change_nothing(desk: Desk, body: object, message: str) -> None:
    """Those that were to come still come."""
    desk.ask("PUT", "/faults", {"script": {"cancel": [RESET]}})
    status, answer = desk.ask("PUT", "/faults", body)
    assert (status, answer["error"][: len(message)]) == (400, message)
    assert desk.ask("GET", "/faults")[1]["script"] == {"cancel": [RESET]}
