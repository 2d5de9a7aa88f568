"""A log-in as a check tells of it."""

from __future__ import annotations

from countermand.cli._checkup._findings import Finding, failed, passed, skipped
from countermand.cli._checkup._visit import Visit
from countermand.venue import Refused, Session, Throttled

ABOUT = "log-in"
_CREDENTIAL = "look at the credential and its rights at the venue, before you try again: it may lock you out"
_AGAIN = "try again later; the venue, or something in between, is not well"
_UNTOLD = "mend what these words name; a fault of the plugin is to be told to its author"


def check_session(visit: Visit) -> Finding:
    """Tell whether a session was had, and whether the venue took it."""
    heard, end, error = visit.heard, visit.heard.end, visit.readiness.error or "nothing was told"
    if isinstance(end, Session):
        return _had(visit, end)
    if heard.had("CodeWanted"):
        return skipped(
            ABOUT,
            "the venue asks for a second factor, which no configuration file can give",
            "log in from Python, with `code` of the credential; commands cannot reach this venue",
        )
    if isinstance(end, Refused):
        return failed(ABOUT, f"refused: {_words(end)}", _CREDENTIAL)
    if isinstance(end, Throttled):
        return failed(ABOUT, f"throttled: {_words(end)}", _AGAIN)
    if end is not None:
        return failed(ABOUT, error, _AGAIN)
    if not visit.readiness.ready and not heard.had("SessionRefused"):
        return failed(ABOUT, error, _UNTOLD)
    return _taken(visit, "none is needed: each call is signed")


def _had(visit: Visit, session: Session) -> Finding:
    if not visit.heard.called:
        return _taken(visit, "none is needed: the session is given")
    life = "its lifetime is not told" if session.lifetime_s is None else f"it lasts {session.lifetime_s:g} s"
    return _taken(visit, f"a session was had; {life}")


def _taken(visit: Visit, found: str) -> Finding:
    """Tell whether the venue took what it was shown: the calls that follow a log-in prove it."""
    if visit.heard.had("SessionRefused") and not visit.readiness.ready:
        return failed(ABOUT, f"{found}; and refused by the venue: {visit.readiness.error}", _CREDENTIAL)
    if not visit.heard.answers:
        advice = "name an account in `accounts`, so that there is something to ask"
        return skipped(ABOUT, f"{found}; no call tried whether the venue takes it", advice)
    return passed(ABOUT, found)


def _words(failure: Refused | Throttled) -> str:
    told = (getattr(failure, "code", None), failure.text)
    wait_s = getattr(failure, "retry_after_s", None)
    words = " ".join(part for part in told if part) or "no word of why"
    return words if wait_s is None else f"{words} (wait {wait_s:g} s)"
