"""The examples: each runs as it stands, and asserts itself what it shows."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An example runs to its end, and tells what became of its orders."""
    runpy.run_path(str(path))
    assert "order" in capsys.readouterr().out


def test_there_are_examples() -> None:
    """Those that the README names are among them."""
    assert {path.stem for path in EXAMPLES} == {"first_cancel", "kill_switch"}
