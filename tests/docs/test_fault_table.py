"""The README's table of what a caller gets for each kind of answer and fault: every row, played."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
import pytest

from countermand import (
    Assurance,
    AsyncClient,
    CancelAck,
    CancelRequest,
    ClientOrderId,
    OrderId,
    OrderStatus,
    Outcome,
)
from countermand.testing import (
    ReceivedRequest,
    SimulatedCredentials,
    Simulator,
    fault_from_word,
    in_process,
    load_simulator,
    run_virtually,
)
from countermand.venue import CallKind, Limit, LimitScope, Venue, load_venue

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
URL = "https://venue.example"
#: How long the callers wait, and the lag that venues declare by themselves, in seconds.
TIMEOUT_S, READ_LAG_S = 30.0, 5.0
#: Before all that reads show, however much they lag; and longer than anybody waits. In seconds.
LONG_AGO_S, FOR_EVER_S = 7_200.0, 80_000.0
#: So much earlier than its deadline an ack may come where no further try fits into what is left, in seconds.
A_TRY_S = 2.5
AT_ONCE, SOON = (0.0, 0.1), (0.0, 4.0)
#: The last word on what was refused or not found comes when reads are no older than that, and the next poll.
AFTER_THE_LAG = (READ_LAG_S, READ_LAG_S + 2.0)
AT_THE_DEADLINE = (TIMEOUT_S - 0.001, TIMEOUT_S + 0.01)
NEAR_THE_DEADLINE = (TIMEOUT_S - A_TRY_S, TIMEOUT_S + 0.01)
ALL_READS = ("read", "trail", "open", "history")
PASSWORD = SimulatedCredentials().password
UNSAID: Mapping[str, Any] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Play:
    """One cancel of order 7, what its caller gets, and from when to when, in seconds."""

    gets: str
    when: tuple[float, float]
    venue: str = "apex"
    #: How the venue behaves, and which faults come at which call; those with a `*` come from then on.
    behaviour: Mapping[str, Any] = UNSAID
    faults: Mapping[str, tuple[str, ...]] = UNSAID
    #: What differs in the order and the request, and what becomes of the book before.
    order: Mapping[str, Any] = UNSAID
    ask: Mapping[str, Any] = UNSAID
    arrange: Callable[[Simulator, float], object] = attrs.field(default=lambda *_: None)
    #: The password by which it logs in; None has a token.
    password: str | None = None
    #: Calls a second that the venue takes, and the order whose cancel takes the first; None is no limit.
    rate: float | None = None
    #: How many cancels reach the venue, and what the ack says of waiting; None where anything will do.
    cancels: int | None = None
    retry_after_s: float | None = None


def replace(simulator: Simulator, now: float) -> None:
    """Let another order take the place of order 7."""
    simulator.replace("7", now)


def double(simulator: Simulator, now: float) -> None:
    """Place an order with the client order id of order 7."""
    simulator.place(now, order_id="8", account="9", client_order_id="77")


def both(**play: Any) -> tuple[Play, Play]:
    """Return the same at both venues."""
    return Play(venue="apex", **play), Play(venue="autoshares", **play)


NO_READS = dict.fromkeys(ALL_READS, ("503*",))


def broken(*words: str, venues: tuple[str, ...] = ("apex", "autoshares")) -> tuple[Play, ...]:
    """Return faults that leave all open: by the read where there is one, else nobody can tell."""
    return tuple(
        play
        for word in words
        for venue in venues
        for play in (
            Play(venue=venue, gets="CANCELED", when=SOON, faults={"cancel": (word,)}),
            Play(
                venue=venue,
                gets="UNKNOWN",
                when=AT_THE_DEADLINE,
                faults={"cancel": (f"{word}*",), **NO_READS},
                cancels=1,
            ),
        )
    )


def answered(venue: str, word: str, **play: Any) -> Play:
    """Return a play in which every cancel is answered by one of the venue's words, and none acts."""
    return Play(venue=venue, behaviour={"venue": {"cancel_answer": word}}, **play)


