"""The closed sets an ack is made of, by their FIX names."""

from __future__ import annotations

from enum import Enum


class Outcome(Enum):
    """What became of the cancel, as far as anybody can know."""

    #: The order is off the book and no more of it will trade.
    CANCELED = "canceled"
    #: The venue has the cancel; whether it worked is not known yet.
    PENDING = "pending"
    #: The order was not canceled by this request, and why is known.
    REJECTED = "rejected"
    #: Nobody can tell.
    UNKNOWN = "unknown"


class Reason(Enum):
    """Why a cancel was rejected; each has its FIX CxlRejReason (102)."""

    TOO_LATE = "too late"
    UNKNOWN_ORDER = "unknown order"
    VENUE_REFUSED = "venue refused"
    PENDING_REPLACE = "pending replace"
    MASS_CANCEL_REFUSED = "mass cancel refused"
    REPLACED = "replaced"
    NOT_FOUND = "not found"
    AMBIGUOUS_ORDER = "ambiguous order"
    NOT_AUTHORIZED = "not authorized"
    INVALID_REQUEST = "invalid request"
    NOT_SUPPORTED = "not supported"
    THROTTLED = "throttled"
    NOT_SENT = "not sent"

    @property
    def cxl_rej_reason(self) -> int:
        """The value of FIX tag 102; 99 (Other) where FIX has no word for it."""
        return _CXL_REJ_REASONS.get(self, 99)


_CXL_REJ_REASONS = {
    Reason.TOO_LATE: 0,
    Reason.UNKNOWN_ORDER: 1,
    Reason.VENUE_REFUSED: 2,
    Reason.PENDING_REPLACE: 3,
    Reason.MASS_CANCEL_REFUSED: 4,
}


class CanceledBy(Enum):
    """Whose cancel took the order off the book."""

    THIS_REQUEST = "this request"
    EARLIER = "earlier"
    UNDETERMINED = "undetermined"


class Sent(Enum):
    """Whether a byte of a cancel for this order left; log-ins, reads and waits do not count."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


class Stage(Enum):
    """Where a cancel stood when its ack was made."""

    RESOLVE = "resolve"
    SEND = "send"
    CONFIRM = "confirm"
    SUCCESSOR = "successor"
    DONE = "done"
