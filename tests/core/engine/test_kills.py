"""Kills against simulated venues, and being ready for one, in process and in virtual time."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import attrs
import pytest

from countermand import (
    AsyncClient,
    BlockReport,
    CancelCause,
    CancelRequest,
    KillReport,
    OrderId,
    OrderReport,
    Outcome,
    PlacedAfter,
    Reason,
    RetryPolicy,
    Scope,
    ScopeState,
)
from countermand.errors import ClosedClientError, InvalidRequestError
from countermand.testing import Simulator, fault_from_word, in_process, load_simulator, run_virtually
from countermand.venue import Accounts, Limit
from countermand_apex import Password

APEX, AUTOSHARES = "http://127.0.0.1:1", "http://127.0.0.1:2"
ACCOUNT = "9"
BOTH = [Scope.account("apex", ACCOUNT), Scope.account("autoshares", ACCOUNT)]


class City:
    """Two simulated venues with orders on each."""

    def __init__(self, orders: int = 3, **apex: Any) -> None:
        self.apex: Simulator = load_simulator("apex")()
        self.autoshares: Simulator = load_simulator("autoshares")()
        for simulator in (self.apex, self.autoshares):
            for _ in range(orders):
                simulator.place(0.0)
        self.venues: list[Any] = [self.apex.venue(APEX, **apex), self.autoshares.venue(AUTOSHARES)]

    @property
    def open(self) -> set[tuple[str, str]]:
        """The orders that are truly open, by venue."""
        both = (self.apex, self.autoshares)
        return {(one.name, order.order_id) for one in both for order in one.book.open_orders()}

    def client(self, **options: Any) -> AsyncClient:
        """Make a client of both."""
        limits: dict[str, tuple[Limit, ...]] = {"autoshares": ()}
        transport = in_process({APEX: self.apex, AUTOSHARES: self.autoshares})
        return AsyncClient(self.venues, transport=transport, **{"limits": limits, **options})

    def killed(self, *given: Any, accounts: Any = None, client: Any = None, **options: Any) -> KillReport:
        """Kill, both accounts unless told otherwise."""

        async def main() -> KillReport:
            loop = asyncio.get_running_loop()
            async with self.client(**(client or {})) as one:
                one.accounts = accounts or {}
                began_at = loop.time()
                scopes = given or (None if accounts is not None else (BOTH,))
                report = await (one.kill(*scopes, **options) if scopes else one.kill(**options))
                assert loop.time() - began_at <= options.get("timeout_s", 60.0) + 0.05
                return report

        return run_virtually(main())


class Broken:
    """A venue that breaks wherever it is told to."""

    def __init__(self, venue: Any, *names: str) -> None:
        self._venue = venue
        self._names = names

    def __getattr__(self, name: str) -> Any:
        if name in self._names:
            raise RuntimeError(f"no {name}")
        return getattr(self._venue, name)


def broken(venue: str, what: str) -> str:
    """Say what is told of a venue that breaks."""
    return f"the venue {venue!r} ({Broken.__module__}.Broken): {what} raised RuntimeError: no {what}"


def logged_in(city: City) -> int:
    return sum(one.path.endswith("Authenticate") for one in city.apex.requests)


def with_password(city: City) -> City:
    known = city.apex.credentials
    city.venues[0] = attrs.evolve(city.venues[0], auth=Password(known.user, known.password))
    return city


def states(report: KillReport) -> list[ScopeState]:
    return [one.state for one in report.reports]


def test_both_venues_are_proved_empty() -> None:
    """All at once: a kill takes as long as its slowest scope."""
    city = City()
    report = city.killed()
    assert (report.proved, city.open) == (True, set())
    assert [one.scope for one in report.reports] == BOTH
    assert {one.placed_after for one in report.reports} == {PlacedAfter.CANCEL}
    assert report.elapsed_s < 5.2
    assert {ack.request.cause for one in report.reports for ack in one.acks} == {CancelCause.EMERGENCY_ACTION}
    assert (report.before, report.unnamed, report.undiscovered) == (None, {}, {})


def test_without_scopes_the_configured_accounts_are_meant() -> None:
    """Each once, as account scopes."""
    city = City()
    report = city.killed(accounts={"apex": (ACCOUNT, "77"), "autoshares": (ACCOUNT,)})
    assert [(one.scope.venue, one.scope.account_id) for one in report.reports] == [
        ("apex", ACCOUNT),
        ("apex", "77"),
        ("autoshares", ACCOUNT),
    ]
    assert report.proved


@pytest.mark.parametrize(
    ("scopes", "accounts"),
    [
        pytest.param(None, {"apex": (), "autoshares": ()}, id="none configured"),
        pytest.param([], {"apex": (ACCOUNT,)}, id="none given"),
        pytest.param(["9"], {}, id="no scope"),
    ],
)
def test_a_kill_of_nothing_is_a_mistake(scopes: Any, accounts: Any) -> None:
    """It must not look like a success."""
    city = City()

    async def main() -> None:
        async with city.client() as client:
            client.accounts = accounts
            with pytest.raises(InvalidRequestError):
                await client.kill(scopes)

    run_virtually(main())
    assert len(city.open) == 6


def test_a_scope_given_twice_is_swept_once() -> None:
    """Equal scopes are one; predicates are told apart by what they are."""

    @attrs.define(eq=True)
    class Unhashable:
        def __call__(self, order: OrderReport) -> bool:
            return False

    mine = Scope.mine("apex", ACCOUNT, Unhashable())
    report = City().killed([*BOTH, mine, *BOTH, Scope.mine("apex", ACCOUNT, Unhashable())])
    assert [one.scope for one in report.reports] == [*BOTH, mine]


def test_mistakes_in_one_scope_are_its_own_report() -> None:
    """The others are killed."""
    city = City()
    wrong = [Scope.account("rock", "9"), Scope.account("apex", "x"), Scope.user("apex", "81")]
    report = city.killed([*wrong, *BOTH])
    assert [one.reason for one in report.reports] == [Reason.INVALID_REQUEST] * 3 + [None, None]
    assert states(report) == [ScopeState.UNKNOWN] * 3 + [ScopeState.PROVED_EMPTY] * 2
    assert not report.proved
    assert city.open == set()


@pytest.mark.parametrize("what", ["check_scope", "capabilities", "list_open", "renewable", "cancel"])
def test_a_plugin_that_breaks_holds_up_no_other(what: str) -> None:
    """Not even its own venue, where there is another way."""
    city = City()
    city.venues[0] = Broken(city.venues[0], what)
    report = city.killed(timeout_s=20.0)
    assert states(report)[1] is ScopeState.PROVED_EMPTY
    assert not any(name == "autoshares" for name, _ in city.open)
    if what != "cancel":
        assert report.reports[0].error is not None
        assert what in report.reports[0].error
        assert states(report)[0] is ScopeState.UNKNOWN
    else:  # the call for all of them needs none
        assert report.proved


def test_a_venue_that_cannot_be_reached_holds_up_no_other() -> None:
    """It is unknown what is there."""
    city = City()
    city.autoshares.faults.at_rate(1.0, choose=[fault_from_word("refused")])
    report = city.killed(timeout_s=15.0)
    assert states(report) == [ScopeState.PROVED_EMPTY, ScopeState.UNKNOWN]
    assert not report.proved
    assert report.elapsed_s == pytest.approx(15.0, abs=0.05)


def test_a_first_listing_that_hangs_does_not_hold_back_the_native_call() -> None:
    """A second is enough: what is placed later goes, too, so no snapshot is needed."""
    city = City()
    city.apex.faults.script("open", fault_from_word("stall"))
    report = city.killed(timeout_s=30.0)
    assert city.open == set()
    call = next(one for one in city.apex.requests if one.path.endswith("CancelAllOrders"))
    assert 1.0 <= call.at - city.apex.requests[0].at <= 1.01
    assert report.proved


def asked(city: City, since: int = 0) -> list[str]:
    return [one.path.rpartition("/")[2] for one in city.apex.requests[since:]]


Sweep = Callable[[AsyncClient], Any]


@pytest.mark.parametrize(
    "sweep",
    [
        pytest.param(lambda client: client.kill(BOTH[:1]), id="kill"),
        pytest.param(lambda client: client.cancel_all(BOTH[0], PlacedAfter.CANCEL), id="cancel_all"),
    ],
)
def test_a_session_that_the_venue_ended_costs_no_ack(sweep: Sweep) -> None:
    """The refused listing showed nothing, so the native call waits for the one after the log-in."""
    city = with_password(City())

    async def main() -> Any:
        async with city.client() as client:
            await client.ready()
            city.apex.tokens.expire()
            begun = len(city.apex.requests)
            told = await sweep(client)
            assert asked(city, begun)[:4] == [
                "GetOpenOrders",
                "Authenticate",
                "GetOpenOrders",
                "CancelAllOrders",
            ]
            return told.reports[0] if isinstance(told, KillReport) else told

    report = run_virtually(main())
    assert (report.state, len(report.acks)) == (ScopeState.PROVED_EMPTY, 3)
    assert {ack.outcome for ack in report.acks} == {Outcome.CANCELED}


def test_a_listing_that_is_refused_for_good_does_not_hold_back_the_native_call() -> None:
    """It is made a second after the beginning, though no listing ever came."""
    city = with_password(City())
    city.apex.faults.at_rate(1.0, calls=["open"], choose=[fault_from_word("401")])
    report = city.killed(BOTH[:1], timeout_s=10.0).reports[0]
    call = next(one for one in city.apex.requests if one.path.endswith("CancelAllOrders"))
    assert 1.0 <= call.at - city.apex.requests[0].at <= 1.01
    assert report.native is not None
    assert (report.native.outcome, report.state) == (Outcome.PENDING, ScopeState.UNKNOWN)
    assert not any(name == "apex" for name, _ in city.open)


def test_an_order_that_is_refused_at_once_is_asked_for_again_over_seconds() -> None:
    """Five times in all: what refuses it may pass, and five refusals in a moment tell no more than one."""
    city = City(1)
    city.autoshares.faults.at_rate(1.0, calls=["cancel"], choose=[fault_from_word("401")])
    report = city.killed(BOTH[1:], timeout_s=10.0).reports[0]
    at = [one.at for one in city.autoshares.requests if one.method == "DELETE"]
    waits = [later - earlier for earlier, later in itertools.pairwise(at)]
    assert waits == pytest.approx([0.0, 0.5, 1.0, 2.0], abs=0.01)
    assert report.state is ScopeState.RESIDUAL


def test_an_order_is_canceled_as_soon_as_it_is_refused_no_longer() -> None:
    """With no listing in between, for one that began after the refusal showed it open."""
    city = City(1)
    city.autoshares.faults.script("cancel", *[fault_from_word("401")] * 3)
    report = city.killed(BOTH[1:]).reports[0]
    assert (report.state, len(city.open)) == (ScopeState.PROVED_EMPTY, 1)
    assert report.elapsed_s == pytest.approx(1.5 + 5.0, abs=0.1)


# --- what blocks new orders -------------------------------------------------------------------------


def test_new_orders_are_blocked_first() -> None:
    """On a thread, so that it may take its time; and nothing is sent before."""
    city = City()
    seen: list[tuple[int, str]] = []

    def block() -> None:
        seen.append((len(city.apex.requests), threading.current_thread().name))

    report = city.killed(before=block)
    assert seen == [(0, "countermand-aside")]
    assert report.before is not None
    assert (report.before.done, report.before.error, report.proved) == (True, None, True)


def test_a_coroutine_that_blocks_is_awaited() -> None:
    """And so is whatever can be."""
    city = City()
    began: list[str] = []

    async def block() -> None:
        await asyncio.sleep(0.5)
        began.append("function")

    for before in (block, partial(block)):
        report = city.killed(before=before)
        assert report.before is not None
        assert (report.before.done, report.before.error) == (True, None)
        assert report.before.elapsed_s == pytest.approx(0.5, abs=0.01)
    assert began == ["function", "function"]


def raises(error: BaseException) -> Callable[[], object]:
    def block() -> object:
        raise error

    return block


async def exits() -> None:
    raise SystemExit("bye")


async def gives_up() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("before", "error"),
    [
        pytest.param(raises(ValueError("oh")), "ValueError: oh", id="raises"),
        pytest.param(raises(SystemExit("bye")), "RuntimeError: SystemExit: bye", id="exits"),
        pytest.param(exits, "RuntimeError: SystemExit: bye", id="a coroutine exits"),
        pytest.param(gives_up, "CancelledError", id="a coroutine is canceled"),
        pytest.param("no callable", "TypeError: 'str' object is not callable", id="no callable"),
    ],
)
def test_what_fails_to_block_stops_nothing(before: Any, error: str) -> None:
    """It is told, and the kill goes on."""
    city = City()
    report = city.killed(before=before)
    assert isinstance(report.before, BlockReport)
    assert (report.before.done, report.before.error) == (False, error)
    assert (report.proved, city.open) == (True, set())


def test_what_blocks_for_too_long_is_not_waited_for() -> None:
    """A second at most, also for what does not hear of its end."""
    city = City()

    async def block() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(2)
            raise ValueError("too late") from None

    report = city.killed(before=block)
    assert report.before is not None
    assert (report.before.done, report.before.error) == (False, "not done within 1 s")
    assert report.before.elapsed_s == pytest.approx(1.0)
    assert report.proved


def test_a_thread_that_blocks_for_too_long_is_left_behind() -> None:
    """In real time; a short kill waits for half of its time at most."""
    city = City(read_lag_s=0.05)
    end = threading.Event()

    async def main() -> KillReport:
        async with city.client() as client:
            return await client.kill(BOTH[:1], before=lambda: end.wait(10), timeout_s=1.8)

    began_at = time.monotonic()
    report = asyncio.run(main())
    end.set()
    assert time.monotonic() - began_at < 5.0
    assert report.before is not None
    assert (report.before.error, report.proved) == ("not done within 0.9 s", True)


# --- accounts ---------------------------------------------------------------------------------------


def test_accounts_that_nobody_named_are_told() -> None:
    """And left alone: nothing is proved then."""
    city = City()
    city.apex.switch(further_accounts=["77"])
    report = city.killed(discover=True)
    assert (report.unnamed, report.undiscovered) == ({"apex": ("77",)}, {})
    assert set(states(report)) == {ScopeState.PROVED_EMPTY}
    assert not report.proved


def test_accounts_that_the_venue_does_not_tell_of_prove_nothing_without_orders() -> None:
    """A wrong account looks like an empty one; only with `discover` can that be known."""
    city = City()
    wrong = [Scope.account("apex", "78"), Scope.instrument("apex", "78", "1")]
    report = city.killed([*BOTH, *wrong], discover=True)
    assert (report.untold, report.unsure) == ({"apex": ("78",)}, tuple(wrong))
    assert set(states(report)) == {ScopeState.PROVED_EMPTY}
    assert not report.proved
    assert city.killed(wrong).untold == {}


def test_accounts_with_orders_are_there_though_the_venue_does_not_tell_of_them() -> None:
    """Some users reach accounts that are not listed as theirs."""
    city = City()
    city.apex.switch(further_accounts=["77"])
    city.apex.place(0.0, account="77")

    class Reticent(Broken):
        """Tells of no further account."""

        def list_accounts(self) -> Any:
            call = self._venue.list_accounts()
            return attrs.evolve(call, read=lambda _response: Accounts(ids=(ACCOUNT,)))

    city.venues[0] = Reticent(city.venues[0])
    report = city.killed([Scope.account("apex", "77"), *BOTH], discover=True)
    assert (report.untold, report.unsure, report.proved) == ({"apex": ("77",)}, (), True)


def test_a_venue_wide_scope_names_every_account() -> None:
    """None is left out."""
    city = City()
    city.apex.switch(further_accounts=["77"], venue={"operator": "yes"})
    report = city.killed([Scope.venue_wide("apex", confirm="apex"), BOTH[1]], discover=True)
    assert report.unnamed == {}


def test_a_venue_that_does_not_tell_its_accounts_is_told() -> None:
    """Nothing is proved then, either."""
    city = City()
    city.venues[0] = Broken(city.venues[0], "list_accounts")
    city.venues[1] = attrs.evolve(city.venues[1])
    report = city.killed(discover=True)
    assert report.undiscovered == {"apex": broken("apex", "list_accounts")}
    assert set(states(report)) == {ScopeState.PROVED_EMPTY}
    assert not report.proved


def test_a_venue_that_is_not_killed_is_asked_for_its_accounts_too() -> None:
    """Its plugin may break, and the kill goes on."""
    city = City()
    city.venues[1] = Broken(city.venues[1], "capabilities")
    report = city.killed(BOTH[:1], discover=True, client={"limits": {"autoshares": ()}})
    assert (states(report), report.undiscovered) == (
        [ScopeState.PROVED_EMPTY],
        {"autoshares": broken("autoshares", "capabilities")},
    )


def test_a_venue_that_has_no_call_for_it_is_not_asked() -> None:
    """Accounts of it may be left that nobody named: nothing is proved then, either."""
    city = City()
    capabilities = attrs.evolve(city.venues[0].capabilities, lists_accounts=False)

    class Mute(Broken):
        @property
        def capabilities(self) -> Any:
            return capabilities

    city.venues[0] = Mute(city.venues[0])
    report = city.killed(discover=True)
    assert (report.unnamed, report.undiscovered) == ({}, {"apex": "the venue does not tell its accounts"})
    assert set(states(report)) == {ScopeState.PROVED_EMPTY}
    assert not report.proved


# --- nothing of the ordinary path stops it ----------------------------------------------------------


def test_a_spent_budget_does_not_stop_it() -> None:
    """A kill has its own: five cancels for an order."""
    city = City(2)
    city.autoshares.faults.script("cancel", *[fault_from_word("500:before")] * 4)
    report = city.killed(BOTH[1:], client={"retry": RetryPolicy(budget=0)})
    assert (report.proved, {name for name, _ in city.open}) == (True, {"apex"})


def test_a_full_queue_does_not_stop_it() -> None:
    """Ordinary cancels that nobody answers hold the places; a kill has its own for every order."""
    city = City(40)
    silent = [order.order_id for order in city.autoshares.book.open_orders()][:30]
    city.autoshares.switch(silent_orders=silent)

    async def main() -> None:
        async with city.client(max_in_flight=2) as client:
            stuck = [
                asyncio.ensure_future(
                    client.cancel(CancelRequest(venue="autoshares", account=ACCOUNT, order=OrderId(one)))
                )
                for one in silent
            ]
            await asyncio.sleep(0.1)
            before = len(city.autoshares.requests)
            report = await client.kill(BOTH[1:], timeout_s=60.0)
            assert len(city.autoshares.requests) - before > 10
            canceled = [ack for ack in report.reports[0].acks if ack.outcome is Outcome.CANCELED]
            assert len(canceled) == 10
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)

    run_virtually(main())


def test_a_broken_observer_does_not_stop_it() -> None:
    """It is counted."""

    class Mole:
        def __getattr__(self, name: str) -> Any:
            raise SystemExit

    city = City()

    async def main() -> None:
        async with city.client(observer=Mole()) as client:
            assert (await client.kill(BOTH)).proved
            assert client.observer_errors > 0

    run_virtually(main())


def test_a_listing_over_its_limit_does_not_hold_back_the_native_call() -> None:
    """Of an account nobody need be listed for it, and the next listing is short."""
    city = City(30)
    report = city.killed(BOTH[:1], client={"listing_bytes": 2_000})
    assert city.open == {("autoshares", one.order_id) for one in city.autoshares.book.open_orders()}
    assert report.proved


def test_a_log_in_that_hangs_leaves_the_native_call_unsent() -> None:
    """That is told, and nothing claimed."""
    city = with_password(City())
    city.apex.faults.script("log-in", fault_from_word("stall"))
    report = city.killed(BOTH[:1], timeout_s=3.0).reports[0]
    assert report.native is not None
    assert (report.native.outcome, report.native.reason) == (Outcome.REJECTED, Reason.NOT_SENT)
    assert (report.native.text, report.state) == ("no answer in time", ScopeState.UNKNOWN)


def test_an_interrupted_kill_ends_everything_it_began() -> None:
    """The cases live on in what is owed."""
    city = City()
    city.autoshares.switch(cancel_delay_s=5.0)

    async def main() -> None:
        async with city.client() as client:
            task = asyncio.ensure_future(client.kill(BOTH[1:], before=lambda: None, discover=True))
            await asyncio.sleep(1.0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert len(client.unsettled()) == 3
            listings = len(city.autoshares.requests)
            await asyncio.sleep(30.0)
            assert len(city.autoshares.requests) == listings

    run_virtually(main())


def test_a_kill_that_is_interrupted_while_it_blocks_sends_nothing() -> None:
    """Nothing has begun."""
    city = City()

    async def main() -> None:
        async with city.client() as client:
            task = asyncio.ensure_future(client.kill(BOTH, before=lambda: asyncio.sleep(60)))
            await asyncio.sleep(0.5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run_virtually(main())
    assert (city.apex.requests, city.autoshares.requests) == ([], [])


# --- ready ------------------------------------------------------------------------------------------


def test_ready_logs_in_so_that_a_kill_need_not() -> None:
    """And tells the accounts that the venue told of."""
    city = with_password(City())

    async def main() -> None:
        async with city.client() as client:
            apex, autoshares = await client.ready()
            assert (apex.venue, apex.ready, apex.error, apex.accounts) == ("apex", True, None, (ACCOUNT,))
            assert (autoshares.ready, autoshares.accounts) == (True, (ACCOUNT,))
            assert (apex.untold, autoshares.untold) == ((), ())
            assert logged_in(city) == 1
            assert (await client.kill(BOTH)).proved
            assert logged_in(city) == 1

    run_virtually(main())


def test_ready_tells_of_configured_accounts_that_the_venue_does_not_tell_of() -> None:
    """It is ready all the same, for they may be there."""
    city = City()

    async def main() -> None:
        async with city.client() as client:
            client.accounts = {"apex": ("78", ACCOUNT), "autoshares": (ACCOUNT,)}
            apex, autoshares = await client.ready()
            assert (apex.ready, apex.accounts, apex.untold) == (True, (ACCOUNT,), ("78",))
            assert autoshares.untold == ()

    run_virtually(main())


def test_a_session_is_kept_alive_from_then_on() -> None:
    """Asked again every five minutes, once however often it was made ready; and no more after the end."""
    city = with_password(City())
    city.apex.switch(token_lifetime_s=400.0)

    async def main() -> None:
        async with city.client() as client:
            await client.ready()
            await client.ready()
            await asyncio.sleep(3010)
            assert logged_in(city) == 1
            asked = sum(one.path.endswith("GetUserAccounts") for one in city.apex.requests)
            assert asked == 2 + 10
        heard = len(city.apex.requests)
        await asyncio.sleep(3000)
        assert len(city.apex.requests) == heard

    run_virtually(main())


def test_a_venue_that_is_not_ready_says_why_and_is_tried_again() -> None:
    """Half a minute later."""
    city = with_password(City())
    city.apex.faults.script("log-in", fault_from_word("refused"))

    async def main() -> None:
        async with city.client() as client:
            apex, autoshares = await client.ready(timeout_s=5.0)
            assert (apex.ready, autoshares.ready) == (False, True)
            assert apex.error
            await asyncio.sleep(29)
            assert city.apex.requests == []
            await asyncio.sleep(2)
            assert logged_in(city) == 1

    run_virtually(main())


def mute(city: City) -> City:
    """Make APEX one that does not tell its accounts."""
    capabilities = attrs.evolve(city.venues[0].capabilities, lists_accounts=False)

    class Mute(Broken):
        @property
        def capabilities(self) -> Any:
            return capabilities

    city.venues[0] = Mute(city.venues[0])
    return city


def test_where_accounts_are_not_told_the_first_configured_one_is_looked_at() -> None:
    """That opens a connection, too."""
    city = mute(with_password(City()))

    async def main() -> None:
        async with city.client() as client:
            client.accounts = {"apex": (ACCOUNT,), "autoshares": ()}
            assert [one.ready for one in await client.ready()] == [True, True]
            assert city.apex.requests[-1].path.endswith("GetOpenOrders")
            client.accounts = {"apex": (city.apex.credentials.other_account,)}
            apex, _ = await client.ready()
            assert apex.ready is False

    run_virtually(main())


def test_where_no_call_is_known_there_is_at_least_a_session() -> None:
    """Had by a log-in, if there is time."""
    city = mute(with_password(City()))

    async def main() -> None:
        async with city.client() as client:
            apex, _ = await client.ready()
            assert (apex.ready, apex.error, logged_in(city)) == (True, None, 1)
        city.apex.faults.script("log-in", fault_from_word("stall"))
        async with city.client() as client:
            apex, _ = await client.ready(timeout_s=2.0)
            assert (apex.ready, apex.error) == (False, "no session in time")
        known = city.apex.credentials
        city.venues[0] = city.apex.venue(APEX, auth=Password(known.user, "wrong"))
        async with mute(city).client() as client:
            apex, _ = await client.ready()
            assert (apex.ready, apex.error) == (False, "Invalid username or password")

    run_virtually(main())


def test_a_plugin_that_breaks_is_not_ready() -> None:
    """The others are."""
    city = City()
    city.venues[0] = Broken(city.venues[0], "capabilities")

    async def main() -> None:
        async with city.client() as client:
            apex, autoshares = await client.ready()
            assert (apex.error, autoshares.ready) == (broken("apex", "capabilities"), True)

    run_virtually(main())


def test_a_closed_client_kills_nothing() -> None:
    """It says so, also to who asks while it closes."""
    city = City()
    asks: list[Callable[[AsyncClient], Any]] = [
        lambda client: client.kill(BOTH),
        lambda client: client.ready(),
        lambda client: client.cancel_all(BOTH[0]),
        lambda client: client.open_orders("apex", ACCOUNT),
    ]

    async def main() -> None:
        async with city.client() as client:
            late = [client.kill(BOTH), client.ready()]
            await client.aclose()
            for ask in late:
                with pytest.raises(ClosedClientError):
                    await ask
        for again in asks:
            with pytest.raises(ClosedClientError):
                await again(client)

    run_virtually(main())
    assert (city.apex.requests, city.autoshares.requests) == ([], [])


def test_the_proof_is_dated() -> None:
    """A lag before the second listing began, which was no sooner than a lag after the last answer."""
    report = City().killed(BOTH[:1]).reports[0]
    assert report.proved_empty_as_of is not None
    first = report.acks[0].attempts[0].answered_at
    assert first is not None
    assert timedelta(0) <= report.proved_empty_as_of - first < timedelta(seconds=0.5)
