"""`countermand venues`: the plugins that are installed, and what they can do."""

from __future__ import annotations

import json as _json
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from countermand.errors import PluginError
from countermand.testing import load_simulator, simulators
from countermand.venue import Capabilities, Plugin, load_venue
from countermand.venue import venues as installed
from countermand.venue._plugin import title_of

#: Where nothing is: capabilities hang on a venue's settings, and those of its simulator stand for the usual.
_NOWHERE = "http://127.0.0.1"


def venues(*, json: bool = False) -> int:
    """List the installed venues and what they can do.

    :param json: Print a JSON list instead of a table.
    """
    found = [_describe(name) for name in installed()]
    if json:
        print(_json.dumps(found, indent=2))
    else:
        Console().print(_table(found))
    return 2 if any("error" in venue for venue in found) else 0


def _describe(name: str) -> dict[str, Any]:
    try:
        plugin = load_venue(name)
        capabilities = load_simulator(name)().venue(_NOWHERE).capabilities if name in simulators() else None
    except PluginError as error:
        return {"venue": name, "error": str(error)}
    except Exception as error:  # noqa: BLE001 - one plugin that breaks, or its simulator, hides no other
        told = f"{title_of(name)} cannot be asked: {type(error).__name__}: {error}"
        return {"venue": name, "error": told}
    return {
        "venue": name,
        "summary": plugin.summary,
        "settings": _settings(plugin),
        "credentials": sorted(plugin.credentials),
        "simulator": capabilities is not None,
        "capabilities": None if capabilities is None else _plain(capabilities),
    }


def _settings(plugin: Plugin) -> list[str]:
    fields = getattr(plugin.venue, "__attrs_attrs__", ())
    return [field.alias for field in fields if field.init]


def _plain(capabilities: Capabilities) -> dict[str, Any]:
    return {
        "cancels_by": sorted(identity.value for identity in capabilities.identities),
        "mass_cancel_scopes": sorted(scope.value for scope in capabilities.scopes),
        "cancel_list_size": capabilities.cancel_list_size,
        "history": capabilities.has_history,
        "trail": capabilities.has_trail,
        "read_lag_s": capabilities.read_lag_s,
        "requires": sorted(capabilities.requires),
        "limits": [
            {
                "per": limit.per.value,
                "calls": sorted(kind.value for kind in limit.kinds),
                "a_minute": round(limit.rate * 60, 3),
                "burst": limit.burst,
            }
            for limit in capabilities.limits
        ],
    }


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for venue in found:
        for place, (what, words) in enumerate(_words(venue).items()):
            table.add_row("" if place else escape(venue["venue"]), what, escape(words))
        table.add_section()
    return table


def _words(venue: dict[str, Any]) -> dict[str, str]:
    if "error" in venue:
        return {"cannot be used": venue["error"]}
    words = {"is": venue["summary"], "logs in by": ", ".join(venue["credentials"])}
    known = venue["capabilities"]
    if known is None:
        return words | {"simulator": "none"}
    many = [
        *known["mass_cancel_scopes"],
        *([f"lists of {size}"] if (size := known["cancel_list_size"]) else []),
    ]
    limits = [
        f"{one['a_minute']:g} a minute and {one['per']} ({', '.join(one['calls'])})"
        for one in known["limits"]
    ]
    return words | {
        "cancels by": ", ".join(known["cancels_by"]),
        "mass cancel": ", ".join(many) or "none of its own",
        "reads": ", ".join(["order", "open orders", *(name for name in ("history", "trail") if known[name])]),
        "reads lag": f"up to {known['read_lag_s']:g} s",
        "needs": ", ".join(["account", "order", *known["requires"]]),
        "limits": "; ".join(limits) or "none declared",
    }
