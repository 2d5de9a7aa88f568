"""How a venue is found: the entry-point group `countermand.venues`, one descriptor each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from countermand._entry_points import installed, load
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
    plugin, title = load(GROUP, name, "plugin")
    if not isinstance(plugin, Plugin):
        raise PluginError(f"{title} is a {type(plugin).__name__}, expected a Plugin")
    if plugin.contract != CONTRACT:
        raise PluginError(f"{title} is made for contract {plugin.contract}, this core speaks {CONTRACT}")
    return plugin
