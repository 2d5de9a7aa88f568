"""Mass cancels against simulated venues, in process and in virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, cast

import attrs
import pytest

from countermand import (
    AsyncClient,
    Cause,
    Client,
    ClientOrderId,
    MassCancelReport,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    PlacedAfter,
    Progress,
    Reason,
    Scope,
    ScopeState,
    Sent,
)
from countermand.errors import CountermandError, InvalidRequestError, UnknownVenueError
from countermand.testing import (
    Simulator,
    VirtualLoop,
    fault_from_word,
    in_process,
    load_simulator,
    run_virtually,
)
from countermand.venue import HttpRequest, Limit, Page, ScopeKind

KEEP, CANCEL = PlacedAfter.KEEP, PlacedAfter.CANCEL
URL = "http://127.0.0.1:1"
VENUES = ["apex", "autoshares"]
ACCOUNT = "9"


class Stage:
    """A simulated venue with orders, and a client that reaches it."""

    def __init__(self, name: str, orders: int = 3, **settings: Any) -> None:
        self.name = name
        self.simulator: Simulator = load_simulator(name)()
        self.venue: Any = self.simulator.venue(URL, **settings)
        self.ids = [self.place() for _ in range(orders)]
        self.latency_s = 0.001

    def place(self, **fields: Any) -> OrderId:
        """Place an order now, or before everything."""
        try:
            now = asyncio.get_running_loop().time()
        except RuntimeError:
            now = 0.0
        return OrderId(self.simulator.place(now, **fields).order_id)

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Let something happen meanwhile."""
        asyncio.get_running_loop().call_later(seconds, act)

    @property
    def open(self) -> set[str]:
        """The orders that are truly open."""
        return {order.order_id for order in self.simulator.book.open_orders()}

    def heard(self) -> Counter[str]:
        """Count what the venue was asked, by its own names."""
        asked = ((one, HttpRequest(method=one.method, path=one.path)) for one in self.simulator.requests)
        return Counter(
            self.simulator.call_of(request) or one.path.rpartition("/")[2] for one, request in asked
        )

    def client(self, **options: Any) -> AsyncClient:
        """Make the client."""
        limits: dict[str, tuple[Limit, ...]] = {self.name: ()}  # nobody waits for a minute's allowance
        transport = in_process(self.simulator, latency_s=self.latency_s)
        return AsyncClient([self.venue], transport=transport, limits=limits, **options)

    def swept(
        self,
        scope: Scope | None = None,
        placed_after: PlacedAfter = KEEP,
        timeout_s: float = 30.0,
        meanwhile: Callable[[], object] = lambda: None,
        **options: Any,
    ) -> MassCancelReport:
        """Cancel all of a scope, the account unless told otherwise."""

        async def main() -> MassCancelReport:
            async with self.client(**options) as client:
                meanwhile()
                loop = asyncio.get_running_loop()
                began_at = loop.time()
                asked = scope or Scope.account(self.name, ACCOUNT)
                report = await client.cancel_all(asked, placed_after, timeout_s)
                assert loop.time() - began_at <= timeout_s + 0.05
                assert report.scope == asked
                return report

        return run_virtually(main())


def outcomes(report: MassCancelReport) -> set[Outcome]:
    return {ack.outcome for ack in report.acks}


def causes(report: MassCancelReport) -> dict[str, Cause]:
    return {one.order_id.value: one.cause for one in report.residual}


@pytest.mark.parametrize("placed_after", [KEEP, CANCEL])
@pytest.mark.parametrize("name", VENUES)
@pytest.mark.parametrize("orders", [0, 1, 7])
def test_an_account_is_canceled_and_proved_empty(name: str, placed_after: PlacedAfter, orders: int) -> None:
    """All of it: one ack for each order, two listings `read_lag_s` apart, and no call too many."""
    stage = Stage(name, orders)
    report = stage.swept(placed_after=placed_after)
    assert report.state is ScopeState.PROVED_EMPTY
    assert outcomes(report) <= {Outcome.CANCELED}
    assert set(report.touched) == set(stage.ids)
    assert (report.residual, report.kept, report.beyond_scope, stage.open) == ((), (), (), set())
    assert report.error is None
    assert 5.0 <= report.elapsed_s < 5.1
    assert report.calls == len(stage.simulator.requests) <= 2 * orders + 5
    assert report.not_covered == stage.venue.capabilities.not_listed


