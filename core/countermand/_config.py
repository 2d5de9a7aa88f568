"""A client's configuration file: one table per venue, secrets from the environment."""

from __future__ import annotations

import inspect
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from countermand._config_limits import read_limits
from countermand._retry import RetryPolicy
from countermand.errors import ConfigurationError, CountermandError, UnknownVenueError
from countermand.venue import Limit, Plugin, Venue
from countermand.venue._plugin import load_titled, name_of

#: Keys of the table `[client]`.
_CLIENT_KEYS = frozenset({"max_in_flight", "most_unsettled", "reply_bytes", "listing_bytes", "retry"})
#: How a file says that repeats are not bounded by a budget.
_NO_BUDGET = "unlimited"
#: Keys of a venue's table that are not its plugin's.
_OUR_KEYS = frozenset({"plugin", "accounts", "limits", "auth"})


@attrs.frozen(kw_only=True)
class Configuration:
    """What a configuration file amounts to."""

    venues: tuple[Venue, ...]
    accounts: Mapping[str, tuple[str, ...]]
    #: For those venues only that have the key.
    limits: Mapping[str, tuple[Limit, ...]]
    client: Mapping[str, Any]
    #: By the names of those tables that cannot be used: which key, where, and what was expected.
    broken: Mapping[str, str] = attrs.field(factory=dict)


