"""What a caller asks for: one cancel of one order at one venue."""

from __future__ import annotations

import os
import sys
from enum import Enum
from typing import Any

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


_ORDERS = (OrderId, ClientOrderId)


def _check_all(request: CancelRequest, _attribute: object, _order: Any) -> None:
    """Refuse a request whose fields are not what they must be; told is the first that is not.

    All in one pass, when all are set: a validator of each would cost more than all that they look at.
    """
    try:
        texts = " ".join((request.venue, request.account, request.request_id))  # noqa: FLY002 - strings alone
        ids = THREE_IDENTIFIERS.fullmatch(texts)
    except TypeError:
        ids = None
    if ids is None:
        _check_identifier(request, "venue")
        _check_identifier(request, "account")
    if not isinstance(request.order, _ORDERS):
        raise _flaw(request, "order", "OrderId or ClientOrderId")
    if request.client_order is not None and not isinstance(request.client_order, ClientOrderId):
        raise _flaw(request, "client_order", "ClientOrderId or None")
    if request.instrument is not None:
        _check_identifier(request, "instrument")
    if ids is None:
        _check_identifier(request, "request_id")
    if request.initiator is not None and not isinstance(request.initiator, str):
        raise _flaw(request, "initiator", "str or None")
    if not isinstance(request.cause, CancelCause):
        raise _flaw(request, "cause", "CancelCause")
    if not isinstance(request.assurance, Assurance):
        raise _flaw(request, "assurance", "Assurance")
    if not _is_timeout(request.timeout_s):
        check_timeout(_named(request, "timeout_s"), request.timeout_s)
    if not isinstance(request.follow_replacement, bool):
        raise _flaw(request, "follow_replacement", "bool")


@attrs.frozen(kw_only=True)
class CancelRequest:
    """A cancel of one order, neutral of the venue; raises `InvalidRequestError` where one cannot be.

    `timeout_s` is in seconds and bounds the wait, not the truth: the ack comes by then, whatever is known.
    `follow_replacement` cancels the order that took this one's place, too. `client_order`, `initiator` and
    `cause` go into the ack for the caller's own books; no decision rests on them.
    """

    venue: str
    account: str
    order: OrderId | ClientOrderId = attrs.field(validator=_check_all)  # of all fields
    client_order: ClientOrderId | None = None
    instrument: str | None = None
    request_id: str = attrs.field(factory=_new_request_id)
    initiator: str | None = None
    cause: CancelCause = CancelCause.NONE
    assurance: Assurance = Assurance.CONFIRMED
    timeout_s: float = 10.0
    follow_replacement: bool = False


def _check_identifier(request: CancelRequest, name: str) -> None:
    check_identifier(request, getattr(attrs.fields(CancelRequest), name), getattr(request, name))


def _flaw(request: CancelRequest, name: str, expected: str) -> InvalidRequestError:
    return InvalidRequestError(f"{_named(request, name)} must be {expected}, got {getattr(request, name)!r}")


def _named(request: CancelRequest, name: str) -> str:
    return f"{name!r} of {type(request).__name__}"
