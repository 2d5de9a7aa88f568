"""Confirmations of many orders share listings: how many calls that takes, and what a listing may prove."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import attrs
import httpx
import pytest

from countermand import AsyncClient, CancelAck, CancelRequest, OrderId, Outcome, Reason
from countermand.testing import Fault, Simulator, fault_from_word, in_process, load_simulator, run_virtually
from countermand.venue import CallKind, Limit, LimitScope

AT = "http://127.0.0.1:1"
ACCOUNT = "9"
BOTH = pytest.mark.parametrize("name", ["apex", "autoshares"])
CANCELED = (Outcome.CANCELED, None)
#: What each kind of call is called at each venue.
CALLS = {
    "apex": {
        "cancel": r"POST .*/CancelOrder$",
        "listing": r".*/GetOrderHistory\b.*",
        "open": r".*/GetOpenOrders\b.*",
        "read": r".*/GetOrderStatus\b.*",
    },
    "autoshares": {
        "cancel": r"DELETE .*",
        "listing": r"GET .*/(sync)?orders\?(?!.*filter).*",
        "open": r"GET .*/(sync)?orders\?.*filter.*",
        "read": r"GET .*/(sync)?orders/\d+",
    },
}


class Town(httpx.AsyncBaseTransport):
    """One simulated venue, and a wire on which `before` is asked, and may be awaited, before each listing."""

    def __init__(self, name: str, **settings: Any) -> None:
        self.name = name
        self.simulator: Simulator = load_simulator(name)()
        self.venue = self.simulator.venue(AT, **settings)
        self._carry = in_process({AT: self.simulator})
        self.before: Callable[[int], Any] = lambda _: None
        self._listings = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request."""
        target = f"{request.method} {request.url.raw_path.decode()}"
        if re.fullmatch(CALLS[self.name]["listing"], target):
            self._listings += 1
            wait = self.before(self._listings)
            if wait is not None:
                await wait
        return await self._carry.handle_async_request(request)

    def orders(self, count: int, **fields: Any) -> list[CancelRequest]:
        """Place orders, and ask for their cancels."""
        placed = [self.simulator.place(0.0) for _ in range(count)]
        return [self.ask(one.order_id, **fields) for one in placed]

    def ask(self, order_id: str, **fields: Any) -> CancelRequest:
        """Ask for the cancel of an order."""
        return CancelRequest(venue=self.name, account=ACCOUNT, order=OrderId(order_id), **fields)

    def collect(self, requests: Any, limits: tuple[Limit, ...] = (), **options: Any) -> list[CancelAck]:
        """Cancel in one batch."""

        async def main() -> list[CancelAck]:
            client = AsyncClient([self.venue], transport=self, limits={self.name: limits}, **options)
            async with client:
                return list(await client.cancel_many(requests).collect())

        return run_virtually(main())

    def came(self, call: str) -> list[Any]:
        """List the requests of that kind."""
        pattern = CALLS[self.name][call]
        return [one for one in self.simulator.requests if re.fullmatch(pattern, f"{one.method} {one.path}")]

    @property
    def calls(self) -> dict[str, int]:
        """How many calls of each kind came; none is of any other."""
        counts = {call: len(self.came(call)) for call in CALLS[self.name]}
        assert sum(counts.values()) == len(self.simulator.requests)
        return counts

    @property
    def open(self) -> set[str]:
        """The orders that are truly open."""
        return {one.order_id for one in self.simulator.book.open_orders()}


def outcomes(acks: Iterable[CancelAck]) -> Counter[tuple[Outcome, Reason | None]]:
    return Counter((ack.outcome, ack.reason) for ack in acks)


def paced(rate: float, burst: int = 1, *kinds: CallKind) -> tuple[Limit, ...]:
    """Limit the calls of an account."""
    chosen = frozenset(kinds or CallKind)
    return (Limit(per=LimitScope.ACCOUNT, kinds=chosen, rate=rate, burst=burst),)


def fault(word: str, **fields: Any) -> Fault:
    return attrs.evolve(fault_from_word(word), **fields)


# --- how many calls -----------------------------------------------------------------------------------


