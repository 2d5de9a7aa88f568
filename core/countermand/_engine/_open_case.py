"""A case that somebody waits for, or that something is under way for."""

from __future__ import annotations

import asyncio
import itertools
import weakref
from collections.abc import Callable, Iterable

import attrs

from countermand._ack import CancelAck
from countermand._alarm import Alarm
from countermand._case._facts import Action, Caller, Case, Ended, Fact
from countermand._case._survey import Exchange, Survey
from countermand._engine._errand import LATE_GRACE_S, NEEDS, Errand
from countermand._engine._guard import worded
from countermand._ids import ClientOrderId, OrderId
from countermand._limits._urgency import Need
from countermand._outcome import Outcome, Sent, Stage
from countermand._request import CancelRequest
from countermand.venue import Acted, CallKind

#: Of reads that told the same, so many are kept, and among them so many of the youngest.
_LONGEST_RUN = 10
_YOUNGEST_KEPT = 2

Key = tuple[str, str, OrderId | ClientOrderId]


@attrs.define(kw_only=True, eq=False)
class Told:
    """An ack as a caller has it, and the case it was told of; `retell` makes it of what that case says."""

    entry: OpenCase
    caller: Caller
    ack: CancelAck
    retell: Callable[[CancelAck], CancelAck] = lambda ack: ack
    #: How many cancels the case had begun by then.
    attempts: int = attrs.field(init=False)
    #: When it was given, at the latest.
    given_at: float = attrs.field(init=False)
    #: The ack in the ways in which it was given, by their ids; one may be asked for again for days.
    given: dict[int, weakref.ref[CancelAck]] = attrs.field(factory=dict, init=False)
    #: Kept: of a cancel that went straight the caller has one that is only equal to it.
    first: CancelAck = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.given_at = self.joined_at + self.ack.elapsed_s
        self.first = self.ack
        self.restate(self.ack)

    @property
    def joined_at(self) -> float:
        """When it was asked for."""
        return self.caller.asked_at

    @property
    def request(self) -> CancelRequest:
        """What was asked for."""
        return self.caller.request

    def restate(self, ack: CancelAck) -> None:
        """Let it be told so from now on."""
        self.ack, self.attempts = ack, len(self.entry.survey.attempts)
        self.given[id(ack)] = weakref.ref(ack)

    @property
    def versions(self) -> tuple[CancelAck, ...]:
        """The ack in all the ways in which somebody has it."""
        given = (one() for one in self.given.values())
        return tuple(ack for ack in given if ack is not None)

    def forget_some(self) -> list[int]:
        """Forget the ways in which nobody has it any more; return their ids."""
        gone = [key for key, one in self.given.items() if one() is None]
        for key in gone:
            del self.given[key]
        return gone

    @property
    def outdone(self) -> bool:
        """Whether a cancel that began after the ack was given may have worked."""
        return any(one.acted is not Acted.NO for one in self.entry.survey.attempts[self.attempts :])


