"""`countermand new-venue`: a package that runs at once, and fails only in the parts that documents decide."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from countermand.cli._new_venue_files import package_files
from countermand.cli._new_venue_name import VenueName

Run = Callable[..., Any]

HOME = Path(__file__).parents[2]
#: The parts that are not filled in: what the cases that fail for it say to do.
PARTS = {
    "what it is": "Say in one line of the plugin's `summary`",
    "illegal requests": "Give the contract one request at least that the venue cannot have",
    "illegal scopes": "Give the contract one scope at least that the venue cannot have",
    "calls": "Quote the request of 'DELETE order' in CALLS of tests/documents.py",
    "headers": "Quote the headers that every call bears in HEADERS of tests/documents.py",
    "capabilities": "Declare what the venue can in DECLARED of tests/documents.py",
    "statuses": "Give the contract the venue's status words",
    "no assumed status": "in STATUSES of tests/documents.py, or take it out of _statuses.py",
    "orders": "Quote the answer to a read of an order in `order_answer` of tests/documents.py",
    "answers": "Add a sample that means",
    "no assumed answer": "in SAMPLES of tests/documents.py, or take it out of _verdicts.py",
    "successes": "Read only documented statuses as a success",
}


def run_tests(package: Path, environment: dict[str, str]) -> dict[str, str | None]:
    """Run the tests of a package as its author does; return what each says that failed, else None."""
    results = package.parent / "results.xml"
    ran = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "pytest", "-q", f"--junitxml={results}"],
        cwd=package,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert results.exists(), ran.stdout + ran.stderr
    told = {}
    for case in ElementTree.parse(results).iter("testcase"):  # noqa: S314 - our own
        skipped = case.find("skipped")
        assert skipped is None or "the venue has nothing to break" in skipped.attrib["message"]
        assert case.find("error") is None, ran.stdout
        failure = case.find("failure")
        told[case.attrib["name"].removeprefix("test_")] = (
            None if failure is None else failure.attrib["message"]
        )
    return told


def test_package_fails_only_where_it_is_not_filled_in(
    run: Run, tmp_path: Path, installed_in_place: Callable[[Path], dict[str, str]]
) -> None:
    """All of its cases run, and each that fails says what to do about which part."""
    ran = run("new-venue", "acme_too", "--directory", str(tmp_path))
    assert (ran.code, ran.err) == (0, "")
    package = tmp_path / "countermand_acme_too"
    told = run_tests(package, installed_in_place(package))
    failed = {case: said for case, said in told.items() if said is not None}
    parts = {case: [part for part, words in PARTS.items() if words in said] for case, said in failed.items()}
    assert {case: failed[case] for case, named in parts.items() if len(named) != 1} == {}
    assert {part for named in parts.values() for part in named} == PARTS.keys()
    assert len(failed) < len(told) / 4


@pytest.mark.parametrize("name", ["acme_too", "zebra", "bitfjord"])
def test_package_is_in_order(run: Run, tmp_path: Path, name: str) -> None:
    """Whatever its name sorts behind: its author's linter has nothing to say, nor has its repository."""
    run("new-venue", name, "--directory", str(tmp_path))
    package = tmp_path / f"countermand_{name}"
    pytest.importorskip("ruff")  # who only runs the tests need not have it
    words = [sys.executable, "-m", "ruff", "check", "--extend-select", "I", "--no-cache"]
    ran = subprocess.run(words, cwd=package, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "countermand.toml" in (package / ".gitignore").read_text().splitlines()
    simulator = (package / f"src/countermand_{name}/simulator.py").read_text()
    assert " in memory." in simulator
    assert "An " not in simulator


def test_next_steps_are_told(run: Run, tmp_path: Path) -> None:
    """With the folder that was made."""
    ran = run("new-venue", "foo_bar", "--directory", str(tmp_path))
    home = tmp_path / "countermand_foo_bar"
    told = " ".join(ran.out.split())
    assert f"{home} is written. Next: cd {home} pip install -e '.[test]' pytest" in told
    assert "documents of FooBar say into tests/documents.py" in told
    assert "src/countermand_foo_bar" in told


def test_package_is_made_here_unless_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the working directory."""
    monkeypatch.chdir(tmp_path)
    assert run("new-venue", "acme").code == 0
    assert (tmp_path / "countermand_acme" / "pyproject.toml").is_file()


def test_package_has_the_files_of_our_adapters() -> None:
    """Whoever knows one plugin finds his way in all; nothing of the invented venue is left in it."""
    files = {str(path): text for path, text in package_files(VenueName("foo_bar"))}
    home = "src/countermand_foo_bar"
    modules = ("__init__", "_credentials", "_statuses", "_venue", "_verdicts", "_wire", "simulator")
    assert files.keys() == {
        ".gitignore",
        "README.md",
        "pyproject.toml",
        f"{home}/py.typed",
        *(f"{home}/{module}.py" for module in modules),
        "tests/documents.py",
        "tests/test_contract.py",
    }
    assert 'name = "countermand-foo-bar"' in files["pyproject.toml"]
    assert "class FooBar(Venue):" in files[f"{home}/_venue.py"]
    for text in files.values():
        assert "acme" not in text.lower()
    for adapter in ("adapters/countermand_apex", "examples/countermand_alpaca/src/countermand_alpaca"):
        assert all((HOME / adapter / f"{module}.py").exists() for module in modules[:-1])


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Acme",
        "9acme",
        "ac-me",
        "ac me",
        "_acme",
        "acme_",
        "ac__me",
        "../acme",
        "acmé",
        "a" * 41,
        "acme\n",
    ],
)
def test_name_that_is_none_is_refused(run: Run, tmp_path: Path, name: str) -> None:
    """It is told what a name is."""
    ran = run("new-venue", "--directory", str(tmp_path), "--", name)
    assert (ran.code, ran.out) == (2, "")
    assert "1 to 40 lower-case letters, digits and single underscores" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("apex", "a plugin named 'apex' already"),
        ("all", "'all': 'All' means something else"),
        ("none", "'none': 'None' means something else"),
        ("venue", "'venue': 'Venue' means something else"),
        ("cancel_request", "'CancelRequest' means something else"),
        ("access_token", "'AccessToken' means something else"),
    ],
)
def test_name_that_is_taken_is_refused(run: Run, tmp_path: Path, name: str, words: str) -> None:
    """By an installed plugin, or by what the package's modules use."""
    ran = run("new-venue", name, "--directory", str(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert words in " ".join(ran.err.split())
    assert list(tmp_path.iterdir()) == []


def test_name_of_an_installed_package_is_refused(
    run: Run, install: Callable[..., None], tmp_path: Path
) -> None:
    """Even if it is no plugin, or one under another name; so is that of a simulator alone."""
    install("[countermand.simulators]\nlonely = somewhere:Simulator\n", countermand_elsewhere="")
    assert "package named 'countermand_elsewhere' already" in run("new-venue", "elsewhere").err
    assert "plugin named 'lonely' already" in run("new-venue", "lonely").err


def test_folder_that_is_there_is_left_alone(run: Run, tmp_path: Path) -> None:
    """Whatever is in it."""
    (tmp_path / "countermand_acme").mkdir()
    ran = run("new-venue", "acme", "--directory", str(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert "countermand_acme: cannot be made: File exists" in " ".join(ran.err.split())
    assert list((tmp_path / "countermand_acme").iterdir()) == []
    missing = run("new-venue", "acme", "--directory", str(tmp_path / "missing"))
    assert (missing.code, "No such file" in missing.err) == (2, True)


def test_half_a_package_is_taken_away(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the command can be given again once there is room."""

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    ran = run("new-venue", "acme", "--directory", str(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert "cannot be written: No space left on device" in " ".join(ran.err.split())
    assert list(tmp_path.iterdir()) == []
