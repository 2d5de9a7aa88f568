"""The observer, fenced in: what it raises is counted, and stops nothing."""

from __future__ import annotations

from typing import Any

from countermand._ack import CancelAck
from countermand._observer import Answered, Observer, SlowPlugin
from countermand._request import CancelRequest
from countermand._update import Update


class Watch:
    """Passes everything on to an observer, if there is one."""

    def __init__(self, observer: Observer | None) -> None:
        self._observer: Observer = _Nobody() if observer is None else observer
        #: How often the observer raised.
        self.errors = 0

    def requested(self, request: CancelRequest) -> None:
        """Tell that a cancel was asked for."""
        try:
            self._observer.requested(request)
        except BaseException as error:  # noqa: BLE001 - see `_broke`
            self._broke(error)

    def attempted(self, venue: str, call: str) -> None:
        """Tell that a call is about to be sent."""
        try:
            self._observer.attempted(venue, call)
        except BaseException as error:  # noqa: BLE001 - see `_broke`
            self._broke(error)

    def answered(self, answer: Answered) -> None:
        """Tell how a call ended."""
        try:
            self._observer.answered(answer)
        except BaseException as error:  # noqa: BLE001 - see `_broke`
            self._broke(error)

    def logged_in(self, venue: str, failure: str | None) -> None:
        """Tell how a log-in ended."""
        try:
            self._observer.logged_in(venue, failure)
        except BaseException as error:  # noqa: BLE001 - see `_broke`
            self._broke(error)

    def acknowledged(self, ack: CancelAck) -> None:
        """Tell what a caller is told."""
        try:
            self._observer.acknowledged(ack)
        except BaseException as error:  # noqa: BLE001 - see `_broke`
            self._broke(error)

    def updated(self, update: Update) -> None:
        """Tell how an ack moved on after it was given."""
        try:
            self._observer.updated(update)
        except BaseException as error:  # noqa: BLE001 - see `_broke`
            self._broke(error)

    def slow_plugin(self, slow: SlowPlugin) -> None:
        """Tell of a plugin's function that was too slow, to an observer that hears of such."""
        try:
            getattr(self._observer, "slow_plugin", _ignore)(slow)
        except BaseException as error:  # noqa: BLE001 - see `_broke`
            self._broke(error)

    def _broke(self, error: BaseException) -> None:
        """Count it: an observer may break in any way, a cancel may not."""
        if isinstance(error, KeyboardInterrupt):
            raise error
        self.errors += 1


def _ignore(*_told: Any, **_named: Any) -> None:
    """Take what is not heard of."""


class _Nobody:
    """An observer that hears of nothing."""

    requested = attempted = answered = logged_in = acknowledged = updated = staticmethod(_ignore)