def test_what_is_native_is_one_call() -> None:
    """APEX's account scope: listed before, called once, and no order canceled by id."""
    stage = Stage("apex", 20)
    report = stage.swept()
    assert stage.heard()["mass-cancel"] == 1
    assert stage.heard()["cancel"] == 0
    assert report.native is not None
    assert (report.native.call, report.native.outcome, report.native.sent) == (
        "CancelAllOrders",
        Outcome.PENDING,
        Sent.YES,
    )
    assert {attempt.call for ack in report.acks for attempt in ack.attempts} == {"CancelAllOrders"}


@pytest.mark.parametrize("answer", ["500", "102", "html", "empty"])
def test_a_doubtful_native_call_is_never_repeated(answer: str) -> None:
    """What may have acted is read, and by id it is canceled where it lives on."""
    stage = Stage("apex", 4)
    stage.simulator.switch(venue={"mass_answer": answer})
    report = stage.swept()
    assert stage.heard()["mass-cancel"] == 1
    assert report.native is not None
    assert report.native.outcome is Outcome.UNKNOWN
    assert report.state is ScopeState.PROVED_EMPTY
    assert outcomes(report) == {Outcome.CANCELED}
    assert stage.heard()["cancel"] == 4


def test_a_doubtful_native_call_that_acted_needs_no_second_cancel() -> None:
    """The reads tell."""
    stage = Stage("apex", 4)
    stage.simulator.switch(venue={"mass_answer": "500", "cancel_acts": "yes"})
    report = stage.swept()
    assert (report.state, stage.heard()["cancel"]) == (ScopeState.PROVED_EMPTY, 0)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("20", Reason.NOT_AUTHORIZED),
        ("100", Reason.INVALID_REQUEST),
        ("101", Reason.MASS_CANCEL_REFUSED),
        ("104", Reason.MASS_CANCEL_REFUSED),
        ("106", Reason.NOT_SUPPORTED),
    ],
)
def test_a_refused_native_call_gives_way_to_cancels_by_id(answer: str, reason: Reason) -> None:
    """Of an account, which can be listed."""
    stage = Stage("apex", 4)
    stage.simulator.switch(venue={"mass_answer": answer})
    report = stage.swept()
    assert report.native is not None
    assert (report.native.outcome, report.native.reason) == (Outcome.REJECTED, reason)
    assert (report.state, report.reason) == (ScopeState.PROVED_EMPTY, None)
    assert stage.heard()["cancel"] == 4
    assert stage.heard()["mass-cancel"] == 1


def test_venue_wide_without_permission_touches_nothing() -> None:
    """It is rejected, and says so."""
    stage = Stage("apex", 2)
    report = stage.swept(Scope.venue_wide("apex", confirm="apex"))
    assert report.native is not None
    assert (report.native.outcome, report.native.reason) == (Outcome.REJECTED, Reason.NOT_AUTHORIZED)
    assert (report.reason, report.state, report.acks) == (Reason.NOT_AUTHORIZED, ScopeState.UNKNOWN, ())
    assert stage.open == {one.value for one in stage.ids}
    assert stage.heard()["cancel"] == 0


def test_venue_wide_with_permission_is_received_and_proves_nothing() -> None:
    """No listing reaches all accounts."""
    stage = Stage("apex", 2)
    stage.place(account="77")
    stage.simulator.switch(venue={"operator": "yes"})
    report = stage.swept(Scope.venue_wide("apex", confirm="apex"))
    assert report.native is not None
    assert (report.native.outcome, report.state, stage.open) == (Outcome.PENDING, ScopeState.UNKNOWN, set())
    assert report.error is not None
    assert "nothing can be proved" in report.error
    assert report.elapsed_s < 1.0


def test_venue_wide_where_there_is_no_such_call() -> None:
    """Nothing is sent, and nothing widened."""
    stage = Stage("autoshares", 2)
    report = stage.swept(Scope.venue_wide("autoshares", confirm="autoshares"))
    assert (report.reason, report.native, stage.simulator.requests) == (Reason.NOT_SUPPORTED, None, [])


