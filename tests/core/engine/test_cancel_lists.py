"""Lists of cancels, where a venue is declared to take them: one receipt for all, and never more than that."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import httpx
import pytest

from countermand import (
    AsyncClient,
    CancelAck,
    CancelRequest,
    ClientOrderId,
    EvidenceKind,
    OrderId,
    Outcome,
    Reason,
    Sent,
)
from countermand.testing import Simulator, fault_from_word, in_process, load_simulator, run_virtually
from countermand.venue import CancelVerdict, PerOrder, Receipt, Refused
from countermand_apex import Password

APEX = "http://127.0.0.1:1"
ACCOUNT = "9"
LATE = attrs.evolve(fault_from_word("late:after"), delay_s=2.0)
CANCELED = (Outcome.CANCELED, None)
NOT_SENT = (Outcome.REJECTED, Reason.NOT_SENT)


class Asked:
    """A venue of which some function is another one."""

    def __init__(self, venue: Any, **others: Any) -> None:
        self._venue = venue
        self.__dict__.update(others)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)


class Gateway(httpx.AsyncBaseTransport):
    """A simulated APEX gateway with lists; `on_list` is asked, and may be awaited, before and after each."""

    def __init__(self, **settings: Any) -> None:
        self.simulator: Simulator = load_simulator("apex")()
        self.venue: Any = self.simulator.venue(APEX, **{"cancel_list": True, **settings})
        self._carry = in_process({APEX: self.simulator})
        self.before: Callable[[int], Any] = lambda _: None
        self.after: Callable[[int], Any] = lambda _: None
        self._lists = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request."""
        if not request.url.path.endswith("SendCancelList"):
            return await self._carry.handle_async_request(request)
        self._lists += 1
        number = self._lists
        await self._asked(self.before(number))
        response = await self._carry.handle_async_request(request)
        await self._asked(self.after(number))
        return response

    @staticmethod
    async def _asked(answer: Any) -> None:
        if answer is not None:
            await answer

    def order(self, account: str = ACCOUNT, **fields: Any) -> CancelRequest:
        """Place an order, and ask for its cancel."""
        placed = self.simulator.place(0.0, account=account)
        return CancelRequest(venue="apex", account=account, order=OrderId(placed.order_id), **fields)

    def orders(self, count: int, **fields: Any) -> list[CancelRequest]:
        """Place some."""
        return [self.order(**fields) for _ in range(count)]

    def client(self, **options: Any) -> AsyncClient:
        """Make a client of it."""
        return AsyncClient([self.venue], transport=self, **options)

    def collect(self, requests: Any, timeout_s: float | None = None, **options: Any) -> list[CancelAck]:
        """Cancel in one batch."""

        async def main() -> list[CancelAck]:
            async with self.client(**options) as client:
                return list(await client.cancel_many(requests, timeout_s).collect())

        return run_virtually(main())

    @property
    def lists(self) -> list[list[str]]:
        """The orders of each list that came."""
        bodies = [json.loads(one.content) for one in self.simulator.requests if "SendCancelList" in one.path]
        return [[str(row["OrderId"]) for row in body] for body in bodies]

    @property
    def times(self) -> list[float]:
        """When each list came, after the first one, in seconds."""
        came = [one.at for one in self.simulator.requests if "SendCancelList" in one.path]
        return [round(at - came[0], 2) for at in came]

    @property
    def singles(self) -> list[str]:
        """The orders that were canceled by a call of their own, in order."""
        came = [one for one in self.simulator.requests if one.path.endswith("/CancelOrder")]
        return [str(json.loads(one.content).get("OrderId")) for one in came]

    @property
    def open(self) -> set[str]:
        """The orders that are truly open."""
        return {one.order_id for one in self.simulator.book.open_orders()}


def ids(requests: Iterable[CancelRequest]) -> list[str]:
    return [one.order.value for one in requests]


