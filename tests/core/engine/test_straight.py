"""Cancels that go straight to their venue end as if each had been a case from its beginning."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import (
    Assurance,
    AsyncClient,
    CancelAck,
    CancelRequest,
    ClientOrderId,
    OrderId,
    Outcome,
    Reason,
    RetryPolicy,
    Scope,
    Sent,
)
from countermand._waits import PROBE_EVERY_S
from countermand.testing import VirtualLoop
from countermand.venue import Call, CallKind, CancelTarget, Capabilities, Limit, LimitScope

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer, Witness

Ask = Callable[..., CancelRequest]
Make = Callable[..., AsyncClient]
Virtually = Callable[[Coroutine[Any, Any, Any]], Any]
Play = Callable[[AsyncClient], Awaitable[Any]]
RECEIPT = {"say": "receipt", "text": "on its way"}
REFUSED = {"say": "refused", "code": "17"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
ALIVE = {"say": "order", "id": "7", "status": "NEW"}
#: Neither alive nor dead: of such an order no cancel is repeated.
UNREADABLE = {"say": "order", "id": "7", "status": "ERROR"}
CANCELS = frozenset({CallKind.CANCEL})


@pytest.fixture
def quick(ask: Ask) -> Ask:
    """Ask for no more than a receipt."""
    return lambda *order, **fields: ask(*order, **{"assurance": Assurance.RECEIVED, **fields})


def told(ack: CancelAck) -> Any:
    """Tell what an ack says, without its times."""
    return _timeless(ack.to_dict())


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if name not in ("elapsed_s", "request_id")}
        return {
            name: one is not None if name.endswith(("at", "as_of")) else _timeless(one)
            for name, one in kept.items()
        }
    return [_timeless(one) for one in value] if isinstance(value, list) else value


def canceled(request: httpx.Request) -> Any:
    """Show whatever order is read as canceled."""
    return {**CANCELED, "id": request.url.path.rpartition("/")[2]}


@attrs.frozen(kw_only=True)
class Theatre:
    """Plays the same twice: as a case, while an order of the account is looked for; and straight."""

    virtually: Virtually
    client: Make
    peer: Peer
    witness: Witness
    ask: Ask

    def twice(self, script: Callable[[Peer], object], play: Play, **options: Any) -> tuple[Any, Any]:
        """Tell what came of both: what was played, what the venue and the observer saw."""
        return self._once(script, play, options, as_case=True), self._once(script, play, options)

    def _once(
        self, script: Callable[[Peer], object], play: Play, options: dict[str, Any], *, as_case: bool = False
    ) -> Any:
        peer, witness = self.peer, self.witness
        for seen in (peer.heard, witness.acks, witness.updates, witness.answers):
            seen.clear()

        async def run() -> Any:
            async with self.client(**options) as one:
                peer.on("cancel", RECEIPT).on("order", canceled).on("open", peer.never)
                await one.cancel(self.ask("1"))
                lost = self.ask(ClientOrderId("lost"), timeout_s=600.0)
                looking = [asyncio.create_task(one.cancel(lost))] if as_case else []
                await asyncio.sleep(10)
                script(peer)
                came_of_it = await play(one)
            await asyncio.gather(*looking)
            return came_of_it

        came_of_it = self.virtually(run())
        return {
            "came of it": came_of_it,
            "calls": [call for call in peer.calls() if call != "open"],
            # Those of one moment are told in any order.
            "answers": sorted(
                (answer.call, round(answer.elapsed_s, 2), str(answer.verdict), str(answer.fault))
                for answer in witness.answers
                if answer.call != "open"
            ),
            "acks": sorted(
                str(told(ack)) for ack in witness.acks if ack.request.order != ClientOrderId("lost")
            ),
            "updates": [(told(one.before), told(one.ack)) for one in witness.updates],
        }


@pytest.fixture
def theatre(virtually: Virtually, client: Make, peer: Peer, witness: Witness, ask: Ask) -> Theatre:
    """Give the theatre."""
    return Theatre(virtually=virtually, client=client, peer=peer, witness=witness, ask=ask)


def owed(one: AsyncClient) -> list[Any]:
    """List what is owed of the orders that are played with; those of one moment are kept in any order."""
    acks = [left.ack for left in one.unsettled() if isinstance(left.ack.request.order, OrderId)]
    return [told(ack) for ack in sorted(acks, key=lambda ack: str(ack.request.order))]


def break_down(_: httpx.Request) -> Any:
    raise asyncio.CancelledError


ANSWERS: dict[str, Any] = {
    "a receipt": RECEIPT,
    "a receipt without a word": {"say": "receipt"},
    "a receipt of what was done": {**RECEIPT, "executed": True},
    "a refusal": REFUSED,
    "nothing found": {"say": "gone"},
    "a doubt": {"say": "maybe", "text": "who knows"},
    "a throttle": {"say": "throttled", "acted": "MAYBE", "wait": 0.1},
    "a refused session": {"say": "session"},
    "no answer to that question": CANCELED,
    "no answer at all": {"say": "nonsense"},
    "what its reader breaks with": {"no": "word"},
    "garbage": httpx.Response(502, content=b"<html>"),
    "no content": httpx.Response(204),
    "a cached receipt": httpx.Response(200, json=RECEIPT, headers={"age": "3"}),
    "a fresh receipt": httpx.Response(200, json=RECEIPT, headers={"age": "0"}),
    "one too long": httpx.Response(200, json={"say": "receipt", "text": "x" * 2000}),
    "a reset": httpx.ReadError("reset"),
    "no connection": httpx.ConnectError("refused"),
    "a broken transport": RuntimeError("boom"),
    "a transport that cancels itself": break_down,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_whatever_the_venue_answers(theatre: Theatre, quick: Ask, answer: Any) -> None:
    """Whatever the answer is, the ack is that of a case, and so is what is owed, and what it settles as."""

    async def play(one: AsyncClient) -> Any:
        ack = await one.cancel(quick())
        before = owed(one)
        settled = await one.settle(ack)
        again = await one.settle(ack)
        return told(ack), before, told(settled), told(again), owed(one)

    def script(peer: Peer) -> None:
        peer.on("cancel", answer, RECEIPT).on("order", CANCELED)

    as_case, straight = theatre.twice(script, play, reply_bytes=1000)
    assert straight == as_case


#: Soon enough to be the same each time.
AT_ONCE = RetryPolicy(first_wait_s=1e-9, longest_wait_s=1e-9)


@pytest.mark.parametrize("seed", range(30))
def test_whatever_comes_together(theatre: Theatre, ask: Ask, seed: int) -> None:
    """However answers, delays, duplicates and those who leave meet, all is told as of a case."""
    chance = random.Random(seed)  # noqa: S311 - it only draws what is played
    waits = [0.0, 0.0, 0.113, 0.517, 1.213, 3.709, 6.021, 12.909, 100.0]
    likely, orders = [*ANSWERS.values(), *[RECEIPT] * 9], [canceled, ALIVE, UNREADABLE, RECEIPT]
    answers = [(chance.choice(waits), chance.choice(likely)) for _ in range(4)]
    reads = [chance.choice([*orders, httpx.ReadError("reset")]) for _ in range(3)]
    # Nothing at the moment of anything else, for what comes first then is nobody's promise.
    starts = sorted(chance.choice([0.0507, 0.907, 2.151, 4.519, 7.757]) for _ in range(3))
    asked = [
        (
            place * 0.0137 + start,
            ask(assurance=chance.choice(list(Assurance)), timeout_s=chance.choice([0.8, 3.3, 10.0])),
            chance.choice([None, None, None, 0.6, 2.2]),
        )
        for place, start in enumerate([0.0, *starts])
    ]

    async def play(one: AsyncClient) -> Any:
        async def cancel(at: float, request: CancelRequest, leave_s: float | None) -> Any:
            await asyncio.sleep(at)
            try:
                async with asyncio.timeout(leave_s):
                    ack = await one.cancel(request)
            except TimeoutError:
                return "left"
            return told(ack), round(ack.elapsed_s, 2)

        acks = await asyncio.gather(*(cancel(*each) for each in asked))
        before = owed(one)
        await asyncio.sleep(60)
        return acks, before, owed(one)

    def script(peer: Peer) -> None:
        peer.on("cancel", *(peer.after(*answer) for answer in answers)).on("order", *reads)

    as_case, straight = theatre.twice(script, play, retry=AT_ONCE)
    assert straight == as_case


def test_each_call_has_its_own_bound(
    virtually: Virtually, client: Make, peer: Peer, pebble: Pebble, quick: Ask
) -> None:
    """How long an answer may be is told by each call anew, whatever the one before said."""

    def cancel(venue: Pebble, target: CancelTarget) -> Call[Any]:
        most = int(str(target.order))
        return venue.ask(CallKind.CANCEL, "cancel", f"{most}", max_bytes=most or None)

    async def run() -> list[Outcome]:
        venue = type("Narrow", (type(pebble),), {"cancel": cancel, "__slots__": ()})()
        async with client(venue) as one:
            peer.on("cancel", RECEIPT).on("order", UNREADABLE).on("open", peer.never)
            asked = [quick(most, timeout_s=1.0) for most in ("900", "9", "0", "9", "900")]
            return [(await one.cancel(each)).outcome for each in asked]

    read, unread = Outcome.PENDING, Outcome.UNKNOWN
    assert virtually(run()) == [read, unread, read, unread, read]


@pytest.mark.parametrize("timeout_s", [1.0, 3.0, 10.0])
@pytest.mark.parametrize("after_s", [0.3, 0.7, 1.7, 2.7, 4.0, 9.0, 11.0, 100.0])
def test_an_answer_that_takes_its_time(
    theatre: Theatre, quick: Ask, after_s: float, timeout_s: float
) -> None:
    """An answer that is overdue is read for, one within the grace still counts, and a later one does not."""

    async def play(one: AsyncClient) -> Any:
        ack = await one.cancel(quick(timeout_s=timeout_s))
        before = owed(one)
        await asyncio.sleep(30)
        return told(ack), round(ack.elapsed_s, 2), before, owed(one)

    def script(peer: Peer) -> None:
        peer.on("cancel", peer.after(after_s, RECEIPT)).on("order", UNREADABLE)

    as_case, straight = theatre.twice(script, play)
    assert straight == as_case


def rate(per: LimitScope = LimitScope.VENUE) -> dict[str, Any]:
    """Let cancels wait for their turn: one goes in two seconds."""
    return {"limits": {"pebble": [Limit(per=per, kinds=CANCELS, rate=0.5, burst=1)]}}


#: With a limit the first cancel takes the turn, and the one looked at waits for the next.
TURNS: dict[str, dict[str, Any]] = {"at once": {}, "in turn": rate()}


@pytest.mark.parametrize("options", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("at", [0.0, 0.5, 1.5, 2.5, 3.5, 60.0])
@pytest.mark.parametrize("assurance", Assurance)
def test_who_joins(
    theatre: Theatre, quick: Ask, assurance: Assurance, at: float, options: dict[str, Any]
) -> None:
    """Whoever wants the same order canceled shares what is under way, and sees what was before."""

    async def play(one: AsyncClient) -> Any:
        ahead = asyncio.create_task(one.cancel(quick("5")))
        await asyncio.sleep(0)
        first = asyncio.create_task(one.cancel(quick()))
        await asyncio.sleep(at)
        joining = [one.cancel(quick(assurance=wanted)) for wanted in (assurance, Assurance.RECEIVED)]
        acks = await asyncio.gather(ahead, first, *joining)
        before = owed(one)
        await asyncio.sleep(60)
        return [(told(ack), round(ack.elapsed_s, 2)) for ack in acks], before, owed(one)

    def script(peer: Peer) -> None:
        peer.on("cancel", peer.after(1, RECEIPT)).on("order", canceled)

    as_case, straight = theatre.twice(script, play, **options)
    assert straight == as_case


@pytest.mark.parametrize("options", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("at", [0.0, 0.5, 1.5, 2.5, 3.5, 5.5])
@pytest.mark.parametrize("answer_s", [1.0, 100.0])
def test_who_leaves(
    theatre: Theatre, quick: Ask, at: float, answer_s: float, options: dict[str, Any]
) -> None:
    """What was sent for one who is canceled lives on, and is owed; what was not is not sent."""

    async def play(one: AsyncClient) -> Any:
        tasks = [asyncio.create_task(one.cancel(quick(order))) for order in ("5", "7")]
        await asyncio.sleep(at)
        tasks[1].cancel()
        await asyncio.wait(tasks[1:])
        before = owed(one)
        await asyncio.sleep(60)
        return tasks[1].cancelled(), before, owed(one)

    def script(peer: Peer) -> None:
        peer.on("cancel", peer.after(answer_s, RECEIPT)).on("order", UNREADABLE)

    as_case, straight = theatre.twice(script, play, **options)
    assert straight == as_case


@pytest.mark.parametrize("options", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("at", [0.5, 1.5, 2.5, 4.5])
@pytest.mark.parametrize("answer_s", [1.0, 100.0])
def test_a_client_that_closes(
    theatre: Theatre, quick: Ask, at: float, answer_s: float, options: dict[str, Any]
) -> None:
    """At its end a client answers whoever waits with what is known, and everything that was begun ends."""

    async def play(one: AsyncClient) -> Any:
        others = asyncio.all_tasks()
        tasks = [asyncio.create_task(one.cancel(quick(order))) for order in ("5", "7")]
        await asyncio.sleep(at)
        left = await one.aclose()
        assert asyncio.all_tasks() - others - set(tasks) == set()
        acks = await asyncio.gather(*tasks)
        return [told(ack) for ack in acks], len(left)

    def script(peer: Peer) -> None:
        peer.on("cancel", peer.after(answer_s, RECEIPT)).on("order", UNREADABLE)

    as_case, straight = theatre.twice(script, play, **options)
    assert straight == as_case


def test_a_client_that_closes_before_the_first_byte(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, witness: Witness
) -> None:
    """What is told as not sent is not sent, not even in the very next moment."""
    peer.on("cancel", RECEIPT)

    async def play() -> None:
        async with client() as one:
            await one.cancel(quick("1"))
            task = asyncio.create_task(one.cancel(quick()))
            closing = asyncio.create_task(one.aclose())
            ack = await task
            await closing
            assert (ack.reason, ack.sent) == (Reason.NOT_SENT, Sent.NO)
            await asyncio.sleep(10)

    virtually(play())
    assert peer.calls("cancel") == ["1"]
    assert [answer.fault for answer in witness.answers] == [None, "given up"]


#: Whose turn is next is that of their account alone.
PER_ACCOUNT = rate(LimitScope.ACCOUNT)


def test_who_waits_for_nothing_goes_once(virtually: Virtually, client: Make, peer: Peer, quick: Ask) -> None:
    """A cancel whose account has its turn goes past those of another that wait, and goes once."""
    peer.on("cancel", RECEIPT)

    async def play() -> None:
        async with client(**PER_ACCOUNT) as one:
            await one.cancel(quick("1"))
            tasks = [asyncio.create_task(one.cancel(quick(order))) for order in ("2", "3")]
            await asyncio.sleep(0)
            ack = await one.cancel(quick("4", account="8"))
            assert (ack.outcome, round(ack.elapsed_s, 1)) == (Outcome.PENDING, 0.0)
            acks = await asyncio.gather(*tasks)
            assert [round(ack.elapsed_s) for ack in acks] == [2, 4]

    virtually(play())
    assert peer.calls("cancel") == ["1", "4", "2", "3"]


def test_a_turn_that_comes_too_late(theatre: Theatre, quick: Ask) -> None:
    """Whoever's deadline comes before their turn is told at that moment that nothing was sent."""

    async def play(one: AsyncClient) -> Any:
        tasks = [asyncio.create_task(one.cancel(quick(order, timeout_s=1.0))) for order in ("5", "7")]
        acks = await asyncio.gather(*tasks)
        await asyncio.sleep(10)
        return [(told(ack), round(ack.elapsed_s, 2)) for ack in acks], owed(one)

    as_case, straight = theatre.twice(lambda peer: peer.on("cancel", RECEIPT), play, **rate())
    assert straight == as_case
    assert straight["calls"] == ["cancel", "order", "cancel"]


