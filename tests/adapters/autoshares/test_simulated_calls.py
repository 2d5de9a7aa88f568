"""The adapter's own calls against the simulated venue, by value: no socket, no clock."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import attrs
import pytest

from countermand import Assurance, ClientOrderId, OrderId, OrderReport, OrderStatus, Reason
from countermand.venue import (
    Accounts,
    Call,
    CancelTarget,
    CancelVerdict,
    Cursor,
    Gone,
    ListingVerdict,
    LogIn,
    MayHaveActed,
    NeedCode,
    OrderRead,
    Page,
    ReadVerdict,
    Receipt,
    Refused,
    Session,
    SessionRefused,
    Stamp,
    Throttled,
    TrailRead,
    Unreadable,
)
from countermand_autoshares import AccessToken, AutoShares, Password
from countermand_autoshares.simulator import AutoSharesSimulator

V = TypeVar("V")
URL = "http://127.0.0.1:8443"
LONG = "2147483647"
QUICK = CancelTarget(account="9", order=OrderId(LONG), assurance=Assurance.RECEIVED)
SLOW = attrs.evolve(QUICK, assurance=Assurance.CONFIRMED)


def perform(
    simulator: AutoSharesSimulator, call: Call[V], now: float = 0.0, session: Session | None = None
) -> V:
    """Send a call under the fixed session, or another, wait as long as it takes, and read its answer."""
    session = session or Session(token=simulator.credentials.session_token)
    signed = call.sign(session, Stamp(nonce=1))
    headers = {name.lower(): value for name, value in signed.headers.items()}
    reply = simulator.handle(attrs.evolve(signed, headers=headers), now)
    simulator.book.advance(now + reply.delay_s)
    return call.read(reply.response_at(now + reply.delay_s))


def with_order(**behaviour: Any) -> AutoSharesSimulator:
    simulator = AutoSharesSimulator(**behaviour)
    simulator.place(0.0, order_id=LONG, client_order_id="first", filled=Decimal(3))
    return simulator


def read(simulator: AutoSharesSimulator, now: float = 0.0) -> OrderReport:
    verdict = perform(simulator, simulator.venue(URL).read_order("9", OrderId(LONG)), now)
    assert isinstance(verdict, OrderRead)
    return verdict.report


def test_a_quick_cancel_is_received_then_read() -> None:
    """A receipt that promises nothing yet, a PendingCancel, a Canceled with what was filled."""
    simulator = with_order(cancel_delay_s=1)
    assert perform(simulator, simulator.venue(URL).cancel(QUICK), 1.0) == Receipt(code="204")
    assert read(simulator, 1.5).status is OrderStatus.PENDING_CANCEL
    after = read(simulator, 2.0)
    assert (after.order_id, after.status, after.filled_quantity) == (
        OrderId(LONG),
        OrderStatus.CANCELED,
        Decimal(3),
    )
    assert (after.account, after.client_order_id, after.remaining_quantity) == (
        "9",
        ClientOrderId("first"),
        Decimal(0),
    )


def test_a_slow_cancel_is_a_receipt_of_the_highest_grade() -> None:
    """Its 204 says that the execution venue did it, and the order reads so."""
    simulator = with_order(cancel_delay_s=1)
    assert perform(simulator, simulator.venue(URL).cancel(SLOW), 1.0) == Receipt(code="204", executed=True)
    assert read(simulator, 2.0).status is OrderStatus.CANCELED


@pytest.mark.parametrize("body", ["empty", "envelope"])
def test_a_slow_cancel_that_came_too_late_is_refused(body: str) -> None:
    """409 says nothing about why; the read does."""
    simulator = with_order(cancel_delay_s=1, fill_before_cancel=True, venue={"conflict_body": body})
    verdict = perform(simulator, simulator.venue(URL).cancel(SLOW))
    assert (type(verdict), verdict.code) == (Refused, "409")
    assert read(simulator, 1.0).status is OrderStatus.FILLED


def test_a_refusal_after_the_receipt_shows_on_reads() -> None:
    """On the order and in its details, until the next cancel is under way."""
    simulator = with_order(cancel_delay_s=1, refuse_cancels_late=True)
    venue = simulator.venue(URL)
    trail = venue.read_trail("9", OrderId(LONG))
    assert perform(simulator, trail) == TrailRead(
        report=OrderReport(
            order_id=OrderId(LONG), status=OrderStatus.PARTIALLY_FILLED, filled_quantity=Decimal(3)
        )
    )
    perform(simulator, venue.cancel(QUICK), 1.0)
    assert perform(simulator, trail, 1.5) == TrailRead()
    assert read(simulator, 2.0).cancel_rejected
    verdict = perform(simulator, trail, 2.0)
    assert isinstance(verdict, TrailRead)
    assert (verdict.cancel_rejected, verdict.text) == (True, "Too late to cancel")
    perform(simulator, venue.cancel(QUICK), 3.0)
    assert perform(simulator, trail, 3.5) == TrailRead()
    assert not read(simulator, 3.5).cancel_rejected


def test_a_replaced_order_has_a_successor_in_the_listing() -> None:
    """Replaced is a status of its own, and the new order names the old one by its client id."""
    simulator = AutoSharesSimulator()
    for order_id, client_order_id in (("1", "first"), ("2", None)):
        simulator.place(0.0, order_id=order_id, client_order_id=client_order_id)
        simulator.replace(order_id, 1.0)
    verdict = perform(simulator, simulator.venue(URL).list_history("9"), 2.0)
    assert isinstance(verdict, Page)
    rows = {row.order_id.value: row for row in verdict.rows}
    for old in (rows["1"], rows["2"]):
        assert old.status is OrderStatus.REPLACED
        successors = [row for row in rows.values() if row.succeeds(old.order_id, old.client_order_id)]
        assert [row.status for row in successors] == [OrderStatus.NEW]


@pytest.mark.parametrize("listing", ["page", "bare", "uncounted"])
def test_a_listing_is_followed_to_its_end(listing: str) -> None:
    """Every order once, newest first, whatever the envelope says; the open ones without the dead."""
    simulator = AutoSharesSimulator(venue={"listing": listing})
    for number in range(1, 251):
        status = OrderStatus.HELD if number % 100 == 7 else OrderStatus.CANCELED
        simulator.place(0.0, order_id=str(number), status=status)
    venue = simulator.venue(URL)
    assert [row.order_id.value for row in all_rows(simulator, venue.list_history)] == [
        str(number) for number in range(250, 0, -1)
    ]
    assert [row.order_id.value for row in all_rows(simulator, venue.list_open)] == ["207", "107", "7"]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 198, 199, 200, 201, 298, 299])
def test_pages_that_overlap_are_followed_to_their_end(count: int) -> None:
    """Each order at least once, and no page without an end."""
    simulator = AutoSharesSimulator(venue={"page_overlap": "yes"})
    placed = [simulator.place(0.0).order_id for _ in range(count)]
    listed = [row.order_id.value for row in all_rows(simulator, simulator.venue(URL).list_open)]
    assert list(dict.fromkeys(listed)) == placed[::-1]
    assert len(listed) == count + max(0, count - 2) // 99


def test_a_listing_without_the_dead_counts_what_it_shows() -> None:
    """TotalCount falls with each death between two pages: that is how a shift can be seen."""
    simulator = AutoSharesSimulator(venue={"dead_rows": "hidden"})
    placed = [simulator.place(0.0).order_id for _ in range(150)]
    venue = simulator.venue(URL)
    first = perform(simulator, venue.list_open("9"))
    simulator.book.cancel(placed[-1], 0.0)
    second = perform(simulator, venue.list_open("9", 1))
    assert isinstance(first, Page)
    assert isinstance(second, Page)
    missed = set(placed) - {row.order_id.value for page in (first, second) for row in page.rows}
    assert (len(missed), first.total, second.total) == (1, 150, 149)


def test_the_accounts_of_the_user_are_listed() -> None:
    """GET users/@me/accounts, as text."""
    simulator = AutoSharesSimulator(further_accounts=["10"])
    assert perform(simulator, simulator.venue(URL).list_accounts()) == Accounts(ids=("9", "10"))


def test_a_listing_of_full_pages_ends_with_an_empty_one() -> None:
    """A count that lies leaves no other way to know."""
    simulator = AutoSharesSimulator(venue={"listing": "uncounted"})
    for _ in range(100):
        simulator.place(0.0)
    assert len(all_rows(simulator, simulator.venue(URL).list_history)) == 100
    assert len(simulator.requests) == 2


def all_rows(
    simulator: AutoSharesSimulator, listing: Callable[[str, Cursor | None], Call[ListingVerdict]]
) -> list[OrderReport]:
    rows: list[OrderReport] = []
    page: Cursor | None = None
    while True:
        verdict = perform(simulator, listing("9", page))
        assert isinstance(verdict, Page)
        rows.extend(verdict.rows)
        page = verdict.next_page
        if page is None:
            return rows


NOT_AUTHORIZED = Reason.NOT_AUTHORIZED
KEY_TEXT = "Application key is not defined or does not exist"
DENIED_TEXT = "Authorization has been denied for this request."

# (settings of the venue, behaviour, verdict of a cancel)
REFUSALS: dict[str, tuple[dict[str, Any], dict[str, Any], CancelVerdict]] = {
    "a wrong key under 403": (
        {"app_key": "wrong"},
        {},
        Refused(reason=NOT_AUTHORIZED, code="403", text=KEY_TEXT),
    ),
    "a wrong key under 401": (
        {"app_key": "wrong"},
        {"venue": {"app_key_status": "401", "key_case": "upper"}},
        Refused(reason=NOT_AUTHORIZED, code="401", text=KEY_TEXT),
    ),
    "another version": (
        {"api_version": "2.0"},
        {},
        Refused(
            reason=Reason.NOT_SUPPORTED,
            code="UnsupportedApiVersion",
            text="UnsupportedApiVersion: The HTTP resource that matches the request URI does not support the"
            " API version.",
        ),
    ),
    "400": (
        {},
        {"venue": {"cancel_answer": "400"}},
        Refused(reason=Reason.INVALID_REQUEST, code="400", text="The request is invalid."),
    ),
    "401": ({}, {"venue": {"cancel_answer": "401"}}, SessionRefused(code="401", text=DENIED_TEXT)),
    "404": ({}, {"venue": {"cancel_answer": "404"}}, Gone(code="404", text="The order was not found.")),
    "422": (
        {},
        {"venue": {"cancel_answer": "422"}},
        Refused(
            reason=Reason.INVALID_REQUEST,
            code="422",
            text="Validation error occured while processing entity: The field Quantity is invalid.",
        ),
    ),
    "429": ({}, {"venue": {"cancel_answer": "429"}}, Throttled(code="429", retry_after_s=1.0)),
    "500": (
        {},
        {"venue": {"cancel_answer": "500"}},
        MayHaveActed(
            code="500", text="An error occurred while processing your request: Unexpected server error"
        ),
    ),
    "a refusal under 200": (
        {},
        {"venue": {"cancel_answer": "200-refusal"}},
        MayHaveActed(code="200", text="A conflict has occurred while attempting to cancel the order."),
    ),
    "an object under 200": ({}, {"venue": {"cancel_answer": "200-object"}}, Receipt(code="200")),
    "nothing under 200": ({}, {"venue": {"cancel_answer": "200"}}, Receipt(code="200")),
}


@pytest.mark.parametrize(("settings", "behaviour", "verdict"), REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("target", [QUICK, SLOW], ids=["quick", "slow"])
def test_what_the_venue_answers_is_what_the_adapter_reads(
    settings: dict[str, Any], behaviour: dict[str, Any], verdict: CancelVerdict, target: CancelTarget
) -> None:
    """The order works on."""
    simulator = with_order(**behaviour)
    assert perform(simulator, simulator.venue(URL, **settings).cancel(target)) == verdict
    assert read(simulator).status is OrderStatus.PARTIALLY_FILLED


PROXIES: dict[str, type] = {"503": Unreadable, "html": Unreadable, "500": Unreadable, "401": SessionRefused}


@pytest.mark.parametrize(("word", "verdict"), PROXIES.items(), ids=PROXIES)
def test_a_read_that_shows_no_order_is_told_as_such(word: str, verdict: type) -> None:
    """A proxy's page, a server error, an expired token."""
    simulator = with_order(venue={"read_answer": word})
    venue = simulator.venue(URL)
    calls: list[Call[Any]] = [
        venue.read_order("9", OrderId(LONG)),
        venue.read_trail("9", OrderId(LONG)),
        venue.list_open("9"),
        venue.list_history("9"),
    ]
    for call in calls:
        assert isinstance(perform(simulator, call), verdict)


