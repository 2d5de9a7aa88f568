"""How answers come over the wire, as values."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand.testing import FaultKind, WireTrouble
from countermand.testing._course import End, Whole, course_of, whole
from countermand.venue import HttpResponse

K = FaultKind
ANSWER = Whole(head=b"HTTP/1.1 200 \r\nx: 1\r\n\r\n", body=b"0123456789")
BODILESS = Whole(head=b"HTTP/1.1 204 \r\n\r\n", body=b"")
STRAY = HttpResponse(status=204)


@pytest.mark.parametrize("answer", [ANSWER, BODILESS], ids=["body", "bodiless"])
@pytest.mark.parametrize(
    ("kind", "middle", "share", "end"),
    [
        (K.RESET, False, "none", End.RESET),
        (K.RESET, True, "some", End.RESET),
        (K.CLOSE, False, "none", End.CLOSE),
        (K.CLOSE, True, "some", End.CLOSE),
        (K.STALL, False, "none", End.STALL),
        (K.STALL, True, "some", End.STALL),
        (K.HALF, False, "half a body", End.CLOSE),
        (K.DRIBBLE, False, "all", End.KEEP),
        (K.DRIBBLE, True, "all", End.KEEP),
        (K.LATE, True, "all", End.KEEP),
        (K.TWO_ANSWERS, False, "two", End.KEEP),
    ],
)
def test_what_comes_and_how_it_ends(
    answer: Whole, kind: FaultKind, middle: bool, share: str, end: End
) -> None:
    """Nothing, a part, all of an answer, or two; and the connection ends or not."""
    course = course_of(WireTrouble(kind=kind, middle=middle, seconds=3.0, stray=STRAY), answer, 4)
    came = b"".join(piece.data for piece in course.pieces)
    body_at = len(answer.head) + 5 if answer.body else len(answer.head) // 2
    assert came == {
        "none": b"",
        "some": answer.data[: len(answer.data) // 2],
        "half a body": answer.data[:body_at],
        "all": answer.data,
        "two": answer.data + b"HTTP/1.1 204 \r\n\r\n",
    }.get(share)
    assert course.end is end


def test_a_dribbled_answer_comes_in_pieces_over_its_time() -> None:
    """As many as asked for at most, and no pause is longer than the others."""
    course = course_of(WireTrouble(kind=K.DRIBBLE, seconds=3.0), ANSWER, 8)
    assert 4 < len(course.pieces) <= 8
    assert sum(piece.wait_s for piece in course.pieces) == pytest.approx(3.0)
    middle = course_of(WireTrouble(kind=K.DRIBBLE, seconds=3.0, middle=True), ANSWER, 1000)
    assert [(piece.wait_s, piece.data) for piece in middle.pieces] == [
        (0.0, ANSWER.head + b"01234"),
        *((pytest.approx(0.6), bytes([byte])) for byte in b"56789"),
    ]


def test_a_late_rest_comes_late() -> None:
    """The first half at once."""
    course = course_of(WireTrouble(kind=K.LATE, seconds=3.0, middle=True), ANSWER, 8)
    assert [piece.wait_s for piece in course.pieces] == [0.0, 3.0]


def test_garbage_is_no_http() -> None:
    """Not one line of it."""
    (piece,) = course_of(WireTrouble(kind=K.GARBAGE), ANSWER, 8).pieces
    client = h11.Connection(h11.CLIENT)
    client.receive_data(piece.data)
    with pytest.raises(h11.RemoteProtocolError):
        client.next_event()


@given(
    status=st.sampled_from([200, 204, 302, 304, 404, 500]),
    headers=st.dictionaries(
        st.sampled_from(["content-type", "age", "location", "content-length"]),
        st.text("abc1/", min_size=1),
        max_size=3,
    ),
    content=st.binary(max_size=40),
)
def test_an_answer_is_the_same_bytes_in_both_shells(
    status: int, headers: dict[str, str], content: bytes
) -> None:
    """What is written without h11 is what h11 writes."""
    written = whole(HttpResponse(status=status, headers=headers, content=content))
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    server.next_event()
    kept = {name: value for name, value in headers.items() if name != "content-length"}
    if written.body or status not in (204, 304):
        kept["content-length"] = str(len(content))
    assert server.send(h11.Response(status_code=status, headers=list(kept.items()))) == written.head
    assert written.body == (b"" if status in (204, 304) else content)
