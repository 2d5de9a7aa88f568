"""What is measured: how the venue is reached, and how much is in flight."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Link:
    """How the venue answers: over TLS or not, after how many µs, with how many more headers."""

    name: str
    tls: bool = False
    delay_us: int = 0
    headers: int = 0


PLAIN = Link(name="plain")
TLS = Link(name="tls", tls=True)
VENUE = Link(name="venue", tls=True, delay_us=5_000, headers=16)
LINKS = (PLAIN, TLS, VENUE)


@attrs.frozen(kw_only=True)
class Load:
    """One setting of all: over which link, with how much in flight, or in batches of which size."""

    title: str
    link: Link
    in_flight: int
    in_batches: bool = False

    @property
    def name(self) -> str:
        """What the figures of this load go by."""
        return f"{'batch' if self.in_batches else self.link.name}-{self.in_flight}"


LOADS: tuple[Load, ...] = (
    Load(title="Plain, one at a time", link=PLAIN, in_flight=1),
    Load(title="Plain, 64 in flight", link=PLAIN, in_flight=64),
    Load(title="Plain, 1,000 in flight", link=PLAIN, in_flight=1_000),
    Load(title="TLS, one at a time", link=TLS, in_flight=1),
    Load(title="TLS, 64 in flight", link=TLS, in_flight=64),
    Load(title="TLS, 1,000 in flight", link=TLS, in_flight=1_000),
    Load(title="Like a real venue: TLS, 5 ms, 16 more headers, 64 in flight", link=VENUE, in_flight=64),
    Load(title="Batches of 1,000, plain", link=PLAIN, in_flight=1_000, in_batches=True),
    Load(title="Batches of 10,000, plain", link=PLAIN, in_flight=10_000, in_batches=True),
)


@attrs.frozen(kw_only=True)
class Gate:
    """Where a client cancels, and how much it may have in flight.

    `certificate` is the one to trust, where it is TLS.
    """

    url: str
    certificate: str | None
    in_flight: int


@attrs.frozen(kw_only=True)
class Pace:
    """How long one measure takes, in seconds: to warm up, at least and at most, and to measure."""

    warm_s: float = 0.15
    longest_warm_s: float = 4.0
    measure_s: float = 0.65
