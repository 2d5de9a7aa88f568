"""Name look-ups: on threads of their own, one for all who ask, and not asked again for a minute."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from countermand._wire._names import Address, Names, system_look_up

if TYPE_CHECKING:
    from tests.core.engine.conftest import VirtualLoop

Virtually = Callable[[Coroutine[Any, Any, Any]], Any]

ONE = Address(family=socket.AF_INET, where=("192.0.2.1", 443))
TWO = Address(family=socket.AF_INET, where=("192.0.2.2", 443))
THREE = Address(family=socket.AF_INET6, where=("2001:db8::3", 443, 0, 0))


class Book:
    """Looks names up, and remembers who asked; an exception is raised."""

    def __init__(self, *answers: Iterable[Address] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []
        self.threads: list[threading.Thread] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self, host: str, port: int) -> Iterable[Address]:
        """Look a name up."""
        self.asked.append((host, port))
        self.threads.append(threading.current_thread())
        assert self.may_answer.wait(10)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


LITERALS = {
    "127.0.0.1": Address(family=socket.AF_INET, where=("127.0.0.1", 80)),
    "2001:db8::1": Address(family=socket.AF_INET6, where=("2001:db8::1", 80)),
}


@pytest.mark.parametrize(("host", "address"), LITERALS.items(), ids=LITERALS)
def test_an_address_is_no_name(host: str, address: Address) -> None:
    """What is an address already is not looked up."""
    book = Book(LookupError())
    assert asyncio.run(Names(book).addresses(host, 80)) == (address,)
    assert book.asked == []


def test_a_zone_is_the_systems() -> None:
    """An address within a zone is looked up: only the system knows its number."""
    book = Book([THREE])
    assert asyncio.run(Names(book).addresses("fe80::1%eth0", 80)) == (THREE,)


def test_a_look_up_has_a_thread_of_its_own() -> None:
    """A name is looked up on a thread that keeps no program from ending, and that ends."""
    book = Book([ONE, TWO])
    assert asyncio.run(Names(book).addresses("venue.example", 443)) == (ONE, TWO)
    (thread,) = book.threads
    assert (thread.daemon, thread.name) == (True, "countermand-look-up")
    thread.join(10)
    assert not thread.is_alive()


def test_all_who_ask_share_one(settle: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Who asks for a name while it is looked up shares its answer; who leaves takes it from none."""
    book = Book([ONE])
    book.may_answer.clear()
    names = Names(book)

    async def ask() -> None:
        asking = [asyncio.create_task(names.addresses("venue.example", 443)) for _ in range(3)]
        other = asyncio.create_task(names.addresses("venue.example", 80))
        await settle()
        asking[0].cancel()
        await settle()
        book.may_answer.set()
        assert await asyncio.gather(*asking[1:], other) == [(ONE,)] * 3
        assert asking[0].cancelled()

    asyncio.run(ask())
    assert sorted(book.asked) == [("venue.example", 80), ("venue.example", 443)]


@pytest.fixture
def settle() -> Callable[[], Coroutine[Any, Any, None]]:
    """Let tasks go as far as they can."""

    async def turn() -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    return turn


def test_an_answer_is_kept_for_a_minute(virtually: Virtually) -> None:
    """A name is asked for again only when its answer is a minute old."""
    book = Book([ONE], [TWO])
    names = Names(book)

    async def ask() -> None:
        loop: VirtualLoop = asyncio.get_running_loop()  # type: ignore[assignment]  # it is
        assert await names.addresses("venue.example", 443) == (ONE,)
        loop.jump(59)
        assert await names.addresses("venue.example", 443) == (ONE,)
        assert len(book.asked) == 1
        loop.jump(2)
        assert await names.addresses("venue.example", 443) == (TWO,)

    virtually(ask())


FAILURES: dict[str, tuple[Any, type[Exception], str]] = {
    "no such name": (socket.gaierror(-2, "no such name"), OSError, "no such name"),
    "no address": ((), OSError, "no address for venue.example"),
    "out of order": (LookupError("out of order"), LookupError, "out of order"),
    "an exit": (StopIteration("odd"), RuntimeError, "StopIteration: odd"),
}


@pytest.mark.parametrize(("answer", "kind", "words"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_not_kept(answer: Any, kind: type[Exception], words: str) -> None:
    """Who hears of a failure may ask again at once."""
    names = Names(Book(answer, [ONE]))

    async def ask() -> None:
        with pytest.raises(kind, match=words):
            await names.addresses("venue.example", 443)
        assert await names.addresses("venue.example", 443) == (ONE,)

    asyncio.run(ask())


def test_what_worked_comes_first(virtually: Virtually) -> None:
    """The address that worked is the first one next time, also after another look-up."""
    names = Names(Book([ONE, TWO, THREE], [THREE, TWO], [ONE]))

    async def ask() -> None:
        loop: VirtualLoop = asyncio.get_running_loop()  # type: ignore[assignment]  # it is
        assert await names.addresses("venue.example", 443) == (ONE, TWO, THREE)
        names.worked("venue.example", 443, TWO)
        assert await names.addresses("venue.example", 443) == (TWO, ONE, THREE)
        for expected in ((TWO, THREE), (ONE,)):
            loop.jump(61)
            assert await names.addresses("venue.example", 443) == expected

    virtually(ask())


def test_a_loop_that_ends_first() -> None:
    """An answer that comes when the loop is gone disturbs nobody."""
    book = Book([ONE])
    book.may_answer.clear()

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Names(book).addresses("venue.example", 443), 0.01)

    asyncio.run(leave())
    book.may_answer.set()
    book.threads[0].join(10)
    assert not book.threads[0].is_alive()


def test_the_system() -> None:
    """The system knows where this machine is, each address once."""
    found = system_look_up("localhost", 80)
    assert len(set(found)) == len(found)
    assert {address.where[0] for address in found} <= {"127.0.0.1", "::1"}
    assert {address.where[1] for address in found} == {80}
