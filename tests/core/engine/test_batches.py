"""Batches through both clients, against both simulated venues: one ack per request, nothing sent twice."""

from __future__ import annotations

import asyncio
import json
import linecache
import signal
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import attrs
import httpx
import pytest

from countermand import (
    Assurance,
    AsyncClient,
    CancelAck,
    CancelRequest,
    Client,
    ClientOrderId,
    OrderId,
    Outcome,
    Reason,
    Sent,
)
from countermand.errors import ClosedClientError, InvalidRequestError
from countermand.testing import Simulator, fault_from_word, in_process, load_simulator, run_virtually
from countermand.venue import CallKind, Limit, LimitScope
from countermand_apex import Password

APEX, AUTOSHARES = "http://127.0.0.1:1", "http://127.0.0.1:2"
ACCOUNT = "9"


def paced(rate: float, burst: int = 1) -> tuple[Limit, ...]:
    """Limit the cancels of an account, and nothing else."""
    return (Limit(per=LimitScope.ACCOUNT, kinds=frozenset({CallKind.CANCEL}), rate=rate, burst=burst),)


class City:
    """Two simulated venues with orders on each, and the requests that cancel them, in turn."""

    def __init__(self, orders: int = 3, **apex: Any) -> None:
        self.apex: Simulator = load_simulator("apex")()
        self.autoshares: Simulator = load_simulator("autoshares")()
        self.requests = [self.order(name) for _ in range(orders) for name in ("apex", "autoshares")]
        self.venues: list[Any] = [self.apex.venue(APEX, **apex), self.autoshares.venue(AUTOSHARES)]

    def order(self, name: str, account: str = ACCOUNT, **fields: Any) -> CancelRequest:
        """Place an order, and ask for its cancel."""
        simulator: Simulator = getattr(self, name)
        placed = simulator.place(0.0, account=account)
        return CancelRequest(venue=name, account=account, order=OrderId(placed.order_id), **fields)

    def client(self, kind: type[Any] = AsyncClient, transport: Any = None, **options: Any) -> Any:
        """Make a client of both, without limits unless told otherwise."""
        transport = transport or in_process({APEX: self.apex, AUTOSHARES: self.autoshares})
        return kind(self.venues, transport=transport, **{"limits": {"autoshares": ()}, **options})

    @property
    def open(self) -> set[str]:
        """The orders that are truly open."""
        return {one.order_id for venue in (self.apex, self.autoshares) for one in venue.book.open_orders()}

    @property
    def asked(self) -> int:
        """How many requests came to both venues."""
        return len(self.apex.requests) + len(self.autoshares.requests)

    @property
    def cancels(self) -> list[tuple[float, str, str]]:
        """When a cancel came, to which venue, of which order."""
        apex = [
            (one.at, "apex", str(json.loads(one.content)["OrderId"]))
            for one in self.apex.requests
            if one.path.endswith("CancelOrder")
        ]
        autoshares = [
            (one.at, "autoshares", one.path.partition("?")[0].rpartition("/")[2])
            for one in self.autoshares.requests
            if one.method == "DELETE"
        ]
        return sorted(apex + autoshares)

    def was_asked_once(self, requests: Iterable[CancelRequest]) -> bool:
        """Tell whether each of these orders, and no other, was canceled by one call."""
        sent = Counter((venue, order) for _, venue, order in self.cancels)
        return sent == Counter({(one.venue, one.order.value): 1 for one in requests})


class Batched:
    """Runs a batch to its end through one of the clients, and keeps what came."""

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind
        self.came: list[CancelAck] = []
        self.took_s = 0.0
        self.loop: Callable[..., Any] = run_virtually

    def collect(self, city: City, requests: Any = None, timeout_s: Any = None, **options: Any) -> Any:
        """Return the acks in the order asked."""
        return self.run(city, requests, timeout_s, "collect", **options)

    def iterate(self, city: City, requests: Any = None, timeout_s: Any = None, **options: Any) -> Any:
        """Return the acks as they came."""
        return self.run(city, requests, timeout_s, "iterate", **options)

    def run(self, city: City, requests: Any, timeout_s: Any, how: str, **options: Any) -> list[CancelAck]:
        requests = city.requests if requests is None else requests
        if self.kind is AsyncClient:
            return list(self.loop(self._run(city, requests, timeout_s, how, options)))
        with city.client(Client, **options) as client:
            batch = client.cancel_many(requests, timeout_s)
            if how == "collect":
                return list(batch.collect())
            self.came.extend(batch)
        return self.came

    async def _run(self, city: City, requests: Any, timeout_s: Any, how: str, options: Any) -> Any:
        loop = asyncio.get_running_loop()
        async with city.client(**options) as client:
            began_at = loop.time()
            batch = client.cancel_many(requests, timeout_s)
            if how == "collect":
                told = await batch.collect()
            else:
                async for ack in batch:
                    self.came.append(ack)
                told = self.came
            self.took_s = loop.time() - began_at
            return told


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
def batched(request: pytest.FixtureRequest) -> Batched:
    """Run batches through each of the clients."""
    return Batched(request.param)


def outcomes(acks: Iterable[CancelAck]) -> Counter[tuple[Outcome, Reason | None]]:
    return Counter((ack.outcome, ack.reason) for ack in acks)


