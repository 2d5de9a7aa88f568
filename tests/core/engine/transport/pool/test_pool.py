"""Places for connections: bounded, given in turn, and none is ever lost or given twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand._wire._pool import Pool

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit
    from tests.core.engine.transport.pool.conftest import Props

Virtually = Callable[[Any], Any]


def test_no_more_than_so_many(props: type[Props], virtually: Virtually) -> None:
    """At most so many connections lead to an origin; whoever comes later waits, and is served in turn."""

    async def use() -> None:
        net = props.Net()
        asking = props.Asking(Pool(net.dial, most=2, idle_s=30))
        await asking.begin(5)
        assert (asking.served, len(net.made)) == ([0, 1], 2)
        for served in range(2, 5):
            asking.got[-1][1].free()
            await props.settle()
            assert asking.served == list(range(served + 1))
        assert len(net.made) == 2

    virtually(use())


def test_another_origin_waits_for_nobody(props: type[Props], virtually: Virtually) -> None:
    """Where one origin has no place left, another has all of its own."""

    async def use() -> None:
        net = props.Net()
        asking = props.Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(2)
        await asking.begin(1, props.THERE)
        assert asking.served == [0, 2]

    virtually(use())


def test_who_comes_last_does_not_overtake(props: type[Props], virtually: Virtually) -> None:
    """A connection that becomes free is that of whoever waits first, though another asks at that moment."""

    async def use() -> None:
        net = props.Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        asking = props.Asking(pool)
        await asking.begin(2)
        net.made[0].free()
        assert props.take(pool) is None
        await asking.begin()
        assert asking.served == [0, 1]

    virtually(use())


def test_no_place_in_time(props: type[Props], virtually: Virtually) -> None:
    """Who waits no longer for a place than so many seconds sent nothing, and others keep their turn."""

    async def use() -> None:
        net = props.Net()
        asking = props.Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin()
        await asking.begin(pool=5.0)
        await asking.begin()
        await asyncio.sleep(6)
        with pytest.raises(httpx.PoolTimeout, match=r"^no connection was free in 5\.0 s$"):
            await asking.tasks[1]
        net.made[0].free()
        await props.settle()
        assert asking.served == [0, 2]

    virtually(use())


@pytest.mark.parametrize("then", ["free", "close"])
@pytest.mark.parametrize("is_given_first", [False, True], ids=["before it is given one", "after"])
def test_who_leaves_while_waiting(
    props: type[Props], virtually: Virtually, is_given_first: bool, then: str
) -> None:
    """Who is canceled while waiting takes nothing along: what it was given is the next one's."""

    async def use() -> None:
        net = props.Net()
        asking = props.Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(3)
        if is_given_first:
            getattr(net.made[0], then)()
            if then == "close":
                await asyncio.sleep(0)  # it is gone, and its place is given on
            asking.tasks[1].cancel()
        else:
            asking.tasks[1].cancel()
            getattr(net.made[0], then)()
        await props.settle()
        assert (asking.tasks[1].cancelled(), asking.served, net.open) == (True, [0, 2], 1)

    virtually(use())


def test_what_was_given_goes_bad(props: type[Props], virtually: Virtually) -> None:
    """Who is given a connection that speaks out of turn gets another, before all who came later."""

    async def use() -> None:
        net = props.Net()
        asking = props.Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(3)
        net.made[0].free()
        net.made[0].quiet = False
        await props.settle()
        assert (asking.served, len(net.made), net.open) == ([0, 1], 2, 1)
        assert asking.got[1][1] is net.made[1]

    virtually(use())


def test_what_was_given_is_closed_and_left(props: type[Props], virtually: Virtually) -> None:
    """A connection that was closed, and whoever was given it canceled, leaves its place to the next."""

    async def use() -> None:
        net = props.Net()
        asking = props.Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(3)
        net.made[0].free()
        net.made[0].close()
        asking.tasks[1].cancel()
        await props.settle()
        assert (asking.served, net.open) == ([0, 2], 1)

    virtually(use())


