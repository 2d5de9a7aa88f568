"""What a venue's "too many calls" does to those that follow."""

from __future__ import annotations

import math

from countermand._limits._urgency import Need
from countermand._waits import PROBE_EVERY_S

#: A pause that the venue did not tell, in seconds: doubled with each further one in a row, up to the longest.
_FIRST_S = 0.5
_LONGEST_S = 8.0
#: How long after a pause the next one is still one in a row, in seconds.
_FORGOTTEN_S = 60.0


class Brake:
    """Pauses what was throttled: until that is over, or a call works that was let through all the same."""

    __slots__ = ("_paused_at", "_probe_at", "_throttled_at", "_wait_s", "is_on", "until")

    def __init__(self) -> None:
        #: When the pause is over, or was; long ago where there was none.
        self.until = self._paused_at = self._throttled_at = self._probe_at = -math.inf
        self._wait_s = _FIRST_S
        #: Whether a call that works would end a pause, or a row of them.
        self.is_on = False

    def open_at(self, need: Need) -> float:
        """Say when the next call may go: those a cancel depends on may try now and then."""
        return self.until if need is Need.OTHER else min(self.until, self._probe_at)

    def is_at_rest(self, now: float) -> bool:
        """Tell whether a pause is over for so long that nothing is left of it."""
        return now >= self.until + _FORGOTTEN_S

    def pass_one(self, now: float) -> None:
        """Note that a call went; within a pause it is the one that tries."""
        if now < self.until:
            self._probe_at = now + PROBE_EVERY_S

    def pass_none(self, now: float) -> None:
        """Note that the call that went was taken back: another one may try."""
        self._probe_at = min(self._probe_at, now)

    def slow(self, granted_at: float, retry_after_s: float | None, now: float) -> None:
        """Pause as long as told, else longer each time; those in flight together are one time."""
        wait_s = retry_after_s or 0.0
        self._throttled_at, self.is_on = now, True
        if granted_at > self._paused_at:
            if now >= self.until:
                self._probe_at = now + PROBE_EVERY_S
            wait_s = wait_s or self._wait_s
            self._paused_at, self._wait_s = now, min(2 * self._wait_s, _LONGEST_S)
        self.until = max(self.until, now + wait_s)

    def ease(self, granted_at: float) -> bool:
        """End the pause by a call that worked, and tell whether there was one.

        What was sent before the venue throttled last proves nothing, nor what was sent at the same instant:
        nobody can tell which of them was the first.
        """
        if not self.is_on or granted_at <= self._throttled_at:
            return False
        self.is_on = False
        self.until, self._wait_s, self._paused_at = -math.inf, _FIRST_S, -math.inf
        return True
