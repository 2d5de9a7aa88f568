"""Why a question was not answered, in the words of reports."""

from __future__ import annotations

from typing import Any

from countermand._case._facts import NoSession
from countermand._outcome import Reason
from countermand.venue import Gone, Refused, SessionRefused, Throttled

#: Why a question failed, in the words of reasons; a refusal says its own.
_REASONS: dict[type, Reason] = {
    SessionRefused: Reason.NOT_AUTHORIZED,
    Throttled: Reason.THROTTLED,
    Gone: Reason.NOT_FOUND,
}


def why(answer: Any, fault: str | None) -> tuple[Reason | None, str | None]:
    """Say why an answer is none: a reason, if there is a word for it, and the venue's own text."""
    if answer is None:
        return None, fault
    failure = answer.failure if isinstance(answer, NoSession) else answer
    if isinstance(answer, NoSession | Refused):
        reason: Reason | None = answer.reason
    else:
        reason = _REASONS.get(type(answer))
    return reason, words(failure) or type(failure).__name__


def words(answer: Any) -> str:
    """Return the venue's own code and text."""
    told = (getattr(answer, "code", None), getattr(answer, "text", None))
    return " ".join(part for part in told if part)
