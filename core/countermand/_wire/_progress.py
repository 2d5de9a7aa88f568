"""How far an exchange has come, and how it is told that it brought no answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from countermand._outcome import Sent

Clock = Callable[[], float]

#: What is told of an exchange that was canceled.
GIVEN_UP = "given up"


class WireFault(Exception):  # noqa: N818 - a private signal, not an error of the tree
    """An exchange that brought no whole answer."""


@attrs.define(kw_only=True)
class Progress:
    """How far one exchange has come; survives its cancellation."""

    clock: Clock
    on_signed: Callable[[str, float], None] = lambda _call, _at: None
    signed_at: float | None = None
    first_byte_at: float | None = None
    #: Whether the transport tells of its steps, so that silence about a first byte means none.
    traced: bool = False
    #: Whether the failure itself proves that no byte left.
    unsent: bool = False
    status: int | None = None
    session: int | None = None

    @property
    def sent(self) -> Sent:
        """What is known to have left: YES only with an answer."""
        if self.status is not None:
            return Sent.YES
        if self.signed_at is None or (self.first_byte_at is None and (self.unsent or self.traced)):
            return Sent.NO
        return Sent.MAYBE

    def sign(self, call: str) -> None:
        """Note that a request is signed and goes to the wire."""
        self.signed_at = self.clock()
        self.on_signed(call, self.signed_at)

    async def trace(self, event: str, _info: dict[str, Any]) -> None:
        """Hear a step of httpcore's; the first byte leaves with the request's head."""
        self.traced = True
        if event.endswith("send_request_headers.started"):
            self.first_byte_at = self.clock()


def told(error: Exception) -> str:
    """Put what went wrong on the wire in words."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
