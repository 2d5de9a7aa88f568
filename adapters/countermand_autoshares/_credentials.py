"""How one gets into AutoShares: an access token, or a user with a password."""

from __future__ import annotations

from abc import ABC, abstractmethod

import attrs

from countermand import Reason
from countermand.venue import (
    Call,
    CallKind,
    Code,
    CodeWanted,
    HttpResponse,
    LoggedIn,
    LogIn,
    LogInVerdict,
    Refused,
    Session,
)
from countermand.venue.answers import as_log_in, join_texts
from countermand.venue.credentials import Credential, GivenToken, Headers, converse, is_token
from countermand.venue.settings import must_be_code
from countermand.venue.wire import WireError, structure
from countermand_autoshares._settings import must_be_header_text
from countermand_autoshares._verdicts import read_payload
from countermand_autoshares._wire import WireLogIn, write_request

#: The documents disagree: "24 hours" in the older ones, "60 minutes" in the newer. The shorter is safe.
LIFETIME_S = 3600.0


class AutoSharesCredential(Credential, ABC):
    """What all ways into AutoShares have in common: a log-in needs the application's key, too."""

    __slots__ = ()

    @abstractmethod
    def log_in_with(self, app_key: str) -> LogIn:
        """Begin a log-in."""


@attrs.frozen
class AccessToken(AutoSharesCredential, GivenToken):
    """A token that somebody else was given by the venue, or a callable that gives the current one."""

    def log_in_with(self, app_key: str) -> LogIn:
        """Take the token as given, or ask for it; nothing is sent."""
        return self.log_in()


@attrs.frozen
class Password(AutoSharesCredential):
    """A user and a password, and where the second factor comes from if the user has one."""

    username: str = attrs.field(validator=must_be_header_text)
    password: str = attrs.field(repr=False, validator=must_be_header_text)
    code: Code | None = attrs.field(default=None, repr=False, validator=must_be_code)

    def log_in_with(self, app_key: str) -> LogIn:
        """Log in; AutoShares Single-Factor Authentication, Two-Factor Authentication, Syntax."""
        user = {"Et-App-Key": app_key, "Username": self.username, "Password": self.password}

        def second(wanted: CodeWanted, code: str) -> Call[LogInVerdict]:
            proof = {"Authorization": f"Bearer {wanted.interim}", "VerificationCode": code}
            return _log_in_call(user | proof)

        return converse(_log_in_call(user), second, self.code)


def read_log_in(response: HttpResponse) -> LogInVerdict:
    """Read the answer to a log-in: only a token under State Succeeded means logged in."""
    return as_log_in(read_payload(response, _log_in_answer, success=(200, 202)))


def _log_in_answer(value: object) -> LoggedIn | CodeWanted | Refused:
    answer = structure(value, WireLogIn)
    text = join_texts(answer.state, answer.step, answer.reason)
    if answer.state == "Failed":
        return Refused(reason=Reason.NOT_AUTHORIZED, text=text)
    if answer.state == "Expecting" and answer.step not in (None, "VerificationCode"):
        return Refused(reason=Reason.NOT_SUPPORTED, text=text)  # a PIN: nobody here has one
    token = answer.token or ""
    if answer.state not in ("Succeeded", "Expecting") or not is_token(token):
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
