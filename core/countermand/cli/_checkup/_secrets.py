"""Secrets as a check tells of them: by the names of their keys and where they come from, never more."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from countermand.cli._checkup._configuration import Table
from countermand.cli._checkup._findings import Finding, failed, passed, skipped, warned
from countermand.venue import Plugin

ABOUT = "secrets"
#: Keys that are the core's own, and no credential's.
_PLAIN = frozenset({"plugin", "base_url", "accounts", "limits", "auth", "kind"})
_OTHERS = stat.S_IRGRP | stat.S_IROTH


@attrs.frozen(kw_only=True)
class Credential:
    """One key of a venue's table that tells who calls."""

    key: str
    #: Whether its value must be seen by nobody.
    secret: bool
    #: Whether the plugin has such a key, as far as that is known; any other is blotted out, and not told.
    told: bool = True
    value: object = attrs.field(repr=False)
    #: The environment variable it is taken from; None for one that stands in the file.
    variable: str | None = None

    @property
    def text(self) -> str | None:
        """The value itself, for it to be blotted out wherever it comes up; None where there is none."""
        found = os.environ.get(self.variable) if self.variable is not None else self.value
        return str(found) if isinstance(found, str | int | float) else None

    @property
    def origin(self) -> str:
        """Where it comes from, in words."""
        return "the file itself" if self.variable is None else f"the environment variable {self.variable}"


def credentials(table: Table, plugin: Plugin | None) -> tuple[Credential, ...]:
    """List the keys of a table that are credentials, or may be; of an unknown plugin every key may be one."""
    raw, auth = table.raw, table.raw.get("auth")
    settings = _settings(plugin and plugin.venue)
    found = [
        _credential(key, value, secret=True, told=key in settings)
        for key, value in raw.items()
        if key not in _PLAIN and not settings.get(key, False)
    ]
    if not isinstance(auth, dict):
        return (*found, *([] if auth is None else [_credential("auth", auth, secret=True)]))
    shown = _settings(_class_of(plugin, auth))
    inner = {key: value for key, value in auth.items() if key not in _PLAIN}
    return (
        *found,
        *(_credential(f"auth.{key}", one, secret=not shown.get(key, False)) for key, one in inner.items()),
    )


def _class_of(plugin: Plugin | None, auth: Mapping[str, Any]) -> object:
    kind = auth.get("kind")
    return plugin.credentials.get(kind) if plugin is not None and isinstance(kind, str) else None


def _settings(shape: object) -> dict[str, bool]:
    """Return the settings of a class by name, and whether its repr shows them: the others are secrets."""
    return {field.alias: bool(field.repr) for field in getattr(shape, "__attrs_attrs__", ())}


def _credential(key: str, value: object, *, secret: bool, told: bool = True) -> Credential:
    name = value.get("env") if isinstance(value, dict) else None
    variable = name if isinstance(name, str) else None
    return Credential(key=key, secret=secret, told=told, value=value, variable=variable)


def check_secrets(table: Table, plugin: Plugin | None) -> Finding:
    """Tell which credentials there are and where they come from."""
    known = [one for one in credentials(table, plugin) if one.told]
    if not known:
        return skipped(ABOUT, "the table has no credential", "give it `auth`, as the example in the README")
    absent = [one.variable for one in known if one.variable is not None and not os.environ.get(one.variable)]
    if absent:
        found = f"not set, or empty: the environment variable {', '.join(absent)}; {_named(known)}"
        return failed(ABOUT, found, "set it in the environment of the program that uses this file")
    written = [one.key for one in known if one.secret and one.variable is None]
    if not written:
        return passed(ABOUT, _named(known))
    found, advice = f"{_named(known)}; secret of these: {', '.join(written)}", _elsewhere(written[0])
    if _is_open(table.path):
        found += "; others than its owner can read the file"
        advice += f"; until then: chmod 600 {table.path}"
    return warned(ABOUT, found, advice)


def _elsewhere(key: str) -> str:
    return f'write {key.rpartition(".")[2]} = {{env = "NAME"}} and set that environment variable'


def _named(known: Iterable[Credential]) -> str:
    return ", ".join(f"{one.key} from {one.origin}" for one in known)


def _is_open(path: Path) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & _OTHERS)
