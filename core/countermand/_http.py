"""HTTP as values: what an adapter makes and reads, with no library behind it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class HttpRequest:
    """One request; `path` is relative to the venue's base URL and bears its query."""

    method: str
    path: str
    #: Never shown: headers bear tokens, keys and signatures.
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    content: bytes = attrs.field(default=b"", repr=False)


def _lower_keys(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@attrs.frozen(kw_only=True)
class HttpResponse:
    """One answer; header names are lower case."""

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict, converter=_lower_keys, repr=False)
    #: The whole of it, unless the call that it answers takes a part of one that is too long.
    content: bytes = attrs.field(default=b"", repr=False)
