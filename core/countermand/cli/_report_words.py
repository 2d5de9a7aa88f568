"""A report of a mass cancel in words, for people at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from countermand import (
    CancelAck,
    KillReport,
    MassCancelReport,
    NativeCancel,
    OrderReport,
    Outcome,
    Residual,
    ScopeState,
)
from countermand.cli._words import plain

#: The color of each state.
STATE_STYLES = {ScopeState.PROVED_EMPTY: "green", ScopeState.RESIDUAL: "red", ScopeState.UNKNOWN: "magenta"}
#: How many ids stand in a line.
_IDS_A_LINE = 8


def report_lines(report: MassCancelReport) -> Iterator[str]:
    """Tell a report in full: what is known of the scope in the first line, what was done below."""
    yield f"{report.scope}: {state(report)}"
    for name, lines in _sections(report):
        for place, line in enumerate(lines):
            yield f"  {name if place == 0 else '':<13}{line}"


def state(report: MassCancelReport) -> str:
    """Tell what is known of the scope, in one line."""
    if report.proved_empty_as_of is not None:
        return f"PROVED EMPTY as of {report.proved_empty_as_of:%H:%M:%S.%f}Z"
    if report.state is ScopeState.RESIDUAL:
        return f"RESIDUAL: {counted(len(report.residual), 'order')} left"
    return f"UNKNOWN: {_why_unknown(report)}"


def _why_unknown(report: MassCancelReport) -> str:
    known = [
        report.reason.value if report.reason is not None else None,
        report.error,
        "a listing could not be read to its end" if report.incomplete else None,
    ]
    return "; ".join(word for word in known if word) or "it could not be proved empty in time"


def outcomes(acks: Iterable[CancelAck]) -> str:
    """Tell how many orders there were, and how many cancels ended in which way."""
    counts = Counter(ack.outcome for ack in acks)
    ends = [f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome]]
    return f"{counted(counts.total(), 'order')}: {', '.join(ends)}" if ends else "no order was known"


def residual_line(left: Residual) -> str:
    """Tell an order that is left, why, and how it was last seen."""
    seen = "not seen on the book" if left.order is None else order_state(left.order)
    return f"{left.order_id}: {left.cause.value}; {seen}" + (f"; {left.text}" if left.text else "")


def order_state(order: OrderReport) -> str:
    """Tell an order's status and fill."""
    of = "" if order.quantity is None else f" of {plain(order.quantity)}"
    return f"{order.status.value}, filled {plain(order.filled_quantity)}{of}"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def besides_scopes(report: KillReport) -> Iterator[str]:
    """Tell what a kill has to say beyond its scopes."""
    if report.before is not None:
        done = "done" if report.before.done else f"FAILED: {report.before.error}"
        yield f"new orders were to be blocked: {done}, after {report.before.elapsed_s:.3f} s"
    for one in report.reports:
        if one.state is ScopeState.PROVED_EMPTY and one.not_covered:
            yield f"{one.scope}: not covered: {_not_covered(one)}"
        if one.doubt is not None:
            yield f"{one.scope}: {one.doubt}"
        if one.state is ScopeState.PROVED_EMPTY and one.error is not None:
            yield f"{one.scope}: {one.error}"
    for venue, accounts in report.unnamed.items():
        yield f"{venue}: NOTHING WAS DONE to accounts that nobody named: {', '.join(accounts)}"
    for venue, accounts in report.untold.items():
        yield f"{venue}: it did not tell of accounts that were named: {', '.join(accounts)}"
    for scope in report.unsure:
        yield f"{scope}: NOT PROVED: no order was seen there, and a wrong account looks like an empty one"
    for venue, error in report.undiscovered.items():
        yield f"{venue}: its accounts are not known: {error}"


def _sections(report: MassCancelReport) -> Iterator[tuple[str, list[str]]]:
    yield "orders", [outcomes(report.acks)]
    if report.doubt is not None:
        yield "doubt", [report.doubt]
    if report.native is not None:
        yield "native", [_native(report.native)]
    yield "residual", [residual_line(left) for left in report.residual]
    yield "kept", _ids(order.order_id for order in report.kept)
    yield "beyond scope", _ids(report.beyond_scope)
    if report.not_covered:
        yield "not covered", [_not_covered(report)]
    if report.error is not None and report.state is not ScopeState.UNKNOWN:  # there the first line tells it
        yield "error", [report.error]
    yield "calls", [str(report.calls)]
    yield "elapsed", [f"{report.elapsed_s:.3f} s"]


def _not_covered(report: MassCancelReport) -> str:
    return f"{', '.join(report.not_covered)}: of these nothing is proved"


def _native(native: NativeCancel) -> str:
    if native.outcome is Outcome.PENDING:  # a receipt, whose words tell no more
        return f"{native.call}: received"
    reason = native.reason.value if native.reason is not None else None
    said = ", ".join(word for word in (reason, native.text) if word)
    return f"{native.call}: {native.outcome.name}" + (f": {said}" if said else "")


def _ids(ids: Iterable[object]) -> list[str]:
    words = [str(one) for one in ids]
    return [", ".join(words[at : at + _IDS_A_LINE]) for at in range(0, len(words), _IDS_A_LINE)]
