"""What callers were told, what they are still owed, and what becomes of it later."""

from __future__ import annotations

import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

import attrs

from countermand._ack import CancelAck
from countermand._case._conclude import Conclusion
from countermand._engine._mailbox import Mailbox
from countermand._engine._open_case import Told
from countermand._engine._straight import Straight
from countermand._engine._watch import Watch
from countermand._outcome import Outcome, Reason, Sent
from countermand._update import MOST_UNSETTLED, Unsettled, Update

#: What somebody is owed: the ack of a case, or of a cancel that went straight.
Owed = Told | Straight

#: How many different requests' updates wait for one reader.
_MAILBOX_PLACES = 1000
#: So many too many are dropped together: one by one it would cost twice as much.
_AT_ONCE = 32
#: So many may wait to be written down: that takes some 2 ms, in which nobody else has the loop. Where no more
#: are kept than by default, the oldest of them are dropped before that.
_MOST_UNWRITTEN = MOST_UNSETTLED + _AT_ONCE


class Ledger:
    """Keeps the newest acks that are not final, and passes on how any ack changes.

    What went straight is written down, so that it can be found, only before anything else is told or asked:
    where nobody ever does, it is dropped without.
    """

    def __init__(self, clock: Callable[[], float], watch: Watch, most: int) -> None:
        self._clock = clock
        self._watch = watch
        self.most = most
        #: The oldest first; what went straight by its request: its ack is not kept, but can be made again. A
        #: plain dict would be searched for the oldest from its beginning, past all that are gone.
        self._owed: OrderedDict[int, Owed] = OrderedDict()
        #: Of requests that were asked again while they were owed, what is kept by itself instead.
        self._again: dict[int, list[Owed]] = {}
        #: Those of cases by the very acks that callers hold: a request may be asked more than once.
        self._by_ack: dict[int, Told] = {}
        #: What is not written down yet: younger than all that is.
        self._unwritten: deque[Owed] = deque()
        self._too_many = most + _AT_ONCE
        self._dropped = 0
        self._mailboxes: weakref.WeakSet[Mailbox] = weakref.WeakSet()

    @property
    def dropped(self) -> int:
        """How many owed acks were dropped for want of room."""
        self._write_down()
        return self._dropped

    def note(self, told: Told) -> None:
        """Keep an ack that is owed more, as the newest."""
        if not told.ack.final:
            self._write_down()
            self._by_ack[id(told.ack)] = told
            self._owed[id(told)] = told
            self._drop_oldest()

    def keep(self, straight: Straight) -> None:
        """Keep what became of a cancel that went straight: no ack of those is final."""
        self._unwritten.append(straight)
        if len(self._owed) + len(self._unwritten) >= self._too_many:
            self._drop_oldest()
        elif len(self._unwritten) >= _MOST_UNWRITTEN:
            self._write_down()

    def make_of(self, straight: Straight, told: Told) -> None:
        """Hear that a case tells of a cancel that went straight."""
        self._write_down()
        if self._forget(straight):
            self._unwritten.append(told)

    def _write_down(self) -> None:
        self._drop_oldest()
        owed = self._owed
        for one in self._unwritten:
            if owed.setdefault(id(one.request), one) is not one:
                owed[id(one)] = one
                self._again.setdefault(id(one.request), []).append(one)
        self._unwritten.clear()

    def _drop_oldest(self) -> None:
        owed, unwritten = self._owed, self._unwritten
        too_many = max(0, len(owed) + len(unwritten) - self.most)
        self._dropped += too_many
        for _ in range(too_many):
            if not owed:
                unwritten.popleft()
                continue
            _, oldest = owed.popitem(last=False)
            if self._again or isinstance(oldest, Told):
                self._let_go(oldest)

    def _is_owed(self, owed: Owed) -> bool:
        return self._owed.get(self._key(owed)) is owed

    def _key(self, owed: Owed) -> int:
        key = id(owed.request)
        return key if self._owed.get(key) is owed else id(owed)

    def _forget(self, owed: Owed) -> bool:
        """Strike out what is owed no more; tell whether it was until now."""
        if not self._is_owed(owed):
            return False
        del self._owed[self._key(owed)]
        self._let_go(owed)
        return True

    def _let_go(self, owed: Owed) -> None:
        """Let what was struck out be found no more."""
        if isinstance(owed, Told):
            self._find_no_more(owed, owed.given)
        again = self._again.get(id(owed.request), [])
        if owed in again:
            again.remove(owed)
            if not again:
                del self._again[id(owed.request)]

    def _find_no_more(self, told: Told, ids: Iterable[int]) -> None:
        for key in ids:
            if self._by_ack.get(key) is told:  # else another one's ack has that id by now
                del self._by_ack[key]

    def find(self, ack: CancelAck) -> Owed | None:
        """Find how an ack that is owed more stands now, by the ack as a caller was given it."""
        self._write_down()
        told = self._by_ack.get(id(ack))
        if told is not None and any(one is ack for one in told.versions):
            return told
        key = id(ack.request)
        found = (self._owed.get(key), *self._again.get(key, ()))
        return next((one for one in found if one is not None and ack in one.versions), None)

    def restate(self, told: Told, ack: CancelAck) -> None:
        """Tell everybody who listens that an ack moved on; the rest only makes it younger."""
        self._write_down()
        before = told.ack
        told.restate(ack)
        self._find_no_more(told, told.forget_some())
        if ack.final:
            self._forget(told)
        elif self._is_owed(told):
            self._by_ack[id(ack)] = told
        if (before.outcome, before.reason) == (ack.outcome, ack.reason):
            return
        update = Update(before=before, ack=ack)
        self._watch.updated(update)
        for mailbox in list(self._mailboxes):
            mailbox.put(told, update)

    def unsettled(self) -> tuple[Unsettled, ...]:
        """List what is owed, oldest first."""
        self._write_down()
        now = self._clock()
        # One that a case was made of late has moved behind younger ones.
        owed = sorted(self._owed.values(), key=lambda one: one.joined_at)
        return tuple(Unsettled(ack=one.ack, age_s=max(0.0, now - one.joined_at)) for one in owed)

    def subscribe(self) -> Mailbox:
        """Open a mailbox for what changes from now on."""
        mailbox = Mailbox(_MAILBOX_PLACES)
        self._mailboxes.add(mailbox)
        return mailbox

    def close(self) -> None:
        """Bring all readers to their end."""
        for mailbox in list(self._mailboxes):
            mailbox.close()


