"""A scope means exactly the orders it says, and one that could mean more cannot be made."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any
from unittest.mock import Mock

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand import OrderId, OrderReport, OrderStatus, Scope, ScopeKind
from countermand._schema import to_dict
from countermand.errors import InvalidRequestError


def is_of_router(report: OrderReport) -> bool:
    return report.entered_by == "81"


SCOPES = {
    ScopeKind.ACCOUNT: Scope.account("pebble", "9"),
    ScopeKind.INSTRUMENT: Scope.instrument("pebble", "9", "BTC"),
    ScopeKind.ORDERS: Scope.orders("pebble", "9", [OrderId("7"), OrderId("8"), OrderId("7")]),
    ScopeKind.MINE: Scope.mine("pebble", "9", is_of_router),
    ScopeKind.USER: Scope.user("pebble", "81", account="9", instrument="BTC"),
    ScopeKind.VENUE_WIDE: Scope.venue_wide("pebble", confirm="pebble"),
}


def order(order_id: str = "7", **fields: Any) -> OrderReport:
    told = {"account": "9", "instrument": "BTC", "entered_by": "81", **fields}
    return OrderReport(order_id=OrderId(order_id), status=OrderStatus.NEW, filled_quantity=Decimal(0), **told)


def test_every_kind_has_its_maker() -> None:
    """What is made is of the kind that is asked for."""
    assert [scope.kind for scope in SCOPES.values()] == list(SCOPES)
    assert set(SCOPES) == set(ScopeKind)


TEXTS = {
    "an account": (SCOPES[ScopeKind.ACCOUNT], "pebble: account 9"),
    "an instrument": (SCOPES[ScopeKind.INSTRUMENT], "pebble: account 9, instrument BTC"),
    "orders": (SCOPES[ScopeKind.ORDERS], "pebble: account 9, orders 2"),
    "those chosen": (SCOPES[ScopeKind.MINE], "pebble: account 9, those chosen"),
    "a user": (Scope.user("pebble", "81"), "pebble: user 81"),
    "a user, an account, an instrument": (
        SCOPES[ScopeKind.USER],
        "pebble: account 9, instrument BTC, user 81",
    ),
    "all": (SCOPES[ScopeKind.VENUE_WIDE], "pebble: all accounts"),
    "all of an instrument": (
        Scope.venue_wide("pebble", confirm="pebble", instrument="BTC"),
        "pebble: instrument BTC",
    ),
}


@pytest.mark.parametrize(("scope", "text"), TEXTS.values(), ids=TEXTS)
def test_a_scope_says_what_it_means(scope: Scope, text: str) -> None:
    """In words for people."""
    assert str(scope) == text


HELD: dict[str, tuple[Scope, OrderReport, bool]] = {
    "of the account": (SCOPES[ScopeKind.ACCOUNT], order(entered_by="82"), True),
    "of another account": (SCOPES[ScopeKind.ACCOUNT], order(account="10"), False),
    "whose account goes without saying": (SCOPES[ScopeKind.ACCOUNT], order(account=None), True),
    "of the instrument": (SCOPES[ScopeKind.INSTRUMENT], order(entered_by="82"), True),
    "of another instrument": (SCOPES[ScopeKind.INSTRUMENT], order(instrument="ETH"), False),
    "of no instrument": (SCOPES[ScopeKind.INSTRUMENT], order(instrument=None), False),
    "of the instrument, of another account": (SCOPES[ScopeKind.INSTRUMENT], order(account="10"), False),
    "one of the orders": (SCOPES[ScopeKind.ORDERS], order("8"), True),
    "none of the orders": (SCOPES[ScopeKind.ORDERS], order("9"), False),
    "the number of one, of another account": (SCOPES[ScopeKind.ORDERS], order("7", account="10"), False),
    "chosen": (SCOPES[ScopeKind.MINE], order(), True),
    "not chosen": (SCOPES[ScopeKind.MINE], order(entered_by="82"), False),
    "chosen, of another account": (SCOPES[ScopeKind.MINE], order(account="10"), False),
    "of the user": (SCOPES[ScopeKind.USER], order(), True),
    "of another user": (SCOPES[ScopeKind.USER], order(entered_by="82"), False),
    "of no user": (SCOPES[ScopeKind.USER], order(entered_by=None), False),
    "of the user, another instrument": (SCOPES[ScopeKind.USER], order(instrument="ETH"), False),
    "of the user, another account": (SCOPES[ScopeKind.USER], order(account="10"), False),
    "of the user in any account": (Scope.user("pebble", "81"), order(account="10"), True),
    "of the venue": (SCOPES[ScopeKind.VENUE_WIDE], order(account="13", entered_by=None), True),
    "of the venue, another instrument": (
        Scope.venue_wide("pebble", confirm="pebble", instrument="BTC"),
        order(instrument="ETH"),
        False,
    ),
}


@pytest.mark.parametrize(("scope", "report", "held"), HELD.values(), ids=HELD)
def test_a_scope_holds_what_it_means(scope: Scope, report: OrderReport, held: bool) -> None:
    """And nothing else."""
    assert scope.holds(report) is held


async def tells_later(_: OrderReport) -> bool:
    return True


class TellsLater:
    async def __call__(self, report: OrderReport) -> bool:
        return await tells_later(report)


@pytest.mark.parametrize(
    "said", [lambda: "no", lambda: "", lambda: 1, lambda: None, Mock, lambda: tells_later(order())]
)
def test_a_predicate_says_true_or_false(said: Callable[[], object]) -> None:
    """Nothing else is a yes, nor a no; a coroutine is closed, so that nobody is warned of it."""
    scope = Scope.mine("pebble", "9", lambda _: said())  # type: ignore[arg-type, return-value]  # what is tested
    with pytest.raises(TypeError, match="must give True or False, got "):
        scope.holds(order())


def test_a_predicate_that_breaks_is_heard() -> None:
    """What it raises is the caller's to know."""

    def breaks(_: OrderReport) -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Scope.mine("pebble", "9", breaks).holds(order())