CANCELED = (Outcome.CANCELED, None)
NOT_SENT = (Outcome.REJECTED, Reason.NOT_SENT)
INVALID = (Outcome.REJECTED, Reason.INVALID_REQUEST)


def by_order(acks: Iterable[CancelAck]) -> list[str]:
    return [f"{ack.request.venue} {ack.request.order}" for ack in acks]


# --- one ack per request ------------------------------------------------------------------------------


def test_venues_and_accounts_may_be_mixed(batched: Batched) -> None:
    """The list has an ack for each request, in the order asked; each order is canceled by one call."""
    city = City(20)
    requests = [*city.requests, *(city.order(name, "77") for name in ("apex", "autoshares") * 5)]
    city.apex.switch(further_accounts=("77",))
    city.autoshares.switch(further_accounts=("77",))
    acks = batched.collect(city, iter(requests))
    assert [ack.request for ack in acks] == requests
    assert outcomes(acks) == {CANCELED: 50}
    assert city.open == set()
    assert city.was_asked_once(requests)


def test_acks_come_as_they_are_known(batched: Batched) -> None:
    """An order that takes long is told when it is done: the others come before it."""
    city = City(3)
    city.apex.faults.script("cancel", attrs.evolve(fault_from_word("late:after"), delay_s=1.0))
    acks = batched.iterate(city)
    assert outcomes(acks) == {CANCELED: 6}
    late = next(order for _, venue, order in city.cancels if venue == "apex")
    assert by_order(acks)[-1] == f"apex {late}"


def test_a_list_has_its_order_whatever_is_late(batched: Batched) -> None:
    """What was asked first is first, also where it is told last."""
    city = City(3)
    city.apex.faults.script("cancel", attrs.evolve(fault_from_word("late:after"), delay_s=0.2))
    acks = batched.collect(city)
    assert outcomes(acks) == {CANCELED: 6}
    assert [ack.request for ack in acks] == city.requests


def test_what_would_be_followed_and_was_not_replaced(batched: Batched) -> None:
    """Whoever asks to follow replacements is told of an order without one like everybody else."""
    city = City(2)
    requests = [attrs.evolve(one, follow_replacement=True) for one in city.requests]
    acks = batched.collect(city, requests)
    assert [ack.request for ack in acks] == requests
    assert outcomes(acks) == {CANCELED: 4}
    assert city.was_asked_once(requests)


def test_duplicates_share_the_wire(batched: Batched) -> None:
    """Who asks thrice for a cancel is told thrice of one."""
    city = City(1)
    requests = [city.requests[0], attrs.evolve(city.requests[0], request_id="other"), *city.requests]
    acks = batched.collect(city, requests)
    assert [ack.request for ack in acks] == requests
    assert outcomes(acks) == {CANCELED: 4}
    assert city.was_asked_once(city.requests)


def test_an_empty_batch_sends_nothing(batched: Batched) -> None:
    """Nothing asked, nothing sent, nothing told."""
    city = City()
    assert batched.collect(city, []) == []
    assert city.asked == 0


def test_a_batch_that_nobody_asks_sends_nothing() -> None:
    """Before its first ack is asked for nothing is pulled."""
    city = City()
    pulled: list[CancelRequest] = []

    def requests() -> Iterator[CancelRequest]:
        for one in city.requests:
            pulled.append(one)
            yield one

    async def main() -> None:
        async with city.client() as client:
            client.cancel_many(requests())
            await asyncio.sleep(1)

    run_virtually(main())
    with city.client(Client) as client:
        client.cancel_many(requests())
    assert (pulled, city.asked) == ([], 0)


def test_orders_known_by_their_clients_id(batched: Batched) -> None:
    """They are looked up in company: one listing shows what all of them mean."""
    city = City(0)
    requests = []
    for number in range(1, 31):
        placed = city.apex.place(0.0, client_order_id=str(number))
        order = ClientOrderId(str(number))
        requests.append((CancelRequest(venue="apex", account=ACCOUNT, order=order), placed.order_id))
    acks = batched.collect(city, [request for request, _ in requests], limits={"apex": paced(200, 40)})
    assert [ack.order_id.value for ack in acks if ack.order_id] == [order_id for _, order_id in requests]
    assert outcomes(acks) == {CANCELED: 30}
    paths = Counter(one.path.rpartition("/")[2] for one in city.apex.requests)
    assert paths["CancelOrder"] == 30
    assert paths["GetOpenOrders"] + paths["GetOrderHistory"] <= 6


# --- the caller's mistakes ----------------------------------------------------------------------------


def test_mistakes_are_acks(batched: Batched) -> None:
    """A venue that is not there, an account that cannot be: each is told in its place, the others go on."""
    city = City(2)
    wrong = [
        attrs.evolve(city.requests[0], venue="rock"),
        attrs.evolve(city.requests[0], account="x"),
        attrs.evolve(city.requests[0], order=OrderId("0")),
    ]
    acks = batched.collect(city, [wrong[0], *city.requests, *wrong[1:]])
    assert outcomes(acks) == {CANCELED: 4, INVALID: 3}
    assert [ack.request for ack in acks if ack.reason] == wrong
    assert "no venue named 'rock'" in str(acks[0].error)
    assert city.was_asked_once(city.requests)


