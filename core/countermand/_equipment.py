"""What both clients are built from, and what both have."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from countermand._config import Configuration, load_configuration
from countermand._engine._engine import Engine
from countermand._engine._settings import Settings
from countermand._engine._watch import Watch
from countermand._observer import Observer
from countermand._retry import RetryPolicy
from countermand._scope import Scope
from countermand._update import Unsettled
from countermand.errors import ConfigurationError
from countermand.venue import Limit, Venue

if TYPE_CHECKING:
    import httpx


class Equipment:
    """What both clients are built from."""

    def __init__(
        self,
        venues: Iterable[Venue],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        observer: Observer | None = None,
        retry: RetryPolicy | None = None,
        limits: Mapping[str, Iterable[Limit]] | None = None,
        max_in_flight: int = 16,
        most_unsettled: int = Settings().most_unsettled,
        reply_bytes: int = Settings().reply_bytes,
        listing_bytes: int = Settings().listing_bytes,
    ) -> None:
        self._lock = threading.Lock()
        self._venues = tuple(_checked(venue) for venue in venues)
        names = [venue.name for venue in self._venues]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigurationError(f"each venue needs a name of its own; used twice: {', '.join(twice)}")
        self._transport = transport
        self._watch = Watch(observer)
        self._settings = Settings(
            max_in_flight=max_in_flight,
            most_unsettled=most_unsettled,
            limits=limits,
            reply_bytes=reply_bytes,
            listing_bytes=listing_bytes,
        )
        if strange := sorted(set(self._settings.limits) - set(names), key=str):
            raise ConfigurationError(f"limits for {strange[0]!r}, which is no venue of this client")
        self._retry = RetryPolicy() if retry is None else _checked_policy(retry)
        #: What was still owed when the client was closed.
        self._left: tuple[Unsettled, ...] = ()
        self.accounts: Mapping[str, tuple[str, ...]] = dict.fromkeys(names, ())

    @classmethod
    def from_config(
        cls,
        path: str | Path,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        observer: Observer | None = None,
    ) -> Self:
        """Build a client from a TOML file; raises `ConfigurationError` that says which key, and where."""
        configuration: Configuration = load_configuration(Path(path))
        try:
            client = cls(
                configuration.venues,
                transport=transport,
                observer=observer,
                limits=configuration.limits,
                **configuration.client,
            )
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from error
        client.accounts = configuration.accounts
        return client

    @property
    def venues(self) -> tuple[Venue, ...]:
        """The venues this client reaches."""
        return self._venues

    @property
    def observer_errors(self) -> int:
        """How often the observer raised."""
        return self._watch.errors

    def _scopes(self, scopes: Iterable[Scope] | None) -> Iterable[Scope]:
        """Return the scopes of a kill: those given, else the accounts of the configuration."""
        if scopes is not None:
            return scopes
        return [Scope.account(venue, one) for venue, accounts in self.accounts.items() for one in accounts]

    def _engine(self) -> Engine:
        return Engine(self._venues, self._transport, self._watch, self._settings, self._retry)


def _checked(venue: Venue) -> Venue:
    if isinstance(venue, type) or not isinstance(getattr(venue, "name", None), str):
        raise ConfigurationError(f"expected venues, such as a plugin's class makes them, got {venue!r}")
    return venue


def _checked_policy(retry: RetryPolicy) -> RetryPolicy:
    if not isinstance(retry, RetryPolicy):
        raise ConfigurationError(f"retry must be a RetryPolicy, got {retry!r}")
    return retry
