"""The plan draws what was met least, and every cell is reachable or has its reason."""

from __future__ import annotations

import random

import pytest

from countermand.testing import POSSIBLE, FaultKind, Point
from proof.cells import CLIENTS, Cell, Plan, cells, unreachable


def test_each_cell_that_cannot_be_met_has_a_reason() -> None:
    """Whatever the simulators can do is reachable, but for what a venue's cancel cannot name."""
    for cell in cells():
        possible = (FaultKind(cell.fault), Point(cell.point)) in POSSIBLE
        reason = unreachable(cell)
        assert reason is None or len(reason) > 10
        if cell.stratum.identity != "native client id":
            assert (reason is None) == possible


def test_there_are_cells_of_every_client_and_venue() -> None:
    """Both venues, sync and async, by every id they take, with either assurance."""
    reachable = {cell.stratum for cell in cells() if unreachable(cell) is None}
    assert len(reachable) == 2 * 2 * 2 + 3 * 2 * 2


@pytest.mark.parametrize("seed", range(5))
def test_the_least_met_cell_comes_next(seed: int) -> None:
    """With all cells met but one, its stratum is drawn, and its fault is the most frequent."""
    reachable = [cell for cell in cells() if unreachable(cell) is None]
    chance = random.Random(seed)  # noqa: S311 - no secret
    rare = chance.choice([cell for cell in reachable if cell.stratum.client == "async"])
    plan = Plan()
    plan.met.update({cell.key: 3 for cell in reachable if cell is not rare})
    stratum, faults = plan.next(chance, clients=CLIENTS[:1], without=())
    assert stratum == rare.stratum
    words = [fault.word for fault in faults]
    assert words.count(f"{rare.fault}:{rare.point}") == max(map(words.count, words))
    assert len(set(words)) == sum(cell.stratum == stratum for cell in reachable)


def test_what_cannot_come_in_a_world_is_not_drawn() -> None:
    """Some faults need sockets, others none."""
    chance = random.Random(1)  # noqa: S311 - no secret
    _, faults = Plan().next(chance, clients=CLIENTS, without={"two-answers"})
    assert "two-answers" not in {fault.kind.value for fault in faults}


def test_keys_tell_cells_apart() -> None:
    """A cell is counted under a name of its own."""
    keys = [cell.key for cell in cells()]
    assert len(keys) == len(set(keys))
    assert isinstance(next(cells()), Cell)
