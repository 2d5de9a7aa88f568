"""`countermand cancel-all`: an account emptied against a served simulator."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from countermand.testing import LiveSimulator

pytest_plugins = ["countermand.testing.fixtures"]

Run = Callable[..., Any]


class Terminal(io.StringIO):
    """A person who types."""

    def isatty(self) -> bool:
        return True


def place(live: LiveSimulator, *ids: str, **fields: Any) -> None:
    for order_id in ids:
        live.call(partial(live.simulator.place, order_id=order_id, **fields))


def still_open(live: LiveSimulator) -> list[str]:
    found: list[str] = live.call(lambda _now: [one.order_id for one in live.simulator.book.open_orders()])
    return found


def cancels(live: LiveSimulator) -> int:
    """Count the cancels that arrived, of single orders and of many."""
    asked = live.call(lambda _now: [one.method + one.path for one in live.simulator.requests])
    return sum("cancel" in one.lower() or one.startswith("DELETE") for one in asked)


@pytest.fixture
def everything(venue: LiveSimulator, run: Run) -> Run:
    """Run `countermand cancel-all` at the venue."""
    return partial(run, "cancel-all", venue.simulator.name, "--account", "9")


def test_account_is_proved_empty(venue: LiveSimulator, everything: Run) -> None:
    """All orders of the account are canceled, none of another one, and the proof is told."""
    place(venue, "7001", "7002")
    place(venue, "7003", account=venue.simulator.credentials.other_account)
    ran = everything("--yes")
    assert ran.code == 0
    assert ran.out.startswith(f"{venue.simulator.name}: account 9: PROVED EMPTY as of ")
    assert "2 orders: 2 canceled" in ran.out
    assert f"{venue.simulator.name}: account 9: known 2, canceled 2, " in ran.err
    assert still_open(venue) == ["7003"]


def test_only_an_instrument(venue: LiveSimulator, everything: Run) -> None:
    """With `--instrument` the orders for others stay."""
    wanted, other = ("1", "2") if venue.simulator.name == "apex" else ("MSFT", "AAPL")
    place(venue, "7001", instrument=wanted)
    place(venue, "7002", instrument=other)
    ran = everything("--yes", "--instrument", wanted)
    assert (ran.code, still_open(venue)) == (0, ["7002"])


def test_instrument_without_orders_is_doubted(venue: LiveSimulator, everything: Run) -> None:
    """An instrument that the venue may not know is proved empty of orders, which is told with a doubt."""
    place(venue, "7001")
    unknown = "555" if venue.simulator.name == "apex" else "ZZZZ"
    ran = everything("--yes", "--instrument", unknown)
    assert (ran.code, still_open(venue)) == (0, ["7001"])
    assert f"no listing showed one for {unknown}: is that how the venue names the instrument?" in ran.out


def test_json_is_the_report(venue: LiveSimulator, everything: Run) -> None:
    """With `--json` the report is one object, and stderr is silent."""
    place(venue, "7001")
    ran = everything("--yes", "--json", "--placed-after", "cancel")
    told = json.loads(ran.out)
    assert (ran.code, ran.err, told["state"], told["placed_after"]) == (0, "", "proved empty", "cancel")
    assert [ack["outcome"] for ack in told["acks"]] == ["canceled"]


def test_residual_is_told(venue: LiveSimulator, everything: Run) -> None:
    """What the market refuses to cancel is left, with its cause."""
    place(venue, "7001", "7002")
    venue.call(lambda _now: venue.simulator.switch(refuse_cancels_late=["7002"]))
    ran = everything("--yes", "--timeout", "2")
    assert (ran.code, still_open(venue)) == (4, ["7002"])
    assert "account 9: RESIDUAL: 1 order left" in ran.out
    assert "residual     7002: " in ran.out


def test_dry_run_sends_nothing(venue: LiveSimulator, everything: Run) -> None:
    """With `--dry-run` what would be canceled is listed, without a question, and stays."""
    place(venue, "7001", "7002")
    ran = everything("--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert "account 9: 2 open orders as of " in ran.out
    assert (cancels(venue), still_open(venue)) == (0, ["7001", "7002"])


def test_name_confirms(venue: LiveSimulator, everything: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal the venue's name is asked for; typed, it begins."""
    place(venue, "7001")
    monkeypatch.setattr(sys, "stdin", Terminal(f"{venue.simulator.name}\n"))
    ran = everything()
    assert (ran.code, still_open(venue)) == (0, [])
    assert f"this cancels every open order of {venue.simulator.name}: account 9\n" in ran.err


@pytest.mark.parametrize(
    ("stdin", "told"),
    [
        pytest.param(Terminal("yes\n\n"), "it was not confirmed; nothing was sent", id="other-word"),
        pytest.param(io.StringIO(), "there is no terminal to confirm it at: say --yes", id="no-terminal"),
        pytest.param(None, "there is no terminal to confirm it at: say --yes", id="no-stdin"),
    ],
)
def test_unconfirmed_sends_nothing(
    venue: LiveSimulator, everything: Run, monkeypatch: pytest.MonkeyPatch, stdin: Any, told: str
) -> None:
    """What was not confirmed is refused, and nothing is sent."""
    place(venue, "7001")
    monkeypatch.setattr(sys, "stdin", stdin)
    ran = everything()
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert venue.call(lambda _now: venue.simulator.requests) == []


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["words", "json"])
def test_interrupt_tells_what_is_known(venue: LiveSimulator, everything: Run, words: tuple[str, ...]) -> None:
    """Whoever interrupts gets the report as it stands: of what may yet act nothing is claimed."""
    place(venue, "7001", "7002")
    venue.call(lambda _now: venue.simulator.switch(cancel_delay_s=3600.0))

    def interrupt_when_sent() -> None:
        while not cancels(venue):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt_when_sent).start()
    ran = everything("--yes", *words)
    assert ran.code == 130
    assert ran.err.endswith("countermand: interrupted; a cancel that was sent may yet take effect\n")
    if words:
        told = json.loads(ran.out)
        assert (told["state"] != "proved empty", told["proved_empty_as_of"]) == (True, None)
    else:
        assert "account 9: " in ran.out
        assert "PROVED" not in ran.out


def test_impossible_instrument_is_told(venue: LiveSimulator, everything: Run) -> None:
    """An instrument that the venue cannot have is a mistake of usage, and nothing is sent."""
    ran = everything("--yes", "--instrument", "")
    assert (ran.code, ran.out) == (2, "")
    assert venue.call(lambda _now: venue.simulator.requests) == []
