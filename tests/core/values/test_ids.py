"""An id has one spelling, and the two kinds of ids are never equal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand import ClientOrderId, OrderId
from countermand.errors import InvalidRequestError

Id = type[OrderId] | type[ClientOrderId]
both = pytest.mark.parametrize("kind", [OrderId, ClientOrderId])

GOOD = [
    "0",
    "7",
    "-7",
    "9223372036854775807",
    "abc",
    "A-1",
    "0x1F",
    "1.0",
    "+",
    "+a",
    "-0a",
    "00a",
    "!~",
    "7" * 128,
]
BAD = {
    "empty": ("", "1 to 128 printable"),
    "too long": ("7" * 129, "1 to 128 printable"),
    "a blank": ("a b", "1 to 128 printable"),
    "a line end": ("7\n", "1 to 128 printable"),
    "no ASCII": ("é", "1 to 128 printable"),
    "digits of another script": ("\u0667", "1 to 128 printable"),
    "a superscript": ("\u00b2", "1 to 128 printable"),
    "leading zeros": ("007", "without sign or leading zeros"),
    "many zeros": ("00", "without sign or leading zeros"),
    "a plus": ("+7", "without sign or leading zeros"),
    "minus zero": ("-0", "without sign or leading zeros"),
    "minus and zeros": ("-07", "without sign or leading zeros"),
    "an int": (7, "must be a string"),
    "none": (None, "must be a string"),
    "bytes": (b"7", "must be a string"),
}


@both
@pytest.mark.parametrize("value", GOOD)
def test_good_ids_are_kept_as_written(kind: Id, value: str) -> None:
    """An id with one spelling is taken, and shown as it was written."""
    assert str(kind(value)) == value
    assert kind(value) == kind(value)


@both
@pytest.mark.parametrize(("value", "words"), BAD.values(), ids=BAD.keys())
def test_bad_ids_cannot_exist(kind: Id, value: str, words: str) -> None:
    """What is no id is refused with the name of the type, the field and the value."""
    with pytest.raises(InvalidRequestError) as raised:
        kind(value)
    message = str(raised.value)
    assert words in message
    assert repr(value) in message
    assert message.startswith(f"'value' of {kind.__name__}")


def test_the_two_kinds_are_never_equal() -> None:
    """The same text as either kind names two different things."""
    assert len({OrderId("7"), ClientOrderId("7"), OrderId("7")}) == 2


@both
@given(value=st.text(max_size=6))
def test_equal_numbers_have_equal_ids(kind: Id, value: str) -> None:
    """Of all spellings of one whole number, one at most is an id: two ids never mean one order."""
    try:
        made = kind(value)
    except InvalidRequestError:
        return
    try:
        number = int(value)
    except ValueError:
        return
    assert "_" in value or made == kind(str(number))
