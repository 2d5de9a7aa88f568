"""`countermand cancel-all`: all orders of an account, or those of one instrument."""

from __future__ import annotations

from pathlib import Path

from countermand import AsyncClient, MassCancelReport, PlacedAfter, Scope, ScopeState
from countermand.cli._board import Board
from countermand.cli._confirm import confirm
from countermand.cli._orders import list_orders
from countermand.cli._perform import finish, perform
from countermand.cli._report_words import STATE_STYLES, report_lines
from countermand.cli._show import print_json, print_lines
from countermand.cli._venue_of import checked

#: What the exit code says of a scope.
STATE_CODES = {ScopeState.PROVED_EMPTY: 0, ScopeState.RESIDUAL: 4, ScopeState.UNKNOWN: 5}


def cancel_all(
    venue: str,
    /,
    *,
    account: str,
    instrument: str | None = None,
    placed_after: PlacedAfter = PlacedAfter.KEEP,
    timeout: float = 30.0,
    yes: bool = False,
    dry_run: bool = False,
    config: Path = Path("countermand.toml"),
    json: bool = False,
) -> int:
    """Cancel all orders of an account, of whatever user, and prove that none is left.

    The exit code is 0 if it is proved, 4 if orders are left, 5 if nobody can tell, 2 for a mistake in usage
    or configuration or where it was not confirmed.

    :param venue: The name of a venue in the configuration file.
    :param account: The account.
    :param instrument: Only orders for this instrument, as the venue names it.
    :param placed_after: What becomes of orders that are placed after the first cancel was sent.
    :param timeout: Seconds until the answer, whatever is known then.
    :param yes: Do not ask for the venue's name.
    :param dry_run: List what would be canceled, and send nothing.
    :param config: The configuration file.
    :param json: Print the report as JSON.
    """
    client = AsyncClient.from_config(config, venues=[venue])
    scope = checked(
        client,
        Scope.account(venue, account) if instrument is None else Scope.instrument(venue, account, instrument),
    )
    if dry_run:
        return list_orders(client, [scope], timeout, json=json)
    if not yes:
        confirm([scope])
    board = Board()
    ended = perform(
        client,
        board,
        lambda: client.cancel_all(scope, placed_after, timeout, on_progress=board.note),
        quiet=json,
    )
    report = finish(ended, board, lambda report: _tell(report, json=json), json=json)
    return STATE_CODES[report.state]


def _tell(report: MassCancelReport, *, json: bool) -> None:
    if json:
        print_json(report.to_dict())
    else:
        print_lines(report_lines(report), STATE_STYLES[report.state])
