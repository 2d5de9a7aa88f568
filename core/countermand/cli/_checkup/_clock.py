"""The clock of this machine against the venue's, by the dates of its answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime

import attrs
import httpx

from countermand.cli._checkup._findings import Finding, failed, passed, skipped, warned

ABOUT = "clock"
#: From so many seconds on a skew is warned of, and called a failure.
_WARN_S = 2.0
_FAIL_S = 30.0
#: RFC 9110, 5.6.7: a date tells whole seconds, so that half a second is lacking on average.
_HALF_S = 0.5
_SET = "set this machine's clock by NTP: nonces of signatures, Retry-After and `as_of` rest on it"


@attrs.frozen(kw_only=True)
class Reading:
    """How far a venue's clock was ahead of this one's, and how long its answer took, both in seconds."""

    ahead_s: float
    took_s: float

    @property
    def error_s(self) -> float:
        """How far it may be off, in seconds."""
        return self.took_s / 2 + _HALF_S


class DatedTransport(httpx.AsyncBaseTransport):
    """Passes everything on, and reads the date of each answer."""

    def __init__(self, inner: httpx.AsyncBaseTransport, clock: Callable[[], float] = time.time) -> None:
        self._inner = inner
        self._clock = clock
        self.readings: list[Reading] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and note when."""
        sent_at = self._clock()
        response = await self._inner.handle_async_request(request)
        told_at = _date_of(response)
        if told_at is not None:
            took_s = self._clock() - sent_at
            self.readings.append(Reading(ahead_s=told_at + _HALF_S - sent_at - took_s / 2, took_s=took_s))
        return response

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


def _date_of(response: httpx.Response) -> float | None:
    """Return when the venue answered; RFC 9111, 5.1: what has an age was answered by something between."""
    date, age = response.headers.get("date"), response.headers.get("age", "")
    if date is None or age.strip(" 0"):
        return None
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    return (told if told.tzinfo is not None else told.replace(tzinfo=UTC)).timestamp()


def check_clock(readings: Iterable[Reading]) -> Finding:
    """Tell the skew by the quickest answer."""
    best = min(readings, key=lambda reading: reading.took_s, default=None)
    if best is None:
        return skipped(ABOUT, "no answer of the venue had a date", "compare this machine's clock with NTP")
    side = "ahead of" if best.ahead_s > 0 else "behind"
    found = (
        f"the venue's is {abs(best.ahead_s):.1f} s {side} this machine's, give or take {best.error_s:.1f} s"
    )
    if abs(best.ahead_s) <= _WARN_S:
        return passed(ABOUT, found)
    return (failed if abs(best.ahead_s) > _FAIL_S else warned)(ABOUT, found, _SET)
