"""`countermand kill`: every configured account emptied, and what keeps it from being proved."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest

from countermand import (
    Cause,
    KillReport,
    MassCancelReport,
    OrderId,
    OrderReport,
    OrderStatus,
    PlacedAfter,
    Residual,
    Scope,
)
from countermand.cli._kill import kill_code
from countermand.testing import LiveSimulator

pytest_plugins = ["countermand.testing.fixtures"]

Run = Callable[..., Any]


class Terminal(io.StringIO):
    """A person who types."""

    def isatty(self) -> bool:
        return True


#: Both venues, each with what comes between its braces.
BOTH = """
[venues.apex]
plugin = "apex"
base_url = "{apex}"
read_lag_s = 0.1
accounts = {apex_accounts}
auth = {{kind = "session-token", token = {{env = "TOKEN"}}}}

[venues.autoshares]
plugin = "autoshares"
base_url = "{autoshares}"
read_lag_s = 0.1
accounts = {autoshares_accounts}
app_key = "{app_key}"
auth = {{kind = "access-token", token = {{env = "TOKEN"}}}}
"""


@attrs.frozen
class Both:
    """Two served venues, and their configuration."""

    apex: LiveSimulator
    autoshares: LiveSimulator
    path: Path

    def configure(self, apex: str = '["9"]', autoshares: str = '["9"]') -> None:
        """Lay the configuration down, with those accounts."""
        self.path.write_text(
            BOTH.format(
                apex=self.apex.base_url,
                autoshares=self.autoshares.base_url,
                apex_accounts=apex,
                autoshares_accounts=autoshares,
                app_key=self.apex.simulator.credentials.app_key,
            )
        )

    def lives(self) -> tuple[LiveSimulator, LiveSimulator]:
        """Return both."""
        return self.apex, self.autoshares

    def still_open(self) -> list[str]:
        """Return what is open at both."""
        return [order_id for live in self.lives() for order_id in _open(live)]

    def asked(self) -> int:
        """Count what arrived at both."""
        return sum(map(_asked, self.lives()))


def _asked(live: LiveSimulator) -> int:
    count: int = live.call(lambda _now: len(live.simulator.requests))
    return count


def _open(live: LiveSimulator) -> list[str]:
    found: list[str] = live.call(lambda _now: [one.order_id for one in live.simulator.book.open_orders()])
    return found


@pytest.fixture
def both(simulators: Callable[..., LiveSimulator], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Both:
    """Serve both venues with two orders each, and configure them in the working directory."""
    served = Both(simulators("apex"), simulators("autoshares"), tmp_path / "countermand.toml")
    served.configure()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", served.apex.simulator.credentials.session_token)
    for first, live in zip((7001, 8001), served.lives(), strict=True):
        for number in range(2):
            live.call(partial(live.simulator.place, order_id=str(first + number)))
    return served


def test_all_is_proved(both: Both, run: Run) -> None:
    """All accounts are emptied, each is a row, and only then the exit code is 0."""
    ran = run("kill", "--yes")
    words = " ".join(ran.out.split())
    assert (ran.code, both.still_open()) == (0, [])
    assert words.count("PROVED EMPTY") == 2
    assert "PROVED: 2 of 2 scopes are empty, after " in words
    for name in ("apex", "autoshares"):
        assert f"{name}: account 9: known 2, canceled 2, " in ran.err


def test_only_a_venue(both: Both, run: Run) -> None:
    """With `--venue` the others are left alone."""
    ran = run("kill", "--yes", "--venue", "autoshares", "--json")
    told = json.loads(ran.out)
    assert (ran.code, ran.err, both.still_open()) == (0, "", ["7001", "7002"])
    assert told["proved"] is True
    assert [one["state"] for one in told["reports"]] == ["proved empty"]


def test_residual_is_told_order_by_order(both: Both, run: Run) -> None:
    """What is left at one venue is told, and does not hold up the other."""
    both.apex.call(lambda _now: both.apex.simulator.switch(refuse_cancels_late=["7002"]))
    ran = run("kill", "--yes", "--timeout", "2")
    assert (ran.code, both.still_open()) == (4, ["7002"])
    assert "apex: account 9: RESIDUAL: 1 order left" in ran.out
    assert "residual     7002: " in ran.out
    assert "NOT PROVED: 1 of 2 scopes are empty" in ran.out


def test_venue_without_accounts_is_never_proved(both: Both, run: Run) -> None:
    """A venue whose accounts nobody named keeps a kill from being proved, and it says so first."""
    both.configure(apex="[]")
    ran = run("kill", "--yes")
    assert (ran.code, both.still_open()) == (5, ["7001", "7002"])
    assert ran.err.startswith("countermand: NOTHING IS DONE at apex: its 'accounts' name none\n")
    assert "\napex: its accounts are not known: the configuration names none, " in ran.out
    assert "NOT PROVED: 1 of 1 scopes are empty" in ran.out
    told = json.loads(run("kill", "--yes", "--json", "--discover").out)
    assert (told["proved"], told["undiscovered"], told["unnamed"]) == (False, {}, {"apex": ["9"]})


@pytest.mark.parametrize(
    ("accounts", "words", "told"),
    [
        pytest.param("[]", (), "no venue's 'accounts' names an account", id="none-at-all"),
        pytest.param("[]", ("--venue", "apex"), "venues.apex.accounts: names no account", id="none-there"),
        pytest.param(
            '["9"]', ("--venue", "elsewhere"), "no venue named 'elsewhere' is configured", id="venue"
        ),
        pytest.param('["nine"]', (), "nine", id="account"),
        pytest.param('["9"]', ("--discover", "--dry-run"), "it does not go with --discover", id="dry"),
    ],
)
def test_mistake_is_told(both: Both, run: Run, accounts: str, words: tuple[str, ...], told: str) -> None:
    """What cannot be done as asked is told, and nothing is sent."""
    both.configure(apex=accounts, autoshares=accounts)
    ran = run("kill", "--yes", *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert both.asked() == 0


def test_dry_run_lists_all(both: Both, run: Run) -> None:
    """With `--dry-run` the open orders of every account are listed, and stay."""
    ran = run("kill", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert "apex: account 9: 2 open orders as of " in ran.out
    assert "autoshares: account 9: 2 open orders as of " in ran.out
    assert both.still_open() == ["7001", "7002", "8001", "8002"]


def test_names_confirm(both: Both, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal the names of all venues are asked for in one line, once every scope was told."""
    monkeypatch.setattr(sys, "stdin", Terminal("apex autoshares\n"))
    ran = run("kill")
    assert (ran.code, both.still_open()) == (0, [])
    assert "this cancels every open order of autoshares: account 9\n" in ran.err


