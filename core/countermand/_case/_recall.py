"""What an earlier ack told, as facts again: so that its order can be looked at without it being forgotten.

All that was sent counts as possibly taken, for an ack that is not final rests on at least one such attempt.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from countermand._ack import CancelAck
from countermand._case._facts import Action, Began, Ended, Fact, Signed
from countermand._evidence import Attempt, EvidenceKind
from countermand._outcome import Sent
from countermand.venue import MayHaveActed, OrderRead, Receipt


def recalled(ack: CancelAck, epoch: datetime, now: float) -> list[Fact]:
    """Tell an ack as facts, in a client's own time; their numbers are below zero.

    The clocks of two machines differ: what is said to have been after `now` is moved back as a whole, for
    what came first and what after must stay so.
    """
    times = [(time - epoch).total_seconds() for time in _times(ack)]
    ahead_s = max(0.0, max(times, default=now) - now)

    def at(time: datetime | None) -> float:
        return (min(times, default=now) if time is None else (time - epoch).total_seconds()) - ahead_s

    numbers = itertools.count(-1, -1)
    received = {(item.source, item.at) for item in ack.evidence if item.kind is EvidenceKind.RECEIPT}
    # Of a request that was followed, the attempts on the order that its ack speaks of.
    own = [one for one in ack.attempts if one.order_id in (None, ack.order_id)]
    attempts: tuple[Attempt, ...] = tuple(one for one in own if one.sent is not Sent.NO)
    if not attempts:
        # What was not sent for this caller may have been for another who went on waiting.
        attempts = (Attempt(call=Action.CANCEL.value, sent=Sent.MAYBE),)
    facts: list[Fact] = []
    for attempt in attempts:
        taken = (attempt.call, attempt.answered_at) in received
        span = at(attempt.signed_at), at(attempt.answered_at or attempt.signed_at)
        answer = Receipt() if taken else MayHaveActed()
        facts += _exchange(next(numbers), Action.CANCEL, attempt.call, span, sent=attempt.sent, answer=answer)
    for item in ack.evidence:
        if item.kind is EvidenceKind.REPORT and item.order is not None:
            span = at(item.order.as_of), at(item.at)
            read = OrderRead(report=item.order)
            facts += _exchange(next(numbers), Action.READ, item.source, span, sent=Sent.YES, answer=read)
    return facts


def _times(ack: CancelAck) -> Iterator[datetime]:
    times = [one for attempt in ack.attempts for one in (attempt.signed_at, attempt.answered_at)]
    times += [one for item in ack.evidence for one in (item.at, item.order.as_of if item.order else None)]
    return (one for one in times if one is not None)


def _exchange(
    number: int, action: Action, call: str, span: tuple[float, float], **told: Any
) -> tuple[Fact, ...]:
    return (
        Began(number=number, action=action, at=span[0], overdue_at=span[0]),
        Signed(number=number, call=call, at=span[0]),
        Ended(number=number, at=max(span), signed_at=span[0], **told),
    )
