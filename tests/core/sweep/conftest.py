"""A small language in which a sweep is told as a story: what was listed, said and sent, at which second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

import pytest

from countermand import (
    Attempt,
    CancelAck,
    CanceledBy,
    CancelRequest,
    Evidence,
    EvidenceKind,
    MassCancelReport,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    PlacedAfter,
    Reason,
    Scope,
    Sent,
)
from countermand._case._facts import Action, Began, Ended, Signed
from countermand._sweep._facts import Sweep
from countermand._sweep._known import Look
from countermand._sweep._place import shown
from countermand._sweep._report import report
from countermand._sweep._steps import Step, step
from countermand._sweep._targets import to_cancel
from countermand.venue import Capabilities

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LAG_S = 5.0
#: Later than anything in a story.
EVER_S = 1e6


def order(order_id: str, status: OrderStatus = OrderStatus.NEW, **fields: Any) -> OrderReport:
    """Report an order."""
    return OrderReport(
        **{
            "order_id": OrderId(order_id),
            "status": status,
            "filled_quantity": Decimal(0),
            "account": "9",
            "instrument": "1",
            **fields,
        }
    )


def sent(at: float, call: str = "cancel", left: Sent = Sent.YES) -> Attempt:
    """Make an attempt that was answered as it was signed."""
    when = EPOCH + timedelta(seconds=at)
    return Attempt(call=call, sent=left, signed_at=when, answered_at=when, verdict="told", http_status=200)


def ack(order_id: str, outcome: Outcome = Outcome.CANCELED, at: float = 1.0, **fields: Any) -> CancelAck:
    """Make an ack of an order, of one attempt at that second."""
    when = EPOCH + timedelta(seconds=at)
    report = order(order_id, OrderStatus.CANCELED, as_of=when)
    kinds: dict[Outcome, dict[str, Any]] = {
        Outcome.CANCELED: {"order": report, "canceled_by": CanceledBy.THIS_REQUEST},
        Outcome.PENDING: {
            "evidence": (Evidence(at=when, kind=EvidenceKind.RECEIPT, source="cancel", text="received"),)
        },
        Outcome.REJECTED: {"reason": Reason.VENUE_REFUSED},
        Outcome.UNKNOWN: {},
    }
    if fields.get("reason") is Reason.TOO_LATE:
        kinds[Outcome.REJECTED] = {"order": order(order_id, OrderStatus.FILLED, as_of=when)}
    return CancelAck(
        **{
            "request": CancelRequest(venue="pebble", account="9", order=OrderId(order_id)),
            "outcome": outcome,
            "order_id": OrderId(order_id),
            "sent": Sent.YES,
            "attempts": (sent(at),),
            **kinds[outcome],
            **fields,
        }
    )


class Story:
    """A sweep of account 9 at second 0, with a minute of time, unless told otherwise."""

    order = staticmethod(order)
    ack = staticmethod(ack)
    sent = staticmethod(sent)

    def __init__(
        self, scope: Scope | None = None, placed_after: PlacedAfter = PlacedAfter.KEEP, **fields: Any
    ) -> None:
        self.sweep = Sweep(
            **{
                "scope": scope or Scope.account("pebble", "9"),
                "placed_after": placed_after,
                "capabilities": Capabilities(read_lag_s=LAG_S),
                "renewable": False,
                "epoch": EPOCH,
                "began_at": 0.0,
                "deadline": 60.0,
                **fields,
            }
        )

    def look(self, at: float, *rows: OrderReport | str, **fields: Any) -> Self:
        """List those orders at that second, in a tenth of one."""
        reports = [order(row) if isinstance(row, str) else row for row in rows]
        seen_at = {report.order_id.value: at for report in reports}
        told = [shown(self.sweep.scope, seen_at, report) for report in reports]
        there = {one.report.order_id: one for one in told if one is not None}
        self.sweep.see(Look(began_at=at, ended_at=at + 0.1, shown=there, **fields))
        return self

    def looks(self, at: float) -> Self:
        """Begin a listing."""
        self.sweep.looking_since = at
        return self

    def ask(self, order_id: str, at: float = 0.5) -> Self:
        """Ask for the cancel of an order, and send it."""
        self.sweep.ask(OrderId(order_id), at).calls.add((1, at))
        return self

    def tell(self, told: CancelAck, at: float = 1.0, asked_at: float | None = None) -> Self:
        """Ask for an order, and say at that second what became of it."""
        assert told.order_id is not None
        self.sweep.hear(self.sweep.ask(told.order_id, at if asked_at is None else asked_at), told, at)
        return self

    def call(self, answer: Any = None, at: float = 0.5, **fields: Any) -> Self:
        """Make the venue's own mass cancel at that second, and have it answered a tenth later."""
        self.sweep.call(Began(number=1, action=Action.CANCEL, at=at, overdue_at=at + 3))
        ended = Ended(**{"number": 1, "at": at + 0.1, "sent": Sent.YES, "answer": answer, **fields})
        signed = None if ended.sent is Sent.NO else Signed(number=1, call="cancel-all", at=at)
        self.sweep.hear_native(signed, ended)
        return self

    def calls(self, at: float = 0.5) -> Self:
        """Begin the venue's own mass cancel."""
        self.sweep.call(Began(number=1, action=Action.CANCEL, at=at, overdue_at=at + 3))
        return self

    def step(self, now: float) -> Step:
        """Say what is to begin at that second."""
        return step(self.sweep, now)

    def report(self, now: float = 60.0) -> MassCancelReport:
        """Tell what became of it by that second."""
        return report(self.sweep, now, 0)

    @property
    def due(self) -> list[str]:
        """The orders that are to be canceled, sooner or later."""
        return self.due_at(EVER_S)

    def due_at(self, now: float) -> list[str]:
        """Name the orders that are to be canceled at that second."""
        return [one.value for one in to_cancel(self.sweep, now)]


@pytest.fixture
def story() -> type[Story]:
    """Give the language."""
    return Story
