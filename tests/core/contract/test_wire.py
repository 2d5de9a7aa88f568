"""JSON is read strictly: any bytes give a value or a WireError, and nothing is coerced."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand.venue.wire import JsonArray, JsonListing, Rows, WireError, read_json, structure, write_json

VALUES = {
    "an object": (b'{"a": 1}', {"a": 1}),
    "folded keys": (b'{"OMS_Id": 1, "OrderID": 2}', {"omsid": 1, "orderid": 2}),
    "a byte order mark": (b'\xef\xbb\xbf{"a": null}', {"a": None}),
    "a long id": (b"7771631881502002117", 7771631881502002117),
    "the longest integer": (b"9" * 40, int("9" * 40)),
    "a decimal": (b"0.10", Decimal("0.10")),
    "an exponent": (b"1E-8", Decimal("1E-8")),
    "a big exponent": (b"1e40", Decimal("1E+40")),
    "a zero with an exponent": (b"0e-8", Decimal("0E-8")),
    "truths": (b"[true, false, null]", [True, False, None]),
    "the same key in two objects": (b'[{"a": 1}, {"A": 2}]', [{"a": 1}, {"a": 2}]),
}
BROKEN = {
    "nothing": (b"", "not JSON"),
    "HTML": (b"<html>", "not JSON"),
    "half": (b'{"a": 1', "not JSON"),
    "more than one": (b"{} {}", "not JSON"),
    "no UTF-8": (b'{"a": "\xff"}', "not JSON"),
    "too deep": (b"[" * 200_000, "not JSON"),
    "NaN": (b'{"a": NaN}', "NaN is not a number"),
    "Infinity": (b"[Infinity]", "Infinity is not a number"),
    "minus Infinity": (b"[-Infinity]", "-Infinity is not a number"),
    "a key twice": (b'{"a": 1, "a": 1}', "a key stands twice"),
    "a key twice in two cases": (b'{"result": true, "Result": false}', "a key stands twice"),
    "a key twice, once with an underscore": (b'{"order_id": 1, "OrderId": 2}', "a key stands twice"),
    "an over-long integer": (b"9" * 41, "an over-long integer"),
    "a hopelessly long integer": (b"9" * 5000, "an over-long integer"),
    "a long fraction": (b"0." + b"1" * 90, "a number out of range"),
    "a huge exponent": (b"1e41", "a number out of range"),
    "a tiny exponent": (b"1e-41", "a number out of range"),
    "an exponent beyond decimals": (b"1e9999999999999999999", "a number out of range"),
}


@pytest.mark.parametrize(("content", "expected"), VALUES.values(), ids=VALUES.keys())
def test_json_that_is_read(content: bytes, expected: object) -> None:
    """Values are exact; keys are folded."""
    value = read_json(content)
    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize(("content", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_json_that_is_not(content: bytes, words: str) -> None:
    """What a tolerant reader would guess at is refused."""
    with pytest.raises(WireError) as raised:
        read_json(content)
    assert words in str(raised.value)


def test_what_is_written_is_short_and_exact() -> None:
    """JSON is written without blanks, and long ids keep their digits."""
    assert (
        write_json({"OrderId": 7771631881502002117, "x": None}) == b'{"OrderId":7771631881502002117,"x":null}'
    )


@attrs.frozen(kw_only=True)
class Leg:
    leg_id: int
    price: Decimal | None = None


@attrs.frozen(kw_only=True)
class Row:
    order_id: int
    state: str
    done: bool = False
    price: Decimal | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(Decimal(0)))
    )
    legs: list[Leg] = attrs.Factory(list)
    tags: tuple[str, ...] = ()
    first: Leg | None = None
    more: dict[str, int] = attrs.Factory(dict)


LEAST = {"OrderId": 7, "State": "open"}
ROWS = {
    "the least": ({}, {}),
    "more than is known": ({"Whatever": [1, 2]}, {}),
    "a truth": ({"Done": True}, {"done": True}),
    "a whole price": ({"price": 2}, {"price": Decimal(2)}),
    "a price": ({"PRICE": 2.50}, {"price": Decimal("2.5")}),
    "no price": ({"Price": None}, {"price": None}),
    "legs": ({"Legs": [{"LegId": 8}]}, {"legs": [Leg(leg_id=8)]}),
    "tags": ({"tags": ["a"]}, {"tags": ("a",)}),
    "a leg": ({"first": {"leg_id": 8, "price": 1}}, {"first": Leg(leg_id=8, price=Decimal(1))}),
    "a mapping": ({"more": {"a": 1}}, {"more": {"a": 1}}),
}
MISFITS = {
    "a text for an id": ({"OrderId": "7"}, "expected int @ $.order_id"),
    "a fraction for an id": ({"OrderId": 7.0}, "expected int @ $.order_id"),
    "a truth for an id": ({"OrderId": True}, "expected int @ $.order_id"),
    "nothing for an id": ({"OrderId": None}, "expected int @ $.order_id"),
    "a text for a truth": ({"Done": "false"}, "expected bool @ $.done"),
    "a number for a truth": ({"Done": 0}, "expected bool @ $.done"),
    "a number for a text": ({"State": 7}, "expected str @ $.state"),
    "a text for a number": ({"Price": "1"}, "@ $.price"),
    "a truth for a number": ({"Price": True}, "@ $.price"),
    "out of bounds": ({"Price": -1}, "@ $"),
    "an object for a list": ({"Legs": {}}, "expected list @ $.legs"),
    "a text for a list": ({"Legs": ""}, "expected list @ $.legs"),
    "a text for a tuple": ({"tags": "ab"}, "expected tuple @ $.tags"),
    "a list for an object": ({"first": []}, "@ $.first"),
    "a list for a mapping": ({"more": []}, "@ $.more"),
    "a bad item": ({"Legs": [{"LegId": 8}, {"LegId": "9"}]}, "expected int @ $.legs[1].leg_id"),
    "an item too few": ({"Legs": [{}]}, "required field missing @ $.legs[0].leg_id"),
}


@pytest.mark.parametrize(("fields", "expected"), ROWS.values(), ids=ROWS.keys())
def test_shapes_that_fit(fields: dict[str, object], expected: dict[str, Any]) -> None:
    """An object becomes the adapter's class; keys fit in any case, and what is not asked for is left."""
    made = structure(read_json(write_json(LEAST | fields)), Row)
    assert made == Row(order_id=7, state="open", **expected)


