"""The open orders of an account, as one listing showed them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from countermand._order import OrderReport
from countermand._outcome import Reason


@attrs.frozen(kw_only=True)
class OpenOrders:
    """What is open on an account: all of it only where it is neither incomplete nor failed."""

    orders: tuple[OrderReport, ...] = ()
    #: Whether the listing could not be read to its end, or shifted while it was read.
    incomplete: bool = False
    #: Why there is no listing, or no whole one.
    error: str | None = None
    reason: Reason | None = None
    #: When the listing began (aware, UTC); None where there is none.
    as_of: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Render as plain JSON values, with `"schema": 1`."""
        from countermand import _schema  # noqa: PLC0415 - cattrs is loaded only by those who serialise

        return _schema.to_dict(self)
