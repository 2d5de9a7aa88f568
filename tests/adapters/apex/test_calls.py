"""What each call puts on the wire, by value."""

from __future__ import annotations

import json

import pytest

from countermand import CancelRequest, ClientOrderId, OrderId
from countermand.errors import InvalidRequestError
from countermand.venue import (
    Call,
    CallKind,
    CancelTarget,
    Capabilities,
    Identity,
    ScopeKind,
    Session,
    Stamp,
    Venue,
)
from countermand_apex import Apex, ApiKey, SessionToken

BASE = "https://api.venue.example:8443"
TOKEN = "604f9459-163f-4114-8ecc-928597554747"
STAMP = Stamp(nonce=1)
LARGEST = str((1 << 63) - 1)


def apex(**settings: object) -> Apex:
    return Apex(BASE, **{"auth": SessionToken(TOKEN), **settings})  # type: ignore[arg-type]  # settings by name


def target(order: OrderId | ClientOrderId, account: str = "9") -> CancelTarget:
    return CancelTarget(account=account, order=order)


VENUE: Venue = apex()
UNIQUE: Venue = apex(client_order_ids_unique=True)
BY_OTHER_KEY = apex(client_order_id_key="ClientOrderId", client_order_ids_unique=True)

# (call, kind, body); the bodies are those of the vendor's requests where it prints one.
CALLS = {
    # CancelOrder, Request: {"OMSId": 1, "OrderId": 6500, "AccountId": 9}
    "CancelOrder": (
        VENUE.cancel(target(OrderId("6500"))),
        CallKind.CANCEL,
        {"OMSId": 1, "OrderId": 6500, "AccountId": 9},
    ),
    # "OrderId: long integer": seen on the wire beyond what a float can hold
    "CancelOrder beyond 2^53": (
        VENUE.cancel(target(OrderId("7771631881502002117"))),
        CallKind.CANCEL,
        {"OMSId": 1, "OrderId": 7771631881502002117, "AccountId": 9},
    ),
    # "If you specify the OMS ID and the Account ID, you must also specify at least the Client Order ID."
    "CancelOrder by ClOrderId": (
        UNIQUE.cancel(target(ClientOrderId("9007199254740993"))),
        CallKind.CANCEL,
        {"OMSId": 1, "AccountId": 9, "ClOrderId": 9007199254740993},
    ),
    "CancelOrder by ClientOrderId": (
        BY_OTHER_KEY.cancel(target(ClientOrderId("77"))),
        CallKind.CANCEL,
        {"OMSId": 1, "AccountId": 9, "ClientOrderId": 77},
    ),
    "CancelOrder at another OMS": (
        apex(oms_id=3).cancel(target(OrderId(LARGEST), LARGEST)),
        CallKind.CANCEL,
        {"OMSId": 3, "OrderId": int(LARGEST), "AccountId": int(LARGEST)},
    ),
    # CancelAllOrders, Request: {"OMSId": 1, "AccountId": 9, "InstrumentId": 1}; its table: "IntrumentId"
    "CancelAllOrders of an instrument": (
        apex().cancel_all("9", "1"),
        CallKind.MASS_CANCEL,
        {"OMSId": 1, "AccountId": 9, "InstrumentId": 1, "IntrumentId": 1},
    ),
    "CancelAllOrders": (
        apex().cancel_all("9"),
        CallKind.MASS_CANCEL,
        {"OMSId": 1, "AccountId": 9},
    ),
    # SendCancelList, Request: a bare list
    "SendCancelList": (
        apex().cancel_list([target(OrderId("6714")), target(OrderId("6507"), "10")]),
        CallKind.MASS_CANCEL,
        [{"OMSId": 1, "OrderId": 6714, "AccountId": 9}, {"OMSId": 1, "OrderId": 6507, "AccountId": 10}],
    ),
    "GetOrderStatus": (
        VENUE.read_order("9", OrderId("6500")),
        CallKind.READ,
        {"OMSId": 1, "AccountId": 9, "OrderId": 6500},
    ),
    "GetOrderHistoryByOrderId": (
        VENUE.read_trail("9", OrderId("6500")),
        CallKind.READ,
        {"OMSId": 1, "AccountId": 9, "OrderId": 6500},
    ),
    "GetOpenOrders": (
        VENUE.list_open("9"),
        CallKind.LISTING,
        {"OMSId": 1, "AccountId": 9},
    ),
    "GetOrderHistory": (
        VENUE.list_history("9"),
        CallKind.LISTING,
        {"OMSId": 1, "AccountId": 9, "Depth": 100, "StartIndex": 0},
    ),
    "GetOrderHistory, its second page": (
        VENUE.list_history("9", 100),
        CallKind.LISTING,
        {"OMSId": 1, "AccountId": 9, "Depth": 100, "StartIndex": 100},
    ),
}