def outcomes(acks: Iterable[CancelAck]) -> Counter[tuple[Outcome, Reason | None]]:
    return Counter((ack.outcome, ack.reason) for ack in acks)


def all_of(lists: Iterable[list[str]]) -> list[str]:
    return [order for one in lists for order in one]


def test_one_receipt_serves_for_all_in_a_list() -> None:
    """Lists of 50 at most, each order in one of them; reads that are shared tell what became of each."""
    gateway = Gateway()
    requests = gateway.orders(120)
    acks = gateway.collect(requests)
    assert [ack.request for ack in acks] == requests
    assert outcomes(acks) == {CANCELED: 120}
    assert [len(one) for one in gateway.lists] == [50, 50, 20]
    assert sorted(all_of(gateway.lists)) == sorted(ids(requests))
    assert gateway.singles == []
    assert {tuple(one.kind for one in ack.evidence) for ack in acks} == {
        (EvidenceKind.RECEIPT, EvidenceKind.REPORT)
    }
    assert {one.call for ack in acks for one in ack.attempts} == {"SendCancelList"}
    assert gateway.open == set()


def test_a_list_may_be_answered_order_by_order() -> None:
    """Each is told by what was said of it: a refusal of one is no refusal of the others, and its own."""
    gateway = Gateway()
    requests = gateway.orders(4)
    plain = gateway.venue.cancel_list

    def cancel_list(targets: Any) -> Any:
        said: dict[OrderId, CancelVerdict] = {target.order: Receipt() for target in targets}
        said[targets[1].order] = Refused(text="not now")
        kept = [target for target in targets if target.order != targets[1].order]
        return attrs.evolve(plain(kept), read=lambda _: PerOrder(orders=said))

    gateway.venue = Asked(gateway.venue, cancel_list=cancel_list)
    acks = gateway.collect(requests)
    assert outcomes(acks) == {CANCELED: 3, (Outcome.REJECTED, Reason.VENUE_REFUSED): 1}
    assert (acks[1].venue_text, gateway.open) == ("not now", {ids(requests)[1]})
    assert gateway.singles == []


def test_what_is_in_no_list_is_left_alone() -> None:
    """Other orders of the account stay on the book."""
    gateway = Gateway()
    requests = gateway.orders(60)
    others = ids(gateway.orders(5))
    assert outcomes(gateway.collect(requests)) == {CANCELED: 60}
    assert gateway.open == set(others)


def test_a_list_is_of_one_account() -> None:
    """Those of another one are in lists of their own."""
    gateway = Gateway()
    requests = [gateway.order(account) for _ in range(10) for account in (ACCOUNT, "77")]
    gateway.simulator.switch(further_accounts=("77",))
    assert outcomes(gateway.collect(requests)) == {CANCELED: 20}
    assert [sorted(one) for one in gateway.lists] == [ids(requests[0::2]), ids(requests[1::2])]


def test_duplicates_are_in_a_list_once() -> None:
    """Who asks twice for a cancel is told twice of one."""
    gateway = Gateway()
    requests = gateway.orders(10)
    acks = gateway.collect(requests * 2)
    assert outcomes(acks) == {CANCELED: 20}
    assert gateway.lists == [ids(requests)]


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_go_by_themselves(count: int) -> None:
    """A list is for many."""
    gateway = Gateway()
    requests = gateway.orders(count)
    assert outcomes(gateway.collect(requests)) == {CANCELED: count}
    assert (gateway.lists, gateway.singles) == ([], ids(requests))


def test_without_the_declaration_there_is_no_list() -> None:
    """A gateway is not asked whether it has them."""
    gateway = Gateway(cancel_list=False)
    requests = gateway.orders(60)
    assert outcomes(gateway.collect(requests)) == {CANCELED: 60}
    assert gateway.lists == []
    assert sorted(gateway.singles) == ids(requests)