PLAYS: Mapping[str, tuple[Play, ...]] = {
    "receipt": (
        *both(gets="CANCELED", when=AT_ONCE, cancels=1),
        *both(gets="REJECTED/TOO_LATE", when=SOON, behaviour={"fill_before_cancel": True}, cancels=1),
    ),
    "receipt, with `Assurance.RECEIVED`": both(
        gets="PENDING", when=AT_ONCE, ask={"assurance": Assurance.RECEIVED}, cancels=1
    ),
    "receipt, and it still reads alive `read_lag_s` later": (
        *both(gets="PENDING", when=AT_THE_DEADLINE, behaviour={"read_lag_s": 3600.0}),
        Play(gets="PENDING", when=AT_THE_DEADLINE, behaviour={"refuse_cancels_late": True}, cancels=3),
    ),
    "receipt, then the market behind the venue refuses (AutoShares)": (
        Play(
            venue="autoshares",
            gets="REJECTED/VENUE_REFUSED",
            when=AFTER_THE_LAG,
            behaviour={"refuse_cancels_late": True},
            cancels=1,
        ),
    ),
    "it reads Pending Cancel, whoever asked for that": (
        Play(
            venue="autoshares",
            gets="PENDING",
            when=AT_THE_DEADLINE,
            behaviour={"cancel_delay_s": FOR_EVER_S},
            cancels=1,
        ),
        Play(
            venue="autoshares",
            gets="PENDING",
            when=AT_THE_DEADLINE,
            order={"status": OrderStatus.PENDING_CANCEL},
            faults={"cancel": ("500:before",)},
            cancels=1,
        ),
    ),
    "no connection, a name that is not found, TLS that fails": tuple(
        play
        for word in ("refused", "tls")
        for play in (
            *both(
                gets="REJECTED/NOT_SENT", when=NEAR_THE_DEADLINE, faults={"cancel": (f"{word}*",)}, cancels=0
            ),
            *both(gets="CANCELED", when=(0.0, 10.0), faults={"cancel": (word,) * 7}, cancels=1),
        )
    ),
    "reset, close, stall, half an answer, a dribble, garbage, cut JSON, "
    "an empty body (AutoShares' 200 without one is a receipt), two answers": (
        *broken("reset:before", "reset:after", "reset:middle", "close:before", "close:after", "close:middle"),
        *broken("stall:before", "stall:after", "stall:middle", "half:before", "half:middle"),
        *broken("garbage:before", "garbage:after", "garbage:middle", "truncated:before", "truncated:middle"),
        *broken("empty:before", "empty:after", venues=("apex",)),
        *both(gets="CANCELED", when=SOON, faults={"cancel": ("dribble",)}, cancels=1),
        *both(gets="CANCELED", when=SOON, faults={"cancel": ("two-answers",)}, cancels=1),
    ),
    "5xx, HTML, a redirect, another API's JSON, an answer that contradicts itself; APEX 102, 107": (
        *broken("500:before", "500:after", "503:before", "503:after", "html:before", "html:after"),
        *broken("redirect:before", "redirect:after", "contradictory:before", "contradictory:after"),
        answered("apex", "102", gets="UNKNOWN", when=AT_THE_DEADLINE, cancels=5),
        answered("apex", "107", gets="UNKNOWN", when=AT_THE_DEADLINE, cancels=5),
        answered("autoshares", "200-refusal", gets="UNKNOWN", when=AT_THE_DEADLINE, cancels=5),
    ),
    'throttled (429, APEX 105, "TOO MANY REQUESTS")': (
        *both(gets="CANCELED", when=SOON, faults={"cancel": ("throttled",)}, cancels=2),
        *both(
            gets="UNKNOWN",
            when=AT_THE_DEADLINE,
            faults={"cancel": ("throttled-until*",), **NO_READS},
            retry_after_s=1.0,
        ),
        *both(
            gets="UNKNOWN",
            when=AT_ONCE,
            faults={"cancel": ("throttled-until=3600*",)},
            cancels=1,
            retry_after_s=3600.0,
        ),
        answered("apex", "105", gets="UNKNOWN", when=AT_THE_DEADLINE),
        answered("apex", "too-many-requests", gets="UNKNOWN", when=AT_THE_DEADLINE),
    ),
    'session refused (401, APEX 20, 404 "NOT FOUND")': (
        *both(gets="CANCELED", when=SOON, faults={"cancel": ("401",)}, password=PASSWORD),
        *both(gets="REJECTED/NOT_AUTHORIZED", when=AT_ONCE, faults={"cancel": ("401*",)}, password=PASSWORD),
        answered("apex", "20", gets="REJECTED/NOT_AUTHORIZED", when=AT_ONCE, password=PASSWORD, cancels=2),
        answered(
            "apex",
            "404",
            gets="REJECTED/NOT_SUPPORTED",
            when=AT_ONCE,
            ask={"order": ClientOrderId("77")},
            password=PASSWORD,
            cancels=2,
        ),
    ),
    "the log-in fails": (
        *both(
            gets="REJECTED/NOT_SENT",
            when=(0.0, TIMEOUT_S),
            faults={"log-in": ("500*",)},
            password=PASSWORD,
            cancels=0,
        ),
        *both(
            gets="REJECTED/THROTTLED",
            when=(0.0, TIMEOUT_S),
            faults={"log-in": ("throttled*",)},
            password=PASSWORD,
            cancels=0,
        ),
        *both(gets="REJECTED/NOT_AUTHORIZED", when=AT_ONCE, password="wrong", cancels=0),
    ),
    "refused (APEX 101; AutoShares 409)": (
        answered("apex", "101", gets="REJECTED/VENUE_REFUSED", when=AFTER_THE_LAG, cancels=1),
        answered("autoshares", "409", gets="REJECTED/VENUE_REFUSED", when=AFTER_THE_LAG, cancels=1),
    ),
    '"not found" (APEX 104; AutoShares 404)': (
        Play(gets="REJECTED/UNKNOWN_ORDER", when=AFTER_THE_LAG, ask={"order": OrderId("8")}),
        Play(
            venue="autoshares",
            gets="REJECTED/NOT_FOUND",
            when=AFTER_THE_LAG,
            ask={"order": OrderId("8")},
            behaviour={"venue": {"unknown_order": "404"}},
        ),
        *both(gets="REJECTED/NOT_FOUND", when=AFTER_THE_LAG, ask={"order": ClientOrderId("88")}, cancels=0),
    ),
    "called invalid, or not supported": (
        answered("apex", "100", gets="REJECTED/INVALID_REQUEST", when=AT_ONCE, cancels=1),
        answered("apex", "106", gets="REJECTED/NOT_SUPPORTED", when=AT_ONCE, cancels=1),
        answered("autoshares", "400", gets="REJECTED/INVALID_REQUEST", when=AT_ONCE, cancels=1),
    ),
    "the order was replaced": (
        *both(gets="REJECTED/REPLACED", when=AT_ONCE, arrange=replace),
        *both(gets="CANCELED", when=SOON, arrange=replace, ask={"follow_replacement": True}),
        *both(
            gets="UNKNOWN",
            when=AT_THE_DEADLINE,
            arrange=replace,
            faults=dict.fromkeys(("trail", "open", "history"), ("503*",)),
        ),
    ),
    "a client order id that two open orders bear": both(
        gets="REJECTED/AMBIGUOUS_ORDER",
        when=AT_ONCE,
        arrange=double,
        ask={"order": ClientOrderId("77")},
        cancels=0,
    ),
    "the deadline comes while it waits for its turn, or for a log-in": (
        *both(
            gets="REJECTED/NOT_SENT",
            when=AT_THE_DEADLINE,
            faults={"log-in": ("stall*",)},
            password=PASSWORD,
            cancels=0,
        ),
        *both(gets="REJECTED/NOT_SENT", when=AT_THE_DEADLINE, arrange=double, rate=0.001, cancels=1),
    ),
    "any of these after an attempt that may have acted": (
        *both(
            gets="UNKNOWN",
            when=AT_THE_DEADLINE,
            faults={"cancel": ("500:before", "401*")},
        ),
        Play(
            gets="PENDING",
            when=AT_THE_DEADLINE,
            behaviour={"refuse_cancels_late": True},
            faults={"cancel": ("none", "401*")},
        ),
    ),
}


