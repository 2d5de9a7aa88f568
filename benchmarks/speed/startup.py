"""What `import countermand` costs beside `import httpx`, each in a fresh interpreter, compiled before.

`python -m speed.startup` (in `benchmarks`) prints one JSON object: medians in ms without what an interpreter
takes that imports nothing, the ratio of the two, and how long it takes to build a client, which loads httpx.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from tempfile import TemporaryDirectory

ROUNDS = 15
#: What is run, one after the other in each round.
SCRIPTS = {
    "nothing": "",
    "import_httpx": "import httpx",
    "import_countermand": "import countermand",
    "first_client": "import countermand; countermand.AsyncClient([])",
}


def taken_ms(script: str, compiled: str) -> float:
    """Run a script in a fresh interpreter, with a folder of what is compiled; return how long that took."""
    # A checkout has nothing compiled where the environment says so; what pip has installed always has.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)  # noqa: S603 - our own words
    return 1000 * (time.perf_counter() - began)


def summed_up(found: dict[str, list[float]]) -> dict[str, float]:
    """Make of the times in ms of each script medians, without those of nothing, and their ratio."""
    medians = {name: statistics.median(times) for name, times in found.items()}
    bare = medians.pop("nothing")
    told = {f"{name}_ms": round(median - bare, 1) for name, median in medians.items()}
    ratio = (medians["import_countermand"] - bare) / (medians["import_httpx"] - bare)
    return {**told, "ratio": round(ratio, 2)}


def measured(rounds: int = ROUNDS) -> dict[str, float]:
    """Measure all scripts in turn, after once for the files' sake."""
    found: dict[str, list[float]] = {name: [] for name in SCRIPTS}
    with TemporaryDirectory() as compiled:
        for script in SCRIPTS.values():
            taken_ms(script, compiled)
        for _ in range(rounds):
            for name, script in SCRIPTS.items():
                found[name].append(taken_ms(script, compiled))
    return summed_up(found)


def main(words: list[str]) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    print(json.dumps(measured(parser.parse_args(words).rounds)))


if __name__ == "__main__":
    main(sys.argv[1:])
