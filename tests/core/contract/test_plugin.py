"""How a plugin is found: none, two or a broken one is loud, and only the one asked for is imported."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from countermand._entry_points import load
from countermand.errors import PluginError
from countermand.venue import CONTRACT, Plugin, load_venue, venues

Install = Callable[..., None]

PLUGIN = f"""
from countermand.venue import Plugin
PLUGIN = Plugin(contract={CONTRACT}, venue=dict, summary="pebbles", credentials={{}})
OTHER = Plugin(contract={CONTRACT + 1}, venue=dict, summary="later", credentials={{}})
TEXT = "no plugin"
"""


def test_a_plugin_is_loaded_by_its_name(install: Install) -> None:
    """The one plugin of that name is found; no other one is imported."""
    install("pebbles", {"pebble": "pebble_one:PLUGIN", "gravel": "pebble_two:PLUGIN"}, pebble_one=PLUGIN)
    assert load_venue("pebble").summary == "pebbles"
    assert {"gravel", "pebble"} <= set(venues())
    assert list(venues()) == sorted(venues())


def test_listing_imports_nothing(install: Install) -> None:
    """To name what is installed, nothing of it is imported."""
    install("pebbles", {"pebble": "pebble_one:PLUGIN"}, pebble_one="raise RuntimeError('imported')")
    assert "pebble" in venues()
    assert "pebble_one" not in sys.modules


def test_our_own_come_through_the_same_door() -> None:
    """The plugins of this distribution are entry points like anyone's."""
    assert {"apex", "autoshares"} <= set(venues())
    assert isinstance(load_venue("apex"), Plugin)


def test_no_plugin_of_that_name(install: Install) -> None:
    """A name nobody has is an error that lists what is installed."""
    install("pebbles", {"pebble": "pebble_one:PLUGIN"}, pebble_one=PLUGIN)
    with pytest.raises(PluginError, match=r"^no plugin named 'peble'; installed are: .*pebble"):
        load_venue("peble")


def test_two_plugins_of_that_name(install: Install) -> None:
    """Of two, none is preferred: the error says where both come from."""
    install("pebbles", {"pebble": "pebble_one:PLUGIN"}, pebble_one=PLUGIN)
    install("others", {"pebble": "pebble_two:PLUGIN"}, pebble_two=PLUGIN)
    with pytest.raises(PluginError, match=r"^2 plugins named 'pebble'") as raised:
        load_venue("pebble")
    assert "pebble_one:PLUGIN of pebbles 1" in str(raised.value)
    assert "pebble_two:PLUGIN of others 1" in str(raised.value)


BROKEN = {
    "an import that fails": ("raise RuntimeError('out of order')", "PLUGIN", "RuntimeError: out of order"),
    "a missing import": ("import nobody_has_this", "PLUGIN", "No module named 'nobody_has_this'"),
    "a missing name": (PLUGIN, "MISSING", "has no attribute 'MISSING'"),
    "a text": (PLUGIN, "TEXT", "is a str, expected a Plugin"),
    "another contract": (PLUGIN, "OTHER", "is made for contract 2, this core speaks 1"),
}


@pytest.mark.parametrize(("text", "name", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_plugin(install: Install, text: str, name: str, words: str) -> None:
    """A plugin that cannot be used is an error that says which one, and what is wrong with it."""
    install("pebbles", {"pebble": f"pebble_one:{name}"}, pebble_one=text)
    with pytest.raises(PluginError) as raised:
        load_venue("pebble")
    assert str(raised.value).startswith(f"the plugin 'pebble' (pebble_one:{name} of pebbles 1)")
    assert words in str(raised.value)


def test_nothing_is_installed() -> None:
    """Where nothing is installed, the list says so."""
    with pytest.raises(PluginError, match=r"^no plugin named 'pebble'; installed are: none$"):
        load("countermand.nothing", "pebble", "plugin")
