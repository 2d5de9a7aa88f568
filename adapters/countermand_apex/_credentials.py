"""How one gets into APEX: a session token, a user with a password, or a key that signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
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
    LogInVerdict,
    NeedCode,
    Refused,
    Secret,
    Session,
    SessionRefused,
    Stamp,
    check_header_value,
)
from countermand.venue.settings import must_be_bool, must_be_code, must_be_key
from countermand.venue.wire import WireError, structure
from countermand_apex._settings import (
    must_be_text,
    must_be_user_id,
    must_be_user_name,
)
from countermand_apex._verdicts import read_payload
from countermand_apex._wire import WireLogIn, join_texts, post

_HEADER_SAFE = re.compile(r"[!-~]+")
NO_CODE = "the venue asks for a second factor, and no `code` was configured"
Code = Callable[[], str | Awaitable[str]]
Headers = Mapping[str, str]


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value


@attrs.frozen
class SessionToken:
    """A session that somebody else opened: its token, or a callable that gives the current one."""

    token: Secret = attrs.field(repr=False, validator=check_header_value)
    #: The session is the caller's; closing a client does not end it.
    owns_session: bool = attrs.field(default=False, init=False, repr=False)

    @property
    def renewable(self) -> bool:
        """Whether asking again can give another token."""
        return callable(self.token)

    def headers(self, session: Session | None, _stamp: Stamp) -> Headers:
        """Bear the session; AlphaPoint CancelOrder, Request: "aptoken"."""
        return _session_headers(session)

    def log_in(self) -> LogIn:
        """Take the token as given, or ask for it; nothing is sent."""
        token = self.token
        if callable(token):
            token = yield NeedCode(source=token, what="session token")
        if not isinstance(token, str) or not _HEADER_SAFE.fullmatch(token):
            return Refused(reason=Reason.NOT_AUTHORIZED, text="what was given as session token is none")
        return Session(token=token)


@attrs.frozen
class Password:
    """A user and a password, and where the second factor comes from if the user has one."""

    username: str = attrs.field(validator=must_be_user_name)
    password: str = attrs.field(repr=False, validator=must_be_text)
    code: Code | None = attrs.field(default=None, repr=False, validator=must_be_code)
    renewable: bool = attrs.field(default=True, init=False, repr=False)
    owns_session: bool = attrs.field(default=True, init=False, repr=False)

    def headers(self, session: Session | None, _stamp: Stamp) -> Headers:
        """Bear the session."""
        return _session_headers(session)

    def log_in(self) -> LogIn:
        """Log in by Basic authentication; AlphaPoint Authenticate, Request."""
        basic = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        verdict = yield _log_in_call("Authenticate", lambda _: {"Authorization": f"Basic {basic}"})
        return (yield from _finish(verdict, self.code))


@attrs.frozen
class ApiKey:
    """A key with its secret: signs a log-in, or with `every_call` each call, which then needs no session."""

    key: str = attrs.field(repr=False, validator=must_be_key)
    secret: str = attrs.field(repr=False, validator=must_be_text)
    user_id: str = attrs.field(converter=_as_text, validator=must_be_user_id)
    every_call: bool = attrs.field(default=False, validator=must_be_bool)

    @property
    def renewable(self) -> bool:
        """Whether there is a session to be had anew."""
        return not self.every_call

    @property
    def owns_session(self) -> bool:
        """Whether there is a session to give back."""
        return not self.every_call

    def headers(self, session: Session | None, stamp: Stamp) -> Headers:
        """Bear the session, or sign the call where there is none."""
        return self.sign(stamp) if self.every_call else _session_headers(session)

    def sign(self, stamp: Stamp) -> Headers:
        """Sign; AlphaPoint Authenticate, Request: hex HMAC-SHA256 of Nonce + UserId + APIKey."""
        nonce = str(stamp.nonce)
        message = f"{nonce}{self.user_id}{self.key}".encode()
        signature = hmac.new(self.secret.encode(), message, hashlib.sha256).hexdigest()
        return {"APIKey": self.key, "Signature": signature, "UserId": self.user_id, "Nonce": nonce}

    def log_in(self) -> LogIn | None:
        """Log in by signature; None where every call is signed."""
        return None if self.every_call else self._conversation()

    def _conversation(self) -> LogIn:
        verdict = yield _log_in_call("Authenticate", self.sign)
        if isinstance(verdict, Refused) and verdict.reason is Reason.NOT_SUPPORTED:
            # Some venues have the same function by this name only.
            verdict = yield _log_in_call("AuthenticateUser", self.sign)
        return (yield from _finish(verdict, None))


Credential = SessionToken | Password | ApiKey


def read_log_in(response: HttpResponse) -> LogInVerdict:
    """Read the answer to a log-in: only a session token means logged in."""
    answer = read_payload(response, _log_in_answer)
    if isinstance(answer, SessionRefused | Gone):
        missing = isinstance(answer, SessionRefused) and answer.or_unsupported
        reason = Reason.NOT_SUPPORTED if missing else Reason.NOT_AUTHORIZED
        return Refused(reason=reason, code=answer.code, text=answer.text)
    return answer


def _log_in_answer(value: object) -> LoggedIn | CodeWanted | Refused:
    answer = structure(value, WireLogIn)
    token, pending = answer.session_token or answer.token or "", answer.pending_2fa_token or ""
    if answer.authenticated and _HEADER_SAFE.fullmatch(token):
        # No lifetime: a session ends an hour after its last activity, not after its beginning, and logging
        # in before the venue says so could ask a human for a second factor in vain.
        return LoggedIn(session=Session(token=token))
    if answer.requires_2fa and _HEADER_SAFE.fullmatch(pending):
        return CodeWanted(interim=pending)
    if answer.authenticated:
        raise WireError("authenticated, but neither a session token nor a pending second factor")
    text = join_texts(answer.errormsg, "the user is locked" if answer.locked else None)
    return Refused(reason=Reason.NOT_AUTHORIZED, text=text or "not authenticated")


def _session_headers(session: Session | None) -> Headers:
    return {} if session is None else {"aptoken": session.token}


def _log_in_call(
    function: str, headers: Callable[[Stamp], Headers], body: Mapping[str, str] | None = None
) -> Call[LogInVerdict]:
    return Call(
        kind=CallKind.LOG_IN,
        name=function,
        sign=lambda _session, stamp: post(function, body or {}, headers(stamp)),
        read=read_log_in,
    )


def _finish(verdict: LogInVerdict, code: Code | None) -> LogIn:
    if isinstance(verdict, CodeWanted) and code is not None:
        pending = {"Pending2FaToken": verdict.interim}
        given = yield NeedCode(source=code)
        verdict = yield _log_in_call("Authenticate2FA", lambda _: pending, {"Code": str(given).strip()})
    if isinstance(verdict, CodeWanted):
        text = NO_CODE if code is None else "the venue asked for a second factor again"
        return Refused(reason=Reason.NOT_AUTHORIZED, text=text)
    return verdict.session if isinstance(verdict, LoggedIn) else verdict
