"""How often, how soon and how freely a cancel is sent again."""

from __future__ import annotations

import sys
from typing import Any

import attrs

from countermand.errors import ConfigurationError

#: The most cancels that are ever sent for one order and case.
MOST_ATTEMPTS = 5


def _check_attempts(_: object, attribute: attrs.Attribute[int], value: object) -> None:
    if type(value) is not int or not 1 <= value <= MOST_ATTEMPTS:
        raise ConfigurationError(
            f"{attribute.name} must be a whole number from 1 to {MOST_ATTEMPTS}, got {value!r}"
        )


def _check_wait(_: object, attribute: attrs.Attribute[float], value: object) -> None:
    # Compared, not converted: there are integers beyond any float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= sys.float_info.max:
        raise ConfigurationError(
            f"{attribute.name} must be a positive, finite number of seconds, got {value!r}"
        )


def _check_budget(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (type(value) is not int or value < 0):
        raise ConfigurationError(f"{attribute.name} must be a whole number or None, got {value!r}")


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """When a cancel whose fate is open may be sent again; raises `ConfigurationError` for what cannot be.

    `most_attempts` (1 to 5) counts the cancels that were sent for one order and case, the first included.
    The wait before the nth repeat is drawn from 0 to `first_wait_s` * 2^(n-1) seconds, `longest_wait_s` at
    most; what the venue tells in `Retry-After` outranks it. `budget` is what repeats may use up per venue
    and account: 5 tokens each, 10 after a time-out, and each success gives one back; None is no bound.
    First cancels and reads are never held back by it. A `first_wait_s` beyond `longest_wait_s` would never be
    waited, and is refused.
    """

    most_attempts: int = attrs.field(default=MOST_ATTEMPTS, validator=_check_attempts)
    first_wait_s: float = attrs.field(default=0.1, validator=_check_wait)
    longest_wait_s: float = attrs.field(default=2.0, validator=_check_wait)
    budget: int | None = attrs.field(default=500, validator=_check_budget)

    def __attrs_post_init__(self) -> None:
        if self.first_wait_s > self.longest_wait_s:
            raise ConfigurationError(
                "first_wait_s must not be longer than longest_wait_s,"
                f" got {self.first_wait_s!r} and {self.longest_wait_s!r}"
            )
