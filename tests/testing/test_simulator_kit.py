"""What the kit gives to whoever writes a simulator: a small venue's, whole, and what it can do."""

from __future__ import annotations

import ast
import inspect
import json
import urllib.request
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

from countermand import OrderStatus
from countermand.testing import (
    CALLS,
    EVERY_FAULT,
    Answers,
    Ask,
    Asked,
    FaultKind,
    Pages,
    RefusalError,
    Reply,
    Route,
    SimulatedCredentials,
    SimulatedOrder,
    Simulator,
    cut_after,
    fault_from_word,
    json_response,
    running,
)
from countermand.venue import HttpRequest, HttpResponse, Venue

# --- the simulator of Acme ---------------------------------------------------------------------------


def refused(status: int, text: str) -> HttpResponse:
    """Answer with Acme's error."""
    return json_response({"code": status * 100, "message": text}, status)


def show(order: SimulatedOrder) -> dict[str, object]:
    """Write an order."""
    return {
        "id": order.order_id,
        "account": order.account,
        "status": order.status.value,
        "qty": order.quantity,
        "filled_qty": order.filled,
        "replaced_by": order.replaced_by,
    }


def log_in(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer POST /token."""
    user, password, code, interim = map(ask.text, ("user", "password", "code", "interim"))
    grant = simulator.begin_session(now, user=user, password=password, code=code, interim=interim)
    return json_response({"interim" if grant.wants_code else "token": grant.token})


def log_out(simulator: Simulator, ask: Ask, _now: float) -> HttpResponse:
    """Answer DELETE /token."""
    simulator.tokens.revoke(ask.bearer or "")
    return HttpResponse(status=204)


def cancel(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer DELETE of an order."""
    return simulator.accept_cancel(simulator.true_order(ask), now)


def cancel_all(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer DELETE of an account's orders: each with a status of its own."""
    orders = simulator.book.open_orders(ask.named["account"])
    rows = [{"id": order.order_id, "status": 200} for order in orders]
    return simulator.accept_cancels(orders, now, json_response(rows, 207))


def read(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer GET of an order."""
    return json_response(show(simulator.shown_order(ask, now)))


def trail(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer GET of an order's events."""
    return json_response([show(state) for state in simulator.shown_states(ask, now)])


def list_orders(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer GET of an account's orders, a page behind an order."""
    shown = simulator.shown_open if call_of_listing(ask) == "open" else simulator.shown_orders
    page = cut_after(shown(ask, now), ask.query.get("after"), int(ask.query.get("limit", "50")))
    return json_response([show(order) for order in page])


def list_accounts(simulator: Simulator, _ask: Ask, _now: float) -> HttpResponse:
    """Answer GET /accounts."""
    return json_response(simulator.accounts)


def call_of_listing(ask: Ask) -> str:
    """Tell a listing of open orders by its query."""
    return "open" if ask.query.get("status") == "open" else "history"


class AcmeSimulator(Simulator):
    """Acme in memory; order ids are UUIDs."""

    name = "acme"
    answers = Answers.shaped(refused, received=HttpResponse(status=204), not_open=refused(422, "not open"))
    shapes: ClassVar = {"404": answers.unknown_order, "429": answers.throttled}
    routes: ClassVar[tuple[Route, ...]] = (
        Route("POST", "/token", call="log-in", answer=log_in, public=True),
        Route("DELETE", "/token", call="log-out", answer=log_out),
        Route("GET", "/accounts", call="accounts", answer=list_accounts),
        Route("GET", "/accounts/{account}/orders", call=call_of_listing, answer=list_orders),
        Route("DELETE", "/accounts/{account}/orders", call="mass-cancel", answer=cancel_all),
        Route("GET", "/accounts/{account}/orders/{order_id}", call="read", answer=read),
        Route("DELETE", "/accounts/{account}/orders/{order_id}", call="cancel", answer=cancel),
        Route("GET", "/accounts/{account}/orders/{order_id}/events", call="trail", answer=trail),
    )

    def new_order_id(self, number: int) -> str:
        """Return a UUID."""
        return str(uuid.UUID(int=number))

    def check_order(self, fields: Any) -> None:
        """Raise `ValueError` for an id that is none of Acme's."""
        uuid.UUID(fields.get("order_id") or self.new_order_id(0))

    def venue(
        self, base_url: str, *, credentials: SimulatedCredentials | None = None, **settings: Any
    ) -> Venue:
        """Refuse: this Acme has no plugin."""
        raise NotImplementedError


# --- what it can do ----------------------------------------------------------------------------------

FIRST, SECOND, THIRD = (str(uuid.UUID(int=number)) for number in (6500, 6501, 6502))
ORDERS = "/accounts/9/orders"
BEARER = {"authorization": "Bearer simulated-session-token"}


def acme(orders: int = 1, **behaviour: Any) -> AcmeSimulator:
    """Make an Acme with open orders."""
    simulator = AcmeSimulator(**behaviour)
    for _ in range(orders):
        simulator.place(0.0)
    return simulator


def request_of(method: str, path: str, body: object = None, headers: dict[str, str] = BEARER) -> HttpRequest:
    """Write a call as it arrives."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpRequest(method=method, path=path, headers=headers, content=content)


def send(simulator: Simulator, method: str, path: str, body: object = None, **rest: Any) -> tuple[int, Any]:
    """Send a call and return status and JSON."""
    now = rest.pop("now", 1.0)
    response = simulator.handle(request_of(method, path, body, **rest), now).response_at(now)
    return response.status, json.loads(response.content) if response.content else None


def code_lines(source: str) -> int:
    """Count the lines that are neither blank nor comment nor docstring."""
    documented = (ast.FunctionDef, ast.ClassDef)
    docstrings = [
        node.body[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    ]
    told = {line for one in docstrings for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)}
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in told
        for number, line in enumerate(source.splitlines(), 1)
    )


def test_a_whole_simulator_is_short() -> None:
    """That of Acme has fewer than 100 lines of code, with a line for each name that it imports."""
    text = Path(inspect.getsourcefile(AcmeSimulator) or "").read_text()
    simulator = "#" + text.partition("# --- the simulator of Acme")[2].partition("# --- what it can do")[0]
    used = {node.id for node in ast.walk(ast.parse(simulator)) if isinstance(node, ast.Name)}
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {alias.name for node in imports for alias in node.names}
    assert {"Simulator", "Route"} <= imported & used
    assert 50 < code_lines(simulator) + len(imported & used) < 100


def test_a_cancel_goes_by_the_book() -> None:
    """An open order is canceled; a dead, an unknown and somebody else's is not."""
    simulator = acme()
    other = simulator.place(0.0, account="13").order_id
    assert send(simulator, "DELETE", f"{ORDERS}/{FIRST}") == (204, None)
    assert simulator.book.order(FIRST).canceled_by == "cancel 1"
    assert send(simulator, "DELETE", f"{ORDERS}/{FIRST}") == (422, {"code": 42200, "message": "not open"})
    for unknown in (SECOND, THIRD, other):
        assert send(simulator, "DELETE", f"{ORDERS}/{unknown}")[0] == 404
    assert simulator.book.order(other).status is OrderStatus.NEW


def test_reads_are_as_old_as_their_lag() -> None:
    """An order, its events, the open ones and all of them, each as it was then."""
    simulator = acme(3, read_lag_s=5.0)
    send(simulator, "DELETE", f"{ORDERS}/{SECOND}", now=10.0)
    late = simulator.place(10.0, settled=False).order_id

    def told(now: float) -> tuple[Any, ...]:
        reads = (f"/{SECOND}", f"/{SECOND}/events", "?status=open", "")
        order, events, still_open, known = (
            send(simulator, "GET", ORDERS + read, now=now)[1] for read in reads
        )
        return order["status"], len(events), [row["id"] for row in still_open], [row["id"] for row in known]

    assert told(14.0) == ("New", 1, [FIRST, SECOND, THIRD], [FIRST, SECOND, THIRD])
    assert send(simulator, "GET", f"{ORDERS}/{late}", now=14.0)[0] == 404
    assert told(15.0) == ("Canceled", 3, [FIRST, THIRD, late], [FIRST, SECOND, THIRD, late])


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("?limit=2", [FIRST, SECOND]),
        (f"?limit=2&after={SECOND}", [THIRD]),
        (f"?after={THIRD}", []),
        ("?after=nothing", []),
    ],
)
def test_a_listing_is_cut_behind_an_order(query: str, ids: list[str]) -> None:
    """In the order of placing, whatever the ids look like."""
    assert [row["id"] for row in send(acme(3), "GET", ORDERS + query)[1]] == ids


def test_a_mass_cancel_takes_the_open_orders_of_its_account() -> None:
    """And no other's; one that an earlier one of the same call took along is not canceled twice."""
    simulator = acme(2)
    simulator.place(0.0, linked=(FIRST,))
    other = simulator.place(0.0, account="10").order_id
    status, rows = send(simulator, "DELETE", ORDERS)
    assert (status, [row["id"] for row in rows]) == (207, [FIRST, SECOND, THIRD])
    assert [order.order_id for order in simulator.book.open_orders()] == [other]
    assert send(simulator, "DELETE", ORDERS) == (207, [])


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        pytest.param("GET", "/elsewhere", BEARER, 404, id="no route"),
        pytest.param("GET", ORDERS + "/", BEARER, 404, id="an empty segment names nothing"),
        pytest.param("GET", ORDERS.upper(), BEARER, 404, id="another case"),
        pytest.param("PATCH", ORDERS, BEARER, 405, id="no such method"),
        pytest.param("GET", ORDERS, {}, 401, id="no token"),
        pytest.param("GET", ORDERS, {"authorization": "Basic x"}, 401, id="no bearer"),
        pytest.param("GET", "/accounts/13/orders", BEARER, 403, id="somebody else's account"),
        pytest.param("GET", "/accounts/77/orders", BEARER, 404, id="an account nobody has"),
        pytest.param("GET", "/accounts/10/orders", BEARER, 200, id="an account that has orders"),
    ],
)
def test_access_is_checked_for_every_call(
    method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """In the venue's own shape."""
    simulator = acme()
    simulator.place(0.0, account="10")
    code, answer = send(simulator, method, path, headers=headers)
    assert code == status
    assert status == 200 or answer["code"] == status * 100


def test_a_log_in_gives_a_session() -> None:
    """With a second factor where one is wanted; it can be ended, and it expires."""
    simulator = acme(token_lifetime_s=10.0)
    user = {"user": "router", "password": "simulated-password"}
    status, answer = send(simulator, "POST", "/token", user, headers={})
    assert (status, list(answer)) == (200, ["token"])
    bearer = {"authorization": f"Bearer {answer['token']}"}
    assert send(simulator, "GET", "/accounts", headers=bearer) == (200, ["9"])
    assert send(simulator, "DELETE", "/token", headers=bearer) == (204, None)
    assert send(simulator, "GET", "/accounts", headers=bearer)[0] == 401
    assert send(simulator, "POST", "/token", {**user, "password": "x"}, headers={})[0] == 401
    assert send(simulator, "POST", "/token", [7], headers={})[0] == 400
    simulator.switch(second_factor=True)
    status, answer = send(simulator, "POST", "/token", user, headers={})
    assert (status, list(answer)) == (200, ["interim"])
    second = {**user, "interim": answer["interim"]}
    assert send(simulator, "POST", "/token", {**second, "code": "1"}, headers={})[0] == 401
    assert send(simulator, "POST", "/token", {**user, "code": "235991"}, headers={})[0] == 401
    assert "token" in send(simulator, "POST", "/token", {**second, "code": 235991}, headers={})[1]


def calls_of() -> dict[str, HttpRequest]:
    """Write each call that can break, by its name."""
    return {
        "cancel": request_of("DELETE", f"{ORDERS}/{FIRST}"),
        "mass-cancel": request_of("DELETE", ORDERS),
        "read": request_of("GET", f"{ORDERS}/{FIRST}"),
        "trail": request_of("GET", f"{ORDERS}/{FIRST}/events"),
        "open": request_of("GET", f"{ORDERS}?status=open"),
        "history": request_of("GET", ORDERS),
        "accounts": request_of("GET", "/accounts"),
        "log-in": request_of("POST", "/token", {"user": "router", "password": "simulated-password"}),
    }


def test_calls_and_what_they_name_follow_from_the_routes() -> None:
    """Every call that can break is known; so is the same read for another order."""
    simulator = acme()
    assert list(calls_of()) == list(CALLS)
    for name, request in calls_of().items():
        assert simulator.call_of(request) == name
        asked = simulator.asked_of(request)
        assert asked.account == (None if name in ("accounts", "log-in") else "9")
        assert asked.order_id == (FIRST if name in ("cancel", "read", "trail") else None)
    assert simulator.call_of(request_of("GET", "/elsewhere")) is None
    assert simulator.asked_of(request_of("GET", "/elsewhere")) == Asked()
    assert simulator.asking_for(calls_of()["trail"], SECOND).path == f"{ORDERS}/{SECOND}/events"
    assert simulator.asking_for(calls_of()["read"], "a/b?c").path == f"{ORDERS}/a%2Fb%3Fc"


@pytest.mark.parametrize("call", CALLS)
def test_every_fault_is_met_with_acmes_words(call: str) -> None:
    """Whatever breaks, at whatever call: the answer, if any comes, is none of another venue's."""
    for fault in EVERY_FAULT:
        if call in fault.calls:
            simulator = acme(cancel_delay_s=0.5)
            simulator.faults.script(call, fault)
            reply = simulator.handle(calls_of()[call], 1.0)
            assert len(simulator.faults.met) == 1
            assert reply.response is not None or reply.wire is not None
            if fault.kind in WORDED:
                assert [word.status for word in simulator.words(fault.kind, call)] == [WORDED[fault.kind]]


#: The status of the words that follow from Acme's answers.
WORDED = {
    FaultKind.CONTRADICTORY: 200,
    FaultKind.SERVER_ERROR: 500,
    FaultKind.UNAUTHORIZED: 401,
    FaultKind.THROTTLED: 429,
    FaultKind.THROTTLED_UNTIL: 429,
    FaultKind.HALF: 204,
    FaultKind.TRUNCATED: 200,
    FaultKind.UNAVAILABLE: 503,
}


def test_words_follow_from_the_answers() -> None:
    """A contradiction is a refusal under the status of success; without one the kit has its own."""
    simulator = acme()
    (contradiction,) = simulator.words(FaultKind.CONTRADICTORY, "cancel")
    assert json.loads(contradiction.content)["message"] == "not open"
    (contradiction,) = simulator.words(FaultKind.CONTRADICTORY, "log-in")
    assert json.loads(contradiction.content)["message"] == "Unauthorized"
    for not_open in (HttpResponse(status=409), json_response({"ok": False})):

        class Odd(AcmeSimulator):
            answers = attrs.evolve(AcmeSimulator.answers, not_open=not_open, received=json_response(7))
            own_words: ClassVar = {(FaultKind.HALF, "read"): (HttpResponse(status=299),)}

        (contradiction,) = Odd().words(FaultKind.CONTRADICTORY, "cancel")
        assert json.loads(contradiction.content) == {"success": True, "error": "refused"}
        assert Odd().words(FaultKind.TRUNCATED, "cancel") == (json_response(7),)
        assert [Odd().words(FaultKind.HALF, call)[0].status for call in ("read", "cancel")] == [299, 200]


@pytest.mark.parametrize("orders", [1, 2])
def test_another_order_is_shown_or_invented(orders: int) -> None:
    """The book's other one, or one that never was, with an id as the venue's are."""
    simulator = acme(orders)
    simulator.faults.script("read", fault_from_word("other-order"))
    _, row = send(simulator, "GET", f"{ORDERS}/{FIRST}")
    assert (row["id"], row["status"]) == (
        (SECOND, "New") if orders == 2 else (str(uuid.UUID(int=1)), "Canceled")
    )


def test_an_invented_order_is_another_one() -> None:
    """Also for the order whose id would have been invented."""
    simulator = acme(0)
    simulator.place(0.0, order_id=str(uuid.UUID(int=1)))
    simulator.faults.script("read", fault_from_word("other-order"))
    assert send(simulator, "GET", f"{ORDERS}/{uuid.UUID(int=1)}")[1]["id"] == str(uuid.UUID(int=2))


def test_ids_are_the_venues_own() -> None:
    """One that was given is passed over; one that is none is refused."""
    simulator = acme(0)
    simulator.place(0.0, order_id=FIRST)
    assert [simulator.place(0.0).order_id for _ in range(2)] == [SECOND, THIRD]
    with pytest.raises(ValueError, match="badly formed"):
        simulator.place(0.0, order_id="6500")


def test_shapes_give_switches() -> None:
    """What is answered instead of the truth, to cancels of one and of many and to reads."""
    simulator = acme(2)
    words = ("plain", "404", "429")
    assert simulator.switches == {
        "cancel_answer": words,
        "cancel_acts": ("no", "yes"),
        "mass_answer": words,
        "read_answer": words,
    }
    simulator.switch(venue={"cancel_answer": "404", "mass_answer": "429", "read_answer": "404"})
    for call, status in (("cancel", 404), ("mass-cancel", 429), ("read", 404), ("open", 404)):
        assert simulator.handle(calls_of()[call], 1.0).response_at(1.0).status == status
    assert simulator.handle(calls_of()["accounts"], 1.0).response_at(1.0).status == 200
    assert len(simulator.book.open_orders()) == 2
    simulator.switch(venue={"cancel_acts": "yes"})
    assert simulator.handle(calls_of()["cancel"], 1.0).response_at(1.0).status == 404
    assert [order.order_id for order in simulator.book.open_orders()] == [SECOND]
    assert simulator.handle(calls_of()["mass-cancel"], 1.0).response_at(1.0).status == 429
    assert simulator.book.open_orders() == ()


def test_it_is_served_with_its_control_interface() -> None:
    """In any language: placed by the control interface, canceled as a router does, looked up again."""

    def ask(url: str, method: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, content, BEARER, method=method)  # noqa: S310 - our own
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - our own
            return json.loads(response.read() or b"null")

    with running(AcmeSimulator()) as live:
        placed = ask(f"{live.control_url}/orders", "POST", {"quantity": "3"})
        assert placed["order_id"] == FIRST
        assert ask(f"{live.base_url}{ORDERS}/{FIRST}", "DELETE") is None
        assert ask(f"{live.control_url}/orders/{FIRST}", "GET")["status"] == "Canceled"


# --- the pieces --------------------------------------------------------------------------------------


class FunctionSimulator(AcmeSimulator):
    """A venue of functions, which name what they are about in a body or a query."""

    name = "functions"
    account_key = "AccountId"
    order_key = "OrderId"
    lenient_paths = True
    prefixes: ClassVar = ("", "/api")
    readers: ClassVar = {"version": lambda text: text if text == "v1" else _no_version()}
    routes = (
        Route("GET POST", "/{version}/GetOrder", call="read", answer=read),
        Route("POST", "/{version}/Rows", answer=lambda _simulator, ask, _now: json_response(ask.rows)),
        Route(
            "POST",
            "/{version}/User",
            answer=lambda _simulator, ask, _now: json_response(ask.basic),
            public=True,
        ),
    )


def _no_version() -> str:
    raise RefusalError(refused(410, "another version"))


GET_ORDER = "/v1/GetOrder"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (GET_ORDER, {"AccountId": 9, "OrderId": FIRST}),
        ("/API/V1/getorder/".replace("V1", "v1"), {"accountid": "9", "ORDERID": FIRST}),
        (f"{GET_ORDER}?accountId=9&orderid={FIRST}", None),
        (f"{GET_ORDER}?accountId=9&orderid=x", {"OrderId": FIRST}),
        ("/%76%31/GetOrder", {"OrderId": FIRST}),
    ],
)
def test_a_function_names_its_order_in_its_fields(path: str, body: object) -> None:
    """In the body or the query, in any case; so it is found, and so another is asked for."""
    simulator = FunctionSimulator()
    simulator.place(0.0)
    request = request_of("POST", path, body)
    assert send(simulator, "POST", path, body)[1]["id"] == FIRST
    assert simulator.asked_of(request).order_id == FIRST
    if "orderid=x" not in path:
        assert simulator.asked_of(simulator.asking_for(request, SECOND)).order_id == SECOND


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"OrderId":1,"x":1.50}', {"OrderId": 7, "x": Decimal("1.50")}),
        (b'{"ORDERID":"1"}', {"ORDERID": "7"}),
        (b"", {"OrderId": "7"}),
        (b"{", None),
        (b"[1]", None),
    ],
)
def test_another_order_is_asked_for_in_the_type_of_the_first(content: bytes, expected: object) -> None:
    """What is no object stays as it is."""
    request = request_of("POST", GET_ORDER, content)
    other = FunctionSimulator().asking_for(request, "7")
    if expected is None:
        assert other == request
    else:
        assert json.loads(other.content, parse_float=Decimal) == expected


