"""Verdicts, calls and HTTP as values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand import OrderId, OrderReport, OrderStatus, Reason
from countermand.venue import (
    Accounts,
    Acted,
    CallKind,
    CancelVerdict,
    CodeWanted,
    Gone,
    HttpRequest,
    HttpResponse,
    Limit,
    LimitScope,
    LoggedIn,
    MayHaveActed,
    OrderRead,
    Page,
    PerOrder,
    Receipt,
    Refused,
    Session,
    SessionRefused,
    Throttled,
    TrailRead,
    Unreadable,
    retry_after_s,
)

NEW = OrderReport(order_id=OrderId("7"), status=OrderStatus.NEW, filled_quantity=Decimal(0))
ACTED = {
    Receipt: Acted.YES,
    Refused: Acted.NO,
    Gone: Acted.NO,
    SessionRefused: Acted.NO,
    Throttled: Acted.MAYBE,
    MayHaveActed: Acted.MAYBE,
    Unreadable: Acted.MAYBE,
}


@pytest.mark.parametrize(
    ("verdict", "acted"), ACTED.items(), ids=lambda value: getattr(value, "__name__", "")
)
def test_what_a_verdict_says_about_acting(verdict: type[Any], acted: Acted) -> None:
    """Each verdict says whether the venue may have acted; only a throttled call can be told otherwise."""
    assert verdict().acted is acted
    if verdict is not Throttled:
        with pytest.raises(TypeError):
            verdict(acted=Acted.NO)


def test_a_venue_that_documents_throttling() -> None:
    """A throttled call was not processed only where the venue's documents say so."""
    assert Throttled(acted=Acted.NO).acted is Acted.NO


@pytest.mark.parametrize(
    ("verdicts", "acted"),
    [
        ([Refused(), Receipt(), MayHaveActed()], Acted.YES),
        ([Refused(), MayHaveActed()], Acted.MAYBE),
        ([Refused(), Gone()], Acted.NO),
        ([Receipt()], Acted.YES),
    ],
)
def test_what_an_answer_for_each_says_about_acting(verdicts: list[CancelVerdict], acted: Acted) -> None:
    """As much as what it says of any one of them; of what it leaves out it says nothing."""
    told = PerOrder(orders={OrderId(str(number)): verdict for number, verdict in enumerate(verdicts)})
    assert told.acted is acted
    assert [told.of(order_id) for order_id in told.orders] == verdicts
    assert told.of(OrderId("7")).acted is Acted.MAYBE


def test_an_answer_for_none_is_no_answer_for_each() -> None:
    """Whether nobody was there, or nothing was done, is for the plugin to say."""
    with pytest.raises(ValueError, match="orders"):
        PerOrder(orders={})


@pytest.mark.parametrize("reason", [Reason.TOO_LATE, Reason.NOT_SENT, Reason.UNKNOWN_ORDER, Reason.REPLACED])
def test_what_a_venue_cannot_refuse_with(reason: Reason) -> None:
    """Reasons that need more than a venue's words are for the core to conclude."""
    with pytest.raises(ValueError, match="reason"):
        Refused(reason=reason)


def test_what_is_not_said_is_not_so() -> None:
    """A venue that adds nothing has said no more than the kind of its answer does."""
    assert (Receipt().executed, SessionRefused().or_unsupported, Throttled().retry_after_s) == (
        False,
        False,
        None,
    )
    assert TrailRead() == TrailRead(report=None, cancel_rejected=False, text=None)
    assert Accounts(ids=("9",)) != Accounts(ids=("9", "10"))
    assert OrderRead(report=NEW) != OrderRead(report=attrs.evolve(NEW, status=OrderStatus.FILLED))
    assert Session(token="t").lifetime_s is None


#: What each kind of answer is made of, as no plugin can give it.
UNNAMED: dict[Any, object] = {
    Receipt: True,
    Refused: Reason.VENUE_REFUSED,
    Gone: "104",
    Throttled: 1.0,
    SessionRefused: True,
    MayHaveActed: "500",
    Unreadable: "500",
    PerOrder: {OrderId("7"): Receipt()},
    OrderRead: NEW,
    TrailRead: NEW,
    Page: (NEW,),
    Accounts: ("9",),
    Session: "t",
    LoggedIn: Session(token="t"),
    CodeWanted: "t",
}


