"""How one gets into APEX: a session token, a user with a password, or a key that signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import ClassVar

import attrs

from countermand import Reason
from countermand.venue import (
    Call,
    CallKind,
    Code,
    CodeWanted,
    HttpRequest,
    HttpResponse,
    LoggedIn,
    LogIn,
    LogInVerdict,
    Refused,
    Session,
    Stamp,
)
from countermand.venue.answers import as_log_in, join_texts
from countermand.venue.credentials import Credential, GivenToken, Headers, concluded, converse, is_token
from countermand.venue.settings import must_be_bool, must_be_code, must_be_key
from countermand.venue.wire import WireError, structure, write_json
from countermand_apex._settings import (
    must_be_text,
    must_be_user_id,
    must_be_user_name,
)
from countermand_apex._verdicts import read_payload
from countermand_apex._wire import WireLogIn, post


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value


class ApexCredential(Credential):
    """What all ways into APEX have in common: a session is borne as the venue wants it."""

    __slots__ = ()

    def headers(self, session: Session | None, stamp: Stamp) -> Headers:
        """Bear the session; AlphaPoint CancelOrder, Request: "aptoken"."""
        return {} if session is None else {"aptoken": session.token}


@attrs.frozen
class SessionToken(ApexCredential, GivenToken):
    """A session that somebody else opened: its token, or a callable that gives the current one."""

    called: ClassVar[str] = "session token"


@attrs.frozen
class Password(ApexCredential):
    """A user and a password, and where the second factor comes from if the user has one."""

    username: str = attrs.field(validator=must_be_user_name)
    password: str = attrs.field(repr=False, validator=must_be_text)
    code: Code | None = attrs.field(default=None, repr=False, validator=must_be_code)

    def log_in(self) -> LogIn:
        """Log in by Basic authentication; AlphaPoint Authenticate, Authenticate2FA, Request."""
        basic = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        first = _log_in_call("Authenticate", lambda _: {"Authorization": f"Basic {basic}"})
        return converse(first, _second, self.code)


@attrs.frozen
class ApiKey(ApexCredential):
    """A key with its secret: signs a log-in, or with `every_call` each call, which then needs no session."""

    key: str = attrs.field(repr=False, validator=must_be_key)
    secret: str = attrs.field(repr=False, validator=must_be_text)
    user_id: str = attrs.field(converter=_as_text, validator=must_be_user_id)
    every_call: bool = attrs.field(default=False, validator=must_be_bool)

    @property
    def renewable(self) -> bool:
        """Whether there is a session to be had anew."""
        return not self.every_call

    def headers(self, session: Session | None, stamp: Stamp) -> Headers:
        """Bear the session, or sign the call where there is none."""
        return self.signature(stamp) if self.every_call else super().headers(session, stamp)

    def signature(self, stamp: Stamp) -> Headers:
        """Sign; AlphaPoint Authenticate, Request: hex HMAC-SHA256 of Nonce + UserId + APIKey."""
        nonce = str(stamp.nonce)
        message = f"{nonce}{self.user_id}{self.key}".encode()
        signature = hmac.new(self.secret.encode(), message, hashlib.sha256).hexdigest()
        return {"APIKey": self.key, "Signature": signature, "UserId": self.user_id, "Nonce": nonce}

    def log_in(self) -> LogIn | None:
        """Log in by signature; None where every call is signed."""
        return None if self.every_call else self._conversation()

    def _conversation(self) -> LogIn:
        verdict = yield _log_in_call("Authenticate", self.signature)
        if isinstance(verdict, Refused) and verdict.reason is Reason.NOT_SUPPORTED:
            # Some venues have the same function by this name only.
            verdict = yield _log_in_call("AuthenticateUser", self.signature)
        return (yield from concluded(verdict))


def read_log_in(response: HttpResponse) -> LogInVerdict:
    """Read the answer to a log-in: only a session token means logged in."""
    return as_log_in(read_payload(response, _log_in_answer), gone=Reason.NOT_AUTHORIZED)


def _log_in_answer(value: object) -> LoggedIn | CodeWanted | Refused:
    answer = structure(value, WireLogIn)
    token, pending = answer.session_token or answer.token, answer.pending_2fa_token
    if answer.authenticated and token and is_token(token):
        # No lifetime: a session ends an hour after its last activity, not after its beginning, and logging
        # in before the venue says so could ask a human for a second factor in vain.
        return LoggedIn(session=Session(token=token))
    if answer.requires_2fa and pending and is_token(pending):
        return CodeWanted(interim=pending)
    if answer.authenticated:
        raise WireError("authenticated, but neither a session token nor a pending second factor")
    text = join_texts(answer.errormsg, "the user is locked" if answer.locked else None)
    return Refused(reason=Reason.NOT_AUTHORIZED, text=text or "not authenticated")


def _log_in_call(
    function: str, headers: Callable[[Stamp], Headers], body: Mapping[str, str] | None = None
) -> Call[LogInVerdict]:
    request = post(function, write_json(body or {}))

    def sign(_session: Session | None, stamp: Stamp) -> HttpRequest:
        return attrs.evolve(request, headers={**request.headers, **headers(stamp)})

    return Call(kind=CallKind.LOG_IN, name=function, sign=sign, read=read_log_in)


def _second(wanted: CodeWanted, code: str) -> Call[LogInVerdict]:
    return _log_in_call("Authenticate2FA", lambda _: {"Pending2FaToken": wanted.interim}, {"Code": code})
