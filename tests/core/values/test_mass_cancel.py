"""A report of a mass cancel says no more than its parts, and can be written as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from countermand import (
    Attempt,
    BlockReport,
    CancelAck,
    CanceledBy,
    CancelRequest,
    Cause,
    KillReport,
    MassCancelReport,
    NativeCancel,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    PlacedAfter,
    Progress,
    Readiness,
    Reason,
    Residual,
    Scope,
    ScopeState,
    Sent,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ACCOUNT = Scope.account("pebble", "9")


def as_listed(order_id: str, status: OrderStatus = OrderStatus.NEW) -> OrderReport:
    return OrderReport(
        order_id=OrderId(order_id), status=status, filled_quantity=Decimal("0.5"), account="9", as_of=NOW
    )


def ack(order_id: str, **fields: Any) -> CancelAck:
    request = CancelRequest(venue="pebble", account="9", order=OrderId(order_id), request_id="r")
    return CancelAck(request=request, **{"order_id": OrderId(order_id), **fields})


CANCELED = ack(
    "7",
    outcome=Outcome.CANCELED,
    canceled_by=CanceledBy.THIS_REQUEST,
    order=as_listed("7", OrderStatus.CANCELED),
    sent=Sent.YES,
    attempts=(Attempt(call="cancel", sent=Sent.YES, verdict="receipt"),),
)
NOT_SENT = ack("8", outcome=Outcome.REJECTED, reason=Reason.NOT_SENT, sent=Sent.NO, attempts=())
NEVER = ack("10", outcome=Outcome.REJECTED, reason=Reason.UNKNOWN_ORDER, sent=Sent.NO, attempts=())
UNKNOWN = ack(
    "9",
    outcome=Outcome.UNKNOWN,
    sent=Sent.MAYBE,
    attempts=(Attempt(call="cancel", sent=Sent.MAYBE, fault="read timed out"),),
)


def report(**fields: Any) -> MassCancelReport:
    return MassCancelReport(scope=ACCOUNT, placed_after=PlacedAfter.CANCEL, **fields)


SEEN = Residual(order_id=OrderId("8"), cause=Cause.NOT_SENT, order=as_listed("8"))
UNSEEN = Residual(order_id=OrderId("9"), cause=Cause.UNKNOWN)

STATES: dict[str, tuple[dict[str, Any], ScopeState]] = {
    "nothing is known": ({}, ScopeState.UNKNOWN),
    "two empty listings": ({"proved_empty_as_of": NOW}, ScopeState.PROVED_EMPTY),
    "an order is seen": ({"residual": (SEEN,)}, ScopeState.RESIDUAL),
    "one is seen, another is not": ({"residual": (UNSEEN, SEEN)}, ScopeState.RESIDUAL),
    "an order may be there": ({"residual": (UNSEEN,)}, ScopeState.UNKNOWN),
    "an order is seen in a part": ({"residual": (SEEN,), "incomplete": True}, ScopeState.UNKNOWN),
    "a part is empty": ({"incomplete": True}, ScopeState.UNKNOWN),
    "all acks say canceled": ({"acks": (CANCELED,)}, ScopeState.UNKNOWN),
}


@pytest.mark.parametrize(("fields", "state"), STATES.values(), ids=STATES)
def test_the_state_of_a_scope_is_what_was_seen(fields: dict[str, Any], state: ScopeState) -> None:
    """Proved only by listings; residual only where an order was seen; unknown otherwise, never hope."""
    assert report(**fields).state is state


def test_what_was_touched_is_what_was_sent_or_may_have_been() -> None:
    """An order for which no byte left was not touched; one that was not found has no id to name."""
    nowhere = attrs.evolve(UNKNOWN, order_id=None)
    told = report(acks=(CANCELED, NOT_SENT, nowhere, UNKNOWN))
    assert told.touched == (OrderId("7"), OrderId("9"))


WHOLE = report(
    acks=(CANCELED, NOT_SENT),
    native=NativeCancel(call="CancelAll", outcome=Outcome.PENDING, sent=Sent.YES, text="received"),
    residual=(SEEN, UNSEEN),
    kept=(as_listed("10"),),
    beyond_scope=(OrderId("11"),),
    not_covered=("quotes",),
    reason=Reason.MASS_CANCEL_REFUSED,
    error="the listing broke down",
    calls=7,
    elapsed_s=1.5,
)


def test_a_report_is_told_as_json() -> None:
    """Every part of it, its state and its acks included; times, ids and quantities as texts."""
    told = json.loads(json.dumps(WHOLE.to_dict()))
    names = {field.name for field in attrs.fields(MassCancelReport)}
    assert set(told) == names | {"schema", "state"}
    assert (told["schema"], told["state"], told["placed_after"]) == (1, "residual", "cancel")
    assert told["scope"]["account_id"] == "9"
    assert told["acks"][0] == {key: value for key, value in CANCELED.to_dict().items() if key != "schema"}
    assert told["native"]["outcome"] == WHOLE.native.outcome.value  # type: ignore[union-attr]  # it has one
    assert [one["cause"] for one in told["residual"]] == ["not sent", "unknown"]
    assert told["residual"][0]["order"]["filled_quantity"] == "0.5"
    assert (told["residual"][1]["order"], told["beyond_scope"], told["kept"][0]["order_id"]) == (
        None,
        ["11"],
        "10",
    )
    assert report(proved_empty_as_of=NOW).to_dict()["proved_empty_as_of"] == NOW.isoformat()


def test_a_predicate_does_not_spoil_a_report() -> None:
    """Code has no form as JSON: that there was some is told by the kind of scope."""
    mine = attrs.evolve(WHOLE, scope=Scope.mine("pebble", "9", lambda _: True))
    told = json.loads(json.dumps(mine.to_dict()))
    assert (told["scope"]["kind"], "where" in told["scope"]) == ("mine", False)


PROVED = report(proved_empty_as_of=NOW)
KILLS: dict[str, tuple[KillReport, bool]] = {
    "nothing was asked": (KillReport(reports=()), False),
    "all is proved": (KillReport(reports=(PROVED, PROVED)), True),
    "one is not": (KillReport(reports=(PROVED, report())), False),
    "an order is left": (KillReport(reports=(PROVED, report(residual=(SEEN,)))), False),
    "an account is left": (KillReport(reports=(PROVED,), unnamed={"pebble": ("10",)}), False),
    "accounts could not be asked for": (
        KillReport(reports=(PROVED,), undiscovered={"pebble": "refused"}),
        False,
    ),
    "an account may not be there": (KillReport(reports=(PROVED,), untold={"pebble": ("9",)}), False),
    "an account that is not told of had orders": (
        KillReport(reports=(report(proved_empty_as_of=NOW, acks=(CANCELED,)),), untold={"pebble": ("9",)}),
        True,
    ),
    "an account that is not told of had none of those named": (
        KillReport(reports=(report(proved_empty_as_of=NOW, acks=(NEVER,)),), untold={"pebble": ("9",)}),
        False,
    ),
    "another account may not be there": (
        KillReport(reports=(PROVED,), untold={"pebble": ("10",), "gravel": ("9",)}),
        True,
    ),
    "orders could not be blocked": (
        KillReport(reports=(PROVED,), before=BlockReport(done=False, error="no answer")),
        True,
    ),
}


@pytest.mark.parametrize(("kill", "proved"), KILLS.values(), ids=KILLS)
def test_a_kill_is_proved_when_all_is(kill: KillReport, proved: bool) -> None:
    """Never where nothing was asked, or where orders may be that nobody named."""
    assert kill.proved is proved


def test_a_kill_is_told_as_json() -> None:
    """With its reports in the order asked, and whether all is proved."""
    kill = KillReport(
        reports=(WHOLE, PROVED),
        before=BlockReport(done=True, elapsed_s=0.25),
        unnamed={"pebble": ("10", "11")},
        untold={"pebble": ("9",)},
        undiscovered={"gravel": "refused"},
        elapsed_s=2.0,
    )
    told = json.loads(json.dumps(kill.to_dict()))
    assert [one["state"] for one in told["reports"]] == ["residual", "proved empty"]
    assert (told["schema"], told["proved"], told["elapsed_s"]) == (1, False, 2.0)
    assert told["before"] == {"done": True, "error": None, "elapsed_s": 0.25}
    assert (told["unnamed"], told["undiscovered"]) == ({"pebble": ["10", "11"]}, {"gravel": "refused"})
    assert told["untold"] == {"pebble": ["9"]}


@pytest.mark.parametrize(
    "value",
    [WHOLE, KillReport(reports=(WHOLE,)), Readiness(venue="pebble", ready=True), Progress(scope=ACCOUNT)],
    ids=lambda value: type(value).__name__,
)
def test_what_is_reported_cannot_be_changed(value: Any) -> None:
    """A report is a value: it says what was known at its end."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        value.elapsed_s = 0.0
