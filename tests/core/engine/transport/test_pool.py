"""Places for connections: bounded, given in turn, and none is ever lost or given twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand._wire._exchange import Exchange
from countermand._wire._h11_parser import H11Parser
from countermand._wire._in_turn import InTurn
from countermand._wire._origin import Origin
from countermand._wire._pool import Pool
from countermand._wire._progress import GIVEN_UP, Progress, WireFault
from countermand._wire._sending import Bound

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit

Virtually = Callable[[Any], Any]
HERE = Origin(tls=False, host="venue.example", port=80)
THERE = Origin(tls=True, host="venue.example", port=443)


@attrs.define(eq=False)
class Stub:
    """Stands for a connection."""

    origin: Origin
    quiet: bool = True
    closed: bool = False
    on_idle: Any = None
    on_lost: Any = None
    exchange: Any = None

    def send(self, _data: bytes, exchange: Any, _timeout_s: float | None) -> None:
        """Be busy with that."""
        assert self.quiet
        assert self.exchange is None
        self.exchange = exchange

    def drop(self, exchange: Any) -> None:
        """Close it, if it is busy with that."""
        if exchange is self.exchange:
            self.close()

    def close(self) -> None:
        """Close it; that it is gone is known a moment later."""
        if not self.closed:
            self.closed, self.quiet = True, False
            if self.exchange is not None:
                self.exchange.fail(httpx.ReadError("closed"))
            asyncio.get_running_loop().call_soon(self.on_lost, self)

    def free(self) -> None:
        """Be done with a whole answer."""
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.take(b"HTTP/1.1 204 No Content\r\n\r\n")
        self.on_idle(self)
        if exchange is not None:
            exchange.tell_end()


class Net:
    """Connects at once, or fails."""

    def __init__(self) -> None:
        self.made: list[Stub] = []
        self.failure: Exception | None = None
        self.takes_s = 0.0

    async def dial(self, origin: Origin, _tell: Any, _timeout_s: float | None) -> Any:
        """Connect."""
        await asyncio.sleep(self.takes_s)
        if self.failure is not None:
            raise self.failure
        self.made.append(Stub(origin))
        return self.made[-1]

    @property
    def open(self) -> int:
        """Count those that are open."""
        return sum(not one.closed for one in self.made)


class Asking:
    """Some who ask for a connection, in order, and what they got."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.got: list[tuple[int, Any]] = []
        self.tasks: list[asyncio.Task[Any]] = []

    async def begin(self, count: int = 1, origin: Origin = HERE, **timeouts: float) -> None:
        """Ask so many times, and go as far as is possible at once."""
        for _ in range(count):
            self.tasks.append(asyncio.create_task(self._ask(len(self.tasks), origin, timeouts)))
        await settle()

    async def _ask(self, number: int, origin: Origin, timeouts: dict[str, float]) -> None:
        connection = await self.pool.connection(origin, None, timeouts)
        self.got.append((number, connection))

    @property
    def served(self) -> list[int]:
        """Who got one, in order."""
        return [number for number, _ in self.got]


class Sent:
    """A request that waits by itself, and how often its end was told."""

    def __init__(self, pool: Pool, origin: Origin = HERE) -> None:
        self.ends = 0
        clock = asyncio.get_running_loop().time
        self.exchange = Exchange(H11Parser("POST"))
        self.progress = Progress(clock=clock, signed_at=clock(), traced=True)
        self.sending = InTurn(b"", self.exchange, Bound(9, cuts=False), self.progress, self._end)
        self.waits = self.sending.wait(pool, origin)

    def _end(self) -> None:
        self.ends += 1

    async def fault(self) -> str:
        """Return why it failed, which was told once, and that nothing was sent."""
        with pytest.raises(WireFault) as caught:
            await self.sending.response()
        assert (self.ends, self.progress.first_byte_at) == (1, None)
        return str(caught.value)