@pytest.mark.parametrize(("fields", "words"), MISFITS.values(), ids=MISFITS.keys())
def test_shapes_that_do_not_fit(fields: dict[str, object], words: str) -> None:
    """What is of another type is refused with its place: "false" is no truth, "" is no empty list."""
    with pytest.raises(WireError) as raised:
        structure(read_json(write_json(LEAST | fields)), Row)
    assert words in str(raised.value)


TOP: dict[str, tuple[object, Any]] = {
    "no object": ([], Row),
    "nothing": (None, Row),
    "no list": ({}, list[Row]),
    "a text as list": ("rows", list[str]),
    "a text as tuple": ("rows", tuple[str, ...]),
    "a number as list": (7, list[int]),
    "a list as mapping": ([], dict[str, int]),
    "a text as number": ("7", int),
    "a text as optional number": ("7", int | None),
    "a text as decimal": ("7", Decimal),
}


@pytest.mark.parametrize(("value", "shape"), TOP.values(), ids=TOP.keys())
def test_a_misfit_as_a_whole(value: object, shape: Any) -> None:
    """A value that is of another type altogether is a WireError, too."""
    with pytest.raises(WireError):
        structure(value, shape)


def test_a_list_is_read_row_by_row() -> None:
    """A list of shapes becomes a list of objects."""
    assert structure([{"orderid": 7, "state": "open"}], list[Row]) == [Row(order_id=7, state="open")]


SHAPES: list[Any] = [Row, list[Row], tuple[Leg, ...], list[str], dict[str, int], int, str, bool, Decimal]
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["OrderId", "state", "legs", "LegId", "tags", "first", "more", "Done"]),
            inner,
            max_size=6,
        ),
    ),
    max_leaves=10,
)


@given(content=st.one_of(st.binary(), json_values.map(lambda value: json.dumps(value).encode())))
def test_any_bytes_are_a_value_or_a_wire_error(content: bytes) -> None:
    """Whatever bytes come, reading gives a value that any shape fits or refuses: WireError, nothing else."""
    try:
        value = read_json(content)
    except WireError:
        return
    for shape in SHAPES:
        try:
            structure(value, shape)
        except WireError:
            continue


def test_rows_are_read_when_it_is_their_turn() -> None:
    """Nothing is read before; one that is broken stops it, and those before it were read."""
    read: list[int] = []

    def at_its_turn(value: int) -> int:
        read.append(value)
        if value < 0:
            raise WireError("below 0")
        return value * 10

    rows = Rows(values=[1, 2, -3, 4], read=at_its_turn)
    assert read == []
    taken = iter(rows)
    assert [next(taken), next(taken), read] == [10, 20, [1, 2]]
    with pytest.raises(WireError, match="below 0"):
        next(taken)


