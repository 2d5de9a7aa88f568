"""What the simulated AutoShares venue says in a fault, and how it tells its calls apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from countermand import Assurance, OrderId, OrderStatus
from countermand.testing import CALLS, POSSIBLE, Asked, Fault, FaultKind, Point, fault_from_word
from countermand.venue import (
    Call,
    CancelTarget,
    HttpRequest,
    LoggedIn,
    MayHaveActed,
    OrderRead,
    Receipt,
    Refused,
    Session,
    SessionRefused,
    Stamp,
    Throttled,
    Unreadable,
)
from countermand_autoshares import Password
from countermand_autoshares.simulator import AutoSharesSimulator

URL = "http://127.0.0.1:8443"
TARGET = CancelTarget(account="9", order=OrderId("6500"), assurance=Assurance.RECEIVED)


def with_order(**behaviour: Any) -> AutoSharesSimulator:
    """Make a venue with one open order."""
    simulator = AutoSharesSimulator(**behaviour)
    simulator.place(0.0, order_id="6500", client_order_id="77")
    return simulator


def calls_of(simulator: AutoSharesSimulator) -> dict[str, Call[Any]]:
    """Make the plugin's calls by the names that faults know them by; open orders by a filter."""
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
        "open": _filtered(venue.list_open("9")),
        "history": venue.list_history("9"),
        "accounts": venue.list_accounts(),
        "log-in": first,
        "log-out": log_out,
    }


def request_of(call: Call[Any]) -> HttpRequest:
    """Write a call's request as it arrives, under the fixed session."""
    request = call.sign(Session(token="simulated-session-token"), Stamp(nonce=1))
    return attrs.evolve(request, headers={name.lower(): value for name, value in request.headers.items()})


def perform(simulator: AutoSharesSimulator, name: str, now: float = 1.0) -> Any:
    """Send a call, and read what is answered as the plugin does."""
    call = calls_of(simulator)[name]
    return call.read(simulator.handle(request_of(call), now).response_at(now))


def _filtered(call: Call[Any]) -> Call[Any]:
    # The plugin lists without a filter; other routers have one.
    def sign(session: Session | None, stamp: Stamp) -> HttpRequest:
        request = call.sign(session, stamp)
        return attrs.evolve(request, path=request.path + "&filter=Status%20in%20(0,1,6)")

    return attrs.evolve(call, sign=sign)


def test_each_call_of_the_plugin_is_known() -> None:
    """Under orders and syncorders; what is no call of the venue's is none that breaks."""
    simulator = with_order()
    for name, call in calls_of(simulator).items():
        request = request_of(call)
        assert simulator.call_of(request) == name
        under_sync = attrs.evolve(request, path="/api" + request.path.replace("/orders", "/syncorders"))
        assert simulator.call_of(under_sync) == name
    for method, path in (
        ("PUT", "/v1.0/accounts/9/orders/6500"),
        ("DELETE", "/v1.0/accounts/9/orders/x"),
        ("GET", "/elsewhere"),
    ):
        assert simulator.call_of(HttpRequest(method=method, path=path)) is None


@pytest.mark.parametrize(
    ("query", "call"),
    [
        ("pageNumber=0&pageSize=9", "history"),
        ("pageNumber=0&pageSize=9&filter=", "history"),
        ("pageNumber=0&pageSize=9&filter=Status in (0, 1)", "open"),
        ("pageNumber=0&pageSize=9&filter=Status in (0, 4)", "history"),
        ("pageNumber=0&filter=Status in (0)", None),
    ],
)
def test_a_listing_is_told_by_its_query(query: str, call: str | None) -> None:
    """One that asks for no dead order lists the open ones; a broken one is no listing."""
    request = HttpRequest(method="GET", path="/v1.0/accounts/9/orders?" + query.replace(" ", "%20"))
    assert with_order().call_of(request) == call


