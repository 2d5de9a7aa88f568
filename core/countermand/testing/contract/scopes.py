"""Whether no mass cancel reaches further than asked: the whole book is compared before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import attrs

from countermand import Scope
from countermand.testing._order import SimulatedOrder
from countermand.testing._simulator import Simulator
from countermand.testing.contract.asking import scopes_for
from countermand.testing.contract.cancels import own_orders, target_for
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.requirement import refuses, require
from countermand.testing.contract.worlds import (
    book_of,
    changed,
    in_other_case,
    next_id,
    performed,
    populate,
    session_of,
)
from countermand.venue import Venue


class ScopesCases(Examples):
    """Mass cancels against a book of several accounts, users, instruments and states."""

    def test_a_scope_touches_its_orders_only(self) -> None:
        """Of every kind that is declared, as often as a scope of it can be made."""
        for venue, scope, before, simulator in self._swept():
            for order in changed(before, simulator):
                require(
                    means(scope, order),
                    f"Never widen a scope: {scope} touched order {order.order_id} of account {order.account},"
                    f" user {order.entered_by}, instrument {order.instrument}, at {venue.name}.",
                )

    def test_a_scope_takes_its_orders_off_the_book(self) -> None:
        """All of them: what is left would be told as canceled natively."""
        for _, scope, _, simulator in self._swept():
            other = simulator.credentials.other_account
            left = [
                order
                for order in simulator.book.open_orders()
                if means(scope, order) and (order.account != other or scope.account_id == other)
            ]
            require(
                not left,
                f"Honour a declared scope exactly, and let `behaviour` grant it: {scope} left {len(left)}"
                " orders open.",
            )

    def test_a_cancel_list_touches_its_orders_only(self) -> None:
        """Each of them, and nothing else."""
        simulator = self.new_simulator()
        populate(simulator)
        venue = self.simulated(simulator)
        size = venue.capabilities.cancel_list_size
        orders = [order for order in own_orders(simulator) if not order.dead][: min(size, 3)]
        if not orders:
            return
        before = book_of(simulator)
        targets = [target_for(order) for order in orders]
        performed(simulator, venue.cancel_list(targets), session_of(simulator, venue))
        touched = {one.order_id for one in changed(before, simulator)}
        require(
            touched == {order.order_id for order in orders},
            f"Let `cancel_list` cancel its orders and no others: of {len(orders)} it touched"
            f" {', '.join(sorted(touched)) or 'none'}.",
        )

    def _swept(self) -> Iterator[tuple[Venue, Scope, dict[str, SimulatedOrder], Simulator]]:
        for place in range(len(self._native(self.new_simulator()))):
            simulator = self.new_simulator()
            populate(simulator)
            venue = self.simulated(simulator)
            scope, before = self._native(simulator)[place], book_of(simulator)
            performed(simulator, venue.cancel_all(scope), session_of(simulator, venue))
            yield venue, scope, before, simulator

    def _native(self, simulator: Simulator) -> list[Scope]:
        known, venue = simulator.credentials, self.simulated(simulator)
        request = attrs.evolve(self.request, account=known.account)
        scopes: Iterable[Scope] = (
            *scopes_for(venue.name, request, simulator.instrument, known.user_id),
            Scope.account(venue.name, next_id(known.account)),
            *self._in_other_case(venue, simulator),
        )
        # A choice of orders or a predicate is no venue's words: those are listed.
        native = [one for one in scopes if not one.order_ids and one.where is None]
        declared = [one for one in native if one.kind in venue.capabilities.scopes]
        return [one for one in declared if not refuses(partial(venue.check_scope, one))]

    def _in_other_case(self, venue: Venue, simulator: Simulator) -> list[Scope]:
        other = in_other_case(simulator.instrument)
        return [] if other is None else [Scope.instrument(venue.name, simulator.credentials.account, other)]


def means(scope: Scope, order: SimulatedOrder) -> bool:
    """Tell whether a scope means an order, whoever can reach it."""
    wanted = {
        "account": (scope.account_id, order.account),
        "user": (scope.user_id, order.entered_by),
        "instrument": (scope.instrument_id, order.instrument),
    }
    return all(asked in (None, true) for asked, true in wanted.values())
