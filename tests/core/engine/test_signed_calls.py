"""Cancels that are signed as soon as they are made: what they have in common is looked at once, and kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, cast

import attrs
import pytest

from countermand import OrderId
from countermand._case._receipt import Taken
from countermand._engine._guard import Guard, PluginFault
from countermand._engine._guarded_call import Calls
from countermand._engine._guarded_venue import GuardedVenue
from countermand._engine._post import CancelLetter, Post
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
from countermand.venue.answers import remembers_receipts
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


Send = Callable[[str], CancelLetter]


@pytest.fixture
def wire() -> Wired:
    """Give a wire that only remembers."""
    return Wired()


@pytest.fixture
def send(venue: Any, wire: Wired) -> Send:
    """Send cancels of the venue as it is, each under the session of a token."""
    venue.base_url = "http://127.0.0.1:9"
    guard, watch = Guard("pebble", venue, Watch(None)), Watch(None)
    post = Post(GuardedVenue(venue, guard), guard, cast("Any", wire), watch, Settings(reply_bytes=1000))
    return lambda token: post.send_cancel(TARGET, Session(token=token), lambda: 0.0, lambda: None)[0]


def test_letters(venue: Any, wire: Wired, send: Send) -> None:
    """One is sent again as long as neither the session nor the form of the calls is another."""
    first, second, third = send("s3cr3t-1"), send("s3cr3t-1"), send("s3cr3t-2")
    assert first is second
    assert third.redactor.text("s3cr3t-1 s3cr3t-2") == "s3cr3t-1 [redacted]"
    assert second.redactor.text("s3cr3t-1 s3cr3t-2") == "[redacted] s3cr3t-2"
    venue.call = attrs.evolve(CALL, name="DELETE orders", max_bytes=512, takes_part=True)
    assert send("s3cr3t-2").name == "DELETE orders"
    assert wire.bounds == [Bound(1000, cuts=False)] * 3 + [Bound(512, cuts=True)]


def test_a_letter_shows_no_secret(venue: Any, send: Send) -> None:
    """Neither what it was sent with nor what was said to it, as long as that is not blotted."""
    venue.call = attrs.evolve(CALL, read=remembers_receipts(receipt))
    letter = send("s3cr3t-1")
    assert letter.receipt(HttpResponse(status=200, content=b"s3cr3t-1")) == Taken(RECEIPT, 200, "[redacted]")
    assert "s3cr3t" not in repr(letter)


def looked_at(read: Callable[[HttpResponse], Any]) -> tuple[Callable[[HttpResponse], Any], list[Any]]:
    """Note which answers somebody looks at before a reader does."""
    answers: list[Any] = []

    @wraps(read)
    def looks(response: HttpResponse) -> Any:
        answers.append(response)
        return read(response)

    return looks, answers


def says(response: HttpResponse) -> Any:
    """Say what an answer says, and Gone where that is "gone"."""
    return Gone() if response.content == b"gone" else Receipt(text=response.content.decode())


def an_answer(content: bytes = b"", status: int = 200) -> HttpResponse:
    return HttpResponse(status=status, content=content)


def test_the_last_receipt_is_known_again(venue: Any, send: Send) -> None:
    """By its status and all of its body, where the reader knows it by these; whatever else comes is read."""
    read, looks = looked_at(says)
    venue.call = attrs.evolve(CALL, read=remembers_receipts(read))
    letter = send("s3cr3t-1")
    taken = Taken(Receipt(text="taken, [redacted]"), 200, "taken, [redacted]")
    for _ in range(3):
        assert letter.receipt(an_answer(b"taken, s3cr3t-1")) == taken
        assert letter.receipt(an_answer(b"gone")) is None
    assert letter.receipt(an_answer(b"taken")) == Taken(Receipt(text="taken"), 200, "taken")
    assert letter.receipt(an_answer(b"taken", 204)) == Taken(Receipt(text="taken"), 204, "taken")
    assert [one.content for one in looks] == [b"taken, s3cr3t-1", *[b"gone"] * 3, b"taken", b"taken"]
    unread = send("s3cr3t-2").receipt(an_answer(b"taken, s3cr3t-1"))
    assert unread == Taken(Receipt(text="taken, s3cr3t-1"), 200, "taken, s3cr3t-1")


def test_a_receipt_that_is_known_is_not_read(venue: Any, send: Send) -> None:
    """Not even by the reader that remembers it: nothing of a plugin's has to be fenced in."""
    read, looks = looked_at(says)
    venue.call = attrs.evolve(CALL, read=remembers_receipts(read))
    letter = send("s3cr3t-1")
    first = letter.receipt(an_answer(b"taken"))
    letter.read = lambda _: pytest.fail("it was read again")
    assert letter.receipt(an_answer(b"taken")) is first
    assert len(looks) == 1


@attrs.define  # which is equal by its parts, so nothing can be looked up by it
class Reader:
    """A reader that is an object of a plugin's."""

    read: Callable[[HttpResponse], Any]

    def __call__(self, response: HttpResponse) -> Any:
        """Read an answer."""
        return self.read(response)


OTHER_READERS: dict[str, Callable[[Callable[[HttpResponse], Any]], Any]] = {
    "one around one that remembers": lambda read: read,
    "one that is no function": partial,
    "one that is no key": Reader,
}


@pytest.mark.parametrize("wrap", OTHER_READERS.values(), ids=OTHER_READERS.keys())
def test_readers_that_may_look_at_more(venue: Any, send: Send, wrap: Callable[..., Any]) -> None:
    """They are asked each time: what their answers are known by is not known."""
    read, looks = looked_at(remembers_receipts(says))
    venue.call = attrs.evolve(CALL, read=wrap(read))
    letter = send("s3cr3t-1")
    for _ in range(3):
        assert letter.receipt(an_answer(b"taken")) == Taken(Receipt(text="taken"), 200, "taken")
    assert len(looks) == 3


def test_receipts_that_are_too_long_to_be_remembered(venue: Any, send: Send) -> None:
    """They are read each time."""
    read, looks = looked_at(says)
    venue.call = attrs.evolve(CALL, read=remembers_receipts(read))
    for _ in range(3):
        assert send("s3cr3t-1").receipt(an_answer(b"x" * 257)) is not None
    assert len(looks) == 3


def test_an_answer_that_breaks_its_reader_is_no_receipt(venue: Any, send: Send) -> None:
    """Why, is told by whoever reads it next."""
    venue.call = attrs.evolve(CALL, read=remembers_receipts(lambda _: 1 // 0))
    assert send("s3cr3t-1").receipt(ANSWER) is None
