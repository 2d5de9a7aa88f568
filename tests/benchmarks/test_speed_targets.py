"""Targets of the comparison: how they are judged, and what is printed of them."""

from __future__ import annotations

import pytest

from speed.clients import CLIENTS
from speed.figures import MEASURES, Figure, Figures
from speed.loads import LOADS
from speed.others import flat
from speed.tables import judged, load_table, report, verdicts
from speed.targets import TARGETS, Other, Place, Target, Verdict

#: The first target: calls per second, plain, 64 in flight, at least 3.5 times ccxt's.
FIRST = TARGETS[0]


def figure(calls: int, cpu_s: float = 1.0, **told: str | float) -> Figure:
    return Figure(calls=calls, seconds=1.0, cpu_s=cpu_s, **told)  # type: ignore[arg-type] # fields by name


def of(client: str) -> Place:
    return Place(client, "plain-64", "cpu_us")


def run(*rounds: tuple[int, int]) -> Figures:
    """Make the figures of rounds: calls of countermand and of ccxt, 64 in flight."""
    figures = Figures()
    for own, peers in rounds:
        figures.add("apex", "plain-64", figure(own))
        figures.add("ccxt", "plain-64", figure(peers))
    return figures


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.what)
def test_each_target_is_of_what_is_measured(target: Target) -> None:
    """No target names a client, a load or a measure that there is not, or a client that is not so driven."""
    for place in (target.of, target.to, target.more_than):
        if isinstance(place, Place):
            assert place.load in CLIENTS[place.client].loads
            assert place.measure in MEASURES


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.what)
def test_each_target_has_one_bound(target: Target) -> None:
    """A target bounds from one side, and its figure is a ratio, a difference or alone."""
    assert (target.at_least is None) != (target.at_most is None)
    assert target.to is None or target.more_than is None


def test_loads_have_names_of_their_own() -> None:
    """Each load of a client is one of all, and no two share a name."""
    names = [load.name for load in LOADS]
    assert len(set(names)) == len(names)
    assert {name for client in CLIENTS.values() for name in client.loads} == set(names)


@pytest.mark.parametrize(
    ("target", "figure", "verdict"),
    [
        (Target(what="", of=Other("x"), at_least=3.5), 3.5, Verdict.MET),
        (Target(what="", of=Other("x"), at_least=3.5), 3.49, Verdict.MISSED),
        (Target(what="", of=Other("x"), at_most=0.3), 0.3, Verdict.MET),
        (Target(what="", of=Other("x"), at_most=0.3), 0.31, Verdict.MISSED),
        (Target(what="", of=Other("x"), at_most=0.3), None, Verdict.NOT_MEASURED),
    ],
    ids=["just enough", "too little", "just little enough", "too much", "not measured"],
)
def test_a_bound_is_kept_or_not(target: Target, figure: float | None, verdict: Verdict) -> None:
    """A figure at its bound is met."""
    assert target.verdict(figure) is verdict


@pytest.mark.parametrize(
    ("to", "more_than", "expected"),
    [
        (None, None, 60.0),
        ("transport", None, 1.5),
        (None, "transport", 20.0),
        ("limit", None, None),
        (None, "limit", None),
    ],
    ids=["alone", "ratio", "difference", "ratio to nothing", "difference to nothing"],
)
def test_a_target_works_its_figure_out(to: str | None, more_than: str | None, expected: float | None) -> None:
    """A figure is read alone, as a ratio or as a difference; what is not known stays so."""
    known = {"apex": 60.0, "transport": 40.0}
    target = Target(
        what="",
        of=of("apex"),
        to=of(to) if to else None,
        more_than=of(more_than) if more_than else None,
        at_most=1,
    )
    assert (
        target.figure(lambda place: known.get(place.client) if isinstance(place, Place) else None) == expected
    )


def test_the_medians_judge() -> None:
    """The verdict is that of the medians, and the rounds are counted beside."""
    figures = run((3_400, 1_000), (4_000, 1_000), (3_000, 1_000), (4_400, 1_000), (3_600, 1_000))
    (first, *_) = judged(figures)
    assert first == (FIRST, 3.6, 3, 5)
    assert verdicts(figures).splitlines()[2] == (
        f"- **met**: {FIRST.what}: 3.60 x, at least 3.5, in 3 of 5 rounds"
    )


def test_what_was_not_measured_is_told() -> None:
    """A target without figures is neither met nor missed."""
    lines = verdicts(Figures()).splitlines()[2:]
    assert len(lines) == len(TARGETS)
    assert all(line.startswith("- **not measured**") for line in lines)


def test_a_target_may_be_measured_once() -> None:
    """A figure of another module is judged as it is."""
    figures = Figures()
    figures.other = {target.of.name: 1e9 for target in TARGETS if isinstance(target.of, Other)}
    others = [one for one in judged(figures) if isinstance(one[0].of, Other)]
    assert [(value, met, rounds) for _, value, met, rounds in others] == [(1e9, 0, 0)] * len(others)


def test_a_table_compares_with_the_peer() -> None:
    """Each row has its ratios to ccxt, and a client without figures has no row."""
    text = load_table(run((4_000, 1_000)), LOADS[1])
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    assert rows == [
        "| **countermand**, APEX | 4,000 | 250.0 | - | - | 4.00 | 0.25 | 100% |",
        "| ccxt async, `ndax.cancel_order` | 1,000 | 1,000.0 | - | - | 1.00 | 1.00 | 100% |",
    ]


def test_failures_are_told_below_the_table() -> None:
    """How many failed is told, and what the first fault was."""
    figures = Figures()
    figures.add("httpx", "plain-1000", figure(0, failed=12, fault="PoolTimeout"))
    assert load_table(figures, LOADS[2]).splitlines()[-1] == (
        "httpx.AsyncClient: 12 failed, 0 did not; PoolTimeout"
    )


def test_a_report_ends_with_the_targets() -> None:
    """The run is told first, then the loads that were measured, then the targets."""
    figures = run((4_000, 1_000))
    figures.other["memory.growth_mb"] = 1.25
    heads = [line for line in report({"commit": "abc"}, figures).splitlines() if line.startswith("#")]
    assert heads == [
        "# Speed beside its peers",
        "## The run",
        f"## {LOADS[1].title}",
        "## Measured once",
        "## Targets",
    ]


def test_nested_figures_are_named_by_their_way() -> None:
    """Figures of other modules keep the names on the way to them, and words are passed over."""
    assert dict(flat({"batch": {"longest_ms": 4, "of": "apex"}, "ratio": 1.2})) == {
        "batch.longest_ms": 4.0,
        "ratio": 1.2,
    }
