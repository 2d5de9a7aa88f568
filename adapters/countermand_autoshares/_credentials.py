"""How one gets into AutoShares: an access token, or a user with a password."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

import attrs

from countermand import Reason
from countermand.venue import (
    Call,
    CallKind,
    CodeWanted,
    Gone,
    HttpResponse,
    LoggedIn,
    LogIn,
    LogInFailure,
    LogInVerdict,
    NeedCode,
    Refused,
    Secret,
    Session,
    SessionRefused,
    check_header_value,
)
from countermand.venue.settings import must_be_code
from countermand.venue.wire import WireError, structure
from countermand_autoshares._settings import must_be_header_text
from countermand_autoshares._verdicts import read_payload
from countermand_autoshares._wire import WireLogIn, join_texts, write_request

#: The documents disagree: "24 hours" in the older ones, "60 minutes" in the newer. The shorter is safe.
LIFETIME_S = 3600.0

NO_CODE = "the venue asks for a second factor, and no `code` was configured"
ASKED_AGAIN = "the venue asked for a second factor again"
_HEADER_SAFE = re.compile(r"[!-~]+")
Code = Callable[[], str | Awaitable[str]]
Headers = Mapping[str, str]


@attrs.frozen
class AccessToken:
    """A token that somebody else was given by the venue, or a callable that gives the current one."""

    token: Secret = attrs.field(repr=False, validator=check_header_value)
    #: The session is the caller's; closing a client does not end it.
    owns_session: bool = attrs.field(default=False, init=False, repr=False)

    @property
    def renewable(self) -> bool:
        """Whether asking again can give another token."""
        return callable(self.token)

    def log_in(self, app_key: str) -> LogIn:
        """Take the token as given, or ask for it; nothing is sent."""
        token = self.token
        if callable(token):
            token = yield NeedCode(source=token, what="access token")
        if not isinstance(token, str) or not _HEADER_SAFE.fullmatch(token):
            return Refused(reason=Reason.NOT_AUTHORIZED, text="what was given as access token is none")
        return Session(token=token)


@attrs.frozen
class Password:
    """A user and a password, and where the second factor comes from if the user has one."""

    username: str = attrs.field(validator=must_be_header_text)
    password: str = attrs.field(repr=False, validator=must_be_header_text)
    code: Code | None = attrs.field(default=None, repr=False, validator=must_be_code)
    renewable: bool = attrs.field(default=True, init=False, repr=False)
    owns_session: bool = attrs.field(default=True, init=False, repr=False)

    def log_in(self, app_key: str) -> LogIn:
        """Log in; AutoShares Single-Factor Authentication, Two-Factor Authentication, Syntax."""
        user = {"Et-App-Key": app_key, "Username": self.username, "Password": self.password}
        verdict = yield _log_in_call(user)
        if isinstance(verdict, CodeWanted) and self.code is not None:
            code = str((yield NeedCode(source=self.code))).strip()
            if not _HEADER_SAFE.fullmatch(code):
                return Refused(
                    reason=Reason.NOT_AUTHORIZED, text="what was given as verification code is none"
                )
            second = {"Authorization": f"Bearer {verdict.interim}", "VerificationCode": code}
            verdict = yield _log_in_call(user | second)
        return _end(verdict, self.code)


Credential = AccessToken | Password


def session_headers(session: Session | None) -> Headers:
    """Bear the session; AutoShares Cancel an Order, Overview: Authorization (header)."""
    return {} if session is None else {"Authorization": f"Bearer {session.token}"}


def read_log_in(response: HttpResponse) -> LogInVerdict:
    """Read the answer to a log-in: only a token under State Succeeded means logged in."""
    answer = read_payload(response, _log_in_answer, success=(200, 202))
    if isinstance(answer, SessionRefused):
        return Refused(reason=Reason.NOT_AUTHORIZED, code=answer.code, text=answer.text)
    if isinstance(answer, Gone):
        return Refused(reason=Reason.NOT_SUPPORTED, code=answer.code, text=answer.text)
    return answer


def _log_in_answer(value: object) -> LoggedIn | CodeWanted | Refused:
    answer = structure(value, WireLogIn)
    text = join_texts(answer.state, answer.step, answer.reason)
    if answer.state == "Failed":
        return Refused(reason=Reason.NOT_AUTHORIZED, text=text)
    if answer.state == "Expecting" and answer.step not in (None, "VerificationCode"):
        return Refused(reason=Reason.NOT_SUPPORTED, text=text)  # a PIN: nobody here has one
    token = answer.token or ""
    if answer.state not in ("Succeeded", "Expecting") or not _HEADER_SAFE.fullmatch(token):
        raise WireError(f"expected State Succeeded or Expecting with a Token, got {text}")
    if answer.state == "Expecting":
        return CodeWanted(interim=token)
    return LoggedIn(session=Session(token=token, lifetime_s=LIFETIME_S))


def _log_in_call(headers: Headers) -> Call[LogInVerdict]:
    return Call(
        kind=CallKind.LOG_IN,
        name="POST token",
        sign=lambda _session, _stamp: write_request("POST", "/token", headers),
        read=read_log_in,
    )


def _end(verdict: LogInVerdict, code: Code | None) -> Session | LogInFailure:
    if isinstance(verdict, CodeWanted):
        return Refused(reason=Reason.NOT_AUTHORIZED, text=ASKED_AGAIN if code else NO_CODE)
    return verdict.session if isinstance(verdict, LoggedIn) else verdict
