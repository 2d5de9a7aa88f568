"""Strict reading of a venue's JSON, for adapters.

Keys are folded: their case and underscores do not count, since venues spell them in several ways. Types
count: `"false"` is not a bool, `"7"` is not an int, 7.0 is not an id. A key twice (in any case), NaN, an
over-long number or a too deep nesting is unreadable.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Generic, TypeVar, get_origin
from urllib.parse import quote

import attrs
from cattrs import Converter, transform_error
from cattrs.cols import homogenous_tuple_structure_factory, list_structure_factory
from cattrs.errors import BaseValidationError
from cattrs.gen import make_dict_structure_fn, override

from countermand._ids import ClientOrderId
from countermand.errors import InvalidRequestError
from countermand.venue._json import JsonArray, JsonListing, WireError, fold, read_json

__all__ = [
    "JsonArray",
    "JsonListing",
    "Rows",
    "WireError",
    "expect_list",
    "path_segment",
    "read_client_order_id",
    "read_json",
    "structure",
    "write_json",
]

T = TypeVar("T")

#: What a client takes out of a path, quoted or not; RFC 3986, 5.2.4.
_NO_SEGMENTS = frozenset({"", ".", ".."})
_ENCODER = json.JSONEncoder(separators=(",", ":"))


@attrs.frozen(kw_only=True)
class Rows(Generic[T]):
    """The rows of a listing, each read only while they are iterated, and anew each time.

    Of those read only the ones that `keeps` chooses are given. Iterating raises what `read` raises: a
    `WireError` for one that is not of the documented shape. Whoever asks the same iterator for the next one
    is given the row behind it: one that cannot be read hides none of the others.
    """

    values: list[Any] | JsonArray | JsonListing = attrs.field(repr=False)
    read: Callable[[Any], T]
    keeps: Callable[[T], bool] | None = None

    @property
    def listed(self) -> int:
        """How many there are, also of those that are not given."""
        return sum(1 for _ in self.values)

    def __iter__(self) -> Iterator[T]:
        rows = map(self.read, self.values)
        return rows if self.keeps is None else filter(self.keeps, rows)


def expect_list(value: object, what: str) -> list[Any]:
    """Return a list; raises `WireError` for anything else, since nothing in it would look like absence."""
    if not isinstance(value, list):
        raise WireError(f"expected a list of {what}, got {type(value).__name__}")
    return value


def read_client_order_id(text: str | None) -> ClientOrderId | None:
    """Read a client order id, at many venues a free text; None for one that no router could have given.

    What nobody can name is no reason not to read the order.
    """
    try:
        return ClientOrderId(text) if text else None
    except InvalidRequestError:
        return None


def path_segment(text: str) -> str:
    """Quote a text for a path, so that it stays the one segment that it is; RFC 3986, 3.3.

    Raises `InvalidRequestError` for what no quoting keeps: of "", "." and ".." a path makes another one.
    """
    if text in _NO_SEGMENTS:
        raise InvalidRequestError(f"{text!r} cannot stand in a path")
    return quote(text, safe="")


def write_json(value: object) -> bytes:
    """Write JSON without blanks; integers stay exact."""
    return _ENCODER.encode(value).encode()


def structure(value: object, shape: type[T]) -> T:
    """Turn what `read_json` gave into an attrs class of the adapter; raises `WireError` with the path."""
    try:
        return _CONVERTER.structure(value, shape)
    except BaseValidationError as error:
        raise WireError("; ".join(transform_error(error))) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WireError(f"expected {getattr(shape, '__name__', shape)}: {error}") from error


def _exactly(kind: type[T]) -> Callable[[object, Any], T]:
    def check(value: object, _: Any) -> T:
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return check


def _number(value: object, _: Any) -> Decimal:
    if type(value) is int or type(value) is Decimal:
        return Decimal(value)
    raise TypeError(f"expected a number, got {type(value).__name__}")


def _shape_hook(shape: Any) -> Callable[[Any, Any], Any]:
    renames = {field.name: override(rename=fold(field.name)) for field in attrs.fields(shape)}
    # Keyword names that are only known at run time look like any of its own parameters to a type checker.
    hook = make_dict_structure_fn(shape, _CONVERTER, **renames)  # type: ignore[arg-type]  # see above

    def from_object(value: Any, kind: Any) -> Any:
        if type(value) is not dict:
            raise TypeError(f"expected an object, got {type(value).__name__}")
        return hook(value, kind)

    return from_object


def _is_rows(shape: Any) -> bool:
    return get_origin(shape) in _ROWS


def _rows_hook(shape: Any, converter: Any) -> Callable[[Any, Any], Any]:
    hook: Callable[[Any, Any], Any] = _ROWS[get_origin(shape)](shape, converter)

    def from_list(value: Any, kind: Any) -> Any:
        # A text or an object can be iterated, too: {} for a list of orders would be a proof of absence.
        if type(value) is not list:
            raise TypeError(f"expected a list, got {type(value).__name__}")
        return hook(value, kind)

    return from_list


_ROWS: dict[Any, Any] = {list: list_structure_factory, tuple: homogenous_tuple_structure_factory}
_CONVERTER = Converter(detailed_validation=True)
for _kind in (bool, int, str):
    _CONVERTER.register_structure_hook(_kind, _exactly(_kind))
_CONVERTER.register_structure_hook(Decimal, _number)
_CONVERTER.register_structure_hook_factory(_is_rows, _rows_hook)
_CONVERTER.register_structure_hook_factory(attrs.has, _shape_hook)
