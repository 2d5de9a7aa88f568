"""What each call puts on the wire, by value."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import pytest

from countermand import Assurance, CancelRequest, ClientOrderId, OrderId, Scope
from countermand.errors import InvalidRequestError
from countermand.venue import (
    Call,
    CallKind,
    CancelTarget,
    Capabilities,
    Identity,
    LimitScope,
    Session,
    Stamp,
    Venue,
)
from countermand_autoshares import AccessToken, AutoShares, Password

BASE = "https://pub-api-et-demo-prod.etnasoft.us/api"
KEY = "simulated-app-key"
STAMP = Stamp(nonce=1)
SESSION = Session(token="VGhpcyBpcyBleGFtcGxlIHRva2Vu")
LARGEST = str((1 << 31) - 1)

VENUE: Venue = AutoShares(BASE, KEY, auth=AccessToken("token"))
LATER_VERSION = AutoShares(BASE, KEY, auth=Password("user", "secret"), api_version="2.1")


def target(order: OrderId | ClientOrderId, assurance: Assurance = Assurance.CONFIRMED) -> CancelTarget:
    return CancelTarget(account="6303", order=order, assurance=assurance)


PAGE = "/v1.0/accounts/6303/orders?pageNumber={}&pageSize=100&sortField=Id&desc=true"

# (call, name, kind, path); the first two paths are the vendor's own example.
CALLS = {
    # Cancel an Order, Overview: "DELETE apiURL/v1.0/accounts/6303/orders/73552", "(quick)"
    "quick": (
        VENUE.cancel(target(OrderId("73552"), Assurance.RECEIVED)),
        "DELETE orders",
        CallKind.CANCEL,
        "/v1.0/accounts/6303/orders/73552",
    ),
    # and the same with syncorders "(slow)"
    "slow": (
        VENUE.cancel(target(OrderId("73552"))),
        "DELETE syncorders",
        CallKind.CANCEL,
        "/v1.0/accounts/6303/syncorders/73552",
    ),
    # "version (path). Unless necessary, leave it at "1.0""
    "another version": (
        LATER_VERSION.cancel(target(OrderId(LARGEST))),
        "DELETE syncorders",
        CallKind.CANCEL,
        f"/v2.1/accounts/6303/syncorders/{LARGEST}",
    ),
    # Swagger, Orders_GetOrder
    "one order": (
        VENUE.read_order("6303", OrderId("73552")),
        "GET order",
        CallKind.READ,
        "/v1.0/accounts/6303/orders/73552",
    ),
    # Swagger, Orders_GetOrderDetails
    "details": (
        VENUE.read_trail("6303", OrderId("73552")),
        "GET order details",
        CallKind.READ,
        "/v1.0/accounts/6303/orders/73552/details",
    ),
    # Swagger, Orders_GetOrders: pageNumber and pageSize are required, filter is not
    "open orders": (VENUE.list_open("6303"), "GET orders", CallKind.LISTING, PAGE.format(0)),
    "open, page 3": (
        VENUE.list_open("6303", 3),
        "GET orders",
        CallKind.LISTING,
        PAGE.format(3),
    ),
    "history": (VENUE.list_history("6303"), "GET orders", CallKind.LISTING, PAGE.format(0)),
    "history, page 1": (
        VENUE.list_history("6303", 1),
        "GET orders",
        CallKind.LISTING,
        PAGE.format(1),
    ),
    # Swagger, UserAccounts_GetUserAccounts
    "accounts": (VENUE.list_accounts(), "GET accounts", CallKind.READ, "/v1.0/users/@me/accounts"),
    "accounts of another version": (
        LATER_VERSION.list_accounts(),
        "GET accounts",
        CallKind.READ,
        "/v2.1/users/@me/accounts",
    ),
    # Swagger, Logout
    "log out": (LATER_VERSION.log_out(SESSION), "POST logout", CallKind.LOG_IN, "/logout"),
}


@pytest.mark.parametrize(("call", "name", "kind", "path"), CALLS.values(), ids=CALLS)
def test_a_call_is_written_as_documented(call: Call[object], name: str, kind: CallKind, path: str) -> None:
    """Method, path and query are those of the documents; the key and the token stand in the headers."""
    request = call.sign(SESSION, STAMP)
    assert (call.name, call.kind) == (name, kind)
    assert (request.method, request.path, request.content) == (name.partition(" ")[0], path, b"")
    assert request.headers == {
        "Accept": "application/json",
        "Et-App-Key": KEY,
        "Authorization": f"Bearer {SESSION.token}",
    }


class Own(str, Enum):  # noqa: UP042 - as callers have it
    """Ids as a caller may keep them: what such a text is called when it is formatted is not what it is."""

    ACCOUNT = "6303"
    ORDER = "73552"


def test_ids_of_a_text_s_heir() -> None:
    """They stand on the wire as the numbers that they are."""
    request = VENUE.read_order(Own.ACCOUNT, OrderId(Own.ORDER)).sign(None, STAMP)
    assert request.path == "/v1.0/accounts/6303/orders/73552"


def test_without_a_session_no_token_is_sent() -> None:
    """A call that is signed before a log-in bears the application key only."""
    request = VENUE.read_order("6303", OrderId("1")).sign(None, STAMP)
    assert request.headers == {"Accept": "application/json", "Et-App-Key": KEY}


def test_a_call_is_signed_anew_with_each_session() -> None:
    """After another log-in the same call bears the other token."""
    call = VENUE.cancel(target(OrderId("1")))
    tokens = [call.sign(Session(token=token), STAMP).headers["Authorization"] for token in ("one", "two")]
    assert tokens == ["Bearer one", "Bearer two"]


def test_a_cancel_by_client_order_id_is_never_sent() -> None:
    """Its number would be taken for the id of another order."""
    with pytest.raises(InvalidRequestError, match="OrderId only"):
        VENUE.cancel(target(ClientOrderId("73552")))


MANY = {
    "an account": lambda: VENUE.cancel_all(Scope.account("autoshares", "6303")),
    "the venue": lambda: VENUE.cancel_all(Scope.venue_wide("autoshares", confirm="autoshares")),
    "a list": lambda: VENUE.cancel_list([target(OrderId("73552"))]),
    "an empty list": lambda: VENUE.cancel_list([]),
}


@pytest.mark.parametrize("make", MANY.values(), ids=MANY)
def test_there_is_no_call_for_several_orders(make: Callable[[], object]) -> None:
    """The Swagger file has none: it is never asked for, and cannot be made."""
    assert (VENUE.capabilities.scopes, VENUE.capabilities.cancel_list_size) == (frozenset(), 0)
    with pytest.raises(InvalidRequestError, match="no call that cancels several orders"):
        make()


SCOPES = {
    "an account": Scope.account("autoshares", LARGEST),
    "a symbol": Scope.instrument("autoshares", "6303", "BRK.B"),
    "orders": Scope.orders("autoshares", "6303", [OrderId("1"), OrderId(LARGEST)]),
    "those chosen": Scope.mine("autoshares", "6303", bool),
    "the venue": Scope.venue_wide("autoshares", confirm="autoshares"),
}
BAD_SCOPES = {
    "account 0": (Scope.account("autoshares", "0"), "an account at 'autoshares' must be"),
    "account no number": (Scope.mine("autoshares", "ABC", bool), "an account at 'autoshares' must be"),
    "account over 31 bits": (Scope.instrument("autoshares", str(1 << 31), "AAPL"), "at 'autoshares' must be"),
    "the second order a path": (
        Scope.orders("autoshares", "6303", [OrderId("1"), OrderId("1/../2")]),
        "an order id at 'autoshares' must be",
    ),
    "a user": (Scope.user("autoshares", "81", account="6303"), "does not tell a user"),
}


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_a_scope_that_autoshares_can_have_passes(scope: Scope) -> None:
    """A symbol may be any text, and both ends of the range of ids are in it."""
    VENUE.check_scope(scope)


@pytest.mark.parametrize(("scope", "words"), BAD_SCOPES.values(), ids=BAD_SCOPES)
def test_a_scope_that_autoshares_cannot_have_is_refused(scope: Scope, words: str) -> None:
    """Before anything is sent; a user's orders could not be told from others, so none would look left."""
    with pytest.raises(InvalidRequestError, match=words):
        VENUE.check_scope(scope)


