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
from countermand.errors import ConfigurationError, CountermandError
from countermand.venue import Limit, Plugin, Venue, load_venue

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


def load_configuration(path: Path) -> Configuration:
    """Read a TOML file; raises `ConfigurationError` that says which key, where, and what was expected."""
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
    return Configuration(
        venues=tuple(_venue(name, _table(tables, name, f"{path}: venues"), path) for name in tables),
        accounts={name: _accounts(tables[name], f"{path}: venues.{name}") for name in tables},
        limits={
            name: read_limits(table["limits"], f"{path}: venues.{name}.limits")
            for name, table in tables.items()
            if "limits" in table
        },
        client={**client, **_retry(client, f"{path}: client")},
    )


def _retry(client: Mapping[str, Any], where: str) -> Mapping[str, RetryPolicy]:
    if "retry" not in client:
        return {}
    table = dict(_table(client, "retry", where))
    if table.get("budget") == _NO_BUDGET:
        table["budget"] = None
    return {"retry": _build(RetryPolicy, table, f"{where}.retry", [])}


def _venue(name: str, table: Mapping[str, Any], path: Path) -> Venue:
    where = f"{path}: venues.{name}"
    plugin_name = table.get("plugin")
    if not isinstance(plugin_name, str):
        raise ConfigurationError(f"{where}.plugin: expected the name of a plugin, got {plugin_name!r}")
    try:
        plugin = load_venue(plugin_name)
    except CountermandError as error:
        raise ConfigurationError(f"{where}.plugin: {error}") from error
    if "name" in table:
        raise ConfigurationError(f"{where}.name: is not to be set: the venue is named by its table, {name!r}")
    plain = {key: value for key, value in table.items() if key not in _OUR_KEYS}
    settings = {key: _secret(value, f"{where}.{key}") for key, value in plain.items()}
    hidden = [settings[key] for key, value in plain.items() if isinstance(value, dict)]
    auth = _credential(plugin, _table(table, "auth", where), f"{where}.auth")
    venue: Venue = _build(plugin.venue, {"name": name, **settings, "auth": auth}, where, hidden)
    return venue


def _credential(plugin: Plugin, table: Mapping[str, Any], where: str) -> object:
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in plugin.credentials:
        known = ", ".join(sorted(plugin.credentials))
        raise ConfigurationError(f"{where}.kind: expected one of {known}")
    values = {key: _secret(value, f"{where}.{key}") for key, value in table.items() if key != "kind"}
    return _build(plugin.credentials[kind], values, where, values.values())


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


def _build(shape: Any, values: Mapping[str, Any], where: str, hidden: Iterable[object]) -> Any:
    parameters = inspect.signature(shape).parameters
    _only(values, set(parameters), where)
    for key, parameter in parameters.items():
        if parameter.default is parameter.empty and key not in values:
            raise ConfigurationError(f"{where}.{key}: is missing")
    try:
        return shape(**values)
    except (CountermandError, TypeError, ValueError) as error:
        # From None, for the original shows what is hidden here: a secret may stand in the wrong key.
        raise ConfigurationError(f"{where}: {_without(str(error), hidden)}") from None


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
