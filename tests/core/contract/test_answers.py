"""Answers: a table from statuses to verdicts, with the venue's own words."""

from __future__ import annotations

import attrs
import pytest

from countermand import Reason
from countermand.errors import InvalidRequestError
from countermand.venue import (
    CancelVerdict,
    Gone,
    HttpResponse,
    LoggedIn,
    MayHaveActed,
    Receipt,
    Refused,
    Session,
    SessionRefused,
    Throttled,
    Unreadable,
)
from countermand.venue._receipts import is_remembered
from countermand.venue.answers import (
    as_log_in,
    by_status,
    join_texts,
    remembers_receipts,
    shaped,
    told,
)
from countermand.venue.wire import WireError, expect_list, path_segment, read_client_order_id

TABLE: dict[int, CancelVerdict] = {204: Receipt(), 404: Gone(), 429: Throttled(), 5: MayHaveActed()}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (204, Receipt(code="204", text="said")),
        (404, Gone(code="404", text="said")),
        (500, MayHaveActed(code="500", text="said")),
        (599, MayHaveActed(code="599", text="said")),
        (200, Unreadable(code="200", text="said")),
        (302, Unreadable(code="302", text="said")),
        (5, MayHaveActed(code="5", text="said")),
    ],
)
def test_a_status_says_what_the_table_says(status: int, verdict: CancelVerdict) -> None:
    """Itself, or its first digit; what stands in neither is no answer of the venue's."""
    assert by_status(TABLE, HttpResponse(status=status), "said") == verdict


def test_the_venues_own_code_outranks_the_status() -> None:
    """The status is told only where there is nothing better."""
    assert told(Gone(), HttpResponse(status=400), None, "104") == Gone(code="104")
    assert len(told(Gone(), HttpResponse(status=400), None, "x" * 600).code or "") == 500


def test_a_throttled_answer_tells_for_how_long() -> None:
    """From the reply's own header."""
    response = HttpResponse(status=429, headers={"Retry-After": "3"})
    assert by_status(TABLE, response) == Throttled(code="429", retry_after_s=3.0)


def test_a_wait_that_a_body_told_is_kept() -> None:
    """A header says more; where there is none, nothing is known to be otherwise."""
    waiting = Throttled(retry_after_s=1.5)
    assert told(waiting, HttpResponse(status=200)).retry_after_s == 1.5
    later = HttpResponse(status=429, headers={"retry-after": "3"})
    assert told(waiting, later).retry_after_s == 3.0


def test_a_reader_remembers_short_receipts_and_nothing_else() -> None:
    """Whatever is not one is read anew; so is one of another status, a long one, and one too many."""
    asked: list[HttpResponse] = []

    @remembers_receipts
    def read(response: HttpResponse) -> CancelVerdict:
        asked.append(response)
        return by_status(TABLE, response, response.content.decode())

    def readings(status: int, content: bytes) -> int:
        asked.clear()
        response = HttpResponse(status=status, content=content, headers={"retry-after": f"{len(content)}"})
        first, second = read(response), read(response)
        assert first == second == by_status(TABLE, response, content.decode())
        return len(asked)

    assert [readings(204, b"fine"), readings(404, b"fine"), readings(204, b"fine")] == [1, 2, 0]
    assert [readings(429, b"1"), readings(429, b"22")] == [2, 2]
    assert [readings(204, b"x" * 256), readings(204, b"x" * 257)] == [1, 2]
    assert [readings(204, b"%d" % number) for number in range(31)] == [1] * 30 + [2]
    assert [readings(204, b"fine"), readings(204, b"0")] == [0, 0]


def test_whether_a_receipt_is_remembered() -> None:
    """By the reader that read it: with that status and those bytes, and from then on."""

    def read(response: HttpResponse) -> CancelVerdict:
        return by_status(TABLE, response)

    class Unhashable:
        """A reader as a plugin may have it."""

        __hash__ = None  # type: ignore[assignment]  # so that it can be no key

        def __call__(self, response: HttpResponse) -> CancelVerdict:
            return read(response)

    reader, other = remembers_receipts(read), remembers_receipts(read)
    taken, gone = HttpResponse(status=204, content=b"fine"), HttpResponse(status=404, content=b"fine")
    assert not is_remembered(reader, taken)
    reader(taken)
    reader(gone)
    assert reader.__name__ == "read"  # as faults of a plugin name it
    assert is_remembered(reader, attrs.evolve(taken, headers={"date": "now"}))
    assert not is_remembered(reader, gone)
    assert not is_remembered(reader, attrs.evolve(taken, content=b"less fine"))
    assert not any(is_remembered(one, taken) for one in (other, read, Unhashable()))


def test_a_value_of_another_shape_is_unreadable() -> None:
    """What was expected is told."""
    response = HttpResponse(status=200)

    def broken(_value: object) -> int:
        raise WireError("expected a pebble")

    assert shaped([7], len, response) == 1
    assert shaped(7, broken, response) == Unreadable(code="200", text="expected a pebble")


def test_only_a_list_is_a_list() -> None:
    """An object without the rows would look like absence."""
    assert expect_list([1], "orders") == [1]
    with pytest.raises(WireError, match="expected a list of orders, got dict"):
        expect_list({}, "orders")


IN = LoggedIn(session=Session(token="t"))
LOG_INS: dict[str, tuple[object, object]] = {
    "in": (IN, IN),
    "refused": (
        SessionRefused(code="401", text="no"),
        Refused(reason=Reason.NOT_AUTHORIZED, code="401", text="no"),
    ),
    "no such call": (
        SessionRefused(code="404", or_unsupported=True),
        Refused(reason=Reason.NOT_SUPPORTED, code="404"),
    ),
    "nothing there": (Gone(code="404"), Refused(reason=Reason.NOT_SUPPORTED, code="404")),
    "throttled": (Throttled(), Throttled()),
}


@pytest.mark.parametrize(("answer", "end"), LOG_INS.values(), ids=LOG_INS)
def test_what_answers_mean_to_a_log_in(answer: object, end: object) -> None:
    """No session can be refused where there is none yet: then it is the log-in that is."""
    assert as_log_in(answer) == end


def test_nothing_there_may_mean_no_such_user() -> None:
    """At venues that say so of whatever they do not know."""
    refused = as_log_in(Gone(code="104"), gone=Reason.NOT_AUTHORIZED)
    assert refused == Refused(reason=Reason.NOT_AUTHORIZED, code="104")


def test_texts_are_joined_without_what_is_empty() -> None:
    """Only texts and numbers, as long as an ack keeps them, and nothing that no log can bear."""
    assert join_texts("no", "", None, 7, ["x"]) == "no: 7"
    assert join_texts(None, "") is None
    assert len(join_texts("x" * 600) or "") == 500
    assert join_texts("\ud800") == "?"


def test_a_client_order_id_that_nobody_can_name_is_none() -> None:
    """It is free text at many venues."""
    named = read_client_order_id("mine-7")
    assert named is not None
    assert (named.value, read_client_order_id("a b"), read_client_order_id(None)) == ("mine-7", None, None)


def test_a_path_segment_stays_one() -> None:
    """Whatever an id holds, it names no other resource."""
    assert path_segment("../7?x=1#y z") == "..%2F7%3Fx%3D1%23y%20z"


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_a_path_segment_is_none_that_a_path_loses(text: str) -> None:
    """A cancel of order "." would be one of all orders."""
    with pytest.raises(InvalidRequestError, match="cannot stand in a path"):
        path_segment(text)
