"""Ids: what a venue says of theirs is checked in requests and scopes, before anything is sent."""

from __future__ import annotations

import re

import pytest

from countermand import CancelRequest, ClientOrderId, OrderId, Scope
from countermand.errors import InvalidRequestError
from countermand.venue import TEXT, UUID, Ids, one_of, whole_number

NUMBER = whole_number(10)
ORDER = "904837e3-3b76-47ec-b432-046db621571b"
IDS = Ids(account=one_of("main"), order=UUID, client_order=NUMBER, instrument=NUMBER, user=NUMBER)
NONE = Ids(client_order=None, instrument=None, user=None)


def request(**fields: object) -> CancelRequest:
    given = {"venue": "pebble", "account": "main", "order": OrderId(ORDER), **fields}
    return CancelRequest(**given)  # type: ignore[arg-type]  # of a table


def test_what_looks_right_passes() -> None:
    """Each id by its own shape."""
    IDS.check_request(request(client_order=ClientOrderId("7"), instrument="10"))
    IDS.check_request(request(order=ClientOrderId("1")))
    IDS.check_scope(Scope.instrument("pebble", "main", "3"))
    IDS.check_scope(Scope.user("pebble", "5", account="main"))
    IDS.check_scope(Scope.orders("pebble", "main", [OrderId(ORDER)]))
    IDS.check_scope(Scope.venue_wide("pebble", confirm="pebble"))
    Ids().check_request(request(account="any/thing", instrument="B R?K"[0]))


BAD_REQUESTS: dict[str, tuple[Ids, dict[str, object], str]] = {
    "account": (IDS, {"account": "other"}, "an account at 'pebble' must be 'main', got 'other'"),
    "order": (IDS, {"order": OrderId("7")}, "an order id at 'pebble' must be a UUID in lower case, got '7'"),
    "a second spelling": (IDS, {"order": OrderId(ORDER.upper())}, "a UUID in lower case"),
    "client order": (
        IDS,
        {"order": ClientOrderId("x")},
        "a client order id at 'pebble' must be a whole number",
    ),
    "both ids": (IDS, {"client_order": ClientOrderId("11")}, "a client order id at 'pebble'"),
    "instrument": (IDS, {"instrument": "0"}, "an instrument at 'pebble' must be a whole number from 1 to 10"),
    "no client order": (NONE, {"order": ClientOrderId("1")}, "does not tell a client order id of its orders"),
    "no instrument": (NONE, {"instrument": "1"}, "does not tell an instrument of its orders"),
}


@pytest.mark.parametrize(("ids", "fields", "words"), BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_a_request_with_another_id_is_refused(ids: Ids, fields: dict[str, object], words: str) -> None:
    """The message says which, what was expected, and what came."""
    with pytest.raises(InvalidRequestError, match=re.escape(words)):
        ids.check_request(request(**fields))


BAD_SCOPES: dict[str, tuple[Ids, Scope, str]] = {
    "account": (IDS, Scope.account("pebble", "other"), "an account at 'pebble'"),
    "instrument": (IDS, Scope.instrument("pebble", "main", "x"), "an instrument at 'pebble'"),
    "user": (IDS, Scope.user("pebble", "11"), "a user at 'pebble'"),
    "order": (IDS, Scope.orders("pebble", "main", [OrderId(ORDER), OrderId("7")]), "an order id at 'pebble'"),
    "no user": (NONE, Scope.user("pebble", "1"), "'pebble' does not tell a user of its orders"),
}


@pytest.mark.parametrize(("ids", "scope", "words"), BAD_SCOPES.values(), ids=BAD_SCOPES)
def test_a_scope_with_another_id_is_refused(ids: Ids, scope: Scope, words: str) -> None:
    """So is a user where orders do not tell theirs: none would look left."""
    with pytest.raises(InvalidRequestError, match=re.escape(words)):
        ids.check_scope(scope)


@pytest.mark.parametrize(
    "text", ["7", ORDER.replace("-", ""), ORDER + "0", "{" + ORDER + "}", ORDER[:-1] + "g"]
)
def test_what_is_no_uuid(text: str) -> None:
    """One spelling, and no other."""
    assert not UUID.holds(text)
    assert TEXT.holds(text)


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_what_is_no_text(text: str) -> None:
    """A path would lose it."""
    assert not TEXT.holds(text)
    assert TEXT.holds(f"{text}x")


@pytest.mark.parametrize("text", ["1", "9", "10"])
def test_numbers_within_the_range(text: str) -> None:
    """Both ends of the range are in it."""
    NUMBER.check(text, "a pebble id")


@pytest.mark.parametrize(
    "text", ["0", "11", "-1", "+1", "", " 1", "1.0", "1e0", "x", "\u0661", "\u00b2", "9" * 101, "9" * 5000]
)
def test_numbers_out_of_the_range(text: str) -> None:
    """Anything else, however long and in whatever script, is refused with what was expected."""
    with pytest.raises(InvalidRequestError, match="a pebble id must be a whole number from 1 to 10, got"):
        NUMBER.check(text, "a pebble id")
