"""What the body of an answer is worth, whatever the status it came under.

The documents show several error shapes and write their keys in any case ("error", "message", "Message",
"Error.Code"), so keys are read folded; a text decides nothing, but for the two that tell wrong settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import Any

import attrs

from countermand.venue.answers import join_texts
from countermand.venue.wire import WireError, read_json


class BodyKind(Enum):
    """The kinds of bodies that an answer without data can have."""

    #: Nothing; AutoShares Cancel an Order, Response: "you'll receive no JSON file".
    EMPTY = auto()
    #: An object that says neither success nor failure.
    OBJECT = auto()
    #: An object that says IsSucceed or IsSuccessful, and no failure.
    SUCCESS = auto()
    #: A false IsSucceed or IsSuccessful, Errors, error, Message, ModelState, or a bare text.
    FAILURE = auto()
    #: AutoShares Cancel an Order, Common Mistakes: "Application key is not defined or does not exist".
    APP_KEY = auto()
    #: Error.Code UnsupportedApiVersion, or "No HTTP resource was found that matches the request URI".
    WRONG_ROUTE = auto()
    #: HTML, broken JSON, a contradiction: none of the venue's shapes.
    FOREIGN = auto()


@attrs.frozen(kw_only=True)
class Body:
    """A body's kind, with the venue's own code and words in it."""

    kind: BodyKind
    code: str | None = None
    text: str | None = None


#: The keys that say failure by being there, folded; in the order in which their words are told.
_FAILURE_KEYS = ("message", "error", "errors", "modelstate")
_SUCCESS_KEYS = ("issucceed", "issuccessful")
_APP_KEY_TEXT = "application key "
_WRONG_ROUTE_TEXT = "no http resource was found"
_UNSUPPORTED_VERSION = "UnsupportedApiVersion"
#: How deep the venue's words may lie: ModelState is an object of lists.
_DEPTH_OF_WORDS = 3


def read_body(content: bytes) -> Body:
    """Tell what kind of body this is; any bytes are of some kind."""
    if not content.strip():
        return Body(kind=BodyKind.EMPTY)
    try:
        value = read_json(content)
    except WireError as error:
        return Body(kind=BodyKind.FOREIGN, text=join_texts(str(error)))
    if isinstance(value, str):
        return Body(kind=BodyKind.FAILURE, text=join_texts(value))
    if not isinstance(value, dict):
        return Body(kind=BodyKind.FOREIGN, text=f"expected an object, got {type(value).__name__}")
    said = {key: item for key, item in value.items() if item is not None}  # "Null keys are left out"
    words = join_texts(*(word for key in (*_FAILURE_KEYS, "reason") for word in _words(said.get(key))))
    return Body(kind=_kind_of(said), code=_error_code(said), text=words)


def _kind_of(said: dict[str, Any]) -> BodyKind:
    claims = [said[key] for key in _SUCCESS_KEYS if key in said]
    fails = any(key in said for key in _FAILURE_KEYS)
    if not all(isinstance(claim, bool) for claim in claims) or (
        True in claims and (fails or False in claims)
    ):
        return BodyKind.FOREIGN
    if _begins(said.get("error"), _APP_KEY_TEXT):
        return BodyKind.APP_KEY
    if _error_code(said) == _UNSUPPORTED_VERSION or _begins(said.get("message"), _WRONG_ROUTE_TEXT):
        return BodyKind.WRONG_ROUTE
    if fails or False in claims:
        return BodyKind.FAILURE
    return BodyKind.SUCCESS if claims else BodyKind.OBJECT


def _begins(value: object, text: str) -> bool:
    return isinstance(value, str) and value.strip().casefold().startswith(text)


def _error_code(said: dict[str, Any]) -> str | None:
    error = said.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and code else None


def _words(value: object, depth: int = _DEPTH_OF_WORDS) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _words(item, depth - 1)
