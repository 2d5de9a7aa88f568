"""The adapter's own calls against the simulated venue, by value: no socket, no clock."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import attrs
import pytest

from countermand import ClientOrderId, OrderId, OrderReport, OrderStatus, Reason, Scope
from countermand.venue import (
    Accounts,
    Acted,
    Call,
    CancelTarget,
    CancelVerdict,
    Gone,
    LogIn,
    MayHaveActed,
    NeedCode,
    OrderRead,
    Page,
    Receipt,
    Refused,
    Session,
    SessionRefused,
    Stamp,
    Throttled,
    TrailRead,
    Unreadable,
)
from countermand_apex import ApiKey, Password, SessionToken
from countermand_apex.simulator import ApexSimulator

V = TypeVar("V")
URL = "http://127.0.0.1:8443"
LONG = "7771631881502002117"
TARGET = CancelTarget(account="9", order=OrderId(LONG))


def perform(simulator: ApexSimulator, call: Call[V], now: float = 0.0, session: Session | None = None) -> V:
    """Send a call under the fixed session, or another, and read its answer."""
    session = session or Session(token=simulator.credentials.session_token)
    signed = call.sign(session, Stamp(nonce=1605640234171))
    headers = {name.lower(): value for name, value in signed.headers.items()}
    response = simulator.handle(attrs.evolve(signed, headers=headers), now).response_at(now)
    assert response is not None
    return call.read(response)


def with_order(**behaviour: Any) -> ApexSimulator:
    simulator = ApexSimulator(**behaviour)
    simulator.place(0.0, order_id=LONG, client_order_id="77", filled=Decimal(3))
    return simulator


def read(simulator: ApexSimulator, now: float = 0.0) -> OrderReport:
    verdict = perform(simulator, simulator.venue(URL).read_order("9", OrderId(LONG)), now)
    assert isinstance(verdict, OrderRead)
    return verdict.report


def test_a_cancel_is_received_then_read() -> None:
    """A receipt, a Working, a Canceled with what was filled; the id survives digit by digit."""
    simulator = with_order(cancel_delay_s=1.0)
    before = read(simulator)
    assert (before.order_id, before.status) == (OrderId(LONG), OrderStatus.PARTIALLY_FILLED)
    assert perform(simulator, simulator.venue(URL).cancel(TARGET), 1.0) == Receipt(code="0")
    assert read(simulator, 1.5).status is OrderStatus.PARTIALLY_FILLED
    after = read(simulator, 2.0)
    assert after == attrs.evolve(
        before, status=OrderStatus.CANCELED, remaining_quantity=Decimal(0), text="UserModified"
    )
    assert (after.filled_quantity, before.remaining_quantity) == (Decimal(3), Decimal(7))
    assert (after.quantity, after.average_price) == (Decimal(10), Decimal(100))
    assert (after.account, after.instrument, after.client_order_id) == ("9", "1", ClientOrderId("77"))


@pytest.mark.parametrize("key", ["ClOrderId", "ClientOrderId"])
def test_a_cancel_by_client_order_id_finds_the_order(key: str) -> None:
    """Under either spelling of the key."""
    simulator = with_order()
    venue = simulator.venue(URL, client_order_id_key=key, client_order_ids_unique=True)
    verdict = perform(simulator, venue.cancel(CancelTarget(account="9", order=ClientOrderId("77"))))
    assert verdict == Receipt(code="0")
    assert read(simulator).status is OrderStatus.CANCELED


def test_a_fill_can_win_against_a_cancel() -> None:
    """The receipt is the same; the read tells."""
    simulator = with_order(fill_before_cancel=True, cancel_delay_s=1.0)
    assert isinstance(perform(simulator, simulator.venue(URL).cancel(TARGET)), Receipt)
    after = read(simulator, 1.0)
    assert (after.status, after.filled_quantity) == (OrderStatus.FILLED, Decimal(10))


def test_listings_show_open_orders_and_history() -> None:
    """Open orders in one page, history newest first in pages of a hundred, a trail by changes."""
    simulator = with_order()
    for _ in range(150):
        simulator.place(0.0, status=OrderStatus.FILLED)
    venue = simulator.venue(URL)
    opened = perform(simulator, venue.list_open("9"))
    assert isinstance(opened, Page)
    assert [report.order_id for report in opened.rows] == [OrderId(LONG)]
    first = perform(simulator, venue.list_history("9"))
    assert isinstance(first, Page)
    assert first.next_page == 100
    second = perform(simulator, venue.list_history("9", first.next_page))
    assert isinstance(second, Page)
    assert second.next_page == 151
    last = perform(simulator, venue.list_history("9", second.next_page))
    assert isinstance(last, Page)
    assert ([*last.rows], last.next_page) == ([], None)
    listed = [report.order_id.value for report in (*first.rows, *second.rows)]
    assert listed == [order.order_id for order in reversed(simulator.book.orders("9"))]
    trail = perform(simulator, venue.read_trail("9", OrderId(LONG)))
    assert isinstance(trail, TrailRead)
    assert trail.report == read(simulator)


def test_a_replaced_order_reads_canceled_and_its_successor_names_it() -> None:
    """Only the listing tells a replaced order from a canceled one."""
    simulator = with_order()
    new = simulator.replace(LONG, 0.0)
    assert read(simulator).status is OrderStatus.CANCELED
    history = perform(simulator, simulator.venue(URL).list_history("9"))
    assert isinstance(history, Page)
    successors = [row for row in history.rows if row.succeeds(OrderId(LONG), None)]
    assert [row.order_id for row in successors] == [OrderId(new.order_id)]


def test_a_mass_cancel_by_account_takes_the_account() -> None:
    """CancelAllOrders for one account leaves the others alone; an instrument goes under both keys."""
    simulator = with_order(venue={"instrument_key": "IntrumentId"})
    other = simulator.place(0.0, account="13")
    kept = simulator.place(0.0, instrument="2")
    venue = simulator.venue(URL, native_instrument_scope=True)
    one = Scope.instrument("apex", "9", "1")
    assert isinstance(perform(simulator, venue.cancel_all(one)), Receipt)
    assert [order.order_id for order in simulator.book.open_orders()] == [other.order_id, kept.order_id]
    assert isinstance(perform(simulator, venue.cancel_all(Scope.account("apex", "9"))), Receipt)
    assert [order.order_id for order in simulator.book.open_orders()] == [other.order_id]


def test_a_user_scope_takes_the_users_orders() -> None:
    """CancelAllOrders with UserId: what another user entered in the same account stays."""
    simulator = with_order()
    other = simulator.place(0.0, entered_by="82")
    venue = simulator.venue(URL, user_scopes=True)
    assert isinstance(perform(simulator, venue.cancel_all(Scope.user("apex", "81", account="9"))), Receipt)
    assert [order.order_id for order in simulator.book.open_orders()] == [other.order_id]


def test_a_venue_wide_scope_needs_an_operator() -> None:
    """AccountId 0 without the permission is refused, and reaches every account with it."""
    simulator = with_order()
    simulator.place(0.0, account="13")
    call = simulator.venue(URL).cancel_all(Scope.venue_wide("apex", confirm="apex"))
    assert perform(simulator, call) == SessionRefused(code="20", text="Not Authorized")
    assert len(simulator.book.open_orders()) == 2
    simulator.switch(venue={"operator": "yes"})
    assert isinstance(perform(simulator, call), Receipt)
    assert simulator.book.open_orders() == ()


def test_the_accounts_of_the_user_are_listed() -> None:
    """GetUserAccounts, as text."""
    simulator = with_order(further_accounts=["10"])
    assert perform(simulator, simulator.venue(URL).list_accounts()) == Accounts(ids=("9", "10"))


def test_a_gateway_without_a_cancel_list_says_so() -> None:
    """Whichever of the two answers it gives: nothing was done."""
    answers = {}
    for word in ("404", "106"):
        simulator = with_order(venue={"cancel_list": word})
        call = simulator.venue(URL, cancel_list=True).cancel_list([TARGET])
        answers[word] = perform(simulator, call)
        assert len(simulator.book.open_orders()) == 1
    assert answers == {
        "404": SessionRefused(code="404", text="NOT FOUND", or_unsupported=True),
        "106": Refused(reason=Reason.NOT_SUPPORTED, code="106", text="Operation Not Supported"),
    }


def test_a_cancel_list_takes_its_orders() -> None:
    """SendCancelList, one receipt."""
    simulator = with_order()
    kept = simulator.place(0.0)
    assert isinstance(
        perform(simulator, simulator.venue(URL, cancel_list=True).cancel_list([TARGET])), Receipt
    )
    assert [order.order_id for order in simulator.book.open_orders()] == [kept.order_id]


SHAPES: dict[str, CancelVerdict] = {
    "20": SessionRefused(code="20", text="Not Authorized"),
    "100": Refused(reason=Reason.INVALID_REQUEST, code="100", text="Invalid Request"),
    "101": Refused(reason=Reason.VENUE_REFUSED, code="101", text="Operation Failed"),
    "102": MayHaveActed(code="102", text="Server Error"),
    "104": Gone(code="104", text="Resource Not Found"),
    "105": Throttled(code="105", text="Too Many Requests"),
    "106": Refused(reason=Reason.NOT_SUPPORTED, code="106", text="Operation Not Supported"),
    "107": MayHaveActed(code="107", text="Operation In Process"),
    "404": SessionRefused(code="404", text="NOT FOUND", or_unsupported=True),
    "429": Throttled(code="429", text="TOO MANY REQUESTS"),
    "too-many-requests": Throttled(code="200", text="TOO MANY REQUESTS"),
    "500": MayHaveActed(code="500"),
    "503": MayHaveActed(code="503"),
    "html": Unreadable(code="200"),
    "empty": Unreadable(code="200"),
    "true-with-a-code": MayHaveActed(code="101", text="Operation Failed"),
    "false-without-a-code": MayHaveActed(code="200"),
    "result-as-text": MayHaveActed(code="200"),
}


def test_every_shape_of_an_answer_has_its_row() -> None:
    """What can be switched to is what is tested below."""
    assert ApexSimulator.switches["cancel_answer"] == ("plain", *SHAPES)


@pytest.mark.parametrize(("word", "expected"), SHAPES.items(), ids=SHAPES)
@pytest.mark.parametrize("acts", ["no", "yes"])
def test_a_switched_answer_gives_its_verdict_whether_or_not_it_acts(
    word: str, expected: CancelVerdict, acts: str
) -> None:
    """The simulator's answers are the table's rows; what the order does is independent of them."""
    simulator = with_order(venue={"cancel_answer": word, "cancel_acts": acts})
    verdict = perform(simulator, simulator.venue(URL).cancel(TARGET))
    assert type(verdict) is type(expected)
    assert verdict.code == expected.code
    if type(verdict) is not Unreadable and word != "result-as-text":
        assert verdict == expected
    dead = simulator.book.order(LONG).status is OrderStatus.CANCELED
    assert dead is (acts == "yes")


@pytest.mark.parametrize("word", SHAPES)
def test_a_switched_answer_is_no_order(word: str) -> None:
    """A read that fails shows no order, and no list."""
    simulator = with_order(venue={"read_answer": word})
    venue = simulator.venue(URL)
    calls: list[Call[Any]] = [
        venue.read_order("9", OrderId(LONG)),
        venue.list_open("9"),
        venue.list_history("9"),
        venue.read_trail("9", OrderId(LONG)),
    ]
    for call in calls:
        verdict = perform(simulator, call)
        assert isinstance(verdict, Refused | Gone | Throttled | SessionRefused | Unreadable)
        if SHAPES[word].acted is Acted.MAYBE:
            assert isinstance(verdict, Unreadable | Throttled)


def converse(simulator: ApexSimulator, log_in: LogIn | None) -> object:
    """Lead a log-in to its end against the simulator; codes are asked where they come from."""
    assert log_in is not None
    answer: object = None
    while True:
        try:
            step = log_in.send(answer)
        except StopIteration as end:
            return end.value
        answer = step.source() if isinstance(step, NeedCode) else perform(simulator, step)


CREDENTIALS: dict[str, Callable[[], Any]] = {
    "a given token": lambda: SessionToken("simulated-session-token"),
    "a token from a callable": lambda: SessionToken(lambda: "simulated-session-token"),
    "a password": lambda: Password("router", "simulated-password", code=lambda: "235991"),
    "a key": lambda: ApiKey("simulated-api-key", "simulated-secret", "81"),
}


@pytest.mark.parametrize("second_factor", [False, True], ids=["one factor", "two factors"])
@pytest.mark.parametrize("make", CREDENTIALS.values(), ids=CREDENTIALS)
def test_every_credential_gets_a_session_that_works(make: Callable[[], Any], second_factor: bool) -> None:
    """And one that was ours to open is ours to end."""
    simulator = with_order(second_factor=second_factor)
    venue = simulator.venue(URL, auth=make())
    session = converse(simulator, venue.log_in())
    assert isinstance(session, Session)
    assert isinstance(perform(simulator, venue.list_open("9"), session=session), Page)
    call = venue.log_out(session)
    if call is not None:
        assert isinstance(perform(simulator, call, session=session), Receipt)
        assert isinstance(perform(simulator, venue.list_open("9"), session=session), SessionRefused)


def test_a_key_on_every_call_needs_no_session() -> None:
    """The four headers are enough, and wrong ones are refused."""
    simulator = with_order()
    right = simulator.venue(URL, auth=ApiKey("simulated-api-key", "simulated-secret", "81", every_call=True))
    wrong = simulator.venue(URL, auth=ApiKey("simulated-api-key", "x", "81", every_call=True))
    assert right.log_in() is None
    assert isinstance(perform(simulator, wrong.cancel(TARGET)), SessionRefused)
    assert isinstance(perform(simulator, right.cancel(TARGET)), Receipt)


WRONG: dict[str, Callable[[], Any]] = {
    "password": lambda: Password("router", "x"),
    "key": lambda: ApiKey("simulated-api-key", "x", "81"),
    "second factor": lambda: Password("router", "simulated-password", code=lambda: "1"),
    "no second factor": lambda: Password("router", "simulated-password"),
}


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)
def test_a_wrong_credential_is_refused(make: Callable[[], Any]) -> None:
    """With the venue's word, and without a second try."""
    simulator = ApexSimulator(second_factor=True)
    end = converse(simulator, simulator.venue(URL, auth=make()).log_in())
    assert isinstance(end, Refused)
    assert end.reason is Reason.NOT_AUTHORIZED
    assert len(simulator.requests) <= 2


def test_the_venue_of_a_simulator_bears_its_token() -> None:
    """Unless other credentials are given, such as wrong ones."""
    simulator = with_order()
    assert converse(simulator, simulator.venue(URL).log_in()) == Session(token="simulated-session-token")
    wrong = attrs.evolve(simulator.credentials, session_token="x")
    assert converse(simulator, simulator.venue(URL, credentials=wrong).log_in()) == Session(token="x")
