"""`countermand demo`: every kind of order, canceled at every simulated venue, and the acks judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import zip_longest

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from countermand.cli._kill_demo import kill_demo
from countermand.cli._play import Played, play, with_async_client, with_client
from countermand.cli._words import STYLES, evidence, filled, said, why
from countermand.errors import PluginError
from countermand.testing import simulators

#: Columns from which on there is room between them.
_WIDE = 100
#: The widths of order, reason and evidence, in a narrow and in a wide table.
_WIDTHS = {False: (11, 10, 9), True: (14, 18, 20)}


def demo(*, kill: bool = False) -> int:
    """Cancel orders of every kind at simulated venues, and compare each ack with the venue's book.

    Each order is canceled twice, through `Client` and through `AsyncClient`, at simulators of their own. The
    exit code is 0 if every ack agrees with the book, 1 otherwise.

    :param kill: Instead, fill each simulated venue with orders, make one of them sick, cancel everything at
        all of them at once, and compare the report with their books.
    """
    names = simulators()
    if not names:
        raise PluginError("no simulator is installed")
    if kill:
        return kill_demo(names)
    with ThreadPoolExecutor(2) as threads:
        synchronous, asynchronous = threads.map(partial(play, names), (with_client, with_async_client))
    wrong = [*_wrong("Client", synchronous), *_wrong("AsyncClient", asynchronous)]
    differing = [*differences(synchronous, asynchronous)]
    console = Console(highlight=False)
    console.print(_table(synchronous, wide=console.width >= _WIDE))
    for line in (*wrong, *differing):
        console.print(f"[bold red]wrong[/] {escape(line)}")
    console.print()
    total = len(synchronous) + len(asynchronous)
    console.print(
        f"{total - len(wrong)} of {total} acks agree with the books of the simulated venues: "
        f"{len(synchronous)} through Client (shown), {len(asynchronous)} through AsyncClient."
    )
    return 1 if wrong or differing else 0


def _wrong(client: str, acts: Sequence[Played]) -> Iterator[str]:
    for act in acts:
        if act.wrong is not None:
            yield f"{client}, {act.venue}, {act.scene.kind}: {act.wrong}"


def differences(synchronous: Sequence[Played], asynchronous: Sequence[Played]) -> Iterator[str]:
    """Tell the rows in which the two clients did not end alike."""
    for one, other in zip(synchronous, asynchronous, strict=True):
        if (one.ack.outcome, one.ack.reason) != (other.ack.outcome, other.ack.reason):
            yield f"{one.venue}, {one.scene.kind}: Client and AsyncClient differ"


def _table(acts: Sequence[Played], *, wide: bool) -> Table:
    order, reason, evidence_width = _WIDTHS[wide]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1) if wide else 0)
    table.add_column("venue", no_wrap=True)
    table.add_column("order", width=order)
    table.add_column("the venue said")  # the only one that gives way
    table.add_column("outcome", no_wrap=True)
    table.add_column("reason", width=reason)
    table.add_column("filled", justify="right", no_wrap=True)
    table.add_column("evidence", width=evidence_width)
    table.add_column("elapsed", justify="right", no_wrap=True)
    for act, following in zip_longest(acts, acts[1:]):
        last_of_venue = following is None or following.venue != act.venue
        table.add_row(*_cells(act), end_section=last_of_venue)
    return table


def _cells(act: Played) -> list[str]:
    ack = act.ack
    return [
        escape(act.venue),
        act.scene.kind,
        escape(said(ack)),
        f"[{STYLES[ack.outcome]}]{ack.outcome.name}[/]",
        why(ack),
        filled(ack.order),
        evidence(ack),
        f"{ack.elapsed_s:.2f} s",
    ]
