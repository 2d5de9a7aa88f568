"""A plugin as a check sees it: what it is, and where it comes from."""

from __future__ import annotations

from countermand.cli._checkup._configuration import Table
from countermand.cli._checkup._findings import Finding, failed, passed, skipped
from countermand.errors import CountermandError
from countermand.venue import CONTRACT, Plugin
from countermand.venue._plugin import load_titled

ABOUT = "plugin"


def check_plugin(table: Table) -> tuple[Plugin | None, Finding]:
    """Load the plugin that a table names, and tell where it comes from."""
    name = table.raw.get("plugin")
    if not isinstance(name, str):
        return None, skipped(
            ABOUT, "the table names none", 'write plugin = "NAME"; `countermand venues` has them'
        )
    try:
        plugin, title = load_titled(name)
    except CountermandError as error:
        advice = f"install the one distribution that brings it, made for contract {CONTRACT}"
        return None, failed(ABOUT, str(error), advice)
    kind = plugin.venue
    named = f"{getattr(kind, '__module__', '?')}.{getattr(kind, '__qualname__', type(kind).__qualname__)}"
    return plugin, passed(ABOUT, f"{title}, contract {plugin.contract}, class {named}")
