"""What a setting of a plugin must be."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from countermand.errors import ConfigurationError
from countermand.venue.settings import (
    must_be,
    must_be_bool,
    must_be_code,
    must_be_duration,
    must_be_key,
    must_be_name,
    must_match,
)

# (validator, what it takes, what it refuses)
CHECKS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "bool": (must_be_bool, [True, False], [0, 1, None, "true"]),
    "code": (must_be_code, [None, len], ["1234", 1234]),
    "duration": (
        must_be_duration,
        [0, 0.0, 2.5, 10**300],
        [-1, -0.1, float("nan"), float("inf"), 10**400, True, "5", None],
    ),
    "key": (must_be_key, ["k", "!~"], ["", " ", "a b", "k\n", "é", None, 7]),
    "name": (
        must_be_name,
        ["pebble", "p-2", "7b", "n" * 128],
        ["", "a b", "7", "-7", "+7", "n" * 129, "n\n", None, 7],
    ),
    "pattern": (must_match("letters", "[a-z]+"), ["ab"], ["", "a1", "a\n", None, b"ab"]),
    "any": (must_be("even", lambda value: value % 2 == 0), [2], [3]),
}


def _shape(validator: Any, *, secret: bool) -> Any:
    return attrs.make_class("Shape", {"it": attrs.field(validator=validator, repr=not secret)})


@pytest.mark.parametrize(("validator", "good", "bad"), CHECKS.values(), ids=CHECKS.keys())
def test_what_a_setting_must_be(validator: Any, good: list[Any], bad: list[Any]) -> None:
    """What fits is kept; what does not is refused with the field, and with the value unless it is secret."""
    open_, secret = (_shape(validator, secret=hidden) for hidden in (False, True))
    for value in good:
        assert open_(value).it is value
    for value in bad:
        with pytest.raises(ConfigurationError) as raised:
            open_(value)
        assert str(raised.value).startswith("'it' of Shape must be ")
        assert str(raised.value).endswith(f", got {value!r}")
        with pytest.raises(ConfigurationError) as raised:
            secret(value)
        assert ", got" not in str(raised.value)


def test_a_setting_is_named_as_it_is_given() -> None:
    """By its alias, where the class had to call the field otherwise."""
    shape = attrs.make_class("Shape", {"has_it": attrs.field(validator=must_be_bool, alias="it")})
    with pytest.raises(ConfigurationError, match=r"^'it' of Shape must be true or false, got 1$"):
        shape(it=1)
