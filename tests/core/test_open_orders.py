"""The open orders of an account, as plain values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

from countermand import OpenOrders, OrderId, OrderReport, OrderStatus, Reason


def test_a_listing_becomes_plain_json() -> None:
    """Each order with its status, and when the listing began."""
    order = OrderReport(
        order_id=OrderId("6500"), account="9", status=OrderStatus.NEW, filled_quantity=Decimal(0)
    )
    told = OpenOrders(orders=(order,), as_of=datetime(2026, 3, 2, 9, 30, tzinfo=UTC)).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["schema"] == 1
    assert [(one["order_id"], one["status"]) for one in told["orders"]] == [("6500", "New")]
    assert (told["incomplete"], told["as_of"]) == (False, "2026-03-02T09:30:00+00:00")


def test_a_listing_that_failed_says_why() -> None:
    """There is no order, and no time."""
    told = OpenOrders(incomplete=True, error="no answer", reason=Reason.NOT_SENT).to_dict()
    assert (told["orders"], told["as_of"], told["error"], told["incomplete"]) == ([], None, "no answer", True)
