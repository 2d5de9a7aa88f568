"""What countermand raises: the caller's own mistakes, before anything is sent, and nothing else.

A venue's "no" is a value (`CancelAck`), and so is whatever happens after the first byte.

CountermandError
├── InvalidRequestError       a request that no venue, or not this venue, can be asked
├── UnknownVenueError         a venue this client was not built with
├── ConfigurationError        a setting that cannot be used: which, where, and what was expected
├── PluginError               no plugin of that name, two of them, or a broken one
├── ClientUsageError          a client used where or when it cannot be
│   ├── ClosedClientError     after it was closed, or before it was entered
│   └── WrongLoopError        from another event loop than its own
└── OutcomeError              only from `CancelAck.raise_for_outcome()`; bears the ack
    ├── CancelPendingError
    ├── CancelRejectedError
    └── CancelUnknownError
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from countermand._ack import CancelAck


class CountermandError(Exception):
    """The root of every exception this library raises."""


class InvalidRequestError(CountermandError, ValueError):
    """A request that cannot be sent; nothing was."""


class UnknownVenueError(CountermandError, LookupError):
    """A venue name that this client was not built with."""


class ConfigurationError(CountermandError, ValueError):
    """A setting that cannot be used; the message says which, where, and what was expected."""


class PluginError(CountermandError):
    """No plugin of that name, two of them, or one that cannot be loaded."""


class ClientUsageError(CountermandError, RuntimeError):
    """A client used where or when it cannot be."""


class ClosedClientError(ClientUsageError):
    """A client used after it was closed or before it was entered."""


class WrongLoopError(ClientUsageError):
    """An `AsyncClient` used from another event loop than the one it was entered on."""


class OutcomeError(CountermandError):
    """A cancel that did not end as `CANCELED`; `ack` is the whole answer."""

    def __init__(self, message: str, ack: CancelAck) -> None:
        super().__init__(message)
        self.ack = ack

    def __reduce__(self) -> tuple[type[Self], tuple[str, CancelAck]]:
        # An exception is pickled by its args alone, and those lack the ack.
        return type(self), (str(self), self.ack)


class CancelPendingError(OutcomeError):
    """The venue has the cancel; whether it worked is not known yet."""


class CancelRejectedError(OutcomeError):
    """The order was not canceled by this request."""


class CancelUnknownError(OutcomeError):
    """Nobody can tell what became of the order."""
