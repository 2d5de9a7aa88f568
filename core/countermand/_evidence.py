"""What an ack rests on: the attempts that were made and what was learned, in order."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import attrs

from countermand._ids import OrderId
from countermand._maker import Made
from countermand._order import OrderReport
from countermand._outcome import Sent


class EvidenceKind(Enum):
    """The kinds of things one can learn about a cancel."""

    RECEIPT = "receipt"
    REFUSAL = "refusal"
    REPORT = "report"
    ABSENCE = "absence"
    SUCCESSOR = "successor"
    SESSION_REFUSED = "session refused"
    THROTTLED = "throttled"
    NOT_SENT = "not sent"
    FAULT = "fault"


@attrs.frozen(kw_only=True)
class Evidence(Made):
    """One thing learned, when (aware, UTC), from which call, in one sentence."""

    at: datetime
    kind: EvidenceKind
    #: The venue's own name of the call: "CancelOrder", "GET orders".
    source: str
    text: str
    order: OrderReport | None = None


@attrs.frozen(kw_only=True)
class Attempt(Made):
    """One cancel that was sent or about to be; times are aware, UTC, missing where it did not get so far."""

    call: str
    sent: Sent
    #: The order it named, by the venue's id as far as that is known.
    order_id: OrderId | None = None
    signed_at: datetime | None = None
    first_byte_at: datetime | None = None
    answered_at: datetime | None = None
    http_status: int | None = None
    verdict: str | None = None
    fault: str | None = None
