"""An order as a venue last reported it, and what its status is worth."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum

import attrs

from countermand._ids import ClientOrderId, OrderId


class OrderStatus(Enum):
    """FIX OrdStatus (39) by name, and the names outside FIX that venues report."""

    NEW = "New"
    PARTIALLY_FILLED = "Partially Filled"
    FILLED = "Filled"
    DONE_FOR_DAY = "Done for Day"
    CANCELED = "Canceled"
    REPLACED = "Replaced"
    PENDING_CANCEL = "Pending Cancel"
    STOPPED = "Stopped"
    REJECTED = "Rejected"
    SUSPENDED = "Suspended"
    PENDING_NEW = "Pending New"
    CALCULATED = "Calculated"
    EXPIRED = "Expired"
    ACCEPTED_FOR_BIDDING = "Accepted for Bidding"
    PENDING_REPLACE = "Pending Replace"
    HELD = "Held"
    ERROR = "Error"
    UNKNOWN = "Unknown"

    @property
    def status_class(self) -> StatusClass:
        """What this status is worth for a cancel."""
        return STATUS_CLASSES.get(self, StatusClass.UNREADABLE)


class StatusClass(Enum):
    """What a status is worth: only a dead order settles a cancel."""

    DEAD = "dead"
    LEAVING = "leaving"
    MOVING = "moving"
    ALIVE = "alive"
    UNREADABLE = "unreadable"


#: The only table that turns a status into its class; a name that is not here is unreadable.
#: Done for Day is alive: the order resumes tomorrow.
STATUS_CLASSES = {
    OrderStatus.FILLED: StatusClass.DEAD,
    OrderStatus.CANCELED: StatusClass.DEAD,
    OrderStatus.REJECTED: StatusClass.DEAD,
    OrderStatus.EXPIRED: StatusClass.DEAD,
    OrderStatus.PENDING_CANCEL: StatusClass.LEAVING,
    OrderStatus.PENDING_REPLACE: StatusClass.MOVING,
    OrderStatus.REPLACED: StatusClass.MOVING,
    OrderStatus.NEW: StatusClass.ALIVE,
    OrderStatus.PARTIALLY_FILLED: StatusClass.ALIVE,
    OrderStatus.PENDING_NEW: StatusClass.ALIVE,
    OrderStatus.ACCEPTED_FOR_BIDDING: StatusClass.ALIVE,
    OrderStatus.SUSPENDED: StatusClass.ALIVE,
    OrderStatus.STOPPED: StatusClass.ALIVE,
    OrderStatus.HELD: StatusClass.ALIVE,
    OrderStatus.DONE_FOR_DAY: StatusClass.ALIVE,
    OrderStatus.CALCULATED: StatusClass.ALIVE,
}


@attrs.frozen(kw_only=True)
class OrderReport:
    """One order as one read showed it; quantities and prices in the venue's units, exact."""

    order_id: OrderId
    status: OrderStatus
    filled_quantity: Decimal
    #: Missing where the venue binds a read to the credential instead of naming the account.
    account: str | None = None
    client_order_id: ClientOrderId | None = None
    instrument: str | None = None
    quantity: Decimal | None = None
    remaining_quantity: Decimal | None = None
    average_price: Decimal | None = None
    #: The order this one took the place of, by whichever id the venue says it.
    replaces: OrderId | ClientOrderId | None = None
    #: The user who entered it, where the venue tells.
    entered_by: str | None = None
    #: The order this one is a leg of.
    parent: OrderId | None = None
    legs: tuple[OrderReport, ...] = ()
    #: The venue shows that its last cancel was refused by the market behind it.
    cancel_rejected: bool = False
    text: str | None = None
    #: When the read that showed it began (aware, UTC); set by the core.
    as_of: datetime | None = None

    @property
    def status_class(self) -> StatusClass:
        """What this order's status is worth, its legs included: it is dead only when all of them are."""
        own = self.status.status_class
        if own is StatusClass.DEAD:
            return next((c for c in (leg.status_class for leg in self.legs) if c is not own), own)
        return own

    def succeeds(self, order_id: OrderId, client_order_id: ClientOrderId | None) -> bool:
        """Tell whether this order took the place of the one with those ids."""
        if self.order_id == order_id or self.replaces is None:
            return False
        return self.replaces in (order_id, client_order_id)