def test_a_venue_wide_call_that_was_not_sent_is_tried_again() -> None:
    """It has no other way, and provably nothing of it was processed."""
    stage = Stage("apex", 2)

    async def main() -> MassCancelReport:
        transport = in_process({"http://127.0.0.1:2": stage.simulator})
        async with AsyncClient([stage.venue], transport=transport) as client:
            return await client.cancel_all(Scope.venue_wide("apex", confirm="apex"))

    report = run_virtually(main())
    assert report.native is not None
    assert (report.native.outcome, report.native.reason) == (Outcome.REJECTED, Reason.NOT_SENT)
    assert (report.native.sent, report.calls) == (Sent.NO, 5)


@pytest.mark.parametrize("name", VENUES)
def test_under_keep_what_is_placed_meanwhile_is_left_alone(name: str) -> None:
    """The listing before the first send is the snapshot; the rest is told, and empties nothing."""
    stage = Stage(name, 3)
    stage.simulator.switch(cancel_delay_s=0.5)
    late: list[OrderId] = []
    report = stage.swept(
        Scope.mine(name, ACCOUNT, lambda order: True),
        meanwhile=lambda: stage.later(0.4, lambda: late.append(stage.place())),
    )
    assert report.state is ScopeState.PROVED_EMPTY
    assert {ack.order_id for ack in report.acks} == set(stage.ids)
    assert [order.order_id for order in report.kept] == late
    assert stage.open == {one.value for one in late}


@pytest.mark.parametrize("name", VENUES)
def test_under_cancel_what_is_placed_meanwhile_goes_too(name: str) -> None:
    """Every order in scope at every listing."""
    stage = Stage(name, 3)
    late: list[OrderId] = []
    report = stage.swept(
        placed_after=CANCEL, meanwhile=lambda: stage.later(2.0, lambda: late.append(stage.place()))
    )
    assert report.state is ScopeState.PROVED_EMPTY
    assert [ack.order_id for ack in report.acks][-1:] == late
    assert (stage.open, report.kept) == (set(), ())


@pytest.mark.parametrize("name", VENUES)
@pytest.mark.parametrize("placed_after", [KEEP, CANCEL])
def test_a_second_users_orders_survive(name: str, placed_after: PlacedAfter) -> None:
    """Of an account that two users share, `mine` means what its predicate chooses."""
    stage = Stage(name, 0)
    mine = {stage.place(client_order_id=str(100 + number)) for number in range(3)}
    others = {stage.place(client_order_id=str(200 + number)) for number in range(3)}

    def is_mine(order: OrderReport) -> bool:
        return order.client_order_id is not None and order.client_order_id.value.startswith("1")

    report = stage.swept(Scope.mine(name, ACCOUNT, is_mine), placed_after)
    assert (report.state, set(report.touched)) == (ScopeState.PROVED_EMPTY, mine)
    assert stage.open == {one.value for one in others}
    assert report.native is None


def test_an_instrument_is_canceled_by_id_unless_the_venue_honours_it() -> None:
    """Nothing of another instrument is touched."""
    stage = Stage("apex", 2)
    other = stage.place(instrument="2")
    report = stage.swept(Scope.instrument("apex", ACCOUNT, "1"))
    assert (report.state, report.native) == (ScopeState.PROVED_EMPTY, None)
    assert stage.open == {other.value}


@pytest.mark.parametrize("spelling", ["InstrumentId", "IntrumentId"])
def test_an_instrument_is_one_call_where_it_is_declared(spelling: str) -> None:
    """With both spellings of the key."""
    stage = Stage("apex", 2, native_instrument_scope=True)
    stage.simulator.switch(venue={"instrument_key": spelling})
    other = stage.place(instrument="2")
    report = stage.swept(Scope.instrument("apex", ACCOUNT, "1"))
    assert (report.state, stage.heard()["cancel"], stage.open) == (ScopeState.PROVED_EMPTY, 0, {other.value})


def test_an_instrument_that_the_venue_does_not_know_is_empty() -> None:
    """There are no orders of it, and that is proved."""
    stage = Stage("apex", 2)
    report = stage.swept(Scope.instrument("apex", ACCOUNT, "77"))
    assert (report.state, report.acks, len(stage.open)) == (ScopeState.PROVED_EMPTY, (), 2)


