"""The tables of a run, as Markdown: for the terminal and for a file."""

from __future__ import annotations

import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from proof.cells import OFTEN, cells, strata, unreachable
from proof.judge import LIES, OTHER_LIES
from proof.options import Options
from proof.pace import SOCKETS, VIRTUAL
from proof.scripts import Stratum
from proof.tally import Tally

#: The most cancels for an order, and the least share of final acks among those that were knowable.
_FINAL_AT = {0.0: 1.0, 0.1: 0.99}
_UNDECIDED = 0.001


def report(options: Options, tally: Tally) -> str:
    """Write every table of a run."""
    sections = (_run, _lies, _targets, _acks, _settled, _attempts, _ran, _met, _unmet, _never)
    return "\n\n".join(section(options, tally) for section in sections) + "\n"


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table."""
    lines = [f"## {title}", "", _row(head), _row(["---"] * len(head))]
    return "\n".join([*lines, *map(_row, rows)])


def _row(items: Sequence[object]) -> str:
    return "| " + " | ".join(str(item) for item in items) + " |"


def share(part: int, whole: int) -> str:
    """Write a share in words."""
    return f"{part} of {whole} ({100 * part / whole:.3f} %)" if whole else "0 of 0"


def _run(options: Options, tally: Tally) -> str:
    system = f"{platform.system()} {platform.machine()}"
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {system}"
    rate = tally.cancels / max(tally.seconds, 1e-9)
    rows = [
        ("command", f"`{options.command}`"),
        ("seed", options.seed),
        ("fault rate", options.rate),
        ("retry budget", "the default one" if options.budget else "none"),
        ("planted", options.plant or "nothing"),
        ("cancels", tally.cancels),
        ("… in process, on a virtual clock", tally.cancels - tally.sockets),
        ("… over real sockets", tally.sockets),
        ("… of those under TLS", tally.counts["under TLS"]),
        ("orders, worlds, requests", f"{tally.orders}, {tally.worlds}, {tally.counts['requests']}"),
        ("faults met", share(tally.counts["faults"], tally.counts["requests"])),
        (
            "`read_lag_s` declared",
            f"{VIRTUAL.declared_lag_s} in process, {SOCKETS.declared_lag_s} over sockets",
        ),
        ("log-ins", "at most 3 a minute and client, not scaled; each world has a client of its own"),
        (
            "a world lasts",
            f"{VIRTUAL.span_s:.0f} s in process, {SOCKETS.span_s} s over sockets, and its end",
        ),
        ("machine", machine),
        (
            "time",
            f"{tally.seconds:.0f} s, of all processes together: {rate:.0f} cancels a second and process",
        ),
    ]
    return "# Truth under faults\n\n" + table("The run", ("what", "is"), rows)


def _lies(_options: Options, tally: Tally) -> str:
    rows = [(name, tally.lies[name]) for name in (*LIES, *OTHER_LIES)]
    return table("Lies", ("lie", "times"), [*rows, ("**all**", f"**{tally.lied}**")])


def _targets(options: Options, tally: Tally) -> str:
    counts, worst = tally.counts, max(map(int, tally.cancels_per_order), default=0)
    final = _FINAL_AT.get(options.rate)
    rows = [
        ("lies", "0", tally.lied),
        ("undecided that could be decided", "under 0.1 %", share(counts["undecided"], tally.cancels)),
        (
            "final, of the confirmed ones that were knowable in time",
            "-" if final is None else f"at least {100 * final:.0f} %",
            share(counts["knowable, final"], counts["knowable"]),
        ),
        ("final, of all confirmed ones", "-", share(counts["confirmed, final"], counts["confirmed"])),
        ("final, of all", "-", share(counts["final"], tally.cancels)),
        ("final, of those settled afterwards", "-", share(counts["settled, final"], counts["settled"])),
        (
            "not final once settled, though the order was dead",
            "-",
            share(counts["settled, owed of dead orders"], counts["settled"]),
        ),
        ("the most cancels for an order, by all its callers", "5 a case", worst),
    ]
    return table("Targets", ("what", "target", "is"), rows)


def _acks(_options: Options, tally: Tally) -> str:
    names = sorted({key.split("|")[2] for key in tally.acks if key.startswith("first|")})
    rows = [
        (name, *(tally.acks[f"first|{kind}|{name}"] for kind in ("received", "confirmed"))) for name in names
    ]
    return table("Acks", ("outcome", "RECEIVED", "CONFIRMED"), rows)


def _settled(_options: Options, tally: Tally) -> str:
    rows = [
        (*key.split("|")[1:], tally.acks[key]) for key in sorted(tally.acks) if key.startswith("settled|")
    ]
    return table("Settled once all was over", ("told first", "settled as", "times"), rows)


def _attempts(_options: Options, tally: Tally) -> str:
    sent = sorted((int(count), orders) for count, orders in tally.cancels_per_order.items())
    mean = sum(count * orders for count, orders in sent) / max(1, tally.orders)
    rows = [*sent, ("mean", f"{mean:.3f}"), ("worst", sent[-1][0] if sent else 0)]
    return table("Cancels sent for an order, by all its callers together", ("cancels", "orders"), rows)


def _ran(_options: Options, tally: Tally) -> str:
    rows = [(*key.split("|"), count) for key, count in sorted(tally.ran.items())]
    return table("Where they ran", ("venue", "client", "ran", "cancels"), rows)


def _columns() -> list[Stratum]:
    return [one for one in strata() if (one.identity, one.venue) != ("native client id", "autoshares")]


def _short(one: Stratum) -> str:
    by = {"order id": "id", "client id": "client id", "native client id": "native"}[one.identity]
    return f"{one.venue}<br>{one.client}<br>{by}<br>{one.assurance}"


def _met(_options: Options, tally: Tally) -> str:
    rows: dict[tuple[str, str], dict[Stratum, int | str]] = defaultdict(dict)
    for cell in cells():
        met = tally.met[cell.key]
        rows[cell.fault, cell.point][cell.stratum] = met if unreachable(cell) is None else "-"
    columns = _columns()
    shown = [
        (f"{fault}:{point}", *(row[one] for one in columns))
        for (fault, point), row in rows.items()
        if set(row.values()) != {"-"}
    ]
    return table("How often each cell was met", ("fault:point", *map(_short, columns)), shown)


def _unmet(_options: Options, tally: Tally) -> str:
    reachable = [cell for cell in cells() if unreachable(cell) is None]
    least = min(reachable, key=lambda cell: tally.met[cell.key])
    often = sum(tally.met[cell.key] >= OFTEN for cell in reachable)
    rows = [
        ("reachable cells", len(reachable)),
        (f"met {OFTEN} times or more", often),
        ("met less often", len(reachable) - often),
        ("never met", sum(tally.met[cell.key] == 0 for cell in reachable)),
        ("the least-met", f"{least.key.replace('|', ' · ')}: {tally.met[least.key]}"),
    ]
    return table("Cells", ("what", "is"), rows)


def _never(_options: Options, _tally: Tally) -> str:
    return table("Cells that cannot be met", ("fault:point or stratum", "why"), _reasons())


def _reasons() -> Iterator[tuple[str, str]]:
    by_reason: dict[str, dict[str, None]] = defaultdict(dict)
    for cell in cells():
        reason = unreachable(cell)
        if reason is None:
            continue
        native = cell.stratum.identity == "native client id" and cell.stratum.venue in reason
        what = f"{cell.stratum.venue} by {cell.stratum.identity}" if native else f"{cell.fault}:{cell.point}"
        by_reason[reason].setdefault(what)
    for reason, whats in by_reason.items():
        yield ", ".join(whats), reason
