"""What the commands look up in a configured client before they send anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from countermand import AsyncClient, Scope
from countermand.errors import ConfigurationError, CountermandError
from countermand.venue import Venue

T = TypeVar("T")


def venue_of(client: AsyncClient, name: str) -> Venue:
    """Return the venue of that name of a client that was made with it."""
    return next(venue for venue in client.venues if venue.name == name)


def checked(client: AsyncClient, scope: Scope) -> Scope:
    """Return a scope that its venue can have; raises `InvalidRequestError`."""
    let_refuse(venue_of(client, scope.venue).check_scope, scope)
    return scope


def let_refuse(check: Callable[[T], None], value: T) -> None:
    """Let a venue refuse; what its plugin breaks with is told by the client, and keeps back no other."""
    try:
        check(value)
    except (CountermandError, KeyboardInterrupt):
        raise
    except BaseException:  # noqa: BLE001, S110 - a plugin may break in any way
        pass


def configured_scopes(client: AsyncClient, names: Sequence[str]) -> tuple[Scope, ...]:
    """Return the accounts that the configuration names, at those venues, or without any at all.

    One that its venue cannot have is among them, to be told, and keeps back no other. Raises
    `ConfigurationError` where there are none, be it at one venue of several that were named, and
    `InvalidRequestError` where no venue can have any of them.
    """
    if client.broken and not client.venues:
        raise ConfigurationError(next(iter(client.broken.values())))
    for name in names:
        if name not in client.broken and not client.accounts[venue_of(client, name).name]:
            raise ConfigurationError(
                f"venues.{name}.accounts: names no account, so there is nothing to cancel"
            )
    scopes = tuple(
        Scope.account(name, account)
        for name in dict.fromkeys(_usable(client, names))
        for account in dict.fromkeys(client.accounts[name])
    )
    if not scopes:
        raise ConfigurationError("no venue's 'accounts' names an account, so there is nothing to cancel")
    refusals = [_refusal(client, scope) for scope in scopes]
    if refusals[0] is not None and all(refusals):
        raise refusals[0]
    return scopes


def _refusal(client: AsyncClient, scope: Scope) -> CountermandError | None:
    try:
        checked(client, scope)
    except CountermandError as error:
        return error
    return None


def without_accounts(client: AsyncClient, names: Sequence[str]) -> tuple[str, ...]:
    """Return the venues that would be left out of a kill for want of accounts."""
    return tuple(name for name in _usable(client, names) if not client.accounts[name])


def _usable(client: AsyncClient, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names or client.accounts if name not in client.broken)
