"""What a mass cancel may take for proof, and for a yes, at venues and of callers that mislead it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from countermand import (
    AsyncClient,
    Cause,
    MassCancelReport,
    OrderReport,
    PlacedAfter,
    Scope,
    ScopeState,
)
from countermand.testing import Simulator, in_process, load_simulator, run_virtually

KEEP, CANCEL = PlacedAfter.KEEP, PlacedAfter.CANCEL
URL = "http://127.0.0.1:1"
ACCOUNT = "9"


class Stage:
    """A simulated venue, and mass cancels of it."""

    def __init__(self, name: str, orders: int = 0, **settings: Any) -> None:
        self.name = name
        self.simulator: Simulator = load_simulator(name)()
        self.venue: Any = self.simulator.venue(URL, **settings)
        self.ids = [self.simulator.place(0.0).order_id for _ in range(orders)]

    @property
    def open(self) -> set[str]:
        """The orders that are truly open."""
        return {order.order_id for order in self.simulator.book.open_orders()}

    def swept(
        self, scope: Scope | None = None, placed_after: PlacedAfter = CANCEL, timeout_s: float = 30.0
    ) -> MassCancelReport:
        """Cancel all of a scope, the account unless told otherwise."""

        async def main() -> MassCancelReport:
            transport = in_process(self.simulator)
            async with AsyncClient([self.venue], transport=transport, limits={self.name: ()}) as client:
                asked = scope or Scope.account(self.name, ACCOUNT)
                return await client.cancel_all(asked, placed_after, timeout_s)

        return run_virtually(main())


def causes(report: MassCancelReport) -> dict[str, Cause]:
    return {one.order_id.value: one.cause for one in report.residual}


async def _tells_later(_: OrderReport) -> bool:
    return True


def _forgets_to_await(order: OrderReport) -> Any:
    return _tells_later(order)


@pytest.mark.parametrize("where", [lambda _: "no", _forgets_to_await])
def test_no_order_is_chosen_by_what_is_no_yes(where: Callable[[OrderReport], Any]) -> None:
    """A text, or a coroutine that nobody awaits, is as true as anybody's order: each is left alone."""
    stage = Stage("autoshares", 2)
    report = stage.swept(Scope.mine("autoshares", ACCOUNT, where), timeout_s=10.0)
    assert (stage.open, report.touched, report.state) == (set(stage.ids), (), ScopeState.RESIDUAL)
    assert causes(report) == dict.fromkeys(stage.ids, Cause.UNDECIDED)