def test_a_session_that_ends_before_their_turn(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, pebble: Pebble
) -> None:
    """Whoever waits for a turn as the session is refused goes under the next one."""
    peer.on("log-in", {"say": "token", "token": "t-one"}, peer.after(3, {"say": "token", "token": "t-two"}))
    peer.on("cancel", RECEIPT, {"say": "session"}, RECEIPT).on("log-out", RECEIPT)

    async def play() -> None:
        async with client(pebble.by_password(), **rate()) as one:
            await one.cancel(quick("1"))
            await asyncio.sleep(2)
            tasks = [asyncio.create_task(one.cancel(quick(order))) for order in ("2", "3")]
            acks = await asyncio.gather(*tasks)
            assert [ack.outcome for ack in acks] == [Outcome.PENDING] * 2

    virtually(play())
    assert sorted(peer.calls("cancel")[1:]) == ["2", "2", "3"]
    assert peer.headers("cancel", "authorization")[2:] == ["Bearer t-two"] * 2


def broken(where: str) -> Callable[..., Any]:
    """Break a plugin for order 7."""

    def function(self: Any, *args: Any) -> Any:
        order = args[0].order.value if where == "cancel" else args[1].partition("?")[0]
        if order == "7":
            raise ValueError("not this one")
        return getattr(super(type(self), self), where)(*args)

    return function