@BOTH
def test_a_batch_is_confirmed_by_listings(name: str) -> None:
    """Two hundred orders: a cancel each, a few pages, and no read of a single order."""
    town = Town(name)
    assert outcomes(town.collect(town.orders(200))) == {CANCELED: 200}
    calls = town.calls
    assert (calls["cancel"], calls["open"], calls["read"]) == (200, 0, 0)
    assert 1 <= calls["listing"] <= 8
    assert town.open == set()


@BOTH
def test_at_most_a_tenth_of_a_call_more_than_the_cancels(name: str) -> None:
    """Under a limit of all calls, too."""
    town = Town(name)
    assert outcomes(town.collect(town.orders(200, timeout_s=30.0), paced(100, 20))) == {CANCELED: 200}
    calls = town.calls
    assert calls["cancel"] == 200
    assert sum(calls.values()) <= 220


@BOTH
def test_one_listing_shows_the_orders_of_all_that_were_there(name: str) -> None:
    """Where all go at once, one listing of one page is enough."""
    town = Town(name)
    assert outcomes(town.collect(town.orders(10))) == {CANCELED: 10}
    assert town.calls == {"cancel": 10, "listing": 1, "open": 0, "read": 0}


@pytest.mark.parametrize(("name", "calls"), [("apex", 3), ("autoshares", 2)])
def test_pages_are_read_once(name: str, calls: int) -> None:
    """Orders on the second page need two; and where a replaced order reads Canceled, the front once more."""
    town = Town(name)
    requests = town.orders(10)
    bystanders = {one.order.value for one in town.orders(150)}
    assert outcomes(town.collect(requests)) == {CANCELED: 10}
    assert town.calls == {"cancel": 10, "listing": calls, "open": 0, "read": 0}
    assert town.open == bystanders


@BOTH
@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_are_read_by_themselves(name: str, count: int) -> None:
    """They are not many."""
    town = Town(name)
    assert outcomes(town.collect(town.orders(count))) == {CANCELED: count}
    assert town.calls["read"] == count


@BOTH
def test_slow_cancels_are_confirmed_on_the_way(name: str) -> None:
    """At some five a second, for ten seconds, a listing departs every two: nobody waits for all."""
    town = Town(name)
    acks = town.collect(town.orders(50, timeout_s=30.0), paced(4.7, 1, CallKind.CANCEL))
    assert outcomes(acks) == {CANCELED: 50}
    assert town.calls["cancel"] == 50
    assert 4 <= town.calls["listing"] <= 7
    assert max(ack.elapsed_s for ack in acks) < 4


def test_many_cancels_of_autoshares_go_the_quick_way() -> None:
    """The listing confirms, so the cancel need not wait for the market."""
    town = Town("autoshares")
    town.collect(town.orders(20))
    assert {one.path.split("/")[4] for one in town.came("cancel")} == {"orders"}


# --- what a listing proves ----------------------------------------------------------------------------


@BOTH
def test_a_listing_begun_before_the_answer_proves_nothing(name: str) -> None:
    """While cancels go on and listings take long, each ack rests on one that began after its own cancel."""
    town = Town(name)
    town.before = lambda _: asyncio.sleep(0.7)
    requests = town.orders(40, timeout_s=30.0)

    async def supply() -> AsyncIterator[CancelRequest]:
        for few in range(0, 40, 4):
            for request in requests[few : few + 4]:
                yield request
            await asyncio.sleep(0.3)

    acks = town.collect(supply())
    assert outcomes(acks) == {CANCELED: 40}
    for ack in acks:
        answered_at = ack.attempts[0].answered_at
        assert ack.order is not None
        assert ack.order.as_of is not None
        assert answered_at is not None
        assert ack.order.as_of >= answered_at
    assert 4 <= town.calls["listing"] <= 12


@BOTH
def test_an_order_that_is_still_alive_is_looked_at_again(name: str) -> None:
    """Cancels that take a while: no listing that shows them alive is taken for an end."""
    town = Town(name)
    town.simulator.switch(cancel_delay_s=1.5)
    acks = town.collect(town.orders(60, timeout_s=30.0))
    assert outcomes(acks) == {CANCELED: 60}
    assert min(ack.elapsed_s for ack in acks) > 1.5
    calls = town.calls
    assert (calls["cancel"], calls["read"]) == (60, 0)
    assert calls["listing"] > 2


