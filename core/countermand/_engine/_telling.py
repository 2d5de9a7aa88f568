"""How far a mass cancel has come, told while it goes on."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from countermand._mass_cancel import MassCancelReport, Progress
from countermand._sweep._facts import Sweep
from countermand._sweep._report import as_told, progress

#: It is told so often at most: once in so many seconds.
TELL_EVERY_S = 0.1
#: Hears how far a mass cancel has come.
Tell = Callable[[Progress], object]


class Telling:
    """Tells whoever listens, if anybody does; what that one raises stops nothing."""

    def __init__(self, sweep: Sweep, say: Tell | None) -> None:
        self._sweep = sweep
        self._say = say
        self._said: Progress | None = None
        self._said_at = sweep.began_at - TELL_EVERY_S

    def tell(self, now: float, again_at: float) -> float:
        """Tell it if that is another word; say when to come again at the latest."""
        if self._say is None:
            return again_at
        if now >= self._said_at + TELL_EVERY_S:
            so_far = progress(self._sweep, now)
            if self._said is None or attrs.evolve(so_far, elapsed_s=self._said.elapsed_s) != self._said:
                self._said_at = now
                self._tell(so_far)
        return min(again_at, now + TELL_EVERY_S)

    def end(self, report: MassCancelReport) -> None:
        """Tell it for the last time."""
        self._tell(as_told(report))

    def _tell(self, so_far: Progress) -> None:
        self._said = so_far
        if self._say is None:
            return
        try:
            self._say(so_far)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001, S110 - whoever listens may break in any way, a mass cancel may not
            pass
