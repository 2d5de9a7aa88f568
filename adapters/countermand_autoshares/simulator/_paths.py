"""What the paths of the simulated venue name, read as leniently as routers in the field need it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from countermand.testing import Ask, RefusalError
from countermand_autoshares._wire import LARGEST_ID
from countermand_autoshares.simulator._answers import ANSWERS, INVALID, VERSION

#: AutoShares API description (Swagger), info: version "1.0.0"; the vendor's examples write v1.0.
VERSIONS = ("v1", "v1.0")
_ID = re.compile(r"[0-9]{1,10}")


def is_fresh(ask: Ask) -> bool:
    """Whether it is checked with, or straight from, the execution venue: under syncorders."""
    return "/syncorders" in ask.path.lower()


def _version(text: str) -> str:
    if not text.lower().startswith("v"):
        raise RefusalError(ANSWERS.no_route)
    if text.lower() not in VERSIONS:
        raise RefusalError(VERSION)
    return text


def _user(text: str) -> str:
    if text.lower() != "@me" and not (text.isascii() and text.isdigit()):
        raise RefusalError(ANSWERS.no_route)
    return text


def _number(text: str) -> str:
    if not _ID.fullmatch(text) or int(text) > LARGEST_ID:
        raise RefusalError(INVALID)
    return str(int(text))


#: What a path names to how it is read.
READERS: Mapping[str, Callable[[str], str]] = {
    "version": _version,
    "user": _user,
    "account": _number,
    "order_id": _number,
}
