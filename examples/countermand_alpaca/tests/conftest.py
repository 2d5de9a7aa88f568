"""What the tests share: one order of the documents, and a client of a simulator in virtual time."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import attrs
import pytest

from countermand import AsyncClient
from countermand.testing import Simulator, in_process, run_virtually
from countermand.venue import Call, HttpResponse, Stamp
from countermand_alpaca import Alpaca, ApiKey

T = TypeVar("T")

ORDER = {
    "id": "61e69015-8549-4bfd-b9c3-01e75843f47d",
    "client_order_id": "eb9e2aaa-f71a-4f51-b5b4-52a6c565dad4",
    "created_at": "2021-03-16T18:38:01.942282Z",
    "updated_at": "2021-03-16T18:38:01.942282Z",
    "submitted_at": "2021-03-16T18:38:01.937734Z",
    "filled_at": None,
    "expired_at": None,
    "canceled_at": None,
    "failed_at": None,
    "replaced_at": None,
    "replaced_by": None,
    "replaces": None,
    "asset_id": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
    "symbol": "AAPL",
    "asset_class": "us_equity",
    "notional": "500",
    "qty": None,
    "filled_qty": "0",
    "filled_avg_price": None,
    "order_class": "",
    "order_type": "market",
    "type": "market",
    "side": "buy",
    "time_in_force": "day",
    "limit_price": None,
    "stop_price": None,
    "status": "accepted",
    "extended_hours": False,
    "legs": None,
    "trail_percent": None,
    "trail_price": None,
    "hwm": None,
}


@pytest.fixture
def venue() -> Alpaca:
    """Return a venue of account 9, of which nothing is asked over any network."""
    key = ApiKey(key_id="PKEXAMPLE0123456789A", secret="exampleSecret0123456789")
    return Alpaca("https://paper-api.alpaca.markets", account="9", auth=key)


@pytest.fixture
def order() -> Callable[..., dict[str, Any]]:
    """Return the order of API v2 Orders, Order Entity, Example, with some fields changed."""
    return lambda **changes: {**ORDER, **changes}


@pytest.fixture
def answered() -> Callable[..., Any]:
    """Let a call read an answer: a status, a value for its JSON (or bytes), headers."""

    def read(call: Call[Any], status: int, body: object = b"", **headers: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return call.read(HttpResponse(status=status, headers=named, content=content))

    return read


@pytest.fixture
def performed() -> Callable[..., Any]:
    """Send a call to a simulator by value, and read its answer."""

    def perform(simulator: Simulator, call: Call[T], now: float = 0.0) -> T:
        signed = call.sign(None, Stamp(nonce=1))
        headers = {name.lower(): value for name, value in signed.headers.items()}
        reply = simulator.handle(attrs.evolve(signed, headers=headers), now)
        return call.read(reply.response_at(now + reply.delay_s))

    return perform


@pytest.fixture
def asking() -> Callable[..., Any]:
    """Run something with a client of a simulator, in virtual time."""

    def run(simulator: Simulator, ask: Callable[[AsyncClient], Awaitable[T]], **settings: Any) -> T:
        async def main() -> T:
            venue = simulator.venue("http://127.0.0.1:1", **settings)
            async with AsyncClient([venue], transport=in_process(simulator)) as client:
                return await ask(client)

        return run_virtually(main())

    return run
