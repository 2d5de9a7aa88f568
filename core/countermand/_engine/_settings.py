"""What a client can be told about its exchanges."""

from __future__ import annotations

from typing import Any

import attrs

from countermand.errors import ConfigurationError
from countermand.venue import LISTING_BYTES, REPLY_BYTES, Call, CallKind


def _check_count(_instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    if type(value) is not int or value < 1:
        raise ConfigurationError(f"{attribute.name} must be a whole number, 1 or more, got {value!r}")


@attrs.frozen(kw_only=True)
class Settings:
    """Sizes in bytes; exchanges in flight per venue, of cancels and of reads each; acks that are kept."""

    max_in_flight: int = attrs.field(default=16, validator=_check_count)
    most_unsettled: int = attrs.field(default=10_000, validator=_check_count)
    reply_bytes: int = attrs.field(default=REPLY_BYTES, validator=_check_count)
    listing_bytes: int = attrs.field(default=LISTING_BYTES, validator=_check_count)

    def most_bytes(self, call: Call[Any]) -> int:
        """Return how much is read of a reply to such a call."""
        own = self.listing_bytes if call.kind is CallKind.LISTING else self.reply_bytes
        return own if call.max_bytes is None else min(own, call.max_bytes)
