"""What the ids of a venue look like: a table from which requests and scopes are checked at once."""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs

from countermand._ids import ClientOrderId, OrderId
from countermand._request import CancelRequest
from countermand._scope import Scope
from countermand.errors import InvalidRequestError

#: A longer one is no number of any venue's, and slow to read.
_MOST_DIGITS = 100
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@attrs.frozen
class IdShape:
    """What one kind of id must be, in words and as a test of its text.

    Every id has one spelling only: cases are kept by them, so an alias would be a second case of one order.
    """

    expected: str
    holds: Callable[[str], bool]

    def check(self, value: str, what: str) -> None:
        """Raise `InvalidRequestError` for a text that is no such id."""
        if not self.holds(value):
            raise InvalidRequestError(f"{what} must be {self.expected}, got {value!r}")


def whole_number(largest: int) -> IdShape:
    """Make the shape of ids that are whole numbers from 1 to the largest, both inclusive."""

    def holds(value: str) -> bool:
        return (
            value.isdigit() and value.isascii() and len(value) <= _MOST_DIGITS and 0 < int(value) <= largest
        )

    return IdShape(f"a whole number from 1 to {largest}", holds)


def one_of(*values: str) -> IdShape:
    """Make the shape of ids of which there are only these, such as the one account of a key."""
    return IdShape(" or ".join(map(repr, values)), lambda value: value in values)


#: Any id that a request can bear, but for those that a path loses: the call would name all orders of it.
TEXT = IdShape("a text other than '.' and '..'", lambda value: value not in ("", ".", ".."))
#: RFC 9562, 4, in lower case: the other spelling would be a second id.
UUID = IdShape("a UUID in lower case", lambda value: _UUID.fullmatch(value) is not None)


@attrs.frozen(kw_only=True)
class Ids:
    """What each kind of id looks like at a venue; None where it has no such id, or tells none."""

    account: IdShape = TEXT
    order: IdShape = TEXT
    client_order: IdShape | None = TEXT
    instrument: IdShape | None = TEXT
    user: IdShape | None = None

    def check_order(self, order: OrderId | ClientOrderId, venue: str) -> None:
        """Raise `InvalidRequestError` for an order that cannot be one of that venue's."""
        if isinstance(order, OrderId):
            _check(self.order, order.value, "an order id", venue)
        else:
            _check(self.client_order, order.value, "a client order id", venue)

    def check_request(self, request: CancelRequest) -> None:
        """Raise `InvalidRequestError` for a request with an id that the venue cannot have."""
        order = request.order
        shape = self.order if isinstance(order, OrderId) else self.client_order
        if not self.account.holds(request.account) or shape is None or not shape.holds(order.value):
            _check(self.account, request.account, "an account", request.venue)
            self.check_order(order, request.venue)
        if request.client_order is not None:
            self.check_order(request.client_order, request.venue)
        if request.instrument is not None:
            _check(self.instrument, request.instrument, "an instrument", request.venue)

    def check_scope(self, scope: Scope) -> None:
        """Raise `InvalidRequestError` for a scope with an id that the venue cannot have."""
        venue = scope.venue
        if scope.account_id is not None:
            _check(self.account, scope.account_id, "an account", venue)
        if scope.instrument_id is not None:
            _check(self.instrument, scope.instrument_id, "an instrument", venue)
        if scope.user_id is not None:
            _check(self.user, scope.user_id, "a user", venue)
        for order_id in scope.order_ids:
            self.check_order(order_id, venue)


def _check(shape: IdShape | None, value: str, what: str, venue: str) -> None:
    if shape is None:
        raise InvalidRequestError(f"{venue!r} does not tell {what} of its orders")
    if not shape.holds(value):  # what it is called is only put together for one that does not
        shape.check(value, f"{what} at {venue!r}")
