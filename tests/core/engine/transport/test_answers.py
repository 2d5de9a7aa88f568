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
from countermand._wire._known import LEARNED_BYTES, MOST_VARYING
from countermand._wire._written import Written

OK = b"HTTP/1.1 200 OK\r\n"
YES = OK + b"content-length: 3\r\n\r\nyes"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
#: One with a date and an id of its own.
MARKED = OK + b"Date: %b\r\nX-Request-Id: %b\r\nContent-Length: 3\r\nAge: 0\r\n\r\n%b"
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


#: Headers of which some may vary, and others might be heeded.
NAMES = [
    "Date",
    "x-id",
    "Server",
    "Connection",
    "Content-Length",
    "Transfer-Encoding",
    "Upgrade",
    "Keep-Alive",
]
#: As long, so that they can vary: texts, and what only looks like one.
VALUES = [
    b"0003",
    b"0000",
    b"\xff-\x80:",
    b"    ",
    b"\t\tx ",
    b"a\r\nb",
    b"\r\n\r\n",
    b"\r\n x",
    b"a\x00\x7fb",
    b"a\nb:",
]


@st.composite
def marked(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Draw answers that differ in the values of some headers, and one more, in slices."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3))
    lines = b"".join(b"%b:%%b\r\n" % name.encode() for name in names)
    body = draw(st.sampled_from([b"yes", b"", YES]))
    framed = draw(st.sampled_from([b"content-length: %d\r\n" % len(body), b""]))
    form = OK + lines + framed + b"\r\n"
    values = st.tuples(*[st.sampled_from(VALUES) | st.binary(min_size=4, max_size=4) for _ in names])
    texts = st.tuples(*[st.sampled_from(VALUES[:5]) for _ in names])
    several = [form % drawn + body for drawn in draw(st.lists(texts, min_size=2, max_size=4))]
    data = form % draw(values | texts) + body
    cut = draw(st.sampled_from([len(data), len(data), len(data), 1, len(data) - len(body)]))
    return several, [one for one in (data[:cut], data[cut:]) if one]


@settings(max_examples=1000)
@given(drawn=marked(), method=st.sampled_from(["DELETE", "HEAD"]))
def test_values_that_vary_change_nothing_else(drawn: tuple[list[bytes], list[bytes]], method: str) -> None:
    """Whatever varied before, an answer is what h11 makes of it alone, with its own headers."""
    several, slices = drawn
    told = seen(exchange(after(*several), method), slices)
    assert list(told) == list(seen(exchange(Answers(H11Parser), method), slices))


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


def parsed(answers: Answers, data: bytes) -> bool:
    """Tell whether a whole answer needs a parser."""
    before, one = Counting.made, exchange(answers)
    one.take_in(data)
    assert one.keeps
    return Counting.made > before


def test_a_date_and_an_id_need_no_parser() -> None:
    """Where a header has varied once, it may: each answer has its own, and those before keep theirs."""
    answers = Answers(Counting)
    for said in ((b"05", b"ab12", b"yes"), (b"06", b"cd34", b"yes")):
        exchange(answers).take_in(MARKED % said)
    one, other = exchange(answers), exchange(answers)
    before = Counting.made
    one.take_in(MARKED % (b"07", b"-/+\xff", b"no!"))
    other.take_in(MARKED % (b"08", b"  x\t", b"yes"))
    assert Counting.made == before
    assert one.head is not None
    assert other.head is not None
    assert [dict(head.headers) for head in (one.head, other.head)] == [
        {"date": date, "x-request-id": mark, "content-length": "3", "age": "0"}
        for date, mark in (("07", "-/+\xff"), ("08", "x"))
    ]
    assert (one.unread, one.keeps, other.unread, other.keeps) == (b"no!", True, b"yes", True)


@pytest.mark.parametrize("place", [0, 2, 4], ids=["first", "within", "last"])
def test_each_byte_in_what_varies(place: int) -> None:
    """Whatever byte comes where a text may vary, the answer is what h11 makes of it."""
    for code in range(256):
        mark = b"ab12"[:place] + bytes([code]) + b"ab12"[place:]
        slices = [MARKED % (b"07", mark, b"yes")]
        told = seen(
            exchange(after(*(MARKED % (b"07", said, b"yes") for said in (b"ab123", b"cd345")))), slices
        )
        assert list(told) == list(seen(exchange(Answers(H11Parser)), slices)), code


def test_a_head_says_nothing_new_of_itself() -> None:
    """Where an answer is read again that is known, nothing comes to vary."""
    answers = after(YES)
    head = answers[len(YES)].of(YES)
    assert head is not None
    answers.remember(head, len(YES))
    assert answers[len(YES)].of(YES) is head
    assert answers[len(YES)].of(YES.replace(b"OK", b"AK")) is None


def test_what_varies_is_learned_bit_by_bit() -> None:
    """A header that comes to vary later adds to those that do already."""
    answers = Answers(Counting)
    several = [MARKED % said for said in ((b"1", b"a", b"yes"), (b"1", b"b", b"yes"), (b"2", b"b", b"yes"))]
    assert [parsed(answers, data) for data in several] == [True, True, True]
    assert not parsed(answers, MARKED % (b"3", b"c", b"yes"))


def test_the_same_head_again_is_the_same() -> None:
    """Answers that say the very same share a head, also where it might vary."""
    several = [MARKED % (b"1", mark, b"yes") for mark in (b"a", b"b", b"c")]
    answers = after(*several)
    heads = [answers[len(data)].of(data) for data in (several[2], several[2], several[1])]
    assert heads[0] is heads[1]
    assert heads[0] != heads[2]


def test_what_was_looked_for_in_vain_need_not_be_looked_for_again() -> None:
    """A head with the same names lacks what the one before it lacked, and has what that had."""
    several = [MARKED % (b"1", mark, b"yes") for mark in (b"a", b"b", b"c", b"d")]
    answers = after(*several[:2])
    for data in several[1:]:
        one = exchange(answers)
        one.take_in(data)
        assert one.head is not None
        told = one.head.headers.lacked
        assert (one.head.headers.get("retry-after"), one.head.headers.get("age")) == (None, "0")
        assert told == ("" if data is several[1] else "retry-after")


STEADY: dict[str, tuple[bytes, bytes, bytes]] = {
    "a status": (b"HTTP/1.1 %b OK\r\n\r\n", b"204", b"304"),
    "a reason": (b"HTTP/1.1 204 a:%b\r\n\r\n", b"b", b"c"),
    "a name": (b"HTTP/1.1 204 OK\r\n%b: a\r\n\r\n", b"x", b"y"),
    "how a name is written": (b"HTTP/1.1 204 OK\r\n%b: a\r\n\r\n", b"x", b"X"),
    "where a line ends": (b"HTTP/1.1 204 OK\r\nx: a\r\nx: %b\r\n\r\n", b"aa\r\nx: a", b"a\r\nx: aa"),
    "how many lines": (b"HTTP/1.1 204 OK\r\nx: a%b\r\n\r\n", b"\r\nx: a", b"aaaaaa"),
    "a length": (OK + b"content-length: %b\r\n\r\nyes", b"3 ", b" 3"),
    "whether it is kept": (EMPTY[:-2] + b"Connection: %b\r\n\r\n", b"keep-alive", b"Keep-Alive"),
    "for how long it is kept": (EMPTY[:-2] + b"Keep-Alive: timeout=%b\r\n\r\n", b"5", b"4"),
    "what is offered": (EMPTY[:-2] + b"Upgrade: %b\r\n\r\n", b"h2c", b"wss"),
}


@pytest.mark.parametrize(("form", "first", "second"), STEADY.values(), ids=STEADY)
def test_what_must_not_vary(form: bytes, first: bytes, second: bytes) -> None:
    """Nothing but the value of a header may vary, and of none that a parser might heed."""
    answers = Answers(Counting)
    assert [parsed(answers, form % value) for value in (first, second, first)] == [True, True, True]
    assert not parsed(answers, form % first)


@pytest.mark.parametrize(("several", "learned"), [(MOST_VARYING, True), (MOST_VARYING + 1, False)])
def test_only_so_many_headers_vary(several: int, learned: bool) -> None:
    """Where more headers vary than are learned, each answer is read by a parser."""
    answers, form = Answers(Counting), EMPTY[:-2] + b"x-id: %d\r\n" * several + b"\r\n"
    read = [parsed(answers, form % ((number,) * several)) for number in (1, 2, 3)]
    assert read == [True, True, not learned]


@pytest.mark.parametrize(("length", "learned"), [(LEARNED_BYTES, True), (LEARNED_BYTES + 1, False)])
def test_nothing_is_learned_of_a_long_head(length: int, learned: bool) -> None:
    """In a head that is too long nothing varies; the same one again needs no parser."""
    answers, form = Answers(Counting), EMPTY[:-2] + b"x: %b%d\r\n\r\n"
    padding = b"x" * (length - len(form % (b"", 1)))
    read = [parsed(answers, form % (padding, number)) for number in (1, 2, 3, 3)]
    assert read == [True, True, not learned, False]


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
        last = OK + b"content-length: %d\r\n\r\n" % size
        assert kind is H11Parser or answers[max(answers)].of(last) is not None


def test_of_one_length_the_last() -> None:
    """Of each length of answers the last head is known, and drives out no other."""
    several = [OK + b"content-length: %d\r\n\r\n" % size + b"x" * size for size in range(MOST_HEADS)]
    answers = after(*several, *(several[0].replace(b"OK", b"%02d" % number) for number in range(50)))
    last = answers[len(several[0])].of(several[0].replace(b"OK", b"49"))
    assert (len(answers), last and last.reason) == (MOST_HEADS, b"49")


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