def test_what_a_read_names_is_known() -> None:
    """Account and order; nothing of a path that leads nowhere."""
    simulator = with_order()
    calls = calls_of(simulator)
    for name in ("read", "trail"):
        request = request_of(calls[name])
        assert simulator.asked_of(request) == Asked(account="9", order_id="6500")
        assert simulator.asked_of(simulator.asking_for(request, "6501")) == Asked(
            account="9", order_id="6501"
        )
    assert simulator.asked_of(request_of(calls["history"])) == Asked(account="9")
    assert simulator.asked_of(HttpRequest(method="GET", path="/elsewhere")) == Asked()


def test_another_order_is_asked_for_by_its_own_id_only() -> None:
    """An account with the same digits stays."""
    simulator = AutoSharesSimulator()
    request = HttpRequest(method="GET", path="/v1.0/accounts/65/orders/65/details")
    assert simulator.asking_for(request, "7").path == "/v1.0/accounts/65/orders/7/details"


#: What the plugin makes of a cancel that meets it, for each word that there is in turn.
CANCEL_VERDICTS: Mapping[FaultKind, tuple[type, ...]] = {
    FaultKind.CONTRADICTORY: (MayHaveActed, MayHaveActed, MayHaveActed, MayHaveActed),
    FaultKind.SERVER_ERROR: (MayHaveActed,),
    FaultKind.UNAVAILABLE: (MayHaveActed,),
    FaultKind.SIGN_IN: (MayHaveActed,),
    FaultKind.REDIRECT: (Unreadable,),
    # Swagger, Orders_CancelOrder: 200 "OK" is a receipt, too.
    FaultKind.EMPTY: (Receipt,),
    FaultKind.TRUNCATED: (MayHaveActed,),
    FaultKind.UNAUTHORIZED: (SessionRefused,),
    FaultKind.THROTTLED: (Throttled,),
    FaultKind.THROTTLED_UNTIL: (Throttled,),
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


@pytest.mark.parametrize("collection", ["orders", "syncorders"])
def test_a_later_cancel_acts_after_the_next_read(collection: str) -> None:
    """Quick or slow, and whichever collection the read is under."""
    simulator = with_order(cancel_delay_s=2.0)
    cancel, read = (request_of(calls_of(simulator)[name]) for name in ("cancel", "read"))
    simulator.faults.script("cancel", fault_from_word("500:later"))
    under = attrs.evolve(cancel, path=cancel.path.replace("/orders", f"/{collection}"))
    reply = simulator.handle(under, 1.0)
    assert (reply.response_at(1.0).status, reply.delay_s) == (500, 0.0)
    simulator.book.advance(50.0)
    assert simulator.book.order("6500").status is OrderStatus.NEW
    under = attrs.evolve(read, path=read.path.replace("/orders", f"/{collection}"))
    assert b'"Status":"New"' in simulator.handle(under, 50.0).response_at(50.0).content
    simulator.book.advance(51.0)
    assert simulator.book.order("6500").status is OrderStatus.PENDING_CANCEL
    simulator.book.advance(52.0)
    assert simulator.book.order("6500").canceled_by == "cancel 1"


def test_a_slow_cancel_s_fault_comes_when_its_answer_would() -> None:
    """It has acted by then; what is truncated is its answer, which has no body of its own."""
    simulator = with_order(cancel_delay_s=2.0)
    cancel = request_of(calls_of(simulator)["cancel"])
    slow = attrs.evolve(cancel, path=cancel.path.replace("/orders", "/syncorders"))
    simulator.faults.script("cancel", fault_from_word("truncated:middle"))
    reply = simulator.handle(slow, 1.0)
    assert reply.delay_s == 2.0
    simulator.book.advance(3.0)
    response = reply.response_at(3.0)
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.content)
    assert (response.status, simulator.book.order("6500").status) == (200, OrderStatus.CANCELED)
    assert isinstance(perform(simulator, "cancel", 4.0), Refused)
    assert isinstance(perform(simulator, "read", 4.0), OrderRead)
