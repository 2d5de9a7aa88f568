"""What both clients are built from, and what both have."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Self

import attrs

from countermand._http import LISTING_BYTES, REPLY_BYTES
from countermand._mass_cancel import KillReport
from countermand._observer import Observer
from countermand._retry import RetryPolicy
from countermand._scope import Scope
from countermand._update import MOST_UNSETTLED, Owed
from countermand.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from countermand._engine._engine import Engine
    from countermand.venue import Limit, Venue


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
        most_unsettled: int = MOST_UNSETTLED,
        reply_bytes: int = REPLY_BYTES,
        listing_bytes: int = LISTING_BYTES,
    ) -> None:
        # Whoever builds a client needs httpx and all that works with it; whoever only imports us does not.
        from countermand._engine._engine import Engine  # noqa: PLC0415 - see above
        from countermand._engine._settings import Settings  # noqa: PLC0415 - see above
        from countermand._engine._watch import Watch  # noqa: PLC0415 - see above

        self._lock = threading.Lock()
        self._venues = _by_name(venues)
        self._watch = Watch(observer)
        settings = Settings(
            max_in_flight=max_in_flight,
            most_unsettled=most_unsettled,
            limits=limits,
            reply_bytes=reply_bytes,
            listing_bytes=listing_bytes,
        )
        if strange := sorted(set(settings.limits) - set(self._venues), key=str):
            raise ConfigurationError(f"limits for {strange[0]!r}, which is no venue of this client")
        retry = RetryPolicy() if retry is None else _checked_policy(retry)
        self._make_engine = partial(Engine, self._venues, transport, self._watch, settings, retry)
        #: What was still owed when the client was closed.
        self._left = Owed()
        #: What is just being closed: until then its own word counts.
        self._ending: Engine | None = None
        self.accounts: Mapping[str, tuple[str, ...]] = dict.fromkeys(self._venues, ())
        #: Venues of the configuration that could not be used, and were skipped, by name: why.
        self.broken: Mapping[str, str] = {}

    @classmethod
    def from_config(
        cls,
        path: str | Path,
        *,
        venues: Iterable[str] | None = None,
        skip_broken: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        observer: Observer | None = None,
    ) -> Self:
        """Build a client from a TOML file, of all its venues or of those named.

        Raises `ConfigurationError` that says which key, and where, and `UnknownVenueError`. With
        `skip_broken` a venue that cannot be used keeps back no other: it stands in `broken` instead, and a
        kill of what is configured tells of it and is not proved.
        """
        from countermand._config import load_configuration  # noqa: PLC0415 - for those who have one

        configuration = load_configuration(path, venues)
        if configuration.broken and not skip_broken:
            raise ConfigurationError(next(iter(configuration.broken.values())))
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
        client.accounts, client.broken = configuration.accounts, configuration.broken
        return client

    @property
    def venues(self) -> tuple[Venue, ...]:
        """The venues this client reaches."""
        return tuple(self._venues.values())

    @property
    def observer_errors(self) -> int:
        """How often the observer raised."""
        return self._watch.errors

    def _scopes(self, scopes: Iterable[Scope] | None) -> Iterable[Scope]:
        """Return the scopes of a kill: those given, else the accounts of the configuration."""
        if scopes is not None:
            return scopes
        found = [Scope.account(venue, one) for venue, accounts in self.accounts.items() for one in accounts]
        if self.broken and not found:
            raise ConfigurationError(next(iter(self.broken.values())))
        return found

    def _besides(self, report: KillReport, scopes: Iterable[Scope] | None) -> KillReport:
        """Tell of the venues that a kill of what is configured could not reach."""
        if scopes is not None or not self.broken:
            return report
        return attrs.evolve(report, undiscovered={**self.broken, **report.undiscovered})

    def _engine(self) -> Engine:
        return self._make_engine()


def _by_name(venues: Iterable[Venue]) -> dict[str, Venue]:
    """Ask each venue for its name, once, for a property may say something else the next time.

    What else is wrong with one is told when it is asked, for the others' sake.
    """
    from countermand.venue._plugin import name_of, source_of  # noqa: PLC0415 - see above

    named: dict[str, list[Venue]] = {}
    for venue in venues:
        if isinstance(venue, type):
            raise ConfigurationError(f"expected venues, such as a plugin's class makes them, got {venue!r}")
        if not isinstance(name := name_of(venue), str):
            raise ConfigurationError(
                f"expected venues, each named by a text, got {name!r} of {source_of(venue)}"
            )
        named.setdefault(name, []).append(venue)
    same = {name: of for name, of in named.items() if len(of) > 1}
    twice = [f"{name!r} ({', '.join(map(source_of, of))})" for name, of in sorted(same.items())]
    if twice:
        raise ConfigurationError(f"each venue needs a name of its own; used twice: {'; '.join(twice)}")
    return {name: venue for name, (venue,) in named.items()}


def _checked_policy(retry: RetryPolicy) -> RetryPolicy:
    if not isinstance(retry, RetryPolicy):
        raise ConfigurationError(f"retry must be a RetryPolicy, got {retry!r}")
    return retry
