"""The faults a simulated venue can have: what breaks, and at which point of a call."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

import attrs

from countermand.errors import ConfigurationError

#: The calls that can meet a fault, as `Simulator.call_of` names them.
CALLS = ("cancel", "mass-cancel", "read", "trail", "open", "history", "accounts", "log-in")
#: The calls that show orders.
READS = frozenset({"read", "trail", "open", "history"})


class FaultKind(Enum):
    """What breaks; the values are the words of the control interface and of `--fault`."""

    #: The connection is reset.
    RESET = "reset"
    #: The connection is closed.
    CLOSE = "close"
    #: Nothing comes, or no more; the connection stays open.
    STALL = "stall"
    #: The answer comes in small pieces.
    DRIBBLE = "dribble"
    #: Half a body comes, then the connection is closed.
    HALF = "half"
    #: Bytes come that are no HTTP; in the middle, bytes that are no text.
    GARBAGE = "garbage"
    #: The body is the first half of its JSON, under a length that fits.
    TRUNCATED = "truncated"
    #: The answer is 200 without a body.
    EMPTY = "empty"
    #: The answer contradicts itself, in the venue's own words.
    CONTRADICTORY = "contradictory"
    SERVER_ERROR = "500"
    #: 503 with a page of HTML.
    UNAVAILABLE = "503"
    #: A proxy's 200 with a page of HTML.
    SIGN_IN = "html"
    REDIRECT = "redirect"
    UNAUTHORIZED = "401"
    #: Too many requests, without and with a Retry-After.
    THROTTLED = "throttled"
    THROTTLED_UNTIL = "throttled-until"
    #: The answer is the true one, and late.
    LATE = "late"
    #: The answer is an older one, with an Age.
    CACHED = "cached"
    #: The answer shows another order.
    OTHER_ORDER = "other-order"
    #: A second answer that nobody asked for comes right behind the first.
    TWO_ANSWERS = "two-answers"
    #: No connection comes about, at all or for want of a handshake.
    REFUSED = "refused"
    TLS = "tls"


class Point(Enum):
    """When the fault comes, as seen from what the venue does."""

    #: The venue does not act.
    BEFORE = "before"
    #: It acted, and the fault comes instead of its answer, or as it.
    AFTER = "after"
    #: It acted, and the fault comes in the middle of its true answer.
    MIDDLE = "middle"
    #: The fault comes now; the venue acts only after the next read of that order has been answered.
    LATER = "later"


_ALL = frozenset(CALLS)
_CANCEL = frozenset({"cancel"})
#: The calls that are answered by a receipt.
_CANCELS = frozenset({"cancel", "mass-cancel"})
_K = FaultKind
#: Answers, or none, that leave open whether the venue acted.
_INSTEAD = (
    _K.RESET, _K.CLOSE, _K.STALL, _K.GARBAGE, _K.EMPTY, _K.CONTRADICTORY, _K.SERVER_ERROR, _K.UNAVAILABLE,
    _K.SIGN_IN, _K.REDIRECT, _K.THROTTLED, _K.THROTTLED_UNTIL,
)  # fmt: skip
#: What can happen to a true answer on its way.
_MIDWAY = (
    _K.RESET, _K.CLOSE, _K.STALL, _K.DRIBBLE, _K.HALF, _K.GARBAGE, _K.TRUNCATED, _K.LATE,
)  # fmt: skip


def _rows(
    kinds: Iterable[FaultKind], points: Iterable[Point], calls: frozenset[str]
) -> dict[tuple[FaultKind, Point], frozenset[str]]:
    return dict.fromkeys(itertools.product(kinds, points), calls)


#: At which calls a kind can come at a point; whatever is not here cannot be, or would be a venue's lie.
POSSIBLE: Mapping[tuple[FaultKind, Point], frozenset[str]] = MappingProxyType(
    {
        **_rows(_INSTEAD, (Point.BEFORE, Point.AFTER), _ALL),
        # A read changes nothing that could be changed later, and a session comes with its answer.
        **_rows(_INSTEAD, (Point.LATER,), _CANCEL),
        **_rows(_MIDWAY, (Point.MIDDLE,), _ALL),
        # Of a receipt a half can come, whether or not the cancel ever acts.
        **_rows((_K.HALF, _K.TRUNCATED), (Point.BEFORE,), _CANCELS),
        **_rows((_K.HALF, _K.TRUNCATED), (Point.LATER,), _CANCEL),
        # A venue that refuses a session has not acted, nor has one that cannot be reached.
        **_rows((_K.UNAUTHORIZED, _K.REFUSED, _K.TLS), (Point.BEFORE,), _ALL),
        # A whole true answer says that the venue acted.
        **_rows((_K.DRIBBLE, _K.LATE, _K.TWO_ANSWERS), (Point.AFTER,), _ALL),
        **_rows((_K.CACHED,), (Point.AFTER,), READS),
        **_rows((_K.OTHER_ORDER,), (Point.AFTER,), frozenset({"read", "trail"})),
    }
)

_LONGEST_S = 86_400.0


def _check_seconds(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(f"{attribute.name} must be a number of seconds, got {value!r}")
    if not math.isfinite(value) or not 0 <= value <= _LONGEST_S:
        raise ConfigurationError(f"{attribute.name} must be from 0 to 86400 seconds, got {value!r}")


def _check_kind(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    expected = FaultKind if attribute.name == "kind" else Point
    if not isinstance(value, expected):
        raise ConfigurationError(f"{attribute.name} must be a {expected.__name__}, got {value!r}")


@attrs.frozen(kw_only=True)
class Fault:
    """One fault; raises `ConfigurationError` for a combination that cannot be."""

    kind: FaultKind = attrs.field(validator=_check_kind)
    point: Point = attrs.field(default=Point.BEFORE, validator=_check_kind)
    #: LATE: how late; DRIBBLE: over how long; REFUSED, over sockets: how long nobody listens. In seconds.
    delay_s: float = attrs.field(default=1.0, validator=_check_seconds)
    #: THROTTLED_UNTIL: what Retry-After says, in seconds; 1 if left out.
    retry_after_s: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(_check_seconds)
    )

    def __attrs_post_init__(self) -> None:
        if (self.kind, self.point) not in POSSIBLE:
            there = ", ".join(point.value for kind, point in POSSIBLE if kind is self.kind)
            raise ConfigurationError(f"no fault {self.word}; {self.kind.value} can come: {there}")
        if self.retry_after_s is not None and self.kind is not FaultKind.THROTTLED_UNTIL:
            raise ConfigurationError(f"retry_after_s is for throttled-until, not for {self.kind.value}")

    @property
    def word(self) -> str:
        """The fault as `KIND:POINT`."""
        return f"{self.kind.value}:{self.point.value}"

    @property
    def calls(self) -> frozenset[str]:
        """The calls that can meet it."""
        return POSSIBLE[self.kind, self.point]


#: Each fault that can be, once.
EVERY_FAULT = tuple(Fault(kind=kind, point=point) for kind, point in POSSIBLE)
