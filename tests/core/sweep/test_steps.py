"""What a sweep does next, and when: calls, cancels, listings, or nothing more."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from countermand import CancelCause, OrderId, Outcome, PlacedAfter, Reason, Scope, ScopeKind, Sent
from countermand._case._facts import Action, Began, NoSession
from countermand._sweep._native import asked_since, native_facts, outcome_of
from countermand.venue import (
    Acted,
    Capabilities,
    Gone,
    MayHaveActed,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    Unreadable,
)

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
KEEP, CANCEL = PlacedAfter.KEEP, PlacedAfter.CANCEL
EVERYWHERE = Scope.venue_wide("pebble", confirm="pebble")
Tell = Callable[[Any], Any]


def native(s: Any, placed_after: PlacedAfter = CANCEL, **fields: Any) -> Any:
    """Begin at a venue with a mass cancel of its own."""
    kinds = frozenset({ScopeKind.ACCOUNT, ScopeKind.VENUE_WIDE})
    return s(
        **{
            "placed_after": placed_after,
            "capabilities": Capabilities(scopes=kinds, read_lag_s=5.0),
            **fields,
        }
    )


def queued(s: Any) -> Any:
    story = s().look(0, "7")
    story.sweep.ask(OrderId("7"), 0.5)
    return story


def named(s: Any) -> Any:
    story = s(Scope.orders("pebble", "9", [OrderId("7")]))
    story.sweep.ask(OrderId("7"), 0.0)
    return story


def lost(s: Any, *others: str, **fields: Any) -> Any:
    """Name the seventh, and others, and tell that it was not found."""
    story = s(Scope.orders("pebble", "9", [OrderId(one) for one in ("7", *others)]), **fields)
    return story.tell(s.ack("7", Outcome.REJECTED, reason=Reason.NOT_FOUND))


def refused(s: Any, *at: float) -> Any:
    """Refuse the cancel of an order at those seconds, and list it open after each."""
    story = s().look(0, "7")
    for second in at:
        story.tell(s.ack("7", Outcome.REJECTED, second), second).look(second + 0.001, "7")
    return story


def unlisted(story: Any) -> Any:
    """Refuse three listings, so that none is asked for any more."""
    for second in (2.15, 2.2, 2.25):
        story.look(second, failure=Refused())
    return story


LOOK, CALL, OVER = "look", "call", "over"

#: id: (the story, now, what begins, when to look again).
STEPS: dict[str, tuple[Tell, float, Any, float]] = {
    "first a listing": (lambda s: s(), 0, LOOK, 0),
    "no listing beside a listing": (lambda s: s().looks(0), 0.1, None, 60),
    "cancels once it is there": (lambda s: s().look(0, "7", "8"), 0.1, ["7", "8"], 0.1),
    "named orders at once": (
        lambda s: s(Scope.orders("pebble", "9", [OrderId("7")])),
        0,
        ["7"],
        0,
    ),
    "listings go on while orders wait for their turn, but not as often": (queued, 0.6, None, 2.1),
    "for whoever waits ahead of them may never be answered": (queued, 2.1, LOOK, 2.1),
    "named orders go before the first listing": (named, 0, None, 2),
    "not beyond the deadline": (lambda s: queued(s).look(59, "7"), 59.5, None, 60),
    "a listing half a second after, while answers are missing": (
        lambda s: s().look(0, "7").ask("7"),
        0.5,
        None,
        0.6,
    ),
    "and then": (lambda s: s().look(0, "7").ask("7"), 0.6, LOOK, 0.6),
    "the next one a second later": (lambda s: s().look(0, "7").ask("7").look(1, "7"), 1.2, None, 1.6),
    "the third one a second later": (
        lambda s: s().look(0, "7").ask("7").look(1, "7").look(2, "7"),
        2.2,
        None,
        3.1,
    ),
    "all others after two": (
        lambda s: s().look(0, "7").ask("7").look(1, "7").look(2, "7").look(3, "7").look(5, "7"),
        5.2,
        None,
        7.1,
    ),
    "a listing as soon as all is answered": (lambda s: s().look(0, "7").tell(s.ack("7")), 1, LOOK, 1),
    "the second one when the lag is over": (
        lambda s: s().look(0, "7").tell(s.ack("7")).look(1),
        1.2,
        None,
        6,
    ),
    "not before the first one has ended": (
        lambda s: s(capabilities=Capabilities(read_lag_s=0.0)).look(0),
        0,
        None,
        0.1,
    ),
    "proved": (lambda s: s().look(0).look(5), 5.1, OVER, math.inf),
    "the deadline": (lambda s: s().look(0, "7"), 60, OVER, math.inf),
    "a failed listing half a second later": (lambda s: s().look(0, fault="reset"), 0.1, None, 0.6),
    "and twice as long after the next": (
        lambda s: s().look(0, fault="reset").look(1, failure=Unreadable()),
        1.1,
        None,
        2.1,
    ),
    "a failure after a success counts anew": (
        lambda s: s().look(0, fault="reset").look(1).look(6.5, fault="reset"),
        6.6,
        None,
        7.1,
    ),
    "when the venue says": (
        lambda s: s().look(0, failure=Throttled(retry_after_s=7.0)),
        0.2,
        None,
        7.1,
    ),
    "in a kill as soon as one call may try": (
        lambda s: s(None, CANCEL, cause=CancelCause.EMERGENCY_ACTION).look(
            0, failure=Throttled(retry_after_s=3600.0)
        ),
        0.2,
        None,
        5.1,
    ),
    "or when the venue says": (
        lambda s: s(None, CANCEL, cause=CancelCause.EMERGENCY_ACTION).look(
            0, failure=Throttled(retry_after_s=3.0)
        ),
        0.2,
        None,
        3.1,
    ),
    "when the next log-in may be, in a kill, too": (
        lambda s: s(None, CANCEL, cause=CancelCause.EMERGENCY_ACTION).look(
            0, failure=NoSession(failure=Refused(), again_in_s=20.0)
        ),
        0.2,
        None,
        20.1,
    ),
    "sooner than the venue says nothing": (lambda s: s().look(0, failure=Throttled()), 0.2, None, 0.6),
    "not again after three refusals": (
        lambda s: s().look(0, failure=Refused()).look(1, failure=SessionRefused()).look(2, failure=Refused()),
        2.1,
        OVER,
        math.inf,
    ),
    "but in a kill, which uses all of its time": (
        lambda s: (
            s(None, CANCEL, cause=CancelCause.EMERGENCY_ACTION)
            .look(0, failure=Refused())
            .look(1, failure=SessionRefused())
            .look(2, failure=Refused())
        ),
        2.1,
        None,
        4.1,
    ),
    "a log-in that is refused is no refusal of a listing": (
        lambda s: (
            s()
            .look(0, failure=NoSession(failure=Refused()))
            .look(1, failure=NoSession(failure=Refused()))
            .look(2, failure=NoSession(failure=Refused(), again_in_s=0.0))
        ),
        2.1,
        None,
        4.1,
    ),
    "again when the next log-in may be": (
        lambda s: s().look(0, failure=NoSession(failure=Refused(), again_in_s=20.0)),
        0.2,
        None,
        20.1,
    ),
    "at once where another session can be had": (
        lambda s: s(renewable=True).look(0, failure=SessionRefused()),
        0.1,
        LOOK,
        0.1,
    ),
    "but not again and again": (
        lambda s: (
            s(renewable=True).look(0).look(1, failure=SessionRefused()).look(1.2, failure=SessionRefused())
        ),
        1.3,
        None,
        1.8,
    ),
    "nor where none can": (lambda s: s().look(0, failure=SessionRefused()), 0.1, None, 0.6),
    "again after two": (
        lambda s: s().look(0, failure=Refused()).look(1, failure=Refused()),
        1.1,
        None,
        2.1,
    ),
    "again after three that were no refusals": (
        lambda s: s().look(0, failure=Refused()).look(1, fault="reset").look(2, failure=Refused()),
        2.1,
        None,
        4.1,
    ),
    "under KEEP a snapshot that shifted is taken again at once": (
        lambda s: s().look(0, "7", incomplete=True),
        0.1,
        LOOK,
        0.1,
    ),
    "and so often only": (
        lambda s: (
            s().look(0, "7", incomplete=True).look(1, "7", incomplete=True).look(2, "7", "8", incomplete=True)
        ),
        2.1,
        ["7", "8"],
        2.1,
    ),
    "under KEEP a partial snapshot is no reason to send": (
        lambda s: s().look(0, "7", fault="reset"),
        0.1,
        None,
        0.6,
    ),
    "under CANCEL it is": (lambda s: s(None, CANCEL).look(0, "7", incomplete=True), 0.1, ["7"], 0.1),
    "over when what was found nowhere is not listed either": (
        lambda s: lost(s).look(2).look(7),
        7.1,
        OVER,
        math.inf,
    ),
    "not before the lag is over": (lambda s: lost(s).look(2).look(6), 6.1, None, 7.1),
    "nor while another one may be hidden": (
        lambda s: lost(s, "8").tell(s.ack("8", Outcome.UNKNOWN)).look(2).look(7),
        7.1,
        None,
        8.1,
    ),
    "nor where a read showed it open since": (
        lambda s: (
            lost(s)
            .look(0.9, "7")
            .tell(s.ack("7", Outcome.UNKNOWN, order=s.order("7", as_of=EPOCH + timedelta(seconds=3))))
            .tell(s.ack("7", Outcome.REJECTED, reason=Reason.NOT_FOUND))
            .look(2)
            .look(7)
        ),
        7.1,
        None,
        8.1,
    ),
    "nor in a kill, for it may still arrive": (
        lambda s: lost(s, cause=CancelCause.EMERGENCY_ACTION).look(2).look(7),
        7.1,
        None,
        8.1,
    ),
    "again what was refused, at once": (lambda s: refused(s, 1), 1.2, ["7"], 1.2),
    "and then no sooner than half a second after the answer": (lambda s: refused(s, 1, 2), 2.2, None, 2.5),
    "but then, with no listing in between": (lambda s: refused(s, 1, 2).looks(2.4), 2.5, ["7"], 2.5),
    "a second after the third one": (lambda s: refused(s, 1, 2, 3).looks(3.7), 3.7, None, 4),
    "though no listing is to come": (lambda s: unlisted(refused(s, 1, 2)), 2.4, None, 2.5),
    "and that is asked for, too": (lambda s: unlisted(refused(s, 1, 2)), 2.5, ["7"], 2.5),
    # The venue's own call.
    "the snapshot before the call": (lambda s: native(s, KEEP), 0, LOOK, 0),
    "under KEEP the call waits for it": (lambda s: native(s, KEEP).looks(0), 2, None, 60),
    "the call after the snapshot": (lambda s: native(s, KEEP).look(0, "7"), 0.1, CALL, 0.1),
    "under CANCEL it waits for a second": (lambda s: native(s).looks(0), 0.5, None, 1),
    "and no longer": (lambda s: native(s).looks(0), 1, CALL, 1),
    "under CANCEL it waits for no second listing": (
        lambda s: native(s).look(0, fault="reset"),
        0.1,
        CALL,
        0.1,
    ),
    "nor counts a listing that was refused for its session": (
        lambda s: native(s, renewable=True).look(0, failure=SessionRefused()).looks(0.1),
        0.2,
        None,
        1,
    ),
    "but for a second at most": (
        lambda s: native(s, renewable=True).look(0, failure=SessionRefused()).looks(0.1),
        1,
        CALL,
        1,
    ),
    "nor one that had no session": (
        lambda s: native(s).look(0, failure=NoSession(failure=Refused())),
        0.2,
        None,
        0.6,
    ),
    "it does where no other session can be had": (
        lambda s: native(s).look(0, failure=SessionRefused()),
        0.1,
        CALL,
        0.1,
    ),
    "and where it showed orders before": (
        lambda s: native(s, renewable=True).look(0, "7", failure=SessionRefused()),
        0.1,
        CALL,
        0.1,
    ),
    "nothing beside the call": (lambda s: native(s).look(0, "7").calls(), 1, None, 60),
    "by id after a receipt, for the reads": (lambda s: native(s).look(0, "7").call(Receipt()), 1, ["7"], 1),
    "by id after a doubt": (lambda s: native(s).look(0, "7").call(MayHaveActed()), 1, ["7"], 1),
    "by id after a refusal": (lambda s: native(s).look(0, "7").call(Refused()), 1, ["7"], 1),
    "once more where it was not sent": (
        lambda s: native(s).look(0, "7").call(sent=Sent.NO, fault="refused"),
        1.1,
        CALL,
        1.1,
    ),
    "after a while": (lambda s: native(s).look(0, "7").call(sent=Sent.NO, fault="refused"), 1, None, 1.1),
    "not a third time": (
        lambda s: (
            native(s).look(0, "7").call(sent=Sent.NO, fault="x").call(sent=Sent.NO, fault="refused", at=2)
        ),
        4,
        ["7"],
        4,
    ),
    "not where a plugin broke": (
        lambda s: native(s).look(0, "7").call(sent=Sent.NO, fault="x", broken=True),
        2,
        ["7"],
        2,
    ),
    "not under a session that no other can replace": (
        lambda s: native(s).look(0, "7").call(SessionRefused()),
        2,
        ["7"],
        2,
    ),
    "once more under another session": (
        lambda s: native(s, renewable=True).look(0, "7").call(SessionRefused()),
        2,
        CALL,
        2,
    ),
    "once more where a log-in was refused": (
        lambda s: native(s).look(0, "7").call(NoSession(failure=Refused(), again_in_s=20.0), sent=Sent.NO),
        2,
        None,
        20.6,
    ),
    "at once where nobody tells how long to wait": (
        lambda s: native(s).look(0, "7").call(NoSession(failure=Refused()), sent=Sent.NO),
        2,
        CALL,
        2,
    ),
    "once more where a log-in failed": (
        lambda s: native(s).look(0, "7").call(NoSession(failure=Unreadable(), again_in_s=3.0), sent=Sent.NO),
        2,
        None,
        3.6,
    ),
    # Without a listing.
    "a venue-wide call at once": (lambda s: native(s, KEEP, scope=EVERYWHERE), 0, CALL, 0),
    "and nothing after it": (
        lambda s: native(s, scope=EVERYWHERE).call(Receipt()),
        1,
        OVER,
        math.inf,
    ),
    "nor after a refusal": (lambda s: native(s, scope=EVERYWHERE).call(Refused()), 1, OVER, math.inf),
    "again and again where it is not sent": (
        lambda s: (
            native(s, scope=EVERYWHERE)
            .call(sent=Sent.NO, fault="refused", at=0)
            .call(sent=Sent.NO, fault="refused", at=1)
            .call(sent=Sent.NO, fault="refused", at=3)
            .call(sent=Sent.NO, fault="refused", at=6)
        ),
        9,
        CALL,
        9,
    ),
    "no such call": (lambda s: s(EVERYWHERE), 0, OVER, math.inf),
}


@pytest.mark.parametrize(("tell", "now", "begins", "again_at"), STEPS.values(), ids=STEPS.keys())
def test_what_begins(story: Any, tell: Tell, now: float, begins: Any, again_at: float) -> None:
    """One thing at a time, and never a listing that would tell nothing."""
    step = tell(story).step(now)
    cancels = [one.value for one in step.cancel]
    begun = [
        *([LOOK] if step.look else []),
        *([CALL] if step.call else []),
        *([OVER] if step.over else []),
        *([cancels] if cancels else []),
    ]
    assert begun == ([] if begins is None else [begins])
    assert step.again_at == pytest.approx(again_at)


#: id: (how the call ended, its outcome, its reason, its text).
ENDS: dict[str, tuple[dict[str, Any], Outcome, Reason | None, str | None]] = {
    "receipt": ({"answer": Receipt(text="ok")}, Outcome.PENDING, None, "ok"),
    "doubt": ({"answer": MayHaveActed(code="102", text="error")}, Outcome.UNKNOWN, None, "102 error"),
    "fault": ({"fault": "reset"}, Outcome.UNKNOWN, None, "reset"),
    "unreadable": ({"answer": Unreadable()}, Outcome.UNKNOWN, None, None),
    "refused": ({"answer": Refused(code="101")}, Outcome.REJECTED, Reason.MASS_CANCEL_REFUSED, "101"),
    "not supported": (
        {"answer": Refused(reason=Reason.NOT_SUPPORTED)},
        Outcome.REJECTED,
        Reason.NOT_SUPPORTED,
        None,
    ),
    "gone": ({"answer": Gone()}, Outcome.REJECTED, Reason.MASS_CANCEL_REFUSED, None),
    "session refused": ({"answer": SessionRefused()}, Outcome.REJECTED, Reason.NOT_AUTHORIZED, None),
    "no such call": (
        {"answer": SessionRefused(or_unsupported=True)},
        Outcome.REJECTED,
        Reason.NOT_SUPPORTED,
        None,
    ),
    "throttled": ({"answer": Throttled(acted=Acted.NO)}, Outcome.REJECTED, Reason.THROTTLED, None),
    "throttled, perhaps": ({"answer": Throttled()}, Outcome.UNKNOWN, None, None),
    "not sent": ({"fault": "refused", "sent": Sent.NO}, Outcome.REJECTED, Reason.NOT_SENT, "refused"),
    "no session": (
        {"answer": NoSession(failure=Refused(text="locked")), "sent": Sent.NO},
        Outcome.REJECTED,
        Reason.NOT_AUTHORIZED,
        "locked",
    ),
}


@pytest.mark.parametrize(("ended", "outcome", "reason", "text"), ENDS.values(), ids=ENDS.keys())
def test_what_the_venues_own_call_came_to(
    story: Any, ended: dict[str, Any], outcome: Outcome, reason: Reason | None, text: str | None
) -> None:
    """Refused only where it definitely was."""
    told = native(story).look(0).call(**ended).report().native
    assert (told.outcome, told.reason, told.text) == (outcome, reason, text)
    assert told.call == ("cancel-all" if ended.get("sent", Sent.YES) is Sent.YES else "cancel")


def test_a_session_that_is_refused_for_everything_is_not_a_missing_call(story: Any) -> None:
    """Only other calls that succeed tell that a venue lacks this one."""
    told = native(story).look(0, fault="reset").call(SessionRefused(or_unsupported=True)).report().native
    assert told.reason is Reason.NOT_AUTHORIZED


def test_a_call_without_an_end_is_unknown(story: Any) -> None:
    """It may act."""
    sweep = native(story).look(0, "7").calls()
    assert outcome_of(sweep.sweep.natives[0]) is Outcome.UNKNOWN
    assert sweep.report().native.outcome is Outcome.UNKNOWN
    assert native_facts(sweep.sweep, OrderId("7")) == ()


def test_the_call_is_the_first_attempt_of_what_it_may_have_taken(story: Any) -> None:
    """Of any order; but one that was listed alive since, or asked for, is sent one of its own at once."""
    sweep = native(story).look(0, "7").call(Receipt()).look(2, "8").sweep
    seventh, eighth = sweep.known.values()
    facts = native_facts(sweep, seventh.order_id)
    assert [type(fact).__name__ for fact in facts] == ["Began", "Signed", "Ended"]
    assert isinstance(facts[0], Began)
    assert facts[0].action is Action.CANCEL
    assert asked_since(sweep, seventh, 3.0) == facts[0].at
    assert asked_since(sweep, eighth, 3.0) == 3.0
    sweep.ask(seventh.order_id, 3.0)
    assert asked_since(sweep, seventh, 4.0) == 4.0
    assert native_facts(sweep, seventh.order_id) == facts
    for refused in (Refused(), SessionRefused()):
        assert native_facts(native(story).look(0, "7").call(refused).sweep, seventh.order_id) == ()
    assert native_facts(story().look(0, "7").sweep, seventh.order_id) == ()


@pytest.mark.parametrize(
    ("answer", "outcome", "sent"),
    [
        (Receipt(), Outcome.UNKNOWN, Sent.YES),
        (MayHaveActed(), Outcome.UNKNOWN, Sent.YES),
        (Refused(), Outcome.REJECTED, Sent.NO),
    ],
)
def test_an_order_whose_turn_did_not_come_may_be_taken_by_the_call(
    story: Any, answer: Any, outcome: Outcome, sent: Sent
) -> None:
    """Only where that was refused is it known that nothing was done."""
    (ack,) = native(story).look(0, "7").call(answer).report().acks
    assert (ack.outcome, ack.sent) == (outcome, sent)
    assert (ack.reason is Reason.NOT_SENT) is (outcome is Outcome.REJECTED)
