"""Figures of the comparison: what is worked out of counts, and how rounds become one figure."""

from __future__ import annotations

import pytest

from speed.figures import Figure, Figures, percentile


def figure(calls: int, **told: float) -> Figure:
    return Figure(**{"calls": calls, "seconds": 2.0, "cpu_s": 0.5, **told})  # type: ignore[arg-type] # floats


@pytest.fixture
def figures() -> Figures:
    made = Figures()
    for calls in (100, 400, 300):
        made.add("apex", "plain-64", figure(calls))
    return made


def test_rates_come_of_counts() -> None:
    """Calls per second, time and CPU per call are worked out of what was counted."""
    one = figure(1_000)
    assert (one.rate, one.cpu_us, one.each_us, one.client_busy) == (500.0, 500.0, 2_000.0, 0.25)


def test_nothing_done_has_no_cost() -> None:
    """Without a call there is a rate of none, and no cost of one."""
    none = Figure(calls=0, seconds=0.0, cpu_s=0.1)
    assert (none.rate, none.cpu_us, none.each_us, none.client_busy) == (0.0, None, None, 0.0)


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.5, 50.0), (0.99, 99.0), (0.991, 100.0), (1.0, 100.0)],
)
def test_a_percentile_is_a_value_that_was_seen(share: float, expected: float) -> None:
    """So great a share of the values does not exceed it."""
    assert percentile([float(one) for one in range(1, 101)], share) == expected


def test_of_nothing_there_is_no_percentile() -> None:
    """No values have no percentile."""
    assert percentile([], 0.5) is None


def test_a_median_is_over_rounds(figures: Figures) -> None:
    """The median of the rounds is told, and each round by itself."""
    assert figures.rounds == 3
    assert figures.median("apex", "plain-64", "rate") == 150.0
    assert [figures.in_round(one, "apex", "plain-64", "rate") for one in range(4)] == [
        50.0,
        200.0,
        150.0,
        None,
    ]


def test_a_median_passes_over_rounds_without_a_figure(figures: Figures) -> None:
    """A round in which nothing was answered has no cost per call."""
    figures.add("apex", "plain-64", figure(0))
    assert figures.median("apex", "plain-64", "cpu_us") == pytest.approx(0.5 / 300 * 1e6)
    assert figures.median("ccxt", "plain-64", "cpu_us") is None


def test_figures_survive_json(figures: Figures) -> None:
    """What was written is read again, faults and other figures with it."""
    figures.add("ccxt", "tls-1", Figure(calls=0, seconds=0.0, cpu_s=0.0, failed=3, fault="late"))
    figures.other["memory.growth_mb"] = 1.5
    read = Figures.from_json(figures.to_json({"commit": "abc"}))
    assert (read.by_place, read.other) == (figures.by_place, figures.other)
