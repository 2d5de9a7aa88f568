"""How a venue is found: the entry-point group `countermand.venues`, one descriptor each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from countermand._entry_points import installed, load, sources, title
from countermand.errors import PluginError

#: The number of the contract that this core speaks.
CONTRACT = 1
GROUP = "countermand.venues"


@attrs.frozen(kw_only=True)
class Plugin:
    """A plugin as its entry point names it.

    `venue` is the class. `credentials` maps the kind of `auth` in a configuration to the class it builds:
    `auth = {kind = "password", username = "…", password = {env = "NAME"}}`.
    """

    contract: int
    venue: Callable[..., Any]
    summary: str
    credentials: Mapping[str, Callable[..., Any]]


def venues() -> tuple[str, ...]:
    """Name the installed plugins, sorted; none of them is imported."""
    return installed(GROUP)


def load_venue(name: str) -> Plugin:
    """Load the one plugin of that name; raises `PluginError` for none, two, or a broken one."""
    return load_titled(name)[0]


def load_titled(name: str) -> tuple[Plugin, str]:
    """Load the one plugin of that name; return it and what it is called; raises as `load_venue` does."""
    plugin, title = load(GROUP, name, "plugin")
    if not isinstance(plugin, Plugin):
        raise PluginError(f"{title} is a {type(plugin).__name__}, expected a Plugin")
    if plugin.contract != CONTRACT:
        raise PluginError(f"{title} is made for contract {plugin.contract}, this core speaks {CONTRACT}")
    for part, (is_one, expected) in _PARTS.items():
        if not is_one(value := getattr(plugin, part)):
            raise PluginError(f"{title}: {part} is a {type(value).__name__}, expected {expected}")
    return plugin, title


_PARTS: dict[str, tuple[Callable[[object], bool], str]] = {
    "venue": (callable, "the class of its venues"),
    "summary": (lambda value: isinstance(value, str), "a text"),
    "credentials": (
        lambda value: isinstance(value, Mapping) and all(map(callable, value.values())),
        "a mapping of kinds to classes",
    ),
}


def source_of(venue: object) -> str:
    """Say where a venue comes from: its entry point and distribution, else its class; never raises."""
    kind = type(venue)
    try:
        found = sources(GROUP, kind.__module__.partition(".")[0])
    except Exception:  # noqa: BLE001 - metadata may be broken, and what is to be told is something else
        found = ()
    return " or ".join(found) or f"{kind.__module__}.{kind.__qualname__}"


def title_of(name: str) -> str:
    """Say what the plugin of that name is called in messages; it is not imported."""
    return title(GROUP, name, "plugin")


def name_of(venue: object) -> object:
    """Return what a venue is called, as far as it says so; never raises."""
    try:
        return getattr(venue, "name", None)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - a plugin may break in any way
        return None
