"""How the simulated venue shows an order; AlphaPoint GetOrderStatus, Response."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from countermand import OrderStatus
from countermand.testing import SimulatedOrder

#: How APEX calls a status that is not simply Working.
STATES = {
    OrderStatus.FILLED: "FullyExecuted",
    OrderStatus.CANCELED: "Canceled",
    # AlphaPoint CancelReplaceOrder: the old order reads exactly like a canceled one.
    OrderStatus.REPLACED: "Canceled",
    OrderStatus.REJECTED: "Rejected",
    OrderStatus.EXPIRED: "Expired",
    OrderStatus.UNKNOWN: "Unknown",
    OrderStatus.ERROR: "Unknown",
}
_CHANGES = {
    "FullyExecuted": "Trade",
    "Canceled": "UserModified",
    "Rejected": "NewInputRejected",
    "Expired": "Expired",
    "Unknown": "Unknown",
}
#: AlphaPoint GetOpenOrders, Response: what else an order has, none of which tells how it stands.
_OTHER_FIELDS: Mapping[str, object] = {
    "InsideAsk": Decimal("9223372036.854775807"),
    "InsideAskSize": Decimal("0.0000000000000000000000000000"),
    "InsideBid": Decimal("0.0000000000000000000000000000"),
    "InsideBidSize": Decimal("0.0000000000000000000000000000"),
    "LastTradePrice": Decimal("100.0000000000000000000000000000"),
    "IsLockedIn": False,
    "OrderFlag": "AddedToBook, RemovedFromBook, PostOnly",
    "UseMargin": False,
    "StopPrice": Decimal("0.0000000000000000000000000000"),
    "PegPriceType": "Last",
    "PegOffset": Decimal("0.0000000000000000000000000000"),
    "PegLimitOffset": Decimal("0.0000000000000000000000000000"),
    "IpAddress": "203.0.113.81",
    "IPv6a": 0,
    "IPv6b": 0,
    "ClientOrderIdUuid": "00000000-0000-0000-0000-000000000000",
    "ExecutableValue": Decimal("0.0000000000000000000000000000"),
    "TimeInForce": "GTC",
    "EnteredByUserName": "router",
}


def state_of(order: SimulatedOrder) -> str:
    """Return the OrderState; an order that is being canceled is Working until it is Canceled."""
    return STATES.get(order.status, "Working")


def show_order(order: SimulatedOrder, fields: str = "usual") -> dict[str, object]:
    """Return one order as the venue's JSON object, with the usual fields or with all."""
    shown = _usual_fields(order)
    return shown if fields == "usual" else {**shown, **_OTHER_FIELDS}


def _usual_fields(order: SimulatedOrder) -> dict[str, object]:
    state, client_order_id = state_of(order), int(order.client_order_id or 0)
    working = "Trade" if order.filled else "NewInputAccepted"
    return {
        "Side": "Buy",
        "OrderId": int(order.order_id),
        "Price": order.price,
        "Quantity": order.remaining,
        "DisplayQuantity": order.remaining,
        "Instrument": int(order.instrument),
        "Account": int(order.account),
        "AccountName": f"account {order.account}",
        "OrderType": "Limit",
        "ClientOrderId": client_order_id,
        "OrderState": state,
        "ReceiveTime": int(order.placed_at * 1000),
        "LastUpdatedTime": int(order.changed_at * 1000),
        "OrigQuantity": order.quantity,
        "QuantityExecuted": order.filled,
        "GrossValueExecuted": order.filled * (order.average_price or 0),
        "AvgPrice": order.average_price or 0,
        "ChangeReason": _CHANGES.get(state, working),
        # An order that took nobody's place bears its own id here.
        "OrigOrderId": int(order.replaces or order.order_id),
        "OrigClOrdId": client_order_id,
        "EnteredBy": int(order.entered_by or 0),
        "IsQuote": False,
        "RejectReason": "Not_Enough_Funds" if state == "Rejected" else "",
        "CancelReason": "",
        "OMSId": 1,
    }
