"""The command itself: its way in, its help, and what it says of mistakes."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from typing import Any

import pytest

import countermand
from countermand.__main__ import main
from countermand.testing import simulators

Run = Callable[..., Any]


def forget_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the commands be imported anew."""
    for name in [name for name in sys.modules if name.startswith("countermand.cli")]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("missing", ["cyclopts", "rich"])
def test_missing_extra_is_told_in_one_line(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the extra the command says what to install, and ends as a wrong usage does."""
    forget_the_commands(monkeypatch)
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(["venues"]) == 2
    assert capsys.readouterr().err == f"countermand: {missing} is missing: pip install 'countermand[cli]'\n"


def test_other_missing_module_is_no_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that no extra brings is a fault, and is not passed off as a missing extra."""
    forget_the_commands(monkeypatch)
    monkeypatch.setitem(sys.modules, "concurrent.futures", None)
    with pytest.raises(ModuleNotFoundError, match=r"concurrent\.futures"):
        main(["venues"])


def test_module_runs_as_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m countermand` is the command."""
    monkeypatch.setattr(sys, "argv", ["countermand", "--version"])
    monkeypatch.delitem(sys.modules, "countermand.__main__")
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("countermand", run_name="__main__")
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"{countermand.__version__}\n"


@pytest.mark.parametrize("words", [(), ("--help",)])
def test_help_names_every_command(run: Run, words: tuple[str, ...]) -> None:
    """Help is what one gets who asks for it, and who asks for nothing."""
    ran = run(*words)
    assert ran.code == 0
    commands = (
        "demo",
        "simulate",
        "cancel",
        "cancel-many",
        "cancel-all",
        "kill",
        "orders",
        "settle",
        "venues",
    )
    assert all(f"│ {name} " in ran.out for name in commands)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("conceal",), "Unknown command"),
        (("simulate",), "requires an argument"),
        (
            ("simulate", "nonesuch"),
            f"no simulator named 'nonesuch'; installed are: {', '.join(simulators())}",
        ),
        (("simulate", "all", "--port", "65536"), "Must be <= 65535"),
        (("simulate", "all", "--port", "-1"), "Must be >= 0"),
        (("cancel", "apex", "--order", "1"), "--account"),
        (("cancel-many", "apex", "--account", "9"), "--orders"),
        (
            ("cancel-many", "apex", "--account", "9", "--orders", "-", "--config", "nowhere.toml"),
            "nowhere.toml: ",
        ),
        (("cancel-all", "apex"), "--account"),
        (("cancel-all", "apex", "--account", "9", "--placed-after", "wait"), "placed-after"),
        (("kill", "--config", "nowhere.toml", "--yes"), "nowhere.toml: cannot be"),
        (("kill", "apex"), "Unused"),
        (("orders", "apex"), "--account"),
        (("cancel", "apex", "--account", "9"), "either --order or --client-order"),
        (("cancel", "apex", "--account", "9", "--order", "1", "--client-order", "2"), "either --order or"),
        (("cancel", "apex", "--account", "", "--order", "1"), "'account' of CancelRequest must be"),
        (("cancel", "apex", "--account", "9", "--order", "007"), "without sign or leading zeros"),
        (
            ("cancel", "apex", "--account", "9", "--order", "1", "--timeout", "-1"),
            "'timeout_s' of CancelRequest",
        ),
        (("cancel", "apex", "--account", "9", "--order", "1", "--timeout", "soon"), "unable to convert"),
        (("cancel", "apex", "--account", "9", "--order", "1", "--assurance", "total"), "assurance"),
        (
            ("cancel", "apex", "--account", "9", "--order", "1", "--config", "nowhere.toml"),
            "nowhere.toml: cannot be",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_mistake_is_told_and_ends_with_2(run: Run, words: tuple[str, ...], message: str) -> None:
    """A mistake is told on stderr without a traceback; nothing is on stdout."""
    ran = run(*words)
    assert (ran.code, ran.out) == (2, "")
    assert message in " ".join(ran.err.replace("│", " ").split())
    assert "Traceback" not in ran.err
