"""A client over exchanges that stand in files: what it asks, and what it makes of the answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from countermand import AsyncClient, CancelAck, CancelRequest, ClientOrderId, OrderId
from countermand.testing import run_virtually
from countermand_alpaca import Alpaca

CASSETTES = sorted((Path(__file__).parent.parent / "cassettes").glob("*.json"))


class Tape(httpx.AsyncBaseTransport):
    """Answers each question by the next exchange that has it; notes what is not there."""

    def __init__(self, exchanges: list[dict[str, Any]]) -> None:
        self.left = list(exchanges)
        self.played: list[dict[str, Any]] = []
        self.missed: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Play one exchange; it takes its time, so that it is known what was before what."""
        await asyncio.sleep(0.001)
        asked = (request.method, request.url.raw_path.decode())
        found = next((one for one in self.left if (one["method"], one["path"]) == asked), None)
        if found is None:
            self.missed.append(" ".join(asked))
            raise httpx.ConnectError("not on the tape")
        self.played.append(found)
        if not found.get("again"):
            self.left.remove(found)
        content = b"" if found["body"] is None else json.dumps(found["body"]).encode()
        return httpx.Response(found["status"], headers=found["headers"], content=content)


def test_there_are_cassettes() -> None:
    """They are part of this distribution's source."""
    assert len(CASSETTES) >= 9


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_exchange(venue: Alpaca, path: Path) -> None:
    """The expected ack comes of the answers on the tape, of all of them, and of nothing else."""
    cassette = json.loads(path.read_text(encoding="utf-8"))
    tape = Tape(cassette["exchanges"])
    ack = run_virtually(_canceled(venue, tape, request_of(cassette["request"])))
    assert (ack.error, tape.missed) == (None, [])
    assert {key: told(ack)[key] for key in cassette["expected"]} == cassette["expected"]
    assert [one for one in cassette["exchanges"] if one not in tape.played] == []


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_origin_is_told(path: Path) -> None:
    """Each file says whether it was recorded, and where its answers are from."""
    cassette = json.loads(path.read_text(encoding="utf-8"))
    assert cassette["source"].startswith("written, not recorded")
    assert cassette["from"]


async def _canceled(venue: Alpaca, tape: Tape, request: CancelRequest) -> CancelAck:
    async with AsyncClient([venue], transport=tape) as client:
        return await client.cancel(request)


def request_of(fields: dict[str, Any]) -> CancelRequest:
    """Make the cancel that a file asks for."""
    named = OrderId(fields["order_id"]) if "order_id" in fields else ClientOrderId(fields["client_order_id"])
    return CancelRequest(venue="alpaca", account="9", order=named, timeout_s=fields.get("timeout_s", 30.0))


def told(ack: CancelAck) -> dict[str, object]:
    """Tell what an ack says, as a file does."""
    order = ack.order
    return {
        "outcome": ack.outcome.value,
        "reason": None if ack.reason is None else ack.reason.value,
        "status": None if order is None else order.status.value,
        "filled": None if order is None else str(order.filled_quantity),
        "canceled_by": None if ack.canceled_by is None else ack.canceled_by.value,
        "successor": None if ack.successor is None else ack.successor.value,
        "venue_code": ack.venue_code,
    }
