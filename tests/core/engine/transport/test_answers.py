"""Heads that are known: they save a parser, and nothing of one answer is ever taken for another's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countermand._wire._answers import MOST_HEADS, Answers
from countermand._wire._exchange import Exchange
from countermand._wire._h11_parser import H11Parser
from countermand._wire._head import Head, Headers, Parser
from countermand._wire._httptools_parser import HttptoolsParser
from countermand._wire._written import Written

OK = b"HTTP/1.1 200 OK\r\n"
YES = OK + b"content-length: 3\r\n\r\nyes"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
#: An answer, of which the body is one.
NESTED = OK + b"content-length: %d\r\n\r\n" % len(YES) + YES


def exchange(answers: Answers, method: str = "GET", *, closes: bool = False) -> Exchange:
    """Begin one."""
    return Exchange(Written(b"", method, closes=closes), answers)


def after(*said: bytes) -> Answers:
    """Know what is known after these answers."""
    answers = Answers(HttptoolsParser)
    for data in said:
        exchange(answers).take_in(data)
    return answers


@attrs.frozen
class Seen:
    """What is to be seen of an exchange."""

    head: Head | None
    headers: Headers
    unread: bytes
    ended: bool
    over: bool
    keeps: bool
    failure: str


def seen(one: Exchange, slices: Sequence[bytes]) -> Iterator[Seen]:
    """Tell what becomes of an exchange with each slice of its answer, and then with the end."""
    for data in (*slices, b""):
        if one.over:
            return
        one.take_in(data)
        headers = [] if one.head is None else one.head.headers.raw
        failed = type(one.failure).__name__
        yield Seen(one.head, headers, one.unread, one.ended, one.over, one.keeps, failed)


@st.composite
def similar(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Draw answers, and slices of one that is like one of them."""
    several = draw(st.lists(st.sampled_from([YES, CHUNKED, EMPTY, NESTED]), min_size=1, max_size=3))
    data = draw(st.sampled_from(several))
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(data)))
        piece = draw(st.sampled_from([b"", b"\r\n", b"0", b" ", b"H", b"n", YES]))
        data = data[:start] + piece + data[start + draw(st.sampled_from([0, len(piece)])) :]
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(data))) | st.just(len(data) - 3), max_size=3)))
    slices = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    return several, [one for one in slices if one]


@settings(max_examples=500)
@given(drawn=similar(), method=st.sampled_from(["GET", "DELETE", "HEAD", "CONNECT"]), closes=st.booleans())
def test_what_came_before_changes_nothing(
    drawn: tuple[list[bytes], list[bytes]], method: str, closes: bool
) -> None:
    """Whatever was answered before, an answer is what h11 makes of it alone, at each of its slices."""
    several, slices = drawn
    told = seen(exchange(after(*several), method, closes=closes), slices)
    assert list(told) == list(seen(exchange(Answers(H11Parser), method, closes=closes), slices))


class Counting(HttptoolsParser):
    """Counts the parsers that are made."""

    made = 0

    def __init__(self, method: str) -> None:
        super().__init__(method)
        Counting.made += 1


@pytest.mark.parametrize("data", [YES, EMPTY], ids=["with a body", "without one"])
def test_a_head_that_is_known_needs_no_parser(data: bytes) -> None:
    """The same head before a body as long is read without a parser; the body is the new one."""
    answers, other = Answers(Counting), data.replace(b"yes", b"no!")
    exchange(answers).take_in(data)
    before, one = Counting.made, exchange(answers)
    one.take_in(other)
    assert (one.keeps, one.unread, Counting.made) == (True, other.partition(b"\r\n\r\n")[2], before)


ODD: dict[str, tuple[list[bytes], str]] = {
    "an answer in a body": ([NESTED[: -len(YES)], YES], "GET"),
    "an answer after a word before it": ([b"HTTP/1.1 100 Continue\r\n\r\n", YES], "GET"),
    "a body where none may be": ([YES], "HEAD"),
    "a tunnel": ([YES], "CONNECT"),
    "a byte too many": ([YES + b"!"], "GET"),
    "a byte too few": ([YES[:-1], b"!"], "GET"),
    "another length": ([YES.replace(b": 3", b": 4")], "GET"),
    "an answer in chunks": ([CHUNKED], "GET"),
    "chunks of another size": ([CHUNKED.replace(b"3\r\nyes", b"2\r\nno!")], "GET"),
}


@pytest.mark.parametrize(("slices", "method"), ODD.values(), ids=ODD)
def test_what_is_not_taken_for_known(slices: list[bytes], method: str) -> None:
    """Where an answer would end elsewhere than one that was alike, it does."""
    told = seen(exchange(after(YES, YES[:-1], NESTED, CHUNKED), method), slices)
    assert list(told) == list(seen(exchange(Answers(H11Parser), method), slices))


def test_a_request_that_was_the_last() -> None:
    """A known head keeps no connection of which the request said that no other one follows."""
    one = exchange(after(YES), closes=True)
    one.take_in(YES)
    assert (one.ended, one.unread, one.keeps) == (True, b"yes", False)


def test_a_known_answer_after_its_time() -> None:
    """A known head keeps no connection whose exchange has failed before."""
    one, late = exchange(after(YES)), TimeoutError()
    one.fail(late)
    one.take_in(YES)
    assert (one.ended, one.over, one.keeps, one.failure) == (True, True, False, late)


@pytest.mark.parametrize("kind", [H11Parser, HttptoolsParser])
def test_few_heads_are_known(kind: type[Parser]) -> None:
    """However many answers come, only so many heads are kept, and the last one is among them."""
    answers = Answers(kind)
    for size in range(3 * MOST_HEADS):
        exchange(answers).take_in(OK + b"content-length: %d\r\n\r\n" % size + b"x" * size)
        assert len(answers) <= MOST_HEADS
        assert kind is H11Parser or answers[max(answers)].plain.endswith(b" %d\r\n\r\n" % size)


def test_of_one_length_the_last() -> None:
    """Of each length of answers the last head is known, and drives out no other."""
    several = [OK + b"content-length: %d\r\n\r\n" % size + b"x" * size for size in range(MOST_HEADS)]
    answers = after(*several, *(several[0].replace(b"OK", b"%02d" % number) for number in range(50)))
    assert (len(answers), answers[len(several[0])].reason) == (MOST_HEADS, b"49")


def test_what_comes_after_an_answer() -> None:
    """What comes after a whole answer, if anything could, adds nothing to what is known."""
    answers = Answers(HttptoolsParser)
    one = exchange(answers)
    one.take_in(YES)
    one.take_in(YES + b"!")
    assert list(answers) == [len(YES)]


def test_nothing_of_a_head_is_shown() -> None:
    """A head may bear what is secret: neither it nor its headers show in what is known."""
    answers: Any = after(OK + b"set-cookie: s3cret\r\ncontent-length: 0\r\n\r\n")
    assert len(answers) == 1
    assert "s3cret" not in repr(answers)
