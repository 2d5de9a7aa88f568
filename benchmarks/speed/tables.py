"""The tables of a run, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from speed.clients import CLIENTS, Client
from speed.figures import Figures
from speed.loads import LOADS, Load
from speed.targets import TARGETS, Other, Place, Target, Verdict

#: Of a fault, so many characters are shown.
_FAULT_SHOWN = 100


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """Write a table; its first columns are words, the others are figures."""
    marks = [*["---"] * words, *["---:"] * (len(head) - words)]
    return "\n".join([f"## {title}", "", _row(head), _row(marks), *map(_row, rows)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def written(value: float | None, pattern: str = ",.0f") -> str:
    """Write a figure, or a hyphen where there is none."""
    return "-" if value is None else format(value, pattern)


def load_table(figures: Figures, load: Load) -> str:
    """Write what all clients did under a load: medians of the rounds."""
    head = ["", "calls/s", "CPU µs", "p50 µs", "p99 µs", "calls/s to ccxt", "CPU to ccxt", "busy"]
    rows = [
        _load_row(figures, client, load) for client in CLIENTS.values() if figures.of(client.name, load.name)
    ]
    return "\n".join([table(load.title, head, rows), *_faults(figures, load)])


def _load_row(figures: Figures, client: Client, load: Load) -> list[str]:
    def of(measure: str) -> float | None:
        return figures.median(client.name, load.name, measure)

    def to_peer(measure: str) -> float | None:
        own, peers = of(measure), figures.median(_peer(client), load.name, measure)
        return None if own is None or not peers else own / peers

    return [
        client.title,
        written(of("rate")),
        written(of("cpu_us"), ",.1f"),
        written(of("p50_us")),
        written(of("p99_us")),
        written(to_peer("rate"), ".2f"),
        written(to_peer("cpu_us"), ".2f"),
        written(of("client_busy"), ".0%"),
    ]


def _peer(client: Client) -> str:
    return "ccxt-sync" if client.name.endswith("-sync") else "ccxt"


def _faults(figures: Figures, load: Load) -> Iterator[str]:
    for client in CLIENTS.values():
        found = figures.of(client.name, load.name)
        if failed := sum(one.failed for one in found):
            calls = sum(one.calls for one in found)
            fault = next(one.fault for one in found if one.failed)
            yield f"\n{client.title}: {failed:,} failed, {calls:,} did not; {fault[:_FAULT_SHOWN]}"


def judged(figures: Figures) -> Iterator[tuple[Target, float | None, int, int]]:
    """Judge each target by medians; tell in how many rounds it was met, and in how many it was measured."""

    def median(place: Place | Other) -> float | None:
        if isinstance(place, Other):
            return figures.other.get(place.name)
        return figures.median(place.client, place.load, place.measure)

    for target in TARGETS:
        verdicts = [target.verdict(target.figure(_in_round(figures, one))) for one in range(figures.rounds)]
        measured = sum(one is not Verdict.NOT_MEASURED for one in verdicts)
        yield target, target.figure(median), verdicts.count(Verdict.MET), measured


def _in_round(figures: Figures, number: int) -> Callable[[Place | Other], float | None]:
    def read(place: Place | Other) -> float | None:
        if isinstance(place, Other):
            return None
        return figures.in_round(number, place.client, place.load, place.measure)

    return read


def verdicts(figures: Figures) -> str:
    """Write a line for each target: its figure, its bound, the rounds it was met in, and the verdict."""
    lines = ["## Targets", ""]
    for target, figure, met, rounds in judged(figures):
        told = f"{written(figure, '.2f')} {target.unit}, {target.bound}"
        often = f", in {met} of {rounds} rounds" if rounds else ""
        lines.append(f"- **{target.verdict(figure).value}**: {target.what}: {told}{often}")
    return "\n".join(lines)


def report(about: dict[str, str], figures: Figures) -> str:
    """Write every table of a run, and the targets last."""
    run = table("The run", ["what", "is"], about.items(), words=2)
    loads = [load_table(figures, load) for load in LOADS if _measured(figures, load)]
    other = [_other(figures)] if figures.other else []
    return "\n\n".join(["# Speed beside its peers", run, *loads, *other, verdicts(figures)]) + "\n"


def _measured(figures: Figures, load: Load) -> bool:
    return any(name == load.name for _, name in figures.by_place)


def _other(figures: Figures) -> str:
    return table(
        "Measured once", ["what", "is"], [[name, f"{one:,.2f}"] for name, one in figures.other.items()]
    )