@pytest.mark.parametrize("stdin", [Terminal("apex\n\n"), io.StringIO(), None], ids=["half", "no-tty", "none"])
def test_unconfirmed_sends_nothing(
    both: Both, run: Run, monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO | None
) -> None:
    """Without all names, and without a terminal, nothing is sent."""
    monkeypatch.setattr(sys, "stdin", stdin)
    ran = run("kill")
    assert (ran.code, ran.out, both.asked()) == (2, "", 0)
    assert "nothing was sent" in ran.err


def test_account_that_nobody_named_is_told(both: Both, run: Run) -> None:
    """With `--discover` an account that a venue tells of and nobody named is told, and left alone."""
    both.configure(apex=f'["{both.apex.simulator.credentials.other_account}"]')
    ran = run("kill", "--yes", "--discover", "--timeout", "2")
    assert (ran.code, both.still_open()) == (5, ["7001", "7002"])
    assert "\napex: NOTHING WAS DONE to accounts that nobody named: 9\n" in ran.out
    assert "autoshares: NOTHING" not in ran.out


def test_other_venues_are_not_discovered(both: Both, run: Run) -> None:
    """With `--venue` nothing is said of accounts elsewhere: they were not meant."""
    ran = run("kill", "--yes", "--discover", "--venue", "apex")
    assert (ran.code, both.still_open()) == (0, ["8001", "8002"])
    assert "NOTHING WAS DONE" not in ran.out


SEEN = OrderReport(order_id=OrderId("7"), status=OrderStatus.NEW, filled_quantity=Decimal(0))
EMPTY, LEFT, UNKNOWN = (
    MassCancelReport(scope=Scope.account("toy", "9"), placed_after=PlacedAfter.CANCEL, **fields)
    for fields in (
        {"proved_empty_as_of": datetime(2026, 1, 2, tzinfo=UTC)},
        {"residual": (Residual(order_id=OrderId("7"), cause=Cause.REFUSED, order=SEEN),)},
        {},
    )
)


@pytest.mark.parametrize(
    ("report", "code"),
    [
        pytest.param(KillReport(reports=(EMPTY, EMPTY)), 0, id="proved"),
        pytest.param(KillReport(reports=(EMPTY, LEFT)), 4, id="residual"),
        pytest.param(KillReport(reports=(LEFT, UNKNOWN)), 5, id="unknown"),
        pytest.param(KillReport(reports=(EMPTY,), unnamed={"toy": ("10",)}), 5, id="unnamed"),
        pytest.param(KillReport(reports=(EMPTY,), undiscovered={"toy": "no"}), 5, id="undiscovered"),
        pytest.param(KillReport(reports=(EMPTY,), untold={"toy": ("9",)}), 5, id="untold"),
        pytest.param(KillReport(reports=(EMPTY, LEFT), untold={"toy": ("9",)}), 5, id="untold-and-residual"),
    ],
)
def test_exit_code_is_0_only_for_a_proof(report: KillReport, code: int) -> None:
    """Anything that is not proved is no success, and what nobody can tell outweighs what is left."""
    assert kill_code(report) == code


def test_an_account_that_no_venue_can_have_keeps_back_no_other(both: Both, run: Run) -> None:
    """It is told as a scope that is not proved, by the mistake; all others are emptied."""
    both.configure(apex='["main", "9"]')
    ran = run("kill", "--yes", "--json")
    assert (ran.code, both.still_open()) == (5, [])
    reports = json.loads(ran.out)["reports"]
    assert [(one["state"], one["reason"]) for one in reports] == [
        ("unknown", "invalid request"),
        ("proved empty", None),
        ("proved empty", None),
    ]
    assert "got 'main'" in reports[0]["error"]


def test_a_rehearsal_tells_an_account_that_no_venue_can_have(both: Both, run: Run) -> None:
    """Beside what is open at the others."""
    both.configure(apex='["main", "9"]')
    ran = run("kill", "--dry-run")
    words = " ".join(ran.out.split())
    assert (ran.code, len(both.still_open())) == (5, 4)
    assert "apex: account main: 0 open orders NOT ALL OF THEM, perhaps: invalid request; " in words
    for name in ("apex", "autoshares"):
        assert f"{name}: account 9: 2 open orders as of " in words


def test_accounts_that_no_venue_can_have_are_a_mistake(both: Both, run: Run) -> None:
    """Where there are no others, nothing is begun."""
    both.configure(apex='["main"]', autoshares='["none"]')
    ran = run("kill", "--yes")
    assert (ran.code, both.asked()) == (2, 0)
    assert "got 'main'" in ran.err
