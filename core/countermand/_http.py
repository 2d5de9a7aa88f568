"""HTTP as values: what an adapter makes and reads, with no library behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs


@attrs.frozen(kw_only=True)
class HttpRequest:
    """One request; `path` is relative to the venue's base URL and bears its query."""

    method: str
    path: str
    #: Never shown: headers bear tokens, keys and signatures.
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    content: bytes = attrs.field(default=b"", repr=False)


class ReceivedHeaders(Mapping[str, str]):
    """The headers of an answer as they came; read only when they are looked at, which few are.

    Names are lower case; of a name that comes twice the values stand together.
    """

    __slots__ = ("_raw", "_values")

    def __init__(self, raw: Sequence[tuple[bytes, bytes]]) -> None:
        self._raw = raw
        self._values: dict[str, bytes] | None = None

    def __getitem__(self, name: str) -> str:
        """Return a value, as UTF-8 if it is that, else as Latin-1."""
        value = self._by_name()[name]
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.decode("latin-1")

    def __contains__(self, name: object) -> bool:
        """Tell whether a header came."""
        return name in self._by_name()

    def __iter__(self) -> Iterator[str]:
        """Give the names."""
        return iter(self._by_name())

    def __len__(self) -> int:
        """Count the names."""
        return len(self._by_name())

    def _by_name(self) -> dict[str, bytes]:
        if self._values is None:
            values: dict[str, bytes] = {}
            for raw_name, value in self._raw:
                name = raw_name.lower().decode("ascii")
                values[name] = values[name] + b", " + value if name in values else value
            self._values = values
        return self._values


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
