"""What is settled later is as true as what was told at once: against a book that knows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import attrs
import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countermand import (
    Assurance,
    AsyncClient,
    CancelAck,
    CanceledBy,
    CancelRequest,
    Outcome,
    Reason,
    RetryPolicy,
    Sent,
)
from countermand.venue import Capabilities

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer

Ask = Callable[..., CancelRequest]

LAG_S = 0.5


@attrs.define(kw_only=True)
class Book:
    """One order, what ended it and when; shown as it was a moment ago."""

    rival_at: float
    rival: str
    cancels_at: list[float] = attrs.field(factory=list)

    def end(self, now: float) -> tuple[str, str]:
        """Tell its status at that time, and whose doing that was."""
        ends = [(self.rival_at, self.rival, "rival"), *((at, "CANCELED", "ours") for at in self.cancels_at)]
        over = [end for end in ends if end[0] <= now]
        return min(over)[1:] if over else ("NEW", "nobody")

    def shown(self) -> str:
        """Tell what a read shows."""
        return self.end(asyncio.get_running_loop().time() - LAG_S)[0]


#: How a cancel is answered, and whether it can work all the same.
ANSWERS: dict[str, tuple[Any, bool]] = {
    "receipt": ({"say": "receipt"}, True),
    "refused": ({"say": "refused"}, False),
    "gone": ({"say": "gone"}, False),
    "maybe": ({"say": "maybe"}, True),
    "reset": (httpx.ReadError("reset"), True),
    "no connection": (httpx.ConnectError("refused"), False),
}
seconds = st.sampled_from([0.01, 0.4, 1.2, 2.5, 6.0, 14.0, 1e6])


def play(peer: Peer, book: Book, fates: list[tuple[str, float, float]], reads: list[bool]) -> None:
    async def cancel(_: httpx.Request) -> Any:
        name, answered_after_s, works_after_s = fates.pop(0) if len(fates) > 1 else fates[0]
        answer, works = ANSWERS[name]
        if works:
            book.cancels_at.append(asyncio.get_running_loop().time() + works_after_s)
        await asyncio.sleep(answered_after_s)
        return answer

    def read(_: httpx.Request) -> Any:
        if reads and not reads.pop(0):
            return httpx.ReadError("reset")
        return {"say": "order", "id": "7", "status": book.shown()}

    def listing(request: httpx.Request) -> Any:
        row, whole = {"id": "7", "status": book.shown()}, request.url.path.startswith("/history")
        return {"say": "rows", "rows": [row] if whole or row["status"] == "NEW" else []}

    peer.on("cancel", cancel).on("order", read).on("open", listing).on("history", listing)


def check(ack: CancelAck, book: Book, now: float) -> None:
    """Compare what was said with what was, and came to be."""
    (status, cause), (_, last_cause) = book.end(now), book.end(float("inf"))
    match ack.outcome:
        case Outcome.CANCELED:
            assert status == "CANCELED"
            assert ack.canceled_by is not CanceledBy.THIS_REQUEST or cause == "ours"
            assert ack.canceled_by is not CanceledBy.EARLIER or cause == "rival"
        case Outcome.REJECTED if ack.reason is Reason.TOO_LATE:
            assert status == "FILLED"
        case Outcome.REJECTED:
            assert last_cause != "ours"
            assert ack.reason is not Reason.NOT_SENT or not book.cancels_at
    assert ack.sent is not Sent.NO or not book.cancels_at


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(
    fates=st.lists(st.tuples(st.sampled_from(sorted(ANSWERS)), seconds, seconds), min_size=1, max_size=3),
    reads=st.lists(st.booleans(), max_size=8),
    rival=st.tuples(seconds, st.sampled_from(["CANCELED", "FILLED"])),
    timeout_s=st.sampled_from([0.3, 1.0, 4.0]),
    assurance=st.sampled_from(Assurance),
    leaves=st.booleans(),
    pauses=st.lists(st.sampled_from([0.0, 0.7, 5.0, 30.0]), min_size=1, max_size=3),
    most=st.sampled_from([1, 5]),
    has_history=st.booleans(),
)
def test_no_settled_ack_says_more_than_is_true(
    virtually: Callable[[Coroutine[Any, Any, Any]], Any],
    peer: Peer,
    pebble: Pebble,
    ask: Ask,
    fates: list[tuple[str, float, float]],
    reads: list[bool],
    rival: tuple[float, str],
    timeout_s: float,
    assurance: Assurance,
    leaves: bool,
    pauses: list[float],
    most: int,
    has_history: bool,
) -> None:
    """Here and in another client, at once and long after: the book agrees, and what was final stays so."""
    venue = attrs.evolve(
        pebble,
        capabilities=Capabilities(
            read_lag_s=LAG_S, has_history=has_history, replaced_reads_canceled=has_history
        ),
    )

    def client() -> AsyncClient:
        return AsyncClient(
            [venue], transport=httpx.MockTransport(peer), retry=RetryPolicy(most_attempts=most)
        )

    async def told(one: AsyncClient) -> CancelAck | None:
        asked = asyncio.create_task(one.cancel(ask(timeout_s=timeout_s, assurance=assurance)))
        if leaves:
            await asyncio.sleep(timeout_s / 2)
            asked.cancel()
        await asyncio.wait([asked])
        if not asked.cancelled():
            return asked.result()
        owed = one.unsettled()
        return owed[0].ack if owed else None

    async def world() -> None:
        loop = asyncio.get_running_loop()
        book = Book(rival_at=loop.time() + rival[0], rival=rival[1])
        play(peer, book, list(fates), list(reads))
        async with client() as one, client() as other:
            ack = await told(one)
            if ack is None:
                return
            check(ack, book, loop.time())
            for pause in pauses:
                await asyncio.sleep(pause)
                sent = len(peer.calls("cancel"))
                restored = CancelAck.from_dict(json.loads(json.dumps(ack.to_dict())))
                acks = await asyncio.gather(one.settle(ack, 2.0), other.settle(restored, 2.0))
                assert len(peer.calls("cancel")) == sent
                for settled in acks:
                    check(settled, book, loop.time())
                    assert not ack.final or settled == ack
                    assert ack.outcome is not Outcome.PENDING or settled.outcome is not Outcome.UNKNOWN
                ack = acks[0]

    virtually(world())
