"""Batches through both clients, against both simulated venues: one ack per request, and nothing sent twice."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import pytest

from countermand import (
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

    def collect(self, city: City, requests: Any = None, timeout_s: Any = None, **options: Any) -> Any:
        """Return the acks in the order asked."""
        return self.run(city, requests, timeout_s, "collect", **options)

    def iterate(self, city: City, requests: Any = None, timeout_s: Any = None, **options: Any) -> Any:
        """Return the acks as they came."""
        return self.run(city, requests, timeout_s, "iterate", **options)

    def run(self, city: City, requests: Any, timeout_s: Any, how: str, **options: Any) -> list[CancelAck]:
        requests = city.requests if requests is None else requests
        if self.kind is AsyncClient:
            return run_virtually(self._run(city, requests, timeout_s, how, options))
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
    """An order that takes long is told when it is done: the others come before it, the list has it first."""
    for how in ("iterate", "collect"):
        city, run = City(3), Batched(batched.kind)
        city.apex.faults.script("cancel", attrs.evolve(fault_from_word("late:after"), delay_s=0.2))
        acks = run.run(city, None, None, how)
        assert outcomes(acks) == {CANCELED: 6}
        assert (acks[0 if how == "collect" else -1].request) is city.requests[0]


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
    """A venue that breaks where it is told to, `after` so many uses of that."""

    def __init__(self, venue: Any, name: str, after: int = 0) -> None:
        self._venue = venue
        self._broken = name
        self._left = after

    def __getattr__(self, name: str) -> Any:
        if name == self._broken:
            self._left -= 1
            if self._left < 0:
                raise RuntimeError(f"no {name}")
        return getattr(self._venue, name)


@pytest.mark.parametrize(("what", "after"), [("check", 0), ("capabilities", 0), ("capabilities", 2)])
def test_a_plugin_that_breaks_sends_nothing_of_its_own(batched: Batched, what: str, after: int) -> None:
    """Its requests are told so, those to the other venue are canceled."""
    city = City(1)
    city.venues[0] = Broken(city.venues[0], what, after)
    acks = batched.collect(city)
    assert outcomes(acks) == {NOT_SENT: 1, CANCELED: 1}
    assert acks[0].error == f"RuntimeError: no {what}"
    assert city.was_asked_once(city.requests[1:])


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
    most = pulled = 0
    told: list[CancelAck] = []

    def requests() -> Iterator[CancelRequest]:
        nonlocal most, pulled
        for _ in range(400):
            pulled += 1
            most = max(most, pulled - len(told))
            yield city.order("apex")

    async def main() -> None:
        async with city.client(limits={"apex": paced(50)}) as client:
            async for ack in client.cancel_many(requests()):
                told.append(ack)

    run_virtually(main())
    assert outcomes(told) == {CANCELED: 400}
    assert 30 < most <= 200


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