@pytest.mark.parametrize(("call", "kind", "body"), CALLS.values(), ids=CALLS)
def test_a_call_is_written_as_documented(
    call: Call[object], kind: CallKind, body: object, request: pytest.FixtureRequest
) -> None:
    """Each call is a POST of the documented body to /AP and its function, with the session's token."""
    signed = call.sign(Session(token=TOKEN), STAMP)
    assert (signed.method, signed.path, call.kind) == ("POST", f"/AP/{call.name}", kind)
    assert request.node.callspec.id.startswith(call.name)
    assert json.loads(signed.content) == body
    assert signed.headers == {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "aptoken": TOKEN,
    }


def test_ids_are_numbers_without_a_fraction() -> None:
    """An id beyond 2^53 stands in the body digit by digit, which a float could not do."""
    content = VENUE.cancel(target(OrderId(LARGEST))).sign(None, STAMP).content
    assert content == b'{"OMSId":1,"AccountId":9,"OrderId":9223372036854775807}'


def test_a_call_without_a_session_bears_no_token() -> None:
    """No header is made up where there is no session."""
    assert "aptoken" not in VENUE.cancel(target(OrderId("1"))).sign(None, STAMP).headers


def test_a_call_is_signed_anew_for_each_attempt() -> None:
    """One call, two sessions: each request bears its own."""
    call = VENUE.cancel(target(OrderId("1")))
    tokens = [call.sign(Session(token=token), STAMP).headers["aptoken"] for token in ("old", "new")]
    assert tokens == ["old", "new"]


MISTAKES = {
    "no account": lambda: apex().cancel_all(""),
    "account 0 means every account": lambda: apex().cancel_all("0"),
    "account is a name": lambda: apex().cancel_all("mine"),
    "instrument 0 means every instrument": lambda: apex().cancel_all("9", "0"),
    "an empty list": lambda: apex().cancel_list([]),
    "too long a list": lambda: apex().cancel_list([target(OrderId("1"))] * 51),
    "a list by client id": lambda: apex().cancel_list([target(OrderId("1")), target(ClientOrderId("1"))]),
    "a list with account 0": lambda: apex().cancel_list([target(OrderId("1"), "0")]),
    "client order id 0": lambda: apex().cancel(target(ClientOrderId("0"))),
    "order id 0": lambda: apex().read_order("9", OrderId("0")),
}


@pytest.mark.parametrize("make", MISTAKES.values(), ids=MISTAKES)
def test_a_call_that_would_say_more_than_asked_cannot_be_made(make: object) -> None:
    """CancelAllOrders, Warning: "will cancel all existing orders … when sending AccountID = 0"."""
    with pytest.raises(InvalidRequestError):
        make()  # type: ignore[operator]  # a table of callables


def test_a_cancel_list_may_be_full() -> None:
    """As many orders as declared go into one list."""
    size = VENUE.capabilities.cancel_list_size
    call = apex().cancel_list([target(OrderId(str(number + 1))) for number in range(size)])
    assert len(json.loads(call.sign(None, STAMP).content)) == size == 50


