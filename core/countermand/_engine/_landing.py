"""Who waits in another thread for a cancel that went straight: told at once, not in the loop's next turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from countermand._ack import CancelAck
from countermand._engine._straight import Straight


class Landing(asyncio.Future[CancelAck]):
    """Waits for a cancel in place of its own waiter: calls `on_ack` with its ack, `on_leave` if canceled."""

    def __init__(
        self,
        straight: Straight,
        on_ack: Callable[[Straight, CancelAck], object],
        on_leave: Callable[[Straight], object],
    ) -> None:
        super().__init__()
        self._straight = straight
        self._on_ack = on_ack
        self._on_leave = on_leave
        straight.waiter = self

    def set_result(self, result: CancelAck) -> None:
        """Pass the ack on."""
        super().set_result(result)
        self._on_ack(self._straight, result)

    def cancel(self, msg: Any | None = None) -> bool:
        """Let go of the cancel."""
        super().cancel(msg)
        self._on_leave(self._straight)
        return True
