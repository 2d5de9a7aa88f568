"""The demo's scenes, played against simulators that are started for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import attrs

from countermand import AsyncClient, CancelAck, CancelRequest, Client, ClientOrderId, OrderId
from countermand.cli._judge import disagreement
from countermand.cli._scenes import REPLACED, SCENES, Scene, tells_replaced
from countermand.testing import LiveSimulator, SimulatedOrder, load_simulator, running
from countermand.venue import Venue

#: How fast the simulated venues cancel and read, and what their venues declare of it, in seconds.
_CANCEL_DELAY_S = 0.2
_READ_LAG_S = 0.2
_DECLARED_LAG_S = 0.4

_FIRST_ORDER = 7001
_FIRST_CLIENT_ID = 9001
_WRONG_KEY = "-wrong-key"
#: The credentials that a venue may know a router by without a log-in: each venue wants some of them.
_KEYS = ("session_token", "app_key", "secret")

#: Sends requests to venues all at once and returns their acks in the same order.
Perform = Callable[[Sequence[Venue], Sequence[CancelRequest]], Sequence[CancelAck]]


@attrs.frozen(kw_only=True)
class Played:
    """One scene at one venue: how it ended, and in what that is wrong, if in anything."""

    venue: str
    scene: Scene
    ack: CancelAck
    wrong: str | None


def play(names: Sequence[str], perform: Perform) -> list[Played]:
    """Play every scene at every venue at once, on simulators of their own."""
    with ExitStack() as stack:
        stages = [_Stage.begin(name, stack) for name in names]
        scenes = [(stage, number, scene) for stage in stages for number, scene in stage.scenes]
        acks = perform(
            [venue for stage in stages for venue in stage.venues],
            [stage.request(number, scene) for stage, number, scene in scenes],
        )
        return [
            stage.judge(number, scene, ack) for (stage, number, scene), ack in zip(scenes, acks, strict=True)
        ]


def with_client(venues: Sequence[Venue], requests: Sequence[CancelRequest]) -> Sequence[CancelAck]:
    """Cancel through a `Client`, each request from a thread of its own."""
    with Client(venues) as client, ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(client.cancel, requests))


def with_async_client(venues: Sequence[Venue], requests: Sequence[CancelRequest]) -> Sequence[CancelAck]:
    """Cancel through an `AsyncClient`, on a loop of its own."""

    async def cancel_all() -> Sequence[CancelAck]:
        async with AsyncClient(venues) as client:
            return await asyncio.gather(*map(client.cancel, requests))

    return asyncio.run(cancel_all())


@attrs.frozen(kw_only=True)
class _Stage:
    name: str
    live: LiveSimulator
    venues: tuple[Venue, Venue]
    #: Those that there are, each with its number, which its ids follow from.
    scenes: tuple[tuple[int, Scene], ...]

    @classmethod
    def begin(cls, name: str, stack: ExitStack) -> _Stage:
        simulator = load_simulator(name)(cancel_delay_s=_CANCEL_DELAY_S, read_lag_s=_READ_LAG_S)
        live = stack.enter_context(running(simulator))
        wrong = attrs.evolve(simulator.credentials, **dict.fromkeys(_KEYS, "wrong"))
        right, unwelcome = (
            simulator.venue(live.base_url, name=called, credentials=credentials, read_lag_s=_DECLARED_LAG_S)
            for called, credentials in ((name, simulator.credentials), (name + _WRONG_KEY, wrong))
        )
        replaces = tells_replaced(load_simulator(name)(), right)
        scenes = [one for one in enumerate(SCENES) if replaces or one[1].kind != REPLACED]
        stage = cls(name=name, live=live, venues=(right, unwelcome), scenes=tuple(scenes))
        for number, scene in scenes:
            live.call(partial(stage.arrange, number, scene))
        return stage

    def arrange(self, number: int, scene: Scene, now: float) -> None:
        if scene.order is None:
            return
        order_id, client_order_id = self.ids(number)
        self.live.simulator.place(now, order_id=order_id, client_order_id=client_order_id, **scene.order)
        scene.arrange(self.live.simulator, order_id, now)

    def request(self, number: int, scene: Scene) -> CancelRequest:
        order_id, client_order_id = self.ids(number)
        return CancelRequest(
            venue=self.name + (_WRONG_KEY if scene.wrong_key else ""),
            account=self.live.simulator.credentials.account,
            order=ClientOrderId(client_order_id) if scene.by_client_id else OrderId(order_id),
            timeout_s=scene.timeout_s,
        )

    def judge(self, number: int, scene: Scene, ack: CancelAck) -> Played:
        order_id, _ = self.ids(number)
        order: SimulatedOrder | None = self.live.call(lambda _now: self.live.simulator.book.find(order_id))
        return Played(venue=self.name, scene=scene, ack=ack, wrong=disagreement(ack, scene.ends, order))

    def ids(self, number: int) -> tuple[str, str]:
        # Far enough apart that no successor of one gets the id of another.
        order_id = self.live.simulator.new_order_id(_FIRST_ORDER + 10 * number)
        return order_id, str(_FIRST_CLIENT_ID + number)
