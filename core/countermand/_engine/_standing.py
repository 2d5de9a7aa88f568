"""What the answers under a session say of it: dead, or alive and only short of a permission.

A venue says the same to a dead session as to a foreign account. What tells them apart is what else the
session is good for: a call that was signed later and taken proves that it outlived the refusal.
"""

from __future__ import annotations

import math
from collections import Counter

import attrs

#: How long a refused permission is remembered, in seconds.
_MARK_S = 30.0


@attrs.frozen(kw_only=True)
class _Mark:
    """Under which session a permission was first refused, and when; `proved` if that one was alive."""

    number: int
    at: float
    proved: bool = False


class Standing:
    """Hears how calls fared under the sessions of one venue, of which one is current."""

    def __init__(self) -> None:
        self._number = 0
        self._alive_at = -math.inf
        self._taken: dict[object, int] = {}
        self._marks: dict[object, _Mark] = {}
        self._busy: Counter[object] = Counter()
        #: Permissions of which a refusal says nothing yet, and when the refused call was signed.
        self.doubts: dict[object, float] = {}

    @property
    def in_doubt(self) -> bool:
        """Whether somebody else's answer may still tell if the session is dead."""
        return any(permission not in self.doubts for permission in self._busy)

    def renew(self, number: int) -> None:
        """Begin with another session."""
        self._number, self._alive_at = number, -math.inf
        self.doubts.clear()

    def begin(self, permission: object) -> None:
        """Hear that a call is under way, or waits its turn."""
        self._busy[permission] += 1

    def end(self, permission: object) -> None:
        """Hear that it is no more."""
        self._busy[permission] -= 1
        if not self._busy[permission]:
            del self._busy[permission]

    def accept(self, permission: object, number: int, signed_at: float) -> None:
        """Hear that the venue took a session for that."""
        self._taken[permission] = max(number, self._taken.get(permission, 0))
        self._marks.pop(permission, None)
        if number != self._number:
            return
        self._alive_at = max(self._alive_at, signed_at)
        for doubted, since in list(self.doubts.items()):
            if since < self._alive_at:
                del self.doubts[doubted]
                if doubted in self._marks:
                    self._marks[doubted] = attrs.evolve(self._marks[doubted], proved=True)

    def refuse(self, permission: object, number: int, signed_at: float, now: float) -> bool:
        """Hear that the venue refused a session for that; returns whether that may mean that it is dead."""
        taken = self._taken.get(permission, 0)
        if taken > number:
            return False
        mark = self._marks.get(permission)
        if mark is None or now - mark.at >= _MARK_S:
            mark = self._marks[permission] = _Mark(number=number, at=now)
        if number == self._number and signed_at < self._alive_at:
            mark = self._marks[permission] = attrs.evolve(mark, proved=True)
        if mark.proved or mark.number != number or number != self._number:
            return False
        if taken != number:
            self.doubts[permission] = signed_at
        return True