def no_less(before: CancelAck, ack: CancelAck) -> CancelAck:
    """Return a later ack of the same request: what is final stays so, what the venue had it still has."""
    if before.final and not ack.final:
        return before
    if before.outcome is Outcome.PENDING and ack.outcome is Outcome.UNKNOWN:
        try:
            return attrs.evolve(ack, outcome=Outcome.PENDING, stage=before.stage)
        except ValueError:  # it was made before, and lacks what the other one rests on
            return attrs.evolve(before, error=ack.error or before.error)
    return ack


def moves(told: Told, now: Conclusion, *, firm: bool) -> bool:
    """Tell whether an ack moves on; `firm` where nothing more is to come by itself.

    What is not final moves to its end, or from UNKNOWN to PENDING, and never back. What was final is not
    undone, but whatever the order's own state says against it is told.
    """
    before, ended = told.ack, now.outcome is Outcome.CANCELED or now.reason in _ENDS
    if not before.final:
        late_receipt = before.outcome is Outcome.UNKNOWN and now.outcome is Outcome.PENDING
        return ended or late_receipt or (firm and now.outcome is Outcome.REJECTED)
    if before.outcome is Outcome.CANCELED or before.reason in _ENDS:
        # That it was replaced stands, however doubtful it is what became of the one in its place.
        tells = ended or before.reason is not Reason.REPLACED
        return tells and (before.outcome, before.reason) != (now.outcome, now.reason)
    if before.reason is Reason.UNKNOWN_ORDER:
        return ended or told.entry.survey.latest is not None
    # A refused order may well end in its own time, or by a cancel that came later.
    return now.outcome is Outcome.CANCELED and before.sent is not Sent.NO and not told.outdone


#: The reasons that rest on a read of the order's own end.
_ENDS = frozenset({Reason.TOO_LATE, Reason.REPLACED})