async def played(play: Play) -> tuple[CancelAck, float, int]:
    """Return the ack, after how many seconds it came, and how many cancels reached the venue."""
    now = asyncio.get_running_loop().time
    simulator = load_simulator(play.venue)(**play.behaviour)
    for call, words in play.faults.items():
        for word in words:
            arm(simulator, call, word)
    placed = {"order_id": "7", "account": "9", "client_order_id": "77", **play.order}
    simulator.place(now() - LONG_AGO_S, **placed)
    play.arrange(simulator, now())
    limits = [] if play.rate is None else [one_cancel_in(1 / play.rate)]
    async with AsyncClient(
        [venue_of(play, simulator)], transport=in_process(simulator), limits={play.venue: limits}
    ) as client:
        if limits:
            await client.cancel(request_of(play, order=OrderId("8")))
        began_at = now()
        ack = await client.cancel(request_of(play))
        took = now() - began_at
    return ack, took, sum(map(is_cancel, simulator.requests))


def request_of(play: Play, **said: Any) -> CancelRequest:
    """Make the request of a play's caller."""
    usual = {"venue": play.venue, "account": "9", "order": OrderId("7"), "timeout_s": TIMEOUT_S}
    return CancelRequest(**{**usual, **play.ask, **said})


def venue_of(play: Play, simulator: Simulator) -> Venue:
    """Build the venue, with a token or with the password of the play."""
    if play.password is None:
        return simulator.venue(URL)
    credential = load_venue(play.venue).credentials["password"]
    return simulator.venue(URL, auth=credential(simulator.credentials.user, play.password))


