"""What a batch pulls of its requests at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from countermand import CancelRequest
from countermand._batch_progress import BatchProgress
from countermand._engine._flow import ROOM, Step

Ask = Callable[..., CancelRequest]

#: What comes of so many requests at first and then: how many are pulled, and whether these were all.
PULLED = {
    0: [(0, True), (0, True), (0, True)],
    10: [(10, True), (0, True), (0, True)],
    ROOM: [(ROOM, False), (0, True), (0, True)],
    ROOM + 8: [(ROOM, False), (8, True), (0, True)],
    2 * ROOM: [(ROOM, False), (ROOM, False), (0, True)],
}


@pytest.mark.parametrize("kind", [list, tuple, iter])
@pytest.mark.parametrize("count", PULLED)
def test_as_many_are_pulled_as_there_is_room(
    ask: Ask, kind: Callable[[list[CancelRequest]], Iterable[CancelRequest]], count: int
) -> None:
    """Whatever the requests come in, the same is pulled of it, and its end is found as soon."""
    progress, seen = BatchProgress(kind([ask(str(number)) for number in range(count)])), []
    for _ in range(3):
        progress.pull_some()
        seen.append((len(progress.taken), progress.over))
        progress.pull_some()  # as after an interrupt: nothing more has room, or is left
        assert (len(progress.taken), progress.over) == seen[-1]
        progress.hear(Step(acks=(), room=ROOM, late=False))
    assert seen == PULLED[count]


def test_a_list_of_somebodys_own_may_be_slow(ask: Ask) -> None:
    """It is a list by name only: what came is passed on before the next one is waited for."""

    class Slow(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            for one in range(len(self)):
                time.sleep(0.003)
                yield self[one]

    progress = BatchProgress(Slow(ask(str(number)) for number in range(9)))
    progress.pull_some()
    assert len(progress.taken) == 1
