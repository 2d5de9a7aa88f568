"""A kill as a table of its scopes, and orders as a table."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.markup import escape
from rich.table import Table

from countermand import KillReport, MassCancelReport, OrderReport, Outcome
from countermand.cli._report_words import STATE_STYLES
from countermand.cli._words import plain

#: The headings of numbers.
_NUMBERS = frozenset({"canceled", "left", "elapsed", "filled", "quantity"})


def kill_table(report: KillReport) -> Table:
    """Show each scope of a kill: what is known of it, and what was done."""
    table = _table("scope", "what is known", "as of", "canceled", "left", "elapsed")
    for one in report.reports:
        table.add_row(*_scope_cells(one))
    return table


def orders_table(orders: Iterable[OrderReport]) -> Table:
    """Show orders as a listing showed them."""
    table = _table("order", "client order", "instrument", "status", "filled", "quantity", "entered by")
    for order in orders:
        table.add_row(
            str(order.order_id),
            escape(str(order.client_order_id or "-")),
            escape(order.instrument or "-"),
            order.status.value,
            plain(order.filled_quantity),
            "-" if order.quantity is None else plain(order.quantity),
            escape(order.entered_by or "-"),
        )
    return table


def _scope_cells(report: MassCancelReport) -> list[str]:
    canceled = sum(ack.outcome is Outcome.CANCELED for ack in report.acks)
    as_of = report.proved_empty_as_of
    return [
        escape(str(report.scope)),
        f"[{STATE_STYLES[report.state]}]{report.state.name.replace('_', ' ')}[/]",
        "-" if as_of is None else f"{as_of:%H:%M:%S}Z",
        f"{canceled} of {len(report.acks)}",
        str(len(report.residual)),
        f"{report.elapsed_s:.1f} s",
    ]


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(heading, justify="right" if heading in _NUMBERS else "left")
    return table
