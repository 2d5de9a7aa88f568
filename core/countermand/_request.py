"""What a caller asks for: one cancel of one order at one venue."""

from __future__ import annotations

import os
import sys
from enum import Enum

import attrs

from countermand._ids import THREE_IDENTIFIERS, ClientOrderId, OrderId, check_identifier
from countermand.errors import InvalidRequestError


class Assurance(Enum):
    """How much a caller wants to know before the call returns."""

    #: The venue has the cancel: a receipt answers, with `PENDING`.
    RECEIVED = "received"
    #: The order was read after the cancel: the true end, or the deadline.
    CONFIRMED = "confirmed"


class CancelCause(Enum):
    """Why someone cancels, by the names of FIX MassActionReason (2675)."""

    NONE = "None"
    TRADING_RISK_CONTROL = "Trading Risk Control"
    STOP_TRADING = "Stop Trading"
    EMERGENCY_ACTION = "Emergency Action"
    SESSION_LOSS = "Session Loss"
    CIRCUIT_BREAKER = "Circuit Breaker"
    OTHER = "Other"

    @property
    def mass_action_reason(self) -> int:
        """The value of FIX tag 2675."""
        return _MASS_ACTION_REASONS[self]


_MASS_ACTION_REASONS = {
    CancelCause.NONE: 0,
    CancelCause.TRADING_RISK_CONTROL: 1,
    CancelCause.STOP_TRADING: 4,
    CancelCause.EMERGENCY_ACTION: 5,
    CancelCause.SESSION_LOSS: 6,
    CancelCause.CIRCUIT_BREAKER: 11,
    CancelCause.OTHER: 99,
}


def _new_request_id() -> str:
    # A random UUID (RFC 9562, 5.4), put together here at a third of what the standard library's costs.
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def check_timeout(what: str, value: object) -> None:
    """Raise `InvalidRequestError` for what is no number of seconds above 0."""
    if not _is_timeout(value):
        raise InvalidRequestError(f"{what} must be a positive, finite number of seconds, got {value!r}")


def _is_timeout(value: object) -> bool:
    # Compared, not converted: there are integers beyond any float.
    return isinstance(value, _NUMBERS) and value is not True and 0 < value <= _LONGEST_S


_NUMBERS = (int, float)
_LONGEST_S = sys.float_info.max


@attrs.frozen(kw_only=True)
class CancelRequest:
    """A cancel of one order, neutral of the venue; raises `InvalidRequestError` where one cannot be.

    `timeout_s` is in seconds and bounds the wait, not the truth: the ack comes by then, whatever is known.
    `follow_replacement` cancels the order that took this one's place, too. `client_order`, `initiator` and
    `cause` go into the ack for the caller's own books; no decision rests on them.
    """

    venue: str
    account: str
    order: OrderId | ClientOrderId
    client_order: ClientOrderId | None = None
    instrument: str | None = None
    request_id: str = attrs.field(factory=_new_request_id)
    initiator: str | None = None
    cause: CancelCause = CancelCause.NONE
    assurance: Assurance = Assurance.CONFIRMED
    timeout_s: float = 10.0
    follow_replacement: bool = False

    def __attrs_post_init__(self) -> None:
        # All fields in one pass: a validator of each would cost more than all that they look at.
        try:
            texts = " ".join((self.venue, self.account, self.request_id))  # noqa: FLY002 - strings and no else
            ids = THREE_IDENTIFIERS.fullmatch(texts)
        except TypeError:
            ids = None
        if ids is None:
            _check_identifier(self, "venue")
            _check_identifier(self, "account")
            _check_identifier(self, "request_id")
        if not isinstance(self.order, _ORDERS):
            raise _flaw(self, "order", "OrderId or ClientOrderId")
        if self.client_order is not None and not isinstance(self.client_order, ClientOrderId):
            raise _flaw(self, "client_order", "ClientOrderId or None")
        if self.instrument is not None:
            _check_identifier(self, "instrument")
        if self.initiator is not None and not isinstance(self.initiator, str):
            raise _flaw(self, "initiator", "str or None")
        if not isinstance(self.cause, CancelCause):
            raise _flaw(self, "cause", "CancelCause")
        if not isinstance(self.assurance, Assurance):
            raise _flaw(self, "assurance", "Assurance")
        if not _is_timeout(self.timeout_s):
            check_timeout(_named(self, "timeout_s"), self.timeout_s)
        if not isinstance(self.follow_replacement, bool):
            raise _flaw(self, "follow_replacement", "bool")


_ORDERS = (OrderId, ClientOrderId)


def _check_identifier(request: CancelRequest, name: str) -> None:
    check_identifier(request, getattr(attrs.fields(CancelRequest), name), getattr(request, name))


def _flaw(request: CancelRequest, name: str, expected: str) -> InvalidRequestError:
    return InvalidRequestError(f"{_named(request, name)} must be {expected}, got {getattr(request, name)!r}")


def _named(request: CancelRequest, name: str) -> str:
    return f"{name!r} of {type(request).__name__}"
