"""The limits of a venue as a configuration file gives them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from countermand.errors import ConfigurationError
from countermand.venue import CallKind, Limit, LimitScope

E = TypeVar("E", bound=Enum)

_KEYS = ("burst", "kinds", "per", "rate")


def read_limits(value: object, where: str) -> tuple[Limit, ...]:
    """Read a list of limits; raises `ConfigurationError` that says which one, and what was expected."""
    if not isinstance(value, list):
        raise ConfigurationError(f"{where}: expected a list of tables, got {type(value).__name__}")
    return tuple(_limit(table, f"{where}[{index}]") for index, table in enumerate(value))


def _limit(table: object, where: str) -> Limit:
    keys = sorted(table) if isinstance(table, dict) else None
    if not isinstance(table, dict) or keys != list(_KEYS):
        got = ", ".join(map(str, keys or ())) or "none"
        raise ConfigurationError(f"{where}: expected a table of {', '.join(_KEYS)}, got {got}")
    return _built(table, where)


def _built(table: Mapping[str, Any], where: str) -> Limit:
    kinds = table["kinds"] if isinstance(table["kinds"], list) else [table["kinds"]]
    per = _member(LimitScope, table["per"], f"{where}.per")
    members = frozenset(_member(CallKind, kind, f"{where}.kinds") for kind in kinds)
    try:
        return Limit(per=per, kinds=members, rate=table["rate"], burst=table["burst"])
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from error


def _member(enum: type[E], value: object, where: str) -> E:
    known = {str(one.value): one for one in enum}
    if not isinstance(value, str) or value not in known:
        raise ConfigurationError(f"{where}: expected one of {', '.join(known)}, got {value!r}")
    return known[value]
