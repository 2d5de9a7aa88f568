"""The behaviours that are recorded against the simulated venues: one row is one cassette."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from countermand import CanceledBy, CancelRequest, ClientOrderId, OrderId, OrderStatus, Outcome, Reason, Sent
from sidecar import Expected

ORDER = OrderId("6500")
CLIENT_ORDER = ClientOrderId("77")
#: How a credential is made: its kind, and for each of its fields the simulated credential that fills it.
PASSWORD = {"kind": "password", "username": "user", "password": "password"}
PASSWORD_AND_CODE = PASSWORD | {"code": "code"}

_NEW: tuple[Mapping[str, Any], ...] = ({"order_id": "6500"},)


@attrs.frozen(kw_only=True)
class Scenario:
    """A simulated venue in some state, a cancel, and what its ack must say."""

    plugin: str
    name: str
    expected: Expected
    orders: tuple[Mapping[str, Any], ...] = _NEW
    #: Orders that a rival replaces before the cancel.
    replaced: tuple[str, ...] = ()
    #: How the simulator behaves, and its venue's own switches.
    behaviour: Mapping[str, Any] = attrs.field(factory=dict)
    switches: Mapping[str, str] = attrs.field(factory=dict)
    #: The venue's settings, and the simulated credentials that the router has wrong.
    settings: Mapping[str, Any] = attrs.field(factory=dict)
    auth: Mapping[str, Any] | None = None
    wrong: Mapping[str, str] = attrs.field(factory=dict)
    #: An order that is canceled first, for which the client has logged in; then its session ends.
    earlier: OrderId | None = None
    order: OrderId | ClientOrderId = ORDER
    #: More fields of the request.
    fields: Mapping[str, Any] = attrs.field(factory=dict)

    def requests(self) -> list[CancelRequest]:
        """Make the requests, the one that is told of last; their ids are the same in every recording."""
        orders = [order for order in (self.earlier, self.order) if order is not None]
        return [
            CancelRequest(
                **{
                    "venue": self.plugin,
                    "account": "9",
                    "order": order,
                    "request_id": f"{self.name}-{number}",
                    **self.fields,
                }
            )
            for number, order in enumerate(orders, 1)
        ]


def canceled(by: CanceledBy, filled: str = "0", **more: Any) -> Expected:
    """Expect that the order is off the book."""
    return Expected(
        outcome=Outcome.CANCELED, canceled_by=by, status=OrderStatus.CANCELED, filled=filled, **more
    )


def too_late(status: OrderStatus, filled: str, **more: Any) -> Expected:
    """Expect that the order had ended otherwise."""
    return Expected(outcome=Outcome.REJECTED, reason=Reason.TOO_LATE, status=status, filled=filled, **more)


def refused(reason: Reason, **more: Any) -> Expected:
    """Expect a rejection, of an order that was not read unless `more` says so."""
    return Expected(outcome=Outcome.REJECTED, reason=reason, **more)


def alive(reason: Reason) -> Expected:
    """Expect a rejection of an order that was read, and works on."""
    return refused(reason, status=OrderStatus.NEW, filled="0")


PENDING = Expected(outcome=Outcome.PENDING)
#: Nothing was sent: no session, or no order to send it for.
UNSENT = {"sent": Sent.NO}