class Broken:
    """A venue that breaks where it is told to."""

    def __init__(self, venue: Any, name: str) -> None:
        self._venue = venue
        self._broken = name

    def __getattr__(self, name: str) -> Any:
        if name == self._broken:
            raise RuntimeError(f"no {name}")
        return getattr(self._venue, name)


@pytest.mark.parametrize("what", ["check", "capabilities"])
def test_a_plugin_that_breaks_sends_nothing_of_its_own(batched: Batched, what: str) -> None:
    """Its requests are told so, those to the other venue are canceled."""
    city = City(1)
    city.venues[0] = Broken(city.venues[0], what)
    acks = batched.collect(city)
    assert outcomes(acks) == {NOT_SENT: 1, CANCELED: 1}
    assert acks[0].error == f"the venue 'apex' ({__name__}.Broken): {what} raised RuntimeError: no {what}"
    assert city.was_asked_once(city.requests[1:])


class Unhashable(OrderId):
    """An id that can be no key."""

    def __hash__(self) -> int:
        raise RuntimeError("no key")


def test_a_fault_of_ours_in_one_request_is_its_ack(batched: Batched) -> None:
    """The others are canceled."""
    city = City(1)
    odd = attrs.evolve(city.requests[0], order=Unhashable("6500"))
    acks = batched.collect(city, [odd, *city.requests])
    assert outcomes(acks) == {NOT_SENT: 1, CANCELED: 2}
    assert acks[0].error == "RuntimeError: no key"


def test_what_is_no_request_is_raised_after_all_acks(batched: Batched) -> None:
    """It holds up none of the others, whose acks are there for who goes on; so it ends once."""
    city = City(2)

    async def through_one() -> list[CancelAck]:
        async with city.client() as client:
            batch = client.cancel_many([*city.requests[:2], "6500", *city.requests[2:], None])
            with pytest.raises(InvalidRequestError, match="expected a CancelRequest, got str"):
                await batch.collect()
            acks = [ack async for ack in batch]
            assert await batch.collect() == []
            return acks

    def through_other() -> list[CancelAck]:
        with city.client(Client) as client:
            batch = client.cancel_many([*city.requests[:2], "6500", *city.requests[2:], None])
            with pytest.raises(InvalidRequestError, match="expected a CancelRequest, got str"):
                batch.collect()
            acks = list(batch)
            assert batch.collect() == []
            return acks

    acks = run_virtually(through_one()) if batched.kind is AsyncClient else through_other()
    assert sorted(by_order(acks)) == sorted(f"{one.venue} {one.order}" for one in city.requests)
    assert outcomes(acks) == {CANCELED: 4}
    assert city.was_asked_once(city.requests)


def test_what_the_requests_raise_is_raised_after_all_acks(batched: Batched) -> None:
    """A file that ends in an error: what was read before is canceled, then the error is the caller's."""
    city, failure = City(2), OSError("the disk is gone")

    def requests() -> Iterator[CancelRequest]:
        yield from city.requests
        raise failure

    with pytest.raises(OSError, match="the disk is gone") as raised:
        batched.iterate(city, requests())
    assert raised.value is failure
    assert outcomes(batched.came) == {CANCELED: 4}
    assert city.open == set()


def test_requests_that_take_long_to_make_hold_up_no_ack(batched: Batched) -> None:
    """What came is passed on before the next ones are made: a slow file does not make the venue wait."""
    city = City(20)
    asked_then: list[int] = []

    def requests() -> Iterator[CancelRequest]:
        for one in city.requests:
            made_at = time.monotonic() + 0.003
            while time.monotonic() < made_at:
                pass
            asked_then.append(city.asked)
            yield one

    batched.loop = asyncio.run  # no virtual time passes while requests are made
    acks = batched.collect(city, requests())
    assert [ack.request for ack in acks] == city.requests
    assert outcomes(acks) == {CANCELED: 40}
    assert asked_then[-1] > 0


@pytest.mark.parametrize("timeout_s", [0, -1, True, "1", float("nan")])
def test_a_time_that_cannot_be(batched: Batched, timeout_s: Any) -> None:
    """The caller's mistake about the whole batch is raised at once."""
    city = City()
    with pytest.raises(InvalidRequestError, match="timeout_s must be a positive"):
        batched.collect(city, timeout_s=timeout_s)
    assert city.asked == 0


def test_a_client_that_is_not_open(batched: Batched) -> None:
    """A batch is a client's that is open."""
    city = City()
    with pytest.raises(ClosedClientError):
        city.client(batched.kind).cancel_many(city.requests)


# --- what is pulled, and when -------------------------------------------------------------------------


def test_requests_are_pulled_as_there_is_room() -> None:
    """Of an endless supply no more is taken than is under way, waits or is told: memory follows that."""
    city = City(0)
    most = pulled = told = 0

    def requests() -> Iterator[CancelRequest]:
        nonlocal most, pulled
        for _ in range(100):
            pulled += 1
            most = max(most, pulled - told)
            yield city.order("apex")

    async def main() -> None:
        nonlocal told
        async with city.client(limits={"apex": paced(5)}) as client:
            async for ack in client.cancel_many(requests()):
                assert ack.outcome is Outcome.CANCELED
                told += 1

    run_virtually(main())
    assert told == 100
    assert 30 < most <= 60


