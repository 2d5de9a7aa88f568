"""The user's own functions are asked off the loop, and whatever they do comes back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from countermand._aside import ask_aside


async def awaited(text: str = "1234") -> str:
    """Give a code from the loop."""
    await asyncio.sleep(0)
    return text + " " + threading.current_thread().name


class Device:
    """Gives a code when called: itself no coroutine function."""

    async def __call__(self) -> str:
        return await awaited()


def blocking() -> str:
    """Give a code from a thread."""
    return "1234 " + threading.current_thread().name


def later() -> Awaitable[str]:
    """Give what gives a code: itself no coroutine function."""
    return awaited()


MAIN = threading.main_thread().name
SOURCES: dict[str, tuple[Callable[[], str | Awaitable[str]], str]] = {
    "blocking": (blocking, "1234 countermand-aside"),
    "a coroutine function": (awaited, f"1234 {MAIN}"),
    "a partial of one": (partial(awaited, "5678"), f"5678 {MAIN}"),
    "an object with one": (Device(), f"1234 {MAIN}"),
    "one that gives a coroutine": (later, f"1234 {MAIN}"),
}


@pytest.mark.parametrize(("source", "expected"), SOURCES.values(), ids=SOURCES.keys())
def test_sources_of_a_code(source: Callable[[], str | Awaitable[str]], expected: str) -> None:
    """What blocks is called on a thread of its own, what can be awaited is awaited on the loop."""
    assert asyncio.run(ask_aside(source)) == expected


def _raising(error: BaseException) -> Callable[[], str]:
    def source() -> str:
        raise error

    return source


async def _failing() -> str:
    raise LookupError("no device")


FAILURES: dict[str, tuple[Any, type[Exception], str]] = {
    "an exception": (_raising(LookupError("no device")), LookupError, "no device"),
    "an exception that is awaited": (_failing, LookupError, "no device"),
    "the end of an iterator": (iter(()).__next__, RuntimeError, "StopIteration: "),
    "an exit": (_raising(SystemExit(3)), RuntimeError, "SystemExit: 3"),
    "an interrupt": (_raising(KeyboardInterrupt()), RuntimeError, "KeyboardInterrupt: "),
    "no text": (lambda: 1234, TypeError, "expected a text, got int"),
    "nothing": (lambda: None, TypeError, "expected a text, got NoneType"),
}


@pytest.mark.parametrize(("source", "kind", "words"), FAILURES.values(), ids=FAILURES.keys())
def test_a_source_that_fails(source: Any, kind: type[Exception], words: str) -> None:
    """Whatever the function raises or gives instead of a text, who waits for it hears of it."""
    with pytest.raises(kind) as raised:
        asyncio.run(ask_aside(source))
    assert type(raised.value) is kind
    assert str(raised.value) == words


def test_one_who_waits_no_longer() -> None:
    """A code that comes after its asker left disturbs nobody."""
    asked, given = threading.Event(), threading.Event()

    def late() -> str:
        asked.set()
        given.wait(5)
        return "1234"

    async def leave_early() -> None:
        waiting = asyncio.ensure_future(ask_aside(late))
        await asyncio.to_thread(asked.wait, 5)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        given.set()
        for thread in threading.enumerate():
            if thread.name == "countermand-aside":
                await asyncio.to_thread(thread.join, 5)
        await asyncio.sleep(0)

    asyncio.run(leave_early())


def test_a_loop_that_is_gone() -> None:
    """A code that comes after the loop was closed is dropped without a word."""
    given = threading.Event()

    def late() -> str:
        given.wait(5)
        return "1234"

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await ask_aside(late)

    asyncio.run(leave())
    given.set()
    for thread in threading.enumerate():
        if thread.name == "countermand-aside":
            thread.join(5)


def test_a_coroutine_that_would_end_the_program() -> None:
    """A SystemExit of the user's own must not end the loop that others work on."""

    async def source() -> str:
        raise SystemExit(3)

    with pytest.raises(RuntimeError, match="SystemExit: 3"):
        asyncio.run(ask_aside(source))
