"""Whose turn it is at something scarce: fair queueing by start time between the needs; a kill goes first.

Each need has a mark on a common scale that moves on by its stride whenever it is served; the need whose mark
is the lowest is due. One that did not wait has its mark moved up to where the others are: nobody saves up.
What was granted at once, as nobody waited for it, was scarce for nobody and moves no mark.
"""

from __future__ import annotations

from countermand._limits._urgency import Need

#: At least half is for first cancels, and a fifth for settling reads, which here get three tenths.
SHARES = {Need.FIRST_CANCEL: 0.5, Need.SETTLING_READ: 0.3, Need.OTHER: 0.2}
_STRIDES = {need: 1 / share for need, share in SHARES.items()}


class Shares:
    """What each need has had of one resource, and how many wait for it."""

    __slots__ = ("_mark", "_marks", "all_waiting", "waiting")

    def __init__(self) -> None:
        self.waiting = [0] * len(Need)
        self.all_waiting = 0
        self._mark = 0.0
        self._marks = [0.0] * len(Need)

    def count(self, need: Need, step: int) -> None:
        """Hear that one more waits, or one less."""
        self.waiting[need] += step
        self.all_waiting += step

    def lead(self, need: Need) -> float:
        """Say how far a need is ahead of those that wait, too; 0 for the one that is due."""
        if need is Need.KILL:
            return 0.0
        due = min(max(self._mark, self._marks[one]) for one in SHARES if self.waiting[one])
        return max(self._mark, self._marks[need]) - due

    def serve(self, need: Need) -> None:
        """Note that it was that need's turn."""
        if need is Need.KILL:
            return
        mark = self._marks[need]
        self._mark = max(self._mark, mark)
        self._marks[need] = self._mark + _STRIDES[need]
