"""What a client can be told about its exchanges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from countermand._http import LISTING_BYTES, REPLY_BYTES
from countermand._update import MOST_UNSETTLED
from countermand.errors import ConfigurationError
from countermand.venue import CallKind, Limit, Venue


def _check_count(_instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    if type(value) is not int or value < 1:
        raise ConfigurationError(f"{attribute.name} must be a whole number, 1 or more, got {value!r}")


def _to_limits(given: Mapping[str, Iterable[Limit]] | None) -> Mapping[str, tuple[Limit, ...]]:
    try:
        return {name: _limits(name, limits) for name, limits in dict(given or {}).items()}
    except (TypeError, AttributeError) as error:
        raise ConfigurationError(f"limits must map names of venues to their limits, got {given!r}") from error


def _limits(name: str, limits: Iterable[Limit]) -> tuple[Limit, ...]:
    told = tuple(limits)
    for one in told:
        if not isinstance(one, Limit):
            raise ConfigurationError(f"limits of {name!r} must be Limit values, got {one!r}")
    return told


@attrs.frozen(kw_only=True)
class Settings:
    """Sizes in bytes; exchanges in flight per venue, of cancels and of reads each; acks that are kept.

    `limits` replaces what the venues of those names declare.
    """

    max_in_flight: int = attrs.field(default=16, validator=_check_count)
    most_unsettled: int = attrs.field(default=MOST_UNSETTLED, validator=_check_count)
    limits: Mapping[str, tuple[Limit, ...]] = attrs.field(factory=dict, converter=_to_limits)
    reply_bytes: int = attrs.field(default=REPLY_BYTES, validator=_check_count)
    listing_bytes: int = attrs.field(default=LISTING_BYTES, validator=_check_count)

    def most_bytes(self, kind: CallKind, max_bytes: int | None) -> int:
        """Return how much is read of a reply to a call of that kind, and with that bound of its own."""
        own = self.listing_bytes if kind is CallKind.LISTING else self.reply_bytes
        return own if max_bytes is None else min(own, max_bytes)

    def limits_of(self, venue: Venue) -> tuple[Limit, ...]:
        """Return the limits of a venue: those configured, else those it declares."""
        return self.limits.get(venue.name, venue.capabilities.limits)