def request(**fields: object) -> CancelRequest:
    return CancelRequest(**{"venue": "apex", "account": "9", "order": OrderId("6500"), **fields})  # type: ignore[arg-type]  # fields by name


POSSIBLE = {
    "an order id": request(),
    "the largest order id": request(order=OrderId(LARGEST), account=LARGEST),
    "a client order id": request(order=ClientOrderId("1")),
    "both": request(client_order=ClientOrderId("77"), instrument="1"),
}
IMPOSSIBLE = {
    "account 0": request(account="0"),
    "account is a name": request(account="mine"),
    "account over 64 bits": request(account="9223372036854775808"),
    "order id 0": request(order=OrderId("0")),
    "order id no number": request(order=OrderId("a-1")),
    "order id negative": request(order=OrderId("-5")),
    "order id over 64 bits": request(order=OrderId("9223372036854775808")),
    # CancelOrder, Request: "ClientOrderId defaults to 0"
    "client order id 0": request(order=ClientOrderId("0")),
    "client order id no number": request(order=ClientOrderId("mine")),
    "second client order id 0": request(client_order=ClientOrderId("0")),
    "second client order id over 64 bits": request(client_order=ClientOrderId("9223372036854775808")),
    "instrument is a name": request(instrument="BTCUSD"),
    "instrument 0": request(instrument="0"),
}


@pytest.mark.parametrize("asked", POSSIBLE.values(), ids=POSSIBLE)
def test_what_apex_can_be_asked_passes(asked: CancelRequest) -> None:
    """Numbers from 1 to 2^63-1 are ids at APEX."""
    VENUE.check(asked)
    order, account = asked.order, asked.account
    VENUE.cancel(CancelTarget(account=account, order=order)).sign(None, STAMP)


@pytest.mark.parametrize("asked", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_apex_cannot_be_asked_is_refused(asked: CancelRequest) -> None:
    """An id that APEX cannot have is the caller's mistake, told before anything is sent."""
    with pytest.raises(InvalidRequestError):
        VENUE.check(asked)


def test_a_refusal_names_what_and_the_range() -> None:
    """The message says which id, what was expected and what came."""
    with pytest.raises(InvalidRequestError, match=r"an APEX order id .* 1 to 9223372036854775807, got '0'"):
        VENUE.check(request(order=OrderId("0")))


def test_the_capabilities_are_declared() -> None:
    """APEX names an order by its id, cancels an account exactly, and a replaced order reads Canceled."""
    assert VENUE.capabilities == Capabilities(
        identities=frozenset({Identity.ORDER_ID}),
        scopes=frozenset({ScopeKind.ACCOUNT}),
        read_lag_s=5.0,
        limits=(),
        not_found_documented=True,
        replaced_reads_canceled=True,
        has_history=True,
        has_trail=True,
        cancel_list_size=50,
    )


def test_client_order_ids_name_an_order_only_where_declared_unique() -> None:
    """A client id may repeat at APEX, so it is an identity only by the caller's word."""
    assert UNIQUE.capabilities.identities == {Identity.ORDER_ID, Identity.CLIENT_ORDER_ID}
    assert apex(read_lag_s=0).capabilities.read_lag_s == 0


def test_a_session_of_ones_own_is_given_back() -> None:
    """LogOut goes out under the session it ends."""
    call = apex(auth=ApiKey("key", "secret", "81")).log_out(Session(token=TOKEN))
    assert call is not None
    signed = call.sign(Session(token=TOKEN), STAMP)
    assert (call.name, signed.path, signed.content, signed.headers["aptoken"]) == (
        "LogOut",
        "/AP/LogOut",
        b"{}",
        TOKEN,
    )


@pytest.mark.parametrize("auth", [SessionToken(TOKEN), ApiKey("key", "secret", "81", every_call=True)])
def test_what_is_not_ours_is_not_given_back(auth: SessionToken | ApiKey) -> None:
    """A token the caller brought stays valid, and where every call is signed there is nothing to end."""
    assert apex(auth=auth).log_out(Session(token=TOKEN)) is None
