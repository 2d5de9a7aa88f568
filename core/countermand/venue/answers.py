"""Reading of answers, for adapters: from a status and a table to a verdict, with the venue's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs

from countermand._http import HttpResponse
from countermand._outcome import Reason
from countermand.venue._log_in import LogInFailure
from countermand.venue._receipts import remembers_receipts
from countermand.venue._verdicts import (
    CancelVerdict,
    Gone,
    ReadFailure,
    Refused,
    SessionRefused,
    Throttled,
    Unreadable,
    retry_after_s,
)
from countermand.venue.wire import WireError

__all__ = [
    "TEXT_LENGTH",
    "as_log_in",
    "by_status",
    "join_texts",
    "remembers_receipts",
    "shaped",
    "told",
]

#: How much of a venue's text a verdict keeps, in characters.
TEXT_LENGTH = 500

T = TypeVar("T")
V = TypeVar("V", bound=CancelVerdict)


def join_texts(*texts: object) -> str | None:
    """Join what the venue said, without what it left empty; None where it said nothing."""
    said = [str(text) for text in texts if text != "" and isinstance(text, (str, int))]
    joined = ": ".join(said)[:TEXT_LENGTH]
    if not joined.isascii():
        # A lone surrogate, which JSON can bear, could not be written into any log.
        joined = joined.encode("utf-8", "replace").decode()
    return joined or None


def told(verdict: V, response: HttpResponse, text: str | None = None, code: str | None = None) -> V:
    """Give a verdict the venue's words: its code, else the status, and how long it wants to be left alone."""
    said: dict[str, Any] = {"code": join_texts(code) or str(response.status), "text": join_texts(text)}
    # One without the header keeps the wait that the verdict has, from a body.
    if isinstance(verdict, Throttled) and (wait_s := retry_after_s(response)) is not None:
        said["retry_after_s"] = wait_s
    return attrs.evolve(verdict, **said)


def by_status(
    table: Mapping[int, V], response: HttpResponse, text: str | None = None, code: str | None = None
) -> V | Unreadable:
    """Look a status up, or else its first digit (5 for all of 500 to 599); in neither, it is Unreadable."""
    verdict: V | Unreadable | None = table.get(response.status) or table.get(response.status // 100)
    return told(verdict or Unreadable(), response, text, code)


def shaped(value: object, shape: Callable[[Any], T], response: HttpResponse) -> T | Unreadable:
    """Read a value by a function that raises `WireError` for one of another shape."""
    try:
        return shape(value)
    except WireError as error:
        return told(Unreadable(), response, str(error))


def as_log_in(answer: T | ReadFailure, *, gone: Reason = Reason.NOT_SUPPORTED) -> T | LogInFailure:
    """Take for a refused log-in what is a refused session, or nothing there, to any other call.

    `gone` is what it means that nothing is there: no such call, or no such user.
    """
    if isinstance(answer, Gone):
        return Refused(reason=gone, code=answer.code, text=answer.text)
    if isinstance(answer, SessionRefused):
        reason = Reason.NOT_SUPPORTED if answer.or_unsupported else Reason.NOT_AUTHORIZED
        return Refused(reason=reason, code=answer.code, text=answer.text)
    return answer
