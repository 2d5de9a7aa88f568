"""Requests as a simulator notes them, and what they are about to meet."""

from __future__ import annotations

import attrs

from countermand.testing._fault import Fault
from countermand.testing._faults import AT_THE_DOOR


@attrs.frozen(kw_only=True)
class ReceivedRequest:
    """A request as it arrived; headers are left out."""

    #: From 1 on; `SimulatedOrder.canceled_by` speaks of it.
    number: int
    at: float
    method: str
    path: str
    content: str
    #: The fault it met, as `KIND:POINT`.
    fault: str | None = None
    #: When the venue took it up; None if it did not, or has not yet.
    acted_at: float | None = None


@attrs.frozen(kw_only=True)
class Drawn:
    """What a request is about to meet."""

    #: As `Simulator.call_of` names it.
    call: str | None
    fault: Fault | None

    @property
    def at_the_door(self) -> bool:
        """Whether the request never arrives, for its connection does not come about."""
        return self.fault is not None and self.fault.kind in AT_THE_DOOR
