"""`countermand demo`: the table, and that it tells a lie from the truth."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from countermand import OrderId
from countermand.cli._kill_stage import wards
from countermand.cli._play import play, with_async_client
from countermand.cli._scenes import SCENES, tells_replaced
from countermand.testing import simulators
from countermand.venue import Call, HttpResponse, ReadVerdict
from countermand_autoshares import AutoShares
from countermand_autoshares.simulator import AutoSharesSimulator

Run = Callable[..., Any]

#: A venue whose receipts are worth nothing.
DEAF = """
from countermand_autoshares.simulator import AutoSharesSimulator

class Deaf(AutoSharesSimulator):
    def receive_cancel(self, order_id, now, receipt):
        return receipt
"""

#: A venue whose ids look otherwise, and which has no order with any other.
OTHER_IDS = """
from countermand_autoshares.simulator import AutoSharesSimulator

class OtherIds(AutoSharesSimulator):
    def new_order_id(self, number):
        return f"9{number:08}"

    def check_order(self, fields):
        if not str(fields.get("order_id") or "9").startswith("9"):
            raise ValueError("no such id")
"""

#: A venue that has no word for an order whose place another one took.
UNREPLACED = """
import attrs
from countermand_autoshares.simulator import AutoSharesSimulator

class Unreplaced(AutoSharesSimulator):
    def route(self, request, now):
        def without(response, due):
            return attrs.evolve(response, content=response.content.replace(b'"Replaced"', b'"Moved"'))
        return super().route(request, now).changed(without)
"""


@pytest.mark.parametrize("columns", [80, 120])
def test_every_ack_agrees_with_the_book(run: Run, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """Every kind of order at every venue is in the table, which fits the terminal, and the exit code is 0."""
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = run("demo")
    assert (ran.code, ran.err) == (0, "")
    rows = len(simulators()) * len(SCENES)
    words = " ".join(ran.out.split())
    assert f"{2 * rows} of {2 * rows} acks agree with the books" in words
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= columns
    for name in simulators():
        assert sum(line.split()[0] == name for line in lines if line.strip()) == len(SCENES)
    for heading in ("said", "order", "outcome", "reason", "filled", "evidence", "elapsed"):
        assert heading in words


def test_lie_is_found(run: Run, install: Callable[..., None]) -> None:
    """At a venue that does not do what it says, the rows that differ are named and the exit code is 1."""
    install("[countermand.simulators]\ndeaf = deaf_venue:Deaf\n", deaf_venue=DEAF)
    ran = run("demo")
    words = " ".join(ran.out.split())
    assert ran.code == 1
    for client in ("Client", "AsyncClient"):
        assert f"wrong {client}, deaf, working: " in words
    assert "wrong Client, apex" not in words
    rows = len(simulators()) * len(SCENES) * 2
    assert f"{rows} of {rows} acks" not in words


def test_a_venue_says_what_its_ids_look_like(install: Callable[..., None]) -> None:
    """Orders are placed under ids of the venue's own, in both demos."""
    install("[countermand.simulators]\nother-ids = other_ids_venue:OtherIds\n", other_ids_venue=OTHER_IDS)
    assert {act.wrong for act in play(["other-ids"], with_async_client)} == {None}
    with wards(["other-ids"], 2) as (ward,):
        assert [order.order_id for order in ward.orders()] == ["900007001", "900007002"]


def test_a_venue_that_replaces_nothing_plays_no_replacement(install: Callable[..., None]) -> None:
    """Nobody could tell it there; the other scenes are as they are elsewhere."""
    install("[countermand.simulators]\nunreplaced = plain_venue:Unreplaced\n", plain_venue=UNREPLACED)
    acts = play(["unreplaced"], with_async_client)
    assert [act.scene.kind for act in acts] == [one.kind for one in SCENES if one.kind != "replaced"]
    assert {act.wrong for act in acts} == {None}


def test_a_venue_that_breaks_when_it_is_asked_plays_all_scenes() -> None:
    """What is wrong with it shall show."""

    class Broken(AutoShares):
        def read_order(self, account: str, order_id: OrderId) -> Call[ReadVerdict]:
            def read(_response: HttpResponse) -> ReadVerdict:
                raise LookupError

            return attrs.evolve(super().read_order(account, order_id), read=read)

    simulator = AutoSharesSimulator()
    right = simulator.venue("http://127.0.0.1:1")
    assert isinstance(right, AutoShares)
    broken = Broken(right.base_url, right.app_key, auth=right.auth)
    assert tells_replaced(simulator, broken)


def test_demo_without_simulators_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is installed there is nothing to show."""
    run("--version")  # the commands are imported
    monkeypatch.setattr(sys, "path", [])
    ran = run("demo")
    assert (ran.code, ran.err) == (2, "countermand: no simulator is installed\n")
