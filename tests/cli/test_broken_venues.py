"""A broken plugin harms nobody who means another venue, and holds up no kill of the others."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from countermand.testing import LiveSimulator

pytest_plugins = ["countermand.testing.fixtures"]

Run = Callable[..., Any]
BROKEN = '\n[venues.broken]\nplugin = "broken"\naccounts = ["1"]\n'
WORDS = (
    "venues.broken.plugin: the plugin 'broken' (broken_venue:PLUGIN of third-party 1.0) cannot be loaded: "
    "SystemExit: 7"
)


@pytest.fixture
def beside(venue: LiveSimulator, install: Callable[..., None]) -> LiveSimulator:
    """Configure a venue whose plugin exits at import, before the one that is served with an order."""
    install("[countermand.venues]\nbroken = broken_venue:PLUGIN\n", broken_venue="raise SystemExit(7)")
    path = Path("countermand.toml")
    path.write_text(BROKEN + path.read_text())
    venue.call(partial(venue.simulator.place, order_id="7001"))
    return venue


def still_open(live: LiveSimulator) -> list[str]:
    """List what is open."""
    found: list[str] = live.call(lambda _now: [one.order_id for one in live.simulator.book.open_orders()])
    return found


#: What is typed behind the venue's name, by command.
COMMANDS = {
    "cancel": ("--account", "9", "--order", "7001"),
    "cancel-all": ("--account", "9", "--yes"),
    "cancel-many": ("--account", "9", "--orders", "orders.txt"),
}


@pytest.mark.parametrize(("command", "words"), COMMANDS.items(), ids=COMMANDS.keys())
def test_a_command_for_one_venue_needs_no_other(
    beside: LiveSimulator, run: Run, command: str, words: tuple[str, ...]
) -> None:
    """The others are not even imported."""
    Path("orders.txt").write_text("7001\n")
    ran = run(command, beside.simulator.name, *words)
    assert (ran.code, still_open(beside)) == (0, [])
    assert "broken_venue" not in sys.modules


def test_orders_and_settle_need_no_other(beside: LiveSimulator, run: Run) -> None:
    """Nor do those that only read."""
    listed = run("orders", beside.simulator.name, "--account", "9", "--json")
    assert (listed.code, json.loads(listed.out)["orders"][0]["order_id"]) == (0, "7001")
    canceled = run("cancel", beside.simulator.name, "--account", "9", "--order", "7001", "--json")
    Path("ack.json").write_text(canceled.out)
    assert run("settle", "ack.json").code == 0
    assert "broken_venue" not in sys.modules


def test_a_broken_venue_that_is_meant_is_a_mistake(beside: LiveSimulator, run: Run) -> None:
    """It is told with the key and the plugin's source, and nothing is sent."""
    for words in (("orders", "broken", "--account", "1"), ("kill", "--yes", "--venue", "broken")):
        ran = run(*words)
        assert ran.code == 2
        assert WORDS in ran.err
    assert still_open(beside) == ["7001"]


def test_a_kill_reaches_the_others(beside: LiveSimulator, run: Run) -> None:
    """The broken one is told before and after, and nothing is proved of it."""
    ran = run("kill", "--yes")
    assert (ran.code, still_open(beside)) == (5, [])
    assert "countermand: NOTHING IS DONE at broken: " in ran.err
    assert WORDS in ran.err
    assert "PROVED EMPTY" in ran.out
    assert "broken: its accounts are not known: " in ran.out
    assert "NOT PROVED: 1 of 1 scopes are empty" in ran.out
    told = json.loads(run("kill", "--yes", "--json").out)
    assert told["proved"] is False
    assert WORDS in told["undiscovered"]["broken"]


def test_a_kill_of_named_venues_is_not_held_up_either(beside: LiveSimulator, run: Run) -> None:
    """Whether the broken one is named, too, or not."""
    named = ("--venue", beside.simulator.name)
    both = run("kill", "--yes", *named, "--venue", "broken")
    assert (both.code, still_open(beside)) == (5, [])
    assert run("kill", "--yes", *named).code == 0


def test_a_dry_run_of_a_kill_tells_of_it(beside: LiveSimulator, run: Run) -> None:
    """What is listed is not all."""
    ran = run("kill", "--dry-run")
    assert ran.code == 5
    assert "7001" in ran.out
    assert "NOTHING IS DONE at broken" in ran.err
    assert run("kill", "--dry-run", "--venue", beside.simulator.name).code == 0


FAULTY = """
import countermand_apex, {module} as ours
from countermand.venue import CONTRACT, Plugin

def broken(self, *_):
    raise {error}

class Faulty(ours.{kind}):
    check = check_scope = broken

PLUGIN = Plugin(contract=CONTRACT, venue=Faulty, summary="faulty", credentials=ours.PLUGIN.credentials)
"""
KINDS = {"apex": "Apex", "autoshares": "AutoShares"}


@pytest.mark.parametrize("error", ["LookupError('oh')", "SystemExit('oh')", "KeyboardInterrupt('oh')"])
def test_a_plugin_that_breaks_when_it_checks(
    venue: LiveSimulator, run: Run, install: Callable[..., None], error: str
) -> None:
    """It is told in the report, with its source; an interrupt is the user's."""
    name = venue.simulator.name
    text = FAULTY.format(module=f"countermand_{name}", kind=KINDS[name], error=error)
    module = f"faulty_{name}_{error[:4].lower()}"  # a module that was imported stays
    install(f"[countermand.venues]\nfaulty = {module}:PLUGIN\n", **{module: text})
    path = Path("countermand.toml")
    path.write_text(path.read_text().replace(f'plugin = "{name}"', 'plugin = "faulty"'))
    Path("orders.txt").write_text("7001\n")
    ran = run("kill", "--yes")
    many = run("cancel-many", name, "--account", "9", "--orders", "orders.txt")
    if error.startswith("KeyboardInterrupt"):
        assert (ran.code, many.code) == (130, 130)
        return
    raised = error.replace("('", ": ").removesuffix("')")
    source = f"the venue {name!r} ({module}:PLUGIN of third-party 1.0)"
    assert (ran.code, many.code) == (5, 4)
    assert f"{source}: check_scope raised {raised}" in " ".join(ran.out.split())
    assert f"{source}: check raised {raised}" in " ".join(many.out.split())


def test_venues_tells_of_a_simulator_that_breaks(run: Run, install: Callable[..., None]) -> None:
    """It hides no other plugin."""
    install(
        "[countermand.venues]\nfaulty = countermand_apex:PLUGIN\n"
        "[countermand.simulators]\nfaulty = faulty_simulator:Faulty\n",
        faulty_simulator="from countermand_apex.simulator import ApexSimulator\n"
        "class Faulty(ApexSimulator):\n"
        "    def venue(self, base_url, **settings):\n"
        "        raise LookupError('oh')\n",
    )
    ran = run("venues", "--json")
    (faulty,) = (one for one in json.loads(ran.out) if one["venue"] == "faulty")
    assert ran.code == 2
    assert faulty["error"] == (
        "the plugin 'faulty' (countermand_apex:PLUGIN of third-party 1.0) cannot be asked: LookupError: oh"
    )
