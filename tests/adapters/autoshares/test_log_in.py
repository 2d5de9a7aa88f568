"""The log-in conversations, driven by value."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from countermand import Reason
from countermand.venue import (
    Call,
    CallKind,
    CodeWanted,
    HttpResponse,
    LoggedIn,
    LogInFailure,
    LogInVerdict,
    NeedCode,
    Refused,
    Session,
    Stamp,
    Throttled,
    Unreadable,
)
from countermand_autoshares import AccessToken, AutoShares, Password
from countermand_autoshares._credentials import read_log_in

KEY = "simulated-app-key"
# Swagger, Get_token, 200, examples
SUCCEEDED = b'{"State":"Succeeded","Token":"VGhpcyBpcyBleGFtcGxlIHRva2Vu"}'
TOKEN = "VGhpcyBpcyBleGFtcGxlIHRva2Vu"
# Two-Factor Authentication, Syntax
EXPECTING = (
    b'{"Step":"VerificationCode","Reason":"Expecting confirmation code",'
    b'"State":"Expecting","Token":"interim"}'
)
FAILED = b'{"State":"Failed","Step":"BaseAuthentication","Reason":"Invalid credentials"}'


def code_source() -> str:
    return "123456"


def autoshares(auth: AccessToken | Password) -> AutoShares:
    return AutoShares("https://api.autoshares.dev", KEY, auth=auth)


def drive(
    auth: AccessToken | Password, *answers: object
) -> tuple[list[Call[LogInVerdict] | NeedCode], object]:
    """Answer each step of the conversation in turn; return the steps and the end."""
    talk, steps = autoshares(auth).log_in(), []
    try:
        steps.append(next(talk))
        for answer in answers:
            step = steps[-1]
            told = step.read(answer) if isinstance(step, Call) else answer  # type: ignore[arg-type]  # by step
            steps.append(talk.send(told))
    except StopIteration as end:
        return steps, end.value
    return steps, None


def headers_of(step: Call[LogInVerdict] | NeedCode) -> dict[str, str]:
    assert isinstance(step, Call)
    assert (step.kind, step.name) == (CallKind.LOG_IN, "POST token")
    request = step.sign(None, Stamp(nonce=1))
    assert (request.method, request.path, request.content) == ("POST", "/token", b"")
    return {name: value for name, value in request.headers.items() if name != "Accept"}


def test_a_token_is_taken_as_given() -> None:
    """Nothing is asked and nothing is sent."""
    assert drive(AccessToken("given")) == ([], Session(token="given"))


def test_a_callable_is_asked_for_the_token() -> None:
    """The engine calls it, and its text is the session."""
    steps, end = drive(AccessToken(code_source), "fetched")
    assert steps == [NeedCode(source=code_source, what="access token")]
    assert end == Session(token="fetched")


@pytest.mark.parametrize("given", ["", "two words", "a\r\nX: y", "é", None], ids=repr)
def test_what_cannot_be_a_token_ends_the_log_in(given: object) -> None:
    """A text that no header can bear is refused here, and not shown."""
    _, end = drive(AccessToken(code_source), given)
    assert isinstance(end, Refused)
    assert end.reason is Reason.NOT_AUTHORIZED


def test_a_password_logs_in_at_once() -> None:
    """Single-Factor Authentication: key, user and password are headers; the shorter life is believed."""
    steps, end = drive(Password("user", "pass word"), HttpResponse(status=200, content=SUCCEEDED))
    assert [headers_of(step) for step in steps] == [
        {"Et-App-Key": KEY, "Username": "user", "Password": "pass word"}
    ]
    assert end == Session(token=TOKEN, lifetime_s=3600.0)


@pytest.mark.parametrize("status", [200, 202])
def test_a_second_factor_goes_with_the_interim_token(status: int) -> None:
    """Two-Factor Authentication: the request is repeated with the interim token and the code."""
    steps, end = drive(
        Password("user", "secret", code=code_source),
        HttpResponse(status=status, content=EXPECTING),
        " 123456\n",
        HttpResponse(status=200, content=SUCCEEDED),
    )
    first, need, second = steps
    assert need == NeedCode(source=code_source)
    user = {"Et-App-Key": KEY, "Username": "user", "Password": "secret"}
    assert headers_of(first) == user
    assert headers_of(second) == user | {"Authorization": "Bearer interim", "VerificationCode": "123456"}
    assert end == Session(token=TOKEN, lifetime_s=3600.0)


ENDS: dict[str, tuple[Callable[[], str] | None, tuple[object, ...], LogInFailure]] = {
    "no code to give": (
        None,
        (HttpResponse(status=202, content=EXPECTING),),
        Refused(
            reason=Reason.NOT_AUTHORIZED,
            text="the venue asks for a second factor, and no `code` was configured",
        ),
    ),
    "a code that no header can bear": (
        code_source,
        (HttpResponse(status=202, content=EXPECTING), "1\n2"),
        Refused(reason=Reason.NOT_AUTHORIZED, text="what was given as verification code is none"),
    ),
    "a wrong code": (
        code_source,
        (HttpResponse(status=202, content=EXPECTING), "1", HttpResponse(status=202, content=EXPECTING)),
        Refused(reason=Reason.NOT_AUTHORIZED, text="the venue asked for a second factor again"),
    ),
    "a wrong password": (
        code_source,
        (HttpResponse(status=401, content=FAILED),),
        Refused(reason=Reason.NOT_AUTHORIZED, code="401", text="Invalid credentials"),
    ),
}


@pytest.mark.parametrize(("code", "answers", "end"), ENDS.values(), ids=ENDS)
def test_a_log_in_that_fails_says_why_and_does_not_go_on(
    code: Callable[[], str] | None, answers: tuple[object, ...], end: LogInFailure
) -> None:
    """It ends at the first no: log-in is never hammered."""
    assert drive(Password("user", "secret", code=code), *answers)[1] == end


REFUSED, UNSUPPORTED = Reason.NOT_AUTHORIZED, Reason.NOT_SUPPORTED

# (status, headers, body, verdict); Swagger, Get_token, Responses, where nothing else is said.
ANSWERS: dict[str, tuple[int, dict[str, str], bytes, LogInVerdict]] = {
    "200 Succeeded": (200, {}, SUCCEEDED, LoggedIn(session=Session(token=TOKEN, lifetime_s=3600.0))),
    "202 Expecting": (202, {}, EXPECTING, CodeWanted(interim="interim")),
    "Expecting without a step": (
        202,
        {},
        b'{"State":"Expecting","Token":"interim"}',
        CodeWanted(interim="interim"),
    ),
    # "examples": {"Step": "SecutityPin", "Reason": "Invalid pin", "State": "Expecting", …}
    "a PIN is wanted": (
        202,
        {},
        b'{"Step":"SecutityPin","Reason":"Invalid pin","State":"Expecting","Token":"VGhpcy"}',
        Refused(reason=UNSUPPORTED, text="Expecting: SecutityPin: Invalid pin"),
    ),
    "401 Failed": (401, {}, FAILED, Refused(reason=REFUSED, code="401", text="Invalid credentials")),
    "too many tries": (
        401,
        {},
        b'{"State":"Failed","Reason":"Too many login requests"}',
        Refused(reason=REFUSED, code="401", text="Too many login requests"),
    ),
    "Failed under 200": (
        200,
        {},
        FAILED,
        Refused(reason=REFUSED, text="Failed: BaseAuthentication: Invalid credentials"),
    ),
    # Cancel an Order, Common Mistakes
    "a wrong application key": (
        401,
        {},
        b'{"error":"Application key is not defined or does not exist"}',
        Refused(reason=REFUSED, code="401", text="Application key is not defined or does not exist"),
    ),
    "no such call": (404, {}, b"", Refused(reason=UNSUPPORTED, code="404")),
    "a limit": (429, {"retry-after": "30"}, b"", Throttled(code="429", retry_after_s=30.0)),
    "500": (500, {}, b'{"message":"An error occurred"}', Unreadable(code="500", text="An error occurred")),
    "no token": (
        200,
        {},
        b'{"State":"Succeeded"}',
        Unreadable(code="200", text="expected State Succeeded or Expecting with a Token, got Succeeded"),
    ),
    "a token that no header can bear": (
        200,
        {},
        b'{"State":"Succeeded","Token":"a\\r\\nX: y"}',
        Unreadable(code="200", text="expected State Succeeded or Expecting with a Token, got Succeeded"),
    ),
    "another state": (
        200,
        {},
        b'{"State":"Succeed","Token":"t"}',
        Unreadable(code="200", text="expected State Succeeded or Expecting with a Token, got Succeed"),
    ),
    "HTML": (
        200,
        {},
        b"<html>",
        Unreadable(code="200", text="not JSON: Expecting value: line 1 column 1 (char 0)"),
    ),
}


@pytest.mark.parametrize(("status", "headers", "body", "verdict"), ANSWERS.values(), ids=ANSWERS)
def test_each_answer_to_a_log_in_has_its_verdict(
    status: int, headers: dict[str, str], body: bytes, verdict: LogInVerdict
) -> None:
    """Only a token under Succeeded is a session."""
    assert read_log_in(HttpResponse(status=status, headers=headers, content=body)) == verdict


def test_a_conversation_shows_no_secret() -> None:
    """Neither its calls nor its verdicts have a repr that does."""
    steps, end = drive(Password("user", "canary"), HttpResponse(status=200, content=SUCCEEDED))
    wanted = read_log_in(HttpResponse(status=202, content=EXPECTING))
    shown = repr(
        (steps, [step.sign(None, Stamp(nonce=1)) for step in steps if isinstance(step, Call)], end, wanted)
    )
    assert not any(secret in shown for secret in ("canary", TOKEN, KEY, "interim="))
