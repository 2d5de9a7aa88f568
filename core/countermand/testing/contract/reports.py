"""Whether what is read of orders has the types of the contract, and nothing of it is left out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args, get_origin, get_type_hints

from countermand import OrderId, OrderReport
from countermand.testing.contract.asking import next_stamp
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.listing import rows_of
from countermand.testing.contract.requirement import one_line, reading, require
from countermand.testing.contract.spoiled import json_in, with_broken_rows
from countermand.testing.contract.worlds import answer_to, performed, session_of
from countermand.venue import OrderRead, Page, TrailRead

_TYPES = {
    name: tuple(get_origin(kind) or kind for kind in get_args(hint) or (hint,))
    if name != "legs"
    else (tuple,)
    for name, hint in get_type_hints(OrderReport).items()
}
_ROWS = 3


class ReportsCases(Examples):
    """What the core is given to compare: single reads, trails and rows."""

    def test_every_field_of_an_order_is_of_its_type(self) -> None:
        """In the samples, for every status word, and filled in part by the simulator."""
        for report in self._every_report():
            for name, kinds in _TYPES.items():
                value = getattr(report, name)
                require(
                    type(value) in kinds,
                    f"Report the {name} of an order as {' or '.join(kind.__name__ for kind in kinds)}:"
                    f" {one_line(repr(value))} is a {type(value).__name__}.",
                )

    def test_the_legs_of_an_order_are_shown(self) -> None:
        """Where the samples have some: an order is dead only when its legs are."""
        for _, call, sample, verdict in self.read_samples():
            told, shown = _legs_told(json_in(sample.response.content)), _legs_shown(_reports_in(verdict))
            require(
                shown == told or not isinstance(verdict, OrderRead | Page),
                f"Report the `legs` of an order: {call.name!r} reads {shown} of {told} in {sample}.",
            )

    def test_a_row_that_cannot_be_read_hides_no_other(self) -> None:
        """It is told as such, and those before and behind it are given."""
        simulator = self.new_simulator()
        venue = self.simulated(simulator)
        for _ in range(_ROWS):
            simulator.place(0.0)
        call = venue.list_open(simulator.credentials.account)
        answer = answer_to(simulator, call.sign(session_of(simulator, venue), next_stamp()))
        for count, response in with_broken_rows(answer):
            page = reading(call, response)
            given, broken = _iterated(page)
            require(
                broken and len(given) == count - 1,
                "Raise WireError for a row that cannot be read, and go on with the next one, as `Rows` does:"
                f" {call.name!r} gives {len(given)} of {count - 1} others, and"
                f" {'tells' if broken else 'does not tell'} of it.",
            )

    def _every_report(self) -> Iterator[OrderReport]:
        for _, _, _, verdict in self.read_samples():
            yield from _reports_in(verdict)
        account, order = self.request.account, OrderId(str(self.request.order))
        for word in self.states:
            answer = self.order_answer(order.value, account, word)
            yield from _reports_in(reading(self.venue().read_order(account, order), answer))
        if self.simulator is not None:
            yield from self._simulated_reports()

    def _simulated_reports(self) -> Iterator[OrderReport]:
        simulator = self.new_simulator()
        venue = self.simulated(simulator)
        session = session_of(simulator, venue)
        order = simulator.place(0.0, filled=Decimal("2.5"), client_order_id="4711")
        later = simulator.replace(order.order_id, 0.0)
        yield from rows_of(simulator, venue, venue.list_open)
        for one in (order, later):
            call = venue.read_order(one.account, OrderId(one.order_id))
            yield from _reports_in(performed(simulator, call, session, 1.0))


def _reports_in(verdict: object) -> list[OrderReport]:
    """Return the orders that a verdict shows, as far as they can be read."""
    if isinstance(verdict, Page):
        return _iterated(verdict)[0]
    report = verdict.report if isinstance(verdict, OrderRead | TrailRead) else None
    return [] if report is None else [report]


def _iterated(page: object) -> tuple[list[OrderReport], int]:
    """Return the rows of a page as the core takes them, and how many cannot be read."""
    rows, given, broken = iter(page.rows if isinstance(page, Page) else ()), list[OrderReport](), 0
    while True:
        try:
            given.append(next(rows))
        except StopIteration:
            return given, broken
        except ValueError:
            broken += 1


def _legs_told(value: Any) -> int:
    """Count the objects in all arrays that are called legs."""
    if isinstance(value, list):
        return sum(map(_legs_told, value))
    if not isinstance(value, dict):
        return 0
    own = [len(item) for key, item in value.items() if key.casefold() == "legs" and isinstance(item, list)]
    return sum(own) + sum(map(_legs_told, value.values()))


def _legs_shown(reports: list[OrderReport]) -> int:
    return sum(len(report.legs) + _legs_shown(list(report.legs)) for report in reports)
