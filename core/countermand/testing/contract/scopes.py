"""Whether no cancel reaches further than asked: the whole book is compared before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import attrs

from countermand import Assurance, OrderId, Scope
from countermand.testing._order import SimulatedOrder
from countermand.testing._simulator import Simulator
from countermand.testing.contract.asking import scopes_for
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.requirement import one_line, refuses, require
from countermand.testing.contract.worlds import (
    book_of,
    changed,
    next_id,
    performed,
    populate,
    reach_another_account,
    session_of,
)
from countermand.venue import CancelTarget, Receipt, Venue


class ScopesCases(Examples):
    """Cancels against a book of several accounts, users, instruments and states."""

    def test_a_cancel_touches_its_order_only(self) -> None:
        """Whatever state it is in, and whatever is known of it."""
        simulator = self.new_simulator()
        populate(simulator)
        venue = self.simulated(simulator)
        session = session_of(simulator, venue)
        for order in _own(simulator):
            for assurance in Assurance:
                before = book_of(simulator)
                target = _target(order, assurance)
                if refuses(partial(venue.cancel, target)):
                    continue  # of an account that this venue cannot have
                performed(simulator, venue.cancel(target), session)
                touched = {one.order_id for one in changed(before, simulator)}
                require(
                    touched <= {order.order_id},
                    f"Let `cancel` name one order only: the cancel of order {order.order_id} touched"
                    f" {', '.join(sorted(touched))}.",
                )

    def test_a_cancel_takes_its_order_off_the_book(self) -> None:
        """A receipt without an effect is worth nothing."""
        for assurance in Assurance:
            simulator = self.new_simulator()
            order = simulator.place(0.0)
            venue = self.simulated(simulator)
            verdict = performed(
                simulator, venue.cancel(_target(order, assurance)), session_of(simulator, venue)
            )
            require(
                isinstance(verdict, Receipt) and simulator.book.order(order.order_id).dead,
                f"Let `cancel` cancel an open order of the simulator: it gives {one_line(verdict)}.",
            )

    def test_a_cancel_for_another_account_does_nothing(self) -> None:
        """The account is a part of what is asked."""
        simulator = self.new_simulator()
        account = simulator.credentials.account
        second = reach_another_account(simulator)
        venue = self.simulated(simulator)
        if second is None:
            return
        order = simulator.place(0.0, account=second)
        if refuses(partial(venue.cancel, _target(order, Assurance.CONFIRMED))):
            return
        session = session_of(simulator, venue)
        target = attrs.evolve(_target(order, Assurance.CONFIRMED), account=account)
        verdict = performed(simulator, venue.cancel(target), session)
        require(
            not simulator.book.order(order.order_id).dead and not isinstance(verdict, Receipt),
            "Send the account with the order id: the cancel of an order of another account was taken.",
        )

    def test_a_scope_touches_its_orders_only(self) -> None:
        """Of every kind that is declared, as often as a scope of it can be made."""
        for venue, scope, before, simulator in self._swept():
            for order in changed(before, simulator):
                require(
                    _means(scope, order),
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
                if _means(scope, order) and (order.account != other or scope.account_id == other)
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
        orders = [order for order in _own(simulator) if not order.dead][: min(size, 3)]
        if not orders:
            return
        before = book_of(simulator)
        targets = [_target(order, Assurance.CONFIRMED) for order in orders]
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
        )
        # A choice of orders or a predicate is no venue's words: those are listed.
        declared = venue.capabilities.scopes
        return [one for one in scopes if one.kind in declared and not one.order_ids and one.where is None]


def _own(simulator: Simulator) -> list[SimulatedOrder]:
    other = simulator.credentials.other_account
    return [order for order in simulator.book.orders() if order.account != other]


def _target(order: SimulatedOrder, assurance: Assurance) -> CancelTarget:
    return CancelTarget(
        account=order.account,
        order=OrderId(order.order_id),
        assurance=assurance,
        instrument=order.instrument,
    )


def _means(scope: Scope, order: SimulatedOrder) -> bool:
    wanted = {
        "account": (scope.account_id, order.account),
        "user": (scope.user_id, order.entered_by),
        "instrument": (scope.instrument_id, order.instrument),
    }
    return all(asked in (None, true) for asked, true in wanted.values())
