"""Mass cancels and the kill switch at the simulated venue, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from countermand import MassCancelReport, OrderId, OrderStatus, Outcome, Reason, Scope
from countermand.testing import Fault, FaultKind, Point
from countermand_alpaca.simulator import AlpacaSimulator

SCOPE = Scope.account("alpaca", "9")


@pytest.fixture
def sweep(asking: Callable[..., Any]) -> Callable[..., MassCancelReport]:
    """Cancel all orders of a scope; return the report."""

    def perform(
        simulator: AlpacaSimulator, scope: Scope = SCOPE, timeout_s: float = 60.0
    ) -> MassCancelReport:
        report: MassCancelReport = asking(
            simulator, lambda client: client.cancel_all(scope, timeout_s=timeout_s)
        )
        return report

    return perform


def calls(simulator: AlpacaSimulator, method: str = "DELETE") -> list[str]:
    """Return the paths of the calls that were received."""
    return [one.path for one in simulator.requests if one.method == method]


@pytest.mark.parametrize("count", [0, 3, 499, 500, 501, 1203])
def test_all_orders_of_the_account(sweep: Callable[..., MassCancelReport], count: int) -> None:
    """One call of the venue's takes all of them, over however many pages they are listed; that is proved."""
    simulator = AlpacaSimulator()
    ids = {OrderId(simulator.place(0.0).order_id) for _ in range(count)}
    report = sweep(simulator)
    assert report.proved_empty_as_of is not None
    assert {ack.order_id for ack in report.acks} == ids
    assert {ack.outcome for ack in report.acks} <= {Outcome.CANCELED}
    assert calls(simulator) == ["/v2/orders"]


def test_orders_of_another_account_are_left_alone(sweep: Callable[..., MassCancelReport]) -> None:
    """The key reaches one account only."""
    simulator = AlpacaSimulator()
    other = simulator.place(0.0, account="10")
    simulator.place(0.0)
    assert sweep(simulator).proved_empty_as_of is not None
    assert simulator.book.open_orders() == (other,)


def test_an_order_that_is_refused_alone(sweep: Callable[..., MassCancelReport]) -> None:
    """Of a 207 each order is believed for itself: one is refused, and the others are canceled."""
    simulator = AlpacaSimulator()
    stuck = simulator.place(0.0, status=OrderStatus.PENDING_REPLACE).order_id
    gone = [simulator.place(0.0).order_id for _ in range(3)]
    report = sweep(simulator)
    outcomes = {ack.order_id: ack.outcome for ack in report.acks}
    assert outcomes.pop(OrderId(stuck)) is not Outcome.CANCELED
    assert outcomes == dict.fromkeys(map(OrderId, gone), Outcome.CANCELED)
    assert [left.order_id for left in report.residual] == [OrderId(stuck)]
    assert report.proved_empty_as_of is None


def test_cancels_that_wait_for_the_market_to_open(sweep: Callable[..., MassCancelReport]) -> None:
    """They are pending, so nothing is proved."""
    simulator = AlpacaSimulator(cancel_delay_s=14 * 3600.0)
    for _ in range(3):
        simulator.place(0.0)
    report = sweep(simulator)
    assert {ack.outcome for ack in report.acks} == {Outcome.PENDING}
    assert (report.proved_empty_as_of, len(report.residual)) == (None, 3)


def test_one_instrument_only(sweep: Callable[..., MassCancelReport]) -> None:
    """The venue has no such call: the orders are listed, and canceled one by one."""
    simulator = AlpacaSimulator()
    chosen = simulator.place(0.0, instrument="MSFT").order_id
    kept = simulator.place(0.0, instrument="AAPL").order_id
    assert sweep(simulator, Scope.instrument("alpaca", "9", "MSFT")).proved_empty_as_of is not None
    assert calls(simulator) == [f"/v2/orders/{chosen}"]
    assert [order.order_id for order in simulator.book.open_orders()] == [kept]


@pytest.mark.parametrize("point", [Point.BEFORE, Point.AFTER], ids=lambda point: point.value)
@pytest.mark.parametrize(
    "kind", [FaultKind.SERVER_ERROR, FaultKind.RESET, FaultKind.EMPTY], ids=lambda kind: kind.value
)
def test_a_mass_cancel_whose_answer_is_lost(
    sweep: Callable[..., MassCancelReport], kind: FaultKind, point: Point
) -> None:
    """It is not sent again; what is still open is canceled by its id."""
    simulator = AlpacaSimulator()
    for _ in range(3):
        simulator.place(0.0)
    simulator.faults.script("mass-cancel", Fault(kind=kind, point=point))
    report = sweep(simulator)
    assert report.proved_empty_as_of is not None
    assert simulator.book.open_orders() == ()
    assert calls(simulator).count("/v2/orders") == 1


@pytest.mark.parametrize(("account", "untold"), [("9", {}), ("PA3WRONG", {"alpaca": ("PA3WRONG",)})])
def test_a_kill_is_told_of_an_account_that_the_key_has_not(
    asking: Callable[..., Any], account: str, untold: dict[str, tuple[str, ...]]
) -> None:
    """The venue is asked whose key it is: a wrong number in the configuration does not pass for a proof."""
    simulator = AlpacaSimulator()
    simulator.place(0.0)
    scope = Scope.account("alpaca", account)
    report = asking(simulator, lambda client: client.kill([scope], discover=True), account=account)
    assert dict(report.untold) == untold
    assert simulator.book.open_orders() == ()


def test_a_kill_with_a_wrong_key(asking: Callable[..., Any]) -> None:
    """Nothing is proved, and it is told why."""
    simulator = AlpacaSimulator()
    simulator.place(0.0)
    simulator.credentials = type(simulator.credentials)(secret="another-secret")
    venue = AlpacaSimulator().venue("http://127.0.0.1:1")
    report = asking(simulator, lambda client: client.kill([SCOPE]), auth=venue.auth)
    assert not report.proved
    assert {one.reason for one in report.reports} == {Reason.NOT_AUTHORIZED}
