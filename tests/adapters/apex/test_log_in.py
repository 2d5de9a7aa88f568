"""Log-in conversations, driven by value: what is asked, what is answered, what comes of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from countermand import Reason
from countermand.venue import (
    Call,
    CallKind,
    HttpRequest,
    HttpResponse,
    LogIn,
    LogInFailure,
    NeedCode,
    Receipt,
    Refused,
    Session,
    SessionRefused,
    Stamp,
    Throttled,
    Unreadable,
)
from countermand_apex import Apex, ApiKey, Password, SessionToken

BASE = "https://api.venue.example:8443"
STAMP = Stamp(nonce=1605640234171)
TOKEN = "0b9e03f8-40c8-4653-b52f-1e75e9f9cd0b"
USER = {"UserId": 81, "AccountId": 90, "OMSId": 1}


def reply(body: object, status: int = 200) -> HttpResponse:
    return HttpResponse(status=status, content=json.dumps(body).encode())


# AlphaPoint Authenticate, Response, in its editions.
LOGGED_IN = reply({"Authenticated": True, "SessionToken": TOKEN, "User": USER, "Requires2FA": False})
OLDER = reply({"Authenticated": True, "Token": TOKEN})
PENDING = reply({"Authenticated": True, "Requires2FA": True, "Pending2FaToken": "p-1", "SessionToken": ""})
WRONG = reply({"authenticated": False, "locked": False, "errormsg": "Invalid username or password"})
MISSING = HttpResponse(status=404, content=b"NOT FOUND")


def drive(
    log_in: LogIn | None, *answers: HttpResponse | str
) -> tuple[list[HttpRequest | NeedCode], Session | LogInFailure]:
    """Lead a log-in to its end, and give what it asked and how it ended."""
    assert log_in is not None
    asked: list[HttpRequest | NeedCode] = []
    left = iter(answers)
    sent: Any = None
    while True:
        try:
            step = log_in.send(sent)
        except StopIteration as end:
            assert next(left, None) is None, "an answer was not asked for"
            return asked, end.value
        answer = next(left)
        if isinstance(step, Call):
            assert step.kind is CallKind.LOG_IN
            assert isinstance(answer, HttpResponse)
            asked.append(step.sign(None, STAMP))
            sent = step.read(answer)
        else:
            asked.append(step)
            sent = answer


def test_a_password_logs_in_by_basic_authentication() -> None:
    """Authenticate, Request: "Authorization: Basic base64(user:password)"."""
    (request,), session = drive(Password("user1", "pass:wörd").log_in(), LOGGED_IN)
    assert session == Session(token=TOKEN, lifetime_s=None)
    assert isinstance(request, HttpRequest)
    assert (request.method, request.path, request.content) == ("POST", "/AP/Authenticate", b"{}")
    scheme, value = request.headers["Authorization"].split()
    assert (scheme, base64.b64decode(value).decode()) == ("Basic", "user1:pass:wörd")


def test_the_older_token_key_is_read() -> None:
    """Older versions answer with Token instead of SessionToken."""
    assert drive(Password("user1", "word").log_in(), OLDER)[1] == Session(token=TOKEN)


def test_an_api_key_signs_its_log_in() -> None:
    """Authenticate: hex HMAC-SHA256 of Nonce + UserId + APIKey; this one was computed with openssl."""
    auth = ApiKey("9f07c3a1e1f04d0c8e1d2b3a4c5d6e7f", "b5e1c7d2a94f4f6fb0c3", "8581")
    (request,), session = drive(auth.log_in(), LOGGED_IN)
    assert session == Session(token=TOKEN)
    assert isinstance(request, HttpRequest)
    assert request.path == "/AP/Authenticate"
    assert {name: request.headers[name] for name in ("APIKey", "Signature", "UserId", "Nonce")} == {
        "APIKey": "9f07c3a1e1f04d0c8e1d2b3a4c5d6e7f",
        "Signature": "eed531d22b8dafdba5870716b550cbfef9ab5ee7d490b64915541f1913ac7349",
        "UserId": "8581",
        "Nonce": "1605640234171",
    }


def test_an_api_key_tries_the_other_name_of_the_function() -> None:
    """A venue without Authenticate for keys may have AuthenticateUser."""
    asked, session = drive(ApiKey("key", "secret", "81").log_in(), MISSING, LOGGED_IN)
    paths = [request.path for request in asked if isinstance(request, HttpRequest)]
    assert paths == ["/AP/Authenticate", "/AP/AuthenticateUser"]
    assert session == Session(token=TOKEN)


def test_a_key_that_is_refused_is_not_tried_again() -> None:
    """Too many quick log-ins lock the user."""
    asked, end = drive(ApiKey("key", "secret", "81").log_in(), WRONG)
    assert len(asked) == 1
    assert isinstance(end, Refused)


def test_an_api_key_on_every_call_needs_no_session() -> None:
    """Then each call bears the four headers, signed with its own nonce, and no token."""
    auth = ApiKey("key", "secret", "81", every_call=True)
    venue = Apex(BASE, auth=auth)
    assert venue.log_in() is None
    assert not venue.renewable
    call = venue.list_open("9")
    first, second = (call.sign(None, Stamp(nonce=nonce)).headers for nonce in (1, 2))
    assert (first["Nonce"], second["Nonce"]) == ("1", "2")
    assert first["Signature"] != second["Signature"]
    assert "aptoken" not in call.sign(Session(token="t"), STAMP).headers


def test_a_second_factor_is_asked_for_and_sent() -> None:
    """Authenticate2FA bears the pending token as a header and the code in its body."""

    def code() -> str:
        return "235991"

    asked, session = drive(Password("user1", "word", code=code).log_in(), PENDING, " 235991\n", LOGGED_IN)
    assert session == Session(token=TOKEN)
    _, need, request = asked
    assert need == NeedCode(source=code)
    assert isinstance(request, HttpRequest)
    assert (request.path, request.headers["Pending2FaToken"]) == ("/AP/Authenticate2FA", "p-1")
    assert json.loads(request.content) == {"Code": "235991"}
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("auth", [Password("user1", "word"), ApiKey("key", "secret", "81")])
def test_a_second_factor_without_a_source_ends_in_clear_words(auth: Password | ApiKey) -> None:
    """Nobody is left waiting for a code that cannot come."""
    _, end = drive(auth.log_in(), PENDING)
    assert isinstance(end, Refused)
    assert end.reason is Reason.NOT_AUTHORIZED
    assert end.text == "the venue asks for a second factor, and no `code` was configured"


def test_a_second_factor_asked_for_twice_ends_the_log_in() -> None:
    """A code is sent once: a loop would lock the user."""
    _, end = drive(Password("user1", "word", code=lambda: "1").log_in(), PENDING, "1", PENDING)
    assert isinstance(end, Refused)
    assert end.text == "the venue asked for a second factor again"


FAILURES: dict[str, tuple[HttpResponse, LogInFailure]] = {
    "wrong password": (
        WRONG,
        Refused(reason=Reason.NOT_AUTHORIZED, text="Invalid username or password"),
    ),
    "locked": (
        reply({"Authenticated": False, "Locked": True}),
        Refused(reason=Reason.NOT_AUTHORIZED, text="the user is locked"),
    ),
    "no, and no word": (
        reply({"Authenticated": False, "SessionToken": TOKEN}),
        Refused(reason=Reason.NOT_AUTHORIZED, text="not authenticated"),
    ),
    "20": (
        reply({"result": False, "errorcode": 20, "errormsg": "Not Authorized"}),
        Refused(reason=Reason.NOT_AUTHORIZED, code="20", text="Not Authorized"),
    ),
    "104": (
        reply({"result": False, "errorcode": 104}),
        Refused(reason=Reason.NOT_AUTHORIZED, code="104"),
    ),
    "100": (
        reply({"result": False, "errorcode": 100}),
        Refused(reason=Reason.INVALID_REQUEST, code="100"),
    ),
    "401": (
        HttpResponse(status=401, content=b"{}"),
        Refused(reason=Reason.NOT_AUTHORIZED, code="401", text="JSON without a result"),
    ),
    "no such function": (
        MISSING,
        Refused(reason=Reason.NOT_SUPPORTED, code="404", text="NOT FOUND"),
    ),
    "429": (
        HttpResponse(status=429, headers={"Retry-After": "30"}),
        Throttled(code="429", retry_after_s=30.0),
    ),
    "102": (reply({"result": False, "errorcode": 102}), Unreadable(code="102")),
    "a receipt": (reply({"result": True, "errorcode": 0}), Unreadable(code="0")),
    "503": (HttpResponse(status=503), Unreadable(code="503")),
}


@pytest.mark.parametrize(("answer", "expected"), FAILURES.values(), ids=FAILURES)
def test_a_log_in_that_fails_says_why(answer: HttpResponse, expected: LogInFailure) -> None:
    """One answer, one end."""
    assert drive(Password("user1", "word").log_in(), answer)[1] == expected


# "Authenticated": true can still mean that a second factor is pending: only a token means logged in.
UNREADABLE = {
    "no token": {"Authenticated": True},
    "an empty token": {"Authenticated": True, "SessionToken": ""},
    "a token no header can bear": {"Authenticated": True, "SessionToken": f"{TOKEN}\r\nX: y"},
    "a token that is no text": {"Authenticated": True, "SessionToken": 5},
    "a yes that is no bool": {"Authenticated": "true", "SessionToken": TOKEN},
    "a factor without its token": {"Authenticated": True, "Requires2FA": True},
    "a factor with a broken token": {"Authenticated": True, "Requires2FA": True, "Pending2FaToken": "a b"},
    "nothing": {},
    "a list": [],
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_only_a_session_token_means_logged_in(body: object) -> None:
    """And no failure ever shows a token."""
    end = drive(Password("user1", "word").log_in(), reply(body))[1]
    assert isinstance(end, Unreadable)
    assert TOKEN not in repr(end)


def test_a_given_token_is_a_session_without_a_call() -> None:
    """A token that somebody else got is used as it is."""
    assert drive(SessionToken(TOKEN).log_in()) == ([], Session(token=TOKEN))


def test_a_token_from_a_callable_is_asked_for() -> None:
    """The engine asks, off the loop and inside the deadline."""

    def current() -> str:
        return TOKEN

    asked, session = drive(SessionToken(current).log_in(), TOKEN)
    assert asked == [NeedCode(source=current, what="session token")]
    assert session == Session(token=TOKEN)


@pytest.mark.parametrize("given", ["", "a b", "a\n", "tökén"])
def test_what_is_no_token_is_refused_without_showing_it(given: str) -> None:
    """A callable can give anything; a header cannot bear anything."""
    _, end = drive(SessionToken(lambda: given).log_in(), given)
    assert end == Refused(reason=Reason.NOT_AUTHORIZED, text="what was given as session token is none")


RENEWABLE: dict[str, tuple[Any, bool]] = {
    "a token": (SessionToken(TOKEN), False),
    "a token from a callable": (SessionToken(lambda: TOKEN), True),
    "a password": (Password("user1", "word"), True),
    "a key": (ApiKey("key", "secret", "81"), True),
    "a key on every call": (ApiKey("key", "secret", "81", every_call=True), False),
}


@pytest.mark.parametrize(("auth", "renewable"), RENEWABLE.values(), ids=RENEWABLE)
def test_only_what_can_be_had_anew_is_renewable(auth: Any, renewable: bool) -> None:
    """A static token or key is not asked for again when it is refused."""
    assert Apex(BASE, auth=auth).renewable is renewable


LOG_OUTS: dict[str, tuple[HttpResponse, Callable[[object], bool]]] = {
    "a receipt": (reply({"result": True, "errorcode": 0}), lambda end: end == Receipt(code="0")),
    "a refusal": (
        reply({"result": False, "errorcode": 20, "errormsg": "Not Authorized"}),
        lambda end: end == SessionRefused(code="20", text="Not Authorized"),
    ),
    "garbage": (HttpResponse(status=200, content=b"bye"), lambda end: isinstance(end, Unreadable)),
}


@pytest.mark.parametrize(("answer", "holds"), LOG_OUTS.values(), ids=LOG_OUTS)
def test_a_log_out_is_received_or_not(answer: HttpResponse, holds: Callable[[object], bool]) -> None:
    """LogOut answers with the generic answer."""
    call = Apex(BASE, auth=Password("user1", "word")).log_out(Session(token=TOKEN))
    assert call is not None
    assert call.sign(Session(token=TOKEN), STAMP).headers["aptoken"] == TOKEN
    assert holds(call.read(answer))
