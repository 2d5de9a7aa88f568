"""JSON read strictly: whole, or the rows of a long listing one by one."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8, utf_8_decode
from collections.abc import Generator, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import attrs

_MOST_DIGITS = 40
#: What may stand between the parts of a JSON text; RFC 8259, 2.
_BLANKS = frozenset(" \t\n\r")
#: What bytes that are no text are decoded to; PEP 383.
_NO_TEXT = re.compile("[\udc80-\udcff]")

_TWICE = "a key stands twice in one object"

#: Gives items, or the error that stands for one, and returns the place behind the last of them.
_Items = Generator[Any, None, int]


class WireError(ValueError):
    """An answer that is not of the documented shape; the message says what was expected, and where."""


def read_json(content: bytes) -> Any:
    """Read JSON with folded keys, exact integers, every other number a `Decimal`; raises `WireError`."""
    try:
        return _DECODER.decode(content.removeprefix(BOM_UTF8).decode())
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
        text = _text_of(self.content)
        return map(_unless_broken, _with_errors(_only(text, _array(text, _after_blanks(text, 0)))))


@attrs.define
class JsonListing:
    """The items of a bare array, or of the one that an object has under `key` (folded), read one by one.

    They are read as those of a `JsonArray`. Iterated to the end, `rest` has what else the object bears, and
    an empty list under that key; what stands there instead of an array is not iterated, but in `rest` as it
    is. `listed` counts the items meanwhile, also those that cannot be read.
    """

    content: bytes = attrs.field(repr=False)
    key: str
    listed: int = attrs.field(default=0, init=False, eq=False)
    _rest: dict[str, Any] | None = attrs.field(default=None, init=False, repr=False, eq=False)

    @property
    def rest(self) -> dict[str, Any]:
        """What the object bears beside its items; raises `WireError` where it was not read to its end."""
        if self._rest is None:
            raise WireError("a listing that was not read to its end")
        return self._rest

    def __iter__(self) -> Iterator[Any]:
        self.listed, self._rest = 0, None
        return map(_unless_broken, _with_errors(self._items(_text_of(self.content))))

    def _items(self, text: str) -> _Items:
        start = _after_blanks(text, 0)
        rest: dict[str, Any] = {}
        if text[start : start + 1] == "[":
            items, rest[self.key] = self._counted(_array(text, start)), []
        else:
            items = self._of_object(text, start, rest)
        place = yield from _only(text, items)
        if not any(isinstance(value, WireError) for value in rest.values()):
            self._rest = rest
        return place

    def _of_object(self, text: str, place: int, rest: dict[str, Any]) -> _Items:
        """Give the items of the object that begins there, and put the rest in `rest`."""
        _expect(text, place, "{", "an array or object")
        place = _after_blanks(text, place + 1)
        if text[place : place + 1] == "}":
            return place + 1
        while True:
            name, place = _name(text, place)
            if name in rest:
                raise WireError(_TWICE)
            if name == self.key and text[place : place + 1] == "[":
                rest[name] = []
                place = yield from self._counted(_array(text, place))
            else:
                rest[name], place = _item(text, place)
                if isinstance(rest[name], WireError):
                    yield rest[name]  # the items behind it can be read all the same
            place = _after_blanks(text, place)
            if _is_end(text, place, "}"):
                return place + 1
            place = _after_blanks(text, place + 1)

    def _counted(self, items: _Items) -> _Items:
        while True:
            try:
                item = next(items)
            except StopIteration as end:
                place: int = end.value
                return place
            self.listed += 1
            yield item


def _text_of(content: bytes) -> str:
    # Bytes that are no text become signs that no text has, by which their item is known.
    return utf_8_decode(content.removeprefix(BOM_UTF8), "surrogateescape", True)[0]


def _unless_broken(item: Any) -> Any:
    if isinstance(item, WireError):
        raise item
    return item


def _with_errors(items: _Items) -> Iterator[Any]:
    # A generator that raises is over, so that errors are items of it.
    try:
        yield from items
    except WireError as error:
        yield error
    except (ValueError, RecursionError) as error:
        yield WireError(f"not JSON: {error}")


def _only(text: str, items: _Items) -> _Items:
    place = yield from items
    if _after_blanks(text, place) < len(text):
        raise WireError("more than an array or object")
    return place


def _array(text: str, place: int) -> _Items:
    """Give the items of the array that begins there."""
    _expect(text, place, "[", "an array")
    place = _after_blanks(text, place + 1)
    if text[place : place + 1] == "]":
        return place + 1
    while True:
        value, place = _item(text, place)
        yield value
        place = _after_blanks(text, place)
        if _is_end(text, place, "]"):
            return place + 1
        place = _after_blanks(text, place + 1)


def _name(text: str, place: int) -> tuple[str, int]:
    """Read a key, folded, and tell where its value begins."""
    _expect(text, place, '"', "a key")
    name, place = _item(text, place)
    if isinstance(name, WireError):
        raise name
    place = _after_blanks(text, place)
    _expect(text, place, ":", "a value")
    return fold(name), _after_blanks(text, place + 1)


def _expect(text: str, place: int, sign: str, what: str) -> None:
    if text[place : place + 1] != sign:
        raise WireError(f"expected {what} after {place} characters")


def _is_end(text: str, place: int, end: str) -> bool:
    """Tell the end of an array or object from a comma; whatever else stands there is neither."""
    sign = text[place : place + 1]
    if sign not in (end, ","):
        raise WireError(f"neither {end!r} nor ',' after {place} characters")
    return sign == end


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


def fold(key: str) -> str:
    """Fold a key: its case and underscores do not count."""
    return key.replace("_", "").casefold()


def _folded(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    folded = {fold(key): value for key, value in pairs}
    if len(folded) != len(pairs):
        raise WireError(_TWICE)
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
