"""What shall happen in one world of mass cancels: orders, what is asked for, and what others do meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from countermand.testing import Fault
from proof.scripts import OrderScript, Stratum

#: Client ids that end so make the predicate of a scope raise.
UNDECIDED_END = "9"
#: The user whose token the router has, and another one with access to the same accounts.
OWN_USER, OTHER_USER = "81", "82"


@attrs.frozen(kw_only=True)
class Wish:
    """A scope in plain words, which both the router's request and the judge are made from."""

    #: "orders", "mine", "instrument", "account", "user" or "venue wide".
    kind: str
    account: str | None = None
    instrument: str | None = None
    user: str | None = None
    order_ids: tuple[str, ...] = ()
    #: What the predicate of "mine" goes by: "entered by", or how a client's id begins.
    where: str | None = None
    raises: bool = False

    @property
    def word(self) -> str:
        """Its kind, for the tables."""
        parts = {"account": self.account, "instrument": self.instrument}
        besides = [name for name, value in parts.items() if value is not None]
        return f"{self.kind} ({' and '.join(besides)})" if self.kind in ("user", "venue wide") else self.kind


@attrs.frozen(kw_only=True)
class MassScript:
    """One world with one mass cancel, or one kill of several scopes; times in seconds from its start."""

    index: int
    seed: str
    venue: str
    #: "async" or "sync".
    client: str
    rate: float
    faults: tuple[Fault, ...]
    orders: tuple[OrderScript, ...]
    wishes: tuple[Wish, ...]
    #: "keep", "cancel" or "kill".
    placed_after: str
    asked_at: float
    timeout_s: float
    #: Whether the venue is declared, and is, able to do it natively, beyond what it always can.
    native: bool
    #: What a kill calls before: "done", "raises", "hangs", or None.
    before: str | None
    behaviour: Mapping[str, Any]
    settings: Mapping[str, Any]
    #: The longest lag of its reads, and whether each read has one of its own.
    lag_s: float
    shifts: bool
    log_in: str
    expiries: tuple[float, ...]
    #: Calls a second that the client keeps to, all kinds together; None for the venue's declared limits.
    rate_limit: float | None
    limited: bool
    latency_s: float
    aftermath_s: float
    sockets: bool = False

    @property
    def stratum(self) -> Stratum:
        """What the judge of single acks wants to know."""
        return Stratum(venue=self.venue, client=self.client, identity="order id", assurance="confirmed")