def test_a_named_segment_is_read_by_its_reader() -> None:
    """What it refuses is refused, before the method is looked at."""
    assert send(FunctionSimulator(), "POST", "/v2/GetOrder") == (
        410,
        {"code": 41000, "message": "another version"},
    )
    assert FunctionSimulator().call_of(request_of("POST", "/v2/GetOrder")) is None


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b'[{"A":1},{"b":2}]', (200, [{"a": 1}, {"b": 2}])),
        (b"[1]", (400, {"code": 40000, "message": "Bad Request"})),
        (b"{", (400, {"code": 40000, "message": "Bad Request"})),
        (b"{}", (200, [])),
        (b" ", (200, [])),
    ],
)
def test_rows_are_the_objects_of_a_list(body: bytes, answer: tuple[int, Any]) -> None:
    """A body that is none has none; anything else in a list cannot be read."""
    assert send(FunctionSimulator(), "POST", "/v1/Rows", body) == answer


@pytest.mark.parametrize(
    ("authorization", "known"),
    [
        ("Basic cm91dGVyOnM6dA==", ["router", "s:t"]),
        ("basic cm91dGVyOg==", ["router", ""]),
        ("Basic cm91dGVy", None),
        ("Basic /w==", None),
        ("Basic !", None),
        ("Bearer cm91dGVyOnM6dA==", None),
        ("", None),
    ],
)
def test_user_and_password_are_read_from_a_header(authorization: str, known: object) -> None:
    """RFC 7617: a password may have colons, a user none."""
    headers = {"Authorization": authorization}
    assert send(FunctionSimulator(), "POST", "/v1/User", headers=headers) == (200, known)


