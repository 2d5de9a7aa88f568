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


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"(?![+-]?[0-9]+$)[!-~]{1,128}", value))


def _is_key(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[!-~]+", value))


def _is_header_text(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[!-~]([ -~]*[!-~])?", value))


def _is_version(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?", value))


def _is_duration(value: object) -> bool:
    return type(value) in (int, float) and isinstance(value, int | float) and 0 <= value < math.inf


must_be_code = must_be("None or callable", lambda value: value is None or callable(value))
must_be_duration = must_be("a number of seconds, 0 or more", _is_duration)
must_be_key = must_be("a non-empty text of printable ASCII characters", _is_key)
must_be_name = must_be("1 to 128 printable ASCII characters, not a number", _is_name)
#: AutoShares Single-Factor Authentication, Syntax: user and password are headers, so are bound to ASCII.
must_be_header_text = must_be(
    "a non-empty text of printable ASCII characters, no blank at its ends", _is_header_text
)
must_be_version = must_be('a version like "1.0"', _is_version)