UNKNOWN: dict[str, tuple[type, type]] = {
    "409": (Refused, Refused),
    "404": (Gone, Gone),
    "500": (MayHaveActed, Unreadable),
}


@pytest.mark.parametrize(("word", "kinds"), UNKNOWN.items(), ids=UNKNOWN)
def test_an_unknown_order_is_read_as_switched(word: str, kinds: tuple[type, type]) -> None:
    """409 to a cancel and 404 to a read unless switched; no document tells."""
    simulator = AutoSharesSimulator(venue={"unknown_order": word, "unknown_read": word})
    venue = simulator.venue(URL)
    cancel: CancelVerdict = perform(simulator, venue.cancel(SLOW))
    shown: ReadVerdict = perform(simulator, venue.read_order("9", OrderId(LONG)))
    assert (type(cancel), type(shown)) == kinds


def test_somebody_elses_account_is_refused_as_an_expired_token_is() -> None:
    """401 for either: the venue does not tell them apart."""
    simulator = with_order()
    venue = simulator.venue(URL)
    refused = SessionRefused(code="401", text=DENIED_TEXT)
    assert perform(simulator, venue.list_open("13")) == refused
    simulator.tokens.expire()
    assert perform(simulator, venue.list_open("9")) == refused


def talk(simulator: AutoSharesSimulator, venue: AutoShares) -> object:
    """Drive a log-in to its end; codes come from their source."""
    conversation: LogIn = venue.log_in()
    told: Any = None
    try:
        while True:
            step = conversation.send(told)
            told = step.source() if isinstance(step, NeedCode) else perform(simulator, step)
    except StopIteration as end:
        return end.value


