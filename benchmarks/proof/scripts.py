"""What shall happen in one world: orders, who cancels them and when, and what a rival does meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from countermand.testing import Fault

#: The account whose cancels every simulator refuses.
FOREIGN_ACCOUNT = "13"


@attrs.frozen(kw_only=True)
class Stratum:
    """Who cancels where, by which id, wanting to know how much."""

    venue: str
    client: str
    identity: str
    assurance: str


@attrs.frozen(kw_only=True)
class Ask:
    """One caller: when it comes (seconds from the start of the world), and what it asks for."""

    at: float
    timeout_s: float
    assurance: str
    follow: bool = False


@attrs.frozen(kw_only=True)
class Deed:
    """What somebody else does to an order; `what` is a name of `rival.DEEDS`."""

    at: float
    what: str
    share: Decimal = Decimal(1)


@attrs.frozen(kw_only=True)
class OrderScript:
    """One order and all that is done about it."""

    order_id: str
    account: str
    client_order_id: str
    asks: tuple[Ask, ...]
    deeds: tuple[Deed, ...] = ()
    #: What the order is like when it is placed: fields of `Book.place`.
    fields: Mapping[str, Any] = attrs.field(factory=dict)
    #: When it is placed, in seconds from the start; None for never.
    placed_at: float | None = -1.0


@attrs.frozen(kw_only=True)
class Script:
    """One world from its beginning to its end; it holds all that chance decides."""

    index: int
    seed: str
    stratum: Stratum
    sockets: bool
    #: Whether TLS is spoken over them.
    tls: bool
    rate: float
    faults: tuple[Fault, ...]
    orders: tuple[OrderScript, ...]
    #: Keywords of the simulator, of its venue, and how one logs in ("token" or "password").
    behaviour: Mapping[str, Any]
    settings: Mapping[str, Any]
    log_in: str
    #: Whether the client keeps the limits that the venue declares.
    limited: bool
    #: When all sessions end, in seconds from the start.
    expiries: tuple[float, ...]
    #: How long a request and its answer take on the way at most, each, in seconds.
    latency_s: float
    #: How long after the last ack everything has happened, in seconds.
    aftermath_s: float

    @property
    def cancels(self) -> int:
        """How many acks there will be."""
        return sum(len(order.asks) for order in self.orders)