def test_who_collects_a_batch_is_waited_for() -> None:
    """Who asks for the next ack meanwhile has it once the step that is under way has ended."""
    city = City(0)
    requests = [city.order("apex", assurance=Assurance.RECEIVED) for _ in range(3)]

    async def main() -> tuple[float, int]:
        begun_at = asyncio.get_running_loop().time()
        async with city.client(limits={"apex": paced(1)}) as client:
            batch = client.cancel_many(requests)
            collecting = asyncio.ensure_future(batch.collect())
            await asyncio.sleep(1.5)
            await anext(batch)
            return asyncio.get_running_loop().time() - begun_at, len(await collecting)

    at, collected = run_virtually(main())
    assert (at >= 2.0, collected) == (True, 2)


def test_the_clock_of_a_request_starts_when_it_is_taken(batched: Batched) -> None:
    """At a cancel a second the sixtieth of them goes after a minute, though none may last for long."""
    rate, count, timeout_s = (1.0, 60, 50.0) if batched.kind is AsyncClient else (100.0, 100, 0.8)
    city = City(0)
    requests = [city.order("apex", timeout_s=timeout_s) for _ in range(count)]
    acks = batched.collect(city, requests, limits={"apex": paced(rate)})
    assert outcomes(acks) == {CANCELED: count}
    sent = [at for at, _, _ in city.cancels]
    assert sent[-1] - sent[0] > timeout_s


def test_the_time_of_the_batch_bounds_all_of_it() -> None:
    """At its end each has an ack; what had no turn by then was not sent, and is open."""
    city, run = City(0), Batched(AsyncClient)
    requests = [city.order("apex", timeout_s=60.0) for _ in range(200)]
    acks = run.collect(city, iter(requests), 5.0, limits={"apex": paced(10)})
    assert [ack.request for ack in acks] == requests
    assert run.took_s == pytest.approx(5.0, abs=0.05)
    sent = {order for _, _, order in city.cancels}
    assert {ack.request.order.value for ack in acks if ack.sent is Sent.NO} == city.open
    assert len(sent) == pytest.approx(50, abs=2)
    unsent = [ack for ack in acks if ack.sent is Sent.NO]
    assert outcomes(unsent) == {NOT_SENT: 200 - len(sent)}
    assert acks[-1].error == "TimeoutError: the time of the batch was over"
    assert max(at for at, _, _ in city.cancels) <= 1005.01


# --- requests that are waited for ---------------------------------------------------------------------


class Supply:
    """Gives requests, each so many seconds after it was asked for; then it raises, or waits for ever."""

    def __init__(
        self, requests: Iterable[Any], wait_s: float = 0.0, end: BaseException | None = None
    ) -> None:
        self._requests = iter(requests)
        self._wait_s = wait_s
        self._end = end
        self.given_up = False

    def __aiter__(self) -> Supply:
        return self

    async def __anext__(self) -> Any:
        for request in self._requests:
            if self._wait_s:
                await asyncio.sleep(self._wait_s)
            return request
        if self._end is not None:
            raise self._end
        try:
            return await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.given_up = True
            raise


def test_requests_may_come_later() -> None:
    """Acks do not wait for the requests that are still to come."""
    city, came_at = City(3), []

    async def requests() -> AsyncIterator[CancelRequest]:
        for one in city.requests:
            await asyncio.sleep(10)
            yield one

    async def main() -> list[CancelAck]:
        loop, acks = asyncio.get_running_loop(), []
        async with city.client() as client:
            began_at = loop.time()
            async for ack in client.cancel_many(requests()):
                came_at.append(round(loop.time() - began_at, 1))
                acks.append(ack)
        return acks

    acks = run_virtually(main())
    assert [ack.request for ack in acks] == city.requests
    assert outcomes(acks) == {CANCELED: 6}
    assert came_at == [10, 20, 30, 40, 50, 60]


def test_requests_that_come_at_once_go_together() -> None:
    """An asynchronous supply that has them all is no slower than a list."""
    city, run = City(50), Batched(AsyncClient)
    acks = run.collect(city, Supply(city.requests, end=StopAsyncIteration()))
    assert [ack.request for ack in acks] == city.requests
    assert outcomes(acks) == {CANCELED: 100}
    assert run.took_s < 1
    assert city.was_asked_once(city.requests)


@pytest.mark.parametrize(
    ("end", "more"),
    [
        pytest.param(OSError("no more"), [], id="an error"),
        pytest.param(asyncio.CancelledError(), [], id="canceled from inside"),
        pytest.param(StopAsyncIteration(), ["6500"], id="no request"),
    ],
)
def test_what_a_supply_ends_with_is_raised_after_all_acks(end: BaseException, more: list[str]) -> None:
    """Whatever it is, and once."""
    city = City(2)
    expected = InvalidRequestError if more else type(end)

    async def main() -> list[CancelAck]:
        async with city.client() as client:
            batch = client.cancel_many(Supply([*more, *city.requests], end=end))
            with pytest.raises(expected):
                await batch.collect()
            return list(await batch.collect())

    acks = run_virtually(main())
    assert [ack.request for ack in acks] == city.requests
    assert outcomes(acks) == {CANCELED: 4}