@pytest.mark.parametrize("options", [{"max_in_flight": 1}, rate()], ids=TURNS)
@pytest.mark.parametrize("where", ["cancel", "sign"])
def test_a_plugin_that_breaks(
    theatre: Theatre, pebble: Pebble, quick: Ask, where: str, options: dict[str, Any]
) -> None:
    """A plugin that cannot make or sign a cancel is told in the ack, and keeps nobody else's from going."""
    kind = type("Broken", (type(pebble),), {where: broken(where), "__slots__": ()})
    venue = kind(capabilities=pebble.capabilities)

    async def play(one: AsyncClient) -> Any:
        orders = ("5", "7", "8")
        acks = await asyncio.gather(*(one.cancel(quick(order, timeout_s=9.0)) for order in orders))
        assert "ValueError" in str(acks[1].error)
        await asyncio.sleep(2)
        acks.append(await one.cancel(quick("7")))
        if "max_in_flight" in options:
            assert round((await one.cancel(quick("9"))).elapsed_s, 2) == 0.0  # it keeps no place
        return [told(ack) for ack in acks], owed(one)

    def script(peer: Peer) -> None:
        peer.on("cancel", RECEIPT)

    as_case, straight = theatre.twice(script, play, venue=venue, **options)
    assert straight["came of it"] == as_case["came of it"]
    assert straight["calls"] == as_case["calls"]


