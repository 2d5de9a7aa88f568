"""`countermand cancel-many`: a file of orders against a served simulator."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from countermand import CancelAck, CancelRequest, OrderId, OrderStatus, Outcome, Reason
from countermand.cli._cancel_many import Tally
from countermand.testing import LiveSimulator

pytest_plugins = ["countermand.testing.fixtures"]

Run = Callable[..., Any]


def place(live: LiveSimulator, *ids: str, **fields: Any) -> None:
    for order_id in ids:
        live.call(partial(live.simulator.place, order_id=order_id, **fields))


def status(live: LiveSimulator, order_id: str) -> OrderStatus:
    found: OrderStatus = live.call(lambda _now: live.simulator.book.order(order_id).status)
    return found


def objects_of(text: str) -> tuple[list[CancelAck], dict[str, int]]:
    """Read what `--json` prints: a line for each ack, and the last one that counts them."""
    *acks, counts = map(json.loads, text.splitlines())
    return [CancelAck.from_dict(ack) for ack in acks], counts


@pytest.fixture
def many(venue: LiveSimulator, run: Run, tmp_path: Path) -> Run:
    """Run `countermand cancel-many` at the venue, with a file of orders."""
    path = tmp_path / "orders"

    def command(text: str, *words: str) -> Any:
        path.write_text(text)
        return run("cancel-many", venue.simulator.name, "--account", "9", "--orders", str(path), *words)

    return command


def test_all_are_canceled(venue: LiveSimulator, many: Run) -> None:
    """Each order of the file is canceled, and no other one; of one that stands there twice that is told."""
    place(venue, "7001", "7002", "7003")
    ran = many("# mine\n7001\n\n7002\n7001\n")
    name = f"{venue.simulator.name}: account 9"
    told = f"{name}: asked 2, canceled 2, pending 0, rejected 0, unknown 0, unanswered 0\n"
    assert (ran.code, ran.out) == (0, told)
    assert ran.err.startswith("countermand: 1 duplicate line: each order is taken once\n")
    assert ran.err.endswith(told)
    assert status(venue, "7001") is status(venue, "7002") is OrderStatus.CANCELED
    assert status(venue, "7003") is OrderStatus.NEW


@pytest.mark.parametrize(
    ("filled", "delayed", "silent", "code"),
    [
        pytest.param((), (), (), 0, id="canceled"),
        pytest.param(("7001",), (), (), 4, id="rejected"),
        pytest.param(("7001",), ("7002",), (), 3, id="pending-above-rejected"),
        pytest.param(("7001",), ("7002",), ("7003",), 5, id="unknown-above-all"),
    ],
)
def test_least_known_gives_the_exit_code(
    venue: LiveSimulator, many: Run, filled: Any, delayed: Any, silent: Any, code: int
) -> None:
    """The exit code is that of the order of which the least is known; what was not canceled is told."""
    place(venue, *(order for order in ("7001", "7002", "7003", "7004") if order not in filled))
    place(venue, *filled, status=OrderStatus.FILLED)
    if delayed:
        venue.call(lambda _now: venue.simulator.switch(cancel_delay_s=3600.0))
    venue.call(lambda _now: venue.simulator.switch(silent_orders=list(silent)))
    ran = many("7001\n7002\n7003\n7004\n", "--timeout", "0.8")
    assert ran.code == code
    assert ("order 7001: REJECTED: too late; HTTP " in ran.out) is bool(filled)
    assert ("order 7002: PENDING: " in ran.out) is bool(delayed)
    assert ("order 7003: UNKNOWN: nobody can tell; " in ran.out) is bool(silent)


def test_json_is_the_acks(venue: LiveSimulator, many: Run) -> None:
    """With `--json` there is an ack for each order, then what they come to; each in a line, and no more."""
    place(venue, "7001", "7002")
    ran = many("7001\n7002\n", "--json")
    acks, counts = objects_of(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert sorted(str(ack.order_id) for ack in acks) == ["7001", "7002"]
    assert {ack.outcome for ack in acks} == {Outcome.CANCELED}
    others = {"pending": 0, "rejected": 0, "unknown": 0, "unanswered": 0}
    assert counts == {"schema": 1, "asked": 2, "canceled": 2, **others}


def test_json_can_be_settled(venue: LiveSimulator, many: Run, run: Run, tmp_path: Path) -> None:
    """What `--json` prints is what `settle` reads."""
    place(venue, "7001", "7002")
    (tmp_path / "acks").write_text(many("7001\n7002\n", "--json").out)
    ran = run("settle", str(tmp_path / "acks"))
    assert (ran.code, ran.out.count(": CANCELED ")) == (0, 2)


def test_orders_from_stdin(venue: LiveSimulator, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash stands for stdin."""
    place(venue, "7001")
    monkeypatch.setattr(sys, "stdin", io.StringIO("7001\n"))
    ran = run("cancel-many", venue.simulator.name, "--account", "9", "--orders", "-")
    assert ran.code == 0
    assert status(venue, "7001") is OrderStatus.CANCELED


