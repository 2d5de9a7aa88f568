"""One exchange to perform, and the gate that bounds how many are under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs

from countermand._case._facts import Ended
from countermand._engine._wire import Progress
from countermand.venue import CallKind


@attrs.define(kw_only=True)
class Errand:
    """For whom an exchange is permitted, until when it may last, how far it has come."""

    number: int
    account: str
    kind: CallKind
    until: float
    overdue_at: float
    #: How long it may keep its place in the gate, in seconds.
    patience_s: float
    progress: Progress
    timeout: asyncio.Timeout | None = None

    @property
    def permission(self) -> object:
        """What a venue may refuse under one session and allow under another."""
        return (self.account, self.kind)

    def ended(self, at: float, **told: Any) -> Ended:
        """Tell how it ended, as the fact that a case keeps."""
        return Ended(
            number=self.number,
            at=at,
            sent=self.progress.sent,
            signed_at=self.progress.signed_at,
            first_byte_at=self.progress.first_byte_at,
            session=self.progress.session,
            status=self.progress.status,
            **told,
        )

    def last(self, until: float) -> None:
        """Let it last longer, for someone who joined."""
        self.until = max(self.until, until)
        if self.timeout is not None and not self.timeout.expired():
            self.timeout.reschedule(self.until)


class Gate:
    """Lets so many exchanges through at a time; one that is overdue gives up its place and lives on."""

    def __init__(self, places: int) -> None:
        self._places = asyncio.Semaphore(places)

    @asynccontextmanager
    async def passing(self, patience_s: float) -> AsyncIterator[None]:
        """Hold a place, for `patience_s` seconds at most: who never answers must not shut the others out."""
        await self._places.acquire()
        held = [self._places]
        timer = asyncio.get_running_loop().call_later(patience_s, lambda: held.pop().release())
        try:
            yield
        finally:
            timer.cancel()
            if held:
                held.pop().release()