def test_what_is_settled_long_after(theatre: Theatre, quick: Ask) -> None:
    """An ack is settled by reads, however long ago the cancel was, and whoever canceled the order since."""

    async def play(one: AsyncClient) -> Any:
        first = await one.cancel(quick())
        await asyncio.sleep(60)
        second = await one.cancel(quick())
        settled = [await one.settle(ack) for ack in (first, second, first)]
        return [told(ack) for ack in (first, second, *settled)], owed(one)

    def script(peer: Peer) -> None:
        peer.on("cancel", RECEIPT).on("order", ALIVE, CANCELED)

    as_case, straight = theatre.twice(script, play)
    assert straight == as_case


def test_more_acks_than_are_kept(theatre: Theatre, quick: Ask) -> None:
    """Of more acks than are kept the oldest are dropped; the others stand in the order of their requests."""

    async def play(one: AsyncClient) -> Any:
        acks = [await one.cancel(quick(str(order))) for order in range(10, 15)]
        await one.cancel(quick("13", assurance=Assurance.CONFIRMED))
        await one.cancel(quick("10", assurance=Assurance.CONFIRMED))
        before = owed(one)
        settled = [await one.settle(ack) for ack in (acks[0], acks[2])]
        young_last = [str(left.ack.request.order) for left in one.unsettled()]
        return [told(ack) for ack in (*acks, *settled)], before, young_last

    def script(peer: Peer) -> None:
        peer.on("cancel", RECEIPT).on("order", canceled)

    as_case, straight = theatre.twice(script, play, most_unsettled=3)
    assert straight["came of it"] == as_case["came of it"]


