"""`countermand orders`: what is open, in a table or for machines."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from countermand import OrderStatus
from countermand.testing import Fault, FaultKind, LiveSimulator

pytest_plugins = ["countermand.testing.fixtures"]

Run = Callable[..., Any]


def place(live: LiveSimulator, *ids: str, **fields: Any) -> None:
    for order_id in ids:
        live.call(partial(live.simulator.place, order_id=order_id, **fields))


def orders(venue: LiveSimulator, run: Run, *words: str) -> Any:
    return run("orders", venue.simulator.name, "--account", "9", *words)


def test_open_orders_are_a_table(venue: LiveSimulator, run: Run) -> None:
    """Each open order is a row; what has ended or belongs to another account is not there."""
    place(venue, "7001", "7002")
    place(venue, "7003", status=OrderStatus.FILLED)
    place(venue, "7004", account=venue.simulator.credentials.other_account)
    ran = orders(venue, run)
    assert (ran.code, ran.err) == (0, "")
    assert f"{venue.simulator.name}: account 9: 2 open orders as of " in ran.out
    assert all((order_id in ran.out) is there for order_id, there in _THERE.items())
    assert "NOT ALL" not in ran.out


_THERE = {"7001": True, "7002": True, "7003": False, "7004": False}


def test_no_order_is_told(venue: LiveSimulator, run: Run) -> None:
    """Where nothing is open there is no table."""
    place(venue, "7003", status=OrderStatus.FILLED)
    ran = orders(venue, run)
    assert ran.code == 0
    assert ran.out.startswith(f"{venue.simulator.name}: account 9: 0 open orders as of ")


def test_json_is_the_listing(venue: LiveSimulator, run: Run) -> None:
    """With `--json` the listing is one object, which says whose it is."""
    place(venue, "7001")
    ran = orders(venue, run, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["schema"], told["venue"], told["account"]) == (0, 1, venue.simulator.name, "9")
    assert [order["order_id"] for order in told["orders"]] == ["7001"]
    assert told["incomplete"] is False


def test_failed_listing_is_no_empty_one(venue: LiveSimulator, run: Run) -> None:
    """Where the listing fails nobody can tell what is open, and that is said."""
    place(venue, "7001")
    broken = [Fault(kind=FaultKind.SERVER_ERROR)]
    venue.call(lambda _now: venue.simulator.faults.at_rate(1.0, calls=["open", "history"], choose=broken))
    ran = orders(venue, run, "--timeout", "0.5")
    assert ran.code == 5
    assert "NOT ALL OF THEM, perhaps: " in ran.out


def test_interrupt_is_told(venue: LiveSimulator, run: Run) -> None:
    """Whoever interrupts a listing is told that it canceled nothing."""
    stalled = [Fault(kind=FaultKind.STALL)]
    venue.call(lambda _now: venue.simulator.faults.at_rate(1.0, calls=["open", "history"], choose=stalled))

    def interrupt_when_asked() -> None:
        while not venue.call(lambda _now: venue.simulator.requests):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt_when_asked).start()
    ran = orders(venue, run)
    assert (ran.code, ran.out) == (130, "")
    assert ran.err == "countermand: interrupted; no cancel was sent\n"


@pytest.mark.parametrize(
    ("name", "account", "told"),
    [
        pytest.param("elsewhere", "9", "no venue named 'elsewhere' is configured", id="venue"),
        pytest.param(None, "nine", "nine", id="account"),
        pytest.param(None, "", "must be 1 to 128 printable", id="empty"),
    ],
)
def test_mistake_is_told(venue: LiveSimulator, run: Run, name: str | None, account: str, told: str) -> None:
    """A venue that is not configured, or an account that it cannot have, is told, and nothing is sent."""
    ran = run("orders", name or venue.simulator.name, "--account", account)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert venue.call(lambda _now: venue.simulator.requests) == []
