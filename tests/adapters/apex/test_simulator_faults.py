"""What the simulated APEX venue says in a fault, and how it tells its calls apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from countermand import OrderId, OrderStatus, Scope
from countermand.testing import CALLS, POSSIBLE, Asked, Fault, FaultKind, Point, fault_from_word
from countermand.venue import (
    Call,
    CancelTarget,
    HttpRequest,
    LoggedIn,
    MayHaveActed,
    OrderRead,
    Receipt,
    Session,
    SessionRefused,
    Stamp,
    Throttled,
    Unreadable,
)
from countermand_apex import Password
from countermand_apex.simulator import ApexSimulator

URL = "http://127.0.0.1:8443"
TARGET = CancelTarget(account="9", order=OrderId("6500"))


def with_order(**behaviour: Any) -> ApexSimulator:
    """Make a venue with one open order."""
    simulator = ApexSimulator(**behaviour)
    simulator.place(0.0, order_id="6500", client_order_id="77")
    return simulator


def calls_of(simulator: ApexSimulator) -> dict[str, Call[Any]]:
    """Make the plugin's calls by the names that faults know them by."""
    venue = simulator.venue(URL, auth=Password("router", "simulated-password"))
    log_in = venue.log_in()
    assert log_in is not None
    first = next(log_in)
    assert isinstance(first, Call)
    log_out = venue.log_out(Session(token="simulated-session-token"))
    assert log_out is not None
    return {
        "cancel": venue.cancel(TARGET),
        "read": venue.read_order("9", OrderId("6500")),
        "trail": venue.read_trail("9", OrderId("6500")),
        "open": venue.list_open("9"),
        "history": venue.list_history("9"),
        "mass-cancel": venue.cancel_all(Scope.account("apex", "9")),
        "accounts": venue.list_accounts(),
        "log-in": first,
        "log-out": log_out,
    }


def request_of(call: Call[Any]) -> HttpRequest:
    """Write a call's request as it arrives, under the fixed session."""
    request = call.sign(Session(token="simulated-session-token"), Stamp(nonce=1))
    return attrs.evolve(request, headers={name.lower(): value for name, value in request.headers.items()})


def perform(simulator: ApexSimulator, name: str, now: float = 1.0) -> Any:
    """Send a call, and read what is answered as the plugin does."""
    call = calls_of(simulator)[name]
    return call.read(simulator.handle(request_of(call), now).response_at(now))


def test_each_call_of_the_plugin_is_known() -> None:
    """Whatever the spelling of its path; other functions are no call that breaks."""
    simulator = with_order()
    for name, call in calls_of(simulator).items():
        request = request_of(call)
        assert simulator.call_of(request) == name
        assert simulator.call_of(attrs.evolve(request, path=request.path.lower() + "/")) == name
    for path in ("/AP/Ping", "/AP/Nothing", "/elsewhere"):
        assert simulator.call_of(HttpRequest(method="POST", path=path)) is None


def test_what_a_read_names_is_known() -> None:
    """Account and order; nothing of a body that is none."""
    simulator = with_order()
    calls = calls_of(simulator)
    assert simulator.asked_of(request_of(calls["read"])) == Asked(account="9", order_id="6500")
    assert simulator.asked_of(request_of(calls["history"])) == Asked(account="9")
    broken = attrs.evolve(request_of(calls["read"]), content=b"{")
    assert simulator.asked_of(broken) == Asked()
    by_query = HttpRequest(method="GET", path="/ap/GetOrderStatus?OMSId=1&AccountId=9&OrderId=6500")
    assert simulator.asked_of(by_query) == Asked(account="9", order_id="6500")
    other = simulator.asking_for(by_query, "6501")
    assert simulator.asked_of(other) == Asked(account="9", order_id="6501")


#: What the plugin makes of a cancel that meets it, for each word that there is in turn.
CANCEL_VERDICTS: Mapping[FaultKind, tuple[type, ...]] = {
    FaultKind.CONTRADICTORY: (MayHaveActed, MayHaveActed, MayHaveActed),
    FaultKind.SERVER_ERROR: (MayHaveActed,),
    FaultKind.UNAVAILABLE: (MayHaveActed,),
    FaultKind.SIGN_IN: (Unreadable,),
    FaultKind.REDIRECT: (Unreadable,),
    FaultKind.EMPTY: (Unreadable,),
    FaultKind.TRUNCATED: (Unreadable,),
    FaultKind.UNAUTHORIZED: (SessionRefused,),
    FaultKind.THROTTLED: (Throttled, Throttled, Throttled),
    FaultKind.THROTTLED_UNTIL: (Throttled, Throttled),
}


