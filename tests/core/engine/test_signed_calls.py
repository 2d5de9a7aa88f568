"""Cancels that are signed as soon as they are made: what they have in common is looked at once, and kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import attrs
import pytest

from countermand import OrderId
from countermand._engine._guard import Guard, PluginFault
from countermand._engine._guarded_call import Calls
from countermand._engine._guarded_venue import GuardedVenue
from countermand._engine._post import Letter, Post
from countermand._engine._settings import Settings
from countermand._engine._stamps import Stamps
from countermand._engine._watch import Watch
from countermand._wire._sending import Bound
from countermand.errors import InvalidRequestError
from countermand.venue import (
    Call,
    CallKind,
    CancelTarget,
    Gone,
    HttpRequest,
    HttpResponse,
    Receipt,
    Session,
    Stamp,
)
from countermand.venue.credentials import Credential

if TYPE_CHECKING:
    from tests.core.conftest import Pebble

TARGET = CancelTarget(account="9", order=OrderId("7"))
ANSWER = HttpResponse(status=200)
RECEIPT = Receipt(text="taken")
PARTS = "cancel gave a Call with parts of other types than it has"


def receipt(_: HttpResponse) -> Receipt:
    """Read an answer, the same each time."""
    return RECEIPT


def signed_by(credential: Credential) -> Any:
    """Sign as `Venue.call` does."""
    return partial(credential.sign, HttpRequest(method="POST", path="/cancel/7"))


class Changing:
    """A venue whose cancels are as they are set to be."""

    def __init__(self, call: Any) -> None:
        self.call = call

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def cancel(self, _: CancelTarget) -> Any:
        """Make a call, a new one each time."""
        return attrs.evolve(self.call) if isinstance(self.call, Call) else self.call


CALL: Call[Any] = Call(kind=CallKind.CANCEL, name="DELETE order", sign=signed_by(Credential()), read=receipt)


@pytest.fixture
def venue() -> Any:
    """Give a venue whose cancels are all alike, until they are set to be others."""
    return Changing(CALL)


@pytest.fixture
def calls(venue: Any) -> Calls:
    """Fence its cancels in."""
    return Calls(Guard("pebble", venue, Watch(None)), venue, "cancel")


def ask(calls: Calls, session: Session | None = None) -> Any:
    return calls.signed(TARGET, session, Stamps())


def test_calls_of_one_form(calls: Calls) -> None:
    """They have their own requests, and share all else."""
    (form, first), (again, second) = ask(calls), ask(calls, Session(token="t0k3n"))
    assert again is form
    assert (first.headers, second.headers) == ({}, {"Authorization": "Bearer t0k3n"})
    assert form.read(ANSWER) is RECEIPT


OTHERS: dict[str, tuple[str, Any]] = {
    "a kind": ("kind", CallKind.MASS_CANCEL),
    "a name": ("name", "DELETE orders"),
    "a bound": ("max_bytes", 512),
    "a part": ("takes_part", True),
}


@pytest.mark.parametrize(("part", "value"), OTHERS.values(), ids=OTHERS.keys())
def test_a_call_of_another_form(calls: Calls, venue: Any, part: str, value: Any) -> None:
    """It is believed for what it says, and so is the next one."""
    form, _ = ask(calls)
    venue.call = attrs.evolve(CALL, **{part: value})
    other, _ = ask(calls)
    assert getattr(other, part) == value
    assert getattr(form, part) != value
    venue.call = CALL
    assert getattr(ask(calls)[0], part) != value


def test_a_call_that_is_read_otherwise(calls: Calls, venue: Any) -> None:
    """Each answer is read by the function that came with its call."""
    form, _ = ask(calls)
    venue.call = attrs.evolve(CALL, read=lambda _: Gone())
    assert ask(calls)[0].read(ANSWER) == Gone()
    assert form.read(ANSWER) is RECEIPT


WRONG: dict[str, tuple[Any, str]] = {
    "no call": ("DELETE /7", "cancel gave a value of type str, expected a Call"),
    "the name": (attrs.evolve(CALL, name=cast("str", 7)), PARTS),
    "the kind": (attrs.evolve(CALL, kind=cast("CallKind", "cancel")), PARTS),
    "the sign": (attrs.evolve(CALL, sign=cast("Any", "POST")), PARTS),
    "the read": (attrs.evolve(CALL, read=cast("Any", None)), PARTS),
    "the bound": (attrs.evolve(CALL, max_bytes=cast("int", "64 KiB")), PARTS),
}


@pytest.mark.parametrize(("wrong", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_call_after_one_that_was(calls: Calls, venue: Any, wrong: Any, words: str) -> None:
    """One that was right vouches for no other."""
    ask(calls)
    venue.call = wrong
    for _ in range(2):
        with pytest.raises(PluginFault, match=words):
            ask(calls)


class Heir(str):
    """A text that is the plugin's own code."""

    __slots__ = ()