def test_where_nobody_answers(props: type[Props], virtually: Virtually) -> None:
    """A connection that is not made gives its place back, to whoever waits for one."""

    async def use() -> None:
        net = props.Net()
        net.failure, net.takes_s = httpx.ConnectError("refused"), 1.0
        asking = props.Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(3)
        await asyncio.sleep(1.5)
        net.failure = None
        asking.tasks[1].cancel()
        await asyncio.sleep(1.5)
        assert isinstance(asking.tasks[0].exception(), httpx.ConnectError)
        assert (asking.served, net.open) == ([2], 1)

    virtually(use())


def test_the_end_of_those_who_wait(props: type[Props], virtually: Virtually) -> None:
    """When the pool is closed, whoever waits is told that nothing was sent."""

    async def use() -> None:
        net = props.Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        asking = props.Asking(pool)
        await asking.begin(2)
        await pool.aclose()
        with pytest.raises(httpx.ConnectError, match="the transport was closed"):
            await asking.tasks[1]
        assert (len(pool), net.open) == (0, 0)

    virtually(use())


def test_who_leaves_as_a_place_is_free(props: type[Props], virtually: Virtually) -> None:
    """The place of a connection that is gone is not given to who was canceled at that moment."""

    async def use() -> None:
        net = props.Net()
        asking = props.Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(3)
        asking.tasks[1].cancel()
        net.made[0].on_lost(net.made[0])
        await props.settle()
        assert (asking.served, len(net.made)) == ([0, 2], 2)

    virtually(use())


def test_who_leaves_at_the_end(props: type[Props], virtually: Virtually) -> None:
    """Who is canceled just as the pool is closed is canceled, and told nothing else."""

    async def use() -> None:
        pool = Pool(props.Net().dial, most=1, idle_s=30)
        asking = props.Asking(pool)
        await asking.begin(2)
        asking.tasks[1].cancel()
        await pool.aclose()
        await asyncio.wait([asking.tasks[1]])
        assert asking.tasks[1].cancelled()

    virtually(use())


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "wait", "free", "close", "spoil", "leave", "drop"]), st.integers(0, 9))
)


@given(most=st.integers(1, 3), steps=STEPS, failing=st.booleans())
def test_no_place_is_lost(props: type[Props], most: int, steps: list[tuple[str, int]], failing: bool) -> None:
    """Whatever happens in whatever order, no more than so many are open, and in the end all can be had."""

    async def use() -> None:
        net = props.Net()
        pool = Pool(net.dial, most=most, idle_s=30)
        asking, sent = props.Asking(pool), []
        for what, number in steps:
            busy = [one for _, one in asking.got if not one.closed]
            busy += [one for one in net.made if one.exchange is not None and not one.closed]
            match what:
                case "ask":
                    await asking.begin()
                case "wait":
                    sent.append(props.Sent(pool))
                    await props.settle()
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
        await props.settle()
        assert [one.ends for one in sent] == [1] * len(sent)
        assert [task.cancelled() or task.done() for task in asking.tasks] == [True] * len(asking.tasks)
        net.failure = None
        again = props.Asking(pool)
        await again.begin(most + 1)
        assert (len(again.got), net.open) == (most, most)
        again.tasks[-1].cancel()
        await asyncio.gather(*asking.tasks, *again.tasks, return_exceptions=True)

    asyncio.run(use())


def test_waiting_costs_no_more_where_many_wait(props: type[Props], virtually: Virtually) -> None:
    """Ten thousand may wait for a place, leave in any order, and the last is served at once."""

    async def use() -> None:
        net = props.Net()
        asking = props.Asking(Pool(net.dial, most=1, idle_s=30))
        await asking.begin(10_000)
        for task in asking.tasks[1:-1]:
            task.cancel()
        net.made[0].free()
        await props.settle()
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
