"""How a venue is found: the entry-point group `countermand.venues`, one descriptor each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import attrs

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
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def load_venue(name: str) -> Plugin:
    """Load the one plugin of that name; raises `PluginError` for none, two, or a broken one."""
    found = tuple(entry_points(group=GROUP, name=name))
    if len(found) != 1:
        count = "no plugin" if not found else f"{len(found)} plugins"
        sources = f" ({', '.join(_source(point) for point in found)})" if found else ""
        raise PluginError(f"{count} named {name!r}{sources}; installed are: {', '.join(venues()) or 'none'}")
    (point,) = found
    try:
        plugin = point.load()
    except Exception as error:
        raise PluginError(
            f"the plugin {name!r} ({_source(point)}) cannot be loaded: {type(error).__name__}: {error}; "
            f"installed are: {', '.join(venues())}"
        ) from error
    if not isinstance(plugin, Plugin):
        raise PluginError(
            f"the plugin {name!r} ({_source(point)}) is a {type(plugin).__name__}, expected a Plugin"
        )
    if plugin.contract != CONTRACT:
        raise PluginError(
            f"the plugin {name!r} ({_source(point)}) is made for contract {plugin.contract}, "
            f"this core speaks {CONTRACT}"
        )
    return plugin


def _source(point: EntryPoint) -> str:
    distribution = point.dist.name if point.dist is not None else "unknown distribution"
    return f"{point.value} of {distribution}"
