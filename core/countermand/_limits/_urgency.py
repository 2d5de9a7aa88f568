"""What an exchange is wanted for and until when: that decides who goes first."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

import attrs


class Need(IntEnum):
    """What an exchange is for, the most urgent first."""

    #: Whatever a kill needs: it goes before all others, and has places of its own.
    KILL = 0
    FIRST_CANCEL = 1
    #: A read or a listing that a waiting cancel depends on.
    SETTLING_READ = 2
    #: Repeats of cancels, sweeps.
    OTHER = 3


class Claim(Protocol):
    """What is asked for, how urgently and until when."""

    @property
    def need(self) -> Need: ...
    @property
    def deadline(self) -> float: ...


@attrs.define(kw_only=True, eq=False)
class Urgency:
    """The most urgent need and the earliest deadline of all who wait for the same thing."""

    need: Need = Need.OTHER
    deadline: float = math.inf
    #: Told when it becomes more urgent, while something waits its turn by it.
    on_hurry: Callable[[], None] | None = attrs.field(default=None, repr=False)

    def hurry(self, need: Need, deadline: float) -> None:
        """Let it be as urgent as to someone who joined."""
        if need >= self.need and deadline >= self.deadline:
            return
        self.need = min(self.need, need)
        self.deadline = min(self.deadline, deadline)
        if self.on_hurry is not None:
            self.on_hurry()
