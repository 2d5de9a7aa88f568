"""The wire of AutoShares: how a call is written, and how orders and an order's changes read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import attrs

from countermand import OrderId, OrderReport
from countermand.venue import Accounts, HttpRequest, IdShape, OrderRead, TrailRead, http_request, whole_number
from countermand.venue.answers import join_texts
from countermand.venue.wire import Rows, WireError, expect_list, read_client_order_id, structure
from countermand_autoshares._statuses import order_status

#: AutoShares API description (Swagger), Orders_CancelOrder: accountId and orderId are "format: int32".
LARGEST_ID = (1 << 31) - 1
ID = whole_number(LARGEST_ID)
#: Likewise: accounts are few, and each cancel asks about one.
ACCOUNT = IdShape(ID.expected, lru_cache(maxsize=1024)(ID.holds))
#: AutoShares Get Filtered Orders: pageSize is required, and 100 at most.
PAGE_SIZE = 100
#: Orders have legs (a linked order of linked orders: two levels); deeper nesting is no order.
_DEPTH_OF_LEGS = 4


def write_request(method: str, path: str, headers: Mapping[str, str]) -> HttpRequest:
    """Write one call; no call of this plugin has a body."""
    return http_request(method=method, path=path, headers={"Accept": "application/json", **headers})


def path_id(value: str, what: str) -> int:
    """Write an id as the number that stands in a path; raises `InvalidRequestError` for what is none."""
    ID.check(value, what)
    return int(value)


@lru_cache(maxsize=1024)
def orders_of(version: str, account: str, collection: str) -> str:
    """Write the path of the orders of an account; raises `InvalidRequestError`, likewise."""
    return f"/v{version}/accounts/{path_id(account, 'an AutoShares account')}/{collection}"


@attrs.frozen(kw_only=True)
class WireOrder:
    """One order; AutoShares API description (Swagger), OrderResource. Its dates decide nothing."""

    id: int = attrs.field(validator=attrs.validators.ge(1))
    status: str
    executed_quantity: Decimal = attrs.field(validator=attrs.validators.ge(Decimal(0)))
    account_id: int | None = None
    client_id: str | None = None
    orig_client_id: str | None = None
    symbol: str | None = None
    quantity: Decimal | None = None
    leaves_quantity: Decimal | None = None
    average_price: Decimal | None = None
    parent_id: int | None = None
    target: str | None = None
    description: str | None = None
    legs: Any = None


@attrs.frozen(kw_only=True)
class WireChange:
    """One change of an order; AutoShares API description (Swagger), OrderDetailsModel."""

    execution_target: str | None = None
    is_request: bool | None = None
    is_completed: bool | None = None
    reject_reason: str | None = None
    date: int | None = None
    state_id: int | None = None
    id: int | None = None
    status: str | None = None
    executed_quantity: Decimal | None = None

    @property
    def age(self) -> tuple[int, int]:
        """Where it stands among the changes: the greater, the newer."""
        return (self.date or 0, self.state_id or 0)


@attrs.frozen(kw_only=True)
class WirePage:
    """One page of a listing; AutoShares API description (Swagger), PagingResult[OrderResource]."""

    result: Any
    next_page_link: str | None = None
    total_count: int | None = None


@attrs.frozen(kw_only=True)
class WireAccount:
    """One account of a user; AutoShares API description (Swagger), UserAccountModel."""

    id: int = attrs.field(validator=attrs.validators.ge(1))


@attrs.frozen(kw_only=True)
class WireLogIn:
    """The answer to a log-in; AutoShares API description (Swagger), Get_token, Succeed and Failed."""

    state: str
    step: str | None = None
    reason: str | None = None
    token: str | None = attrs.field(default=None, repr=False)


def order_report(value: object, depth: int = _DEPTH_OF_LEGS) -> OrderReport:
    """Read one order; raises `WireError` for one that is not of the documented shape."""
    order = structure(value, WireOrder)
    before = None if order.orig_client_id == order.client_id else order.orig_client_id
    legs = expect_list([] if order.legs is None else order.legs, "legs")
    if legs and not depth:
        raise WireError(f"legs within legs, more than {_DEPTH_OF_LEGS} deep")
    return OrderReport(
        order_id=OrderId(str(order.id)),
        status=order_status(order.status),
        filled_quantity=order.executed_quantity,
        account=None if order.account_id is None else str(order.account_id),
        client_order_id=read_client_order_id(order.client_id),
        instrument=order.symbol or None,
        quantity=order.quantity,
        remaining_quantity=order.leaves_quantity,
        average_price=order.average_price,
        # A replaced order keeps its row; the one in its place bears its ClientId as OrigClientId.
        replaces=read_client_order_id(before),
        parent=OrderId(str(order.parent_id)) if order.parent_id and order.parent_id > 0 else None,  # -1: none
        legs=tuple(order_report(leg, depth - 1) for leg in legs),
        cancel_rejected=order.target == "CancelReject",
        text=join_texts(order.description),
    )


def order_read(value: object) -> OrderRead:
    """Read the one order of a single read."""
    return OrderRead(report=order_report(value))


def order_rows(value: object) -> Rows[OrderReport]:
    """Read a listing, its rows only when they are wanted."""
    return Rows(values=expect_list(value, "orders"), read=order_report)


def account_ids(value: object) -> Accounts:
    """Read a user's accounts; one that cannot be read spoils them all, for it could be the one in doubt."""
    rows = expect_list(value, "accounts")
    return Accounts(ids=tuple(str(structure(row, WireAccount).id) for row in rows))


def order_page(value: object) -> WirePage:
    """Read the envelope of a page; an older edition of the documents has a bare list instead."""
    return WirePage(result=value) if isinstance(value, list) else structure(value, WirePage)


def order_trail(value: object) -> TrailRead:
    """Read an order's changes: its newest state, and whether the market refused its last cancel.

    No document tells the order of the rows, so Date and StateId do, and where they leave it open nothing
    is claimed. A row that is a request (IsRequest) says what was asked for, not how the order stands.
    """
    changes = [structure(row, WireChange) for row in expect_list(value, "changes")]
    newest = _newest(changes)
    # A cancel under way is newer than the refusal of an earlier one, so both count as words on cancels.
    last = _newest([change for change in changes if change.execution_target in ("Cancel", "CancelReject")])
    rejected = last is not None and last.execution_target == "CancelReject" and bool(last.is_completed)
    return TrailRead(
        report=None if newest is None else _state_after(newest),
        cancel_rejected=rejected,
        text=join_texts(last.reject_reason) if last is not None and rejected else None,
    )


def _newest(changes: list[WireChange]) -> WireChange | None:
    if not changes:
        return None
    newest = max(changes, key=lambda change: change.age)
    latest_state = max(change.age[1] for change in changes)
    alone = sum(change.age == newest.age for change in changes) == 1
    return newest if alone and newest.age[1] == latest_state else None


def _state_after(change: WireChange) -> OrderReport | None:
    if change.is_request or change.id is None or change.status is None or change.executed_quantity is None:
        return None
    return OrderReport(
        order_id=OrderId(str(change.id)),
        status=order_status(change.status),
        filled_quantity=change.executed_quantity,
        text=join_texts(change.reject_reason),
    )