@BOTH
def test_what_others_have_is_none_of_ours(name: str) -> None:
    """Filled ones are told so, and orders nobody asked for stay."""
    town = Town(name)
    requests = town.orders(30)
    bystanders = {one.order.value for one in town.orders(30)}
    for request in requests[:10]:
        town.simulator.book.fill(request.order.value, 0.0)
    acks = town.collect(requests)
    assert outcomes(acks[:10]) == {(Outcome.REJECTED, Reason.TOO_LATE): 10}
    assert outcomes(acks[10:]) == {CANCELED: 20}
    assert [str(ack.order_id) for ack in acks] == [request.order.value for request in requests]
    assert town.open == bystanders


@BOTH
def test_orders_that_are_in_no_listing(name: str) -> None:
    """They hold up no other, and are not claimed to be anything that was not proved."""
    town = Town(name)
    requests = [*town.orders(20, timeout_s=20.0), *(town.ask(str(90_000 + n)) for n in range(3))]
    acks = town.collect(requests)
    assert outcomes(acks[:20]) == {CANCELED: 20}
    assert max(ack.elapsed_s for ack in acks[:20]) < 1
    assert {ack.outcome for ack in acks[20:]} <= {Outcome.REJECTED, Outcome.UNKNOWN}
    assert {ack.reason for ack in acks[20:]} <= {Reason.UNKNOWN_ORDER, Reason.NOT_FOUND, None}
    assert town.calls["cancel"] <= 20 + 3 * 5


@BOTH
def test_a_history_that_is_too_long_is_given_up(name: str) -> None:
    """Five orders below twelve hundred younger ones are read one by one: that is cheaper."""
    town = Town(name)
    requests = town.orders(5)
    for _ in range(1200):
        town.simulator.place(0.0)
    assert outcomes(town.collect(requests)) == {CANCELED: 5}
    calls = town.calls
    assert (calls["read"], calls["open"]) == (5, 0)
    assert calls["listing"] <= 30
    assert len(town.open) == 1200


# --- listings that fail -------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    "word", ["500:before", "truncated:middle", "reset:before", "refused", "contradictory"]
)
def test_a_listing_that_fails_is_made_again(name: str, word: str) -> None:
    """Nothing is concluded from it, and nothing is canceled twice for it."""
    town = Town(name)
    town.simulator.faults.script("history", fault(word))
    assert outcomes(town.collect(town.orders(30))) == {CANCELED: 30}
    calls = town.calls
    assert calls["cancel"] == 30
    assert calls["read"] == 0
    assert calls["listing"] >= 2 - (word == "refused")


@BOTH
def test_listings_that_fail_give_way_to_single_reads(name: str) -> None:
    """After two of them each order is read by itself."""
    town = Town(name)
    town.simulator.faults.at_rate(1.0, calls=["history"], choose=[fault("500:before")])
    acks = town.collect(town.orders(30, timeout_s=20.0))
    assert town.calls["cancel"] == 30
    assert town.calls["read"] >= 30
    if name == "autoshares":
        assert outcomes(acks) == {CANCELED: 30}
    else:  # a replaced order reads Canceled there, so without any listing nobody knows
        assert outcomes(acks) == {(Outcome.UNKNOWN, None): 30}


@BOTH
def test_a_listing_that_is_stuck_holds_nobody_up(name: str) -> None:
    """After three seconds the next one departs; what the first one would say nobody waits for."""
    town = Town(name)
    town.simulator.faults.script("history", fault("stall:before"))
    requests = town.orders(40, timeout_s=20.0)
    acks = town.collect(requests, paced(8, 1, CallKind.CANCEL))
    assert outcomes(acks) == {CANCELED: 40}
    assert town.calls["cancel"] == 40
    assert max(ack.elapsed_s for ack in acks) < 12


@BOTH
def test_who_cannot_wait_for_a_listing_does_not_end_it(name: str) -> None:
    """Whose time ends while its listing is under way is told what is known; the others have it in the end."""
    town = Town(name)
    town.before = lambda _: asyncio.sleep(4.0)
    acks = town.collect([*town.orders(5, timeout_s=20.0), *town.orders(5, timeout_s=1.0)])
    assert outcomes(acks[:5]) == {CANCELED: 5}
    assert outcomes(acks[5:]) == {(Outcome.PENDING, None): 5}
    assert town.calls == {"cancel": 10, "listing": 1, "open": 0, "read": 0}


