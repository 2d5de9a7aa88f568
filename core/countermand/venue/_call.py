"""A call: one request together with the pure function that reads its answer."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

import attrs

from countermand._http import HttpRequest, HttpResponse
from countermand._ids import ClientOrderId, OrderId
from countermand._maker import Made
from countermand._request import Assurance
from countermand.venue._verdicts import Session

V_co = TypeVar("V_co", covariant=True)


class CallKind(Enum):
    """What a call is for: limits and permissions differ by it."""

    CANCEL = "cancel"
    READ = "read"
    LISTING = "listing"
    LOG_IN = "log in"
    MASS_CANCEL = "mass cancel"

    # Each is one object: what Python 3.11 makes of its name costs every look-up by it ten times as much.
    __hash__ = object.__hash__


@attrs.frozen(kw_only=True)
class Stamp(Made):
    """What the core lends a signature: the time in milliseconds since 1970, each higher than the one before.

    Within one client; two that sign with one key at one venue know nothing of each other.
    """

    nonce: int


@attrs.frozen(kw_only=True)
class CancelTarget(Made):
    """The order to cancel, as pinned by the core; a `ClientOrderId` only where the venue takes one."""

    account: str
    order: OrderId | ClientOrderId
    assurance: Assurance = Assurance.CONFIRMED
    instrument: str | None = None


@attrs.frozen(kw_only=True)
class Call(Made, Generic[V_co]):
    """Made once, signed anew for each attempt, read by a pure function that never raises."""

    kind: CallKind
    #: The venue's own name of it, as it shall stand in acks and logs.
    name: str
    sign: Callable[[Session | None, Stamp], HttpRequest] = attrs.field(repr=False)
    read: Callable[[HttpResponse], V_co] = attrs.field(repr=False)
    #: A smaller bound than the client's own, where the venue's replies allow one.
    max_bytes: int | None = None
    #: Whether `read` makes out the part of a reply that is over the bound, and says that it is a part.
    takes_part: bool = False
