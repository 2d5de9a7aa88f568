"""What a request must be before anything is begun for it."""

from __future__ import annotations

from countermand._ack import CancelAck
from countermand._engine._guard import worded
from countermand._outcome import Outcome, Reason, Stage
from countermand._request import CancelRequest
from countermand.errors import CountermandError, InvalidRequestError, UnknownVenueError
from countermand.venue import Venue


def check(venue: Venue, request: CancelRequest) -> None:
    """Raise `InvalidRequestError` for what a venue cannot be asked, and whatever its plugin breaks with."""
    _ = venue.renewable  # a case needs it: what a plugin breaks with there shall be told here
    if requires := venue.capabilities.requires:
        for name in sorted(requires):
            if getattr(request, name) is None:
                raise InvalidRequestError(f"a cancel at {request.venue!r} needs {name!r}")
    venue.check(request)


def not_sent(request: CancelRequest, error: Exception) -> CancelAck:
    """Tell that a fault kept the request from being sent."""
    return _rejected(request, Reason.NOT_SENT, worded(error))


def invalid(request: CancelRequest, error: CountermandError) -> CancelAck:
    """Tell a caller's mistake as an ack, where others must not suffer from it."""
    reason = Reason.INVALID_REQUEST if isinstance(error, _MISTAKES) else Reason.NOT_SENT
    return _rejected(request, reason, str(error))


def _rejected(request: CancelRequest, reason: Reason, error: str) -> CancelAck:
    return CancelAck(request=request, outcome=Outcome.REJECTED, reason=reason, stage=Stage.SEND, error=error)


_MISTAKES = InvalidRequestError | UnknownVenueError
