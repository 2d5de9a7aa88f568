"""The truth about a world of mass cancels: its book, its requests, and how old each listing was."""

from __future__ import annotations

import math

import attrs

from countermand.testing import SimulatedOrder, Simulator
from proof.ledger import Arrival, Ledger, Record, arrivals_of, record_of

#: Faults that leave a whole true answer, only later.
_WHOLE = frozenset({"late:after", "dribble:after"})


@attrs.frozen(kw_only=True)
class MassRecord(Record):
    """An order with what scopes go by."""

    instrument: str
    entered_by: str | None
    #: Reads as of then, or later, show it.
    shown_from: float

    def open_at(self, at: float) -> bool:
        """Tell whether it truly was open."""
        return self.placed_at <= at < self.dead_at

    def shown_at(self, as_of: float) -> bool:
        """Tell whether a read as of then showed it as open."""
        return self.shown_from <= as_of < self.dead_at


@attrs.frozen(kw_only=True)
class MassLedger(Ledger):
    """All that truly happened in one world."""

    records: dict[str, MassRecord]  # type: ignore[assignment]  # nobody adds to it
    #: How old the state was that a request was answered by, in seconds, by its number.
    lags: dict[int, float]

    def cancels(self, record: Record) -> list[Arrival]:
        """List the cancels that named an order, and the mass cancel that took it off the book."""
        return [
            one
            for one in self.arrivals
            if (one.call == "cancel" and one.order_id == record.order_id)
            or (one.call == "mass cancel" and record.canceled_by == f"cancel {one.number}")
        ]

    def by_id(self, record: Record) -> list[Arrival]:
        """List the cancels that named an order."""
        return [one for one in self.arrivals if one.call == "cancel" and one.order_id == record.order_id]

    def as_of(self, arrival: Arrival) -> float:
        """Tell as of when a request was answered."""
        return arrival.at - self.lags.get(arrival.number, 0.0)

    def taken_by(self, record: Record) -> Arrival | None:
        """Find the router's request that took an order off the book."""
        word, _, number = (record.canceled_by or "").partition(" ")
        if word != "cancel":
            return None
        return next((one for one in self.arrivals if str(one.number) == number), None)


def is_clean(arrival: Arrival) -> bool:
    """Tell whether a request was answered truly, and at once."""
    return arrival.fault is None


def is_true(arrival: Arrival) -> bool:
    """Tell whether a request was answered truly, at once or later."""
    return arrival.fault is None or arrival.fault.word in _WHOLE


def ledger_of(simulator: Simulator, lags: dict[int, float]) -> MassLedger:
    """Write down what a simulator knows; its book has been advanced to the end."""
    faults = {number: fault for number, _, fault in simulator.faults.met}
    return MassLedger(
        records={order.order_id: _record(simulator, order) for order in simulator.book.orders()},
        arrivals=tuple(arrivals_of(simulator.requests, faults)),
        faults=tuple(fault for _, _, fault in simulator.faults.met),
        turned_away=tuple(call for number, call, _ in simulator.faults.met if number == 0),
        lags=lags,
    )


def _record(simulator: Simulator, order: SimulatedOrder) -> MassRecord:
    plain = record_of(simulator, order)
    settled = bool(simulator.book.visible_history(order.order_id, -math.inf))
    return MassRecord(
        **{field.name: getattr(plain, field.name) for field in attrs.fields(Record)},
        instrument=order.instrument,
        entered_by=order.entered_by,
        shown_from=-math.inf if settled else order.placed_at,
    )
