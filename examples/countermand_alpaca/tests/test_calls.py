"""What each call asks for, and what is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from countermand import CancelRequest, ClientOrderId, OrderId, Scope
from countermand.errors import ConfigurationError, InvalidRequestError
from countermand.venue import Call, CallKind, CancelTarget, ScopeKind, Stamp
from countermand_alpaca import Alpaca, ApiKey

ID = OrderId("61e69015-8549-4bfd-b9c3-01e75843f47d")
OPEN = "/v2/orders?status=open&limit=500&direction=desc&nested=false"
ALL = OPEN.replace("open", "all")

#: Alpaca Trading API (OpenAPI), paths.
CALLS: dict[str, tuple[Callable[[Alpaca], Call[Any]], CallKind, str, str]] = {
    "cancel": (
        lambda venue: venue.cancel(CancelTarget(account="9", order=ID)),
        CallKind.CANCEL,
        "DELETE",
        f"/v2/orders/{ID}",
    ),
    "cancel all": (
        lambda venue: venue.cancel_all(Scope.account("alpaca", "9")),
        CallKind.MASS_CANCEL,
        "DELETE",
        "/v2/orders",
    ),
    "read": (lambda venue: venue.read_order("9", ID), CallKind.READ, "GET", f"/v2/orders/{ID}"),
    "open": (lambda venue: venue.list_open("9"), CallKind.LISTING, "GET", OPEN),
    "open, second page": (
        lambda venue: venue.list_open("9", "2021-03-16T18:38:01.937734Z"),
        CallKind.LISTING,
        "GET",
        f"{OPEN}&until=2021-03-16T18%3A38%3A01.937734Z",
    ),
    "history": (lambda venue: venue.list_history("9"), CallKind.LISTING, "GET", ALL),
    "account": (lambda venue: venue.list_accounts(), CallKind.READ, "GET", "/v2/account"),
}


@pytest.mark.parametrize(("make", "kind", "method", "path"), CALLS.values(), ids=CALLS)
def test_call(
    venue: Alpaca, make: Callable[[Alpaca], Call[Any]], kind: CallKind, method: str, path: str
) -> None:
    """Each call is the documented one, bears the key, and shows it nowhere."""
    call = make(venue)
    signed = call.sign(None, Stamp(nonce=1))
    assert (call.kind, signed.method, signed.path, signed.content) == (kind, method, path, b"")
    assert signed.headers == {
        "Accept": "application/json",
        "APCA-API-KEY-ID": "PKEXAMPLE0123456789A",
        "APCA-API-SECRET-KEY": "exampleSecret0123456789",
    }
    assert "xample" not in "".join(map(repr, (venue, call, signed))).replace("example.", "")


@pytest.mark.parametrize(
    "order_id",
    [
        ID.value.upper(),
        ID.value.replace("-", ""),
        "6500",
        f"{{{ID}}}",
        f"{ID}/x",
        "61e69015-8549-4bfd-b9c3-01e75843f47g",
    ],
)
def test_an_order_id_has_one_spelling(venue: Alpaca, order_id: str) -> None:
    """A UUID in lower case is an order's id, and nothing else is."""
    request = CancelRequest(venue="alpaca", account="9", order=OrderId(order_id))
    for refused in (
        lambda: venue.check(request),
        lambda: venue.cancel(CancelTarget(account="9", order=OrderId(order_id))),
        lambda: venue.read_order("9", OrderId(order_id)),
        lambda: venue.check_scope(Scope.orders("alpaca", "9", [OrderId(order_id)])),
    ):
        with pytest.raises(InvalidRequestError, match="UUID"):
            refused()


@pytest.mark.parametrize(
    "ask",
    [
        lambda venue: venue.check(CancelRequest(venue="alpaca", account="10", order=ID)),
        lambda venue: venue.cancel(CancelTarget(account="10", order=ID)),
        lambda venue: venue.cancel_all(Scope.account("alpaca", "10")),
        lambda venue: venue.read_order("10", ID),
        lambda venue: venue.list_open("10"),
        lambda venue: venue.list_history("10"),
        lambda venue: venue.check_scope(Scope.account("alpaca", "10")),
    ],
    ids=["request", "cancel", "cancel all", "read", "open", "history", "scope"],
)
def test_another_account_is_refused(venue: Alpaca, ask: Callable[[Alpaca], object]) -> None:
    """No call names an account: what is asked of another one would be done to the key's."""
    with pytest.raises(InvalidRequestError, match="'9'"):
        ask(venue)


def test_a_client_order_id_is_resolved_by_the_core(venue: Alpaca) -> None:
    """It may be asked by, but the venue's own cancel does not take it."""
    venue.check(CancelRequest(venue="alpaca", account="9", order=ClientOrderId("mine")))
    with pytest.raises(InvalidRequestError, match="OrderId"):
        venue.cancel(CancelTarget(account="9", order=ClientOrderId("mine")))


@pytest.mark.parametrize(
    "scope",
    [
        Scope.instrument("alpaca", "9", "AAPL"),
        Scope.orders("alpaca", "9", [ID]),
        Scope.mine("alpaca", "9", lambda _report: True),
        Scope.venue_wide("alpaca", confirm="alpaca"),
    ],
    ids=lambda scope: scope.kind.value,
)
def test_the_mass_cancel_takes_an_account_only(venue: Alpaca, scope: Scope) -> None:
    """Whatever is less, or more, than all orders of the account is not what the venue's call does."""
    assert venue.capabilities.scopes == {ScopeKind.ACCOUNT}
    with pytest.raises(InvalidRequestError, match="all orders of an account"):
        venue.cancel_all(scope)


def test_no_minute_has_more_calls_than_allowed(venue: Alpaca) -> None:
    """Alpaca Support, Usage Limit: 200 a minute and account, of every kind."""
    (limit,) = venue.capabilities.limits
    assert limit.burst + 60 * limit.rate <= 200
    assert limit.kinds == set(CallKind)


def test_a_refused_key_is_not_asked_for_again(venue: Alpaca) -> None:
    """There is no log-in, and nothing to renew."""
    assert (venue.log_in(), venue.renewable) == (None, False)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"account": ""}, "account"),
        ({"account": "no such account"}, "account"),
        ({"auth": "a secret"}, "ApiKey"),
        ({"base_url": "http://api.alpaca.markets"}, "https"),
        ({"name": "9"}, "name"),
        ({"read_lag_s": -1.0}, "read_lag_s"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_setting_that_cannot_be_used(venue: Alpaca, changes: dict[str, Any], told: str) -> None:
    """It is refused at birth, by its name."""
    settings: dict[str, Any] = {"base_url": venue.base_url, "account": "9", "auth": venue.auth, **changes}
    with pytest.raises(ConfigurationError, match=told):
        Alpaca(**settings)


@pytest.mark.parametrize("changes", [{"key_id": ""}, {"secret": "line\nbreak"}, {"secret": None}])
def test_a_key_that_no_header_can_bear(changes: dict[str, Any]) -> None:
    """It is refused at birth, and not shown."""
    with pytest.raises(ConfigurationError) as refused:
        ApiKey(**{"key_id": "PK", "secret": "exampleSecret", **changes})
    assert "line" not in str(refused.value)