@pytest.mark.parametrize("status", ["200", "202"])
@pytest.mark.parametrize("second_factor", [False, True])
def test_a_log_in_gives_a_session_that_works_until_log_out(second_factor: bool, status: str) -> None:
    """With and without a second factor, under either status."""
    simulator = with_order(second_factor=second_factor, venue={"expecting_status": status})
    known = simulator.credentials
    venue = simulator.venue(URL, auth=Password(known.user, known.password, code=lambda: known.code))
    session = talk(simulator, venue)
    assert isinstance(session, Session)
    call = venue.read_order("9", OrderId(LONG))
    assert isinstance(perform(simulator, call, session=session), OrderRead)
    leave = venue.log_out(session)
    assert leave is not None
    assert perform(simulator, leave, session=session) == Receipt(code="200")
    assert isinstance(perform(simulator, call, session=session), SessionRefused)


def test_a_log_in_that_cannot_be_ends_at_once() -> None:
    """A wrong password, a wrong key, a wrong code: one request each, two with a code."""
    simulator = with_order()
    known = simulator.credentials
    wrong = [
        simulator.venue(URL, auth=Password(known.user, "wrong")),
        simulator.venue(URL, app_key="wrong", auth=Password(known.user, known.password)),
    ]
    ends = [talk(simulator, venue) for venue in wrong]
    simulator.switch(second_factor=True)
    ends.append(
        talk(simulator, simulator.venue(URL, auth=Password(known.user, known.password, code=lambda: "1")))
    )
    assert ends == [
        Refused(reason=NOT_AUTHORIZED, code="401", text="Invalid credentials"),
        Refused(reason=NOT_AUTHORIZED, code="403", text=KEY_TEXT),
        Refused(reason=NOT_AUTHORIZED, code="401", text="Invalid confirmation code"),
    ]
    assert len(simulator.requests) == 4


def test_other_credentials_stand_in_for_the_right_ones() -> None:
    """For rows of a demonstration that show a refusal."""
    simulator = with_order()
    other = attrs.evolve(simulator.credentials, app_key="wrong", session_token="worse")
    venue = simulator.venue(URL, credentials=other)
    assert (venue.app_key, venue.auth) == ("wrong", AccessToken("worse"))
