"""`countermand demo --kill`: a healthy venue, a sick one, and a report that is held against their books."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from countermand.cli._kill_demo import kill_demo
from countermand.testing import simulators

Run = Callable[..., Any]

#: Venues that do not do what they say: one cancels nothing, the other more than it was asked to.
LIARS = """
from countermand_apex.simulator import ApexSimulator
from countermand_autoshares.simulator import AutoSharesSimulator

class Deaf(AutoSharesSimulator):
    def receive_cancel(self, order_id, now, receipt):
        return receipt

class Greedy(AutoSharesSimulator):
    def receive_cancel(self, order_id, now, receipt):
        for other in self.book.open_orders(self.credentials.other_account):
            self.book.cancel(other.order_id, now)
        return super().receive_cancel(order_id, now, receipt)
"""
ENTRY_POINTS = "[countermand.simulators]\ndeaf = lying_venues:Deaf\ngreedy = lying_venues:Greedy\n"


def test_report_agrees_with_the_books(run: Run) -> None:
    """The healthy venue is proved empty, the sick one's residuals are told one by one, and that is true."""
    ran = run("demo", "--kill")
    *healthy, sick = simulators()
    words = " ".join(ran.out.split())
    assert ran.code == 0
    assert f"500 open orders at each of {', '.join(simulators())}; {sick} is sick." in words
    assert all(f" {name}: account 9 PROVED EMPTY " in words for name in healthy)
    assert f"{sick}: account 9: RESIDUAL: 10 orders left" in words
    assert words.endswith("The report agrees with the books of the simulated venues.")
    assert all(f"{name}: account 9: known 500, canceled 500" in ran.err for name in healthy)


def test_deadline_is_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Once only those are left that no cancel ends, the kill is ended, long before its deadline."""
    assert kill_demo(simulators(), orders=3, timeout_s=3600.0) == 0
    out = capsys.readouterr().out
    assert "RESIDUAL: 2 orders left" in out
    assert float(re.findall(r"are empty, after (\S+) s", out)[0]) < 60


@pytest.mark.parametrize(
    ("liar", "told"),
    [
        pytest.param("deaf", "wrong deaf: account 9: 7001, 7002, 7003: could have been canceled", id="deaf"),
        pytest.param(
            "greedy", "wrong greedy: orders of an account that nobody named were canceled", id="greedy"
        ),
    ],
)
def test_what_a_venue_keeps_to_itself_is_found(
    install: Callable[..., None], capsys: pytest.CaptureFixture[str], liar: str, told: str
) -> None:
    """At a venue that does not do what it says, what differs is named and the exit code is 1."""
    install(ENTRY_POINTS, lying_venues=LIARS)
    code = kill_demo((liar, "autoshares"), orders=3, timeout_s=1.5)
    out = capsys.readouterr().out
    assert code == 1
    assert told in out
    assert out.endswith("The report is not the truth.\n")
