"""What a venue declares of itself is looked at when it is declared."""

from __future__ import annotations

import math
from typing import Any

import attrs
import pytest

from countermand import ScopeKind
from countermand.errors import ConfigurationError
from countermand.venue import CallKind, Capabilities, Identity, Limit, LimitScope

_LIMIT = Limit(per=LimitScope.ACCOUNT, kinds=frozenset({CallKind.CANCEL}), rate=1.0, burst=1)
_FLAG: tuple[list[Any], list[Any]] = ([True, False], [0, 1, None, "no"])

# field: (what it takes, what it refuses)
FIELDS: dict[str, tuple[list[Any], list[Any]]] = {
    "identities": (
        [frozenset(), frozenset(Identity)],
        [None, {Identity.ORDER_ID}, frozenset({"order id"}), [Identity.ORDER_ID]],
    ),
    "scopes": (
        [frozenset(), frozenset(ScopeKind)],
        [None, 7, "account", ["account"], frozenset({"account"}), (ScopeKind.ACCOUNT,)],
    ),
    "not_listed": ([(), ("stops",)], [None, "stops", ["stops"], (7,)]),
    "lists_accounts": _FLAG,
    "read_lag_s": ([0, 0.0, 5, 2.5], [None, "5", True, -1, math.inf, math.nan, 10**400]),
    "limits": ([(), (_LIMIT,)], [None, _LIMIT, [_LIMIT], (1.0,)]),
    "not_found_documented": _FLAG,
    "replaced_reads_canceled": _FLAG,
    "has_history": _FLAG,
    "has_trail": _FLAG,
    "requires": (
        [frozenset(), frozenset({"instrument"})],
        [None, "instrument", {"instrument"}, frozenset({"colour"}), frozenset({7})],
    ),
    "cancel_list_size": ([0, 10, 2**70], [None, "10", 2.5, True, -1, [2]]),
}
TAKEN = [(name, value) for name, (taken, _) in FIELDS.items() for value in taken]
REFUSED = [(name, value) for name, (_, refused) in FIELDS.items() for value in refused]


@pytest.mark.parametrize(("name", "value"), TAKEN, ids=repr)
def test_what_a_venue_may_declare(name: str, value: Any) -> None:
    """It stays as it was declared."""
    assert getattr(Capabilities(**{name: value}), name) == value


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=repr)
def test_what_a_venue_cannot_declare(name: str, value: Any) -> None:
    """The message names the field and shows what was given."""
    with pytest.raises(ConfigurationError) as caught:
        Capabilities(**{name: value})
    assert str(caught.value).startswith(f"{name!r} of Capabilities must be ")
    assert str(caught.value).endswith(f", got {value!r}")


def test_no_field_is_left_out() -> None:
    """Whatever is declared is looked at."""
    assert set(FIELDS) == {field.name for field in attrs.fields(Capabilities)}
