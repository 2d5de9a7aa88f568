"""How a simulator is found by name, with distributions made for the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from countermand.errors import PluginError
from countermand.testing import Simulator, load_simulator, simulators

TOY = """
from countermand.testing import Simulator

class Toy(Simulator):
    name = "toy-venue"
    def route(self, request, now): ...
    def venue(self, base_url, *, credentials=None, **settings): ...
"""


def install(folder: Path, distribution: str, entry: str) -> None:
    """Lay down what an installed distribution leaves: its name and its entry point."""
    info = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[countermand.simulators]\n{entry}\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_simulator_is_found_by_its_entry_point(folder: Path) -> None:
    """A third party's simulator is found by the name it is installed under."""
    (folder / "toy_venue_one.py").write_text(TOY)
    install(folder, "toy-one", "toy-venue = toy_venue_one:Toy")
    assert "toy-venue" in simulators()
    assert issubclass(load_simulator("toy-venue"), Simulator)


def test_unknown_simulator_lists_what_is_installed(folder: Path) -> None:
    """A misspelled name is told what there is."""
    install(folder, "toy-one", "toy-venue = nowhere:Toy")
    with pytest.raises(PluginError, match=r"no simulator named 'nonesuch'; installed are: .*toy-venue"):
        load_simulator("nonesuch")


def test_two_simulators_of_one_name_are_refused(folder: Path) -> None:
    """Which of two is meant is not guessed; both are named."""
    install(folder, "toy-one", "toy-venue = one:Toy")
    install(folder, "toy-two", "toy-venue = two:Toy")
    with pytest.raises(PluginError, match=r"2 simulators named 'toy-venue' \(.*one:Toy of toy-one"):
        load_simulator("toy-venue")


def test_broken_simulator_is_told_with_its_error(folder: Path) -> None:
    """A simulator that cannot be imported says why and where it comes from."""
    (folder / "toy_venue_broken.py").write_text("raise RuntimeError('out of order')")
    install(folder, "toy-one", "toy-venue = toy_venue_broken:Toy")
    with pytest.raises(
        PluginError,
        match=r"toy_venue_broken:Toy of toy-one 1.*\) cannot be loaded: RuntimeError: out of order; inst",
    ) as caught:
        load_simulator("toy-venue")
    assert isinstance(caught.value.__cause__, RuntimeError)


@pytest.mark.parametrize("thing", ["number = 7", "number = int"])
def test_entry_that_is_no_simulator_is_refused(folder: Path, thing: str) -> None:
    """An entry point that names something else is told what was expected."""
    module = f"toy_venue_{thing[-1]}"
    (folder / f"{module}.py").write_text(thing)
    install(folder, "toy-one", f"toy-venue = {module}:number")
    with pytest.raises(PluginError, match="expected a subclass of Simulator"):
        load_simulator("toy-venue")