@given(ids=st.lists(st.integers(1, 9).map(str), min_size=1), asked=st.integers(1, 9).map(str))
def test_orders_are_meant_once_and_in_their_order(ids: list[str], asked: str) -> None:
    """A generator will do; an order that stands in it twice is one order."""
    scope = Scope.orders("pebble", "9", (OrderId(one) for one in ids))
    assert [one.value for one in scope.order_ids] == list(dict.fromkeys(ids))
    assert scope.holds(order(asked)) is (asked in ids)


FIELDS: dict[str, Any] = {
    "account_id": "9",
    "instrument_id": "BTC",
    "user_id": "81",
    "order_ids": (OrderId("7"),),
    "where": is_of_router,
    "confirm": "pebble",
}
NEEDED = {
    ScopeKind.ACCOUNT: {"account_id"},
    ScopeKind.INSTRUMENT: {"account_id", "instrument_id"},
    ScopeKind.ORDERS: {"account_id", "order_ids"},
    ScopeKind.MINE: {"account_id", "where"},
    ScopeKind.USER: {"user_id"},
    ScopeKind.VENUE_WIDE: {"confirm"},
}
ALLOWED = {ScopeKind.USER: {"account_id", "instrument_id"}, ScopeKind.VENUE_WIDE: {"instrument_id"}}


@given(kind=st.sampled_from(ScopeKind), names=st.sets(st.sampled_from(sorted(FIELDS))))
def test_a_scope_has_the_fields_of_its_kind_and_no_others(kind: ScopeKind, names: set[str]) -> None:
    """One too few would widen it, one too many would promise what it does not mean."""
    fields = {name: FIELDS[name] for name in names}
    if NEEDED[kind] <= names <= NEEDED[kind] | ALLOWED.get(kind, set()):
        assert Scope(kind=kind, venue="pebble", **fields).kind is kind
        return
    with pytest.raises(InvalidRequestError, match=f"a scope of kind '{kind.value}' needs "):
        Scope(kind=kind, venue="pebble", **fields)


