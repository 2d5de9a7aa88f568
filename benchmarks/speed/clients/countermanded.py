"""countermand, as a router has it: limiter, budget, duplicates and a counting observer are on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from countermand import AsyncClient, CancelAck, Client, Outcome
from countermand.venue import CallKind, Limit, LimitScope
from speed.canned import VENUES, received
from speed.loads import Gate

#: Far above any pace, so that nothing waits, yet each call draws on it.
LIMIT = Limit(per=LimitScope.ACCOUNT, kinds=frozenset(CallKind), rate=1e6, burst=1_000_000)
#: Where httpx's defaults look for certificates to trust.
TRUST = "SSL_CERT_FILE"
#: In flight, where batches are measured.
OF_A_BATCH = 64


class Counting:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()

    def requested(self, _request: object) -> None:
        """Count a request."""
        self.heard["requested"] += 1

    def attempted(self, _venue: str, _call: str) -> None:
        """Count a call."""
        self.heard["attempted"] += 1

    def answered(self, _answer: object) -> None:
        """Count the end of a call."""
        self.heard["answered"] += 1

    def logged_in(self, _venue: str, _failure: str | None) -> None:
        """Count a log-in."""
        self.heard["logged_in"] += 1

    def acknowledged(self, _ack: object) -> None:
        """Count an ack."""
        self.heard["acknowledged"] += 1

    def updated(self, _update: object) -> None:
        """Count an ack that moved on."""
        self.heard["updated"] += 1


@contextmanager
def _trusted(gate: Gate) -> Iterator[None]:
    """Have the certificate trusted by clients that are made meanwhile: httpx's defaults look there."""
    before = os.environ.get(TRUST)
    os.environ |= {TRUST: gate.certificate} if gate.certificate else {}
    try:
        yield
    finally:
        os.environ.pop(TRUST, None)
        os.environ |= {TRUST: before} if before else {}


def _settings(venue: str, gate: Gate, in_flight: int) -> dict[str, Any]:
    return {
        "venues": [VENUES[venue](gate.url)],
        "observer": Counting(),
        "limits": {venue: [LIMIT]},
        "max_in_flight": in_flight,
    }


async def _entered(venue: str, gate: Gate, in_flight: int) -> AsyncClient:
    with _trusted(gate):
        return await AsyncClient(**_settings(venue, gate, in_flight)).__aenter__()


def _check(ack: CancelAck) -> None:
    if ack.outcome is not Outcome.PENDING:
        learned = "; ".join(one.text for one in ack.evidence)
        raise ValueError(f"{ack.outcome.name} {ack.reason}: {learned}")


class Async:
    """An `AsyncClient`."""

    def __init__(self, venue: str) -> None:
        self._venue = venue

    async def prepare(self, gate: Gate) -> None:
        """Enter the client."""
        self._client = await _entered(self._venue, gate, gate.in_flight)

    async def cancel(self, number: int) -> None:
        """Cancel it, content with a receipt."""
        _check(await self._client.cancel(received(self._venue, number)))

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()


class Sync:
    """A `Client`."""

    def __init__(self, venue: str) -> None:
        self._venue = venue

    def prepare(self, gate: Gate) -> None:
        """Enter the client."""
        with _trusted(gate):
            self._client = Client(**_settings(self._venue, gate, gate.in_flight)).__enter__()

    def cancel(self, number: int) -> None:
        """Cancel it, content with a receipt."""
        _check(self._client.cancel(received(self._venue, number)))

    def close(self) -> None:
        """Close the client."""
        self._client.close()


class Batches:
    """An `AsyncClient` that cancels many in one call, 64 of them in flight."""

    def __init__(self, venue: str) -> None:
        self._venue = venue

    async def prepare(self, gate: Gate) -> None:
        """Enter the client."""
        self._client = await _entered(self._venue, gate, OF_A_BATCH)

    async def cancel(self, numbers: Sequence[int]) -> None:
        """Cancel them, content with receipts."""
        async for ack in self._client.cancel_many([received(self._venue, one) for one in numbers]):
            _check(ack)

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()