@pytest.mark.parametrize("name", VENUES)
def test_named_orders_need_no_first_listing(name: str) -> None:
    """The ids are the snapshot; an id that never was is told of."""
    stage = Stage(name, 4)
    named = [*stage.ids[:2], OrderId("99999")]
    report = stage.swept(Scope.orders(name, ACCOUNT, named))
    assert [ack.order_id for ack in report.acks] == named
    assert [ack.outcome for ack in report.acks] == [Outcome.CANCELED, Outcome.CANCELED, Outcome.REJECTED]
    if name == "apex":
        assert report.state is ScopeState.PROVED_EMPTY
    else:  # no document says how a single read tells that there is no such order
        assert (report.state, causes(report)) == (ScopeState.UNKNOWN, {"99999": Cause.UNKNOWN})
        assert report.residual[0].text == "not found"
        assert report.elapsed_s < 10.0  # once listings can tell no more
    assert stage.open == {one.value for one in stage.ids[2:]}
    assert stage.simulator.requests[0].method == ("POST" if name == "apex" else "DELETE")


def test_a_user_in_an_account() -> None:
    """Only at a venue that is so configured; by id, the listing says who entered an order."""
    stage = Stage("apex", 0, user_scopes=True)
    mine, other = stage.place(entered_by="81"), stage.place(entered_by="82")
    report = stage.swept(Scope.user("apex", "81", account=ACCOUNT))
    assert (report.state, report.touched, stage.open) == (ScopeState.PROVED_EMPTY, (mine,), {other.value})


def test_a_user_scope_that_is_refused_goes_by_id_and_leaves_the_unsaid_alone() -> None:
    """An order of which the venue does not say who entered it may be the user's: nothing is proved."""
    stage = Stage("apex", 0, user_scopes=True)
    mine, unsaid = stage.place(entered_by="81"), stage.place(entered_by=None)
    stage.simulator.switch(venue={"mass_answer": "106"})
    report = stage.swept(Scope.user("apex", "81", account=ACCOUNT), timeout_s=12.0)
    assert (report.state, report.touched) == (ScopeState.RESIDUAL, (mine,))
    assert causes(report) == {unsaid.value: Cause.UNDECIDED}


def test_a_user_in_all_accounts_is_one_call_or_none() -> None:
    """It cannot be listed."""
    stage = Stage("apex", 0, user_scopes=True)
    mine = stage.place(entered_by="81")
    stage.simulator.switch(venue={"mass_answer": "106"})
    report = stage.swept(Scope.user("apex", "81"))
    assert (report.reason, stage.open, report.acks) == (Reason.NOT_SUPPORTED, {mine.value}, ())


@pytest.mark.parametrize("name", VENUES)
def test_an_account_that_the_token_may_not_touch(name: str) -> None:
    """It is told, soon, and nothing claimed."""
    stage = Stage(name, 2)
    report = stage.swept(Scope.account(name, stage.simulator.credentials.other_account), CANCEL)
    assert (report.state, report.acks) == (ScopeState.UNKNOWN, ())
    assert report.reason is Reason.NOT_AUTHORIZED
    assert report.error is not None
    assert report.elapsed_s < 10.0
    assert len(stage.open) == 2


@pytest.mark.parametrize("name", VENUES)
@pytest.mark.parametrize("placed_after", [KEEP, CANCEL])
def test_a_deaf_venue_ends_at_the_deadline(name: str, placed_after: PlacedAfter) -> None:
    """With a report that claims nothing."""
    stage = Stage(name, 2)
    stage.simulator.faults.at_rate(1.0, choose=[fault_from_word("stall")])
    report = stage.swept(placed_after=placed_after, timeout_s=8.0)
    assert (report.state, report.acks, report.proved_empty_as_of) == (ScopeState.UNKNOWN, (), None)
    assert report.error is not None
    assert report.elapsed_s == pytest.approx(8.0, abs=0.05)


@pytest.mark.parametrize("name", VENUES)
def test_what_the_venue_is_silent_about_is_unknown_or_gone(name: str) -> None:
    """A cancel without an answer, to the end: nothing is proved of an order that lives on."""
    stage = Stage(name, 3)
    stage.simulator.switch(silent_orders=[stage.ids[1].value])
    report = stage.swept(Scope.mine(name, ACCOUNT, lambda order: True), timeout_s=20.0)
    assert report.state is ScopeState.RESIDUAL
    assert causes(report) == {stage.ids[1].value: Cause.UNKNOWN}
    assert report.residual[0].order is not None
    assert {ack.order_id: ack.outcome for ack in report.acks}[stage.ids[1]] is Outcome.UNKNOWN