async def settle() -> None:
    """Let happen what happens at once."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_no_more_than_so_many(virtually: Virtually) -> None:
    """At most so many connections lead to an origin; whoever comes later waits, and is served in turn."""

    async def use() -> None:
        net = Net()
        asking = Asking(Pool(net.dial, most=2, idle_s=30))
        await asking.begin(5)
        assert (asking.served, len(net.made)) == ([0, 1], 2)
        for served in range(2, 5):
            asking.got[-1][1].free()
            await settle()
            assert asking.served == list(range(served + 1))
        assert len(net.made) == 2

    virtually(use())


def test_another_origin_waits_for_nobody(virtually: Virtually) -> None:
    """Where one origin has no place left, another has all of its own."""

    async def use() -> None:
        net = Net()
        asking = Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(2)
        await asking.begin(1, THERE)
        assert asking.served == [0, 2]

    virtually(use())


def test_who_comes_last_does_not_overtake(virtually: Virtually) -> None:
    """A connection that becomes free is that of whoever waits first, though another asks at that moment."""

    async def use() -> None:
        net = Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        asking = Asking(pool)
        await asking.begin(2)
        net.made[0].free()
        assert pool.take(HERE) is None
        await asking.begin()
        assert asking.served == [0, 1]

    virtually(use())


def test_no_place_in_time(virtually: Virtually) -> None:
    """Who waits no longer for a place than so many seconds sent nothing, and others keep their turn."""

    async def use() -> None:
        net = Net()
        asking = Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin()
        await asking.begin(pool=5.0)
        await asking.begin()
        await asyncio.sleep(6)
        with pytest.raises(httpx.PoolTimeout, match=r"^no connection was free in 5\.0 s$"):
            await asking.tasks[1]
        net.made[0].free()
        await settle()
        assert asking.served == [0, 2]

    virtually(use())


@pytest.mark.parametrize("then", ["free", "close"])
@pytest.mark.parametrize("is_given_first", [False, True], ids=["before it is given one", "after"])
def test_who_leaves_while_waiting(virtually: Virtually, is_given_first: bool, then: str) -> None:
    """Who is canceled while waiting takes nothing along: what it was given is the next one's."""

    async def use() -> None:
        net = Net()
        asking = Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(3)
        if is_given_first:
            getattr(net.made[0], then)()
            if then == "close":
                await asyncio.sleep(0)  # it is gone, and its place is given on
            asking.tasks[1].cancel()
        else:
            asking.tasks[1].cancel()
            getattr(net.made[0], then)()
        await settle()
        assert (asking.tasks[1].cancelled(), asking.served, net.open) == (True, [0, 2], 1)

    virtually(use())


def test_what_was_given_goes_bad(virtually: Virtually) -> None:
    """Who is given a connection that speaks out of turn gets another, before all who came later."""

    async def use() -> None:
        net = Net()
        asking = Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(3)
        net.made[0].free()
        net.made[0].quiet = False
        await settle()
        assert (asking.served, len(net.made), net.open) == ([0, 1], 2, 1)
        assert asking.got[1][1] is net.made[1]

    virtually(use())


def test_what_was_given_is_closed_and_left(virtually: Virtually) -> None:
    """A connection that was closed, and whoever was given it canceled, leaves its place to the next."""

    async def use() -> None:
        net = Net()
        asking = Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(3)
        net.made[0].free()
        net.made[0].close()
        asking.tasks[1].cancel()
        await settle()
        assert (asking.served, net.open) == ([0, 2], 1)

    virtually(use())


def test_where_nobody_answers(virtually: Virtually) -> None:
    """A connection that is not made gives its place back, to whoever waits for one."""

    async def use() -> None:
        net = Net()
        net.failure, net.takes_s = httpx.ConnectError("refused"), 1.0
        asking = Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(3)
        await asyncio.sleep(1.5)
        net.failure = None
        asking.tasks[1].cancel()
        await asyncio.sleep(1.5)
        assert isinstance(asking.tasks[0].exception(), httpx.ConnectError)
        assert (asking.served, net.open) == ([2], 1)

    virtually(use())


