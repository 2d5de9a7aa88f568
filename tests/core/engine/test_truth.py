"""Whatever a venue and a network do, no ack says more than is true: against a book that knows."""

from __future__ import annotations

import asyncio
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
    OrderId,
    Outcome,
    Reason,
    Sent,
)
from countermand.venue import Capabilities

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer

#: Long after everybody has left and everything has happened.
THE_END = 200.0


@attrs.frozen(kw_only=True)
class Fate:
    """What becomes of one cancel: how and when it is answered, when it takes effect, if ever."""

    answer: str
    answered_after_s: float
    takes_effect_after_s: float | None


@attrs.frozen(kw_only=True)
class CallerPlan:
    """When somebody asks, how long they wait, and what they want to know."""

    at: float
    timeout_s: float
    assurance: Assurance


@attrs.define(kw_only=True)
class Book:
    """One order, and the truth about it: what ended it, and when."""

    fills_at: float | None
    rival_at: float | None
    #: What the rival does: "CANCELED", or "REPLACED" by order 8.
    rival: str
    #: How old what the venue shows is, and whether it calls a replaced order Canceled.
    lag_s: float
    hides_replace: bool
    #: When each cancel that arrived takes effect, if ever; in the order they came.
    cancels_at: list[float | None] = attrs.field(factory=list)
    receipts: int = 0

    def end(self, now: float = float("inf")) -> tuple[str, object]:
        """Tell the status at that time, and its cause: the number of a cancel, a fill, or a rival."""
        ends: list[tuple[float | None, str, object]]
        ends = [(self.fills_at, "FILLED", "fill"), (self.rival_at, self.rival, "rival")]
        ends += [(at, "CANCELED", number) for number, at in enumerate(self.cancels_at)]
        over = [end for end in ends if end[0] is not None and end[0] <= now]
        return min(over, key=lambda end: end[0] or 0.0)[1:] if over else ("NEW", None)

    def shown(self, now: float) -> list[dict[str, Any]]:
        """Show the orders as the venue does at that time, newest first."""
        status, _ = self.end(now - self.lag_s)
        word = "CANCELED" if status == "REPLACED" and self.hides_replace else status
        heir = [{"id": "8", "status": "NEW", "replaces": "7"}] if status == "REPLACED" else []
        return [*heir, {"id": "7", "status": word}]


@attrs.frozen(kw_only=True)
class Told:
    """An ack, with what had arrived when it was asked for and when it was told."""

    ack: CancelAck
    asked_at: float
    at: float
    arrived_before: int
    arrived: int

    @property
    def own(self) -> range:
        """The numbers of the cancels that its case sent: the last ones that had arrived."""
        sent = sum(attempt.sent is not Sent.NO for attempt in self.ack.attempts)
        return range(max(0, self.arrived - sent), self.arrived)


#: How a cancel is answered, and whether it can take effect then.
ANSWERS: dict[str, tuple[Any, bool]] = {
    "receipt": ({"say": "receipt"}, True),
    "refused": ({"say": "refused"}, False),
    "gone": ({"say": "gone"}, False),
    "throttled": ({"say": "throttled"}, False),
    "maybe": ({"say": "maybe"}, True),
    "no connection": (httpx.ConnectError("refused"), False),
    "reset": (httpx.ReadError("reset"), True),
    "a failure": (httpx.Response(502, text="<html>"), True),
}

seconds = st.sampled_from([0.0, 0.01, 0.4, 1.0, 2.5, 6.0, 15.0])
maybe_seconds = st.none().__or__(seconds)


@st.composite
def fates(draw: st.DrawFn) -> Fate:
    """Draw a fate that can be."""
    answer = draw(st.sampled_from(sorted(ANSWERS)))
    effect = draw(maybe_seconds) if ANSWERS[answer][1] else None
    return Fate(answer=answer, answered_after_s=draw(seconds), takes_effect_after_s=effect)


callers = st.builds(
    CallerPlan,
    at=seconds,
    timeout_s=st.sampled_from([0.3, 1.0, 5.0, 20.0]),
    assurance=st.sampled_from(Assurance),
)