def test_an_order_named_by_its_clients_id_goes_by_itself() -> None:
    """A list names its orders by the venue's id only."""
    gateway = Gateway(client_order_ids_unique=True)
    requests = []
    for number in range(1, 6):
        gateway.simulator.place(0.0, client_order_id=str(number))
        order = ClientOrderId(str(number))
        requests.append(CancelRequest(venue="apex", account=ACCOUNT, order=order))
    assert outcomes(gateway.collect(requests)) == {CANCELED: 5}
    assert (gateway.lists, len(gateway.singles)) == ([], 5)


# --- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches",
    [
        pytest.param({"cancel_list": "404"}, id="a gateway without that function"),
        pytest.param({"cancel_list": "106"}, id="not supported"),
        pytest.param({"mass_answer": "101"}, id="operation failed"),
        pytest.param({"mass_answer": "104"}, id="not found"),
        pytest.param({"mass_answer": "100"}, id="invalid"),
    ],
)
def test_a_refused_list_falls_back_to_single_cancels(switches: dict[str, str]) -> None:
    """One word for many tells nothing of each; no list is tried after it."""
    gateway = Gateway()
    gateway.simulator.switch(venue=switches)
    requests = gateway.orders(200)
    acks = gateway.collect(requests)
    assert outcomes(acks) == {CANCELED: 200}
    assert sorted(gateway.singles) == ids(requests)
    # Those that were on their way when the first refusal came, and no more; nobody is in two of them.
    listed = all_of(gateway.lists)
    assert len(gateway.lists) <= 4
    assert len(set(listed)) == len(listed)
    assert {max(gateway.times)} == {0.0}
    in_lists = [ack for ack in acks if ack.request.order.value in listed]
    assert {ack.evidence[0].kind for ack in in_lists} == {EvidenceKind.REFUSAL}


def test_lists_are_tried_anew_after_a_minute() -> None:
    """A gateway that lacked the call may have learned it."""
    gateway = Gateway()
    gateway.simulator.switch(venue={"cancel_list": "106"})

    async def main() -> list[int]:
        counts = []
        async with gateway.client() as client:
            for wait_s in (0, 30, 31):
                await asyncio.sleep(wait_s)
                acks = await client.cancel_many(gateway.orders(10)).collect()
                assert outcomes(acks) == {CANCELED: 10}
                counts.append(len(gateway.lists))
                gateway.simulator.switch(venue={"cancel_list": "known"})
        return counts

    assert run_virtually(main()) == [1, 1, 2]
    assert len(gateway.singles) == 20


def test_a_list_under_a_dead_session_goes_again_after_the_log_in() -> None:
    """Not authorised is no refusal of the list: it was not processed."""
    gateway = Gateway()
    known = gateway.simulator.credentials
    gateway.venue = attrs.evolve(gateway.venue, auth=Password(known.user, known.password))
    gateway.simulator.switch(token_lifetime_s=5.0)

    async def main() -> list[CancelAck]:
        async with gateway.client() as client:
            await client.cancel(gateway.order())
            await asyncio.sleep(60)
            return list(await client.cancel_many(requests).collect())

    requests = gateway.orders(20)
    assert outcomes(run_virtually(main())) == {CANCELED: 20}
    assert [sorted(one) for one in gateway.lists] == [ids(requests)] * 2
    assert len(gateway.singles) == 1


# --- in doubt -----------------------------------------------------------------------------------------


async def broken() -> None:
    """Lose the connection."""
    raise httpx.ReadError("Connection reset by peer")


def test_a_list_that_may_have_acted_is_not_sent_again() -> None:
    """It did: the reads tell so of each order, and nothing is sent twice."""
    gateway = Gateway()
    gateway.after = lambda _: broken()
    requests = gateway.orders(40)
    acks = gateway.collect(requests)
    assert outcomes(acks) == {CANCELED: 40}
    assert [sorted(one) for one in gateway.lists] == [ids(requests)]
    assert gateway.singles == []
    assert {tuple(one.kind for one in ack.evidence) for ack in acks} == {
        (EvidenceKind.FAULT, EvidenceKind.REPORT)
    }


