"""`countermand kill`: everything off, at every venue, and a proof of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from countermand import AsyncClient, KillReport, ScopeState
from countermand.cli._board import Board
from countermand.cli._confirm import confirm
from countermand.cli._orders import list_orders
from countermand.cli._perform import finish, perform
from countermand.cli._report_table import kill_table
from countermand.cli._report_words import STATE_STYLES, besides_scopes, report_lines
from countermand.cli._show import print_json, print_lines, print_table
from countermand.cli._venue_of import configured_scopes, without_accounts
from countermand.errors import InvalidRequestError

#: All that is not proved is orders that are left, each told; or there is something that nobody can tell.
_RESIDUAL, _UNKNOWN = 4, 5
_NO_ACCOUNTS = "the configuration names none, so nothing was done there"


def kill(
    *,
    venue: tuple[str, ...] = (),
    discover: bool = False,
    timeout: float = 60.0,
    yes: bool = False,
    dry_run: bool = False,
    config: Path = Path("countermand.toml"),
    json: bool = False,
) -> int:
    """Cancel every order of all configured accounts, of whatever user, and prove that none is left.

    Also of orders that are placed meanwhile. The exit code is 0 only if all is proved; otherwise 4 if all
    that is left is known, 5 if of anything nobody can tell; 2 for a mistake in usage or configuration or
    where it was not confirmed. A venue whose table or plugin is broken, or an account that a venue cannot
    have, is told, and keeps back no other.

    :param venue: Only this venue of the configuration file; as often as wanted.
    :param discover: Ask the venues for their accounts, and report those that the configuration lacks.
    :param timeout: Seconds until the answer, whatever is known then.
    :param yes: Do not ask for the venues' names.
    :param dry_run: List what would be canceled, and send nothing.
    :param config: The configuration file.
    :param json: Print the report as JSON.
    """
    client = AsyncClient.from_config(config, venues=venue or None, skip_broken=True)
    scopes = configured_scopes(client, venue)
    left_out = without_accounts(client, venue)
    _tell_left_out(left_out, client.broken)
    if dry_run:
        if discover:
            raise InvalidRequestError("--dry-run lists open orders only: it does not go with --discover")
        return list_orders(client, scopes, timeout, json=json) or (_UNKNOWN if client.broken else 0)
    if not yes:
        confirm(scopes)
    board = Board()

    async def killed() -> KillReport:
        report = await client.kill(scopes, timeout_s=timeout, discover=discover, on_progress=board.note)
        told = _of_venues(report, venue or tuple(client.accounts), left_out)
        return attrs.evolve(told, undiscovered={**client.broken, **told.undiscovered})

    ended = perform(client, board, killed, quiet=json)
    report = finish(ended, board, lambda report: tell(report, json=json), json=json)
    return kill_code(report)


def _of_venues(report: KillReport, venues: Sequence[str], left_out: Sequence[str]) -> KillReport:
    """Tell of these venues alone, and claim nothing of those that were left out for want of accounts."""
    unnamed = {name: accounts for name, accounts in report.unnamed.items() if name in venues}
    undiscovered = {name: error for name, error in report.undiscovered.items() if name in venues}
    unknown = {name: _NO_ACCOUNTS for name in left_out if name not in unnamed}
    return attrs.evolve(report, unnamed=unnamed, undiscovered=unknown | undiscovered)


def kill_code(report: KillReport) -> int:
    """Return the exit code of a kill."""
    if report.proved:
        return 0
    known = all(one.state is not ScopeState.UNKNOWN for one in report.reports)
    hidden = report.unnamed or report.undiscovered or report.unsure
    return _RESIDUAL if known and not hidden else _UNKNOWN


def tell(report: KillReport, *, json: bool = False) -> None:
    """Print a kill: a table of its scopes, then whatever of them is not proved."""
    if json:
        print_json(report.to_dict())
        return
    print_table(kill_table(report))
    for one in report.reports:
        if one.state is not ScopeState.PROVED_EMPTY:
            print_lines(report_lines(one), STATE_STYLES[one.state])
    print_lines(besides_scopes(report))
    print_lines([_verdict(report)], "green" if report.proved else "red")


def _verdict(report: KillReport) -> str:
    proved = sum(one.state is ScopeState.PROVED_EMPTY for one in report.reports)
    words = "PROVED" if report.proved else "NOT PROVED"
    return f"{words}: {proved} of {len(report.reports)} scopes are empty, after {report.elapsed_s:.1f} s"


def _tell_left_out(venues: Sequence[str], broken: Mapping[str, str]) -> None:
    for name, why in {**dict.fromkeys(venues, "its 'accounts' name none"), **broken}.items():
        print(f"countermand: NOTHING IS DONE at {name}: {why}", file=sys.stderr)
