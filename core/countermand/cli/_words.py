"""An ack in words, for people at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from countermand import CancelAck, CanceledBy, OrderId, OrderReport, Outcome

_BY_WHOM = {
    CanceledBy.THIS_REQUEST: "by this request",
    CanceledBy.EARLIER: "by an earlier one",
    CanceledBy.UNDETERMINED: "by this or another",
}
#: The color of each outcome.
STYLES = {
    Outcome.CANCELED: "green",
    Outcome.PENDING: "yellow",
    Outcome.REJECTED: "red",
    Outcome.UNKNOWN: "magenta",
}
_MEANINGS = {
    Outcome.PENDING: "the venue has the cancel; whether it worked is not known yet",
    Outcome.UNKNOWN: "nobody can tell",
}


def ack_lines(ack: CancelAck) -> Iterator[str]:
    """Tell an ack in full: its outcome in the first line, what it rests on below."""
    yield f"{ack.request.venue} {_named(ack)}: {verdict(ack)}"
    for name, lines in _sections(ack):
        for place, line in enumerate(lines):
            yield f"  {name if place == 0 else '':<10}{line}"


def _named(ack: CancelAck) -> str:
    asked = ack.request.order
    if isinstance(asked, OrderId):
        return f"order {ack.order_id or asked}"
    return f"client order {asked}" if ack.order_id is None else f"order {ack.order_id} (client order {asked})"


def verdict(ack: CancelAck) -> str:
    """Tell the outcome and why, in one line."""
    if ack.canceled_by is not None:
        return f"{ack.outcome.name} {why(ack)}"
    return f"{ack.outcome.name}: {why(ack) or _MEANINGS[ack.outcome]}"


def why(ack: CancelAck) -> str:
    """Tell whose cancel it was or for what reason it was rejected; nothing where neither is known."""
    if ack.canceled_by is not None:
        return _BY_WHOM[ack.canceled_by]
    return ack.reason.value if ack.reason is not None else ""


def said(ack: CancelAck) -> str:
    """Tell what the venue said to the last cancel that it answered: HTTP status, its code, its text."""
    statuses = [attempt.http_status for attempt in ack.attempts if attempt.http_status is not None]
    if statuses:
        code = ack.venue_code if ack.venue_code != str(statuses[-1]) else None
        words = " ".join(part for part in (code, ack.venue_text) if part)
        return f"HTTP {statuses[-1]}: {words}" if words else f"HTTP {statuses[-1]}"
    faults = [attempt.fault for attempt in ack.attempts if attempt.fault is not None]
    return faults[-1] if faults else "was not asked"


def evidence(ack: CancelAck) -> str:
    """Tell what an ack rests on by kinds, in the order they first came, each with how often."""
    kinds = Counter(item.kind.value for item in ack.evidence)
    return ", ".join(kind if count == 1 else f"{kind} x{count}" for kind, count in kinds.items())


def filled(order: OrderReport | None) -> str:
    """Tell how much of an order was filled, as far as a read showed it."""
    return "-" if order is None else plain(order.filled_quantity)


def plain(number: Decimal) -> str:
    """Write a number without exponent and without zeros at its end."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _sections(ack: CancelAck) -> Iterator[tuple[str, list[str]]]:
    if ack.order is not None:
        yield "order", [_state(ack.order)]
    if ack.successor is not None:
        yield "successor", [str(ack.successor)]
    if ack.also_canceled:
        yield "along", [", ".join(map(str, ack.also_canceled))]
    yield "venue", [said(ack)]
    yield (
        "evidence",
        [f"{item.at:%H:%M:%S.%f}Z {item.source}: {item.text}" for item in ack.evidence] or ["none"],
    )
    if ack.retry_after_s is not None:
        yield "retry", [f"in {ack.retry_after_s:g} s"]
    if ack.error is not None:
        yield "fault", [ack.error]
    yield "elapsed", [f"{ack.elapsed_s:.3f} s"]


def _state(order: OrderReport) -> str:
    words = f"{order.status.value}, filled {plain(order.filled_quantity)}"
    if order.quantity is not None:
        words += f" of {plain(order.quantity)}"
    if order.average_price is not None and order.filled_quantity:
        words += f" at {plain(order.average_price)} on average"
    return words
