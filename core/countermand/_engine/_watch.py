"""The observer, fenced in: what it raises is counted, and stops nothing."""

from __future__ import annotations

from collections.abc import Callable

from countermand._ack import CancelAck
from countermand._observer import Answered, Observer, SlowPlugin
from countermand._request import CancelRequest
from countermand._update import Update


class Watch:
    """Passes everything on to an observer, if there is one."""

    def __init__(self, observer: Observer | None) -> None:
        self._observer = observer
        #: How often the observer raised.
        self.errors = 0

    def requested(self, request: CancelRequest) -> None:
        """Tell that a cancel was asked for."""
        self._tell(lambda observer: observer.requested(request))

    def attempted(self, venue: str, call: str) -> None:
        """Tell that a call is about to be sent."""
        self._tell(lambda observer: observer.attempted(venue, call))

    def answered(self, answer: Answered) -> None:
        """Tell how a call ended."""
        self._tell(lambda observer: observer.answered(answer))

    def logged_in(self, venue: str, failure: str | None) -> None:
        """Tell how a log-in ended."""
        self._tell(lambda observer: observer.logged_in(venue, failure))

    def acknowledged(self, ack: CancelAck) -> None:
        """Tell what a caller is told."""
        self._tell(lambda observer: observer.acknowledged(ack))

    def updated(self, update: Update) -> None:
        """Tell how an ack moved on after it was given."""
        self._tell(lambda observer: observer.updated(update))

    def slow_plugin(self, slow: SlowPlugin) -> None:
        """Tell of a plugin's function that was too slow, to an observer that hears of such."""
        self._tell(lambda observer: getattr(observer, "slow_plugin", _unheard)(slow))

    def _tell(self, say: Callable[[Observer], None]) -> None:
        if self._observer is None:
            return
        try:
            say(self._observer)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - an observer may break in any way, a cancel may not
            self.errors += 1


def _unheard(_slow: SlowPlugin) -> None:
    """Take what an observer does not hear of."""