def test_what_the_market_refuses_is_asked_again_five_times_at_most() -> None:
    """And told as refused, with the order as the last listing showed it."""
    stage = Stage("autoshares", 2, read_lag_s=0.5)
    stubborn = stage.ids[0].value
    stage.simulator.switch(refuse_cancels_late=[stubborn])
    report = stage.swept(timeout_s=30.0)
    asked = [one for one in stage.simulator.requests if one.method == "DELETE" and stubborn in one.path]
    assert 2 <= len(asked) <= 5
    assert report.state is ScopeState.RESIDUAL
    assert causes(report) == {stubborn: Cause.REFUSED}
    assert report.elapsed_s == pytest.approx(30.0, abs=0.05)


def test_an_order_that_was_too_slow_to_cancel_is_no_residual() -> None:
    """It filled, and its ack says so."""
    stage = Stage("autoshares", 2)
    stage.simulator.switch(fill_before_cancel=[stage.ids[0].value])
    report = stage.swept()
    assert report.state is ScopeState.PROVED_EMPTY
    assert {ack.reason for ack in report.acks} == {None, Reason.TOO_LATE}


@pytest.mark.parametrize("placed_after", [KEEP, CANCEL])
def test_a_replacement_is_the_exposure_of_what_it_replaced(placed_after: PlacedAfter) -> None:
    """Under KEEP it is told as residual, under CANCEL it is canceled, too."""
    stage = Stage("apex", 2)
    replaced = stage.ids[0].value

    def act() -> None:
        stage.simulator.replace(replaced, asyncio.get_running_loop().time())

    stage.latency_s = 0.25
    scope = Scope.mine("apex", ACCOUNT, lambda order: True)
    report = stage.swept(scope, placed_after, 20.0, meanwhile=lambda: stage.later(0.3, act))
    if placed_after is KEEP:
        assert report.state is ScopeState.RESIDUAL
        assert set(causes(report).values()) == {Cause.REPLACED}
        assert causes(report).keys() == stage.open
    else:
        assert (report.state, stage.open, len(report.acks)) == (ScopeState.PROVED_EMPTY, set(), 3)


@pytest.mark.parametrize("name", VENUES)
def test_a_replacement_of_a_replacement_is_exposure_too(name: str) -> None:
    """Also where the one between was never listed."""
    stage = Stage(name, 2, read_lag_s=1.0)
    if name == "autoshares":
        stage.simulator.switch(venue={"dead_rows": "hidden"})

    def act() -> None:
        now = asyncio.get_running_loop().time()
        heir = stage.simulator.replace(stage.ids[0].value, now, client_order_id="71")
        stage.simulator.replace(heir.order_id, now, client_order_id="72")

    stage.latency_s = 0.25
    scope = Scope.mine(name, ACCOUNT, lambda order: order.client_order_id != ClientOrderId("72"))
    report = stage.swept(scope, CANCEL, 20.0, meanwhile=lambda: stage.later(0.3, act))
    assert len(stage.open) == 1
    assert report.proved_empty_as_of is None


def test_a_predicate_that_raises_leaves_the_order_alone() -> None:
    """And says so."""
    stage = Stage("apex", 2)

    def where(order: OrderReport) -> bool:
        if order.order_id == stage.ids[0]:
            raise LookupError("whose?")
        return True

    report = stage.swept(Scope.mine("apex", ACCOUNT, where), timeout_s=10.0)
    assert causes(report) == {stage.ids[0].value: Cause.UNDECIDED}
    assert report.residual[0].text is not None
    assert "whose?" in report.residual[0].text
    assert (report.state, stage.open) == (ScopeState.RESIDUAL, {stage.ids[0].value})


@pytest.mark.parametrize("error", [SystemExit, asyncio.CancelledError])
def test_a_predicate_that_breaks_badly_breaks_nothing_else(error: type[BaseException]) -> None:
    """Not even the loop."""
    stage = Stage("apex", 1)

    def where(order: OrderReport) -> bool:
        raise error

    report = stage.swept(Scope.mine("apex", ACCOUNT, where), timeout_s=5.0)
    assert set(causes(report).values()) == {Cause.UNDECIDED}


