"""What APEX's answers mean: one table for its codes, one for the statuses that come without a code.

The column "acted" of the outcome policy is in the class of each verdict. `SessionRefused`, `Refused` and
`Gone` say that nothing was done; `MayHaveActed`, `Throttled` and `Unreadable` leave it open.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import attrs

from countermand import Reason
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
from countermand.venue.answers import by_status, join_texts, remembers_receipts, shaped, told
from countermand.venue.wire import JsonArray, JsonListing, Rows, WireError, read_json, structure
from countermand_apex._wire import (
    WireAnswer,
    account_ids,
    only_order,
    order_report,
    order_rows,
    order_trail,
)

T = TypeVar("T")

#: `errorcode` to verdict, for answers with `"result": false`.
CODES: dict[int, CancelVerdict] = {
    # AlphaPoint CancelOrder, Response, errormsg: "Not Authorized (errorcode 20)".
    20: SessionRefused(),
    # "Invalid Request (errorcode 100)"; CancelAllOrders prints it "Invalid Response".
    100: Refused(reason=Reason.INVALID_REQUEST),
    # "Operation Failed (errorcode 101)": refused, and no reason given.
    101: Refused(reason=Reason.VENUE_REFUSED),
    # "Server Error (errorcode 102)": how far it came is not known.
    102: MayHaveActed(),
    # "Resource Not Found (errorcode 104)": filled, canceled, unknown and someone else's look alike.
    104: Gone(),
    # In no document of AlphaPoint; one public client waits and repeats. Waiting is right in either case,
    # and a throttled call may have acted, so no more is claimed than is known.
    105: Throttled(),
    # "Operation Not Supported (errorcode 106)".
    106: Refused(reason=Reason.NOT_SUPPORTED),
    # "Operation In Process" (107): documented for order lists, which were placed all the same.
    107: MayHaveActed(),
}

#: HTTP status to verdict, for answers that are not the venue's JSON.
STATUSES: dict[int, CancelVerdict] = {
    # RFC 9110, 15.5.2: the request "has not been applied because it lacks valid credentials".
    401: SessionRefused(),
}

#: HTTP status, or its first digit, to verdict, whatever the body. Within 2xx and 4xx the body tells.
STATUSES_ALONE: dict[int, CancelVerdict] = {
    # RFC 6585, 4, does not say whether the call was processed, and neither does AlphaPoint.
    429: Throttled(),
    # Something broke on the way, before or after the order was canceled.
    5: MayHaveActed(),
}

#: A page of GetOrderHistory as it is asked for has some 100 KiB; a longer one is read row by row, which holds
#: nobody up.
_LONG_BYTES = 1 << 18
#: The gateway's own text under 404: a function it does not have, or a private one without a token.
NOT_FOUND = b"NOT FOUND"
#: The gateway's own text, seen under more than one status.
TOO_MANY_REQUESTS = b"TOO MANY REQUESTS"


@remembers_receipts
def read_cancel(response: HttpResponse) -> CancelVerdict:
    """Read the answer to a cancel; AlphaPoint CancelOrder: "the call was received, not … canceled"."""
    answer = _decipher(response)
    if isinstance(answer, _Payload):
        return told(Unreadable(), response, "expected the generic answer, got JSON without a result")
    return answer


def read_order(response: HttpResponse) -> ReadVerdict:
    """Read the answer to GetOrderStatus: the order whatever its id, for the core compares it."""
    return read_payload(response, only_order)


def read_trail(response: HttpResponse) -> TrailVerdict:
    """Read the answer to GetOrderHistoryByOrderId."""
    return read_payload(response, order_trail)


def read_listing(response: HttpResponse) -> ListingVerdict:
    """Read the answer to GetOpenOrders, which is one unpaged list, however long; or a part of it."""
    if _is_list(response):
        return Page(rows=Rows(values=JsonArray(response.content), read=order_report))
    rows = read_payload(response, order_rows)
    return Page(rows=rows) if isinstance(rows, Rows) else rows


def read_history(response: HttpResponse, start: int) -> ListingVerdict:
    """Read one page of GetOrderHistory; only an empty one is the last: a server may give less than Depth."""
    if _is_list(response) and len(response.content) > _LONG_BYTES:
        listing = JsonListing(response.content, key="orders")
        rows = Rows(values=listing, read=order_report)
        return Page(rows=rows, behind=lambda: _page_behind(start, listing.listed))
    told = read_payload(response, order_rows)
    return attrs.evolve(_page_behind(start, told.listed), rows=told) if isinstance(told, Rows) else told


def _page_behind(start: int, listed: int) -> Page:
    """Make a page of so many rows, without them."""
    return Page(rows=(), next_page=start + listed if listed else None)


def _is_list(response: HttpResponse) -> bool:
    return response.status == HTTPStatus.OK and response.content.lstrip()[:1] == b"["


def read_accounts(response: HttpResponse) -> AccountsVerdict:
    """Read the answer to GetUserAccounts: a bare list of ids."""
    return read_payload(response, account_ids)


def read_payload(response: HttpResponse, shape: Callable[[Any], T]) -> T | ReadFailure:
    """Read what was asked for, of that shape, or why it did not come; a read cannot have acted."""
    answer = _decipher(response)
    if isinstance(answer, Receipt | MayHaveActed):
        return Unreadable(code=answer.code, text=answer.text)
    return shaped(answer.value, shape, response) if isinstance(answer, _Payload) else answer


@attrs.frozen(kw_only=True)
class _Payload:
    value: Any = attrs.field(repr=False)


def _decipher(response: HttpResponse) -> _Payload | CancelVerdict:
    alone = _by_text(response) or _by_status(response)
    if alone is not None:
        return alone
    try:
        value = read_json(response.content)
    except WireError as error:
        return by_status(STATUSES, response, str(error))
    if type(value) is dict and "result" in value:
        return _generic(value, response)
    if response.status == HTTPStatus.OK:
        return _Payload(value=value)
    return by_status(STATUSES, response, "JSON without a result")


def _by_text(response: HttpResponse) -> CancelVerdict | None:
    if len(response.content) > 2 * len(TOO_MANY_REQUESTS):
        return None
    text = response.content.strip(b' \t\r\n".')
    if text.upper() == TOO_MANY_REQUESTS:
        return told(Throttled(), response, text.decode())
    if text == NOT_FOUND and response.status == HTTPStatus.NOT_FOUND:
        return told(SessionRefused(or_unsupported=True), response, text.decode())
    return None


def _by_status(response: HttpResponse) -> CancelVerdict | None:
    if response.status // 100 in (2, 4) and response.status not in STATUSES_ALONE:
        return None
    return by_status(STATUSES_ALONE, response)


def _generic(value: object, response: HttpResponse) -> CancelVerdict:
    try:
        answer = structure(value, WireAnswer)
    except WireError as error:  # "false" is not false, and no more is it true
        return told(MayHaveActed(), response, str(error))
    text = join_texts(answer.errormsg, answer.detail)
    code = None if answer.errorcode is None else str(answer.errorcode)
    if not answer.result:
        return told(CODES.get(answer.errorcode or 0, MayHaveActed()), response, text, code)
    # "errormsg: a successful receipt … returns null"; "errorcode: … returns 0". Else it contradicts itself.
    received = answer.errorcode == 0 and not answer.errormsg and response.status == HTTPStatus.OK
    return told(Receipt() if received else MayHaveActed(), response, text, code)