@pytest.mark.parametrize("keeps", [None, lambda number: number != 20], ids=["all", "some"])
def test_rows_behind_a_broken_one_can_be_read(keeps: Any) -> None:
    """The same iterator goes on behind it."""

    def tenfold(value: int) -> int:
        if value < 0:
            raise WireError("below 0")
        return value * 10

    taken = iter(Rows(values=[-1, 2, 3], read=tenfold, keeps=keeps))
    with pytest.raises(WireError):
        next(taken)
    assert [*taken] == ([20, 30] if keeps is None else [30])


def test_rows_can_be_read_again_and_chosen() -> None:
    """Each time anew; of those that are read only the chosen are given."""
    rows = Rows(values=["1", "2", "3"], read=int, keeps=lambda number: number != 2)
    assert [*rows, *rows] == [1, 3, 1, 3]
    assert "'2'" not in repr(rows)


@pytest.mark.parametrize(
    "text", ["[]", " [ ] ", "[1]", '[1, {"A_b": 2.50}, [3]]\n', '\ufeff["\u20ac", null]', "[[]]"]
)
def test_an_array_is_read_item_by_item(text: str) -> None:
    """It comes to what the whole of it does, and anew each time."""
    array = JsonArray(text.encode())
    assert [*array] == [*array] == read_json(text.encode())


@pytest.mark.parametrize(
    ("text", "before"),
    {
        "none": ("", 0),
        "no array": ('{"a": 1}', 0),
        "cut off within an item": ('[{"a": 1}, {"a"', 1),
        "cut off after an item": ("[1, 2", 2),
        "cut off after a comma": ("[1, 2, ", 2),
        "cut off within a letter": (b'["a", "\xe2\x82', 1),
        "another sign": ("[1, 2; 3]", 2),
        "a comma too many": ("[1, 2, ]", 2),
        "a comma alone": ("[, 1]", 0),
        "more after it": ("[1, 2] 3", 2),
        "cut off within a broken item": ('[1, {"a": NaN', 1),
        "cut off where it is no text": (b'[1, "\xff', 1),
        "no text between items": (b"[1, 2 \xff, 3]", 2),
        "too deep": ("[1, " + "[" * 100_000, 1),
        "no text": (b"[1, 2, \xff]", 2),
    }.values(),
)
def test_an_array_that_breaks_off_is_read_so_far(text: str | bytes, before: int) -> None:
    """What stands before the place that cannot be read is given, and then it is told."""
    items = iter(JsonArray(text if isinstance(text, bytes) else text.encode()))
    assert len([next(items) for _ in range(before)]) == before
    with pytest.raises(WireError):
        next(items)
    assert [*items] == []


@pytest.mark.parametrize(
    "item",
    {
        "a key twice": b'{"a": 1, "A": 2}',
        "a key twice within": b'{"a": [{"b": {}, "b": {}}]}',
        "no number": b"NaN",
        "no number within": b'{"a": 1, "b": -Infinity, "c": "]"}',
        "an over-long integer": b"1" * 5000,
        "a number out of range": b"1.5e999999999999999999999",
        "no text": b'{"a": "\xff", "b": 2}',
        "half a letter": b'"\xe2\x82"',
    }.values(),
)
def test_an_item_that_cannot_be_read_hides_no_other(item: bytes) -> None:
    """Where it is told where that item ends, the same iterator goes on behind it."""
    items = iter(JsonArray(b"[1, " + item + b', {"a": "\xe2\x82\xac"} , ' + item + b"]"))
    assert next(items) == 1
    with pytest.raises(WireError):
        next(items)
    assert next(items) == {"a": "\u20ac"}
    with pytest.raises(WireError):
        next(items)
    assert [*items] == []


@given(st.lists(st.integers() | st.text() | st.booleans() | st.none() | st.lists(st.integers(), max_size=3)))
def test_an_array_is_what_json_says(values: list[Any]) -> None:
    """Whatever is in it, and with whatever blanks."""
    assert [*JsonArray(json.dumps(values, indent=1).encode())] == values


LISTINGS: dict[str, tuple[str, list[Any], dict[str, Any]]] = {
    "rows first": ('{"Rows": [1, {"A": 2}], "Total": 7}', [1, {"a": 2}], {"rows": [], "total": 7}),
    "rows last": (' {"total" : 0.5 ,"ROWS" :[ ] } ', [], {"total": Decimal("0.5"), "rows": []}),
    "rows between": (
        '\ufeff{"a": {"rows": [9]}, "rows": [1], "b": ["\u20ac"]}',
        [1],
        {"a": {"rows": [9]}, "rows": [], "b": ["\u20ac"]},
    ),
    "no rows": ('{"total": 7}', [], {"total": 7}),
    "rows that are none": ('{"rows": {"7": 7}}', [], {"rows": {"7": 7}}),
    "nothing": (" { } ", [], {}),
    "a bare array": ("[1, 2]", [1, 2], {"rows": []}),
}


