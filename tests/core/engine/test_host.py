"""The thread with a loop: what is asked there is answered once, whatever becomes of the thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest

from countermand._host import Home, Host
from countermand._question import Question
from countermand.errors import ClientUsageError, ClosedClientError


@pytest.fixture
def host() -> Iterator[Host]:
    """Start a host, and end it."""
    host = Host()
    yield host
    host.end()


def test_a_host_that_was_inherited(host: Host) -> None:
    """A loop's thread exists only in the process that started it."""
    assert host.ask(lambda question: question.answer(7)) == 7
    host.home = Home(process=host.home.process + 1)
    with pytest.raises(ClientUsageError, match="does not survive a fork"):
        host.ask(lambda question: question.answer(7))


def test_a_thread_with_the_number_of_one_that_ended() -> None:
    """Whoever is given the number of the loop's thread, once that has ended, is not taken for it."""
    host = Host()
    host.end()
    host.thread = threading.current_thread()
    with pytest.raises(ClosedClientError):
        host.ask(lambda question: question.answer(7))


def test_what_is_raised_on_the_loop_is_raised_here(host: Host) -> None:
    """An exception reaches whoever waits, whether it is raised at once or by a task."""

    async def fail() -> None:
        raise LookupError("out of order")

    def fail_at_once(_: object) -> None:
        raise GeneratorExit("out of order")

    with pytest.raises(LookupError, match="out of order"):
        host.ask(lambda question: question.follow(fail()))
    with pytest.raises(GeneratorExit, match="out of order"):
        host.ask(fail_at_once)


def test_a_task_that_is_canceled(host: Host) -> None:
    """Whoever waits for a task that somebody else has canceled is told, and not canceled with it."""

    async def give_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(ClosedClientError, match="thread has ended"):
        host.ask(lambda question: question.follow(give_up()))


def test_only_the_first_answer_counts(host: Host) -> None:
    """What comes after an answer changes nothing about it."""

    def answer_twice(question: Question[int]) -> None:
        question.answer(1)
        question.answer(2)
        question.fail(LookupError("too late"))
        question.drop()

    assert host.ask(answer_twice) == 1


def test_a_question_that_was_never_put() -> None:
    """Whoever is interrupted before the loop has it leaves nothing owed."""
    question: Question[int] = Question((owed := set[Question[int]]()).discard)
    owed.add(question)
    question.drop()
    assert (owed, question.over) == (set(), True)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_what_ends_the_loop_is_told(error: type[BaseException]) -> None:
    """Whoever waits for a loop that is ended by what it does is told so, and so is who comes later."""

    def end(_: object) -> None:
        raise error

    host = Host()
    with pytest.raises(ClosedClientError, match="thread has ended"):
        host.ask(end)
    host.thread.join()
    with pytest.raises(ClosedClientError, match="thread has ended"):
        host.ask(end)
    host.loop.close()


class EndsFirst:
    """A host's loop, which is over by the time anything comes to it."""

    def __init__(self, host: Host) -> None:
        self._host, self._loop = host, host.loop

    def call_soon_threadsafe(self, *call: Any) -> Any:
        """End the host, then put the call."""
        self._host.loop = self._loop
        self._host.end()
        return self._loop.call_soon_threadsafe(*call)


def test_a_loop_that_closes_meanwhile() -> None:
    """Whoever asks just while another thread ends it all is answered by that end."""
    host = Host()
    host.loop = cast("asyncio.AbstractEventLoop", EndsFirst(host))
    with pytest.raises(ClosedClientError, match="thread has ended"):
        host.ask(lambda question: question.answer(7))


def test_what_a_signal_raises_while_asking(host: Host) -> None:
    """What a signal's handler raises just while a question is put is raised there, and nothing is owed."""

    class Interrupted:
        """A host's loop, the first call to which is interrupted."""

        def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
            self._loop, self._calls = loop, 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self._loop, name)

        def call_soon_threadsafe(self, *call: Any) -> Any:
            self._calls += 1
            if self._calls == 1:
                raise RuntimeError("a signal")
            return self._loop.call_soon_threadsafe(*call)

    asked: list[object] = []
    host.loop = cast("asyncio.AbstractEventLoop", Interrupted(host.loop))
    with pytest.raises(RuntimeError, match="a signal"):
        host.ask(asked.append)
    assert host.ask(lambda question: question.answer(7)) == 7
    assert asked == []
