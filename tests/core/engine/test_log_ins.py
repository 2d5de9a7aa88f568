"""Sessions as a caller meets them: shared, renewed, refused, given back."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import Assurance, AsyncClient, CancelAck, CancelRequest, Outcome, Reason, Sent
from countermand.venue import LogIn

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Cancel, Peer, Witness

Ask = Callable[..., CancelRequest]
RECEIPT, TOKEN = {"say": "receipt"}, {"say": "token", "token": "t0k3n-one"}
TOKENS = [TOKEN, {"say": "token", "token": "t0k3n-two"}, {"say": "token", "token": "t0k3n-three"}]


@pytest.fixture
def quick(ask: Ask) -> Ask:
    """Ask for no more than a receipt."""
    return lambda *order, **fields: ask(*order, assurance=Assurance.RECEIVED, **fields)


def alive_until_dead(*dead: str) -> Callable[[httpx.Request], Any]:
    """Refuse the sessions of those tokens."""
    return lambda request: {"say": "session"} if request.headers["authorization"][7:] in dead else RECEIPT


def test_one_log_in_for_all(cancel: Cancel, peer: Peer, pebble: Pebble, quick: Ask, witness: Witness) -> None:
    """Fifty cancels at once log in once, and each bears the session and a nonce of its own."""
    peer.on("log-in", TOKEN).on("cancel", RECEIPT).on("log-out", RECEIPT)
    acks = cancel(pebble.by_password(), *(quick(str(number)) for number in range(1, 51)), observer=witness)
    assert {ack.outcome for ack in acks} == {Outcome.PENDING}
    assert peer.calls().count("log-in") == 1
    assert set(peer.headers("cancel", "authorization")) == {"Bearer t0k3n-one"}
    nonces = [int(nonce) for request in peer.heard for nonce in [request.headers["nonce"]]]
    assert len(set(nonces)) == len(nonces)
    assert witness.log_ins == [("pebble", None)]


def test_a_session_that_died_is_had_anew(cancel: Cancel, peer: Peer, pebble: Pebble, quick: Ask) -> None:
    """A refused session is renewed once, and the cancel is signed anew and sent again."""
    peer.on("log-in", *TOKENS).on("cancel", alive_until_dead("t0k3n-one")).on("log-out", RECEIPT)
    (ack,) = cancel(pebble.by_password(), quick())
    assert ack.outcome is Outcome.PENDING
    assert peer.calls() == ["log-in", "cancel", "log-in", "cancel", "log-out"]
    assert peer.headers("cancel", "authorization") == ["Bearer t0k3n-one", "Bearer t0k3n-two"]
    first, second = peer.headers("cancel", "nonce")
    assert int(first) < int(second)
    assert [attempt.verdict for attempt in ack.attempts] == ["session refused", "received"]


def test_those_who_wait_do_not_bear_a_dead_session(
    cancel: Cancel, peer: Peer, pebble: Pebble, quick: Ask
) -> None:
    """Whose turn comes after a session died is signed with the new one, not with what was current before."""
    peer.on("log-in", *TOKENS).on("cancel", alive_until_dead("t0k3n-one")).on("log-out", RECEIPT)
    requests = [quick(str(number)) for number in (7, 8, 9)]
    acks = cancel(pebble.by_password(), *requests, max_in_flight=1)
    assert {ack.outcome for ack in acks} == {Outcome.PENDING}
    assert peer.headers("cancel", "authorization").count("Bearer t0k3n-one") == 1
    assert peer.calls().count("log-in") == 2


def test_a_cancel_without_permission(cancel: Cancel, peer: Peer, pebble: Pebble, quick: Ask) -> None:
    """A cancel refused under two sessions is not authorized; no third session is tried."""
    peer.on("log-in", *TOKENS).on("cancel", {"say": "session"}).on("log-out", RECEIPT)
    (ack,) = cancel(pebble.by_password(), quick())
    assert (ack.outcome, ack.reason) == (Outcome.REJECTED, Reason.NOT_AUTHORIZED)
    assert peer.calls() == ["log-in", "cancel", "log-in", "cancel", "log-out"]


def test_a_token_is_not_renewed(cancel: Cancel, peer: Peer, pebble: Pebble, quick: Ask) -> None:
    """A refused token from elsewhere cannot be had anew, and is not ours to give back."""
    peer.on("cancel", {"say": "session"})
    (ack,) = cancel(pebble.by_token("t0k3n"), quick())
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_AUTHORIZED, Sent.YES)
    assert peer.calls() == ["cancel"]


def test_a_session_goes_back_where_the_venue_takes_it(
    cancel: Cancel, peer: Peer, pebble: Pebble, quick: Ask
) -> None:
    """A venue without a log-out is not asked for one."""
    peer.on("log-in", TOKEN).on("cancel", RECEIPT)
    cancel(attrs.evolve(pebble, gives_back=False).by_password(), quick())
    assert peer.calls() == ["log-in", "cancel"]


@pytest.mark.parametrize("answer", [httpx.ReadError("reset"), httpx.Response(500, text="?")])
def test_a_log_out_that_fails(cancel: Cancel, peer: Peer, pebble: Pebble, quick: Ask, answer: Any) -> None:
    """Whatever becomes of the log-out, the client closes."""
    peer.on("log-in", TOKEN).on("cancel", RECEIPT).on("log-out", answer)
    (ack,) = cancel(pebble.by_password(), quick())
    assert ack.outcome is Outcome.PENDING


def _raise(error: BaseException) -> Any:
    raise error


async def _awaited() -> str:
    return "1234"


async def _failing() -> str:
    raise LookupError("no device")


@pytest.mark.parametrize("source", [lambda: "1234", _awaited], ids=["blocking", "awaited"])
def test_a_second_factor(
    cancel: Cancel, peer: Peer, pebble: Pebble, quick: Ask, source: Callable[[], Any]
) -> None:
    """A code is asked for when the venue wants one, by a function of either kind."""
    peer.on("log-in", {"say": "code", "interim": "half"}).on("code", TOKEN)
    peer.on("cancel", RECEIPT).on("log-out", RECEIPT)
    acks = cancel(pebble.by_password(code=source), quick())
    assert [ack.outcome for ack in acks] == [Outcome.PENDING]
    assert peer.calls("code") == ["1234"]


# (answer to the log-in, source of the code, reason, words of the evidence)
NO_SESSION: dict[str, tuple[Any, Callable[[], Any] | None, Reason, str]] = {
    "wrong password": (
        {"say": "refused", "reason": "NOT_AUTHORIZED", "text": "who are you"},
        None,
        Reason.NOT_AUTHORIZED,
        "no session: refused: who are you",
    ),
    "too many": ({"say": "throttled", "wait": 9.0}, None, Reason.THROTTLED, "no session: throttled"),
    "garbage": (httpx.Response(200, text="<html>"), None, Reason.NOT_SENT, "no session: "),
    "nobody there": (httpx.ConnectError("refused"), None, Reason.NOT_SENT, "ConnectError: refused"),
    "a device that fails": (
        {"say": "code", "interim": "half"},
        lambda: _raise(LookupError("no device")),
        Reason.NOT_SENT,
        "the log-in failed: LookupError: no device",
    ),
    "a device that fails when awaited": (
        {"say": "code", "interim": "half"},
        _failing,
        Reason.NOT_SENT,
        "the log-in failed: LookupError: no device",
    ),
    "a device that ends the program": (
        {"say": "code", "interim": "half"},
        lambda: _raise(SystemExit(1)),
        Reason.NOT_SENT,
        "the log-in failed: RuntimeError: SystemExit: 1",
    ),
    "no more codes": (
        {"say": "code", "interim": "half"},
        lambda: next(iter(())),
        Reason.NOT_SENT,
        "the log-in failed: RuntimeError: StopIteration",
    ),
    "no code at all": (
        {"say": "code", "interim": "half"},
        lambda: None,
        Reason.NOT_SENT,
        "expected a text, got NoneType",
    ),
}


@pytest.mark.parametrize(("answer", "code", "reason", "words"), NO_SESSION.values(), ids=NO_SESSION.keys())
def test_no_session_is_to_be_had(
    cancel: Cancel,
    peer: Peer,
    pebble: Pebble,
    ask: Ask,
    witness: Witness,
    answer: Any,
    code: Callable[[], Any] | None,
    reason: Reason,
    words: str,
) -> None:
    """Without a session no cancel is sent, and the ack says why: never an exception."""
    peer.on("log-in", answer)
    # Time enough for a log-in on a busy machine, and not until it is repeated.
    (ack,) = cancel(pebble.by_password(code=code), ask(timeout_s=1.5), observer=witness)
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, reason, Sent.NO)
    assert reason is not Reason.THROTTLED or ack.retry_after_s == pytest.approx(9.0, abs=0.1)
    assert words in ack.evidence[0].text
    assert peer.calls() == ["log-in"]
    ((venue, failure),) = witness.log_ins
    assert venue == "pebble"
    assert failure


def test_a_plugin_that_cannot_even_begin(cancel: Cancel, pebble: Pebble, ask: Ask) -> None:
    """A plugin whose log-in is broken is told in the ack, and nothing was sent."""

    def nonsense() -> LogIn:
        yield from ()
        return "a session?"  # type: ignore[return-value]  # the point

    (ack,) = cancel(attrs.evolve(pebble, begin_log_in=nonsense), ask(timeout_s=1.5))
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
    assert (ack.error or "").endswith(
        "log_in ended with a value of type str, expected a Session or why there is none"
    )


#: In which order own and foreign orders come, and how many log-ins that makes.
CROWDS: dict[str, tuple[Callable[[int], object], int]] = {
    "by turns": (lambda number: number, 1),
    "the foreign ones first": (lambda number: (-(number % 2), number), 1),
    # Nobody is under way any more whose answer could tell a foreign account from a dead session.
    "the foreign ones last": (lambda number: (number % 2, number), 2),
}


@pytest.mark.parametrize(("order", "log_ins"), CROWDS.values(), ids=CROWDS.keys())
def test_half_of_five_hundred_are_foreign(
    cancel: Cancel,
    peer: Peer,
    pebble: Pebble,
    quick: Ask,
    order: Callable[[int], Any],
    log_ins: int,
) -> None:
    """Refusals for a foreign account start no log-ins: those whose account it is have their session."""
    foreign = re.compile(r"/cancel/\d*[13579]")
    peer.on("log-in", peer.after(0.5, TOKENS[0]), *TOKENS[1:]).on("log-out", RECEIPT)  # all come before it
    peer.on("cancel", lambda request: {"say": "session"} if foreign.fullmatch(request.url.path) else RECEIPT)
    numbers = sorted(range(2, 502), key=order)
    requests = [quick(str(one), account="10" if one % 2 else "9", timeout_s=30.0) for one in numbers]
    acks = cancel(pebble.by_password(), *requests)
    told = {ack.request.account: set[object]() for ack in acks}
    for ack in acks:
        told[ack.request.account].add((ack.outcome, ack.reason))
    assert told == {
        "9": {(Outcome.PENDING, None)},
        "10": {(Outcome.REJECTED, Reason.NOT_AUTHORIZED)},
    }
    # Of threads on a busy machine nobody knows when they come: one more, at the most.
    assert peer.calls().count("log-in") <= log_ins + (getattr(cancel, "__name__", "") == "in_threads")


@pytest.mark.parametrize(
    ("failure", "outcome", "log_ins"),
    [("ConnectError", Outcome.PENDING, 6), ("ReadError", Outcome.REJECTED, 3)],
)
def test_only_a_log_in_that_the_venue_may_have_seen_counts(
    virtually: Callable[[Any], Any],
    client: Callable[..., AsyncClient],
    peer: Peer,
    pebble: Pebble,
    quick: Ask,
    failure: str,
    outcome: Outcome,
    log_ins: int,
) -> None:
    """A log-in of which no byte left is none of the three a minute: a port closed for 10 s costs 10 s."""
    peer.on("log-in", *[getattr(httpx, failure)("broken")] * 5, TOKEN)
    peer.on("cancel", RECEIPT).on("log-out", RECEIPT)

    async def wait() -> CancelAck:
        async with client(pebble.by_password()) as one:
            return await one.cancel(quick(timeout_s=30))

    ack = virtually(wait())
    assert (ack.outcome, peer.calls().count("log-in")) == (outcome, log_ins)


def test_a_venue_whose_log_in_fails_half_of_the_time(
    virtually: Callable[[Any], Any],
    client: Callable[..., AsyncClient],
    peer: Peer,
    pebble: Pebble,
    quick: Ask,
) -> None:
    """Sessions die, log-ins fail: every cancel waits for the next one, within its deadline."""
    ways = [
        httpx.Response(503, text="busy"),
        httpx.ConnectError("refused"),
        {"say": "throttled", "wait": 5.0},
    ]
    answers = itertools.cycle([one for way in ways for one in (way, TOKEN)])
    peer.on("log-in", lambda _: next(answers)).on("log-out", RECEIPT)
    dead: list[bool] = []
    peer.on("cancel", lambda _: {"say": "session"} if dead and dead.pop() else RECEIPT)
    for read in ("order", "open", "history"):  # asked for only while no other session can be had
        peer.on(read, {"say": "session"})

    async def half_an_hour() -> list[CancelAck]:
        async with client(pebble.by_password()) as one:
            tasks = []
            for number in range(1, 1801):
                if number % 70 == 0:
                    dead.append(True)
                tasks.append(asyncio.create_task(one.cancel(quick(str(number), timeout_s=8.0))))
                await asyncio.sleep(1.0)
            return await asyncio.gather(*tasks)

    acks = virtually(half_an_hour())
    assert {ack.outcome for ack in acks} == {Outcome.PENDING}
    assert max(ack.elapsed_s for ack in acks) <= 8.001
    reads = [call for call in peer.calls() if call in ("order", "open", "history")]
    assert len(reads) <= 2 * 25  # of each kind one for each session that died
    times = peer.when("log-in")
    assert len(times) == 52  # two for each session that died
    assert min(last - first for first, last in zip(times, times[3:], strict=False)) >= 60.0


def test_wrong_accounts_over_an_hour(
    virtually: Callable[[Any], Any],
    client: Callable[..., AsyncClient],
    peer: Peer,
    pebble: Pebble,
    quick: Ask,
) -> None:
    """Wrong accounts lock nobody out: all others are served at once, also when the session dies."""
    tokens = itertools.count(1)
    valid = [""]

    def log_in(_: httpx.Request) -> Any:
        valid[0] = f"t0k3n-{next(tokens)}"
        return {"say": "token", "token": valid[0]}

    def answer(request: httpx.Request) -> Any:
        own = request.url.path.startswith("/cancel/1")
        return RECEIPT if own and request.headers["authorization"][7:] == valid[0] else {"say": "session"}

    peer.on("log-in", log_in).on("cancel", answer).on("log-out", RECEIPT)

    async def an_hour() -> tuple[list[CancelAck], list[CancelAck]]:
        own, wrong = [], []
        async with client(pebble.by_password()) as one:
            for number in range(1000, 1360):
                account = f"wrong-{number % 20}"
                wrong.append(await one.cancel(quick(f"2{number}", account=account, timeout_s=1.0)))
                if number % 30 == 0:
                    valid[0] = "another one's"
                own.append(await one.cancel(quick(str(number), timeout_s=1.0)))
                await asyncio.sleep(10.0)
        return own, wrong

    own, wrong = virtually(an_hour())
    assert {ack.outcome for ack in own} == {Outcome.PENDING}
    assert max(ack.elapsed_s for ack in own) < 0.1
    assert {(ack.outcome, ack.reason) for ack in wrong} == {(Outcome.REJECTED, Reason.NOT_AUTHORIZED)}
    times = peer.when("log-in")
    assert len(times) <= 1 + 12 + 20  # the first one, one for each death, one for each wrong account
    assert min(last - first for first, last in zip(times, times[3:], strict=False)) >= 60.0


@attrs.define
class Worn:
    """A venue whose first session dies with the cancel of order 7; its book is right all the while."""

    dead: set[str] = attrs.field(factory=set)
    worn: set[str] = attrs.field(factory=set)

    def cancel(self, request: httpx.Request) -> Any:
        """Cancel an order."""
        if request.headers["authorization"] in self.worn:
            return {"say": "session"}
        order = request.url.path.rpartition("/")[2]
        self.dead.add(order)
        if order == "7":
            self.worn.add(request.headers["authorization"])
        return RECEIPT

    def read(self, request: httpx.Request) -> Any:
        """Show an order."""
        if request.headers["authorization"] in self.worn:
            return {"say": "session"}
        order = request.url.path.rpartition("/")[2]
        return {"say": "order", "id": order, "status": "CANCELED" if order in self.dead else "NEW"}

    def list(self, request: httpx.Request) -> Any:
        """Show no orders."""
        return {"say": "session" if request.headers["authorization"] in self.worn else "rows", "rows": []}


@pytest.mark.parametrize(("other_after_s", "by_s"), [(None, 25.0), (22.0, 30.0)])
def test_reads_go_on_once_there_is_a_session_again(
    virtually: Callable[[Any], Any],
    client: Callable[..., AsyncClient],
    peer: Peer,
    pebble: Pebble,
    ask: Ask,
    other_after_s: float | None,
    by_s: float,
) -> None:
    """A log-in that was refused once is not the last word for whoever still waits: its own, or another's."""
    venue = Worn()
    peer.on("log-in", TOKENS[0], {"say": "refused", "reason": "NOT_AUTHORIZED"}, TOKENS[1])
    peer.on("cancel", venue.cancel).on("order", venue.read).on("log-out", RECEIPT)
    for listing in ("open", "history", "trail"):
        peer.on(listing, venue.list)

    async def wait() -> CancelAck:
        async with client(pebble.by_password()) as one:
            if other_after_s is None:  # a session that was good for reads is had anew for them, too
                assert (await one.cancel(ask("3"))).outcome is Outcome.CANCELED
                return await one.cancel(ask("7", timeout_s=60.0))
            ack = asyncio.create_task(one.cancel(ask("7", timeout_s=60.0)))
            await asyncio.sleep(other_after_s)
            other = ask("8", assurance=Assurance.RECEIVED, timeout_s=5.0)
            assert (await one.cancel(other)).outcome is Outcome.PENDING
            return await ack

    ack = virtually(wait())
    assert (ack.outcome, peer.calls().count("log-in")) == (Outcome.CANCELED, 3)
    assert 20.0 < ack.elapsed_s < by_s
