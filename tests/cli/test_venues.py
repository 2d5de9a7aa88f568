"""`countermand venues`: what is installed, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from countermand.errors import CountermandError
from countermand.venue import load_venue

Run = Callable[..., Any]

PLAIN = """
from countermand.venue import CONTRACT, Plugin
PLUGIN = Plugin(contract=CONTRACT, venue=lambda **settings: None, summary="a [plain] one", credentials={})
"""

LISTER = """
from countermand_apex.simulator import ApexSimulator

class Lister(ApexSimulator):
    def venue(self, base_url, **settings):
        return super().venue(base_url, cancel_list=True, **settings)
"""


def test_table_tells_every_plugin(run: Run) -> None:
    """Each venue stands with what it can do, within the width of the terminal."""
    ran = run("venues")
    assert ran.code == 0
    words = " ".join(ran.out.split())
    for told in (
        "apex is AlphaPoint APEX",
        "autoshares is AutoShares",
        "mass cancel account, venue wide reads",
        "mass cancel none of its own",
        "limits none declared",
        "50 a minute and account (cancel)",
    ):
        assert told in words
    assert max(map(len, ran.out.splitlines())) <= 80


def test_lists_of_orders_are_told(run: Run, install: Callable[..., None]) -> None:
    """A venue that takes lists of orders says how many go into one."""
    install(
        "[countermand.venues]\nlister = countermand_apex:PLUGIN\n"
        "[countermand.simulators]\nlister = listing_venue:Lister\n",
        listing_venue=LISTER,
    )
    assert "mass cancel account, venue wide, lists of 50 reads" in " ".join(run("venues").out.split())


@pytest.mark.parametrize("name", ["apex", "autoshares"])
def test_json_tells_what_the_plugin_declares(run: Run, name: str) -> None:
    """The JSON has the plugin's own words and the names that a configuration may use."""
    ran = run("venues", "--json")
    (venue,) = [venue for venue in json.loads(ran.out) if venue["venue"] == name]
    plugin = load_venue(name)
    assert venue["summary"] == plugin.summary
    assert venue["credentials"] == sorted(plugin.credentials)
    assert {"base_url", "auth", "read_lag_s"} <= set(venue["settings"])
    assert venue["capabilities"]["cancels_by"] == ["order id"]
    assert venue["simulator"] is True


def test_plugin_without_simulator_says_so(run: Run, install: Callable[..., None]) -> None:
    """Of a venue without a simulator its own words are told, as they are."""
    install("[countermand.venues]\nplain = plain_plugin:PLUGIN\n", plain_plugin=PLAIN)
    (venue,) = [venue for venue in json.loads(run("venues", "--json").out) if venue["venue"] == "plain"]
    assert (venue["capabilities"], venue["simulator"], venue["settings"]) == (None, False, [])
    assert "plain is a [plain] one logs in by simulator none" in " ".join(run("venues").out.split())


def test_broken_plugin_is_told_beside_the_others(run: Run, install: Callable[..., None]) -> None:
    """One plugin that cannot be used hides no other, and the exit code tells of it."""
    install("[countermand.venues]\nbroken = no_such_module:PLUGIN\n")
    ran = run("venues")
    assert ran.code == 2
    assert "broken cannot be used the plugin 'broken' (no_such_module:PLUGIN of" in " ".join(ran.out.split())
    assert "AlphaPoint APEX" in ran.out
    with pytest.raises(CountermandError, match="cannot be loaded"):
        load_venue("broken")