def test_bad_line_keeps_all_back(venue: LiveSimulator, many: Run) -> None:
    """A bad line is told, be it bad for all venues or for this one, and nothing is sent."""
    place(venue, "7001")
    ran = many("7001\n007\nno-number\n")
    assert (ran.code, ran.out) == (2, "")
    assert "orders: line 2: " in ran.err
    assert "orders: line 3: " in ran.err
    assert ran.err.endswith("countermand: 2 bad lines: nothing was sent; see --skip-bad\n")
    assert venue.call(lambda _now: venue.simulator.requests) == []


def test_bad_line_can_be_skipped(venue: LiveSimulator, many: Run) -> None:
    """With `--skip-bad` a bad line is told, and the others are canceled."""
    place(venue, "7001")
    ran = many("7001\n007\n", "--skip-bad")
    assert ran.code == 0
    assert "orders: line 2: " in ran.err
    assert status(venue, "7001") is OrderStatus.CANCELED


@pytest.mark.parametrize(
    ("text", "words"), [("# none\n", ()), ("007\n", ("--skip-bad",))], ids=["none", "all-bad"]
)
def test_nothing_to_cancel_is_told(venue: LiveSimulator, many: Run, text: str, words: Any) -> None:
    """No order at all is no success, and sends nothing."""
    ran = many(text, *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("countermand: there is no order to cancel\n")
    assert venue.call(lambda _now: venue.simulator.requests) == []


def test_unknown_venue_is_told(venue: LiveSimulator, run: Run, tmp_path: Path) -> None:
    """A venue that is not configured is named, with those that are."""
    (tmp_path / "orders").write_text("7001\n")
    ran = run("cancel-many", "elsewhere", "--account", "9", "--orders", "orders")
    told = f"countermand: no venue named 'elsewhere' is configured; there are: {venue.simulator.name}\n"
    assert (ran.code, ran.err) == (2, told)


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["words", "json"])
def test_interrupt_tells_every_order(venue: LiveSimulator, many: Run, words: tuple[str, ...]) -> None:
    """Whoever interrupts is told what became of each order by then, the canceled as well as the owed."""
    place(venue, "7001", "7002")
    venue.call(lambda _now: venue.simulator.switch(silent_orders=["7002"]))

    def interrupt_when_one_is_done() -> None:
        while status(venue, "7001") is not OrderStatus.CANCELED or _reads(venue) < 1:
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt_when_one_is_done).start()
    ran = many("7001\n7002\n", *words)
    assert ran.code == 130
    assert ran.err.endswith("countermand: interrupted; a cancel that was sent may yet take effect\n")
    if words:
        acks, counts = objects_of(ran.out)
        told = {str(ack.request.order): ack.outcome for ack in acks}
        assert sorted(told) == ["7001", "7002"]
        assert told["7002"] is Outcome.UNKNOWN
        assert (counts["asked"], counts["unanswered"]) == (2, 0)
        assert counts["unknown"] == list(told.values()).count(Outcome.UNKNOWN)
    else:
        assert "order 7002: UNKNOWN: nobody can tell" in ran.out
        assert "asked 2, " in ran.out
        assert "unanswered 0" in ran.out


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["words", "json"])
def test_interrupt_keeps_the_rest_back(
    venue: LiveSimulator, many: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """What an interrupt keeps from being sent is told as that, whether it had its turn near or not."""
    limit = f'[[venues.{venue.simulator.name}.limits]]\nper = "account"\nkinds = ["cancel"]\n'
    with (tmp_path / "countermand.toml").open("a") as configuration:
        configuration.write(f"{limit}rate = 0.01\nburst = 1\n")
    orders = [str(number) for number in range(7001, 7061)]
    place(venue, *orders)

    def interrupt_when_one_came() -> None:
        while not venue.call(lambda _now: venue.simulator.requests):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt_when_one_came).start()
    ran = many("\n".join(orders), *words)
    assert ran.code == 130
    if words:
        acks, counts = objects_of(ran.out)
        assert (counts["asked"], counts["unanswered"], counts["rejected"]) == (60, 0, 59)
        said = {ack.error or ack.attempts[0].fault for ack in acks if ack.reason is Reason.NOT_SENT}
        assert said <= {"the client is closed", "the client was closed before it could be sent"}
    else:
        assert ran.out.count(": REJECTED: not sent; interrupted before it could be sent\n") == 59