def test_where_it_did_not_act_each_is_repeated_by_itself() -> None:
    """The doubt is each order's own: read alive, it is canceled singly, and never in a list."""
    gateway = Gateway()
    gateway.before = lambda _: broken()
    requests = gateway.orders(40)
    assert outcomes(gateway.collect(requests)) == {CANCELED: 40}
    assert gateway.lists == []
    assert sorted(gateway.singles) == ids(requests)


def test_a_list_without_an_answer_is_unknown_where_nothing_can_be_read() -> None:
    """Doubt is not taken for "not sent", nor for a receipt."""
    gateway = Gateway()
    gateway.after = lambda _: broken()
    gateway.simulator.switch(venue={"read_answer": "500"})
    acks = gateway.collect(gateway.orders(40, timeout_s=3.0))
    assert outcomes(acks) == {(Outcome.UNKNOWN, None): 40}
    assert {ack.sent for ack in acks} == {Sent.MAYBE}
    assert gateway.open == set()


def test_a_list_that_never_left_may_go_again() -> None:
    """No connection: it was not sent, so it is sent as it is."""
    gateway = Gateway()

    def before(number: int) -> Any:
        async def unreachable() -> None:
            raise httpx.ConnectError("All connection attempts failed")

        return unreachable() if number == 1 else None

    gateway.before = before
    requests = gateway.orders(20)
    assert outcomes(gateway.collect(requests)) == {CANCELED: 20}
    assert sorted(all_of(gateway.lists)) == ids(requests)
    assert gateway.singles == []


# --- gathered -----------------------------------------------------------------------------------------


def after(seconds: float) -> Callable[[int], Any]:
    """Let the first list take so long."""
    return lambda number: asyncio.sleep(seconds) if number == 1 else None


@pytest.mark.parametrize(
    ("takes_s", "times"),
    [
        pytest.param(0.05, [0.0, 0.05], id="as long as another one is under way"),
        pytest.param(1.0, [0.0, 0.11], id="but a tenth of a second at most"),
    ],
)
def test_what_comes_later_gathers(takes_s: float, times: list[float]) -> None:
    """One that is not full waits for the one before it."""
    gateway = Gateway()
    gateway.after = after(takes_s)
    requests = gateway.orders(12)

    async def main() -> list[list[CancelAck]]:
        async with gateway.client() as client:

            async def some(wait_s: float, few: list[CancelRequest]) -> list[CancelAck]:
                await asyncio.sleep(wait_s)
                return list(await client.cancel_many(few).collect())

            parts = [some(0.0, requests[:4]), some(0.01, requests[4:8]), some(0.02, requests[8:])]
            return list(await asyncio.gather(*parts))

    assert outcomes(itertools.chain.from_iterable(run_virtually(main()))) == {CANCELED: 12}
    assert [sorted(one) for one in gateway.lists] == [ids(requests[:4]), ids(requests[4:])]
    assert gateway.times == times


def test_a_full_list_goes_at_once() -> None:
    """It waits for no other."""
    gateway = Gateway()
    gateway.after = after(5.0)
    assert outcomes(gateway.collect(gateway.orders(150))) == {CANCELED: 150}
    assert [len(one) for one in gateway.lists] == [50, 50, 50]
    assert gateway.times == [0.0, 0.0, 0.0]


def test_who_has_left_is_not_in_the_list() -> None:
    """Whose time was over while the session was waited for is not sent, the others are."""
    gateway = Gateway()
    known = gateway.simulator.credentials
    gateway.venue = attrs.evolve(gateway.venue, auth=Password(known.user, known.password))
    gateway.simulator.faults.script("log-in", LATE)
    patient, hasty = gateway.orders(5), gateway.orders(5, timeout_s=1.0)
    acks = gateway.collect([*patient, *hasty])
    assert outcomes(acks[:5]) == {CANCELED: 5}
    assert outcomes(acks[5:]) == {NOT_SENT: 5}
    assert gateway.lists == [ids(patient)]
    assert gateway.open == set(ids(hasty))


