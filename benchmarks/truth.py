"""Drives cancels at venues that break, and holds every ack against their books: exit 1 on any lie.

`python benchmarks/truth.py --cancels 20000 --seed 7`, or `--mass 2000 --seed 7` for mass cancels and kills;
what the tables mean stands in benchmarks/README.md.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

from proof.mass import running as mass_running
from proof.mass import tables as mass_tables
from proof.mass.plants import MASS_PLANTS
from proof.mass.plants import planted as mass_planted
from proof.mass.scripts import MassScript
from proof.mass.tally import MassTally
from proof.options import Options, options_of, parser
from proof.plants import PLANTS, planted
from proof.running import play, run_all
from proof.tables import report
from proof.tally import Tally

#: How many examples of lies and undecided acks are shown.
_SHOWN = 3


def main(words: Sequence[str] | None = None) -> int:
    """Run, print the tables, and tell by the exit code whether any ack lied."""
    asked = parser(sorted({*PLANTS, *MASS_PLANTS}))
    given = asked.parse_args(words)
    options = options_of(given)
    if given.replay is not None:
        return _replay(given.replay, options)
    if options.mass and (given.merge or options.resume or options.plant in PLANTS):
        asked.error("mass cancels have no state to resume or merge, and plants of their own")
    if options.plant in MASS_PLANTS and not options.mass:
        asked.error("that plant is for mass cancels (--mass)")
    tally: Tally | MassTally
    if options.mass:
        tally = mass_running.run_all(options)
        text = mass_tables.report(options, tally)
    else:
        tally = _merged(given.merge) if given.merge else run_all(options)
        text = report(options, tally)
    return _told(options, tally, text)


def _told(options: Options, tally: Tally | MassTally, text: str) -> int:
    print(text)
    for example in tally.examples[:_SHOWN]:
        print(json.dumps(example, indent=1), file=sys.stderr)
    if options.results is not None:
        options.results.mkdir(parents=True, exist_ok=True)
        (options.results / _file_name(options)).write_text(text)
    return 1 if tally.lied else 0


def _merged(paths: Sequence[Path]) -> Tally:
    total = Tally()
    for path in paths:
        total.merge(Tally.from_dict(json.loads(path.read_text())["tally"]))
    return total


def _replay(path: Path, options: Options) -> int:
    script = pickle.loads(path.read_bytes())  # noqa: S301 - our own
    tally: Tally | MassTally
    if isinstance(script, MassScript):
        tally = MassTally()
        with mass_planted(options.plant):
            tally.add(mass_running.played(script, budget=options.budget))
    else:
        tally = Tally()
        with planted(options.plant):
            tally.add(play(script, budget=options.budget))
    print(json.dumps(tally.examples, indent=1))
    return 1 if tally.lied else 0


def _file_name(options: Options) -> str:
    budget = "budget" if options.budget else "no-budget"
    plant = f"-{options.plant}" if options.plant else ""
    what = f"mass-{options.mass}" if options.mass else options.cancels
    return f"truth-{what}-rate-{options.rate}-{budget}-seed-{options.seed}{plant}.md"


if __name__ == "__main__":
    sys.exit(main())