def unsent(elapsed_s: float) -> CancelAck:
    request = CancelRequest(venue="toy", account="9", order=OrderId("7"), timeout_s=2.0)
    return CancelAck(
        request=request, outcome=Outcome.REJECTED, reason=Reason.NOT_SENT, error="no", elapsed_s=elapsed_s
    )


@pytest.mark.parametrize(
    ("elapsed_s", "interrupted", "said"),
    [
        pytest.param(1.0, True, "interrupted before it could be sent", id="interrupted"),
        pytest.param(1.0, False, "was not asked; fault: no", id="before-that"),
        pytest.param(2.0, True, "was not asked; fault: no", id="its-time-was-over"),
    ],
)
def test_interrupt_is_blamed_for_what_it_did(elapsed_s: float, interrupted: bool, said: str) -> None:
    """Of what was not sent, an interrupt is told as the cause only where it was that."""
    tally = Tally(name="toy", asked=1, json=False)
    if interrupted:
        tally.interrupt()
    tally.take(unsent(elapsed_s))
    assert tally.lines == [f"order 7: REJECTED: not sent; {said}"]


def _reads(live: LiveSimulator) -> int:
    asked = live.call(lambda _now: [one.method + one.path for one in live.simulator.requests])
    return sum("CancelOrder" not in one and not one.startswith("DELETE") for one in asked)


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["words", "json"])
def test_dry_run_sends_no_cancel(venue: LiveSimulator, many: Run, words: tuple[str, ...]) -> None:
    """With `--dry-run` those of the orders that are open are listed, and how many others there are."""
    place(venue, "7001", "7002")
    ran = many("7001\n7003\n", "--dry-run", *words)
    assert (ran.code, ran.err) == (0, "")
    assert ("7001" in ran.out, "7002" in ran.out) == (True, False)
    assert ("would also be sent for 1 that this does not show" in ran.out) is (not words)
    assert status(venue, "7001") is OrderStatus.NEW


class Deaf(io.StringIO):
    """A standard output that nobody listens to any more."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("out", [Deaf(), None], ids=["broken", "closed"])
@pytest.mark.parametrize("words", [(), ("--json",)], ids=["words", "json"])
def test_exit_code_survives_a_broken_output(
    venue: LiveSimulator, many: Run, monkeypatch: pytest.MonkeyPatch, out: Any, words: tuple[str, ...]
) -> None:
    """Where nothing can be printed, everything is canceled all the same, and the exit code tells it."""
    place(venue, "7001", "7002")
    monkeypatch.setattr(sys, "stdout", out)
    assert many("7001\n7002\n", *words).code == 0
    assert status(venue, "7002") is OrderStatus.CANCELED