def test_a_predicate_may_be_interrupted() -> None:
    """By whoever presses Ctrl-C."""
    stage = Stage("apex", 1)

    def where(order: OrderReport) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage.swept(Scope.mine("apex", ACCOUNT, where), timeout_s=5.0)


@pytest.mark.parametrize("name", VENUES)
def test_a_first_listing_that_fails_is_repeated(name: str) -> None:
    """Within the deadline."""
    stage = Stage(name, 2)
    fault = fault_from_word("500:before")
    stage.simulator.faults.script("open", fault, fault)
    report = stage.swept()
    assert (report.state, report.error) == (ScopeState.PROVED_EMPTY, None)
    assert report.elapsed_s > 1.5


@pytest.mark.parametrize("name", VENUES)
def test_a_lag_of_reads_is_waited_out(name: str) -> None:
    """What listings show of before is not believed."""
    stage = Stage(name, 3)
    stage.simulator.switch(read_lag_s=4.0)
    report = stage.swept()
    assert (report.state, stage.open) == (ScopeState.PROVED_EMPTY, set())
    assert report.elapsed_s >= 9.0


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        pytest.param(lambda c: c.cancel_all("9"), InvalidRequestError, id="no scope"),
        pytest.param(
            lambda c: c.cancel_all(Scope.account("pebble", "9")), UnknownVenueError, id="unknown venue"
        ),
        pytest.param(lambda c: c.cancel_all(Scope.account("apex", "0")), InvalidRequestError, id="account 0"),
        pytest.param(lambda c: c.cancel_all(Scope.account("apex", "x")), InvalidRequestError, id="account x"),
        pytest.param(
            lambda c: c.cancel_all(Scope.orders("apex", "9", [OrderId("a")])), InvalidRequestError, id="order"
        ),
        pytest.param(lambda c: c.cancel_all(Scope.user("apex", "81")), InvalidRequestError, id="user scope"),
        pytest.param(
            lambda c: c.cancel_all(Scope.account("apex", "9"), "keep"), InvalidRequestError, id="placed after"
        ),
        pytest.param(
            lambda c: c.cancel_all(Scope.account("apex", "9"), timeout_s=0),
            InvalidRequestError,
            id="time-out",
        ),
        pytest.param(
            lambda c: c.open_orders("apex", "0"), InvalidRequestError, id="open orders of account 0"
        ),
        pytest.param(lambda c: c.open_orders("rock", "9"), UnknownVenueError, id="open orders of a rock"),
        pytest.param(lambda c: c.ready(timeout_s=-1), InvalidRequestError, id="ready in no time"),
    ],
)
def test_the_callers_own_mistakes_raise_before_anything_is_sent(
    ask: Callable[[AsyncClient], Awaitable[object]], error: type[CountermandError]
) -> None:
    """And nothing else does."""
    stage = Stage("apex", 1)

    async def main() -> None:
        async with stage.client() as client:
            with pytest.raises(error):
                await ask(client)

    run_virtually(main())
    assert stage.simulator.requests == []


