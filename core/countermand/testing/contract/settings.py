"""The settings that a venue and its credential are made of, as attrs has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

#: Names of settings that hold secrets, whatever their repr says.
_SECRET_NAMES = ("password", "passphrase", "secret", "token", "private")
_SHORTEST_SECRET = 4


def changed_setting(value: Any, **settings: object) -> Any:
    """Make an attrs value anew with other settings; raises what its validators raise."""
    return attrs.evolve(value, **settings)


def values_in(value: Any) -> Iterator[Any]:
    """Give the attrs values that an attrs value is made of, and itself."""
    if attrs.has(type(value)):
        yield value
        for field in attrs.fields(type(value)):
            yield from values_in(getattr(value, field.name))


def hidden_settings(value: Any) -> Iterator[tuple[Any, str]]:
    """Give the texts that an attrs value hides from its repr: by holder, and the name to set them by."""
    for holder in values_in(value):
        for field in attrs.fields(type(holder)):
            if field.init and field.repr is False and isinstance(getattr(holder, field.name), str):
                yield holder, field.alias or field.name


def secrets_in(value: Any) -> Iterator[str]:
    """Give the texts that an attrs value hides from its repr, or whose name says that it should."""
    for holder in values_in(value):
        for field in attrs.fields(type(holder)):
            held = getattr(holder, field.name)
            hidden = field.repr is False or any(word in field.name for word in _SECRET_NAMES)
            if hidden and isinstance(held, str) and len(held) >= _SHORTEST_SECRET:
                yield held
