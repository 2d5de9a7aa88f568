"""What a setting of a plugin must be: checked at birth, before anything is sent."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import attrs

from countermand.errors import ConfigurationError

Check = Callable[[object, "attrs.Attribute[Any]", Any], None]


def must_be(expected: str, holds: Callable[[Any], bool]) -> Check:
    """Make a validator that raises `ConfigurationError`; the message never shows what has no repr."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not holds(value):
            got = f", got {value!r}" if attribute.repr else ""
            raise ConfigurationError(
                f"{attribute.alias!r} of {type(instance).__name__} must be {expected}{got}"
            )

    return check


def must_match(expected: str, pattern: str) -> Check:
    """Make a validator for a text that the whole of a regular expression matches."""
    matches = re.compile(pattern).fullmatch
    return must_be(expected, lambda value: isinstance(value, str) and matches(value) is not None)


def _is_duration(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= sys.float_info.max  # there are integers beyond any float


must_be_bool = must_be("true or false", lambda value: isinstance(value, bool))
must_be_code = must_be("None or callable", lambda value: value is None or callable(value))
must_be_duration = must_be("a number of seconds, 0 or more", _is_duration)
must_be_key = must_match("a non-empty text of printable ASCII characters", r"[!-~]+")
must_be_name = must_match(
    "1 to 128 printable ASCII characters, not a number", r"(?![+-]?[0-9]+$)[!-~]{1,128}"
)