def test_headers_of_another_type_after_those_that_were_right(calls: Calls, venue: Any) -> None:
    """They are looked at each time, whoever merged them."""

    class Bears(Credential):
        def headers(self, session: Session | None, stamp: Stamp) -> dict[str, str]:
            return {"aptoken": session.token if session else Heir("t0k3n")}

    venue.call = attrs.evolve(CALL, sign=signed_by(Bears()))
    assert ask(calls, Session(token="t0k3n"))[1].headers == {"aptoken": "t0k3n"}
    with pytest.raises(PluginFault, match="gave an HttpRequest with parts of other types than it has"):
        ask(calls)


VERDICTS: dict[str, tuple[Any, str]] = {
    "nothing": (None, "gave nothing, which is no answer to that question"),
    "a part": (Receipt(text=cast("str", 7)), "gave a Receipt with parts of other types than it has"),
    "another": (Session(token="t"), "gave a value of type Session, which is no answer to that question"),
}


@pytest.mark.parametrize(("verdict", "words"), VERDICTS.values(), ids=VERDICTS.keys())
def test_answers_after_one_that_was_right(calls: Calls, venue: Any, verdict: Any, words: str) -> None:
    """Only the very same receipt is known again."""
    answers = iter([RECEIPT, RECEIPT, verdict, verdict, RECEIPT])
    venue.call = attrs.evolve(CALL, read=lambda _: next(answers))
    read = ask(calls)[0].read
    assert [read(ANSWER), read(ANSWER)] == [RECEIPT, RECEIPT]
    for _ in range(2):
        with pytest.raises(PluginFault, match=words):
            read(ANSWER)
    assert read(ANSWER) is RECEIPT


@pytest.mark.parametrize("function", ["check", "check_scope", "cancel"])
def test_a_function_is_looked_for_until_it_is_had(pebble: Pebble, function: str) -> None:
    """And then kept."""
    found: list[Callable[..., Any]] = []

    class Late:
        def __getattr__(self, name: str) -> Any:
            found.append(getattr(pebble, name))
            if len(found) == 1:
                raise InvalidRequestError("not yet") if name == "check" else LookupError("not yet")
            return found[-1]

    late: Any = Late()
    guarded = GuardedVenue(late, Guard("pebble", late, Watch(None)))
    ask = getattr(guarded, function)
    with pytest.raises((PluginFault, InvalidRequestError), match="not yet"):
        ask(TARGET)
    for _ in range(3):
        ask(TARGET)
    assert len(found) == 2


@pytest.mark.parametrize("function", ["check", "check_scope"])
def test_a_check_that_says_something(pebble: Pebble, function: str) -> None:
    """It refuses by raising, and by nothing else."""

    class Says:
        check = check_scope = staticmethod(lambda _: False)

    guarded = GuardedVenue(pebble, Guard("pebble", pebble, Watch(None)))
    getattr(guarded, function)(TARGET)
    guarded = GuardedVenue(cast("Any", Says()), Guard("pebble", pebble, Watch(None)))
    with pytest.raises(PluginFault, match=f"{function} gave a value of type bool: it refuses by raising"):
        getattr(guarded, function)(TARGET)


class Wired:
    """A wire that only remembers."""

    def __init__(self) -> None:
        self.bounds: list[Bound] = []

    def begin(self, _url: str, _request: HttpRequest, bound: Bound, *_: Any) -> None:
        """Remember how much is read."""
        self.bounds.append(bound)


def test_letters(venue: Any) -> None:
    """One is sent again as long as neither the session nor the form of the calls is another."""
    venue.base_url = "http://127.0.0.1:9"
    guard, wire, watch = Guard("pebble", venue, Watch(None)), Wired(), Watch(None)
    post = Post(GuardedVenue(venue, guard), guard, cast("Any", wire), watch, Settings(reply_bytes=1000))

    def send(token: str) -> Letter[Any]:
        return post.send_cancel(TARGET, Session(token=token), lambda: 0.0, lambda: None)[0]

    first, second, third = send("s3cr3t-1"), send("s3cr3t-1"), send("s3cr3t-2")
    assert first is second
    assert third.redactor.text("s3cr3t-1 s3cr3t-2") == "s3cr3t-1 [redacted]"
    assert second.redactor.text("s3cr3t-1 s3cr3t-2") == "[redacted] s3cr3t-2"
    venue.call = attrs.evolve(CALL, name="DELETE orders", max_bytes=512, takes_part=True)
    assert send("s3cr3t-2").name == "DELETE orders"
    assert wire.bounds == [Bound(1000, cuts=False)] * 3 + [Bound(512, cuts=True)]
