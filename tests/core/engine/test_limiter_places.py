"""Who gives up a place where all are taken."""

from __future__ import annotations

import math

import attrs
from hypothesis import example, given
from hypothesis import strategies as st

from countermand._limits._places import Seats


@attrs.frozen(eq=False)
class Guest:
    """Holds a place until some time."""

    overdue_at: float


steps = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.sampled_from([1.0, 2.0, 3.0, 5.0])),
        st.tuples(st.just("leave"), st.integers(0, 3)),
    ),
    max_size=40,
)


@given(most=st.integers(1, 4), steps=steps)
@example(most=2, steps=[("take", 1.0), *[("take", 5.0), ("leave", 1)] * 99])
def test_the_first_that_is_overdue(most: int, steps: list[tuple[str, float]]) -> None:
    """However many came and left: where all places are taken, who is overdue first gives way."""
    seats, there = Seats(most), list[Guest]()
    for word, value in steps:
        if word == "take":
            if len(there) == most:
                there.remove(min(there, key=lambda guest: guest.overdue_at))  # of equals who came first
            there.append(guest := Guest(value))
            seats.take(guest)
        elif value < len(there):
            del seats.held[there.pop(int(value))]
        assert list(seats.held) == there
        full = len(there) == most
        assert seats.free_at() == (min(guest.overdue_at for guest in there) if full else -math.inf)
