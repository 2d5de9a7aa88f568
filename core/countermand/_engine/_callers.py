"""Who waits in the cases of one client: what they are told, and what those are owed who wait no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import attrs

from countermand._ack import CancelAck
from countermand._case._ack_of import ack_of
from countermand._case._conclude import conclude
from countermand._case._facts import Caller
from countermand._clock import clock_of
from countermand._engine._errand import LATE_GRACE_S
from countermand._engine._ledger import Ledger, moves
from countermand._engine._open_case import OpenCase, Told
from countermand._outcome import Outcome

#: Makes the ack that a caller is given of what the case says.
Retell = Callable[[CancelAck], CancelAck]


def as_told(ack: CancelAck) -> CancelAck:
    """Give it as the case says it."""
    return ack


class Callers:
    """Tells each caller what the facts of its case prove, and keeps what may still move on."""

    def __init__(self, ledger: Ledger) -> None:
        self._clock = clock_of(asyncio.get_running_loop())
        self._ledger = ledger
        self._where: dict[Caller, OpenCase] = {}
        self._retell: dict[Caller, Retell] = {}

    @property
    def cases(self) -> tuple[OpenCase, ...]:
        """List the cases in which somebody waits, one for each who does."""
        return tuple(self._where.values())

    def join(
        self, entry: OpenCase, caller: Caller, waiter: asyncio.Future[CancelAck], retell: Retell
    ) -> None:
        """Let a caller wait in a case; it is told in those words."""
        self._retell[caller] = retell
        self._attach(entry, caller, waiter)

    def move(self, entry: OpenCase, to: OpenCase) -> None:
        """Let all who wait in a case wait in another one."""
        for caller in list(entry.waiters):
            self._attach(to, caller, entry.release(caller))

    def lose(self, caller: Caller) -> None:
        """Hear that the loop on which a caller waited is gone, with all that was under way on it."""
        self._where.pop(caller, None)

    def leave(self, caller: Caller) -> OpenCase | None:
        """Let go of a caller, told or not; return the case of one that was not, which is owed its ack."""
        entry = self._where.pop(caller, None)
        if entry is not None:
            entry.release(caller)
            self._note(entry, caller, self._parting(entry, caller))
        self._retell.pop(caller, None)
        return entry

    def tell(self, entry: OpenCase, caller: Caller, ack: CancelAck) -> None:
        """Tell a caller what became of its cancel."""
        del self._where[caller]
        waiter = entry.release(caller)
        ack = self._note(entry, caller, ack)
        if not waiter.done():
            waiter.set_result(ack)

    def revise(self, entry: OpenCase, told: Told, now: float) -> None:
        """Tell how an ack moves on by the facts that came since."""
        conclusion = conclude(entry.survey, told.caller)
        if moves(told, conclusion, firm=conclusion.settled or entry.quiet):
            self._ledger.restate(told, told.retell(ack_of(entry.survey, told.caller, conclusion, now)))

    def _attach(self, entry: OpenCase, caller: Caller, waiter: asyncio.Future[CancelAck]) -> None:
        entry.attach(caller, waiter, LATE_GRACE_S)
        self._where[caller] = entry

    def _parting(self, entry: OpenCase, caller: Caller) -> CancelAck:
        """Say what is known for one who did not wait for its answer; what was sent lives on, and is owed."""
        now = self._clock()
        entry.take_back(now, LATE_GRACE_S)
        try:
            conclusion = conclude(entry.survey, caller)
            if conclusion.outcome is Outcome.REJECTED and not conclusion.settled and entry.survey.attempts:
                # Who does not wait for the reads that settle a refusal is owed them.
                conclusion = attrs.evolve(conclusion, outcome=Outcome.UNKNOWN, reason=None)
            return ack_of(entry.survey, caller, conclusion, now)
        except Exception as error:  # noqa: BLE001 - our own fault must end as an ack that carries it
            return entry.without_conclusion(caller, error, now)

    def _note(self, entry: OpenCase, caller: Caller, ack: CancelAck) -> CancelAck:
        """Keep an ack that may move on, in the words in which the caller is given it."""
        retell = self._retell[caller]
        ack = retell(ack)
        if caller.may_send:
            told = Told(entry=entry, caller=caller, ack=ack, retell=retell)
            entry.tell(told, self._clock() - entry.case.capabilities.read_lag_s - LATE_GRACE_S)
            self._ledger.note(told)
        return ack