def play(peer: Peer, book: Book, cancels: list[Fate], reads: list[bool]) -> None:
    """Script the peer by the book: a truthful venue behind a network that is not to be trusted."""
    loop = asyncio.get_running_loop()

    async def cancel(_: httpx.Request) -> Any:
        fate = cancels.pop(0) if len(cancels) > 1 else cancels[0]
        if fate.answer != "no connection":
            effect = fate.takes_effect_after_s
            book.cancels_at.append(None if effect is None else loop.time() + effect)
        await asyncio.sleep(fate.answered_after_s)
        book.receipts += fate.answer == "receipt"
        return ANSWERS[fate.answer][0]

    def read(_: httpx.Request) -> Any:
        if reads and not reads.pop(0):
            return httpx.ReadError("reset")
        return {"say": "order", **book.shown(loop.time())[-1]}

    def listing(request: httpx.Request) -> Any:
        whole = request.url.path.startswith("/history")
        return {
            "say": "rows",
            "rows": [row for row in book.shown(loop.time()) if whole or row["status"] == "NEW"],
        }

    peer.on("cancel", cancel).on("order", read).on("open", listing).on("history", listing)


def check(told: Told, book: Book) -> None:
    """Compare what was said, and when, with what was and came to be true."""
    ack, (status, _), (_, cause) = told.ack, book.end(told.at), book.end()
    arrived_meanwhile = told.arrived - told.arrived_before
    match ack.outcome:
        case Outcome.CANCELED:
            assert status == "CANCELED"
            earlier = book.end(told.asked_at)[0] == "CANCELED" or cause not in told.own
            assert ack.canceled_by is not CanceledBy.EARLIER or earlier
        case Outcome.PENDING:
            assert book.receipts
        case Outcome.REJECTED if ack.reason is Reason.TOO_LATE:
            assert status == "FILLED"
        case Outcome.REJECTED if ack.reason is Reason.REPLACED:
            assert (status, ack.successor) == ("REPLACED", OrderId("8"))
        case Outcome.REJECTED:
            # What was told to be refused or unsent has not worked, and never will.
            assert cause not in told.own
            assert ack.reason is not Reason.NOT_SENT or arrived_meanwhile == 0
    assert ack.sent is not Sent.NO or arrived_meanwhile == 0
    assert ack.sent is not Sent.YES or told.arrived


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=150)
@given(
    cancels=st.lists(fates(), min_size=1, max_size=4),
    reads=st.lists(st.booleans(), max_size=6),
    plans=st.lists(callers, min_size=1, max_size=4),
    fills_after_s=maybe_seconds,
    rival_after_s=maybe_seconds,
    rival=st.sampled_from(["CANCELED", "REPLACED"]),
    lag_s=st.sampled_from([0.0, 0.5]),
    hides_replace=st.booleans(),
    has_history=st.booleans(),
    room=st.sampled_from([1, 16]),
)
def test_no_ack_says_more_than_is_true(
    peer: Peer,
    pebble: Pebble,
    virtually: Callable[[Coroutine[Any, Any, Any]], Any],
    cancels: list[Fate],
    reads: list[bool],
    plans: list[CallerPlan],
    fills_after_s: float | None,
    rival_after_s: float | None,
    rival: str,
    lag_s: float,
    hides_replace: bool,
    has_history: bool,
    room: int,
) -> None:
    """Of every ack, at the time it was told, the book agrees; and what was final stays true."""

    async def one(client: AsyncClient, plan: CallerPlan, book: Book) -> None:
        await asyncio.sleep(plan.at)
        request = CancelRequest(
            venue="pebble",
            account="9",
            order=OrderId("7"),
            assurance=plan.assurance,
            timeout_s=plan.timeout_s,
        )
        loop = asyncio.get_running_loop()
        began, before = loop.time(), len(book.cancels_at)
        ack = await client.cancel(request)
        assert loop.time() - began <= plan.timeout_s + 0.001
        arrived = len(book.cancels_at)
        told.append(Told(ack=ack, asked_at=began, at=loop.time(), arrived_before=before, arrived=arrived))

    capabilities = Capabilities(
        read_lag_s=lag_s, has_history=has_history, replaced_reads_canceled=hides_replace
    )
    venue = attrs.evolve(pebble, capabilities=capabilities)

    async def world() -> None:
        now = asyncio.get_running_loop().time()
        book = Book(
            fills_at=None if fills_after_s is None else now + fills_after_s,
            rival_at=None if rival_after_s is None else now + rival_after_s,
            rival=rival,
            lag_s=lag_s,
            hides_replace=hides_replace,
        )
        play(peer, book, list(cancels), list(reads))
        async with AsyncClient([venue], transport=httpx.MockTransport(peer), max_in_flight=room) as client:
            await asyncio.gather(*(one(client, plan, book) for plan in plans))
            await asyncio.sleep(THE_END)

        for ack in told:
            check(ack, book)

    told: list[Told] = []
    virtually(world())
    assert len(told) == len(plans)
