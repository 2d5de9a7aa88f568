"""What a caller asks for: one cancel of one order at one venue."""

from __future__ import annotations

import os
import sys
from enum import Enum
from typing import Any

import attrs

from countermand._ids import ClientOrderId, OrderId, check_identifier
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


def _instance_of(*kinds: type) -> Any:
    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, kinds):
            expected = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
            raise InvalidRequestError(
                f"{attribute.name!r} of {type(instance).__name__} must be {expected}, got {value!r}"
            )

    return check


def _new_request_id() -> str:
    # A random UUID (RFC 9562, 5.4), put together here at a third of what the standard library's costs.
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def check_timeout(what: str, value: object) -> None:
    """Raise `InvalidRequestError` for what is no number of seconds above 0."""
    if not _is_timeout(value):
        raise InvalidRequestError(f"{what} must be a positive, finite number of seconds, got {value!r}")


def _check_timeout(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not _is_timeout(value):
        check_timeout(f"{attribute.name!r} of {type(instance).__name__}", value)


def _is_timeout(value: object) -> bool:
    # Compared, not converted: there are integers beyond any float.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= sys.float_info.max


@attrs.frozen(kw_only=True)
class CancelRequest:
    """A cancel of one order, neutral of the venue; raises `InvalidRequestError` where one cannot be.

    `timeout_s` is in seconds and bounds the wait, not the truth: the ack comes by then, whatever is known.
    `follow_replacement` cancels the order that took this one's place, too. `client_order`, `initiator` and
    `cause` go into the ack for the caller's own books; no decision rests on them.
    """

    venue: str = attrs.field(validator=check_identifier)
    account: str = attrs.field(validator=check_identifier)
    order: OrderId | ClientOrderId = attrs.field(validator=_instance_of(OrderId, ClientOrderId))
    client_order: ClientOrderId | None = attrs.field(
        default=None, validator=_instance_of(ClientOrderId, type(None))
    )
    instrument: str | None = attrs.field(default=None, validator=attrs.validators.optional(check_identifier))
    request_id: str = attrs.field(factory=_new_request_id, validator=check_identifier)
    initiator: str | None = attrs.field(default=None, validator=_instance_of(str, type(None)))
    cause: CancelCause = attrs.field(default=CancelCause.NONE, validator=_instance_of(CancelCause))
    assurance: Assurance = attrs.field(default=Assurance.CONFIRMED, validator=_instance_of(Assurance))
    timeout_s: float = attrs.field(default=10.0, validator=_check_timeout)
    follow_replacement: bool = attrs.field(default=False, validator=_instance_of(bool))