def test_a_supply_is_not_waited_for_beyond_the_time_of_the_batch() -> None:
    """It is given up then, and what it gave is answered."""
    city, run = City(2), Batched(AsyncClient)
    supply = Supply(city.requests)
    acks = run.collect(city, supply, 5.0)
    assert outcomes(acks) == {CANCELED: 4}
    assert supply.given_up
    assert run.took_s == pytest.approx(5.0, abs=0.01)


def test_a_request_that_comes_at_the_very_end_is_answered() -> None:
    """It was taken, so it is told; sent it is not."""
    city, run = City(1), Batched(AsyncClient)
    acks = run.collect(city, Supply(city.requests, wait_s=5.0), 10.0)
    assert [ack.request for ack in acks] == city.requests
    assert outcomes(acks) == {CANCELED: 1, NOT_SENT: 1}
    assert city.was_asked_once(city.requests[:1])


def test_a_batch_that_is_dropped_gives_its_supply_up() -> None:
    """There is nobody to whom a request that still comes could be answered."""
    city, supply = City(1), Supply([])

    async def main() -> None:
        async with city.client() as client:
            batch = client.cancel_many(supply)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(5):
                    await anext(batch)
            assert not supply.given_up
            del batch
            await asyncio.sleep(1)
            assert supply.given_up

    run_virtually(main())


def test_a_batch_may_outlive_its_loop() -> None:
    """Dropped after the end of its loop it touches that no more."""
    city, kept = City(1), []

    async def main() -> None:
        async with city.client() as client:
            kept.append(client.cancel_many(Supply([])))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(5):
                    await anext(kept[0])

    run_virtually(main())
    gone = weakref.ref(kept.pop())
    assert gone() is None


# --- interrupted, and gone on with --------------------------------------------------------------------


def test_an_iteration_may_be_canceled_and_gone_on_with() -> None:
    """However often nobody waited for the next ack: none is lost, nor is any request."""
    city = City(20)

    async def main() -> tuple[list[CancelAck], int]:
        acks, interrupts = [], 0
        async with city.client(limits={"apex": paced(20), "autoshares": paced(20)}) as client:
            batch = client.cancel_many(city.requests)
            while True:
                try:
                    async with asyncio.timeout(0.0105):
                        acks.append(await anext(batch))
                except TimeoutError:
                    interrupts += 1
                except StopAsyncIteration:
                    return acks, interrupts

    acks, interrupts = run_virtually(main())
    assert interrupts > 20
    assert sorted(by_order(acks)) == sorted(f"{one.venue} {one.order}" for one in city.requests)
    assert outcomes(acks) == {CANCELED: 40}
    assert city.was_asked_once(city.requests)


def test_a_collection_may_be_canceled_and_gone_on_with() -> None:
    """Those it had are there for the next one, in order."""
    city, interrupts = City(20), 0

    async def main() -> list[CancelAck]:
        nonlocal interrupts
        async with city.client(limits={"apex": paced(20), "autoshares": paced(20)}) as client:
            batch = client.cancel_many(city.requests)
            while True:
                try:
                    async with asyncio.timeout(0.2):
                        return list(await batch.collect())
                except TimeoutError:
                    interrupts += 1

    assert [ack.request for ack in run_virtually(main())] == city.requests
    assert interrupts > 2
    assert city.was_asked_once(city.requests)


class Interrupted:
    """Gives requests, and is interrupted in between."""

    def __init__(self, requests: Iterable[CancelRequest], before: int) -> None:
        self._requests = iter(requests)
        self._left = before

    def __iter__(self) -> Interrupted:
        return self

    def __next__(self) -> CancelRequest:
        self._left -= 1
        if self._left == -1:
            raise KeyboardInterrupt
        return next(self._requests)


def test_an_interrupt_while_requests_are_pulled(batched: Batched) -> None:
    """Ctrl-C goes through to the caller; what was pulled before it is not lost."""
    city = City(10)

    async def through_one() -> Any:
        async with city.client() as client:
            batch = client.cancel_many(Interrupted(city.requests, 7))
            with pytest.raises(KeyboardInterrupt):
                await batch.collect()
            return await batch.collect()

    def through_other() -> Any:
        with city.client(Client) as client:
            batch = client.cancel_many(Interrupted(city.requests, 7))
            with pytest.raises(KeyboardInterrupt):
                batch.collect()
            return batch.collect()

    acks = run_virtually(through_one()) if batched.kind is AsyncClient else through_other()
    assert [ack.request for ack in acks] == city.requests
    assert city.was_asked_once(city.requests)


