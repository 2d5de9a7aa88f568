"""What the parts of an order and of an answer are: their very types, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import NoneType

from countermand._ids import ClientOrderId, OrderId
from countermand._order import OrderReport, OrderStatus
from countermand._outcome import Reason
from countermand.venue import (
    Accounts,
    Acted,
    CodeWanted,
    Gone,
    LoggedIn,
    MayHaveActed,
    OrderRead,
    Page,
    PerOrder,
    Receipt,
    Refused,
    Session,
    SessionRefused,
    Throttled,
    TrailRead,
    Unreadable,
)

Types = frozenset[type]


def _any_of(*types: type) -> Types:
    return frozenset(types)


_TEXT, _FLAG = _any_of(str), _any_of(bool)
_TEXT_OR_NONE = _any_of(str, NoneType)
_COUNT_OR_NONE = _any_of(int, NoneType)
_TIME_OR_NONE = _any_of(int, float, NoneType)
_NUMBER_OR_NONE = _any_of(Decimal, NoneType)
_WORDS: Mapping[str, Types] = {"code": _TEXT_OR_NONE, "text": _TEXT_OR_NONE}

#: What each field may be: these very types and no heirs, for whatever an heir does is not fenced in.
PARTS: Mapping[type, Mapping[str, Types]] = {
    OrderReport: {
        "order_id": _any_of(OrderId),
        "status": _any_of(OrderStatus),
        "filled_quantity": _any_of(Decimal),
        "account": _TEXT_OR_NONE,
        "client_order_id": _any_of(ClientOrderId, NoneType),
        "instrument": _TEXT_OR_NONE,
        "quantity": _NUMBER_OR_NONE,
        "remaining_quantity": _NUMBER_OR_NONE,
        "average_price": _NUMBER_OR_NONE,
        "replaces": _any_of(OrderId, ClientOrderId, NoneType),
        "entered_by": _TEXT_OR_NONE,
        "parent": _any_of(OrderId, NoneType),
        "legs": _any_of(tuple),
        "cancel_rejected": _FLAG,
        "text": _TEXT_OR_NONE,
        "as_of": _any_of(datetime, NoneType),
    },
    Receipt: {**_WORDS, "executed": _FLAG},
    Refused: {**_WORDS, "reason": _any_of(Reason)},
    Gone: _WORDS,
    Throttled: {**_WORDS, "retry_after_s": _TIME_OR_NONE, "acted": _any_of(Acted)},
    SessionRefused: {**_WORDS, "or_unsupported": _FLAG},
    MayHaveActed: _WORDS,
    Unreadable: _WORDS,
    PerOrder: {**_WORDS, "orders": _any_of(dict)},
    OrderRead: {"report": _any_of(OrderReport)},
    TrailRead: {
        "report": _any_of(OrderReport, NoneType),
        "cancel_rejected": _FLAG,
        "text": _TEXT_OR_NONE,
    },
    Page: {
        "next_page": _any_of(int, str, NoneType),
        "total": _COUNT_OR_NONE,
        "listed": _COUNT_OR_NONE,
    },
    Accounts: {"ids": _any_of(tuple)},
    Session: {"token": _TEXT, "lifetime_s": _TIME_OR_NONE},
    LoggedIn: {"session": _any_of(Session)},
    CodeWanted: {"interim": _TEXT},
}
