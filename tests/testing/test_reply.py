"""Replies as values, and JSON with exact numbers."""

from __future__ import annotations

import json
from decimal import Decimal
from types import MappingProxyType

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand.testing import SILENCE, Reply, json_response, json_text, text_response
from countermand.venue import HttpResponse

plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain_json)
def test_json_is_json(value: object) -> None:
    """Whatever is plain JSON is written as such."""
    assert json.loads(json_text(value)) == value


@pytest.mark.parametrize("number", ["0.1234567890123456789012345678", "1E+3", "7771631881502002117", "-0.10"])
def test_decimals_are_written_digit_by_digit(number: str) -> None:
    """A quantity loses no digit, whatever its length, and bears no exponent."""
    text = json_text({"q": [Decimal(number)]})
    assert "E" not in text
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == {"q": [Decimal(number)]}


def test_responses_say_what_they_are() -> None:
    """JSON and text have their content type, and a header can be added."""
    answer = json_response((1, 2), 429, {"Retry-After": "3"})
    assert (answer.status, answer.content, answer.headers["retry-after"]) == (429, b"[1,2]", "3")
    assert answer.headers["content-type"].startswith("application/json")
    text = text_response("NOT FOUND", 404)
    assert (text.status, text.content, text.headers["content-type"]) == (404, b"NOT FOUND", "text/plain")


def test_reply_is_given_or_made_in_time() -> None:
    """A reply is a response, or is made from the time at which it is due."""
    fixed = HttpResponse(status=204)
    assert Reply(response=fixed).response_at(3.0) is fixed
    assert Reply(response=lambda now: text_response(str(now), 200)).response_at(3.0).content == b"3.0"


def test_silence_has_no_answer() -> None:
    """No answer is ever made of silence."""
    with pytest.raises(ValueError, match="no answer"):
        SILENCE.response_at(3.0)


def test_a_mapping_is_an_object_and_a_float_a_number() -> None:
    """Whatever kind of mapping it is."""
    assert json_text(MappingProxyType({"a": 0.5, "b": (1,)})) == '{"a":0.5,"b":[1]}'


def test_reply_can_be_changed_before_it_is_made() -> None:
    """A change hears of the time when the reply is due; there is nothing to change about silence."""

    def dated(response: HttpResponse, due: float) -> HttpResponse:
        return attrs.evolve(response, headers={"date": str(due)})

    for response in (HttpResponse(status=204), lambda _now: HttpResponse(status=204)):
        assert Reply(response=response).changed(dated).response_at(3.0).headers == {"date": "3.0"}
    assert SILENCE.changed(dated) is SILENCE
