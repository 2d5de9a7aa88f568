"""One fixture for both clients: what is tested in this folder holds for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import httpx
import pytest

from countermand import AsyncClient, CancelAck, CancelRequest, Client, RetryPolicy
from countermand.venue import Venue

#: Performs cancels one after the other through one client; `between` happens before all but the first.
Perform = Callable[..., Sequence[CancelAck]]


def nothing() -> None:
    """Let nothing happen."""


def perform_sync(
    venue: Venue,
    *requests: CancelRequest,
    transport: httpx.AsyncBaseTransport | None = None,
    between: Callable[[], object] = nothing,
    retry: RetryPolicy | None = None,
) -> Sequence[CancelAck]:
    """Perform cancels through a `Client`."""
    acks: list[CancelAck] = []
    with Client([venue], transport=transport, retry=retry) as client:
        for request in requests:
            if acks:
                between()
            acks.append(client.cancel(request))
    return acks


def perform_async(
    venue: Venue,
    *requests: CancelRequest,
    transport: httpx.AsyncBaseTransport | None = None,
    between: Callable[[], object] = nothing,
    retry: RetryPolicy | None = None,
) -> Sequence[CancelAck]:
    """Perform cancels through an `AsyncClient`."""

    async def performed() -> Sequence[CancelAck]:
        acks: list[CancelAck] = []
        async with AsyncClient([venue], transport=transport, retry=retry) as client:
            for request in requests:
                if acks:
                    between()
                acks.append(await client.cancel(request))
        return acks

    return asyncio.run(performed())


PERFORMS: Mapping[str, Perform] = {"sync": perform_sync, "async": perform_async}


@pytest.fixture(params=PERFORMS)
def perform(request: pytest.FixtureRequest) -> Perform:
    """Give each client in turn."""
    return PERFORMS[request.param]


@pytest.fixture
def performs() -> Mapping[str, Perform]:
    """Give both clients, to be compared."""
    return PERFORMS
