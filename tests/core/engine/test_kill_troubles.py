"""Kills in trouble: nothing that breaks, blocks, lags or was used up before may stop one."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
import httpx
import pytest

from countermand import (
    AsyncClient,
    CancelRequest,
    Client,
    KillReport,
    OrderId,
    OrderStatus,
    Outcome,
    Reason,
    Scope,
    ScopeState,
)
from countermand.testing import Simulator, fault_from_word, in_process, load_simulator, run_virtually
from countermand_apex import Password

APEX, AUTOSHARES = "http://127.0.0.1:1", "http://127.0.0.1:2"
ACCOUNT = "9"
BOTH = [Scope.account("apex", ACCOUNT), Scope.account("autoshares", ACCOUNT)]


class City:
    """Two simulated venues with orders on each."""

    def __init__(self, orders: int = 3) -> None:
        self.apex: Simulator = load_simulator("apex")()
        self.autoshares: Simulator = load_simulator("autoshares")()
        for simulator in (self.apex, self.autoshares):
            for _ in range(orders):
                simulator.place(0.0)
        self.venues: list[Any] = [self.apex.venue(APEX), self.autoshares.venue(AUTOSHARES)]

    @property
    def open(self) -> set[tuple[str, str]]:
        """The orders that are truly open, by venue."""
        both = (self.apex, self.autoshares)
        return {(one.name, order.order_id) for one in both for order in one.book.open_orders()}

    def client(self, **options: Any) -> AsyncClient:
        """Make a client of both, without limits at AutoShares."""
        transport = in_process({APEX: self.apex, AUTOSHARES: self.autoshares})
        return AsyncClient(self.venues, **{"transport": transport, "limits": {"autoshares": ()}, **options})

    def killed(self, scopes: Any = BOTH, client: Any = None, **options: Any) -> KillReport:
        """Kill, both accounts unless told otherwise."""

        async def main() -> KillReport:
            async with self.client(**(client or {})) as one:
                return await one.kill(scopes, **options)

        return run_virtually(main())


def states(report: KillReport) -> list[ScopeState]:
    return [one.state for one in report.reports]


# --- what is canceled beneath it ----------------------------------------------------------------------


def gives_up(*_args: Any, **_options: Any) -> Any:
    """Do what a canceled future does that is asked for its result."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()
    return future.result()


class Quitter:
    """Breaks by a cancellation wherever it is told to, or everywhere."""

    def __init__(self, venue: Any = None, *names: str) -> None:
        self._venue = venue
        self._names = names

    def __getattr__(self, name: str) -> Any:
        if self._venue is None:
            return gives_up
        if name in self._names:
            gives_up()
        return getattr(self._venue, name)


def test_who_hears_of_progress_cannot_cancel_it() -> None:
    """Whatever is raised there, the report is told."""
    city = City()
    assert city.killed(on_progress=gives_up).proved
    assert city.open == set()


def test_who_hears_of_progress_cannot_cancel_a_mass_cancel_either() -> None:
    """It is told in the same way."""
    city = City()

    async def main() -> None:
        async with city.client() as client:
            report = await client.cancel_all(BOTH[0], on_progress=gives_up)
            assert report.state is ScopeState.PROVED_EMPTY

    run_virtually(main())


def test_an_observer_cannot_cancel_it() -> None:
    """It is counted, as whatever else it raises."""
    city = City()

    async def main() -> None:
        async with city.client(observer=Quitter()) as client:
            assert (await client.kill(BOTH)).proved
            assert client.observer_errors > 0

    run_virtually(main())


@pytest.mark.parametrize("what", ["on_progress", "observer"])
def test_an_interrupt_by_the_user_is_none_of_these(what: str) -> None:
    """A Ctrl-C ends the program, wherever it comes."""
    city = City()

    def interrupts(*_args: Any) -> None:
        raise KeyboardInterrupt

    class Interrupted:
        def __getattr__(self, name: str) -> Any:
            return interrupts

    options: dict[str, Any] = {"on_progress": interrupts}
    if what == "observer":
        options = {"client": {"observer": Interrupted()}}
    with pytest.raises(KeyboardInterrupt):
        city.killed(**options)


