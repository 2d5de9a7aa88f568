"""What callers were told, what they are still owed, and what becomes of it later."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable

import attrs

from countermand._ack import CancelAck
from countermand._case._conclude import Conclusion
from countermand._engine._mailbox import Mailbox
from countermand._engine._open_case import Told
from countermand._engine._straight import Straight
from countermand._engine._watch import Watch
from countermand._outcome import Outcome, Reason, Sent
from countermand._update import Unsettled, Update

#: What somebody is owed: the ack of a case, or of a cancel that went straight.
Owed = Told | Straight

#: How many different requests' updates wait for one reader.
_MAILBOX_PLACES = 1000


class Ledger:
    """Keeps the newest acks that are not final, and passes on how any ack changes."""

    def __init__(self, clock: Callable[[], float], watch: Watch, most: int) -> None:
        self._clock = clock
        self._watch = watch
        self.most = most
        #: The oldest first: a plain dict would be searched for it from its beginning, past all that are gone.
        self._owed: OrderedDict[Owed, None] = OrderedDict()
        #: The same by the very acks that callers hold: a request may be asked more than once.
        self._by_ack: dict[int, Told] = {}
        #: Those that went straight, by their requests: their acks are not kept, but can be made again. Of a
        #: request that was asked once, as nearly all are, it is just one.
        self._by_request: dict[int, Owed | tuple[Owed, ...]] = {}
        self._mailboxes: weakref.WeakSet[Mailbox] = weakref.WeakSet()
        #: How many owed acks were dropped for want of room.
        self.dropped = 0

    def note(self, told: Told) -> None:
        """Keep an ack that is owed more, as the newest."""
        if not told.ack.final:
            self._by_ack[id(told.ack)] = told
            self._put(told)

    def keep(self, straight: Straight) -> None:
        """Keep what became of a cancel that went straight: no ack of those is final."""
        self._index(straight)
        self._put(straight)

    def make_of(self, straight: Straight, told: Told) -> None:
        """Hear that a case tells of a cancel that went straight."""
        if straight in self._owed:
            self._forget(straight)
            self._index(told)
            self._put(told)

    def _put(self, owed: Owed) -> None:
        self._owed[owed] = None
        if len(self._owed) > self.most:
            self._forget(next(iter(self._owed)))
            self.dropped += 1

    def _index(self, owed: Owed) -> None:
        found = self._by_request.setdefault(id(owed.request), owed)
        if found is not owed:
            self._by_request[id(owed.request)] = (*_all(found), owed)

    def _drop_from_index(self, owed: Owed) -> None:
        found = self._by_request.pop(id(owed.request), owed)
        if found is not owed and (rest := tuple(one for one in _all(found) if one is not owed)):
            self._by_request[id(owed.request)] = rest

    def find(self, ack: CancelAck) -> Owed | None:
        """Find how an ack that is owed more stands now, by the ack as a caller was given it."""
        told = self._by_ack.get(id(ack))
        if told is not None:
            return told
        found = self._by_request.get(id(ack.request), ())
        return next((one for one in _all(found) if ack in one.versions), None)

    def restate(self, told: Told, ack: CancelAck) -> None:
        """Tell everybody who listens that an ack moved on; the rest only makes it younger."""
        before = told.ack
        told.restate(ack)
        if ack.final:
            self._forget(told)
        elif told in self._owed:
            self._by_ack[id(ack)] = told
        if (before.outcome, before.reason) == (ack.outcome, ack.reason):
            return
        update = Update(before=before, ack=ack)
        self._watch.updated(update)
        for mailbox in list(self._mailboxes):
            mailbox.put(told, update)

    def unsettled(self) -> tuple[Unsettled, ...]:
        """List what is owed, oldest first."""
        now = self._clock()
        # One that a case was made of late has moved behind younger ones.
        owed = sorted(self._owed, key=lambda one: one.joined_at)
        return tuple(Unsettled(ack=one.ack, age_s=max(0.0, now - one.joined_at)) for one in owed)

    def subscribe(self) -> Mailbox:
        """Open a mailbox for what changes from now on."""
        mailbox = Mailbox(_MAILBOX_PLACES)
        self._mailboxes.add(mailbox)
        return mailbox

    def _forget(self, owed: Owed) -> None:
        if owed not in self._owed:
            return
        del self._owed[owed]
        if isinstance(owed, Told):
            for ack in owed.versions:
                self._by_ack.pop(id(ack), None)
        self._drop_from_index(owed)

    def close(self) -> None:
        """Bring all readers to their end."""
        for mailbox in list(self._mailboxes):
            mailbox.close()


def _all(found: Owed | tuple[Owed, ...]) -> tuple[Owed, ...]:
    return found if isinstance(found, tuple) else (found,)


def no_less(before: CancelAck, ack: CancelAck) -> CancelAck:
    """Return a later ack of the same request: what is final stays so, what the venue had it still has."""
    if before.final and not ack.final:
        return before
    if before.outcome is Outcome.PENDING and ack.outcome is Outcome.UNKNOWN:
        return attrs.evolve(ack, outcome=Outcome.PENDING, stage=before.stage)
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
        return (before.outcome, before.reason) != (now.outcome, now.reason)
    if before.reason is Reason.UNKNOWN_ORDER:
        return ended
    # A refused order may well end in its own time, or by a cancel that came later.
    return now.outcome is Outcome.CANCELED and before.sent is not Sent.NO and not told.outdone


#: The reasons that rest on a read of the order's own end.
_ENDS = frozenset({Reason.TOO_LATE, Reason.REPLACED})
