"""What Alpaca's answers mean: one table of statuses for each kind of call.

A status that stands in no table is `Unreadable`, and so is any refusal without the venue's own error object:
somebody else's page. Documents: the Trading API (OpenAPI) and its older edition, API v2 Orders, which tells
more statuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, TypeVar

import attrs

from countermand import OrderId, Reason
from countermand.venue import (
    CancelVerdict,
    Gone,
    HttpResponse,
    MassCancelVerdict,
    MayHaveActed,
    PerOrder,
    ReadFailure,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    Unreadable,
)
from countermand.venue.answers import by_status, shaped
from countermand.venue.wire import WireError, expect_list, read_json, structure
from countermand_alpaca._wire import WireCanceled, WireFailure

T = TypeVar("T")
V = TypeVar("V", bound=CancelVerdict)

_EPOCH_DIGITS = 12

#: What means the same whoever says it, the venue or a proxy before it.
ANYBODY: Mapping[int, ReadFailure] = {
    # Alpaca, How to Fix Common Trading API Errors: "API credentials must be valid"; {"message": …} only.
    401: SessionRefused(),
    # Alpaca Support, Usage Limit: 'a "429- Too Many Requests" status will be returned'. Whether such a call
    # was processed is in no document.
    429: Throttled(),
}

#: What every call can be told.
REFUSALS: Mapping[int, ReadFailure] = {
    **ANYBODY,
    # In no document for these calls; code 40010001 is that of an invalid request.
    400: Refused(reason=Reason.INVALID_REQUEST),
    # Alpaca, How to Fix Common Trading API Errors: "account-level restrictions".
    403: Refused(reason=Reason.NOT_AUTHORIZED),
    # API v2 Orders, Get an order, Cancel an order: "Order is not found."
    404: Gone(),
    # API v2 Orders, Request a new order: "Input parameters are not recognized."
    422: Refused(reason=Reason.INVALID_REQUEST),
}

#: Answers to DELETE orders that are no 207.
CANCEL_ALL: Mapping[int, CancelVerdict] = {
    **REFUSALS,
    # Delete All Orders: 500 "Failed to cancel order." How far it came is not known; nor of any other 5xx.
    5: MayHaveActed(),
}

#: Answers to DELETE orders/{order_id}.
CANCEL: Mapping[int, CancelVerdict] = {
    **CANCEL_ALL,
    # Delete Order by ID: "accepted with return status 204"; the order may read pending_cancel for hours.
    204: Receipt(),
    # "The order status is not cancelable."
    422: Refused(reason=Reason.VENUE_REFUSED),
}

#: What DELETE orders says of each order: "the order id and http status code for each status request".
EACH: Mapping[int, CancelVerdict] = {
    **CANCEL,
    # Which status means that a cancel is taken is in no document; the vendor's own SDK is tested with 200.
    # Delete All Orders: "If an order is no longer cancelable, the server will respond with status 500 and
    # reject the request." A failure on the way would look the same, so it is read as any 5xx.
    200: Receipt(),
}

#: The statuses that are believed only with the venue's own error object.
_IN_WORDS = REFUSALS.keys() - ANYBODY.keys()


def read_cancel(response: HttpResponse) -> CancelVerdict:
    """Read the answer to DELETE orders/{order_id}."""
    return _told(CANCEL, response)


def read_cancel_all(response: HttpResponse) -> MassCancelVerdict:
    """Read the answer to DELETE orders: order by order."""
    if response.status == HTTPStatus.MULTI_STATUS:
        return shaped(response.content, _each_order, response)
    return _told(CANCEL_ALL, response)


def read_payload(response: HttpResponse, shape: Callable[[Any], T]) -> T | ReadFailure:
    """Read what was asked for, of that shape, or why it did not come; a read cannot have acted."""
    if response.status == HTTPStatus.OK:
        return shaped(response.content, lambda content: shape(read_json(content)), response)
    return _told(REFUSALS, response)


def _told(table: Mapping[int, V], response: HttpResponse) -> V | Unreadable:
    failure = shaped(response.content, lambda content: structure(read_json(content), WireFailure), response)
    if isinstance(failure, Unreadable):
        return failure if response.status in _IN_WORDS else _until_reset(by_status(table, response), response)
    if response.status < HTTPStatus.BAD_REQUEST:
        return Unreadable(code=str(response.status), text=failure.message)  # an error under a success
    code = None if failure.code is None else str(failure.code)
    return _until_reset(by_status(table, response, failure.message, code), response)


def _until_reset(verdict: V, response: HttpResponse) -> V:
    """Tell the wait for a reset of the counter, in epoch seconds; Alpaca Forum (staff), Executing Orders."""
    if not isinstance(verdict, Throttled) or verdict.retry_after_s is not None:
        return verdict
    try:
        reset = int(response.headers["x-ratelimit-reset"][:_EPOCH_DIGITS])
        wait_s = reset - parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError):
        return verdict
    return attrs.evolve(verdict, retry_after_s=max(0.0, wait_s))


def _each_order(content: bytes) -> MassCancelVerdict:
    rows = expect_list(read_json(content), "canceled orders")
    told = [pair for pair in map(_one_order, rows) if pair is not None]
    orders = dict(told)
    if len(orders) < len(told) or (rows and not told):
        raise WireError("expected one row for each order")
    # No order was open: there was nothing to take.
    return PerOrder(orders=orders, code="207") if orders else Receipt(code="207")


def _one_order(row: object) -> tuple[OrderId, CancelVerdict] | None:
    """Read what is said of one order; None for a row that cannot be read, which must hide no other."""
    try:
        canceled = structure(row, WireCanceled)
        return OrderId(canceled.id), by_status(EACH, HttpResponse(status=canceled.status))
    except WireError:
        return None
