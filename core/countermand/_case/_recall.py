"""What an earlier ack told, as facts again: so that its order can be looked at without it being forgotten.

All that was sent counts as possibly taken, for an ack that is not final rests on at least one such attempt.
"""

from __future__ import annotations

import itertools
from datetime import datetime

from countermand._ack import CancelAck
from countermand._case._facts import Action, Answer, Began, Ended, Fact, Signed
from countermand._evidence import Attempt, EvidenceKind
from countermand._outcome import Sent
from countermand.venue import MayHaveActed, OrderRead, Receipt


def recalled(ack: CancelAck, epoch: datetime, now: float) -> list[Fact]:
    """Tell an ack as facts, in a client's own time; their numbers are below zero.

    The clocks of two machines differ: nothing is taken to have been after `now`.
    """

    def at(time: datetime | None) -> float:
        return now if time is None else min(now, (time - epoch).total_seconds())

    numbers = itertools.count(-1, -1)
    received = {(item.source, item.at) for item in ack.evidence if item.kind is EvidenceKind.RECEIPT}
    attempts: tuple[Attempt, ...] = tuple(one for one in ack.attempts if one.sent is not Sent.NO)
    if not attempts and ack.sent is not Sent.NO:
        attempts = (Attempt(call=Action.CANCEL.value, sent=ack.sent),)
    facts: list[Fact] = []
    for attempt in attempts:
        taken = (attempt.call, attempt.answered_at) in received
        span = at(attempt.signed_at), at(attempt.answered_at or attempt.signed_at)
        answer: Answer = Receipt() if taken else MayHaveActed()
        facts += _exchange(next(numbers), Action.CANCEL, span, attempt.call, answer)
    for item in ack.evidence:
        if item.kind is EvidenceKind.REPORT and item.order is not None:
            span = at(item.order.as_of), at(item.at)
            facts += _exchange(next(numbers), Action.READ, span, item.source, OrderRead(report=item.order))
    return facts


def _exchange(
    number: int, action: Action, span: tuple[float, float], call: str, answer: Answer
) -> tuple[Fact, ...]:
    began_at, ended_at = span[0], max(span)
    return (
        Began(number=number, action=action, at=began_at, overdue_at=began_at),
        Signed(number=number, call=call, at=began_at),
        Ended(number=number, at=ended_at, sent=Sent.YES, signed_at=began_at, answer=answer),
    )
