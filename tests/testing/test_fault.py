"""Faults as values: which can be, and what is said of those that cannot."""

from __future__ import annotations

from typing import Any

import pytest

from countermand.errors import ConfigurationError
from countermand.testing import CALLS, EVERY_FAULT, POSSIBLE, Fault, FaultKind, Point, fault_from_word


def test_every_kind_can_come_at_some_point_of_every_or_some_call() -> None:
    """No kind is a word only; the calls of each are calls that there are."""
    assert {kind for kind, _ in POSSIBLE} == set(FaultKind)
    assert all(calls and calls <= set(CALLS) for calls in POSSIBLE.values())
    assert [(fault.kind, fault.point) for fault in EVERY_FAULT] == list(POSSIBLE)


def test_only_cancels_act_later() -> None:
    """A read or a log-in has no effect that could come after the next read."""
    later = {calls for (_, point), calls in POSSIBLE.items() if point is Point.LATER}
    assert later == {frozenset({"cancel"})}


@pytest.mark.parametrize("kind", [FaultKind.UNAUTHORIZED, FaultKind.REFUSED, FaultKind.TLS])
def test_a_definite_no_never_comes_from_a_venue_that_acted(kind: FaultKind) -> None:
    """A simulated venue does not lie: who refuses a session, or cannot be reached, has done nothing."""
    assert [point for one, point in POSSIBLE if one is kind] == [Point.BEFORE]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": FaultKind.CACHED}, "no fault cached:before; cached can come: after"),
        ({"kind": FaultKind.TLS, "point": Point.LATER}, "no fault tls:later; tls can come: before"),
        ({"kind": "reset"}, "kind must be a FaultKind, got 'reset'"),
        ({"kind": FaultKind.RESET, "point": "after"}, "point must be a Point, got 'after'"),
        ({"kind": FaultKind.RESET, "delay_s": -1}, "delay_s must be from 0 to 86400 seconds, got -1"),
        ({"kind": FaultKind.RESET, "delay_s": float("nan")}, "delay_s must be from 0 to 86400 seconds"),
        ({"kind": FaultKind.RESET, "delay_s": True}, "delay_s must be a number of seconds, got True"),
        ({"kind": FaultKind.RESET, "delay_s": "1"}, "delay_s must be a number of seconds, got '1'"),
        (
            {"kind": FaultKind.THROTTLED, "retry_after_s": 1},
            "retry_after_s is for throttled-until, not for throttled",
        ),
        (
            {"kind": FaultKind.THROTTLED_UNTIL, "retry_after_s": 1e9},
            "retry_after_s must be from 0 to 86400 seconds",
        ),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], message: str) -> None:
    """A fault that cannot be is not made, and what could be is told."""
    with pytest.raises(ConfigurationError, match=message):
        Fault(**fields)


@pytest.mark.parametrize("fault", EVERY_FAULT, ids=lambda fault: fault.word)
def test_a_word_gives_the_fault_back(fault: Fault) -> None:
    """`KIND:POINT` is how it is written and read."""
    assert fault_from_word(fault.word) == fault


def test_a_word_without_a_point_means_the_first_that_can_be() -> None:
    """Before the venue acts where that can be; a cached answer can only come after."""
    assert fault_from_word("reset") == Fault(kind=FaultKind.RESET)
    assert fault_from_word("cached") == Fault(kind=FaultKind.CACHED, point=Point.AFTER)
    assert fault_from_word("late").point is Point.AFTER
    assert fault_from_word("half").point is fault_from_word("half", "cancel").point is Point.BEFORE
    assert fault_from_word("half", "read").point is Point.MIDDLE
    assert fault_from_word("cached", "cancel").point is Point.AFTER


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("", "kind must be one of reset, close, .*, got ''"),
        ("rest", "kind must be one of reset, close, .*, got 'rest'"),
        ("reset:now", "point must be one of before, after, middle, later, got 'now'"),
        ("tls:after", "no fault tls:after; tls can come: before"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(word: str, message: str) -> None:
    """A typing error is told with what there is."""
    with pytest.raises(ConfigurationError, match=message):
        fault_from_word(word)