MISTAKES: dict[str, tuple[Callable[[], Scope], str]] = {
    "no venue": (lambda: Scope.account("", "9"), "'venue' of Scope"),
    "no account": (lambda: Scope.account("pebble", ""), "'account_id' of Scope"),
    "an account in two spellings": (lambda: Scope.account("pebble", "09"), "leading zeros"),
    "an account that is a number": (lambda: Scope.account("pebble", 9), "must be a string"),  # type: ignore[arg-type]  # what is tested
    "no account for an instrument": (
        lambda: Scope.instrument("pebble", None, "BTC"),  # type: ignore[arg-type]  # what is tested
        "needs account_id, instrument_id and takes nothing besides, got instrument_id",
    ),
    "no instrument": (lambda: Scope.instrument("pebble", "9", ""), "'instrument_id' of Scope"),
    "no user": (lambda: Scope.user("pebble", ""), "'user_id' of Scope"),
    "no order": (lambda: Scope.orders("pebble", "9", []), "got account_id"),
    "an order that is a text": (lambda: Scope.orders("pebble", "9", ["7"]), "got '7'"),  # type: ignore[list-item]  # what is tested
    "a text for orders": (lambda: Scope.orders("pebble", "9", "78"), "got '7'"),  # type: ignore[arg-type]  # what is tested
    "an order that cannot be hashed": (
        lambda: Scope.orders("pebble", "9", [OrderId("7"), {}]),  # type: ignore[list-item]  # what is tested
        "got {}",
    ),
    "a predicate that is none": (lambda: Scope.mine("pebble", "9", "81"), "'where' of a scope must be"),  # type: ignore[arg-type]  # what is tested
    "a predicate that tells later": (
        lambda: Scope.mine("pebble", "9", tells_later),  # type: ignore[arg-type]  # what is tested
        "must not be asynchronous",
    ),
    "a part of one": (
        lambda: Scope.mine("pebble", "9", partial(tells_later)),  # type: ignore[arg-type]  # what is tested
        "must not be asynchronous",
    ),
    "an object that tells later": (
        lambda: Scope.mine("pebble", "9", TellsLater()),  # type: ignore[arg-type]  # what is tested
        "must not be asynchronous",
    ),
    "no predicate": (lambda: Scope.mine("pebble", "9", None), "got account_id"),  # type: ignore[arg-type]  # what is tested
    "another venue confirmed": (
        lambda: Scope.venue_wide("pebble", confirm="gravel"),
        "confirmed by the venue's name, 'pebble'",
    ),
    "nothing confirmed": (lambda: Scope.venue_wide("pebble", confirm=""), "confirmed by the venue's name"),
    "none confirmed": (lambda: Scope.venue_wide("pebble", confirm=None), "needs confirm"),  # type: ignore[arg-type]  # what is tested
    "true confirmed": (lambda: Scope.venue_wide("pebble", confirm=True), "confirmed by"),  # type: ignore[arg-type]  # what is tested
    "a confirmation carried over": (
        lambda: attrs.evolve(SCOPES[ScopeKind.VENUE_WIDE], venue="gravel"),
        "confirmed by the venue's name, 'gravel'",
    ),
    "a kind that is a text": (lambda: Scope(kind="account", venue="pebble"), "must be a ScopeKind"),  # type: ignore[arg-type]  # what is tested
}


@pytest.mark.parametrize(("make", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_scope_that_is_none_cannot_be_made(make: Callable[[], Scope], words: str) -> None:
    """The error says what was expected, and what came."""
    with pytest.raises(InvalidRequestError) as caught:
        make()
    assert words in str(caught.value)


def test_a_scope_is_a_value() -> None:
    """Two that mean the same are one, as a key of a table, too."""
    again = Scope.orders("pebble", "9", [OrderId("7"), OrderId("8")])
    assert {SCOPES[ScopeKind.ORDERS]: 1}[again] == 1
    assert attrs.evolve(again, account_id="10").holds(order("7", account="10"))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        again.venue = "gravel"  # type: ignore[misc]  # what is tested


@pytest.mark.parametrize("scope", SCOPES.values(), ids=lambda scope: scope.kind.value)
def test_a_scope_is_told_as_json(scope: Scope) -> None:
    """By its ids; of a predicate its kind tells, and a confirmation is for whoever makes it."""
    told = json.loads(json.dumps(to_dict(scope)))
    assert told == {
        "schema": 1,
        "kind": scope.kind.value,
        "venue": "pebble",
        "account_id": scope.account_id,
        "instrument_id": scope.instrument_id,
        "user_id": scope.user_id,
        "order_ids": [one.value for one in scope.order_ids],
    }
