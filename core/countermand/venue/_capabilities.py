"""What a venue declares about itself, so that the core need not know it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from enum import Enum
from typing import Any

import attrs

from countermand._request import CancelRequest
from countermand._scope import ScopeKind
from countermand.venue._call import CallKind
from countermand.venue.settings import must_be, must_be_bool, must_be_duration


class Identity(Enum):
    """By what a venue's own cancel call can name an order."""

    ORDER_ID = "order id"
    CLIENT_ORDER_ID = "client order id"


class LimitScope(Enum):
    """What a rate limit counts for."""

    ACCOUNT = "account"
    VENUE = "venue"
    CREDENTIAL = "credential"


def _are_kinds(value: object) -> bool:
    return isinstance(value, frozenset) and bool(value) and all(isinstance(one, CallKind) for one in value)


def _is_rate(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 1 / sys.float_info.max < value <= sys.float_info.max


@attrs.frozen(kw_only=True)
class Limit:
    """At most `rate` calls a second of those kinds, `burst` of them at once.

    Raises `ConfigurationError` for what is none.
    """

    per: LimitScope = attrs.field(
        validator=must_be("a LimitScope", lambda value: isinstance(value, LimitScope))
    )
    kinds: frozenset[CallKind] = attrs.field(
        validator=must_be("a frozenset of one CallKind or more", _are_kinds)
    )
    rate: float = attrs.field(validator=must_be("a number of calls a second, above 0", _is_rate))
    burst: int = attrs.field(
        validator=must_be("a whole number, 1 or more", lambda value: type(value) is int and value >= 1)
    )


def _all_of(collection: type[Collection[Any]], kind: type) -> Callable[[Any], bool]:
    def holds(value: Any) -> bool:
        return isinstance(value, collection) and all(isinstance(one, kind) for one in value)

    return holds


def _are_fields(value: Any) -> bool:
    names = {field.name for field in attrs.fields(CancelRequest)}
    return isinstance(value, frozenset) and value <= names


@attrs.frozen(kw_only=True)
class Capabilities:
    """The facts about a venue that the outcome policy rests on.

    Raises `ConfigurationError` for what is none.
    """

    #: By what the venue's own cancel call names an order; others are resolved first.
    identities: frozenset[Identity] = attrs.field(
        default=frozenset({Identity.ORDER_ID}),
        validator=must_be("a frozenset of Identity", _all_of(frozenset, Identity)),
    )
    #: The scopes that its own mass cancel honours exactly; all others are listed, and canceled by id.
    scopes: frozenset[ScopeKind] = attrs.field(
        default=frozenset(), validator=must_be("a frozenset of ScopeKind", _all_of(frozenset, ScopeKind))
    )
    #: Classes of orders that its listing of open orders leaves out, in the venue's words.
    not_listed: tuple[str, ...] = attrs.field(
        default=(), validator=must_be("a tuple of texts", _all_of(tuple, str))
    )
    #: It can be asked for the accounts that the credential reaches.
    lists_accounts: bool = attrs.field(default=False, validator=must_be_bool)
    #: How long a read may show what was before, in seconds.
    read_lag_s: float = attrs.field(default=5.0, validator=must_be_duration)
    limits: tuple[Limit, ...] = attrs.field(
        default=(), validator=must_be("a tuple of Limit", _all_of(tuple, Limit))
    )
    #: A single read of an order that does not exist has a documented answer.
    not_found_documented: bool = attrs.field(default=False, validator=must_be_bool)
    #: A replaced order reads Canceled: every Canceled is searched for a successor.
    replaced_reads_canceled: bool = attrs.field(default=False, validator=must_be_bool)
    #: The venue has a listing of dead orders, too.
    has_history: bool = attrs.field(default=False, validator=must_be_bool)
    #: The venue shows an order's changes one by one.
    has_trail: bool = attrs.field(default=False, validator=must_be_bool)
    #: Names of `CancelRequest` fields that a cancel needs beyond account and order.
    requires: frozenset[str] = attrs.field(
        default=frozenset(), validator=must_be("a frozenset of names of fields of CancelRequest", _are_fields)
    )
    #: Orders in one cancel-list call; 0 where there is none.
    cancel_list_size: int = attrs.field(
        default=0,
        validator=must_be("a whole number, 0 or more", lambda value: type(value) is int and value >= 0),
    )