def test_the_end_of_those_who_wait(virtually: Virtually) -> None:
    """When the pool is closed, whoever waits is told that nothing was sent."""

    async def use() -> None:
        net = Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        asking = Asking(pool)
        await asking.begin(2)
        await pool.aclose()
        with pytest.raises(httpx.ConnectError, match="the transport was closed"):
            await asking.tasks[1]
        assert (len(pool), net.open) == (0, 0)

    virtually(use())


def test_the_next_one_is_not_quiet(virtually: Virtually) -> None:
    """A connection that is not quiet is given to nobody, and whoever is first stays so."""

    async def use() -> None:
        net = Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        asking = Asking(pool)
        await asking.begin()
        one, two = Sent(pool), Sent(pool)
        await asking.begin()
        net.made[0].quiet = False
        net.made[0].free()
        assert one.progress.first_byte_at is None
        await settle()
        assert (net.made[0].exchange, net.made[1].exchange) == (None, one.exchange)
        net.made[1].free()
        assert net.made[1].exchange is two.exchange
        net.made[1].free()
        await settle()
        assert (asking.served, asking.got[1][1]) == ([0, 1], net.made[1])

    virtually(use())


def test_under_tls_a_moment_later(virtually: Virtually) -> None:
    """A connection under TLS is handed over a moment later: to whoever waits then, or to nobody."""

    async def use() -> None:
        net = Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        await Asking(pool).begin(1, THERE)
        one, two = Sent(pool, THERE), Sent(pool, THERE)
        net.made[0].free()
        assert net.made[0].exchange is None
        one.sending.drop()
        await settle()
        assert net.made[0].exchange is two.exchange
        three = Sent(pool, THERE)
        net.made[0].free()
        three.sending.drop()
        assert pool.take(THERE) is None
        await settle()
        assert pool.take(THERE) is net.made[0]

    virtually(use())


def test_where_no_connection_is_made(virtually: Virtually) -> None:
    """Who was given a place for which none is made fails, and the place is the next one's."""

    async def use() -> None:
        net = Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        await Asking(pool).begin()
        one, two = Sent(pool), Sent(pool)
        net.failure, net.takes_s = httpx.ConnectError("refused"), 1.0
        net.made[0].close()
        await asyncio.sleep(1.5)
        net.failure = None
        assert await one.fault() == "ConnectError: refused"
        assert not one.sending.given_up
        await asyncio.sleep(1)
        assert net.made[1].exchange is two.exchange

    virtually(use())


@pytest.mark.parametrize("has_begun", [False, True], ids=["before the task has begun", "after"])
@pytest.mark.parametrize("dropped", [False, True], ids=["the task", "the request"])
def test_canceled_while_one_is_made(virtually: Virtually, *, has_begun: bool, dropped: bool) -> None:
    """Who is canceled while a connection is made was given up, and the place is the next one's."""

    async def use() -> None:
        net = Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        await Asking(pool).begin()
        one, two = Sent(pool), Sent(pool)
        net.takes_s = 1.0
        tasks = asyncio.all_tasks()
        net.made[0].on_lost(net.made[0])
        (task,) = asyncio.all_tasks() - tasks
        if has_begun:
            await asyncio.sleep(0.5)
        if dropped:
            one.sending.drop()
            assert one.ends == 1
        else:
            task.cancel()
        await settle()
        assert (one.sending.given_up, await one.fault()) == (True, GIVEN_UP)
        await asyncio.sleep(1.5)
        assert net.made[1].exchange is two.exchange

    virtually(use())


