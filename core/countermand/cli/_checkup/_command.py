"""`countermand check`: the doctor, who looks at everything a kill will need, and touches no order."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from countermand._request import check_timeout
from countermand._wire._names import Names
from countermand._wire._transport import Transport
from countermand.cli._checkup._abilities import tell_abilities
from countermand.cli._checkup._accounts import check_accounts
from countermand.cli._checkup._blotter import blotter_of
from countermand.cli._checkup._clock import check_clock
from countermand.cli._checkup._configuration import CheckedFile, Table, read_file
from countermand.cli._checkup._declared import check_declared
from countermand.cli._checkup._findings import Diagnosis, Finding, Mark, failed, skipped
from countermand.cli._checkup._line import Line, check_line
from countermand.cli._checkup._plugin import check_plugin
from countermand.cli._checkup._secrets import check_secrets
from countermand.cli._checkup._session import check_session
from countermand.cli._checkup._visit import visit
from countermand.cli._checkup._words import CheckUp, tell
from countermand.cli._show import printing
from countermand.errors import ConfigurationError
from countermand.venue import Venue

#: So much of the time is kept for log-outs, in seconds, or a quarter of it where that is less.
_LEAVING_S = 1.0
_NO_VENUE = "there is no venue to ask"
_MEND = "mend what failed above"
#: What cannot be looked at without a venue, and without a line to it.
_AT_THE_VENUE = ("log-in", "clock", "accounts")
_WITHOUT_VENUE = ("connection", *_AT_THE_VENUE)


def check(
    venue: str | None = None,
    /,
    *,
    config: Path = Path("countermand.toml"),
    timeout: float = 10.0,
    json: bool = False,
) -> int:
    """Look at all that a kill will need: configuration, plugins, secrets, connections, log-ins, accounts.

    No order is touched. The exit code is 0 if nothing failed, 1 if something did, 2 for a mistake in usage.

    :param venue: Only this venue of the configuration file.
    :param config: The configuration file.
    :param timeout: Seconds until the end, whatever is known then; the venues are looked at side by side.
    :param json: Print one JSON object.
    """
    check_timeout("--timeout", timeout)
    file = read_file(config, venue)
    try:
        diagnoses = asyncio.run(_examined(file, timeout))
    except KeyboardInterrupt:
        raise KeyboardInterrupt("no cancel was sent") from None
    found = CheckUp(config=str(config), finding=file.finding, diagnoses=diagnoses, needs_example=file.missing)
    with printing():
        tell(found, json=json)
    return 0 if found.well else 1


async def _examined(file: CheckedFile, timeout_s: float) -> tuple[Diagnosis, ...]:
    deadline = asyncio.get_running_loop().time() + timeout_s - min(_LEAVING_S, timeout_s / 4)
    trusted = _trusted()
    looks = (_diagnosis(one, file.client, trusted, deadline) for one in file.tables)
    return tuple(await asyncio.gather(*looks))


def _trusted() -> ssl.SSLContext:
    """Read the authorities that a client trusts; raises `ConfigurationError` where they cannot be read."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        raise ConfigurationError(
            f"SSL_CERT_FILE, SSL_CERT_DIR: no certificates can be read there: {error}"
        ) from error


async def _diagnosis(
    table: Table, client: Mapping[str, Any], trusted: ssl.SSLContext, deadline: float
) -> Diagnosis:
    plugin, about_plugin = check_plugin(table)
    blotter = blotter_of(table, plugin)
    findings = [table.finding, about_plugin, check_declared(table), check_secrets(table, plugin)]
    try:
        async for finding in _reached(table, client, trusted, deadline):
            findings.append(finding)  # noqa: PERF401 - what was found before a fault is kept
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a broken plugin shall hide no other venue
        findings.append(failed("check", f"{type(error).__name__}: {error}", "tell the author of the plugin"))
    findings += tell_abilities(table)
    return Diagnosis(venue=table.name, findings=tuple(map(blotter.finding, findings)))


async def _reached(
    table: Table, client: Mapping[str, Any], trusted: ssl.SSLContext, deadline: float
) -> AsyncIterator[Finding]:
    venue = table.venue
    if venue is None:
        for about in _WITHOUT_VENUE:
            yield skipped(about, _NO_VENUE, _MEND)
        return
    found = [*await check_line(Line.of(venue.base_url), Names(), trusted, deadline)]
    for finding in found:
        yield finding
    if any(one.mark is Mark.FAIL for one in found):
        for about in _AT_THE_VENUE:
            yield skipped(about, "there is no connection", _MEND)
        return
    for finding in await _visited(table, venue, client, trusted, deadline):
        yield finding


async def _visited(
    table: Table, venue: Venue, client: Mapping[str, Any], trusted: ssl.SSLContext, deadline: float
) -> list[Finding]:
    transport = Transport(verify=trusted)
    try:
        told = await visit(table, venue, client, transport, deadline)
        return [check_session(told), check_clock(told.readings), *check_accounts(table, venue, told)]
    finally:
        await transport.aclose()
