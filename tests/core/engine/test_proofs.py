"""What a mass cancel may take for proof, and for a yes, at venues and of callers that mislead it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from countermand import (
    AsyncClient,
    Cause,
    KillReport,
    MassCancelReport,
    OrderId,
    OrderReport,
    OrderStatus,
    PlacedAfter,
    Reason,
    Scope,
    ScopeState,
)
from countermand.testing import Simulator, fault_from_word, in_process, load_simulator, run_virtually
from countermand.venue import Page

KEEP, CANCEL = PlacedAfter.KEEP, PlacedAfter.CANCEL
VENUES = ["apex", "autoshares"]
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
        self,
        scope: Scope | None = None,
        placed_after: PlacedAfter = CANCEL,
        timeout_s: float = 30.0,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> MassCancelReport:
        """Cancel all of a scope, the account unless told otherwise."""

        async def main() -> MassCancelReport:
            transport = in_process(self.simulator)
            async with AsyncClient([self.venue], transport=transport, limits={self.name: ()}) as client:
                meanwhile()
                asked = scope or Scope.account(self.name, ACCOUNT)
                return await client.cancel_all(asked, placed_after, timeout_s)

        return run_virtually(main())


class Hiding:
    """A venue whose listing of what is open leaves out some orders, and may tell how many there are."""

    def __init__(self, venue: Any, hidden: set[str], total: int | None = None) -> None:
        self._venue = venue
        self._hidden = hidden
        self._total = total

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    def list_open(self, account: str, page: int | None = None) -> Any:
        call = self._venue.list_open(account, page)

        def read(response: Any) -> Any:
            answer = call.read(response)
            if not isinstance(answer, Page):
                return answer
            rows = tuple(row for row in answer.rows if row.order_id.value not in self._hidden)
            return attrs.evolve(answer, rows=rows, total=self._total, listed=None)

        return attrs.evolve(call, read=read)


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


@pytest.mark.parametrize("name", VENUES)
def test_what_a_read_shows_open_is_not_proved_gone_by_listings_that_lack_it(name: str) -> None:
    """It may be of a class that they leave out."""
    stage = Stage(name, 2)
    hidden = stage.ids[0]
    stage.venue = Hiding(stage.venue, {hidden})
    stage.simulator.switch(refuse_cancels_late=[hidden])
    report = stage.swept(Scope.orders(name, ACCOUNT, [OrderId(hidden)]), timeout_s=40.0)
    assert (report.proved_empty_as_of, set(causes(report))) == (None, {hidden})
    assert stage.open == set(stage.ids)


def test_an_order_that_another_account_may_hold_is_not_proved_gone() -> None:
    """No listing ever showed it, and it was not found: that is all that is known."""
    stage = Stage("autoshares")
    stage.simulator.switch(further_accounts=["77"])
    elsewhere = stage.simulator.place(0.0, account="77").order_id
    report = stage.swept(Scope.orders("autoshares", ACCOUNT, [OrderId(elsewhere)]))
    assert (report.state, stage.open) == (ScopeState.UNKNOWN, {elsewhere})
    assert [ack.reason for ack in report.acks] == [Reason.NOT_FOUND]
    assert causes(report) == {elsewhere: Cause.UNKNOWN}


@pytest.mark.parametrize(("total", "state"), [(3, ScopeState.UNKNOWN), (None, ScopeState.PROVED_EMPTY)])
def test_a_listing_that_tells_of_more_than_it_shows_proves_nothing(
    total: int | None, state: ScopeState
) -> None:
    """What the venue counts is there, though nobody sees it; where it counts nothing, nobody can know."""
    stage = Stage("autoshares", 3)
    hidden = set(stage.ids[:2])
    stage.venue = Hiding(stage.venue, hidden, total)
    report = stage.swept()
    assert (report.state, report.incomplete, stage.open) == (state, total is not None, hidden)


@pytest.mark.parametrize("dead_rows", ["shown", "hidden"])
@pytest.mark.parametrize("orders", [3, 130])
def test_rows_of_dead_orders_hide_nothing(dead_rows: str, orders: int) -> None:
    """A venue that leaves them out does not count them, and one that shows them does."""
    stage = Stage("autoshares", orders)
    stage.simulator.switch(venue={"dead_rows": dead_rows})
    for order_id in stage.ids[::2]:
        stage.simulator.book.change(order_id, 0.0, status=OrderStatus.FILLED)
    report = stage.swept()
    assert (report.state, report.incomplete, stage.open) == (ScopeState.PROVED_EMPTY, False, set())


def test_a_proof_claims_nothing_of_what_no_listing_could_show_yet() -> None:
    """An order that is placed while reads lag is open, and was placed after the time that is told."""
    stage = Stage("autoshares", 2)
    stage.simulator.switch(read_lag_s=4.0)

    def place() -> None:
        stage.simulator.place(asyncio.get_running_loop().time(), settled=False)

    began_at = datetime.now(UTC)
    report = stage.swept(meanwhile=lambda: asyncio.get_running_loop().call_later(6.0, place))
    assert (report.state, len(stage.open)) == (ScopeState.PROVED_EMPTY, 1)
    assert report.proved_empty_as_of is not None
    assert report.proved_empty_as_of < began_at + timedelta(seconds=6.0)
    assert report.elapsed_s >= 9.0


@pytest.mark.parametrize("filled", [False, True], ids=["heir open", "heir filled"])
@pytest.mark.parametrize("placed_after", [KEEP, CANCEL])
def test_a_listing_with_replaced_orders_is_proved(placed_after: PlacedAfter, *, filled: bool) -> None:
    """AutoShares lists them to the end of the day; what took their places stands for them."""
    stage = Stage("autoshares", 2)
    heir = stage.simulator.replace(stage.ids[0], 10.0)
    if filled:
        stage.simulator.book.change(heir.order_id, 20.0, status=OrderStatus.FILLED)
    report = stage.swept(placed_after=placed_after)
    assert (report.state, stage.open, report.residual) == (ScopeState.PROVED_EMPTY, set(), ())
    told = {ack.order_id: (ack.reason, ack.successor) for ack in report.acks}
    assert told[OrderId(stage.ids[0])] == (Reason.REPLACED, OrderId(heir.order_id))


def test_without_a_whole_snapshot_nobody_says_that_an_order_came_later() -> None:
    """It is left alone under KEEP, and told as undecided: it was there before anything was sent."""
    stage = Stage("autoshares", 150)
    fault = fault_from_word("500:before")
    stage.simulator.faults.script("history", None, fault, None, fault, None, fault)
    report = stage.swept(placed_after=KEEP)
    assert (report.state, report.incomplete, report.kept) == (ScopeState.UNKNOWN, True, ())
    assert causes(report) == dict.fromkeys(stage.open, Cause.UNDECIDED)
    assert len(report.acks) == 100


def test_a_native_call_of_unknown_outcome_may_yet_take_what_is_kept() -> None:
    """Nothing tells when the venue acts on it, and the report says so."""
    stage = Stage("apex", 2)
    stage.simulator.switch(venue={"mass_answer": "500"})

    def place() -> None:
        stage.simulator.place(asyncio.get_running_loop().time())

    report = stage.swept(
        placed_after=KEEP, meanwhile=lambda: asyncio.get_running_loop().call_later(2.0, place)
    )
    assert (report.state, {order.order_id.value for order in report.kept}) == (
        ScopeState.PROVED_EMPTY,
        stage.open,
    )
    assert report.error == "CancelAllOrders has no known outcome: it may yet take orders that were kept"


@pytest.mark.parametrize("word", ["500:before", "close:before"])
def test_a_kill_is_not_proved_by_a_venue_that_would_not_tell_its_accounts(word: str) -> None:
    """Why it did not is told."""
    stage = Stage("apex", 1)
    stage.simulator.faults.script("accounts", *[fault_from_word(word)] * 9)

    async def main() -> KillReport:
        async with AsyncClient([stage.venue], transport=in_process(stage.simulator)) as client:
            return await client.kill([Scope.account("apex", ACCOUNT)], discover=True)

    report = run_virtually(main())
    assert [one.state for one in report.reports] == [ScopeState.PROVED_EMPTY]
    assert (set(report.undiscovered), report.proved) == ({"apex"}, False)
    assert report.undiscovered["apex"]
