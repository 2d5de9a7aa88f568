"""What is measured once, beside the loads: each by a module of its own, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
#: The modules; each prints one JSON object of figures.
OTHERS = ("startup", "heartbeat", "memory")


def measured(name: str) -> dict[str, float]:
    """Run one of the modules, and read its figures; raises `CalledProcessError` if it fails."""
    words = [sys.executable, "-m", f"speed.{name}"]
    ran = subprocess.run(  # noqa: S603 - words of our own
        words, check=True, stdout=subprocess.PIPE, text=True, cwd=_HERE.parent
    )
    return {f"{name}.{key}": value for key, value in flat(json.loads(ran.stdout))}


def flat(told: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Give each figure of nested objects, by the names on the way to it."""
    for key, value in told.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{rest}", figure) for rest, figure in flat(value))
        elif isinstance(value, int | float):
            yield key, float(value)
