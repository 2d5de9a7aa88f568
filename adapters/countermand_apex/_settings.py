"""What a setting must be: checked when a venue or a credential is made, before anything is sent."""

from __future__ import annotations

import math
import re
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
                f"{attribute.name!r} of {type(instance).__name__} must be {expected}{got}"
            )

    return check


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"(?![+-]?[0-9]+$)[!-~]{1,128}", value))


def _is_key(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[!-~]+", value))


def _is_user_name(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[^:\x00-\x1f\x7f]+", value))


def _is_user_id(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[1-9][0-9]{0,18}", value))


def _is_duration(value: object) -> bool:
    return type(value) in (int, float) and isinstance(value, int | float) and 0 <= value < math.inf


must_be_bool = must_be("true or false", lambda value: isinstance(value, bool))
must_be_code = must_be("None or callable", lambda value: value is None or callable(value))
must_be_duration = must_be("a number of seconds, 0 or more", _is_duration)
must_be_key = must_be("a non-empty text of printable ASCII characters", _is_key)
must_be_name = must_be("1 to 128 printable ASCII characters, not a number", _is_name)
must_be_oms = must_be("a positive whole number", lambda value: type(value) is int and value > 0)
must_be_text = must_be("a non-empty text", _is_text)
must_be_user_id = must_be("a positive whole number", _is_user_id)
#: RFC 7617, 2: "a user-id containing a colon character is invalid", and so are control characters.
must_be_user_name = must_be("a non-empty text without colon or control characters", _is_user_name)