def arm(simulator: Simulator, call: str, word: str) -> None:
    """Let a fault come at the next request of that call, or at all that follow."""
    kind, _, wait = word.removesuffix("*").partition("=")
    fault = None if kind == "none" else fault_from_word(kind, call)
    if fault is not None and wait:
        fault = attrs.evolve(fault, retry_after_s=float(wait))
    if fault is not None and word.endswith("*"):
        simulator.faults.at_rate(1.0, calls=[call], choose=[fault])
    else:
        simulator.faults.script(call, fault)


def one_cancel_in(seconds: float) -> Limit:
    """Limit cancels to one in so many seconds."""
    return Limit(per=LimitScope.ACCOUNT, kinds=frozenset({CallKind.CANCEL}), rate=1 / seconds, burst=1)


def is_cancel(request: ReceivedRequest) -> bool:
    """Tell whether a request is a cancel of one order, at either venue."""
    return request.method == "DELETE" or "/CancelOrder" in request.path


def rows_of(text: str) -> dict[str, str]:
    """Return what happens to a cancel, and what the README says that its caller gets."""
    table = text.partition("| what happens to the cancel |")[2].partition("\n\n")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    gets: dict[str, str] = {}
    for what, done, told, _when in cells:
        gets[what] = list(gets.values())[-1] if done == told == "the same" else told
    return gets


def outcomes_in(told: str) -> set[str]:
    """Return the outcomes that a cell names; a reason alone is that of a rejection."""
    words = set(re.findall(r"`([A-Z_/]+)`", told)) - {"REJECTED"}
    outcomes = {one.name for one in Outcome}
    return {word if word in outcomes or "/" in word else f"REJECTED/{word}" for word in words}


ROWS = rows_of(README)


def test_every_row_is_played() -> None:
    """And nothing else."""
    assert list(ROWS) == list(PLAYS)


@pytest.mark.parametrize("row", PLAYS)
def test_what_a_row_says_is_all_there_is(row: str) -> None:
    """Each outcome that a row names comes about, and of others only what a dead order settles."""
    come_about = {play.gets for play in PLAYS[row]}
    named = outcomes_in(ROWS[row])
    assert named - come_about == set()
    assert come_about - named <= {"CANCELED", "REJECTED/TOO_LATE"}


def title(play: object) -> str:
    """Name a play by its venue, its faults and what it gets."""
    if not isinstance(play, Play):
        return ""
    faults = [f"{call} {','.join(words)}" for call, words in play.faults.items() if call not in ALL_READS]
    return " ".join([play.venue, *faults, play.gets])


@pytest.mark.parametrize("play", [play for plays in PLAYS.values() for play in plays], ids=title)
def test_a_cancel_gets_what_its_row_says(play: Play) -> None:
    """At that time, and without a cancel too many."""
    ack, took, cancels = run_virtually(played(play))
    assert play.gets == "/".join(one.name for one in (ack.outcome, ack.reason) if one)
    earliest, latest = play.when
    assert earliest <= took <= latest
    assert play.cancels in (None, cancels)
    assert play.retry_after_s in (None, ack.retry_after_s)