@pytest.mark.parametrize("what", ["check_scope", "capabilities"])
def test_a_scope_that_is_canceled_beneath_is_its_own_report(what: str) -> None:
    """The others are killed."""
    city = City()
    city.venues[0] = Quitter(city.venues[0], what)
    report = city.killed()
    assert states(report) == [ScopeState.UNKNOWN, ScopeState.PROVED_EMPTY]
    assert "CancelledError" in (report.reports[0].error or "")
    assert city.open == {("apex", one.order_id) for one in city.apex.book.open_orders()}


def test_accounts_that_cannot_be_asked_for_are_told() -> None:
    """Nothing is proved then, but what was killed is told."""
    city = City()
    city.venues[0] = Quitter(city.venues[0], "capabilities")
    report = city.killed(BOTH[1:], discover=True)
    assert (states(report), report.proved) == ([ScopeState.PROVED_EMPTY], False)
    error = f"the venue 'apex' ({__name__}.Quitter): capabilities raised CancelledError"
    assert report.undiscovered == {"apex": error}


def test_a_program_that_cancels_all_tasks_but_the_kill_is_told_what_it_did() -> None:
    """Nothing is known of its scopes then, nor of the accounts that were asked for."""
    city = City()

    async def main() -> KillReport:
        async with city.client() as client:
            killing = asyncio.create_task(client.kill(BOTH, discover=True))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            for task in asyncio.all_tasks() - {killing, asyncio.current_task()}:
                task.cancel()
            return await killing

    report = run_virtually(main())
    assert states(report) == [ScopeState.UNKNOWN, ScopeState.UNKNOWN]
    errors = {one.error for one in report.reports}
    assert errors == {"CancelledError: something beneath it was canceled"}
    assert report.undiscovered == {"apex": "CancelledError", "autoshares": "CancelledError"}


def test_a_sweep_that_is_canceled_beneath_tells_what_it_knows() -> None:
    """What was listed is left over, and the report carries why."""
    city = City()

    class Late(Quitter):
        """Breaks with whoever looks at what it lists, but for the first time."""

        listed = 0

        def list_open(self, account: str, page: Any = None) -> Any:
            self.listed += 1
            call = self._venue.list_open(account, page)
            return call if self.listed == 1 else attrs.evolve(call, read=partial(ends_its_task, call))

    def ends_its_task(call: Any, response: Any) -> Any:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        return call.read(response)

    city.venues[1] = Late(city.venues[1])
    report = city.killed()
    assert states(report) == [ScopeState.PROVED_EMPTY, ScopeState.UNKNOWN]
    assert report.reports[1].error == "CancelledError"
    assert {ack.outcome for ack in report.reports[1].acks} == {Outcome.CANCELED}


def test_a_mass_cancel_whose_plugin_breaks_is_a_report() -> None:
    """No exception: that is for the caller's own mistakes."""
    city = City()

    class Broken(Quitter):
        @property
        def capabilities(self) -> Any:
            raise RuntimeError("no capabilities")

    city.venues[0] = Broken(city.venues[0])

    async def main() -> None:
        async with city.client() as client:
            report = await client.cancel_all(BOTH[0])
            assert report.state is ScopeState.UNKNOWN
            assert (report.error or "").endswith("Broken): capabilities raised RuntimeError: no capabilities")

    run_virtually(main())


def test_a_client_that_is_closed_meanwhile_tells_of_the_call_under_way() -> None:
    """It may have acted."""
    city = City()
    city.apex.faults.script("mass-cancel", fault_from_word("stall"))

    async def main() -> None:
        client = city.client()
        async with client:
            killing = asyncio.ensure_future(client.kill(BOTH[:1]))
            await asyncio.sleep(1.0)
            await client.aclose()
            native = (await killing).reports[0].native
            assert native is not None
            assert (native.outcome, native.text) == (Outcome.UNKNOWN, "no answer by the deadline")

    run_virtually(main())


