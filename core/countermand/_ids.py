"""The identities of an order: two types that cannot be mixed up, each with one spelling per order."""

from __future__ import annotations

import re
from typing import Any

import attrs

from countermand.errors import InvalidRequestError

#: A number with a plus, leading zeros or a minus before a zero has a second spelling.
_ONE = r"(?!(?:\+[0-9]|-0|0[0-9])[0-9]*(?: |\Z))[!-~]{1,128}"
_IDENTIFIER = re.compile(_ONE)
#: Three in one look: there is no blank in any.
THREE_IDENTIFIERS = re.compile(f"{_ONE} {_ONE} {_ONE}")
_PRINTABLE = re.compile(r"[!-~]{1,128}")


def check_identifier(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Refuse an identifier that is no string, is empty, or has a second spelling ("007", "+7").

    A case is keyed by its ids: two spellings of one number would be two cases for one order.
    """
    try:
        if _IDENTIFIER.fullmatch(value):
            return
    except TypeError:  # it is no string
        pass
    what = f"{attribute.name!r} of {type(instance).__name__}"
    if not isinstance(value, str):
        raise InvalidRequestError(f"{what} must be a string, got {value!r}")
    if not _PRINTABLE.fullmatch(value):
        raise InvalidRequestError(f"{what} must be 1 to 128 printable ASCII characters, got {value!r}")
    raise InvalidRequestError(f"{what} must be written without sign or leading zeros, got {value!r}")


@attrs.frozen
class OrderId:
    """The venue's own id of an order, as a string; raises `InvalidRequestError` for a malformed one."""

    value: str = attrs.field(validator=check_identifier)

    def __str__(self) -> str:
        return self.value


@attrs.frozen
class ClientOrderId:
    """The id the caller gave an order (FIX ClOrdID 11); raises `InvalidRequestError` for a malformed one."""

    value: str = attrs.field(validator=check_identifier)

    def __str__(self) -> str:
        return self.value
