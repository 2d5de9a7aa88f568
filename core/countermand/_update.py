"""What is told after an ack: that it moved on, and what is still owed."""

from __future__ import annotations

import attrs

from countermand._ack import CancelAck
from countermand._evidence import Evidence
from countermand._outcome import Stage

#: So many acks that are owed more are kept.
MOST_UNSETTLED = 10_000


@attrs.frozen(kw_only=True)
class Update:
    """A change after an ack was given: `ack` stands in the place of `before`."""

    before: CancelAck
    ack: CancelAck

    @property
    def contradicts(self) -> bool:
        """Whether a final ack turned out otherwise: somebody must look."""
        return self.before.final


@attrs.frozen(kw_only=True)
class Unsettled:
    """An ack that nobody could call final; `age_s` is how long ago its cancel was asked for, in seconds."""

    ack: CancelAck
    age_s: float

    @property
    def stage(self) -> Stage:
        """Where the cancel stood."""
        return self.ack.stage

    @property
    def last_evidence(self) -> Evidence | None:
        """What was learned last."""
        return self.ack.evidence[-1] if self.ack.evidence else None


@attrs.frozen(kw_only=True)
class Owed:
    """All that is owed: what is kept, oldest first, and how much more was dropped for want of room."""

    unsettled: tuple[Unsettled, ...] = ()
    overflow: int = 0
