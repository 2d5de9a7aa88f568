"""What AutoShares' answers mean: one table of status and kind of body for each kind of call.

The column "acted" of the outcome policy is in the class of each verdict. `SessionRefused`, `Refused` and
`Gone` say that nothing was done; `MayHaveActed`, `Throttled` and `Unreadable` leave it open. What stands in
no table is `Unreadable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

import attrs

from countermand import OrderReport, Reason, StatusClass
from countermand.venue import (
    AccountsVerdict,
    CancelVerdict,
    Gone,
    HttpResponse,
    ListingVerdict,
    MayHaveActed,
    Page,
    ReadFailure,
    ReadVerdict,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    TrailVerdict,
    Unreadable,
)
from countermand.venue.answers import join_texts, remembers_receipts, told
from countermand.venue.wire import JsonListing, Rows, WireError, expect_list, read_json
from countermand_autoshares._bodies import Body, BodyKind, read_body
from countermand_autoshares._wire import (
    PAGE_SIZE,
    WirePage,
    account_ids,
    order_page,
    order_read,
    order_report,
    order_rows,
    order_trail,
)

T = TypeVar("T")
V = TypeVar("V", bound=CancelVerdict)
Answer = tuple[int, BodyKind]

_ANY = frozenset(BodyKind)
#: What may stand under a refusal: "already filled order … 409", its body is not documented. A body that
#: claims success contradicts it, and a page of HTML is not the venue's.
_REFUSING = _ANY - {BodyKind.SUCCESS, BodyKind.FOREIGN}
#: IIS answers some statuses itself, with a page of its own: these mean the same whoever says them.
_WHOEVER = _ANY - {BodyKind.SUCCESS}


def _rows(statuses: Iterable[int], kinds: Iterable[BodyKind], verdict: T) -> dict[Answer, T]:
    return {(status, kind): verdict for kind in kinds for status in statuses}


#: A page as it is asked for has some 100 KiB; a longer one is read row by row, which holds nobody up.
_LONG_BYTES = 1 << 18

_NOT_AUTHORIZED = Refused(reason=Reason.NOT_AUTHORIZED)

#: What every call can be told; AutoShares API description (Swagger), Responses, unless it says otherwise.
REFUSALS: Mapping[Answer, ReadFailure] = {
    # Get filtered orders: "The filter query is invalid"; ASP.NET: "The request is invalid."
    **_rows([400], _REFUSING, Refused(reason=Reason.INVALID_REQUEST)),
    # "The access level of the provided authorization token is not sufficient to perform this operation."
    **_rows([401], _WHOEVER, SessionRefused()),
    # "The provided Et-App-Key is incorrect."
    **_rows([403], _REFUSING, _NOT_AUTHORIZED),
    # The newer pages have that under 401: AutoShares Cancel an Order, Common Mistakes, by its body.
    **_rows([401, 403], [BodyKind.APP_KEY], _NOT_AUTHORIZED),
    # In no document for an order. It says nothing about why.
    **_rows([404], _REFUSING - {BodyKind.APP_KEY}, Gone()),
    # "UnsupportedApiVersion", "No HTTP resource was found": there is no such call, whatever the order.
    **_rows([404], [BodyKind.WRONG_ROUTE], Refused(reason=Reason.NOT_SUPPORTED)),
    # "A conflict has occurred while attempting to cancel the order." It says nothing about why.
    **_rows([409], _REFUSING, Refused(reason=Reason.VENUE_REFUSED)),
    # "A validation error occurred while processing the request."
    **_rows([422], _REFUSING, Refused(reason=Reason.INVALID_REQUEST)),
    # The newer pages tell of Retry-After, but not whether such a call was processed.
    **_rows([429], _ANY, Throttled()),
}

#: Answers to DELETE orders.
CANCEL: Mapping[Answer, CancelVerdict] = {
    **REFUSALS,
    # AutoShares Cancel an Order, Response: "you'll receive no JSON file. The status code … will be 204".
    **_rows([204], [BodyKind.EMPTY], Receipt()),
    # Swagger, Orders_CancelOrder: 200 "OK", an object. Elsewhere the venue refuses under 200, too.
    **_rows([200], _ANY, MayHaveActed()),
    **_rows([200], [BodyKind.EMPTY, BodyKind.OBJECT, BodyKind.SUCCESS], Receipt()),
    # "Internal server error", also for an account it does not know: how far it came is not known.
    **_rows(range(500, 600), _ANY, MayHaveActed()),
}

#: Answers to DELETE syncorders.
SYNC_CANCEL: Mapping[Answer, CancelVerdict] = {
    **CANCEL,
    # Swagger, SyncOrders_CancelOrder: "ensure that it is cancelled on the execution venue"; 204.
    **_rows([204], [BodyKind.EMPTY], Receipt(executed=True)),
}

#: Answers to GET orders/details.
TRAIL: Mapping[Answer, ReadFailure] = {
    **REFUSALS,
    # Swagger, Orders_GetOrderDetails: 400 "User don't have permission."
    **_rows([400], _REFUSING, _NOT_AUTHORIZED),
}


@remembers_receipts
def read_cancel(response: HttpResponse) -> CancelVerdict:
    """Read the answer to a quick cancel: checked by the API, not yet by the execution venue."""
    return _told(CANCEL, response, read_body(response.content))


@remembers_receipts
def read_sync_cancel(response: HttpResponse) -> CancelVerdict:
    """Read the answer to a slow cancel: its 204 also says that the execution venue did it."""
    return _told(SYNC_CANCEL, response, read_body(response.content))


def read_order(response: HttpResponse) -> ReadVerdict:
    """Read the answer to GET orders/{id}: the order whatever its id, for the core compares it."""
    return read_payload(response, order_read)


def read_trail(response: HttpResponse) -> TrailVerdict:
    """Read the answer to GET orders/{id}/details: a row for each change, in no documented order."""
    return read_payload(response, order_trail, TRAIL)


def read_open(response: HttpResponse, page: int) -> ListingVerdict:
    """Read one page of GET orders, without the dead ones.

    Statuses are looked at here and not in the call's filter, in which Held has no number: it would be hidden.
    """
    return _read_page(response, page, _is_open)


def read_history(response: HttpResponse, page: int) -> ListingVerdict:
    """Read one page of GET orders, from page 0 on; an empty page ends the listing."""
    return _read_page(response, page, None)


def read_accounts(response: HttpResponse) -> AccountsVerdict:
    """Read the answer to GET users/@me/accounts: every account, whatever the user may do with it."""
    return read_payload(response, account_ids)


def read_payload(
    response: HttpResponse,
    shape: Callable[[Any], T],
    refusals: Mapping[Answer, ReadFailure] = REFUSALS,
    success: Iterable[int] = (200,),
) -> T | ReadFailure:
    """Read what was asked for, of that shape, or why it did not come; a read cannot have acted."""
    if response.status not in success:
        return _told(refusals, response, read_body(response.content))
    try:
        return shape(read_json(response.content))
    except WireError as error:
        body = read_body(response.content)
        return Unreadable(code=body.code or str(response.status), text=body.text or join_texts(str(error)))


def _is_open(report: OrderReport) -> bool:
    return report.status_class is not StatusClass.DEAD


def _read_page(
    response: HttpResponse, page: int, keeps: Callable[[OrderReport], bool] | None
) -> ListingVerdict:
    is_json = response.status == HTTPStatus.OK and response.content.lstrip()[:1] in (b"{", b"[")
    if is_json and len(response.content) > _LONG_BYTES:
        listing = JsonListing(response.content, key="result")
        rows = Rows(values=listing, read=order_report, keeps=keeps)
        return Page(rows=rows, behind=partial(_behind, listing, page, keeps))
    return read_payload(response, lambda value: _page(order_page(value), page, keeps))


def _page(envelope: WirePage, page: int, keeps: Callable[[OrderReport], bool] | None) -> Page:
    rows = attrs.evolve(order_rows(envelope.result), keeps=keeps)
    told = _told_page(envelope, page, rows.listed, keeps)
    return attrs.evolve(told, rows=rows)


def _behind(listing: JsonListing, page: int, keeps: Callable[[OrderReport], bool] | None) -> Page:
    envelope = order_page(listing.rest)
    expect_list(envelope.result, "orders")
    return _told_page(envelope, page, listing.listed, keeps)


def _told_page(
    envelope: WirePage, page: int, listed: int, keeps: Callable[[OrderReport], bool] | None
) -> Page:
    """Make a page without its rows, of which there are so many."""
    counted = envelope.total_count or 0
    # TotalCount may be 0 with rows beside it, so it can only ask for more, never end the listing.
    more = listed >= PAGE_SIZE or bool(envelope.next_page_link) or counted > page * PAGE_SIZE + listed
    if more and not listed and page == 0:
        raise WireError("an empty first page that tells of orders on another")
    return Page(
        rows=(),
        next_page=page + 1 if more and listed else None,
        total=envelope.total_count,
        listed=None if keeps is None else listed,
    )


def _told(table: Mapping[Answer, V], response: HttpResponse, body: Body) -> V | Unreadable:
    verdict: V | Unreadable = table.get((response.status, body.kind), Unreadable())
    return told(verdict, response, body.text, body.code)
