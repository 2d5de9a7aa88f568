"""HTTP as values: what an adapter makes and reads, with no library behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

#: The most a reply may hold, in bytes: an ordinary one, and a listing. Both can be configured.
REPLY_BYTES = 1 << 20
LISTING_BYTES = 64 << 20


@attrs.frozen(kw_only=True)
class HttpRequest:
    """One request; `path` is relative to the venue's base URL and bears its query."""

    method: str
    path: str
    #: Never shown: headers bear tokens, keys and signatures.
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    content: bytes = attrs.field(default=b"", repr=False)


class ReceivedHeaders(Mapping[str, str]):
    """The headers of an answer as they came; made texts only when they are looked at, which few are.

    Names are lower case; of a name that comes twice the values stand together.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[bytes, bytes]) -> None:
        """Take the values by their names in lower case."""
        self._values = values

    def __getitem__(self, name: str) -> str:
        """Return a value, as UTF-8 if it is that, else as Latin-1."""
        return _text(self._values[name.encode()])

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value likewise, or the default: nothing is raised for what most answers lack."""
        value = self._values.get(name.encode())
        return default if value is None else _text(value)

    def __iter__(self) -> Iterator[str]:
        """Give the names."""
        return (name.decode() for name in self._values)

    def __len__(self) -> int:
        """Count the names."""
        return len(self._values)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _lower_keys(headers: Mapping[str, str]) -> Mapping[str, str]:
    if isinstance(headers, ReceivedHeaders):
        return headers
    return {name.lower(): value for name, value in headers.items()}


@attrs.frozen(kw_only=True)
class HttpResponse:
    """One answer; header names are lower case."""

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict, converter=_lower_keys, repr=False)
    #: The whole of it, unless the call that it answers takes a part of one that is too long.
    content: bytes = attrs.field(default=b"", repr=False)