@pytest.mark.parametrize(("text", "items", "rest"), LISTINGS.values(), ids=LISTINGS.keys())
def test_a_listing_is_read_row_by_row(text: str, items: list[Any], rest: dict[str, Any]) -> None:
    """What stands beside its rows is known once these were read, and anew each time."""
    listing = JsonListing(text.encode(), key="rows")
    for _ in range(2):
        assert [*listing] == items
        assert (listing.rest, listing.listed) == (rest, len(items))
    assert listing == JsonListing(text.encode(), key="rows")


@pytest.mark.parametrize(
    ("text", "before"),
    {
        "none": ("", 0),
        "neither": ("7", 0),
        "no key": ("{7: 7}", 0),
        "no colon": ('{"a" 7}', 0),
        "no value": ('{"a": }', 0),
        "cut off at a key": ('{"rows": [1], ', 1),
        "cut off in a key": ('{"rows": [1], "a', 1),
        "cut off after the rows": ('{"rows": [1]', 1),
        "cut off after a row": ('{"rows": [1, 2', 2),
        "cut off within a row": ('{"rows": [1, {"a', 1),
        "cut off behind the rows": ('{"rows": [1], "total": ', 1),
        "another sign": ('{"rows": [1]; "total": 7}', 1),
        "a comma too many": ('{"rows": [1], }', 1),
        "a comma too many within": ('{"rows": [1, ]}', 1),
        "more after it": ('{"rows": [1]} 3', 1),
        "more after an array": ("[1] 3", 1),
        "a key twice": ('{"rows": [1], "Total": 1, "total": 1}', 1),
        "rows twice": ('{"rows": [1], "Rows": [2]}', 1),
        "a key that is no text": (b'{"rows": [1], "\xff": 1}', 1),
        "too deep": ('{"rows": [1], "a": ' + "[" * 100_000, 1),
    }.values(),
)
def test_a_listing_that_breaks_off_has_no_rest(text: str | bytes, before: int) -> None:
    """Its rows before that place are given, then it is told, and nothing beside them is known."""
    listing = JsonListing(text if isinstance(text, bytes) else text.encode(), key="rows")
    items = iter(listing)
    assert len([next(items) for _ in range(before)]) == before
    with pytest.raises(WireError):
        next(items)
    assert [*items] == []
    with pytest.raises(WireError, match="not read to its end"):
        _ = listing.rest


@pytest.mark.parametrize("broken", [b"NaN", b'{"a": 1, "A": 1}', b'"\xff"', b"1" * 50])
def test_what_is_broken_in_a_listing_hides_no_row(broken: bytes) -> None:
    """A row, or what stands beside the rows; the first is counted, the second leaves nothing known."""
    listing = JsonListing(b'{"total": 1, "rows": [' + broken + b', 2], "b": 1}', key="rows")
    items = iter(listing)
    with pytest.raises(WireError):
        next(items)
    assert ([*items], listing.listed, listing.rest["b"]) == ([2], 2, 1)
    listing = JsonListing(b'{"total": ' + broken + b', "rows": [1, 2], "b": 1}', key="rows")
    items = iter(listing)
    with pytest.raises(WireError):
        next(items)
    assert ([*items], listing.listed) == ([1, 2], 2)
    with pytest.raises(WireError):
        _ = listing.rest


def test_a_listing_that_was_not_read_has_no_rest() -> None:
    """Nor one that is read again, until its end."""
    listing = JsonListing(b'{"rows": [1, 2]}', key="rows")
    with pytest.raises(WireError):
        _ = listing.rest
    assert [*listing] == [1, 2]
    assert next(iter(listing)) == 1
    with pytest.raises(WireError):
        _ = listing.rest


@given(
    st.dictionaries(
        st.text(alphabet="abrowsAB_", max_size=4), st.integers() | st.text() | st.lists(st.integers())
    )
)
def test_a_listing_is_what_json_says(values: dict[str, Any]) -> None:
    """Whatever is in it, and with whatever blanks; what is unreadable as a whole is unreadable so."""
    content = json.dumps(values, indent=1).encode()
    listing = JsonListing(content, key="rows")
    try:
        whole = read_json(content)
    except WireError:
        with pytest.raises(WireError):
            [*listing]  # noqa: B018 - iterating is what raises
        return
    rows = whole.get("rows")
    assert [*listing] == (rows if isinstance(rows, list) else [])
    assert listing.rest == {**whole, **({"rows": []} if isinstance(rows, list) else {})}
