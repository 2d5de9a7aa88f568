"""Which orders a mass cancel means, as a value: it is never widened."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, ClassVar, Self

import attrs

from countermand._ids import OrderId, check_identifier
from countermand._order import OrderReport
from countermand.errors import InvalidRequestError


class ScopeKind(Enum):
    """What a scope goes by; FIX MassCancelRequestType (530) has no wider set."""

    ORDERS = "orders"
    MINE = "mine"
    INSTRUMENT = "instrument"
    ACCOUNT = "account"
    USER = "user"
    VENUE_WIDE = "venue wide"


class PlacedAfter(Enum):
    """What becomes of orders that are placed after the first cancel was sent."""

    KEEP = "keep"
    CANCEL = "cancel"


_optional_identifier = attrs.validators.optional(check_identifier)


def _check_kind(_: object, __: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, ScopeKind):
        raise InvalidRequestError(f"'kind' of a scope must be a ScopeKind, got {value!r}")


def _check_where(_: object, __: attrs.Attribute[Any], value: object) -> None:
    if value is None:
        return
    if not callable(value):
        raise InvalidRequestError(f"'where' of a scope must be callable, got {value!r}")
    if any(map(inspect.iscoroutinefunction, (value, type(value).__call__))):
        raise InvalidRequestError(f"'where' of a scope must not be asynchronous, got {value!r}")


def _to_ids(ids: Iterable[Any]) -> tuple[OrderId, ...]:
    given = tuple(ids)
    for one in given:
        if not isinstance(one, OrderId):
            raise InvalidRequestError(f"a scope of orders takes OrderId values, got {one!r}")
    return tuple(dict.fromkeys(given))


@attrs.frozen(kw_only=True)
class Scope:
    """Some orders at one venue; made by its class methods, raises `InvalidRequestError` where none can be."""

    TOLD_BESIDES: ClassVar = ()

    kind: ScopeKind = attrs.field(validator=_check_kind)
    venue: str = attrs.field(validator=check_identifier)
    account_id: str | None = attrs.field(default=None, validator=_optional_identifier)
    instrument_id: str | None = attrs.field(default=None, validator=_optional_identifier)
    user_id: str | None = attrs.field(default=None, validator=_optional_identifier)
    order_ids: tuple[OrderId, ...] = attrs.field(default=(), converter=_to_ids)
    where: Callable[[OrderReport], bool] | None = attrs.field(
        default=None, validator=_check_where, repr=False, metadata={"no_json": True}
    )
    #: The venue's name once more, where the scope means all of it.
    confirm: str | None = attrs.field(default=None, repr=False, metadata={"no_json": True})
    #: The same as `order_ids`: to find one among thousands.
    _wanted: frozenset[OrderId] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        wanted = _FIELDS[self.kind]
        given = {name for name in _ALL_FIELDS if getattr(self, name) not in (None, ())}
        if not wanted.needed <= given <= wanted.needed | wanted.allowed:
            raise InvalidRequestError(
                f"a scope of kind {self.kind.value!r} needs {_named(wanted.needed)}"
                f" and takes {_named(wanted.allowed)} besides, got {_named(given)}"
            )
        if self.confirm not in (None, self.venue):
            raise InvalidRequestError(
                f"a venue-wide scope must be confirmed by the venue's name, {self.venue!r}"
            )

    @_wanted.default
    def _every_one(self) -> frozenset[OrderId]:
        return frozenset(self.order_ids)

    @classmethod
    def account(cls, venue: str, account: str) -> Self:
        """Mean all orders of an account, of whatever user: several may have access to it."""
        return cls(kind=ScopeKind.ACCOUNT, venue=venue, account_id=account)

    @classmethod
    def instrument(cls, venue: str, account: str, instrument: str) -> Self:
        """Mean the orders of an account for one instrument, as the venue names it; of whatever user."""
        return cls(kind=ScopeKind.INSTRUMENT, venue=venue, account_id=account, instrument_id=instrument)

    @classmethod
    def orders(cls, venue: str, account: str, ids: Iterable[OrderId]) -> Self:
        """Mean those orders of an account, each once."""
        return cls(kind=ScopeKind.ORDERS, venue=venue, account_id=account, order_ids=ids)

    @classmethod
    def mine(cls, venue: str, account: str, where: Callable[[OrderReport], bool]) -> Self:
        """Mean the orders of an account that a predicate over their reports chooses, such as one's own.

        It is asked again whenever an order is listed, and must give True or False: an order for which it
        raises, or gives anything else, is left alone, and told.
        """
        return cls(kind=ScopeKind.MINE, venue=venue, account_id=account, where=where)

    @classmethod
    def user(
        cls, venue: str, user: str, *, account: str | None = None, instrument: str | None = None
    ) -> Self:
        """Mean the orders of a user, in one account or in all, for one instrument or for all.

        AlphaPoint CancelAllOrders (older edition), table of combinations; only where the venue is configured
        to honour it.
        """
        return cls(
            kind=ScopeKind.USER, venue=venue, user_id=user, account_id=account, instrument_id=instrument
        )

    @classmethod
    def venue_wide(cls, venue: str, *, confirm: str, instrument: str | None = None) -> Self:
        """Mean the orders of all accounts and users of a venue; `confirm` must repeat the venue's name.

        Only an operator's permission reaches that far.
        """
        return cls(kind=ScopeKind.VENUE_WIDE, venue=venue, instrument_id=instrument, confirm=confirm)

    def holds(self, report: OrderReport) -> bool:
        """Tell whether a listed order is in it; raises what `where` raises, `TypeError` for no bool."""
        if self.account_id is not None and report.account not in (None, self.account_id):
            return False
        if self.kind is ScopeKind.ORDERS:
            return report.order_id in self._wanted
        if self.where is not None:
            return _decided(self.where(report))
        if self.instrument_id is not None and report.instrument != self.instrument_id:
            return False
        return self.user_id is None or report.entered_by == self.user_id

    def __str__(self) -> str:
        parts = {
            "account": self.account_id,
            "instrument": self.instrument_id,
            "user": self.user_id,
            "orders": len(self.order_ids) or None,
        }
        words = ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None)
        chosen = ", those chosen" if self.where is not None else ""
        return f"{self.venue}: {words or 'all accounts'}{chosen}"


@attrs.frozen(kw_only=True)
class _Fields:
    needed: frozenset[str]
    allowed: frozenset[str] = frozenset()


_ALL_FIELDS = ("account_id", "instrument_id", "user_id", "order_ids", "where", "confirm")
_ACCOUNT = frozenset({"account_id"})
#: What each kind of scope is made of.
_FIELDS = {
    ScopeKind.ORDERS: _Fields(needed=_ACCOUNT | {"order_ids"}),
    ScopeKind.MINE: _Fields(needed=_ACCOUNT | {"where"}),
    ScopeKind.INSTRUMENT: _Fields(needed=_ACCOUNT | {"instrument_id"}),
    ScopeKind.ACCOUNT: _Fields(needed=_ACCOUNT),
    ScopeKind.USER: _Fields(needed=frozenset({"user_id"}), allowed=_ACCOUNT | {"instrument_id"}),
    ScopeKind.VENUE_WIDE: _Fields(needed=frozenset({"confirm"}), allowed=frozenset({"instrument_id"})),
}


def _decided(chosen: object) -> bool:
    """Take nothing for a yes that is none: a coroutine or a text would mean everybody's orders."""
    if isinstance(chosen, bool):
        return chosen
    if inspect.iscoroutine(chosen):
        chosen.close()
    raise TypeError(f"'where' of a scope must give True or False, got {type(chosen).__name__}")


def _named(fields: Iterable[str]) -> str:
    return ", ".join(sorted(fields)) or "nothing"
