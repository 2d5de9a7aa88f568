"""Whatever a plugin breaks, the error says which distribution it came with, and by which entry point."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from countermand import Client
from countermand.errors import ConfigurationError, PluginError
from countermand.venue import load_venue
from countermand.venue._plugin import name_of, source_of

Install = Callable[..., None]

ACME = """
from countermand.venue import Plugin

class Acme:
    def __init__(self, name="acme"):
        self.name = name

PLUGIN = Plugin(contract=1, venue=Acme, summary="acme", credentials={})
"""


def test_the_source_of_a_venue_is_its_entry_point(install: Install) -> None:
    """The one whose top package the class is from, with the distribution and its version."""
    install("other", {"other": "other_venue:PLUGIN"})
    install("countermand_acme", {"acme": "countermand_acme:PLUGIN"}, countermand_acme=ACME)
    acme = importlib.import_module("countermand_acme").Acme()
    assert source_of(acme) == "countermand_acme:PLUGIN of countermand_acme 1"


def test_a_package_of_two_plugins_is_named_by_both(install: Install) -> None:
    """Which of them it was, nobody can tell by the class alone."""
    entries = {"acme": "countermand_acme:PLUGIN", "acme-old": "countermand_acme.old:PLUGIN"}
    install("countermand_acme", entries, countermand_acme=ACME)
    acme = importlib.import_module("countermand_acme").Acme()
    assert sorted(source_of(acme).split(" or ")) == [
        "countermand_acme.old:PLUGIN of countermand_acme 1",
        "countermand_acme:PLUGIN of countermand_acme 1",
    ]


def test_the_source_of_what_was_not_installed_is_its_class(pebble: Any) -> None:
    """A venue of the user's own program is no plugin."""
    assert source_of(pebble) == f"{type(pebble).__module__}.Pebble"


def test_metadata_that_is_broken_hides_no_error(monkeypatch: pytest.MonkeyPatch, pebble: Any) -> None:
    """The class is told then, for the source is only told along with something worse."""

    class Finder:
        @staticmethod
        def find_spec(*_: Any) -> None:
            return None

        @staticmethod
        def find_distributions(*_: Any) -> Any:
            raise RuntimeError("no metadata")

    monkeypatch.setattr("sys.meta_path", [Finder()])
    assert source_of(pebble).endswith(".Pebble")


def test_two_venues_of_one_name_are_told_with_their_sources(install: Install, pebble: Any) -> None:
    """A plugin that names itself like another one is found by that."""
    install("countermand_acme", {"acme": "countermand_acme:PLUGIN"}, countermand_acme=ACME)
    acme = importlib.import_module("countermand_acme").Acme
    with pytest.raises(ConfigurationError) as raised:
        Client([pebble, acme("pebble"), acme()])
    assert str(raised.value) == (
        "each venue needs a name of its own; used twice: 'pebble' "
        f"({type(pebble).__module__}.Pebble, countermand_acme:PLUGIN of countermand_acme 1)"
    )


class Nameless:
    """A venue that cannot even say its name."""

    @property
    def name(self) -> str:
        """Break."""
        raise RuntimeError("no name")


class Interrupted:
    """A venue that is asked for its name while the user interrupts."""

    @property
    def name(self) -> str:
        """Break."""
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", [7, None, b"acme"], ids=repr)
def test_a_name_that_is_no_text(install: Install, name: Any) -> None:
    """It is told before a client is made of it."""
    install("countermand_acme", {"acme": "countermand_acme:PLUGIN"}, countermand_acme=ACME)
    acme = importlib.import_module("countermand_acme").Acme
    with pytest.raises(ConfigurationError) as raised:
        Client([acme(name)])
    assert str(raised.value) == (
        f"expected venues, each named by a text, got {name!r} "
        "of countermand_acme:PLUGIN of countermand_acme 1"
    )


def test_a_name_that_breaks() -> None:
    """It is none; an interrupt goes through."""
    nameless: Any = Nameless()
    with pytest.raises(ConfigurationError, match=r"got None of .*Nameless$"):
        Client([nameless])
    with pytest.raises(KeyboardInterrupt):
        name_of(Interrupted())


PARTS = {
    "venue": ("venue=7", "venue is a int, expected the class of its venues"),
    "summary": ("summary=b'acme'", "summary is a bytes, expected a text"),
    "credentials": ("credentials=[]", "credentials is a list, expected a mapping of kinds to classes"),
    "a credential": (
        "credentials={'token': 'Token'}",
        "credentials is a dict, expected a mapping of kinds to classes",
    ),
}


@pytest.mark.parametrize(("part", "words"), PARTS.values(), ids=PARTS.keys())
def test_a_descriptor_with_a_part_of_another_type(install: Install, part: str, words: str) -> None:
    """It is told when the plugin is loaded."""
    name = part.partition("=")[0]
    text = f"{ACME}\nimport attrs\nWRONG = attrs.evolve(PLUGIN, {part})\n"
    install("countermand_acme", {"acme": "countermand_acme:WRONG"}, countermand_acme=text)
    with pytest.raises(PluginError) as raised:
        load_venue("acme")
    assert name in words
    assert str(raised.value) == f"the plugin 'acme' (countermand_acme:WRONG of countermand_acme 1): {words}"


def test_an_import_that_ends_the_program_ends_only_itself(install: Install) -> None:
    """An exit at import is an error like any; an interrupt of the user's is none."""
    install("countermand_acme", {"acme": "countermand_acme:PLUGIN"}, countermand_acme="raise SystemExit(3)")
    with pytest.raises(PluginError, match=r"of countermand_acme 1\) cannot be loaded: SystemExit: 3"):
        load_venue("acme")
    install(
        "countermand_slow", {"slow": "countermand_slow:PLUGIN"}, countermand_slow="raise KeyboardInterrupt"
    )
    with pytest.raises(KeyboardInterrupt):
        load_venue("slow")