def test_a_canceled_task_leaves_its_cases_to_be_settled() -> None:
    """What was sent is owed an answer."""
    stage = Stage("autoshares", 3)
    stage.simulator.switch(cancel_delay_s=5.0)

    async def main() -> None:
        async with stage.client() as client:
            scope = Scope.account("autoshares", ACCOUNT)
            task = asyncio.ensure_future(client.cancel_all(scope))
            await asyncio.sleep(1.0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert {one.ack.order_id for one in client.unsettled()} == set(stage.ids)
            acks = [await client.settle(one.ack) for one in client.unsettled()]
            assert {ack.outcome for ack in acks} == {Outcome.CANCELED}

    run_virtually(main())


def test_a_client_that_closes_ends_its_sweeps() -> None:
    """With what is known."""
    stage = Stage("autoshares", 3)
    stage.simulator.switch(cancel_delay_s=5.0)

    async def main() -> None:
        async with stage.client() as client:
            task = asyncio.ensure_future(client.cancel_all(Scope.account("autoshares", ACCOUNT)))
            await asyncio.sleep(1.0)
        report = await task
        assert outcomes(report) == {Outcome.PENDING}
        assert (report.state, set(causes(report).values())) == (ScopeState.RESIDUAL, {Cause.PENDING})
        assert report.elapsed_s < 3.0

    run_virtually(main())


def test_progress_is_told_ten_times_a_second_at_most() -> None:
    """And at the end."""
    stage = Stage("autoshares", 300)
    stage.latency_s = 0.05
    told: list[tuple[float, Progress]] = []

    async def main() -> MassCancelReport:
        loop = asyncio.get_running_loop()
        async with stage.client() as client:
            scope = Scope.account("autoshares", ACCOUNT)
            return await client.cancel_all(scope, on_progress=lambda one: told.append((loop.time(), one)))

    report = run_virtually(main())
    times = [at for at, _ in told[:-1]]
    assert all(later - earlier >= 0.099 for earlier, later in itertools.pairwise(times))
    counts = [one.canceled for _, one in told]
    assert counts == sorted(counts)
    assert len(set(counts)) > 3
    last = told[-1][1]
    assert (last.known, last.canceled, last.pending, last.residual) == (300, 300, 0, 0)
    assert last.elapsed_s == report.elapsed_s


def test_who_listens_may_break() -> None:
    """The sweep goes on."""
    stage = Stage("apex", 2)

    def break_down(_: Progress) -> None:
        raise SystemExit

    async def main() -> MassCancelReport:
        async with stage.client() as client:
            return await client.cancel_all(Scope.account("apex", ACCOUNT), on_progress=break_down)

    assert run_virtually(main()).state is ScopeState.PROVED_EMPTY


def test_a_thousand_orders_are_proved_gone() -> None:
    """At no more than 1.1 calls for each, and some listings of many pages."""
    stage = Stage("autoshares", 1000)
    report = stage.swept(placed_after=CANCEL)
    assert (report.state, len(report.acks), stage.open) == (ScopeState.PROVED_EMPTY, 1000, set())
    assert len(stage.simulator.requests) == report.calls <= 1.1 * 1000 + 100


@pytest.mark.parametrize("name", VENUES)
def test_open_orders_are_listed(name: str) -> None:
    """With the time of the listing."""
    stage = Stage(name, 3)

    async def main() -> None:
        async with stage.client() as client:
            found = await client.open_orders(name, ACCOUNT)
            assert {order.order_id for order in found.orders} == set(stage.ids)
            assert {order.as_of for order in found.orders} == {found.as_of}
            assert (found.incomplete, found.error, found.reason) == (False, None, None)
            assert (found.to_dict()["schema"], len(found.to_dict()["orders"])) == (1, 3)
            foreign = await client.open_orders(name, stage.simulator.credentials.other_account)
            assert (foreign.orders, foreign.incomplete, foreign.reason) == ((), True, Reason.NOT_AUTHORIZED)
            assert foreign.error

    run_virtually(main())


def test_the_client_for_threads_does_the_same() -> None:
    """In real time, by the same engine."""
    stage = Stage("apex", 3, read_lag_s=0.05)
    told: list[Progress] = []
    with Client([stage.venue], transport=in_process(stage.simulator)) as client:
        assert len(client.open_orders("apex", ACCOUNT).orders) == 3
        assert [one.ready for one in client.ready()] == [True]
        report = client.cancel_all(Scope.account("apex", ACCOUNT), on_progress=told.append)
        assert (report.state, told[-1].canceled) == (ScopeState.PROVED_EMPTY, 3)
        stage.simulator.place(0.0)
        killed = client.kill([Scope.account("apex", ACCOUNT)])
        assert (killed.proved, stage.open) == (True, set())


def test_a_plugin_that_breaks_is_told_in_the_report() -> None:
    """It is no mistake of the caller's."""
    stage = Stage("apex", 2)

    class Broken:
        def __getattr__(self, name: str) -> Any:
            if name == "check_scope":
                raise RuntimeError("oh")
            return getattr(stage.venue, name)

    async def main() -> None:
        transport = in_process(stage.simulator)
        async with AsyncClient([cast("Any", Broken())], transport=transport) as client:
            report = await client.cancel_all(Scope.account("apex", ACCOUNT))
            assert (report.error or "").endswith("Broken): check_scope raised RuntimeError: oh")
            assert report.reason is None
            assert report.state is ScopeState.UNKNOWN

    run_virtually(main())


class Strange:
    """A venue that is strange in one way."""

    def __init__(self, venue: Any, **ways: Any) -> None:
        self._venue = venue
        self._ways = ways

    def __getattr__(self, name: str) -> Any:
        return self._ways[name] if name in self._ways else getattr(self._venue, name)


def test_a_listing_that_no_plugin_should_give_is_told_in_the_report() -> None:
    """What was sent by then is not forgotten."""
    stage = Stage("apex", 2)
    nonsense = OrderReport(
        order_id=OrderId("1"),
        status=OrderStatus.CANCELED,
        filled_quantity=Decimal(0),
        legs=(None,),  # type: ignore[arg-type]  # nonsense
    )
    plain = stage.venue.list_open
    listed: list[str] = []

    def list_open(account: str, page: int | None = None) -> Any:
        listed.append(account)
        call = plain(account, page)
        return call if len(listed) < 2 else attrs.evolve(call, read=lambda _: Page(rows=(nonsense,)))

    stage.venue = Strange(stage.venue, list_open=list_open)
    report = stage.swept()
    assert outcomes(report) == {Outcome.CANCELED}
    assert report.state is ScopeState.UNKNOWN
    assert (report.error or "").startswith("the last listing failed: the venue 'apex' (")
    assert "gave a value of type OrderReport with parts of other types than it has" in (report.error or "")


def test_capabilities_that_no_plugin_should_have_are_told_in_the_report() -> None:
    """Where nobody knows what was done: of another type, or with such parts."""
    stage = Stage("autoshares", 0)
    venue, lagging = stage.venue, attrs.evolve(stage.venue.capabilities)
    object.__setattr__(lagging, "read_lag_s", "five")
    for strange, words in (
        (lagging, "TypeError: "),
        (venue, "the venue 'autoshares' ("),
    ):
        stage.venue = Strange(venue, capabilities=strange)
        report = stage.swept()
        assert report.state is ScopeState.UNKNOWN
        assert (report.error or "").startswith(words)


def test_no_order_is_asked_for_after_the_deadline() -> None:
    """Also where the loop was held up meanwhile; the rest is told as not sent."""
    stage = Stage("autoshares", 3)

    class Slow:
        def __getattr__(self, name: str) -> Any:
            def hear(*_: Any) -> None:
                if name == "requested":
                    loop = asyncio.get_running_loop()
                    assert isinstance(loop, VirtualLoop)
                    loop.jump(60)

            return hear

    async def main() -> MassCancelReport:
        async with stage.client(observer=Slow()) as client:
            return await client.cancel_all(Scope.account("autoshares", ACCOUNT))

    report = run_virtually(main())
    assert list(causes(report).values())[1:] == [Cause.NOT_SENT, Cause.NOT_SENT]
    assert len(report.acks) == 3


def test_a_listing_under_way_ends_along_with_its_sweep() -> None:
    """Whoever is canceled leaves nothing running."""
    stage = Stage("apex", 2)
    stage.simulator.faults.script("open", fault_from_word("stall"))

    async def main() -> None:
        async with stage.client() as client:
            task = asyncio.ensure_future(client.cancel_all(Scope.account("apex", ACCOUNT)))
            await asyncio.sleep(0.5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0.1)
            assert len(asyncio.all_tasks()) == 1
            assert client.unsettled() == ()

    run_virtually(main())


def test_scope_kinds_are_those_of_the_venue() -> None:
    """What the tests above rest on."""
    assert ScopeKind.ACCOUNT in Stage("apex", 0).venue.capabilities.scopes
    assert Stage("autoshares", 0).venue.capabilities.scopes == frozenset()


def test_of_a_listing_over_the_limit_the_part_that_was_read_is_canceled() -> None:
    """Nothing is proved of the rest until a listing is whole again."""
    stage = Stage("apex", orders=30, read_lag_s=0.1)
    scope = Scope.mine("apex", ACCOUNT, lambda _: True)
    cut = stage.swept(scope, CANCEL, timeout_s=0.5, listing_bytes=6_000)
    assert 0 < len(cut.acks) < 30
    assert (cut.state, cut.incomplete, len(stage.open)) == (ScopeState.UNKNOWN, True, 30 - len(cut.acks))
    whole = stage.swept(scope, CANCEL, listing_bytes=6_000)
    assert (whole.state, stage.open) == (ScopeState.PROVED_EMPTY, set())
