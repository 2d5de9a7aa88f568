"""`countermand cancel`: one cancel against a served simulator, its words and its exit codes."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from countermand import CancelAck, OrderStatus, Outcome
from countermand.testing import LiveSimulator

pytest_plugins = ["countermand.testing.fixtures"]

Run = Callable[..., Any]


def place(live: LiveSimulator, **fields: Any) -> None:
    live.call(lambda now: live.simulator.place(now, order_id="7001", client_order_id="9001", **fields))


@pytest.mark.parametrize(
    ("fields", "behaviour", "words", "code", "told"),
    [
        pytest.param({}, {}, ["--order", "7001"], 0, "CANCELED by ", id="canceled"),
        pytest.param(
            {}, {}, ["--client-order", "9001"], 0, "order 7001 (client order 9001): ", id="by-client-id"
        ),
        pytest.param(
            {"filled": Decimal("2.50")}, {}, ["--order", "7001"], 0,
            "Canceled, filled 2.5 of 10 at 100 on average", id="partly",
        ),
        pytest.param(
            {}, {"cancel_delay_s": 60.0}, ["--order", "7001", "--assurance", "received"], 3,
            "PENDING: the venue has the cancel; whether it worked is not known yet", id="pending",
        ),
        pytest.param(
            {"status": OrderStatus.FILLED}, {}, ["--order", "7001"], 4, "REJECTED: too late", id="rejected"
        ),
        pytest.param(
            {}, {"silent_orders": True}, ["--order", "7001", "--timeout", "0.5"], 5,
            "UNKNOWN: nobody can tell", id="unknown",
        ),
    ],
)  # fmt: skip
def test_outcome_is_told_and_is_the_exit_code(
    venue: LiveSimulator, run: Run, fields: Any, behaviour: Any, words: list[str], code: int, told: str
) -> None:
    """The ack is told in words, and its outcome is the exit code."""
    venue.call(lambda _now: venue.simulator.switch(**behaviour))
    place(venue, **fields)
    ran = run("cancel", venue.simulator.name, "--account", "9", *words)
    assert (ran.code, ran.err) == (code, "")
    assert told in ran.out
    assert all(f"\n  {section}" in ran.out for section in ("venue ", "evidence ", "elapsed "))


def test_interrupt_is_told(venue: LiveSimulator, run: Run) -> None:
    """Whoever interrupts a cancel is told what is known of what was sent, and gets no traceback."""
    venue.call(lambda _now: venue.simulator.switch(silent_orders=True))
    place(venue)

    def interrupt_when_sent() -> None:
        while not venue.call(lambda _now: venue.simulator.requests):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt_when_sent).start()
    ran = run("cancel", venue.simulator.name, "--account", "9", "--order", "7001")
    assert ran.code == 130
    assert "order 7001: UNKNOWN: nobody can tell" in ran.out
    assert ran.err == "countermand: interrupted; a cancel that was sent may yet take effect\n"


def test_json_is_the_ack(venue: LiveSimulator, run: Run) -> None:
    """With `--json` the whole ack can be read by another process."""
    place(venue)
    ran = run("cancel", venue.simulator.name, "--account", "9", "--order", "7001", "--json")
    ack = CancelAck.from_dict(json.loads(ran.out))
    assert (ran.code, ack.outcome, ack.request.account) == (0, Outcome.CANCELED, "9")


def test_replacement_is_named_or_followed(venue: LiveSimulator, run: Run) -> None:
    """The order that took the place of another is named; it is canceled if that is asked for."""
    place(venue)
    new = venue.call(lambda now: venue.simulator.replace("7001", now)).order_id
    words = ("cancel", venue.simulator.name, "--account", "9", "--order", "7001")
    ran = run(*words)
    assert (ran.code, f"\n  successor {new}\n" in ran.out) == (4, True)
    assert venue.call(lambda _now: venue.simulator.book.order(new).status) is OrderStatus.NEW
    assert run(*words, "--follow-replacement").code == 0
    assert venue.call(lambda _now: venue.simulator.book.order(new).status) is OrderStatus.CANCELED


@pytest.mark.parametrize(
    ("configuration", "told"),
    [
        pytest.param(
            "[venues.x]\nplugin = 'nonesuch'", "venues.x.plugin: no plugin named 'nonesuch'", id="plugin"
        ),
        pytest.param("[venues", "not TOML", id="no-toml"),
        pytest.param("[venue.x]", "unknown key 'venue'", id="key"),
    ],
)
def test_broken_configuration_is_told(run: Run, tmp_path: Path, configuration: str, told: str) -> None:
    """A configuration that cannot be used says where, and nothing is sent."""
    path = tmp_path / "other.toml"
    path.write_text(configuration)
    ran = run("cancel", "x", "--account", "9", "--order", "1", "--config", str(path))
    assert (ran.code, ran.out) == (2, "")
    assert f"{path}: " in ran.err
    assert told in ran.err


def test_missing_secret_and_unknown_venue_are_told(
    venue: LiveSimulator, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing is named before anything is sent."""
    ran = run("cancel", "elsewhere", "--account", "9", "--order", "1")
    assert (ran.code, "elsewhere" in ran.err) == (2, True)
    monkeypatch.delenv("TOKEN")
    ran = run("cancel", venue.simulator.name, "--account", "9", "--order", "1")
    assert (ran.code, "the environment variable TOKEN is not set" in ran.err) == (2, True)
    assert venue.call(lambda _now: venue.simulator.requests) == []


class Deaf(io.StringIO):
    """A standard output that nobody listens to any more."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_exit_code_survives_a_broken_output(
    venue: LiveSimulator, run: Run, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """Where the ack cannot be printed, the exit code still tells the outcome."""
    place(venue)
    monkeypatch.setattr(sys, "stdout", Deaf())
    assert run("cancel", venue.simulator.name, "--account", "9", "--order", "7001", *words).code == 0
