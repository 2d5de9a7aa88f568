"""The stream of what changes after acks were given, for those who await and for those who wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self

from countermand._engine._mailbox import Mailbox
from countermand._host import Home
from countermand._update import Update
from countermand.errors import ClosedClientError

#: Runs something on a client's loop and waits for it; raises `ClosedClientError` once the client is closed.
Ask = Callable[[Callable[[Any], Coroutine[Any, Any, Update | None]]], Update | None]


class AsyncUpdates:
    """Gives each change of an ack from now on, until the client is closed; one reader at a time.

    Of changes to the same request that nobody took yet one is left, the newest; the oldest of more than 1,000
    are dropped, and counted in `overflow`.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._home = Home(loop=asyncio.get_running_loop())

    @property
    def overflow(self) -> int:
        """How many updates were dropped because nobody took them."""
        return self._mailbox.overflow

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Update:
        self._home.check_loop()
        update = await self._mailbox.take()
        if update is None:
            raise StopAsyncIteration
        return update


class Updates:
    """The same as `AsyncUpdates` for a thread, which waits for the next one.

    It tells which one it had last, so that none is lost with a wait that is interrupted.
    """

    def __init__(self, mailbox: Mailbox, ask: Ask) -> None:
        self._mailbox = mailbox
        self._ask = ask
        self._had: Update | None = None
        self._home = Home()
        self._turn = threading.Lock()

    @property
    def overflow(self) -> int:
        """How many updates were dropped because nobody took them."""
        return self._mailbox.overflow

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Update:
        self._home.check()
        with self._turn:
            try:
                update = self._ask(lambda _: self._mailbox.hand(self._had))
            except ClosedClientError:
                update = self._mailbox.hand_rest(self._had)
            if update is None:
                raise StopIteration
            self._had = update
        return update
