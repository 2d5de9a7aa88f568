"""A mass cancel of the venue's own that is answered order by order: each is told by what was said of it."""

from __future__ import annotations

from typing import Any

from countermand import OrderId, Outcome, PlacedAfter, Reason, Scope, ScopeKind, Sent
from countermand._case._facts import Ended
from countermand._sweep._native import native_facts
from countermand.venue import CancelVerdict, Capabilities, MayHaveActed, PerOrder, Receipt, Refused

KEEP, CANCEL = PlacedAfter.KEEP, PlacedAfter.CANCEL
CAN = Capabilities(scopes=frozenset({ScopeKind.ACCOUNT, ScopeKind.VENUE_WIDE}), read_lag_s=5.0)


def each(**verdicts: CancelVerdict) -> PerOrder:
    return PerOrder(orders={OrderId(name[1:]): verdict for name, verdict in verdicts.items()})


def swept(s: Any, answer: PerOrder, placed_after: PlacedAfter = CANCEL, *listed: str) -> Any:
    return s(None, placed_after, capabilities=CAN).look(0, *(listed or ("7", "8"))).call(answer)


def said_of(story: Any, order_id: str) -> object:
    facts = native_facts(story.sweep, OrderId(order_id))
    return next((fact.answer for fact in facts if isinstance(fact, Ended)), None)


def test_what_is_said_of_an_order_speaks_for_it(story: Any) -> None:
    """And not what is said of another; of what is left out nobody knows. What was refused is asked anew."""
    told = swept(story, each(_7=Receipt(), _8=Refused(text="no")))
    assert said_of(told, "7") == Receipt()
    assert said_of(told, "8") is None
    assert isinstance(said_of(told, "9"), MayHaveActed)


def test_an_order_that_the_answer_leaves_out_may_have_been_taken(story: Any) -> None:
    """It is not told as unsent, even where all that was told of is refused."""
    told = swept(story, each(_7=Refused()), CANCEL, "7", "8").report()
    assert [(ack.outcome, ack.sent) for ack in told.acks] == [
        (Outcome.REJECTED, Sent.NO),
        (Outcome.UNKNOWN, Sent.YES),
    ]


def test_an_answer_that_could_not_be_read_keeps_no_cancel_back(story: Any) -> None:
    """A plugin that broke over it is no reason to leave orders alone."""
    told = story(None, CANCEL, capabilities=CAN).look(0, "7").call(None, fault="read raised", broken=True)
    (ended,) = (one for one in native_facts(told.sweep, OrderId("7")) if isinstance(one, Ended))
    assert not ended.broken


def test_what_was_taken_outside_of_the_scope_is_told(story: Any) -> None:
    """The venue's own call meant the instrument, and took another one's order along."""
    scope = Scope.instrument("pebble", "9", "1")
    can = Capabilities(scopes=frozenset({ScopeKind.INSTRUMENT}))
    rows = (story.order("7", instrument="1"), story.order("8", instrument="2"))
    told = story(scope, CANCEL, capabilities=can).look(0, *rows).call(each(_7=Receipt(), _8=Receipt()))
    assert told.due == ["7"]
    assert told.report().beyond_scope == (OrderId("8"),)


def test_what_was_received_is_told_of_the_call(story: Any) -> None:
    """A receipt for one is a receipt; of how many stands in its text."""
    native = swept(story, each(_7=Receipt(), _8=Refused())).report().native
    assert (native.outcome, native.text) == (Outcome.PENDING, "1 of 2 orders received")
    native = swept(story, each(_7=MayHaveActed(), _8=Refused())).report().native
    assert (native.outcome, native.text) == (Outcome.UNKNOWN, "0 of 2 orders received")


def test_a_call_that_was_refused_for_each_is_refused(story: Any) -> None:
    """Then every order is asked for by itself, as if it had not been made."""
    told = swept(story, each(_7=Refused(), _8=Refused()))
    native = told.report().native
    assert (native.outcome, native.reason) == (Outcome.REJECTED, Reason.MASS_CANCEL_REFUSED)
    assert native_facts(told.sweep, OrderId("7")) == ()
    assert told.due == ["7", "8"]


def test_an_order_that_only_the_answer_names_is_one_of_those_canceled(story: Any) -> None:
    """It was placed after the listing: whoever wants all of them is told of it, too."""
    told = swept(story, each(_7=Receipt(), _9=Receipt()), CANCEL, "7")
    assert told.due == ["7", "9"]
    assert [ack.order_id for ack in told.report().acks] == [OrderId("7"), OrderId("9")]
    assert told.report().beyond_scope == ()


def test_what_was_to_be_kept_and_was_taken_is_told(story: Any) -> None:
    """A native call takes what is there when it is processed."""
    told = swept(story, each(_7=Receipt(), _9=Receipt()), KEEP, "7")
    assert told.due == ["7"]
    assert told.report().beyond_scope == (OrderId("9"),)


def test_what_the_answer_refuses_or_leaves_open_was_not_taken(story: Any) -> None:
    """A listing will show it, if it is there."""
    told = swept(story, each(_7=Receipt(), _8=MayHaveActed(), _9=Refused()), CANCEL, "7")
    assert told.due == ["7"]


def test_where_nothing_can_be_listed_nothing_is_asked_for(story: Any) -> None:
    """The orders may be of any account: no cancel by id could name it."""
    scope = Scope.venue_wide("pebble", confirm="pebble")
    told = story(scope, CANCEL, capabilities=CAN).call(each(_7=Receipt()))
    assert told.due == []
    assert told.report().acks == ()
