"""The tokens of one declared limit, for one account or for the whole venue."""

from __future__ import annotations

import math

import attrs

from countermand._limits._brake import Brake
from countermand._limits._shares import Shares
from countermand._limits._urgency import Need
from countermand.venue import CallKind, Limit

#: What is kept for more urgent needs while they do not wait, as a share of the burst, in the order of `Need`.
_RESERVES = {
    CallKind.CANCEL: (0.0, 0.0, 0.5, 0.7),
    CallKind.MASS_CANCEL: (0.0, 0.0, 0.5, 0.7),
    CallKind.READ: (0.0, 0.0, 0.0, 0.5),
    CallKind.LISTING: (0.0, 0.0, 0.0, 0.5),
    CallKind.LOG_IN: (0.0, 0.0, 0.0, 0.0),
}
#: From a reserve one token is drawn in the time that so many take to come: half of them fill it up again.
_REFILLS = 2
#: What sums of tokens may be off by.
_NOTHING = 1e-6


@attrs.define(eq=False)
class Bucket:
    """At most `burst` tokens, of which one comes every `interval_s` seconds; 0 where there is no limit.

    It knows only when it will be full, so nothing has to be filled up: that moves on with each token drawn.
    """

    burst: int = 1
    interval_s: float = 0.0
    floors: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    shares: Shares = attrs.field(factory=Shares, init=False)
    brake: Brake = attrs.field(factory=Brake, init=False)
    #: When all its tokens are there, or were; long ago where there is no limit.
    full_at: float = attrs.field(default=-math.inf, init=False)
    #: When the next token may be drawn from what is kept for others.
    _reserve_at: float = attrs.field(default=-math.inf, init=False)

    @classmethod
    def of(cls, limit: Limit) -> Bucket:
        """Make a full bucket for a limit."""
        reserves = max(_RESERVES[kind] for kind in limit.kinds)  # of the most urgent kind among them
        # A floor that leaves not one token would shut the others out for ever.
        floors = tuple(min(share * limit.burst, limit.burst - 1.0) for share in reserves)
        return cls(limit.burst, 1 / limit.rate, floors)

    def spare(self, now: float) -> float:
        """Count the tokens that are there."""
        missing_s = self.full_at - now
        return self.burst - missing_s / self.interval_s if missing_s > 0 else self.burst

    def ready_at(self, need: Need, now: float) -> float:
        """Say when a token is there for that need, if nobody else draws one."""
        token_at, open_at = self._token_at(need, now), self.brake.open_at(need)
        return token_at if token_at > open_at else open_at

    def take(self, need: Need, now: float) -> None:
        """Draw a token."""
        if self.floors[need] or self.full_at > now:
            self._draw_down(self.floors[need], now)
        else:
            self.full_at = now + self.interval_s

    def give_back(self, now: float) -> None:
        """Take a token back that was not used."""
        self.full_at -= self.interval_s
        self.brake.pass_none(now)

    def _draw_down(self, floor: float, now: float) -> None:
        left = self.spare(now) - 1 - floor
        # One from what is kept, or the last one above that.
        if left < 1 and (left < -_NOTHING or (floor and self._reserve_at <= now)):
            self._reserve_at = now + _REFILLS * self.interval_s
        self.full_at = max(self.full_at, now) + self.interval_s

    def _token_at(self, need: Need, now: float) -> float:
        any_at = self.full_at - (self.burst - 1) * self.interval_s
        floor = self.floors[need]
        if not floor or self._is_short(now):
            return any_at
        return min(any_at + floor * self.interval_s, max(any_at, self._reserve_at))

    def _is_short(self, now: float) -> bool:
        """Tell whether first cancels wait for its tokens: then their share protects them, and no floor."""
        return self.shares.waiting[Need.FIRST_CANCEL] > 0 and self.spare(now) < _REFILLS
