"""Stamps: the time, and never the same twice."""

from __future__ import annotations

import itertools
import time

from countermand._engine._stamps import Stamps


def test_a_stamp_is_the_time() -> None:
    """A venue may refuse what is too far from its own; however old a client is, its stamps are not."""
    times = iter([1000, 2000, 90_000])
    stamps = Stamps(lambda: next(times) * 1_000_000 + 999_999)
    assert [stamps.next().nonce for _ in range(3)] == [1000, 2000, 90_000]


def test_each_is_higher_than_the_one_before() -> None:
    """Within a millisecond, and by a clock that is set back."""
    times = itertools.chain([1000, 1000, 1000, 500, 1004], itertools.repeat(0))
    stamps = Stamps(lambda: next(times) * 1_000_000)
    assert [stamps.next().nonce for _ in range(6)] == [1000, 1001, 1002, 1003, 1004, 1005]


def test_the_clock_is_the_walls() -> None:
    """In milliseconds since 1970, as venues have it."""
    before = time.time_ns() // 1_000_000
    assert before <= Stamps().next().nonce <= time.time_ns() // 1_000_000
