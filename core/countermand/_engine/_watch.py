"""The observer, fenced in: what it raises is counted, and stops nothing."""

from __future__ import annotations

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
        self._tell("requested", request)

    def attempted(self, venue: str, call: str) -> None:
        """Tell that a call is about to be sent."""
        self._tell("attempted", venue, call)

    def answered(self, answer: Answered) -> None:
        """Tell how a call ended."""
        self._tell("answered", answer)

    def logged_in(self, venue: str, failure: str | None) -> None:
        """Tell how a log-in ended."""
        self._tell("logged_in", venue, failure)

    def acknowledged(self, ack: CancelAck) -> None:
        """Tell what a caller is told."""
        self._tell("acknowledged", ack)

    def updated(self, update: Update) -> None:
        """Tell how an ack moved on after it was given."""
        self._tell("updated", update)

    def slow_plugin(self, slow: SlowPlugin) -> None:
        """Tell of a plugin's function that was too slow, to an observer that hears of such."""
        self._tell("slow_plugin", slow)

    def _tell(self, what: str, *told: object) -> None:
        if self._observer is None:
            return
        try:
            getattr(self._observer, what, *_UNLESS_HEARD.get(what, ()))(*told)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - an observer may break in any way, a cancel may not
            self.errors += 1


def _ignore(_told: object) -> None:
    """Take what an observer does not hear of."""


#: What an observer need not hear.
_UNLESS_HEARD = {"slow_plugin": (_ignore,)}