@BOTH
def test_who_has_left_is_waited_for_no_more(name: str) -> None:
    """Whose time ends while another listing is under way is told what is known, and no listing is made."""
    town = Town(name)
    town.before = lambda _: asyncio.sleep(2.5)
    patient, hasty = town.orders(5, timeout_s=20.0), town.orders(5, timeout_s=1.0)

    async def supply() -> AsyncIterator[CancelRequest]:
        for request in patient:
            yield request
        await asyncio.sleep(0.1)
        for request in hasty:
            yield request

    acks = town.collect(supply())
    assert outcomes(acks[:5]) == {CANCELED: 5}
    assert outcomes(acks[5:]) == {(Outcome.PENDING, None): 5}
    assert town.calls["cancel"] == 10
    assert town.calls["listing"] >= 1
    assert max(one.at for one in town.came("listing")) < 1004


def test_a_listing_under_way_ends_with_the_client() -> None:
    """Whoever waited for it is told what is known."""
    town = Town("apex")
    town.before = lambda _: asyncio.sleep(60)
    requests = town.orders(10, timeout_s=100.0)

    async def main() -> list[CancelAck]:
        client = AsyncClient([town.venue], transport=town)
        async with client:
            acks = asyncio.ensure_future(client.cancel_many(requests).collect())
            await asyncio.sleep(1)
        return list(await acks)

    acks = run_virtually(main())
    assert outcomes(acks) == {(Outcome.PENDING, None): 10}


# --- replaced while pages are read --------------------------------------------------------------------


def replaced_between_pages(town: Town) -> tuple[list[CancelRequest], list[str]]:
    """Have the oldest of many orders replaced when the second page is asked for; its cancel is too late."""
    requests, heirs = town.orders(110, timeout_s=8.0), list[str]()
    oldest = requests[0].order.value
    town.simulator.switch(refuse_cancels_late=[oldest])

    def replace(number: int) -> None:
        if number == 2:
            heirs.append(town.simulator.replace(oldest, 1000.0, settled=True).order_id)

    town.before = replace
    return requests, heirs


def test_an_order_replaced_between_two_pages_is_not_called_canceled() -> None:
    """It reads Canceled on the second page, and what took its place stands before the first: that is read."""
    town = Town("apex")
    requests, heirs = replaced_between_pages(town)
    acks = town.collect(requests)
    assert (acks[0].outcome, acks[0].reason) == (Outcome.REJECTED, Reason.REPLACED)
    assert [str(acks[0].successor)] == heirs
    assert outcomes(acks[1:]) == {CANCELED: 109}
    assert town.open == set(heirs)


@pytest.mark.parametrize("failures", [1, 3])
def test_nor_where_what_came_meanwhile_cannot_be_read(failures: int) -> None:
    """The pages alone do not prove that nothing took its place."""
    town = Town("apex")
    requests, heirs = replaced_between_pages(town)
    town.simulator.faults.script("history", None, None, *[fault("500:before")] * failures)
    acks = town.collect(requests)
    assert (acks[0].outcome, acks[0].reason) == (Outcome.REJECTED, Reason.REPLACED)
    assert [str(acks[0].successor)] == heirs
    assert outcomes(acks[1:]) == {CANCELED: 109}


def test_nor_where_too_much_came_meanwhile() -> None:
    """A thousand new orders stand before them by then, and are not all read: nothing is claimed."""
    town = Town("apex")
    requests, heirs = replaced_between_pages(town)
    replace = town.before

    def flood(number: int) -> None:
        replace(number)
        if number == 2:
            for _ in range(1100):
                town.simulator.place(1000.0)

    town.before = flood
    acks = town.collect(requests)
    assert acks[0].outcome is not Outcome.CANCELED
    assert acks[0].reason in (Reason.REPLACED, None)
    assert {ack.outcome for ack in acks[1:]} <= {Outcome.CANCELED, Outcome.UNKNOWN, Outcome.PENDING}
    assert len(town.open) == 1100 + len(heirs)
