"""An alarm of an event loop that knows its own time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls once at a time of the loop's clock, unless it is canceled before."""

    __slots__ = ("_handle", "at")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, at: float, ring: Callable[..., object], *arguments: object
    ) -> None:
        # The handle is not asked for it: uvloop's, of a time that is past, cannot tell.
        self.at = at
        self._handle = loop.call_at(at, ring, *arguments)

    def cancel(self) -> None:
        """Do not ring any more."""
        self._handle.cancel()
