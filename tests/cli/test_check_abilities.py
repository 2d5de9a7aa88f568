"""What a venue can do, in words: each declaration has its own, and limits have their times."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from countermand.cli._checkup._abilities import tell_abilities
from countermand.cli._checkup._configuration import Table
from countermand.cli._checkup._findings import passed
from countermand.venue import CallKind, Capabilities, Identity, Limit, LimitScope, ScopeKind, Venue

CANCELS = Limit(per=LimitScope.ACCOUNT, kinds=frozenset({CallKind.CANCEL}), rate=1.0, burst=50)
SLOW = Limit(per=LimitScope.VENUE, kinds=frozenset({CallKind.CANCEL, CallKind.READ}), rate=0.5, burst=100)
READS = Limit(per=LimitScope.CREDENTIAL, kinds=frozenset({CallKind.READ}), rate=2.0, burst=10)


def told(configured: tuple[Limit, ...] | None = None, **declared: Any) -> dict[str, str]:
    venue = cast("Venue", SimpleNamespace(capabilities=Capabilities(**declared)))
    table = Table(
        path=Path("countermand.toml"),
        name="acme",
        raw={},
        venue=venue,
        finding=passed("configuration", "well"),
        limits=configured,
    )
    return {finding.about: finding.found for finding in tell_abilities(table)}


@pytest.mark.parametrize(
    ("about", "declared", "words"),
    [
        ("cancels by", {}, "order id; an order named otherwise is looked for first"),
        ("cancels by", {"identities": frozenset(Identity)}, "order id or client order id"),
        (
            "cancels by",
            {"identities": frozenset(Identity), "requires": frozenset({"client_order", "instrument"})},
            "order id or client order id; a request needs client_order, instrument besides",
        ),
        (
            "mass cancel",
            {},
            "none of its own; other scopes are listed and canceled by id; no lists of orders",
        ),
        (
            "mass cancel",
            {"scopes": frozenset({ScopeKind.VENUE_WIDE, ScopeKind.ACCOUNT}), "cancel_list_size": 50},
            "natively account, venue wide; other scopes are listed and canceled by id; in lists of 50",
        ),
        ("listing", {"lists_accounts": True}, "shows every open order, as far as is known"),
        ("listing", {}, "shows every open order, as far as is known; no call for the accounts"),
        (
            "listing",
            {"not_listed": ("quotes", "block trades"), "lists_accounts": True},
            "leaves out quotes, block trades: no kill proves these gone",
        ),
        (
            "reads",
            {"read_lag_s": 1.5},
            (
                "up to 1.5 s old, so a proof takes longer than that;"
                " lacks a trail of each order, a history of dead orders"
            ),
        ),
        (
            "reads",
            {"has_trail": True, "has_history": True},
            (
                "up to 5 s old, so a proof takes longer than that;"
                " has a trail of each order, a history of dead orders"
            ),
        ),
        ("limits", {}, "none declared; what the venue itself counts is not known"),
        ("limits", {"limits": (READS,)}, "120 a minute and credential (read), 10 at once"),
        (
            "limits",
            {"limits": (CANCELS, SLOW)},
            (
                "60 a minute and account (cancel), 50 at once;"
                " 30 a minute and venue (cancel, read), 100 at once;"
                " at these a batch of 100 orders of one account takes at least 50 s, a kill of 500 800 s"
            ),
        ),
        (
            "limits",
            {"limits": (CANCELS,), "scopes": frozenset({ScopeKind.ACCOUNT})},
            (
                "60 a minute and account (cancel), 50 at once;"
                " at these a batch of 100 orders of one account takes at least 50 s, a kill of 500 450 s,"
                " unless the venue's own call does it at once"
            ),
        ),
    ],
)
def test_words(about: str, declared: dict[str, Any], words: str) -> None:
    """Each declaration is told in words."""
    assert told(**declared)[about] == words


@pytest.mark.parametrize(("configured", "words"), [((), "none declared"), ((READS,), "120 a minute")])
def test_configured_limits_take_their_place(configured: tuple[Limit, ...], words: str) -> None:
    """Limits of the file stand in place of those that the venue declares, also where it has none."""
    assert told(configured, limits=(CANCELS,))["limits"].startswith(words)
