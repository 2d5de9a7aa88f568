"""Strict reading of a venue's JSON, for adapters.

Keys are folded: their case and underscores do not count, since venues spell them in several ways. Types
count: `"false"` is not a bool, `"7"` is not an int, 7.0 is not an id. A key twice (in any case), NaN, an
over-long number or a too deep nesting is unreadable.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8, utf_8_decode
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, NoReturn, TypeVar, get_origin
from urllib.parse import quote

import attrs
from cattrs import Converter, transform_error
from cattrs.cols import homogenous_tuple_structure_factory, list_structure_factory
from cattrs.errors import BaseValidationError
from cattrs.gen import make_dict_structure_fn, override

from countermand._ids import ClientOrderId
from countermand.errors import InvalidRequestError

T = TypeVar("T")

_MOST_DIGITS = 40
#: What a client takes out of a path, quoted or not; RFC 3986, 5.2.4.
_NO_SEGMENTS = frozenset({"", ".", ".."})
#: What may stand between the parts of a JSON text; RFC 8259, 2.
_BLANKS = frozenset(" \t\n\r")
#: What bytes that are no text are decoded to; PEP 383.
_NO_TEXT = re.compile("[\udc80-\udcff]")


class WireError(ValueError):
    """An answer that is not of the documented shape; the message says what was expected, and where."""


@attrs.frozen(kw_only=True)
class Rows(Generic[T]):
    """The rows of a listing, each read only while they are iterated, and anew each time.

    Of those read only the ones that `keeps` chooses are given. Iterating raises what `read` raises: a
    `WireError` for one that is not of the documented shape. Whoever asks the same iterator for the next one
    is given the row behind it: one that cannot be read hides none of the others.
    """

    values: list[Any] | JsonArray = attrs.field(repr=False)
    read: Callable[[Any], T]
    keeps: Callable[[T], bool] | None = None

    @property
    def listed(self) -> int:
        """How many there are, also of those that are not given."""
        return sum(1 for _ in self.values)

    def __iter__(self) -> Iterator[T]:
        rows = map(self.read, self.values)
        return rows if self.keeps is None else filter(self.keeps, rows)


def read_json(content: bytes) -> Any:
    """Read JSON with folded keys, exact integers, every other number a `Decimal`; raises `WireError`."""
    try:
        return _DECODER.decode(content.decode("utf-8-sig"))
    except WireError:
        raise
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}") from error


@attrs.frozen
class JsonArray:
    """The items of a JSON array, each read as `read_json` does, only while they are iterated.

    So a long one holds nobody up, and of one that is cut off the items before that are not lost. Iterating
    raises `WireError` for an item that cannot be read; where it can be told where that ends, since it is JSON
    but for a key that stands twice, NaN, a number too long or bytes that are no text, the same iterator goes
    on behind it.
    """

    content: bytes = attrs.field(repr=False)

    def __iter__(self) -> Iterator[Any]:
        # Bytes that are no text become signs that no text has, by which their item is known.
        text, _ = utf_8_decode(self.content.removeprefix(BOM_UTF8), "surrogateescape", True)
        return map(_unless_broken, _items_and_errors(text))


def _unless_broken(item: Any) -> Any:
    if isinstance(item, WireError):
        raise item
    return item


def _items_and_errors(text: str) -> Iterator[Any]:
    # A generator that raises is over, so that errors are items of it.
    try:
        yield from _items(text)
    except WireError as error:
        yield error
    except (ValueError, RecursionError) as error:
        yield WireError(f"not JSON: {error}")


def _items(text: str) -> Iterator[Any]:
    place, end = _after_blanks(text, 0), "["
    if text[place : place + 1] != end:
        raise WireError("expected an array")
    place = _after_blanks(text, place + 1)
    is_first = True
    while text[place : place + 1] != "]" or not is_first:
        value, place = _item(text, place)
        yield value
        place, is_first = _after_blanks(text, place), False
        end = text[place : place + 1]
        if end == "]":
            break
        if end != ",":
            raise WireError(f"an array that ends after {place} characters" if not end else "no array")
        place = _after_blanks(text, place + 1)
    if _after_blanks(text, place + 1) < len(text):
        raise WireError("more than an array")


def _item(text: str, start: int) -> tuple[Any, int]:
    """Read the item that begins there, or what is wrong with it, and tell where it ends."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except WireError as error:
        return error, _SKIPPER.raw_decode(text, start)[1]
    if not text.isascii() and _NO_TEXT.search(text, start, end):
        return WireError("not JSON: bytes that are no text"), end
    return value, end


def _after_blanks(text: str, place: int) -> int:
    while text[place : place + 1] in _BLANKS:
        place += 1
    return place


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
    return json.dumps(value, separators=(",", ":")).encode()


def structure(value: object, shape: type[T]) -> T:
    """Turn what `read_json` gave into an attrs class of the adapter; raises `WireError` with the path."""
    try:
        return _CONVERTER.structure(value, shape)
    except BaseValidationError as error:
        raise WireError("; ".join(transform_error(error))) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WireError(f"expected {getattr(shape, '__name__', shape)}: {error}") from error


def _fold(key: str) -> str:
    return key.replace("_", "").casefold()


def _folded(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    folded = {_fold(key): value for key, value in pairs}
    if len(folded) != len(pairs):
        raise WireError("a key stands twice in one object")
    return folded


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise WireError("an over-long integer")
    return int(digits)


def _decimal(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except InvalidOperation as error:  # an exponent beyond what Decimal can hold
        raise WireError("a number out of range") from error
    if len(digits) > 2 * _MOST_DIGITS or abs(number.adjusted()) > _MOST_DIGITS:
        raise WireError("a number out of range")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise WireError(f"{name} is not a number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_folded, parse_int=_integer, parse_float=_decimal, parse_constant=_refuse_constant
)
#: Finds the end of what the other one does not take.
_SKIPPER = json.JSONDecoder(object_pairs_hook=len, parse_int=len, parse_float=len, parse_constant=len)


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
    renames = {field.name: override(rename=_fold(field.name)) for field in attrs.fields(shape)}
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
