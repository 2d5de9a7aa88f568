"""Who waits in another thread for a cancel that went straight: told at once, not in the loop's next turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from countermand._ack import CancelAck

if TYPE_CHECKING:
    from countermand._engine._straight import Straight
    from countermand._question import Question

#: Hears of the ack of a cancel that somebody asked for.
OnAck = Callable[["Straight", CancelAck, "Question[CancelAck]"], object]


class Landing(asyncio.Future[CancelAck]):
    """Waits for a cancel in place of its own waiter: calls `on_ack` with its ack, `on_leave` if canceled."""

    __slots__ = ("_on_ack", "_on_leave", "_question", "_straight")

    def __init__(
        self,
        straight: Straight,
        question: Question[CancelAck],
        on_ack: OnAck,
        on_leave: Callable[[Straight], object],
    ) -> None:
        super().__init__()
        self._straight = straight
        self._question = question
        self._on_ack = on_ack
        self._on_leave = on_leave

    def set_result(self, result: CancelAck) -> None:
        """Pass the ack on."""
        super().set_result(result)
        self._on_ack(self._straight, result, self._question)

    def cancel(self, msg: Any | None = None) -> bool:
        """Let go of the cancel."""
        super().cancel(msg)
        self._on_leave(self._straight)
        return True
