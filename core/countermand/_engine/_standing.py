"""What the answers under a session say of it: dead, or alive and only short of a permission.

A venue says the same to a dead session as to a foreign account. What tells them apart is what else the
session is good for: a call that was signed later and taken proves that it outlived the refusal.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import attrs

from countermand.venue import CallKind

#: How long a refusal is not held against a session that shows no other sign of life, in seconds.
_MARK_S = 30.0

#: What a venue may refuse under one session and allow under another: a kind of call for an account.
Permission = tuple[str, CallKind]


@attrs.frozen(kw_only=True)
class _Mark:
    """Under which session a permission was first refused, and when; `proved` if no session helps."""

    number: int
    at: float
    proved: bool = False


class Standing:
    """Hears how calls fared under the sessions of one venue, of which one is current."""

    def __init__(self, on_change: Callable[[], object]) -> None:
        #: Told when a call that ended or was taken may have made a difference to what was refused.
        self._on_change = on_change
        self._number = 0
        self._alive_at = -math.inf
        self._taken: dict[Permission, int] = {}
        self._marks: dict[Permission, _Mark] = {}
        self._busy: dict[Permission, int] = {}
        #: Permissions that need another session, and when the call was signed that was refused.
        self._unfit: dict[Permission, float] = {}
        #: Those among them that the same session was good for.
        self._lost: set[Permission] = set()
        #: Permissions of which a refusal says nothing yet, and when the refused call was signed.
        self.doubts: dict[Permission, float] = {}

    @property
    def in_doubt(self) -> bool:
        """Whether somebody else's answer may still tell if the session is dead."""
        return any(one not in self.doubts and one not in self._unfit for one in self._busy)

    @property
    def is_failing(self) -> bool:
        """Whether the session was refused for what it was good for, and for nothing taken since."""
        return bool(self._lost)

    @property
    def is_dead(self) -> bool:
        """Whether it failed two accounts: that is no matter of permissions any more."""
        return bool(self._lost) and len({account for account, _ in self._lost}) > 1

    @property
    def is_troubled(self) -> bool:
        """Whether the session was refused for anything, rightly or not."""
        return bool(self._unfit or self.doubts)

    def is_fit_for(self, permission: Permission) -> bool:
        """Tell whether the session may be good for that, or no other one is better."""
        return permission not in self._unfit and permission not in self.doubts

    def is_wrong(self, permission: Permission) -> bool:
        """Tell whether it was refused for that, and no session was ever taken for it."""
        return permission not in self._taken and not self.is_fit_for(permission)

    def renew(self, number: int, now: float) -> None:
        """Begin with another session."""
        self._number, self._alive_at = number, now
        self.doubts.clear()
        self._unfit.clear()
        self._lost.clear()

    def begin(self, permission: Permission) -> None:
        """Hear that a call is under way, or waits its turn."""
        self._busy[permission] = self._busy.get(permission, 0) + 1

    def end(self, permission: Permission) -> None:
        """Hear that it is no more."""
        left = self._busy[permission] - 1
        if left:
            self._busy[permission] = left
        else:
            del self._busy[permission]
        if self.doubts:
            self._on_change()

    def accept(self, number: int, permission: Permission, signed_at: float) -> None:
        """Hear that the venue took a session for that."""
        marked = self._marks and permission in self._marks
        if number != self._number or marked or self._unfit or self.doubts:
            self._accept_after_all(number, permission, signed_at)
            return
        self._taken[permission] = number
        if signed_at > self._alive_at:  # noqa: PLR1730 - each cancel comes by here, and a call costs
            self._alive_at = signed_at

    def refuse(self, permission: Permission, number: int, signed_at: float, now: float) -> None:
        """Hear that the venue refused a session for that."""
        taken = self._taken.get(permission, 0)
        if taken > number:
            return
        mark = self._marks.get(permission)
        if mark is None or self._has_lapsed(mark, now):
            mark = _Mark(number=number, at=now, proved=self._is_foreign(permission, now))
        outlived = signed_at < self._alive_at or (mark.number < number and not self.is_failing)
        if number == self._number and outlived:
            mark = attrs.evolve(mark, proved=True)
            if taken < number:  # what two sessions in a row are refused for is no better than never taken
                self._taken.pop(permission, None)
        self._marks[permission] = mark
        if number != self._number or mark.proved or permission in self._unfit:
            return
        if taken == number:
            self._lost.add(permission)
            self.doubts[permission] = signed_at
            self.decide()
        else:
            self.doubts[permission] = signed_at

    def decide(self) -> None:
        """Wait no longer for what could explain a refusal: then only another session can."""
        self._unfit.update(self.doubts)
        self.doubts.clear()

    def _accept_after_all(self, number: int, permission: Permission, signed_at: float) -> None:
        self._taken[permission] = max(number, self._taken.get(permission, 0))
        self._marks.pop(permission, None)
        if number == self._number:
            self._alive_at = max(self._alive_at, signed_at)
            for one, since in [*self.doubts.items(), *self._unfit.items()]:
                if since < self._alive_at:
                    self._clear(one)
        self._on_change()

    def _clear(self, permission: Permission) -> None:
        """Hold a refusal against the permission, for the session outlived it."""
        self.doubts.pop(permission, None)
        self._unfit.pop(permission, None)
        self._lost.discard(permission)
        if permission in self._marks:
            self._marks[permission] = attrs.evolve(self._marks[permission], proved=True)

    def _has_lapsed(self, mark: _Mark, now: float) -> bool:
        # As long as others are served, another session would be no better: to ask for one costs a log-in.
        return now - max(mark.at, self._alive_at) >= _MARK_S

    def _is_foreign(self, permission: Permission, now: float) -> bool:
        """Tell whether an account is known to be refused whatever the session: it is so for every kind."""
        if permission in self._taken:
            return False
        marks = [self._marks.get((permission[0], kind)) for kind in CallKind]
        return any(mark.proved and not self._has_lapsed(mark, now) for mark in marks if mark is not None)
