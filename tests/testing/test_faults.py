"""Which request meets which fault, and what is remembered of it."""

from __future__ import annotations

from typing import Any

import pytest

from countermand.errors import ConfigurationError
from countermand.testing import EVERY_FAULT, Asked, Faults, Simulator, fault_from_word, load_simulator
from countermand.venue import HttpRequest

RESET, STALL, REFUSED = map(fault_from_word, ("reset", "stall:after", "refused"))
CANCEL = HttpRequest(
    method="POST",
    path="/AP/CancelOrder",
    headers={"aptoken": "simulated-session-token"},
    content=b'{"OMSId":1,"AccountId":9,"OrderId":6500}',
)
PING = HttpRequest(method="POST", path="/AP/Ping")


@pytest.fixture
def apex() -> Simulator:
    simulator = load_simulator("apex")()
    simulator.place(0.0)
    return simulator


def test_a_script_is_met_in_order_and_by_its_call_only() -> None:
    """One each, None being none; other calls meet nothing, nor does the next one when it is over."""
    faults = Faults()
    faults.script("cancel", RESET, None)
    faults.script("cancel", STALL)
    faults.script("read")
    assert faults.scripts == {"cancel": (RESET, None, STALL)}
    drawn = [faults.draw(call) for call in ("read", "cancel", None, "cancel", "cancel", "cancel")]
    assert drawn == [None, RESET, None, None, STALL, None]
    assert not faults.active


def test_a_script_comes_before_any_rate() -> None:
    """Also where it says that nothing happens."""
    faults = Faults()
    faults.at_rate(1.0, choose=[RESET])
    faults.script("cancel", None, STALL)
    assert [faults.draw("cancel") for _ in range(3)] == [None, STALL, RESET]


def test_a_rate_is_met_as_often_as_told_and_the_same_each_time() -> None:
    """By its seed, and only at the calls that were named."""
    runs = []
    for seed in (1, 1, 2):
        faults = Faults()
        faults.at_rate(0.25, seed=seed, calls=["cancel", "read"])
        runs.append([faults.draw(call) for call in ("cancel", "read", "open") for _ in range(1000)])
    assert runs[0] == runs[1] != runs[2]
    for run in runs:
        hits = [fault for fault in run if fault is not None]
        assert 400 < len(hits) < 600
        assert run[2000:] == [None] * 1000
        # Each fault that can be at a cancel or a read turns up among so many.
        assert {fault.word for fault in run[:1000] if fault} <= {
            fault.word for fault in EVERY_FAULT if "cancel" in fault.calls
        }


def test_every_possible_fault_is_drawn_in_time() -> None:
    """At rate 1 each call meets all that it can, and nothing else."""
    faults = Faults()
    faults.at_rate(1)
    for call in ("cancel", "trail", "log-in"):
        met = {faults.draw(call) for _ in range(2000)}
        assert met == {fault for fault in EVERY_FAULT if call in fault.calls}


def test_of_several_rates_the_first_that_hits_is_met() -> None:
    """Two rates of one seed do not hit together."""
    faults = Faults()
    faults.at_rate(0.5, choose=[RESET])
    faults.at_rate(0.5, choose=[STALL])
    met = [faults.draw("cancel") for _ in range(1000)]
    assert 400 < met.count(RESET) < 600
    assert 180 < met.count(STALL) < 320


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (
            lambda faults: faults.script("order", RESET),
            "no call 'order'; there are: cancel, mass-cancel",
        ),
        (
            lambda faults: faults.script("read", None, fault_from_word("reset:later")),
            "no fault reset:later at 'read'; it can be met at: cancel",
        ),
        (lambda faults: faults.at_rate(1.1), "rate must be a number from 0 to 1, got 1.1"),
        (lambda faults: faults.at_rate(True), "rate must be a number from 0 to 1, got True"),
        (lambda faults: faults.at_rate("1"), "rate must be a number from 0 to 1, got '1'"),
        (lambda faults: faults.at_rate(0.1, calls=["log-out"]), "no call 'log-out'"),
        (
            lambda faults: faults.at_rate(0.1, calls=["read"], choose=[fault_from_word("reset:later")]),
            "none of these faults can be met at: read",
        ),
    ],
)
def test_what_cannot_be_met_is_refused(give: Any, message: str) -> None:
    """A mistake changes nothing."""
    faults = Faults()
    with pytest.raises(ConfigurationError, match=message):
        give(faults)
    assert not faults.active


