"""The configuration file as a check sees it: one broken table keeps no other from being checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from countermand import AsyncClient, Scope
from countermand._config import Configuration, load_configuration
from countermand.cli._checkup._findings import Finding, failed, passed
from countermand.errors import ConfigurationError, InvalidRequestError
from countermand.venue import Limit, Venue

ABOUT = "configuration"
_MEND = "mend that key of the file; the README tells the keys under Configuration"


@attrs.frozen(kw_only=True)
class Table:
    """The table of one venue: as it stands in the file, and what it amounts to."""

    path: Path
    name: str
    raw: Mapping[str, Any] = attrs.field(repr=False)
    #: None where it cannot be used.
    venue: Venue | None = attrs.field(repr=False)
    finding: Finding
    accounts: tuple[str, ...] = ()
    #: None where the file has none.
    limits: tuple[Limit, ...] | None = None


@attrs.frozen(kw_only=True)
class CheckedFile:
    """A configuration file: what was found of it as a whole, and its tables."""

    path: Path
    finding: Finding
    tables: tuple[Table, ...] = ()
    #: What a client is built with besides its venues.
    client: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def missing(self) -> bool:
        """Whether there is no file at all."""
        return not self.path.exists()


def read_file(path: Path, venue: str | None) -> CheckedFile:
    """Read a file, of its venues all or the one named; raises `UnknownVenueError` where that has no table."""
    if not path.exists():
        advice = "write one, such as the example below, or name another by --config"
        return CheckedFile(path=path, finding=failed(ABOUT, f"{path}: there is no such file", advice))
    try:
        read = load_configuration(path, None if venue is None else [venue])
        AsyncClient(read.venues, limits=read.limits, **read.client)
    except ConfigurationError as error:
        text = str(error)
        where = "" if text.startswith(f"{path}: ") else f"{path}: client: "
        return CheckedFile(path=path, finding=failed(ABOUT, f"{where}{text}", _MEND))
    tables = _tables(path, read, venue)
    found = f"{path}: {len(tables)} of its tables [venues.NAME] {'is' if len(tables) == 1 else 'are'} checked"
    return CheckedFile(path=path, finding=passed(ABOUT, found), tables=tables, client=read.client)


def _tables(path: Path, read: Configuration, venue: str | None) -> tuple[Table, ...]:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))["venues"]
    usable = {one.name: one for one in read.venues}
    return tuple(
        Table(
            path=path,
            name=name,
            raw=table if isinstance(table, dict) else {},
            venue=usable.get(name),
            finding=_finding(path, name, read.broken.get(name) or _no_accounts(path, name, read, usable)),
            accounts=read.accounts.get(name, ()),
            limits=read.limits.get(name),
        )
        for name, table in raw.items()
        if venue in (None, name)
    )


def _no_accounts(path: Path, name: str, read: Configuration, usable: Mapping[str, Venue]) -> str | None:
    """Tell the accounts of a table that its venue cannot have; None where there is no such account."""
    refusals = [refusal_of(usable[name], one) for one in read.accounts.get(name, ())]
    told = "; ".join(one for one in refusals if one is not None)
    return f"{path}: venues.{name}.accounts: {told}" if told else None


def refusal_of(venue: Venue, account: str) -> str | None:
    """Tell why a venue cannot have an account; None where it can, or where its plugin breaks."""
    try:
        venue.check_scope(Scope.account(venue.name, account))
    except InvalidRequestError as error:
        return str(error)
    except (Exception, SystemExit):  # noqa: BLE001 - what is asked for later tells of a broken plugin
        return None
    return None


def _finding(path: Path, name: str, broken: str | None) -> Finding:
    if broken is not None:
        return failed(ABOUT, broken, _MEND)
    return passed(ABOUT, f"{path}: [venues.{name}] can be used")
