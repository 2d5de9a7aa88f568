"""An example of a configuration, made of the plugins that are installed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from countermand.errors import PluginError
from countermand.venue import Plugin, load_venue, venues

#: Settings that the example gives itself.
_GIVEN = frozenset({"base_url", "auth", "name"})


def example_lines() -> Iterator[str]:
    """Write a table for each plugin that can be loaded: what it needs, and secrets from the environment."""
    for name in venues():
        try:
            plugin = load_venue(name)
        except PluginError as error:
            yield f"# {' '.join(str(error).split())}"
        else:
            yield from _table(name, plugin)
        yield ""


def _table(name: str, plugin: Plugin) -> Iterator[str]:
    yield f"[venues.{name}]"
    yield f'plugin = "{name}"'
    yield 'base_url = "https://api.venue.example"'
    yield 'accounts = ["9"]'
    for setting in _needed(plugin.venue):
        if setting not in _GIVEN:
            yield f"{setting} = {_value(name, plugin.venue, setting)}"
    for place, (kind, shape) in enumerate(sorted(plugin.credentials.items())):
        inner = [f'kind = "{kind}"', *(f"{one} = {_value(name, shape, one)}" for one in _needed(shape))]
        yield f"{'# or ' if place else ''}auth = {{{', '.join(inner)}}}"


def _needed(shape: Any) -> list[str]:
    try:
        parameters: Mapping[str, inspect.Parameter] = inspect.signature(shape).parameters
    except (TypeError, ValueError):
        return []
    return [
        name
        for name, one in parameters.items()
        if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]


def _value(venue: str, shape: object, setting: str) -> str:
    fields = {field.alias: field for field in getattr(shape, "__attrs_attrs__", ())}
    if setting in fields and fields[setting].repr:
        return '"..."'
    variable = re.sub("[^A-Z0-9]", "_", f"{venue}_{setting}".upper())
    return f'{{env = "{variable}"}}'
