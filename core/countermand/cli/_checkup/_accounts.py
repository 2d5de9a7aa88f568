"""The accounts of a venue as a check tells of them, and what is open there."""

from __future__ import annotations

from collections.abc import Iterator

from countermand.cli._checkup._configuration import Table
from countermand.cli._checkup._findings import Finding, failed, passed, skipped, warned
from countermand.cli._checkup._visit import MOST_UNNAMED, Listed, Visit
from countermand.cli._report_words import counted
from countermand.venue import Venue

ABOUT = "accounts"
_NO_KILL = "none is configured: a kill without scopes does nothing here"
_RIGHTS = "look at the user's rights at the venue, and whether it is well"


def check_accounts(table: Table, venue: Venue, visit: Visit) -> Iterator[Finding]:
    """Tell which accounts there are, and of each of them what is open."""
    yield _named(table, venue, visit)
    for one in visit.listed:
        yield _open(one)


def _named(table: Table, venue: Venue, visit: Visit) -> Finding:
    ready, named = visit.readiness, ", ".join(table.accounts)
    told = ", ".join(ready.accounts)
    if visit.admitted and not ready.ready:
        return failed(ABOUT, f"the venue cannot be asked for them: {ready.error}", _RIGHTS)
    if not table.accounts:
        found = f"{_NO_KILL}; the venue tells of {told}" if told else _NO_KILL
        if len(ready.accounts) > MOST_UNNAMED:
            found += f"; the first {MOST_UNNAMED} are listed"
        first = ready.accounts[0] if told else "..."
        return warned(ABOUT, found, f'write accounts = ["{first}"], with those that a kill shall reach')
    if not ready.ready:
        return skipped(ABOUT, f"{named}: not asked for", "mend the log-in first")
    if ready.untold:
        found = f"the venue does not tell of {', '.join(ready.untold)}; it tells of {told or 'none'}"
        return warned(ABOUT, found, "look for a slip in `accounts`: a wrong account looks like an empty one")
    if not venue.capabilities.lists_accounts:
        return passed(ABOUT, f"{named}; the venue has no call that could confirm it")
    if others := [one for one in ready.accounts if one not in table.accounts]:
        found = f"{named}; the venue also tells of {', '.join(others)}, which no kill without scopes reaches"
        return warned(ABOUT, found, "add them to `accounts`, if they are yours to kill")
    return passed(ABOUT, f"{named}: all that the venue tells of")


def _open(listed: Listed) -> Finding:
    about, orders = f"account {listed.account}", listed.orders
    took = f"in {listed.took_s:.3f} s"
    if orders.error is not None or orders.reason is not None:
        reason = None if orders.reason is None else orders.reason.value
        why = "; ".join(word for word in (reason, orders.error) if word)
        return failed(about, f"its open orders cannot be listed: {why}, {took}", _RIGHTS)
    count = counted(len(orders.orders), "open order")
    if orders.incomplete:
        advice = "try again when less is traded; a mass cancel proves nothing by such a listing"
        return warned(about, f"{count}, incomplete, {took}", advice)
    return passed(about, f"{count}, complete, {took}")
