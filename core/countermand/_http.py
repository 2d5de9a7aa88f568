"""HTTP as values: what an adapter makes and reads, with no library behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from countermand._maker import Made, maker

#: The most a reply may hold, in bytes: an ordinary one, and a listing. Both can be configured.
REPLY_BYTES = 1 << 20
LISTING_BYTES = 64 << 20

#: A header without the whitespace around its value, where each is known to be one.
_LINE = re.compile(rb"\n([^:]++):[\t ]*+((?:[^\r]*[^\r\t ])?)")


@attrs.frozen(kw_only=True)
class HttpRequest(Made):
    """One request; `path` is relative to the venue's base URL and bears its query."""

    method: str
    path: str
    #: Never shown: headers bear tokens, keys and signatures.
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    content: bytes = attrs.field(default=b"", repr=False)


#: Each call makes two of them.
http_request = maker(HttpRequest)


class ReceivedHeaders(Mapping[str, str]):
    """The headers of an answer as they came; read only when one is looked at that is there, which few are.

    Names are lower case; of a name that comes twice the values stand together.
    """

    __slots__ = ("_known", "_lines", "lacked")

    def __init__(self, lines: bytes, lacked: str = "") -> None:
        """Take their lines, each after a line break, and known to be a name, a colon and a value.

        What comes before the first line break is none of them. `lacked` is known to be no name of theirs.
        """
        self._lines = lines
        #: What was looked for last in vain, as in every answer; nothing is the name of none.
        self.lacked = lacked
        self._known: dict[bytes, bytes] | None = None

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        """Each name and value as they came, in order."""
        return _LINE.findall(self._lines)

    def __getitem__(self, name: str) -> str:
        """Return a value, as UTF-8 if it is that, else as Latin-1."""
        return _text(self._values()[name.encode()])

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value likewise, or the default: what most answers lack is seen without reading them."""
        if name is self.lacked:
            return default
        if b"\n%s:" % name.encode() not in self._lines.lower():
            self.lacked = name
            return default
        return super().get(name, default)

    def __iter__(self) -> Iterator[str]:
        """Give the names."""
        return (name.decode() for name in self._values())

    def __len__(self) -> int:
        """Count the names."""
        return len(self._values())

    def _values(self) -> dict[bytes, bytes]:
        if self._known is None:
            known: dict[bytes, bytes] = {}
            for raw_name, value in self.raw:
                name = raw_name.lower()
                known[name] = known[name] + b", " + value if name in known else value
            self._known = known
        return self._known


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _lower_keys(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@attrs.frozen(kw_only=True)
class HttpResponse:
    """One answer; header names are lower case."""

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict, converter=_lower_keys, repr=False)
    #: The whole of it, unless the call that it answers takes a part of one that is too long.
    content: bytes = attrs.field(default=b"", repr=False)


_new = HttpResponse.__new__
#: What sets the fields of a new one: its own guard is only for those that somebody has.
_status, _headers, _content = (vars(HttpResponse)[name].__set__ for name in ("status", "headers", "content"))


def received(status: int, headers: ReceivedHeaders, content: bytes) -> HttpResponse:
    """Return an answer that came over our own transport: there is nothing left to make of its headers."""
    response = _new(HttpResponse)
    _status(response, status)
    _headers(response, headers)
    _content(response, content)
    return response