def test_a_dropped_ack_whose_order_is_canceled_again(theatre: Theatre, quick: Ask) -> None:
    """An ack that was dropped for want of room stays dropped, whoever cancels its order next."""

    async def play(one: AsyncClient) -> Any:
        first = await one.cancel(quick("10"))
        for order in ("11", "12"):
            await one.cancel(quick(order, assurance=Assurance.CONFIRMED, timeout_s=0.5))
        again = await one.cancel(quick("10"))
        before = owed(one)
        return told(first), told(again), before, told(await one.settle(first))

    def script(peer: Peer) -> None:
        peer.on("cancel", RECEIPT).on("order", lambda request: {**canceled(request), "status": "ERROR"})

    as_case, straight = theatre.twice(script, play, most_unsettled=2)
    assert straight == as_case


@pytest.mark.parametrize("venues", [("slow", "pebble"), ("pebble", "slow")], ids="before ".join)
def test_each_venue_is_as_slow_as_it_says(
    virtually: Virtually, peer: Peer, pebble: Pebble, quick: Ask, venues: tuple[str, ...]
) -> None:
    """What a cancel may still have done is remembered for as long as its own venue's reads lag."""
    peer.on("cancel", RECEIPT).on("order", canceled)
    slow = attrs.evolve(pebble, name="slow", capabilities=Capabilities(read_lag_s=60.0))

    async def play() -> None:
        async with AsyncClient([pebble, slow], transport=httpx.MockTransport(peer)) as one:
            for venue in venues:
                await one.cancel(quick("1", venue=venue))
                await one.cancel(quick("7", venue=venue))
                await one.cancel(quick("8", venue=venue))
            await asyncio.sleep(1)
            assert await attempts(one, "pebble", "7") == 2
            await asyncio.sleep(2)
            assert [await attempts(one, venue, "8") for venue in ("slow", "pebble")] == [2, 1]
            await asyncio.sleep(70)
            assert await attempts(one, "slow", "7") == 1

    async def attempts(one: AsyncClient, venue: str, order: str) -> int:
        return len((await one.cancel(quick(order, venue=venue))).attempts)

    virtually(play())


def test_an_order_that_is_looked_up_meanwhile(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, ask: Ask
) -> None:
    """Whoever came while a cancel was under way, and means its order, shares it, however long they search."""
    found = {"say": "rows", "rows": [{"id": "7", "status": "NEW", "client_id": "mine"}]}
    peer.on("cancel", RECEIPT, peer.after(0.5, RECEIPT), RECEIPT).on("order", canceled)
    peer.on("open", peer.after(4, found))

    async def play() -> None:
        async with client() as one:
            await one.cancel(ask("1"))
            task = asyncio.create_task(one.cancel(quick()))
            await asyncio.sleep(0.1)
            ack = await one.cancel(ask(ClientOrderId("mine"), timeout_s=60.0))
            assert (ack.outcome, len(ack.attempts)) == (Outcome.CANCELED, 1)
            assert (await task).outcome is Outcome.PENDING
            assert one.unsettled() == ()

    virtually(play())
    assert peer.calls("cancel") == ["1", "7"]


@pytest.mark.parametrize(
    ("timeout_s", "options"),
    [(None, {}), (3.0, {}), (None, rate())],
    ids=["at once", "with an end", "in turn"],
)
@pytest.mark.parametrize("freely", [True, False], ids=["a list", "an iterator"])
def test_a_batch(
    theatre: Theatre, quick: Ask, options: dict[str, Any], timeout_s: float | None, *, freely: bool
) -> None:
    """A batch is told of each of its cancels what a case would have told, trouble or none."""

    def answer(request: httpx.Request) -> Any:
        order = int(request.url.path.rpartition("/")[2])
        return {0: REFUSED, 1: httpx.ReadError("reset")}.get(order % 4, RECEIPT)

    async def play(one: AsyncClient) -> Any:
        requests = [quick(str(order)) for order in range(10, 20)]
        acks = [ack async for ack in one.cancel_many(requests if freely else iter(requests), timeout_s)]
        await asyncio.sleep(30)
        return sorted(str(told(ack)) for ack in acks), sorted(map(str, owed(one)))

    def script(peer: Peer) -> None:
        peer.on("cancel", answer).on("order", canceled)

    as_case, straight = theatre.twice(script, play, **options)
    assert straight["came of it"] == as_case["came of it"]


@pytest.mark.parametrize("as_batch", [False, True], ids=["by itself", "in a batch"])
def test_what_took_the_place_of_an_order(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, witness: Witness, *, as_batch: bool
) -> None:
    """A cancel that went straight and was refused is followed to the order that took the place of its own."""
    heirs = {"say": "rows", "rows": [{"id": "8", "status": "NEW", "replaces": "7"}]}
    peer.on("cancel", RECEIPT, REFUSED, RECEIPT).on("open", heirs)
    peer.on("order", {"say": "order", "id": "7", "status": "REPLACED"})

    async def play() -> CancelAck:
        async with client() as one:
            await one.cancel(quick("1"))
            request = quick(follow_replacement=True)
            if not as_batch:
                return await one.cancel(request)
            (ack,) = [ack async for ack in one.cancel_many([request])]
            return ack

    ack = virtually(play())
    assert (ack.outcome, ack.order_id) == (Outcome.PENDING, OrderId("8"))
    assert witness.acks[-1] is ack
    assert peer.calls("cancel") == ["1", "7", "8"]


