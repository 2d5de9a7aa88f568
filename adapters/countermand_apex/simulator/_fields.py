"""The fields of a call to the simulated venue, read as leniently as routers in the field need it."""

from __future__ import annotations

from collections.abc import Mapping

from countermand.testing import RefusalError, SimulatedOrder, Simulator
from countermand_apex._wire import LARGEST_ID
from countermand_apex.simulator._answers import refused

#: The fields of a call, or of a row of a list; keys in lower case.
Fields = Mapping[str, object]
#: The one Order Management System there is.
OMS_ID = 1


def number(fields: Fields, *names: str) -> int:
    """Return the first of those fields that is set, 0 if none is; raises `RefusalError` for no number.

    AlphaPoint: a long integer that was left out is 0. Routers send ids as numbers or as strings.
    """
    for name in names:
        if found := _number(fields, name):
            return found
    return 0


def required(fields: Fields, *names: str) -> int:
    """Return a number that must be there; raises `RefusalError` if it is not."""
    found = number(fields, *names)
    if not found:
        raise RefusalError(refused(100, f"{names[0]} is Required"))
    return found


def check_oms(fields: Fields) -> None:
    """Raise `RefusalError` without the right OMS; AlphaPoint: "OMSId: required"."""
    if required(fields, "OMSId") != OMS_ID:
        raise RefusalError(refused(104))


def account_of(simulator: Simulator, fields: Fields) -> str | None:
    """Return the account that is named, None for none; raises `RefusalError` for somebody else's.

    AlphaPoint CancelOrder: "only for an account it is associated with".
    """
    account = str(number(fields, "AccountId"))
    if account == simulator.credentials.other_account:
        raise RefusalError(refused(20))
    return None if account == "0" else account


def find_order(simulator: Simulator, fields: Fields, order_id: int) -> SimulatedOrder | None:
    """Return an order of the user's as it truly is; None for an unknown one and for somebody else's.

    The account may be left out: "The Order ID is unique across an OMS".
    """
    account = account_of(simulator, fields)
    order = simulator.book.find(str(order_id))
    return order if order is not None and simulator.reaches(order, account) else None


def _number(fields: Fields, name: str) -> int:
    value = fields.get(name.lower())
    if value is None or value == "":
        return 0
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    if type(value) is not int or not 0 <= value <= LARGEST_ID:
        raise RefusalError(refused(100, f"Invalid {name}: {value!r:.40}"))
    return value
