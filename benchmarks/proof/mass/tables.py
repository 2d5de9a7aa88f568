"""The tables of a run of mass cancels, as Markdown."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterator

from proof.mass.drawing import DEADLINES_S, DECLARED_LAG_S
from proof.mass.judge import EVERY_LIE
from proof.mass.measures import LEAST_S, REACHABLE
from proof.mass.tally import MassTally
from proof.options import Options
from proof.tables import share, table

_STATES = ("proved empty", "residual", "unknown")


def report(options: Options, tally: MassTally) -> str:
    """Write every table of a run."""
    sections = (_run, _lies, _targets, _deadlines, _states, _acks, _residual)
    return "\n\n".join(section(options, tally) for section in sections) + "\n"


def _run(options: Options, tally: MassTally) -> str:
    counts, system = tally.counts, f"{platform.system()} {platform.machine()}"
    pace = tally.asked / max(tally.seconds, 1e-9)
    rows = [
        ("command", f"`{options.command}`"),
        ("fault rate", options.rate),
        ("retry budget", "the default one" if options.budget else "none"),
        ("planted", options.plant or "nothing"),
        ("mass cancels, each scope of a kill being one", tally.asked),
        (
            "… by the client for tasks, by the one for threads",
            f"{counts['by the client: async']}, {counts['by the client: sync']}",
        ),
        ("worlds, requests until the reports came", f"{tally.worlds}, {counts['requests']}"),
        ("faults met", share(counts["faults"], counts["requests"])),
        ("kinds of faults and points met", len(tally.faults)),
        ("sent natively", counts["native"]),
        ("`read_lag_s` declared", DECLARED_LAG_S),
        ("ran", "in process, on a virtual clock"),
        ("machine", f"{os.cpu_count()} cores, Python {platform.python_version()}, {system}"),
        ("time", f"{tally.seconds:.0f} s, of all processes together: {pace:.0f} a second and process"),
    ]
    return "# Truth of mass cancels under faults\n\n" + table("The run", ("what", "is"), rows)


def _lies(_options: Options, tally: MassTally) -> str:
    rows = [(name, tally.lies[name]) for name in EVERY_LIE]
    return table("Lies", ("lie", "times"), [*rows, ("**all**", f"**{tally.lied}**")])


def _targets(_options: Options, tally: MassTally) -> str:
    counts = tally.counts
    rows = [
        ("lies", "0", tally.lied),
        ("reachable orders canceled", "at least 99 %", share(counts["canceled"], counts["reachable"])),
        ("orders canceled, of all that were to be", "-", share(counts["taken"], counts["targets"])),
        (
            "proved empty, where it was empty long enough",
            "-",
            share(counts["provable, proved"], counts["provable"]),
        ),
        ("proved empty, of all", "-", share(counts["proved"], tally.asked)),
        (
            "open at a proof, but placed within the lag before it: no listing could show it",
            "-",
            counts["unseen"],
        ),
        ("calls per order taken off the book", "-", _ratio(counts["calls"], counts["off the book"])),
        ("calls per ack", "-", _ratio(counts["calls"], counts["acks"])),
    ]
    told = f"Reachable: {REACHABLE.format(least_s=LEAST_S)}."
    return table("Targets", ("what", "target", "is"), rows) + f"\n\n{told}"


def _deadlines(_options: Options, tally: MassTally) -> str:
    counts = tally.counts
    rows = [
        (
            timeout_s,
            share(counts[f"canceled|{timeout_s}"], counts[f"reachable|{timeout_s}"]),
            share(counts[f"taken|{timeout_s}"], counts[f"targets|{timeout_s}"]),
        )
        for timeout_s in DEADLINES_S
    ]
    return table("By deadline", ("seconds", "reachable orders canceled", "of all to be canceled"), rows)


def _states(_options: Options, tally: MassTally) -> str:
    seen: dict[tuple[str, ...], Counter[str]] = {}
    for key, count in sorted(_under(tally, "report")):
        *how, state = key
        seen.setdefault(tuple(how), Counter())[state] += count
    rows = [(*how, *(states[one] for one in _STATES)) for how, states in seen.items()]
    return table("Reports", ("venue", "scope", "placed after", *_STATES), rows)


def _acks(_options: Options, tally: MassTally) -> str:
    rows = [(*key, count) for key, count in sorted(_under(tally, "ack"))]
    return table("Acks", ("outcome", "reason", "times"), rows)


def _residual(_options: Options, tally: MassTally) -> str:
    rows = [(*key, count) for key, count in sorted(_under(tally, "residual"))]
    return table("Residual orders", ("cause", "seen by the last listing", "times"), rows)


def _under(tally: MassTally, name: str) -> Iterator[tuple[list[str], int]]:
    for key, count in tally.counts.items():
        first, *rest = key.split("|")
        if first == name and rest:
            yield rest, count


def _ratio(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"
