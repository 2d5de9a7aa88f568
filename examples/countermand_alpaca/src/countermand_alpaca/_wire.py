"""The wire of Alpaca: how orders, pages of them, an account and errors read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
from attrs.validators import matches_re, optional

from countermand import OrderId, OrderReport
from countermand.venue import UUID, Accounts, OrderRead, Page
from countermand.venue.wire import Rows, WireError, expect_list, read_client_order_id, structure
from countermand_alpaca._statuses import order_status

#: Alpaca Trading API (OpenAPI), Get All Orders, limit: "Defaults to 50 and max is 500."
PAGE_SIZE = 500
#: Legs have legs by the schema (OrderLeg); deeper nesting is no order.
_DEPTH_OF_LEGS = 4
#: Quantities and prices are texts, with up to nine digits behind the point.
_a_quantity = matches_re(r"[0-9]{1,20}(\.[0-9]{1,20})?")
#: A price of several legs can be a credit, below 0 (Create an Order, limit_price).
_a_price = matches_re(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
#: All examples are in UTC, with a fraction of any length or none.
_a_time = matches_re(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")


def _an_id(_instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    UUID.check(value, attribute.name)


@attrs.frozen(kw_only=True)
class WireOrder:
    """One order; Alpaca Trading API (OpenAPI), schema Order."""

    id: str = attrs.field(validator=_an_id)
    status: str
    filled_qty: str = attrs.field(validator=_a_quantity)
    client_order_id: str | None = None
    #: Empty for an order of several legs.
    symbol: str | None = None
    #: Null for an order of an amount of money (notional).
    qty: str | None = attrs.field(default=None, validator=optional(_a_quantity))
    filled_avg_price: str | None = attrs.field(default=None, validator=optional(_a_price))
    replaces: str | None = attrs.field(default=None, validator=optional(_an_id))
    legs: Any = None


@attrs.frozen(kw_only=True)
class WireSubmission:
    """When an order was submitted, by which listings are sorted; schema Order, nullable."""

    submitted_at: str = attrs.field(validator=_a_time)


@attrs.frozen(kw_only=True)
class WireAccount:
    """The account of the key; Alpaca Trading API (OpenAPI), schema Account."""

    account_number: str


@attrs.frozen(kw_only=True)
class WireCanceled:
    """What became of one order's cancel; Alpaca Trading API (OpenAPI), schema CanceledOrderResponse."""

    id: str = attrs.field(validator=_an_id)
    status: int


@attrs.frozen(kw_only=True)
class WireFailure:
    """An error; Alpaca Trading API (OpenAPI), schema Error. A 401 comes without a code."""

    message: str
    code: int | None = None


def order_report(value: object, depth: int = _DEPTH_OF_LEGS) -> OrderReport:
    """Read one order; raises `WireError` for none. Whose it is stands nowhere: it is the key's account's."""
    order = structure(value, WireOrder)
    legs = expect_list([] if order.legs is None else order.legs, "legs")
    if legs and not depth:
        raise WireError(f"legs within legs, more than {_DEPTH_OF_LEGS} deep")
    return OrderReport(
        order_id=OrderId(order.id),
        status=order_status(order.status),
        filled_quantity=Decimal(order.filled_qty),
        client_order_id=read_client_order_id(order.client_order_id),
        instrument=order.symbol or None,
        quantity=Decimal(order.qty) if order.qty else None,
        average_price=Decimal(order.filled_avg_price) if order.filled_avg_price else None,
        replaces=OrderId(order.replaces) if order.replaces else None,
        legs=tuple(order_report(leg, depth - 1) for leg in legs),
    )


def order_read(value: object) -> OrderRead:
    """Read the one order of a single read."""
    return OrderRead(report=order_report(value))


def order_page(value: object) -> Page:
    """Read one page of a listing, newest first; a full one is followed by what was submitted before.

    Of a full page the orders of its last instant are left to the next one, which begins with all of them:
    the page may have room for some only, and "until" is exclusive.
    """
    rows = expect_list(value, "orders")
    if len(rows) < PAGE_SIZE:
        return Page(rows=Rows(values=rows, read=order_report))
    texts = [structure(row, WireSubmission).submitted_at for row in rows]
    times = [_instant(text) for text in texts]
    if times != sorted(times, reverse=True):
        raise WireError("orders that are not sorted by the time of their submission, newest first")
    shown = times.index(times[-1])
    if not shown:
        raise WireError(f"a page full of orders submitted at once, at {texts[-1]}: the others cannot be had")
    return Page(rows=Rows(values=rows[:shown], read=order_report), next_page=texts[shown - 1])


def account_id(value: object) -> Accounts:
    """Read the number of the key's account."""
    return Accounts(ids=(structure(value, WireAccount).account_number,))


def _instant(text: str) -> tuple[str, str]:
    second, _, fraction = text[:-1].partition(".")
    return second, fraction.ljust(9, "0")
