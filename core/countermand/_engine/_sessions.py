"""The session of one venue: numbered, had by one log-in at a time, renewed when refused."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs

from countermand._case._facts import NoSession
from countermand._engine._errand import Errand
from countermand._engine._log_in import Ask, LogIns
from countermand._engine._standing import Permission, Standing
from countermand._limits._urgency import Urgency
from countermand._tasks import begin_task
from countermand.venue import Session, Venue

#: A known life is used up to this share of it before another session is asked for.
_USABLE_LIFE = 0.9
#: How long the refusal of what was never taken is held back for an answer that may explain it, in seconds.
_DOUBT_S = 0.25


@attrs.frozen(kw_only=True)
class NumberedSession:
    """A session to sign with; None where calls need none."""

    number: int
    session: Session | None


class Sessions:
    """Hands out the current session of one venue."""

    def __init__(
        self, venue: Venue, ask: Ask, clock: Callable[[], float], on_log_in: Callable[[str | None], None]
    ) -> None:
        self._venue = venue
        self._log_ins = LogIns(venue, ask, clock)
        self._clock = clock
        self._on_log_in = on_log_in
        self._standing = standing = Standing(self._judge)
        #: Who waits for a session or bears one begins and ends; each cancel comes by these three.
        self.begin, self.end, self.accepted = standing.begin, standing.end, standing.accept
        self._current: NumberedSession | None = None
        self._number = 0
        self._renew_at = self._expires_at = math.inf
        #: Until when the one at hand is had without being asked for: not while anything speaks against it.
        self._at_hand_until = math.inf
        self._log_in: asyncio.Task[NumberedSession | NoSession] | None = None
        self._urgency = Urgency()
        self._no_doubt = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def held(self) -> Session | None:
        """The session at hand, if any that may be alive."""
        return self._current.session if self._current and not self._standing.is_failing else None

    @property
    def renew_at(self) -> float:
        """When another session is had in place of the one at hand, if its life is known."""
        return self._renew_at

    @property
    def earned(self) -> bool:
        """Whether it came by calls, so that it is ours to give back."""
        return self._log_ins.earned

    def holds(self, numbered: NumberedSession, errand: Errand) -> bool:
        """Tell whether a session is still the one to use for that."""
        return self._usable_for(errand) is numbered

    @contextmanager
    def using(self, errand: Errand) -> Iterator[None]:
        """Know of a call that waits for a session, or bears one."""
        self.begin(errand.permission)
        try:
            yield
        finally:
            self.end(errand.permission)

    def at_hand(self, now: float) -> NumberedSession | None:
        """Return the current session where nothing speaks against it: it need not be waited for."""
        return self._current if now < self._at_hand_until else None

    async def current(self, errand: Errand) -> NumberedSession | NoSession:
        """Return the current session, by a log-in if there is none; many callers share one log-in."""
        while errand.permission in self._standing.doubts:
            await self._no_doubt.wait()
        now, usable = self._clock(), self._usable_for(errand)
        if usable is not None and now < self._renew_at:
            return usable
        if (none := self._refrain(errand)) is not None:
            return self._fit_for(errand) or none
        log_in = self._under_way or self._begin()
        self._urgency.hurry(errand.need, errand.deadline)
        if usable is not None and now < self._expires_at:
            return usable
        errand.on_hurry = lambda: self._urgency.hurry(errand.need, errand.deadline)
        try:
            # A caller that leaves must not end the log-in the others wait for.
            end = await asyncio.shield(log_in)
        finally:
            errand.on_hurry = None
        return end if isinstance(end, NumberedSession) else self._fit_for(errand) or end

    def refused(self, number: int, permission: Permission, signed_at: float) -> None:
        """Hear that a session was refused; only the current one is doubted, and only if that can help."""
        if not self._venue.renewable:
            return
        self._standing.refuse(permission, number, signed_at, self._clock())
        if self._standing.doubts and self._alarm is None:
            self._no_doubt.clear()
            self._alarm = asyncio.get_running_loop().call_later(_DOUBT_S, self._decide)
        self._judge()

    async def aclose(self) -> None:
        """End a log-in that is under way."""
        self._be_sure()
        if self._log_in is not None:
            self._log_in.cancel()
            await asyncio.wait([self._log_in])

    def _judge(self) -> None:
        """End a doubt that nobody can clear any more, or that is cleared."""
        if self._alarm is not None and not self._standing.doubts:
            self._be_sure()
        elif self._alarm is not None and not self._standing.in_doubt:
            self._decide()
        else:
            self._weigh()

    def _decide(self) -> None:
        self._standing.decide()
        self._be_sure()

    def _fit_for(self, errand: Errand) -> NumberedSession | None:
        """Return the current session unless it is known to be of no use for that.

        A wrong account must not cost the others a session that the venue may still take, so one that is old
        or doubted is used where no other can be had, for what it was never refused for.
        """
        fits = self._standing.is_fit_for(errand.permission) and not self._standing.is_dead
        return self._current if fits else None

    def _usable_for(self, errand: Errand) -> NumberedSession | None:
        """Return what to sign with unless another session can be had that is better."""
        waits = self._standing.is_failing and self._refrain(errand) is None
        return None if waits else self._fit_for(errand)

    def _refrain(self, errand: Errand) -> NoSession | None:
        """Say why no log-in is begun now for that; None where one may be."""
        if self._under_way is not None:
            return None  # who joins one begins none
        if (barred := self._log_ins.barred(errand.need)) is not None or self._standing.is_failing:
            return barred
        # Wrong accounts must not use up what a session that really dies is renewed with.
        return self._log_ins.reserved(errand.need) if self._standing.is_wrong(errand.permission) else None

    def _be_sure(self) -> None:
        self._standing.doubts.clear()
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
        self._no_doubt.set()
        self._weigh()

    def _weigh(self) -> None:
        self._at_hand_until = -math.inf if self._standing.is_troubled else self._renew_at

    def _begin(self) -> asyncio.Task[NumberedSession | NoSession]:
        self._urgency = Urgency()
        self._log_in = begin_task(self._renew(self._urgency))
        self._log_in.add_done_callback(_hear)
        return self._log_in

    @property
    def _under_way(self) -> asyncio.Task[NumberedSession | NoSession] | None:
        """The log-in that can be joined: one that is over helps nobody any more."""
        return None if self._log_in is None or self._log_in.done() else self._log_in

    async def _renew(self, urgency: Urgency) -> NumberedSession | NoSession:
        end = await self._log_ins.log_in(urgency)
        if isinstance(end, NoSession):
            told = end.failure
            self._on_log_in(told.text or told.code or type(told).__name__)
            return end
        if end is not None:
            self._on_log_in(None)
        life_s = math.inf if end is None else end.lifetime_s or math.inf
        now = self._clock()
        self._renew_at, self._expires_at = now + life_s * _USABLE_LIFE, now + life_s
        self._number += 1
        self._current = NumberedSession(number=self._number, session=end)
        self._standing.renew(self._number, now)
        self._be_sure()
        return self._current


def _hear(task: asyncio.Task[NumberedSession | NoSession]) -> None:
    """Hear a failure that nobody may be left to hear."""
    if not task.cancelled():
        task.exception()