def test_a_listing_goes_by_account_even_if_its_keys_imply_it() -> None:
    """A venue says which account its keys belong to; then a call need not name it."""

    class Keyed(AcmeSimulator):
        routes = (Route("GET", "/orders", call="open", answer=list_orders),)

        def subject_of(self, ask: Ask) -> Asked:
            return attrs.evolve(super().subject_of(ask), account=self.credentials.account)

        def admitted(self, ask: Ask, now: float) -> bool:
            return ask.headers.get("key") == self.credentials.api_key

    simulator = Keyed()
    simulator.place(0.0)
    simulator.place(0.0, account="10")
    answer = send(simulator, "GET", "/orders?status=open", headers={"Key": "simulated-api-key"})
    assert [row["id"] for row in answer[1]] == [FIRST]
    assert send(simulator, "GET", "/orders")[0] == 401


def test_a_receipt_may_be_for_a_dead_order_and_refusals_may_be_worded() -> None:
    """A venue may receive what can have no effect, and say its refusals in its own way."""

    class Polite(AcmeSimulator):
        def refusal_of_cancel(self, order: SimulatedOrder | None) -> HttpResponse | None:
            return None if order is not None else super().refusal_of_cancel(order)

        def worded(self, refusal: HttpResponse) -> HttpResponse:
            return attrs.evolve(refusal, status=499)

    simulator = Polite()
    simulator.place(0.0, status=OrderStatus.FILLED)
    assert send(simulator, "DELETE", f"{ORDERS}/{FIRST}") == (204, None)
    assert simulator.book.order(FIRST).status is OrderStatus.FILLED
    assert send(simulator, "DELETE", f"{ORDERS}/{SECOND}")[0] == 499


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Route("", "/", answer=read), "a method and a path from /"),
        (lambda: Route("GET", "orders", answer=read), "a method and a path from /"),
        (lambda: Route("GET", "/", answer=read, call="reed"), "no call 'reed'; there are: cancel"),
    ],
)
def test_a_route_that_cannot_be_is_refused(make: Any, message: str) -> None:
    """When the class is written, not when the first request comes."""
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("path", ["/a/{account}", "/a/{order_id}"])
def test_two_routes_for_one_request_are_refused(path: str) -> None:
    """By whatever name their segments go."""
    routes = (Route("GET", "/a/{account}", answer=read), Route("POST GET", path, answer=read))
    with pytest.raises(ValueError, match=r"two routes for (POST|GET) /a/"):
        type("Twice", (AcmeSimulator,), {"routes": routes})


def test_a_literal_segment_goes_before_a_named_one() -> None:
    """And where it leads nowhere, the named one is meant."""

    def answer(text: str) -> Any:
        return lambda _simulator, _ask, _now: json_response(text)

    class Both(AcmeSimulator):
        routes = (
            Route("GET", "/o/{order_id}", answer=answer("named"), public=True),
            Route("GET", "/o/open", answer=answer("literal"), public=True),
            Route("GET", "/o/{order_id}/events", answer=answer("events"), public=True),
        )

    told = [send(Both(), "GET", path)[1] for path in ("/o/7", "/o/open", "/o/open/events")]
    assert told == ["named", "literal", "events"]


@pytest.mark.parametrize(
    ("overlap", "pages"),
    [(0, ["abc", "de", ""]), (1, ["abc", "cde", ""]), (2, ["abc", "bcd", "cde", ""])],
)
def test_pages_are_cut_by_number(overlap: int, pages: list[str]) -> None:
    """With the rows they have in common; one that would show nothing new is empty."""
    cut = Pages(size=3, overlap=overlap)
    assert ["".join(cut.cut("abcde", number)) for number in range(len(pages))] == pages
    assert not cut.begins(-1, 5)