@attrs.define(kw_only=True, eq=False)
class OpenCase:
    """A case with its waiters, its exchanges and its alarm."""

    case: Case
    waiters: dict[Caller, asyncio.Future[CancelAck]] = attrs.field(factory=dict)
    #: Acks that were given of it: whatever comes later may change them.
    told: list[Told] = attrs.field(factory=list)
    #: What has begun and not ended.
    under_way: dict[int, tuple[asyncio.Task[None], Errand]] = attrs.field(factory=dict)
    alarm: Alarm | None = None
    _survey: Survey | None = attrs.field(default=None, init=False)
    _surveyed: int = attrs.field(default=0, init=False)

    @property
    def survey(self) -> Survey:
        """What its facts amount to; worked out anew only when there are more of them."""
        if self._survey is None or self._surveyed != len(self.case.facts):
            self._survey, self._surveyed = Survey(case=self.case), len(self.case.facts)
        return self._survey

    @property
    def key(self) -> Key:
        """What it is kept by."""
        return (self.case.venue, self.case.account, self.case.order)

    @property
    def account(self) -> tuple[str, str]:
        """At which venue and for which account it is."""
        return (self.case.venue, self.case.account)

    @property
    def idle_s(self) -> float:
        """How long it is kept when all is quiet, in seconds, lest a late effect surprise a caller."""
        return self.case.capabilities.read_lag_s + LATE_GRACE_S

    @property
    def quiet(self) -> bool:
        """Whether nothing more is to come by itself."""
        return not self.waiters and not self.under_way

    def attach(self, caller: Caller, waiter: asyncio.Future[CancelAck], late_grace_s: float) -> None:
        """Let a caller wait for it; a cancel it shares lasts as long for it as an own one would."""
        self.case.callers.append(caller)
        self.waiters[caller] = waiter
        for _, errand in self.under_way.values():
            need = Need.KILL if caller.kill else NEEDS[errand.kind]
            if errand.kind is not CallKind.CANCEL:
                errand.hurry(need, caller.deadline)
            elif caller.may_send and (errand.queued or errand.overdue_at > caller.waits_since):
                errand.last(caller.deadline + late_grace_s, need, caller.deadline)

    def learn(self, facts: Iterable[Fact]) -> None:
        """Add facts that another case found out, each exchange once."""
        known = {fact.number for fact in self.case.facts}
        self.case.facts.extend(fact for fact in facts if fact.number not in known)

    def fold(self, action: Action) -> None:
        """Of a long run of reads that told the same keep the first and the last: one may wait for days."""
        reads = [one for one in self.survey.reads if one.began.action is action]
        last = reads[-1]
        run = list(itertools.takewhile(lambda one: _told_the_same(one, last), reversed(reads)))
        if len(run) > _LONGEST_RUN:
            number = run[_YOUNGEST_KEPT].began.number
            self.case.facts[:] = [fact for fact in self.case.facts if fact.number != number]
            self._survey = None

    def tell(self, told: Told, since: float) -> None:
        """Note that an ack was given; of those before `since` the final ones have stood long enough."""
        self.told = [one for one in self.told if not one.ack.final or one.given_at >= since]
        self.told.append(told)

    def pass_on(self, other: OpenCase) -> None:
        """Let another case say how those acks go on that are still open."""
        owed = [told for told in self.told if not told.ack.final]
        for told in owed:
            told.entry = other
            self.told.remove(told)
        other.told.extend(owed)

    def release(self, caller: Caller) -> asyncio.Future[CancelAck]:
        """Let a caller go, and return what it waits on."""
        self.case.callers.remove(caller)
        return self.waiters.pop(caller)

    def wake(self, alarm: Alarm | None) -> None:
        """Keep one alarm, the latest."""
        if self.alarm is not None:
            self.alarm.cancel()
        self.alarm = alarm

    def take_back(self, now: float, late_grace_s: float, *, closing: bool = False) -> None:
        """End what nobody waits for any more: at once if no byte of it has left, else after a grace."""
        over = "the client was closed" if closing else "the deadline came"
        for number, (task, errand) in list(self.under_way.items()):
            if self._is_wanted(errand, now) and not closing:
                continue
            errand.end_by(now + late_grace_s)
            if errand.progress.sent is Sent.NO:
                task.cancel()
                if errand.on_taken_back is not None:
                    errand.on_taken_back()  # at once: not a byte of it may leave now
                del self.under_way[number]
                self.case.facts.append(errand.ended(now, fault=f"{over} before it could be sent"))

    def _is_wanted(self, errand: Errand, now: float) -> bool:
        waiting = [caller for caller in self.waiters if caller.deadline > now]
        return any(caller.may_send or errand.kind is not CallKind.CANCEL for caller in waiting)

    def without_conclusion(self, caller: Caller, error: Exception, now: float) -> CancelAck:
        """Make the ack that carries our own fault: nobody can tell."""
        return CancelAck(
            request=caller.request,
            outcome=Outcome.UNKNOWN,
            sent=self.survey.sent,
            stage=Stage.CONFIRM,
            elapsed_s=max(0.0, now - caller.joined_at),
            error=worded(error),
        )

    def ended_facts(self) -> list[Fact]:
        """List the facts of the exchanges that are over."""
        over = {fact.number for fact in self.case.facts if isinstance(fact, Ended)}
        return [fact for fact in self.case.facts if fact.number in over]


def _told_the_same(one: Exchange, other: Exchange) -> bool:
    return _what_it_told(one) == _what_it_told(other)


def _what_it_told(one: Exchange) -> object:
    return (one.ended.answer, one.ended.fault) if one.ended is not None else None