def test_lists_go_before(virtually: Virtually, client: Make, peer: Peer, quick: Ask, pebble: Pebble) -> None:
    """Where a venue takes lists, the cancels of many go in these, and one by itself goes straight."""
    listing = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=0.0, cancel_list_size=5))
    peer.on("cancel", RECEIPT).on("cancel-list", RECEIPT)

    async def play() -> None:
        async with client(listing) as one:
            await one.cancel(quick("1"))
            acks = [ack async for ack in one.cancel_many([quick(str(order)) for order in range(10, 15)])]
            assert {ack.outcome for ack in acks} == {Outcome.PENDING}
            await one.cancel(quick("7"))

    virtually(play())
    assert peer.calls() == ["cancel", "cancel-list", "cancel"]


@pytest.mark.parametrize("options", TURNS.values(), ids=TURNS)
def test_a_kill_comes_along(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, options: dict[str, Any]
) -> None:
    """A kill shares what is under way for an order, or still waits for its turn."""
    rows = {"say": "rows", "rows": [{"id": "7", "status": "NEW"}]}
    peer.on("cancel", RECEIPT, peer.after(0.5, RECEIPT)).on("order", canceled)
    peer.on("open", rows, {"say": "rows", "rows": []})

    async def play() -> None:
        async with client(**options) as one:
            await one.cancel(quick("1"))
            task = asyncio.create_task(one.cancel(quick()))
            await asyncio.sleep(0.1)
            report = await one.kill([Scope.account("pebble", "9")])
            assert report.proved
            assert (await task).outcome is Outcome.PENDING

    virtually(play())
    assert peer.calls("cancel") == ["1", "7"]


