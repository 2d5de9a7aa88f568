"""What a venue declares as a check sees it: whether it has a call for all of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import attrs

from countermand import OrderId, Scope
from countermand.cli._checkup._configuration import Table
from countermand.cli._checkup._findings import Finding, failed, passed, skipped
from countermand.errors import InvalidRequestError
from countermand.venue import Call, CallKind, CancelTarget, Capabilities, Ids, IdShape, ScopeKind, Venue

ABOUT = "declarations"
_TELL_AUTHOR = "tell the author of the plugin; countermand.testing has a kit that finds this"
#: Ids of which most venues know one to be one of theirs, as far as it looks.
_LIKELY = ("1", "A", "00000000-0000-4000-8000-000000000001")


def check_declared(table: Table) -> Finding:
    """Tell whether the venue has a call for all that it declares; the calls are made, and never sent."""
    venue = table.venue
    if venue is None:
        return skipped(ABOUT, "there is no venue to ask", "mend the configuration first")
    try:
        complaints = tuple(
            _complaints(venue, _Example(venue=venue.name, ids=venue.ids, accounts=table.accounts))
        )
        told = _declared(venue.capabilities)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may break in any way
        return failed(ABOUT, f"it cannot be asked: {type(error).__name__}: {error}", _TELL_AUTHOR)
    if complaints:
        return failed(ABOUT, "; ".join(complaints), _TELL_AUTHOR)
    return passed(ABOUT, f"a call for each of {told}" if told else "it declares no further calls")


class _NoExampleError(Exception):
    """No likely id is one of the venue's: nothing can be said of a call that needs it."""


@attrs.frozen(kw_only=True)
class _Example:
    """Ids that a venue could have; each raises `InvalidRequestError` where the venue has no such id."""

    venue: str
    ids: Ids
    accounts: tuple[str, ...]

    @property
    def account(self) -> str:
        return self.one("account", self.accounts)

    @property
    def order(self) -> OrderId:
        return OrderId(self.one("order"))

    def scope(self, kind: ScopeKind) -> Scope:
        """Make a scope of that kind."""
        return _SCOPES[kind](self)

    def one(self, what: str, given: tuple[str, ...] = ()) -> str:
        """Return an id of that kind."""
        shape: IdShape | None = getattr(self.ids, what)
        if shape is None:
            raise InvalidRequestError(f"its ids have no {what}")
        for likely in (*given, *_LIKELY):
            if shape.holds(likely):
                return likely
        raise _NoExampleError(what)


_SCOPES: dict[ScopeKind, Callable[[_Example], Scope]] = {
    ScopeKind.ACCOUNT: lambda one: Scope.account(one.venue, one.account),
    ScopeKind.INSTRUMENT: lambda one: Scope.instrument(one.venue, one.account, one.one("instrument")),
    ScopeKind.USER: lambda one: Scope.user(one.venue, one.one("user")),
    ScopeKind.VENUE_WIDE: lambda one: Scope.venue_wide(one.venue, confirm=one.venue),
    ScopeKind.ORDERS: lambda one: Scope.orders(one.venue, one.account, [one.order]),
    ScopeKind.MINE: lambda one: Scope.mine(one.venue, one.account, lambda _report: True),
}

#: What a venue declares, by which call it is asked then, of which kind that is, and how one is made.
_CALLS: dict[str, tuple[str, CallKind, Callable[[Venue, _Example], object]]] = {
    "cancel_list_size": (
        "cancel_list",
        CallKind.MASS_CANCEL,
        lambda venue, one: venue.cancel_list([CancelTarget(account=one.account, order=one.order)]),
    ),
    "has_trail": (
        "read_trail",
        CallKind.READ,
        lambda venue, one: venue.read_trail(one.account, one.order),
    ),
    "has_history": ("list_history", CallKind.LISTING, lambda venue, one: venue.list_history(one.account)),
    "lists_accounts": ("list_accounts", CallKind.READ, lambda venue, _one: venue.list_accounts()),
}


def _complaints(venue: Venue, example: _Example) -> Iterator[str]:
    known: object = venue.capabilities
    if not isinstance(known, Capabilities):
        raise TypeError(f"its capabilities are a {type(known).__name__}")
    for declared, (function, kind, ask) in _CALLS.items():
        if getattr(known, declared):
            yield from _tried(venue, declared, function, kind, partial(ask, venue, example))
    for scope in sorted(known.scopes, key=lambda scope: scope.value):
        ask_all = partial(_cancel_all, venue, example, scope)
        yield from _tried(venue, f"the scope {scope.value!r}", "cancel_all", CallKind.MASS_CANCEL, ask_all)


def _cancel_all(venue: Venue, example: _Example, kind: ScopeKind) -> object:
    return venue.cancel_all(example.scope(kind))


def _tried(
    venue: Venue, declared: str, function: str, kind: CallKind, ask: Callable[[], object]
) -> Iterator[str]:
    own = getattr(type(venue), function, None)
    if own is None or own is getattr(Venue, function):
        yield f"it declares {declared}, and its class has no {function} of its own"
        return
    try:
        given = ask()
    except _NoExampleError:
        return
    except InvalidRequestError as error:
        yield f"it declares {declared}, and {function} refuses it: {error}"
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may break in any way
        yield f"it declares {declared}, and {function} raises {type(error).__name__}: {error}"
    else:
        if not isinstance(given, Call):
            yield f"it declares {declared}, and {function} gives a {type(given).__name__}, no Call"
        elif given.kind is not kind:
            yield f"it declares {declared}, and {function} gives a call of kind {given.kind.value!r}"


def _declared(known: Capabilities) -> str:
    calls = [function for declared, (function, _, _) in _CALLS.items() if getattr(known, declared)]
    scopes = ", ".join(sorted(kind.value for kind in known.scopes))
    return ", ".join([*calls, *([f"cancel_all ({scopes})"] if scopes else [])])
