"""What the commands look up in a configured client before they send anything."""

from __future__ import annotations

from collections.abc import Sequence

from countermand import AsyncClient, Scope
from countermand.errors import ConfigurationError, UnknownVenueError
from countermand.venue import Venue


def venue_of(client: AsyncClient, name: str) -> Venue:
    """Return a venue of a client by its name; raises `UnknownVenueError`."""
    for venue in client.venues:
        if venue.name == name:
            return venue
    known = ", ".join(sorted(venue.name for venue in client.venues))
    raise UnknownVenueError(f"no venue named {name!r} is configured; there are: {known}")


def checked(client: AsyncClient, scope: Scope) -> Scope:
    """Return a scope that its venue can have; raises `InvalidRequestError` and `UnknownVenueError`."""
    venue_of(client, scope.venue).check_scope(scope)
    return scope


def configured_scopes(client: AsyncClient, names: Sequence[str]) -> tuple[Scope, ...]:
    """Return the accounts that the configuration names, at those venues, or without any at all.

    Raises `ConfigurationError` where there are none, be it at one venue of several that were named.
    """
    for name in names:
        if not client.accounts[venue_of(client, name).name]:
            raise ConfigurationError(
                f"venues.{name}.accounts: names no account, so there is nothing to cancel"
            )
    scopes = tuple(
        checked(client, Scope.account(name, account))
        for name in dict.fromkeys(names or client.accounts)
        for account in dict.fromkeys(client.accounts[name])
    )
    if not scopes:
        raise ConfigurationError("no venue's 'accounts' names an account, so there is nothing to cancel")
    return scopes


def without_accounts(client: AsyncClient, names: Sequence[str]) -> tuple[str, ...]:
    """Return the venues that would be left out of a kill for want of accounts."""
    return tuple(name for name in names or client.accounts if not client.accounts[name])
