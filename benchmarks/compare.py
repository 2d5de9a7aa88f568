"""What a cancel costs, side by side with other clients: time, time of the processor, calls per second.

`python benchmarks/compare.py` builds a server in C, drives every client at it, each in a process of its own,
round by round, and prints the tables and a line for each target. It exits 1 if a target is missed. What it
needs is said in the README beside it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from speed.clients import CLIENTS
from speed.figures import Figures
from speed.loads import LINKS, LOADS, Gate, Load, Pace
from speed.machine import about
from speed.others import OTHERS, measured
from speed.server import Built, Server, build, running
from speed.tables import judged, report
from speed.targets import Verdict
from speed.workers import Worker, workers

ROUNDS = 5
QUICK = Pace(warm_s=0.1, measure_s=0.25)


@attrs.frozen(kw_only=True)
class Options:
    """The command line."""

    clients: list[str]
    loads: list[Load]
    rounds: int
    pace: Pace
    others: bool
    #: Whether the server sleeps while it has nothing to do, so that each request must wake it.
    sleeps: bool
    #: The command line that repeats it, without the places of files.
    command: str
    results: Path | None


def options(words: list[str]) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, help=f"rounds over all clients ({ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="one round of short measures, to try it")
    parser.add_argument("--only", metavar="CLIENT,…", help=f"of {', '.join(CLIENTS)}")
    parser.add_argument("--loads", metavar="LOAD,…", help=f"of {', '.join(one.name for one in LOADS)}")
    parser.add_argument("--sleeping-server", action="store_true", help="let each request wake the server")
    parser.add_argument("--results", type=Path, metavar="DIR", help="write tables and figures there, too")
    read = parser.parse_args(words)
    given = {"--rounds": read.rounds, "--only": read.only, "--loads": read.loads}
    repeats = [f"{name} {value}" for name, value in given.items() if value] + ["--quick"] * read.quick
    repeats += ["--sleeping-server"] * read.sleeping_server
    clients = _chosen(parser, read.only, list(CLIENTS))
    loads = _chosen(parser, read.loads, [one.name for one in LOADS])
    return Options(
        clients=clients,
        loads=[one for one in LOADS if one.name in loads],
        rounds=read.rounds or (1 if read.quick else ROUNDS),
        pace=QUICK if read.quick else Pace(),
        others=not (read.only or read.loads or read.quick),
        sleeps=read.sleeping_server,
        command=" ".join(["python benchmarks/compare.py", *repeats]),
        results=read.results,
    )


def _chosen(parser: argparse.ArgumentParser, given: str | None, known: list[str]) -> list[str]:
    asked = given.split(",") if given else known
    if strange := [name for name in asked if name not in known]:
        parser.error(f"expected some of {', '.join(known)}, got {strange[0]!r}")
    return [name for name in known if name in asked]


def cores() -> tuple[int, int]:
    """Choose a core for the clients and one for the server: the first and the last there are."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


@contextmanager
def servers(asked: Options, built: Built, core: int) -> Iterator[dict[str, Server]]:
    """Run a server for each link that is needed."""
    needed = {load.link.name for load in asked.loads}
    with ExitStack() as stack:
        yield {
            link.name: stack.enter_context(running(built, link, core, sleeps=asked.sleeps))
            for link in LINKS
            if link.name in needed
        }


def run(asked: Options, built: Built) -> Figures:
    """Measure round by round: all clients under one load, then under the next."""
    client_core, server_core = cores()
    figures = Figures()
    with servers(asked, built, server_core) as by_link:
        for number in range(asked.rounds):
            with workers(asked.clients, client_core) as started:
                for load in asked.loads:
                    say(f"round {number + 1} of {asked.rounds}: {load.title}")
                    gate = gate_of(load, by_link[load.link.name], built)
                    measure(started, load.name, gate, asked.pace, figures)
    return figures


def gate_of(load: Load, server: Server, built: Built) -> Gate:
    """Say where clients cancel under a load."""
    return Gate(
        url=server.url,
        certificate=str(built.certificate) if load.link.tls else None,
        in_flight=load.in_flight,
    )


def measure(started: dict[str, Worker], load: str, gate: Gate, pace: Pace, figures: Figures) -> None:
    """Measure all clients under one load, one after the other; who got nothing done is not asked again."""
    for client, worker in started.items():
        in_vain = any(not one.calls for one in figures.of(client, load))
        if load in CLIENTS[client].loads and not in_vain:
            figures.add(client, load, worker.measure(gate, pace))


def say(what: str) -> None:
    """Tell of progress."""
    print(what, file=sys.stderr, flush=True)


def keep(folder: Path, told: dict[str, str], figures: Figures) -> None:
    """Write the tables, and the figures of every round beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "speed.md").write_text(report(told, figures), encoding="utf-8")
    (folder / "speed.json").write_text(figures.to_json(told), encoding="utf-8")


def main(words: list[str]) -> int:
    """Measure, print the tables, and say by the exit code whether a target was missed."""
    asked = options(words)
    with tempfile.TemporaryDirectory() as folder:
        figures = run(asked, build(Path(folder)))
    for name in OTHERS if asked.others else ():
        say(f"once: {name}")
        try:
            figures.other.update(measured(name))
        except subprocess.CalledProcessError as error:  # its targets are told as not measured
            say(str(error))
    told = about(asked.command, *cores(), asked.rounds)
    print(report(told, figures))
    if asked.results is not None:
        keep(asked.results, told, figures)
    missed = [target for target, figure, _, _ in judged(figures) if target.verdict(figure) is Verdict.MISSED]
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