def test_whoever_cancels_the_kill_itself_still_can(virtually: Callable[..., Any]) -> None:
    """That is no failure of a scope."""
    city = City()
    city.autoshares.switch(cancel_delay_s=5.0)

    async def main() -> None:
        async with city.client() as client:
            task = asyncio.ensure_future(client.kill(BOTH[1:]))
            await asyncio.sleep(1.0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            late = asyncio.ensure_future(client.cancel_all(BOTH[1]))
            await asyncio.sleep(1.0)
            late.cancel()
            with pytest.raises(asyncio.CancelledError):
                await late

    virtually(main())


# --- queues --------------------------------------------------------------------------------------------


def ask(order_id: str, **fields: Any) -> CancelRequest:
    return CancelRequest(venue="autoshares", account=ACCOUNT, order=OrderId(order_id), **fields)


def cancels(simulator: Simulator, order_id: str = "") -> list[float]:
    """Tell when the cancels came, of one order or of all."""
    return [
        one.at
        for one in simulator.requests
        if one.method == "DELETE" and one.path.rpartition("/")[2].startswith(order_id)
    ]


async def stuck(client: AsyncClient, order_ids: list[str]) -> list[asyncio.Task[Any]]:
    """Cancel those in the ordinary way, for far longer than a kill takes."""
    tasks = [asyncio.ensure_future(client.cancel(ask(one, timeout_s=3000.0))) for one in order_ids]
    await asyncio.sleep(0.1)
    return tasks


async def end(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_a_kill_does_not_wait_in_the_queue_that_it_finds_an_order_in() -> None:
    """The cancel that waits there is the kill's from then on, and takes a place of a kill's."""
    city = City(30)
    *silent, last = [one.order_id for one in city.autoshares.book.open_orders()]
    city.autoshares.switch(silent_orders=silent)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with city.client(max_in_flight=1) as client:
            tasks = await stuck(client, [*silent, last])
            assert cancels(city.autoshares, last) == []
            began_at = loop.time()
            mine = Scope.mine("autoshares", ACCOUNT, lambda order: order.order_id.value == last)
            assert (await client.kill([mine], timeout_s=30.0)).proved
            (sent_at,) = cancels(city.autoshares, last)
            assert sent_at - began_at < 0.1
            await end(tasks)

    run_virtually(main())


def test_listings_go_on_while_its_cancels_wait_for_their_turn() -> None:
    """What is done meanwhile by others is seen, and what is placed."""
    city = City(30)
    city.autoshares.switch(silent_orders=[one.order_id for one in city.autoshares.book.open_orders()])

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with city.client(max_in_flight=1) as client:
            killing = asyncio.ensure_future(client.kill(BOTH[1:], timeout_s=20.0))
            await asyncio.sleep(5.0)
            later = city.autoshares.place(loop.time()).order_id
            report = (await killing).reports[0]
            assert later in {left.order_id.value for left in report.residual}

    run_virtually(main())


# --- what others spent before it ------------------------------------------------------------------------


def test_cancels_that_others_spent_do_not_count_against_it() -> None:
    """An ordinary cancel had its five, and its case lives on: the kill sends its own."""
    city = City(1)
    city.autoshares.faults.script("cancel", *[fault_from_word("500:before")] * 6)
    ((_, order_id),) = (one for one in city.open if one[0] == "autoshares")

    async def main() -> None:
        async with city.client() as client:
            ack = await client.cancel(ask(order_id))
            assert (ack.outcome, len(cancels(city.autoshares))) == (Outcome.UNKNOWN, 5)
            assert (await client.kill(BOTH[1:])).proved
            assert len(cancels(city.autoshares)) == 7

    run_virtually(main())


def test_a_second_kill_has_its_own_cancels() -> None:
    """Five for an order each."""
    city = City(1)
    city.autoshares.faults.script("cancel", *[fault_from_word("500:before")] * 9)

    async def main() -> None:
        async with city.client() as client:
            assert not (await client.kill(BOTH[1:], timeout_s=20.0)).proved
            assert len(cancels(city.autoshares)) == 5
            assert (await client.kill(BOTH[1:])).proved
            assert len(cancels(city.autoshares)) == 10

    run_virtually(main())


def test_scopes_that_mean_the_same_order_share_its_five_cancels() -> None:
    """They are one kill's."""
    city = City(1)
    ((_, order_id),) = (one for one in city.open if one[0] == "autoshares")
    city.autoshares.switch(refuse_cancels_late=[order_id])
    city.venues[1] = city.autoshares.venue(AUTOSHARES, read_lag_s=0.5)
    mine = Scope.mine("autoshares", ACCOUNT, lambda _: True)
    named = Scope.orders("autoshares", ACCOUNT, [OrderId(order_id)])
    report = city.killed([BOTH[1], mine, named], timeout_s=30.0)
    assert not report.proved
    assert 1 < len(cancels(city.autoshares)) <= 5


def test_refusals_that_others_had_do_not_count_against_it() -> None:
    """An order that is refused to it, and seen open, is asked for again, up to its own five cancels."""
    city = City(1)
    city.autoshares.faults.script("cancel", *[fault_from_word("401:before")] * 5)
    ((_, order_id),) = (one for one in city.open if one[0] == "autoshares")

    async def main() -> None:
        async with city.client() as client:
            assert (await client.cancel(ask(order_id))).outcome is Outcome.REJECTED
            assert (await client.kill(BOTH[1:])).proved
            assert len(cancels(city.autoshares)) == 1 + 5

    run_virtually(main())


# --- refusals and log-ins -------------------------------------------------------------------------------


def with_password(city: City, code: Callable[[], str] | None = None) -> City:
    known = city.apex.credentials
    city.venues[0] = attrs.evolve(city.venues[0], auth=Password(known.user, known.password, code=code))
    return city


def log_ins(city: City) -> int:
    return sum(one.path.endswith("Authenticate") for one in city.apex.requests)


def test_listings_that_are_refused_do_not_end_it() -> None:
    """It uses the time it has: what is refused now may be listed soon."""
    city = City()
    city.autoshares.faults.script("history", *[fault_from_word("401:before")] * 5)
    report = city.killed(BOTH[1:])
    assert (report.proved, {name for name, _ in city.open}) == (True, {"apex"})


def test_a_kill_that_stays_refused_says_so_at_its_end() -> None:
    """With few calls."""
    city = City()
    city.autoshares.faults.script("history", *[fault_from_word("401:before")] * 99)
    report = city.killed(BOTH[1:], timeout_s=20.0).reports[0]
    assert (report.state, report.reason) == (ScopeState.UNKNOWN, Reason.NOT_AUTHORIZED)
    assert report.elapsed_s == pytest.approx(20.0, abs=0.05)
    assert len(city.autoshares.requests) < 15


@pytest.mark.parametrize("before", [True, False], ids=["of an ordinary cancel", "of its own"])
@pytest.mark.parametrize("order_ids", [(), ("6500", "6501", "6502")], ids=["an account", "named orders"])
def test_a_log_in_that_was_refused_is_tried_again(order_ids: tuple[str, ...], *, before: bool) -> None:
    """One mistyped code is no end: when the pause is over, there is another one."""
    city = City()
    codes = itertools.chain(["000000"], itertools.repeat(city.apex.credentials.code))
    with_password(city, code=lambda: next(codes)).apex.switch(second_factor=True)
    scope = Scope.orders("apex", ACCOUNT, map(OrderId, order_ids)) if order_ids else BOTH[0]

    async def main() -> None:
        async with city.client() as client:
            if before:
                ack = await client.cancel(attrs.evolve(ask("6500"), venue="apex"))
                assert (ack.outcome, ack.reason) == (Outcome.REJECTED, Reason.NOT_AUTHORIZED)
            report = await client.kill([scope])
            assert report.proved
            assert report.elapsed_s == pytest.approx(25.0, abs=0.5)
            assert log_ins(city) == 2

    run_virtually(main())
    assert {name for name, _ in city.open} == {"autoshares"}


def test_a_mass_cancel_is_not_ended_by_one_log_in_that_was_refused() -> None:
    """Everybody hears of the same one for a while; three refusals of the listing itself do end it."""
    city = City()
    codes = itertools.chain(["000000"], itertools.repeat(city.apex.credentials.code))
    with_password(city, code=lambda: next(codes)).apex.switch(second_factor=True)
    city.autoshares.faults.script("history", *[fault_from_word("401:before")] * 3)

    async def main() -> None:
        async with city.client() as client:
            assert (await client.cancel_all(BOTH[0])).state is ScopeState.PROVED_EMPTY
            refused = await client.cancel_all(BOTH[1])
            assert (refused.state, refused.reason) == (ScopeState.UNKNOWN, Reason.NOT_AUTHORIZED)
            assert refused.elapsed_s < 2.0

    run_virtually(main())


def test_log_ins_that_others_used_up_do_not_lock_it_out() -> None:
    """A kill has one more within the minute; no more than one."""
    city = with_password(City())

    async def main() -> None:
        async with city.client() as client:
            while log_ins(city) < 3:
                await client.open_orders("apex", ACCOUNT)
                city.apex.tokens.expire()
            errors = [(await client.open_orders("apex", ACCOUNT)).error for _ in range(2)]
            assert errors == ["20 Not Authorized", "too many log-ins in a minute"]
            assert (await client.kill(BOTH[:1])).proved
            assert log_ins(city) == 4
            city.apex.tokens.expire()
            assert not (await client.kill(BOTH[:1], timeout_s=20.0)).proved
            assert log_ins(city) == 4
            await asyncio.sleep(20.0)
            assert (await client.kill(BOTH[:1])).proved

    run_virtually(main())


def test_a_pause_after_a_refused_log_in_is_a_kills_too() -> None:
    """The venue's own no is no matter of our count: whoever tries sooner may be locked out."""
    city = with_password(City(), code=lambda: "000000")
    city.apex.switch(second_factor=True)
    report = city.killed(BOTH[:1], timeout_s=59.0).reports[0]
    assert (report.state, report.reason) == (ScopeState.UNKNOWN, Reason.NOT_AUTHORIZED)
    assert log_ins(city) == 3


# --- listings -------------------------------------------------------------------------------------------


class Bent(httpx.AsyncBaseTransport):
    """Bends the pages of AutoShares on their way."""

    def __init__(self, city: City, bend: Callable[[Any], None]) -> None:
        self._inner = in_process({AUTOSHARES: city.autoshares})
        self._bend = bend

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Bend an answer that is a page."""
        response = await self._inner.handle_async_request(request)
        if request.method != "GET" or not request.url.path.endswith("/orders"):
            return response
        page = json.loads(await response.aread())
        self._bend(page)
        return httpx.Response(200, json=page)


def test_an_order_that_cannot_be_read_hides_no_other() -> None:
    """All others are canceled, and nothing is proved."""
    city = City(150)
    (poisoned,) = {one.order_id for one in list(city.autoshares.book.open_orders())[-1:]}

    def poison(page: Any) -> None:
        for row in page["Result"]:
            if str(row["Id"]) == poisoned:
                row["ExecutedQuantity"] = "n/a"

    report = city.killed(BOTH[1:], client={"transport": Bent(city, poison)}, timeout_s=20.0).reports[0]
    assert report.state is ScopeState.UNKNOWN
    assert "expected Decimal" in (report.error or "")
    assert {one for one in city.open if one[0] == "autoshares"} == {("autoshares", poisoned)}


class Slow(httpx.AsyncBaseTransport):
    """Brings each page of AutoShares late."""

    def __init__(self, city: City, seconds: float) -> None:
        self._inner = in_process({AUTOSHARES: city.autoshares})
        self._seconds = seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Wait before a page is asked for."""
        if request.method == "GET" and request.url.path.endswith("/orders"):
            await asyncio.sleep(self._seconds)
        return await self._inner.handle_async_request(request)


def long_list(city: City, dead: int = 1000) -> list[str]:
    """Have many dead orders in the list, and some living ones at its front and at its end."""
    early = [one.order_id for one in city.autoshares.book.open_orders()]
    for _ in range(dead):
        city.autoshares.place(0.0, status=OrderStatus.FILLED)
    return early + [city.autoshares.place(0.0).order_id for _ in range(3)]


def test_a_listing_that_is_only_slow_does_not_hold_its_orders_back() -> None:
    """What it has shown so far is canceled while it goes on; nothing is proved by that."""
    city = City(3)
    order_ids = long_list(city)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with city.client(transport=Slow(city, 1.5)) as client:
            began_at = loop.time()
            report = (await client.kill(BOTH[1:], timeout_s=25.0)).reports[0]
            sent = {one: cancels(city.autoshares, one)[0] - began_at for one in order_ids}
            assert max(sent[one] for one in order_ids[3:]) < 4.0
            assert min(sent[one] for one in order_ids[:3]) > 15.0
            assert (report.proved_empty_as_of, len(report.acks)) == (None, 6)
            assert (await client.kill(BOTH[1:])).proved

    run_virtually(main())


def test_a_mass_cancel_that_keeps_what_is_placed_later_waits_for_the_end_of_its_listing() -> None:
    """Only then it knows what was there before."""
    city = City(1)
    long_list(city, 500)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with city.client(transport=Slow(city, 1.5)) as client:
            began_at = loop.time()
            await client.cancel_all(BOTH[1])
            assert min(cancels(city.autoshares)) - began_at > 8.0

    run_virtually(main())


# --- what blocks the loop ---------------------------------------------------------------------------------


def killed_from_a_thread(city: City, before: Any, timeout_s: float = 10.0) -> KillReport:
    """Kill APEX by the client for threads, in real time."""
    venue = city.apex.venue(APEX, read_lag_s=0.05)
    with Client([venue], transport=in_process({APEX: city.apex})) as client:
        return client.kill(BOTH[:1], before=before, timeout_s=timeout_s)


def test_a_coroutine_that_blocks_its_loop_blocks_no_kill_from_a_thread() -> None:
    """It has a loop of its own, and is left behind there."""
    city, end = City(), threading.Event()

    async def block() -> None:
        end.wait(20)

    began_at = time.monotonic()
    report = killed_from_a_thread(city, block, timeout_s=1.8)
    assert time.monotonic() - began_at < 10.0
    end.set()
    assert report.before is not None
    assert (report.before.done, report.before.error) == (False, "not done within 0.9 s")
    assert {name for name, _ in city.open} == {"autoshares"}


async def blocked() -> None:
    await asyncio.sleep(0)


async def fails() -> None:
    raise ValueError("no")


@pytest.mark.parametrize(
    ("before", "error"),
    [
        pytest.param(lambda: None, None, id="a function"),
        pytest.param(blocked, None, id="a coroutine"),
        pytest.param(partial(blocked), None, id="what gives a coroutine"),
        pytest.param(fails, "ValueError: no", id="a coroutine that fails"),
        pytest.param(gives_up, "RuntimeError", id="no loop beside it"),
        pytest.param("block", "TypeError: 'str' object is not callable", id="no callable"),
    ],
)
def test_what_blocks_new_orders_is_called_to_its_end(before: Any, error: str | None) -> None:
    """Whatever it is, and its failure is told."""
    report = killed_from_a_thread(City(), before)
    assert report.before is not None
    assert report.before.done is (error is None)
    assert (report.before.error or "").startswith(error or "")
    assert report.proved
