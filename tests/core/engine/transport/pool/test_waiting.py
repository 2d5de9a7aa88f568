"""Requests that wait in turn, and places for connections: to each its own, and none is ever lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from countermand._wire._pool import Pool
from countermand._wire._progress import GIVEN_UP
from countermand._wire._sentinel import NAME

if TYPE_CHECKING:
    from tests.core.engine.transport.pool.conftest import Props

Virtually = Callable[[Any], Any]


def test_the_next_one_is_not_quiet(props: type[Props], virtually: Virtually) -> None:
    """A connection that is not quiet is given to nobody, and whoever is first stays so."""

    async def use() -> None:
        net = props.Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        asking = props.Asking(pool)
        await asking.begin()
        one, two = props.Sent(pool), props.Sent(pool)
        await asking.begin()
        net.made[0].quiet = False
        net.made[0].free()
        progress = one.sending.progress
        assert (one.sending.first_byte_at, progress.first_byte_at) == (None, None)
        await props.settle()
        assert (net.made[0].exchange, net.made[1].exchange) == (None, one.sending)
        net.made[1].free()
        assert net.made[1].exchange is two.sending
        # Who asked how far it was before it went is told when it went, as is who asks after.
        assert (
            progress.first_byte_at == two.sending.progress.first_byte_at == asyncio.get_running_loop().time()
        )
        net.made[1].free()
        await props.settle()
        assert (asking.served, asking.got[1][1]) == ([0, 1], net.made[1])

    virtually(use())


def test_where_no_connection_is_made(props: type[Props], virtually: Virtually) -> None:
    """Who was given a place for which none is made fails, and the place is the next one's."""

    async def use() -> None:
        net = props.Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        await props.Asking(pool).begin()
        one, two = props.Sent(pool), props.Sent(pool)
        net.failure, net.takes_s = httpx.ConnectError("refused"), 1.0
        net.made[0].close()
        await asyncio.sleep(1.5)
        net.failure = None
        assert await one.fault() == "ConnectError: refused"
        assert not one.sending.given_up
        await asyncio.sleep(1)
        assert net.made[1].exchange is two.sending

    virtually(use())


@pytest.mark.parametrize("has_begun", [False, True], ids=["before the task has begun", "after"])
@pytest.mark.parametrize("dropped", [False, True], ids=["the task", "the request"])
def test_canceled_while_one_is_made(
    props: type[Props], virtually: Virtually, *, has_begun: bool, dropped: bool
) -> None:
    """Who is canceled while a connection is made was given up, and the place is the next one's."""

    async def use() -> None:
        net = props.Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        await props.Asking(pool).begin()
        one, two = props.Sent(pool), props.Sent(pool)
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
        await props.settle()
        assert (one.sending.given_up, await one.fault()) == (True, GIVEN_UP)
        await asyncio.sleep(1.5)
        assert net.made[1].exchange is two.sending

    virtually(use())


def test_closed_while_one_is_made(props: type[Props], virtually: Virtually) -> None:
    """Who is about to have a connection when the pool is closed was not sent, and nothing stays open."""

    async def use() -> None:
        net = props.Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        await props.Asking(pool).begin()
        one, two = props.Sent(pool), props.Sent(pool)
        net.takes_s = 1.0
        net.made[0].close()
        await props.settle()
        await pool.aclose()
        assert (await two.fault(), props.Sent(pool).waits) == (
            "ConnectError: the transport was closed",
            False,
        )
        net.made[-1].on_lost = None
        await asyncio.sleep(1.5)
        assert await one.fault() == "ConnectError: the transport was closed"
        assert (len(pool), net.open) == (0, 0)

    virtually(use())


def cancel_tasks(name: str | None = None) -> None:
    """Cancel all tasks but the one that calls, as a loop does that ends; or only those of a name."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        if name in (None, task.get_name()):
            task.cancel()


def test_nothing_is_sent_on_a_loop_that_ends(props: type[Props], virtually: Virtually) -> None:
    """Who waits without a task is given up with all tasks, whatever gets free from that moment on."""

    async def use() -> None:
        net = props.Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        await props.Asking(pool).begin()
        one, two = props.Sent(pool), props.Sent(pool)
        await props.settle()
        cancel_tasks()
        net.made[0].free()
        await props.settle()
        for sent in (one, two):
            assert await sent.fault() == GIVEN_UP
            assert sent.sending.given_up
        assert net.made[0].exchange is None
        assert props.take(pool) is not None

    virtually(use())


def test_no_connection_is_made_on_a_loop_that_ends(props: type[Props], virtually: Virtually) -> None:
    """The place of one that was being made goes to nobody; on a loop that goes on it is free again."""

    async def use() -> None:
        net = props.Net()
        net.takes_s = 1.0
        pool = Pool(net.dial, most=1, idle_s=30)
        one, two = props.Sent(pool), props.Sent(pool)
        await props.settle()
        cancel_tasks()
        await props.settle()
        assert [await one.fault(), await two.fault()] == [GIVEN_UP] * 2
        assert (one.sending.given_up, two.sending.given_up, net.made) == (True, True, [])
        three = props.Sent(pool)
        await asyncio.sleep(1.1)
        assert net.made[0].exchange is three.sending

    virtually(use())


def test_a_task_that_goes_on_has_its_turn(props: type[Props], virtually: Virtually) -> None:
    """Where not all tasks are canceled, those that wait are served behind those that were given up."""

    async def use() -> None:
        net = props.Net()
        pool = Pool(net.dial, most=1, idle_s=30)
        asking = props.Asking(pool)
        await asking.begin()
        one = props.Sent(pool)
        await asking.begin()
        cancel_tasks(NAME)
        await props.settle()
        assert await one.fault() == GIVEN_UP
        net.made[0].free()
        await props.settle()
        assert asking.served == [0, 1]

    virtually(use())


def test_a_dialling_that_is_canceled_from_within(props: type[Props], virtually: Virtually) -> None:
    """That is its own fault, and nobody has given up."""

    async def use() -> None:
        net = props.Net()
        net.failure = asyncio.CancelledError()  # type: ignore[assignment]  # what a look-up may end with
        one = props.Sent(Pool(net.dial, most=1, idle_s=30))
        await props.settle()
        assert await one.fault() == GIVEN_UP
        assert not one.sending.given_up

    virtually(use())


def test_a_dialling_that_does_not_heed_its_end(props: type[Props], virtually: Virtually) -> None:
    """What comes of it is closed: of a request that was dropped not a byte may leave."""
    net = props.Net()

    async def dial(*asked: Any) -> Any:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return await net.dial(*asked)

    async def use() -> None:
        pool = Pool(dial, most=1, idle_s=30)
        one = props.Sent(pool)
        await props.settle()
        one.sending.drop()
        await props.settle()
        assert await one.fault() == GIVEN_UP
        assert (net.made[0].closed, net.made[0].exchange) == (True, None)
        assert len(pool) == 0

    virtually(use())
