"""Whether a cancel cancels its order and no other: the whole book is compared before and after."""

from __future__ import annotations

from functools import partial

import attrs

from countermand import Assurance, OrderId
from countermand.testing._order import SimulatedOrder
from countermand.testing._simulator import Simulator
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.requirement import one_line, refuses, require
from countermand.testing.contract.worlds import (
    book_of,
    changed,
    performed,
    populate,
    reach_another_account,
    session_of,
)
from countermand.venue import CancelTarget, Receipt


class CancelsCases(Examples):
    """Against a book of several accounts, users, instruments and states."""

    def test_a_cancel_touches_its_order_only(self) -> None:
        """Whatever state it is in, and whatever is known of it."""
        simulator = self.new_simulator()
        populate(simulator)
        venue = self.simulated(simulator)
        session = session_of(simulator, venue)
        for order in own_orders(simulator):
            for assurance in Assurance:
                before = book_of(simulator)
                target = target_for(order, assurance)
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
                simulator, venue.cancel(target_for(order, assurance)), session_of(simulator, venue)
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
        if refuses(partial(venue.cancel, target_for(order))):
            return
        session = session_of(simulator, venue)
        target = attrs.evolve(target_for(order), account=account)
        verdict = performed(simulator, venue.cancel(target), session)
        require(
            not simulator.book.order(order.order_id).dead and not isinstance(verdict, Receipt),
            "Send the account with the order id: the cancel of an order of another account was taken.",
        )


def own_orders(simulator: Simulator) -> list[SimulatedOrder]:
    """Return the orders of the accounts that the user reaches."""
    other = simulator.credentials.other_account
    return [order for order in simulator.book.orders() if order.account != other]


def target_for(order: SimulatedOrder, assurance: Assurance = Assurance.CONFIRMED) -> CancelTarget:
    """Name an order of the book."""
    return CancelTarget(
        account=order.account,
        order=OrderId(order.order_id),
        assurance=assurance,
        instrument=order.instrument,
    )
