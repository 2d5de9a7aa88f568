"""How a simulated venue behaves: all that can be switched, in one value."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

import attrs

from countermand.errors import ConfigurationError

#: In a set of order ids: every order.
EVERY_ORDER = "*"


def _refuse(attribute: attrs.Attribute[Any], expected: str, value: object) -> ConfigurationError:
    return ConfigurationError(f"{attribute.name} must be {expected}, got {value!r}")


def _check_seconds(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(attribute, "a number of seconds", value)
    if not math.isfinite(value) or not 0 <= value <= 86_400:  # noqa: PLR2004 - a day
        raise _refuse(attribute, "from 0 to 86400 seconds", value)


def _check_bool(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, bool):
        raise _refuse(attribute, "true or false", value)


def _check_orders(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, frozenset) or not all(isinstance(item, str) for item in value):
        raise _refuse(attribute, "true, false, or a list of order ids as strings", value)


def _check_accounts(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(item, str) for item in value):
        raise _refuse(attribute, "a list of accounts as strings", value)


def _check_fraction(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 < value <= 1:
        raise _refuse(attribute, "a fraction above 0 and at most 1", value)


def _check_switches(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Mapping) or not all(
        isinstance(item, str) for kv in value.items() for item in kv
    ):
        raise _refuse(attribute, "an object of names and words", value)


def _to_orders(value: object) -> object:
    if isinstance(value, bool):
        return frozenset({EVERY_ORDER}) if value else frozenset()
    if isinstance(value, list | tuple | set) and all(isinstance(item, str) for item in value):
        return frozenset(value)
    return value


def _to_accounts(value: object) -> object:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return value


def _to_decimal(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value


def _to_switches(value: object) -> object:
    return MappingProxyType(dict(value)) if isinstance(value, Mapping) else value


def _orders() -> Any:
    return attrs.field(default=frozenset(), converter=_to_orders, validator=_check_orders)


@attrs.frozen(kw_only=True)
class Behaviour:
    """What can be switched about a simulated venue; raises `ConfigurationError` for a bad value.

    The switches that choose orders take ids, or True for every order; they are held as a set of ids.
    """

    #: Seconds between the receipt of a cancel and its effect; until then the order is Pending Cancel.
    cancel_delay_s: float = attrs.field(default=0.0, validator=_check_seconds)
    #: How old the state is that reads show, in seconds.
    read_lag_s: float = attrs.field(default=0.0, validator=_check_seconds)
    #: Seconds after its last use at which a token expires; None for never.
    token_lifetime_s: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(_check_seconds)
    )
    #: Log-in asks for a second factor: the `code` of the credentials.
    second_factor: bool = attrs.field(default=False, validator=_check_bool)
    #: Orders that fill while they are being canceled: after the receipt, just before the effect.
    fill_before_cancel: frozenset[str] = _orders()
    #: How much of what remains such a fill takes; the cancel gets the rest.
    fill_fraction: Decimal = attrs.field(default=Decimal(1), converter=_to_decimal, validator=_check_fraction)
    #: Orders whose cancel the market refuses after its receipt: they work on.
    refuse_cancels_late: frozenset[str] = _orders()
    #: Orders whose cancel gets no answer at all; the connection stays open.
    silent_orders: frozenset[str] = _orders()
    #: Whether such a cancel nevertheless takes effect.
    silent_acts: bool = attrs.field(default=False, validator=_check_bool)
    #: Accounts that the user reaches besides the own one, as the venue tells them.
    further_accounts: tuple[str, ...] = attrs.field(
        default=(), converter=_to_accounts, validator=_check_accounts
    )
    #: A Retry-After comes as a date, along with the reply's own Date; otherwise in seconds.
    retry_dates: bool = attrs.field(default=False, validator=_check_bool)
    #: The venue's own switches by name, as `Simulator.switches` declares them.
    venue: Mapping[str, str] = attrs.field(factory=dict, converter=_to_switches, validator=_check_switches)

    def fills(self, order_id: str) -> bool:
        """Whether this order fills while it is being canceled."""
        return _chosen(self.fill_before_cancel, order_id)

    def refuses(self, order_id: str) -> bool:
        """Whether the market refuses this order's cancel after its receipt."""
        return _chosen(self.refuse_cancels_late, order_id)

    def silences(self, order_id: str) -> bool:
        """Whether a cancel of this order gets no answer."""
        return _chosen(self.silent_orders, order_id)

    def switched(self, changes: Mapping[str, object]) -> Behaviour:
        """Return it with some switches changed; raises `ConfigurationError` for an unknown one.

        Of the venue's own switches, those that are not named keep their words.
        """
        known = [field.name for field in attrs.fields(Behaviour)]
        for name in changes:
            if name not in known:
                raise ConfigurationError(f"no switch {name!r}; there are: {', '.join(known)}")
        wanted: dict[str, Any] = dict(changes)
        if isinstance(wanted.get("venue"), Mapping):
            wanted["venue"] = {**self.venue, **wanted["venue"]}
        return attrs.evolve(self, **wanted)

    def to_dict(self) -> dict[str, object]:
        """Render as plain JSON values; sets of orders as sorted lists, the fraction as a string."""
        values = attrs.asdict(self, recurse=False)
        return {name: _PLAIN.get(type(value), _same)(value) for name, value in values.items()}


def _chosen(orders: frozenset[str], order_id: str) -> bool:
    return order_id in orders or EVERY_ORDER in orders


def _same(value: object) -> object:
    return value


_PLAIN: dict[type, Callable[[Any], object]] = {
    frozenset: sorted,
    tuple: list,
    Decimal: str,
    MappingProxyType: dict,
}