def test_clear_ends_what_is_to_come_and_keeps_what_was(apex: Simulator) -> None:
    """A judge still counts what was met."""
    apex.faults.script("cancel", RESET, STALL)
    apex.faults.at_rate(1.0)
    apex.handle(CANCEL, 1.0)
    apex.faults.clear()
    assert apex.faults.draw("cancel") is None
    assert apex.faults.met == [(1, "cancel", RESET)]


def test_requests_tell_what_they_met_and_when_they_acted(apex: Simulator) -> None:
    """By the number that the book speaks of; what is no call of ours meets nothing."""
    apex.faults.script("cancel", RESET, fault_from_word("500:after"))
    apex.handle(PING, 1.0)
    apex.handle(CANCEL, 2.0)
    apex.handle(CANCEL, 3.0)
    assert [(one.number, one.fault, one.acted_at) for one in apex.requests] == [
        (1, None, 1.0),
        (2, "reset:before", None),
        (3, "500:after", 3.0),
    ]
    assert apex.book.order("6500").canceled_by == "cancel 3"
    assert [number for number, _, _ in apex.faults.met] == [2, 3]


def test_a_refused_connection_brings_no_request(apex: Simulator) -> None:
    """Its request never arrived, so it has no number."""
    apex.faults.script("cancel", REFUSED)
    reply = apex.handle(CANCEL, 1.0)
    assert reply.response is None
    assert reply.wire is not None
    assert reply.wire.kind is REFUSED.kind
    assert apex.requests == []
    assert apex.faults.met == [(0, "cancel", REFUSED)]


def test_only_a_drawn_fault_refuses(apex: Simulator) -> None:
    """A shell that refuses a request for which nothing was drawn has made a mistake."""
    with pytest.raises(ValueError, match="nothing was drawn"):
        apex.refuse(apex.draw(CANCEL))


def test_a_shell_is_told_of_scripts_and_takes_what_its_door_has_to_meet() -> None:
    """A connection comes before its call, so what it meets is taken as soon as it is next."""
    faults, told = Faults(), []
    faults.watchers.append(lambda: told.append(faults.take_from_door()))
    faults.script("cancel", RESET, REFUSED)
    faults.script("read", REFUSED)
    assert told == [None, ("read", REFUSED)]
    faults.draw("cancel")
    assert faults.take_from_door() == ("cancel", REFUSED)
    assert not faults.active


def test_forget_drops_the_past_and_goes_on(apex: Simulator) -> None:
    """Orders, requests and faults met are gone; ids, numbers, sessions and faults to come are not."""
    apex.switch(cancel_delay_s=1.0)
    token = apex.tokens.issue(0.0)
    apex.faults.script("cancel", fault_from_word("reset:later"), None, RESET)
    apex.handle(CANCEL, 1.0)
    apex.handle(CANCEL, 1.0)
    apex.forget()
    assert (apex.book.orders(), apex.requests, apex.faults.met) == ((), [], [])
    assert apex.faults.scripts == {"cancel": (RESET,)}
    assert apex.token_valid(token, 2.0)
    assert apex.place(2.0).order_id == "6501"
    apex.book.advance(9.0)  # the cancel that was under way finds nothing, and harms nothing
    apex.handle(CANCEL, 9.0)
    assert apex.requests[0].number == 3


def test_reset_ends_faults_too(apex: Simulator) -> None:
    """After a reset nothing of them is left."""
    apex.faults.script("cancel", RESET, STALL)
    apex.handle(CANCEL, 1.0)
    apex.reset()
    assert (apex.faults.active, apex.faults.met) == (False, [])
    apex.place(0.0)
    apex.handle(CANCEL, 1.0)
    assert apex.book.order("6500").canceled_by == "cancel 1"


def test_default_simulator_knows_no_calls(toy: type[Simulator]) -> None:
    """One that does not tell its calls apart meets no fault."""
    simulator = toy()
    simulator.faults.at_rate(1.0)
    simulator.place(0.0)
    request = HttpRequest(method="DELETE", path="/orders/6500")
    assert simulator.handle(request, 1.0).response_at(1.0).status == 204
    assert simulator.asking_for(request, "1") is request
    assert simulator.asked_of(request) == Asked()
