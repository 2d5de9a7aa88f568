"""How one gets into a venue: what all credentials have in common, and the usual conversation of a log-in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import ClassVar

import attrs

from countermand._http import HttpRequest, http_request
from countermand._outcome import Reason
from countermand.venue._call import Call, Stamp
from countermand.venue._checks import check_header_value
from countermand.venue._log_in import Code, LogIn, NeedCode, Secret
from countermand.venue._verdicts import CodeWanted, LoggedIn, LogInVerdict, Refused, Session

Headers = Mapping[str, str]

#: What is said of a log-in that ends at the second factor.
NO_CODE = "the venue asks for a second factor, and no `code` was configured"
ASKED_AGAIN = "the venue asked for a second factor again"

_TOKEN = re.compile(r"[!-~]+")


class Credential:
    """What a venue's `auth` is: it signs calls, and may have to log in first.

    As it stands it logs in nowhere, and bears a session as RFC 6750, 2.1, has it: a venue's own overrides
    what is different there.
    """

    __slots__ = ()

    @property
    def renewable(self) -> bool:
        """Whether a refused session can be had anew: false for a static token or key."""
        return True

    def headers(self, session: Session | None, stamp: Stamp) -> Headers:
        """Return what a call must bear; no session where none is needed."""
        return {} if session is None else {"Authorization": f"Bearer {session.token}"}

    def sign(self, request: HttpRequest, session: Session | None, stamp: Stamp) -> HttpRequest:
        """Return a request with those headers; for a signature over the request itself, override this."""
        headers = {**request.headers, **self.headers(session, stamp)}
        return http_request(
            method=request.method, path=request.path, headers=headers, content=request.content
        )

    def log_in(self) -> LogIn | None:
        """Begin a log-in; None where calls need no session."""
        return None


@attrs.frozen
class GivenToken(Credential):
    """A token that somebody else was given by the venue, or a callable that gives the current one."""

    #: What the venue calls it.
    called: ClassVar[str] = "access token"

    token: Secret = attrs.field(repr=False, validator=check_header_value)

    @property
    def renewable(self) -> bool:
        """Whether asking again can give another token."""
        return callable(self.token)

    def log_in(self) -> LogIn:
        """Take the token as given, or ask for it; nothing is sent."""
        token = self.token
        if callable(token):
            token = yield NeedCode(source=token, what=self.called)
        return Session(token=token) if is_token(token) else _is_none(self.called)


def is_token(text: object) -> bool:
    """Tell whether a text can be borne by a header, without blanks."""
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None


def converse(
    first: Call[LogInVerdict],
    second: Callable[[CodeWanted, str], Call[LogInVerdict]] | None = None,
    code: Code | None = None,
) -> LogIn:
    """Log in by one call, and where the venue wants a second factor, by another one with a code."""
    return (yield from concluded((yield first), second, code))


def concluded(
    verdict: LogInVerdict,
    second: Callable[[CodeWanted, str], Call[LogInVerdict]] | None = None,
    code: Code | None = None,
) -> LogIn:
    """End a log-in whose first call was answered."""
    if isinstance(verdict, CodeWanted) and second is not None and code is not None:
        need = NeedCode(source=code)
        given = str((yield need)).strip()
        if not is_token(given):
            return _is_none(need.what)
        verdict = yield second(verdict, given)
    if isinstance(verdict, CodeWanted):
        return Refused(reason=Reason.NOT_AUTHORIZED, text=NO_CODE if code is None else ASKED_AGAIN)
    return verdict.session if isinstance(verdict, LoggedIn) else verdict


def _is_none(what: str) -> Refused:
    return Refused(reason=Reason.NOT_AUTHORIZED, text=f"what was given as {what} is none")
