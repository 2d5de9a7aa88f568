"""Drives cancels at venues that break, and holds every ack against their books: exit 1 on any lie.

`python benchmarks/truth.py --cancels 20000 --seed 7`; what the tables mean stands in benchmarks/README.md.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

from proof.options import Options, options_of, parser
from proof.plants import PLANTS, planted
from proof.running import play, run_all
from proof.tables import report
from proof.tally import Tally

#: How many examples of lies and undecided acks are shown.
_SHOWN = 3


def main(words: Sequence[str] | None = None) -> int:
    """Run, print the tables, and tell by the exit code whether any ack lied."""
    given = parser(sorted(PLANTS)).parse_args(words)
    options = options_of(given)
    if given.replay is not None:
        return _replay(given.replay, options)
    tally = _merged(given.merge) if given.merge else run_all(options)
    text = report(options, tally)
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
    with planted(options.plant):
        played = play(pickle.loads(path.read_bytes()), budget=options.budget)  # noqa: S301 - our own
    tally = Tally()
    tally.add(played)
    print(json.dumps(tally.examples, indent=1))
    return 1 if tally.lied else 0


def _file_name(options: Options) -> str:
    budget = "budget" if options.budget else "no-budget"
    plant = f"-{options.plant}" if options.plant else ""
    return f"truth-{options.cancels}-rate-{options.rate}-{budget}-seed-{options.seed}{plant}.md"


if __name__ == "__main__":
    sys.exit(main())
