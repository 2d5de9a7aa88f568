"""The benchmark of mass cancels as its users run it: no lies, and a library broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from proof.mass.plants import MASS_PLANTS

Run = Callable[..., tuple[int, str]]


def test_no_report_lies(run_truth: Run, tmp_path: Path) -> None:
    """Both clients, both venues, under faults; the tables are written to a file."""
    code, text = run_truth("--mass", "40", "--seed", "3", "--results", str(tmp_path))
    assert (code, "| **all** | **0** |" in text) == (0, True)
    (written,) = tmp_path.iterdir()
    assert (written.name, written.read_text()) == (
        "truth-mass-40-rate-0.1-budget-seed-3.md",
        text.removesuffix("\n"),
    )


#: Where what a plant breaks comes up early: elsewhere it may take hundreds of worlds.
EARLY = {
    "no-cap": ("--seed", "4", "--rate", "0.3"),
    "successors-are-forgotten": ("--seed", "1", "--rate", "0.3"),
}


@pytest.mark.parametrize("name", MASS_PLANTS)
def test_a_broken_mass_cancel_is_found(run_truth: Run, name: str) -> None:
    """Each plant ends with exit code 1, by the lie it was planted for."""
    where = EARLY.get(name, ("--seed", "7"))
    code, text = run_truth("--mass", "2000", "--plant", name, *where)
    assert code == 1
    assert f"| {MASS_PLANTS[name].lie} | 0 |" not in text


def test_a_kept_world_of_mass_cancels_is_played_again(run_truth: Run, tmp_path: Path) -> None:
    """Replayed it lies again, and not without the plant."""
    plant = ("--plant", "deadline-forgotten")
    run_truth("--mass", "20", "--keep", str(tmp_path), *plant)
    kept = min(tmp_path.iterdir())
    assert run_truth("--replay", str(kept), *plant)[0] == 1
    assert run_truth("--replay", str(kept))[0] == 0


def test_processes_share_mass_cancels(run_truth: Run) -> None:
    """What two processes did is one table."""
    code, text = run_truth("--mass", "8", "--jobs", "2", "--rate", "0")
    assert code == 0
    assert "| mass cancels, each scope of a kill being one | " in text


@pytest.mark.parametrize(
    "words",
    [
        ("--mass", "5", "--plant", "doubt-is-raised"),
        ("--plant", "ack-lost"),
        ("--mass", "5", "--resume", "state"),
    ],
)
def test_words_that_do_not_go_together_are_refused(run_truth: Run, words: tuple[str, ...]) -> None:
    """Plants are of one kind of run, and mass cancels keep no state."""
    with pytest.raises(SystemExit, match="2"):
        run_truth(*words)
