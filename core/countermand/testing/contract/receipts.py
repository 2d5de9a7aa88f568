"""Whether an answer to a cancel says of each order what is so of it in the book."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs

from countermand import Assurance, OrderId, OrderStatus
from countermand.testing._order import SimulatedOrder
from countermand.testing._simulator import Simulator
from countermand.testing.contract.asking import scopes_for
from countermand.testing.contract.cancels import target_for
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.requirement import one_line, reading, require
from countermand.testing.contract.spoiled import with_statuses
from countermand.testing.contract.worlds import book_of, performed, session_of
from countermand.venue import Acted, Call, MayHaveActed, PerOrder, Unreadable

#: What a venue does behind a receipt, so that it promises nothing yet.
_LATER: tuple[Mapping[str, Any], ...] = ({"cancel_delay_s": 0.5}, {"refuse_cancels_late": True})
_FILLED_IN_PART = {OrderStatus.PARTIALLY_FILLED: {"filled": Decimal(3)}}
_SERVER_ERROR = 500


class ReceiptsCases(Examples):
    """What is said of each order, against the book."""

    def test_a_receipt_promises_only_what_is_so(self) -> None:
        """It is `executed` where the order is off the book: a quick answer comes before that."""
        for behaviour in _LATER:
            for simulator, call, orders in self._each_cancel(one=True, **behaviour):
                said = performed(simulator, call, session_of(simulator, self.simulated(simulator)))
                for order in orders:
                    verdict: Any = _said_of(order, said)
                    require(
                        simulator.book.order(order.order_id).dead or not getattr(verdict, "executed", False),
                        "Give `executed` only where the venue's words promise that the order is off the book:"
                        f" {call.name!r} is read as {one_line(said)}, and the order is open.",
                    )

    def test_each_order_is_told_what_became_of_it(self) -> None:
        """Of an answer that tells of each: a receipt where the order goes, a refusal where it stays."""
        for simulator, call, _ in self._each_cancel(one=False):
            before = book_of(simulator)
            said = performed(simulator, call, session_of(simulator, self.simulated(simulator)))
            for order_id, verdict in said.orders.items() if isinstance(said, PerOrder) else ():
                old, new = before.get(order_id.value), book_of(simulator).get(order_id.value)
                require(
                    new is not None and _agrees(verdict.acted, old, new),
                    f"Let each order of an answer have its own verdict: by {call.name!r} {one_line(verdict)}"
                    f" is said of order {order_id}, which is {'none' if new is None else new.status.value}.",
                )

    def test_a_server_error_of_one_order_tells_nothing(self) -> None:
        """Within an answer that tells of each it is worth what it is as a status."""
        for _, call, sample, verdict in self.read_samples():
            response = with_statuses(sample.response, _SERVER_ERROR)
            if isinstance(verdict, PerOrder) and response is not None:
                said: Any = reading(call, response)
                require(
                    isinstance(said, Unreadable | MayHaveActed)
                    or (isinstance(said, PerOrder) and _acted(said) == {Acted.MAYBE}),
                    f"Read a {_SERVER_ERROR} of one order as MayHaveActed: {call.name!r} reads"
                    f" {response.content[:80]!r} as {one_line(said)}.",
                )

    def _each_cancel(
        self, *, one: bool, **behaviour: Any
    ) -> Iterator[tuple[Simulator, Call[Any], Sequence[SimulatedOrder]]]:
        """Make each call that cancels, each with a simulator of its own, and the orders that it names."""
        count = len(list(self._calls_that_cancel(self._with_each_status(), one=one)))
        for place in range(count):
            simulator = self._with_each_status(**behaviour)
            yield simulator, *list(self._calls_that_cancel(simulator, one=one))[place]

    def _with_each_status(self, **behaviour: Any) -> Simulator:
        simulator = self.new_simulator(**behaviour)
        user = simulator.credentials.user_id
        for status in (OrderStatus.NEW, *self.statuses):
            simulator.place(0.0, status=status, entered_by=user, **_FILLED_IN_PART.get(status, {}))
        return simulator

    def _calls_that_cancel(
        self, simulator: Simulator, *, one: bool
    ) -> Iterator[tuple[Call[Any], Sequence[SimulatedOrder]]]:
        venue, known = self.simulated(simulator), simulator.credentials
        orders, still = simulator.book.orders(), simulator.book.open_orders()
        for assurance in Assurance if one else ():
            yield venue.cancel(target_for(orders[0], assurance)), orders[:1]
        request = attrs.evolve(self.request, account=known.account, order=OrderId(orders[0].order_id))
        for scope in scopes_for(venue.name, request, simulator.instrument, known.user_id):
            if scope.kind in venue.capabilities.scopes:
                yield venue.cancel_all(scope), still
        size = venue.capabilities.cancel_list_size
        for some in (orders[:size], orders[-size:]) if size else ():
            yield venue.cancel_list([target_for(order) for order in some]), some


def _said_of(order: SimulatedOrder, said: object) -> object:
    return said.of(OrderId(order.order_id)) if isinstance(said, PerOrder) else said


def _acted(said: PerOrder) -> set[Acted]:
    return {verdict.acted for verdict in said.orders.values()}


def _agrees(acted: Acted, old: SimulatedOrder | None, new: SimulatedOrder) -> bool:
    went = new.dead and old is not None and not old.dead
    return {Acted.YES: went, Acted.NO: old == new, Acted.MAYBE: True}[acted]
