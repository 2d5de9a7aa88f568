"""The question before a mass cancel: only the venues' own names are a yes."""

from __future__ import annotations

import io
import sys
from typing import NoReturn

import pytest

from countermand import Scope
from countermand.cli._confirm import confirm
from countermand.errors import InvalidRequestError

ONE = (Scope.account("apex", "9"),)
TWO = (*ONE, Scope.account("apex", "10"), Scope.account("autoshares", "9"))


class Terminal(io.StringIO):
    """A person who types."""

    def isatty(self) -> bool:
        return True


class Interrupted(Terminal):
    """A person who interrupts instead of an answer."""

    def readline(self, _size: int | None = -1, /) -> NoReturn:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("scopes", "typed", "asked"),
    [
        pytest.param(ONE, "apex\n", 1, id="one"),
        pytest.param(TWO, "apex autoshares\n", 1, id="two"),
        pytest.param(TWO, "autoshares, apex\n", 1, id="any-order"),
        pytest.param(TWO, "apex\nautoshares\napex autoshares\n", 3, id="again"),
        pytest.param(ONE, "apes\napex\n", 2, id="slip"),
    ],
)
def test_names_confirm(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    scopes: tuple[Scope, ...],
    typed: str,
    asked: int,
) -> None:
    """All names in one line confirm; a slip is asked again; every scope is told before."""
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    confirm(scopes)
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.count("to confirm (") == asked
    for scope in scopes:
        assert f"this cancels every open order of {scope}\n" in written.err


@pytest.mark.parametrize("typed", ["\n", "", "yes\n", "apex9\n\n"], ids=["blank", "end", "yes", "slip"])
def test_anything_else_is_a_no(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    """An empty line and the end of input are a no, and nothing else than the names is ever a yes."""
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    with pytest.raises(InvalidRequestError, match="not confirmed; nothing was sent"):
        confirm(ONE)


def closed() -> Terminal:
    terminal = Terminal("apex\n")
    terminal.close()
    return terminal


@pytest.mark.parametrize(
    "stdin", [None, closed(), io.StringIO("apex\n")], ids=["none", "closed", "no-terminal"]
)
def test_without_a_terminal_it_is_refused(monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO | None) -> None:
    """A script has to say --yes: what comes through a pipe confirms nothing."""
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(InvalidRequestError, match="say --yes; nothing was sent"):
        confirm(ONE)


def test_interrupt_is_a_no(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever interrupts the question is told that nothing was sent."""
    monkeypatch.setattr(sys, "stdin", Interrupted())
    with pytest.raises(KeyboardInterrupt, match=r"^nothing was sent$"):
        confirm(ONE)
    assert capsys.readouterr().err.endswith("(apex): \n")