@pytest.mark.parametrize(("kind", "value"), UNNAMED.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_whatever_an_answer_says_is_named(kind: Any, value: object) -> None:
    """So that a plugin goes on meaning what it means when an answer can say more."""
    with pytest.raises(TypeError):
        kind(value)


def test_what_stands_behind_the_rows_of_a_page() -> None:
    """It is asked for once they were read; of a page that tells all at once there is nothing to ask."""
    whole = Page(rows=(NEW,), next_page=2, total=7, listed=3)
    assert whole.ended() is whole
    behind = Page(rows=(), next_page=2, total=7, listed=3)
    lazy = Page(rows=(NEW,), behind=lambda: behind)
    assert (lazy.next_page, lazy.total, lazy.listed) == (None, None, None)
    assert lazy.ended() == whole
    assert lazy == Page(rows=(NEW,))
    assert "behind" not in repr(lazy)


def test_what_is_never_shown() -> None:
    """Tokens, headers and bodies have no repr."""
    session = Session(token="s3cret")
    shown = [
        session,
        LoggedIn(session=session),
        CodeWanted(interim="s3cret"),
        HttpRequest(method="GET", path="/", headers={"token": "s3cret"}, content=b"s3cret"),
        HttpResponse(status=200, headers={"set-token": "s3cret"}, content=b"s3cret"),
    ]
    assert "s3cret" not in repr(shown)


def test_header_names_are_lower_case() -> None:
    """However a reply spells its header names, they are found by their lower case."""
    assert HttpResponse(status=200, headers={"Retry-AFTER": "1"}).headers == {"retry-after": "1"}


@pytest.mark.parametrize(
    "wrong", [{"rate": 0.0}, {"rate": -1.0}, {"rate": True}, {"rate": "1"}, {"burst": 0}]
)
def test_a_limit_lets_something_through(wrong: dict[str, object]) -> None:
    """A limit of no calls at all cannot exist."""
    limit = Limit(per=LimitScope.VENUE, kinds=frozenset({CallKind.CANCEL}), rate=1.0, burst=1)
    with pytest.raises(ValueError, match=next(iter(wrong))):
        attrs.evolve(limit, **wrong)  # type: ignore[arg-type]  # fields by name


DATE = "Fri, 31 Dec 1999 23:59:50 GMT"
WAITS = {
    "seconds": ("120", None, 120.0),
    "no time": ("0", None, 0.0),
    "blanks around": (" 7 ", None, 7.0),
    "very long": ("9" * 400, None, 999999999.0),
    "a date, from the reply's own": ("Fri, 31 Dec 1999 23:59:59 GMT", DATE, 9.0),
    "a date that is over": ("Fri, 31 Dec 1999 23:59:40 GMT", DATE, 0.0),
    "a date without the reply's own": ("Fri, 31 Dec 1999 23:59:59 GMT", None, None),
    "a date without a zone": ("Fri, 31 Dec 1999 23:59:59 -0000", DATE, None),
    "negative": ("-1", DATE, None),
    "a fraction": ("1.5", DATE, None),
    "digits of another script": ("\u0661", DATE, None),
    "a word": ("soon", DATE, None),
    "nothing": ("", DATE, None),
}


@pytest.mark.parametrize(("value", "date", "expected"), WAITS.values(), ids=WAITS.keys())
def test_how_long_to_wait(value: str, date: str | None, expected: float | None) -> None:
    """Retry-After is read as RFC 9110, 10.2.3 has it: a number of seconds, or a date."""
    dated = {} if date is None else {"Date": date}
    assert retry_after_s(HttpResponse(status=429, headers={"Retry-After": value, **dated})) == expected


def test_no_word_of_waiting() -> None:
    """Without the header nothing is known."""
    assert retry_after_s(HttpResponse(status=429)) is None


@given(value=st.text(), date=st.sampled_from([DATE, "", "x"]))
def test_any_header_is_a_wait_or_none(value: str, date: str) -> None:
    """Whatever the header says, there is a wait of no less than nothing, or none is known."""
    wait = retry_after_s(HttpResponse(status=429, headers={"retry-after": value, "date": date}))
    assert wait is None or wait >= 0
