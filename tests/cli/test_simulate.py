"""`countermand simulate`: what it prints first, that it serves, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from countermand.testing import simulators

Run = Callable[..., Any]

KEYS = {
    "venue", "base_url", "control_url", "user", "password", "code", "api_key", "secret", "user_id",
    "session_token", "app_key", "account",
}  # fmt: skip


def free_ports(count: int) -> int:
    """Find the first of some ports in a row that are free."""
    for first in range(20_000, 30_000, count):
        try:
            for port in range(first, first + count):
                with closing(socket.socket()) as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise OSError("no free ports")


def interrupt_when_served(port: int, number: int, seen: list[bytes]) -> None:
    """Wait until a simulator answers on a port, and send this process a signal."""
    while not seen:
        try:
            seen.append(urllib.request.urlopen(f"http://127.0.0.1:{port}/control/orders").read())
        except OSError:
            continue
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_all_are_served_until_a_signal(run: Run, number: int) -> None:
    """Each venue has its line and its port; an interrupt ends them all with 0 and gives the signals back."""
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    names, port = simulators(), free_ports(len(simulators()))
    seen: list[bytes] = []
    threading.Thread(target=interrupt_when_served, args=(port + len(names) - 1, number, seen)).start()
    faults = ("--fault", "cancel:half", "--fault", "read:half@0.5")
    ran = run("simulate", "all", "--port", str(port), *faults)
    assert (ran.code, seen, ran.err) == (0, [b"[]"], "")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["venue"] for line in lines] == list(names)
    assert [line["base_url"] for line in lines] == [f"http://127.0.0.1:{port + n}" for n in range(len(names))]
    assert all(set(line) >= KEYS and all(isinstance(word, str) for word in line.values()) for line in lines)
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


def test_line_comes_first_and_at_once() -> None:
    """A router in another process reads the line, uses what it says, and ends the venue."""
    command = [sys.executable, "-m", "countermand", "simulate", "apex"]
    # S603: the command is this interpreter and our own words.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        body = urllib.request.urlopen(line["control_url"] + "/behaviour").read()  # noqa: S310 - loopback
        process.send_signal(signal.SIGTERM)
        assert (process.wait(10), *process.communicate()) == (0, "", "")
    assert json.loads(body)["cancel_delay_s"] == 0


@pytest.mark.parametrize("port", ["taken", "beyond the last"])
def test_port_that_cannot_be_had_is_told(run: Run, port: str) -> None:
    """A taken port, and one that no machine has, is a mistake with its number."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1] if port == "taken" else 65_535
        ran = run("simulate", "all", "--port", str(number))
    assert ran.code == 2
    assert "cannot be served" in ran.err
    assert str(number if port == "taken" else 65_536) in ran.err


def test_faults_are_given_on_the_command_line() -> None:
    """As often as wanted, for the next request or at a rate; the control interface shows them."""
    words = ["--fault", "cancel:reset:after", "--fault", "read:500@0.2", "--fault-seed", "7"]
    command = [sys.executable, "-m", "countermand", "simulate", *words, "apex"]
    # S603: the command is this interpreter and our own words.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        body = urllib.request.urlopen(line["control_url"] + "/faults").read()  # noqa: S310 - loopback
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    faults = json.loads(body)
    assert [(fault["kind"], fault["point"]) for fault in faults["script"]["cancel"]] == [("reset", "after")]
    (rate,) = faults["rates"]
    assert (rate["rate"], rate["seed"], rate["calls"]) == (0.2, 7, ["read"])
    assert [(fault["kind"], fault["point"]) for fault in rate["faults"]] == [("500", "before")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("reset", "kind must be one of reset"),
        ("reed:reset", "no call 'reed'"),
        ("cancel:rest", "kind must be one of reset"),
        ("read:reset:later", "no fault reset:later at 'read'"),
        ("read:reset@much", "could not convert"),
        ("read:reset@2", "rate must be a number from 0 to 1"),
    ],
)
def test_fault_that_cannot_be_is_told(run: Run, words: str, message: str) -> None:
    """With how one is written, before anything is served."""
    ran = run("simulate", "apex", "--fault", words)
    told = " ".join(ran.err.split())
    assert (ran.code, ran.out) == (2, "")
    assert f"--fault {words}: expected CALL:KIND[:POINT][@RATE]" in told
    assert message in told
