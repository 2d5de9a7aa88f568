"""Work that is interrupted: the client is closed, and whoever waits still gets a last word."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from countermand import AsyncClient, CancelAck, CancelRequest, OrderId, Outcome, Unsettled
from countermand.cli._board import Board
from countermand.cli._interrupts import Ended, until_interrupted
from countermand.cli._perform import finish, perform
from countermand.errors import ClosedClientError

OWED = CancelAck(request=CancelRequest(venue="toy", account="9", order=OrderId("7")), outcome=Outcome.UNKNOWN)


class Closable(AsyncClient):
    """A client that reaches no venue, and tells those who wait that it was closed."""

    def __init__(self) -> None:
        super().__init__([])
        self.closed = asyncio.Event()

    async def aclose(self) -> tuple[Unsettled, ...]:
        """Close, owing one ack."""
        await super().aclose()
        self.closed.set()
        return (Unsettled(ack=OWED, age_s=1.0),)


Work = Callable[[Closable], Coroutine[Any, Any, str]]


async def answers_at_the_end(client: Closable) -> str:
    os.kill(os.getpid(), signal.SIGINT)
    await client.closed.wait()
    return "what is known by then"


async def fails_at_the_end(client: Closable) -> str:
    await answers_at_the_end(client)
    raise ClosedClientError("the client is closed")


async def ends_before(_client: Closable) -> str:
    return "all"


async def never_ends(_client: Closable) -> str:
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.Event().wait()
    raise AssertionError("it never comes here")


async def breaks(_client: Closable) -> str:
    raise ZeroDivisionError


def ended(work: Work) -> Ended[str]:
    client = Closable()
    return perform(client, Board(), lambda: work(client), quiet=True)


@pytest.mark.parametrize(
    ("work", "end"),
    [
        pytest.param(ends_before, Ended(result="all"), id="in-its-own-time"),
        pytest.param(
            answers_at_the_end,
            Ended(result="what is known by then", interrupted=True, left=(OWED,)),
            id="last-word",
        ),
        pytest.param(fails_at_the_end, Ended(result=None, interrupted=True, left=(OWED,)), id="no-word"),
    ],
)
def test_interrupted_work_has_a_last_word(work: Work, end: Ended[str]) -> None:
    """An interrupt closes the client; what it then answers is the result, and what it owes is kept."""
    assert ended(work) == end


def test_work_that_never_ends_is_left() -> None:
    """What does not answer soon after the client was closed is not waited for."""

    async def main() -> Ended[str]:
        client = Closable()
        async with client:
            return await until_interrupted(client, never_ends(client), last_word_s=0.01)

    assert asyncio.run(main()) == Ended(result=None, interrupted=True, left=(OWED,))


def test_failure_passes_through() -> None:
    """What the work raises is raised."""
    with pytest.raises(ZeroDivisionError):
        ended(breaks)


def test_signals_are_given_back() -> None:
    """Afterwards an interrupt means again what it meant before."""
    before = signal.getsignal(signal.SIGINT)
    ended(answers_at_the_end)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("end", "told"),
    [
        pytest.param(Ended(result="part", interrupted=True, left=(OWED,)), ["part"], id="with-a-report"),
        pytest.param(Ended(result=None, interrupted=True, left=(OWED,)), [], id="without"),
    ],
)
def test_interrupt_is_raised_once_all_is_told(
    capsys: pytest.CaptureFixture[str], end: Ended[str], told: list[str]
) -> None:
    """A report is told, or what was known last and the acks that are owed; then the interrupt goes on."""
    heard: list[str] = []
    board = Board(rows={"toy": {"known": "3"}})
    with pytest.raises(KeyboardInterrupt):
        finish(end, board, heard.append, json=False)
    written = capsys.readouterr()
    assert heard == told
    assert ("toy order 7: UNKNOWN" in written.out) is (not told)
    assert (written.err == "there is no report; what was known last:\ntoy: known 3\n") is (not told)


def test_result_is_told_and_returned() -> None:
    """Work that was not interrupted is told, and its result is there for the exit code."""
    heard: list[str] = []
    assert finish(Ended(result="all"), Board(), heard.append, json=False) == "all"
    assert heard == ["all"]