@pytest.mark.parametrize(
    ("kind", "verdicts"), CANCEL_VERDICTS.items(), ids=lambda value: getattr(value, "value", "")
)
def test_a_fault_is_said_in_the_venue_s_words(kind: FaultKind, verdicts: tuple[type, ...]) -> None:
    """Each in its turn, and none that denies what the venue has done."""
    simulator = with_order()
    assert len(simulator.words(kind, "cancel")) == len(verdicts)
    for point in (point for one, point in POSSIBLE if one is kind):
        simulator.reset()
        simulator.place(0.0, order_id="6500")
        simulator.faults.script("cancel", *[Fault(kind=kind, point=point)] * len(verdicts))
        told = [type(perform(simulator, "cancel")) for _ in verdicts]
        # The first request has number 1, so it is given the second word.
        assert sorted(map(str, told)) == sorted(map(str, verdicts))
        acted = simulator.book.order("6500").status is OrderStatus.CANCELED
        assert acted is (point in (Point.AFTER, Point.MIDDLE))


@pytest.mark.parametrize("call", [call for call in CALLS if call not in ("cancel", "mass-cancel", "log-in")])
def test_no_fault_shows_an_order_that_is_not_there(call: str) -> None:
    """A read that meets one is a failure, or older, or of another order, or the truth."""
    simulator = with_order()
    for kind, point in POSSIBLE:
        fault = Fault(kind=kind, point=point)
        if call not in fault.calls or kind not in CANCEL_VERDICTS or point is Point.MIDDLE:
            continue
        simulator.faults.script(call, fault)
        assert isinstance(perform(simulator, call), Unreadable | Throttled | SessionRefused)


@pytest.mark.parametrize("point", ["before", "after"])
def test_a_contradictory_log_in_gives_no_session(point: str) -> None:
    """Whether or not the venue has issued one."""
    simulator = with_order()
    for _ in simulator.words(FaultKind.CONTRADICTORY, "log-in"):
        simulator.faults.script("log-in", fault_from_word(f"contradictory:{point}"))
        assert not isinstance(perform(simulator, "log-in"), LoggedIn)
    issued = simulator.token_valid("simulated-session-token-1", 2.0)
    assert issued is (point == "after")
    assert isinstance(perform(simulator, "log-in"), LoggedIn)


def test_throttled_until_tells_how_long() -> None:
    """In seconds, and as a date; the plugin reads both alike."""
    simulator = with_order()
    for dates in (False, True):
        simulator.switch(retry_dates=dates)
        simulator.faults.script("cancel", Fault(kind=FaultKind.THROTTLED_UNTIL, retry_after_s=7))
        verdict = perform(simulator, "cancel")
        assert isinstance(verdict, Throttled)
        assert verdict.retry_after_s == 7


def test_throttled_alone_does_not_tell() -> None:
    """No Retry-After in any of its words."""
    simulator = with_order()
    for _ in simulator.words(FaultKind.THROTTLED, "cancel"):
        simulator.faults.script("cancel", fault_from_word("throttled"))
        verdict = perform(simulator, "cancel")
        assert isinstance(verdict, Throttled)
        assert verdict.retry_after_s is None


def test_half_of_a_receipt_is_of_a_receipt() -> None:
    """What is cut is what a cancel that was received is answered, whether or not it acts."""
    simulator = with_order()
    simulator.faults.script("cancel", fault_from_word("half:before"))
    reply = simulator.handle(request_of(calls_of(simulator)["cancel"]), 1.0)
    assert reply.wire is not None
    assert json.loads(reply.response_at(1.0).content)["result"] is True
    assert simulator.book.order("6500").status is OrderStatus.NEW
    assert isinstance(perform(simulator, "cancel"), Receipt)
    assert isinstance(perform(simulator, "read"), OrderRead)