class Wire(httpx.AsyncBaseTransport):
    """The city's wire, where somebody looks at each request before it is carried."""

    def __init__(self, city: City, look: Callable[[httpx.Request], Any] = lambda _: None) -> None:
        self._carry = in_process({APEX: city.apex, AUTOSHARES: city.autoshares})
        self._look = look
        self._under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request."""
        origin = f"http://{request.url.netloc.decode()}"
        self._under_way[origin] += 1
        self.most[origin] = max(self.most[origin], self._under_way[origin])
        try:
            looked = self._look(request)
            if looked is not None:
                await looked
            return await self._carry.handle_async_request(request)
        finally:
            self._under_way[origin] -= 1


def test_an_interrupt_while_acks_are_waited_for() -> None:
    """Ctrl-C is raised where the caller waits; whoever goes on has all acks, and nothing is sent twice."""
    here = threading.get_ident()
    if here != threading.main_thread().ident:
        pytest.skip("only a main thread is interrupted")
    city, interrupts = City(10), 0
    interrupts_before = {5: 0, 12: 1}

    async def interrupt(count: int) -> None:
        if count not in interrupts_before:
            return
        while interrupts < interrupts_before[count]:  # noqa: ASYNC110 - a thread has no event here
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)  # by then the thread waits
        signal.pthread_kill(here, signal.SIGINT)
        while interrupts == interrupts_before[count]:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)

    seen = iter(range(1000))
    wire = Wire(city, lambda _: interrupt(next(seen)))
    with city.client(Client, transport=wire, limits={"apex": paced(100), "autoshares": ()}) as client:
        batch = client.cancel_many(city.requests)
        acks: list[CancelAck] = []
        while not acks:
            try:
                acks = batch.collect()
            except KeyboardInterrupt:
                interrupts += 1
    assert [ack.request for ack in acks] == city.requests
    assert outcomes(acks) == {CANCELED: 20}
    assert interrupts == 2
    assert city.was_asked_once(city.requests)


#: A signal comes only after a call or a jump: so not between the end of a block and that of its lock, nor
#: while acks are handed to the caller.
_UNINTERRUPTED = ("with self._turn:", "return acks")


class InterruptedAt:
    """Interrupts whatever runs in the files of a batch before its so manieth line."""

    def __init__(self, line: int) -> None:
        self._left = line
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: Any, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.endswith(("_batch.py", "_batch_progress.py")):
            return None
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        if event == "line" and line not in _UNINTERRUPTED:
            self._left -= 1
            if self._left == 0:
                raise KeyboardInterrupt
        return self._trace


def collected(city: City, requests: list[CancelRequest], line: int) -> tuple[list[CancelAck], int]:
    """Collect a batch of a client that is closed, which takes no loop; once more where it is interrupted."""
    interrupts = 0
    with city.client(Client) as client:
        batch = client.cancel_many(iter(requests))
    while True:
        try:
            with InterruptedAt(line):
                return batch.collect(), interrupts
        except KeyboardInterrupt:
            line, interrupts = 0, interrupts + 1


def test_an_interrupt_may_come_anywhere() -> None:
    """Between whichever two lines it comes: no request is lost, and no ack comes twice or never."""
    city, line, interrupts = City(3), 0, 1
    while interrupts:
        line += 1
        acks, interrupts = collected(city, city.requests, line)
        assert [ack.request for ack in acks] == city.requests, line
    assert line > 100


def test_two_may_iterate_over_one_batch(batched: Batched) -> None:
    """Tasks or threads: each ack is given to one of them, and all of them end."""
    city = City(50)

    async def through_one() -> list[list[CancelAck]]:
        async def some(batch: Any) -> list[CancelAck]:
            return [ack async for ack in batch]

        async with city.client() as client:
            batch = client.cancel_many(city.requests)
            return list(await asyncio.gather(some(batch), some(batch), some(batch)))

    def through_other() -> list[list[CancelAck]]:
        with city.client(Client) as client, ThreadPoolExecutor(max_workers=3) as threads:
            batch = client.cancel_many(city.requests)
            return list(threads.map(list, [batch] * 3))

    parts = run_virtually(through_one()) if batched.kind is AsyncClient else through_other()
    acks = [ack for part in parts for ack in part]
    assert sorted(by_order(acks)) == sorted(f"{one.venue} {one.order}" for one in city.requests)
    assert outcomes(acks) == {CANCELED: 100}
    assert city.was_asked_once(city.requests)


# --- closed in the middle -----------------------------------------------------------------------------


def test_closing_answers_all(batched: Batched) -> None:
    """Each request has its ack, also those that come after the end: unknown is only what was sent."""
    city = City(0)
    city.apex.switch(silent_orders=True)
    requests = [city.order("apex", timeout_s=60.0) for _ in range(100)]
    heard = threading.Event()

    begun = iter(range(100))

    def look(_: httpx.Request) -> None:
        if next(begun) == 15:
            heard.set()

    async def through_one() -> Any:
        async with city.client() as client:
            acks = asyncio.ensure_future(client.cancel_many(requests).collect())
            await asyncio.sleep(1)
            assert not acks.done()
        return await acks

    def through_other() -> Any:
        with ThreadPoolExecutor(max_workers=1) as threads:
            with city.client(Client, transport=Wire(city, look)) as client:
                acks = threads.submit(client.cancel_many(requests).collect)
                assert heard.wait(5)
            return acks.result(10)

    acks = run_virtually(through_one()) if batched.kind is AsyncClient else through_other()
    assert [ack.request for ack in acks] == requests
    sent = {order for _, _, order in city.cancels}
    maybe = [ack for ack in acks if ack.sent is not Sent.NO]
    assert sent <= {ack.request.order.value for ack in maybe}
    assert outcomes(maybe) == {(Outcome.UNKNOWN, None): len(maybe)}
    assert 14 < len(maybe) <= 16
    unsent = [ack for ack in acks if ack.sent is Sent.NO]
    assert outcomes(unsent) == {NOT_SENT: 100 - len(maybe)}
    assert acks[-1].error == "the client is closed"


def test_a_batch_goes_on_after_the_end_of_its_client(batched: Batched) -> None:
    """Nothing is sent any more, and each that comes is told so."""
    city = City(5)

    async def through_one() -> Any:
        async with city.client() as client:
            batch = client.cancel_many(city.requests)
        return await batch.collect()

    def through_other() -> Any:
        with city.client(Client) as client:
            batch = client.cancel_many(city.requests)
        return batch.collect()

    acks = run_virtually(through_one()) if batched.kind is AsyncClient else through_other()
    assert [ack.request for ack in acks] == city.requests
    assert outcomes(acks) == {NOT_SENT: 10}
    assert city.asked == 0


def test_a_client_that_is_being_closed_is_closed_once() -> None:
    """Who closes it meanwhile does not wait for what the other one waits for."""
    city = City(2)
    leaving, left = threading.Event(), threading.Event()

    async def wait() -> None:
        leaving.set()
        while not left.is_set():  # noqa: ASYNC110 - what is set by a thread has no event here
            await asyncio.sleep(0.005)

    known = city.apex.credentials
    city.venues[0] = attrs.evolve(city.venues[0], auth=Password(known.user, known.password))
    wire = Wire(city, lambda request: wait() if request.url.path.endswith("LogOut") else None)
    with ThreadPoolExecutor(max_workers=1) as threads:
        client = city.client(Client, transport=wire).__enter__()
        assert outcomes(client.cancel_many(city.requests)) == {CANCELED: 4}
        closing = threads.submit(client.close)
        assert leaving.wait(5)
        assert client.close() == ()
        left.set()
        assert closing.result(5) == ()


# --- successors ---------------------------------------------------------------------------------------


def replaced(city: City, **fields: Any) -> tuple[CancelRequest, str]:
    """Place an order that another one took the place of, and ask for its cancel."""
    request = city.order("apex", follow_replacement=True, **fields)
    return request, city.apex.replace(request.order.value, 0.0).order_id


def test_successors_are_canceled_where_that_is_asked(batched: Batched, witness: Any) -> None:
    """The observer hears of each request once, when all is over."""
    city = City(3)
    pairs = [replaced(city) for _ in range(3)]
    requests = [*city.requests, *(request for request, _ in pairs)]
    acks = batched.collect(city, requests, observer=witness)
    assert outcomes(acks) == {CANCELED: 9}
    assert [str(ack.order_id) for ack in acks[6:]] == [heir for _, heir in pairs]
    assert city.open == set()
    assert sorted(by_order(witness.acks)) == sorted(by_order(acks))
    assert witness.acks.count(acks[-1]) == 1


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        pytest.param("silent_orders", Outcome.UNKNOWN, id="that does not answer"),
        pytest.param("cancel_delay_s", Outcome.PENDING, id="that takes its time"),
    ],
)
def test_closing_answers_who_waits_for_a_successor(behaviour: str, outcome: Outcome) -> None:
    """What is known of the successor by then is told."""
    city = City(0)
    request, heir = replaced(city, timeout_s=60.0)
    city.apex.switch(**{behaviour: [heir] if behaviour == "silent_orders" else 50.0})

    async def main() -> list[CancelAck]:
        async with city.client() as client:
            acks = asyncio.ensure_future(client.cancel_many([request]).collect())
            await asyncio.sleep(5)
            assert not acks.done()
        return list(await acks)

    (ack,) = run_virtually(main())
    assert (ack.outcome, str(ack.order_id), ack.sent) == (outcome, heir, Sent.YES)


def test_a_fault_of_ours_while_a_successor_is_looked_at() -> None:
    """The ack says what was known before, and what broke."""
    city = City(0)
    request, heir = replaced(city)

    @attrs.frozen(kw_only=True)
    class Stubborn(CancelRequest):
        """Cannot be made for any other order."""

        def __attrs_post_init__(self) -> None:
            if self.order != request.order:
                raise RuntimeError("no other order")

    stubborn = Stubborn(**attrs.asdict(request, recurse=False))

    async def main() -> list[CancelAck]:
        async with city.client() as client:
            return list(await client.cancel_many([stubborn]).collect())

    (ack,) = run_virtually(main())
    assert (ack.outcome, ack.reason, str(ack.successor)) == (Outcome.REJECTED, Reason.REPLACED, heir)
    assert ack.error == "RuntimeError: no other order"
    assert city.open == {heir}


@pytest.mark.parametrize("youngest_first", [False, True])
def test_a_program_that_cancels_all_its_tasks(youngest_first: bool) -> None:
    """The search of a successor ends, too: what was known before is the ack."""
    city = City(0)
    request, heir = replaced(city, timeout_s=60.0)
    city.apex.switch(silent_orders=[heir])

    async def main() -> list[CancelAck]:
        async with city.client() as client:
            batch = client.cancel_many([request])
            collecting = asyncio.ensure_future(batch.collect())
            await asyncio.sleep(5)
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            by_age = sorted(tasks, key=lambda one: int(one.get_name().removeprefix("Task-")))
            for task in reversed(by_age) if youngest_first else by_age:
                task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await collecting
            return list(await batch.collect())

    (ack,) = run_virtually(main())
    assert (ack.outcome, ack.reason, str(ack.successor)) == (Outcome.REJECTED, Reason.REPLACED, heir)
    assert ack.error is None


# --- what the venues bear -----------------------------------------------------------------------------


def test_calls_under_way_are_bounded_per_venue() -> None:
    """Before any pool of connections; each venue has its own bound, and uses it."""
    city = City(60)
    wire = Wire(city)

    async def main() -> list[CancelAck]:
        async with city.client(transport=wire, max_in_flight=5) as client:
            return list(await client.cancel_many(city.requests).collect())

    assert outcomes(run_virtually(main())) == {CANCELED: 120}
    assert wire.most == {APEX: 5, AUTOSHARES: 5}


def test_a_slow_account_does_not_hold_up_another() -> None:
    """Of two that come in turn, one answers nothing: the other is done as if it were alone."""
    city = City(60)
    city.requests = [attrs.evolve(one, timeout_s=5.0) for one in city.requests]
    city.apex.switch(silent_orders=True)
    done_at: dict[str, float] = {}

    async def main() -> list[CancelAck]:
        loop, acks = asyncio.get_running_loop(), []
        async with city.client() as client:
            began_at = loop.time()
            async for ack in client.cancel_many(iter(city.requests)):
                acks.append(ack)
                done_at[ack.request.venue] = loop.time() - began_at
        return acks

    acks = run_virtually(main())
    assert len(acks) == 120
    assert outcomes(ack for ack in acks if ack.request.venue == "autoshares") == {CANCELED: 60}
    assert done_at["autoshares"] < 1
    assert done_at["apex"] > 5


@pytest.mark.parametrize("end", ["bulk", "one by one"])
def test_a_throttled_venue_holds_up_no_other_behind_it(end: str) -> None:
    """Of a list whose first half goes to a venue that is slow the other half is done as if it were alone."""
    city, done_at = City(0), {}
    requests = [city.order(name) for name in ("apex", "autoshares") for _ in range(99)]

    async def main() -> list[CancelAck]:
        loop, acks = asyncio.get_running_loop(), []
        async with city.client(limits={"apex": paced(2), "autoshares": ()}) as client:
            batch = client.cancel_many(requests)
            if end == "bulk":
                return list(await batch.collect())
            began_at = loop.time()
            async for ack in batch:
                acks.append(ack)
                done_at[ack.request.venue] = loop.time() - began_at
        return acks

    acks = run_virtually(main())
    assert outcomes(acks) == {CANCELED: 198}
    first = city.cancels[0][0]
    assert max(at for at, venue, _ in city.cancels if venue == "autoshares") - first < 1
    assert done_at.get("autoshares", 0) < 3
    assert max(at for at, venue, _ in city.cancels if venue == "apex") - first > 48


@pytest.mark.parametrize("timeout_s", [None, 0.5])
def test_more_than_a_batch_begins_at_once_are_all_answered(timeout_s: float | None) -> None:
    """Each of a long list has its ack, in the order asked, though its time or its client ends before."""
    city = City(0)
    requests = [city.order("apex") for _ in range(2500)]

    async def main() -> list[CancelAck]:
        async with city.client(limits={"apex": paced(10)}) as client:
            acks = asyncio.ensure_future(client.cancel_many(requests, timeout_s).collect())
            await asyncio.sleep(1)
        return list(await acks)

    acks = run_virtually(main())
    assert [ack.request for ack in acks] == requests
    assert outcomes(ack for ack in acks if ack.sent is Sent.NO)[NOT_SENT] > 2450


@pytest.mark.parametrize("name", ["apex", "autoshares"])
def test_throttling_slows_a_batch_which_ends_all_the_same(name: str) -> None:
    """A venue that asks for two seconds has them; no more comes to it than had to, and all is canceled."""
    city, run = City(0), Batched(AsyncClient)
    requests = [city.order(name, timeout_s=60.0) for _ in range(100)]
    throttled = attrs.evolve(fault_from_word("throttled-until:before"), retry_after_s=2.0)
    venue: Simulator = getattr(city, name)
    venue.faults.script("cancel", *[None] * 20, *[throttled] * 30)
    acks = run.collect(city, requests)
    assert outcomes(acks) == {CANCELED: 100}
    assert city.open == set()
    assert len(city.cancels) == 130
    assert 4 < run.took_s < 10
    throttled_at = city.cancels[20][0]
    assert not [at for at, _, _ in city.cancels if throttled_at + 0.01 < at < throttled_at + 2]


def test_a_batch_by_password_logs_in_once(batched: Batched) -> None:
    """All of it waits for the one log-in."""
    city = City(20)
    known = city.apex.credentials
    city.venues[0] = attrs.evolve(city.venues[0], auth=Password(known.user, known.password))
    assert outcomes(batched.collect(city)) == {CANCELED: 40}
    assert sum(one.path.endswith("Authenticate") for one in city.apex.requests) == 1
