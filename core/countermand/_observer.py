"""Whom the engine tells what it does: a port for logs and metrics, which can stop nothing."""

from __future__ import annotations

import logging
from typing import Protocol

import attrs

from countermand._ack import CancelAck
from countermand._maker import Made
from countermand._outcome import Outcome
from countermand._request import Assurance, CancelRequest
from countermand._update import Update


@attrs.frozen(kw_only=True)
class Answered(Made):
    """How one exchange with a venue ended; `verdict` or `fault` in the words an ack uses."""

    venue: str
    call: str
    elapsed_s: float
    http_status: int | None
    verdict: str | None
    fault: str | None


@attrs.frozen(kw_only=True)
class SlowPlugin:
    """A pure function of a venue's plugin that held up all venues of the client.

    Told if it took over 50 ms of its thread's own time, or over half a second by the wall's: it slept, or
    its thread had no turn.
    """

    venue: str
    #: The function of the venue, or of which call it is the `sign`, the `read` or the rows.
    function: str
    #: By the wall's clock, in seconds.
    elapsed_s: float
    #: Of its thread's own time, in seconds, at the least.
    cpu_s: float
    #: The entry point and the distribution of the plugin, or the class of the venue.
    source: str


class Observer(Protocol):
    """Is told, synchronously, on the engine's thread; what it raises is counted and never passed on.

    One that is a `PluginObserver`, too, also hears of plugins.
    """

    def requested(self, request: CancelRequest) -> None:
        """Hear that a cancel was asked for and found valid."""
        ...

    def attempted(self, venue: str, call: str) -> None:
        """Hear that a call is about to be sent."""
        ...

    def answered(self, answer: Answered) -> None:
        """Hear how a call ended."""
        ...

    def logged_in(self, venue: str, failure: str | None) -> None:
        """Hear that a log-in ended, and why it failed if it did."""
        ...

    def acknowledged(self, ack: CancelAck) -> None:
        """Hear what a caller is told."""
        ...

    def updated(self, update: Update) -> None:
        """Hear that an ack moved on after its caller was told."""
        ...


class PluginObserver(Observer, Protocol):
    """Hears of plugins, too; apart from `Observer`, for those that were written before need not."""

    def slow_plugin(self, slow: SlowPlugin) -> None:
        """Hear that a plugin's pure function held up all venues."""
        ...


_LEVELS = {Outcome.CANCELED: logging.INFO, Outcome.REJECTED: logging.WARNING}


@attrs.frozen
class LoggingObserver:
    """Writes to the standard logger `countermand`: calls as DEBUG, acks as INFO, WARNING or ERROR."""

    logger: logging.Logger = attrs.field(factory=lambda: logging.getLogger("countermand"))

    def requested(self, request: CancelRequest) -> None:
        """Log a request."""
        self.logger.debug("%s: cancel %s of account %s", request.venue, request.order, request.account)

    def attempted(self, venue: str, call: str) -> None:
        """Log a call."""
        self.logger.debug("%s: %s", venue, call)

    def answered(self, answer: Answered) -> None:
        """Log an answer."""
        told = answer.verdict or answer.fault
        self.logger.debug("%s: %s after %.3f s: %s", answer.venue, answer.call, answer.elapsed_s, told)

    def logged_in(self, venue: str, failure: str | None) -> None:
        """Log a log-in."""
        if failure is None:
            self.logger.info("%s: logged in", venue)
        else:
            self.logger.warning("%s: log-in failed: %s", venue, failure)

    def acknowledged(self, ack: CancelAck) -> None:
        """Log an ack; one that still owes what was asked for is an ERROR, for somebody must look."""
        answered = ack.outcome is Outcome.PENDING and ack.request.assurance is Assurance.RECEIVED
        level = logging.INFO if answered else _LEVELS.get(ack.outcome, logging.ERROR)
        order = ack.order_id or ack.request.order
        told = " ".join(part for part in (ack.venue_code, ack.venue_text) if part) or "nothing"
        self.logger.log(
            level,
            "%s: order %s of account %s: %s; the venue said %s (request %s)",
            ack.request.venue,
            order,
            ack.request.account,
            _words(ack),
            told,
            ack.request.request_id,
        )

    def updated(self, update: Update) -> None:
        """Log how an ack moved on; one that contradicts a final ack is an ERROR, for somebody must look."""
        before, ack = update.before, update.ack
        self.logger.log(
            logging.ERROR if update.contradicts else _LEVELS.get(ack.outcome, logging.WARNING),
            "%s: order %s of account %s: %s, told before as %s (request %s)",
            ack.request.venue,
            ack.order_id or ack.request.order,
            ack.request.account,
            _words(ack),
            _words(before),
            ack.request.request_id,
        )

    def slow_plugin(self, slow: SlowPlugin) -> None:
        """Log a function that was too slow."""
        self.logger.warning(
            "%s: %s of the plugin %s took %.3f s, of which %.3f s of its own",
            slow.venue,
            slow.function,
            slow.source,
            slow.elapsed_s,
            slow.cpu_s,
        )


def _words(ack: CancelAck) -> str:
    return ack.outcome.name if ack.reason is None else f"{ack.outcome.name}, {ack.reason.name}"
