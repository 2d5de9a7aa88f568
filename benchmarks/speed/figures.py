"""Figures: what one measure found, and all of them, by client, load and round."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Figure:
    """What one client did in one measure; latencies are in µs, times in seconds."""

    calls: int
    seconds: float
    cpu_s: float
    p50_us: float | None = None
    p99_us: float | None = None
    failed: int = 0
    fault: str = ""

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self.calls / self.seconds if self.seconds else 0.0

    @property
    def client_busy(self) -> float:
        """The share of the time for which the client was at work; threads may make it more than 1."""
        return self.cpu_s / self.seconds if self.seconds else 0.0

    @property
    def cpu_us(self) -> float | None:
        """The client's time of the processor per call, user and system, in µs."""
        return self.cpu_s / self.calls * 1e6 if self.calls else None

    @property
    def each_us(self) -> float | None:
        """Time per call, in µs."""
        return self.seconds / self.calls * 1e6 if self.calls else None


#: What a figure is asked for.
MEASURES = ("p50_us", "p99_us", "cpu_us", "rate", "each_us", "client_busy")


def percentile(sorted_values: Sequence[float], share: float) -> float | None:
    """Return the value that so great a share does not exceed."""
    if not sorted_values:
        return None
    return sorted_values[math.ceil(share * len(sorted_values)) - 1]


class Figures:
    """All figures of a run; `other` are those that are measured once, by name."""

    def __init__(self) -> None:
        self.by_place: dict[tuple[str, str], list[Figure]] = {}
        self.other: dict[str, float] = {}

    @property
    def rounds(self) -> int:
        """How many rounds there were."""
        return max(map(len, self.by_place.values()), default=0)

    def add(self, client: str, load: str, figure: Figure) -> None:
        """Add what was found in the next round."""
        self.by_place.setdefault((client, load), []).append(figure)

    def of(self, client: str, load: str) -> list[Figure]:
        """Return what was found, round by round."""
        return self.by_place.get((client, load), [])

    def median(self, client: str, load: str, measure: str) -> float | None:
        """Return the median over all rounds that have such a figure."""
        found = [getattr(one, measure) for one in self.of(client, load)]
        known = [one for one in found if one is not None]
        return statistics.median(known) if known else None

    def in_round(self, number: int, client: str, load: str, measure: str) -> float | None:
        """Return what was found in one round, which counts from 0."""
        found = self.of(client, load)
        value: float | None = getattr(found[number], measure) if number < len(found) else None
        return value

    def to_json(self, about: dict[str, str]) -> str:
        """Write them, beside what is to be said about the run."""
        places = [
            {"client": client, "load": load, "rounds": [attrs.asdict(one) for one in found]}
            for (client, load), found in self.by_place.items()
        ]
        return json.dumps({"about": about, "figures": places, "other": self.other}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Figures:
        """Read what `to_json` has written."""
        read: dict[str, Any] = json.loads(text)
        figures = cls()
        figures.other = read["other"]
        for place in read["figures"]:
            for one in place["rounds"]:
                figures.add(place["client"], place["load"], Figure(**one))
        return figures
