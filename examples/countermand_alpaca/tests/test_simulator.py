"""What the simulated venue answers, beyond what the plugin asks of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from countermand import OrderStatus
from countermand.testing import load_simulator, running, simulators
from countermand.venue import UUID, HttpRequest, load_venue, venues
from countermand_alpaca import PLUGIN, Alpaca
from countermand_alpaca.simulator import AlpacaSimulator

KEY = {"apca-api-key-id": "simulated-api-key", "apca-api-secret-key": "simulated-secret"}
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def simulator() -> AlpacaSimulator:
    """Return a simulated venue."""
    return AlpacaSimulator()


@pytest.fixture
def ask(simulator: AlpacaSimulator) -> Ask:
    """Ask it; return the status and the JSON under it."""

    def perform(
        method: str, path: str, headers: dict[str, str] | None = None, now: float = 10.0
    ) -> tuple[int, Any]:
        request = HttpRequest(method=method, path=path, headers=KEY if headers is None else headers)
        response = simulator.handle(request, now).response_at(now)
        return response.status, json.loads(response.content) if response.content else None

    return perform


def test_it_is_found_by_its_name() -> None:
    """The plugin and its simulator are installed under one name."""
    assert ("alpaca" in venues(), "alpaca" in simulators()) == (True, True)
    assert (load_venue("alpaca"), load_simulator("alpaca")) == (PLUGIN, AlpacaSimulator)


def test_it_is_served_over_a_socket(simulator: AlpacaSimulator) -> None:
    """So that a client in any language may ask it."""
    with running(simulator) as live:
        venue = simulator.venue(live.base_url)
        assert isinstance(venue, Alpaca)
        assert venue.base_url.startswith("http://127.0.0.1:")


def test_order_ids_are_uuids(simulator: AlpacaSimulator) -> None:
    """Each order has its own, and one that is given must be one."""
    ids = [simulator.place(0.0).order_id for _ in range(300)]
    assert len(set(ids)) == 300
    assert all(map(UUID.holds, ids))
    with pytest.raises(ValueError, match="UUID"):
        simulator.place(0.0, order_id="6500")
    given = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
    assert simulator.place(0.0, order_id=given).order_id == given


def test_by_client_order_id(simulator: AlpacaSimulator, ask: Ask) -> None:
    """Alpaca Trading API (OpenAPI), Get Order by Client Order ID."""
    order = simulator.place(0.0, client_order_id="mine")
    status, found = ask("GET", "/v2/orders:by_client_order_id?client_order_id=mine")
    assert (status, found["id"]) == (200, order.order_id)
    assert ask("GET", "/v2/orders:by_client_order_id?client_order_id=yours")[0] == 404


def ids(answer: tuple[int, Iterable[dict[str, Any]]]) -> list[str]:
    """Return the ids of a listing, by their last two digits."""
    status, listed = answer
    assert status == 200
    return [row["id"][-2:] for row in listed]


def test_listings(simulator: AlpacaSimulator, ask: Ask) -> None:
    """By status, in either direction, bounded by times that are exclusive, 50 unless asked for more."""
    placed = [simulator.place(float(second)) for second in range(60)]
    simulator.book.cancel(placed[3].order_id, 9.0)
    names = [order.order_id[-2:] for order in placed]
    alive = names[:3] + names[4:]
    assert ids(ask("GET", "/v2/orders", now=99.0)) == alive[:-51:-1]
    assert ids(ask("GET", "/v2/orders?status=closed")) == [names[3]]
    assert ids(ask("GET", "/v2/orders?status=all&direction=asc&limit=4")) == names[:4]
    _, listed = ask("GET", "/v2/orders?status=all&limit=500")
    times = {row["id"]: row["submitted_at"] for row in listed}
    after, until = times[placed[5].order_id], times[placed[9].order_id]
    assert ids(ask("GET", f"/v2/orders?after={after}&until={until}")) == [names[8], names[7], names[6]]


@pytest.mark.parametrize("query", ["status=dead", "limit=0", "limit=501", "limit=many", "limit="])
def test_a_listing_that_cannot_be(ask: Ask, query: str) -> None:
    """Input parameters that are not recognized are 422."""
    assert ask("GET", f"/v2/orders?{query}")[0] == (200 if query == "limit=" else 422)


@pytest.mark.parametrize(
    "headers", [{}, KEY | {"apca-api-secret-key": "wrong"}, {"apca-api-key-id": "simulated-api-key"}]
)
def test_a_wrong_key(ask: Ask, headers: dict[str, str]) -> None:
    """Each call bears the key and its secret."""
    assert ask("GET", "/v2/account", headers) == (401, {"message": "unauthorized."})


def test_refusals(simulator: AlpacaSimulator, ask: Ask) -> None:
    """Each is the venue's error object, with a code of its own."""
    filled = simulator.place(0.0, status=OrderStatus.FILLED).order_id
    assert ask("DELETE", f"/v2/orders/{filled}") == (
        422,
        {"code": 42210000, "message": 'order is already in "filled" state'},
    )
    assert ask("GET", f"/v2/orders/{simulator.new_order_id(1)}") == (
        404,
        {"code": 40410000, "message": "order not found"},
    )
    assert ask("GET", "/v2/positions")[0] == 404
    assert ask("PATCH", f"/v2/orders/{filled}")[0] == 405


def test_a_status_that_alpaca_has_no_word_for(simulator: AlpacaSimulator, ask: Ask) -> None:
    """It is shown by a word that nobody knows."""
    order = simulator.place(0.0, status=OrderStatus.ERROR)
    assert ask("GET", f"/v2/orders/{order.order_id}")[1]["status"] == "unheard_of"


@pytest.mark.parametrize("word", ["400", "401", "403", "404", "422", "429", "500"])
def test_what_every_read_is_answered(word: str, ask: Ask, simulator: AlpacaSimulator) -> None:
    """A switch lets the venue say one thing always."""
    simulator.switch(venue={"read_answer": word})
    assert ask("GET", "/v2/orders")[0] == int(word)
