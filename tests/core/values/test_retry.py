"""The policy of repeats: what it may say, and the waits it comes to."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand import AsyncClient, Client, RetryPolicy
from countermand._retry import MOST_ATTEMPTS
from countermand._waits import confirm_wait_s, repeat_wait_s
from countermand.errors import ConfigurationError


def test_what_holds_unless_told_otherwise() -> None:
    """Five cancels at most, waits of up to two seconds, and five hundred tokens."""
    policy = RetryPolicy()
    assert (policy.most_attempts, policy.budget) == (MOST_ATTEMPTS, 500) == (5, 500)
    assert (policy.first_wait_s, policy.longest_wait_s) == (0.1, 2.0)


@pytest.mark.parametrize(
    "fields",
    [
        {"most_attempts": 1},
        {"most_attempts": 5},
        {"first_wait_s": 1e-9},
        {"first_wait_s": 2},
        {"longest_wait_s": 0.1},
        {"longest_wait_s": 1e308},
        {"budget": 0},
        {"budget": 10**30},
        {"budget": None},
    ],
)
def test_what_can_be(fields: dict[str, Any]) -> None:
    """Each value within its bounds is taken as it is."""
    assert attrs.asdict(RetryPolicy(**fields)) == attrs.asdict(RetryPolicy()) | fields


#: field: (values that cannot be, what is told of them).
BAD: dict[str, tuple[list[Any], str]] = {
    "most_attempts": ([0, 6, -1, 2.0, "3", True, None, float("nan")], "a whole number from 1 to 5"),
    "first_wait_s": (
        [0, -0.1, float("nan"), float("inf"), 10**400, "1", True, None],
        "a positive, finite number of seconds",
    ),
    "longest_wait_s": (
        [0.0, -2, float("nan"), float("inf"), 10**400, "1", False, None],
        "a positive, finite number of seconds",
    ),
    "budget": ([-1, 1.5, "500", True, float("inf")], "a whole number or None"),
}


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [(field, value, expected) for field, (values, expected) in BAD.items() for value in values],
)
def test_what_cannot_be(field: str, value: Any, expected: str) -> None:
    """A value that cannot be is refused at birth, by its name and with what was given."""
    with pytest.raises(ConfigurationError) as raised:
        RetryPolicy(**{field: value})
    assert str(raised.value) == f"{field} must be {expected}, got {value!r}"


@pytest.mark.parametrize("fields", [{"first_wait_s": 3}, {"longest_wait_s": 0.05}])
def test_waits_that_contradict_each_other(fields: dict[str, float]) -> None:
    """A first wait that the longest one would cut short is refused, whichever of them was given."""
    first, longest = fields.get("first_wait_s", 0.1), fields.get("longest_wait_s", 2.0)
    with pytest.raises(ConfigurationError) as raised:
        RetryPolicy(**fields)  # type: ignore[arg-type]  # fields by name
    told = f"first_wait_s must not be longer than longest_wait_s, got {first} and {longest}"
    assert str(raised.value) == told


def test_it_does_not_change() -> None:
    """A policy is a value: it can be shared by clients."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        RetryPolicy().budget = 3  # type: ignore[misc]  # the point
    assert RetryPolicy(budget=3) == RetryPolicy(budget=3)


@pytest.mark.parametrize("kind", [AsyncClient, Client])
@pytest.mark.parametrize("retry", [5, "never", {"budget": 5}, RetryPolicy])
def test_what_is_no_policy(kind: Any, retry: Any) -> None:
    """A client takes a policy and nothing else."""
    with pytest.raises(ConfigurationError, match="retry must be a RetryPolicy, got "):
        kind([], retry=retry)


positive = st.floats(1e-6, 1e300, allow_nan=False)


@given(first=positive, longest=positive, attempts=st.integers(1, 3000), jitter=st.floats(0, 1))
def test_a_wait_lies_in_its_span(first: float, longest: float, attempts: int, jitter: float) -> None:
    """From nothing to the span of that attempt, and never beyond the longest."""
    policy = RetryPolicy(first_wait_s=min(first, longest), longest_wait_s=longest)
    wait = repeat_wait_s(policy, attempts, jitter)
    assert 0 <= wait <= longest * jitter * (1 + 1e-9)
    assert wait <= repeat_wait_s(policy, attempts, 1.0)
    assert repeat_wait_s(policy, attempts, 0.0) == 0


def test_spans_double_up_to_the_longest() -> None:
    """Full jitter draws from all of the span."""
    policy = RetryPolicy(first_wait_s=0.1, longest_wait_s=2.0)
    spans = [repeat_wait_s(policy, attempts, 1.0) for attempts in range(1, 8)]
    assert spans == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0])
    assert repeat_wait_s(policy, 3, 0.5) == pytest.approx(0.2)


def test_who_has_waited_for_long_reads_less_often() -> None:
    """Reads come once a second at first, then after 5 % of the wait, and every ten seconds at last."""
    assert [confirm_wait_s(99, waited) for waited in (0, 19, 40, 199, 10_000)] == pytest.approx(
        [1.0, 1.0, 2.0, 9.95, 10.0]
    )