def test_closed_while_one_is_made(virtually: Virtually) -> None:
    """Who is about to have a connection when the pool is closed was not sent, and nothing stays open."""

    async def use() -> None:
        net = Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        await Asking(pool).begin()
        one, two = Sent(pool), Sent(pool)
        net.takes_s = 1.0
        net.made[0].close()
        await settle()
        await pool.aclose()
        assert (await two.fault(), Sent(pool).waits) == ("ConnectError: the transport was closed", False)
        net.made[-1].on_lost = None
        await asyncio.sleep(1.5)
        assert await one.fault() == "ConnectError: the transport was closed"
        assert (len(pool), net.open) == (0, 0)

    virtually(use())


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "wait", "free", "close", "spoil", "leave", "drop"]), st.integers(0, 9))
)


@given(most=st.integers(1, 3), steps=STEPS, failing=st.booleans())
def test_no_place_is_lost(most: int, steps: list[tuple[str, int]], failing: bool) -> None:
    """Whatever happens in whatever order, no more than so many are open, and in the end all can be had."""

    async def use() -> None:
        net = Net()
        pool = Pool(net.dial, most=most, idle_s=30)
        asking, sent = Asking(pool), []
        for what, number in steps:
            busy = [one for _, one in asking.got if not one.closed]
            busy += [one for one in net.made if one.exchange is not None and not one.closed]
            match what:
                case "ask":
                    await asking.begin()
                case "wait" if (one := Sent(pool)).waits:
                    sent.append(one)
                case "drop" if sent:
                    sent[number % len(sent)].sending.drop()
                case "leave" if asking.tasks:
                    asking.tasks[number % len(asking.tasks)].cancel()
                case "free" | "close" if busy:
                    one = busy[number % len(busy)]
                    asking.got = [(who, it) for who, it in asking.got if it is not one]
                    getattr(one, what)()
                case "spoil" if net.made:
                    net.made[number % len(net.made)].quiet = False
            net.failure = httpx.ConnectError("refused") if failing and number > 7 else None
            assert net.open <= most
        for task in asking.tasks:
            task.cancel()
        for one in sent:
            one.sending.drop()
        for _, one in asking.got:
            one.close()
        await settle()
        assert [one.ends for one in sent] == [1] * len(sent)
        assert [task.cancelled() or task.done() for task in asking.tasks] == [True] * len(asking.tasks)
        net.failure = None
        again = Asking(pool)
        await again.begin(most + 1)
        assert (len(again.got), net.open) == (most, most)
        again.tasks[-1].cancel()
        await asyncio.gather(*asking.tasks, *again.tasks, return_exceptions=True)

    asyncio.run(use())


def test_waiting_costs_no_more_where_many_wait(virtually: Virtually) -> None:
    """Ten thousand may wait for a place, leave in any order, and the last is served at once."""

    async def use() -> None:
        net = Net()
        asking = Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(10_000)
        for task in asking.tasks[1:-1]:
            task.cancel()
        net.made[0].free()
        await settle()
        assert asking.served == [0, 9_999]

    virtually(use())


def test_a_bound_on_real_connections(kit: Kit) -> None:
    """More requests than connections are all answered, over no more connections than there may be."""

    async def use() -> None:
        async with kit.serving() as server, kit.transport(connections_per_origin=3) as transport:
            answers = await asyncio.gather(*[kit.ask(transport, server.url) for _ in range(50)])
            assert [content for _, content in answers] == [b"ok"] * 50
            assert server.connections == 3

    asyncio.run(use())


def test_no_connection_in_time(kit: Kit) -> None:
    """Who finds all connections busy for so long sent nothing; whoever is answered late is still answered."""

    async def use() -> None:
        slow = ((lambda: asyncio.sleep(0.1)), kit.OK)
        async with kit.serving(slow) as server, kit.transport(connections_per_origin=1) as transport:
            first = asyncio.create_task(kit.ask(transport, server.url))
            await server.until(lambda seen: bool(seen.heard))
            with pytest.raises(httpx.PoolTimeout):
                await kit.ask(transport, server.url, extensions={"timeout": {"pool": 0.01}})
            assert (await first)[1] == b"ok"
            assert len(server.heard) == 1

    asyncio.run(use())
