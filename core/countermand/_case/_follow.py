"""Two acks in one: of the order asked for, and of the one that took its place."""

from __future__ import annotations

from typing import Any

import attrs

from countermand._ack import CancelAck
from countermand._outcome import Outcome, Reason, Sent

_SEEN = frozenset({Reason.TOO_LATE, Reason.REPLACED})


def followed(first: CancelAck, then: CancelAck, waited_s: float) -> CancelAck:
    """Tell the successor's end as the answer to the first request, with the evidence and attempts of both.

    A successor that was not even sent a cancel leaves it at REPLACED: that is what is known. `waited_s` is
    how long after the request its turn came, in seconds.
    """
    both: dict[str, Any] = {
        "evidence": (*first.evidence, *then.evidence),
        "attempts": (*first.attempts, *then.attempts),
        "elapsed_s": waited_s + then.elapsed_s,
    }
    if then.outcome is Outcome.REJECTED and then.sent is Sent.NO and then.reason not in _SEEN:
        return attrs.evolve(first, **both)
    sent = next((state for state in (Sent.YES, Sent.MAYBE) if state in (first.sent, then.sent)), Sent.NO)
    successor = then.successor or first.successor
    return attrs.evolve(then, request=first.request, successor=successor, sent=sent, **both)
