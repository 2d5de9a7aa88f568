"""Sessions are numbered, had by one log-in at a time, and given up only where that can help."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from countermand import Reason
from countermand._case._facts import NoSession
from countermand._engine._errand import Errand
from countermand._engine._sessions import NumberedSession, Sessions
from countermand._engine._standing import Permission
from countermand._limits._urgency import Need, Urgency
from countermand._wire._progress import Progress
from countermand.venue import (
    Call,
    CallKind,
    CodeWanted,
    LoggedIn,
    LogIn,
    NeedCode,
    Refused,
    Session,
    Throttled,
    Unreadable,
)

if TYPE_CHECKING:
    from tests.core.conftest import Pebble

WE, THEY = ("9", CallKind.CANCEL), ("10", CallKind.CANCEL)


def errand(account: str = "9", kind: CallKind = CallKind.CANCEL, **fields: Any) -> Errand:
    """Make an errand that waits for a session."""
    told = {"number": 1, "until": 900.0, "overdue_at": 900.0, "patience_s": 3.0, **fields}
    return Errand(account=account, kind=kind, progress=Progress(clock=lambda: 0.0), **told)


class Desk:
    """Hands out sessions at a venue whose answers are scripted, at a time that is told."""

    def __init__(self, venue: Pebble, *answers: Any) -> None:
        self.now = 100.0
        self.asked: list[str] = []
        self.told: list[str | None] = []
        self.urgencies: list[Urgency] = []
        self.answers = list(answers)
        self.sessions = Sessions(venue, self.ask, lambda: self.now, self.told.append)

    async def ask(self, call: Call[Any], urgency: Urgency, progress: Progress) -> Any:
        """Answer a call of a log-in: by script, or by ever new tokens, or these only after an event."""
        self.asked.append(call.name)
        progress.sign(call.name)
        self.urgencies.append(urgency)
        answer = self.answers.pop(0) if self.answers else None
        await (answer.wait() if isinstance(answer, asyncio.Event) else asyncio.sleep(0))
        if answer is not None and not isinstance(answer, asyncio.Event):
            return answer
        return LoggedIn(session=Session(token=f"token {len(self.asked)}"))

    async def current(self, account: str = "9") -> NumberedSession | NoSession:
        """Ask for a session."""
        return await self.sessions.current(errand(account))

    async def number(self, account: str = "9") -> int:
        """Ask for a session and tell its number."""
        told = await self.current(account)
        assert isinstance(told, NumberedSession)
        return told.number

    def refused(self, number: int, permission: Permission = WE) -> None:
        """Let the venue refuse a session for what was signed just now."""
        self.sessions.refused(number, permission, self.now)

    def accepted(self, number: int, permission: Permission = WE) -> None:
        """Let the venue take a session for what was signed just now."""
        self.sessions.accepted(number, permission, self.now)

    def dies(self, number: int) -> None:
        """Let the venue take a session, and refuse it from then on."""
        self.accepted(number)
        self.refused(number)

    async def failure(self) -> Refused | Throttled | Unreadable:
        """Ask for a session and tell why there is none."""
        return (await self.none()).failure

    async def none(self) -> NoSession:
        """Ask for a session that is not to be had."""
        told = await self.current()
        assert isinstance(told, NoSession)
        return told


def test_fifty_share_one_log_in(pebble: Pebble) -> None:
    """However many ask at once, there is one log-in, and one session for all of them."""

    async def crowd() -> None:
        desk = Desk(pebble.by_password())
        sessions = await asyncio.gather(*(desk.current() for _ in range(50)))
        assert sessions == [NumberedSession(number=1, session=Session(token="token 1"))] * 50
        assert (desk.asked, desk.told, desk.sessions.earned) == (["log-in"], [None], True)
        assert desk.sessions.held == Session(token="token 1")

    asyncio.run(crowd())


def test_calls_that_need_no_session(pebble: Pebble) -> None:
    """Where nothing is needed, nothing is asked, and nothing is ours to give back."""

    async def walk_in() -> None:
        desk = Desk(pebble)
        assert await desk.current() == NumberedSession(number=1, session=None)
        assert (desk.asked, desk.told, desk.sessions.earned) == ([], [], False)

    asyncio.run(walk_in())


def test_a_token_from_elsewhere(pebble: Pebble) -> None:
    """A token that cannot be had anew stays what it is, however often it is refused."""

    async def knock() -> None:
        desk = Desk(pebble.by_token("given"))
        for _ in range(3):
            assert await desk.current() == NumberedSession(number=1, session=Session(token="given"))
            desk.refused(1, WE)
        assert (desk.asked, desk.told, desk.sessions.earned) == ([], [None], False)

    asyncio.run(knock())


def test_a_refused_session_is_renewed(pebble: Pebble) -> None:
    """The refusal of the current session starts one log-in; those of older ones start none."""

    async def renew() -> None:
        desk = Desk(pebble.by_password())
        assert await desk.number() == 1
        desk.refused(1, WE)
        assert await desk.number() == 2
        desk.refused(1, WE)
        desk.refused(1, THEY)
        assert await desk.number() == 2
        assert desk.asked == ["log-in"] * 2

    asyncio.run(renew())


def test_a_missing_permission_is_no_dead_session(pebble: Pebble) -> None:
    """A call refused under two sessions starts no further log-in, unless it worked in between."""

    async def knock() -> None:
        desk = Desk(pebble.by_password())
        await desk.number()
        desk.refused(1, WE)
        assert await desk.number() == 2
        desk.refused(2, WE)
        assert await desk.number() == 2
        desk.accepted(1, WE)
        desk.refused(2, WE)
        assert await desk.number() == 3
        desk.refused(3, THEY)
        desk.now += 60
        assert await desk.number("10") == 4

    asyncio.run(knock())


def test_three_log_ins_a_minute(pebble: Pebble) -> None:
    """The fourth log-in within a minute is not tried, and says how long to wait."""

    async def hurry() -> None:
        desk = Desk(pebble.by_password())
        for number in (1, 2, 3):
            assert await desk.number() == number
            desk.dies(number)
            desk.now += 10
        assert await desk.failure() == Throttled(retry_after_s=30.0, text="too many log-ins in a minute")
        assert desk.asked == ["log-in"] * 3
        desk.now += 29.9
        assert isinstance(await desk.failure(), Throttled)
        desk.now += 0.1
        assert await desk.number() == 4
        assert isinstance(desk.told[3], str)

    asyncio.run(hurry())


@pytest.mark.parametrize("life_s", [100.0, None])
def test_a_session_with_a_known_life(pebble: Pebble, life_s: float | None) -> None:
    """After nine tenths of its life another one is had, and nobody waits for that as long as it lasts."""

    async def grow_old() -> None:
        answers = [LoggedIn(session=Session(token=text, lifetime_s=life_s)) for text in ("one", "two")]
        desk = Desk(pebble.by_password(), *answers)
        assert await desk.number() == 1
        desk.now += 89.9
        assert await desk.number() == 1
        assert desk.asked == ["log-in"]
        desk.now += 0.1
        assert [await desk.number() for _ in range(3)] == [1, 1, 1]
        for _ in range(5):
            await asyncio.sleep(0)  # nobody waits for that log-in
        assert await desk.number() == (2 if life_s else 1)

    asyncio.run(grow_old())


def test_a_session_whose_life_is_over(pebble: Pebble) -> None:
    """Who comes after the end of its life waits for the next one."""

    async def outlive() -> None:
        desk = Desk(pebble.by_password(), LoggedIn(session=Session(token="one", lifetime_s=100.0)))
        assert await desk.number() == 1
        desk.now += 100
        assert await desk.number() == 2
        assert desk.sessions.earned

    asyncio.run(outlive())


FAILURES = {
    "refused with words": (Refused(reason=Reason.NOT_AUTHORIZED, text="who are you"), "who are you"),
    "refused with a code": (Refused(reason=Reason.NOT_AUTHORIZED, code="20"), "20"),
    "throttled": (Throttled(retry_after_s=5.0), "Throttled"),
    "unreadable": (Unreadable(text="<html>"), "<html>"),
}


@pytest.mark.parametrize(("answer", "words"), FAILURES.values(), ids=FAILURES.keys())
def test_a_log_in_that_fails(pebble: Pebble, answer: Any, words: str) -> None:
    """A log-in that fails says why; it is tried again after a while, and nobody hammers at it."""

    async def fail() -> None:
        desk = Desk(pebble.by_password(), answer)
        assert await desk.failure() == answer
        assert desk.told == [words]
        assert await desk.failure() == answer
        assert desk.told == [words]
        desk.now += 20
        assert await desk.number() == 1
        assert desk.told == [words, None]

    asyncio.run(fail())


def _raise(error: Exception) -> Any:
    raise error


def test_a_plugin_that_cannot_log_in(pebble: Pebble) -> None:
    """Whatever a plugin raises on the way in, there is no session, and it is told why."""

    def conversation() -> LogIn:
        yield NeedCode(source=lambda: "1234")
        raise LookupError("out of order")

    async def fail() -> None:
        for begin in (lambda: _raise(LookupError("out of order")), conversation):
            desk = Desk(attrs.evolve(pebble, begin_log_in=begin))
            assert await desk.failure() == Unreadable(text="the log-in failed: LookupError: out of order")

    asyncio.run(fail())


def test_a_plugin_whose_log_in_ends_as_nothing(pebble: Pebble) -> None:
    """A conversation that returns no session at all is a fault that whoever waits hears of."""

    def conversation() -> Any:
        yield from ()
        return "a session?"

    async def fail() -> None:
        desk = Desk(attrs.evolve(pebble, begin_log_in=conversation))
        with pytest.raises(AttributeError):
            await desk.current()
        with pytest.raises(AttributeError):
            await desk.current()

    asyncio.run(fail())


def _blocking() -> str:
    return "1234"


async def _awaited() -> str:
    return "1234"


@pytest.mark.parametrize("source", [_blocking, _awaited])
def test_a_second_factor(pebble: Pebble, source: Callable[[], Any]) -> None:
    """A code is asked for where the venue wants one, and both calls count as one log-in."""

    async def enter() -> None:
        desk = Desk(pebble.by_password(code=source), CodeWanted(interim="half"))
        for number in (1, 2, 3):
            assert await desk.number() == number
            desk.dies(number)
            desk.answers.append(CodeWanted(interim="half"))
        assert desk.asked == ["log-in", "code"] * 3

    asyncio.run(enter())


def test_one_who_leaves_ends_nobodys_log_in(pebble: Pebble) -> None:
    """Who stops waiting for a log-in does not end it for the others."""

    async def leave() -> None:
        answered = asyncio.Event()
        desk = Desk(pebble.by_password(), answered)
        impatient, patient = (asyncio.ensure_future(desk.current()) for _ in range(2))
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.wait([impatient])
        answered.set()
        assert await patient == NumberedSession(number=1, session=Session(token="token 1"))
        assert impatient.cancelled()
        assert desk.asked == ["log-in"]

    asyncio.run(leave())


def test_whatever_session_is_handed_out_is_the_one_to_use(pebble: Pebble) -> None:
    """Also at the very moment when a log-in has failed: who was told otherwise would ask again for ever."""

    async def ask_all_the_time() -> None:
        desk = Desk(pebble.by_password(), None, Unreadable(text="503"))
        assert await desk.number() == 1
        desk.dies(1)
        held = []

        async def other() -> None:
            them = errand("10")
            told = await desk.sessions.current(them)
            held.append(isinstance(told, NumberedSession) and desk.sessions.holds(told, them))

        renewing = asyncio.ensure_future(desk.current())
        others = []
        while not renewing.done():
            others.append(asyncio.ensure_future(other()))
            await asyncio.sleep(0)
        await asyncio.gather(*others)
        assert desk.told == [None, "503"]
        assert len(held) > 3
        assert all(held)

    asyncio.run(ask_all_the_time())


def test_closing_ends_a_log_in(pebble: Pebble) -> None:
    """A log-in under way ends with the client; without one there is nothing to end."""

    async def close() -> None:
        desk = Desk(pebble.by_password(), asyncio.Event())
        await desk.sessions.aclose()
        waiting = asyncio.ensure_future(desk.current())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await desk.sessions.aclose()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        assert desk.sessions.held is None

    asyncio.run(close())


def test_a_code_that_nobody_gives(pebble: Pebble, virtually: Callable[[Any], None]) -> None:
    """A prompt that is never answered ends after a minute, and the next one asks anew."""

    async def nobody() -> str:
        await asyncio.Event().wait()
        return "too late"

    codes: Iterator[Callable[[], Any]] = iter([nobody, lambda: "1234"])

    def conversation() -> LogIn:
        code = yield NeedCode(source=next(codes))
        return Session(token=f"with {code}")

    async def wait() -> None:
        desk = Desk(attrs.evolve(pebble, begin_log_in=conversation))
        assert await desk.failure() == Unreadable(text="nobody gave the code in time")
        desk.now += 2
        assert await desk.number() == 1

    virtually(wait())


def test_an_old_session_is_used_until_it_is_refused(pebble: Pebble) -> None:
    """A life that the documents tell may be wrong: what was never refused is better than nothing."""

    async def outlive() -> None:
        answers = [LoggedIn(session=Session(token="one", lifetime_s=100)), Unreadable(text="503")]
        desk = Desk(pebble.by_password(), *answers)
        assert await desk.number() == 1
        desk.now += 105
        assert await desk.number() == 1
        assert await desk.number() == 1
        assert desk.told == [None, "503"]
        desk.now += 2
        assert await desk.number() == 2

    asyncio.run(outlive())


def test_a_refused_permission_is_forgotten_after_a_while(pebble: Pebble) -> None:
    """What was refused under two sessions long ago does not keep a dead session alive."""

    async def refuse() -> None:
        desk = Desk(pebble.by_password())
        for number in (1, 2):
            assert await desk.number() == number
            desk.refused(number)
        assert await desk.number() == 2
        desk.now += 61
        desk.refused(2)
        assert await desk.number() == 3

    asyncio.run(refuse())


def test_a_code_whose_source_is_canceled(pebble: Pebble) -> None:
    """A cancellation of something a code was awaited from is a failed log-in, not the end of ours."""

    async def source() -> str:
        raise asyncio.CancelledError

    def conversation() -> LogIn:
        code = yield NeedCode(source=source)
        return Session(token=f"with {code}")

    async def fail() -> None:
        desk = Desk(attrs.evolve(pebble, begin_log_in=conversation))
        failure = await desk.failure()
        assert failure == Unreadable(text="the log-in failed: what it waited for was canceled")

    asyncio.run(fail())


@pytest.mark.parametrize(
    ("answer", "wait_s"),
    [
        (Refused(reason=Reason.NOT_AUTHORIZED), 20.0),
        (Throttled(retry_after_s=5.0), 5.0),
        (Throttled(retry_after_s=3600.0), 60.0),
        (Throttled(), 2.0),
        (Unreadable(), 2.0),
    ],
)
def test_when_to_come_again(pebble: Pebble, answer: Any, wait_s: float) -> None:
    """Whoever gets no session is told what is left of the wait, be the log-in its own or an earlier one."""

    async def fail() -> None:
        desk = Desk(pebble.by_password(), answer)
        assert await desk.none() == NoSession(failure=answer, again_in_s=wait_s)
        desk.now += 1.5
        again = await desk.none()
        assert (again.failure, again.retry_after_s) == (answer, wait_s - 1.5)
        desk.now += wait_s - 1.5
        assert await desk.number() == 1

    asyncio.run(fail())


def test_three_failures_a_minute(pebble: Pebble) -> None:
    """After the third log-in of a minute that failed nobody tries again before that minute is over."""

    async def fail() -> None:
        desk = Desk(pebble.by_password(), *(Unreadable(text=text) for text in ("one", "two", "three")))
        for wait_s in (2.0, 2.0, 56.0):
            assert (await desk.none()).again_in_s == wait_s
            desk.now += 2.0
        assert await desk.none() == NoSession(failure=Unreadable(text="three"), again_in_s=54.0)
        desk.now += 54.0
        assert await desk.number() == 1
        assert desk.told == ["one", "two", "three", None]

    asyncio.run(fail())


def test_who_waits_for_a_log_in_makes_it_urgent(pebble: Pebble) -> None:
    """A log-in is as urgent as the most urgent of those who wait for it, and of those who join them."""

    async def wait() -> None:
        answered = asyncio.Event()
        desk = Desk(pebble.by_password(), answered)
        sweep = errand(kind=CallKind.LISTING, need=Need.OTHER, deadline=500.0)
        errands = [sweep, errand(kind=CallKind.READ, deadline=700.0)]
        waits = [asyncio.ensure_future(desk.sessions.current(one)) for one in errands]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        (urgency,) = desk.urgencies
        assert (urgency.need, urgency.deadline) == (Need.SETTLING_READ, 500.0)
        sweep.last(900.0, need=Need.FIRST_CANCEL, deadline=400.0)
        sweep.last(950.0)
        assert (urgency.need, urgency.deadline) == (Need.FIRST_CANCEL, 400.0)
        assert (sweep.need, sweep.deadline, sweep.until) == (Need.FIRST_CANCEL, 400.0, 950.0)
        answered.set()
        assert await asyncio.gather(*waits) == [await desk.current()] * 2
        sweep.hurry(Need.FIRST_CANCEL, 300.0)  # it waits no more
        assert urgency.deadline == 400.0

    asyncio.run(wait())


def test_a_session_that_was_good_for_it_is_dead(pebble: Pebble) -> None:
    """What was taken under a session and is refused now cannot be for want of a permission."""

    async def renew() -> None:
        desk = Desk(pebble.by_password())
        assert await desk.number() == 1
        with desk.sessions.using(errand("10")):
            desk.accepted(1)
            desk.now += 1
            desk.refused(1)
            assert desk.sessions.held is None
        assert await desk.number() == 2

    asyncio.run(renew())


def test_a_session_that_outlived_a_refusal(pebble: Pebble) -> None:
    """What was refused before a later call was taken lacks a permission: no other session would help."""

    async def live_on() -> None:
        desk = Desk(pebble.by_password())
        assert await desk.number() == 1
        desk.sessions.accepted(1, WE, 102.0)
        for signed_at in (101.0, 103.0):  # and so it stays, also for what is signed later
            desk.sessions.refused(1, THEY, signed_at)
        assert await desk.number() == 1
        desk.now += 33
        desk.refused(1, THEY)
        assert await desk.number("10") == 2

    asyncio.run(live_on())


def test_a_late_refusal_of_an_older_session_marks_nothing(pebble: Pebble) -> None:
    """What the current session was good for is not held against the next one."""

    async def linger() -> None:
        desk = Desk(pebble.by_password())
        assert await desk.number() == 1
        desk.refused(1)
        assert await desk.number() == 2
        desk.accepted(2)
        desk.refused(1)
        desk.accepted(1, THEY)
        desk.now += 1
        desk.refused(2)
        assert await desk.number() == 3

    asyncio.run(linger())


# (what becomes of the other call that is under way, session that is current then, seconds until that is sure)
DOUBTS: dict[str, tuple[Callable[[Desk], None], int, float]] = {
    "it is taken": (lambda desk: desk.sessions.accepted(1, WE, 101.0), 1, 0.1),
    "it is refused, too": (lambda desk: desk.sessions.refused(1, WE, 101.0), 2, 0.1),
    "it was signed before, and taken": (lambda desk: desk.sessions.accepted(1, WE, 99.0), 2, 0.1),
    "the refused one itself is taken": (lambda desk: desk.sessions.accepted(1, THEY, 101.0), 1, 0.1),
    "it fails": (lambda desk: None, 2, 0.1),
}


@pytest.mark.parametrize(("then", "number", "after_s"), DOUBTS.values(), ids=DOUBTS.keys())
def test_a_refusal_that_others_may_explain(
    pebble: Pebble,
    virtually: Callable[[Any], None],
    then: Callable[[Desk], None],
    number: int,
    after_s: float,
) -> None:
    """Where a call of another kind is under way, its answer tells whether a session is dead."""

    async def doubt() -> None:
        desk, loop = Desk(pebble.by_password()), asyncio.get_running_loop()
        assert await desk.number() == 1
        with desk.sessions.using(errand("9")):
            with desk.sessions.using(errand("10")):
                desk.sessions.refused(1, THEY, 100.0)
            assert await desk.number() == 1  # the others go on
            waiting = asyncio.ensure_future(desk.sessions.current(errand("10")))
            start = loop.time()
            await asyncio.sleep(0.1)
            assert not waiting.done()
            then(desk)
        told = await waiting
        assert isinstance(told, NumberedSession)
        assert (told.number, round(loop.time() - start, 3)) == (number, after_s)

    virtually(doubt())


def test_a_doubt_does_not_last(pebble: Pebble, virtually: Callable[[Any], None]) -> None:
    """An answer that could explain a refusal is waited for only a quarter of a second."""

    async def doubt() -> None:
        desk, loop = Desk(pebble.by_password()), asyncio.get_running_loop()
        assert await desk.number() == 1
        start = loop.time()
        with desk.sessions.using(errand("9")):
            for account in ("10", "11"):
                with desk.sessions.using(errand(account)):
                    desk.sessions.refused(1, (account, CallKind.CANCEL), 100.0)
            told = await desk.sessions.current(errand("10"))
            assert isinstance(told, NumberedSession)
            assert (told.number, round(loop.time() - start, 3)) == (2, 0.25)
            await desk.sessions.aclose()

    virtually(doubt())


def test_closing_ends_a_doubt(pebble: Pebble) -> None:
    """Who waits to know whether a session is dead is not kept by a client that closes."""

    async def close() -> None:
        desk = Desk(pebble.by_password())
        assert await desk.number() == 1
        with desk.sessions.using(errand("9")), desk.sessions.using(errand("10")):
            desk.sessions.refused(1, THEY, 100.0)
            waiting = asyncio.ensure_future(desk.sessions.current(errand("10")))
            await asyncio.sleep(0)
            await desk.sessions.aclose()
            assert isinstance(await waiting, NumberedSession)

    asyncio.run(close())


def test_a_token_that_cannot_be_had_anew_is_never_in_doubt(pebble: Pebble) -> None:
    """Of a session that is not renewable a refusal is told as it is, whoever else is under way."""

    async def knock() -> None:
        desk = Desk(pebble.by_token("given"))
        assert await desk.number() == 1
        with desk.sessions.using(errand("10")):
            desk.refused(1, THEY)
            assert await desk.sessions.current(errand("10")) == await desk.current()

    asyncio.run(knock())


def test_a_renewal_that_is_given_up(pebble: Pebble) -> None:
    """A session that is used while another one is asked for is still ours to give back."""

    async def give_up() -> None:
        first = LoggedIn(session=Session(token="one", lifetime_s=100.0))
        desk = Desk(pebble.by_password(), first, asyncio.Event())
        assert await desk.number() == 1
        desk.now += 95
        assert await desk.number() == 1
        await asyncio.sleep(0)
        await desk.sessions.aclose()
        assert (desk.sessions.earned, desk.sessions.held) == (True, Session(token="one", lifetime_s=100.0))

    asyncio.run(give_up())


def test_a_permission_that_is_withdrawn(pebble: Pebble) -> None:
    """What a session was good for and is refused while others are served costs no log-in."""

    async def withdraw() -> None:
        desk = Desk(pebble.by_password())
        assert await desk.number() == 1
        desk.accepted(1)
        desk.sessions.accepted(1, THEY, 103.0)
        for signed_at in (102.0, 104.0):
            desk.sessions.refused(1, WE, signed_at)
            assert await desk.number() == 1
        assert desk.sessions.held is not None

    asyncio.run(withdraw())


async def _three_log_ins(desk: Desk) -> None:
    """Use up the log-ins of this minute, with sessions that die."""
    for number in (1, 2):
        assert await desk.number() == number
        desk.dies(number)
    assert await desk.number() == 3


def test_wrong_accounts_leave_the_last_log_in_to_others(pebble: Pebble) -> None:
    """Accounts that no session was ever good for wait, so that one that dies is renewed at once."""

    async def knock() -> None:
        desk = Desk(pebble.by_password())
        assert await desk.number() == 1
        desk.accepted(1)
        desk.refused(1, THEY)
        assert await desk.number("10") == 2
        desk.refused(2, ("11", CallKind.CANCEL))
        told = await desk.current("11")
        assert isinstance(told, NoSession)
        assert (told.reason, told.retry_after_s) == (Reason.THROTTLED, 60.0)
        assert await desk.number() == 2  # nobody else is kept from it
        desk.dies(2)
        assert [await desk.number(account) for account in ("9", "11")] == [3, 3]
        desk.now += 60.0
        desk.refused(3, ("12", CallKind.CANCEL))
        assert await desk.number("12") == 4

    asyncio.run(knock())


def test_a_doubted_session_is_used_where_no_other_can_be_had(pebble: Pebble) -> None:
    """What failed one account serves the others while there is no log-in, until it has failed two."""

    async def knock() -> None:
        desk = Desk(pebble.by_password())
        await _three_log_ins(desk)
        desk.accepted(3, THEY)
        desk.dies(3)
        assert isinstance(await desk.current("9"), NoSession)
        told = await desk.current("10")
        assert isinstance(told, NumberedSession)
        assert (told.number, desk.sessions.held) == (3, None)
        assert desk.sessions.holds(told, errand("10"))
        assert not desk.sessions.holds(told, errand("9"))
        desk.refused(3, THEY)
        assert isinstance(await desk.current("11"), NoSession)  # it is dead, so nothing is wasted on it
        desk.now += 60.0
        assert await desk.number("11") == 4

    asyncio.run(knock())


def test_a_doubted_session_that_proves_to_be_alive(pebble: Pebble) -> None:
    """What outlived a refusal is no longer doubted, and the refusal is held against the account."""

    async def knock() -> None:
        desk = Desk(pebble.by_password())
        await _three_log_ins(desk)
        desk.dies(3)
        assert isinstance(await desk.current("9"), NoSession)
        desk.now += 60.0
        told = await desk.current("10")
        assert isinstance(told, NumberedSession)
        assert told.number == 4  # as soon as one may be had
        desk.dies(4)
        desk.now += 1.0
        desk.accepted(4, THEY)
        desk.refused(4)
        assert [await desk.number(account) for account in ("9", "10")] == [4, 4]
        assert desk.sessions.held is not None

    asyncio.run(knock())


def test_a_slow_log_in_for_one_is_not_waited_for_by_others(pebble: Pebble) -> None:
    """While another session is asked for on account of one refusal, the others go on with this one."""

    async def wait() -> None:
        desk = Desk(pebble.by_password())
        assert await desk.number() == 1
        desk.answers.append(asyncio.Event())
        desk.refused(1, THEY)
        waiting = asyncio.ensure_future(desk.current("10"))
        await asyncio.sleep(0)
        assert await desk.number("9") == 1
        assert not waiting.done()
        await desk.sessions.aclose()
        await asyncio.wait([waiting])

    asyncio.run(wait())


def test_a_foreign_account_is_so_for_every_kind(pebble: Pebble) -> None:
    """What was refused under two sessions costs none for other kinds of call, unless they were taken once."""

    async def knock() -> None:
        desk = Desk(pebble.by_password())
        assert await desk.number() == 1
        desk.accepted(1, ("10", CallKind.READ))
        desk.refused(1, THEY)
        assert await desk.number("10") == 2
        desk.refused(2, THEY)
        desk.refused(2, ("10", CallKind.LISTING))
        assert await desk.sessions.current(errand("10", CallKind.LISTING)) == await desk.current("10")
        assert len(desk.asked) == 2
        desk.refused(2, ("10", CallKind.READ))
        told = await desk.sessions.current(errand("10", CallKind.READ))
        assert isinstance(told, NumberedSession)
        assert told.number == 3

    asyncio.run(knock())


def test_a_mark_lasts_as_long_as_others_are_served(pebble: Pebble) -> None:
    """A session that is taken for others is not renewed for one account, however long it has been refused."""

    async def knock() -> None:
        desk = Desk(pebble.by_password())
        for number in (1, 2):
            assert await desk.number("10") == number
            desk.refused(number, THEY)
        for _ in range(20):
            desk.now += 20.0
            desk.accepted(2)
            desk.refused(2, THEY)
            assert await desk.number("10") == 2
        desk.now += 31.0
        desk.refused(2, THEY)
        assert await desk.number("10") == 3  # nobody tells any more whether it is dead

    asyncio.run(knock())


def test_what_is_refused_while_a_session_dies_marks_nothing(pebble: Pebble) -> None:
    """Two sessions that died refuse a call twice, which says nothing about its permission."""

    async def die() -> None:
        desk = Desk(pebble.by_password())
        for number in (1, 2):
            assert await desk.number() == number
            desk.dies(number)
            desk.refused(number, THEY)
        assert [await desk.number(account) for account in ("9", "10")] == [3, 3]
        desk.now += 31.0
        desk.refused(3, THEY)
        desk.now += 60.0
        assert await desk.number("10") == 4

    asyncio.run(die())


def test_what_is_at_hand(pebble: Pebble, virtually: Callable[[Any], None]) -> None:
    """A session need not be waited for while nothing speaks against it: all that can change that is heard."""

    async def work() -> None:
        desk = Desk(pebble.by_password(), None, LoggedIn(session=Session(token="two", lifetime_s=100.0)))

        def at_hand(after_s: float = 0.0) -> int | None:
            told = desk.sessions.at_hand(desk.now + after_s)
            return None if told is None else told.number

        assert at_hand() is None
        assert (await desk.number(), at_hand(), at_hand(1e9)) == (1, 1, 1)
        with desk.sessions.using(errand("9")):
            desk.refused(1, THEY)
            assert at_hand() is None  # in doubt
            desk.now += 1
            desk.accepted(1, WE)
            assert at_hand() == 1  # it outlived that
        with desk.sessions.using(errand("9")):
            desk.refused(1, ("11", CallKind.CANCEL))
            assert at_hand() is None
        assert at_hand() is None  # nobody can explain it any more
        desk.now += 1
        desk.accepted(1, WE)
        assert at_hand() == 1
        with desk.sessions.using(errand("9")):
            desk.refused(1, ("12", CallKind.CANCEL))
            await asyncio.sleep(0.3)
            assert at_hand() is None  # nobody has explained it
        desk.now += 1
        desk.accepted(1, WE)
        assert at_hand() == 1
        desk.refused(1, WE)
        assert at_hand() is None  # lost
        assert (await desk.number(), at_hand(), at_hand(89.0), at_hand(90.0)) == (2, 2, 2, None)
        desk.refused(1, WE)
        assert at_hand() == 2
        with desk.sessions.using(errand("9")):
            desk.refused(2, ("13", CallKind.CANCEL))
            assert at_hand() is None
            await desk.sessions.aclose()
            assert at_hand() == 2

    virtually(work())
