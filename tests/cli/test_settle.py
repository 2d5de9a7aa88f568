"""`countermand settle`: what became of earlier cancels, by reads alone."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from countermand import CancelAck, Outcome
from countermand.testing import LiveSimulator

pytest_plugins = ["countermand.testing.fixtures"]

Run = Callable[..., Any]


def pending(venue: LiveSimulator, run: Run, *orders: str) -> list[str]:
    """Cancel orders whose cancels take effect later, and return the acks as they are printed."""
    venue.call(lambda _now: venue.simulator.switch(cancel_delay_s=3600.0))
    printed = []
    for order in orders:
        venue.call(partial(venue.simulator.place, order_id=order))
        words = ("--order", order, "--assurance", "received", "--json", "--timeout", "0.3")
        ran = run("cancel", venue.simulator.name, "--account", "9", *words)
        assert CancelAck.from_dict(json.loads(ran.out)).final is False
        printed.append(ran.out)
    return printed


def cancels(venue: LiveSimulator) -> int:
    """Count the cancels that arrived."""
    asked = venue.call(lambda _now: [one.method + one.path for one in venue.simulator.requests])
    return sum("CancelOrder" in one or one.startswith("DELETE") for one in asked)


def test_end_is_found_by_reads_alone(venue: LiveSimulator, run: Run, tmp_path: Path) -> None:
    """What ended since the ack was printed is told, with all that the ack rested on, and nothing is sent."""
    (text,) = pending(venue, run, "7001")
    path = tmp_path / "ack.json"
    path.write_text(text)
    sent = cancels(venue)
    assert run("settle", str(path), "--timeout", "0.2").code in (3, 5)
    venue.call(lambda now: venue.simulator.book.cancel("7001", now))
    ran = run("settle", str(path), "--json")
    ack, before = CancelAck.from_dict(json.loads(ran.out)), CancelAck.from_dict(json.loads(text))
    assert (ran.code, ran.err, ack.outcome) == (0, "", Outcome.CANCELED)
    assert ack.evidence[: len(before.evidence)] == before.evidence
    assert ack.attempts == before.attempts
    assert cancels(venue) == sent


def test_several_acks_of_which_the_least_known_counts(
    venue: LiveSimulator, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acks come one after the other, also from stdin; the exit code is that of the worst."""
    texts = pending(venue, run, "7001", "7002")
    venue.call(lambda now: venue.simulator.book.fill("7001", now))
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(texts)))
    ran = run("settle", "--timeout", "0.3")
    assert "order 7001: REJECTED: too late" in ran.out
    assert "order 7002: PENDING" in ran.out
    assert ran.code == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("{", "expected acks as JSON: ", id="half"),
        pytest.param("[" * 100_000, "expected acks as JSON: ", id="deep"),
        pytest.param("[]", "expected acks as JSON objects, got list", id="list"),
        pytest.param("{}", "ack 1: ", id="no-ack"),
        pytest.param("\ufeff{}", "expected acks as JSON: ", id="mark"),
    ],
)
def test_what_is_no_ack_is_told(venue: LiveSimulator, run: Run, tmp_path: Path, text: str, told: str) -> None:
    """A file that holds no acks is a mistake of usage, in one line."""
    path = tmp_path / "acks.json"
    path.write_text(text, encoding="utf-8")
    ran = run("settle", str(path))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"countermand: {path}: ")
    assert told in ran.err
    assert venue.call(lambda _now: venue.simulator.requests) == []


def test_nothing_to_settle_is_told(venue: LiveSimulator, run: Run, tmp_path: Path) -> None:
    """An empty file is no success: the exit code 0 says that the order was canceled."""
    path = tmp_path / "acks.json"
    path.write_text("")
    ran = run("settle", str(path))
    assert (ran.code, ran.err) == (2, "countermand: there is no ack to settle\n")
    assert venue.call(lambda _now: venue.simulator.requests) == []


def test_missing_file_is_told(run: Run) -> None:
    """A file that is not there is a mistake of usage."""
    ran = run("settle", "nowhere.json")
    assert (ran.code, "nowhere.json: cannot be read" in ran.err) == (2, True)