def load_configuration(path: str | Path, venues: Iterable[str] | None = None) -> Configuration:
    """Read a TOML file, of the venues only those of these names; the plugins of others are not imported.

    Raises `ConfigurationError` that says which key, where, and what was expected, but for what is wrong with
    a single venue; and `UnknownVenueError` for a name that has no table.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from error
    _only(data, {"venues", "client"}, str(path))
    tables = _table(data, "venues", str(path))
    if not tables:
        raise ConfigurationError(f"{path}: venues: expected at least one table [venues.NAME]")
    client = _table(data, "client", str(path)) if "client" in data else {}
    _only(client, _CLIENT_KEYS, f"{path}: client")
    read, broken = _read(tables, _chosen(tables, venues), path)
    return Configuration(
        venues=tuple(one.venue for one in read.values()),
        accounts={name: one.accounts for name, one in read.items()},
        limits={name: one.limits for name, one in read.items() if one.limits is not None},
        client={**client, **_retry(client, f"{path}: client")},
        broken=broken,
    )


def _chosen(tables: Mapping[str, Any], venues: Iterable[str] | None) -> tuple[str, ...]:
    """Return the names of the tables that are to be read; raises `UnknownVenueError`."""
    chosen = tuple(dict.fromkeys(tables if venues is None else venues))
    for name in chosen:
        if name not in tables:
            known = ", ".join(sorted(tables))
            raise UnknownVenueError(f"no venue named {name!r} is configured; there are: {known}")
    return chosen


@attrs.frozen(kw_only=True)
class _Read:
    """One table, read."""

    venue: Venue
    accounts: tuple[str, ...]
    limits: tuple[Limit, ...] | None


def _read(
    tables: Mapping[str, Any], names: Iterable[str], path: Path
) -> tuple[dict[str, _Read], dict[str, str]]:
    """Read tables, each on its own: one that is broken keeps back no other."""
    read: dict[str, _Read] = {}
    broken: dict[str, str] = {}
    for name in names:
        where = f"{path}: venues.{name}"
        try:
            table = _table(tables, name, f"{path}: venues")
            limits = read_limits(table["limits"], f"{where}.limits") if "limits" in table else None
            accounts = _accounts(table, where)
            read[name] = _Read(venue=_venue(name, table, path), accounts=accounts, limits=limits)
        except ConfigurationError as error:
            broken[name] = str(error)
    return read, broken


def _retry(client: Mapping[str, Any], where: str) -> Mapping[str, RetryPolicy]:
    if "retry" not in client:
        return {}
    table = dict(_table(client, "retry", where))
    if table.get("budget") == _NO_BUDGET:
        table["budget"] = None
    return {"retry": _build(RetryPolicy, table, f"{where}.retry", "", [])}


def _venue(name: str, table: Mapping[str, Any], path: Path) -> Venue:
    where = f"{path}: venues.{name}"
    plugin_name = table.get("plugin")
    if not isinstance(plugin_name, str):
        raise ConfigurationError(f"{where}.plugin: expected the name of a plugin, got {plugin_name!r}")
    try:
        plugin, title = load_titled(plugin_name)
    except CountermandError as error:
        raise ConfigurationError(f"{where}.plugin: {error}") from error
    if "name" in table:
        raise ConfigurationError(f"{where}.name: is not to be set: the venue is named by its table, {name!r}")
    plain = {key: value for key, value in table.items() if key not in _OUR_KEYS}
    settings = {key: _secret(value, f"{where}.{key}") for key, value in plain.items()}
    hidden = [settings[key] for key, value in plain.items() if isinstance(value, dict)]
    auth = _credential(plugin, title, _table(table, "auth", where), f"{where}.auth")
    venue: Venue = _build(plugin.venue, {"name": name, **settings, "auth": auth}, where, title, hidden)
    if (own := name_of(venue)) != name:
        raise ConfigurationError(f"{where}: {title} names it {own!r}, expected {name!r}")
    return venue


def _credential(plugin: Plugin, title: str, table: Mapping[str, Any], where: str) -> object:
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in plugin.credentials:
        known = ", ".join(sorted(plugin.credentials))
        raise ConfigurationError(f"{where}.kind: expected one of {known}")
    values = {key: _secret(value, f"{where}.{key}") for key, value in table.items() if key != "kind"}
    return _build(plugin.credentials[kind], values, where, title, values.values())


def _secret(value: object, where: str) -> object:
    """Resolve `{env = "NAME"}`; anything else stands for itself."""
    if not isinstance(value, dict):
        return value
    name = value.get("env")
    if set(value) != {"env"} or not isinstance(name, str):
        raise ConfigurationError(f'{where}: expected a value or {{env = "NAME"}}')
    try:
        return os.environ[name]
    except KeyError:
        raise ConfigurationError(f"{where}: the environment variable {name} is not set") from None


def _build(shape: Any, values: Mapping[str, Any], where: str, title: str, hidden: Iterable[object]) -> Any:
    """Build a value of a table; what breaks otherwise than by saying what is wrong is told of the plugin."""
    try:
        parameters = inspect.signature(shape).parameters
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{where}: {title} has settings that cannot be listed: {error}") from error
    _only(values, set(parameters), where)
    for key, parameter in parameters.items():
        if parameter.default is parameter.empty and key not in values:
            raise ConfigurationError(f"{where}.{key}: is missing")
    try:
        return shape(**values)
    except (CountermandError, TypeError, ValueError) as error:
        # From None, for the original shows what is hidden here: a secret may stand in the wrong key.
        raise ConfigurationError(f"{where}: {_without(str(error), hidden)}") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may break in any way, and shall be told by name
        told = _without(f"{type(error).__name__}: {error}", hidden)
        raise ConfigurationError(f"{where}: {title} raised {told}") from None


def _without(text: str, hidden: Iterable[object]) -> str:
    for value in hidden:
        text = text.replace(repr(value), "[hidden]")
        text = text.replace(value, "[hidden]") if isinstance(value, str) and value else text
    return text


def _table(parent: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = parent.get(key)
    if not isinstance(value, dict):
        # Never the value: it may be a token that lacks its table.
        raise ConfigurationError(f"{where}: {key}: expected a table, got {_kind(value)}")
    return value


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__


def _only(table: Mapping[str, Any], known: set[str] | frozenset[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise ConfigurationError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")


def _accounts(table: Mapping[str, Any], where: str) -> tuple[str, ...]:
    accounts = table.get("accounts", [])
    if not isinstance(accounts, list) or not all(isinstance(account, str) for account in accounts):
        raise ConfigurationError(f"{where}.accounts: expected a list of texts")
    return tuple(accounts)
