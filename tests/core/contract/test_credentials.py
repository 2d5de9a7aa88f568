"""Credentials: what a call bears, and the usual conversation of a log-in."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from countermand import Reason
from countermand.errors import ConfigurationError
from countermand.venue import (
    Call,
    CallKind,
    CodeWanted,
    HttpRequest,
    HttpResponse,
    LoggedIn,
    LogIn,
    LogInVerdict,
    NeedCode,
    Refused,
    Session,
    Stamp,
    Throttled,
)
from countermand.venue.credentials import (
    ASKED_AGAIN,
    NO_CODE,
    Credential,
    GivenToken,
    Headers,
    concluded,
    converse,
    is_token,
)

REQUEST = HttpRequest(method="GET", path="/orders", headers={"accept": "any"}, content=b"{}")
STAMP = Stamp(nonce=7)
SESSION = Session(token="t0k3n")
IN = LoggedIn(session=SESSION)
WANTED = CodeWanted(interim="half")


def call(name: str) -> Call[LogInVerdict]:
    def read(_response: HttpResponse) -> LogInVerdict:
        return IN

    return Call(kind=CallKind.LOG_IN, name=name, sign=lambda _session, _stamp: REQUEST, read=read)


def second(wanted: CodeWanted, code: str) -> Call[LogInVerdict]:
    return call(f"second {wanted.interim} {code}")


def talk(conversation: LogIn, *answers: object) -> tuple[list[str], object]:
    """Answer each step; return the names of what was asked, and the end."""
    asked: list[str] = []
    told: Any = None
    pending = iter(answers)
    try:
        while True:
            step = conversation.send(told)
            asked.append(step.name if isinstance(step, Call) else step.what)
            told = next(pending)
    except StopIteration as end:
        return asked, end.value


def test_a_credential_bears_a_session_as_a_bearer_token() -> None:
    """RFC 6750, 2.1; the request keeps what it has, and is not changed itself."""
    signed = Credential().sign(REQUEST, SESSION, STAMP)
    assert signed == attrs.evolve(REQUEST, headers={"accept": "any", "Authorization": "Bearer t0k3n"})
    assert Credential().sign(REQUEST, None, STAMP) == REQUEST


def test_a_credential_needs_no_log_in_unless_it_has_one() -> None:
    """A key that signs every call has none; what is refused may be had anew unless it says otherwise."""
    assert Credential().log_in() is None
    assert Credential().renewable


def test_a_signature_may_rest_on_the_stamp() -> None:
    """A venue's own credential overrides what is different there."""

    class Key(Credential):
        def headers(self, session: Session | None, stamp: Stamp) -> Headers:
            return {"nonce": str(stamp.nonce)}

    assert Key().sign(REQUEST, None, STAMP).headers == {"accept": "any", "nonce": "7"}


def test_a_token_is_taken_as_it_is_given() -> None:
    """Nothing is asked, so nothing else can be had."""
    token = GivenToken("t0k3n")
    assert talk(token.log_in()) == ([], SESSION)
    assert not token.renewable
    assert "t0k3n" not in repr(token)


def test_a_token_is_asked_for_where_a_callable_gives_it() -> None:
    """By the name that the venue has for it."""

    @attrs.frozen
    class Ticket(GivenToken):
        called = "ticket"

    ticket = Ticket(lambda: "t0k3n")
    assert talk(ticket.log_in(), "t0k3n") == (["ticket"], SESSION)
    assert ticket.renewable
    refused = Refused(reason=Reason.NOT_AUTHORIZED, text="what was given as ticket is none")
    assert talk(ticket.log_in(), None) == (["ticket"], refused)


def test_a_token_that_no_header_can_bear_is_refused_at_once() -> None:
    """The message does not show it."""
    with pytest.raises(ConfigurationError, match="token must be"):
        GivenToken("s3cret\n")


ENDS: dict[str, tuple[tuple[object, ...], list[str], object]] = {
    "one call": ((IN,), ["first"], SESSION),
    "a second factor": (
        (WANTED, " 123456\n", IN),
        ["first", "verification code", "second half 123456"],
        SESSION,
    ),
    "asked again": (
        (WANTED, "1", WANTED),
        ["first", "verification code", "second half 1"],
        Refused(reason=Reason.NOT_AUTHORIZED, text=ASKED_AGAIN),
    ),
    "no code at all": (
        (WANTED, " "),
        ["first", "verification code"],
        Refused(reason=Reason.NOT_AUTHORIZED, text="what was given as verification code is none"),
    ),
    "throttled": ((Throttled(code="429"),), ["first"], Throttled(code="429")),
}


@pytest.mark.parametrize(("answers", "asked", "end"), ENDS.values(), ids=ENDS)
def test_the_conversation(answers: tuple[object, ...], asked: list[str], end: object) -> None:
    """One call, and another one with a code where the venue wants it."""
    assert talk(converse(call("first"), second, lambda: "unused"), *answers) == (asked, end)


def test_nobody_has_a_code() -> None:
    """Then the log-in ends there, and says so."""
    end = Refused(reason=Reason.NOT_AUTHORIZED, text=NO_CODE)
    assert talk(converse(call("first"), second), WANTED) == (["first"], end)
    assert talk(concluded(WANTED)) == ([], end)


def test_what_is_asked_for_a_code_is_its_source() -> None:
    """The engine calls it, off the loop."""

    def source() -> str:
        return "1"

    need = next(concluded(WANTED, second, source))
    assert isinstance(need, NeedCode)
    assert need.source is source


@pytest.mark.parametrize("text", ["", " ", "a b", "a\n", "\u00e9", None, 7])
def test_what_is_no_token(text: object) -> None:
    """A header bears printable ASCII; a blank would end it."""
    assert not is_token(text)
    assert is_token("a~!")