def test_capabilities_are_those_of_the_documents() -> None:
    """No mass cancel, no documented not-found, Replaced a status of its own, three limits a minute."""
    declared = AutoShares(BASE, KEY, auth=AccessToken("t"), read_lag_s=2).capabilities
    assert declared == Capabilities(
        identities=frozenset({Identity.ORDER_ID}),
        read_lag_s=2,
        lists_accounts=True,
        has_history=True,
        has_trail=True,
        limits=declared.limits,
    )
    assert [(limit.per, limit.kinds, round(limit.rate * 60), limit.burst) for limit in declared.limits] == [
        (LimitScope.ACCOUNT, frozenset({CallKind.CANCEL}), 50, 50),
        (LimitScope.ACCOUNT, frozenset({CallKind.READ, CallKind.LISTING}), 120, 120),
        (LimitScope.CREDENTIAL, frozenset({CallKind.LOG_IN}), 10, 10),
    ]


GOOD_REQUESTS = {
    "smallest": ("1", OrderId("1")),
    "largest": (LARGEST, OrderId(LARGEST)),
    "a client order id is free text": ("6303", ClientOrderId("A-7/e")),
    "a client order id beyond 31 bits": ("6303", ClientOrderId("9007199254740993")),
}

# "accountId", "orderId": "format": "int32"
BAD_REQUESTS = {
    "order id 0": ("6303", OrderId("0")),
    "order id over 31 bits": ("6303", OrderId(str(1 << 31))),
    "order id negative": ("6303", OrderId("-1")),
    "order id no number": ("6303", OrderId("73552a")),
    "order id a path": ("6303", OrderId("1/../2")),
    "account no number": ("ABC", OrderId("1")),
    "account 0": ("0", OrderId("1")),
    "account over 31 bits": (str(1 << 31), ClientOrderId("a")),
}


@pytest.mark.parametrize(("account", "order"), GOOD_REQUESTS.values(), ids=GOOD_REQUESTS)
def test_a_request_that_can_be_sent_passes(account: str, order: OrderId | ClientOrderId) -> None:
    """Both ends of the range are in it, and a client order id need be no number."""
    VENUE.check(CancelRequest(venue="autoshares", account=account, order=order))


@pytest.mark.parametrize(("account", "order"), BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_an_id_that_cannot_be_is_refused_before_anything_is_sent(
    account: str, order: OrderId | ClientOrderId
) -> None:
    """Account and order id are whole numbers from 1 to 2^31-1."""
    with pytest.raises(InvalidRequestError, match="from 1 to 2147483647"):
        VENUE.check(CancelRequest(venue="autoshares", account=account, order=order))


@pytest.mark.parametrize("account", ["", "0", "a", "9/../8"])
def test_no_call_is_made_for_an_account_that_cannot_be(account: str) -> None:
    """A listing asked for without a request is checked alike."""
    with pytest.raises(InvalidRequestError, match="account"):
        VENUE.list_open(account)
