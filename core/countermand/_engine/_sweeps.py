"""The mass cancels of one client: what may be asked, and an end as a report whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from countermand._clock import clock_of
from countermand._engine._cases import Cases
from countermand._engine._guard import worded
from countermand._engine._station import Station
from countermand._engine._sweep import MassCancel
from countermand._engine._telling import Tell
from countermand._engine._watch import Watch
from countermand._mass_cancel import MassCancelReport
from countermand._outcome import Reason
from countermand._request import CancelCause, check_timeout
from countermand._scope import PlacedAfter, Scope, ScopeKind
from countermand._sweep._facts import Sweep
from countermand.errors import CountermandError, InvalidRequestError, UnknownVenueError

#: From when to when a mass cancel lasts, in monotonic seconds.
Span = tuple[float, float]


class Sweeps:
    """Begins mass cancels, and ends them along with the client."""

    def __init__(self, find: Callable[[str], Station], cases: Cases, watch: Watch) -> None:
        self._clock = clock_of(asyncio.get_running_loop())
        self._find = find
        self._cases = cases
        self._watch = watch
        self._under_way: set[MassCancel] = set()

    async def cancel_all(
        self, scope: Scope, placed_after: PlacedAfter, timeout_s: float, tell: Tell | None
    ) -> MassCancelReport:
        """Cancel the orders of a scope; raises only for the caller's own mistakes."""
        if not isinstance(placed_after, PlacedAfter):
            raise InvalidRequestError(f"placed_after must be a PlacedAfter, got {placed_after!r}")
        check_timeout("timeout_s", timeout_s)
        now = self._clock()
        try:
            station = self._admitted(scope)
        except CountermandError:
            raise
        except Exception as error:  # noqa: BLE001 - a plugin's fault is no mistake of the caller's
            return failed(scope, placed_after, error)
        try:
            return await self._swept(station, scope, placed_after, (now, now + timeout_s), tell)
        except Exception as error:  # noqa: BLE001 - what was sent cannot be taken back by raising
            return failed(scope, placed_after, error)

    async def kill(self, scope: Scope, span: Span, tell: Tell | None) -> MassCancelReport:
        """Cancel the orders of a scope as part of a kill, whose span all its scopes share.

        Ends as a report in any case.
        """
        try:
            station = self._admitted(scope)
            return await self._swept(station, scope, PlacedAfter.CANCEL, span, tell, kill=True)
        except Exception as error:  # noqa: BLE001 - one scope's failure, even ours, holds up no other
            return failed(scope, PlacedAfter.CANCEL, error)

    def close(self) -> None:
        """End whatever is under way, with what is known."""
        for one in tuple(self._under_way):
            one.close()

    def _admitted(self, scope: Scope) -> Station:
        if not isinstance(scope, Scope):
            raise InvalidRequestError(f"expected a Scope, got {type(scope).__name__}")
        station = self._find(scope.venue)
        if scope.kind is ScopeKind.USER and scope.kind not in station.venue.capabilities.scopes:
            raise InvalidRequestError(f"{scope.venue!r} is not configured to cancel by user")
        station.venue.check_scope(scope)
        return station

    async def _swept(
        self,
        station: Station,
        scope: Scope,
        placed_after: PlacedAfter,
        span: Span,
        tell: Tell | None,
        *,
        kill: bool = False,
    ) -> MassCancelReport:
        sweep = Sweep(
            scope=scope,
            placed_after=placed_after,
            capabilities=station.venue.capabilities,
            renewable=station.venue.renewable,
            epoch=self._cases.epoch,
            began_at=span[0],
            deadline=span[1],
            cause=CancelCause.EMERGENCY_ACTION if kill else CancelCause.NONE,
        )
        one = MassCancel(sweep, station, self._cases, self._watch, kill=kill, tell=tell)
        self._under_way.add(one)
        try:
            return await one.run()
        finally:
            self._under_way.discard(one)


def failed(scope: Scope, placed_after: PlacedAfter, error: BaseException) -> MassCancelReport:
    """Tell of a scope for which nothing could be done, or nobody knows what was."""
    mistake = isinstance(error, InvalidRequestError | UnknownVenueError)
    return MassCancelReport(
        scope=scope,
        placed_after=placed_after,
        reason=Reason.INVALID_REQUEST if mistake else None,
        error=str(error) if mistake else worded(error),
    )
