"""Whose orders a call may touch at the simulated venue."""

from __future__ import annotations

from countermand.testing import SimulatedOrder, Simulator
from countermand_apex.simulator._answers import RefusalError
from countermand_apex.simulator._ask import Ask

#: The one Order Management System there is.
OMS_ID = 1


def check_oms(ask: Ask) -> None:
    """Raise `RefusalError` without the right OMS; AlphaPoint: "OMSId: required"."""
    if ask.required("OMSId") != OMS_ID:
        raise RefusalError(104)


def account_of(simulator: Simulator, ask: Ask) -> int:
    """Return the account that is named, 0 for none; raises `RefusalError` for somebody else's.

    AlphaPoint CancelOrder: "only for an account it is associated with".
    """
    account = ask.number("AccountId")
    if str(account) == simulator.credentials.other_account:
        raise RefusalError(20)
    return account


def within_reach(simulator: Simulator, account: int, user: int) -> list[SimulatedOrder]:
    """Return the open orders of an account, a user or both, with neither all there are.

    AlphaPoint CancelAllOrders (older edition), table: all accounts of all users "requires special
    permission"; CancelOrder: "Only a trading venue operator can cancel orders for another user or account".
    Raises `RefusalError` for what is beyond one's own, unless an operator asks.
    """
    operator = simulator.word("operator") == "yes"
    own = str(user) == simulator.credentials.user_id if user else account != 0
    if not own and not operator:
        raise RefusalError(20)
    return [
        order
        for order in simulator.book.open_orders(str(account) if account else None)
        if user in (0, int(order.entered_by or 0)) and (operator or may_see(simulator, order, account))
    ]


def required_account(simulator: Simulator, ask: Ask) -> str:
    """Return the account, which must be named."""
    ask.required("AccountId")
    return str(account_of(simulator, ask))


def find_order(simulator: Simulator, ask: Ask, order_id: int) -> SimulatedOrder | None:
    """Return an order of the user's as it truly is; None for an unknown one and for somebody else's.

    The account may be left out: "The Order ID is unique across an OMS".
    """
    account = account_of(simulator, ask)
    order = simulator.book.find(str(order_id))
    return order if order is not None and may_see(simulator, order, account) else None


def may_see(simulator: Simulator, order: SimulatedOrder, account: int) -> bool:
    """Tell whether an order is one of that account, or without one, of the user's."""
    if account:
        return order.account == str(account)
    return order.account != simulator.credentials.other_account
