"""What must be reached: each target a ratio, a difference or a figure by itself, and its bound."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import attrs


@attrs.frozen
class Place:
    """One figure: of which client, under which load, which measure."""

    client: str
    load: str
    measure: str


@attrs.frozen
class Other:
    """A figure that is measured once, by its name."""

    name: str


class Verdict(Enum):
    """What became of a target."""

    MET = "met"
    MISSED = "missed"
    NOT_MEASURED = "not measured"


@attrs.frozen(kw_only=True)
class Target:
    """A bound for a figure: for its ratio to another one, for what it is more than that, or for itself."""

    what: str
    of: Place | Other
    to: Place | None = None
    more_than: Place | None = None
    at_least: float | None = None
    at_most: float | None = None
    unit: str = "x"

    def figure(self, read: Callable[[Place | Other], float | None]) -> float | None:
        """Return the figure that is bounded; None where it is not known."""
        own = read(self.of)
        for other, combine in ((self.to, _ratio), (self.more_than, _difference)):
            if other is not None:
                return combine(own, read(other))
        return own

    def verdict(self, figure: float | None) -> Verdict:
        """Judge a figure."""
        if figure is None:
            return Verdict.NOT_MEASURED
        held = (self.at_least is None or figure >= self.at_least) and (
            self.at_most is None or figure <= self.at_most
        )
        return Verdict.MET if held else Verdict.MISSED

    @property
    def bound(self) -> str:
        """Say the bound."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return f"at most {self.at_most:g}"


def _ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


TARGETS: tuple[Target, ...] = (
    Target(
        what="calls per second, plain, 64 in flight, to ccxt async",
        of=Place("apex", "plain-64", "rate"),
        to=Place("ccxt", "plain-64", "rate"),
        at_least=3.5,
    ),
    Target(
        what="calls per second, TLS, 64 in flight, to ccxt async",
        of=Place("apex", "tls-64", "rate"),
        to=Place("ccxt", "tls-64", "rate"),
        at_least=3.0,
    ),
    Target(
        what="CPU per cancel, plain, 64 in flight, to ccxt async",
        of=Place("apex", "plain-64", "cpu_us"),
        to=Place("ccxt", "plain-64", "cpu_us"),
        at_most=0.3,
    ),
    Target(
        what="CPU per cancel, plain, 64 in flight, to the awaitable floor",
        of=Place("apex", "plain-64", "cpu_us"),
        to=Place("floor", "plain-64", "cpu_us"),
        at_most=4.0,
    ),
    Target(
        what="calls per second, like a real venue, to the limit",
        of=Place("apex", "venue-64", "rate"),
        to=Place("limit", "venue-64", "rate"),
        at_least=0.95,
    ),
    Target(
        what="calls per second, like a real venue, to ccxt async",
        of=Place("apex", "venue-64", "rate"),
        to=Place("ccxt", "venue-64", "rate"),
        at_least=2.5,
    ),
    Target(
        what="p50, plain, one at a time, to ccxt async",
        of=Place("apex", "plain-1", "p50_us"),
        to=Place("ccxt", "plain-1", "p50_us"),
        at_most=0.6,
    ),
    Target(
        what="CPU per cancel, plain, one at a time, to ccxt async",
        of=Place("apex", "plain-1", "cpu_us"),
        to=Place("ccxt", "plain-1", "cpu_us"),
        at_most=0.6,
    ),
    Target(
        what="sync: p50, plain, one at a time, to ccxt sync",
        of=Place("apex-sync", "plain-1", "p50_us"),
        to=Place("ccxt-sync", "plain-1", "p50_us"),
        at_most=0.4,
    ),
    Target(
        what="sync: p50, plain, one at a time, to httpx.Client",
        of=Place("apex-sync", "plain-1", "p50_us"),
        to=Place("httpx-sync", "plain-1", "p50_us"),
        at_most=0.7,
    ),
    Target(
        what="CPU per cancel beyond its own transport's, plain, 64 in flight",
        of=Place("apex", "plain-64", "cpu_us"),
        more_than=Place("transport", "plain-64", "cpu_us"),
        at_most=30.0,
        unit="µs",
    ),
    Target(
        what="calls per second, plain, 1,000 in flight to 64",
        of=Place("apex", "plain-1000", "rate"),
        to=Place("apex", "plain-64", "rate"),
        at_least=0.8,
    ),
    Target(
        what="time per cancel in a batch, 10,000 to 1,000",
        of=Place("apex-batch", "batch-10000", "each_us"),
        to=Place("apex-batch", "batch-1000", "each_us"),
        at_most=1.2,
    ),
    Target(
        what="the longest that a batch of 10,000 holds up the event loop",
        of=Other("heartbeat.batch.longest_block_ms"),
        at_most=5.0,
        unit="ms",
    ),
    Target(
        what="the longest that an APEX listing of 5 MiB holds it up",
        of=Other("heartbeat.apex_listing.longest_block_ms"),
        at_most=10.0,
        unit="ms",
    ),
    Target(
        what="the longest that an AutoShares listing of 5 MiB holds it up",
        of=Other("heartbeat.autoshares_listing.longest_block_ms"),
        at_most=10.0,
        unit="ms",
    ),
    Target(
        what="memory over 1,000,000 cancels, beyond what 10,000 hold",
        of=Other("memory.most_growth_mb"),
        at_most=5.0,
        unit="MB",
    ),
    Target(
        what="`import countermand` to `import httpx`",
        of=Other("startup.ratio"),
        at_most=1.5,
    ),
)