def test_a_list_is_read_by_the_call_that_was_sent() -> None:
    """An answer may tell its orders by their places, and who has left is in none of them."""
    gateway = Gateway()
    known = gateway.simulator.credentials
    venue = attrs.evolve(gateway.venue, auth=Password(known.user, known.password))

    def cancel_list(targets: Any) -> Any:
        refused, *received = (target.order for target in targets)
        said: dict[OrderId, CancelVerdict] = {refused: Refused(text="locked")}
        said |= dict.fromkeys(received, Receipt())
        kept = targets[1:] or targets
        return attrs.evolve(venue.cancel_list(kept), read=lambda _: PerOrder(orders=said))

    gateway.venue = Asked(venue, cancel_list=cancel_list)
    gateway.simulator.faults.script("log-in", LATE)
    hasty, patient = gateway.orders(1, timeout_s=1.0), gateway.orders(4)
    acks = gateway.collect([*hasty, *patient])
    assert (acks[0].outcome, acks[0].reason) == NOT_SENT
    assert (acks[1].reason, acks[1].venue_text) == (Reason.VENUE_REFUSED, "locked")
    assert outcomes(acks[2:]) == {CANCELED: 3}


def test_a_list_whose_answer_breaks_the_plugin_keeps_no_cancel_back() -> None:
    """It may have acted, or not: an order that is seen alive is canceled by itself."""
    gateway = Gateway()
    venue = gateway.venue

    def cancel_list(targets: Any) -> Any:
        call = venue.cancel_list(targets)
        return attrs.evolve(call, sign=lambda *how: nothing(call.sign(*how)), read=broken)

    def nothing(request: Any) -> Any:
        return attrs.evolve(request, content=b"[]")

    def broken(_response: Any) -> Any:
        raise LookupError("oh")

    gateway.venue = Asked(venue, cancel_list=cancel_list)
    requests = gateway.orders(4)
    acks = gateway.collect(requests)
    assert outcomes(acks) == {CANCELED: 4}
    assert sorted(gateway.singles) == sorted(ids(requests))


def test_a_list_that_all_have_left_is_not_sent() -> None:
    """Nobody is there any more who wants it."""
    gateway = Gateway()
    known = gateway.simulator.credentials
    gateway.venue = attrs.evolve(gateway.venue, auth=Password(known.user, known.password))
    gateway.simulator.faults.script("log-in", LATE)
    requests = gateway.orders(5, timeout_s=1.0)

    async def main() -> list[CancelAck]:
        async with gateway.client() as client:
            acks = list(await client.cancel_many(requests).collect())
            await asyncio.sleep(10)
            return acks

    assert outcomes(run_virtually(main())) == {NOT_SENT: 5}
    assert (gateway.lists, gateway.singles) == ([], [])
    assert gateway.open == set(ids(requests))


def test_closing_ends_a_list_under_way() -> None:
    """What was in it is unknown; what was not is not sent."""
    gateway = Gateway()
    gateway.after = lambda _: asyncio.sleep(60)
    requests = gateway.orders(300, timeout_s=100.0)

    async def main() -> list[CancelAck]:
        async with gateway.client(max_in_flight=2) as client:
            acks = asyncio.ensure_future(client.cancel_many(requests).collect())
            await asyncio.sleep(1)
            assert not acks.done()
        return list(await acks)

    acks = run_virtually(main())
    listed = set(all_of(gateway.lists))
    assert len(gateway.lists) == 2
    assert {ack.request.order.value for ack in acks if ack.sent is not Sent.NO} == listed
    assert outcomes(ack for ack in acks if ack.sent is not Sent.NO) == {(Outcome.UNKNOWN, None): 100}
    assert outcomes(ack for ack in acks if ack.sent is Sent.NO) == {NOT_SENT: 200}
