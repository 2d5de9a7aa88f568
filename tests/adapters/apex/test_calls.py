"""What each call puts on the wire, by value."""

from __future__ import annotations

import json
from enum import Enum

import pytest

from countermand import CancelRequest, ClientOrderId, OrderId, OrderReport, Scope
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
WIDE: Venue = apex(native_instrument_scope=True, user_scopes=True)
LISTS: Venue = apex(cancel_list=True)
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
        WIDE.cancel_all(Scope.instrument("apex", "9", "1")),
        CallKind.MASS_CANCEL,
        {"OMSId": 1, "AccountId": 9, "InstrumentId": 1, "IntrumentId": 1},
    ),
    # CancelAllOrders, Warning: "will cancel all existing orders on an OMS when sending AccountID = 0"
    "CancelAllOrders of a venue": (
        VENUE.cancel_all(Scope.venue_wide("apex", confirm="apex")),
        CallKind.MASS_CANCEL,
        {"OMSId": 1, "AccountId": 0},
    ),
    "CancelAllOrders of a venue, for an instrument": (
        VENUE.cancel_all(Scope.venue_wide("apex", confirm="apex", instrument="25")),
        CallKind.MASS_CANCEL,
        {"OMSId": 1, "AccountId": 0, "InstrumentId": 25, "IntrumentId": 25},
    ),
    # CancelAllOrders (older), its table of combinations, by rows
    "CancelAllOrders of a user, account and instrument": (
        WIDE.cancel_all(Scope.user("apex", "37", account="14", instrument="25")),
        CallKind.MASS_CANCEL,
        {"OMSId": 1, "UserId": 37, "AccountId": 14, "InstrumentId": 25, "IntrumentId": 25},
    ),
    "CancelAllOrders of a user and account": (
        WIDE.cancel_all(Scope.user("apex", "37", account="14")),
        CallKind.MASS_CANCEL,
        {"OMSId": 1, "UserId": 37, "AccountId": 14},
    ),
    "CancelAllOrders of a user and instrument": (
        WIDE.cancel_all(Scope.user("apex", "37", instrument="25")),
        CallKind.MASS_CANCEL,
        {"OMSId": 1, "UserId": 37, "InstrumentId": 25, "IntrumentId": 25},
    ),
    "CancelAllOrders of a user": (
        WIDE.cancel_all(Scope.user("apex", "37")),
        CallKind.MASS_CANCEL,
        {"OMSId": 1, "UserId": 37},
    ),
    "CancelAllOrders": (
        VENUE.cancel_all(Scope.account("apex", "9")),
        CallKind.MASS_CANCEL,
        {"OMSId": 1, "AccountId": 9},
    ),
    # SendCancelList, Request: a bare list
    "SendCancelList": (
        LISTS.cancel_list([target(OrderId("6714")), target(OrderId("6507"), "10")]),
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
    "GetUserAccounts": (VENUE.list_accounts(), CallKind.READ, {"OMSId": 1}),
    "GetUserAccounts at another OMS": (apex(oms_id=3).list_accounts(), CallKind.READ, {"OMSId": 3}),
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


class Own(str, Enum):  # noqa: UP042 - as callers have it
    """Ids as a caller may keep them: what such a text is called when it is formatted is not what it is."""

    ACCOUNT = "9"
    ORDER = "6500"


def test_ids_of_a_text_s_heir() -> None:
    """They stand on the wire as the numbers that they are."""
    content = VENUE.cancel(target(OrderId(Own.ORDER), Own.ACCOUNT)).sign(None, STAMP).content
    assert content == b'{"OMSId":1,"AccountId":9,"OrderId":6500}'


def test_an_account_is_looked_at_first() -> None:
    """Where neither of two ids can be one, that is told of which all the others are."""
    with pytest.raises(InvalidRequestError, match="an APEX account must be"):
        VENUE.cancel(target(OrderId("0"), "0"))


def test_a_call_without_a_session_bears_no_token() -> None:
    """No header is made up where there is no session."""
    assert "aptoken" not in VENUE.cancel(target(OrderId("1"))).sign(None, STAMP).headers


def test_a_call_is_signed_anew_for_each_attempt() -> None:
    """One call, two sessions: each request bears its own."""
    call = VENUE.cancel(target(OrderId("1")))
    tokens = [call.sign(Session(token=token), STAMP).headers["aptoken"] for token in ("old", "new")]
    assert tokens == ["old", "new"]


def _is_mine(report: OrderReport) -> bool:
    return report.entered_by == "81"


MINE = Scope.mine("apex", "9", _is_mine)
MISTAKES = {
    "account 0 means every account": lambda: WIDE.cancel_all(Scope.account("apex", "0")),
    "account is a name": lambda: WIDE.cancel_all(Scope.account("apex", "mine")),
    "account 0 of a user": lambda: WIDE.cancel_all(Scope.user("apex", "37", account="0")),
    "user 0 means every user": lambda: WIDE.cancel_all(Scope.user("apex", "0", account="14")),
    "instrument 0 means every instrument": lambda: WIDE.cancel_all(Scope.instrument("apex", "9", "0")),
    "instrument 0 of a venue": lambda: WIDE.cancel_all(
        Scope.venue_wide("apex", confirm="apex", instrument="0")
    ),
    "an instrument where it is not declared": lambda: VENUE.cancel_all(Scope.instrument("apex", "9", "1")),
    "a user where it is not declared": lambda: VENUE.cancel_all(Scope.user("apex", "37", account="9")),
    "orders, which have no call": lambda: WIDE.cancel_all(Scope.orders("apex", "9", [OrderId("1")])),
    "those chosen, which have no call": lambda: WIDE.cancel_all(MINE),
    "a list where it is not declared": lambda: VENUE.cancel_list([target(OrderId("1"))]),
    "an empty list": lambda: LISTS.cancel_list([]),
    "too long a list": lambda: LISTS.cancel_list([target(OrderId("1"))] * 51),
    "a list by client id": lambda: LISTS.cancel_list([target(OrderId("1")), target(ClientOrderId("1"))]),
    "a list with account 0": lambda: LISTS.cancel_list([target(OrderId("1"), "0")]),
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
    size = LISTS.capabilities.cancel_list_size
    call = LISTS.cancel_list([target(OrderId(str(number + 1))) for number in range(size)])
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


SCOPES = {
    "an account": Scope.account("apex", LARGEST),
    "an instrument": Scope.instrument("apex", "9", LARGEST),
    "a user": Scope.user("apex", LARGEST),
    "a user in an account": Scope.user("apex", "37", account="14", instrument="25"),
    "orders": Scope.orders("apex", "9", [OrderId("1"), OrderId(LARGEST)]),
    "those chosen": MINE,
    "a venue": Scope.venue_wide("apex", confirm="apex"),
}
IMPOSSIBLE_SCOPES = {
    "account 0": Scope.account("apex", "0"),
    "account is a name": Scope.mine("apex", "main", _is_mine),
    "instrument 0": Scope.instrument("apex", "9", "0"),
    "instrument is a name": Scope.venue_wide("apex", confirm="apex", instrument="BTCUSD"),
    "user 0": Scope.user("apex", "0"),
    "user is a name": Scope.user("apex", "router"),
    "the account of a user 0": Scope.user("apex", "37", account="0"),
    "the second order no number": Scope.orders("apex", "9", [OrderId("1"), OrderId("A-1")]),
}


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_a_scope_that_apex_can_have_passes(scope: Scope) -> None:
    """Whether or not there is one call for it: its ids are looked at."""
    VENUE.check_scope(scope)


@pytest.mark.parametrize("scope", IMPOSSIBLE_SCOPES.values(), ids=IMPOSSIBLE_SCOPES)
def test_a_scope_that_apex_cannot_have_is_refused(scope: Scope) -> None:
    """0 and names are no ids at APEX, and 0 would mean all of them."""
    with pytest.raises(InvalidRequestError, match="whole number from 1"):
        WIDE.check_scope(scope)


def test_a_refusal_names_what_and_the_range() -> None:
    """The message says which id, what was expected and what came."""
    with pytest.raises(InvalidRequestError, match=r"order id at 'apex' .* 1 to 9223372036854775807, got '0'"):
        VENUE.check(request(order=OrderId("0")))


def test_the_capabilities_are_declared() -> None:
    """APEX names an order by its id, cancels an account exactly, and a replaced order reads Canceled."""
    assert VENUE.capabilities == Capabilities(
        identities=frozenset({Identity.ORDER_ID}),
        scopes=frozenset({ScopeKind.ACCOUNT, ScopeKind.VENUE_WIDE}),
        not_listed=("quotes", "block trades"),
        lists_accounts=True,
        read_lag_s=5.0,
        limits=(),
        not_found_documented=True,
        replaced_reads_canceled=True,
        has_history=True,
        has_trail=True,
        cancel_list_size=0,
    )


DECLARED = {
    "nothing": ({}, {ScopeKind.ACCOUNT, ScopeKind.VENUE_WIDE}, 0),
    "lists": ({"cancel_list": True}, {ScopeKind.ACCOUNT, ScopeKind.VENUE_WIDE}, 50),
    "instruments": (
        {"native_instrument_scope": True},
        {ScopeKind.ACCOUNT, ScopeKind.VENUE_WIDE, ScopeKind.INSTRUMENT},
        0,
    ),
    "users": ({"user_scopes": True}, {ScopeKind.ACCOUNT, ScopeKind.VENUE_WIDE, ScopeKind.USER}, 0),
}


@pytest.mark.parametrize(("settings", "scopes", "size"), DECLARED.values(), ids=DECLARED)
def test_a_mass_cancel_is_only_what_the_gateway_is_declared_to_have(
    settings: dict[str, object], scopes: set[ScopeKind], size: int
) -> None:
    """An account is honoured everywhere; instruments, users and lists are the router's word."""
    declared = apex(**settings).capabilities
    assert declared.scopes == scopes
    assert declared.cancel_list_size == size


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