ENDS: dict[str, Any] = {
    **{name: ANSWERS[name] for name in ("a receipt", "a refusal", "a doubt", "a reset", "no connection")},
    "an answer that never comes": "never",
    "who asked leaves": "leave",
    "its task is canceled": "cancel",
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_nothing_is_kept(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, pebble: Pebble, end: Any
) -> None:
    """However one ends, its place is free again, and no refusal waits for what its answer may explain."""
    peer.on("log-in", {"say": "token", "token": "t0k3n"}).on("log-out", RECEIPT)
    peer.on("cancel", RECEIPT, peer.never if isinstance(end, str) else end, RECEIPT).on("order", canceled)

    async def play() -> None:
        async with client(pebble.by_password(), max_in_flight=1) as one:
            await one.cancel(quick("1"))
            task = asyncio.create_task(one.cancel(quick()))
            await asyncio.sleep(0.1)
            all_tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for other in {"leave": {task}, "cancel": all_tasks}.get(str(end), set()):
                other.cancel()
            await asyncio.wait([task])
            await asyncio.sleep(20)
            assert round((await one.cancel(quick("5"))).elapsed_s, 2) == 0.0
            peer.on("cancel", {"say": "session"})
            refused = await one.cancel(quick("6", account="8"))
            assert (refused.reason, round(refused.elapsed_s, 1)) == (Reason.NOT_AUTHORIZED, 0.0)

    virtually(play())


def test_a_loop_that_ends(client: Make, peer: Peer, quick: Ask, virtually: Virtually) -> None:
    """A loop that ends with all of its tasks leaves nothing that complains, wherever a cancel was."""
    peer.on("cancel", RECEIPT, peer.never).on("order", UNREADABLE)

    async def end() -> None:
        one = await client(**rate()).__aenter__()
        await one.cancel(quick("1"))
        tasks.extend(asyncio.create_task(one.cancel(quick(order))) for order in ("5", "7"))
        await asyncio.sleep(3)

    tasks: list[asyncio.Task[CancelAck]] = []
    virtually(end())
    assert [task.cancelled() for task in tasks] == [True, True]


@pytest.mark.parametrize("for_s", [0.5, 6.0], ids=["as it went", "as a case"])
def test_a_loop_that_is_left(peer: Peer, client: Make, quick: Ask, for_s: float) -> None:
    """Of a loop that is left with a cancel under way, nothing complains when all is thrown away."""
    peer.on("cancel", RECEIPT, peer.never).on("order", peer.never)
    steps: list[Any] = []

    async def leave() -> None:
        one = await client().__aenter__()
        await one.cancel(quick("1"))
        # By hand, as one that is thrown away while it waits.
        waiting = one.cancel(quick())
        waiting.send(None)
        steps.append(waiting)
        await asyncio.sleep(for_s)

    loop = VirtualLoop()
    try:
        loop.run_until_complete(leave())
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
    finally:
        loop.close()
    steps.pop().close()


def test_a_turn_and_a_deadline_at_once(virtually: Virtually, client: Make, peer: Peer, quick: Ask) -> None:
    """Where a turn comes at the very moment of a deadline, nothing is sent that is told as not sent."""
    peer.on("cancel", RECEIPT)

    async def play() -> None:
        async with client(**rate()) as one:
            await one.cancel(quick("1"))
            ack = await one.cancel(quick(timeout_s=1.999))
            assert (ack.reason, ack.sent) == (Reason.NOT_SENT, Sent.NO)
            assert (await one.cancel(quick("8"))).outcome is Outcome.PENDING

    virtually(play())
    assert peer.calls("cancel") == ["1", "8"]


def test_a_receipt_for_one_who_is_just_leaving(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, witness: Witness
) -> None:
    """A receipt that comes at the moment its caller is canceled is nobody's, and is owed."""
    peer.on("cancel", RECEIPT)

    async def play() -> None:
        async with client() as one:
            await one.cancel(quick("1"))
            task = asyncio.create_task(one.cancel(quick()))

            def answered(answer: Any) -> None:
                task.cancel()

            witness.answered = answered  # type: ignore[method-assign]  # an observer of its own
            troubles: list[Any] = []
            asyncio.get_running_loop().set_exception_handler(lambda _, trouble: troubles.append(trouble))
            await asyncio.wait([task])
            assert (task.cancelled(), troubles) == (True, [])
            assert [left.ack.outcome for left in one.unsettled()][1:] == [Outcome.PENDING]

    virtually(play())


def test_an_ack_that_is_kept_no_longer(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, witness: Witness
) -> None:
    """An ack that was dropped for want of room is still told of as it moves on, and stays dropped."""
    peer.on("cancel", RECEIPT, peer.after(2.0, RECEIPT), RECEIPT).on("order", canceled, UNREADABLE)

    async def play() -> None:
        async with client(most_unsettled=1) as one:
            await one.cancel(quick("1", assurance=Assurance.CONFIRMED))
            assert (await one.cancel(quick(timeout_s=1.0))).outcome is Outcome.UNKNOWN
            younger = await one.cancel(quick("8"))
            await asyncio.sleep(5)
            assert [left.ack for left in one.unsettled()] == [younger]

    virtually(play())
    (update,) = witness.updates
    assert (update.before.outcome, update.ack.outcome) == (Outcome.UNKNOWN, Outcome.PENDING)


def test_a_cancel_that_somebody_else_cancels(theatre: Theatre, quick: Ask) -> None:
    """What is next for one whose task is canceled from outside begins a moment later, as for a case."""

    async def play(one: AsyncClient) -> Any:
        others = asyncio.all_tasks()
        task = asyncio.create_task(one.cancel(quick()))
        await asyncio.sleep(0.5)
        for other in asyncio.all_tasks() - others - {task}:
            other.cancel()
        ack = await task
        return told(ack), round(ack.elapsed_s, 2)

    def script(peer: Peer) -> None:
        peer.on("cancel", peer.never).on("order", CANCELED)

    as_case, straight = theatre.twice(script, play)
    assert (straight["came of it"], straight["calls"]) == (as_case["came of it"], as_case["calls"])
    assert straight["came of it"][1] == 0.55


class Slow(httpx.AsyncBaseTransport):
    """A transport that takes its time to let go of a request."""

    def __init__(self, peer: Peer) -> None:
        self._inner = httpx.MockTransport(peer)
        self.left = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass it on, and count those that are given up."""
        try:
            return await self._inner.handle_async_request(request)
        except asyncio.CancelledError:
            await asyncio.sleep(0.5)
            self.left += 1
            raise


def test_a_transport_that_lets_go_slowly(
    virtually: Virtually, peer: Peer, quick: Ask, pebble: Pebble
) -> None:
    """A client that closes waits until its transport has let go of what was under way."""
    transport = Slow(peer.on("cancel", RECEIPT, peer.never))

    async def play() -> None:
        async with AsyncClient([pebble], transport=transport) as one:
            await one.cancel(quick("1"))
            task = asyncio.create_task(one.cancel(quick()))
            await asyncio.sleep(0.5)
        assert transport.left == 1
        assert (await task).outcome is Outcome.UNKNOWN

    virtually(play())


def test_the_older_ones_come_first(theatre: Theatre, quick: Ask) -> None:
    """What is owed stands in the order in which it was asked for, whatever was made of it since."""

    async def play(one: AsyncClient) -> Any:
        acks = []
        for order in ("10", "11"):
            acks.append(await one.cancel(quick(order)))
            await asyncio.sleep(0.1)
        await one.settle(acks[0], 0.5)
        return [str(left.ack.request.order) for left in one.unsettled()][-2:]

    def script(peer: Peer) -> None:
        peer.on("cancel", RECEIPT).on("order", lambda request: {**canceled(request), "status": "ERROR"})

    as_case, straight = theatre.twice(script, play)
    assert straight == as_case
    assert straight["came of it"] == ["10", "11"]


def test_a_receipt_proves_the_session(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, pebble: Pebble
) -> None:
    """A receipt clears the session of the doubt that the refusal of another account had thrown on it."""
    peer.on("log-in", {"say": "token", "token": "t0k3n"}).on("log-out", RECEIPT)
    peer.on("cancel", RECEIPT, peer.after(0.1, {"say": "session"}), peer.after(0.1, RECEIPT), RECEIPT)

    async def play() -> None:
        async with client(pebble.by_password()) as one:
            await one.cancel(quick("1"))
            foreign = asyncio.create_task(one.cancel(quick(account="7")))
            await asyncio.sleep(0.05)
            assert (await one.cancel(quick("8"))).outcome is Outcome.PENDING
            await foreign

    virtually(play())
    assert peer.calls("log-in") == [""]


@pytest.mark.parametrize("last_s", [0.1, 0.2])
def test_who_is_under_way_may_tell_of_the_session(
    virtually: Virtually, client: Make, peer: Peer, pebble: Pebble, quick: Ask, last_s: float
) -> None:
    """A refusal is held back for the last cancel of an account that may explain it, and for no more."""

    def answer(request: httpx.Request) -> Any:
        order = request.url.path.rpartition("/")[2]
        if order == "7" and request.headers["authorization"] == "Bearer one":
            return {"say": "session"}
        return peer.after({"5": 0.1, "6": last_s}.get(order, 0.0), RECEIPT)(request)

    async def run() -> None:
        async with client(pebble.by_password()) as one:
            await one.cancel(quick("1"))
            await asyncio.sleep(10)
            orders = [quick("5"), quick("6"), quick("7", account="8")]
            await asyncio.gather(*map(one.cancel, orders))

    tokens = [{"say": "token", "token": token} for token in ("one", "two")]
    peer.on("log-in", *tokens).on("cancel", answer).on("log-out", RECEIPT)
    virtually(run())
    assert peer.when("log-in") == [0.0, round(10.0 + last_s, 2)]


def test_a_receipt_ends_a_pause(virtually: Virtually, client: Make, peer: Peer, quick: Ask) -> None:
    """The receipt of the one that tries whether the venue takes calls again lets the others go at once."""
    peer.on("cancel", RECEIPT, {"say": "throttled", "acted": "NO", "wait": 60.0}, RECEIPT)

    async def play() -> None:
        async with client() as one:
            await one.cancel(quick("1"))
            throttled = asyncio.create_task(one.cancel(quick("5", timeout_s=2.0)))
            await asyncio.sleep(PROBE_EVERY_S + 0.1)
            for order in ("6", "7"):
                assert round((await one.cancel(quick(order))).elapsed_s, 2) == 0.0
            await throttled

    virtually(play())


def test_a_receipt_lets_others_read(
    virtually: Virtually, client: Make, peer: Peer, quick: Ask, pebble: Pebble, ask: Ask
) -> None:
    """A listing that many share waits for the cancels under way, and for no longer."""
    keeps = attrs.evolve(pebble, capabilities=Capabilities(read_lag_s=0.0, has_history=True))
    orders = [str(order) for order in range(10, 14)]
    rows = [{"id": order, "status": "CANCELED"} for order in orders]
    peer.on("cancel", RECEIPT, peer.after(0.5, RECEIPT), RECEIPT)
    peer.on("history", {"say": "rows", "rows": rows})

    async def play() -> None:
        async with client(keeps) as one:
            await one.cancel(quick("1"))
            task = asyncio.create_task(one.cancel(quick()))
            await asyncio.sleep(0.1)
            acks = [ack async for ack in one.cancel_many(list(map(ask, orders)))]
            assert {(ack.outcome, round(ack.elapsed_s, 1)) for ack in acks} == {(Outcome.CANCELED, 0.4)}
            await task

    virtually(play())
    assert peer.calls("history") == ["9"]


def test_receipts_pay_for_repeats(theatre: Theatre, quick: Ask) -> None:
    """Each receipt gives back a token of what repeats may use up."""

    async def play(one: AsyncClient) -> Any:
        acks = [await one.cancel(quick(order)) for order in ("7", "11", "12", "13", "14", "8")]
        return [len(ack.attempts) for ack in acks]

    def script(peer: Peer) -> None:
        doubt = {"say": "maybe"}
        peer.on("cancel", doubt, *[RECEIPT] * 5, doubt, RECEIPT)
        peer.on("order", lambda request: {**canceled(request), "status": "NEW"})

    as_case, straight = theatre.twice(script, play, retry=RetryPolicy(budget=5))
    assert straight["came of it"] == as_case["came of it"] == [2, 1, 1, 1, 1, 2]


def test_a_request_that_is_asked_twice(theatre: Theatre, quick: Ask) -> None:
    """Each ack of the same request is settled for itself, in whatever order."""

    async def play(one: AsyncClient) -> Any:
        request, acks = quick(), []
        for _ in range(3):
            acks.append(await one.cancel(request))
            await asyncio.sleep(60)
        before = owed(one)
        settled = [(told(await one.settle(acks[each])), len(owed(one))) for each in (1, 0, 2)]
        return list(map(told, acks)), before, settled

    def script(peer: Peer) -> None:
        peer.on("cancel", RECEIPT).on("order", CANCELED)

    as_case, straight = theatre.twice(script, play)
    assert straight == as_case
    assert [left for _, left in straight["came of it"][2]] == [2, 1, 0]
